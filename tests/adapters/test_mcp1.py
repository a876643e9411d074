"""mcp 1.x itself: the failure contract of server and client, elicitations, the client's words for a refusal."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mcp.server.fastmcp", reason="mcp 1.x is not installed: make test-frameworks FRAMEWORKS=mcp1")

from mcp import ClientSession, StdioServerParameters, types
from mcp.client.stdio import stdio_client
from mcp.server.fastmcp import Context, FastMCP
from mcp.shared.exceptions import McpError
from mcp.shared.memory import create_connected_server_and_client_session as connected
from pydantic import BaseModel

from auditlog_cli import AuditLog, Session
from auditlog_cli.adapters import FrameworkMissing
from auditlog_cli.adapters.mcp import client, instrument, middleware
from auditlog_cli.testing import recording
from tests.adapters.contract import WHO, Contract, Ran
from tests.adapters.mcp_scenario import REFUND, WHOLE, told, work


class Approve(BaseModel):
    approve: bool


def made(ran: Callable[[str], None]) -> FastMCP:
    server = FastMCP("orders")

    @server.tool()
    def lookup_order(order_id: int) -> dict[str, float]:
        ran("lookup_order")
        return {"order": order_id, "total": 19.5}

    @server.tool()
    async def issue_refund(order_id: int, amount: float, ctx: Context) -> str:  # type: ignore[type-arg]
        answer = await ctx.elicit(message="Approve?", schema=Approve)
        ran("issue_refund")
        return f"{answer.action}: refunded {amount}"

    @server.tool()
    def boom() -> str:
        ran("boom")
        raise ValueError("kaput")

    return server


async def accept(context: Any, params: Any) -> types.ElicitResult:
    return types.ElicitResult(action="accept", content={"approve": True})


async def serve(session: Session, ran: Callable[[str], None]) -> None:
    server = instrument(made(ran), session=session)
    async with connected(server._mcp_server, elicitation_callback=accept) as inner:
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
            async with connected(made(ran)._mcp_server, elicitation_callback=accept) as inner:
                await work(session, client(inner, session=session).call_tool)

        with log.session(**WHO) as session:
            asyncio.run(run(session))


def test_the_scenario(tmp_path: Path) -> None:
    with recording(tmp_path) as audit:
        with audit.log.session(**WHO) as session:
            asyncio.run(serve(session, lambda name: None))
        assert told(audit.records) == WHOLE
        ends = [each["action"] for each in audit.of_type("tool_invocation") if each["action"]["phase"] == "end"]
        assert ends[2]["error"]["message"] == "Error executing tool boom: kaput"


def test_the_client_hears_minus_32603(tmp_path: Path) -> None:
    ran: list[str] = []

    async def run(session: Session) -> None:
        server = instrument(made(ran.append), session=session)
        async with connected(server._mcp_server) as inner:
            audit.fail_after(0)
            with pytest.raises(McpError) as caught:
                await inner.call_tool("lookup_order", {"order_id": 1})
            assert caught.value.error.message == "audit log not writable"

    with recording(tmp_path) as audit:
        asyncio.run(run(audit.log.session(**WHO).open()))
    assert ran == []


def test_the_other_versions_are_said() -> None:
    with pytest.raises(FrameworkMissing) as caught:
        middleware()
    assert caught.value.help == "pip install 'mcp>=2.3,<3'"


def test_the_proxy_between_the_real_client_and_the_real_server(tmp_path: Path) -> None:
    log = tmp_path / "audit.jsonl"
    root = str(Path(__file__).parents[2])
    code = "from tests.adapters import test_mcp1; test_mcp1.made(lambda name: None).run('stdio')"
    words = ["-m", "auditlog_cli", "mcp-proxy", "--log", str(log), "--user", "alice", "--", sys.executable, "-c", code]

    async def run() -> None:
        server = StdioServerParameters(command=sys.executable, args=words, cwd=root)
        async with (
            stdio_client(server) as (read, write),
            ClientSession(read, write, elicitation_callback=accept) as inner,
        ):
            await inner.initialize()
            for name, arguments in (("lookup_order", {"order_id": 42}), ("issue_refund", REFUND), ("boom", {})):
                await inner.call_tool(name, arguments)

    asyncio.run(run())
    records = [each for each in map(json.loads, log.read_text().splitlines()) if "auditlog" not in each]
    assert told(records) == WHOLE
    assert records[-1]["action"]["phase"] == "end"
