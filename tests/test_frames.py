"""Compressed segments: what is packed is unpacked, from the start and from any place; hostile files stay small."""

from __future__ import annotations

import gzip
import os
import shutil
import struct
import subprocess
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli import frames
from auditlog_cli.errors import InputError
from auditlog_cli.sources.backwards import backwards
from auditlog_cli.sources.files import Log
from auditlog_cli.sources.lines import read_lines

LINES = st.lists(st.binary(max_size=40).map(lambda each: each.replace(b"\n", b"")), max_size=60)


def opened(path: Path, data: bytes) -> int:
    path.write_bytes(data)
    return os.open(path, os.O_RDONLY)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames of a few lines."""
    monkeypatch.setattr(frames, "_FRAME", 64)


@pytest.fixture
def open_file(tmp_path: Path) -> Callable[[bytes], int]:
    return lambda data: opened(tmp_path / "audit.jsonl.zst", data)


@given(lines=LINES, places=st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 300)), max_size=5))
def test_what_is_packed_is_unpacked_from_any_place(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], places: list[tuple[int, int]]
) -> None:
    data = b"".join(line + b"\n" for line in lines)
    path = tmp_path_factory.mktemp("frames") / "audit.jsonl.zst"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(frames, "_FRAME", 64)
        fd = opened(path, frames.pack(data))
    try:
        found = frames.frames(str(path), fd)
        assert data == b"" or found is not None
        if found is not None:
            assert found.size == len(data)
            for offset, length in places:
                assert found.pread(length, offset) == data[offset : offset + length]
            starts = [start for _, start in found._starts[1:]]
            assert all(data[start - 1 : start] == b"\n" for start in starts), "a frame cuts a line"
            assert b"".join(frames.blocks(str(path), fd)) == data
            plain = frames.plain(str(path), fd)
            assert os.pread(plain, len(data) + 1, 0) == data
            os.close(plain)
            wanted = [each.raw for each in read_lines(str(path))]
            assert [each.raw for each in backwards(Log(str(path), [str(path)]))] == wanted[::-1]
    finally:
        os.close(fd)


@pytest.mark.usefixtures("small")
def test_the_stock_tool_unpacks_it(tmp_path: Path) -> None:
    if not shutil.which("zstd"):
        pytest.skip("zstd is not there")
    data = b"".join(b'{"n":%d}\n' % number for number in range(1000))
    (tmp_path / "x.zst").write_bytes(frames.pack(data))
    assert subprocess.run(["zstd", "-dc", tmp_path / "x.zst"], capture_output=True, check=True).stdout == data


@pytest.mark.usefixtures("small")
def test_one_frame_is_unpacked_for_one_place(
    open_file: Callable[[bytes], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = b"".join(b'{"n":%04d}\n' % number for number in range(1000))
    fd = open_file(frames.pack(data))
    found = frames.frames("x", fd)
    assert found is not None
    read: list[int] = []
    real = os.pread
    monkeypatch.setattr(frames.os, "pread", lambda fd, size, at: read.append(size) or real(fd, size, at))
    assert found.pread(11, 11 * 500) == b'{"n":0500}\n'
    assert len(read) == 1
    assert read[0] < 200
    os.close(fd)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("change", ["magic", "count", "short", "size", "reserved", "length", "no table"])
def test_a_table_that_does_not_add_up_is_no_table(open_file: Callable[[bytes], int], change: str) -> None:
    """Then the stream is read, which says everything that is in it."""
    lines = b"".join(b'{"n":%04d}\n' % number for number in range(50))
    data = bytearray(frames.pack(lines))
    count = struct.unpack("<I", data[-9:-5])[0]
    start = len(data) - 9 - 8 * count
    match change:
        case "magic":
            data[-1] ^= 1
        case "count":
            data[-9:-5] = struct.pack("<I", count + 1)
        case "short":
            data[-9:-5] = struct.pack("<I", 1 << 31)
        case "size":
            data[start : start + 4] = struct.pack("<I", 1)
        case "reserved":
            data[-5] = 4
        case "length":
            data[start - 4 : start] = struct.pack("<I", 3)
        case _:
            del data[start - 8 :]
    fd = open_file(bytes(data))
    assert frames.frames("x", fd) is None
    if change == "no table":
        assert b"".join(frames.blocks("x", fd)) == lines
    os.close(fd)


@pytest.mark.usefixtures("small")
def test_a_table_that_lies_about_what_is_in_a_frame_is_damage(open_file: Callable[[bytes], int]) -> None:
    data = bytearray(frames.pack(b"".join(b'{"n":%04d}\n' % number for number in range(50))))
    count = struct.unpack("<I", data[-9:-5])[0]
    start = len(data) - 9 - 8 * count
    data[start + 4 : start + 8] = struct.pack("<I", 7)
    fd = open_file(bytes(data))
    found = frames.frames("x", fd)
    assert found is not None
    with pytest.raises(InputError, match="table of its frames is wrong"):
        found.pread(10, 0)
    os.close(fd)


@given(lines=st.lists(st.just(b'{"n":1}'), min_size=20, max_size=60), at=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_a_flipped_bit_never_gives_other_lines(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], at: int, bit: int
) -> None:
    """Each frame carries a checksum: what comes out is what went in, or nothing of it, or an error."""
    data = b"".join(line + b"\n" for line in lines)
    packed = bytearray(frames.pack(data))
    packed[at % len(packed)] ^= 1 << bit
    fd = opened(tmp_path_factory.mktemp("frames") / "x.zst", bytes(packed))
    try:
        assert b"".join(frames.blocks("x", fd)) in (data, bytes(packed))  # the latter: no longer packed, by its start
    except InputError:
        pass
    finally:
        os.close(fd)


def test_a_small_file_that_unpacks_to_very_much_is_refused(
    open_file: Callable[[bytes], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "LARGEST", 1 << 24)
    bomb = zstandard.ZstdCompressor(level=19).compress(bytes(1 << 28))
    assert len(bomb) < 1 << 14
    fd = open_file(bomb)
    with pytest.raises(InputError, match="unpacks to more than"):
        frames.plain("bomb", fd)
    os.close(fd)


def test_a_bomb_is_unpacked_piece_by_piece(tmp_path: Path) -> None:
    """A quarter of a GiB of one letter, in 8 KiB: never more than the longest line in memory, and a bad line."""
    path = tmp_path / "bomb.jsonl.zst"
    path.write_bytes(zstandard.ZstdCompressor(level=19).compress(b"a" * (1 << 28)))
    tracemalloc.start()
    found = list(read_lines(str(path)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found) == 1
    assert peak < 5 * (1 << 26)


@pytest.mark.parametrize("cut", [1, 10, 100])
def test_a_file_that_ends_too_early_is_damage(open_file: Callable[[bytes], int], cut: int) -> None:
    fd = open_file(frames.pack(b"".join(b'{"a":"%d"}\n' % (n * n * 7919) for n in range(99)))[:-cut])
    with pytest.raises(InputError, match="too early|damaged"):
        list(frames.blocks("x", fd))
    os.close(fd)


def test_other_compressed_files_are_unpacked_too(open_file: Callable[[bytes], int]) -> None:
    for data in (gzip.compress(b"a\nb\n"), zstandard.compress(b"a\nb\n"), b"a\nb\n"):
        fd = open_file(data)
        plain = frames.plain("x", fd)
        assert os.pread(plain, 10, 0) == os.read(plain, 10) == b"a\nb\n"
        os.close(plain)
        os.close(fd)


def test_a_read_that_gives_nothing_is_no_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the sum of a segment would be that of its beginning."""
    path = tmp_path / "a"
    path.write_bytes(b"{}\n")
    with path.open("rb") as file:
        assert list(frames.blocks(str(path), file.fileno())) == [b"{}\n"]
        monkeypatch.setattr(os, "pread", lambda *_: b"")
        with pytest.raises(InputError, match="nothing came from byte 0 on"):
            list(frames.blocks(str(path), file.fileno()))
