"""Legal holds of a log that others write: one statement a line in a file beside it (docs/decisions/0066).

What a statement says, who may release, what is held in doubt: all as for holds that are records (`holding`). The file
is put anew with each statement, under the lock of the log, and appears whole or not at all.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import orjson

from auditlog_cli import segments, strictjson
from auditlog_cli.errors import InputError
from auditlog_cli.fields import is_hole
from auditlog_cli.identifiers import Identifiers
from auditlog_cli.salting import settling
from auditlog_cli.salting.files import Snapshot
from auditlog_cli.sealing.hashes import commit
from auditlog_cli.sealing.holds import Hold
from auditlog_cli.withholding.anatomy import Anatomy
from auditlog_cli.withholding.holding import Register, Said
from auditlog_cli.writer import disk, ids

MADE = "declared"
"""The member that says how many lines of declarations there were when a hold was set."""


def read(path: str) -> Register:
    """Return the holds of the log at `path`.

    Raises:
        InputError: If the log, or the file of its holds, cannot be read.
        SealRefused: If it has no checkpoint.
    """
    with Snapshot(path) as files:
        return of(files)


def of(files: Snapshot) -> Register:
    """Return the holds of a log whose files are open; see `read`."""
    note = settling.note_of(files.path, files.checkpoint)
    return Register(note.origin, [said for said, _ in _said(files)], note.size)


def say(path: str, make: Callable[[Register, int], dict[str, object]]) -> None:
    """Put a statement behind the others.

    Args:
        path: The log.
        make: Given the holds and the number of declarations, returns the record; nobody else writes meanwhile.

    Raises:
        InputError, SealRefused: See `read`.
        AuditWriteError: If it cannot be written: nothing has changed then.
    """
    with settling.alone(path), Snapshot(path, locked=True) as files:
        record = make(of(files), len(settling.rows(files)))
        own = record["auditlog"]
        assert isinstance(own, dict)
        rows = [
            _nameless(raw, said) if own.get("type") == "hold-release" and said.own.get("id") == own.get("id") else raw
            for said, raw in _said(files)
        ]
        name = segments.holds_name(path)
        made = None
        try:
            made = disk.Replacement(name, files.stat(name) or files.stat(segments.salts_name(path)))
            made.write(b"".join(row + b"\n" for row in (*rows, orjson.dumps(record))))
            made.keep()
        except OSError as error:
            raise disk.refused(name, "cannot be written", error, "it is what it was") from error
        finally:
            if made is not None:
                made.discard()


def since(holds: Register, number: int, line: Anatomy) -> list[str]:
    """Return the names of the holds over a line that were set behind line `number` of the declarations."""
    later = [hold for hold in holds.active if _behind(hold) >= number]
    names = {*holds.over(line.raw, line.content)} if later else set()
    return [hold.id for hold in later if hold.id in names]


def naming(files: Snapshot, person: Identifiers) -> list[str]:
    """Return the names of the holds in whose statement an identifier of a person can be read."""
    return [str(said.own.get("id")) for said, _ in _said(files) if person.in_value(said.own.get("subject"))]


def _behind(hold: Hold) -> int:
    """How many declarations there were before it; in doubt it was the last to come."""
    told = hold.own.get(MADE)
    return told if isinstance(told, int) else 1 << 62


def _said(files: Snapshot) -> list[tuple[Said, bytes]]:
    name = segments.holds_name(files.path)
    rows = files.holds.split(b"\n")
    torn = rows.pop()
    found = []
    for number, raw in enumerate([*rows, torn] if torn else rows, 1):
        try:
            content = strictjson.exact(raw)
        except strictjson.Malformed:
            content = {}
        own = content.get("auditlog")
        if number > len(rows) or not isinstance(own, dict) or own.get("type") not in ("hold", "hold-release"):
            raise InputError(
                f"{name}: line {number} is no statement about a hold, so nobody knows what is held",
                help=f"put the file back from a copy of {os.path.basename(name)}",
            )
        found.append((Said(number, content.get("timestamp"), own), raw))
    return found


def _nameless(raw: bytes, said: Said) -> bytes:
    """A statement without whom it names: a hole as in a log, whose salt nobody keeps."""
    subject = said.own.get("subject")
    if subject is None or is_hole(subject):
        return raw
    content = strictjson.exact(raw)
    gone = {"_redacted": commit(ids.salts(1)[0], orjson.dumps(subject)).decode()}
    return orjson.dumps({**content, "auditlog": {**said.own, "subject": gone}})
