"""Phoenix, killed and started again while spans come: it has every record once.

Needs `phoenix` (pip install arize-phoenix, in an environment of its own: 1 GB) in the PATH, or named by PHOENIX.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli import AuditLog
from auditlog_cli.queries import read
from tests.interop.test_otlp import auditlog, wait_until

pytestmark = pytest.mark.slow


class Phoenix:
    """The server, on loopback, with a folder of its own."""

    def __init__(self, program: str, folder: Path) -> None:
        self._program = program
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as one, socket.socket() as two:
            one.bind(("127.0.0.1", 0))
            two.bind(("127.0.0.1", 0))
            self._ports = one.getsockname()[1], two.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._ports[0]}"

    def start(self) -> None:
        with open(self._folder / "out", "ab") as out:
            self._process = subprocess.Popen(
                [self._program, "serve"], stdout=out, stderr=out,
                env={
                    "PATH": os.environ["PATH"], "HOME": str(self._folder), "PHOENIX_WORKING_DIR": str(self._folder),
                    "PHOENIX_HOST": "127.0.0.1", "PHOENIX_PORT": str(self._ports[0]), "PHOENIX_GRPC_PORT": str(self._ports[1]),
                    "PHOENIX_TELEMETRY_ENABLED": "false", "PHOENIX_ALLOW_EXTERNAL_RESOURCES": "false",
                },
            )  # fmt: skip
        wait_until(self._answers, 180)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self._folder / "out").read_text()[-3000:]
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def kill(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(60)
            self._process = None

    def spans(self) -> list[dict[str, Any]]:
        """All spans of the default project."""
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            with urllib.request.urlopen(
                f"{self.url}/v1/projects/default/spans?limit=500{cursor}", timeout=60
            ) as answer:
                page = json.load(answer)
            found += page["data"]
            if not page["next_cursor"]:
                return found
            cursor = f"&cursor={page['next_cursor']}"


@pytest.fixture
def phoenix(tmp_path: Path) -> Iterator[Phoenix]:
    program = os.environ.get("PHOENIX") or shutil.which("phoenix")
    if not program:
        pytest.skip("Phoenix is not installed: pip install arize-phoenix, and name its phoenix by PHOENIX")
    folder = tmp_path / "phoenix"
    folder.mkdir()
    found = Phoenix(program, folder)
    found.start()
    yield found
    found.kill()


def append(path: Path, count: int) -> None:
    with AuditLog(path, origin="test/log", ballast_bytes=0, max_bytes=20_000) as log:
        for number in range(count):
            with log.session(user="ann", agent="planner", scopes=["orders:read"]) as session:
                session.user_message(f"order {number}?")
                with session.tool("lookup", {"order": number}) as call:
                    call.result = {"ok": number}


def records(spans: list[dict[str, Any]]) -> list[str]:
    """The record ids of spans and of the events in them, each as often as it is there."""
    found: list[str] = []
    for span in spans:
        for said in (span["attributes"], *(event["attributes"] for event in span["events"])):
            found += said.get("auditlog.record.ids") or [said["auditlog.record.id"]]
    return found


def wanted(path: Path) -> list[str]:
    return sorted(str(record.content["record_id"]) for record in read(path) if not record.is_own)


def test_phoenix_has_every_record_once(tmp_path: Path, phoenix: Phoenix) -> None:
    """Killed after its answer, and again while it is sent to: what is sent again is the same spans, not new ones."""
    log = tmp_path / "audit.jsonl"
    append(log, 20)
    ship = (
        "ship",
        log,
        "--to",
        "otlp-spans",
        "--endpoint",
        phoenix.url,
        "--protobuf",
        "--cursor",
        tmp_path / "c",
        "--batch",
        "10",
    )
    auditlog(*ship)
    wait_until(lambda: sorted(records(phoenix.spans())) == wanted(log))
    phoenix.kill()
    append(log, 20)
    phoenix.start()
    auditlog(*ship)
    wait_until(lambda: sorted(records(phoenix.spans())) == wanted(log))
    auditlog("export", log, "--to", "otlp-spans", "--endpoint", phoenix.url, "--protobuf")
    append(log, 1)
    auditlog(*ship)
    wait_until(lambda: sorted(records(phoenix.spans())) == wanted(log))
    kinds = {span["name"]: span["span_kind"] for span in phoenix.spans()}
    assert kinds == {"invoke_agent planner": "AGENT", "execute_tool lookup": "TOOL"}
