"""Lines that others wrote, with the salts of their redactable values in a file beside the log (integrity.md, 2.8).
No I/O.

Line i of `old.jsonl.salts` is the `_salts` array for line i of `old.jsonl`:

    salts    = "[" [ "[" salt "," off "," len "]" *( "," … ) ] "]"
    skeleton = the line with each listed span replaced by its hole
    leaf     = SHA-256(0x00 ‖ skeleton)

A line without spans has the leaf of the bare line. No byte of a skeleton looks like a hole but the holes themselves
(`places` sees to that), so nobody can put a value where the line had none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from auditlog_cli import strictjson
from auditlog_cli.sealing import hashes
from auditlog_cli.sealing.line import Unsealed, unseal
from auditlog_cli.sealing.members import Member, members
from auditlog_cli.sealing.policy import PLAIN, Node, default_tree, names_allow_opening, rule_for

RAW = "#raw"
"""How the name of a log ends whose lines are leaves as they stand."""
SALTED = "#salts#raw"
"""How the name of a log ends whose lines have salts beside it: declared, never guessed."""

MOST = 10_000
"""Spans in one line."""
_DEEPEST = 16
_RESERVED = frozenset(("_salts", "_redacted", "_leaf"))
_SALTS = re.compile(rb'\[(?:\["[A-Za-z0-9_-]{22}",[1-9][0-9]{0,9},[1-9][0-9]{0,9}\](?:,(?=\[))?)*\]')
_SPAN = re.compile(rb'\["([A-Za-z0-9_-]{22})",([0-9]+),([0-9]+)\]')
_HOLE = re.compile(rb'\{"_redacted":"([0-9a-f]{64})"\}')
_BEGINS = b'{"_redacted":"'

Span = tuple[bytes, int, int]
"""Salt, offset in the line, length."""


class Looked(NamedTuple):
    """What stands in a line.

    Attributes:
        fields: JSON pointer of each span, in order.
        holes: JSON pointer and commitment of each value that is withheld, in order.
    """

    fields: list[str]
    holes: list[tuple[str, str]]


def read(text: bytes, size: int) -> list[Span]:
    """Return the spans that a line of salts lists.

    Args:
        text: The line, without LF.
        size: How long the line is to which it belongs.

    Raises:
        Unsealed: If it does not have the form (`trailer`), or a span overlaps another or leaves the line (`span`).
    """
    if text == b"[]":
        return []
    if not _SALTS.fullmatch(text):
        raise Unsealed("trailer", "its salts do not have the form of salts")
    spans = [(salt, int(start), int(length)) for salt, start, length in _SPAN.findall(text)]
    at = 0
    for _, start, length in spans:
        if start < at or start + length > size:
            raise Unsealed("span", "a span overlaps another or leaves the line")
        at = start + length
    return spans


def render(spans: list[Span]) -> bytes:
    """Return the line of salts, without LF.

    >>> render([]), render([(b"A" * 22, 5, 2)])
    (b'[]', b'[["AAAAAAAAAAAAAAAAAAAAAA",5,2]]')
    """
    return b"[" + b",".join([b'["%b",%d,%d]' % span for span in spans]) + b"]"


def leaf(raw: bytes, spans: list[Span]) -> bytes:
    """Return the 32 bytes that stand for a line in the tree.

    Args:
        raw: The line without LF.
        spans: As `read` returns them.
    """
    if not spans:
        return hashes.sha256(b"\x00" + raw)
    pieces = [b"\x00"]
    at = 0
    for salt, start, length in spans:
        end = start + length
        pieces += (raw[at:start], hashes.HOLE % hashes.commit(salt, raw[start:end]))
        at = end
    pieces.append(raw[at:])
    return hashes.sha256(b"".join(pieces))


def tombstone(raw: bytes, number: int, spans: list[Span]) -> str | None:
    """Return the leaf that the line names if it is withheld as a whole, else None.

    A line of others that looks like that has spans: it is no tombstone.

    Args:
        raw: The line without LF.
        number: Which line, from 0.
        spans: Its spans.
    """
    if spans or not raw.startswith(b'{"seq":') or b'"_leaf":"' not in raw[:40]:
        return None
    try:
        found = unseal(raw)
    except Unsealed:
        return None
    return found.leaf if found.tombstone and found.seq == number else None


def look(raw: bytes, spans: list[Span]) -> Looked:
    """Return which field each span is, and what is withheld.

    Raises:
        Unsealed: If a span is not exactly the value of one member of a strict JSON object (`span`).
    """
    if not spans and _BEGINS not in raw:
        return Looked([], [])
    try:
        strictjson.decode(raw)
    except strictjson.Malformed:
        if spans:
            raise Unsealed("span", "it has salts and is not one strict JSON object") from None
        return Looked([], [])
    found = {(member.start, member.end): member for member in members(raw)}
    listed = [(start, start + length) for _, start, length in spans]
    fields = [found[each].pointer for each in listed if each in found]
    if len(fields) < len(listed):
        raise Unsealed("span", "a span is not exactly the value of one member")
    return Looked(fields, _holes(raw, found.values(), listed) if _BEGINS in raw else [])


def _holes(raw: bytes, found: Iterable[Member], listed: list[tuple[int, int]]) -> list[tuple[str, str]]:
    holes = []
    for member in sorted(found, key=lambda each: each.start):
        match = _HOLE.fullmatch(raw, member.start, member.end)
        if match and not any(start <= member.start < end for start, end in listed):
            holes.append((member.pointer, match[1].decode()))
    return holes


def places(raw: bytes) -> list[tuple[int, int]]:
    """Return start and length of each value of a line of others that can be withheld later.

    What policy `default/1` calls plain stays plain; every other value is one span. Objects are entered wherever they
    stand, as nobody knows what the names of others mean, and so are lists of objects; but not where a name does not
    look like one, for names cannot be withheld. A line that is not one strict JSON object has no spans.

    Raises:
        Unsealed: If that cannot be done safely: the line has too many members, or looks as if something in it were
            withheld and is no strict JSON.
    """
    try:
        content = strictjson.decode(raw)
    except strictjson.Malformed:
        if _HOLE.search(raw):
            raise Unsealed("json", "it holds what looks like a withheld value, and is no strict JSON") from None
        return []
    found = members(raw)
    chosen: set[str] = set()
    _choose(content, _tree(), "", 0, chosen)
    spans = _taken(found, chosen)
    if len(spans) > MOST:
        spans = [(each.start, each.end - each.start) for each in found if each.depth == 1]
    if len(spans) > MOST:
        raise Unsealed("json", f"it has more than {MOST:,} members")
    return spans


@cache
def _tree() -> Node:
    return default_tree()


def _choose(content: dict[str, object], node: Node, above: str, depth: int, chosen: set[str]) -> None:
    """Collect the JSON pointers of what is to be a span."""
    for name, value in content.items():
        rule = rule_for(node, name)
        if rule is PLAIN and _is_plain(value):
            continue
        pointer = f"{above}/{name.replace('~', '~0').replace('/', '~1')}"
        below: Node = rule if isinstance(rule, dict) else {}
        if depth < _DEEPEST and _may_open(value):
            _choose(value, below, pointer, depth + 1, chosen)  # type: ignore[arg-type]
        elif depth < _DEEPEST and isinstance(value, list) and value and all(map(_may_open, value)):
            for place, each in enumerate(value):
                _choose(each, below.get("[]", {}), f"{pointer}/{place}", depth + 1, chosen)
        else:
            chosen.add(pointer)


def _is_plain(value: object) -> bool:
    if isinstance(value, list):
        return not any(isinstance(each, (list, dict)) for each in value)
    return not isinstance(value, dict)


def _may_open(value: object) -> bool:
    # What looks like a hole is never entered, so it always lies in a span.
    return isinstance(value, dict) and bool(value) and _RESERVED.isdisjoint(value) and names_allow_opening(value)


def _taken(found: list[Member], chosen: set[str]) -> list[tuple[int, int]]:
    return sorted((each.start, each.end - each.start) for each in found if each.pointer in chosen)
