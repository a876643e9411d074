"""`AsyncAuditLog`: the same log for asyncio; cancelled calls neither lose nor double a record."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
from pathlib import Path

import pytest

from auditlog_cli.errors import AuditWriteError, UsageError
from auditlog_cli.writer.aio import AsyncAuditLog
from tests.writer.chain import walk
from tests.writer.records import small


def test_it_does_what_the_log_does(path: Path) -> None:
    """append, write_many, sync, rotate, close, awaited; in the order of the calls."""

    async def main() -> None:
        async with AsyncAuditLog(path, fsync="none") as log:
            first = await log.append(small(0))
            batch = await log.write_many(small(i) for i in range(1, 4))
            await log.rotate()
            await log.sync()
            last = await log.append(small(4), durable=True)
            assert log.log is not None
            assert log.log.status["written"] == 5
        assert [first.seq, *[r.seq for r in batch], last.seq] == [1, 2, 3, 4, 6]
        assert last.status == "durable"

    asyncio.run(main())
    assert [r["i"] for r in walk(path).callers] == [0, 1, 2, 3, 4]


def test_many_tasks(path: Path) -> None:
    """A hundred tasks at once: all there, each task's order kept, the loop never waits for the disk."""

    async def main() -> None:
        async with AsyncAuditLog(path) as log:

            async def work(n: int) -> None:
                for i in range(10):
                    await log.append(small(i, f"task{n}"))

            await asyncio.gather(*map(work, range(100)))

    asyncio.run(main())
    found = walk(path)
    assert len(found.callers) == 1000
    for n in range(100):
        assert [r["i"] for r in found.callers if r["who"] == f"task{n}"] == list(range(10))


def test_cancelled_calls_are_written_once(path: Path) -> None:
    """Whether the thread had begun or not: every record that was handed over is in the log exactly once."""

    async def main() -> None:
        async with AsyncAuditLog(path, fsync="none") as log:
            assert log.log is not None
            release = threading.Event()
            held = log._thread.submit(release.wait)
            tasks = [asyncio.create_task(log.append(small(i))) for i in range(20)]
            await asyncio.sleep(0)
            for task in tasks[::2]:
                task.cancel()
            results = asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.sleep(0.05)
            release.set()
            kinds = [isinstance(result, asyncio.CancelledError) for result in await results]
            assert kinds == [True, False] * 10
            assert held.result()

    asyncio.run(main())
    assert sorted(r["i"] for r in walk(path).callers) == list(range(20))


def test_a_cancelled_call_that_fails_makes_no_noise(path: Path) -> None:
    """Nobody waits for it: `failed` tells, not a message at interpreter exit."""

    async def main() -> None:
        async with AsyncAuditLog(path, fsync="none") as log:
            task = asyncio.create_task(log.append(3))  # type: ignore[arg-type]
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    seen: list[object] = []
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda _, context: seen.append(context))
    loop.run_until_complete(main())
    gc.collect()
    loop.close()
    assert seen == []


def test_the_loop_goes_on_while_the_disk_is_slow(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sync that takes as long as ten turns of another task does not stop that."""
    enough = threading.Event()

    async def main() -> None:
        async with AsyncAuditLog(path, fsync="always") as log:
            monkeypatch.setattr(os, "fdatasync", lambda _: enough.wait(60))
            task = asyncio.create_task(log.append(small()))
            for _ in range(10):
                await asyncio.sleep(0.001)
                assert not task.done()
            enough.set()
            await task

    asyncio.run(main())
    assert enough.is_set()


def test_errors_come_out_of_the_await(path: Path) -> None:
    """Of opening, of appending, and after closing."""

    async def main() -> None:
        with pytest.raises(UsageError):
            await AsyncAuditLog(path, fsync="never").open()
        log = AsyncAuditLog(path)
        with pytest.raises(AuditWriteError, match="mapping"):
            await log.append(1)  # type: ignore[arg-type]
        await log.append(small())
        await log.close()
        await log.close()
        with pytest.raises(AuditWriteError, match="was closed"):
            await log.append(small())
        unopened = AsyncAuditLog(path)
        await unopened.close()

    asyncio.run(main())
    assert len(walk(path).callers) == 1


def test_after_a_fork_the_child_has_a_thread_of_its_own(path: Path) -> None:
    """The parent's thread is not there in the child: a call must not wait for it for ever."""
    log = AsyncAuditLog(path, fsync="none")
    asyncio.run(log.append(small(0)))
    child = os.fork()
    if child == 0:
        try:
            asyncio.run(asyncio.wait_for(log.append(small(1)), 10))
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    asyncio.run(log.append(small(2)))
    asyncio.run(log.close())
    assert sorted(r["i"] for r in walk(path).callers) == [0, 1, 2]
