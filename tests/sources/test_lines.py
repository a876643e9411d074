"""Bytes become lines: numbers, offsets, ends, compression, limits; forwards and backwards alike."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli.errors import InputError
from auditlog_cli.record import BadLine, Line
from auditlog_cli.sources import backwards, lines
from auditlog_cli.sources.files import Log
from auditlog_cli.sources.lines import read_lines

TEXTS = st.lists(st.sampled_from([b"", b"a", b"\r", b"\xe2\x80\xa8", b"x" * 50, b"\x00", b"{}"]), max_size=12)


def as_told(path: Path) -> list[tuple[bytes, int, int, bool]]:
    return [
        (line.raw, line.number, line.offset, line.ended) for line in read_lines(str(path)) if isinstance(line, Line)
    ]


def slowly(data: bytes) -> list[tuple[bytes, int, int, bool]]:
    """The obvious twin: split on LF, add up."""
    out, offset = [], 0
    pieces = data.split(b"\n")
    for number, piece in enumerate(pieces, 1):
        last = number == len(pieces)
        if last and not piece:
            break
        out.append((piece, number, offset, not last))
        offset += len(piece) + 1
    return out


@pytest.mark.parametrize("block", [1, 3, 1 << 20])
@given(parts=TEXTS, ended=st.booleans())
def test_lines_are_what_stands_between_line_feeds(
    tmp_path_factory: pytest.TempPathFactory, block: int, parts: list[bytes], ended: bool
) -> None:
    """Whatever the size of the blocks it is read in."""
    path = tmp_path_factory.mktemp("lines") / "log"
    data = b"\n".join(parts) + (b"\n" if ended else b"")
    path.write_bytes(data)
    before = lines._BLOCK
    lines._BLOCK = block
    try:
        assert as_told(path) == slowly(data)
    finally:
        lines._BLOCK = before


@given(parts=TEXTS, ended=st.booleans(), block=st.sampled_from([1, 2, 7, 1 << 14]))
def test_backwards_is_forwards_reversed(
    tmp_path_factory: pytest.TempPathFactory, parts: list[bytes], ended: bool, block: int
) -> None:
    path = tmp_path_factory.mktemp("lines") / "log"
    path.write_bytes(b"\n".join(parts) + (b"\n" if ended else b""))
    before = backwards._FIRST_BLOCK
    backwards._FIRST_BLOCK = block
    try:
        found = [(line.raw, line.offset, line.ended) for line in backwards.backwards(Log(str(path), [str(path)]))]  # type: ignore[union-attr]
    finally:
        backwards._FIRST_BLOCK = before
    assert found[::-1] == [(raw, offset, end) for raw, _, offset, end in as_told(path)]


def pack_zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data[:5]) + zstandard.ZstdCompressor().compress(data[5:])


@pytest.mark.parametrize(
    "pack", [gzip.compress, lambda data: gzip.compress(data[:5]) + gzip.compress(data[5:]), pack_zstd]
)
def test_compression_is_told_by_the_bytes(tmp_path: Path, pack) -> None:  # type: ignore[no-untyped-def]
    """Not by the name; several members or frames are one file."""
    path = tmp_path / "log.jsonl"
    path.write_bytes(pack(b'{"a":1}\n{"b":2}\n'))
    assert [raw for raw, *_ in as_told(path)] == [b'{"a":1}', b'{"b":2}']
    log = Log(str(path), [str(path)])
    assert [line.raw for line in backwards.last_lines(log, 1)] == [b'{"b":2}']  # type: ignore[union-attr]


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.ZstdCompressor().compress])
@pytest.mark.parametrize("damage", ["cut", "flip"])
def test_damaged_compression_is_an_error_after_what_could_be_read(tmp_path: Path, pack, damage: str) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "log.jsonl.gz"
    data = bytearray(pack(b"".join(b'{"n":%d}\n' % n for n in range(20000))))
    if damage == "cut":
        del data[len(data) // 2 :]
    else:
        data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(InputError, match="damaged|ends too early"):
        list(read_lines(str(path)))


def test_a_line_that_is_too_long_is_bad_and_not_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MAX_LINE", 100)
    monkeypatch.setattr(backwards, "MAX_LINE", 100)
    monkeypatch.setattr(lines, "_BLOCK", 16)
    path = tmp_path / "log"
    path.write_bytes(b"{}\n" + b"x" * 5000 + b"\n{}\n" + b"y" * 300)
    found = list(read_lines(str(path)))
    assert [type(line) for line in found] == [Line, BadLine, Line, BadLine]
    assert [line.line.number if isinstance(line, BadLine) else line.number for line in found] == [1, 2, 3, 4]
    assert found[2].offset == 3 + 5001  # type: ignore[union-attr]
    assert all(len(line.line.raw) <= 1024 for line in found if isinstance(line, BadLine))
    back = [type(line) for line in backwards.backwards(Log(str(path), [str(path)]))]
    assert back == [BadLine, Line, BadLine, Line]


def test_a_folder_and_a_missing_file_are_input_errors(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(InputError):
            list(read_lines(str(path)))


def test_the_end_of_a_large_log_is_found_without_reading_it(tmp_path: Path) -> None:
    """`tail` of a log with a hole of 10 GiB in its middle is as quick as of a small one."""
    path = tmp_path / "log"
    with path.open("wb") as file:
        file.write(b'{"first":1}\n')
        file.seek(10 * 1024**3)
        file.write(b"\n" + b'{"last":1}\n' * 20)
    log = Log(str(path), [str(path)])
    assert [line.raw for line in backwards.last_lines(log, 10)] == [b'{"last":1}'] * 10  # type: ignore[union-attr]
