"""Records counted in parts, on one core or several: what one pass over all lines gives."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from auditlog_cli import breakdown, pipeline, statistics
from auditlog_cli.counts import Counts
from auditlog_cli.record import BadLine
from auditlog_cli.renderers import summary
from auditlog_cli.renderers.style import Style
from auditlog_cli.selection import Selection, select_by
from auditlog_cli.sources import ranges
from auditlog_cli.statistics import Statistics
from tests.index.test_counting import LINES
from tests.logs import line, record, write

BAD = [b"", b"{", b'{"a":1,"a":2}', b"\xff"]
DATED = [
    line(record(timestamp=moment, session_id=f"s{number % 3}", trace_id=f"t{number % 5}", user__id=f"u{number % 7}"))
    for number, moment in enumerate(
        ["2026-06-01T00:00:00Z", "2026-06-01T02:00:00+02:00", "2031-01-01T00:00:00Z", "never", "1970-01-01T00:00:00Z"]
        * 3
    )
]
Told = tuple[list[str], object, str, list[tuple[int, int, str]]]


def told(found: Statistics, counts: Counts, bad: list[BadLine]) -> Told:
    """All that is said of them."""
    shown = list(summary.lines(found, 0, Style(columns=200)))
    return shown, summary.rows(found, 0), str(counts), [(each.line.number, each.line.offset, each.code) for each in bad]


def in_one_pass(paths: list[str], by: tuple[str, ...], selection: Selection) -> Told:
    """The slow twin: every line decoded in order, every record added to one count."""
    found, counts, bad = Statistics(by), Counts(), list[BadLine]()
    for each in pipeline.select(paths, selection, counts=counts, on_bad=bad.append):
        found.add(each.content, each.shape)
    return told(found, counts, bad)


def in_parts(paths: list[str], by: tuple[str, ...], selection: Selection, processes: int) -> Told:
    counts, bad = Counts(), list[BadLine]()
    found = breakdown.scanned(paths, by, selection, counts=counts, on_bad=bad.append, processes=processes)
    return told(found, counts, bad)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    st.lists(st.sampled_from([*LINES, *DATED, *BAD]), min_size=1, max_size=60),
    st.lists(st.sampled_from(["user.id", "action.tool", "agent", "nowhere"]), max_size=2, unique=True),
    st.integers(1, 5000),
    st.sampled_from([0, 2, 4096]),
    st.sampled_from([1, 2, 100_000]),
    st.sampled_from([2, 960]),
    st.sampled_from(["action.latency_ms >= 0", ""]),
)
@example([line(record(user__id=f"u{number}")) for number in (0, 1, 2, 3, 0, 3)], ["user.id"], 600, 0, 2, 960, "")
def test_parts_add_up_to_what_one_pass_counts(
    tmp_path_factory: pytest.TempPathFactory, raws: list[bytes], by: list[str], part: int, few: int, most: int,
    bars: int, where: str,
) -> None:  # fmt: skip
    """However the bytes are cut, however soon latencies go into buckets, values into `(other)`, bars are joined."""
    path = str(write(tmp_path_factory.mktemp("parts") / "log.jsonl", *raws))
    selection = select_by(where=[where] if where else None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranges.cut, "__defaults__", (part,))
        patch.setattr(statistics, "FEW", few)
        patch.setattr(statistics, "MOST_VALUES", most)
        patch.setattr(statistics, "_MOST_BARS", bars)
        assert in_parts([path], tuple(by), selection, 1) == in_one_pass([path], tuple(by), selection)


def test_two_processes_count_what_one_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the same order, bad lines and their numbers too, over several files and the segments of one log."""
    monkeypatch.setattr(ranges.cut, "__defaults__", (1000,))
    monkeypatch.setattr(breakdown, "_PARALLEL", 0)
    paths = [
        str(write(tmp_path / "a.jsonl", *LINES, *BAD, *DATED)),
        str(write(tmp_path / "b.jsonl", *DATED, *BAD, *LINES)),
    ]
    found = in_parts(paths, (), select_by(), 2)
    assert found == in_parts(paths, (), select_by(), 1)
    assert in_parts(paths[:1], (), select_by(), 2) == in_one_pass(paths[:1], (), select_by())
