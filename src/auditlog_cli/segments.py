"""The names of the files that one log consists of (integrity.md, 2.1), and which of them are there."""

from __future__ import annotations

import os
import stat

from auditlog_cli.errors import InputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    T = TypeVar("T")

_DIGITS = 12
_ATTEMPTS = 20  # at a list of segments of which one is deleted before it is opened
PACKED = (".zst", ".gz")
"""What the name of a compressed segment ends in."""
GZIP = b"\x1f\x8b"
ZSTD = b"\x28\xb5\x2f\xfd"
"""What a compressed file begins with (RFC 1952, RFC 8878): that tells, and not the name."""


def stem(path: str) -> str:
    """Return the path without a final `.jsonl`.

    >>> stem("logs/audit.jsonl")
    'logs/audit'
    """
    return path.removesuffix(".jsonl")


def closed_name(path: str, first: int) -> str:
    """Return the path of the closed segment that begins with record `first`.

    >>> closed_name("audit.jsonl", 97)
    'audit.000000000097.jsonl'
    """
    return f"{stem(path)}.{first:0{_DIGITS}d}.jsonl"


def closed(path: str) -> list[tuple[int, str]]:
    """Return (first seq, path) of the closed segments of the log at `path`, oldest first.

    A segment that was compressed (`.jsonl.zst`, `.jsonl.gz`) counts as the segment it holds; where both are there,
    compressing was cut short, and the plain one counts. A folder that cannot be read has none.
    """
    try:
        return find_closed(path)
    except OSError:
        return []


def find_closed(path: str) -> list[tuple[int, str]]:
    """Return what `closed` does.

    Raises:
        OSError: If the folder cannot be read: who writes must not take that for "none".
    """
    folder, name = os.path.split(path)
    begin = stem(name) + "."
    found: dict[int, str] = {}
    for entry in sorted(os.listdir(folder or ".")):
        if entry.startswith(begin) and len(bare(entry)) == len(begin) + _DIGITS + len(".jsonl"):
            first = first_of(entry)
            if first is not None:
                found.setdefault(first, os.path.join(folder, entry))
    return sorted(found.items())


def bare(path: str) -> str:
    """Return the name that a segment has when it is not compressed.

    >>> bare("audit.000000000097.jsonl.zst")
    'audit.000000000097.jsonl'
    """
    return path.removesuffix(".zst").removesuffix(".gz")


def twins(path: str) -> list[str]:
    """Return the paths at which a compressed copy of the segment at `path` may lie, finished or not.

    While a segment is being compressed both are there. Readers take the plain one, whoever rewrites or deletes
    the one has to delete the other.

    >>> twins("audit.000000000097.jsonl")[0]
    'audit.000000000097.jsonl.zst'
    """
    whole = bare(path)
    return [name for ending in PACKED for name in (f"{whole}{ending}", f"{whole}{ending}.tmp") if name != path]


def present(path: str) -> str:
    """Return `path`, or where the same segment lies if it was compressed since somebody listed it."""
    whole = bare(path)
    here = (name for name in (path, whole, *(f"{whole}{ending}" for ending in PACKED)) if os.path.lexists(name))
    return next(here, path)


def without_twins(paths: list[str]) -> list[str]:
    """Return `paths` without the compressed segments of which the plain one is among them as well."""
    here = {*paths}
    return [each for each in paths if bare(each) == each or bare(each) not in here or first_of(each) is None]


def first_of(path: str) -> int | None:
    """Return the number of the first record in a closed segment, as its name says; None for any other name.

    >>> first_of("d/audit.000000000097.jsonl.zst")
    97
    >>> first_of("d/audit.jsonl") is None
    True
    """
    whole = bare(path)
    front, _, digits = stem(whole).rpartition(".")
    if whole.endswith(".jsonl") and front and len(digits) == _DIGITS and digits.isascii() and digits.isdigit():
        return int(digits)
    return None


def snapshot(path: str, timeout_s: float = 10.0) -> list[tuple[str, int, int]]:
    """Open the whole log as it is at one moment, however many writers rotate it.

    List and sizes are taken under one short shared lock (integrity.md, 7): a naive listing sees a segment
    that is being renamed twice, or not at all. Where there is no lock file (a copy of a log, a medium that
    cannot be written) nobody writes, and none is needed. Who deletes segments need not hold the lock: if one
    goes between the list and the look at it, the list is made anew.

    Args:
        path: The log.
        timeout_s: How long to wait for a writer; a hung one does not keep a reader out for ever.

    Returns:
        (path, descriptor, size) of each segment, oldest first, the active one last if it is there. The
        descriptors are the caller's to close; what was appended later lies behind the sizes.

    Raises:
        OSError: If a segment cannot be opened.
        InputError: If what bears the name of one is no regular file.
    """
    lock = shared_lock(path, timeout_s)
    try:
        return again(_opened, path)
    finally:
        if lock >= 0:
            os.close(lock)


def open_first(path: str) -> tuple[str, int]:
    """Open the file in which the log at `path` begins, though it is pruned, compressed or rotated meanwhile.

    Returns:
        Its path and a descriptor, which is the caller's to close.

    Raises:
        OSError: If it cannot be opened.
        InputError: If it is no regular file.
    """

    def first(path: str) -> tuple[str, int]:
        name = next((found for _, found in closed(path)), path)
        return name, open_regular(name)

    return again(first, path)


def open_present(path: str) -> tuple[str, int]:
    """Open a file of a log, or where the same segment lies if it was compressed since somebody listed it.

    Returns:
        What it is called now, and a descriptor, which is the caller's to close.

    Raises:
        OSError: If it cannot be opened.
        InputError: If it is no regular file.
    """

    def here(path: str) -> tuple[str, int]:
        name = present(path)
        return name, open_regular(name)

    return here(path) if first_of(path) is None else again(here, path)


def open_regular(path: str) -> int:
    """Open a file of a log, or one beside it, to read it: a pipe in its place is refused, not waited for.

    Raises:
        OSError: If it cannot be opened.
        InputError: If it is no regular file.
    """
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise InputError(f"{path}: not a file", help="what bears that name is a file of a log: move this away")
    return fd


def read_regular(path: str, most: int) -> bytes:
    """Return the first `most` bytes of a small file beside a log; raises what `open_regular` does."""
    with open(open_regular(path), "rb") as file:
        return file.read(most)


def again(look: Callable[[str], T], path: str) -> T:
    """Look at `path` in this way, and again while what was listed is gone when it is opened.

    Where nothing ever was, that is soon known.

    Raises:
        OSError: As `look` does.
    """
    for _ in range(_ATTEMPTS - 1):
        try:
            return look(path)
        except FileNotFoundError:
            continue
    return look(path)


def _opened(path: str) -> list[tuple[str, int, int]]:
    taken: list[tuple[str, int, int]] = []
    try:
        for name in [*(found for _, found in find_closed(path)), path]:
            try:
                fd = open_regular(name)
            except FileNotFoundError:
                if name != path:
                    raise
                continue
            taken.append((name, fd, os.fstat(fd).st_size))
    except BaseException:
        for _, fd, _ in taken:
            os.close(fd)
        raise
    return taken


def shared_lock(path: str, timeout_s: float = 10.0) -> int:
    """Keep writers of the log at `path` out for a moment, if it has a lock file.

    Args:
        path: The log.
        timeout_s: How long to wait for a writer; a hung one does not keep a reader out for ever.

    Returns:
        A descriptor: the lock goes when it is closed. -1 if there is nothing to lock.
    """
    import fcntl
    import time

    try:
        lock = os.open(lock_name(path), os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return -1
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return lock
        except OSError:
            if time.monotonic() > deadline:
                return lock
            time.sleep(0.001)


def active_of(path: str) -> str | None:
    """Return the active segment's path if `path` is named like a closed segment, else None.

    >>> active_of("d/audit.000000000097.jsonl.zst")
    'd/audit.jsonl'
    >>> active_of("audit.jsonl") is None
    True
    """
    if first_of(path) is None:
        return None
    return f"{stem(bare(path)).rpartition('.')[0]}.jsonl"


def lock_name(path: str) -> str:
    """Return the path of the empty file that writers lock; it is never deleted."""
    return f"{path}.lock"


def checkpoint_name(path: str) -> str:
    """Return the path of the newest checkpoint, a signed note."""
    return f"{path}.checkpoint"


def pruned_name(path: str) -> str:
    """Return the path of the stub of a pruned prefix."""
    return f"{stem(path)}.pruned.json"


def torn_name(path: str, seq: int) -> str:
    """Return the path where a torn fragment found before record `seq` is kept."""
    return f"{stem(path)}.torn.{seq}.bin"


def blobs_name(path: str) -> str:
    """Return the folder of values too large for a line."""
    return f"{stem(path)}.blobs"


def salts_name(path: str) -> str:
    """Return the path of the salts of a log that others write (integrity.md, 2.8)."""
    return f"{path}.salts"


def new_salts_name(path: str) -> str:
    """Return the path of the salts that take the place of the others once a redaction has put the log anew."""
    return f"{path}.salts.new"


def redactions_name(path: str) -> str:
    """Return the path of the declarations of what was withheld from a log that others write."""
    return f"{path}.redactions"


def holds_name(path: str) -> str:
    """Return the path of the legal holds of a log that others write."""
    return f"{path}.holds"


def ballast_name(path: str) -> str:
    """Return the path of the file that is given up when the disk is full."""
    return f"{path}.ballast"
