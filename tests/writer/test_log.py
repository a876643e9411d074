"""`AuditLog`: what an application sees when all is well, and what it is told when it asks for the wrong thing."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from auditlog_cli import times
from auditlog_cli.errors import AuditWriteError, TamperError, UsageError
from auditlog_cli.writer.log import AuditLog
from tests.writer.chain import files, stock, walk
from tests.writer.records import full, small

Open = Callable[..., AuditLog]


def test_twenty_appends_are_twenty_one_records_and_every_receipt_holds(path: Path, opened: Open) -> None:
    """The first row of the battery (integrity.md, 10.2): genesis and twenty records, each where its receipt says."""
    log = opened()
    receipts = [log.append(full(i)) for i in range(20)]
    log.close()
    found = walk(path)
    assert len(found.records) == 21
    assert [r.seq for r in receipts] == list(range(1, 21))
    assert all(found.has(receipt) for receipt in receipts)
    assert [r.status for r in receipts] == ["written"] * 20
    assert [r["user"]["id"] for r in found.callers] == [f"user_{i}" for i in range(20)]


def test_the_independent_checkers_agree(path: Path, opened: Open, shared: Path) -> None:
    """check.py and check.pl of the specification accept the log, and see the head that the receipt names."""
    log = opened()
    log.write_many([full(i) for i in range(30)])
    log.rotate()
    last = log.append({"text": "café 東京 \u2028", "user": {"id": "u"}})
    log.close()
    for checker in ("check.py", "check.pl"):
        done = stock(path, shared, checker)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(f"33 records, head {last.leaf}, root ")


def test_added_members_come_first_and_given_ones_keep_their_order(path: Path, opened: Open) -> None:
    """timestamp and record_id are added where they are missing, the time first; seq, prev and _salts close the line."""
    log = opened()
    before = times.now()
    for _ in range(12):  # the slow way first, the fast way later: the same members in the same order
        log.append({"b": 1, "a": 2})
        log.append({"timestamp": "2026-01-01T00:00:00Z", "b": 1})
        log.append({"b": 1, "record_id": "mine", "timestamp": "2026-01-01T00:00:00Z"})
    log.close()
    records = walk(path).callers
    for i in range(0, 36, 3):
        assert list(records[i]) == ["timestamp", "record_id", "b", "a", "seq", "prev", "_salts"]
        assert before <= records[i]["timestamp"] <= times.now()
        assert list(records[i + 1]) == ["timestamp", "record_id", "b", "seq", "prev", "_salts"]
        assert records[i + 1]["timestamp"] == "2026-01-01T00:00:00Z"
        assert list(records[i + 2])[:3] == ["b", "record_id", "timestamp"]
        assert records[i + 2]["record_id"] == "mine"
    assert len({record["record_id"] for record in records if record["record_id"] != "mine"}) == 24


def test_a_record_is_never_changed(opened: Open) -> None:
    """What the caller gives stays the caller's, also where names are reserved or masked."""
    log = opened(redact=["user.email"], source={"component": "c"})
    record = {"seq": 1, "user": {"email": "a@b", "id": "u"}, "n": [float("nan")]}
    before = repr(record)
    log.append(record)
    log.write_many([record, record])
    assert repr(record) == before


def test_reserved_names_are_renamed_and_the_receipt_says_so(path: Path, opened: Open) -> None:
    """`x_` in front until the name is free (integrity.md, 2.2)."""
    log = opened()
    receipt = log.append({"seq": 5, "prev": 1, "auditlog": {"type": "genesis"}, "m": {"_salts": [], "x__salts": 1}})
    log.close()
    assert receipt.renamed == ("/x_seq", "/x_prev", "/x_auditlog", "/m/x_x__salts")
    record = walk(path).callers[0]
    assert (record["x_seq"], record["x_prev"], record["x_auditlog"]) == (5, 1, {"type": "genesis"})
    assert record["m"] == {"x_x__salts": [], "x__salts": 1}


def test_a_batch_is_one_write_and_gives_receipts_in_order(path: Path, opened: Open, monkeypatch: object) -> None:
    """write_many appends all its lines with one call of write."""
    log = opened()
    calls = []
    real = os.write
    pytest.MonkeyPatch.context
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "write", lambda fd, data: (calls.append(len(data)), real(fd, data))[1])
        receipts = log.write_many(small(i) for i in range(1000))
    log.close()
    assert len(calls) == 1
    found = walk(path)
    assert [r.seq for r in receipts] == list(range(1, 1001))
    assert all(found.has(receipt) for receipt in receipts)
    assert log.write_many([]) == []


def test_a_batch_with_one_impossible_record_writes_nothing(path: Path, opened: Open) -> None:
    """All or nothing: the third is no mapping, so the first two are not written either."""
    log = opened()
    before = path.read_bytes()
    with pytest.raises(AuditWriteError, match="mapping"):
        log.write_many([small(1), small(2), 3, small(4)])  # type: ignore[list-item]
    assert path.read_bytes() == before
    log.append(small(5))
    assert len(walk(path).callers) == 1


@pytest.mark.parametrize("record", [None, 1, "text", [1], [("a", 1)], b"{}"])
def test_what_is_no_mapping_is_refused(opened: Open, record: object) -> None:
    """A record is a mapping; nothing else is guessed into one."""
    with pytest.raises(AuditWriteError, match="a record is a mapping"):
        opened().append(record)  # type: ignore[arg-type]


def test_files_and_folders_are_the_owners_alone(path: Path, opened: Open) -> None:
    """Mode 0600 and 0700: salts are as secret as the values beside them (integrity.md, 2.1)."""
    log = opened(ballast_bytes=4096)
    log.append({"big": "x" * (1 << 20)})
    log.append(small())
    log.rotate()
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    blobs = path.parent / "audit.blobs"
    assert stat.S_IMODE(blobs.stat().st_mode) == 0o700
    names = [p for p in path.parent.rglob("*") if p.is_file()]
    assert {stat.S_IMODE(p.stat().st_mode) for p in names} == {0o600}
    assert sorted(p.name for p in names if p.parent == path.parent) == [
        "audit.000000000000.jsonl", "audit.jsonl", "audit.jsonl.ballast", "audit.jsonl.lock",
    ]  # fmt: skip
    assert (path.parent / "audit.jsonl.lock").read_bytes() == b""


def test_reopening_goes_on_where_the_log_ended(path: Path, opened: Open) -> None:
    """Number, leaf, origin and policy come from the file; there is one genesis."""
    policy = {"base": "default/1", "plain": ["/ticket"]}
    log = opened(policy=policy, origin="example.org/log", heartbeat_s=60)
    log.append({"ticket": "T", "x": 1})
    log.close()
    again = opened()
    assert (again.origin, again.place[0]) == ("example.org/log", 2)
    receipt = again.append({"ticket": "T", "x": 1})
    again.close()
    found = walk(path)
    assert receipt.seq == 2
    assert found.own("genesis")[0]["policy"] == policy
    assert found.own("genesis")[0]["heartbeat_s"] == 60
    assert [len(seal.spans) for seal in found.seals[1:]] == [1, 1], "the policy of the log holds, not the default"


def test_another_policy_or_origin_than_the_logs_is_refused(path: Path, opened: Open) -> None:
    """They are chosen once; the call is wrong, and nothing is written."""
    opened(origin="a").close()
    before = path.read_bytes()
    with pytest.raises(UsageError, match="another origin"):
        opened(origin="b")
    with pytest.raises(UsageError, match="another policy"):
        opened(policy={"base": "default/1", "plain": ["/x"]})
    assert path.read_bytes() == before
    opened(origin="a", policy="default/1").close()


def test_a_new_heartbeat_is_promised_from_the_next_segment_on(path: Path, opened: Open) -> None:
    """heartbeat_s may change: the rotate record says it."""
    opened(heartbeat_s=60).append(small())
    log = opened(heartbeat_s=30)
    log.rotate()
    found = walk(path)
    assert (found.own("genesis")[0]["heartbeat_s"], found.own("rotate")[0]["heartbeat_s"]) == (60, 30)


@pytest.mark.parametrize(
    "options",
    [{"fsync": "sometimes"}, {"on_error": "ignore"}, {"on_error": "fallback"}, {"policy": "default/9"},
     {"policy": {"base": "default/1", "plain": ["x"]}}, {"origin": "with space"}, {"origin": ""}, {"origin": "x" * 201},
     {"lock_timeout_s": -1}, {"interval_s": float("nan")}, {"max_bytes": -1}, {"max_age_s": -1},
     {"lock_timeout_s": 1e300}, {"redact": [""]}, {"redact": [7]}, {"redact": "user..email"}],
)  # fmt: skip
def test_wrong_arguments_are_usage_errors_and_create_nothing(
    path: Path, opened: Open, options: dict[str, object]
) -> None:
    """What cannot be meant is refused before anything is written."""
    with pytest.raises(UsageError):
        opened(**options)
    assert not path.exists()


def test_the_log_cannot_be_its_own_fallback(path: Path, opened: Open) -> None:
    """Nor a closed segment the log."""
    with pytest.raises(UsageError, match="own fallback"):
        opened(fallback=path)
    with pytest.raises(UsageError, match="closed segment"):
        opened(path.with_name("audit.000000000000.jsonl"))


def test_default_origin_names_host_and_log(path: Path, opened: Open) -> None:
    """`<host>/<log name>/<8 random hex>`, 1 to 200 of the allowed characters, other for every log."""
    import re

    first, second = opened().origin, opened(path.with_name(f"{'ä b' * 200}.jsonl"[-100:])).origin
    assert re.fullmatch(r"[A-Za-z0-9._/-]+/audit/[0-9a-f]{8}", first)
    assert re.fullmatch(r"[A-Za-z0-9._/-]{1,200}", second)


def test_a_closed_log_takes_nothing(path: Path, opened: Open) -> None:
    """After close: append, rotate and sync raise; close does nothing."""
    log = opened()
    log.close()
    log.close()
    for call in (lambda: log.append(small()), lambda: log.write_many([small()]), log.rotate, log.sync):
        with pytest.raises(AuditWriteError, match="was closed"):
            call()
    assert len(walk(path).records) == 1


def test_the_context_manager_closes(path: Path) -> None:
    """With an exception under way, too."""
    with pytest.raises(KeyError), AuditLog(path) as log:  # noqa: PT012
        log.append(small())
        raise KeyError
    with pytest.raises(AuditWriteError, match="was closed"):
        log.append(small())
    assert len(walk(path).callers) == 1


def test_a_forgotten_log_is_closed_and_named(path: Path) -> None:
    """Dropping the last reference closes the descriptors at once, with a ResourceWarning as for files."""
    before = len(os.listdir("/proc/self/fd"))
    log = AuditLog(path, fsync="interval")
    log.append(small())
    with pytest.warns(ResourceWarning, match="unclosed AuditLog"):
        del log
    assert len(os.listdir("/proc/self/fd")) == before


def test_closing_gives_every_descriptor_back(path: Path) -> None:
    """After rotations, re-opening and closing no descriptor stays open."""
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        with AuditLog(path, fsync="always", max_bytes=2000) as log:
            for i in range(20):
                log.append(small(i))
    assert len(os.listdir("/proc/self/fd")) == before


def test_status_tells_what_is_known(path: Path, opened: Open) -> None:
    """For a health check: numbers that add up, and no failure."""
    log = opened()
    log.append(small())
    log.write_many([small(), small()])
    status = log.status
    assert status["path"] == str(path)
    assert (status["next_seq"], status["written"], status["not_written"], status["failed"]) == (4, 3, 0, None)
    json.dumps(status)
    assert log.head == walk(path).seals[-1].leaf
    assert repr(log) == f"AuditLog('{path}')"


def test_a_link_leads_to_the_same_log(path: Path, opened: Open, tmp_path: Path) -> None:
    """Two names of one file are one log with one lock."""
    first = opened()
    link = tmp_path / "link.jsonl"
    link.symlink_to(path)
    second = opened(link)
    for i in range(5):
        first.append(small(i, "a"))
        second.append(small(i, "b"))
    assert len(walk(path).callers) == 10
    assert not (tmp_path / "link.jsonl.lock").exists()


def test_a_new_log_is_begun_only_where_none_was(path: Path, opened: Open) -> None:
    """With a checkpoint or a stub, but no segment, records are missing: TamperError, and nothing is created."""
    path.parent.mkdir()
    for name in ("audit.jsonl.checkpoint", "audit.pruned.json"):
        (path.parent / name).write_text("x")
        with pytest.raises(TamperError, match=name):
            opened()
        path.touch()  # an empty file is no log either
        with pytest.raises(TamperError, match=name):
            opened()
        assert path.read_bytes() == b""
        path.unlink()
        (path.parent / name).unlink()
    opened()
    assert len(walk(path).records) == 1


def test_an_empty_file_becomes_a_log(path: Path, opened: Open) -> None:
    """A writer killed between creating the file and writing genesis leaves one."""
    path.parent.mkdir()
    path.touch()
    opened().append(small())
    assert len(walk(path).records) == 2


@pytest.mark.parametrize(
    "content",
    [b'{"ts":1.0,"event_type":"x","payload":{}}\n', b'{"ts":1.0}', b'{"a":1}\n{"a":2}\n', b'junk\n{"a":1}\n',
     b'{"a":1}\n' * 300_000, b'{"a":1}\njunk', b'{"timestamp":"t","seq":0,"prev":"","_salts":[]}\n'],
    ids=["tutorial", "no-lf", "two", "junk-first", "large", "junk-last", "looks-sealed"],
)  # fmt: skip
def test_a_file_of_somebodys_lines_is_refused_and_stays_as_it_is(path: Path, opened: Open, content: bytes) -> None:
    """Foreign JSON lines are never cut off, and nothing is appended to them."""
    path.parent.mkdir()
    path.write_bytes(content)
    for _ in range(2):
        with pytest.raises(AuditWriteError, match="not sealed") as caught:
            opened()
    assert path.read_bytes() == content
    assert "tutorial" not in str(caught.value)
    assert "event_type" not in str(caught.value)


def test_a_log_of_the_future_is_refused(path: Path, opened: Open) -> None:
    """A format that this version does not know is not appended to."""
    from auditlog_cli.sealing import line, policy
    from auditlog_cli.writer import ids, own

    record = own.record("genesis", format="auditlog/2", origin="o", policy="default/1")
    path.parent.mkdir()
    path.write_bytes(line.prepare(record, policy.OWN, ids.salts).close(0, "0" * 64)[0])
    before = path.read_bytes()
    with pytest.raises(AuditWriteError, match="format"):
        opened()
    assert path.read_bytes() == before


@pytest.mark.parametrize("kind", ["folder", "fifo", "device"])
def test_only_a_regular_file_can_be_a_log(path: Path, opened: Open, kind: str) -> None:
    """A folder, a pipe, a device: refused at once, without waiting and without creating a lock file."""
    path.parent.mkdir()
    if kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/null")
    with pytest.raises(AuditWriteError, match="not a regular file"):
        opened()
    assert [p.name for p in path.parent.iterdir()] == ["audit.jsonl"]


def test_appending_does_the_same_whatever_the_size_of_the_log(
    tmp_path: Path, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same calls of the system behind 10 records as behind 20,000, and no record is read (10.2)."""
    small_log = opened(tmp_path / "s" / "s.jsonl")
    large_log = opened(tmp_path / "l" / "l.jsonl")
    large_log.write_many([full(i) for i in range(20_000)])

    called: list[str] = []

    def watched(name: str, real: Callable[..., object]) -> Callable[..., object]:
        return lambda *args, **options: (called.append(name), real(*args, **options))[1]

    for name in ("open", "stat", "fstat", "read", "pread", "preadv", "lseek", "write", "writev", "listdir", "scandir"):
        monkeypatch.setattr(os, name, watched(name, getattr(os, name)))

    def calls_of(log: AuditLog) -> list[str]:
        called.clear()
        for i in range(50):
            log.append(full(i))
        return [*called]

    calls = calls_of(large_log)
    assert calls == calls_of(small_log)
    assert calls.count("write") == 50
    assert not {"open", "read", "pread", "listdir", "scandir"} & {*calls}


def test_opening_reads_the_end_only(path: Path, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening a large log reads a few blocks, whatever its size."""
    log = opened()
    log.write_many([full(i) for i in range(5000)])
    log.close()
    read = []
    real = os.pread
    monkeypatch.setattr(os, "pread", lambda fd, n, at: (read.append(n), real(fd, n, at))[1])
    again = opened()
    assert sum(read) <= 20_000
    again.append(small())
    assert sum(read) <= 20_000


def test_lines_split_at_lf_only(path: Path, opened: Open) -> None:
    """U+2028, U+0085, CR and form feed inside texts neither break a line nor the next append."""
    opened().append({"text": "a\u2028b\u0085c\rd\x0ce\x1cf", "user": {"id": "u"}})
    opened().append(small())
    assert len(walk(path).records) == 3
    assert len(files(path)) == 1


CYCLES = """
import sys
from auditlog_cli import AuditLog
inside, both = {}, []
inside["me"] = inside
both += [both, both, {"x": both}]
with AuditLog(sys.argv[1]) as log:
    print(log.append({"user": {"id": "u"}, "metadata": inside}).replaced)
    print(log.append({"metadata": {"both": both}}).replaced[:1])
    with log.session(user="u", agent="a", scopes=[]) as s, s.tool("look", {"at": inside}) as t:
        t.result(both)
"""


def test_what_holds_itself_is_written_and_ends(path: Path) -> None:
    """In a process of its own, which would never end otherwise: the cycle is cut where it begins again."""
    done = subprocess.run(
        [sys.executable, "-c", CYCLES, str(path)], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.splitlines() == ["('/metadata/me',)", "('/metadata/both/0',)"]
    assert len(walk(path).records) == 7
