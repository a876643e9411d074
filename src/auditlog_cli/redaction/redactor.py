"""A line in, the same line with masks out. What is not masked stays as it was, byte for byte."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from auditlog_cli import strictjson
from auditlog_cli.decoders import auditlog
from auditlog_cli.fields import is_hole
from auditlog_cli.pointers import escaped
from auditlog_cli.redaction import editing, splicing
from auditlog_cli.redaction.found import Found, Hit, Place, Taken, apart
from auditlog_cli.redaction.masks import FIELD, REMOVE, Masks, is_mask

_ROUNDS = 4  # what is masked may bring two texts together; more than this has never been seen
_SALTS = "/_salts"
_BULK = 12 << 20  # bytes of lines from which it pays to prepare


class Scans(Protocol):
    """A scanner; see `detectors`."""

    def may_hit(self, raw: bytes) -> bool:
        """Tell whether the bytes of a line may hold anything."""
        ...

    def scan(self, content: dict[str, Any], *, looked: bool = False) -> Sequence[Hit]:
        """Return what is found in a record; `looked`: `may_hit` said yes to its line."""
        ...

    def text(self, text: str, key: str = "") -> Sequence[Hit]:
        """Return what is found in one text."""
        ...

    def expect(self, size: int) -> None:
        """Prepare for so many bytes."""
        ...

    def which_may_hit(self, lines: Sequence[bytes]) -> tuple[list[int], list[int]]:
        """Return the numbers of the lines, from 0, that may hold anything; and of others not of our own layout."""
        ...


class Masked(NamedTuple):
    """What became of one line.

    Attributes:
        raw: The line.
        taken: What was masked.
        left: What was found and stands there still: in the name of a member.
        bad: Whether the line is no record: then it was read as a text.
        unsealed: Whether it carried a seal, which is broken now.
    """

    raw: bytes
    taken: tuple[Taken, ...] = ()
    left: tuple[Taken, ...] = ()
    bad: bool = False
    unsealed: bool = False


class Looked(NamedTuple):
    """What is to go from one line.

    Attributes:
        places: What would be masked.
        left: What stands in the names of members, and would stay.
        bad: Whether the line is no record: then it was read as a text.
        content: The record, or None.
    """

    places: tuple[Place, ...] = ()
    left: tuple[Place, ...] = ()
    bad: bool = False
    content: dict[str, Any] | None = None


class Redactor:
    """Masks what a scanner finds and what stands at given places.

    Args:
        scanner: Finds values by what they look like; None: only `fields` go.
        masks: How they are covered.
        fields: Dotted paths; a name may be `*`; a name asked of a list is asked of each element.
        wide: The same scanner, but for every member: for lines of other shapes, where nobody knows what is an id.
    """

    def __init__(
        self, scanner: Scans | None, masks: Masks, fields: Sequence[str] = (), wide: Scans | None = None
    ) -> None:
        self._scanner = scanner
        self._wide = wide or scanner
        self._masks = masks
        self._fields = [(path, path.split(".")) for path in fields]
        self._edits = None if self._scanner or self._wide else editing.of(fields, masks)
        # Every line that has such a field shows one of these, or an escape; None: any line may have it.
        last = [names[-1] for _, names in self._fields]
        needles = [strictjson.needle(name) for name in last]
        self._needles = [each for each in needles if each] if all(needles) else None

    def line(self, raw: bytes, *, looked: bool = False) -> Masked:
        """Return what becomes of a line.

        Args:
            raw: The line, given and returned without its LF.
            looked: `concerned` has named it.
        """
        if not looked and not self._concerned(raw):
            return Masked(raw)
        content = strictjson.plain(raw)
        plain: bool | None = True
        if content is None:
            plain = None
            try:
                content = strictjson.decode(raw)
            except strictjson.Malformed:
                return self._text(raw)
        elif self._edits is not None and (done := self._edits.made(raw, content)) is not None:
            return Masked(*done)
        before = text = raw.decode()
        taken: list[Taken] = []
        left: list[Place] = []
        for turn in range(_ROUNDS):
            found = self._found(content, fields=not turn, looked=not turn)
            left = left or found.left
            if not found:
                break
            if plain is None:
                plain = strictjson.is_plain(raw, content)
            text = found.carried_out(text, content, self._masks, plain=plain)
            taken += found.taken
            if self._scanner is None and self._wide is None:
                break
            content = strictjson.decode(text.encode())
        unsealed = text != before and "_salts" in content and type(content.get("seq")) is int
        if unsealed:
            # The salt of a value and the next record's `prev` would let anybody try guesses at what was masked.
            text = splicing.without(text, splicing.spans(text, [_SALTS])[_SALTS])
        told = tuple(Taken(each.entity, each.pointer) for each in left)
        return Masked(text.encode() if taken else raw, tuple(taken), told, unsealed=unsealed)

    def look(self, raw: bytes) -> Looked:
        """Return what of a line is to go; nothing becomes of it."""
        if not self._concerned(raw):
            return Looked()
        try:
            content = strictjson.decode(raw)
        except strictjson.Malformed:
            text = raw.decode("utf-8", "surrogateescape")
            hits = apart(self._scanner.text(text)) if self._scanner is not None else ()
            return Looked(tuple(Place(hit.entity, "", hit.start, hit.end) for hit in hits), bad=True)
        found = self._found(content, fields=True, looked=True)
        return Looked(tuple(found.places), tuple(found.left), content=content)

    def expect(self, size: int) -> None:
        """Prepare for so many bytes: what takes a moment to be made and pays in bulk is made now.

        Args:
            size: Of all lines together.
        """
        if size >= _BULK:
            strictjson.in_bulk()
            if self._scanner is not None:
                self._scanner.expect(size)

    def concerned(self, lines: Sequence[bytes]) -> list[int]:
        """Return the numbers of the lines, from 0, in which anything may go; all others stay as they are.

        One look at the bytes of many lines is a third of what a look at each of them takes (bench/redact.py).
        """
        if self._fields or self._scanner is None or self._wide is None:
            if self._scanner is None and self._needles is not None and len(self._needles) == 1:
                needle = self._needles[0]
                return [number for number, raw in enumerate(lines) if needle in raw or b"\\" in raw]
            return [number for number, raw in enumerate(lines) if self._concerned(raw)]
        found, others = self._scanner.which_may_hit(lines)
        if self._wide is not self._scanner:
            others = [number for number in others if not _is_ours(lines[number])]
            more, _ = self._wide.which_may_hit([lines[number] for number in others])
            found += [others[number] for number in more]
        return sorted(found)

    def record(self, content: dict[str, Any]) -> dict[str, Any]:
        """Mask a record in place, and return it."""
        for turn in range(_ROUNDS):
            found = self._found(content, fields=not turn)
            if not found:
                break
            found.done_to(content, self._masks)
        return content

    def _concerned(self, raw: bytes) -> bool:
        scanner, wide = self._scanner, self._wide
        if (
            scanner is not None
            and wide is not None
            and (scanner.may_hit(raw) or (not _is_ours(raw) and wide.may_hit(raw)))
        ):
            return True
        if not self._fields:
            return False
        return self._needles is None or b"\\" in raw or any(needle in raw for needle in self._needles)

    def _found(self, content: dict[str, Any], *, fields: bool, looked: bool = False) -> Found:
        found = Found()
        if fields:
            for path, names in self._fields:
                gone = self._masks.way(FIELD, path) == REMOVE
                for pointer, value in _places(content, names, ""):
                    if gone:
                        found.gone[pointer] = path
                    elif value is not None and not is_hole(value) and not (isinstance(value, str) and is_mask(value)):
                        found.whole[pointer] = path
        scanner = self._scanner if auditlog.matches(content) else self._wide
        if scanner is not None:
            for hit in scanner.scan(content, looked=looked):
                if hit.in_name:
                    found.left.append(Place(hit.entity, hit.pointer, hit.start, hit.end))
                elif not found.covers(hit.pointer):
                    found.hits.setdefault(hit.pointer, []).append(hit)
        return found

    def _text(self, raw: bytes) -> Masked:
        """A line that is no record may hold the same values; nobody can say where in it."""
        if self._scanner is None:
            return Masked(raw, bad=True)
        text = raw.decode("utf-8", "surrogateescape")
        taken: list[Taken] = []
        for _ in range(_ROUNDS):
            hits = apart(self._scanner.text(text))
            if not hits:
                break
            cover = self._masks.cover
            text = splicing.exchanged(text, [(h.start, h.end, cover(h.entity, text[h.start : h.end])) for h in hits])
            taken += [Taken(hit.entity, "") for hit in hits]
        return Masked(text.encode("utf-8", "surrogateescape") if taken else raw, tuple(taken), bad=True)


def _is_ours(raw: bytes) -> bool:
    """Tell whether a line is certainly of our own shape: `user` and nothing else deep begins before `action`.

    Only a look at the bytes; in doubt no. `bench/redact.py`: decoding every line to know would take as long again.
    """
    user = raw.find(b'"user":{') if raw.startswith(b'{"timestamp":') else -1
    return user > 0 and raw.count(b"{", 0, user) == 1 and b'"action":{' in raw


def _places(value: Any, names: list[str], above: str) -> Iterator[tuple[str, Any]]:
    """Pointers and values of what stands at a dotted path."""
    if not names:
        yield above, value
    elif isinstance(value, dict):
        for taken in range(1, len(names) + 1):  # a member may have dots in its own name
            name = ".".join(names[:taken])
            for each in list(value) if name == "*" else [name] if name in value else []:
                yield from _places(value[each], names[taken:], f"{above}/{escaped(each)}")
    elif isinstance(value, list):
        name = names[0]
        numbered = name.isascii() and name.isdecimal()
        wanted = [int(name)] if numbered and int(name) < len(value) else [] if numbered else range(len(value))
        for index in wanted:
            yield from _places(value[index], names[1:] if numbered or name == "*" else names, f"{above}/{index}")
