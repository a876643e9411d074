"""What is to go from one record, and how it goes: from the text of its line, or from the record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from json import dumps
from typing import Any, NamedTuple, Protocol

from auditlog_cli import strictjson
from auditlog_cli.pointers import steps
from auditlog_cli.redaction import splicing
from auditlog_cli.redaction.masks import FIELD, Masks


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


class Taken(NamedTuple):
    """One value that was masked, or could not be.

    Attributes:
        entity: Its kind; `REDACTED` where its place decided.
        pointer: JSON pointer of the value it stood in; print it with `pointers.shown`.
    """

    entity: str
    pointer: str


class Place(NamedTuple):
    """Where something stands that is to go.

    Attributes:
        entity: Its kind; `REDACTED` where its place decides.
        pointer: JSON pointer of the value it stands in, or of the member in whose name; empty if the line is a text.
        start: Where it begins in the text, in code points; None for the whole value.
        end: Where it ends.
    """

    entity: str
    pointer: str
    start: int | None = None
    end: int | None = None


class Found:
    """What is to go from one record.

    Attributes:
        whole: JSON pointer of a value that goes whatever it holds → the path that named it.
        gone: The same, of members and elements that are taken out.
        hits: JSON pointer → what was found in the text, or is the number, that stands there.
        left: What stands in the names of members.
    """

    def __init__(self) -> None:
        self.whole: dict[str, str] = {}
        self.gone: dict[str, str] = {}
        self.hits: dict[str, list[Hit]] = {}
        self.left: list[Place] = []

    def __bool__(self) -> bool:
        return bool(self.whole or self.hits or self.gone)

    @property
    def places(self) -> list[Place]:
        """Where it stands."""
        by_place = [Place(FIELD, pointer) for pointer in (*self.whole, *self.gone)]
        return by_place + [
            Place(hit.entity, pointer, hit.start, hit.end) for pointer, hits in self.hits.items() for hit in apart(hits)
        ]

    @property
    def taken(self) -> list[Taken]:
        """What goes."""
        by_place = [Taken(FIELD, pointer) for pointer in (*self.whole, *self.gone)]
        return by_place + [Taken(hit.entity, pointer) for pointer, hits in self.hits.items() for hit in apart(hits)]

    def covers(self, pointer: str) -> bool:
        """Tell whether a value goes with one that goes as a whole."""
        return any(
            pointer == each or pointer.startswith(f"{each}/") for place in (self.whole, self.gone) for each in place
        )

    def carried_out(self, text: str, content: dict[str, Any], masks: Masks, *, plain: bool = False) -> str:
        """Return the text of a line with masks.

        Args:
            text: The line.
            content: What it holds.
            masks: What stands in the place of a value.
            plain: Whether the line is written as orjson would write it.
        """
        spans = _spans(text, content, (*self.whole, *self.hits), plain)
        new: list[tuple[int, int, str]] = []
        for pointer, path in self.whole.items():
            if any(pointer.startswith(f"{other}/") for other in self.whole):
                continue
            _, start, end = spans[pointer]
            holder, name = _holder(content, pointer)
            new.append((start, end, f'"{_cover(masks, path, holder[name])}"'))
        for pointer, hits in self.hits.items():
            _, start, end = spans[pointer]
            new += _pieces(text[start:end], start, apart(hits), masks)
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
            kept = apart(hits)
            if isinstance(value, str):
                new = [(hit.start, hit.end, masks.cover(hit.entity, value[hit.start : hit.end])) for hit in kept]
                holder[name] = splicing.exchanged(value, new)
            else:
                holder[name] = masks.cover(kept[0].entity, str(value))
        for pointer in sorted(self.gone, key=_by_number, reverse=True):
            holder, name = _holder(content, pointer)
            if holder is not None:
                del holder[name]


def _spans(text: str, content: dict[str, Any], pointers: Iterable[str], plain: bool) -> dict[str, splicing.Span]:
    """Where values stand: by one search each where that is certain, else by reading the line token by token.

    In a line that orjson could have written, `"name":value` stands wherever a member of this name has this value, and
    nowhere else: a quotation mark inside a text is escaped. So if it stands there once, that is the place
    (bench/redact.py: a sixth of the time).
    """
    wanted = list(pointers)
    found: dict[str, splicing.Span] = {}
    for pointer in wanted if plain else ():
        holder, name = _holder(content, pointer)
        if not isinstance(holder, dict) or not isinstance(holder[name], str):
            break
        member = strictjson.written({name: holder[name]})[1:-1]
        at = text.find(member)
        if at < 0 or text.find(member, at + 1) >= 0:
            break
        end = at + len(member)
        found[pointer] = splicing.Span(at, at + len(strictjson.written(name)) + 1, end)
    return found if len(found) == len(wanted) else splicing.spans(text, wanted)


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


def apart(hits: Sequence[Hit]) -> list[Hit]:
    """Hits that do not overlap, in order: of those that do the longest, then the surest."""
    ranks = {"certain": 0, "likely": 1, "possible": 2}
    kept: list[Hit] = []
    for hit in sorted(hits, key=lambda each: (each.start - each.end, ranks[each.confidence], each.start, each.entity)):
        if all(hit.end <= other.start or other.end <= hit.start for other in kept):
            kept.append(hit)
    return sorted(kept, key=lambda each: each.start)


def _cover(masks: Masks, path: str, value: object) -> str:
    """The mask for a value that goes because of its place; a pseudonym stands for its JSON text if it is no text."""
    return masks.cover(FIELD, value if isinstance(value, str) else dumps(value, sort_keys=True, default=str), path)


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
