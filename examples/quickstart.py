"""The first six lines: a session and a tool call, in a log that fails loudly.

python examples/quickstart.py [LOG]
"""

import sys

from auditlog_cli import AuditLog

log = AuditLog(sys.argv[1] if len(sys.argv) > 1 else "demo/quickstart.jsonl")
with log.session(user="alice@example.org", agent="planner", scopes=["orders:read"]) as s:
    s.user_message("Where is order 42?")
    with s.tool("lookup_order", {"order_id": 42}, requires="orders:read") as t:  # on the disk before the body runs
        t.result({"item": "tea pot", "status": "on its way"})
log.close()
