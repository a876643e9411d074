"""Lines that somebody may find in a log, hostile ones among them."""

from __future__ import annotations

import json

from tests.logs import agentaudit, line, record, tutorial


def escaped(content: dict[str, object]) -> bytes:
    """A record with every letter escaped: legal JSON that nobody writes, but somebody may."""
    text = json.dumps(content)
    return "".join(f"\\u{ord(c):04x}" if c.isalpha() else c for c in text).encode()


HOSTILE = [
    line(record(session_id="sess_abc")), line(record(session_id="sess_xyz")), line(record(session_id="SESS_ABC")),
    line(record(session_id="sess_abc", action__tool="pay", action__result_status="denied")),
    line(record(session_id="sess_abc", timestamp="2026-06-01T14:23:12.5+00:00", user__id="user_bob")),
    line(record(session_id="sess_abc", timestamp="2026-06-01t14:23:13z", trace_id="sess_abc", span_id="sess_abc")),
    line(record(timestamp="9999-99-99T00:00:00.000000Z")), line(record(timestamp=None)), line(record(timestamp=12)),
    line(record(timestamp="2026-06-30T23:59:60.000000Z")), line(record(user=None)), line(record(agent="planner")),
    line(record(user=["user_ann"])), line(record(user__id=7)), line(record(session_id=7)), line(record(session_id="é")),
    line(record(session_id=True)), line(record(session_id=1.5)), line(record(user__id=None, user__name="user_ann")),
    line(record(user={"_redacted": "0" * 64})), line(record(session_id="")), line(record(parent_span_id="span_1")),
    line(record(metadata={"note": 'not "session_id":"sess_abc" but a text'})), b'{"session_id":"sess_abc"',
    b"sess_abc", b"", b"\x00\xff", b"\r", line(record(session_id="sess_abc")) + b"\r",
    line(record(session_id="pre sess_abc post")), b'{"session_id":"sess\\u005fabc","action":{}}',
    escaped({"session_id": "sess_abc", "action": {"tool": "pay"}}), escaped(record(user__name="user_ann")),
    b'{"\\u0073ession_id":"sess_abc","action":{}}', b'{"session_id":"sess_abc","session_id":"x","action":{}}',
    tutorial("tool_call", tool="pay", session_id="sess_abc"), tutorial("tool_call", tool="pay", request_id="sess_abc"),
    tutorial("x", user="user_ann", agent="planner", run_id=7), agentaudit("x", agentId="agent_planner", prompt="p"),
    agentaudit("tool_start", agentId="a", traceId="sess_abc", metadata={"tool": "pay"}, createdAt="2026-06-01T00:00:00Z"),
    b'{ "session_id" : "sess_abc", "action" : {} }', b'["sess_abc"]', b'{"session_id":["sess_abc"],"action":{}}',
    b'{"user.id":"user_ann","action":{},"agent":{"id":"agent_planner"}}', b'{"user":{},"user.id":"user_ann","action":{}}',
    b'{"timestamp":"2026-06-01T14:23:12Z","auditlog":{"type":"close","id":"sess_abc"},"seq":8,"prev":"00","_salts":[]}',
    b'{"timestamp":"2026-06-01T14:23:12Z","session_id":"sess_abc","auditlog":{"type":"genesis"},"action":{}}',
    b'{"eventName":"ConsoleLogin","session_id":"sess_abc","n":1.50}', b'{"n":123456789012345678901234567890}',
]  # fmt: skip
"""Each of them may stand anywhere in a log, any number of times."""
