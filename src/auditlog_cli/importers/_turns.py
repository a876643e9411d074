"""Conversations become records: what all transcripts of command-line agents share, whatever they call their members.

The tree is that of the turns (frameworks.md, 9.5): a prompt, below it the model's answers, below an answer the calls
that it asked for. A format's own module reads its lines and says here what happened, in the order of the file.
"""

from __future__ import annotations

from auditlog_cli.importers._attributes import instant_count
from auditlog_cli.importers._drafts import Content, Draft, File, Unit, arguments, moment, span_id, text, trace_id

_DECIDED = {"approved": "success", "denied": "denied", "pending": "pending"}


class _Call:
    """A call that has begun: its span, what it hangs under, and what it asked for."""

    __slots__ = ("above", "asked", "key")

    def __init__(self, key: str, above: str, asked: Content) -> None:
        self.key, self.above, self.asked = key, above, asked


class Turns:
    """The turns of one conversation.

    Args:
        family: The product that the ids belong to.
        file: The file; its digest stands for a session that has no id.

    Attributes:
        session: The native id of the session, or empty.
        trace: The native id of the trace; empty: the session's.
        scope: Within which the keys of spans are unique; empty: the session, or the file.
        zone: Minutes east of UTC for times without a zone, or None.
        first: The first known time of the file.
        root, prompt, answer: Keys of the session's span, of the latest prompt, of the latest answer; empty: none.
    """

    def __init__(self, family: str, file: File) -> None:
        self._family = family
        self._digest = file.digest
        self._calls: dict[str, _Call] = {}
        self._begun: dict[str, int] = {}
        self.zone = file.zone
        self.session = self.trace = self.scope = self.first = self.root = self.prompt = self.answer = ""

    def note(self, when: object) -> None:
        """Learn of a time."""
        if not self.first:
            self.first = moment(when, self.zone) or ""

    def span(self, key: str) -> str:
        """Return the span id that stands for a key of this session."""
        return span_id(self._family, f"{self.scope or self.session or self._digest}\0{key}") if key else ""

    def draft(
        self, action: Content, *, key: str = "", id: str = "", above: str | None = None, parent: str = "",  # noqa: A002
        when: object = None, rest: Content | None = None, **blocks: object,
    ) -> Draft:  # fmt: skip
        """Return a record.

        Args:
            action: Its action; what is None or empty is left out, but for an empty result.
            key: What its span is made of; empty: its place in the file.
            id: Its own id in the source.
            above: The key of the span that it hangs under; None: the latest answer, prompt or the session.
            parent: The native id that the source names as its parent.
            when: Its time, as the source writes it.
            rest: What has no place in a record; what says nothing is left out.
            blocks: Other members of the record.
        """
        if above is None:
            above = self.answer or self.prompt or self.root
        content: Content = {
            "timestamp": moment(when, self.zone),
            "session_id": self.session,
            "trace_id": trace_id(self._family, self.trace or self.session),
            "span_id": self.span(key),
            "parent_span_id": self.span(above) if above != key else "",
            "action": {
                name: value for name, value in action.items() if value is not None and (value != "" or name == "result")
            },
        }
        left = {name: value for name, value in (rest or {}).items() if value not in (None, "", [], {})}
        return Draft(content | {name: value for name, value in blocks.items() if value}, id, parent, left)

    def began(self, key: str = "session", **said: object) -> Draft:
        """The session began: all that follows hangs under it."""
        self.root = key
        action: Content = {"type": "lifecycle", "phase": "start", "result_status": "success"}
        return self.draft(action, key=key, above="", **said)  # type: ignore[arg-type]

    def asked(self, key: str, words: str, **said: object) -> Draft:
        """A person's prompt."""
        self.prompt, self.answer = key, ""
        action: Content = {"type": "message", "result_status": "success"}
        blocks = {"message": {"direction": "received"}, "prompt": {"text": words} if words else None}
        return self.draft(action, key=key, above=self.root, **blocks, **said)  # type: ignore[arg-type]

    def answered(
        self, key: str, words: str, *, model: str = "", provider: str = "", usage: Content | None = None,
        error: object = None, **said: object,
    ) -> Draft:  # fmt: skip
        """An answer of the model. `error`: what the source says went wrong."""
        self.answer = key
        action: Content = {"type": "llm_call", "result_status": "error" if error else "success", "error": error or None}
        who = {name: value for name, value in (("model", model), ("provider", provider)) if value}
        blocks = {"agent": who, "usage": usage, "response": {"text": words} if words else None}
        said["above"] = said.get("above") or self.prompt or self.root
        return self.draft(action, key=key, **(blocks | said))  # type: ignore[arg-type]

    def called(self, call: str, tool: str, given: object, **said: object) -> Draft:
        """A call of a tool began."""
        draft, key = self._call(call, tool, given, {"phase": "start", "result_status": "pending"}, said)
        self._calls[call] = key
        return draft

    def finished(self, call: str, tool: str, given: object, outcome: Content, **said: object) -> Draft:
        """A call of a tool of which the source says only how it ended: one record. `outcome`: see `ended`."""
        return self._call(call, tool, given, outcome, said)[0]

    def _call(self, call: str, tool: str, given: object, outcome: Content, said: Content) -> tuple[Draft, _Call]:
        count = self._begun[call] = self._begun.get(call, 0) + 1
        key = f"call {call}" if count == 1 else f"call {call} {count}"
        asked: Content = {"tool": tool, "call_id": call, "arguments": arguments(given)}
        above = text(said.pop("above", None)) or self.answer or self.prompt or self.root
        action = {"type": "tool_invocation"} | asked | outcome
        return self.draft(action, key=key, id=call, above=above, **said), _Call(key, above, asked)

    def ended(self, call: str, outcome: Content, *, tool: str = "", **said: object) -> Draft:
        """A call of a tool ended.

        Args:
            call: Its id.
            outcome: `result_status`, and `result` or `error`.
            tool: Its name, if the end says it.
        """
        begun = self._calls.get(call)
        key, above = (begun.key, begun.above) if begun else (f"call {call}", self.prompt or self.root)
        asked = begun.asked if begun else {"call_id": call}
        action = {"type": "tool_invocation", "phase": "end", "tool": tool} | asked | outcome
        return self.draft(action, key=key, id=call, above=above, **said)  # type: ignore[arg-type]

    def decided(self, call: str, tool: str, status: str, **said: object) -> Draft:
        """Somebody, whom the source does not name, decided on a call that may not have begun yet.

        `status`: approved, denied or pending; any other word of a source is no status of a record.
        """
        outcome = _DECIDED.get(status, "unknown")
        begun = self._calls.get(call)
        above = begun.key if begun else self.answer or self.prompt or self.root
        action: Content = {"type": "approval", "tool": tool, "call_id": call, "result_status": outcome}
        block: Content = {"id": call, "status": status if status in _DECIDED else "", "tool": tool}
        block = {name: value for name, value in block.items() if value}
        return self.draft(action, key=f"approval {call}", id=call, above=above, approval=block, **said)  # type: ignore[arg-type]

    def key_of(self, call: str) -> str:
        """Return the key of a call that has begun; empty if none has this id."""
        begun = self._calls.get(call)
        return begun.key if begun else ""

    def unknown(self, unit: Unit, when: object = None) -> Draft:
        """A line of a kind that is not known: kept whole."""
        return self.draft({"type": "unknown", "result_status": "unknown"}, when=when, rest=unit.content, above="")


def outcome(said: object, *, failed: bool) -> Content:
    """Return how a call ended: an error, or a result; with neither, it is not known."""
    if failed:
        return {"result_status": "error", "error": said if said not in (None, "") else "error"}
    return {"result_status": "unknown"} if said is None else {"result_status": "success", "result": said}


def words(held: object, *members: str) -> str:
    """Return the texts of a message: a text, or the `text` of each of its blocks (of the types named, if any are)."""
    if not isinstance(held, list):
        return text(held)
    found = []
    for block in held:
        if isinstance(block, str):
            found.append(block)
        elif isinstance(block, dict) and (not members or block.get("type") in members):
            found.append(text(block.get("text")))
    return "\n".join(each for each in found if each)


def others(held: object, *members: str) -> Content:
    """Return, for the rest of a record, the blocks of a message whose `type` is not one of `members`."""
    found = [each for each in held if not isinstance(each, dict) or each.get("type") not in members] if isinstance(held, list) else []  # fmt: skip # noqa: E501
    return {"content": found} if found else {}


def tokens(usage: object, input: str, output: str) -> Content:  # noqa: A002 - the record's words
    """Return what a source says of tokens under its own names."""
    found: Content = {}
    for name, theirs in (("input_tokens", input), ("output_tokens", output)):
        count = instant_count(usage.get(theirs)) if isinstance(usage, dict) else None
        if count is not None:
            found[name] = count
    return found


class Conversation:
    """What every `Reading` of a conversation has (the contract is in the room's `__init__`).

    Attributes:
        family: The product that the ids belong to.
    """

    family = ""

    def __init__(self, file: File) -> None:
        self._turns = Turns(self.family, file)

    @property
    def first(self) -> str:
        """The first known time."""
        return self._turns.first

    def note(self, unit: Unit) -> None:
        """Learn of a unit: when it was."""
        self._turns.note(unit.content.get("timestamp"))
