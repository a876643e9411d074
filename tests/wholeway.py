"""The whole way of a log: written, asked, judged, sealed, withheld from, cut; for environments that are not this one."""

WRITING = """
import os
from auditlog_cli import AuditLog
log = AuditLog("a.jsonl", max_bytes=20_000)
with log.session(session_id="s-1", user="ann@example.org", agent="bot", scopes=["orders:read"]) as s:
    for number in range(30):
        with s.tool("look", {"number": number}, requires="orders:read") as t:
            t.result({"mail": "ann@example.org"})
child = os.fork()
if not child:
    with log.session(session_id="s-2", user="ann@example.org", agent="bot", scopes=[]) as s:
        s.message_to("mailer", "done")
    os._exit(0)
os.waitpid(child, 0)
log.close()
"""

STEPS = [
    ("keygen key", 0),
    ("tail a.jsonl --bogus", 2),
    ("tail a.jsonl", 0),
    ("filter a.jsonl --user ann@example.org", 0),
    ("trace s-1 a.jsonl", 0),
    ("traces a.jsonl", 0),
    ("stats a.jsonl", 0),
    ("validate a.jsonl", 0),
    ("check a.jsonl --fail-on never -o found.txt", 0),
    ("index build a.jsonl", 0),
    ("stats a.jsonl --by action.tool", 0),
    ("seal a.jsonl --key key", 0),
    ("verify a.jsonl --signers key.pub", 0),
    ("bundle s-1 a.jsonl -o evidence.zip", 0),
    ("export a.jsonl --to csv -o a.csv", 0),
    ("compress a.jsonl", 0),
    ("hold add a.jsonl --by counsel --reason 17 --session s-2", 0),
    ("redact a.jsonl --fields user.id --session s-1 --reason asked --by ann --key key --yes", 0),
    ("verify a.jsonl --signers key.pub", 0),
    ("redact --check a.jsonl", 1),
    ("prune a.jsonl --older-than 2030-01-01 --reason schedule --despite-hold --yes", 0),
    ("verify a.jsonl --signers key.pub", 0),
]
"""What follows one another on the log that `WRITING` leaves, and the exit codes."""
