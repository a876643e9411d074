"""Records and logs for tests, made by hand: obvious, fixed, and nobody's real data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def record(**changes: Any) -> dict[str, Any]:
    """A record that answers all six questions. `changes`: dotted paths with `__` for the dot; None removes."""
    made: dict[str, Any] = {
        "timestamp": "2026-06-01T14:23:11.218000Z",
        "record_id": "00000000-0000-4000-8000-000000000001",
        "session_id": "sess_1",
        "trace_id": "trace_1",
        "span_id": "span_1",
        "user": {"id": "user_ann", "email": "ann@example.org"},
        "agent": {"id": "agent_planner", "name": "planner"},
        "authorization": {
            "scopes": ["orders:read"],
            "session_type": "human_approved",
            "approved_by": "user_bob",
            "approved_at": "2026-06-01T14:21:03Z",
        },
        "action": {
            "type": "tool_invocation",
            "tool": "lookup_order",
            "arguments": {"order_id": 42},
            "result_status": "success",
            "latency_ms": 218,
        },
        "delegation_chain": [
            {"actor": "user_ann", "role": "initiator"},
            {"actor": "agent_planner", "role": "executor"},
        ],
    }
    for path, value in changes.items():
        *above, last = path.split("__")
        holder = made
        for name in above:
            holder = holder.setdefault(name, {})
        if value is None:
            holder.pop(last, None)
        else:
            holder[last] = value
    return made


def line(content: dict[str, Any]) -> bytes:
    """The record as our writer would write it, unsealed."""
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()


def write(path: Path, *contents: dict[str, Any] | bytes) -> Path:
    """Write records (or raw lines) to a file, each ended by LF."""
    lines = [each if isinstance(each, bytes) else line(each) for each in contents]
    path.write_bytes(b"".join(each + b"\n" for each in lines))
    return path


def tutorial(event: str, ts: float = 1780324991.218, **payload: Any) -> bytes:
    """A line of the tutorial's shape, as its function writes it."""
    return json.dumps({"ts": ts, "event_type": event, "payload": payload}).encode()


def agentaudit(action: str, **members: Any) -> bytes:
    """A line of AgentAudit's shape."""
    return json.dumps({"action": action, **members}).encode()
