"""`ship --redact`: what leaves goes masked, each record once, and a cursor never goes back to values."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli import AuditLog
from auditlog_cli.importers._drafts import trace_id
from auditlog_cli.sealing.line import unseal
from tests.conftest import Result
from tests.logs import record, write
from tests.otlpreceiver import Receiver
from tests.shipping.test_messages import Receiver as Syslog

Cli = Callable[..., Result]
MAIL = "ann@acme.io"


class Shipping:
    """A log, its cursor, a profile, and the command between them."""

    def __init__(self, folder: Path, receiver: Receiver, cli: Cli) -> None:
        self.log, self.cursor, self.profile = folder / "audit.jsonl", folder / "cursor", folder / "redaction.yaml"
        self.receiver = receiver
        self._cli = cli
        self.takes("session_id")

    def takes(self, *fields: str) -> None:
        self.profile.write_text(json.dumps({"format": "auditlog.redaction/1", "fields": fields}))

    def plain(self, *words: object) -> Result:
        return self._cli("ship", self.log, "--endpoint", self.receiver.url, "--cursor", self.cursor, *words)

    def __call__(self, *words: object) -> Result:
        return self.plain("--redact", self.profile, *words)

    def append(self, count: int, **changes: Any) -> None:
        with AuditLog(self.log, origin="test/log", ballast_bytes=0) as log:
            for _ in range(count):
                log.append(record(record_id=None, action__arguments={"to": MAIL}, **changes))

    def came(self) -> bytes:
        return b"".join(request.body for request in self.receiver.came)


@pytest.fixture
def ship(tmp_path: Path, receiver: Receiver, cli: Cli) -> Shipping:
    return Shipping(tmp_path, receiver, cli)


def test_every_record_arrives_masked_and_without_its_seal(ship: Shipping) -> None:
    ship.append(5)
    done = ship()
    assert done.code == 0
    lines = ship.log.read_bytes().splitlines()
    assert [each["seq"] for each in ship.receiver.taken()] == list(range(len(lines))), "no gap in what arrives"
    assert MAIL.encode() not in ship.came() and b"sess_1" not in ship.came() and b"<EMAIL_ADDRESS>" in ship.came()
    assert not any(seal.encode() in ship.came() for line in lines for seal in (unseal(line).leaf, unseal(line).prev))
    own = [each for each in ship.receiver.taken() if "auditlog" in each]
    assert own and all(set(each["auditlog"]) == {"type"} for each in own)
    assert f"10 masked in 5 of {len(lines)} records: " in done.err
    assert f"{len(lines)} read: {len(lines)} sent, 0 sent before, 0 bad" in done.err
    assert MAIL not in done.err


def test_the_next_run_goes_on_masked(ship: Shipping) -> None:
    ship.append(2)
    assert ship().code == 0
    ship.append(2)
    done = ship()
    assert done.code == 0 and "other masks" not in done.err
    arrived = [each["seq"] for each in ship.receiver.taken()]
    assert arrived == sorted(set(arrived)) and MAIL.encode() not in ship.came()


def test_a_run_that_has_nothing_to_send_does_not_say_that_fields_are_missing(ship: Shipping) -> None:
    ship.append(1)
    ship()
    again = ship()
    assert (again.code, "no record has" in again.err) == (0, False), again
    assert "0 masked in 0 of 0 records" in again.err


def test_a_masked_cursor_sends_nothing_without_masks(ship: Shipping) -> None:
    ship.append(2)
    assert ship().code == 0
    ship.append(1)
    before, kept = len(ship.receiver.came), ship.cursor.read_bytes()
    done = ship.plain()
    assert done.code == 2 and "went masked" in done.err and "help: --redact PROFILE as before" in done.err
    assert len(ship.receiver.came) == before and ship.cursor.read_bytes() == kept
    assert ship().code == 0


def test_masks_that_change_are_said_once(ship: Shipping) -> None:
    ship.append(1)
    assert ship.plain().code == 0
    ship.append(1)
    assert "with other masks, or none" in ship().err
    ship.append(1)
    assert "with other masks" not in ship().err
    ship.takes("session_id", "user.email")
    ship.append(1)
    assert "with other masks, or none" in ship().err
    assert b"user.email" not in ship.cursor.read_bytes(), "the cursor holds no profile"


def test_a_cursor_of_unmasked_records_is_written_as_before(ship: Shipping) -> None:
    ship.append(1)
    assert ship.plain().code == 0
    assert set(json.loads(ship.cursor.read_bytes())) == {"format", "to", "logs"}


def test_a_record_whose_names_hold_a_value_is_not_sent_and_said(ship: Shipping) -> None:
    write(ship.log, record(), record(action__arguments={MAIL: 1}), record())
    done = ship()
    assert done.code == 6 and "3 read: 2 sent, 0 sent before, 1 bad" in done.err
    assert f"{ship.log}:2: held back" in done.err
    assert MAIL not in done.err and MAIL.encode() not in ship.came()
    assert "0 sent, 3 sent before" in ship().err


@pytest.mark.parametrize("masked", [True, False])
def test_traces_wait_and_go_out_masked(ship: Shipping, masked: bool) -> None:
    """What waits is told by the log, not by the masks: a profile may change while a trace is open."""
    at = {"session_id": MAIL, "trace_id": None, "action__tool": "send"}
    first = record(**at, action__phase="start", record_id="00000000-0000-4000-8000-000000000001")
    last = record(**at, action__phase="end", record_id="00000000-0000-4000-8000-000000000002")
    write(ship.log, first)
    words = ("--to", "otlp-spans", "--content")
    ship.takes("session_id" if masked else "user.email")
    assert "0 sent, 0 sent before, 0 bad, 1 waiting" in ship(*words).err
    ship.takes("session_id")
    write(ship.log, first, last)
    done = ship(*words)
    assert done.code == 0 and "2 read: 2 sent" in done.err
    assert MAIL.encode() not in ship.came()
    assert trace_id("auditlog", MAIL).encode() not in ship.came()


def test_a_trace_that_loses_its_name_is_in_no_span(ship: Shipping) -> None:
    write(ship.log, record(trace_id=None), record(trace_id="0af7651916cd43dd8448eb211c80319c"))
    ship.profile.write_text("format: auditlog.redaction/1\nfields: {session_id: remove}\n")
    done = ship("--to", "otlp-spans")
    assert done.code == 0 and "2 read: 1 sent, 0 sent before, 0 bad, 1 in no span" in done.err


def test_a_wrong_profile_sends_nothing_and_leaves_no_cursor(ship: Shipping) -> None:
    ship.append(1)
    ship.profile.write_text("format: auditlog.redaction/1\nx: 1\n")
    done = ship()
    assert done.code == 4 and f"{ship.profile}:2:" in done.err
    assert not ship.receiver.came and not ship.cursor.exists()


@pytest.mark.parametrize("to", ["syslog", "cef"])
def test_messages_go_masked(ship: Shipping, to: str) -> None:
    receiver = Syslog()
    try:
        ship.append(3)
        ship.receiver.url = receiver.url
        done = ship("--to", to)
        assert done.code == 0 and "6 masked in 3 of" in done.err
    finally:
        receiver.close()
    came = b"".join(receiver.taken)
    assert came.count(b"<EMAIL_ADDRESS>") >= 3 and MAIL.encode() not in came and b"sess_1" not in came
    lines = ship.log.read_bytes().splitlines()
    assert not any(unseal(line).leaf.encode() in came for line in lines)


@pytest.mark.parametrize("encoding", [[], ["--protobuf"]])
@pytest.mark.parametrize("to", ["otlp-logs", "otlp-spans"])
def test_what_export_sends_to_a_receiver_is_masked(ship: Shipping, cli: Cli, to: str, encoding: list[str]) -> None:
    if encoding:
        pytest.importorskip("opentelemetry.proto")
    ship.append(3)
    more = ["--content"] if to == "otlp-spans" else []
    words = ("export", ship.log, "--to", to, "--endpoint", ship.receiver.url, *more, *encoding)
    assert cli(*words, "--redact", ship.profile).code == 0
    assert b"<EMAIL_ADDRESS>" in ship.came() and MAIL.encode() not in ship.came() and b"sess_1" not in ship.came()
    assert cli(*words).code == 0
    assert MAIL.encode() in ship.came(), "the test sees the value where nothing masks it"


def test_a_follower_masks_what_is_added(ship: Shipping) -> None:
    from auditlog_cli.exporters import _otlp
    from auditlog_cli.redaction import settings
    from auditlog_cli.redaction.outgoing import Outgoing
    from auditlog_cli.shipping.cursors import Cursor
    from auditlog_cli.shipping.freight import Batches, Logs
    from auditlog_cli.shipping.receiver import Manner
    from auditlog_cli.shipping.receiver import Receiver as Client
    from auditlog_cli.shipping.shipper import Shipper

    said: list[str] = []
    masks = Outgoing(settings.load(str(ship.profile)).redactor(), said.append)
    ship.append(1)
    client = Client(ship.receiver.url, _otlp.LOGS, Manner(), said.append)
    kept = Cursor(str(ship.cursor), "otlp-logs", "x")
    shipper = Shipper([str(ship.log)], kept, Logs(client, Batches()), said.append, lambda bad: None, masks)
    looked = 0

    def stop() -> bool:
        nonlocal looked
        looked += 1
        if looked == 1:
            ship.append(2)
        return sum("action" in each for each in ship.receiver.taken()) == 3 or looked > 300

    try:
        shipper.follow(stop=stop)
    finally:
        shipper.close()
        kept.close()
    assert sum("action" in each for each in ship.receiver.taken()) == 3
    assert MAIL.encode() not in ship.came()
