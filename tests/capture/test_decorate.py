"""`@log.tool` over functions of every kind."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from auditlog_cli import AuditLog, NoSession, UsageError
from auditlog_cli.testing import Recording

WHO: dict[str, Any] = {"user": "alice", "agent": "planner", "scopes": ["orders:read"]}


def ends(audit: Recording) -> list[dict[str, Any]]:
    return [each["action"] for each in audit.of_type("tool_invocation") if each["action"]["phase"] == "end"]


def test_a_plain_function(audit: Recording) -> None:
    """Arguments go by their names, defaults included; the result is returned and recorded."""

    @audit.log.tool
    def look_up(order: int, *ids: int, deep: bool = False, **more: str) -> dict[str, int]:
        """Doc."""
        return {"order": order}

    with audit.log.session(**WHO):
        assert look_up(42, 1, 2, note="x") == {"order": 42}
    (end,) = ends(audit)
    assert end["tool"] == "look_up"
    assert end["arguments"] == {"order": 42, "ids": [1, 2], "deep": False, "note": "x"}
    assert end["result"] == {"order": 42}
    assert look_up.__doc__ == "Doc."


def test_with_arguments(audit: Recording) -> None:
    @audit.log.tool(name="orders.look_up", requires=iter(["orders:read"]), effect="read", skip=["db"])
    def look_up(db: object, order: int) -> int:
        return order

    with audit.log.session(**WHO):
        assert look_up(object(), 42) == look_up(object(), 42) == 42
    for end in ends(audit):
        assert (end["tool"], end["effect"], end["arguments"]) == ("orders.look_up", "read", {"order": 42})
    assert all(each["policy"]["decision"] == "allow" for each in audit.of_type("tool_invocation"))


def test_methods_leave_self_out(audit: Recording) -> None:
    class Shop:
        @audit.log.tool
        def look_up(self, order: int) -> int:
            return order

        @staticmethod
        @audit.log.tool
        def price(order: int) -> int:
            return order

        @classmethod
        @audit.log.tool
        def open(cls, name: str) -> str:
            return name

    with audit.log.session(**WHO):
        assert (Shop().look_up(1), Shop.price(2), Shop.open("x")) == (1, 2, "x")
    assert [end["arguments"] for end in ends(audit)] == [{"order": 1}, {"order": 2}, {"name": "x"}]


def test_a_coroutine_function(audit: Recording) -> None:
    @audit.log.tool
    async def look_up(order: int) -> int:
        await asyncio.sleep(0)
        return order

    async def run() -> list[int]:
        async with audit.log.session(**WHO):
            return await asyncio.gather(*(look_up(number) for number in range(5)))

    assert inspect.iscoroutinefunction(look_up)
    assert asyncio.run(run()) == [0, 1, 2, 3, 4]
    assert sorted(end["result"] for end in ends(audit)) == [0, 1, 2, 3, 4]
    assert {each["parent_span_id"] for each in audit.of_type("tool_invocation")} == {audit.records[0]["span_id"]}


def test_an_exception_is_recorded_and_passed_on(audit: Recording) -> None:
    @audit.log.tool
    def fail(order: int) -> None:
        raise LookupError(order)

    @audit.log.tool
    async def time_out() -> None:
        await asyncio.wait_for(asyncio.sleep(9), 0.001)

    with audit.log.session(**WHO):
        with pytest.raises(LookupError):
            fail(42)
        with pytest.raises(TimeoutError):
            asyncio.run(time_out())
    assert [end["result_status"] for end in ends(audit)] == ["error", "timeout"]


def test_a_call_that_cannot_be_made_is_an_attempt(audit: Recording) -> None:
    """A model that makes up an argument has tried to act: that is in the log, as an error."""

    @audit.log.tool
    def look_up(order: int) -> int:
        return order

    with audit.log.session(**WHO), pytest.raises(TypeError):
        look_up(1, colour="red")  # type: ignore[call-arg]
    (end,) = ends(audit)
    assert end["result_status"] == "error"
    assert end["arguments"] == {"args": [1], "kwargs": {"colour": "red"}}


class TestGenerators:
    """Recorded when they run, not when they are made."""

    def test_a_generator(self, audit: Recording) -> None:
        @audit.log.tool
        def count(to: int) -> Iterator[int]:
            yield from range(to)
            return "done"

        assert inspect.isgeneratorfunction(count)
        with audit.log.session(**WHO):
            made = count(3)
            assert ends(audit) == []
            assert list(made) == [0, 1, 2]
        (end,) = ends(audit)
        assert (end["result_status"], end["result"]) == ("success", {"yielded": 3, "returned": "done"})

    def test_closed_early_it_is_partial(self, audit: Recording) -> None:
        cleaned: list[str] = []

        @audit.log.tool
        def count() -> Iterator[int]:
            try:
                yield 1
                yield 2
            finally:
                cleaned.append("up")

        with audit.log.session(**WHO):
            made = count()
            next(made)
            made.close()  # type: ignore[attr-defined]
        (end,) = ends(audit)
        assert (end["result_status"], end["result"], cleaned) == ("partial", {"yielded": 1}, ["up"])

    def test_forgotten_it_is_partial_too(self, audit: Recording) -> None:
        @audit.log.tool
        def count() -> Iterator[int]:
            yield 1
            yield 2

        with audit.log.session(**WHO):
            for _ in count():
                break
        assert [end["result_status"] for end in ends(audit)] == ["partial"]

    def test_what_fails_inside_is_an_error(self, audit: Recording) -> None:
        @audit.log.tool
        def count() -> Iterator[int]:
            yield 1
            raise ValueError("no more")

        with audit.log.session(**WHO), pytest.raises(ValueError, match="no more"):
            list(count())
        assert [end["result_status"] for end in ends(audit)] == ["error"]

    def test_send_and_throw_reach_the_body(self, audit: Recording) -> None:
        @audit.log.tool
        def echo() -> Iterator[Any]:
            got = yield "first"
            try:
                yield got
            except KeyError as error:
                yield f"caught {error}"

        with audit.log.session(**WHO):
            made: Any = echo()
            assert (next(made), made.send("second"), made.throw(KeyError("k"))) == ("first", "second", "caught 'k'")
            assert list(made) == []

    def test_its_consumer_never_finds_itself_inside_it(self, audit: Recording) -> None:
        """What happens between two items is no deed of the generator (PEP 568)."""

        @audit.log.tool
        def count() -> Iterator[int]:
            s.event("inside")
            yield 1
            s.event("inside")
            yield 2

        with audit.log.session(**WHO) as s:
            for _ in count():
                s.event("between")
        call = audit.of_type("tool_invocation")[0]["span_id"]
        assert {each["parent_span_id"] for each in audit.of_type("inside")} == {call}
        assert {each["parent_span_id"] for each in audit.of_type("between")} == {audit.records[0]["span_id"]}

    def test_an_async_generator(self, audit: Recording) -> None:
        @audit.log.tool
        async def count(to: int) -> AsyncIterator[int]:
            for number in range(to):
                await asyncio.sleep(0)
                s.event("inside")
                yield number

        async def run() -> None:
            nonlocal s
            async with audit.log.session(**WHO) as s:
                assert [number async for number in count(2)] == [0, 1]
                early: Any = count(5)
                assert await anext(early) == 0
                s.event("between")
                await early.aclose()

        s: Any = None
        assert inspect.isasyncgenfunction(count)
        asyncio.run(run())
        whole, cut = ends(audit)
        assert (whole["result_status"], whole["result"]) == ("success", {"yielded": 2})
        assert (cut["result_status"], cut["result"]) == ("partial", {"yielded": 1})
        (between,) = audit.of_type("between")
        assert between["parent_span_id"] == audit.records[0]["span_id"]

    def test_send_and_throw_reach_an_async_body(self, audit: Recording) -> None:
        @audit.log.tool
        async def echo() -> AsyncIterator[Any]:
            got = yield "first"
            try:
                yield got
            except KeyError as error:
                yield f"caught {error}"
            raise ValueError("end")

        async def run() -> None:
            async with audit.log.session(**WHO):
                made: Any = echo()
                assert await anext(made) == "first"
                assert await made.asend("second") == "second"
                assert await made.athrow(KeyError("k")) == "caught 'k'"
                with pytest.raises(ValueError):
                    await anext(made)

        asyncio.run(run())
        assert [end["result_status"] for end in ends(audit)] == ["error"]

    def test_an_async_generator_left_open_is_closed_by_the_loop(self, audit: Recording) -> None:
        @audit.log.tool
        async def count() -> AsyncIterator[int]:
            yield 1
            yield 2

        async def run() -> None:
            async with audit.log.session(**WHO):
                async for _ in count():
                    break
                await asyncio.sleep(0.01)

        asyncio.run(run())
        assert [end["result_status"] for end in ends(audit)] == ["partial"]


class TestWhatHasYetToRun:
    """A plain function may return a coroutine or a generator: it is recorded when that has run."""

    def test_a_coroutine(self, audit: Recording) -> None:
        async def work() -> str:
            s.event("inside")
            return "done"

        with audit.log.session(**WHO) as s:
            assert asyncio.run(audit.log.tool(work)()) == "done"
            with pytest.raises(ZeroDivisionError):
                asyncio.run(audit.log.tool(broken)())
        done, failed = ends(audit)
        assert (done["result"], failed["result_status"]) == ("done", "error")
        assert audit.of_type("inside")[0]["parent_span_id"] == audit.of_type("tool_invocation")[0]["span_id"]

    def test_generators(self, audit: Recording) -> None:
        async def numbers() -> AsyncIterator[int]:
            yield 1

        async def run() -> list[int]:
            return [number async for number in audit.log.tool(numbers)()]

        with audit.log.session(**WHO):
            assert list(audit.log.tool(lambda: (n for n in "ab"))()) == ["a", "b"]
            assert asyncio.run(run()) == [1]
        assert [end["result"] for end in ends(audit)] == [{"yielded": 2}, {"yielded": 1}]


async def broken() -> None:
    raise ZeroDivisionError


class TestWhichSession:
    """That of the context, asked for at each call; or the one that is given."""

    def test_without_a_session_nothing_runs(self, audit: Recording) -> None:
        @audit.log.tool
        def pay() -> None:
            pytest.fail("it must not run")

        with pytest.raises(NoSession, match="no audit session is open"):
            pay()

    def test_a_session_on_another_log_does_not_count(self, audit: Recording, tmp_path: Any) -> None:
        @audit.log.tool
        def pay() -> str:
            return "paid"

        with AuditLog(tmp_path / "other.jsonl") as other, other.session(**WHO):
            with pytest.raises(NoSession):
                pay()
            with audit.log.session(**WHO), other.session(**WHO):
                assert pay() == "paid"
        assert len(ends(audit)) == 1

    def test_an_explicit_session(self, audit: Recording) -> None:
        with audit.log.session(**WHO) as s:

            @audit.log.tool(session=s)
            def pay(n: int) -> int:
                return n

            with ThreadPoolExecutor(4) as pool:  # no context there, and none is needed
                assert sorted(pool.map(pay, range(8))) == list(range(8))
        assert len(ends(audit)) == 8

    def test_the_nested_agent_of_the_context(self, audit: Recording) -> None:
        @audit.log.tool
        def pay() -> None: ...

        with audit.log.session(**WHO) as s, s.agent("refunder"):
            pay()
        assert {each["agent"]["id"] for each in audit.of_type("tool_invocation")} == {"refunder"}


def test_callables_that_are_no_functions(audit: Recording) -> None:
    def pay(order: int, amount: int) -> int:
        return amount

    async def later(order: int) -> int:
        return order

    with audit.log.session(**WHO):
        assert audit.log.tool(functools.partial(pay, 42))(amount=3) == 3
        assert asyncio.run(audit.log.tool(functools.partial(later, 42))()) == 42
        assert audit.log.tool(name="largest")(max)(3, 4) == 4
    assert [end["tool"] for end in ends(audit)] == ["pay", "later", "largest"]
    assert ends(audit)[0]["arguments"] == {"amount": 3}
    assert ends(audit)[2]["arguments"] == {"args": [3, 4], "kwargs": {}}
    for wrong in (staticmethod(pay), classmethod(pay), Recording, 7):
        with pytest.raises(UsageError, match="@log.tool"):
            audit.log.tool(wrong)  # type: ignore[call-overload,type-var]
