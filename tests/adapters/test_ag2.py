"""The adapter for ag2 1.x, with the real framework and its scripted model."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("ag2.testing", reason="ag2 is not installed: make test-frameworks")

from ag2 import Agent, tool
from ag2.events import ToolCallEvent
from ag2.middleware.builtin import approval_required
from ag2.testing import TestConfig as Scripted

from auditlog_cli import AuditLog, current_session, validate
from auditlog_cli.adapters.ag2 import Audit
from auditlog_cli.capture.session import Session
from auditlog_cli.errors import NoSession
from auditlog_cli.testing import recording
from tests.adapters import golden_trace
from tests.adapters.contract import QUESTION, WHO, Contract, Ran
from tests.adapters.records import actors, only, recorded
from tests.conftest import Result
from tests.docs import test_snippets


def call(name: str, **arguments: Any) -> ToolCallEvent:
    return ToolCallEvent(name=name, arguments=json.dumps(arguments))


def said(*steps: Any) -> Scripted:
    """A model that says these things one after the other, also after a tool that failed."""
    return Scripted(*steps, raise_tool_errors=False)


def scenario(ran: Callable[[str], None], audit: Audit, answer: str = "y") -> Agent:
    """planner → lookup_order → task_refunder → issue_refund; wire_money, approved → notify, fails."""

    @tool
    def lookup_order(order_id: int) -> dict[str, int]:
        "Look up an order."
        ran("lookup_order")
        return {"order": order_id}

    @tool
    def issue_refund(order_id: int, amount: float) -> str:
        "Issue a refund."
        ran("issue_refund")
        return f"refunded {amount}"

    @tool(middleware=[approval_required()])
    def wire_money(amount: float) -> str:
        "Wire money."
        ran("wire_money")
        return "wired"

    @tool
    async def notify(address: str) -> str:
        "Write to somebody."
        ran("notify")
        raise ConnectionError("no route to the mail server")

    refunder = Agent(
        "refunder", config=said(call("issue_refund", order_id=42, amount=19.5), "Refunded"), tools=[issue_refund],
        middleware=[audit.middleware("refunder")],
    )  # fmt: skip
    steps = [
        call("lookup_order", order_id=42), call("task_refunder", objective="refund 42"),
        call("wire_money", amount=5.0), call("notify", address="alice"), "Done",
    ]  # fmt: skip
    return Agent(
        "planner", prompt="Be kind.", config=said(*steps), hitl_hook=lambda event: answer,
        tools=[lookup_order, refunder.as_tool(description="Refunds."), wire_money, notify],
        middleware=[audit.middleware("planner")],
    )  # fmt: skip


async def play(ran: Callable[[str], None], answer: str = "y") -> Any:
    return await scenario(ran, Audit(by="bob@example.com"), answer).ask(QUESTION)


class TestContract(Contract):
    modes = ("async",)

    def drive(self, log: AuditLog, mode: str, ran: Ran) -> None:
        async def drive() -> None:
            async with log.session(**WHO):
                await play(ran)

        asyncio.run(drive())


async def aplay(session: Session) -> None:
    await play(lambda name: None)


def solo(*steps: Any, name: str = "planner", audit: Audit | None = None, **more: Any) -> Agent:
    return Agent(name, config=said(*steps), middleware=[(audit or Audit(by="bob")).middleware(name)], **more)


def test_the_tree_of_the_scenario(tmp_path: Path, cli: Callable[..., Result]) -> None:
    golden_trace.check("ag2", cli, recorded(tmp_path, aplay), tmp_path)


def test_each_act_is_the_act_of_its_agent(tmp_path: Path) -> None:
    records = recorded(tmp_path, aplay)
    alice = WHO["user"]
    refund = only(records, "tool_invocation", tool="issue_refund", phase="start")[0]
    assert actors(refund) == [alice, "planner", "refunder"]
    start = next(each for each in only(records, "lifecycle", phase="start") if each["agent"]["id"] == "refunder")
    outer = only(records, "tool_invocation", tool="task_refunder", phase="start")[0]
    assert start["parent_span_id"] == outer["span_id"]
    assert refund["parent_span_id"] == start["span_id"]


def test_an_approval_says_who_and_for_which_arguments(tmp_path: Path) -> None:
    records = recorded(tmp_path, aplay)
    asked, given = only(records, "approval")
    start, end = only(records, "tool_invocation", tool="wire_money")
    assert (asked["approval"]["status"], given["approval"]["status"]) == ("pending", "approved")
    assert asked["action"]["arguments"] == start["action"]["arguments"] == {"amount": 5.0}
    assert end["approval"]["decided_by"] == "bob@example.com"
    assert asked["parent_span_id"] == start["span_id"]


def test_a_refused_call_is_denied(tmp_path: Path) -> None:
    ran: list[str] = []
    records = recorded(tmp_path, lambda session: play(ran.append, "no"))
    assert only(records, "approval")[1]["approval"]["status"] == "denied"
    assert only(records, "tool_invocation", tool="wire_money")[1]["action"]["result_status"] == "denied"
    assert "wire_money" not in ran


def test_another_answer_of_a_person_is_a_message(tmp_path: Path) -> None:
    from ag2 import Context

    async def body(session: Session) -> None:
        async def ask(context: Context) -> str:
            "Ask a person."
            return await context.input("Which one?")

        await solo(call("ask"), "Done", tools=[tool(ask)], hitl_hook=lambda event: "The first.").ask("x")

    told = [each for each in only(recorded(tmp_path, body), "message") if each["message"].get("from") == "bob"]
    assert [each["prompt"]["text"] for each in told] == ["The first."]


def test_a_model_call_has_its_prompt_and_answer(tmp_path: Path) -> None:
    first, *_, last = only(recorded(tmp_path, aplay), "llm_call")
    assert QUESTION in first["prompt"]["text"]
    assert len(first["prompt"]["system_sha256"]) == 64
    assert last["response"]["text"] == "Done"


def test_a_tool_that_fails_is_an_error(tmp_path: Path) -> None:
    end = only(recorded(tmp_path, aplay), "tool_invocation", tool="notify", phase="end")[0]["action"]
    assert end["result_status"] == "error"
    assert "no route" in end["error"]["message"]


def test_a_model_that_fails_is_recorded_and_ends_its_agent(tmp_path: Path) -> None:
    async def body(session: Session) -> None:
        with pytest.raises(ConnectionError):
            await solo(ConnectionError("no route"), name="clerk").ask("x")

    records = recorded(tmp_path, body)
    assert only(records, "llm_call")[0]["action"]["result_status"] == "error"
    end = only(records, "lifecycle", phase="end")[0]
    assert (end["agent"]["id"], end["action"]["result_status"]) == ("clerk", "error")


def test_parallel_calls_are_kept_apart(tmp_path: Path) -> None:
    """A body finds itself in its own call."""

    async def look(order_id: int) -> str:
        "Look."
        await asyncio.sleep(0.01 * (3 - order_id))
        current_session().event("retrieval", resource=str(order_id))
        return f"order {order_id}"

    async def body(session: Session) -> None:
        await solo([call("look", order_id=n) for n in range(3)], "Done", tools=[tool(look)]).ask("x")

    records = recorded(tmp_path, body)
    ends = {each["action"]["arguments"]["order_id"]: each for each in only(records, "tool_invocation", phase="end")}
    assert {order: each["action"]["result"] for order, each in ends.items()} == {n: f"order {n}" for n in range(3)}
    inside = {int(each["action"]["resource"]): each["parent_span_id"] for each in only(records, "retrieval")}
    assert inside == {order: each["span_id"] for order, each in ends.items()}


def test_the_session_comes_from_ag2s_context(tmp_path: Path) -> None:
    with recording(tmp_path) as audit:
        session = audit.log.session(**WHO).open()
        agent = solo("Hello", audit=Audit(session_for=lambda context: context.dependencies["audit"]))
        asyncio.run(agent.ask("Hi", dependencies={"audit": session}))
        session.close()
    assert len(only(audit.records, "llm_call")) == 1


def test_without_a_session_nothing_runs() -> None:
    ran: list[str] = []

    def look() -> str:
        "Look."
        ran.append("look")
        return "seen"

    with pytest.raises(NoSession):
        asyncio.run(solo(call("look"), "Done", tools=[tool(look)]).ask("x"))
    assert ran == []


def test_the_page_runs(tmp_path: Path) -> None:
    test_snippets.test_it_runs(test_snippets.ROOT / "docs" / "frameworks-ag2.md", tmp_path)
    assert validate(tmp_path / "audit.jsonl", strict=True).findings == []
