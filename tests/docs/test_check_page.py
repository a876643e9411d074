"""What docs/check.md shows in its terminal is what the commands print, one after the other; its files load.

`UPDATE_GOLDEN=1 pytest tests/docs/test_check_page.py` puts the present output there.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.docs.test_readme import BLOCK, ROOT

PAGE = ROOT / "docs" / "check.md"
FILE = re.compile(r"^```(?:yaml|json)\n# ([\w.-]+)\n(.*?)^```$", re.M | re.S)
VARYING = [
    (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?Z?", "TIME"),
    (r"sha256 [0-9a-f]{12}", "HASH"),
    (r"[\d,]+ bytes", "BYTES"),
    (r"[0-9a-f]{64}", "HASH"),
]


def same(text: str) -> str:
    """The text without what is different each time."""
    for pattern, word in VARYING:
        text = re.sub(pattern, word, text)
    return text


def record(number: int, tool: str, phase: str, **action: Any) -> dict[str, Any]:
    scopes = ["orders:read", "mail:send"]
    return {
        "timestamp": f"2026-11-20T09:00:{number:02}Z", "record_id": f"rec-{number}", "session_id": "s-1",
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "span_id": f"00f067aa0ba902b{(number + 1) // 2}",
        "user": {"id": "u-42", "type": "human"}, "agent": {"id": "agent:billing", "version": "1.4"},
        "authorization": {"scopes": scopes, "session_type": "human_approved", "approved_by": "ann@example.org",
                          "approved_at": "2026-11-20T08:59:00Z", "expires_at": "2026-11-20T12:00:00Z"},
        "action": {"type": "tool_invocation", "tool": tool, "phase": phase, **action},
        "delegation_chain": [{"actor": "u-42", "role": "initiator"}, {"actor": "agent:billing", "role": "executor"}],
    }  # fmt: skip


def prepare(folder: Path) -> None:
    """The log of the page, and the files that it shows."""
    key = "AKIA" + "IOSFODNN7EXAMPLE"
    order = {"order": 42}
    lines = (
        record(1, "orders.read", "start", arguments=order, result_status="pending"),
        record(2, "orders.read", "end", arguments=order, result={"total": 120}, result_status="success"),
        record(3, "mail.send", "start", arguments={"body": f"use {key} for that"}, result_status="pending"),
        record(4, "mail.send", "end", arguments={"to": "u-42"}, result_status="success"),
        record(5, "orders.refund", "start", arguments=order, result_status="pending"),
    )
    (folder / "audit.jsonl").write_text("".join(f"{json.dumps(each)}\n" for each in lines))
    for name, text in FILE.findall(PAGE.read_text()):
        (folder / name).write_text(text)


def test_the_terminal_shows_what_the_commands_print(tmp_path: Path) -> None:
    prepare(tmp_path)
    text = PAGE.read_text()
    made: list[str] = []
    at = 0
    for block in BLOCK.finditer(text):
        words = shlex.split(block[1])
        assert words[0] == "auditlog"
        done = subprocess.run(
            [sys.executable, "-m", "auditlog_cli", *words[1:]], cwd=tmp_path, capture_output=True, text=True,
            check=False, env={**os.environ, "COLUMNS": "110", "LC_ALL": "C.UTF-8", "AUDITLOG_USER": "ci-bot"},
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert "error[" not in done.stderr, done.stderr
        said = done.stdout + done.stderr
        if not os.environ.get("UPDATE_GOLDEN"):
            assert same(said) == same(block[2]), block[1]
        made += (text[at : block.start(2)], said)
        at = block.end(2)
    assert len(made) >= 16
    if os.environ.get("UPDATE_GOLDEN"):
        PAGE.write_text("".join(made) + text[at:])


def test_the_receiver_of_the_page_takes_what_is_sent() -> None:
    """The Python of the page, with the message that compliance.md, 9.3, gives as an example."""
    code = next(each for each in re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.M | re.S) if "hmac" in each)
    there: dict[str, Any] = {}
    exec(code, there)
    body = b'{"type":"finding.opened","timestamp":"2026-11-21T00:00:00Z","data":{"id":"sha256:00"}}'
    secret = "whsec_" + "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    headers = {"webhook-id": "msg_0001", "webhook-timestamp": "1795219200",
               "webhook-signature": "v1,/2VS4mlD98aEDI4cl/Qvs98J5op/WdsqlHM2FkL34+s="}  # fmt: skip
    assert there["genuine"](secret, headers, body, now=1795219200)
    assert not there["genuine"](secret, headers, body + b" ", now=1795219200)
    assert not there["genuine"](secret, headers, body, now=1795219200 + 600)
    assert not there["genuine"](
        "whsec_" + "BBECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", headers, body, now=1795219200
    )
    assert json.loads(body)["type"] == "finding.opened"
