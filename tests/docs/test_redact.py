"""What docs/redact.md shows in its terminal is what the commands print."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.docs import terminal
from tests.docs.terminal import ROOT

PAGE = ROOT / "docs" / "redact.md"
LOG = [
    {"timestamp": "2026-11-20T09:00:00Z", "record_id": "rec-1", "user": {"id": "u-17", "email": "ann@acme.io"},
     "action": {"type": "send", "arguments": {"to": "Ann@acme.io", "card": "4111 1111 1111 1111"}}, "metadata": {"note": "x"}},
    {"timestamp": "2026-11-20T09:00:01Z", "record_id": "rec-2", "user": {"id": "u-17"},
     "action": {"type": "send", "arguments": {"to": "ann@acme.io, bob@acme.io", "order": "4111-17"}}},
]  # fmt: skip


def test_the_terminal_shows_what_the_commands_print(tmp_path: Path) -> None:
    (tmp_path / "plain.jsonl").write_text("".join(json.dumps(each, separators=(",", ":")) + "\n" for each in LOG))
    (profile,) = re.findall(r"^```yaml\n# redaction.yaml\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
    (tmp_path / "redaction.yaml").write_text(profile)
    assert terminal.shows_what_commands_print(PAGE, tmp_path) >= 7
