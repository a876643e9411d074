"""Values that come again and again together, such as those of a session: looked up with one key (`shapes`).

Most of what a record says its neighbours have said before: the user, the agent, the chain between them; the tool and
the scopes it was allowed. Which paths of a shape recur together is told by its first records (`chosen`). For each
such *bundle* there is a table: values → everything that the rules ask of them. A key is made of texts, of lists as
orjson writes them and of what is not there, so that it equals no other JSON value (`1`, `1.0` and `true` are one key
to a dict); whatever holds another value is not kept, and looked at each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from auditlog_cli.fields import MISSING

SAMPLES: Final = 400
"""Records of a shape that are looked at."""
MOST: Final = 2048
"""Values kept of one bundle; with those of a session a kilobyte each."""
_LONGEST: Final = 2000
_GROWTH: Final = 1.1
"""How many times as many different values a bundle may have as the part that it began with."""

Row = tuple[int | None, ...]
"""Of one record: for each path what tells its values apart, or None where it can be no key."""


def trace(value: Any) -> int | None:
    """Return what tells a value from others, or None where it can be no key."""
    if value is MISSING or value is None:
        return id(value)
    if value.__class__ is str:
        return hash(value) if len(value) <= _LONGEST else None
    return hash(repr(value)) if value.__class__ is list and len(value) < 100 else None


def chosen(paths: Sequence[str], rows: Sequence[Row], together: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return bundles: paths whose values recur together, each path in one of them at most.

    Args:
        paths: What is asked for.
        rows: What tells the values apart, of some records in a row, in the order of `paths`.
        together: Paths of which something is asked together: they are kept together where that is possible.
    """
    place = {path: number for number, path in enumerate(paths)}

    def various(those: Iterable[str]) -> int:
        numbers = [place[path] for path in those]
        picked = [tuple([row[number] for number in numbers]) for row in rows]
        strange = sum(None in each for each in picked)
        return len(set(picked)) + strange

    most = max(1, len(rows) // 2)
    usable = [path for path in paths if rows and various((path,)) <= most]
    parts: dict[str, tuple[str, ...]] = {path: (path,) for path in usable}
    for those in together:
        joined = tuple(dict.fromkeys(each for path in those if path in parts for each in parts[path]))
        if joined and various(joined) <= most:
            parts.update(dict.fromkeys(joined, joined))
    left = sorted(dict.fromkeys(parts.values()), key=lambda part: (-len(part), -various(part)))
    bundles: list[tuple[str, ...]] = []
    while left:
        bundle = left.pop(0)
        limit = min(most, various(bundle) * _GROWTH)
        for part in left[:]:
            if various(bundle + part) <= limit:
                bundle += part
                left.remove(part)
        if len(bundle) > 1:
            bundles.append(bundle)
    return bundles


class Bundle:
    """Paths whose values are looked up together.

    Attributes:
        paths: The paths.
        table: Values → what is known of them: a number first, or alone.
        masks: That number → the numbers of the groups inside.
        work: Works out what is known; set by who has written it. It gives up with None.
    """

    __slots__ = ("_numbers", "masks", "paths", "table", "work")

    def __init__(self, paths: tuple[str, ...]) -> None:
        self.paths = paths
        self.table: dict[Any, Any] = {}
        self.masks: list[tuple[int, ...]] = []
        self._numbers: dict[tuple[int, ...], int] = {}
        self.work: Callable[..., Any] = _nothing

    def number(self, masks: tuple[int, ...]) -> int:
        """Return the number that stands for the numbers of all groups inside."""
        number = self._numbers.get(masks)
        if number is None:
            number = self._numbers[masks] = len(self.masks)
            self.masks.append(masks)
        return number

    def learn(self, key: tuple[Any, ...] | None, *values: Any) -> Any:
        """Return what is known of values that are not in the table, and put it there if they can be a key."""
        known = self.work(*values)
        if known is not None and key is not None:
            size = 0
            for each in key:
                if each.__class__ is str or each.__class__ is bytes:
                    size += len(each)
                elif each is not MISSING and each is not None:
                    return known
            if size <= _LONGEST:
                if len(self.table) >= MOST:
                    self.table.clear()
                self.table[fitted(key)] = fitted(known)
        return known


def fitted(key: Any) -> Any:
    """Return a key, or what is kept, with its bytes copied: orjson leaves four kilobytes behind each text it writes."""
    if key.__class__ is tuple:
        return tuple([fitted(each) if each.__class__ is bytes else each for each in key])
    return bytes(memoryview(key)) if key.__class__ is bytes else key


def _nothing(*_: Any) -> None:
    return None
