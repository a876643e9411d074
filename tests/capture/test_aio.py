"""`AsyncAuditLog` with sessions: places follow tasks, threads and generators; a failure reaches the caller."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli import AsyncAuditLog, AuditLog, AuditWriteError, NoSession, UsageError, current_session, select
from auditlog_cli.capture.aio import LogOptions

WHO: Any = {"user": "alice", "agent": "planner", "scopes": ["orders:*"]}


def contents(path: Path) -> list[dict[str, Any]]:
    return [json.loads(record.line.raw) for record in select(path)]


def by_tool(path: Path, phase: str = "start") -> dict[str, dict[str, Any]]:
    found = [each for each in contents(path) if each["action"].get("phase") == phase and "tool" in each["action"]]
    return {each["action"]["tool"]: each for each in found}


def test_sessions_and_plain_appends_share_a_log(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"

    async def main() -> None:
        async with AsyncAuditLog(path) as log:
            receipt = await log.append({"action": {"type": "note", "result_status": "success"}})
            assert receipt.seq == 1
            async with log.session(**WHO) as s, s.tool("lookup", {"id": 1}, requires="orders:read") as t:
                t.result(await asyncio.sleep(0, "found"))
            assert s.log is log.log

    asyncio.run(main())
    assert [each["action"]["type"] for each in contents(path)] == [
        "note", "lifecycle", "tool_invocation", "tool_invocation", "lifecycle",
    ]  # fmt: skip


def test_tools_may_be_decorated_before_the_log_is_open(tmp_path: Path) -> None:
    log = AsyncAuditLog(tmp_path / "a.jsonl")

    @log.tool(requires="orders:read")
    async def lookup(order_id: int) -> str:
        return f"order {order_id}"

    @log.tool
    async def stream(count: int) -> AsyncIterator[int]:
        for number in range(count):
            yield number

    async def main() -> None:
        with pytest.raises(NoSession, match="not open"):
            await lookup(1)
        with pytest.raises(NoSession, match="not open"):
            log.session(**WHO)
        async with log:
            with pytest.raises(NoSession):
                await lookup(1)
            async with log.session(**WHO):
                assert await lookup(42) == "order 42"
                assert [number async for number in stream(3)] == [0, 1, 2]

    asyncio.run(main())
    ends = by_tool(tmp_path / "a.jsonl", "end")
    assert ends["lookup"]["action"]["result"] == "order 42"
    assert ends["stream"]["action"]["result"] == {"yielded": 3}


def test_the_place_follows_tasks_threads_and_generators(tmp_path: Path) -> None:
    """A task, a task group and `to_thread` inherit it; tasks of one agent do not see each other's calls."""
    path = tmp_path / "a.jsonl"

    async def agent(log: AsyncAuditLog, name: str) -> None:
        async with current_session().agent(name):

            async def step(number: int) -> None:
                async with current_session().tool(f"{name}{number}") as t:
                    await asyncio.sleep(0.001)
                    t.result(await asyncio.to_thread(lambda: current_session().agent_id))
                    assert current_session().agent_id == name

            async with asyncio.TaskGroup() as group:
                for number in range(3):
                    group.create_task(step(number))

    async def main() -> None:
        async with AsyncAuditLog(path) as log, log.session(**WHO) as s:
            await asyncio.gather(agent(log, "a"), agent(log, "b"))
            assert current_session() is s

    asyncio.run(main())
    found, ends = by_tool(path), by_tool(path, "end")
    begun = {each["agent"]["id"]: each["span_id"] for each in contents(path) if each["action"]["type"] == "lifecycle"}
    assert sorted(found) == ["a0", "a1", "a2", "b0", "b1", "b2"]
    for tool, record in found.items():
        assert record["agent"]["id"] == ends[tool]["action"]["result"] == tool[0]
        assert record["parent_span_id"] == begun[tool[0]]


def test_a_failure_reaches_the_caller_though_it_was_swallowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[int] = []

    async def main() -> None:
        async with AsyncAuditLog(tmp_path / "a.jsonl") as log:
            with pytest.raises(AuditWriteError, match="nothing more"):
                async with log.session(**WHO) as s:
                    monkeypatch.setattr(AuditLog, "append", full)
                    try:
                        async with s.tool("pay"):
                            ran.append(1)
                    except Exception:
                        pass  # as many frameworks do
                    assert s.failed is not None

    def full(self: AuditLog, record: Any, *, durable: bool | None = None) -> Any:
        raise AuditWriteError("no space left on device")

    asyncio.run(main())
    assert ran == []


def test_options_are_those_of_the_log() -> None:
    parameters = [name for name in inspect.signature(AuditLog.__init__).parameters if name not in ("self", "path")]
    assert list(LogOptions.__annotations__) == parameters
    with pytest.raises(UsageError, match="fsnyc"):
        AsyncAuditLog("a.jsonl", fsnyc="always")  # type: ignore[call-arg]
