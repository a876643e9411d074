"""Our own shape: `auditlog.record/1` (record.md), sealed or not, and the log's own records."""

from __future__ import annotations

HINT = "auditlog.record/1, what this tool writes"
SAMPLES = (
    b'{"timestamp":"2026-06-01T14:23:11Z","session_id":"s","trace_id":"t","user":{"id":"u"},"agent":{"id":"a"},'
    b'"authorization":{"scopes":[],"session_type":"autonomous"},"action":{"type":"llm_call","result_status":'
    b'"success"},"delegation_chain":[{"actor":"u","role":"initiator"},{"actor":"a","role":"executor"}]}',
    b'{"timestamp":"2026-11-21T09:00:08.000000Z","record_id":"x","auditlog":{"type":"close"},"seq":8,"prev":"00","_salts":[]}',
)
_BLOCKS = ("user", "agent", "authorization", "delegation_chain", "session_id")


def matches(stored: dict[str, object]) -> bool:
    """Tell whether the object is a record of ours, complete or not: `validate` says what it lacks."""
    action = stored.get("action")
    if isinstance(action, dict):
        return True
    if "auditlog" in stored or "_leaf" in stored:
        return True
    return action is None and "timestamp" in stored and any(name in stored for name in _BLOCKS)


def content(stored: dict[str, object]) -> dict[str, object]:
    """Return the object itself: it bears the right names already."""
    return stored
