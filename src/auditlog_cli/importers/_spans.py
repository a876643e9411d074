"""Spans become records: what all formats of spans share, whatever they call their members.

A format's own module only reads a `Span` out of its unit. Here the tree is known (`Tree`): which spans are structure
and are folded, who is the nearest ancestor with a record, and what an agent or a session says for those below it.
"""

from __future__ import annotations

from collections.abc import Callable

from auditlog_cli import times
from auditlog_cli.importers._drafts import Content, Draft, File, Unit, span_id, spoken, trace_id

TOOL, LLM, AGENT, CHAIN, CREATE = "tool", "llm", "agent", "chain", "create"
HANDOFF, RETRIEVAL, EMBEDDING, GUARDRAIL = "handoff", "retrieval", "embedding", "guardrail"
MEMORY_READ, MEMORY_WRITE, PLAIN, MODEL = "memory_read", "memory_write", "plain", "model"
APPROVAL = "approval"
"""`MODEL`: names a model, but not what was done with it: a model call unless one lies below it."""

_TYPES = {
    TOOL: "tool_invocation", LLM: "llm_call", MODEL: "llm_call", AGENT: "lifecycle", CHAIN: "lifecycle",
    CREATE: "lifecycle", HANDOFF: "handoff", RETRIEVAL: "retrieval", EMBEDDING: "embedding", GUARDRAIL: "guardrail",
    MEMORY_READ: "memory_read", MEMORY_WRITE: "memory_write", APPROVAL: "approval",
}  # fmt: skip
_STEPS = 10_000  # a chain of ancestors longer than this is a circle, or might as well be one


class Span:
    """What one span of a source says. Empty is what it does not say.

    Attributes:
        trace, id, parent: Native ids.
        name: Of the span.
        kind: One of the words above.
        label: The agent that a chain belongs to, where the source names it (`lc_agent_name`).
        start, end: Microseconds since the epoch, or None.
        session: Said of the session as such.
        conversation: Said of a conversation: the outermost one is the session.
        agent, user, authorization, policy, message, approval, usage: Blocks of the record.
        tool, call, arguments, result, error: Of a tool.
        status: What the source says of the outcome, in our words; empty: see `outcome`.
        prompt, response: Of a model call.
        rest: What has no place in a record.
    """

    __slots__ = (
        "agent", "approval", "arguments", "authorization", "call", "conversation", "end", "error", "id", "kind",
        "label", "message", "name", "parent", "policy", "prompt", "response", "rest", "result", "session", "start",
        "status", "tool", "trace", "usage", "user",
    )  # fmt: skip

    def __init__(self, trace: str, id: str, parent: str, name: str, kind: str) -> None:  # noqa: A002
        self.trace, self.id, self.parent, self.name, self.kind = trace, id, parent, name, kind
        self.label = self.session = self.conversation = self.tool = self.call = self.status = ""
        self.start: int | None = None
        self.end: int | None = None
        self.agent: Content = {}
        self.user: Content = {}
        self.authorization: Content = {}
        self.policy: Content = {}
        self.message: Content = {}
        self.approval: Content = {}
        self.usage: Content = {}
        self.rest: Content = {}
        self.arguments: object = None
        self.result: object = None
        self.error: object = None
        self.prompt: object = None
        self.response: object = None


class _Node:
    """What is remembered of a span while the others are read."""

    __slots__ = ("agent", "kept", "kind", "label", "lent", "model_below", "parent")

    def __init__(self, parent: str, kind: str, label: str, agent: Content) -> None:
        self.parent = parent
        self.kind = kind
        self.label = label
        self.agent = agent
        self.model_below = False
        self.lent: tuple[object, object] | None = None  # what a wrapper knows of the model call in it
        self.kept: bool | None = None


class Tree:
    """The spans of one file.

    Args:
        family: The product that the ids belong to (frameworks.md, 9.2).
        file: The file.
    """

    def __init__(self, family: str, file: File) -> None:
        self.family = family
        self._everything = file.everything
        self._nodes: dict[tuple[str, str], _Node] = {}
        self._said: dict[str, list[tuple[str, str]]] = {}  # trace → spans that name a conversation
        self._sessions: dict[str, str] = {}
        self._settled = False
        self.first = ""

    def note(self, span: Span) -> None:
        """Learn of a span."""
        node = self._nodes.setdefault((span.trace, span.id), _Node(span.parent, span.kind, span.label, span.agent))
        if span.kind == MODEL:
            node.lent = span.prompt, span.response
        if span.session:
            self._sessions.setdefault(span.trace, span.session)
        if span.conversation:
            self._said.setdefault(span.trace, []).append((span.id, span.conversation))
        if span.start is not None and not self.first:
            self.first = times.render(span.start)

    def _settle(self) -> None:
        """All spans are known."""
        self._settled = True
        self._choose_sessions()
        for (trace, _), node in list(self._nodes.items()):
            if node.kind in (LLM, MODEL):
                above = self._nodes.get((trace, node.parent))
                if above is not None and above is not node:
                    above.model_below = True

    def drafts(self, span: Span) -> list[Draft] | str:
        """Return what becomes of a span."""
        if not self._settled:
            self._settle()
        kept = span.kind == APPROVAL or self.keeps(span.trace, span.id)
        if not kept and not self._everything:
            return {PLAIN: "span", MODEL: "model wrapper"}.get(span.kind, span.kind)
        if span.kind == LLM:
            self._lend(span)
        return [self._draft(span, kept=kept)]

    def _lend(self, span: Span) -> None:
        """Give a model call what only the wrapper around it says."""
        wrapper = self._nodes.get((span.trace, span.parent))
        if wrapper is not None and wrapper.lent is not None and span.parent != span.id:
            prompt, response = wrapper.lent
            span.prompt = prompt if span.prompt is None else span.prompt
            span.response = response if span.response is None else span.response

    def keeps(self, trace: str, id: str) -> bool:  # noqa: A002
        """Tell whether a span has a record of its own."""
        node = self._nodes.get((trace, id))
        if node is None:
            return False
        if node.kept is None:
            node.kept = self._judge(trace, id, node)
        return node.kept

    def _judge(self, trace: str, id: str, node: _Node) -> bool:  # noqa: A002
        if node.kind == PLAIN:
            return False
        if node.kind == MODEL:
            return not node.model_below
        if node.kind != CHAIN:
            return True
        for above in self._ancestors(trace, id):
            if above.kind != PLAIN:
                return bool(node.label) and node.label != self._label_above(trace, id)
        return True

    def _label_above(self, trace: str, id: str) -> str:  # noqa: A002
        return next((above.label for above in self._ancestors(trace, id) if above.label), "")

    def _ancestors(self, trace: str, id: str) -> list[_Node]:  # noqa: A002
        return [node for _, node in self._above(trace, id)]

    def _above(self, trace: str, id: str) -> list[tuple[str, _Node]]:  # noqa: A002
        """The ancestors from the nearest on, as far as the file has them; a circle ends where it closes."""
        found: list[tuple[str, _Node]] = []
        seen = {id}
        node = self._nodes.get((trace, id))
        while node is not None and node.parent and node.parent not in seen and len(found) < _STEPS:
            seen.add(node.parent)
            parent = node.parent
            node = self._nodes.get((trace, parent))
            if node is not None:
                found.append((parent, node))
        return found

    def parent(self, span: Span) -> str:
        """Return the native id of the nearest ancestor with a record; one that the file lacks stays named."""
        current, seen = span.parent, {span.id}
        while current and current not in seen and len(seen) < _STEPS:
            node = self._nodes.get((span.trace, current))
            if node is None or self.keeps(span.trace, current):
                return current
            seen.add(current)
            current = node.parent
        return ""

    def _choose_sessions(self) -> None:
        """Of the conversations that the spans of a trace name, the outermost one's is the session (9.5)."""
        for trace, said in self._said.items():
            if trace not in self._sessions:
                depths = {span: len(self._above(trace, span)) for span, _ in said[:1000]}
                self._sessions[trace] = min(said[:1000], key=lambda each: depths[each[0]])[1]
        self._said = {}

    def _agent(self, span: Span) -> Content:
        """The agent that acts: the span's own, else the one that the tree puts it under."""
        if "id" in span.agent:
            return span.agent
        own: Content = {"id": span.label, "name": span.label} if span.label else {}
        for above in self._ancestors(span.trace, span.id) if not own else ():
            if "id" in above.agent:
                own = {name: above.agent[name] for name in ("id", "name") if name in above.agent}
                break
            if above.label:
                own = {"id": above.label, "name": above.label}
                break
        return own | span.agent

    def _draft(self, span: Span, *, kept: bool) -> Draft:
        action: Content = {"type": _TYPES.get(span.kind, "span") if kept else "span"}
        if span.kind == CREATE:
            action["phase"] = "create"
        for name, value in (("tool", span.tool), ("call_id", span.call), ("arguments", span.arguments)):
            if value not in ("", None):
                action[name] = value
        action["result_status"] = span.status or outcome(span)
        for name, value in (("result", span.result), ("error", span.error)):
            if value is not None:
                action[name] = value
        if span.start is not None and span.end is not None and span.end >= span.start:
            action["latency_ms"] = (span.end - span.start) / 1000
        content: Content = {}
        if span.start is not None:
            content["timestamp"] = times.render(span.start)
        content["session_id"] = span.session or self._sessions.get(span.trace, "")
        content["trace_id"] = trace_id(self.family, span.trace)
        content["span_id"] = span_id(self.family, span.id)
        native = self.parent(span)
        content["parent_span_id"] = span_id(self.family, native)
        content["agent"] = self._agent(span) or None
        for block in ("user", "authorization", "policy", "message", "approval", "usage"):
            content[block] = getattr(span, block) or None
        content["action"] = action
        for block, value in (("prompt", spoken(span.prompt)), ("response", spoken(span.response))):
            if value is not None:
                content[block] = {"text": value}
        if span.name:
            content["metadata"] = {"name": span.name}
        return Draft(content, span.id, span.parent, span.rest)


class OneByOne:
    """A file whose units are spans: the contract's `Reading` for formats that need no more than that.

    Args:
        file: The file.
        span: Makes a span of a unit; None if it is none, and stays a record of type `unknown` that holds it.
    """

    def __init__(self, file: File, span: Callable[[Content], Span | None]) -> None:
        self._tree = Tree("otlp", file)
        self._span = span

    @property
    def first(self) -> str:
        """The first known time."""
        return self._tree.first

    def note(self, unit: Unit) -> None:
        """Learn of a span."""
        span = self._span(unit.content)
        if span is not None:
            self._tree.note(span)

    def records(self, unit: Unit) -> list[Draft] | str:
        """Return what becomes of it."""
        span = self._span(unit.content)
        if span is None:
            return [Draft({"action": {"type": "unknown", "result_status": "unknown"}}, "", "", unit.content)]
        return self._tree.drafts(span)


def outcome(span: Span) -> str:
    """Return the status that the source does not name: a tool that left neither error nor result is unknown."""
    if span.error is not None:
        return "error"
    return "unknown" if span.kind == TOOL and span.result is None else "success"
