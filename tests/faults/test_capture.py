"""Logs that cannot be written, met through the doors an application uses: nothing is done unrecorded."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli import AsyncAuditLog, AuditHandler, AuditLog, AuditProcessor, AuditWriteError, audit_to, select

WHO: Any = {"user": "alice", "agent": "planner", "scopes": []}


async def _open(path: Path) -> None:
    await AsyncAuditLog(path).open()


DOORS: dict[str, Callable[[Path], object]] = {
    "log": AuditLog,
    "async": lambda path: asyncio.run(_open(path)),
    "drop-in": audit_to,
    "logging": AuditHandler,
    "structlog": AuditProcessor,
}


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
@pytest.mark.parametrize("place", ["/dev/full", "/dev/null", "/proc/nowhere/audit.jsonl", "/"])
def test_no_door_opens_where_nothing_can_be_kept(door: Callable[[Path], object], place: str) -> None:
    with pytest.raises(AuditWriteError, match="nothing was written"):
        door(Path(place))


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    """A folder that other users may look into (those of pytest they may not)."""
    folder = Path(tempfile.mkdtemp(prefix="auditlog-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("door", ["AuditLog(p)", "audit_to(p)", "AuditHandler(p)", "AuditProcessor(p)"])
@pytest.mark.parametrize("kind", ["sealed", "plain", "absent"])
def test_a_log_that_may_not_be_written_is_refused_at_once(open_to_all: Path, kind: str, door: str) -> None:
    """In a folder and a file that may only be read; by another user, for root may write everywhere."""
    path = open_to_all / "audit.jsonl"
    if kind == "sealed":
        AuditLog(path).close()
    elif kind == "plain":
        path.write_text('{"ts": 1780324991.2, "event_type": "x", "payload": {}}\n')
    for file in open_to_all.iterdir():
        file.chmod(0o444)
    open_to_all.chmod(0o555)
    code = (
        "import os, sys\n"
        "from auditlog_cli import *\n"
        "import auditlog_cli.capture.tutorial, auditlog_cli.logging_handler, auditlog_cli.structlog_processor\n"
        "p = sys.argv[1]\n"
        "if os.geteuid() == 0: os.setegid(65534); os.seteuid(65534)\n"
        f"try: {door}\n"
        "except AuditWriteError as error: print(type(error).__name__, error)\n"
    )
    before = {file.name: file.read_bytes() for file in open_to_all.iterdir()}
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False)
    open_to_all.chmod(0o755)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("AuditWriteError")
    assert str(path) in done.stdout
    assert {file.name: file.read_bytes() for file in open_to_all.iterdir()} == before


def say_full(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on, every write of this process says what a full device says."""

    def refused(*args: Any, **kwargs: Any) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    for name in ("write", "writev", "pwrite", "posix_fallocate"):
        monkeypatch.setattr(os, name, refused)


def test_a_tool_whose_intent_cannot_be_written_does_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Written around it, decorated, awaited; and the exit raises, though a framework swallowed everything."""
    ran: list[str] = []
    log = AuditLog(tmp_path / "audit.jsonl", ballast_bytes=0)

    @log.tool
    def plain(order: int) -> None:
        ran.append("plain")

    @log.tool
    async def awaited(order: int) -> None:
        ran.append("awaited")

    @log.tool
    def steps(order: int) -> Iterator[int]:
        ran.append("steps")
        yield 1

    async def all_of_them() -> None:
        async with log.session(**WHO) as s:
            say_full(monkeypatch)
            for attempt in range(2):
                if attempt:
                    monkeypatch.undo()  # there is room again; what was lost stays lost, so the session stays failed
                with contextlib.suppress(Exception):
                    plain(42)
                with contextlib.suppress(Exception):
                    await awaited(42)
                with contextlib.suppress(Exception):
                    list(steps(42))
                with contextlib.suppress(Exception), s.tool("inline"):
                    ran.append("inline")
                with contextlib.suppress(Exception):
                    async with s.tool("inline"):
                        ran.append("inline")
                with contextlib.suppress(Exception), s.agent("nested"):
                    ran.append("nested")
                with contextlib.suppress(Exception), s.measured_llm(model="m"):
                    ran.append("model")

    with pytest.raises(AuditWriteError, match="this session can record nothing more"):
        asyncio.run(all_of_them())
    monkeypatch.undo()
    assert ran == []
    with log.session(**WHO):
        plain(42)  # another session on the same log goes on
    assert ran == ["plain"]
    log.close()


@pytest.mark.root
def test_a_disk_that_fills_up_under_a_session(tiny: Path) -> None:
    """Really full: every body that ran has its intent in the log, and nobody is told that all is well."""
    ran: list[int] = []
    log = AuditLog(tiny / "audit.jsonl", ballast_bytes=0)
    with pytest.raises(AuditWriteError, match="nothing more"), log.session(**WHO) as s:  # noqa: PT012
        for number in range(1000):
            with contextlib.suppress(Exception), s.tool("pay", {"number": number, "text": "x" * 1000}) as t:
                ran.append(number)
                t.result(None)
    assert 10 < len(ran) < 1000
    intents = [r.content["action"]["arguments"]["number"] for r in select(tiny / "audit.jsonl", status=["pending"])]
    assert set(ran) <= set(intents)
    with contextlib.suppress(AuditWriteError):
        log.close()


@pytest.mark.root
@pytest.mark.parametrize("sealed", [True, False], ids=["sealed", "plain"])
def test_a_disk_that_fills_up_under_the_drop_in(tiny: Path, sealed: bool) -> None:
    """Every event either returned and is there, or raised; the file ends with a whole line."""
    path = tiny / "audit.jsonl"
    if not sealed:
        path.write_text('{"ts": 1780324991.2, "event_type": "x", "payload": {}}\n')
    with contextlib.nullcontext() if sealed else pytest.warns(UserWarning, match="unsealed"):
        audit = audit_to(path)
    written = 0
    with pytest.raises(AuditWriteError, match="No space left|fitted|full"):  # noqa: PT012
        while True:
            audit("event", {"number": written, "text": "x" * 1000})
            written += 1
    found = [r.content for r in select(path)]
    assert len(found) == written + (not sealed)
    assert path.read_bytes().endswith(b"\n")
    with contextlib.suppress(AuditWriteError):
        audit.close()


@pytest.mark.root
def test_a_disk_that_fills_up_under_logging(tiny: Path) -> None:
    """`logger.info` raises, whatever `logging.raiseExceptions` says."""
    handler = AuditHandler(tiny / "audit.jsonl")
    logger = logging.Logger("app")
    logger.addHandler(handler)
    with pytest.raises(AuditWriteError, match="No space left|fitted|full"):  # noqa: PT012
        for number in range(1000):
            logger.info("event %s %s", number, "x" * 1000)
    with contextlib.suppress(AuditWriteError):
        handler.close()
