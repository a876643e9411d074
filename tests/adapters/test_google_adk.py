"""The adapter for Google's Agent Development Kit, with the real framework and a scripted model."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("google.adk", reason="google-adk is not installed: make test-frameworks")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from google.adk.agents import LlmAgent, ParallelAgent, RunConfig
    from google.adk.agents.run_config import StreamingMode
    from google.adk.models import BaseLlm, LlmResponse
    from google.adk.plugins.base_plugin import BasePlugin
    from google.adk.runners import InMemoryRunner
    from google.adk.tools import AgentTool, FunctionTool
    from google.genai import types

    from auditlog_cli.adapters.google_adk import CONFIRMATION, AuditPlugin

from auditlog_cli import AuditLog, current_session, validate
from auditlog_cli.capture.session import Session
from auditlog_cli.errors import UsageError
from auditlog_cli.testing import recording
from tests.adapters import golden_trace
from tests.adapters.contract import QUESTION, WHO, Contract, Ran, is_ours
from tests.adapters.records import actors, only, recorded, shape
from tests.conftest import Result
from tests.docs import test_snippets

pytestmark = pytest.mark.filterwarnings("ignore:::google", "ignore:.*EXPERIMENTAL.*")
Step = str | list[tuple[str, dict[str, Any]]]


class Scripted(BaseLlm):
    """A model that says these things one after the other: a text, or calls of tools."""

    model: str = "scripted"
    steps: list[Any] = []  # noqa: RUF012 - pydantic copies it

    async def generate_content_async(self, llm_request: Any, stream: bool = False) -> AsyncIterator[Any]:
        step = self.steps.pop(0)
        if isinstance(step, str):
            parts = [types.Part(text=step)]
            if stream:
                yield LlmResponse(content=types.Content(role="model", parts=[types.Part(text=step[:2])]), partial=True)
        else:
            parts = [
                types.Part(function_call=types.FunctionCall(id=f"call_{name}", name=name, args=args))
                for name, args in step
            ]
        usage = types.GenerateContentResponseUsageMetadata(prompt_token_count=12, candidates_token_count=5)
        yield LlmResponse(content=types.Content(role="model", parts=parts), usage_metadata=usage)


def agent(name: str, *steps: Step, **more: Any) -> Any:
    return LlmAgent(name=name, model=Scripted(steps=list(steps)), **more)


def scenario(ran: Callable[[str], None]) -> Any:
    """planner → lookup_order → hand-over to refunder → issue_refund, confirmed → notify, fails → final answer."""

    def lookup_order(order_id: int) -> dict[str, Any]:
        ran("lookup_order")
        return {"order": order_id}

    def issue_refund(order_id: int, amount: float) -> dict[str, Any]:
        ran("issue_refund")
        return {"refunded": amount}

    def notify(address: str) -> dict[str, Any]:
        ran("notify")
        return {"error": "no route to the mail server"}

    def score(order_id: int) -> dict[str, Any]:
        ran("score")
        return {"risk": "low"}

    risk = agent("risk", [("score", {"order_id": 42})], "low risk", tools=[score], description="checks the risk")
    refunder = agent(
        "refunder",
        [("risk", {"request": "order 42"})],
        [("issue_refund", {"order_id": 42, "amount": 19.5})],
        [("notify", {"address": "alice"})],
        "Refund done",
        tools=[FunctionTool(issue_refund, require_confirmation=True), notify, AgentTool(risk)],
        description="refunds",
    )
    return agent(
        "planner", [("lookup_order", {"order_id": 42})], [("transfer_to_agent", {"agent_name": "refunder"})],
        tools=[lookup_order], sub_agents=[refunder], instruction="Be kind.",
    )  # fmt: skip


def said(*parts: Any) -> Any:
    return types.Content(role="user", parts=list(parts))


def confirmations(events: list[Any]) -> list[Any]:
    return [call for event in events for call in event.get_function_calls() if call.name == CONFIRMATION]


class Talk:
    """A conversation with an agent."""

    def __init__(self, root: Any, plugin: Any, mode: str = "async") -> None:
        self.runner = InMemoryRunner(agent=root, app_name="app", plugins=[plugin])
        self.session: Any = None
        self.config = RunConfig(streaming_mode=StreamingMode.SSE) if mode == "stream" else RunConfig()

    async def say(self, *parts: Any) -> list[Any]:
        if self.session is None:
            self.session = await self.runner.session_service.create_session(app_name="app", user_id="alice")
        run = self.runner.run_async(
            user_id="alice", session_id=self.session.id, new_message=said(*parts), run_config=self.config
        )
        return [event async for event in run]

    def say_sync(self, *parts: Any) -> list[Any]:
        if self.session is None:
            self.session = asyncio.run(self.runner.session_service.create_session(app_name="app", user_id="alice"))
        return list(self.runner.run(user_id="alice", session_id=self.session.id, new_message=said(*parts)))


async def play(mode: str, ran: Callable[[str], None], answer: str = "approve") -> None:
    plugin = AuditPlugin()
    talk = Talk(scenario(ran), plugin, mode)
    for call in confirmations(await talk.say(types.Part(text=QUESTION))):
        await talk.say(getattr(plugin, answer)(call, by="bob@example.com", via="slack"))


class TestContract(Contract):
    modes = ("sync", "async", "stream")

    def drive(self, log: AuditLog, mode: str, ran: Ran) -> None:
        if mode == "sync":
            with log.session(**WHO):
                plugin = AuditPlugin()
                talk = Talk(scenario(ran), plugin)
                for call in confirmations(talk.say_sync(types.Part(text=QUESTION))):
                    talk.say_sync(plugin.approve(call, by="bob@example.com"))
            return

        async def drive() -> None:
            async with log.session(**WHO):
                await play(mode, ran)

        asyncio.run(drive())


def aplay(session: Session) -> Any:
    return play("async", lambda name: None)


def ask(root: Any, plugin: Any = None) -> Any:
    return Talk(root, plugin or AuditPlugin()).say(types.Part(text="x"))


def test_the_tree_of_the_scenario(tmp_path: Path, cli: Callable[..., Result]) -> None:
    golden_trace.check("google_adk", cli, recorded(tmp_path, aplay), tmp_path)


def test_a_streamed_run_leaves_the_same_records(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    (tmp_path / "stream").mkdir()
    plain = recorded(tmp_path / "plain", aplay)
    assert shape(recorded(tmp_path / "stream", lambda session: play("stream", lambda name: None))) == shape(plain)


def test_each_act_is_the_act_of_its_agent(tmp_path: Path) -> None:
    records = recorded(tmp_path, aplay)
    alice = WHO["user"]
    who = {each["action"]["tool"]: actors(each) for each in only(records, "tool_invocation", phase="start")}
    assert who == {
        "lookup_order": [alice, "planner"],
        "transfer_to_agent": [alice, "planner"],
        "risk": [alice, "planner", "refunder"],
        "score": [alice, "planner", "refunder", "risk"],
        "issue_refund": [alice, "planner", "refunder"],
        "notify": [alice, "planner", "refunder"],
    }
    assert only(records, "handoff")[0]["message"] == {"from": "planner", "to": "refunder"}
    risk = next(each for each in only(records, "lifecycle", phase="start") if each["agent"]["id"] == "risk")
    assert risk["parent_span_id"] == only(records, "tool_invocation", tool="risk", phase="start")[0]["span_id"]


def test_an_approval_says_who_and_for_which_arguments(tmp_path: Path) -> None:
    """The call that waits has no outcome; the one that was approved is the same call again."""
    records = recorded(tmp_path, aplay)
    asked, given = only(records, "approval")
    waits, run = only(records, "tool_invocation", tool="issue_refund", phase="start")
    assert [
        each["action"]["result_status"] for each in only(records, "tool_invocation", tool="issue_refund", phase="end")
    ] == ["success"]
    assert (asked["approval"]["status"], given["approval"]["status"]) == ("pending", "approved")
    assert asked["action"]["arguments"] == run["action"]["arguments"] == {"order_id": 42, "amount": 19.5}
    assert asked["parent_span_id"] == waits["span_id"]
    assert run["approval"]["decided_by"] == "bob@example.com"
    assert run["approval"]["id"] == asked["approval"]["id"]
    assert given["metadata"] == {"approval": {"via": "slack"}}
    assert "policy" not in run


@pytest.mark.parametrize("enforce", [False, True])
def test_a_refused_call_does_not_run(tmp_path: Path, enforce: bool) -> None:
    ran: list[str] = []
    records = recorded(tmp_path, lambda session: play("async", ran.append, "deny"), enforce=enforce)
    assert "issue_refund" not in ran
    assert "notify" in ran, "the agent goes on"
    denied = only(records, "approval")[1]["approval"]
    assert (denied["status"], denied["decided_by"]) == ("denied", "bob@example.com")
    assert only(records, "tool_invocation", tool="issue_refund", phase="end")[0]["action"]["result_status"] == "denied"


def test_an_answer_given_past_the_adapter_names_nobody(tmp_path: Path) -> None:
    async def body(session: Session) -> None:
        talk = Talk(scenario(lambda name: None), AuditPlugin())
        [call] = confirmations(await talk.say(types.Part(text=QUESTION)))
        answer = types.FunctionResponse(id=call.id, name=call.name, response={"confirmed": True})
        await talk.say(types.Part(function_response=answer))

    records = recorded(tmp_path, body)
    given = only(records, "approval")[1]["approval"]
    assert given["status"] == "approved"
    assert "decided_by" not in given
    assert len(only(records, "message")) == 2, "an answer to a confirmation is no request"


def test_only_confirmations_are_approved() -> None:
    with pytest.raises(UsageError, match=CONFIRMATION):
        AuditPlugin().approve(types.FunctionCall(name="issue_refund"), by="bob")


def test_a_conversation_goes_on_in_another_session(tmp_path: Path) -> None:
    """The question of another session is not known there: the approval is recorded whole."""
    with recording(tmp_path) as audit:

        async def work() -> None:
            talk = Talk(scenario(lambda name: None), plugin := AuditPlugin())
            async with audit.log.session(**WHO):
                [call] = confirmations(await talk.say(types.Part(text=QUESTION)))
            async with audit.log.session(**WHO):
                await talk.say(plugin.approve(call, by="bob@example.com"))

        asyncio.run(work())
    second = [each for each in audit.records if each["session_id"] == audit.records[-1]["session_id"]]
    assert [each["approval"]["status"] for each in only(second, "approval")] == ["pending", "approved"]
    refund = only(second, "tool_invocation", tool="issue_refund", phase="start")[0]
    assert refund["approval"]["decided_by"] == "bob@example.com"
    assert actors(refund) == [WHO["user"], "planner", "refunder"]


def test_a_model_call_has_its_prompt_answer_and_usage(tmp_path: Path) -> None:
    records = recorded(tmp_path, aplay)
    first, last = only(records, "llm_call")[0], only(records, "llm_call")[-1]
    assert QUESTION in first["prompt"]["text"]
    assert len(first["prompt"]["system_sha256"]) == 64
    assert last["usage"] == {"input_tokens": 12, "output_tokens": 5}
    assert last["response"]["text"] == "Refund done"
    assert first["agent"]["model"] == "scripted"


def test_a_tool_that_raises_is_an_error(tmp_path: Path) -> None:
    def fails() -> dict[str, Any]:
        raise ConnectionError("no route")

    async def body(session: Session) -> None:
        with pytest.raises(ConnectionError):
            await ask(agent("planner", [("fails", {})], tools=[fails]))

    end = only(recorded(tmp_path, body), "tool_invocation", phase="end")[0]["action"]
    assert (end["result_status"], end["error"]["message"]) == ("error", "no route")


def test_a_model_that_raises_is_recorded_and_ends_its_agent(tmp_path: Path) -> None:
    async def body(session: Session) -> None:
        with pytest.raises(IndexError):
            await ask(agent("clerk"))

    records = recorded(tmp_path, body)
    assert only(records, "llm_call")[0]["action"]["result_status"] == "error"
    end = only(records, "lifecycle", phase="end")[0]
    assert (end["agent"]["id"], end["action"]["result_status"]) == ("clerk", "error")


def test_parallel_agents_and_calls_are_kept_apart(tmp_path: Path) -> None:
    """Also where call ids repeat, as scripted ones do; a body finds itself in its own call."""

    async def look(order_id: int) -> dict[str, Any]:
        await asyncio.sleep(0.01 * (3 - order_id))
        current_session().event("retrieval", resource=str(order_id))
        return {"order": order_id}

    helpers = [agent(f"helper{n}", [("look", {"order_id": n})], f"seen {n}", tools=[look]) for n in (1, 2)]
    with pytest.warns(DeprecationWarning, match="ParallelAgent"):
        both = ParallelAgent(name="planner", sub_agents=helpers)
    records = recorded(tmp_path, lambda session: ask(both))
    looks = {each["action"]["arguments"]["order_id"]: each for each in only(records, "tool_invocation", phase="end")}
    assert {order: each["agent"]["id"] for order, each in looks.items()} == {1: "helper1", 2: "helper2"}
    assert {order: each["action"]["result"] for order, each in looks.items()} == {n: {"order": n} for n in (1, 2)}
    inside = {int(each["action"]["resource"]): each["parent_span_id"] for each in only(records, "retrieval")}
    assert inside == {order: each["span_id"] for order, each in looks.items()}


def test_the_session_comes_from_the_frameworks_context(tmp_path: Path) -> None:
    with recording(tmp_path) as audit:
        session = audit.log.session(**WHO).open()
        plugin = AuditPlugin(session_for=lambda context: {"alice": session}[context.user_id])
        asyncio.run(ask(agent("planner", "Hello"), plugin))
        session.close()
    assert len(only(audit.records, "llm_call")) == 1


def test_without_a_session_nothing_runs() -> None:
    ran: list[str] = []

    def look() -> dict[str, Any]:
        ran.append("look")
        return {}

    with pytest.raises(RuntimeError, match="no audit session"):
        asyncio.run(ask(agent("planner", [("look", {})], "done", tools=[look])))
    assert ran == []


def test_a_run_that_is_left_early_runs_no_more_tools_and_ends(tmp_path: Path) -> None:
    ran: list[str] = []
    plugin = AuditPlugin()

    async def body(session: Session) -> None:
        talk = Talk(scenario(ran.append), plugin)
        talk.session = await talk.runner.session_service.create_session(app_name="app", user_id="alice")
        run = talk.runner.run_async(user_id="alice", session_id=talk.session.id, new_message=said(types.Part(text="x")))
        async for _ in run:
            break
        await run.aclose()

    records = recorded(tmp_path, body)
    assert ran == []
    assert len(only(records, "llm_call")) == 1
    assert plugin._invocations == {}, "nothing is kept of runs that ended"


def test_a_failed_record_is_the_cause_of_what_comes_out(tmp_path: Path) -> None:
    with recording(tmp_path) as audit:
        audit.fail_after(3)

        async def work() -> None:
            async with audit.log.session(**WHO):
                await play("async", lambda name: None)

        with pytest.raises(RuntimeError) as caught:
            asyncio.run(work())
    assert is_ours(caught.value)


def test_other_plugins_may_stand_beside_it(tmp_path: Path) -> None:
    """One that answers in the place of a tool: the call is recorded all the same."""

    class Answers(BasePlugin):
        async def before_tool_callback(self, *, tool: Any, tool_args: Any, tool_context: Any) -> dict[str, Any]:
            return {"from": "cache"}

    def look() -> dict[str, Any]:
        raise AssertionError("not reached")

    async def body(session: Session) -> None:
        root = agent("planner", [("look", {})], "done", tools=[look])
        runner = InMemoryRunner(agent=root, app_name="app", plugins=[AuditPlugin(), Answers(name="cache")])
        made = await runner.session_service.create_session(app_name="app", user_id="alice")
        async for _ in runner.run_async(user_id="alice", session_id=made.id, new_message=said(types.Part(text="x"))):
            pass

    end = only(recorded(tmp_path, body), "tool_invocation", phase="end")[0]["action"]
    assert end["result"] == {"from": "cache"}


def test_the_page_runs(tmp_path: Path) -> None:
    test_snippets.test_it_runs(test_snippets.ROOT / "docs" / "frameworks-google-adk.md", tmp_path)
    assert validate(tmp_path / "audit.jsonl", strict=True).findings == []
