"""Records become nodes: a start and its end are one, and so are an approval's question and its answer.

What joins them, strongest first: the span id (`span`), the tool-call id (`call`), the approval's id
(`approval`); for shapes without ids the same word of the same agent (`time`). Records that bear one span
id and contradict each other stay apart, and say so.
"""

from __future__ import annotations

from auditlog_cli.tracing.absent import alike, fact_of
from auditlog_cli.tracing.facts import APPROVAL, argument_value, has_hole, says_the_same
from auditlog_cli.tracing.trees import Node

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditlog_cli.record import Record
    from auditlog_cli.tracing.facts import Fact

    Key = tuple[str, ...]


class Draft:
    """A node in the making: which record began it and which ended it.

    Attributes:
        node: The node.
        facts: All of its records, taken apart.
        begin: The record that begins it, or is the whole of it.
        finish: The record that ends it; the same as `begin` for a whole one.
    """

    __slots__ = ("begin", "facts", "finish", "node")

    def __init__(self, node: Node) -> None:
        self.node = node
        self.facts: list[Fact] = []
        self.begin: Fact | None = None
        self.finish: Fact | None = None

    @property
    def node_agent(self) -> str:
        """The agent of its first record."""
        return self.facts[0].agent

    @property
    def is_phased(self) -> bool:
        """Whether its start or its end was recorded on its own."""
        return any(fact.role != "whole" for fact in self.facts)

    def add(self, fact: Fact, joined: str) -> None:
        """Take a record."""
        if self.facts and not self.node.joined:
            self.node.joined = "span" if fact.has_own_id and fact.span == self.facts[0].span else joined
        self.facts.append(fact)
        if fact.role == "start":
            self.begin = self.begin or fact
        elif fact.role == "end" or self.begin is not None:
            self.finish = self.finish or fact
        else:
            self.begin = self.finish = fact

    def takes(self, fact: Fact) -> bool:
        """Tell whether `fact` can be another record of the same thing; note what is odd about it."""
        known = self.facts[0]
        if known.tool and fact.tool and known.tool != fact.tool:
            return False
        if known.agent and fact.agent and known.agent != fact.agent and fact.kind != APPROVAL:
            return False
        if fact.role == "start":
            if self.begin is None:
                return True
            if self.begin.role == "start" and _same_act(self.begin, fact):
                repeated = says_the_same(self.begin.record, fact.record)
                self.node.note("repeated" if repeated else "restarted")
                return True
            return False
        if self.finish is None:
            return fact.role == "end" or fact.status != "pending"
        if says_the_same(self.finish.record, fact.record):
            self.node.note("repeated")
            return True
        return False


def _same_act(one: Fact, other: Fact) -> bool:
    return argument_value(one.record) == argument_value(other.record)


class Groups:
    """All nodes of a tree, and how to find them.

    Attributes:
        drafts: One for each node, in the order of their first records.
        by_span: (trace id, span id) → the draft that children of that span belong under.
        inside: Draft → the draft of the span of which it is an event: same span id, other kind of thing.
    """

    __slots__ = ("_latest", "_open", "_sharing", "by_span", "drafts", "inside")

    def __init__(self) -> None:
        self.drafts: list[Draft] = []
        self.by_span: dict[tuple[str, str], Draft] = {}
        self.inside: dict[Draft, Draft] = {}
        self._latest: dict[Key, Draft] = {}
        self._sharing: dict[tuple[str, str], dict[Draft, None]] = {}  # of what several bear
        self._open: dict[Key, dict[Draft, None]] = {}

    def take(self, fact: Fact) -> None:
        """Give a record to its node."""
        if not fact.has_own_id:
            found = self._begun_by_parent(fact)
            if found is not None:
                self._join(found, fact, "span")
                return
        key, joined = _key(fact)
        if key is None:
            self._by_word(fact)
            return
        found = self._latest.get(key)
        if found is not None and found.takes(fact):
            self._join(found, fact, joined)
            return
        draft = self._latest[key] = self._new(fact)
        if found is not None and (joined != "call" or found.node_agent == fact.agent):
            draft.node.note("duplicate")

    def _new(self, fact: Fact) -> Draft:
        draft = Draft(Node(fact.trace, fact.span))
        self.drafts.append(draft)
        self._join(draft, fact, "")
        if fact.role == "start" and not fact.has_own_id:
            for word in _words(fact):
                self._open.setdefault(word, {})[draft] = None
        return draft

    def _join(self, draft: Draft, fact: Fact, joined: str) -> None:
        draft.add(fact, joined)
        if fact.span:
            key = (fact.trace, fact.span)
            first = self.by_span.setdefault(key, draft)
            if first is not draft:
                self._sharing.setdefault(key, {first: None})[draft] = None
        if fact.role == "end" and draft.begin is not None and not draft.begin.has_own_id:
            for word in _words(draft.begin):
                self._open.get(word, {}).pop(draft, None)

    def _begun_by_parent(self, fact: Fact) -> Draft | None:
        """AgentAudit: an end is a record of its own that names the start as its parent."""
        if fact.role != "end" or not fact.parent:
            return None
        draft = self.by_span.get((fact.trace, fact.parent))
        if draft is None or draft.begin is None or draft.finish is not None:
            return None
        if draft.begin.role != "start" or draft.begin.kind != fact.kind:
            return None
        return draft if draft.takes(fact) else None

    def _by_word(self, fact: Fact) -> None:
        """No id at all: an end goes with the latest open start of the same word, agent and tool."""
        open_ones = self._open.get(_words(fact)[-1]) if fact.role == "end" else None
        if not open_ones:
            self._new(fact)
            return
        draft = next(reversed(open_ones))
        if len(open_ones) > 1:
            draft.node.note("ambiguous-end", len(open_ones))
        self._join(draft, fact, "time")

    def settle(self) -> None:
        """Decide, for every span id that several nodes bear, under which of them its children belong."""
        self._latest = {}
        for key, sharing in self._sharing.items():
            main = next((draft for draft in sharing if draft.is_phased and draft.facts[0].kind != APPROVAL), None)
            if main is not None:
                self.by_span[key] = main
            for draft in sharing:
                if draft is self.by_span[key]:
                    continue
                is_event = not draft.is_phased or draft.facts[0].kind == APPROVAL
                if main is not None and is_event and draft.facts[0].kind != main.facts[0].kind:
                    self.inside[draft] = main
                else:
                    draft.node.note("duplicate")


def _words(fact: Fact) -> list[Key]:
    """What an end without an id can be told by; the most telling last."""
    word = (fact.trace, fact.agent, fact.kind)
    return [word, (*word, fact.tool)] if fact.tool else [word]


def _key(fact: Fact) -> tuple[Key | None, str]:
    """What joins records of one thing, and how strong that is."""
    if fact.kind == APPROVAL and fact.approval:
        return ("approval", fact.trace, fact.approval), "approval"
    if fact.has_own_id:
        return ("span", fact.trace, fact.span, fact.kind), "span"
    if fact.call and fact.role != "whole":
        return ("call", fact.trace, fact.call, fact.kind), "call"
    if fact.span and fact.role != "end":
        return ("record", fact.trace, fact.span, fact.kind), "span"
    return None, ""


def group(records: Iterable[Record]) -> Groups:
    """Return the nodes that `records` make; each record is in exactly one."""
    groups = Groups()
    for position, record in enumerate(records):
        groups.take(fact_of(record, position))
    groups.settle()
    latest = 0
    for draft in groups.drafts:
        describe(draft)
        # What has no time goes with the record before it. A start that is worked out of whole seconds is too
        # coarse to sort by.
        node = draft.node
        when = next((fact.time for fact in draft.facts if fact.time is not None), latest)
        latest = when if node.coarse or node.start is None else node.start
        node.order = (latest, draft.facts[0].position)
    return groups


def describe(draft: Draft) -> None:
    """Fill in what the records of a node say about it."""
    node, facts = draft.node, draft.facts
    node.records = [fact.record for fact in facts]
    spans = {fact.span for fact in facts if fact.span}
    first = facts[0]
    node.kind = first.kind if first.kind or len(facts) == 1 else facts[-1].kind
    for fact in facts:
        node.tool = node.tool or fact.tool
        node.agent = node.agent or fact.agent
        node.chain = node.chain or fact.chain
        node.call_id = node.call_id or fact.call
        node.approval_id = node.approval_id or fact.approval
        if fact.parent and fact.parent not in spans:
            if node.parent_id and node.parent_id != fact.parent and fact.has_own_id:
                node.note("parents-differ", 0, (node.parent_id, fact.parent))
            node.parent_id = node.parent_id or fact.parent
        elif fact.parent and len(spans) == 1:
            node.note("self-parent")
    if draft.begin is not None and draft.begin.span:
        node.span_id = draft.begin.span
    _time(draft)
    closing = draft.finish or draft.begin
    node.status = closing.status if closing is not None else ""
    lonely = first.worded and len(facts) == 1
    if draft.finish is None:
        if not lonely:
            node.note("unanswered" if node.kind == APPROVAL else "no-end")
    elif draft.begin is None and not lonely and node.kind != APPROVAL:
        node.note("no-start")
    _compare_arguments(draft)


def _time(draft: Draft) -> None:
    node, begin, finish = draft.node, draft.begin, draft.finish
    known = [fact.time for fact in draft.facts if fact.time is not None]
    node.coarse = any(fact.coarse for fact in draft.facts)
    latency = next((fact.latency for fact in (finish, begin) if fact and fact.latency is not None), None)
    node.duration = latency
    if not known:
        node.note("no-time")
        return
    if begin is not None and begin.role == "start" and begin.time is not None:
        node.start, node.started = begin.time, True
    if finish is not None and finish.time is not None:
        node.end, node.ended = finish.time, True
        if node.start is None and finish.imported and finish.role == "whole":
            node.start, node.end = finish.time, finish.time + (latency or 0)
            node.started = True
        elif node.start is None:
            node.start = finish.time - (latency or 0)
            node.started = latency is not None
        elif node.end < node.start:
            node.note("ends-before-start", node.start - node.end)
        elif latency is None:
            node.duration = node.end - node.start
        node.closed = begin is not None and begin.role == "start"
    if node.start is None:
        node.start = known[0]


def _compare_arguments(draft: Draft) -> None:
    """What ran should be what was announced."""
    if len(draft.facts) < 2 or draft.begin is None or draft.finish is None or draft.begin is draft.finish:
        return
    if alike(draft.begin.record, draft.finish.record):
        return
    one, other = argument_value(draft.begin.record), argument_value(draft.finish.record)
    if one is None or other is None or one == other or has_hole(one) or has_hole(other):
        return
    draft.node.note("arguments-differ")
