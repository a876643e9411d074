"""Compressed files: unpacked as a stream, or from any place; and packed so that this can be done.

Segments are packed in the seekable format of Zstandard: frames of whole lines, about a MiB each, and behind them a
table of their sizes in a frame that every decoder skips. So `zstd -d` and everything else that knows Zstandard reads
them as one file, and a reader who wants one line unpacks one frame.
https://github.com/facebook/zstd/blob/dev/contrib/seekable_format/zstd_seekable_compression_format.md
"""

from __future__ import annotations

import os

from auditlog_cli.errors import InputError, remedy
from auditlog_cli.segments import GZIP, ZSTD, open_present

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Protocol

    class Reader(Protocol):
        """Gives bytes, and is closed."""

        def read(self, size: int, /) -> bytes:
            """Return up to `size` bytes; none at the end."""
            ...

        def close(self) -> None:
            """Give the file back."""
            ...


LARGEST = 1 << 30
"""Bytes of one segment that are unpacked into memory; a larger one is neither packed nor rewritten."""
_FRAME = 1 << 20
_LEVEL = 10
_STEP = 1 << 11
"""Packed bytes of Zstandard that are taken at a time. A block of 4 bytes can stand for 128 KiB, so that this can
become 64 MiB, the longest line: what a hostile file makes of 64 KiB would not fit into memory."""
_BLOCK = 1 << 16
_SKIPPABLE = 0x184D2A5E
_SEEKABLE = 0x8F92EAB1
_FOOTER = 9  # bytes: number of frames, flags, magic number
_CHECKSUMS = 0x80
_RESERVED = 0x7C
_MOST_FRAMES = 1 << 20


class Unpacked:
    """A compressed file, unpacked block by block."""

    def __init__(self, plain: Reader, kind: str, path: str) -> None:
        self._path = path
        self._plain = plain
        self._kind = kind
        self._decoder: object = None
        self._unused = b""

    def read(self, size: int) -> bytes:
        """Return some unpacked bytes, at most 64 MiB; none at the end.

        Raises:
            InputError: If the file is damaged or ends too early.
        """
        del size
        while True:
            packed = self._unused or self._plain.read(_BLOCK)
            self._unused = b""
            if not packed:
                if self._decoder is not None:
                    raise InputError(
                        f"{self._path}: the {self._kind} data ends too early",
                        help="was it copied whole? take another copy of it",
                    )
                return b""
            if self._kind == "zstd":
                packed, self._unused = packed[:_STEP], packed[_STEP:]
            if self._decoder is None:
                if self._kind == "gzip" and not packed.lstrip(b"\x00"):
                    continue  # padding behind the last member
                self._decoder = _decoders()[self._kind]()
            decoder = self._decoder
            try:
                data: bytes = decoder.decompress(packed)  # type: ignore[attr-defined]
            except Exception as error:
                raise InputError(
                    f"{self._path}: the {self._kind} data is damaged", help="take another copy of this file"
                ) from error
            if decoder.eof:  # type: ignore[attr-defined]
                self._unused = decoder.unused_data + self._unused  # type: ignore[attr-defined]
                self._decoder = None
            if data:
                return data

    def close(self) -> None:
        """Give the file back."""
        self._plain.close()


def _decoders() -> dict[str, Callable[[], object]]:
    def gzip() -> object:
        import zlib

        return zlib.decompressobj(wbits=31)

    def zstd() -> object:
        import zstandard

        return zstandard.ZstdDecompressor().decompressobj()

    return {"gzip": gzip, "zstd": zstd}


def is_packed(fd: int) -> bool:
    """Tell by its first bytes whether the open file is compressed."""
    return os.pread(fd, 4, 0).startswith((GZIP, ZSTD))


class _Whole:
    """Reads an open file from its beginning, wherever others read."""

    def __init__(self, path: str, fd: int) -> None:
        self._path = path
        self._fd = fd
        self._at = 0

    def read(self, size: int) -> bytes:
        try:
            data = os.pread(self._fd, size, self._at)
        except OSError as error:
            raise InputError(f"{self._path}: cannot be read ({error.strerror})", help=remedy(error)) from error
        if not data and self._at < os.fstat(self._fd).st_size:
            raise InputError(
                f"{self._path}: cannot be read (nothing came from byte {self._at} on, before its end)",
                help="look at the disk (dmesg)",
            )
        self._at += len(data)
        return data

    def close(self) -> None:
        """The descriptor is the caller's."""


def blocks(path: str, fd: int) -> Iterator[bytes]:
    """Yield the bytes that the open file holds, unpacked if it is compressed.

    Raises:
        InputError: If it cannot be read or is damaged, or if it unpacks to more than `LARGEST` bytes.
    """
    reader: Reader = _Whole(path, fd)
    head = reader.read(4)
    reader = _Whole(path, fd)
    if head.startswith((GZIP, ZSTD)):
        reader = Unpacked(reader, "gzip" if head.startswith(GZIP) else "zstd", path)
    total = 0
    while data := reader.read(1 << 20):
        total += len(data)
        if total > LARGEST and reader.__class__ is Unpacked:
            raise InputError(
                f"{path}: unpacks to more than {LARGEST >> 30} GiB, which no segment of ours does",
                help="if it is what it should be: unpack it",
            )
        yield data


def plain(path: str, fd: int) -> int:
    """Return a descriptor of the bytes that the open file holds: another one of it, or of them unpacked in memory.

    A segment is small (64 MiB unless somebody said otherwise), and whoever reads the end of one, or its lines by
    their places, does so in one way.

    Raises:
        InputError: If it cannot be read or is damaged, or unpacks to more than `LARGEST` bytes.
        OSError: If there is no room for it.
    """
    if not is_packed(fd):
        return os.dup(fd)
    memory = nameless()
    try:
        for data in blocks(path, fd):
            view = memoryview(data)
            while view:
                view = view[os.write(memory, view) :]
        os.lseek(memory, 0, os.SEEK_SET)
    except BaseException:
        os.close(memory)
        raise
    return memory


def open_plain(path: str) -> int:
    """Return a descriptor of the bytes that the file at `path` holds, as `plain` does, or that it was compressed to.

    Raises:
        InputError: If it is damaged or unpacks to too much.
        OSError: If it cannot be opened.
    """
    path, fd = open_present(path)
    try:
        return plain(path, fd)
    finally:
        os.close(fd)


def nameless() -> int:
    """Return an empty file that has no name and goes when it is closed."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("auditlog-segment", os.MFD_CLOEXEC)
    import tempfile  # pragma: no cover - other systems than Linux

    with tempfile.TemporaryFile() as file:  # pragma: no cover
        return os.dup(file.fileno())


# --- frames -------------------------------------------------------------------------------------


def pack(data: bytes) -> bytes:
    """Return whole lines in the seekable format, with a checksum in each frame. No frame cuts a line."""
    import struct

    import zstandard

    packer = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True, write_content_size=True)
    found: list[bytes] = []
    table: list[bytes] = []
    start = 0
    while start < len(data):
        end = data.rfind(b"\n", start, start + _FRAME) + 1
        if end == 0:  # a line longer than a frame is a frame
            end = data.find(b"\n", start) + 1 or len(data)
        frame = packer.compress(data[start:end])
        found.append(frame)
        table.append(struct.pack("<II", len(frame), end - start))
        start = end
    entries = b"".join(table)
    footer = struct.pack("<IBI", len(table), 0, _SEEKABLE)
    return b"".join((*found, struct.pack("<II", _SKIPPABLE, len(entries) + _FOOTER), entries, footer))


class Frames:
    """A packed file, read from any place by its table.

    The table is a claim: a frame that is not what it says is damage. Whoever must not be led past a byte reads the
    stream (`Unpacked`), as `verify` does.

    Attributes:
        size: Bytes of what is packed.
    """

    def __init__(self, path: str, fd: int, sizes: list[tuple[int, int]]) -> None:
        self._path = path
        self._fd = fd
        self._starts: list[tuple[int, int]] = []  # where each frame begins: packed, unpacked
        packed = self.size = 0
        for each, whole in sizes:
            self._starts.append((packed, self.size))
            packed += each
            self.size += whole
        self._starts.append((packed, self.size))
        self._kept = (-1, b"")

    def pread(self, length: int, offset: int) -> bytes:
        """Return `length` unpacked bytes from `offset` on, fewer at the end.

        Raises:
            InputError: If a frame cannot be read or is damaged.
        """
        from bisect import bisect_right

        parts = []
        while length > 0 and offset < self.size:
            number = bisect_right(self._starts, offset, key=lambda each: each[1]) - 1
            at = offset - self._starts[number][1]
            part = self._frame(number)[at : at + length]
            parts.append(part)
            length -= len(part)
            offset += len(part)
        return b"".join(parts)

    def _frame(self, number: int) -> bytes:
        if self._kept[0] == number:
            return self._kept[1]
        import zstandard

        (start, begin), (stop, end) = self._starts[number : number + 2]
        try:
            packed = os.pread(self._fd, stop - start, start)
            if zstandard.frame_content_size(packed) != end - begin:
                raise InputError(
                    f"{self._path}: the table of its frames is wrong", help="take another copy of this file"
                )
            data = zstandard.ZstdDecompressor().decompress(packed)
        except (OSError, zstandard.ZstdError) as error:
            raise InputError(
                f"{self._path}: the zstd data is damaged", help="take another copy of this file"
            ) from error
        self._kept = (number, data)
        return data


def frames(path: str, fd: int) -> Frames | None:
    """Return a reader of the open file by its table; None if it has none, or one that does not add up.

    Raises:
        OSError: If it cannot be read.
    """
    import struct

    size = os.fstat(fd).st_size
    if size < 8 + _FOOTER or not os.pread(fd, 4, 0).startswith(ZSTD):
        return None
    count, flags, magic = struct.unpack("<IBI", os.pread(fd, _FOOTER, size - _FOOTER))
    each = 12 if flags & _CHECKSUMS else 8
    length = 8 + count * each + _FOOTER
    if magic != _SEEKABLE or flags & _RESERVED or count > _MOST_FRAMES or length > size:
        return None
    table = os.pread(fd, length, size - length)
    if struct.unpack("<II", table[:8]) != (_SKIPPABLE, length - 8):
        return None
    sizes = [struct.unpack_from("<II", table, 8 + place * each) for place in range(count)]
    if sum(packed for packed, _ in sizes) != size - length or any(whole > LARGEST or not whole for _, whole in sizes):
        return None
    return Frames(path, fd, [(packed, whole) for packed, whole in sizes])
