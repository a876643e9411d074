"""fastmcp itself: the failure contract of server and client, tool errors that arrive as exceptions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastmcp", reason="fastmcp is not installed: make test-frameworks FRAMEWORKS=fastmcp")

from fastmcp import Client, Context, FastMCP

from auditlog_cli import AuditLog, Session
from auditlog_cli.adapters.mcp import client, fastmcp_middleware
from auditlog_cli.testing import recording
from tests.adapters.contract import WHO, Contract, Ran
from tests.adapters.mcp_scenario import WHOLE, told, work


def made(ran: Callable[[str], None], **options: Any) -> FastMCP:
    server = FastMCP("orders", **options)

    @server.tool
    def lookup_order(order_id: int) -> dict[str, float]:
        ran("lookup_order")
        return {"order": order_id, "total": 19.5}

    @server.tool
    async def issue_refund(order_id: int, amount: float, ctx: Context) -> str:
        answer = await ctx.elicit("Approve?", response_type=bool)
        ran("issue_refund")
        return f"{answer.action}: refunded {amount}"

    @server.tool
    def boom() -> str:
        ran("boom")
        raise ValueError("kaput")

    return server


async def accept(message: str, response_type: Any, params: Any, context: Any) -> Any:
    return {"value": True}


def connected(server: FastMCP) -> Client:
    return Client(server, elicitation_handler=accept, mode="legacy")


async def serve(session: Session, ran: Callable[[str], None]) -> None:
    async with connected(made(ran, middleware=[fastmcp_middleware(session=session)])) as inner:
        await work(session, inner.call_tool)


class TestServer(Contract):
    modes = ("async",)

    def drive(self, log: AuditLog, mode: str, ran: Ran) -> None:
        with log.session(**WHO) as session:
            asyncio.run(serve(session, ran))


class TestClient(Contract):
    modes = ("async",)

    def drive(self, log: AuditLog, mode: str, ran: Ran) -> None:
        async def run(session: Session) -> None:
            async with connected(made(ran)) as inner:
                await work(session, client(inner, session=session).call_tool)

        with log.session(**WHO) as session:
            asyncio.run(run(session))


def test_the_scenario(tmp_path: Path) -> None:
    with recording(tmp_path) as audit:
        with audit.log.session(**WHO) as session:
            asyncio.run(serve(session, lambda name: None))
        assert told(audit.records) == WHOLE
        ends = [each["action"] for each in audit.of_type("tool_invocation") if each["action"]["phase"] == "end"]
        assert ends[0]["result"]["structuredContent"] == {"order": 42, "total": 19.5}
        assert "kaput" in ends[2]["error"]["message"]


def test_a_round_trip_is_one_call(tmp_path: Path) -> None:
    """In the protocol of 2026-07-28 the question is a result, and the answer comes with a second request."""
    import mcp_types as types

    async def run(session: Session) -> None:
        server = FastMCP("orders", middleware=[fastmcp_middleware(session=session)])

        @server.tool
        async def issue_refund(order_id: int, ctx: Context) -> Any:
            if ctx.input_responses:
                return "refunded"
            schema = {"type": "object", "properties": {"approve": {"type": "boolean"}}}
            form = types.ElicitRequestFormParams(message="Approve?", requested_schema=schema)
            return types.InputRequiredResult(input_requests={"ok": types.ElicitRequest(params=form)}, request_state="s")

        async def decline(message: str, response_type: Any, params: Any, context: Any) -> Any:
            return types.ElicitResult(action="decline")

        async with Client(server, elicitation_handler=decline) as inner:
            await inner.call_tool("issue_refund", {"order_id": 42})

    with recording(tmp_path) as audit:
        with audit.log.session(**WHO) as session:
            asyncio.run(run(session))
        assert told(audit.records) == [
            ("issue_refund", "start", "pending"),
            ("approval", None, "pending"),
            ("approval", None, "denied"),
            ("issue_refund", "end", "success"),
        ]
        assert len({each["span_id"] for each in audit.of_type("tool_invocation")}) == 1


def test_the_client_hears_minus_32603(tmp_path: Path) -> None:
    ran: list[str] = []

    async def run(session: Session) -> None:
        async with connected(made(ran.append, middleware=[fastmcp_middleware(session=session)])) as inner:
            audit.fail_after(0)
            with pytest.raises(Exception, match="audit log not writable") as caught:
                await inner.call_tool("lookup_order", {"order_id": 1})
            assert getattr(caught.value, "error", None) is None or caught.value.error.code == -32603

    with recording(tmp_path) as audit:
        asyncio.run(run(audit.log.session(**WHO).open()))
    assert ran == []
