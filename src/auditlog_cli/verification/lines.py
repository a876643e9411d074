"""What one line of a sealed log says, or why it is none (integrity.md, 2.2, 2.3, 2.5, 2.6). No I/O.

`check` is the slow, obvious way; `pieces` has the fast one for lines that hold nothing unusual.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from auditlog_cli import strictjson
from auditlog_cli.sealing.line import Sealed, Unsealed, unseal
from auditlog_cli.sealing.members import Member, members

RESERVED = ("_salts", "_redacted", "_leaf")
_HOLE = re.compile(rb'\{"_redacted":"([0-9a-f]{64})"\}')
_OWN = {"timestamp", "record_id", "auditlog", "seq", "prev", "_salts"}
TRAILER = b',"_salts":['


class Hole(NamedTuple):
    """A value that is withheld: its JSON pointer (empty: the whole record) and its commitment (then: the leaf)."""

    field: str
    commit: str


class Checked(NamedTuple):
    """A well-formed line.

    Attributes:
        seq, prev, leaf: Its place; `prev` is empty for a tombstone; hashes are 64 hex digits.
        content: The record.
        holes: What is withheld in it.
    """

    seq: int
    prev: str
    leaf: str
    content: dict[str, object]
    holes: list[Hole]


class Flawed(Exception):
    """The line is no well-formed record.

    Attributes:
        detail: `json`, `encoding`, `duplicate-member`, `reserved-name`, `trailer` or `span` (4.2, code `line`).
        reason: In words, never with a value of the line.
        at: Bytes from the start of the line to the trouble, 0 if that is not known.
        is_object: Whether it is a JSON object, or was one before somebody changed it: no torn tail.
    """

    def __init__(self, detail: str, reason: str, at: int = 0, *, is_object: bool = True) -> None:
        super().__init__(reason)
        self.detail = detail
        self.reason = reason
        self.at = at
        self.is_object = is_object


def check(raw: bytes) -> Checked:
    """Return what `raw`, a line without LF, says.

    Raises:
        Flawed: If it is no well-formed record.
    """
    try:
        content = strictjson.exact(raw)
    except strictjson.Malformed as error:
        raise _malformed(raw, error) from None
    if raw.endswith((b"\r", b" ", b"\t")) or not raw.startswith(b"{"):
        what = "ends in CR" if raw.endswith(b"\r") else "has blanks around the object"
        raise Flawed("json", f"the line {what}", len(raw) - 1)
    if "_leaf" in content and not is_tombstone(raw):
        raise Flawed("reserved-name", "_leaf stands in a line that is not exactly a tombstone")
    try:
        sealed = unseal(raw)
    except Unsealed as error:
        if error.detail != "json":  # a span out of place or no trailer: nothing behind it can be judged
            raise Flawed(error.detail, str(error)) from None
        _spans(raw, members(raw), _listed(raw))
        raise Flawed(error.detail, str(error)) from None
    if sealed.tombstone:
        return Checked(sealed.seq, "", sealed.leaf, content, [Hole("", sealed.leaf)])
    return Checked(sealed.seq, sealed.prev, sealed.leaf, content, _holes(raw, content, sealed))


def is_tombstone(raw: bytes) -> bool:
    """Tell whether a line has the form of a tombstone (integrity.md, 2.5)."""
    try:
        return unseal(raw).tombstone
    except Unsealed:
        return False


def _malformed(raw: bytes, error: strictjson.Malformed) -> Flawed:
    detail = error.code if error.code in ("encoding", "duplicate-member") else "json"
    # Garbage at the end of a log is what a power cut leaves; a whole sealed line with a flaw in it is not.
    whole = raw.startswith(b"{") and TRAILER in raw and raw.endswith(b"]}")
    return Flawed(detail, error.reason, error.at, is_object=error.code in ("duplicate-member", "depth") or whole)


def _listed(raw: bytes) -> list[tuple[int, int]]:
    """The spans that a well-formed trailer lists: start and end."""
    cut = raw.rfind(TRAILER)
    found = re.findall(rb'",([0-9]+),([0-9]+)\]', raw[cut:])
    return [(int(start), int(start) + int(size)) for start, size in found]


def _spans(raw: bytes, found: list[Member], listed: list[tuple[int, int]]) -> None:
    """Each span must be exactly one value, and that of a member."""
    values = {(member.start, member.end) for member in found}
    for start, end in listed:
        if (start, end) not in values:
            raise Flawed("span", "a span is not exactly the value of one member", start)


def _holes(raw: bytes, content: dict[str, object], sealed: Sealed) -> list[Hole]:
    """What is withheld in a sealed line, once every reserved name in it stands where it may."""
    found = members(raw)
    listed = [(start, start + size) for _, start, size in sealed.spans]
    _spans(raw, found, listed)
    holes: list[tuple[int, int, Hole]] = []
    for member in found:
        match = _HOLE.fullmatch(raw, member.start, member.end)
        if match:
            if any(start <= member.start < end for start, end in listed):
                raise Flawed("reserved-name", "a hole stands inside a value that is not withheld", member.start)
            holes.append((member.start, member.end, Hole(member.pointer, match[1].decode())))
    for member in found:
        if member.name not in RESERVED or (member.name == "_salts" and member.depth == 1):
            continue
        if member.name == "_redacted" and any(start < member.start < end for start, end, _ in holes):
            continue
        raise Flawed("reserved-name", f"{member.name} is used where it may not be", member.start)
    if "auditlog" in content:
        own_form(content)
    return [hole for _, _, hole in sorted(holes)]


def own_form(content: dict[str, object]) -> None:
    """Refuse a record that has the reserved member `auditlog` and is none of the log's own (2.6).

    Raises:
        Flawed: If so.
    """
    own = content["auditlog"]
    if not isinstance(own, dict) or next(iter(own), None) != "type" or not isinstance(own["type"], str):
        raise Flawed("reserved-name", "auditlog is no object that begins with its type")
    if not content.keys() <= _OWN:
        raise Flawed("reserved-name", "a record of the log about itself has a member that does not belong there")
