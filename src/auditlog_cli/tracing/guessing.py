"""Where a node belongs that names no parent: what delegation and time say, each said as what it is.

One sweep over the nodes in the order in which they began. Where two answers are equally good none is
given: the node stays at the top, by its time.
"""

from __future__ import annotations

from auditlog_cli.tracing.facts import APPROVAL, TOOL, text
from auditlog_cli.tracing.trees import AGENT, Node

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.tracing.grouping import Draft

    Frame = tuple[str, tuple[str, ...]]
    Instant = tuple[int, int]

_LONGEST_CHAIN = 64  # a longer one is no evidence, but an attack
_LOOKED_AT = 16  # open calls of one agent at one time
_LIFECYCLE = "lifecycle"
_HOLDS_NOTHING = frozenset((APPROVAL, "llm_call", "message", "agent_message", "handoff", "embedding"))
_NAMING = ("to", "to_agent", "target", "target_agent", "recipient", "receiver", "next_agent", "agent_to", "delegate_to",
           "agent", "agent_id", "agent_name")  # fmt: skip
_VERBS = ("transfer_to_", "delegate_to_", "handoff_to_", "hand_off_to_", "ask_", "call_", "run_", "invoke_")
_ANYONE = ("*",)
_FOREVER = (1 << 62, 0)


class _Open:
    """The interval of a node that others may lie in. An instant is (microseconds, place in the log), for
    times may be too coarse to tell what came first."""

    __slots__ = ("end", "node", "start")

    def __init__(self, node: Node, start: Instant, end: Instant) -> None:
        self.node = node
        self.start = start
        self.end = end


class _Home:
    """Under which node the acts of an agent belong, and until when."""

    __slots__ = ("by", "epoch", "node", "until")

    def __init__(self, node: Node, by: Frame, epoch: int, until: int | None) -> None:
        self.node = node
        self.by = by
        self.epoch = epoch
        self.until = until


class Guesses:
    """The sweep, and what it knows at the moment it has come to.

    Attributes:
        made: Nodes without a record: agents of whom it is told who delegated to them, but not by which call.
    """

    def __init__(self, drafts: list[Draft]) -> None:
        self.made: list[Node] = []
        self._drafts = sorted(drafts, key=_sweeping)
        self._frames = {_frame(draft.node) for draft in drafts}
        self._given = drafts
        self._agents: dict[str, str] = {}
        self._open: dict[Frame, list[_Open]] = {}
        self._epochs: dict[Frame, int] = {}
        self._active: dict[Frame, tuple[Node, Node | None, int]] = {}
        self._homes: dict[Frame, _Home] = {}

    def place(self, unplaced: dict[Node, bool]) -> None:
        """Give the nodes of `unplaced` a parent where something tells it.

        Args:
            unplaced: Whether the node has a span id of its own: such a one says that it is a root.
        """
        if not all(unplaced.values()):  # what names an agent matters for nodes without ids only
            self._agents = _names(self._given)
        for draft in self._drafts:
            node = draft.node
            if node in unplaced:
                self._place(draft, declared_root=unplaced[node])
            frame = _frame(node)
            self._epochs[frame] = self._epochs.get(frame, 0) + 1
            self._remember(draft, frame)

    def _place(self, draft: Draft, *, declared_root: bool) -> None:
        node = draft.node
        frame = _frame(node)
        if not declared_root:
            # What names no agent may belong to anyone's open call.
            anyone = (node.trace_id, _ANYONE) if not node.agent and not node.chain else frame
            within = self._innermost(anyone, draft)
            if within is not None:
                node.parent, node.evidence = within, "time"
                return
        if self._is_delegated(frame):
            node.parent = self._frame_home(frame, draft) if node.kind == _LIFECYCLE else self._activation(frame, draft)
            node.evidence = "delegation" if node.parent is not None else ""
        elif not declared_root and node.agent and not node.chain:
            node.parent = self._delegator(draft, frame)
            node.evidence = "delegation" if node.parent is not None else ""

    # What the delegation chain tells.

    def _is_delegated(self, frame: Frame) -> bool:
        trace, chain = frame
        return 3 <= len(chain) <= _LONGEST_CHAIN and (trace, chain[:-1]) in self._frames

    def _frame_home(self, frame: Frame, draft: Draft) -> Node | None:
        """The open call of the agent that delegated, else that agent itself; None for the first agent."""
        above = (frame[0], frame[1][:-1])
        within = self._innermost(above, draft, across=True)
        if within is not None:
            return within
        return self._activation(above, draft) if self._is_delegated(above) else None

    def _activation(self, frame: Frame, draft: Draft) -> Node:
        """A node for an agent that was delegated to: until the agent above acts itself, or in another call."""
        home = self._frame_home(frame, draft)
        epoch = self._epochs.get((frame[0], frame[1][:-1]), 0)
        known = self._active.get(frame)
        if known is not None and known[1] is home and (known[2] == epoch or (home is not None and not home.virtual)):
            return known[0]
        made = Node(frame[0], "", AGENT)
        made.agent, made.chain, made.order = draft.node.agent or frame[1][-1], frame[1], draft.node.order
        made.parent, made.evidence = home, "delegation" if home is not None else ""
        self.made.append(made)
        self._active[frame] = (made, home, epoch)
        return made

    # What the agents tell where there is no chain.

    def _delegator(self, draft: Draft, frame: Frame) -> Node | None:
        """What named this agent, as long as that lasts; else the one call that another agent has open."""
        node, home = draft.node, self._homes.get(frame)
        if home is not None:
            if home.until is not None:
                lasts = node.start is not None and node.start <= home.until
            else:
                lasts = self._epochs.get(home.by, 0) == home.epoch
            if lasts:
                return home.node
            del self._homes[frame]
        return self._innermost((node.trace_id, _ANYONE), draft, across=True)

    def _remember(self, draft: Draft, frame: Frame) -> None:
        """What later nodes may hang under."""
        node = draft.node
        span = _interval(draft)
        if span is not None:
            self._open.setdefault(frame, []).append(span)
            self._open.setdefault((node.trace_id, _ANYONE), []).append(span)
        if len(self._agents) > 1:
            for agent in self._named_by(node):
                if agent != node.agent:
                    until = node.end if span is not None and node.closed else None
                    self._homes[node.trace_id, ("", agent)] = _Home(node, frame, self._epochs[frame], until)

    def _named_by(self, node: Node) -> set[str]:
        content = node.records[0].content
        found: set[str] = set()
        for block in (content.get("message"), content.get("metadata")):
            if isinstance(block, dict):
                found.update(text(block.get(name)) for name in _NAMING)
        action = content.get("action")
        arguments = action.get("arguments") if isinstance(action, dict) else None
        if isinstance(arguments, dict):
            found.update(text(arguments.get(name)) for name in _NAMING)
        tool = node.tool
        for verb in _VERBS:
            tool = tool.removeprefix(verb)
        found.add(tool)
        return {self._agents[key] for key in map(_alike, found) if key in self._agents}

    # What the time tells.

    def _innermost(self, frame: Frame, draft: Draft, *, across: bool = False) -> Node | None:
        """The innermost open node of `frame` that `draft` lies in, if that is beyond doubt.

        Args:
            across: Of another agent. Within one agent a tool call is not taken to hold another: two calls
                of one agent at a time are parallel as a rule.
        """
        stack = self._open.get(frame)
        if not stack:
            return None
        first, last = _instants(draft)
        while stack and stack[-1].end < first:
            stack.pop()
        node = draft.node
        holding = [
            each
            for each in reversed(stack[-_LOOKED_AT:])
            if each.start <= first
            and last <= each.end
            and each.node is not node
            and (each.node.agent != node.agent if across else not (each.node.kind == node.kind == TOOL))
        ]
        for place, each in enumerate(holding):
            inner, outer = holding[:place], holding[place + 1 :]
            if all(other.end <= each.end for other in inner) and all(each.end <= other.end for other in outer):
                return each.node
        return None


def _frame(node: Node) -> Frame:
    return node.trace_id, node.chain or ("", node.agent)


def _instants(draft: Draft) -> tuple[Instant, Instant]:
    node = draft.node
    start = node.start if node.start is not None else node.order[0]
    end = node.end if node.end is not None and node.end > start else start
    return (start, draft.facts[0].position), (end, draft.facts[-1].position)


def _sweeping(draft: Draft) -> tuple[int, int, int]:
    first, last = _instants(draft)
    return first[0], -last[0], first[1]


def _interval(draft: Draft) -> _Open | None:
    """The time in which others may have acted on behalf of this node."""
    node = draft.node
    if node.kind in _HOLDS_NOTHING or not node.started or node.start is None:
        return None
    first, last = _instants(draft)
    if node.closed:
        return _Open(node, first, last)
    if node.kind == _LIFECYCLE and not node.ended:
        return _Open(node, first, _FOREVER)
    if node.kind in (TOOL, _LIFECYCLE) and node.duration:
        return _Open(node, (first[0], -1), last)
    return None


def _alike(name: str) -> str:
    return name.lower().replace("-", "_").replace(" ", "_")


def _names(drafts: list[Draft]) -> dict[str, str]:
    """Every agent by what it may be called: its id and its name."""
    found: dict[str, str] = {}
    for draft in drafts:
        node = draft.node
        if node.agent and _alike(node.agent) not in found:
            found[_alike(node.agent)] = node.agent
        agent = draft.facts[0].record.content.get("agent")
        called = text(agent.get("name")) if isinstance(agent, dict) else ""
        if called:
            found.setdefault(_alike(called), node.agent)
    found.pop("", None)
    return found
