"""What lies beside a log and belongs to its values: large values, torn ends, the index (integrity.md, 2.1)."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable

from auditlog_cli import segments
from auditlog_cli.errors import InputError, remedy
from auditlog_cli.strictjson import Malformed
from auditlog_cli.writer import disk

_SUM = re.compile(r"[0-9a-f]{64}")
_DOOMED = ".withheld"


def blobs(path: str) -> set[str]:
    """Return the names of the large values of the log at `path`.

    Raises:
        InputError: If their folder cannot be read: that must not pass for "none".
    """
    return {name for name in _names(segments.blobs_name(path)) if _SUM.fullmatch(name)}


def is_torn(path: str, name: str) -> bool:
    """Tell whether `name`, which a record says, is that of a torn end of this log, and there."""
    start = os.path.basename(segments.stem(path)) + ".torn."
    digits = name.removeprefix(start).removesuffix(".bin")
    return name == f"{start}{digits}.bin" and digits.isdecimal() and os.path.lexists(_torn(path, name))


def blobs_with(path: str, holds: Callable[[bytes], bool]) -> set[str]:
    """Return the names of the large values for which `holds`, given their JSON, is true.

    Raises:
        InputError: If one cannot be read.
    """
    folder = segments.blobs_name(path)
    found = set()
    for name in blobs(path):
        try:
            if holds(_read(os.path.join(folder, name))):
                found.add(name)
        except Malformed:
            continue  # no value that a record of ours refers to
    return found


def torn_with(path: str, holds: Callable[[bytes], bool]) -> set[str]:
    """Return the names of the torn ends for which `holds`, given their bytes, is true.

    Raises:
        InputError: If one cannot be read.
    """
    names = _names(os.path.dirname(path) or ".")
    return {name for name in names if is_torn(path, name) and holds(_read(_torn(path, name)))}


def any_doomed(path: str) -> bool:
    """Tell whether large values are marked as withheld and still there.

    Raises:
        InputError: If their folder cannot be read.
    """
    return any(name.endswith(_DOOMED) for name in _names(segments.blobs_name(path)))


def doom_blobs(path: str, names: Iterable[str]) -> None:
    """Mark large values as withheld: once their records are rewritten, nothing else would tell after a crash.

    Done before anything is declared; `drop_blobs` gives the name back to what no redaction came to take.

    Raises:
        OSError: If that cannot be done.
    """
    folder = segments.blobs_name(path)
    for name in sorted(names):
        try:
            os.rename(os.path.join(folder, name), os.path.join(folder, name + _DOOMED))
        except FileNotFoundError:
            continue
        disk.sync_folder(os.path.join(folder, name))


def drop_blobs(path: str, still_named: Callable[[str, set[str]], set[str]]) -> None:
    """Remove the large values that are marked, also those of an earlier redaction that did not come so far.

    What a record refers to that was written meanwhile gets its name back.

    Raises:
        OSError: If that cannot be done.
    """
    folder = segments.blobs_name(path)
    if not os.path.isdir(folder):
        return
    doomed = {name.removesuffix(_DOOMED) for name in os.listdir(folder) if name.endswith(_DOOMED)}
    needed = still_named(path, doomed)
    for name in sorted(doomed):
        full = os.path.join(folder, name)
        if name in needed and not os.path.lexists(full):
            os.rename(full + _DOOMED, full)
        else:
            os.unlink(full + _DOOMED)
    if doomed:
        disk.sync_folder(os.path.join(folder, "."))


def drop(path: str) -> None:
    """Remove a file, if it is there, and make that durable.

    Raises:
        OSError: If that cannot be done.
    """
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
    disk.sync_folder(path)


def drop_torn(path: str, names: Iterable[str]) -> None:
    """Remove files with torn ends."""
    for name in sorted(names):
        drop(_torn(path, name))


def drop_index(path: str) -> None:
    """Remove the index, the unfinished one of a reader too: others build it, without what was withheld (section 7)."""
    for ending in ("", ".tmp"):
        drop(f"{path}.index{ending}")


def _torn(path: str, name: str) -> str:
    return os.path.join(os.path.dirname(path), name)


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise InputError(f"{folder}: cannot be read ({error.strerror})", help=remedy(error)) from error


def _read(path: str) -> bytes:
    try:
        with open(segments.open_regular(path), "rb") as file:
            return file.read()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})", help=remedy(error)) from error
