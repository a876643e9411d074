"""What docs/retention.md shows in its terminal is what the commands print, one after the other.

`UPDATE_GOLDEN=1 pytest tests/docs/test_retention.py` puts the present output there.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from auditlog_cli.writer.log import AuditLog
from tests.docs.test_readme import BLOCK, ROOT, steady

PAGE = ROOT / "docs" / "retention.md"


def same(text: str) -> str:
    """The text without what is different each time: times, names of holds, sizes of salted lines when packed."""
    text = re.sub(r"hold-[0-9a-f]{8}", "HOLD", text)
    return steady(re.sub(r"[\d,]+ to [\d,]+ bytes", "BYTES", text))


def test_the_terminal_shows_what_the_commands_print(tmp_path: Path) -> None:
    with AuditLog(tmp_path / "audit.jsonl", origin="example.org/agents", fsync="none", ballast_bytes=0) as log:
        for month in (1, 2, 3):
            for _ in range(2):
                log.append(
                    {
                        "timestamp": f"2026-{month:02d}-14T12:00:00Z",
                        "session_id": f"s-{month}",
                        "user": {"id": "u-42", "email": "ann@example.org"},
                        "agent": {"id": "a-7"},
                        "action": {"type": "tool_invocation", "tool": "send_email"},
                    }
                )
            log.rotate()
    text = PAGE.read_text()
    made: list[str] = []
    at = 0
    for block in BLOCK.finditer(text):
        words = shlex.split(block[1])
        assert words[0] == "auditlog"
        done = subprocess.run(
            [sys.executable, "-m", "auditlog_cli", *words[1:]], cwd=tmp_path, capture_output=True, text=True,
            check=False, env={**os.environ, "COLUMNS": "110", "LC_ALL": "C.UTF-8"}, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert "error" not in done.stderr, done.stderr
        if not os.environ.get("UPDATE_GOLDEN"):
            assert same(done.stdout) == same(block[2]), block[1]
        made += (text[at : block.start(2)], done.stdout)
        at = block.end(2)
    assert len(made) >= 10
    if os.environ.get("UPDATE_GOLDEN"):
        PAGE.write_text("".join(made) + text[at:])
