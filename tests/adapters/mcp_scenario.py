"""What the tests of the adapters for MCP share: the scripted agent, and what its run leaves behind."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from auditlog_cli import Session
from tests.adapters.contract import QUESTION

REFUND = {"order_id": 42, "amount": 19.5}
Calling = Callable[[str, dict[str, Any]], Awaitable[Any]]


async def work(session: Session, call: Calling) -> None:
    """The scenario. What a call raises is swallowed, as agents do that give errors to their model."""

    async def carry_on(name: str, arguments: dict[str, Any]) -> None:
        try:
            await call(name, arguments)
        except Exception:
            return

    session.user_message(QUESTION)
    await carry_on("lookup_order", {"order_id": 42})
    async with session.agent("refunder") as refunder:
        await carry_on("issue_refund", REFUND)
        refunder.message_to("planner", "refunded")
    await carry_on("boom", {})
    session.final_answer("done")


def told(records: list[dict[str, Any]]) -> list[tuple[str, str | None, str]]:
    """Of calls and approvals: tool or kind, phase, outcome."""
    actions = [each["action"] for each in records]
    wanted = [each for each in actions if each["type"] in ("tool_invocation", "approval")]
    return [
        (each["tool"] if each["type"] == "tool_invocation" else "approval", each.get("phase"), each["result_status"])
        for each in wanted
    ]


WHOLE = [
    ("lookup_order", "start", "pending"),
    ("lookup_order", "end", "success"),
    ("issue_refund", "start", "pending"),
    ("approval", None, "pending"),
    ("approval", None, "success"),
    ("issue_refund", "end", "success"),
    ("boom", "start", "pending"),
    ("boom", "end", "error"),
]
