"""Whatever the ids and times: every record stands in the tree exactly once, and drawing it ends soon."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli.renderers import rows
from auditlog_cli.renderers.text import Style
from auditlog_cli.renderers.traces import dot, json, mermaid, text
from auditlog_cli.tracing.forest import build
from auditlog_cli.tracing.trees import Trace
from tests.tracing import runs
from tests.tracing.sketch import check, decoded, tree

IDS = st.sampled_from(["a", "b", "c", "d", "e", ""])
NAMES = st.sampled_from(["ann", "bob", "eve"])


@st.composite
def records(draw: st.DrawFn) -> dict[str, Any]:
    """A record of few ids, so that circles, self-parents, duplicates and ends without starts are common."""
    made: dict[str, Any] = {}
    for member in ("span_id", "parent_span_id", "trace_id", "session_id"):
        if draw(st.booleans()):
            made[member] = draw(IDS)
    if draw(st.integers(0, 9)):
        made["timestamp"] = runs.at(draw(st.integers(0, 40)) / 4)
    action: dict[str, Any] = {
        "type": draw(
            st.sampled_from(
                ["tool_invocation", "llm_call", "approval", "lifecycle", "handoff", "crew_start", "crew_end"]
            )
        ),
        "result_status": draw(st.sampled_from(["success", "error", "denied", "pending"])),
    }
    for member, values in (("phase", st.sampled_from(["start", "end"])), ("tool", NAMES), ("call_id", IDS)):
        if draw(st.booleans()):
            action[member] = draw(values)
    if draw(st.booleans()):
        action["latency_ms"] = draw(st.integers(0, 5000))
    if draw(st.booleans()):
        action["arguments"] = {"to": draw(NAMES)}
    made["action"] = action
    if draw(st.booleans()):
        made["agent"] = {"id": draw(NAMES)}
    if draw(st.booleans()):
        made["delegation_chain"] = [{"actor": each} for each in draw(st.lists(NAMES, max_size=4))]
    if draw(st.booleans()):
        made["approval"] = {"id": draw(IDS), "status": draw(st.sampled_from(["pending", "approved", "denied"]))}
    return made


def draw_every_way(trace: Trace) -> None:
    """All formats and widths; what is left out is counted."""
    for depth, everything in ((None, False), (None, True), (1, False), (2, True)):
        shown = rows.rows(trace, depth=depth, everything=everything)
        drawn = sum(row.node is not None for row in shown)
        assert drawn + sum(row.fold.count for row in shown if row.fold is not None) == len(trace.nodes)
        for renderer, style in (
            (text, Style(columns=40)), (text, Style(unicode=False)), (text, Style(columns=100, colour=True)),
            (json, Style()), (mermaid, Style()), (dot, Style()),
        ):  # fmt: skip
            assert list(renderer.lines("t", "trace", [(trace, shown, None)], style))


@given(st.lists(records(), max_size=40))
def test_every_record_stands_in_the_tree_exactly_once(contents: list[dict[str, Any]]) -> None:
    made = tree(contents)
    draw_every_way(made)


@given(st.lists(records(), max_size=25), st.data())
def test_the_way_to_a_node_ends_at_a_root(contents: list[dict[str, Any]], data: st.DataObject) -> None:
    made = tree(contents)
    if made.nodes:
        node = data.draw(st.sampled_from(made.nodes))
        way = rows.way(node)
        assert way[0].node in made.roots
        assert way[-1].node is node
        shown = rows.rows(made, depth=1, marked=node)
        assert any(row.node is node for row in shown), "what was asked for is drawn, however deep"


def _without_ids(count: int) -> list[dict[str, Any]]:
    """No span ids, all calls open at a time: the worst for guessing."""
    return [
        {"timestamp": runs.at(n / 1000), "trace_id": "t", "agent": {"id": f"a{n % 3}"},
         "action": {"type": "tool_invocation", "tool": "x", "phase": "start"},
         "delegation_chain": [{"actor": "u"}, *({"actor": f"a{m}"} for m in range(n % 3 + 1))]}
        for n in range(count)
    ]  # fmt: skip


def _one_id(count: int) -> list[dict[str, Any]]:
    """All of one span id, each of other content, and its own parent."""
    return [runs.event(n / 1000, tool=f"t{n}", span="s", parent="s", result_status="success") for n in range(count)]


def _circle(count: int) -> list[dict[str, Any]]:
    return [
        runs.event(n / 1000, tool="t", span=f"s{n}", parent=f"s{(n + 1) % count}", result_status="success")
        for n in range(count)
    ]


LARGE = {"deep": runs.deep, "wide": runs.wide, "without ids": _without_ids, "one id": _one_id, "circle": _circle}


@pytest.mark.parametrize("kind", LARGE)
def test_large_traces_take_time_in_proportion(kind: str) -> None:
    """Nothing recurses and nothing is quadratic: sixteen times as many do not take 256 times the processor's time."""
    took = []
    for count in (625, 10_000):
        found = decoded(LARGE[kind](count))
        best = 1e9
        for _ in range(2):
            begin = time.process_time()
            made = build(found, "t")
            shown = rows.rows(made)
            drawn = list(text.lines("t", "trace", [(made, shown, None)], Style(columns=80)))
            best = min(best, time.process_time() - begin)
        check(made, found)
        assert len(drawn) < 1000
        took.append(best)
    assert took[1] < 120 * took[0] + 0.2


@pytest.fixture
def no_collection() -> Iterator[None]:
    """As the command does: nothing is thrown away, so looking for it is lost time."""
    gc.disable()
    yield
    gc.enable()


SLOW = [pytest.param(kind, marks=pytest.mark.slow) for kind in ("wide", "without ids", "one id", "circle")]


@pytest.mark.usefixtures("no_collection")
@pytest.mark.parametrize("kind", ["deep", *SLOW])
def test_a_hundred_thousand_spans(kind: str) -> None:
    found = decoded(LARGE[kind](100_000))
    made = build(found, "t")
    shown = rows.rows(made)
    assert len(list(text.lines("t", "trace", [(made, shown, None)], Style(columns=80)))) < 1000
    assert sum(len(node.records) for node in made.nodes) == 100_000 + 2 * (kind == "wide")
    everything = rows.rows(made, everything=True)
    assert len(everything) == len(made.nodes)
    assert sum(1 for _ in text.lines("t", "trace", [(made, everything, None)], Style())) >= len(made.nodes)
