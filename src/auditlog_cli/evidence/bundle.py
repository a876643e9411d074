"""A zip file with the records of a session or a trace, a proof for each, and how to check them without this tool.

That none was left out is proved only by all the others: each of them is sent, too, with every value withheld, and
its ids and its place in the tree stay (integrity.md, 5.5).
"""

from __future__ import annotations

import json
import zipfile
from base64 import b64encode
from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

from auditlog_cli import notefiles, pipeline, proofs, strictjson
from auditlog_cli.counts import Counts
from auditlog_cli.errors import InputError
from auditlog_cli.evidence import pages
from auditlog_cli.fields import is_hole
from auditlog_cli.index.query import Query
from auditlog_cli.record import Record
from auditlog_cli.sealing import tlogproof
from auditlog_cli.sealing.line import Unsealed
from auditlog_cli.verification import covered
from auditlog_cli.withholding import anatomy, lines

_IDS = ("session_id", "trace_id")
_KEPT = frozenset(f"/{name}" for name in _IDS)


class Out(Protocol):
    """Where the zip file goes: it is written from its beginning to its end."""

    def write(self, data: bytes, /) -> object:
        """Take some bytes."""
        ...


class Bundle(NamedTuple):
    """What was put together.

    Attributes:
        records: How many records of the session or trace are in it.
        left_out: How many belong to it and are not covered by the newest checkpoint yet.
        others: How many other records show that none was left out; None if that was not asked.
        unknown: How many of them do not say to which session or trace they belong: withheld.
        first: The first record that is still there: above 0 if the log was pruned.
    """

    records: int
    left_out: int
    others: int | None = None
    unknown: int = 0
    first: int = 0


def build(
    path: str, wanted: str, out: Out, *, complete: bool = False, beside: str | None = None,
    index: Callable[[str], None] | None = None,
) -> Bundle:  # fmt: skip
    """Write a zip file with the records of a session or a trace, and a proof for each.

    Args:
        path: The log.
        wanted: The id of a session or of a trace, whole.
        out: Where to. What was written is worth nothing if this raises.
        complete: Prove that none was left out, too: with all other records, every value of which is withheld.
        beside: The newest checkpoint, if it is not beside the log.
        index: Find the records by the index of the log, and tell this what became of it; None: all are decoded.

    Raises:
        InputError: If there is no such record, or no checkpoint that covers one.
        SealRefused: If the log is not the one that was signed.
    """
    total = 0

    def fits(record: Record) -> bool:
        nonlocal total
        found = _belongs(record.stored, wanted)
        total += found
        return found

    text, note = notefiles.newest(path, beside)
    among = None
    if index is not None:
        needle = strictjson.needle(wanted)
        query = Query([[("session", wanted), ("trace", wanted)]], None if needle is None else [needle])
        among = pipeline.looked_up([path], query, counts=Counts(), say=index)
    made = proofs.prove_all(path, fits, beside, among, index=index is not None)
    if not total:
        raise InputError(f"{path}: no session or trace is {wanted!r}", help=f"auditlog traces {path}")
    if not made:
        raise InputError(
            f"{path}: the newest checkpoint covers none of its records yet ({total:,})",
            help=f"auditlog seal {path} --key FILE",
        )
    if made[0].proof.note != text:
        raise InputError(
            f"{path}: was sealed while it was read; try again",
            help="stop the writer for a moment if it goes on like this",
        )
    found = Bundle(len(made), total - len(made))
    with zipfile.ZipFile(_Stream(out), "w") as archive:
        if complete:
            with covered.Log(path, note) as log:
                found = _rest(archive, log, made, wanted, found)
        _put(archive, "README.txt", pages.readme(wanted, note, found).encode())
        _put(archive, "records.jsonl", b"".join(each.line + b"\n" for each in made))
        _put(archive, "checkpoint.note", text.encode())
        _put(archive, "check.py", pages.checker())
        for each in made:
            _put(archive, f"proofs/{each.proof.number}.tlog-proof", tlogproof.render(each.proof).encode())
    return found


class _Stream:
    """What `zipfile` needs of a stream that it cannot wind back."""

    def __init__(self, out: Out) -> None:
        self._out = out

    def write(self, data: bytes, /) -> int:
        self._out.write(bytes(data))
        return len(data)

    def flush(self) -> None:
        """The caller flushes."""

    def close(self) -> None:
        """The caller closes."""


def _put(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(f"evidence/{name}"), data, zipfile.ZIP_DEFLATED)


def _rest(archive: zipfile.ZipFile, log: covered.Log, made: list[proofs.Proved], wanted: str, found: Bundle) -> Bundle:
    """Put all records of the log into the bundle, and what the checker must know about them."""
    unknown = others = 0
    mine: Iterator[proofs.Proved] = iter(made)
    entry = zipfile.ZipInfo("evidence/all.jsonl")
    entry.compress_type = zipfile.ZIP_DEFLATED
    with archive.open(entry, "w", force_zip64=True) as file:
        for record in log.records():
            line, belongs, says = _shared(record.line, wanted)
            if belongs and next(mine, made[0]).line != line:
                raise InputError(
                    f"{log.path}: was changed while it was read; try again",
                    help="stop the writer for a moment if it goes on like this",
                )
            others += not belongs
            unknown += not says
            file.write(line + b"\n")
    said = {
        "format": "auditlog-bundle/1", "id": wanted, "first": log.first, "head": log.head,
        "range": [b64encode(each).decode() for each in log.range],
    }  # fmt: skip
    _put(archive, "all.json", (json.dumps(said, indent=1) + "\n").encode())
    return found._replace(others=others, unknown=unknown, first=log.first)


def _shared(raw: bytes, wanted: str) -> tuple[bytes, bool, bool]:
    """The line as it is sent; whether it belongs to what is wanted; whether it says to what it belongs."""
    try:
        line = anatomy.dissect(raw)
    except (Unsealed, strictjson.Malformed) as error:
        raise InputError(
            "a sealed line is no well-formed record; auditlog verify tells which", help="auditlog verify LOG"
        ) from error
    if line is None:
        return raw, False, False
    content = line.content if any(isinstance(line.plain.get(name), dict) for name in _IDS) else line.plain
    if _belongs(content, wanted):
        return raw, True, True
    says = not any(is_hole(content.get(name)) for name in _IDS)
    return lines.withhold(line, {value.field for value in line.values} - _KEPT), False, says


def _belongs(content: dict[str, object], wanted: str) -> bool:
    return wanted in (content.get("session_id"), content.get("trace_id"))
