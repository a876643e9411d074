"""`stats --by`, counted from an index: the same as a scan, and never taken from what may have changed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditlog_cli import breakdown, segments, statistics
from auditlog_cli.counts import Counts
from auditlog_cli.decoders import decode
from auditlog_cli.index import counting, keys, measures
from auditlog_cli.record import Line, Record
from auditlog_cli.statistics import Group, Statistics
from tests.conftest import Result
from tests.index.asking import build
from tests.index.lines import HOSTILE
from tests.logs import line, record, write

ODD_MEASURES = [
    line(record(session_id=f"s{number}", agent__id=agent, action=action))
    for number, (agent, action) in enumerate([
        ("planner", {"tool": "pay", "latency_ms": 12.5, "result_status": "success"}),
        ("planner", {"tool": "pay", "latency_ms": -3, "result_status": "timeout"}),
        ("planner", {"tool": "pay", "latency_ms": True, "result_status": "blocked", "type": "approval"}),
        ("planner", {"tool": "pay", "latency_ms": 1, "phase": "start", "result_status": "denied"}),
        ("coder", {"tool": "pay", "latency_ms": [3], "result_status": ["error"]}),
        ("coder", {"tool": ["pay"], "latency_ms": 1e14, "result_status": "error"}),
        ("coder", {"tool": "", "latency_ms": 1e15, "phase": 7, "type": {}}),
        ("(none)", {"tool": "(none)", "latency_ms": 0, "result_status": None}),
        ("[withheld]", {"tool": {"_redacted": "0" * 64}, "latency_ms": 99999999999999999999}),
        ("", {}), ("planner", {"latency_ms": 0.001}), ("é", {"tool": "é", "latency_ms": 30000}),
    ])
]  # fmt: skip
NAMED = [
    line(record(user__id="ann", user__name="ann", agent__id="a", agent__name="b")),
    line(record(user__id="ann", user__name="bob", agent__id="b", agent__name="a")),
    line(record(user__id="bob", user__email="ann", agent__id="b", agent__name="b")),
]
LINES = [*HOSTILE, *ODD_MEASURES, *NAMED]
Cli = Callable[..., Result]
PATHS = sorted(counting.PATHS)


def both_ways(cli: Cli, path: Path, *words: str) -> str:
    """What is printed, the same by the index and without."""
    found = cli("stats", path, *words)
    plain = cli("stats", path, *words, "--no-index")
    assert (found.raw, found.err, found.code) == (plain.raw, plain.err, plain.code)
    return found.out


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(LINES), max_size=60),
    st.lists(st.sampled_from(PATHS), min_size=1, max_size=3, unique=True),
    st.sampled_from(["0", "1", "3", "10"]),
    st.integers(0, 60),
    st.sampled_from([0, 2, 4096]),
)
def test_hostile_lines_are_counted_alike(
    small: None, cli: Cli, tmp_path_factory: pytest.TempPathFactory, raws: list[bytes], by: list[str], top: str,
    later: int, few: int,
) -> None:  # fmt: skip
    path = write(tmp_path_factory.mktemp("count") / "log.jsonl", line(record()), *raws[:later])
    build(path)
    with path.open("ab") as file:
        file.writelines(raw + b"\n" for raw in raws[later:])
    before = statistics.FEW
    statistics.FEW = few
    try:
        words = [word for each in by for word in ("--by", each)]
        both_ways(cli, path, *words, "--top", top)
        both_ways(cli, path, *words, "--top", top, "--format", "json")
    finally:
        statistics.FEW = before


@pytest.mark.parametrize("raw", LINES)
def test_the_measures_of_a_line_are_those_of_the_slow_twin(raw: bytes) -> None:
    item = decode(Line(raw))
    if not isinstance(item, Record):
        return
    group = Group()
    group.add(item.content)
    found = measures.of(item.content)
    assert (bool(found & measures.CALL), bool(found & measures.ERROR), bool(found & measures.DENIED)) == (
        bool(group.calls), bool(group.errors), bool(group.refused))  # fmt: skip
    assert bool(found & measures.LATENCY) == bool(group.latencies.count)
    assert found < 1 << 15


def test_the_last_bucket_of_all_has_room() -> None:
    assert statistics.bucket_of(1e15) < measures.LATENCY


def plain_log(tmp_path: Path) -> Path:
    """A log in which agents take turns, with an index."""
    lines = [line(record(agent__id=f"agent_{number % 3}", action__latency_ms=number)) for number in range(60)]
    path = write(tmp_path / "log.jsonl", *lines)
    build(path)
    return path


def edited_log(tmp_path: Path) -> tuple[Path, int]:
    """One that was indexed, changed in the middle and grew since; and its size when it was indexed."""
    path = plain_log(tmp_path)
    whole = path.read_bytes()
    with path.open("r+b") as file:
        file.seek(whole.index(b"agent_1", len(whole) // 2 + 700))
        file.write(b"agent_9")
        file.seek(0, os.SEEK_END)
        file.write(line(record(agent__id="agent_0")) + b"\n")
    return path, len(whole)


def asked(path: Path, *by: str) -> tuple[Statistics | None, list[str], Counts]:
    """What the index alone says."""
    counts, said = Counts(), list[str]()
    found = breakdown.counted(
        [str(path)], by or ("agent.id",), 10, counts=counts, on_bad=lambda _: None, say=said.append
    )
    return found, said, counts


def test_a_count_reads_few_records_and_adds_up(small: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = plain_log(tmp_path)
    monkeypatch.setattr(statistics, "FEW", 4)
    read: list[Line] = []
    decoded = counting.decoders.decode
    monkeypatch.setattr(counting.decoders, "decode", lambda each: (read.append(each), decoded(each))[1])
    found, _, counts = asked(path)
    assert found is not None
    assert {name: group.records for name, group in found.groups["agent.id"].items()} == {
        "agent_0": 20, "agent_1": 20, "agent_2": 20}  # fmt: skip
    assert (counts.read, counts.selected) == (60, 60)
    assert len(read) == 6  # those with the longest latency of each


def test_a_value_changed_in_the_middle_of_a_log_that_grew_is_counted_as_it_is_now(
    small: None, cli: Cli, tmp_path: Path
) -> None:
    path, _ = edited_log(tmp_path)
    assert "agent_9" in both_ways(cli, path, "--by", "agent.id")
    build(path)  # what is kept of it is not taken for what was looked at
    assert "agent_9" in both_ways(cli, path, "--by", "agent.id")


def test_a_log_that_only_grew_is_counted_from_what_was_indexed(small: None, tmp_path: Path) -> None:
    path = plain_log(tmp_path)
    with path.open("ab") as file:
        file.write(line(record(agent__id="agent_7")) + b"\n")
    found, said, counts = asked(path)
    assert found is not None and found.groups["agent.id"]["agent_7"].records == 1 and not said
    assert counts.read == 61


@pytest.mark.parametrize("keep", [0.3, 0.6, 0.9])
def test_a_damaged_index_is_not_counted_from(small: None, cli: Cli, tmp_path: Path, keep: float) -> None:
    path = plain_log(tmp_path)
    index = Path(f"{path}.index")
    data = bytearray(index.read_bytes())
    for place in range(int(len(data) * keep), len(data), 97):
        data[place] ^= 1
    index.write_bytes(data)
    both_ways(cli, path, "--by", "agent.id")


def test_groups_beyond_the_first_are_only_counted(small: None, cli: Cli, tmp_path: Path) -> None:
    path = write(tmp_path / "log.jsonl", *(line(record(session_id=f"s{n % 9}")) for n in range(50)))
    build(path)
    assert "and 7 more" in both_ways(cli, path, "--by", "session_id", "--top", "2")


def test_more_groups_than_are_told_apart_are_counted_by_a_scan(
    small: None, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "log.jsonl", *(line(record(session_id=f"s{n}")) for n in range(30)))
    build(path)
    monkeypatch.setattr(statistics, "MOST_VALUES", 5)
    assert "(other)" in both_ways(cli, path, "--by", "session_id")
    monkeypatch.setattr(statistics, "MOST_VALUES", 100)
    monkeypatch.setattr(counting, "_MOST_GROUPS", 5)
    both_ways(cli, path, "--by", "session_id")


def test_several_logs_are_counted_together(small: None, cli: Cli, tmp_path: Path) -> None:
    first = plain_log(tmp_path)
    second = write(tmp_path / "two.jsonl", *(line(record(agent__id=f"agent_{n % 4}")) for n in range(40)))
    build(second)
    found = cli("stats", first, second, "--by", "agent.id")
    plain = cli("stats", first, second, "--by", "agent.id", "--no-index")
    assert (found.raw, found.err, found.code) == (plain.raw, plain.err, plain.code)
    assert "agent_3" in found.out


def test_a_segment_edited_before_it_was_closed_is_indexed_anew(small: None, cli: Cli, tmp_path: Path) -> None:
    path, size = edited_log(tmp_path)
    build(path)  # it looks as it did at five places
    path.rename(segments.closed_name(str(path), 0))
    write(path, line(record(agent__id="agent_0")))
    again = build(path)
    assert again is not None and again.read > size
    found, said, _ = asked(path)
    assert found is not None and found.groups["agent.id"]["agent_9"].records == 1 and not said
    assert "agent_9" in both_ways(cli, path, "--by", "agent.id")


@pytest.mark.parametrize("by", ["agent.id", "user.name", "session_id"])
def test_a_flipped_bit_anywhere_never_changes_a_count(small: None, cli: Cli, tmp_path: Path, by: str) -> None:
    path = write(tmp_path / "log.jsonl", *LINES)
    build(path)
    index = Path(f"{path}.index")
    whole = index.read_bytes()
    plain = cli("stats", path, "--by", by, "--no-index")
    for at in range(0, len(whole), len(whole) // 150):
        index.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1 :])
        found = cli("stats", path, "--by", by)
        assert (found.raw, found.err, found.code) == (plain.raw, plain.err, plain.code)


def test_an_index_that_names_the_wrong_lines_is_not_counted_from(
    small: None, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sums that fit, and lines of somebody else: what is read back tells."""
    path = write(tmp_path / "log.jsonl", *(line(record(agent__id=f"agent_{n % 2}")) for n in range(40)))
    with monkeypatch.context() as forged:
        forged.setattr(
            "auditlog_cli.index.packing.digest", lambda value: keys.digest(value.translate({48: "1", 49: "0"}))
        )
        build(path)
    found, said, _ = asked(path)
    assert found is None and said == ["the indexes do not tell how many; the logs are scanned"]
    both_ways(cli, path, "--by", "agent.id")
