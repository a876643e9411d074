"""Two processes find what one finds."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli import parallel
from auditlog_cli.judgement import dealing
from auditlog_cli.judgement.asking import asked
from auditlog_cli.judgement.judging import judge
from auditlog_cli.renderers.checks import json as rendered

PACKS = (["gdpr", "baseline"], ["hipaa"], ["finance", "soc2"], ["baseline"])


def log(path: Path, records: int = 3000) -> Path:
    """A log with something for most rules: repetitions, disorder, gaps, other users, bad lines."""
    dice = random.Random(7)
    lines = []
    for number in range(records):
        second = number + dice.choice([0, 0, 0, 0, -40])
        user, agent = f"user_{dice.randint(1, 4)}", f"agent_{dice.randint(1, 3)}"
        lines.append(json.dumps({
            "timestamp": f"2026-06-01T{second // 3600 % 24:02d}:{second // 60 % 60:02d}:{second % 60:02d}Z",
            "session_id": f"sess_{number // 20}", "trace_id": f"trace_{number // 9}", "span_id": f"span_{number:08d}",
            "parent_span_id": f"span_{max(number - dice.randint(-2, 3), 0):08d}" if number % 9 else None,
            "user": {"id": user}, "agent": {"id": agent, "version": "1.0"},
            "authorization": {"scopes": ["crm:read", "*"][: dice.randint(1, 2)], "session_type": "delegated",
                              "approved_by": user, "approved_at": "2026-06-01T00:10:00Z",
                              "expires_at": "2026-06-01T00:40:00Z"},
            "action": {"type": "tool_invocation", "tool": dice.choice(["mail.send", "crm.read"]),
                       "arguments": {"note": dice.choice(["hello", "to ann" + "@" + "example.org", "call"])},
                       "result_status": dice.choice(["success", "error"])},
            "delegation_chain": [{"actor": user, "role": "initiator"}, {"actor": agent, "role": "executor"}],
        }, separators=(",", ":")))  # fmt: skip
        if number % 500 == 3:
            lines.append('{"no":1,"no":2}')
    path.write_text("\n".join(lines) + "\n")
    return path


def said(paths: list[str], packs: list[str], **options: Any) -> str:
    question = asked(pack=packs, as_of="2026-11-21T00:00:00Z", no_policy=True, **options)
    return "".join(rendered.render(judge(paths, question)))


@pytest.mark.skipif(parallel.cores() < 2, reason="one core")
@pytest.mark.parametrize("packs", PACKS, ids="+".join)
@pytest.mark.parametrize("most", [5, 100_000])
def test_what_two_processes_say_is_what_one_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packs: list[str], most: int
) -> None:
    paths = [str(log(tmp_path / "a.jsonl")), str(log(tmp_path / "b.jsonl", 900))]
    alone = said(paths, packs, max_findings=most)
    question = asked(pack=packs, as_of="2026-11-21T00:00:00Z", no_policy=True)
    assert dealing.shares(paths, question) is None  # too little data
    monkeypatch.setattr(dealing, "MUCH", 1)
    monkeypatch.setattr(dealing.threading, "active_count", lambda: 1)
    assert dealing.shares(paths, question) is not None
    assert said(paths, packs, max_findings=most) == alone


def test_what_can_be_read_once_is_not_dealt_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dealing, "MUCH", 1)
    question = asked(pack=["baseline"], as_of="2026-11-21T00:00:00Z", no_policy=True)
    assert dealing.shares(["-"], question) is None
