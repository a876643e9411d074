"""What all adapters for MCP do around a call, without any of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli.adapters.mcp import Recorder
from auditlog_cli.errors import AuditWriteError
from auditlog_cli.testing import Recording, recording
from tests.adapters.contract import WHO
from tests.adapters.mcp_scenario import told

CALL = {"name": "refund", "arguments": {"order_id": 42}}
ASKS = {"resultType": "input_required", "requestState": "s"}


def around(audit: Recording, *rounds: tuple[dict[str, Any], Callable[[], Any]]) -> list[Any]:
    """Run rounds of one session; what each gave or raised."""

    async def run() -> list[Any]:
        recorder = Recorder(audit.log.session(**WHO).open(), None, None)
        given: list[Any] = []
        for params, work in rounds:

            async def body(work: Callable[[], Any] = work) -> Any:
                return work()

            try:
                given.append(await recorder.around(None, 1, params, body))
            except BaseException as error:
                given.append(error)
        return given

    return asyncio.run(run())


def test_a_second_request_after_a_failure_does_not_run(tmp_path: Path) -> None:
    """Nor is a question handed out that was asked before it."""
    ran: list[str] = []

    with recording(tmp_path) as audit:
        first = (CALL, lambda: ASKS)
        failing = ({**CALL, "arguments": {}}, lambda: audit.fail_after(0))
        again = ({**CALL, "requestState": "s"}, lambda: ran.append("refund"))
        given = around(audit, first, failing, again)
    assert given[0] == ASKS
    assert isinstance(given[1], AuditWriteError)
    assert isinstance(given[2], AuditWriteError)
    assert ran == []


def test_a_question_does_not_reach_anybody_after_a_failure(tmp_path: Path) -> None:
    async def run() -> None:
        session = audit.log.session(**WHO).open()
        recorder = Recorder(session, None, None)

        async def work() -> Any:
            audit.fail_after(0)
            with pytest.raises(AuditWriteError):
                session.user_message("lost")
            return ASKS

        with pytest.raises(AuditWriteError):
            await recorder.around(None, 1, CALL, work)

    with recording(tmp_path) as audit:
        asyncio.run(run())


def test_what_the_tool_raises_is_recorded_and_raised(tmp_path: Path) -> None:
    def kaput() -> Any:
        raise ValueError("kaput")

    def late() -> Any:
        raise asyncio.CancelledError

    with recording(tmp_path) as audit:
        given = around(audit, (CALL, kaput), (CALL, late))
        assert [type(each) for each in given] == [ValueError, asyncio.CancelledError]
        assert told(audit.records)[1::2] == [("refund", "end", "error")] * 2
