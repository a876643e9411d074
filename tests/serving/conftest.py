"""The server in this process, with a log of its own, and what the tests ask it."""

from __future__ import annotations

import json
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
