"""The event log of AutoGen's core (`autogen_core.events`): one JSON object a line, text between.

A message is told when it is sent and again when it is delivered, in envelopes of several kinds: each inner message
counts once, and becomes what the format `autogen` makes of it, under the same ids. A `ToolCall` repeats what the
messages say of a call (and is missing where it failed), so it is folded unless they do not.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditlog_cli.importers import autogen, itself
from auditlog_cli.importers._drafts import (  # fmt: skip
    Content,
    Draft,
    File,
    Unit,
    arguments,
    moment,
    span_id,
    spoken,
    text,
    trace_id,
    unpacked,
    without,
)
from auditlog_cli.importers._turns import tokens

HINT = "event log of AutoGen's core (autogen_core.events)"
SAMPLES = (
    b'{"payload":"{\\"message\\":{\\"id\\":\\"m1\\",\\"source\\":\\"clerk\\",\\"models_usage\\":null,\\"metadata\\":{},'
    b'\\"created_at\\":\\"2026-06-01T14:23:11Z\\",\\"content\\":[{\\"id\\":\\"call_1\\",\\"arguments\\":\\"{}\\"'
    b',\\"name\\":'
    b'\\"lookup\\"}],\\"type\\":\\"ToolCallRequestEvent\\"}}","sender":"clerk_t-1/t-1","receiver":"topic/t-1","kind":'
    b'"MessageKind.PUBLISH","delivery_stage":"DeliveryStage.SEND","type":"Message"}\n{"type":"LLMCall","messages":'
    b'[{"role":"user","content":"Where is order 42?"}],"response":{"id":"c-1","created":1780323792,"model":"gpt-x",'
    b'"choices":[{"message":{"role":"assistant","content":"Looking."}}]},"prompt_tokens":11,"completion_tokens":7,'
    b'"agent_id":"clerk_t-1/t-1"}\n{"type":"ToolCall","tool_name":"lookup","arguments":{},"result":"shipped","agent_'
    b'id":'
    b'"clerk_t-1/t-1"}\n{"type":"ToolCall","tool_name":"other","arguments":{"n":1},"result":"1","agent_id":'
    b'"clerk_t-1/t-1"}\n{"payload":"{}","sender":"clerk_t-1/t-1","receiver":null,"kind":"MessageKind.RESPOND",'
    b'"delivery_stage":"DeliveryStage.SEND","type":"Message"}\n',
)
_TYPES = (
    "LLMCall", "LLMStreamStart", "LLMStreamEnd", "ToolCall", "Message", "MessageDropped", "MessageHandlerException",
    "AgentConstructionException",
)  # fmt: skip
_MEMBERS = ("agent_id", "delivery_stage", "payload", "tool_name")
_CALL = ("type", "messages", "response", "prompt_tokens", "completion_tokens", "agent_id", "tools")
units = itself


def claims(stored: Content) -> bool:
    """Tell whether it is an event."""
    return stored.get("type") in _TYPES and any(name in stored for name in _MEMBERS)


class Reading:
    """The events of one run, in order."""

    def __init__(self, file: File) -> None:
        self._messages = autogen.Reading(file)
        self._run = ""
        self._team = ""
        self._first_id = ""
        self._file = file
        self._asked: set[tuple[str, str]] = set()
        self._told: set[str] = set()

    @property
    def first(self) -> str:
        """The first known time."""
        return self._messages.first

    def note(self, unit: Unit) -> None:
        """Learn of an event: the team, the first message, and which calls messages ask for."""
        stored = unit.content
        if not self._team:
            whole = text(stored.get("agent_id")) or text(stored.get("sender")) or text(stored.get("receiver"))
            self._team = whole.rpartition("/")[2]
        for message in _inner(stored):
            self._messages.note(Unit(message))
            self._first_id = self._first_id or text(message.get("id"))
            held = message.get("content")
            if message.get("type") == "ToolCallRequestEvent" and isinstance(held, list):
                for call in held:
                    if isinstance(call, dict):
                        self._asked.add((text(call.get("name")), repr(arguments(call.get("arguments")))))

    def records(self, unit: Unit) -> list[Draft] | str:
        """Return what becomes of an event."""
        stored = unit.content
        kind = text(stored.get("type"))
        if kind == "Message":
            return self._message(unit, stored)
        if kind == "ToolCall":
            asked = arguments(stored.get("arguments"))
            if (text(stored.get("tool_name")), repr(asked)) in self._asked:
                return "ToolCall that messages tell"
            action: Content = {
                "type": "tool_invocation", "tool": text(stored.get("tool_name")), "arguments": asked,
                "result": stored.get("result"),
                "result_status": "unknown" if stored.get("result") is None else "success",
            }  # fmt: skip
            return [self._draft(stored, action, rest=without(stored, "type", "tool_name", "arguments", "result"))]
        if kind in ("LLMCall", "LLMStreamEnd"):
            return [self._answer(stored)]
        if kind in ("MessageHandlerException", "AgentConstructionException"):
            action = {"type": "error", "result_status": "error", "error": stored.get("exception")}
            return [self._draft(stored, action, rest=without(stored, "type", "exception"))]
        if kind in ("LLMStreamStart", "MessageDropped"):
            return kind
        return [self._draft(stored, {"type": "unknown", "result_status": "unknown"}, rest=stored)]

    def _message(self, unit: Unit, stored: Content) -> list[Draft] | str:
        if text(stored.get("delivery_stage")).endswith("DELIVER"):
            return "delivery"
        drafts: list[Draft] = []
        found = list(_inner(stored))
        for place, message in enumerate(found):
            drafted = self._messages.records(Unit(message, unit.number, unit.offset, place))
            if not isinstance(drafted, str):
                drafts += drafted
        for draft in drafts:
            draft.content["session_id"] = self._team
            draft.derived = ["trace_id"]
        return drafts or ("message again" if found else "message without a text")

    def _answer(self, stored: Content) -> Draft:
        response = stored.get("response")
        response = response if isinstance(response, dict) else {}
        choices, asked = response.get("choices"), stored.get("messages")
        choice = choices[0] if isinstance(choices, list) and choices else None
        message = choice.get("message") if isinstance(choice, dict) else None
        said = spoken(message.get("content")) if isinstance(message, dict) else spoken(response.get("content"))
        prompt = spoken(asked[-1].get("content")) if isinstance(asked, list) and asked and isinstance(asked[-1], dict) else None  # fmt: skip # noqa: E501
        draft = self._draft(stored, {"type": "llm_call", "result_status": "success"}, rest=without(stored, *_CALL))
        model, native = text(response.get("model")), text(response.get("id"))
        agent = draft.content["agent"] or {}
        draft.content |= {
            "timestamp": moment(response.get("created")),
            "agent": (agent | {"model": model} if model else agent) or None,
            "usage": tokens(stored, "prompt_tokens", "completion_tokens") or None,
            "prompt": {"text": prompt} if prompt else None,
            "response": {"text": said} if said else None,
        }
        draft.id = native if native and native not in self._told else ""
        self._told.add(native)
        return draft

    def _draft(self, stored: Content, action: Content, *, rest: Content) -> Draft:
        name = text(stored.get("agent_id")).partition("/")[0].removesuffix(f"_{self._team}")
        run = self._first_id or f"autogen-{self._file.digest[:16]}"
        content: Content = {
            "session_id": self._team,
            "trace_id": trace_id("autogen", run),
            "span_id": span_id("autogen", ""),
            "agent": {"id": name, "name": name} if name else None,
            "action": {key: value for key, value in action.items() if value not in (None, "")},
        }
        draft = Draft(content, "", "", {key: value for key, value in rest.items() if value not in (None, "", [], {})})
        draft.derived = ["trace_id"]
        return draft


def _inner(stored: Content) -> Iterator[Content]:
    """The messages in an envelope."""
    payload = unpacked(stored.get("payload"))
    if not isinstance(payload, dict) or stored.get("type") != "Message":
        return
    response = payload.get("response")
    for holder in (payload, response if isinstance(response, dict) else {}):
        for name in ("messages", "message", "inner_messages", "chat_message"):
            held = holder.get(name)
            for each in held if isinstance(held, list) else [held]:
                if isinstance(each, dict) and autogen.claims(each):
                    yield each
