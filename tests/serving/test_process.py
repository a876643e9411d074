"""The server as a process: real sockets, real clients, signals, crashes, a full disk."""

from __future__ import annotations

import http.client
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from auditlog_cli.queries import read
from auditlog_cli.serving import keys
from tests.serving.conftest import LOGS, PATIENCE_S, Process

pytestmark = pytest.mark.slow


def ids(log: Path) -> set[str]:
    return {str(record.content["record_id"]) for record in read(log) if not record.is_own}


def post_until_it_fails(server: Process, acknowledged: list[str]) -> None:
    """What a client does; each acknowledged id is kept."""
    try:
        while True:
            status, answer = server.ask([{"action": "x"}, {"action": "y"}], f"{LOGS}/batch")
            if status != 201:
                return
            acknowledged += [row["id"] for row in answer["data"]]
    except (OSError, http.client.HTTPException, ValueError):
        return


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(run: Callable[..., Process], number: int) -> None:
    """Exit code 0; what was acknowledged is in the log, the log is whole, and nobody was told a lie."""
    server = run()
    acknowledged: list[str] = []
    clients = [threading.Thread(target=post_until_it_fails, args=(server, acknowledged)) for _ in range(4)]
    for each in clients:
        each.start()
    deadline = time.monotonic() + PATIENCE_S
    while len(acknowledged) < 40 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert server.stop(number) == 0
    for each in clients:
        each.join(PATIENCE_S)
    assert len(acknowledged) >= 40
    found = ids(server.log)
    assert found >= set(acknowledged)
    assert len(found) % 2 == 0
    assert server.said.splitlines()[-1].endswith("closed")
    assert server.log.read_bytes().endswith(b"\n")


def test_killed_it_has_lost_nothing_that_it_acknowledged(run: Callable[..., Process]) -> None:
    """kill -9 while four clients post, five times on one log; `verify` finds it whole."""
    acknowledged: list[str] = []
    server = run()
    for turn in range(5):
        if turn:
            server.start()
        enough = len(acknowledged) + 30
        clients = [threading.Thread(target=post_until_it_fails, args=(server, acknowledged)) for _ in range(4)]
        for each in clients:
            each.start()
        deadline = time.monotonic() + PATIENCE_S
        while len(acknowledged) < enough and time.monotonic() < deadline:
            time.sleep(0.005)
        server.process.kill()
        server.process.wait(PATIENCE_S)
        for each in clients:
            each.join(PATIENCE_S)
        assert len(acknowledged) >= enough
    server.start()
    assert server.ask()[0] == 200
    assert server.stop() == 0
    assert ids(server.log) >= set(acknowledged)
    done = subprocess.run(
        [sys.executable, "-m", "auditlog_cli", "verify", str(server.log)], capture_output=True, text=True
    )
    assert done.returncode in (0, 6), done.stdout


def test_a_retry_after_a_crash_is_answered_as_before(run: Callable[..., Process]) -> None:
    """Idempotency survives kill -9."""
    server = run()
    entry = {"action": "pay", "traceId": "t"}
    first = server.ask(entry, **{"Idempotency-Key": "k"})
    server.process.kill()
    server.process.wait(PATIENCE_S)
    server.start()
    assert server.ask(entry, **{"Idempotency-Key": "k"}) == first
    assert server.ask({"action": "other"}, **{"Idempotency-Key": "k"})[0] == 422
    assert len(ids(server.log)) == 1


def test_a_file_that_may_not_grow(run: Callable[..., Process]) -> None:
    """The real process meets a real limit: 507, health says so, and it recovers by itself when there is room."""
    server = run()
    assert server.ask({"action": "before"})[0] == 201
    size = server.log.stat().st_size
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (size + 100, resource.RLIM_INFINITY))
    for _ in range(3):
        assert server.ask({"action": "x" * 190})[0] == 507
    assert server.ask(path="/health")[0] == 507
    assert server.log.stat().st_size == size
    assert server.ask(path=LOGS)[1]["pagination"]["total"] == 1
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, unlimited)
    assert server.ask(path="/health")[0] == 200
    assert server.ask({"action": "after"})[0] == 201
    assert server.stop() == 0
    assert b'"type":"lost","count":3' in server.log.read_bytes()


def test_it_listens_on_this_machine_only(run: Callable[..., Process]) -> None:
    """127.0.0.1, and ::1 where there is IPv6; no other address."""
    server = run()
    found = [
        line
        for line in Path("/proc/net/tcp").read_text().splitlines()
        if f":{server.port:04X} " in line and " 0A " in line
    ]
    assert [line.split()[1].partition(":")[0] for line in found] == ["0100007F"]
    if socket.has_ipv6 and Path("/proc/net/if_inet6").is_file():
        with socket.create_connection(("::1", server.port), timeout=PATIENCE_S):
            pass


def test_a_torn_request_writes_nothing(run: Callable[..., Process]) -> None:
    """Half of a body, then silence or the end: no record, and others are served."""
    server = run()
    head = f"POST {LOGS} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S) as torn:
        torn.sendall(head.encode() + b'{"action"')
        assert server.ask({"action": "x"})[0] == 201
    assert len(ids(server.log)) == 1
    assert server.stop() == 0


def test_remote_needs_a_key_and_warns(run: Callable[..., Process], tmp_path: Path) -> None:
    """Said on every start."""
    log = tmp_path / "audit.jsonl"
    key = keys.make(keys.beside(str(log)), "billing")
    with open(tmp_path / "e", "wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "auditlog_cli", "serve", str(log), "--host", "0.0.0.0", "--allow-remote", "--port", "0"],
            stderr=file,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + PATIENCE_S
        while "warning: no TLS" not in (said := (tmp_path / "e").read_text()) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert "warning: no TLS" in said
        port = int(said.partition("http://0.0.0.0:")[2].splitlines()[0])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        for given, status in ((key, 200), ("wrong", 401)):
            connection.request("GET", LOGS, headers={"X-API-Key": given, "Host": "audit.example"})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == status
        connection.close()
        assert key not in (tmp_path / "e").read_text()
    finally:
        process.terminate()
        assert process.wait(PATIENCE_S) == 0
