"""`runtime.log` of the classic AutoGen (pyautogen 0.2, ag2): JSON lines of four kinds, text between.

Each agent logs what it received: a message that asks for calls begins them, one with `tool_responses` ends them; the
framework says that a call failed only in words ("Error: …"). Local times without a zone need `--tz`. A human's words
are a message like any other: who is a human is not in the file.
"""

from __future__ import annotations

from auditlog_cli.importers import itself
from auditlog_cli.importers._drafts import (  # fmt: skip
    Content,
    Draft,
    File,
    Unit,
    arguments,
    instant,
    spoken,
    text,
    unpacked,
    without,
)
from auditlog_cli.importers._turns import Conversation, outcome, tokens

HINT = "runtime.log of the classic AutoGen (runtime_logging, file logger)"
SAMPLES = (
    b'{"id":1,"agent_name":"planner","wrapper_id":9,"session_id":"s-1","current_time":"2026-06-01 14:23:10.000000Z",'
    b'"agent_type":"AssistantAgent","args":{}}\n{"source_id":1,"source_name":"planner","event_name":"received_message",'
    b'"agent_module":"m","agent_class":"AssistantAgent","json_state":"{\\"message\\": \\"Where is order 42?\\", \\"s'
    b'ender\\":'
    b' \\"user\\"}","timestamp":"2026-06-01 14:23:11.000000Z","thread_id":1}\n{"invocation_id":"i-1","client_id":3,'
    b'"wrapper_id":9,"request":{"messages":[{"role":"user","content":"Where is order 42?"}]},"response":{"model":"m1",'
    b'"choices":[{"message":{"content":"Looking."}}],"usage":{"prompt_tokens":3,"completion_tokens":2}},"is_cached":0,'
    b'"cost":0.1,"start_time":"2026-06-01 14:23:11.100000Z","end_time":"2026-06-01 14:23:11.600000Z","thread_id":1}\n'
    b'{"source_id":2,"source_name":"user","event_name":"received_message","agent_module":"m","agent_class":"U",'
    b'"json_state":"{\\"message\\": {\\"role\\": \\"assistant\\", \\"content\\": null, \\"tool_calls\\": [{\\"id\\":'
    b' \\"c-1\\",'
    b' \\"function\\": {\\"name\\": \\"lookup\\", \\"arguments\\": \\"{}\\"}}]}, \\"sender\\": \\"planner\\"}","time'
    b'stamp":'
    b'"2026-06-01 14:23:12.000000Z","thread_id":1}\n{"source_id":2,"source_name":"user","agent_module":"m","agent_cl'
    b'ass":'
    b'"U","timestamp":"2026-06-01 14:23:12.500000Z","thread_id":1,"input_args":"{}","returns":"\\"shipped\\""}\n'
    b'{"source_id":1,"source_name":"planner","event_name":"received_message","agent_module":"m","agent_class":'
    b'"AssistantAgent","json_state":"{\\"message\\": {\\"role\\": \\"tool\\", \\"tool_responses\\": [{\\"tool_call_i'
    b'd\\":'
    b' \\"c-1\\", \\"content\\": \\"Error: no such order\\"}]}, \\"sender\\": \\"user\\"}","timestamp":'
    b'"2026-06-01 14:23:13.000000Z","thread_id":1}\n',
)
_EVENT = frozenset(("source_id", "source_name", "timestamp", "thread_id"))
_CHAT = frozenset(("invocation_id", "client_id", "wrapper_id"))
_AGENT = frozenset(("agent_name", "wrapper_id", "session_id", "current_time"))
_OBJECT = frozenset(("wrapper_id", "session_id", "current_time"))
units = itself


def claims(stored: Content) -> bool:
    """Tell whether it is a line of the logger."""
    names = stored.keys()
    if names >= _EVENT:
        return "json_state" in names or "input_args" in names
    return names >= _CHAT or names >= _AGENT or (names >= _OBJECT and "hook_event_name" not in names)


class Reading(Conversation):
    """The lines of one session, in order."""

    family = "autogen-classic"

    def __init__(self, file: File) -> None:
        super().__init__(file)
        self._agents: set[str] = set()
        self._wrappers: dict[str, str] = {}
        self._asked: set[str] = set()

    def note(self, unit: Unit) -> None:
        """Learn of a line: the session, whose client is whose, and which calls messages ask for."""
        stored = unit.content
        if not self._turns.session:
            self._turns.session = text(stored.get("session_id"))
        self._turns.note(stored.get("timestamp") or stored.get("current_time") or stored.get("start_time"))
        if text(stored.get("agent_name")) and text(stored.get("wrapper_id")):
            self._wrappers[text(stored["wrapper_id"])] = text(stored["agent_name"])
        self._asked |= {repr(arguments(call.get("arguments"))) for _, call in _calls(_state(stored))}

    def records(self, unit: Unit) -> list[Draft] | str:
        """Return what becomes of a line."""
        turns, stored = self._turns, unit.content
        when = stored.get("timestamp") or stored.get("current_time")
        if "event_name" in stored and "json_state" in stored:
            if stored["event_name"] != "received_message":
                return text(stored["event_name"]) or "event"
            return self._received(stored, _state(stored), when)
        if "input_args" in stored:
            asked = arguments(stored["input_args"])
            if repr(asked) in self._asked:
                return "function call that messages tell"
            ends = outcome(unpacked(stored.get("returns")), failed=False)
            action: Content = {"type": "tool_invocation", "arguments": asked} | ends
            return [turns.draft(action, when=when, above="", agent=_agent(stored.get("source_name")))]
        if stored.keys() >= _CHAT:
            return [self._answer(stored)]
        if "agent_name" in stored:
            native = text(stored.get("id"))
            if native in self._agents:
                return "agent again"
            self._agents.add(native)
            action = {"type": "lifecycle", "phase": "create", "result_status": "success"}
            rest = without(stored, "id", "agent_name", "session_id", "current_time")
            agent = _agent(stored.get("agent_name"))
            return [turns.draft(action, key=f"agent {native}", id=native, when=when, above="", rest=rest, agent=agent)]
        return "client" if claims(stored) else [turns.unknown(unit, when)]

    def _received(self, stored: Content, state: Content, when: object) -> list[Draft] | str:
        turns, sender, to = self._turns, text(state.get("sender")), text(stored.get("source_name"))
        message = state.get("message")
        held: Content = message if isinstance(message, dict) else {"content": message}
        drafts: list[Draft] = []
        said = spoken(held.get("content"))
        responses = held.get("tool_responses")
        block = {name: value for name, value in (("from", sender), ("to", to)) if value}
        if said and not responses:
            action: Content = {"type": "agent_message", "result_status": "success"}
            drafts.append(
                turns.draft(action, when=when, above="", message=block, response={"text": said}, agent=_agent(sender))
            )
        for call, function in _calls(state):
            draft = turns.called(call, text(function.get("name")), function.get("arguments"), when=when)
            draft.content |= {"agent": _agent(sender) or None}
            drafts.append(draft)
        for each in responses if isinstance(responses, list) else ():
            if isinstance(each, dict):
                failed = text(each.get("content")).startswith("Error:")
                ends = outcome(each.get("content"), failed=failed)
                drafts.append(turns.ended(text(each.get("tool_call_id")), ends, when=when, agent=_agent(sender)))
        return drafts or "message without a text"

    def _answer(self, stored: Content) -> Draft:
        turns, native = self._turns, text(stored.get("invocation_id"))
        request, response = _object(stored.get("request")), _object(stored.get("response"))
        asked, choices = request.get("messages"), response.get("choices")
        last = asked[-1] if isinstance(asked, list) and asked else None
        choice = _object(choices[0]) if isinstance(choices, list) and choices else {}
        prompt = spoken(_object(last).get("content"))
        said = spoken(_object(choice.get("message")).get("content")) or (
            None if response else spoken(stored.get("response"))
        )
        begin, end = (instant(stored.get(name), turns.zone) for name in ("start_time", "end_time"))
        name = text(stored.get("source_name")) or self._wrappers.get(text(stored.get("wrapper_id")), "")
        model = text(response.get("model"))
        action: Content = {"type": "llm_call", "result_status": "success"}
        if begin is not None and end is not None and end >= begin:
            action["latency_ms"] = (end - begin) / 1000
        return turns.draft(
            action, key=f"chat {native}", id=native, when=stored.get("start_time"), above="",
            agent=_agent(name) | ({"model": model} if model else {}),
            usage=tokens(response.get("usage"), "prompt_tokens", "completion_tokens"),
            prompt={"text": prompt} if prompt else None, response={"text": said} if said else None,
            rest={name: stored.get(name) for name in ("cost", "is_cached", "wrapper_id")},
        )  # fmt: skip


def _state(stored: Content) -> Content:
    return _object(unpacked(stored.get("json_state")))


def _calls(state: Content) -> list[tuple[str, Content]]:
    """The calls that a message asks for: their ids, and name and arguments."""
    held = _object(state.get("message")).get("tool_calls")
    calls = [each for each in held if isinstance(each, dict)] if isinstance(held, list) else []
    return [(text(each.get("id")), _object(each.get("function"))) for each in calls]


def _agent(name: object) -> Content:
    return {"id": name, "name": name} if isinstance(name, str) and name else {}


def _object(held: object) -> Content:
    return held if isinstance(held, dict) else {}
