"""Run states of the OpenAI Agents SDK (`RunState.to_json()`): a run that waits, with its items and its approvals.

The only source of the SDK's approvals: who decided is not in it. There are no times, and no tree: items stand in order.
`session_items` repeats `generated_items`, and `model_responses` what they come from. A state also says what the
application keeps (`context`, `sandbox`): that may be secret, and is folded, not kept.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditlog_cli.importers._drafts import Content, Draft, File, Unit, text, without
from auditlog_cli.importers._turns import Turns, outcome, words

HINT = "run states of the OpenAI Agents SDK (interrupted runs, approvals)"
SAMPLES = (
    b'{"$schemaVersion":"1.13","current_agent":{"name":"planner"},"original_input":"Refund order 42","generated_item'
    b's":['
    b'{"type":"tool_call_item","agent":{"name":"planner"},"raw_item":{"type":"function_call","id":"i-1","call_id":'
    b'"call_1","name":"refund","arguments":"{\\"order\\":42}"}},{"type":"tool_approval_item","agent":{"name":"planne'
    b'r"},'
    b'"tool_name":"refund","raw_item":{"type":"function_call","id":"i-1","call_id":"call_1","name":"refund","argumen'
    b'ts":'
    b'"{\\"order\\":42}"}},{"type":"tool_call_output_item","agent":{"name":"planner"},"output":"done","raw_item":'
    b'{"type":"function_call_output","call_id":"call_1","output":"done"}},{"type":"handoff_output_item","agent":{"na'
    b'me":'
    b'"planner"},"source_agent":{"name":"planner"},"target_agent":{"name":"clerk"},"raw_item":{"type":'
    b'"function_call_output","call_id":"call_2","output":"{}"}},{"type":"message_output_item","agent":{"name":"clerk"},'
    b'"raw_item":{"type":"message","id":"msg-1","role":"assistant","content":[{"type":"output_text","text":"Done."}]'
    b"}}],"
    b'"context":{"approvals":{"refund":{"approved":["call_1"],"rejected":["call_3"],"rejection_messages":{"call_3":'
    b'"Not twice"}}}},"model_responses":[],"trace":{"object":"trace","id":"trace_0af7651916cd43dd8448eb211c80319c"}}',
)
_FOLDED = ("reasoning_item", "handoff_call_item", "mcp_list_tools_item", "compaction_item", "tool_search_call_item")
_CALLS = ("tool_call_item", "tool_search_call_item")
_RAW = ("id", "type", "call_id", "name", "arguments", "input", "output", "content", "role", "code", "result", "action")


def claims(stored: Content) -> bool:
    """Tell whether it is a run state; the SDK itself refuses versions that it does not know."""
    return "$schemaVersion" in stored and isinstance(stored.get("generated_items"), list)


def units(stored: Content) -> Iterator[Content]:
    """Yield the input, each item, each decision, and what is folded, with the run that they stand in."""
    trace, context = _object(stored.get("trace")), _object(stored.get("context"))
    about = {
        "trace": trace.get("id"),
        "session": trace.get("group_id") or stored.get("conversation_id"),
        "agent": _name(stored.get("current_agent")),
    }
    if "original_input" in stored:
        yield about | {"kind": "input", "of": {"input": stored["original_input"]}}
    for item in _list(stored.get("generated_items")):
        yield about | {"kind": "item", "of": item if isinstance(item, dict) else {"value": item}}
    for tool, said in _object(context.get("approvals")).items():
        for word, status in (("approved", "approved"), ("rejected", "denied")):
            calls, why = _object(said).get(word), _object(_object(said).get("rejection_messages"))
            for call in [calls] if calls is True else _list(calls):
                content = {"tool": tool, "call": "" if call is True else text(call), "status": status}
                yield about | {"kind": "decision", "of": content | {"why": why.get(text(call))}}
    yield about | {"kind": "state", "of": {}}
    for _ in _list(stored.get("model_responses")):
        yield about | {"kind": "model response", "of": {}}


class Reading:
    """The run of one file."""

    def __init__(self, file: File) -> None:
        self._turns = Turns("openai-agents", file)
        self.first = ""

    def note(self, unit: Unit) -> None:
        """Learn of the run."""
        self._turns.trace = text(unit.content.get("trace"))
        self._turns.session = text(unit.content.get("session"))
        self._turns.scope = self._turns.trace

    def records(self, unit: Unit) -> list[Draft] | str:
        """Return what becomes of a unit."""
        turns, content, stored = self._turns, unit.content, unit.content["of"]
        kind = text(content.get("kind"))
        if kind == "item":
            return self._item(unit, stored)
        if kind == "input":
            held = stored.get("input")
            last = held[-1] if isinstance(held, list) and held else None
            said = words(last.get("content")) if isinstance(last, dict) else words(held)
            return [turns.asked("input", said, id="input", rest={"input": held} if isinstance(held, list) else None)]
        if kind == "decision":
            call, tool, status = text(stored.get("call")), text(stored.get("tool")), text(stored.get("status"))
            draft = turns.decided(call, tool, status, rest={"rejection_message": stored.get("why")})
            draft.id = f"{tool} {call} {status}"
            if not call:
                draft.content["span_id"] = turns.span(f"approval of {tool}")
                draft.content["approval"].pop("id", None)
                draft.rest["scope"] = "every call of the tool"
            return [draft]
        return kind

    def _item(self, unit: Unit, stored: Content) -> list[Draft] | str:
        turns, kind, raw = self._turns, text(stored.get("type")), _object(stored.get("raw_item"))
        call = text(raw.get("call_id")) or text(raw.get("id"))
        name = _name(stored.get("agent"))
        who: Content = {"agent": {"id": name, "name": name}} if name else {}
        rest = without(raw, *_RAW)
        if kind in _FOLDED:
            return kind
        if kind == "message_output_item":
            native = text(raw.get("id")) or f"item {unit.place}"
            return [turns.answered(native, words(raw.get("content")), id=native, rest=rest, **who)]
        if kind == "tool_call_item":
            tool = text(raw.get("name")) or text(stored.get("tool_name")) or text(raw.get("type"))
            given = next(
                (raw[each] for each in ("arguments", "input", "action", "code") if raw.get(each) is not None), None
            )
            caller = text(_object(raw.get("caller")).get("caller_id"))
            return [turns.called(call, tool, given, above=turns.key_of(caller), rest=rest, **who)]
        if kind == "tool_call_output_item":
            said = next((each[name] for each in (stored, raw) for name in ("output", "result") if each.get(name) is not None), None)  # fmt: skip # noqa: E501
            return [turns.ended(call, outcome(said, failed=False), rest=rest, **who)]
        if kind == "tool_approval_item":
            tool = text(raw.get("name")) or text(stored.get("tool_name"))
            draft = turns.decided(call, tool, "pending", rest=rest, **who)
            draft.id = f"{call} pending"
            return [draft]
        if kind == "handoff_output_item":
            block = {"from": _name(stored.get("source_agent")), "to": _name(stored.get("target_agent"))}
            action: Content = {"type": "handoff", "call_id": call, "result_status": "success"}
            said = {name: value for name, value in block.items() if value}
            return [turns.draft(action, key=f"handoff {call}", id=call, message=said, rest=rest, **who)]
        return [turns.unknown(Unit(stored))]


def _name(agent: object) -> str:
    return text(_object(agent).get("name"))


def _object(held: object) -> Content:
    return held if isinstance(held, dict) else {}


def _list(held: object) -> list[object]:
    return held if isinstance(held, list) else []
