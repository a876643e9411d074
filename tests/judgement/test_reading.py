"""A line is read again as it was read the first time, however long it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditlog_cli.judgement import reading
from auditlog_cli.sources.lines import read_lines


@pytest.mark.parametrize("length", [0, 1, 8191, 8192, 8193, 24_576, 300_000])
@pytest.mark.parametrize("last", [b"", b"the last one"])
def test_a_line_is_read_again(tmp_path: Path, length: int, last: bytes) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\n".join([b"first", b"x" * length, b"y" * length, last]))
    for line in read_lines(str(path)):
        if hasattr(line, "raw"):
            assert reading.line_at(str(path), line.offset) == line.raw


def test_no_more_is_read_than_a_line_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a block of a mebibyte, as readers of whole files take it, one line in a thousand would be wanted."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"x" * 999 + b"\n" + b"y" * 2_000_000)
    taken = []
    read = reading._Little.read
    monkeypatch.setattr(reading._Little, "read", lambda each, size: taken.append(len(got := read(each, size))) or got)
    assert reading.line_at(str(path), 0) == b"x" * 999
    assert sum(taken) < 20_000
