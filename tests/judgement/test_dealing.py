"""Two processes find what one finds."""

from __future__ import annotations

import gzip
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


@pytest.fixture
def dealt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Little is much, and threads of other tests do not count."""
    monkeypatch.setattr(dealing, "MUCH", 1)
    monkeypatch.setattr(dealing.threading, "active_count", lambda: 1)


@pytest.mark.skipif(parallel.cores() < 2, reason="one core")
@pytest.mark.parametrize("cut", [0.0, 0.3, 0.9, 1.0])
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
def test_it_does_not_matter_where_the_logs_are_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut: float, packed: bool
) -> None:
    paths = [str(log(tmp_path / "a.jsonl", 1500)), str(log(tmp_path / "b.jsonl", 900))]
    if packed:
        paths = [_packed(path) for path in paths]
    alone = said(paths, ["baseline"], max_findings=20)
    monkeypatch.setattr(dealing, "MUCH", 1)
    monkeypatch.setattr(dealing.threading, "active_count", lambda: 1)
    monkeypatch.setattr(dealing, "CUT", cut)
    assert said(paths, ["baseline"], max_findings=20) == alone


def _packed(path: str) -> str:
    Path(f"{path}.gz").write_bytes(gzip.compress(Path(path).read_bytes()))
    Path(path).unlink()
    return f"{path}.gz"


def test_a_plain_file_is_cut_and_a_packed_one_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two, three = (tmp_path / name for name in ("a.jsonl", "b.jsonl", "c.jsonl.gz"))
    one.write_bytes(b"x" * 100)
    two.write_bytes(b"x" * 100)
    three.write_bytes(gzip.compress(b"x" * 1000))
    monkeypatch.setattr(dealing, "CUT", 0.75)
    assert dealing.cuts({str(one): 100, str(two): 100}) == {str(one): dealing.WHOLE, str(two): 50}
    assert dealing.cuts({str(three): 100, str(one): 100}) == {str(three): dealing.WHOLE, str(one): 50}
    assert dealing.cuts({str(one): 100, str(three): 100}) == {str(one): dealing.WHOLE, str(three): dealing.WHOLE}
    assert dealing.cuts({str(one): 300, str(three): 200}) == {str(one): dealing.WHOLE, str(three): 0}


def test_packs_say_the_same_with_a_scanner_that_is_asked_less(
    tmp_path: Path, dealt: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Correlations that rest on the detectors: GDPR-33-02, of records that leave the site."""
    policy = tmp_path / "auditlog.policy.yaml"
    policy.write_text(
        "format: auditlog.policy/1\ntools:\n  - {match: mail.send, external: true, categories: [contact]}\n"
    )
    path = str(log(tmp_path / "a.jsonl", 2000))
    question = asked(pack=["gdpr"], as_of="2026-11-21T00:00:00Z", policy_file=str(policy))
    monkeypatch.setattr(dealing, "MUCH", 1 << 60)
    alone = "".join(rendered.render(judge([path], question)))
    assert "GDPR-33-02" in {each["rule"] for each in json.loads(alone)["findings"]}
    monkeypatch.setattr(dealing, "MUCH", 1)
    assert "".join(rendered.render(judge([path], question))) == alone


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
