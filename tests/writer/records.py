"""Records to write in tests: small, and one as the application of the article would write it."""

from __future__ import annotations

from typing import Any


def small(i: int = 0, who: str = "w") -> dict[str, Any]:
    """A record that says who wrote it and which one it is."""
    return {"who": who, "i": i, "action": {"type": "tool_invocation", "tool": "x", "arguments": {"i": i}}}


def full(i: int = 0) -> dict[str, Any]:
    """A record that answers the six questions."""
    return {
        "timestamp": "2026-06-01T14:23:11.000000Z",
        "session_id": "sess_9xk2m7",
        "trace_id": "trace_4p8r1q",
        "span_id": f"{i:016x}",
        "parent_span_id": None,
        "user": {"id": f"user_{i}", "email": "alice@example.com"},
        "agent": {"id": "agent_client_7f3n", "name": "document-summarizer", "version": "1.2.0"},
        "authorization": {
            "scopes": ["documents:read", "summaries:write"],
            "session_type": "human_approved",
            "approved_by": f"user_{i}",
            "approved_at": "2026-06-01T14:21:03Z",
        },
        "action": {
            "type": "tool_invocation",
            "tool": "read_document",
            "arguments": {"document_id": f"doc_{i}", "format": "text", "pages": [1, 2]},
            "result_status": "success",
            "latency_ms": 218 + i,
        },
        "delegation_chain": [
            {"actor": f"user_{i}", "role": "initiator"},
            {"actor": "agent_client_7f3n", "role": "executor"},
        ],
    }
