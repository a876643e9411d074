"""What a log says about itself is told in whole sentences, and what the tool says of it is taken back as it stands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from auditlog_cli import AuditLog, verify
from tests.conftest import Result


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


def test_the_line_of_head_is_a_head_that_is_known(cli: Callable[..., Result], tmp_path: Path) -> None:
    """`auditlog head` says: keep this line. So the line is what `--known` takes."""
    path = tmp_path / "a.jsonl"
    with AuditLog(path) as log:
        log.append({"a": 1})
        head = cli("head", path).out.strip()
        log.append({"a": 2})
    assert cli("verify", path, "--known", head).code == 0
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:1]))
    shortened = cli("verify", path, "--known", head, "--no-remember")
    assert shortened.code == 1
    assert "[rolled-back]" in shortened.out
