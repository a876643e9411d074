"""Sums are exact, percentiles within a per cent, memory bounded."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli import statistics, times
from auditlog_cli.statistics import Histogram, Latencies, Statistics
from tests.logs import record


@pytest.mark.parametrize("few", [0, 1000])
@given(values=st.lists(st.floats(0, 1e9), min_size=1, max_size=60), share=st.sampled_from([0.01, 0.5, 0.95, 0.99, 1.0]))
def test_percentiles_are_nearest_rank_within_a_per_cent(few: int, values: list[float], share: float) -> None:
    """Against sorting: exactly while there are few, within one per cent in buckets."""
    before = statistics.FEW
    statistics.FEW = few
    try:
        latencies = Latencies()
        for value in values:
            latencies.add(value)
        exact = sorted(values)[max(1, math.ceil(share * len(values) - 1e-9)) - 1]
        found = latencies.percentile(share)
    finally:
        statistics.FEW = before
    assert found is not None
    assert found == exact if few else abs(found - exact) <= 0.011 * exact + 0.02


def test_no_latency_has_no_percentile() -> None:
    assert Latencies().percentile(0.5) is None


@given(st.lists(st.integers(0, 4 * 10**15), min_size=1, max_size=200), st.integers(1, 40))
def test_a_histogram_loses_nothing(moments: list[int], most: int) -> None:
    """Every moment is in the bar that covers it, and there are never more bars than asked for."""
    histogram = Histogram()
    for moment in moments:
        histogram.add(moment)
    rows = histogram.rows(most)
    assert sum(count for _, count in rows) == len(moments)
    assert len(rows) <= most
    for begin, count in rows:
        assert count == sum(begin <= moment < begin + histogram.width for moment in moments)


def test_too_many_values_become_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "MOST_VALUES", 3)
    found = Statistics(("user.id",))
    for number in range(10):
        found.add(record(user__id=f"u{number}", session_id=f"s{number}"), "auditlog")
    assert {value: group.records for value, group in found.groups["user.id"].items()} == {
        "u0": 1,
        "u1": 1,
        "u2": 1,
        "(other)": 7,
    }
    assert found.many("sessions") == "3 or more"


def test_a_call_is_counted_once() -> None:
    """Start and end are two records of one call; a refusal counts where it is recorded."""
    found = Statistics()
    found.add(record(action__phase="start", action__result_status="pending", action__latency_ms=None), "auditlog")
    found.add(record(action__phase="end", action__result_status="timeout"), "auditlog")
    found.add(record(action__result_status="blocked"), "auditlog")
    assert (found.all.records, found.all.calls, found.all.errors, found.all.refused) == (3, 2, 1, 1)
    assert found.all.latencies.count == 2


def test_an_approval_is_no_call() -> None:
    """It names the tool that is asked for, and the call itself is another record."""
    found = Statistics()
    found.add(record(action__type="approval", action__result_status="denied"), "auditlog")
    assert (found.all.records, found.all.calls, found.all.refused) == (1, 0, 1)


def test_values_of_lists_count_each_once() -> None:
    found = Statistics(("authorization.scopes",))
    found.add(record(authorization__scopes=["a", "b", "a"]), "auditlog")
    found.add(record(authorization__scopes=[]), "auditlog")
    assert {value: group.records for value, group in found.groups["authorization.scopes"].items()} == {
        "a": 1,
        "b": 1,
        "(none)": 1,
    }


def test_times_that_are_none_are_left_out_of_the_histogram() -> None:
    found = Statistics()
    found.add(record(timestamp="yesterday"), "auditlog")
    found.add(record(timestamp="2026-06-01T00:00:00Z"), "auditlog")
    assert found.first == found.last == "2026-06-01T00:00:00Z"
    assert found.histogram.rows(5) == [(times.parse("2026-06-01T00:00:00Z"), 1)]
