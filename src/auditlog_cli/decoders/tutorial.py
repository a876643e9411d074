"""The shape of the audit-log tutorials: `{"ts": <epoch seconds>, "event_type": …, "payload": {…}}`.

What the payload calls its parts differs from one program to the next; the names below are those seen. What
it does not say stays absent.
"""

from __future__ import annotations

from auditlog_cli import times

HINT = 'lines of {"ts": …, "event_type": …, "payload": {…}}'
SAMPLES = (
    b'{"ts":1780324991.218,"event_type":"tool_call","payload":{"tool":"get_account_balance","account_id":"12345"}}',
    b'{"ts": 1780324991.5, "event_type": "assistant_output", "payload": {"agent": "assistant", "response": "Hello"}}',
)

_Names = tuple[tuple[str, tuple[str, ...]], ...]
_ENVELOPE: _Names = (
    ("session_id", ("session_id", "session", "conversation_id", "thread_id")),
    ("trace_id", ("trace_id", "correlation_id", "request_id", "run_id")),
    ("span_id", ("span_id",)),
    ("parent_span_id", ("parent_span_id", "parent_id", "parent")),
)
_ACTORS: _Names = (
    ("user", ("user_id", "user")),
    ("agent", ("agent", "agent_id", "agent_name", "sender", "from_agent")),
)
_PROMPT = ("prompt", "message", "question")
_RESPONSE = ("response", "answer", "reply")
_BESIDE = frozenset((*_PROMPT, *_RESPONSE, "correlation_id", "request_id", "run_id"))
"""Names in a payload that are no arguments of its tool, although they stand beside it."""
_TEXTS: _Names = (("prompt", _PROMPT), ("response", _RESPONSE))
_CALL = ("call_id", "tool_call_id")
_TOOL = ("tool", "tool_name", "function", "function_name")
_ARGUMENTS = ("arguments", "args", "kwargs", "input", "params")
_RESULT = ("result", "output")
_STATUS = ("status", "result_status")
_LATENCY = ("latency_ms", "duration_ms")
_STATUSES = {
    "ok": "success", "success": "success", "succeeded": "success", "error": "error", "failed": "error",
    "failure": "error", "denied": "denied", "blocked": "blocked", "partial": "partial", "timeout": "timeout",
    "pending": "pending", "unknown": "unknown",
}  # fmt: skip
_PHASES = (("start", "start"), ("begin", "start"), ("request", "start"), ("result", "end"), ("output", "end"),
           ("end", "end"), ("response", "end"), ("finished", "end"))  # fmt: skip
_INTEGRITY = ("timestamp", "record_id", "source", "seq", "prev", "_salts")


def matches(stored: dict[str, object]) -> bool:
    """Tell whether the object has the three members of the tutorial."""
    return "event_type" in stored and "ts" in stored and isinstance(stored.get("payload"), dict)


def content(stored: dict[str, object]) -> dict[str, object]:
    """Return the event as a record."""
    payload = stored.get("payload")
    left: dict[str, object] = dict(payload) if isinstance(payload, dict) else {}
    event = stored.get("event_type")
    word = event.lower() if isinstance(event, str) else "unknown"
    out: dict[str, object] = {}
    when = times.epoch(stored.get("ts"))
    if when is not None:
        out["timestamp"] = times.render(when)
    for name, names in _ENVELOPE:
        value = _take(left, names)
        if value is not None:
            out[name] = value if isinstance(value, str) else str(value)
    for block, names in _ACTORS:
        value = _take(left, names)
        if value is not None:
            out[block] = value if isinstance(value, dict) else {"id": value if isinstance(value, str) else str(value)}
    out["action"] = _action(word, left)
    for block, names in _TEXTS:
        value = _take(left, names)
        if value is not None:
            out[block] = {"text": value}
    metadata = {"event_type": event, **left}
    out["metadata"] = metadata
    for name in _INTEGRITY:
        if name in stored and name not in out:
            out[name] = stored[name]
    return out


def _action(word: str, left: dict[str, object]) -> dict[str, object]:
    tool = _take(left, _TOOL)
    action: dict[str, object] = {"type": "tool_invocation" if _is_tool(word, tool) else word}
    if tool is not None:
        action["tool"] = tool
    call = _take(left, _CALL)
    if call is not None:
        action["call_id"] = call
    arguments = _take(left, _ARGUMENTS)
    result = _take(left, _RESULT)
    error = _take(left, ("error", "exception"))
    latency = _take(left, _LATENCY)
    status = _take(left, _STATUS)
    if arguments is None and tool is not None and result is None:
        # The tutorial puts the arguments beside the tool's name. What belongs elsewhere has been taken.
        rest = [name for name in left if name not in _BESIDE]
        arguments = {name: left.pop(name) for name in rest} or None
    if arguments is not None:
        action["arguments"] = arguments
    known = _STATUSES.get(status.lower()) if isinstance(status, str) else None
    if known is not None:
        action["result_status"] = known
    elif error is not None:
        action["result_status"] = "error"
    if result is not None:
        action["result"] = result
    if error is not None:
        action["error"] = error
    if isinstance(latency, (int, float)):
        action["latency_ms"] = latency
    if tool is not None:
        for ending, phase in _PHASES:
            if word.endswith(ending):
                action["phase"] = phase
    return action


def _is_tool(word: str, tool: object) -> bool:
    return word in ("tool_call", "tool_use", "tool_invocation") or (tool is not None and word.startswith("tool"))


def _take(left: dict[str, object], names: tuple[str, ...]) -> object:
    """Remove and return the first of `names` that says something."""
    for name in names:
        if left.get(name) is not None:
            return left.pop(name)
    return None
