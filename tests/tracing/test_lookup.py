"""What an id means: exact before prefix, trace before session before span; where the log is, makes no difference."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from auditlog_cli import lookup
from auditlog_cli.counts import Counts
from auditlog_cli.errors import InputError, UsageError
from auditlog_cli.queries import trace, traces
from auditlog_cli.tracing.search import Ambiguous
from tests.logs import line, record, tutorial, write
from tests.tracing import runs


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Three runs in one log, their records mixed."""
    other = [
        each | {"trace_id": "trace_reform", "session_id": "sess_other", "span_id": f"o-{n}"}
        for n, each in enumerate(runs.broken()[:4])
    ]
    mixed = [*runs.five_agents()]
    for place, each in enumerate(other + runs.tutorial_log()):
        mixed.insert(place * 2, each)  # type: ignore[arg-type]
    return write(tmp_path / "audit.jsonl", *mixed)


def found(log: Path, wanted: str) -> tuple[str, str, str, int]:
    answer = lookup.find(lookup.Logs([str(log)]), wanted)
    return answer.kind, answer.id, answer.span, len(answer.records)


def test_each_kind_of_id(log: Path) -> None:
    assert found(log, "trace_refund") == ("trace", "trace_refund", "", 32)
    assert found(log, "sess_refund") == ("session", "sess_refund", "", 32)
    assert found(log, "s-transfer") == ("trace", "trace_refund", "s-transfer", 32)
    assert found(log, "req-71") == ("trace", "req-71", "", 8)


def test_a_prefix_as_in_git(log: Path) -> None:
    assert found(log, "trace_refu")[1] == "trace_refund"
    assert found(log, "s-transf") == ("trace", "trace_refund", "s-transfer", 32)
    with pytest.raises(Ambiguous) as caught:
        found(log, "trace_ref")
    assert [(each.id, each.kind, each.records) for each in caught.value.candidates] == [
        ("trace_reform", "trace", 4), ("trace_refund", "trace", 32),
    ]  # fmt: skip


def test_an_exact_id_is_no_prefix(tmp_path: Path) -> None:
    log = write(tmp_path / "a.jsonl", record(trace_id="t1"), record(trace_id="t1-b", session_id="t1-s"))
    assert found(log, "t1") == ("trace", "t1", "", 1)


def test_too_short_empty_and_unknown(log: Path) -> None:
    with pytest.raises(UsageError, match="too short"):
        found(log, "tra")
    with pytest.raises(UsageError, match="empty"):
        found(log, "")
    with pytest.raises(InputError, match="begins with 'trace_refnud'") as caught:
        found(log, "trace_refnud")
    assert "trace_refund" in caught.value.help


def test_a_span_id_of_two_traces_is_ambiguous(tmp_path: Path) -> None:
    log = write(tmp_path / "a.jsonl", record(trace_id="one"), record(trace_id="two"))
    with pytest.raises(Ambiguous) as caught:
        found(log, "span_1")
    assert [each.id for each in caught.value.candidates] == ["one", "two"]


def test_a_parent_that_is_not_in_the_logs_can_be_asked_for(tmp_path: Path) -> None:
    log = write(tmp_path / "a.jsonl", *runs.broken())
    assert found(log, "b-gone") == ("trace", "trace_broken", "b-gone", 24)


def test_records_without_a_trace_belong_to_their_session(tmp_path: Path) -> None:
    log = write(
        tmp_path / "a.jsonl", record(trace_id=None), record(trace_id=None, span_id="span_2"), record(session_id="x")
    )
    assert found(log, "sess_1") == ("session", "sess_1", "", 2)
    assert found(log, "span_2") == ("session", "sess_1", "span_2", 2)


def test_ids_that_json_may_write_in_several_ways(tmp_path: Path) -> None:
    """A byte search would miss an escape: such ids are looked for in every line, parsed."""
    id_ = "träce/“1”"
    log = write(tmp_path / "a.jsonl", json.dumps(record(trace_id=id_)).encode(), line(record(trace_id=id_)))
    assert found(log, id_)[3] == 2
    assert found(log, "träce")[3] == 2


def test_packed_logs_pipes_and_lines_give_the_same(log: Path, tmp_path: Path) -> None:
    packed = tmp_path / "packed.jsonl.gz"
    packed.write_bytes(gzip.compress(log.read_bytes()))
    assert found(packed, "s-transfer")[3] == 32
    lines = log.read_bytes().splitlines(keepends=True)
    assert len(trace(lines, "s-transfer").nodes) == len(trace(log, "s-transfer").nodes) == 18
    assert [each.id for each in traces(lines)] == [each.id for each in traces(log)]


@pytest.mark.parametrize("wanted", ["trace_refund", "trace_refu", "s-transfer", "s-transf", "sess_refund"])
def test_counts_add_up(log: Path, wanted: str) -> None:
    """read = selected + passed + own + bad, after one search or two."""
    with log.open("ab") as file:
        file.write(b'{"trace_id":"trace_refund","trace_id":1}\nnonsense s-transfer sess_refund\n')
    logs = lookup.Logs([str(log)])
    answer = lookup.find(logs, wanted)
    counts = logs.counts
    assert counts.selected == len(answer.records)
    assert counts.read == counts.selected + counts.passed + counts.own + counts.bad == 47


def test_a_session_is_one_tree_in_python_and_one_for_each_trace_on_the_screen(tmp_path: Path) -> None:
    log = write(tmp_path / "a.jsonl", *(record(trace_id=f"t{n}", span_id=f"s{n}") for n in range(3)))
    assert trace(log, "sess_1").tally.records == 3
    assert [each.id for each in lookup.find(lookup.Logs([str(log)]), "sess_1").trees()] == ["t0", "t1", "t2"]


# traces


def test_summaries_agree_with_the_trees(log: Path) -> None:
    """Two ways to the same numbers: one pass with little memory, and the trees."""
    listed = traces(log)
    assert [each.id for each in listed] == ["req-72", "req-71", "trace_refund", "trace_reform"]
    for each in listed:
        made = trace(log, each.id)
        tally = made.tally
        assert (each.records, each.calls, each.failed, each.denied, each.start, each.end) == (
            tally.records, tally.calls, tally.failed, tally.denied, made.start, made.end,
        ), each.id  # fmt: skip
    assert listed[2].user == "alice@example.org"
    assert listed[2].agents == ("planner", "researcher", "refunder", "payer", "auditor")


def test_a_trace_is_listed_whole_for_the_sake_of_one_record(log: Path) -> None:
    counts = Counts()
    (only,) = traces(log, status=["denied"], counts=counts)
    assert (only.id, only.records, counts.selected, counts.read) == ("trace_refund", 32, 1, 45)
    assert [each.id for each in traces(log, agent="payer")] == ["trace_refund"]
    assert traces(log, user="nobody") == []


def test_memory_grows_with_the_traces_not_with_the_records() -> None:
    import tracemalloc

    raw = line(record()) + b"\n"

    def peak(count: int) -> int:
        tracemalloc.start()
        assert traces(raw for _ in range(count))[0].records == count
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    peak(10)
    assert peak(5000) < peak(500) + 100_000


def test_who_is_withheld(tmp_path: Path) -> None:
    log = write(
        tmp_path / "a.jsonl", record(user={"_redacted": "0" * 64}), tutorial("tool_call", tool="x", request_id="r")
    )
    assert {each.id: each.user for each in traces(log)} == {"trace_1": None, "r": ""}
