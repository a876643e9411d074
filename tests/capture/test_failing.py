"""The failure contract (frameworks.md, section 5), applied to the bare API."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli import AuditLog, AuditWriteError, NoSession, UsageError
from auditlog_cli.testing import Recording, recording

WHO: dict[str, Any] = {"user": "alice", "agent": "planner", "scopes": ["refunds:write"]}
Body = Callable[[str], None]


# --- the scripted agent: one lookup, a nested agent, a tool behind an approval, a failing tool, an answer ----


def plainly(log: AuditLog, ran: Body) -> None:
    with log.session(**WHO) as s:
        s.user_message("Refund order 42")
        with s.tool("lookup", {"order": 42}) as t:
            ran("lookup")
            t.result(1)
        s.llm(model="m", prompt="p", response="r")
        with s.agent("refunder") as r:
            r.ask_approval("refund", {"order": 42}).granted(by="bob")
            with r.tool("refund", {"order": 42}, requires="refunds:write") as t:
                ran("refund")
                t.result("ok")
            with contextlib.suppress(LookupError), r.tool("notify", {"order": 42}):
                ran("notify")
                raise LookupError("no address")
        s.final_answer("done")


def swallowing(log: AuditLog, ran: Body) -> None:
    """As the worst frameworks do: whatever goes wrong becomes a message to the model, and the run goes on."""
    with log.session(**WHO) as s:
        for name in ("lookup", "refund", "notify"):
            with contextlib.suppress(Exception):
                s.llm(model="m", prompt=name, response="call it")
            with contextlib.suppress(Exception), s.agent(f"{name}er") as r, r.tool(name, {"order": 42}) as t:
                ran(name)
                t.result(1)
        with contextlib.suppress(Exception):
            s.final_answer("done")


def decorated(log: AuditLog, ran: Body) -> None:
    @log.tool
    def lookup(order: int) -> None:
        ran("lookup")

    @log.tool
    def refund(order: int) -> Iterator[int]:
        ran("refund")
        yield 1
        yield 2

    @log.tool
    def notify(order: int) -> None:
        ran("notify")
        raise LookupError("no address")

    with log.session(**WHO):
        lookup(42)
        for _ in refund(42):
            pass
        with contextlib.suppress(LookupError):
            notify(42)


def asynchronously(log: AuditLog, ran: Body) -> None:
    @log.tool
    async def lookup(order: int) -> None:
        await asyncio.sleep(0)
        ran("lookup")

    @log.tool
    async def stream(order: int) -> Any:
        ran("stream")
        yield 1

    async def run() -> None:
        async with log.session(**WHO) as s:
            await asyncio.gather(lookup(1), lookup(2), return_exceptions=True)
            async with s.agent("refunder") as r, r.tool("refund", {"order": 42}) as t:
                ran("refund")
                t.result("ok")
            with contextlib.suppress(Exception):
                async for _ in stream(42):
                    pass
            s.final_answer("done")

    asyncio.run(asyncio.wait_for(run(), 10))


def in_threads(log: AuditLog, ran: Body) -> None:
    def work(name: str) -> None:
        with contextlib.suppress(AuditWriteError), s.tool(name, {"order": 42}) as t:
            ran(name)
            t.result(1)

    with log.session(**WHO) as s:
        threads = [threading.Thread(target=s.bind(work), args=(f"tool{number}",)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)


MODES = (plainly, swallowing, decorated, asynchronously, in_threads)
LONGEST = 26


def in_chain(error: BaseException | None, kind: type[BaseException]) -> bool:
    while error is not None:
        if isinstance(error, kind):
            return True
        error = error.__cause__ or error.__context__
    return False


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.__name__)
def test_no_append_fails(mode: Callable[[AuditLog, Body], None], audit: Recording) -> None:
    """The clean run: every body has its intent and its outcome, and there are fewer records than the cases below."""
    ran: list[str] = []
    mode(audit.log, ran.append)
    assert len(audit.records) <= LONGEST
    phases = [each["action"]["phase"] for each in audit.of_type("tool_invocation")]
    assert phases.count("start") == phases.count("end") == len(ran)


@pytest.mark.parametrize("appends", range(LONGEST))
@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.__name__)
def test_the_kth_append_fails(
    mode: Callable[[AuditLog, Body], None], appends: int, audit: Recording, tmp_path: Path
) -> None:
    """For every k: the caller gets to know, no body ran without its intent in the log, and nothing hangs."""
    with recording() as clean:
        mode(clean.log, lambda name: None)
        length = len(clean.records)
    ran: list[str] = []
    before = threading.active_count()
    audit.fail_after(appends)
    if appends >= length:
        mode(audit.log, ran.append)
    else:
        with pytest.raises(BaseException) as caught:
            mode(audit.log, ran.append)
        assert in_chain(caught.value, AuditWriteError)
    intents = [each["action"]["tool"] for each in audit.of_type("tool_invocation") if each["action"]["phase"] == "start"]  # fmt: skip
    assert all(ran.count(name) <= intents.count(name) for name in ran)
    if appends == 0:
        assert ran == []
    assert threading.active_count() <= before


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.__name__)
def test_the_log_stands_on_a_full_device(mode: Callable[[AuditLog, Body], None], tmp_path: Path) -> None:
    """The kernel itself refuses: writes beyond a file-size limit fail with EFBIG in a child process."""
    code = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "from auditlog_cli import AuditLog, AuditWriteError\n"
        "from tests.capture import test_failing as scripted\n"
        "log = AuditLog(sys.argv[1], ballast_bytes=0)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))\n"
        "ran = []\n"
        "try:\n"
        f"    scripted.{mode.__name__}(log, ran.append)\n"
        "except AuditWriteError:\n"
        "    print(' '.join(ran)); sys.stdout.flush()\n"
        "    import os; os._exit(5)\n"
    )
    log = tmp_path / "audit.jsonl"
    done = subprocess.run(
        [sys.executable, "-c", code, str(log)], capture_output=True, text=True, timeout=60,
        cwd=Path(__file__).parents[2], env={**os.environ, "PYTHONPATH": "."},
    )  # fmt: skip
    assert done.returncode == 5, done.stderr
    ran = done.stdout.split()
    text = log.read_text()
    assert all(f'"tool":"{name}"' in text for name in ran)
    assert log.stat().st_size <= 6000


# --- sticky ------------------------------------------------------------------------------------------


def test_every_later_call_raises_with_the_first_cause(audit: Recording) -> None:
    s = audit.log.session(**WHO).open()
    t = s.tool("running").start()
    audit.fail_after(0)
    with pytest.raises(AuditWriteError) as first:
        s.user_message("x")
    audit.fail_after(10**6)  # the disk has room again: the session stays failed
    for late in (
        s.llm,
        lambda: s.event("retrieval"),
        lambda: s.final_answer("x"),
        lambda: s.message_to("a"),
        lambda: s.handoff("a"),
        lambda: s.ask_approval("pay"),
        lambda: s.tool("pay").start(),
        lambda: s.agent("a").open(),
        lambda: s.measured_llm().__enter__(),
        t.finish,
        s.close,
    ):
        with pytest.raises(AuditWriteError, match="this session can record nothing more") as later:
            late()
        assert later.value.__cause__ is first.value or "asked for this" in str(later.value)
        assert str(first.value) in str(later.value)
    assert s.failed is first.value
    assert len(audit.records) == 2


def test_the_exit_raises_if_somebody_swallowed_the_failure(audit: Recording) -> None:
    with pytest.raises(AuditWriteError, match="nothing more"), audit.log.session(**WHO) as s:
        audit.fail_after(0)
        with contextlib.suppress(AuditWriteError):
            s.user_message("x")


def test_the_exit_keeps_an_exception_that_comes_from_the_failure(audit: Recording) -> None:
    """A framework wrapped it: its exception goes on unchanged."""
    with pytest.raises(RuntimeError, match="wrapped") as caught, audit.log.session(**WHO) as s, s.agent("a") as a:
        audit.fail_after(0)
        try:
            a.user_message("x")
        except AuditWriteError as error:
            raise RuntimeError("wrapped") from error
    assert caught.value.__cause__ is s.failed


def test_the_exit_recognises_the_failure_in_a_group(audit: Recording) -> None:
    with pytest.raises(ExceptionGroup) as caught, audit.log.session(**WHO) as s:
        audit.fail_after(0)
        try:
            s.user_message("x")
        except AuditWriteError as error:
            raise ExceptionGroup("tasks", [ValueError("other"), error]) from None
    assert s.failed in caught.value.exceptions


@pytest.mark.parametrize("raised", [ValueError("mine"), KeyboardInterrupt(), asyncio.CancelledError()])
def test_an_exception_of_the_application_is_chained_not_lost(audit: Recording, raised: BaseException) -> None:
    """It knows nothing of the failure, so the failure is raised, with it as context."""
    with pytest.raises(AuditWriteError) as caught, audit.log.session(**WHO) as s:
        audit.fail_after(0)
        with contextlib.suppress(AuditWriteError):
            s.user_message("x")
        raise raised
    assert in_chain(caught.value, type(raised))
    assert caught.value.__context__ is raised


def test_the_outcome_that_cannot_be_written_is_raised_with_the_bodys_exception(audit: Recording) -> None:
    s = audit.log.session(**WHO).open()
    with pytest.raises(AuditWriteError) as caught, s.tool("pay"):
        audit.fail_after(0)
        raise ValueError("mine")
    assert isinstance(caught.value.__context__, ValueError)


def test_any_error_of_the_writer_is_a_failure(audit: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also a bug in it, or in a function that masks."""

    def broken(*args: Any, **kwargs: Any) -> Any:
        raise ZeroDivisionError

    s = audit.log.session(**WHO).open()
    monkeypatch.setattr(audit.log, "append", broken)
    with pytest.raises(AuditWriteError, match="ZeroDivisionError") as caught:
        s.user_message("x")
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    with pytest.raises(AuditWriteError, match="nothing more"):
        s.user_message("x")


def test_ctrl_c_in_the_middle_of_a_write_is_a_failure_too(audit: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows whether the record is there. The tool does not run."""

    def interrupted(*args: Any, **kwargs: Any) -> Any:
        raise KeyboardInterrupt

    s = audit.log.session(**WHO).open()
    monkeypatch.setattr(audit.log, "append", interrupted)
    with pytest.raises(KeyboardInterrupt), s.tool("pay"):
        pytest.fail("it must not run")
    with pytest.raises(AuditWriteError, match="KeyboardInterrupt while writing"):
        s.close()


def test_one_session_fails_and_another_goes_on(audit: Recording) -> None:
    """The log itself goes on: stickiness belongs to the session."""
    failed = audit.log.session(**WHO).open()
    audit.fail_after(0)
    with pytest.raises(AuditWriteError):
        failed.user_message("x")
    audit.fail_after(10**6)
    with audit.log.session(**WHO) as s:
        s.user_message("x")
    with pytest.raises(AuditWriteError):
        failed.close()


def test_an_append_that_fails_once_is_never_taken_back(tmp_path: Path) -> None:
    """A log closed under a running session."""
    log = AuditLog(tmp_path / "a.jsonl")
    with pytest.raises(AuditWriteError, match="closed"), log.session(**WHO):
        log.close()


# --- the intent is durable ---------------------------------------------------------------------------


@pytest.mark.parametrize(("fsync", "durable"), [("interval", True), ("always", True), ("none", None)])
def test_the_intent_waits_for_the_disk(tmp_path: Path, fsync: Any, durable: bool | None) -> None:
    """Whatever the log's policy; only `fsync="none"` waives it, and the session's first record says so."""
    asked: dict[str, bool | None] = {}

    class Watched(AuditLog):
        def append(self, record: Any, *, durable: bool | None = None) -> Any:
            asked[f"{record['action']['type']} {record['action'].get('phase')}"] = durable
            return super().append(record, durable=durable)

    async def run() -> None:
        async with log.session(**WHO) as s, s.tool("pay") as t:
            t.result(1)

    for wait in (False, True):
        asked.clear()
        with Watched(tmp_path / f"{wait}.jsonl", fsync=fsync) as log:
            if wait:
                asyncio.run(run())
            else:
                with log.session(**WHO) as s, s.tool("pay") as t:
                    t.result(1)
        assert asked == {
            "lifecycle start": None,
            "tool_invocation start": durable,
            "tool_invocation end": None,
            "lifecycle end": None,
        }


def test_a_disk_that_does_not_confirm_keeps_the_tool_from_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(fd: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with pytest.raises(AuditWriteError), AuditLog(tmp_path / "a.jsonl") as log, log.session(**WHO) as s:
        monkeypatch.setattr(os, "fdatasync", refuse)
        with contextlib.suppress(AuditWriteError), s.tool("pay"):
            pytest.fail("it must not run")
        monkeypatch.undo()


def test_a_tool_begun_in_a_signal_handler_that_hit_a_write_does_not_run(audit: Recording) -> None:
    """Its intent is queued until the interrupted write is done, so it is not in the log when the body would run."""
    s = audit.log.session(**WHO).open()
    append = AuditLog.append
    caught: list[BaseException] = []

    def handler(number: int, frame: Any) -> None:
        try:
            with s.tool("from the handler"):
                pytest.fail("it must not run")
        except AuditWriteError as error:
            caught.append(error)

    queued = append(audit.log, {"action": {"type": "x"}})
    queued.status = "queued"
    previous = signal.signal(signal.SIGUSR1, handler)
    try:
        audit.log.append = lambda record, durable=None: queued  # type: ignore[method-assign]
        os.kill(os.getpid(), signal.SIGUSR1)
    finally:
        signal.signal(signal.SIGUSR1, previous)
        del audit.log.append
    assert "signal handler" in str(caught[0])


# --- on_error ----------------------------------------------------------------------------------------


def test_warn_goes_on_and_says_so_at_both_ends(audit: Recording) -> None:
    with pytest.warns(UserWarning, match="was not recorded") as warned, audit.log.session(**WHO, on_error="warn") as s:
        audit.fail_after(0)
        assert s.user_message("x").status == "lost"
        with s.tool("pay") as t:
            t.result(1)
        audit.fail_after(10**6)
        s.final_answer("y")
    assert len(warned) == 3
    assert audit.records[0]["metadata"]["on_error"] == "warn"
    assert audit.records[-1]["metadata"] == {"on_error": "warn", "not_recorded": 3}
    assert s.failed is not None


def test_warn_opens_a_session_on_a_log_that_cannot_be_written(audit: Recording) -> None:
    audit.fail_after(0)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        with audit.log.session(**WHO, on_error="warn"):
            pass
    assert len(warned) == 2
    assert all(each.filename.endswith("test_failing.py") or "auditlog_cli" in each.filename for each in warned)


def test_abort_ends_the_process_with_70_and_says_why(tmp_path: Path) -> None:
    """Even where a framework would swallow any exception."""
    code = (
        "import sys\n"
        "from auditlog_cli.testing import recording\n"
        "with recording(sys.argv[1]) as audit:\n"
        "    with audit.log.session(user='alice', agent='planner', on_error='abort') as s:\n"
        "        audit.fail_after(0)\n"
        "        try:\n"
        "            s.tool('pay').start()\n"
        "        finally:\n"
        "            print('went on')\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 70
    assert done.stdout == ""
    assert done.stderr.startswith("auditlog: error[write]:")
    assert "Traceback" not in done.stderr


def test_on_error_is_one_of_three(audit: Recording) -> None:
    with pytest.raises(UsageError, match="raise, abort, warn"):
        audit.log.session(**WHO, on_error="ignore")  # type: ignore[arg-type]


def test_no_session_is_no_write_error(audit: Recording) -> None:
    assert not issubclass(NoSession, AuditWriteError)
