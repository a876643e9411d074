"""The shape of AgentAudit: `{"action": …, "prompt", "response", "agentId", "traceId", "parentSpanId", …}`.

`parentSpanId` names the `id` of the parent's record, so `id` is the span (frameworks.md, 9.3). A Python
repr in `prompt` is never parsed; `metadata.user_id` is a habit, no answer to who the user is (9.1).
"""

from __future__ import annotations

HINT = "AgentAudit log entries"
SAMPLES = (
    b'{"action":"guardrail_check","agentId":"writer-agent-1","traceId":"run-1","parentSpanId":"log_abc123",'
    b'"prompt":"Draft","response":"BLOCKED","metadata":{"rule":"pii_detection","latency_ms":42}}',
    b'{"id":"a1","organizationId":"o","agentId":"a","action":"tool_start","prompt":"{}","response":null,'
    b'"metadata":{"tool":"search"},"complianceFlags":[],"traceId":"t","parentSpanId":null,"createdAt":"2026-06-01T14:23:11Z"}',
)
_OTHERS = ("agentId", "traceId", "parentSpanId", "prompt", "response", "metadata", "complianceFlags")
_TOOL = {"tool_start": "start", "tool_call": None, "tool_end": "end", "tool_error": "end"}
_INTEGRITY = ("timestamp", "record_id", "source", "seq", "prev", "_salts")


def matches(stored: dict[str, object]) -> bool:
    """Tell whether the object has an action by name, and one more of AgentAudit's members."""
    return isinstance(stored.get("action"), str) and any(name in stored for name in _OTHERS)


def content(stored: dict[str, object]) -> dict[str, object]:
    """Return the entry as a record."""
    word = str(stored.get("action", "unknown"))
    given = stored.get("metadata")
    metadata: dict[str, object] = dict(given) if isinstance(given, dict) else {}
    out: dict[str, object] = {}
    for name, theirs in (
        ("timestamp", "createdAt"),
        ("trace_id", "traceId"),
        ("span_id", "id"),
        ("parent_span_id", "parentSpanId"),
    ):
        if isinstance(stored.get(theirs), str):
            out[name] = stored[theirs]
    agent = stored.get("agent")
    if isinstance(stored.get("agentId"), str):
        called = agent.get("name") if isinstance(agent, dict) else None
        out["agent"] = {"id": stored["agentId"]} | ({"name": called} if isinstance(called, str) else {})
    out["action"] = _action(word, stored, metadata)
    for block in ("prompt", "response"):
        if isinstance(stored.get(block), str):
            out[block] = {"text": stored[block]}
    out["metadata"] = {"action": word, **metadata}
    for name in ("organizationId", "complianceFlags", "enforcementAction"):
        if stored.get(name):
            out["metadata"] |= {name: stored[name]}  # type: ignore[operator]
    for name in _INTEGRITY:
        if name in stored and name not in out:
            out[name] = stored[name]
    return out


def _action(word: str, stored: dict[str, object], metadata: dict[str, object]) -> dict[str, object]:
    action: dict[str, object]
    lower = word.lower()
    if lower in _TOOL:
        action = {"type": "tool_invocation"}
        tool = metadata.pop("tool", None)
        if tool is not None:
            action["tool"] = tool
        if isinstance(stored.get("prompt"), str):
            action["arguments"] = {"input": stored["prompt"]}
        if _TOOL[lower]:
            action["phase"] = _TOOL[lower]
    else:
        action = {"type": "guardrail" if lower.startswith("guardrail") else _word(lower)}
    if lower.endswith("_error"):
        action["result_status"] = "error"
    elif str(stored.get("enforcementAction", "")).lower() == "block":
        action["result_status"] = "blocked"
    elif lower == "tool_start":
        action["result_status"] = "pending"
    latency = metadata.pop("latency_ms", None)
    if isinstance(latency, (int, float)):
        action["latency_ms"] = latency
    return action


def _word(lower: str) -> str:
    """A word as `action.type` takes it: blanks and control characters are none."""
    return "".join("_" if char <= " " or char == "\x7f" else char for char in lower)
