"""The server of the scenario, for mcp 2.x: in this process, or `python mcp2_server.py` on standard input and output."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import pytest

pytest.importorskip("mcp.server.mcpserver", reason="mcp 2.x is not installed: make test-frameworks FRAMEWORKS=mcp")

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.resolve import Elicit, Resolve
from pydantic import BaseModel


class Approve(BaseModel):
    approve: bool


async def ask(order_id: int, amount: float) -> Elicit[Approve]:
    return Elicit(f"Approve refund {amount} for order {order_id}?", Approve)


def made(ran: Callable[[str], None], **options: Any) -> MCPServer:
    server = MCPServer("orders", **options)

    @server.tool()
    def lookup_order(order_id: int) -> dict[str, float]:
        "Look an order up."
        ran("lookup_order")
        return {"order": order_id, "total": 19.5}

    @server.tool()
    async def issue_refund(order_id: int, amount: float, ok: Annotated[Approve, Resolve(ask)]) -> str:
        "Refund an order."
        ran("issue_refund")
        return f"refunded {amount}" if ok.approve else "not approved"

    @server.tool()
    def boom() -> str:
        "Fail."
        ran("boom")
        raise ValueError("kaput")

    return server


if __name__ == "__main__":
    made(lambda name: None).run("stdio")
