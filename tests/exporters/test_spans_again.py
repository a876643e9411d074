"""Spans of records that are asked for a second time: what is exported is what it was when all were held."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli.exporters import Entry, Settings, Source, otlp_spans
from auditlog_cli.record import Line, Record
from auditlog_cli.tracing.trees import Node
from auditlog_cli.writer.log import AuditLog
from tests.conftest import Result
from tests.exporters.test_otlp import Span, at
from tests.tracing.test_any_records import records as any_records


def _all_at_once(records: list[dict[str, Any]]) -> list[Span]:
    """The slow twin: all records held, the spans of a trace made together, events put into them as they come."""
    traces: dict[str, list[Record]] = {}
    for each in records:
        if trace := otlp_spans.trace_of(each):
            traces.setdefault(trace, []).append(Record(each, Line(orjson.dumps(each)), "auditlog", each))
    found: list[Span] = []
    for trace, mine in traces.items():
        maker = otlp_spans._Spans(trace, mine, content=True)
        spans: dict[Node, Span] = {}
        above = {node: otlp_spans._above(node) for node in maker._nodes}
        for node in maker._nodes:
            parent = above[node]
            if parent is not None and not otlp_spans._takes_time(node) and node not in above.values():
                spans[parent].setdefault("events", []).append(maker._event(node))
            else:
                spans[node] = maker._span(node, parent)
        found += spans.values()
    return found


@given(st.lists(any_records(), max_size=30), st.sampled_from([0, 2, 1000]), st.sampled_from([0, 5]))
def test_spans_of_records_that_are_asked_for_again_are_those_of_records_that_are_held(
    records: list[dict[str, Any]], at_hand: int, first: int
) -> None:
    entries = [Entry(orjson.dumps(each), each, b"", "x") for each in records]
    held = otlp_spans.export(Source("a", entries), Settings(print, content=True, batch=7))
    asked: list[int] = []

    def again(number: int) -> Entry:
        asked.append(number)
        return entries[number]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(otlp_spans, "_AT_HAND", at_hand)
        patch.setattr(otlp_spans, "_FIRST", first)
        found = [*otlp_spans.export(Source("a", iter(entries), again=again), Settings(str, content=True, batch=7))]
    assert found == [*held]
    assert {*asked} == {n for n, each in enumerate(records) if n >= first and otlp_spans.trace_of(each)}
    spans = [
        span
        for piece in found
        for outer in orjson.loads(piece.data)["resourceSpans"]
        for span in outer["scopeSpans"][0]["spans"]
    ]
    assert spans == orjson.loads(orjson.dumps(_all_at_once(records)))


def test_memory_grows_with_the_largest_trace_not_with_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 4 KB of a record that has had its turn, or waits for it, a few bytes are held."""
    import tracemalloc

    monkeypatch.setattr(otlp_spans, "_FIRST", 100)
    text = "x" * 4000

    def entry(number: int) -> Entry:
        content = at(number % 60, trace_id=f"{number % 500 + 1:032x}", prompt={"text": text + str(number)})
        return Entry(b"", content, b"", "x")

    def peak(many: int) -> int:
        tracemalloc.start()
        source = Source("a", map(entry, range(many)), again=entry)
        assert sum(len(piece.data) for piece in otlp_spans.export(source, Settings(print, batch=10))) > many * 300
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    peak(10)
    assert peak(4000) < peak(1000) + 500_000


@pytest.mark.parametrize("masked", [False, True])
def test_a_log_is_exported_alike_however_it_is_read(
    tmp_path: Path, cli: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, masked: bool
) -> None:
    """From its file, of which nothing is held; packed, which is held; a large trace of which little is held."""
    log = tmp_path / "audit.jsonl"
    with AuditLog(log, origin="test/log", ballast_bytes=0) as written:
        for number in range(40):
            written.append(at(number, trace_id=f"{number % 3 + 1:032x}", user={"id": f"u{number}"}))
    profile = tmp_path / "redaction.yaml"
    profile.write_text("format: auditlog.redaction/1\nfields: [user]\n")
    more = ["--redact", str(profile)] if masked else []

    def spans(path: Path) -> bytes:
        out = tmp_path / "out.json"
        assert cli("export", path, "--to", "otlp-spans", "-o", out, *more).code == 0
        return out.read_bytes()

    first = spans(log)
    assert (b"u17" in first) is not masked
    assert (b"auditlog.record.leaf" in first) is not masked
    monkeypatch.setattr(otlp_spans, "_FIRST", 0)
    assert spans(log) == first
    monkeypatch.setattr(otlp_spans, "_AT_HAND", 0)
    assert spans(log) == first
    packed = tmp_path / "packed" / "audit.jsonl"
    packed.parent.mkdir()
    packed.write_bytes(gzip.compress(log.read_bytes()))
    assert spans(packed) == first
