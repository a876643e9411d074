"""What JSON cannot hold is written by rule; a record is never dropped for its content (integrity.md, 2.2)."""

from __future__ import annotations

import enum
import sys
import uuid
from collections import OrderedDict, UserDict, defaultdict, deque, namedtuple
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any

import orjson
import pytest

from auditlog_cli.writer.log import AuditLog
from auditlog_cli.writer.values import Plain, is_plain
from tests.writer.chain import walk

Open = Callable[..., AuditLog]


class Colour(enum.Enum):
    RED = "red"
    PAIR = (1, 2)
    ODD = object()


class Number(enum.IntEnum):
    ONE = 1


class Word(enum.StrEnum):
    A = "a"


@dataclass
class Person:
    name: str
    tags: list[str] = field(default_factory=list)
    seq: int = 1
    _salts: int = 2


@dataclass(slots=True)
class Slotted:
    x: int


class Text(str):
    __slots__ = ()

    def __str__(self) -> str:
        return "another"


class Whole(int):
    pass


class Point(tuple[int, ...]):
    __slots__ = ()


class Secret:
    def __repr__(self) -> str:
        raise AssertionError("never its repr")

    __str__ = __repr__


class Angry:
    def __getattr__(self, name: str) -> object:
        raise RuntimeError("ann@example.org")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("ann@example.org")

    __hash__ = object.__hash__


class AngryMapping(dict[str, int]):
    def items(self) -> Any:
        raise RuntimeError("ann@example.org")


class OddZone(tzinfo):
    def utcoffset(self, _: datetime | None) -> timedelta:
        raise ValueError("ann@example.org")


class NoOffset(tzinfo):
    def utcoffset(self, _: datetime | None) -> None:
        return None


Pair = namedtuple("Pair", "left right")
CET = timezone(timedelta(hours=1))


def generator() -> Iterator[int]:
    yield 1


def marked(kind: str, text: str) -> dict[str, str]:
    return {"not_json": kind, "text": text}


CASES: list[tuple[object, object]] = [
    # what JSON has
    (None, None), (True, True), (0, 0), (-1.5, -1.5), ("", ""), ("é\u2028\u0000\x7f", "é\u2028\u0000\x7f"),
    ([], []), ({}, {}), ([1, [2, {"a": None}]], [1, [2, {"a": None}]]), (1e308, 1e308), (5e-324, 5e-324), (-0.0, -0.0),
    # numbers that JSON has not, and large ones that it has
    (float("nan"), marked("float", "NaN")), (float("inf"), marked("float", "Infinity")),
    (float("-inf"), marked("float", "-Infinity")), (2**63 - 1, 2**63 - 1), (2**64 - 1, 2**64 - 1),
    (-(2**63), -(2**63)), (2**64, 2**64), (-(2**63) - 1, -(2**63) - 1), (10**400, 10**400),
    (Decimal("1.10"), 1.10), (Decimal("1E+400"), marked("float", "1E+400")), (Decimal("NaN"), marked("float", "NaN")),
    (Decimal("sNaN"), marked("float", "sNaN")), (Decimal("-Infinity"), marked("float", "-Infinity")),
    (Decimal("1E-400"), 0.0), (Decimal("-0"), 0), (Fraction(1, 3), marked("object", "Fraction")),
    (3 + 4j, marked("object", "complex")),
    # text and bytes
    ("\ud800", marked("string", "\\ud800")), ("a\udfffb", marked("string", "a\\udfffb")),
    (b"\x00\xff", marked("bytes", "AP8=")), (bytearray(b"a"), marked("bytes", "YQ==")),
    (memoryview(b"a"), marked("bytes", "YQ==")), (Text("real"), "real"),
    # time
    (datetime(2026, 6, 1, 14, tzinfo=CET), "2026-06-01T13:00:00.000000Z"),
    (datetime(2026, 6, 1, 14, 0, 0, 5, tzinfo=UTC), "2026-06-01T14:00:00.000005Z"),
    (datetime(2026, 6, 1, 14), "2026-06-01T14:00:00"), (date(2026, 6, 1), "2026-06-01"), (time(14, 5), "14:05:00"),
    (timedelta(hours=1, microseconds=1), 3600.000001), (datetime(2026, 6, 1, tzinfo=OddZone()), marked("object", "datetime")),
    (datetime(2026, 6, 1, tzinfo=NoOffset()), "2026-06-01T00:00:00"),
    (datetime(1, 1, 1, tzinfo=CET), marked("object", "datetime")),
    # names for values
    (Colour.RED, "red"), (Colour.PAIR, [1, 2]), (Colour.ODD, marked("object", "object")), (Number.ONE, 1), (Word.A, "a"),
    (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"), (PurePosixPath("/a/b"), "/a/b"),
    (PurePosixPath("/a\udcff"), marked("string", "/a\\udcff")), (Whole(7), 7),
    # holders
    ((1, 2), [1, 2]), ({2, 1}, [1, 2]), (frozenset({"b", "a"}), ["a", "b"]), (deque([1]), [1]),
    (Pair(1, [2]), {"left": 1, "right": [2]}), (Point((1, 2)), [1, 2]), (OrderedDict(a=1), {"a": 1}),
    (defaultdict(int, a=1), {"a": 1}), (UserDict(a=1), {"a": 1}), (MappingProxyType({"a": 1}), {"a": 1}),
    (Person("n", ["t"]), {"name": "n", "tags": ["t"], "seq": 1, "x__salts": 2}), (Slotted(1), {"x": 1}),
    ({7: "a", None: "b", True: "c", 2.5: "d"}, {"7": "a", "null": "b", "true": "c", "2.5": "d"}),
    ({1: "a", "1": "b"}, {"1": "a", "x_1": "b"}), ({b"a": 1, (1, 2): 2}, {"a": 1, "tuple": 2}),
    ({"\ud800": 1, Colour.RED: 2, date(2026, 1, 1): 3}, {"\\ud800": 1, "red": 2, "2026-01-01": 3}),
    ({10**5000: 1}, {"int": 1}), ({1, "a"}, ["a", 1]),
    # anything else: its type, never its text
    (Secret(), marked("object", "Secret")), (object, marked("object", "type")), (generator(), marked("object", "generator")),
    (len, marked("object", "builtin_function_or_method")), (range(10**12), marked("object", "range")),
    (sys, marked("object", "module")), (Angry(), marked("object", "Angry")),
    (AngryMapping(a=1), marked("object", "AngryMapping")), (orjson.Fragment(b'{"a":1,"a":2}'), marked("object", "Fragment")),
    (NotImplemented, marked("object", "NotImplementedType")), (..., marked("object", "ellipsis")),
]  # fmt: skip


@pytest.mark.parametrize(("value", "written"), CASES, ids=[f"{n}-{type(v).__name__}" for n, (v, _) in enumerate(CASES)])
def test_every_value_is_written_by_rule(path: Path, opened: Open, value: object, written: object) -> None:
    """Whatever it is: written, read back as the rule says, in a redactable and in a plain place, alone and nested."""
    log = opened()
    receipt = log.append({"v": value, "trace_id": value, "deep": {"list": [value]}})
    log.close()
    record = walk(path).callers[0]
    assert record["v"] == written
    assert type(record["v"]) is type(written) or isinstance(written, (int, float))
    assert record["trace_id"] == written
    assert record["deep"] == {"list": [written]}
    is_marked = isinstance(written, dict) and "not_json" in written
    assert (len(receipt.replaced) == 3) == is_marked
    if is_marked:
        assert receipt.replaced == ("/v", "/trace_id", "/deep/list/0")


def test_pydantic_models_are_their_fields(path: Path, opened: Open) -> None:
    """Secrets stay secret: what a model does not show is a type name."""
    pydantic = pytest.importorskip("pydantic")

    class Inner(pydantic.BaseModel):  # type: ignore[misc, name-defined]
        at: datetime

    class Model(pydantic.BaseModel):  # type: ignore[misc, name-defined]
        key: pydantic.SecretStr
        inner: Inner

    class Listed(pydantic.RootModel[list[int]]):  # type: ignore[misc, name-defined]
        pass

    model = Model(key="hunter2", inner=Inner(at=datetime(2026, 1, 1, tzinfo=UTC)))
    opened().append({"m": model, "r": Listed([1, 2])})
    record = walk(path).callers[0]
    assert record["m"] == {"key": marked("object", "SecretStr"), "inner": {"at": "2026-01-01T00:00:00.000000Z"}}
    assert record["r"] == {"root": [1, 2]}
    assert b"hunter2" not in path.read_bytes()


def test_attrs_and_numpy_are_known_by_what_they_carry() -> None:
    """Neither is imported: a class with `__attrs_attrs__`, a type of a module numpy."""

    class Attribute:
        name = "x"

    class Attrs:
        __attrs_attrs__ = (Attribute,)
        x = 5

    array = type("ndarray", (), {"__module__": "numpy", "tolist": lambda _: [1.5, float("nan")]})()
    plain = Plain({"a": Attrs(), "n": array})
    assert plain.record == {"a": {"x": 5}, "n": [1.5, marked("float", "NaN")]}
    assert plain.replaced == ["/n/1"]


def test_cycles_and_depth_end_in_a_type_name() -> None:
    """A list in itself, an object whose field is itself, 10,000 levels: written down to where it can be."""
    cycle: list[Any] = [1]
    cycle.append(cycle)
    assert Plain({"c": cycle}).record == {"c": [1, marked("object", "list")]}
    person = Person("n")
    person.tags = person  # type: ignore[assignment]
    assert Plain({"p": person}).record["p"]["tags"] == marked("object", "Person")  # type: ignore[index]
    deep: Any = "end"
    for _ in range(10_000):
        deep = [deep]
    orjson.dumps(Plain({"d": deep}).record)
    twice = {"a": 1}
    assert Plain({"x": [twice, twice]}).record == {"x": [{"a": 1}, {"a": 1}]}, "twice is no cycle"


def test_a_caller_deep_in_its_own_recursion_is_served() -> None:
    """Hardly any stack left: the record is written, cut where the stack ends."""

    def down(levels: int) -> dict[str, object]:
        if levels:
            return down(levels - 1)
        return Plain({"a": [[[[[[[[[[1]]]]]]]]]], "b": 2}).record

    limit = sys.getrecursionlimit()
    depth = len(__import__("inspect").stack())
    record = down(limit - depth - 40)
    assert record["b"] == 2
    orjson.dumps(record)


def test_reserved_names_are_moved_away_until_they_are_free() -> None:
    """At any depth `_salts`, `_redacted`, `_leaf`; at the top also `seq`, `prev`, `auditlog`."""
    plain = Plain({"seq": 1, "x_seq": 2, "x_x_seq": 3, "a": {"seq": 4, "_leaf": [{"_redacted": "00"}]}})
    assert plain.record == {
        "x_x_x_seq": 1,
        "x_seq": 2,
        "x_x_seq": 3,
        "a": {"seq": 4, "x__leaf": [{"x__redacted": "00"}]},
    }
    assert plain.renamed == ["/x_x_x_seq", "/a/x__leaf", "/a/x__leaf/0/x__redacted"]


def test_pointers_are_escaped() -> None:
    """RFC 6901: `~` and `/` in names."""
    assert Plain({"a/b": {"c~d": float("nan")}}).replaced == ["/a~1b/c~0d"]


def test_sets_are_written_in_one_order_with_true_pointers() -> None:
    """Sorted by what is written, whatever order Python has; the pointer of a replaced element is its place."""
    values = {"b", "a", 3, b"\x01", float("nan")}
    plain = Plain({"s": values})
    assert plain.record["s"] == ["a", "b", 3, marked("bytes", "AQ=="), marked("float", "NaN")]
    assert plain.replaced == ["/s/3", "/s/4"]
    assert Plain({"s": {10**30, 1}}, numbers_as_they_are=True).replaced == []


@pytest.mark.parametrize(
    "record",
    [{"a": 1, "b": [True, None, "x", 1.5, {"c": []}]}, {}, {"x_seq": 1}, {"a": {"seq": 1, "auditlog": 2}}],
)
def test_plain_records_are_known(record: dict[str, object]) -> None:
    """What is JSON already is left alone."""
    assert is_plain(record)
    assert Plain(record).record == record


@pytest.mark.parametrize(
    "value",
    [float("nan"), (1,), {1: 2}, b"", Text("x"), Whole(1), OrderedDict(), {"_salts": 1}, [{"_redacted": ""}], Number.ONE,
     orjson.Fragment(b"1"), datetime(2026, 1, 1)],
)  # fmt: skip
def test_what_is_not_plain_is_known_too(value: object) -> None:
    """Every exact type that JSON has not, NaN, and reserved names."""
    assert not is_plain({"v": value})
    assert not is_plain({"v": {"w": [value]}})
    assert not is_plain({"seq": 1})
