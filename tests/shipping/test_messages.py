"""Syslog shipped: what was read to the end is not sent again, what was not is; nothing is lost."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli.writer.log import AuditLog
from tests.conftest import Result
from tests.logs import record

Cli = Callable[..., Result]


class Receiver:
    """A syslog receiver over TCP. The first `resets` connections are reset after a few bytes."""

    def __init__(self) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"tcp://127.0.0.1:{self.listening.getsockname()[1]}"
        self.resets = 0
        self.taken: list[bytes] = []
        self.connections = 0
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            self.connections += 1
            with connection:
                if self.resets:
                    self.resets -= 1
                    connection.recv(10)
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                    continue
                data = b""
                while block := connection.recv(1 << 16):
                    data += block
                self._take(data)

    def _take(self, data: bytes) -> None:
        """Octet counting (RFC 6587, 3.4.1)."""
        while data:
            size, _, rest = data.partition(b" ")
            self.taken.append(rest[: int(size)])
            data = rest[int(size) :]

    def close(self) -> None:
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        self._thread.join(60)

    def records(self) -> list[dict[str, Any]]:
        return [json.loads(message[message.index(b"] {") + 2 :]) for message in self.taken]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.close()


def append(path: Path, count: int) -> None:
    with AuditLog(path, origin="test/log", ballast_bytes=0, max_bytes=4000) as log:
        for _ in range(count):
            log.append(record(record_id=None))


def numbers(path: Path) -> list[int]:
    files = [*sorted(path.parent.glob("audit.[0-9]*.jsonl")), path]
    return [json.loads(line)["seq"] for file in files for line in file.read_bytes().splitlines()]


@pytest.fixture
def ship(tmp_path: Path, receiver: Receiver, cli: Cli) -> Callable[..., Result]:
    def run(*words: object, to: str = "syslog") -> Result:
        cursor = tmp_path / f"cursor-{to}"
        return cli("ship", tmp_path / "audit.jsonl", "--to", to, "--endpoint", receiver.url, "--cursor", cursor, *words)

    return run


def test_every_record_arrives_once_and_the_cursor_goes_on(
    tmp_path: Path, receiver: Receiver, ship: Callable[..., Result]
) -> None:
    """The log's own records, too; over rotations; a connection for each batch."""
    append(tmp_path / "audit.jsonl", 20)
    assert ship("--batch", "7").code == 0
    assert receiver.connections > 3
    append(tmp_path / "audit.jsonl", 5)
    assert ship().code == 0
    assert ship().code == 0
    assert [each["seq"] for each in receiver.records()] == numbers(tmp_path / "audit.jsonl")


def test_a_receiver_that_goes_away_gets_the_batch_again(
    tmp_path: Path, receiver: Receiver, ship: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auditlog_cli.shipping.freight.pause_after", lambda _: 0.0)
    append(tmp_path / "audit.jsonl", 20)
    receiver.resets = 2
    told = ship()
    assert told.code == 0
    assert told.err.count("trying again") == 2
    assert [each["seq"] for each in receiver.records()] == numbers(tmp_path / "audit.jsonl")


def test_what_did_not_arrive_is_sent_by_the_next_run(
    tmp_path: Path, receiver: Receiver, ship: Callable[..., Result]
) -> None:
    append(tmp_path / "audit.jsonl", 20)
    receiver.resets = 1
    assert ship("--retries", "0").code == 5
    assert receiver.taken == []
    assert ship("--retries", "0").code == 0
    assert [each["seq"] for each in receiver.records()] == numbers(tmp_path / "audit.jsonl")


def test_cef_is_shipped_and_says_once_what_it_cannot_hold(
    tmp_path: Path, receiver: Receiver, ship: Callable[..., Result]
) -> None:
    append(tmp_path / "audit.jsonl", 20)
    told = ship(to="cef")
    assert told.code == 0
    assert all(b"CEF:0|auditlog|" in message for message in receiver.taken)
    assert len(receiver.taken) == len(numbers(tmp_path / "audit.jsonl"))
    losses = [line for line in told.err.splitlines() if "records: " in line]
    assert len(losses) == len(set(losses)) <= 4, told.err


def test_udp_is_refused(tmp_path: Path, cli: Cli) -> None:
    """It never tells whether anything arrived: a cursor would say what nobody knows."""
    append(tmp_path / "audit.jsonl", 1)
    told = cli(
        "ship",
        tmp_path / "audit.jsonl",
        "--to",
        "syslog",
        "--endpoint",
        "udp://127.0.0.1:9",
        "--cursor",
        tmp_path / "c",
    )
    assert told.code == 2
    assert "UDP never tells" in told.err and "help:" in told.err
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize("words", [["--protobuf"], ["--gzip"], ["--header", "a=b"], ["--content"], ["--ca", "x"]])
def test_options_of_others_are_refused(tmp_path: Path, ship: Callable[..., Result], words: list[str]) -> None:
    append(tmp_path / "audit.jsonl", 1)
    told = ship(*words)
    assert told.code == 2
    assert "help:" in told.err


def test_nobody_listens(tmp_path: Path, cli: Cli) -> None:
    append(tmp_path / "audit.jsonl", 1)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        told = cli(
            "ship", tmp_path / "audit.jsonl", "--to", "syslog", "--endpoint", url, "--cursor", tmp_path / "c", "--retries", "0"
        )  # fmt: skip
    assert told.code == 5
    assert "cannot be reached" in told.err and "help:" in told.err
