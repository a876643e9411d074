"""What of a record is scanned: texts and whole numbers below certain paths, and long names (compliance.md, 4.1)."""

from __future__ import annotations

from collections.abc import Iterator

from auditlog_cli import fields

LONGEST_CACHED = 64
"""Results for texts of up to so many characters are kept: short ones come again."""

PATHS = (
    ("action", "arguments"),
    ("action", "result"),
    ("action", "error"),
    ("prompt", "text"),
    ("response", "text"),
    ("message", "text"),
    ("metadata",),
    ("provenance", "import", "rest"),
)
"""Never the envelope, ids, digests and integrity members: they are below none of these."""

_LONG_NAME = 8
_SHORTEST_KEY = 200  # a placeholder is shorter
_LATITUDE = frozenset(("lat", "latitude"))
_LONGITUDE = frozenset(("lon", "lng", "long", "longitude"))

Steps = tuple["str | int", ...]


class Leaf:
    """One text to scan.

    Attributes:
        text: A text, the digits of a whole number, or the name of a member.
        key: The nearest name of a member; empty for a name itself.
        steps: The way to it.
        in_name: It is the name of the member at the end of `steps`.
    """

    __slots__ = ("in_name", "key", "steps", "text")

    def __init__(self, text: str, key: str, steps: Steps, in_name: bool = False) -> None:
        self.text = text
        self.key = key
        self.steps = steps
        self.in_name = in_name

    @property
    def path(self) -> str:
        """Dotted path."""
        return ".".join(map(str, self.steps))

    @property
    def pointer(self) -> str:
        """JSON pointer, RFC 6901."""
        return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in self.steps)


def blocks(content: dict[str, object], more: tuple[tuple[str, ...], ...]) -> list[tuple[Steps, str, object]]:
    """Return the scanned values of a record: the way to each, the name of its member, the value.

    Args:
        content: A decoded record.
        more: Paths besides the usual ones; `*` is any member or element.
    """
    found: list[tuple[Steps, str, object]] = []
    path: tuple[str, ...]
    for path in PATHS:
        value: object = content
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        if value is not None:
            found.append((path, path[-1], value))
    for path in more:
        for steps, value in _at(content, path, ()):
            if not any(steps[: len(other)] == other for other, _, _ in found):
                names = [step for step in steps if isinstance(step, str)]
                found.append((steps, names[-1] if names else "", value))
    return found


def _at(value: object, path: tuple[str, ...], steps: Steps) -> Iterator[tuple[Steps, object]]:
    if not path:
        yield steps, value
    elif isinstance(value, dict):
        for name in value if path[0] == "*" else (path[0],):
            if name in value:
                yield from _at(value[name], path[1:], (*steps, name))
        rest = ".".join(path)
        if len(path) > 1 and rest in value:  # a member with dots in its own name
            yield (*steps, rest), value[rest]
    elif isinstance(value, list):
        for number, item in enumerate(value):
            if path[0] in ("*", str(number)):
                yield from _at(item, path[1:], (*steps, number))
            elif not path[0].isdigit():
                yield from _at(item, path, (*steps, number))


def leaves(value: object, steps: Steps, key: str) -> Iterator[Leaf]:
    """Yield what is to be scanned in a value, in its order; what is withheld is passed over."""
    stack: list[tuple[Steps, str, object]] = [(steps, key, value)]
    while stack:
        way, name, item = stack.pop()
        kind = type(item)
        if kind is str:
            yield Leaf(item, name, way)  # type: ignore[arg-type]
        elif kind is int:
            yield Leaf(str(item) if -(1 << 63) <= item < 1 << 64 else "", name, way)  # type: ignore[operator]
        elif isinstance(item, dict):
            if fields.is_hole(item):
                continue
            for each in item:
                if len(each) > _LONG_NAME:
                    yield Leaf(each, "", (*way, each), in_name=True)
            stack.extend(((*way, each), each, item[each]) for each in reversed(item))
        elif isinstance(item, (list, tuple)):
            stack.extend(((*way, number), name, item[number]) for number in range(len(item) - 1, -1, -1))


def joined(value: object, steps: Steps, entities: frozenset[str]) -> Iterator[tuple[str, Leaf]]:
    """Yield what only an object as a whole tells, and its entity.

    A pair of members such as `lat` and `lon` is GEO_COORDINATES; the `private_key` beside `"type": "service_account"`
    is SECRET_GCP_SERVICE_ACCOUNT.
    """
    stack: list[tuple[Steps, object]] = [(steps, value)]
    while stack:
        way, item = stack.pop()
        if isinstance(item, dict):
            if len(item) > 1 and "GEO_COORDINATES" in entities:
                yield from (("GEO_COORDINATES", leaf) for leaf in _pair(item, way))
            key = item.get("private_key")
            if (
                item.get("type") == "service_account" and isinstance(key, str) and len(key) > _SHORTEST_KEY
                and "SECRET_GCP_SERVICE_ACCOUNT" in entities
            ):  # fmt: skip
                yield "SECRET_GCP_SERVICE_ACCOUNT", Leaf(key, "private_key", (*way, "private_key"))
            stack.extend(((*way, each), item[each]) for each in reversed(item))
        elif isinstance(item, (list, tuple)):
            stack.extend(((*way, number), item[number]) for number in range(len(item) - 1, -1, -1))


def _pair(item: dict[str, object], way: Steps) -> Iterator[Leaf]:
    found: dict[bool, str] = {}
    for name in item:
        lowered = name.lower()
        if lowered in _LATITUDE or lowered in _LONGITUDE:
            degrees = _degrees(item[name])
            if degrees is not None and abs(degrees) <= (90 if lowered in _LATITUDE else 180):
                found[lowered in _LATITUDE] = name
    if len(found) == 2:
        for name in (found[True], found[False]):
            yield Leaf(str(item[name]), name, (*way, name))


def _degrees(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)) or len(str(value)) > 30:
        return None
    try:
        return float(value)
    except ValueError:
        return None
