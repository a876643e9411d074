"""What Claude Code's transcripts, its stream and its hooks share: messages, calls and their ids (frameworks.md, 9.5).

One trace per session, the same ids in all three, so that they join. A message of the model may stand on several lines:
the first one has its record. A call is two records, when it was asked for and when its result came.
"""

from __future__ import annotations

from typing import Any

from auditlog_cli.importers._attributes import instant_count
from auditlog_cli.importers._claude_names import DELEGATES, FAMILY, permission
from auditlog_cli.importers._drafts import Content, Draft, span_id, spoken, text, trace_id, without


class Envelope:
    """What every record of one line has.

    Attributes:
        session: The session's id.
        when: RFC 3339, or None.
        agent: The sub-agent's id, or empty.
        uuid: The line's own id.
        above: The line's parent as the source names it.
        parent: The span that its records hang under.
        rest: What has no place.
    """

    __slots__ = ("above", "agent", "parent", "rest", "session", "uuid", "when")

    def __init__(self, session: str, when: str | None, agent: str, uuid: str, above: str, rest: Content) -> None:
        self.session, self.when, self.agent, self.uuid, self.above, self.rest = session, when, agent, uuid, above, rest
        self.parent = ""

    def draft(self, span: str, id: str, action: Content, **blocks: Any) -> Draft:  # noqa: A002
        """Return a record of this line.

        Args:
            span: Its span id.
            id: The unit's native id.
            action: The block.
            blocks: Other blocks; `parent_span_id` where it is not the line's.
        """
        content: Content = {
            "timestamp": self.when,
            "session_id": self.session,
            "trace_id": trace_id(FAMILY, self.session),
            "span_id": span,
            "parent_span_id": self.parent,
            "agent": {"id": self.agent} if self.agent else None,
            "action": {name: value for name, value in action.items() if value not in (None, "")},
        }
        content |= {name: value for name, value in blocks.items() if value}
        rest, self.rest = self.rest, {}  # with the first record of the line
        return Draft(content, id, self.above, rest)


class Conversation:
    """The messages and calls of one file."""

    def __init__(self) -> None:
        self._texts: dict[str, list[str]] = {}
        self._usage: dict[str, Content] = {}
        self._first: dict[str, str] = {}
        self._calls: dict[str, tuple[str, object]] = {}
        self._askers: dict[str, str] = {}  # call → the span of the message that asks for it
        self._asked: dict[str, list[str]] = {}  # line → calls that it asks for
        self._prompts: dict[str, str] = {}  # what a sub-agent was told → the call
        self.denied: set[str] = set()

    def note(self, uuid: str, message: Content) -> None:
        """Learn of a message of the model."""
        key = _key(uuid, message)
        self._first.setdefault(key, uuid)
        said = self._texts.setdefault(key, [])
        for place, block in enumerate(blocks(message)):
            if block.get("type") == "text" and isinstance(block.get("text"), str):
                said.append(block["text"])
            elif block.get("type") == "tool_use":
                call = text(block.get("id")) or f"{uuid}.{place}"
                self._calls[call] = text(block.get("name")), block.get("input")
                self._asked.setdefault(uuid, []).append(call)
                self._askers[call] = span_id(FAMILY, key)
                told = block.get("input")
                if block.get("name") in DELEGATES and isinstance(told, dict) and isinstance(told.get("prompt"), str):
                    self._prompts[told["prompt"]] = call
        if isinstance(message.get("usage"), dict):
            self._usage[key] = message["usage"]

    def told(self, prompt: str) -> str:
        """Return the call by which a sub-agent was told this, or empty."""
        return self._prompts.get(prompt, "")

    def asked(self, uuid: str) -> str:
        """Return the one call that a line asks for; empty if it is none, or several."""
        calls = self._asked.get(uuid, [])
        return calls[0] if len(calls) == 1 else ""

    def model(self, line: Envelope, message: Content) -> list[Draft]:
        """Return the model call, if this line begins it, and the calls of tools that it asks for."""
        key = _key(line.uuid, message)
        span = span_id(FAMILY, key)
        drafts = []
        if self._first.get(key) == line.uuid:
            counted = self._usage.get(key, {})
            usage = {name: instant_count(counted.get(name)) for name in ("input_tokens", "output_tokens")}
            said = "\n".join(self._texts.get(key, []))
            kept = [block for block in blocks(message) if block.get("type") not in ("text", "tool_use")]
            line.rest |= {"content": kept} if kept else {}
            line.rest |= without(message, "id", "type", "role", "model", "content", "usage")
            draft = line.draft(
                span, key, {"type": "llm_call", "result_status": "success"},
                response={"text": said} if said else None,
                usage={name: count for name, count in usage.items() if count is not None},
            )  # fmt: skip
            if text(message.get("model")):
                draft.content["agent"] = (draft.content["agent"] or {}) | {"model": text(message["model"])}
            drafts.append(draft)
        for place, block in enumerate(blocks(message)):
            if block.get("type") == "tool_use":
                call = text(block.get("id")) or f"{line.uuid}.{place}"
                action = self.action(call, "start", "pending")
                drafts.append(line.draft(span_id(FAMILY, call), call, action, parent_span_id=span))
        return drafts

    def action(self, call: str, phase: str, status: str) -> Content:
        """Return the action of a call whose beginning is known, or not."""
        name, given = self._calls.get(call, ("", None))
        arguments = given if isinstance(given, dict) or given is None else {"input": given}
        return {"type": "tool_invocation", "phase": phase, "tool": name, "call_id": call, "arguments": arguments,
                "result_status": status}  # fmt: skip

    def result(self, line: Envelope, block: Content, call: str, *, place: int = 0, refused: str = "") -> Draft:
        """Return the end of a call.

        Args:
            line: Its envelope.
            block: `{"type": "tool_result", "tool_use_id", "is_error", "content"}`.
            call: The call's id, or empty where nobody says.
            place: Which block of its line it is.
            refused: Why the call was not made, or empty.
        """
        failed = block.get("is_error") is True
        status = "denied" if refused or call in self.denied else "error" if failed else "success"
        action = self.action(call, "end", status)
        said = block.get("content")
        if isinstance(said, list) and len(said) == 1 and isinstance(said[0], dict) and set(said[0]) == {"type", "text"}:
            said = said[0]["text"]
        action["error" if status != "success" else "result"] = said
        native = call or f"{line.uuid}.{place}"
        above = self._askers.get(call) or line.parent
        draft = line.draft(span_id(FAMILY, native), native, action, parent_span_id=above)
        if status == "denied":
            draft.content["policy"] = permission(False, refused)
        return draft


def _key(uuid: str, message: Content) -> str:
    return text(message.get("id")) or uuid


def blocks(message: Content) -> list[Content]:
    """Return the content of a message as blocks."""
    held = message.get("content")
    if isinstance(held, str):
        return [{"type": "text", "text": held}] if held else []
    return [block for block in held if isinstance(block, dict)] if isinstance(held, list) else []


def words(message: Content) -> str:
    """Return the texts of a message."""
    return "\n".join(text(block.get("text")) for block in blocks(message) if block.get("type") == "text")


def results(message: Content) -> list[tuple[int, Content]]:
    """Return the results of tools that a message brings, each with its place."""
    return [(place, block) for place, block in enumerate(blocks(message)) if block.get("type") == "tool_result"]


def said(value: object) -> Content | None:
    """Return a text as the block of a prompt or a response."""
    found = spoken(value)
    return None if found is None else {"text": found}
