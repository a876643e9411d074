"""A line in, the same line with masks out. What is not masked stays as it was, byte for byte."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from json import dumps, loads
from typing import Any, NamedTuple, Protocol

from auditlog_cli import decoders, strictjson
from auditlog_cli.fields import is_hole
from auditlog_cli.pointers import escaped, steps
from auditlog_cli.record import Line
from auditlog_cli.redaction import splicing
from auditlog_cli.redaction.masks import FIELD, REMOVE, Masks, is_mask

_ROUNDS = 4  # what is masked may bring two texts together; more than this has never been seen
_SALTS = "/_salts"


class Hit(Protocol):
    """What a scanner finds; see `detectors`."""

    @property
    def entity(self) -> str: ...  # noqa: D102
    @property
    def pointer(self) -> str: ...  # noqa: D102
    @property
    def start(self) -> int: ...  # noqa: D102
    @property
    def end(self) -> int: ...  # noqa: D102
    @property
    def confidence(self) -> str: ...  # noqa: D102
    @property
    def in_name(self) -> bool: ...  # noqa: D102


class Scans(Protocol):
    """A scanner; see `detectors`."""

    def may_hit(self, raw: bytes) -> bool:
        """Tell whether the bytes of a line may hold anything."""
        ...

    def scan(self, content: dict[str, Any], *, everywhere: bool = False) -> Sequence[Hit]:
        """Return what is found in a record."""
        ...

    def text(self, text: str, key: str = "") -> Sequence[Hit]:
        """Return what is found in one text."""
        ...


class Taken(NamedTuple):
    """One value that was masked, or could not be.

    Attributes:
        entity: Its kind; `REDACTED` where its place decided.
        pointer: JSON pointer of the value it stood in; print it with `pointers.shown`.
    """

    entity: str
    pointer: str


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


class Redactor:
    """Masks what a scanner finds and what stands at given places.

    Args:
        scanner: Finds values by what they look like; None: only `fields` go.
        masks: How they are covered.
        fields: Dotted paths; a name may be `*`; a name asked of a list is asked of each element.
    """

    def __init__(self, scanner: Scans | None, masks: Masks, fields: Sequence[str] = ()) -> None:
        self._scanner = scanner
        self._masks = masks
        self._fields = [(path, path.split(".")) for path in fields]
        # Every line that has such a field shows one of these, or an escape; None: any line may have it.
        last = [names[-1] for _, names in self._fields]
        needles = [strictjson.needle(name) for name in last]
        self._needles = [each for each in needles if each] if all(needles) else None

    def line(self, raw: bytes) -> Masked:
        """Return what becomes of a line, given and returned without its LF."""
        if not self._concerned(raw):
            return Masked(raw)
        try:
            content = strictjson.decode(raw)
        except strictjson.Malformed:
            return self._text(raw)
        before = text = raw.decode()
        taken: list[Taken] = []
        left: list[Taken] = []
        for turn in range(_ROUNDS):
            found = self._found(content, fields=not turn)
            left = left or found.left
            if not found.new and not found.gone:
                break
            text = found.carried_out(text, self._masks)
            taken += found.taken
            content = strictjson.decode(text.encode())
        unsealed = text != before and "_salts" in content and type(content.get("seq")) is int
        if unsealed:
            # The salt of a value and the next record's `prev` would let anybody try guesses at what was masked.
            text = splicing.without(text, splicing.spans(text, [_SALTS])[_SALTS])
        return Masked(text.encode() if taken else raw, tuple(taken), tuple(left), unsealed=unsealed)

    def record(self, content: dict[str, Any]) -> dict[str, Any]:
        """Mask a record in place, and return it."""
        for turn in range(_ROUNDS):
            found = self._found(content, fields=not turn)
            if not found.new and not found.gone:
                break
            found.done_to(content, self._masks)
        return content

    def _concerned(self, raw: bytes) -> bool:
        if self._scanner is not None and self._scanner.may_hit(raw):
            return True
        if not self._fields:
            return False
        return self._needles is None or b"\\" in raw or any(needle in raw for needle in self._needles)

    def _found(self, content: dict[str, Any], *, fields: bool) -> _Found:
        found = _Found()
        if fields:
            for path, names in self._fields:
                gone = self._masks.way(FIELD, path) == REMOVE
                for pointer, value in _places(content, names, ""):
                    if gone:
                        found.gone[pointer] = path
                    elif value is not None and not is_hole(value) and not (isinstance(value, str) and is_mask(value)):
                        found.whole[pointer] = path
        if self._scanner is not None:
            foreign = decoders.read(content, Line(b"")).shape != "auditlog"
            for hit in self._scanner.scan(content, everywhere=foreign):
                if hit.in_name:
                    found.left.append(Taken(hit.entity, hit.pointer))
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
            hits = _apart(self._scanner.text(text))
            if not hits:
                break
            cover = self._masks.cover
            text = splicing.exchanged(text, [(h.start, h.end, cover(h.entity, text[h.start : h.end])) for h in hits])
            taken += [Taken(hit.entity, "") for hit in hits]
        return Masked(text.encode("utf-8", "surrogateescape") if taken else raw, tuple(taken), bad=True)


class _Found:
    """What is to go from one record."""

    def __init__(self) -> None:
        self.whole: dict[str, str] = {}  # pointer → the path that named it
        self.gone: dict[str, str] = {}
        self.hits: dict[str, list[Hit]] = {}
        self.left: list[Taken] = []

    @property
    def new(self) -> bool:
        return bool(self.whole or self.hits)

    @property
    def taken(self) -> list[Taken]:
        by_place = [Taken(FIELD, pointer) for pointer in (*self.whole, *self.gone)]
        return by_place + [Taken(hit.entity, pointer) for pointer, hits in self.hits.items() for hit in _apart(hits)]

    def covers(self, pointer: str) -> bool:
        """Tell whether a value goes with one that goes as a whole."""
        return any(
            pointer == each or pointer.startswith(f"{each}/") for place in (self.whole, self.gone) for each in place
        )

    def carried_out(self, text: str, masks: Masks) -> str:
        """The text of the line with masks."""
        spans = splicing.spans(text, (*self.whole, *self.hits))
        new: list[tuple[int, int, str]] = []
        for pointer, path in self.whole.items():
            if any(pointer.startswith(f"{other}/") for other in self.whole):
                continue
            _, start, end = spans[pointer]
            new.append((start, end, f'"{_cover(masks, path, loads(text[start:end]))}"'))
        for pointer, hits in self.hits.items():
            _, start, end = spans[pointer]
            new += _pieces(text[start:end], start, _apart(hits), masks)
        text = splicing.exchanged(text, new)
        # The last element of a list first, so that the others keep their numbers; a value before what it stands in.
        for pointer in sorted(self.gone, key=_by_number, reverse=True):
            there = splicing.spans(text, [pointer])
            if pointer in there:
                text = splicing.without(text, there[pointer])
        return text

    def done_to(self, content: dict[str, Any], masks: Masks) -> None:
        """The same on a record."""
        for pointer, path in self.whole.items():
            holder, name = _holder(content, pointer)
            if holder is not None:
                holder[name] = _cover(masks, path, holder[name])
        for pointer, hits in self.hits.items():
            holder, name = _holder(content, pointer)
            if holder is None:
                continue
            value = holder[name]
            apart = _apart(hits)
            if isinstance(value, str):
                new = [(hit.start, hit.end, masks.cover(hit.entity, value[hit.start : hit.end])) for hit in apart]
                holder[name] = splicing.exchanged(value, new)
            else:
                holder[name] = masks.cover(apart[0].entity, str(value))
        for pointer in sorted(self.gone, key=_by_number, reverse=True):
            holder, name = _holder(content, pointer)
            if holder is not None:
                del holder[name]


def _pieces(literal: str, start: int, hits: list[Hit], masks: Masks) -> list[tuple[int, int, str]]:
    """What is exchanged in one value: stretches of a text, or a number as a whole."""
    if literal[0] != '"':
        return [(start, start + len(literal), f'"{masks.cover(hits[0].entity, literal)}"')]
    text = splicing.decoded(literal)
    bounds = splicing.places(literal, [bound for hit in hits for bound in (hit.start, hit.end)])
    return [
        (start + begin, start + end, masks.cover(hit.entity, text[hit.start : hit.end]))
        for hit, begin, end in zip(hits, bounds[::2], bounds[1::2], strict=True)
    ]


def _apart(hits: Sequence[Hit]) -> list[Hit]:
    """Hits that do not overlap, in order: of those that do the longest, then the surest."""
    ranks = {"certain": 0, "likely": 1, "possible": 2}
    kept: list[Hit] = []
    for hit in sorted(hits, key=lambda each: (each.start - each.end, ranks[each.confidence], each.start, each.entity)):
        if all(hit.end <= other.start or other.end <= hit.start for other in kept):
            kept.append(hit)
    return sorted(kept, key=lambda each: each.start)


def _cover(masks: Masks, path: str, value: object) -> str:
    """The mask for a value that goes because of its place; a pseudonym stands for its JSON text if it is no text."""
    return masks.cover(FIELD, value if isinstance(value, str) else dumps(value, sort_keys=True), path)


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


def _holder(content: Any, pointer: str) -> tuple[Any, Any]:
    """What holds the value, and under which name or number; (None, None) if it went with something above it."""
    *way, last = steps(pointer)
    for step in way:
        try:
            content = content[int(step)] if isinstance(content, list) else content[step]
        except (KeyError, IndexError, TypeError, ValueError):
            return None, None
    if isinstance(content, list):
        return (content, int(last)) if int(last) < len(content) else (None, None)
    return (content, last) if isinstance(content, dict) and last in content else (None, None)


def _by_number(pointer: str) -> list[tuple[int, str]]:
    return [(int(step) if step.isdecimal() else -1, step) for step in pointer.split("/")]
