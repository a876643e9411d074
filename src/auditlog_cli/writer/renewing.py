"""A log that is gone, begun anew because somebody accepts the loss: `auditlog recover` (integrity.md, 2.1).

Its checkpoint and its stub say that it had records, so no writer begins it anew by itself. The new log has a name of
its own, and says in its second record which log is gone. What was left of that one is kept under other names.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NamedTuple

from auditlog_cli import segments, strictjson, times
from auditlog_cli.errors import InputError, UsageError, remedy
from auditlog_cli.sealing import notes, stubs
from auditlog_cli.writer import disk, growth, own, upkeep
from auditlog_cli.writer.pen import Pen

_REASON = "log-gone"


class Renewed(NamedTuple):
    """What became of it.

    Attributes:
        origin: The name of the new log.
        gone: How many records are gone, as far as is known.
        kept: Where lies now what was left of the old one.
    """

    origin: str
    gone: int
    kept: list[str]


class _Known(NamedTuple):
    """What a file beside the log says of it: its name, empty if that is not known, and how many records it had."""

    file: str
    origin: str
    records: int


def renew(path: str) -> Renewed:
    """Begin the log at `path` anew.

    Raises:
        UsageError: If the log is there.
        InputError: If nothing says that there was one, or what says so cannot be read.
        AuditWriteError: If it cannot be begun.
    """
    signed = _known(segments.checkpoint_name(path), _note)
    pruned = _known(segments.pruned_name(path), _stub)
    known = [each for each in (signed, pruned) if each is not None]
    if not known:
        raise InputError(
            f"{path}: no checkpoint and no stub say that there was a log, so none is lost",
            help="is it the right path? any writer may begin a log there",
        )
    origin = next((each.origin for each in known if each.origin), "")
    gone = signed.records if signed is not None else 0
    if pruned is not None:
        gone = max(0, gone - pruned.records)  # those went by intention
    if not _is_there(path):
        _begin(path, own.lost(gone, times.render(0), times.now(), f"{_REASON}: {origin}" if origin else _REASON))
    new = growth.origin_of(path)
    if not _says_so(path) or new in (each.origin for each in known):
        raise UsageError(
            f"{path}: is there, so no loss can be accepted; nothing was changed",
            help=f"auditlog verify {path} says what is missing from it",
        )
    kept = [_aside(each.file) for each in known]
    try:
        disk.sync_folder(path)
    except OSError as error:
        raise disk.refused(path, "was begun anew", error, "the names of what was kept are not durable") from error
    return Renewed(new, gone, kept)


def _begin(path: str, lost: dict[str, object]) -> None:
    pen = Pen(
        path, {}, fsync="interval", interval_s=1.0, max_bytes=64 * 1024 * 1024, max_age_s=None, lock_timeout_s=10.0,
        fallback=None,
    )  # fmt: skip
    pen.active.accepted = lost
    try:
        pen.open(allow_shared_filesystem=False, ballast_bytes=0)
        upkeep.durable(pen)
    finally:
        pen.let_go()


def _says_so(path: str) -> bool:
    """Whether the log was begun anew: now, or by a run that was killed before it had put everything aside."""
    lines = growth.first_lines(path, 2)
    try:
        said = strictjson.decode(lines[-1]).get("auditlog")
    except strictjson.Malformed:
        return False
    return isinstance(said, dict) and said.get("type") == "lost" and str(said.get("reason")).startswith(_REASON)


def _is_there(path: str) -> bool:
    try:
        return growth.is_sealed(path)
    except InputError:
        if segments.find_closed(path):
            raise
        return False


def _known(file: str, understood: Callable[[bytes], tuple[str, int]]) -> _Known | None:
    """What a file beside the log says, little if it is damaged; None if it is not there.

    Raises:
        InputError: If it cannot be read, or is no regular file.
    """
    if not os.path.lexists(file):
        return None
    try:
        return _Known(file, *understood(segments.read_regular(file, stubs.LARGEST)))
    except ValueError:
        return _Known(file, "", 0)
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror})", help=remedy(error)) from error


def _note(data: bytes) -> tuple[str, int]:
    note = notes.parse(data.decode())
    return note.origin, note.size


def _stub(data: bytes) -> tuple[str, int]:
    stub = stubs.parse(data)
    return stub.origin, stub.records


def _aside(name: str) -> str:
    """Give a file a name that nothing looks at, and return it."""
    number, free = 1, f"{name}.lost"
    while os.path.lexists(free):
        number += 1
        free = f"{name}.lost.{number}"
    try:
        os.rename(name, free)
    except OSError as error:
        raise disk.refused(name, "cannot be renamed", error, "the log was begun anew; run it again") from error
    return free
