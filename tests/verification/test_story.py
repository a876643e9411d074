"""What a log says about itself is told in whole sentences."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditlog_cli import AuditLog, verify


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (1, "one record did not reach this log, or is gone from it"),
        (2, "2 records did not reach this log, or are gone from it"),
    ],
)
def test_how_many_records_were_lost(tmp_path: Path, count: int, said: str) -> None:
    with AuditLog(tmp_path / "a.jsonl") as log:
        log.append_own({"auditlog": {"type": "lost", "count": count}})
    assert [each.message for each in verify(tmp_path / "a.jsonl").listed] == [said]
