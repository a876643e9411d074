"""The adapter for CrewAI, with the real framework and a scripted model of its own kind."""

from __future__ import annotations

import asyncio
import json
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

os.environ.update(CREWAI_DISABLE_TELEMETRY="true", CREWAI_DISABLE_TRACKING="true", CREWAI_TRACING_ENABLED="false")
os.environ.update(OTEL_SDK_DISABLED="true", CREWAI_DISABLE_VERSION_CHECK="true")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its own, at import
    pytest.importorskip("crewai", reason="CrewAI is not installed: make test-frameworks")
    from crewai import Agent, BaseLLM, Crew, Task
    from crewai.hooks import register_before_tool_call_hook, unregister_before_tool_call_hook
    from crewai.tools import BaseTool, tool

from auditlog_cli import AuditLog, current_session, validate, verify
from auditlog_cli.adapters.crewai import Audit, CrewAuditAbort
from auditlog_cli.capture.session import Session
from auditlog_cli.errors import AuditWriteError, NoSession, UsageError
from auditlog_cli.testing import recording
from tests.adapters import golden_trace
from tests.adapters.contract import QUESTION, WHO, Contract, Ran
from tests.conftest import Result
from tests.docs import test_snippets

Call = tuple[str, dict[str, Any]]


class Scripted(BaseLLM):
    """A model that says these things one after the other: texts, exceptions, calls of tools, lists of such calls."""

    steps: list[Any] = []
    native: bool = False

    def call(self, messages: Any, tools: Any = None, **more: Any) -> Any:
        step = self.steps.pop(0) if self.steps else "Done"
        if isinstance(step, Exception):
            raise step
        if isinstance(step, str):
            return step if self.native else f"Thought: done\nFinal Answer: {step}"
        asked = step if isinstance(step, list) else [step]
        if not self.native:
            name, arguments = asked[0]
            return f"Thought: on\nAction: {name}\nAction Input: {json.dumps(arguments)}"
        return [
            {"id": f"call_{number}", "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}
            for number, (name, arguments) in enumerate(asked)
        ]

    def supports_function_calling(self) -> bool:
        return self.native


def said(*steps: Any, native: bool = False) -> Scripted:
    return Scripted(model="scripted", steps=list(steps), native=native)


def agent(role: str, *steps: Any, native: bool = False, **more: Any) -> Agent:
    told = {"goal": "Serve.", "backstory": "A clerk.", "max_retry_limit": 0} | more
    return Agent(role=role, llm=said(*steps, native=native), **told)


def crew(*agents: Agent, text: str = QUESTION, **more: Any) -> Crew:
    return Crew(agents=list(agents), tasks=[Task(description=text, expected_output="x", agent=agents[0])], **more)


class Wire(BaseTool):
    name: str = "wire_money"
    description: str = "Wire money."
    ran: Any = None

    def _run(self, amount: float) -> str:
        self.ran("wire_money")
        return "wired"


def scenario(ran: Callable[[str], None], native: bool = False) -> Crew:
    """planner → lookup_order → refunder → issue_refund; wire_money, approved → notify, fails."""

    @tool("lookup_order")
    def lookup_order(order_id: int) -> dict[str, int]:
        """Look up an order."""
        ran("lookup_order")
        return {"order": order_id}

    @tool("issue_refund")
    def issue_refund(order_id: int, amount: float) -> str:
        """Issue a refund."""
        ran("issue_refund")
        return f"refunded {amount}"

    @tool("notify")
    async def notify(address: str) -> str:
        """Write to somebody."""
        ran("notify")
        raise ConnectionError("no route to the mail server")

    delegate = ("delegate_work_to_coworker", {"task": "refund 42", "context": "all", "coworker": "refunder"})
    steps = (
        ("lookup_order", {"order_id": 42}), delegate, ("wire_money", {"amount": 5.0}), ("notify", {"address": "alice"}),
        "Done",
    )  # fmt: skip
    planner = agent(
        "planner", *steps, native=native, tools=[lookup_order, Wire(ran=ran), notify], allow_delegation=True
    )
    refunder = agent(
        "refunder", ("issue_refund", {"order_id": 42, "amount": 19.5}), "Refunded", native=native, tools=[issue_refund]
    )
    return crew(planner, refunder)


@contextmanager
def asked(audit: Audit, answer: Any = None) -> Iterator[None]:
    """A person is asked about `wire_money`."""
    hook = audit.asks(lambda context: answer, tools=["wire_money"])
    register_before_tool_call_hook(hook)
    try:
        yield
    finally:
        unregister_before_tool_call_hook(hook)


def play(ran: Callable[[str], None], answer: Any = None, mode: str = "text") -> Any:
    audit = Audit(by="bob@example.com")
    made = scenario(ran, native=mode == "native")
    with asked(audit, answer):
        if mode == "async":
            return asyncio.run(audit.akickoff(made))
        return audit.kickoff(made)


class TestContract(Contract):
    modes = ("text", "native", "async")

    def drive(self, log: AuditLog, mode: str, ran: Ran) -> None:
        with log.session(**WHO):
            play(ran, mode=mode)


def recorded(tmp_path: Path, body: Callable[[Session], Any], **more: Any) -> list[dict[str, Any]]:
    """What `body` leaves in a log."""
    with recording(tmp_path) as audit, audit.log.session(**WHO, **more) as session:
        body(session)
    return audit.records


def only(records: list[dict[str, Any]], kind: str, **wanted: Any) -> list[dict[str, Any]]:
    found = [each for each in records if each["action"]["type"] == kind]
    return [each for each in found if all(each["action"].get(name) == value for name, value in wanted.items())]


def whole(session: Session) -> None:
    play(lambda name: None)


def test_the_tree_of_the_scenario(tmp_path: Path, cli: Callable[..., Result]) -> None:
    golden_trace.check("crewai", cli, recorded(tmp_path, whole), tmp_path)
    assert validate(tmp_path / "audit.jsonl", strict=True).findings == []
    assert verify(tmp_path / "audit.jsonl").findings == []
