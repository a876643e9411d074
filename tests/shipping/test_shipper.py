"""Every record reaches the receiver, once, whatever happens to the log or the receiver; or it is said why not."""

from __future__ import annotations

import fcntl
import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli import segments, times
from auditlog_cli.errors import AuditWriteError, UsageError
from auditlog_cli.exporters import _otlp
from auditlog_cli.retention import pruning
from auditlog_cli.shipping import cursors
from auditlog_cli.shipping.freight import Batches, Logs
from auditlog_cli.shipping.receiver import Manner
from auditlog_cli.shipping.receiver import Receiver as Client
from auditlog_cli.shipping.shipper import Shipper
from auditlog_cli.writer.log import AuditLog
from tests.conftest import Result
from tests.logs import record, write
from tests.otlpreceiver import Answer, Receiver

Cli = Callable[..., Result]


class Shipping:
    """A log, its cursor, and the command between them."""

    def __init__(self, folder: Path, receiver: Receiver, cli: Cli) -> None:
        self.log = folder / "audit.jsonl"
        self.cursor = folder / "state" / "cursor"
        self.cursor.parent.mkdir()
        self.receiver = receiver
        self._cli = cli
        self._made = 0

    def __call__(self, *words: object, log: Path | None = None) -> Result:
        return self._cli("ship", log or self.log, "--endpoint", self.receiver.url, "--cursor", self.cursor, *words)

    def append(self, count: int, **settings: Any) -> None:
        settings = {"origin": "test/log", "ballast_bytes": 0, "max_bytes": 4000} | settings
        with AuditLog(self.log, **settings) as log:
            for _ in range(count):
                self._made += 1
                log.append(record(record_id=None, action__arguments={"n": self._made}))

    def lines(self) -> list[dict[str, Any]]:
        """All lines of the log, oldest first."""
        files = [path for _, path in segments.closed(str(self.log))] + [str(self.log)]
        return [json.loads(line) for path in files for line in Path(path).read_bytes().splitlines()]

    def numbers(self) -> list[int]:
        return [each["seq"] for each in self.receiver.taken()]

    def place(self) -> dict[str, Any]:
        found = json.loads(self.cursor.read_bytes())
        assert list(found["logs"]) == [str(self.log)]
        return found["logs"][str(self.log)]


@pytest.fixture
def ship(tmp_path: Path, receiver: Receiver, cli: Cli) -> Shipping:
    return Shipping(tmp_path, receiver, cli)


def test_all_of_a_log_arrives_in_its_order_and_once(ship: Shipping) -> None:
    """The log's own records too: so the numbers that arrive have no gap."""
    ship.append(25)
    first = ship("--batch", "4")
    assert first.code == 0
    lines = ship.lines()
    assert len(segments.closed(str(ship.log))) > 2
    taken = ship.receiver.taken()
    assert taken == [{name: value for name, value in line.items() if name != "_salts"} for line in lines]
    assert f"{len(lines)} read: {len(lines)} sent, 0 sent before, 0 bad" in first.err
    assert (
        max(len(json.loads(came.body)["resourceLogs"][0]["scopeLogs"][0]["logRecords"]) for came in ship.receiver.came)
        == 4
    )
    assert b'"stringValue":"test/log"' in ship.receiver.came[0].body
    before = len(ship.receiver.came)
    assert ship("--once").code == 0
    assert len(ship.receiver.came) == before


def test_the_next_run_sends_what_was_added_whatever_was_rotated_and_compressed(ship: Shipping, cli: Cli) -> None:
    for count in (3, 30, 1, 30):
        ship.append(count)
        assert ship().code == 0
        assert cli("compress", ship.log).code == 0
    assert any(path.endswith(".zst") for _, path in segments.closed(str(ship.log)))
    assert ship.numbers() == list(range(len(ship.numbers())))
    assert ship.place()["seq"] == ship.numbers()[-1]


def test_closed_segments_before_the_cursor_are_not_read_again(ship: Shipping) -> None:
    ship.append(60)
    ship()
    told = ship()
    before = int(told.err.split(" sent before")[0].rpartition(" ")[2])
    assert 0 < before < len(ship.lines()) / 2


def test_a_pruned_log_goes_on_where_its_records_were_sent(ship: Shipping) -> None:
    ship.append(40)
    ship()
    plan = pruning.plan(str(ship.log), times.moment("2026-07-01T00:00:00Z") or 0)
    pruning.carry_out(plan, "old")
    assert len(segments.closed(str(ship.log))) < 2
    ship.append(1)
    assert ship().code == 0
    assert b'"stringValue":"test/log"' in ship.receiver.came[-1].body
    assert ship.numbers() == list(range(len(ship.numbers())))


def test_records_that_went_unsent_are_missed(ship: Shipping) -> None:
    ship.append(2)
    ship()
    there = ship.place()["seq"]
    ship.append(40)
    for _, path in segments.closed(str(ship.log))[:-1]:
        os.unlink(path)
    came = len(ship.receiver.came)
    told = ship()
    assert told.code == 3
    assert f"records {there + 1} to " in told.err
    assert "were not sent" in told.err
    assert len(ship.receiver.came) == came
    assert ship.place()["seq"] == there


def test_a_redaction_does_not_move_the_cursor(ship: Shipping, cli: Cli) -> None:
    """The leaves stay, so it is the same log; what was sent before is not taken back."""
    ship.append(10, max_bytes=1 << 20)
    ship()
    done = cli("redact", ship.log, "--fields", "user.email", "--by", "me", "--reason", "r", "--unsigned", "--yes")
    assert done.code == 0, done.err
    ship.append(2, max_bytes=1 << 20)
    assert ship().code == 0
    assert ship.numbers() == [each["seq"] for each in ship.lines()]
    assert ship.receiver.taken()[-1]["user"]["email"] == "ann@example.org"


@pytest.mark.parametrize("count", [5, 30])
def test_another_log_under_the_same_name_is_refused(ship: Shipping, count: int) -> None:
    ship.append(12)
    ship()
    place, came = ship.place(), len(ship.receiver.came)
    for path in ship.log.parent.glob("audit*"):
        path.unlink()
    ship.append(count)
    told = ship()
    assert told.code == 2
    assert "is not the log that this cursor is of" in told.err
    assert (ship.place(), len(ship.receiver.came)) == (place, came)


def test_a_cursor_of_another_log_is_refused_and_one_more_log_is_welcome(ship: Shipping, tmp_path: Path) -> None:
    ship.append(3)
    ship()
    other = write(tmp_path / "other.jsonl", record())
    told = ship(log=other)
    assert told.code == 2
    assert f"this cursor is of {ship.log}" in told.err
    assert ship(other).code == 0  # both are named
    assert len(json.loads(ship.cursor.read_bytes())["logs"]) == 2
    assert len(ship.receiver.taken()) == len(ship.lines()) + 1


def test_what_the_receiver_did_not_take_is_sent_again(ship: Shipping) -> None:
    """The cursor stands behind the last batch that was taken, not one record further."""
    ship.append(9, max_bytes=1 << 20)
    ship.receiver.answers = [Answer(), Answer(400, b'{"message":"no"}')]
    told = ship("--batch", "4")
    assert told.code == 5
    assert "answers 400: no" in told.err
    assert "4 sent" in told.err
    assert ship.place()["seq"] == 3
    assert ship("--batch", "4").code == 0
    assert ship.numbers() == [each["seq"] for each in ship.lines()]


def test_a_batch_that_was_taken_in_part_counts_as_not_sent(ship: Shipping) -> None:
    """Rather twice than never: its records have the same ids both times."""
    ship.append(3, max_bytes=1 << 20)
    ship.receiver.answers = [Answer(200, b'{"partialSuccess":{"rejectedLogRecords":"1","errorMessage":"too old"}}')]
    told = ship()
    assert told.code == 5
    assert "rejected 1 record: too old" in told.err
    assert not ship.cursor.exists()
    assert ship().code == 0
    ids = [each.get("record_id") for each in ship.receiver.taken()]
    assert len(ids) == 2 * len(ship.lines())
    assert len(set(ids)) == len(ship.lines())


def test_an_answer_that_could_not_be_noted_leads_to_a_repetition_that_can_be_told(
    ship: Shipping, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a kill between the answer and the cursor does: at least once, never less."""
    ship.append(5, max_bytes=1 << 20)
    monkeypatch.setattr(cursors.Cursor, "keep", lambda self, log, place: (_ for _ in ()).throw(AuditWriteError("full")))
    assert ship("--batch", "2").code == 5
    monkeypatch.undo()
    assert ship("--batch", "2").code == 0
    assert ship.numbers() == [0, 1, *(each["seq"] for each in ship.lines())]


def test_a_receiver_that_comes_back_is_waited_for(ship: Shipping) -> None:
    ship.append(2)
    ship.receiver.answers = [
        Answer(0),
        Answer(503, headers={"retry-after": "0"}),
        Answer(429, headers={"retry-after": "0"}),
    ]
    told = ship()
    assert told.code == 0
    assert told.err.count("trying again") == 3
    assert ship.numbers() == [each["seq"] for each in ship.lines()]


def test_a_log_that_nobody_sealed_is_resumed_by_its_bytes(ship: Shipping) -> None:
    lines = [record(action__arguments={"n": n}) for n in range(9)]
    write(ship.log, *lines[:4])
    assert ship("--batch", "3").code == 0
    write(ship.log, *lines)
    assert ship().code == 0
    assert ship.receiver.taken() == lines
    os.rename(ship.log, segments.closed_name(str(ship.log), 0))  # rotated, with the same words in the new one
    write(ship.log, *lines[:2])
    assert ship().code == 0
    assert ship.receiver.taken() == lines + lines[:2]


def test_a_log_that_nobody_sealed_and_that_was_rewritten_is_refused(ship: Shipping) -> None:
    write(ship.log, *(record(action__arguments={"n": n}) for n in range(4)))
    ship()
    write(ship.log, *(record(action__arguments={"n": n + (n == 1)}) for n in range(6)))
    told = ship()
    assert told.code == 2
    assert "or was rewritten since" in told.err
    assert len(ship.receiver.taken()) == 4


def test_an_unfinished_last_line_waits_for_its_end(ship: Shipping) -> None:
    whole = json.dumps(record()).encode()
    ship.log.write_bytes(whole + b"\n" + whole[:50])
    assert ship().code == 0
    ship.log.write_bytes(whole + b"\n" + whole + b"\n")
    assert ship().code == 0
    assert ship.receiver.taken() == [record(), record()]


@pytest.mark.parametrize("sealed", [True, False])
def test_a_line_that_cannot_be_sent_is_said_counted_and_passed(ship: Shipping, sealed: bool) -> None:
    if sealed:
        ship.append(3, max_bytes=1 << 20)
        lines = ship.log.read_bytes().splitlines(keepends=True)
        ship.log.write_bytes(b"".join([*lines[:2], b'{"action":{}}\n', b"no\n", *lines[2:]]))
    else:
        write(ship.log, record(), b"no", b"{}x", record())
    told = ship()
    assert told.code == 6
    assert "2 bad" in told.err
    assert told.err.count("bad line: ") == 2
    assert len(ship.receiver.taken()) == (4 if sealed else 2)
    again = ship()
    assert again.code == (6 if sealed else 0) or "0 sent," in again.err
    assert "0 sent," in again.err


def test_records_that_do_not_follow_each_other_are_not_sent(ship: Shipping) -> None:
    ship.append(6, max_bytes=1 << 20)
    lines = ship.log.read_bytes().splitlines(keepends=True)
    ship.log.write_bytes(b"".join(lines[:3] + lines[4:]))
    told = ship()
    assert told.code == 3
    assert "records 3 to 3 are not there any more" in told.err


def test_a_foreign_file_is_refused(ship: Shipping) -> None:
    from auditlog_cli.importers import otlp

    ship.log.write_bytes(otlp.SAMPLES[0])
    told = ship()
    assert told.code == 2
    assert "foreign format" in told.err
    assert ship.receiver.came == []


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "[]", "{}", '{"format":"auditlog-cursor/1","to":"otlp-logs"}',
        '{"format":"auditlog-cursor/1","to":"ecs","logs":{}}', '{"format":"auditlog-cursor/2","to":"otlp-logs","logs":{}}',
        '{"format":"auditlog-cursor/1","to":"otlp-logs","logs":{"x":1}}', "[" * 100_000,
    ],
)  # fmt: skip
def test_a_file_that_is_no_cursor_is_refused_and_stays(ship: Shipping, text: str) -> None:
    ship.append(1)
    ship.cursor.write_text(text)
    told = ship()
    assert told.code == 4
    assert "is no cursor of" in told.err
    assert ship.cursor.read_text() == text
    assert ship.receiver.came == []


@pytest.mark.parametrize("place", [{}, {"seq": -1, "leaf": "x"}, {"seq": "1", "leaf": "x"}, {"bytes": 0, "sha256": ""}])
def test_a_cursor_with_a_place_that_is_none_is_refused(ship: Shipping, place: dict[str, Any]) -> None:
    ship.append(1)
    logs = {str(ship.log): place}
    ship.cursor.write_text(json.dumps({"format": cursors.FORMAT, "to": "otlp-logs", "logs": logs}))
    assert ship().code == 2
    assert ship.receiver.came == []


def test_two_shippers_never_share_a_cursor(ship: Shipping) -> None:
    ship.append(1)
    with open(f"{ship.cursor}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        told = ship()
    assert told.code == 2
    assert "another `auditlog ship` uses this cursor" in told.err
    assert ship().code == 0


def test_what_is_missing_on_the_command_line_is_said(ship: Shipping, cli: Cli, tmp_path: Path) -> None:
    ship.append(1)
    assert cli("ship", ship.log, "--endpoint", "https://x").code == 2
    assert cli("ship", ship.log, "--cursor", "x").code == 2
    assert ship("--to", "csv").code == 2
    assert ship("--once", "--follow").code == 2
    assert ship(log=tmp_path / "none.jsonl").code == 3
    assert ship(log=Path("-")).code == 2
    assert ship.receiver.came == []


def test_a_cursor_that_cannot_be_written_stops_it_before_anything_is_sent(ship: Shipping) -> None:
    ship.append(1)
    ship.cursor = ship.cursor.parent / "none" / "cursor"
    told = ship()
    assert told.code == 5
    assert "nothing was sent" in told.err
    assert ship.receiver.came == []


def test_protobuf_is_shipped_too(ship: Shipping) -> None:
    pytest.importorskip("opentelemetry.proto")
    ship.append(3)
    ship.receiver.answers = [Answer(200, b"")] * 9
    assert ship("--protobuf", "--gzip", "--batch", "2").code == 0
    request = _otlp.message(_otlp.LOGS, "Request")
    found = [request.FromString(came.body).resource_logs[0].scope_logs[0].log_records for came in ship.receiver.came]
    assert sum(map(len, found)) == len(ship.lines())


def wait_until(done: Callable[[], bool]) -> None:
    reached = threading.Event()
    for _ in range(6000):
        if done() or reached.wait(0.01):
            return
    raise AssertionError("not within a minute")


@contextmanager
def following(ship: Shipping, path: Path) -> Iterator[list[BaseException]]:
    """Ship what `path` names, in a thread; gives what it failed of."""
    cursor = cursors.Cursor(str(ship.cursor), "otlp-logs")
    client = Client(ship.receiver.url, _otlp.LOGS, Manner(), print)
    shipper = Shipper([str(path)], cursor, Logs(client, Batches(7)), print, print)  # type: ignore[arg-type]
    over = threading.Event()
    failed: list[BaseException] = []

    def work() -> None:
        try:
            shipper.follow(stop=over.is_set)
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield failed
    finally:
        over.set()
        thread.join(60)
        shipper.close()
        cursor.close()


def test_it_follows_a_log_that_rotates_and_a_folder_that_grows(ship: Shipping, tmp_path: Path) -> None:
    """Everything that is written meanwhile arrives once, of a log that appears later as well."""
    ship.append(5)
    with following(ship, tmp_path / "audit*.jsonl") as failed:
        for _ in range(5):
            ship.append(8)
        write(tmp_path / "audit-late.jsonl", record(action__arguments={"n": "late"}))
        wait_until(lambda: bool(failed) or len(ship.receiver.taken()) >= len(ship.lines()) + 1)
    assert failed == []
    taken = ship.receiver.taken()
    assert [each["seq"] for each in taken if "seq" in each] == [each["seq"] for each in ship.lines()]
    assert [each["action"]["arguments"] for each in taken if "seq" not in each] == [{"n": "late"}]


def test_it_follows_a_log_that_is_redacted_and_compressed_meanwhile(ship: Shipping, cli: Cli) -> None:
    """Each time the files are put anew under its hands; every record arrives once all the same."""

    def caught_up() -> bool:
        last = json.loads(ship.log.read_bytes().splitlines()[-1])["seq"]
        return bool(failed) or (ship.cursor.exists() and ship.place()["seq"] >= last)

    ship.append(20)
    with following(ship, ship.log) as failed:
        for _ in range(3):
            wait_until(caught_up)
            words = ["--fields", "user.email", "--by", "me", "--reason", "r", "--unsigned", "--yes"]
            redacted = cli("redact", ship.log, *words)
            assert redacted.code == 0, redacted.err
            assert cli("compress", ship.log).code == 0
            ship.append(9)
        wait_until(caught_up)
    assert failed == []
    assert ship.numbers() == list(range(ship.place()["seq"] + 1))


@pytest.mark.parametrize("replaced", ["by an older state", "by an older state that grew", "by another log"])
def test_a_log_that_is_replaced_while_it_is_followed_stops_the_shipper(ship: Shipping, replaced: str) -> None:
    ship.append(6, max_bytes=1 << 20)
    older = b"".join(ship.log.read_bytes().splitlines(keepends=True)[:4])
    with following(ship, ship.log) as failed:
        wait_until(lambda: bool(failed) or (ship.cursor.exists() and ship.place()["seq"] == 6))
        ship.log.unlink()
        if replaced != "by another log":
            new = ship.log.with_name("new.jsonl")
            new.write_bytes(older)
            os.rename(new, ship.log)
        if replaced != "by an older state":
            ship.append(12, max_bytes=1 << 20)
        wait_until(lambda: bool(failed))
    assert isinstance(failed[0], UsageError)
    assert "is not the log that this cursor is of" in failed[0].message
    assert ship.numbers() == list(range(7))


@pytest.mark.parametrize("packed", [False, True])
def test_what_is_added_to_a_redacted_file_before_it_is_rotated_is_not_missed(
    ship: Shipping, cli: Cli, packed: bool
) -> None:
    """All of it between two looks at the log: the file that is open is none of the log's any more."""
    ship.append(4)
    cursor = cursors.Cursor(str(ship.cursor), "otlp-logs")
    client = Client(ship.receiver.url, _otlp.LOGS, Manner(), print)
    shipper = Shipper([str(ship.log)], cursor, Logs(client, Batches(7)), print, print)  # type: ignore[arg-type]
    looks = 0

    def stop() -> bool:
        nonlocal looks
        looks += 1
        if looks == 1:
            words = ["--fields", "user.email", "--by", "me", "--reason", "r", "--unsigned", "--yes"]
            assert cli("redact", ship.log, *words).code == 0
            ship.append(30)
            assert not packed or cli("compress", ship.log).code == 0
        return looks > 3

    try:
        shipper.follow(stop=stop)
    finally:
        shipper.close()
        cursor.close()
    last = json.loads(ship.log.read_bytes().splitlines()[-1])["seq"]
    assert last > 30
    assert ship.numbers() == list(range(last + 1))
