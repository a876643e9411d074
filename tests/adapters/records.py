"""What a scenario leaves in a log, and which of its records a test asks for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from auditlog_cli.capture.session import Session
from auditlog_cli.testing import recording
from tests.adapters.contract import WHO


def recorded(tmp_path: Path, body: Callable[[Session], Awaitable[Any]], **more: Any) -> list[dict[str, Any]]:
    """Return what `body` leaves in a log, awaited in an asynchronous session of `WHO` and `more`."""
    with recording(tmp_path) as audit:

        async def work() -> None:
            async with audit.log.session(**WHO, **more) as session:
                await body(session)

        asyncio.run(work())
    return audit.records


def recorded_sync(tmp_path: Path, body: Callable[[Session], Any], **more: Any) -> list[dict[str, Any]]:
    """Return what `body` leaves in a log, called in a session of `WHO` and `more`, without a loop around it."""
    with recording(tmp_path) as audit, audit.log.session(**WHO, **more) as session:
        body(session)
    return audit.records


def only(records: list[dict[str, Any]], kind: str, **wanted: Any) -> list[dict[str, Any]]:
    """Return the records of one type of action whose action has these members."""
    found = [each for each in records if each["action"]["type"] == kind]
    return [each for each in found if all(each["action"].get(name) == value for name, value in wanted.items())]


def actors(record: dict[str, Any]) -> list[str]:
    """Return who acts for whom, from the person on."""
    return [each["actor"] for each in record["delegation_chain"]]


def shape(records: list[dict[str, Any]], *, without: str | None = None) -> list[tuple[Any, ...]]:
    """Return who did what with which outcome; `without`: the type of action that is left out."""
    return [
        (each["agent"]["id"], each["action"]["type"], each["action"].get("tool"), each["action"]["result_status"])
        for each in records
        if each["action"]["type"] != without
    ]
