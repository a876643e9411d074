"""Records that are read again when they are drawn: the drawing is that of records that are held (the slow twin)."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli import lookup
from auditlog_cli.record import Record
from auditlog_cli.renderers import rows
from auditlog_cli.renderers.text import Style
from auditlog_cli.renderers.traces import dot, json, mermaid, text
from auditlog_cli.tracing.absent import Absent, alike, fact_of, trace_of
from auditlog_cli.tracing.forest import build
from tests.conftest import Result
from tests.logs import write
from tests.tracing import runs
from tests.tracing.sketch import decoded
from tests.tracing.test_any_records import records

Cli = Callable[..., Result]


def absent(found: list[Record]) -> list[Record]:
    return [Absent(each, found.__getitem__, number) for number, each in enumerate(found)]


def drawn(found: list[Record]) -> list[list[str]]:
    made = build(found, "t")
    shown = rows.rows(made, everything=True)
    return [[*renderer.lines("t", "trace", [(made, shown, None)], Style())] for renderer in (text, json, mermaid, dot)]


@given(st.lists(records(), max_size=40))
def test_the_drawing_is_the_same(contents: list[dict[str, Any]]) -> None:
    found = decoded(contents)
    assert drawn(absent(found)) == drawn(found)


@given(st.lists(records(), max_size=20))
def test_the_same_is_known_of_each(contents: list[dict[str, Any]]) -> None:
    found = decoded(contents)
    for one, other in zip(absent(found), found, strict=True):
        assert trace_of(one) == trace_of(other)
        for _ in range(2):  # the second time the record is read again
            facts = fact_of(one, 7), fact_of(other, 7)
            names = [name for name in facts[1].__slots__ if name not in ("record", "_chain")]
            assert [getattr(facts[0], name) for name in names] == [getattr(facts[1], name) for name in names]
            assert facts[0].chain == facts[1].chain
        assert (one.content, one.line, one.shape, one.stored, one.is_own) == (
            other.content, other.line, other.shape, other.stored, other.is_own,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [({"a": 1}, {"a": 1}, True), (None, None, True), ({"a": 1}, {"a": 2}, False), ({"a": 1}, None, False),
     ([1, "1"], [1, "1"], True), ("1", 1, False), ({"a": 1, "b": 2}, {"b": 2, "a": 1}, False), (1, 1.0, False)],
)  # fmt: skip
def test_arguments_that_are_alike_for_certain(one: object, other: object, same: bool) -> None:
    """What is equal and written otherwise is not certain: both are read again, and compared."""
    found = decoded([runs.event(0, arguments=one), runs.event(1, arguments=other)])
    assert alike(*absent(found)) is same
    assert not alike(*found)


def _both(cli: Cli, monkeypatch: pytest.MonkeyPatch, *words: object) -> None:
    held = cli(*words)
    monkeypatch.setattr(lookup, "_AT_HAND", 0)
    assert cli(*words) == held


@pytest.mark.parametrize("format_", ["text", "json", "mermaid", "dot"])
@pytest.mark.parametrize("more", [(), ("--no-index",), ("--all",), ("--depth", "2"), ("--chain", "s1")])
def test_the_command_says_the_same(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format_: str, more: tuple[str, ...]
) -> None:
    pairs = [
        runs.pair(n, n + 0.5, f"t{n % 3}", {"n": n}, span=f"s{n}", parent=f"s{n // 2}" if n else None)
        for n in range(60)
    ]
    log = write(tmp_path / "a.jsonl", *(each for both in pairs for each in both))
    _both(cli, monkeypatch, "trace", "trace_refund", log, "--format", format_, *more)


@pytest.mark.parametrize("id_", ["trace_refund", "sess_refund", "s3", "trace_ref", "s"])
def test_whatever_the_id_means(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, id_: str) -> None:
    log = write(
        tmp_path / "a.jsonl",
        *(runs.event(n, tool="t", span=f"s{n}", trace=("trace_refund", "trace_reform", None)[n % 3]) for n in range(9)),
        runs.event(20, tool="t", span="trace_refund", trace="trace_other"),
    )
    _both(cli, monkeypatch, "trace", id_, log)


@pytest.mark.slow
def test_every_foreign_log_is_drawn_alike(cli: Cli, shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [path for folder in ("agents", "audit") for path in sorted((shared / "data" / folder).rglob("*.jsonl"))]
    ids = [
        (path, orjson.loads(each)["id"])
        for path in files[::5]
        if path.parent.name != "cursor"  # it tells no times: they are those of the reading
        for each in cli("traces", path, "--format", "jsonl", "-n", "2").out.splitlines()
    ]
    held = [cli("trace", each, path, "--format", "json") for path, each in ids]
    monkeypatch.setattr(lookup, "_AT_HAND", 0)
    spared = [cli("trace", each, path, "--format", "json") for path, each in ids]
    assert spared == held
    assert sum(each.code in (0, 6) for each in held) > 10


def test_of_a_large_trace_little_is_held(tmp_path: Path) -> None:
    """Of a record of 4 KB that is beyond the first few: its place, its node, and no content."""
    many = 1000
    log = write(
        tmp_path / "a.jsonl",
        *(runs.event(n, tool="t", span=f"s{n}", arguments={f"a{m}": "x" * 30 for m in range(80)}) for n in range(many)),
    )

    def size(spare: bool) -> int:
        tracemalloc.start()
        logs = lookup.Logs([str(log)], spare=spare)
        found = lookup.find(logs, "trace_refund").tree()
        assert found.tally.records == many
        used = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        logs.close()
        return used

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lookup, "_AT_HAND", 50)
        spared = size(True)
    assert spared < many * 2500
    assert size(False) > many * 10_000
