"""A file in parts is the same lines as the file as a whole."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli.errors import InputError
from auditlog_cli.record import BadLine, Line
from auditlog_cli.sources.lines import read_lines
from auditlog_cli.sources.ranges import cut, read_range


def plain(item: Line | BadLine) -> tuple[bytes, int, bool]:
    line = item.line if isinstance(item, BadLine) else item
    return line.raw, line.offset, line.ended


@given(data=st.lists(st.binary(max_size=9) | st.just(b"\n"), max_size=40).map(b"".join), part=st.integers(1, 40))
def test_the_parts_are_the_whole(tmp_path_factory: pytest.TempPathFactory, data: bytes, part: int) -> None:
    path = tmp_path_factory.getbasetemp() / "ranges.jsonl"
    path.write_bytes(data)
    ranges = cut(str(path), part)
    if data.startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd")) or (data and not ranges):
        return  # packed, or perhaps a document
    assert [each.start for each in ranges[1:]] == [each.end for each in ranges[:-1]]
    assert all(data[each.end - 1 : each.end] == b"\n" for each in ranges[:-1])
    parts = [list(read_range(each)) for each in ranges]
    assert [plain(item) for lines in parts for item in lines] == [plain(item) for item in read_lines(str(path))]
    for lines in parts:
        assert [item.number for item in lines if isinstance(item, Line)] == list(range(1, len(lines) + 1))


def test_what_cannot_be_cut_is_read_from_its_beginning(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(b"{}\n"))
    (tmp_path / "empty.jsonl").touch()
    assert cut("-") == cut(str(tmp_path / "a.jsonl.gz")) == cut(str(tmp_path / "empty.jsonl")) == []
    with pytest.raises(InputError):
        cut(str(tmp_path / "none.jsonl"))
