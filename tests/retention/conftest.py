"""What the tests of retention share: a log whose records have months, sessions and people; keys."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli.signing import keygen
from auditlog_cli.signing.signer import Signer, load
from auditlog_cli.writer.log import AuditLog


def record(month: int, **more: Any) -> dict[str, Any]:
    """A record of the first of a month of 2026, of a session and a person of that number."""
    return {
        "timestamp": f"2026-{month:02d}-01T12:00:00Z",
        "session_id": f"s-{month}",
        "trace_id": f"t-{month}",
        "span_id": f"a-{month}",
        "user": {"id": f"u-{month}", "email": f"p{month}@example.org"},
        "agent": {"id": "a-7"},
        "action": {"type": "tool_invocation", "tool": "x", "arguments": {"n": month}},
        **more,
    }


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A log with a closed segment of three records for each month from January to April; nothing in the active one."""
    path = tmp_path / "logs" / "audit.jsonl"
    with AuditLog(path, origin="test/log", fsync="none", ballast_bytes=0) as log:
        for month in (1, 2, 3, 4):
            for _ in range(3):
                log.append(record(month))
            log.rotate()
    return path


@pytest.fixture
def key(tmp_path: Path) -> Signer:
    """Somebody's key, in the file `counsel.key`."""
    keygen.make(str(tmp_path / "counsel.key"), "counsel")
    return load(str(tmp_path / "counsel.key"))


@pytest.fixture
def stranger(tmp_path: Path) -> Signer:
    """Another one's."""
    keygen.make(str(tmp_path / "stranger.key"), "stranger")
    return load(str(tmp_path / "stranger.key"))


@pytest.fixture
def own() -> Callable[[Path], list[dict[str, Any]]]:
    """The `auditlog` members of the active segment."""

    def read(path: Path) -> list[dict[str, Any]]:
        records = [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]
        return [each["auditlog"] for each in records if "auditlog" in each]

    return read
