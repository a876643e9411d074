"""The byte search, and its slow twin that parses every line: they must select the same."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli import parallel, pipeline
from auditlog_cli.counts import Counts
from auditlog_cli.record import Line
from auditlog_cli.selection import select_by
from auditlog_cli.sources import scan
from auditlog_cli.strictjson import needle
from tests.logs import agentaudit, line, record, tutorial, write


def both_ways(path: Path, **words: object) -> tuple[list[bytes], Counts]:
    """What the search selects; checked against parsing every line."""
    chosen = select_by(**words)  # type: ignore[arg-type]
    fast, slow = Counts(), Counts()
    found = [item.line.raw for item, wanted in pipeline.judged([str(path)], chosen, counts=fast) if wanted]
    twin = [item.line.raw for item, wanted in pipeline.judged([str(path)], chosen, counts=slow, search=False) if wanted]
    assert found == twin
    for counts in (fast, slow):
        assert counts.read == counts.selected + counts.passed + counts.own + counts.bad
    assert (fast.read, fast.selected) == (slow.read, slow.selected)
    return found, fast


def escaped(content: dict[str, object]) -> bytes:
    """A record with every letter escaped: legal JSON that nobody writes, but somebody may."""
    text = json.dumps(content)
    return (
        "".join(f"\\u{ord(c):04x}" if c.isalnum() and c not in "0123456789" else c for c in text)
        .encode()
        .replace(b"\\u0074\\u0072\\u0075\\u0065", b"true")
    )


HOSTILE = [
    line(record(session_id="sess_abc")), line(record(session_id="sess_xyz")), line(record(session_id="SESS_ABC")),
    line(record(metadata={"note": 'not "session_id":"sess_abc" but a text'})), b'{"session_id":"sess_abc"', b"sess_abc",
    b"", b"\x00\xff", line(record(session_id="pre sess_abc post")), b'{"session_id":"sess\\u005fabc","action":{}}',
    b'{"\\u0073ession_id":"sess_abc","action":{}}', b'{"session_id":"sess_abc","session_id":"x","action":{}}',
    tutorial("tool_call", tool="pay", session_id="sess_abc"), agentaudit("x", agentId="sess_abc", prompt="p"),
    b'{ "session_id" : "sess_abc", "action" : {} }', b'["sess_abc"]', b'{"session_id":["sess_abc"],"action":{}}',
]  # fmt: skip


@given(st.lists(st.sampled_from(HOSTILE), max_size=30), st.booleans())
def test_hostile_lines_are_selected_alike(
    tmp_path_factory: pytest.TempPathFactory, raws: list[bytes], ended: bool
) -> None:
    path = tmp_path_factory.mktemp("scan") / "log.jsonl"
    path.write_bytes(b"\n".join(raws) + (b"\n" if ended else b""))
    if path.stat().st_size:
        both_ways(path, session=["sess_abc"])
        both_ways(path, session=["sess_*"], agent=["sess_abc", "agent_planner"])
        both_ways(path, where=['session_id == "sess_abc" or agent.id == agent_planner'])


@pytest.mark.parametrize("size", [1, 64, 4096])
def test_whatever_the_block_the_lines_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(scan, "_BLOCK", size)
    path = write(tmp_path / "log.jsonl", *(record(session_id=f"sess_{n % 7}") for n in range(200)))
    found, counts = both_ways(path, session=["sess_3"])
    assert len(found) == 28 or len(found) == 29
    assert counts.read == 200
    assert counts.unparsed > 150


def test_several_processes_find_what_one_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ranges are cut at line ends; the order and the line numbers are those of the file."""
    path = write(tmp_path / "log.jsonl", *(record(session_id=f"sess_{n % 50}", n=n) for n in range(3000)))
    alone, together = Counts(), Counts()
    one = list(scan.candidates(str(path), [b"sess_17"], alone))
    monkeypatch.setattr(scan, "_WORTH_A_PROCESS", 100_000)
    monkeypatch.setattr(parallel, "cores", lambda: 5)
    many = list(scan.candidates(str(path), [b"sess_17"], together, processes=True))
    assert [(l.raw, l.number, l.offset) for l in one] == [(l.raw, l.number, l.offset) for l in many]  # type: ignore[union-attr]  # noqa: E741
    assert str(alone) == str(together)
    assert [l.number for l in many][:2] == [18, 68]  # type: ignore[union-attr]  # noqa: E741


def test_a_process_that_gives_up_costs_time_and_no_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With too many hits to hold, or killed: its range is searched by the parent."""
    path = write(tmp_path / "log.jsonl", *(record(session_id="sess_17") for _ in range(2000)))
    monkeypatch.setattr(scan, "_WORTH_A_PROCESS", 100_000)
    monkeypatch.setattr(scan, "_MANY", 10)
    monkeypatch.setattr(parallel, "cores", lambda: 3)
    counts = Counts()
    assert len(list(scan.candidates(str(path), [b"sess_17"], counts, processes=True))) == 2000
    assert counts.read == 2000


def test_no_process_is_left_behind_by_a_reader_that_stops_early(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "log.jsonl", *(record(session_id="sess_17") for _ in range(2000)))
    monkeypatch.setattr(scan, "_WORTH_A_PROCESS", 100_000)
    monkeypatch.setattr(parallel, "cores", lambda: 3)
    lines = scan.candidates(str(path), [b"sess_17"], Counts(), processes=True)
    next(iter(lines))
    lines.close()  # type: ignore[attr-defined]
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_a_line_longer_than_any_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "_BLOCK", 64)
    monkeypatch.setattr(scan, "MAX_LINE", 20_000)
    long = record(session_id="sess_long", metadata={"text": "x" * 10_000})
    path = write(tmp_path / "log.jsonl", record(), long, b"y" * 90_000, record(session_id="sess_long"))
    counts = Counts()
    found = list(scan.candidates(str(path), [b"sess_long"], counts))
    assert [type(each).__name__ for each in found] == ["Line", "BadLine", "Line"]
    assert counts.read == 4


def test_compressed_logs_are_searched_too(tmp_path: Path) -> None:
    import gzip

    path = tmp_path / "log.jsonl.gz"
    path.write_bytes(gzip.compress(b"".join(line(record(session_id=f"sess_{n}")) + b"\n" for n in range(50))))
    found, counts = both_ways(path, session=["sess_7"])
    assert len(found) == 1
    assert counts.unparsed >= 40


NEEDLES = [("sess_01", b"sess_01"), ("a*b_long*c", b"b_long"), ("é", None), ("ab", None), ("12.50", None), ("1e5", None),
           ("12345", b"12345"), ("x/y/zzz", b"zzz"), ('q"uote', b"uote"), ("", None), ("ann@example.org", b"ann@example.org")]  # fmt: skip


@pytest.mark.parametrize(("value", "found"), NEEDLES)
def test_a_needle_is_what_stands_in_the_line_as_it_is(value: str, found: bytes | None) -> None:
    assert needle(value) == found


@given(st.text(min_size=1, max_size=20))
def test_a_needle_is_in_every_encoding_of_its_value(value: str) -> None:
    """By json (ASCII or not) and by orjson, which are all there are in practice."""
    import orjson

    piece = needle(value.replace("*", "").replace("?", ""))
    value = value.replace("*", "").replace("?", "")
    if piece is None:
        return
    assert piece in json.dumps(value).encode()
    assert piece in orjson.dumps(value.encode("utf-8", "replace").decode())


def test_the_real_data_is_selected_alike(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids out of the shared logs, found both ways in every file."""
    monkeypatch.setattr("auditlog_cli.times.now", lambda: "2026-06-02T00:00:00.000000Z")  # of sources without times
    for path in sorted((shared / "data").rglob("*.jsonl"))[:60]:
        chosen: list[str] = []
        for item in pipeline.read([str(path)]):
            content = getattr(item, "content", {})
            if isinstance(content.get("session_id"), str):
                chosen.append(content["session_id"])
        for session in sorted(set(chosen))[:3]:
            both_ways(path, session=[session])


def test_lines_keep_their_bytes(tmp_path: Path) -> None:
    """What is found is the line as it stands, odd spacing and all."""
    odd = b'{ "session_id" :  "sess_abc" , "action" : {}, "n": 1.50 }'
    path = write(tmp_path / "log.jsonl", odd)
    assert [each.raw for each in scan.candidates(str(path), [b"sess_abc"], Counts()) if isinstance(each, Line)] == [odd]
