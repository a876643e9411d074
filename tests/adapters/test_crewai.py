"""The adapter for CrewAI, with the real framework and a scripted model of its own kind."""

from __future__ import annotations

import asyncio
import json
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

if find_spec("crewai") is None:
    pytest.skip("CrewAI is not installed: make test-frameworks", allow_module_level=True)

os.environ.update(CREWAI_DISABLE_TELEMETRY="true", CREWAI_DISABLE_TRACKING="true", CREWAI_TRACING_ENABLED="false")
os.environ.update(OTEL_SDK_DISABLED="true", CREWAI_DISABLE_VERSION_CHECK="true")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its own, at import
    from crewai import Agent, BaseLLM, Crew, Process, Task
    from crewai.flow.flow import Flow, start
    from crewai.hooks import register_before_tool_call_hook, unregister_before_tool_call_hook
    from crewai.hooks.tool_hooks import ToolCallHookContext, run_after_tool_call_hooks, run_before_tool_call_hooks
    from crewai.tools import BaseTool, tool
    from pydantic import Field

from auditlog_cli import AuditLog, current_session, validate
from auditlog_cli.adapters.crewai import Audit, CrewAuditAbort
from auditlog_cli.capture import context as places
from auditlog_cli.capture.session import Session
from auditlog_cli.errors import AuditWriteError, NoSession, UsageError
from auditlog_cli.testing import recording
from tests.adapters import golden_trace
from tests.adapters.contract import QUESTION, WHO, Contract, Ran
from tests.adapters.records import actors, only
from tests.adapters.records import recorded_sync as recorded
from tests.conftest import Result
from tests.docs import test_snippets

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")  # CrewAI's own


@pytest.fixture(autouse=True)
def _no_files_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREWAI_STORAGE_DIR", str(tmp_path / "crewai"))


class Scripted(BaseLLM):
    """A model that says these things one after the other: texts, exceptions, calls of tools, lists of such calls."""

    steps: list[Any] = Field(default_factory=list)
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
    own_files = 400_000  # a database of the outputs of tasks

    def drive(self, log: AuditLog, mode: str, ran: Ran) -> None:
        with log.session(**WHO):
            play(ran, mode=mode)


def whole(session: Session) -> None:
    play(lambda name: None)


def test_the_tree_of_the_scenario(tmp_path: Path, cli: Callable[..., Result]) -> None:
    golden_trace.check("crewai", cli, recorded(tmp_path, whole), tmp_path)


@tool("look")
def look(order_id: int) -> str:
    """Look."""
    current_session().event("retrieval", resource=str(order_id))
    return f"order {order_id}"


def test_each_act_is_the_act_of_its_agent(tmp_path: Path) -> None:
    records = recorded(tmp_path, whole)
    refund = only(records, "tool_invocation", tool="issue_refund", phase="start")[0]
    assert actors(refund) == [WHO["user"], "planner", "refunder"]
    start = next(each for each in only(records, "lifecycle", phase="start") if each["agent"]["id"] == "refunder")
    outer = only(records, "tool_invocation", tool="delegate_work_to_coworker", phase="start")[0]
    assert start["parent_span_id"] == outer["span_id"]
    assert refund["parent_span_id"] == start["span_id"]


def test_the_agents_of_tasks_follow_each_other(tmp_path: Path) -> None:
    first, second = agent("planner", "A"), agent("clerk", "B")
    tasks = [Task(description=each.role, expected_output="x", agent=each) for each in (first, second)]
    records = recorded(tmp_path, lambda session: Audit().kickoff(Crew(agents=[first, second], tasks=tasks)))
    assert [each["agent"]["id"] for each in only(records, "llm_call")] == ["planner", "clerk"]
    begin, end = [each for each in only(records, "lifecycle") if each["agent"]["id"] == "clerk"]
    assert begin["span_id"] == end["span_id"]
    assert actors(begin) == [WHO["user"], "planner", "clerk"]
    asked, answered = only(records, "message")
    assert (asked["prompt"]["text"], answered["response"]["text"]) == ("planner\nclerk", "B")


def test_a_manager_hands_out_the_work(tmp_path: Path) -> None:
    delegate = ("delegate_work_to_coworker", {"task": "look", "context": "all", "coworker": "clerk"})
    clerk = agent("clerk", ("look", {"order_id": 1}), "Seen", tools=[look])
    made = Crew(
        agents=[clerk], tasks=[Task(description="x", expected_output="x")], process=Process.hierarchical,
        manager_llm=said(delegate, "Done"),
    )  # fmt: skip
    records = recorded(tmp_path, lambda session: Audit().kickoff(made))
    seen = only(records, "tool_invocation", tool="look", phase="start")[0]
    assert actors(seen) == [WHO["user"], "planner", "Crew Manager", "clerk"]


def test_a_copy_of_a_crew_asks_its_own_models_and_tools(tmp_path: Path) -> None:
    def body(session: Session) -> None:
        first: list[str] = []
        second: list[str] = []
        wire = Wire(ran=first.append)
        planner = agent("planner", ("wire_money", {"amount": 5.0}), "Done", native=True, tools=[wire])
        Audit().kickoff(crew(planner))
        other = copy(wire)
        other.ran = second.append
        llm = copy(planner.llm)
        llm.steps = [("wire_money", {"amount": 6.0}), "Done"]
        Audit().kickoff(crew(Agent(role="planner", goal="x", backstory="x", llm=llm, tools=[other])))
        assert (first, second) == (["wire_money"], ["wire_money"])
        assert llm.steps == []

    assert len(only(recorded(tmp_path, body), "tool_invocation")) == 4


def test_tasks_at_the_same_time_are_kept_apart(tmp_path: Path) -> None:
    clerks = [agent(f"clerk {n}", ("look", {"order_id": n}), "Done", tools=[look]) for n in range(3)]
    tasks = [Task(description="x", expected_output="x", agent=each, async_execution=True) for each in clerks[:2]]
    tasks.append(Task(description="x", expected_output="x", agent=clerks[2]))
    records = recorded(tmp_path, lambda session: Audit().kickoff(Crew(agents=clerks, tasks=tasks)))
    starts = only(records, "tool_invocation", phase="start")
    assert {each["agent"]["id"]: each["action"]["arguments"]["order_id"] for each in starts} == {
        "clerk 0": 0, "clerk 1": 1, "clerk 2": 2,
    }  # fmt: skip
    assert len([each for each in only(records, "lifecycle", phase="end") if each["agent"]["id"] != "planner"]) == 3


def test_parallel_calls_are_kept_apart(tmp_path: Path) -> None:
    """A body finds itself in its own call."""
    planner = agent("planner", [("look", {"order_id": n}) for n in range(3)], "Done", native=True, tools=[look])
    records = recorded(tmp_path, lambda session: Audit().kickoff(crew(planner)))
    ends = {each["action"]["arguments"]["order_id"]: each for each in only(records, "tool_invocation", phase="end")}
    assert {order: each["action"]["result"] for order, each in ends.items()} == {n: f"order {n}" for n in range(3)}
    inside = {int(each["action"]["resource"]): each["parent_span_id"] for each in only(records, "retrieval")}
    assert inside == {order: each["span_id"] for order, each in ends.items()}


def test_an_approval_says_who_and_for_which_arguments(tmp_path: Path) -> None:
    records = recorded(tmp_path, whole)
    asked, given = only(records, "approval")
    start, end = only(records, "tool_invocation", tool="wire_money")
    assert (asked["approval"]["status"], given["approval"]["status"]) == ("pending", "approved")
    assert asked["action"]["arguments"] == start["action"]["arguments"] == {"amount": 5.0}
    assert end["approval"]["decided_by"] == "bob@example.com"


def test_a_refused_call_does_not_run_and_is_blocked(tmp_path: Path) -> None:
    ran: list[str] = []
    records = recorded(tmp_path, lambda session: play(ran.append, False))
    assert only(records, "approval")[1]["approval"]["status"] == "denied"
    assert only(records, "tool_invocation", tool="wire_money")[1]["action"]["result_status"] == "blocked"
    assert "wire_money" not in ran


def test_where_verdicts_are_enforced_a_call_that_was_not_approved_does_not_run(tmp_path: Path) -> None:
    """CrewAI goes on when what asks the person fails; the session does not."""
    ran: list[str] = []

    def fails(context: Any) -> None:
        raise ConnectionError("nobody there")

    def body(session: Session) -> None:
        hook = Audit().asks(fails, tools=["Wire Money"])
        register_before_tool_call_hook(hook)
        try:
            made = crew(agent("planner", ("wire_money", {"amount": 5.0}), "Done", tools=[Wire(ran=ran.append)]))
            Audit().kickoff(made)
        finally:
            unregister_before_tool_call_hook(hook)

    records = recorded(tmp_path, body, enforce=True)
    ends = only(records, "tool_invocation", tool="wire_money", phase="end")
    assert [each["action"]["result_status"] for each in ends] == ["denied"]
    assert ran == []


def test_what_a_person_says_about_an_answer_is_a_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from crewai.core.providers.human_input import SyncHumanInputProvider

    answers = ["Shorter.", ""]
    monkeypatch.setattr(SyncHumanInputProvider, "_prompt_input", staticmethod(lambda crew: answers.pop(0)))
    planner = agent("planner", "A long answer", "Short")
    task = Task(description="x", expected_output="x", agent=planner, human_input=True)
    records = recorded(tmp_path, lambda session: Audit(by="bob").kickoff(Crew(agents=[planner], tasks=[task])))
    told = [each["prompt"]["text"] for each in only(records, "message") if each["message"].get("from") == "bob"]
    assert told == ["Shorter.", ""]
    assert len(only(records, "llm_call")) == 2


def test_each_run_of_a_failing_tool_has_its_intent_and_outcome(tmp_path: Path) -> None:
    """CrewAI runs it six times for one call of a model that writes its calls as text."""
    ran: list[str] = []
    records = recorded(tmp_path, lambda session: play(ran.append))
    starts = only(records, "tool_invocation", tool="notify", phase="start")
    ends = only(records, "tool_invocation", tool="notify", phase="end")
    assert len(starts) == len(ends) == ran.count("notify") == 6
    assert {each["action"]["result_status"] for each in ends} == {"error"}
    assert "no route" in ends[0]["action"]["error"]["message"]


def test_a_tool_that_says_it_failed_is_an_error(tmp_path: Path) -> None:
    from crewai.tools.tool_failure import ToolFailure

    @tool("post")
    def post(text: str) -> Any:
        """Post."""
        return ToolFailure(message="channel not found")

    planner = agent("planner", ("post", {"text": "x"}), "Done", tools=[post])
    end = only(recorded(tmp_path, lambda session: Audit().kickoff(crew(planner))), "tool_invocation", phase="end")[0]
    assert end["action"]["result_status"] == "error"
    assert end["action"]["error"]["message"] == "channel not found"


@pytest.mark.parametrize("native", [False, True])
def test_a_kept_result_is_recorded_without_a_run(tmp_path: Path, native: bool) -> None:
    ran: list[str] = []

    @tool("count")
    def count(order_id: int) -> str:
        """Count."""
        ran.append("count")
        return f"{order_id} pieces"

    steps = [("count", {"order_id": 1}), ("count", {"order_id": 2}), ("count", {"order_id": 1}), "Done"]
    planner = agent("planner", *steps, native=native, tools=[count])
    records = recorded(tmp_path, lambda session: Audit().kickoff(crew(planner, cache=True)))
    ends = only(records, "tool_invocation", phase="end")
    assert [each["action"]["result"] for each in ends] == ["1 pieces", "2 pieces", "1 pieces"]
    assert len(ran) == 2


def test_a_call_that_crewai_refuses_is_an_error(tmp_path: Path) -> None:
    planner = agent("planner", ("look", {"order_id": "many"}), "Done", tools=[look])
    records = recorded(tmp_path, lambda session: Audit().kickoff(crew(planner)))
    start, end = only(records, "tool_invocation")
    assert start["span_id"] == end["span_id"]
    assert end["action"]["result_status"] == "error"


def test_a_model_call_has_its_prompt_and_answer(tmp_path: Path) -> None:
    first, *_, last = only(recorded(tmp_path, whole), "llm_call")
    assert QUESTION in first["prompt"]["text"]
    assert len(first["prompt"]["system_sha256"]) == 64
    assert "Done" in last["response"]["text"]


def test_the_calls_that_a_model_asks_for_are_in_its_answer(tmp_path: Path) -> None:
    records = recorded(tmp_path, lambda session: play(lambda name: None, mode="native"))
    assert "lookup_order" in only(records, "llm_call")[0]["response"]["text"]


def test_a_model_that_fails_is_recorded_and_ends_its_agent(tmp_path: Path) -> None:
    def body(session: Session) -> None:
        with pytest.raises(ConnectionError):
            Audit().kickoff(crew(agent("clerk", ConnectionError("no route"))))

    records = recorded(tmp_path, body)
    assert only(records, "llm_call")[0]["action"]["result_status"] == "error"
    end = only(records, "lifecycle", phase="end")[0]
    assert (end["agent"]["id"], end["action"]["result_status"]) == ("clerk", "error")


def test_an_agent_without_a_crew_is_recorded(tmp_path: Path) -> None:
    clerk = agent("clerk", ("look", {"order_id": 1}), "Done", tools=[look])
    records = recorded(tmp_path, lambda session: Audit().kickoff(clerk, "Look at order 1"))
    assert {each["agent"]["id"] for each in only(records, "tool_invocation")} == {"clerk"}
    assert only(records, "message")[0]["prompt"]["text"] == "Look at order 1"
    assert [each["agent"]["id"] for each in only(records, "lifecycle", phase="end")] == ["clerk", "planner"]


def test_the_agents_of_a_flow_are_recorded(tmp_path: Path) -> None:
    class Orders(Flow):  # type: ignore[type-arg, misc]
        suppress_flow_events: bool = True

        @start()
        def first(self) -> Any:
            return agent("clerk", ("look", {"order_id": 1}), "Done", tools=[look]).kickoff("Look at order 1").raw

    records = recorded(tmp_path, lambda session: Audit().kickoff(Orders()))
    assert {each["agent"]["id"] for each in only(records, "tool_invocation")} == {"clerk"}
    assert [each["response"]["text"] for each in only(records, "message")] == ["Done"]


def test_an_agent_that_a_guardrail_asks_ends_with_the_task(tmp_path: Path) -> None:
    clerk, judge = agent("clerk", "Done"), agent("judge", "Fine")
    task = Task(
        description="x", expected_output="x", agent=clerk, guardrail=lambda output: (True, judge.kickoff("Fine?").raw)
    )
    records = recorded(tmp_path, lambda session: Audit().kickoff(Crew(agents=[clerk], tasks=[task])))
    assert [each["agent"]["id"] for each in only(records, "lifecycle", phase="end")] == ["judge", "clerk", "planner"]


def test_a_tool_that_calls_itself_is_one_call(tmp_path: Path) -> None:
    @tool("down")
    def down(n: int) -> str:
        """Count down."""
        return str(n) if n == 0 else down.run(n=n - 1)

    made = crew(agent("planner", ("down", {"n": 2}), "Done", tools=[down]))
    _, end = only(recorded(tmp_path, lambda session: Audit().kickoff(made)), "tool_invocation")
    assert end["action"]["result"] == "0"


class Runner:
    """Calls a tool as CrewAI's executors do, between two hooks, and then once more without."""

    def __init__(self) -> None:
        self.ran: list[int] = []

    def kickoff(self) -> str:
        @tool("count")
        def count(order_id: int) -> str:
            """Count."""
            self.ran.append(order_id)
            return "counted"

        given = {"order_id": 1}
        context = ToolCallHookContext("count", given, count.to_structured_tool())
        assert not run_before_tool_call_hooks(context)
        count.run(**given)
        run_after_tool_call_hooks(context)
        count.run(order_id=2)
        return "done"


def test_what_runs_after_a_call_is_no_run_of_it(tmp_path: Path) -> None:
    runner = Runner()
    records = recorded(tmp_path, lambda session: Audit().kickoff(runner))
    assert runner.ran == [1, 2]
    assert len(only(records, "tool_invocation")) == 2


def test_a_call_that_is_never_run_has_an_end(tmp_path: Path) -> None:
    class Stops:
        def kickoff(self) -> None:
            run_before_tool_call_hooks(ToolCallHookContext("look", {"order_id": 1}, look.to_structured_tool()))
            raise ConnectionError("no route")

    def body(session: Session) -> None:
        with pytest.raises(ConnectionError):
            Audit().kickoff(Stops())

    _, end = only(recorded(tmp_path, body), "tool_invocation")
    assert (end["action"]["phase"], end["action"]["result_status"]) == ("end", "error")


def test_a_crew_that_completes_in_spite_of_a_failure_is_not_taken_for_done(tmp_path: Path) -> None:
    class Forgives:
        def kickoff(self) -> str:
            audit.fail_after(0)
            blocked = run_before_tool_call_hooks(ToolCallHookContext("look", {}, look.to_structured_tool()))
            return f"done, {blocked}"

    with recording(tmp_path) as audit:
        call = audit.log.session(**WHO).open().tool("refund").start()
        with places.active(call.frame), pytest.raises(AuditWriteError):  # no answer to a person is to be written here
            Audit().kickoff(Forgives())


def test_the_inputs_are_the_request(tmp_path: Path) -> None:
    made = crew(agent("planner", "Done"), text="Refund {order}")
    records = recorded(tmp_path, lambda session: Audit().kickoff(made, inputs={"order": 42}))
    assert only(records, "message")[0]["prompt"]["text"] == '{"order": 42}'
    assert "Refund 42" in only(records, "llm_call")[0]["prompt"]["text"]


def test_the_session_is_found_for_the_crew(tmp_path: Path) -> None:
    with recording(tmp_path) as audit:
        session = audit.log.session(**WHO).open()
        Audit(session_for=lambda made: {"orders": session}[made.name]).kickoff(
            crew(agent("planner", "Hello"), name="orders")
        )
        session.close()
    assert len(only(audit.records, "llm_call")) == 1


def test_each_run_of_a_crew_is_recorded_in_its_own_session(tmp_path: Path) -> None:
    audit = Audit()
    made = crew(agent("planner", ("look", {"order_id": 1}), "Done", ("look", {"order_id": 2}), "Done", tools=[look]))
    with recording(tmp_path) as log:
        for _ in range(2):
            with log.log.session(**WHO):
                audit.kickoff(made)
    first, second = dict.fromkeys(each["session_id"] for each in log.records)
    for session, order in ((first, 1), (second, 2)):
        records = [each for each in log.records if each["session_id"] == session]
        assert [each["action"]["arguments"]["order_id"] for each in only(records, "tool_invocation")] == [order, order]
        assert len(only(records, "llm_call")) == 2


def test_outside_of_a_run_nothing_is_recorded(tmp_path: Path) -> None:
    made = crew(agent("planner", ("look", {"order_id": 1}), "Done", tools=[look]))
    count = len(recorded(tmp_path, lambda session: Audit().kickoff(made)))
    assert count > 6
    assert made.agents[0].llm.call("Hello").endswith("Done")


def test_without_a_session_nothing_runs() -> None:
    with pytest.raises(NoSession):
        Audit().kickoff(crew(agent("planner", "Done")))


def test_a_crew_that_streams_is_refused(tmp_path: Path) -> None:
    def body(session: Session) -> None:
        with pytest.raises(UsageError, match="streams"):
            Audit().kickoff(crew(agent("planner", "Done"), stream=True))

    recorded(tmp_path, body)


def test_what_stops_a_crew_is_an_error_of_both_kinds(tmp_path: Path) -> None:
    from crewai.hooks.dispatch import HookAborted

    made = crew(agent("planner", ("look", {"order_id": 1}), "Done", tools=[look]))
    with recording(tmp_path) as audit:
        session = audit.log.session(**WHO).open()
        audit.fail_after(3)
        with pytest.raises(CrewAuditAbort) as caught:
            Audit(session).kickoff(made)
    assert isinstance(caught.value, AuditWriteError)
    assert isinstance(caught.value, HookAborted)


def test_the_page_runs(tmp_path: Path) -> None:
    test_snippets.test_it_runs(test_snippets.ROOT / "docs" / "frameworks-crewai.md", tmp_path)
    assert validate(tmp_path / "audit.jsonl", strict=True).findings == []
