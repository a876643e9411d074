"""Where in a session the code is: tasks inherit it, threads do not, generators do not leak it."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from auditlog_cli import NoSession, Session, current_session
from auditlog_cli.testing import Recording

WHO: dict[str, Any] = {"user": "alice", "agent": "planner", "scopes": ["orders:read"]}


def parents(audit: Recording, kind: str) -> list[str]:
    return [each["parent_span_id"] for each in audit.of_type(kind)]


def test_the_session_of_the_context(audit: Recording) -> None:
    with pytest.raises(NoSession, match="no audit session is open"):
        current_session()
    with audit.log.session(**WHO) as s:
        assert current_session() is s
        with s.agent("refunder") as r:
            assert current_session() is r
            with r.tool("pay"):
                assert current_session() is r
        assert current_session() is s
    with pytest.raises(NoSession):
        current_session()


def test_a_session_inside_another_is_the_current_one(audit: Recording) -> None:
    with audit.log.session(**WHO) as outer, audit.log.session(user="bob", agent="b") as inner:
        assert current_session() is inner
        outer.event("by_outer")
        inner.event("by_inner")
    assert audit.of_type("by_outer")[0]["user"] == {"id": "alice"}
    assert audit.of_type("by_inner")[0]["user"] == {"id": "bob"}


class TestThreads:
    """A thread has no session unless it is bound to one, or has it explicitly."""

    def test_a_thread_of_ones_own_has_none(self, audit: Recording) -> None:
        with audit.log.session(**WHO), ThreadPoolExecutor(1) as pool, pytest.raises(NoSession):
            pool.submit(current_session).result()

    def test_bind_takes_the_place_along(self, audit: Recording) -> None:
        """The place where `bind` was called, not the one where the thread happens to run."""

        def work(number: int) -> int:
            current_session().event("inside", result=number)
            return number

        with audit.log.session(**WHO) as s, ThreadPoolExecutor(4) as pool, s.tool("outer") as t:
            bound = s.bind(work)
            assert sorted(pool.map(bound, range(8))) == list(range(8))
        assert parents(audit, "inside") == [t.span_id] * 8

    def test_the_explicit_session_needs_no_context(self, audit: Recording) -> None:
        """Parallel calls, each with its own span, all under the agent."""

        def work(number: int) -> None:
            with s.tool("pay", {"n": number}) as t:
                s.event("inside", result=number)
                t.result(number)

        with audit.log.session(**WHO) as s, ThreadPoolExecutor(8) as pool:
            list(pool.map(work, range(32)))
        calls = audit.of_type("tool_invocation")
        assert len({each["span_id"] for each in calls}) == 32
        spans = {each["action"]["result"]: each["span_id"] for each in calls if each["action"]["phase"] == "end"}
        for event in audit.of_type("inside"):
            assert event["parent_span_id"] == spans[event["action"]["result"]]

    def test_to_thread_inherits(self, audit: Recording) -> None:
        async def run() -> None:
            async with audit.log.session(**WHO) as s:
                assert await asyncio.to_thread(current_session) is s

        asyncio.run(run())

    def test_what_still_runs_when_its_agent_has_ended_has_no_session(self, audit: Recording) -> None:
        """It is not taken for a deed of the agent around it."""
        go, done = threading.Event(), []

        def late() -> None:
            go.wait(5)
            try:
                done.append(current_session())
            except NoSession as error:
                done.append(error)

        with audit.log.session(**WHO) as s:
            with s.agent("refunder"):
                context = contextvars.copy_context()
                thread = threading.Thread(target=context.run, args=(late,))
                thread.start()
            go.set()
            thread.join(5)
        assert isinstance(done[0], NoSession)
        assert "refunder has ended" in str(done[0])

    def test_what_still_runs_when_its_call_has_ended_belongs_to_the_agent(self, audit: Recording) -> None:
        with audit.log.session(**WHO) as s:
            with s.tool("pay"):
                context = contextvars.copy_context()
            assert context.run(current_session) is s
            context.run(s.event, "after")
        assert parents(audit, "after") == [s.span_id]


class TestTasks:
    """Each task has its own place."""

    def test_parallel_agents_keep_apart(self, audit: Recording) -> None:
        async def one(s: Session, name: str) -> None:
            async with s.agent(name), s.tool(f"{name}_tool") as t:
                await asyncio.sleep(0)
                s.event("inside", metadata={"by": name})
                await asyncio.sleep(0)
                t.result(name)

        async def run() -> None:
            async with audit.log.session(**WHO) as s:
                await asyncio.gather(*(one(s, f"agent{number}") for number in range(10)))

        asyncio.run(run())
        for event in audit.of_type("inside"):
            assert event["agent"]["id"] == event["metadata"]["by"]

    def test_bound_coroutine_functions_and_generators(self, audit: Recording) -> None:
        async def task() -> Session:
            await asyncio.sleep(0)
            return current_session()

        async def stream() -> Any:
            yield current_session()
            yield current_session()

        def steps() -> Iterator[Session]:
            yield current_session()
            yield current_session()

        async def run(bound: Any) -> Any:
            return await bound()

        async def collect(bound: Any) -> list[Any]:
            return [each async for each in bound()]

        with audit.log.session(**WHO) as s:
            context = contextvars.Context()  # empty, as in a runtime that was started before the session
            assert context.run(asyncio.run, run(s.bind(task))) is s
            assert context.run(asyncio.run, collect(s.bind(stream))) == [s, s]
            assert context.run(list, s.bind(steps)()) == [s, s]
            with pytest.raises(NoSession):
                context.run(current_session)

    def test_bound_async_generators_take_what_is_sent_and_thrown(self, audit: Recording) -> None:
        async def echo() -> Any:
            got = yield "first"
            try:
                yield got
            except KeyError:
                yield "caught"

        async def run(bound: Any) -> None:
            made = bound()
            assert [await anext(made), await made.asend("second"), await made.athrow(KeyError())] == [
                "first", "second", "caught",
            ]  # fmt: skip
            await made.aclose()

        with audit.log.session(**WHO) as s:
            asyncio.run(run(s.bind(echo)))

    def test_a_cancelled_task_leaves_an_outcome(self, audit: Recording) -> None:
        async def run() -> None:
            async with audit.log.session(**WHO) as s:

                async def work() -> None:
                    async with s.tool("slow"):
                        await asyncio.sleep(9)

                task = asyncio.create_task(work())
                await asyncio.sleep(0.05)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task

        asyncio.run(run())
        _start, end = audit.of_type("tool_invocation")
        assert end["action"]["result_status"] == "error"
        assert end["action"]["error"]["type"] == "asyncio.exceptions.CancelledError"

    def test_cancelled_while_the_intent_is_written_the_body_does_not_run(self, tmp_path: Any) -> None:
        """The record is waited for, and gets its outcome: intent and deed stay together."""
        from auditlog_cli import AuditLog, select

        writing, go = threading.Event(), threading.Event()

        class Slow(AuditLog):
            def append(self, record: Any, *, durable: bool | None = None) -> Any:
                if durable:
                    writing.set()
                    go.wait(5)
                return super().append(record, durable=durable)

        async def run() -> None:
            async def work() -> None:
                async with s.tool("pay"):
                    pytest.fail("it must not run")

            async with log.session(**WHO) as s:
                task = asyncio.create_task(work())
                while not writing.is_set():
                    await asyncio.sleep(0)  # the loop goes on meanwhile
                task.cancel()
                await asyncio.sleep(0)
                go.set()
                with pytest.raises(asyncio.CancelledError):
                    await task

        with Slow(tmp_path / "a.jsonl") as log:
            asyncio.run(run())
        found = [each.content["action"] for each in select(tmp_path / "a.jsonl", type=["tool_invocation"])]
        assert [(each["phase"], each["result_status"]) for each in found] == [("start", "pending"), ("end", "error")]  # type: ignore[index]

    def test_the_event_loop_goes_on_while_the_disk_works(self, tmp_path: Any) -> None:
        from auditlog_cli import AuditLog

        go = threading.Event()

        class Slow(AuditLog):
            def append(self, record: Any, *, durable: bool | None = None) -> Any:
                if durable:
                    assert go.wait(5), "the loop stood still"
                return super().append(record, durable=durable)

        async def run() -> None:
            async with log.session(**WHO) as s:

                async def work() -> None:
                    async with s.tool("pay") as t:
                        t.result(1)

                async def other() -> None:
                    await asyncio.sleep(0.01)
                    go.set()

                await asyncio.gather(work(), other())

        with Slow(tmp_path / "a.jsonl") as log:
            asyncio.run(run())

    def test_another_event_loop_than_asyncio(self, tmp_path: Any) -> None:
        """On trio, say, its thread waits for the disk: nothing of asyncio is needed."""
        from auditlog_cli import AuditLog

        async def run() -> str:
            async with log.session(**WHO) as s, s.tool("pay") as t:
                t.result(1)
            return "done"

        with AuditLog(tmp_path / "a.jsonl") as log:
            coroutine = run()
            with pytest.raises(StopIteration) as stop:
                coroutine.send(None)
        assert stop.value.value == "done"


class TestGeneratorsOfTheApplication:
    """`with` inside a generator, ended in another order than it began."""

    def test_interleaved_generators_leave_no_stale_place(self, audit: Recording) -> None:
        def steps(name: str) -> Iterator[None]:
            with s.tool(name):
                yield
                yield

        with audit.log.session(**WHO) as s:
            one, two = steps("one"), steps("two")
            next(one)
            next(two)
            list(one)
            list(two)
            s.event("after")
            assert current_session() is s
        assert parents(audit, "after") == [s.span_id]
        assert len(audit.of_type("tool_invocation")) == 4

    def test_agents_in_generators_too(self, audit: Recording) -> None:
        def steps(name: str) -> Iterator[None]:
            with s.agent(name):
                yield

        with audit.log.session(**WHO) as s:
            one, two = steps("one"), steps("two")
            next(one)
            next(two)
            list(one)
            list(two)
            assert current_session() is s
            s.event("after")
        assert audit.of_type("after")[0]["agent"]["id"] == "planner"

    def test_a_generator_closed_in_another_context(self, audit: Recording) -> None:
        def steps() -> Iterator[None]:
            with s.tool("pay"):
                yield

        with audit.log.session(**WHO) as s:
            made = steps()
            contextvars.copy_context().run(next, made)
            made.close()  # type: ignore[attr-defined]
            assert current_session() is s
        assert audit.of_type("tool_invocation")[-1]["action"]["result_status"] == "partial"

    def test_a_generator_that_is_forgotten(self, audit: Recording) -> None:
        def steps() -> Iterator[None]:
            with s.tool("pay") as t:
                t.result("so far")
                yield

        with audit.log.session(**WHO) as s:
            next(steps())
            gc.collect()
            assert current_session() is s
        end = audit.of_type("tool_invocation")[-1]["action"]
        assert (end["result_status"], end["result"]) == ("success", "so far")


def test_after_a_fork_both_sides_record(audit: Recording) -> None:
    import os

    with audit.log.session(**WHO) as s:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                with s.tool("in the child") as t:
                    t.result(1)
                code = 0
            finally:
                os._exit(code)
        assert os.waitpid(child, 0)[1] == 0
        with s.tool("in the parent") as t:
            t.result(1)
    assert [each["action"]["tool"] for each in audit.of_type("tool_invocation")] == [
        "in the child", "in the child", "in the parent", "in the parent",
    ]  # fmt: skip
