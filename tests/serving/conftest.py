"""The server in this process, with a log of its own, and what the tests ask it."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette", reason="the extra serve is not installed")

from starlette.testclient import TestClient

from auditlog_cli.queries import read
from auditlog_cli.serving.app import application
from auditlog_cli.serving.keys import Keys
from auditlog_cli.serving.ledger import POLICY, Ledger
from auditlog_cli.writer.log import AuditLog

LIMIT = 100_000
LOGS = "/api/v1/audit-logs"
PATIENCE_S = 60


class Served:
    """A server with its log."""

    def __init__(self, path: Path, log: AuditLog, client: TestClient, said: list[str]) -> None:
        self.path = path
        self.log = log
        self.client = client
        self.said = said

    def post(self, body: object, path: str = LOGS, **headers: str) -> Any:
        """Post JSON."""
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.client.post(path, content=data, headers={"Content-Type": "application/json"} | names)

    def get(self, path: str = LOGS, **query: object) -> Any:
        """Get JSON."""
        return self.client.get(path, params={name: str(value) for name, value in query.items()})

    def records(self) -> list[dict[str, Any]]:
        """Return what the log holds."""
        return [record.content for record in read(self.path) if not record.is_own]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Start a server; a second one on the same log after `close` is a restart."""
    with ExitStack() as stack:

        def start(
            keys: Keys | None = None, *, remote: bool = False, limit: int = LIMIT, alerts: str | None = None, new: bool = True
        ) -> Served:  # fmt: skip
            path = tmp_path / "audit.jsonl"
            log = AuditLog(path, ballast_bytes=0, policy=POLICY if new else None)
            stack.callback(log.close)
            said: list[str] = []
            app = application(
                Ledger(log), str(path), keys or Keys([]), limit=limit, remote=remote, alerts=alerts, trouble=said.append
            )  # fmt: skip
            client = stack.enter_context(
                TestClient(app, base_url="http://127.0.0.1:8811", raise_server_exceptions=True)
            )
            return Served(path, log, client, said)

        yield start


@pytest.fixture
def served(serve: Callable[..., Served]) -> Served:
    """A server without keys, as on a developer's machine."""
    return serve()


class Process:
    """`auditlog serve` beside the test."""

    def __init__(self, log: Path, *words: str, errors: Path) -> None:
        self.log = log
        self._errors = errors
        self._words = words
        self.starts = 0
        self.start()

    def start(self) -> None:
        with open(self._errors, "ab") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "auditlog_cli", "serve", str(self.log), "--port", "0", *self._words], stderr=file
            )
        self.port = 0
        deadline = time.monotonic() + PATIENCE_S
        while not self.port:
            assert self.process.poll() is None, self.said
            assert time.monotonic() < deadline, self.said
            time.sleep(0.05)
            lines = [line for line in self.said.splitlines() if "listening on" in line]
            if len(lines) == self.starts + 1:
                self.port = int(lines[-1].partition("http://127.0.0.1:")[2].partition(",")[0].partition(";")[0])
        self.starts += 1

    @property
    def said(self) -> str:
        return self._errors.read_text()

    def ask(self, body: object = None, path: str = LOGS, **headers: str) -> tuple[int, Any]:
        """Post, or get without a body; return status and JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            if body is None:
                connection.request("GET", path, headers=headers)
            else:
                connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"} | headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"null")
        finally:
            connection.close()

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Start servers; none outlives the test."""
    made: list[Process] = []

    def start(*words: str, log: Path = tmp_path / "audit.jsonl") -> Process:
        made.append(Process(log, *words, errors=tmp_path / f"errors-{len(made)}"))
        return made[-1]

    yield start
    for each in made:
        if each.process.poll() is None:
            each.process.kill()
            each.process.wait(PATIENCE_S)
