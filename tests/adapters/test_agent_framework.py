"""The adapter for Microsoft Agent Framework, with the real framework and a scripted chat client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("agent_framework", reason="Microsoft Agent Framework is not installed: make test-frameworks")

from agent_framework import (
    Agent,
    BaseChatClient,
    ChatMiddlewareLayer,
    ChatResponse,
    ChatResponseUpdate,
    Content,
    FunctionInvocationLayer,
    FunctionMiddleware,
    Message,
    MiddlewareFailure,
    MiddlewareTermination,
    ResponseStream,
    UsageDetails,
    tool,
)

from auditlog_cli import AuditLog, current_session, validate
from auditlog_cli.adapters.agent_framework import VALIDATED, AgentFrameworkAuditFailure, Audit
from auditlog_cli.capture.session import Session
from auditlog_cli.errors import AuditWriteError, NoSession, UsageError
from auditlog_cli.testing import recording
from tests.adapters import golden_trace
from tests.adapters.contract import QUESTION, WHO, Contract, Ran
from tests.adapters.records import actors, only, recorded, shape
from tests.conftest import Result
from tests.docs import test_snippets

Step = str | list[tuple[str, dict[str, Any]]]


class Scripted(FunctionInvocationLayer, ChatMiddlewareLayer, BaseChatClient):
    """A model that says these things one after the other: a text, or calls of tools."""

    def __init__(self, *steps: Step) -> None:
        super().__init__()
        self.left = list(steps)

    def _said(self) -> list[Content]:
        step = self.left.pop(0)
        if isinstance(step, str):
            return [Content.from_text(step)]
        return [Content.from_function_call(f"call_{name}", name, arguments=json.dumps(args)) for name, args in step]

    def _inner_get_response(self, *, messages: Any, stream: bool, options: Any, **more: Any) -> Any:
        used = UsageDetails(input_token_count=10, output_token_count=5)

        async def whole() -> ChatResponse:
            said = Message(role="assistant", contents=self._said())
            return ChatResponse(messages=[said], usage_details=used, model="scripted-1")

        async def pieces() -> AsyncIterator[ChatResponseUpdate]:
            for content in [*self._said(), Content.from_usage(used)]:
                yield ChatResponseUpdate(role="assistant", contents=[content], model="scripted-1")

        return ResponseStream(pieces(), finalizer=ChatResponse.from_updates) if stream else whole()


def scenario(ran: Callable[[str], None], audit: Audit) -> Agent:
    """planner → lookup_order → refunder → issue_refund; wire_money, approved → notify, fails."""

    @tool
    def lookup_order(order_id: int) -> str:
        ran("lookup_order")
        return f"order {order_id}"

    @tool
    def issue_refund(order_id: int, amount: float) -> str:
        ran("issue_refund")
        return f"refunded {amount}"

    @tool(approval_mode="always_require")
    def wire_money(amount: float) -> str:
        ran("wire_money")
        return "wired"

    @tool
    async def notify(address: str) -> str:
        ran("notify")
        raise ConnectionError("no route to the mail server")

    refunder = Agent(
        client=Scripted([("issue_refund", {"order_id": 42, "amount": 19.5})], "Refunded"),
        name="refunder", tools=[issue_refund], middleware=audit.middleware(),
    )  # fmt: skip
    return Agent(
        client=Scripted(
            [("lookup_order", {"order_id": 42})], [("refunder", {"task": "refund 42"})],
            [("wire_money", {"amount": 5.0})], [("notify", {"address": "alice"})], "Done",
        ),
        name="planner", instructions="Be kind.", tools=[lookup_order, refunder.as_tool(), wire_money, notify],
        middleware=audit.middleware(),
    )  # fmt: skip


def answers(audit: Audit, response: Any) -> Message:
    """Bob says yes to everything."""
    yes = [audit.approve(each, by="bob@example.com", via="slack") for each in response.user_input_requests]
    return Message(role="user", contents=yes)


async def play(ran: Callable[[str], None], mode: str = "async") -> Any:
    audit = Audit()
    planner = scenario(ran, audit)
    thread = planner.create_session()
    more: Any = QUESTION
    while True:
        if mode == "async":
            response = await planner.run(more, session=thread)
        else:
            stream = planner.run(more, session=thread, stream=True)
            async for _ in stream:
                pass
            response = await stream.get_final_response()
        if not response.user_input_requests:
            return response
        more = answers(audit, response)


class TestContract(Contract):
    modes = ("async", "stream")

    def drive(self, log: AuditLog, mode: str, ran: Ran) -> None:
        async def drive() -> None:
            async with log.session(**WHO):
                await play(ran, mode)

        asyncio.run(drive())


def solo(*steps: Step, audit: Audit | None = None, **more: Any) -> Agent:
    middleware = [*(audit or Audit()).middleware(), *more.pop("middleware", ())]
    return Agent(client=Scripted(*steps), name="planner", middleware=middleware, **more)


async def aplay(session: Session) -> None:
    await play(lambda name: None)


def test_the_tree_of_the_scenario(tmp_path: Path, cli: Callable[..., Result]) -> None:
    golden_trace.check("agent_framework", cli, recorded(tmp_path, aplay), tmp_path)


def test_a_streamed_run_leaves_the_same_records(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    (tmp_path / "stream").mkdir()
    plain = recorded(tmp_path / "plain", aplay)
    streamed = recorded(tmp_path / "stream", lambda session: play(lambda name: None, "stream"))
    assert shape(streamed) == shape(plain)


def test_each_act_is_the_act_of_its_agent(tmp_path: Path) -> None:
    records = recorded(tmp_path, aplay)
    alice = WHO["user"]
    refund = only(records, "tool_invocation", tool="issue_refund", phase="start")[0]
    assert actors(refund) == [alice, "planner", "refunder"]
    assert actors(only(records, "tool_invocation", tool="lookup_order", phase="start")[0]) == [alice, "planner"]
    start = next(each for each in only(records, "lifecycle", phase="start") if each["agent"]["id"] == "refunder")
    assert start["parent_span_id"] == only(records, "tool_invocation", tool="refunder", phase="start")[0]["span_id"]
    assert refund["parent_span_id"] == start["span_id"]


def test_an_approval_says_who_and_for_which_arguments(tmp_path: Path) -> None:
    records = recorded(tmp_path, aplay)
    asked, given = only(records, "approval")
    run = only(records, "tool_invocation", tool="wire_money", phase="start")[0]
    assert (asked["approval"]["status"], given["approval"]["status"]) == ("pending", "approved")
    assert asked["action"]["arguments"] == run["action"]["arguments"] == {"amount": 5.0}
    assert run["approval"]["decided_by"] == "bob@example.com"
    assert given["metadata"] == {"approval": {"via": "slack"}}
    assert "policy" not in run


def resumed(tmp_path: Path, answer: Callable[[Audit, Any], Any], amount: Any = 5.0) -> list[dict[str, Any]]:
    """The records of a run in which `answer(audit, request)` answers the one question."""

    @tool(approval_mode="always_require")
    def wire_money(amount: float) -> str:
        return f"wired {amount}"

    async def body(session: Session) -> None:
        audit = Audit()
        agent = solo([("wire_money", {"amount": amount})], "Done", audit=audit, tools=[wire_money])
        thread = agent.create_session()
        response = await agent.run("x", session=thread)
        contents = [answer(audit, each) for each in response.user_input_requests]
        await agent.run(Message(role="user", contents=contents), session=thread)

    return recorded(tmp_path, body)


def test_a_refused_call_does_not_run(tmp_path: Path) -> None:
    records = resumed(tmp_path, lambda audit, request: audit.deny(request, by="bob", reason="too much"))
    assert only(records, "tool_invocation") == []
    denied = only(records, "approval")[1]
    assert (denied["approval"]["status"], denied["approval"]["decided_by"]) == ("denied", "bob")


@pytest.mark.parametrize("yes", [True, False])
def test_an_answer_given_past_the_adapter_names_nobody(tmp_path: Path, yes: bool) -> None:
    records = resumed(tmp_path, lambda audit, request: request.to_function_approval_response(yes))
    told = only(records, "approval")[1]["approval"]
    assert told["status"] == ("approved" if yes else "denied")
    assert "decided_by" not in told
    assert len(only(records, "tool_invocation", phase="start")) == yes


def test_what_validation_makes_of_approved_arguments_is_approved_by_the_same_person(tmp_path: Path) -> None:
    records = resumed(tmp_path, lambda audit, request: audit.approve(request, by="bob"), amount="5.25")
    told = [(each["approval"]["status"], each["action"]["arguments"]["amount"]) for each in only(records, "approval")]
    assert told == [("pending", "5.25"), ("approved", "5.25"), ("pending", 5.25), ("approved", 5.25)]
    assert only(records, "approval")[3]["metadata"]["approval"]["reason"] == VALIDATED
    run = only(records, "tool_invocation", phase="start")[0]
    assert run["approval"]["decided_by"] == "bob"
    assert "policy" not in run


def test_only_a_request_can_be_answered(tmp_path: Path) -> None:
    async def body(session: Session) -> None:
        with pytest.raises(UsageError, match="user_input_requests"):
            Audit().approve(Content.from_text("yes"), by="bob")

    recorded(tmp_path, body)


def test_a_model_call_has_its_prompt_answer_and_usage(tmp_path: Path) -> None:
    first, *_, last = only(recorded(tmp_path, aplay), "llm_call")
    assert QUESTION in first["prompt"]["text"]
    assert len(first["prompt"]["system_sha256"]) == 64
    assert first["usage"] == {"input_tokens": 10, "output_tokens": 5}
    assert last["response"]["text"] == "Done"
    assert first["agent"]["model"] == "scripted-1"


def test_a_tool_that_fails_is_an_error(tmp_path: Path) -> None:
    end = only(recorded(tmp_path, aplay), "tool_invocation", tool="notify", phase="end")[0]["action"]
    assert end["result_status"] == "error"
    assert "no route" in end["error"]["message"]


@pytest.mark.parametrize("stream", [True, False])
def test_a_model_that_fails_is_recorded_and_ends_its_agent(tmp_path: Path, stream: bool) -> None:
    async def body(session: Session) -> None:
        clerk = Agent(client=Scripted(), name="clerk", middleware=Audit().middleware())
        run = clerk.run("x", stream=True).get_final_response() if stream else clerk.run("x")
        with pytest.raises(IndexError):
            await run

    records = recorded(tmp_path, body)
    assert only(records, "llm_call")[0]["action"]["result_status"] == "error"
    end = only(records, "lifecycle", phase="end")[0]
    assert (end["agent"]["id"], end["action"]["result_status"]) == ("clerk", "error")


@pytest.mark.parametrize("result", [None, "cached"])
def test_a_call_that_other_middleware_stops_is_recorded_as_that(tmp_path: Path, result: str | None) -> None:
    class Stops(FunctionMiddleware):
        async def process(self, context: Any, call_next: Any) -> None:
            context.result = result
            raise MiddlewareTermination("not today")

    ran: list[str] = []

    @tool
    def look() -> str:
        ran.append("look")
        return "seen"

    async def body(session: Session) -> None:
        await solo([("look", {})], "Done", tools=[look], middleware=[Stops()]).run("x")

    end = only(recorded(tmp_path, body), "tool_invocation", phase="end")[0]["action"]
    assert (end["result_status"], end.get("result")) == (("success", result) if result else ("blocked", None))
    assert ran == []


def test_parallel_calls_are_kept_apart(tmp_path: Path) -> None:
    """Also where their ids are the same; a body finds itself in its own call, a synchronous one too."""

    @tool
    async def look(order_id: int) -> str:
        await asyncio.sleep(0.01 * (3 - order_id))
        current_session().event("retrieval", resource=str(order_id))
        return f"order {order_id}"

    @tool
    def see(order_id: int) -> str:
        current_session().event("retrieval", resource=str(order_id))
        return f"order {order_id}"

    async def body(session: Session) -> None:
        calls = [("look", {"order_id": n}) for n in range(3)] + [("see", {"order_id": 3})]
        await solo(calls, "Done", tools=[look, see]).run("x")

    records = recorded(tmp_path, body)
    ends = {each["action"]["arguments"]["order_id"]: each for each in only(records, "tool_invocation", phase="end")}
    assert {order: each["action"]["result"] for order, each in ends.items()} == {n: f"order {n}" for n in range(4)}
    inside = {int(each["action"]["resource"]): each["parent_span_id"] for each in only(records, "retrieval")}
    assert inside == {order: each["span_id"] for order, each in ends.items()}


def test_the_session_comes_from_the_frameworks_own(tmp_path: Path) -> None:
    with recording(tmp_path) as audit:
        session = audit.log.session(**WHO).open()
        agent = solo("Hello", audit=Audit(session_for=lambda context: {"t-1": session}[context.session.session_id]))
        asyncio.run(agent.run("Hi", session=agent.create_session(session_id="t-1")))
        session.close()
    assert len(only(audit.records, "llm_call")) == 1


def test_without_a_session_nothing_runs() -> None:
    agent = solo("Hello")
    with pytest.raises(NoSession):
        asyncio.run(agent.run("x"))
    assert agent.client.left == ["Hello"]


def test_the_failure_is_both_theirs_and_ours(tmp_path: Path) -> None:
    assert issubclass(AgentFrameworkAuditFailure, MiddlewareFailure)
    assert issubclass(AgentFrameworkAuditFailure, AuditWriteError)

    @tool
    def look() -> str:
        raise AssertionError("ran")

    async def work(log: AuditLog) -> None:
        async with log.session(**WHO):
            await solo([("look", {})], "Done", tools=[look]).run("x")

    with recording(tmp_path) as audit:
        audit.fail_after(3)
        with pytest.raises(AgentFrameworkAuditFailure) as caught:
            asyncio.run(work(audit.log))
    assert str(caught.value) == caught.value.message


def test_a_failure_inside_a_tool_is_not_handed_to_the_model(tmp_path: Path) -> None:
    @tool
    def look() -> str:
        current_session().event("retrieval")
        return "seen"

    client = Scripted([("look", {})], "Done")

    async def work(log: AuditLog) -> None:
        async with log.session(**WHO):
            await Agent(client=client, name="planner", tools=[look], middleware=Audit().middleware()).run("x")

    with recording(tmp_path) as audit:
        audit.fail_after(4)
        with pytest.raises(AuditWriteError):
            asyncio.run(work(audit.log))
    assert client.left == ["Done"]


def test_the_page_runs(tmp_path: Path) -> None:
    test_snippets.test_it_runs(test_snippets.ROOT / "docs" / "frameworks-agent-framework.md", tmp_path)
    assert validate(tmp_path / "audit.jsonl", strict=True).findings == []
