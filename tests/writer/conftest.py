"""What the tests of the writer share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli.writer.log import AuditLog


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the log of a test lies; its folder does not exist yet."""
    return tmp_path / "logs" / "audit.jsonl"


@pytest.fixture
def opened(path: Path) -> Iterator[Callable[..., AuditLog]]:
    """Open the log of the test; what is left open is closed at the end."""
    logs: list[AuditLog] = []

    def open_log(where: Path = path, **options: Any) -> AuditLog:
        options.setdefault("fsync", "none")
        options.setdefault("ballast_bytes", 0)
        log = AuditLog(where, **options)
        logs.append(log)
        return log

    yield open_log
    for log in logs:
        try:
            log.close()
        except Exception:
            pass
