"""`trace` by the index draws what it draws without, says the same, and ends with the same code."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import Result
from tests.index.asking import build
from tests.index.lines import HOSTILE
from tests.logs import line, record, tutorial, write

Cli = Callable[..., Result]
UNPARSED = r" \([0-9,]+ of them unparsed\)"
IDS = ["sess_abc", "sess_xyz", "trace_1", "span_1", "span_2", "sess_", "tra", "run-77", "nobody", "7", "-"]
CALLS = [
    line(record(trace_id=f"trace_{n % 3}", span_id=f"span_{n}", parent_span_id=f"span_{n // 2}",
                session_id=f"sess_{n % 2}", timestamp=f"2026-06-01T14:23:{n:02d}Z"))
    for n in range(12)
] + [tutorial("tool_call", tool="pay", run_id="run-77", request_id="span_1")]  # fmt: skip


def both_ways(cli: Cli, *words: object) -> Result:
    """Run the command line twice; what people see must be the same, but for how many lines were ruled out unseen."""
    found, plain = cli(*words), cli(*words, "--no-index")
    assert (found.code, found.raw) == (plain.code, plain.raw)
    assert re.sub(UNPARSED, "", found.err) == re.sub(UNPARSED, "", plain.err)
    return found


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.lists(st.sampled_from(HOSTILE + CALLS), max_size=40), st.sampled_from(IDS))
def test_a_trace_is_the_same_by_the_index(
    small: None, cli: Cli, tmp_path_factory: pytest.TempPathFactory, raws: list[bytes], wanted: str
) -> None:
    path = write(tmp_path_factory.mktemp("trace") / "log.jsonl", line(record()), *raws)
    build(path)
    both_ways(cli, "trace", wanted, path)


def test_every_id_means_the_same_by_the_index(small: None, cli: Cli, tmp_path: Path) -> None:
    path = write(tmp_path / "log.jsonl", *CALLS)
    build(path)
    for wanted in (*IDS, "trace_0", "sess_1", *(f"span_{n}" for n in range(12))):
        both_ways(cli, "trace", wanted, path)


@pytest.mark.parametrize("words", [["--session", "sess_abc"], ["--user", "user_ann", "--count-by", "agent.id"],
                                   ["--since", "2026-06-01T14:23:12Z"], ["--session", "sess_abc", "-A", "2"],
                                   ["--session", "sess_abc", "--invert"], ["--agent", "planner", "-n", "99"],
                                   ["--agent", "planner", "--from", "tutorial"]])  # fmt: skip
def test_what_filter_prints_is_the_same_by_the_index(small: None, cli: Cli, tmp_path: Path, words: list[str]) -> None:
    path = write(tmp_path / "log.jsonl", line(record()), *HOSTILE, *CALLS, *HOSTILE)
    build(path)
    both_ways(cli, "filter", path, *words)


@pytest.mark.parametrize(
    "words", [["--by", "agent.id"], ["--session", "sess_abc"], ["--since", "2026-06-01T14:23:12Z"]]
)
def test_statistics_are_the_same_by_the_index(small: None, cli: Cli, tmp_path: Path, words: list[str]) -> None:
    path = write(tmp_path / "log.jsonl", line(record()), *HOSTILE, *CALLS)
    build(path)
    both_ways(cli, "stats", path, *words)


def test_who_stops_early_sees_the_same_records(small: None, cli: Cli, tmp_path: Path) -> None:
    path = write(tmp_path / "log.jsonl", line(record()), *HOSTILE, *CALLS, *HOSTILE)
    build(path)
    for words in (["--agent", "planner", "-n", "3"], ["--session", "sess_abc", "-n", "1", "--quiet"]):
        found, plain = cli("filter", path, *words), cli("filter", path, *words, "--no-index")
        assert found.raw == plain.raw
        assert {found.code, plain.code} <= {0, 6}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    st.lists(st.sampled_from(HOSTILE + CALLS), max_size=40),
    st.sampled_from([["--session", "sess_abc"], ["--user", "user_ann"], ["--since", "2026-06-01T14:23:12Z"],
                     ["--agent", "planner", "--status", "denied"], ["--tool", "pay"], []]),
)  # fmt: skip
def test_traces_are_listed_alike_by_the_index(
    small: None, cli: Cli, tmp_path_factory: pytest.TempPathFactory, raws: list[bytes], words: list[str]
) -> None:
    path = write(tmp_path_factory.mktemp("traces") / "log.jsonl", line(record()), *raws)
    build(path)
    both_ways(cli, "traces", path, *words)
    both_ways(cli, "traces", path, *words, "--format", "json", "--verbose")


def test_traces_of_a_selection_are_looked_up_twice_and_nothing_else_is_parsed(
    small: None, cli: Cli, tmp_path: Path
) -> None:
    path = write(tmp_path / "log.jsonl", *CALLS * 20)
    build(path)
    found = both_ways(cli, "traces", path, "--session", "sess_1", "--verbose")
    assert "unparsed" in cli("traces", path, "--session", "sess_1", "--verbose").err
    assert "trace_1" in found.out
