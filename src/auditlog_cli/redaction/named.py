"""Places that findings name: exactly those are masked, if the records are still those that were judged.

A finding names its record (file, line, byte, number, id) and the place in it (JSON pointer, characters). Here all of
that is held against the record that stands there now; where anything differs, nothing is masked at all.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from hashlib import sha256
from typing import Any, NamedTuple

from auditlog_cli import decoders, places, strictjson
from auditlog_cli.errors import DefinitionError
from auditlog_cli.fields import is_hole
from auditlog_cli.finding import fingerprint
from auditlog_cli.pointers import steps
from auditlog_cli.record import BadLine, Line
from auditlog_cli.redaction.found import Found, Taken
from auditlog_cli.redaction.masks import FIELD, Masks, is_mask
from auditlog_cli.redaction.redactor import Masked
from auditlog_cli.sources.lines import read_lines

_FORMAT = "auditlog.finding/1"


class Named(NamedTuple):
    """A place, as a finding names it.

    Attributes:
        said: Where the finding stands: `FILE:3`.
        finding: The finding (`schemas/finding-1.schema.json`).
    """

    said: str
    finding: dict[str, Any]

    @property
    def source(self) -> str:
        """The file of the record."""
        source: str = self.finding["record"]["source"]
        return os.path.abspath(source)

    @property
    def offset(self) -> int:
        """Where its line begins in the file, bytes."""
        offset: int = self.finding["record"]["offset"]
        return offset

    @property
    def seq(self) -> int | None:
        """Its number in a sealed log of ours."""
        seq: int | None = self.finding["record"].get("seq")
        return seq

    @property
    def line(self) -> int | None:
        """Which line it is, from 0."""
        line: int | None = self.finding["record"].get("line")
        return None if line is None else line - 1

    @property
    def pointer(self) -> str:
        """The place in it; empty for the record as a whole."""
        pointer: str = self.finding["at"]["pointer"]
        return pointer


class Hit(NamedTuple):
    """What stands at a named place; see `detectors.Hit`."""

    entity: str
    pointer: str
    start: int
    end: int
    confidence: str = "certain"
    in_name: bool = False


def load(path: str, rules: Collection[str] = ()) -> list[Named]:
    """Return what `check --format jsonl` or `redact --check --format jsonl` has written.

    Args:
        path: The file.
        rules: Ids of the rules whose findings are meant; empty for all.

    Raises:
        InputError: If it cannot be read.
        DefinitionError: If a line is no finding, or there is none; with file and line.
    """
    found: list[Named] = []
    seen: set[str] = set()
    for line in read_lines(path):
        if isinstance(line, BadLine):
            raise DefinitionError(f"{line.line.where}: {line.reason}", help=HELP)
        try:
            content: dict[str, Any] = strictjson.decode(line.raw)
        except strictjson.Malformed as error:
            raise DefinitionError(f"{line.where}: {error.reason}", help=HELP) from error
        if not _is_finding(content):
            raise DefinitionError(f"{line.where}: not a finding ({_FORMAT})", help=HELP)
        seen.add(content["rule"])
        if not rules or content["rule"] in rules:
            found.append(Named(line.where, content))
    missing = [rule for rule in rules if rule not in seen]
    if missing:
        raise DefinitionError(f"{path}: no finding of {', '.join(missing)}", help="check the id, or leave --rule out")
    return found


HELP = "auditlog check LOG --format jsonl > findings.jsonl"


def _is_finding(content: dict[str, Any]) -> bool:
    record, at = content.get("record"), content.get("at")
    return (
        content.get("format") == _FORMAT
        and all(isinstance(content.get(name), str) for name in ("rule", "logic", "fingerprint"))
        and isinstance(record, dict)
        and isinstance(record.get("source"), str)
        and type(record.get("offset")) is int
        and all(type(record.get(name, 0)) is int for name in ("seq", "line"))
        and isinstance(at, dict)
        and isinstance(at.get("pointer"), str)
        and all(type(at.get(name, 0)) is int for name in ("start", "end", "column", "end_column"))
        and isinstance(content.get("entity", ""), str)
        and ("start" in at) == ("end" in at)
    )


def confirm(line: Line, named: Iterable[Named], *, sealed: bool = False) -> None:
    """Refuse findings about another record than the one that stands in a line.

    Args:
        line: The line.
        named: Findings that say they are about it.
        sealed: Its bytes may have moved since, and values been withheld; then its number and id decide.

    Raises:
        DefinitionError: If it is not the record that was judged.
    """
    item = decoders.decode(line)
    content: dict[str, Any] = {} if isinstance(item, BadLine) else item.content
    record_id = content.get("record_id")
    anchor = record_id if isinstance(record_id, str) and record_id else sha256(line.raw).hexdigest()
    for each in named:
        finding, at = each.finding, each.finding["at"]
        same = all(
            finding["record"].get(name) in (None, content.get(name)) for name in ("seq", "record_id", "timestamp")
        )
        exact = "start" in at or not finding.get("entity")  # else its pointer ends in front of a telling name
        if exact and not finding.get("related"):
            same = same and finding["fingerprint"] == fingerprint(
                finding["logic"], [anchor], each.pointer, group=tuple(finding.get("group", ())),
                entity=finding.get("entity", ""),
            )  # fmt: skip
        if exact and not sealed and at.get("end_column"):
            same = same and _columns(line.raw, each.pointer) == (at.get("column"), at["end_column"])
        if not same:
            raise DefinitionError(
                f"{each.said}: not about what stands in {line.where} now", help="check the log again: it has changed"
            )


def standing(line: Line, named: Iterable[Named]) -> frozenset[str]:
    """Return JSON pointers of the values that are named and stand in a record; empty for what cannot be told apart.

    What a finding misses is no place.
    """
    try:
        content: dict[str, Any] = strictjson.decode(line.raw)
    except strictjson.Malformed:
        return frozenset([""])
    found: set[str] = set()
    for each in named:
        cut = _entity(each) != FIELD and "start" not in each.finding["at"]
        there = _value(content, each.pointer) is not _MISSING or _covered(content, each.pointer)
        if not cut and there:
            found.add(each.pointer)
        elif not _is_gap(each):
            found.add("")
    return frozenset(found)


def masked(line: Line, named: Iterable[Named], masks: Masks) -> Masked:
    """Return a line with masks at the named places.

    Places that are the whole record, or are named only up to a member whose own name may be a value, are `left`.
    """
    try:
        content: dict[str, Any] = strictjson.decode(line.raw)
    except strictjson.Malformed:
        return Masked(line.raw, left=tuple(Taken(_entity(each), "") for each in named), bad=True)
    found = Found()
    left: list[Taken] = []
    for each in named:
        at, entity = each.finding["at"], _entity(each)
        value = _value(content, each.pointer)
        if not each.pointer or (entity != FIELD and "start" not in at):
            left.append(Taken(entity, each.pointer))
        elif value is _MISSING:
            if not _is_gap(each):  # a line of another shape, judged under the names of ours
                left.append(Taken(entity, each.pointer))
        elif is_hole(value) or value is None or (isinstance(value, str) and is_mask(value)):
            continue
        elif "start" in at:
            if not 0 <= at["start"] < at["end"] <= len(value if isinstance(value, str) else str(value)):
                raise DefinitionError(
                    f"{each.said}: not about what stands in {line.where} now",
                    help="check the log again: it has changed",
                )
            hits = found.hits.setdefault(each.pointer, [])
            hit = Hit(entity, each.pointer, at["start"], at["end"])
            if hit not in hits:
                hits.append(hit)
        else:
            found.whole[each.pointer] = each.pointer
    for pointer in [pointer for pointer in found.hits if found.covers(pointer)]:
        del found.hits[pointer]
    if not found:
        return Masked(line.raw, left=tuple(left))
    text = found.carried_out(line.raw.decode(), content, masks)
    return Masked(text.encode(), tuple(found.taken), tuple(left))


def _entity(named: Named) -> str:
    return named.finding.get("entity") or FIELD


def _is_gap(named: Named) -> bool:
    """Whether the finding is that something is not there."""
    return named.finding.get("kind") == "gap" and not named.finding.get("entity")


_MISSING = object()


def _covered(content: Any, pointer: str) -> bool:
    """Whether something above the place has been withheld."""
    way = steps(pointer)
    parts = pointer.split("/")[1:]
    return any(is_hole(_value(content, "".join(f"/{each}" for each in parts[:length]))) for length in range(len(way)))


def _value(content: Any, pointer: str) -> Any:
    for step in steps(pointer):
        if isinstance(content, dict) and step in content:
            content = content[step]
        elif isinstance(content, list) and step.isascii() and step.isdecimal() and int(step) < len(content):
            content = content[int(step)]
        else:
            return _MISSING
    return content


def _columns(raw: bytes, pointer: str) -> tuple[int, int]:
    way = tuple(int(step) if step.isdecimal() and step.isascii() and len(step) < 7 else step for step in steps(pointer))
    try:
        start, end = places.span(raw.decode().rstrip("\r\n"), way)
    except (ValueError, RecursionError, IndexError):
        return 0, 0
    return start + 1, end + 1
