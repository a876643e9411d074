"""The fast way to cut a record at its redactable values: one regular expression per shape of record.

An application writes few shapes of records (which members, in which order). Once a shape has come often
enough, a pattern is made for it that matches what orjson writes for a record of this shape, and nothing
else, with a group for each redactable value and for each stretch of text between them. Writing the whole
record with orjson and matching it takes a fifth of the time of walking it (bench/write.py). The slow twin is
`line.cut`; tests/sealing/test_shapes.py holds the two together.

Whatever does not match is no error: `match` gives None, and the caller takes the slow way.

Why a match can be trusted: the pattern spells out a strict JSON text, token by token, with the members'
names in it. So what matches is one line, holds no name twice, none that is reserved, and no number that is
not JSON. `null` is allowed only where None was seen, and then the value is looked at: orjson writes null
for NaN, too.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import orjson

from auditlog_cli.sealing.policy import PLAIN, Node, names_allow_opening

# What orjson would write in its own way must not be written by it: see writer/values.py.
EXACT = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_SUBCLASS

_OFTEN = 8  # a pattern takes milliseconds to compile: not for a shape that comes once
_ATTEMPTS = 64
_MOST_SHAPES = 256
_MOST_GROUPS = 100
_LONGEST = 64 * 1024
_DEEPEST = 3

_CHARS = r'[^"\\\x00-\x1f]*+(?:\\["\\/bfnrtu][^"\\\x00-\x1f]*+)*+'
# No number of this size is beyond a double, so none is one that a strict reader refuses.
_SCALAR = rf'(?:"{_CHARS}"|-?[0-9]{{1,20}}+(?:\.[0-9]{{1,20}}+)?(?:e[-+]?[0-9]{{1,2}})?|true|false)'


def _values() -> list[str]:
    """Patterns for any value without null: scalars; lists and objects of those; and so on."""
    levels = [_SCALAR]
    for _ in range(_DEEPEST):
        value = levels[-1]
        levels.append(rf'(?:{_SCALAR}|\[(?:{value},?)*\]|\{{(?:"(?!_){_CHARS}":{value},?)*\}})')
    return levels


_VALUES = _values()

Path = tuple[str | int, ...]


class _Unlearnable(Exception):
    """The record holds something for which no pattern is made."""


class _Shape:
    """One shape of record.

    Attributes:
        match: Gives the match for a record's text, or None.
        nulls: Where None stands.
        holders: Where lists and objects stand whose insides are not spelled out.
    """

    __slots__ = ("holders", "match", "nulls", "source")

    def __init__(self, record: dict[str, object], tree: Node) -> None:
        self.nulls: list[Path] = []
        self.holders: list[Path] = []
        self.source = rf"(\{{{self._members(record, tree, ())})\}}"
        self.match: Callable[[bytes], re.Match[bytes] | None] = _no_match

    def _members(self, members: dict[str, object], node: Node, at: Path) -> str:
        rest = node.get("*")
        parts = []
        for name, value in members.items():
            rule = node.get(name, rest)
            path = (*at, name)
            if rule is PLAIN and not isinstance(value, dict):
                text = self._value(value, path)
            elif isinstance(rule, dict) and isinstance(value, dict) and names_allow_opening(value):
                text = rf"\{{{self._members(value, rule, path)}\}}"
            elif isinstance(rule, dict) and "[]" in rule and _all_open(value):
                elements = [
                    rf"\{{{self._members(each, rule['[]'], (*path, place))}\}}"
                    for place, each in enumerate(_list(value))
                ]
                text = rf"\[{','.join(elements)}\]"
            else:
                text = rf")({self._value(value, path)})("
            parts.append(re.escape(orjson.dumps(name).decode()) + ":" + text)
        return ",".join(parts)

    def _value(self, value: object, path: Path) -> str:
        if value is None:
            self.nulls.append(path)
            return "null"
        depth = _depth(value)
        if depth > _DEEPEST:
            raise _Unlearnable
        if depth:
            self.holders.append(path)
        return _VALUES[depth]

    def suits(self, record: dict[str, object], text: bytes) -> bool:
        """Tell whether what the pattern cannot tell is so, too: that null stands for None, and that the text
        is orjson's own, down to the inside of lists and objects.
        """
        if not text.isascii():
            try:
                text.decode()
            except UnicodeDecodeError:
                return False
        for path in self.nulls:
            if _at(record, path) is not None:
                return False
        return all(_is_simple(_at(record, path)) for path in self.holders)


class Shapes:
    """The shapes of the records of one log.

    Args:
        tree: Which values are redactable (`policy.tree`).
    """

    def __init__(self, tree: Node) -> None:
        self._tree = tree
        self._known: dict[object, list[_Shape]] = {}
        self._shapes: dict[str, _Shape] = {}
        self._seen: dict[object, int] = {}

    def match(self, record: dict[str, object]) -> re.Match[bytes] | None:
        """Return the match whose groups are what `line.cut` returns for `record`, or None if its shape is not
        known (yet). Its `string` is the record as orjson writes it.
        """
        try:
            known = self._known.get(_hint(record))
            if known is None:
                return None
            text = orjson.dumps(record, option=EXACT)
        except TypeError:
            return None
        if len(text) > _LONGEST:
            return None
        for shape in known:
            found = shape.match(text)
            if found is not None:
                return found if shape.suits(record, text) else None
        return None

    def learn(self, record: dict[str, object]) -> None:
        """Remember the shape of `record`, which came the slow way and is made of JSON values only."""
        try:
            hint = _hint(record)
            times = self._seen.get(hint, 0)
        except TypeError:
            return
        if times > _ATTEMPTS or len(self._shapes) >= _MOST_SHAPES:
            return
        if len(self._seen) > 16 * _MOST_SHAPES:
            self._seen.clear()
        self._seen[hint] = times + 1
        if times < _OFTEN:
            return
        try:
            shape = _Shape(record, self._tree)
        except _Unlearnable:
            return
        known = self._shapes.get(shape.source)
        if known is None:
            times = self._seen.get(shape.source, 0) + 1
            self._seen[shape.source] = times
            if times < _OFTEN or shape.source.count(")(") > _MOST_GROUPS:
                return
            shape.match = re.compile(shape.source.encode()).fullmatch
            known = self._shapes[shape.source] = shape
        # The newest first: what comes now is likely to come again.
        self._known[hint] = [known, *self._known.get(hint, [])]


def _hint(record: dict[str, object]) -> object:
    """What is cheap to know and tells most shapes apart.

    Raises:
        TypeError: If the record is built in an unusual way.
    """
    action = record.get("action")
    if type(action) is not dict:
        return len(record)
    return (
        action.get("tool"),
        len(record),
        len(action),
        len(action.get("arguments", ())),
        len(record.get("delegation_chain", ())),  # type: ignore[arg-type]
        len(record.get("user", ())),  # type: ignore[arg-type]
        len(record.get("authorization", ())),  # type: ignore[arg-type]
        record.get("parent_span_id") is None,
    )


def _no_match(_: bytes) -> None:
    return None


def _all_open(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) and names_allow_opening(each) for each in value)


def _list(value: object) -> list[dict[str, object]]:
    return value  # type: ignore[return-value]


def _depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list) else 0


def _at(record: object, path: Path) -> object:
    for step in path:
        record = record[step]  # type: ignore[index]
    return record


_SIMPLE = frozenset((str, int, float, bool))


def _is_simple(value: object) -> bool:
    """Whether a list or object holds nothing but what orjson writes as it is."""
    if type(value) is dict:
        return all(type(item) in _SIMPLE or _is_simple(item) for item in value.values())
    return type(value) is list and all(type(item) in _SIMPLE or _is_simple(item) for item in value)
