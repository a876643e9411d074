"""The adapter for pydantic-ai, with the real framework and its scripted model."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pydantic_ai", reason="pydantic-ai is not installed: make test-frameworks")

from pydantic_ai import Agent, DeferredToolRequests, DeferredToolResults, ModelRetry, RunContext
from pydantic_ai import ToolApproved as Approved
from pydantic_ai.exceptions import ApprovalRequired, CallDeferred
from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import AgentInfo, DeltaToolCall, FunctionModel
from pydantic_ai.tools import ToolDefinition
from pydantic_ai.toolsets import ExternalToolset

from auditlog_cli import AuditLog, current_session, validate
from auditlog_cli.adapters.pydantic_ai import EDITED, VALIDATED, Audit
from auditlog_cli.capture.session import Session
from auditlog_cli.errors import ApprovalMismatch, AuditWriteError, NoSession, UsageError
from auditlog_cli.testing import recording
from tests.adapters import golden_trace
from tests.adapters.contract import QUESTION, WHO, Contract, Ran
from tests.adapters.records import actors, only, recorded, shape
from tests.conftest import Result
from tests.docs import test_snippets

Step = str | list[tuple[str, dict[str, Any]]]


def scripted(*steps: Step) -> FunctionModel:
    """A model that says these things one after the other: a text, or calls of tools."""
    left = list(steps)

    def answer(messages: Any, info: AgentInfo) -> ModelResponse:
        step = left.pop(0)
        if isinstance(step, str):
            return ModelResponse(parts=[TextPart(step)])
        return ModelResponse(parts=[ToolCallPart(name, args, tool_call_id=f"call_{name}") for name, args in step])

    async def stream(messages: Any, info: AgentInfo) -> AsyncIterator[Any]:
        step = left.pop(0)
        if isinstance(step, str):
            yield step
            return
        for number, (name, args) in enumerate(step):
            yield {number: DeltaToolCall(name, json.dumps(args), tool_call_id=f"call_{name}")}

    return FunctionModel(answer, stream_function=stream)


def scenario(ran: Callable[[str], None], audit: Any) -> Any:
    """planner → lookup_order → delegate → refunder → issue_refund; wire_money, approved → notify, fails."""
    refunder: Any = Agent(
        scripted([("issue_refund", {"order_id": 42, "amount": 19.5})], "Refunded"),
        name="refunder",
        capabilities=[audit],
    )

    @refunder.tool_plain
    def issue_refund(order_id: int, amount: float) -> str:
        ran("issue_refund")
        return f"refunded {amount}"

    planner: Any = Agent(
        scripted(
            [("lookup_order", {"order_id": 42})], [("delegate", {"task": "refund 42"})],
            [("wire_money", {"amount": 5})], [("notify", {"address": "alice"})], "Done",
        ),
        name="planner", instructions="Be kind.", capabilities=[audit], output_type=[str, DeferredToolRequests],
    )  # fmt: skip

    @planner.tool_plain
    def lookup_order(order_id: int) -> dict[str, int]:
        ran("lookup_order")
        return {"order": order_id}

    @planner.tool
    async def delegate(ctx: RunContext[None], task: str) -> str:
        ran("delegate")
        return str((await refunder.run(task, usage=ctx.usage)).output)

    @planner.tool_plain(requires_approval=True)
    def wire_money(amount: float, currency: str = "EUR") -> str:
        ran("wire_money")
        return "wired"

    @planner.tool_plain
    def notify(address: str) -> str:
        ran("notify")
        raise ModelRetry("no route to the mail server")

    return planner


def answers(audit: Any, requests: Any, session: Session | None = None) -> DeferredToolResults:
    """Bob says yes to everything."""
    yes = {
        call.tool_call_id: audit.approve(call, by="bob@example.com", via="slack", session=session)
        for call in requests.approvals
    }
    return DeferredToolResults(approvals=yes)


def play_sync(ran: Callable[[str], None]) -> Any:
    audit = Audit()
    planner = scenario(ran, audit)
    first = planner.run_sync(QUESTION)
    return planner.run_sync(message_history=first.all_messages(), deferred_tool_results=answers(audit, first.output))


async def play(ran: Callable[[str], None]) -> Any:
    audit = Audit()
    planner = scenario(ran, audit)
    first = await planner.run(QUESTION)
    return await planner.run(message_history=first.all_messages(), deferred_tool_results=answers(audit, first.output))


async def play_stream(ran: Callable[[str], None]) -> Any:
    audit = Audit()
    planner = scenario(ran, audit)
    more: dict[str, Any] = {"user_prompt": QUESTION}
    while True:
        async with planner.run_stream(**more) as result:
            output = await result.get_output()
            messages = result.all_messages()
        if isinstance(output, str):
            return output
        more = {"message_history": messages, "deferred_tool_results": answers(audit, output)}


class TestContract(Contract):
    modes = ("sync", "async", "stream")

    def drive(self, log: AuditLog, mode: str, ran: Ran) -> None:
        if mode == "sync":
            loop = asyncio.new_event_loop()  # `run_sync` makes one in its thread otherwise, and leaves it open
            asyncio.set_event_loop(loop)
            try:
                with log.session(**WHO):
                    play_sync(ran)
            finally:
                loop.close()
            return

        async def drive() -> None:
            async with log.session(**WHO):
                await (play if mode == "async" else play_stream)(ran)

        asyncio.run(drive())


def solo(*steps: Step, audit: Any = None, **more: Any) -> Any:
    return Agent(scripted(*steps), name="planner", capabilities=[audit or Audit()], **more)


async def aplay(session: Session) -> None:
    await play(lambda name: None)


def test_the_tree_of_the_scenario(tmp_path: Path, cli: Callable[..., Result]) -> None:
    golden_trace.check("pydantic_ai", cli, recorded(tmp_path, aplay), tmp_path)


def test_a_streamed_run_leaves_the_same_records(tmp_path: Path) -> None:
    """But for one more approval: `run_stream` does not validate the arguments before it asks."""

    (tmp_path / "plain").mkdir()
    (tmp_path / "stream").mkdir()
    plain = recorded(tmp_path / "plain", aplay)
    streamed = recorded(tmp_path / "stream", lambda session: play_stream(lambda name: None))
    assert shape(streamed, without="approval") == shape(plain, without="approval")


def test_each_act_is_the_act_of_its_agent(tmp_path: Path) -> None:
    records = recorded(tmp_path, aplay)
    alice = WHO["user"]
    refund = only(records, "tool_invocation", tool="issue_refund", phase="start")[0]
    assert actors(refund) == [alice, "planner", "refunder"]
    assert actors(only(records, "tool_invocation", tool="lookup_order", phase="start")[0]) == [alice, "planner"]
    start = next(each for each in only(records, "lifecycle", phase="start") if each["agent"]["id"] == "refunder")
    assert start["parent_span_id"] == only(records, "tool_invocation", tool="delegate", phase="start")[0]["span_id"]
    assert refund["parent_span_id"] == start["span_id"]


def test_an_approval_says_who_and_for_which_arguments(tmp_path: Path) -> None:
    """The arguments as the tool takes them: the model wrote `5`, the tool is given `5.0` and its default."""
    records = recorded(tmp_path, aplay)
    asked, given = only(records, "approval")
    run = only(records, "tool_invocation", tool="wire_money", phase="start")[0]
    assert (asked["approval"]["status"], given["approval"]["status"]) == ("pending", "approved")
    assert asked["action"]["arguments"] == run["action"]["arguments"] == {"amount": 5.0, "currency": "EUR"}
    assert run["approval"]["decided_by"] == "bob@example.com"
    assert given["metadata"] == {"approval": {"via": "slack"}}
    assert "policy" not in run


def wiring(audit: Any) -> Any:
    """One call of a tool that needs an approval."""
    agent = solo([("wire_money", {"amount": 5})], "Done", audit=audit, output_type=[str, DeferredToolRequests])

    @agent.tool_plain(requires_approval=True)
    def wire_money(amount: float, currency: str = "EUR") -> str:
        return f"wired {amount}"

    return agent


def resumed(tmp_path: Path, answer: Callable[[Any, Any], Any], **more: Any) -> list[dict[str, Any]]:
    """The records of a run in which `answer(audit, call)` answers the one question."""

    async def body(session: Session) -> None:
        audit = Audit()
        agent = wiring(audit)
        first = await agent.run("x")
        call = first.output.approvals[0]
        results = DeferredToolResults(approvals={call.tool_call_id: answer(audit, call)})
        await agent.run(message_history=first.all_messages(), deferred_tool_results=results)

    return recorded(tmp_path, body, **more)


def test_a_refused_call_does_not_run(tmp_path: Path) -> None:
    records = resumed(
        tmp_path, lambda audit, call: audit.deny(call.tool_call_id, by="bob", reason="too much", message="No.")
    )
    assert only(records, "tool_invocation") == []
    denied = only(records, "approval")[1]
    assert (denied["approval"]["status"], denied["approval"]["decided_by"]) == ("denied", "bob")
    assert "No." in only(records, "llm_call")[1]["prompt"]["text"]


def test_approval_of_other_arguments_keeps_both(tmp_path: Path) -> None:
    """What was asked is denied, what was approved instead is asked and approved; the validated form as well."""
    records = resumed(tmp_path, lambda audit, call: audit.approve(call, by="bob", override_args={"amount": 3}))
    told = [
        (
            each["approval"]["status"],
            each["action"]["arguments"].get("amount"),
            each.get("metadata", {}).get("approval", {}).get("reason"),
        )
        for each in only(records, "approval")
    ]
    assert told == [
        ("pending", 5.0, None), ("denied", 5.0, EDITED), ("pending", 3, None), ("approved", 3, None),
        ("pending", 3.0, VALIDATED), ("approved", 3.0, VALIDATED),
    ]  # fmt: skip
    run = only(records, "tool_invocation", phase="start")[0]
    assert run["approval"]["decided_by"] == "bob"
    assert "policy" not in run


def test_arguments_changed_behind_the_approval_are_noticed(tmp_path: Path) -> None:
    def behind(audit: Any, call: Any) -> Any:
        audit.approve(call, by="bob")
        return Approved(override_args={"amount": 5000})

    (tmp_path / "told").mkdir()
    run = only(resumed(tmp_path / "told", behind), "tool_invocation", phase="start")[0]
    assert run["policy"]["rules"] == ["approval:arguments"]
    (tmp_path / "enforced").mkdir()
    with pytest.raises(ApprovalMismatch):
        resumed(tmp_path / "enforced", behind, enforce=True)


def test_an_approval_given_past_the_adapter_names_nobody(tmp_path: Path) -> None:
    records = resumed(tmp_path, lambda audit, call: Approved())
    given = only(records, "approval")[1]["approval"]
    assert given["status"] == "approved"
    assert "decided_by" not in given
    assert "policy" not in only(records, "tool_invocation", phase="start")[0]


def test_a_run_resumed_elsewhere_asks_and_answers_there(tmp_path: Path) -> None:
    with recording(tmp_path) as audit:

        async def work() -> None:
            async with audit.log.session(**WHO):
                first = await wiring(Audit()).run("x")
            call = first.output.approvals[0]
            other = Audit()
            agent = solo("Done", audit=other, output_type=[str, DeferredToolRequests])
            agent.tool_plain(requires_approval=True)(wire_money)
            async with audit.log.session(**WHO):
                with pytest.raises(UsageError, match="waits"):
                    other.approve(call.tool_call_id, by="bob")
                results = DeferredToolResults(approvals={call.tool_call_id: other.approve(call, by="bob")})
                await agent.run(message_history=first.all_messages(), deferred_tool_results=results)

        asyncio.run(work())
    run = only(audit.records, "tool_invocation", phase="start")[0]
    assert run["approval"]["decided_by"] == "bob"
    assert "policy" not in run


def wire_money(amount: float, currency: str = "EUR") -> str:
    return f"wired {amount}"


def test_a_tool_that_asks_while_it_runs_stays_pending(tmp_path: Path) -> None:
    """An interrupt is no error: the first call has no outcome, the second one is approved."""

    async def body(session: Session) -> None:
        audit = Audit()
        agent = solo([("wire", {"amount": 5.0})], "Done", audit=audit, output_type=[str, DeferredToolRequests])

        @agent.tool
        def wire(ctx: RunContext[None], amount: float) -> str:
            if not ctx.tool_call_approved:
                raise ApprovalRequired
            return "wired"

        first = await agent.run("x")
        await agent.run(message_history=first.all_messages(), deferred_tool_results=answers(audit, first.output))

    records = recorded(tmp_path, body)
    assert len(only(records, "tool_invocation", phase="start")) == 2
    end = only(records, "tool_invocation", phase="end")
    assert [each["action"]["result_status"] for each in end] == ["success"]
    assert end[0]["approval"]["decided_by"] == "bob@example.com"


@pytest.mark.parametrize("external", [True, False])
def test_a_tool_that_runs_elsewhere_has_its_intent_once(tmp_path: Path, external: bool) -> None:
    async def body(session: Session) -> None:
        schema = {"type": "object", "properties": {"order_id": {"type": "integer"}}}
        tools = [ExternalToolset([ToolDefinition(name="ship", parameters_json_schema=schema)])] if external else []
        agent = solo([("ship", {"order_id": 1})], output_type=[str, DeferredToolRequests], toolsets=tools)

        def ship(order_id: int) -> str:
            raise CallDeferred

        if not external:
            agent.tool_plain(ship)
        await agent.run("x")

    [record] = only(recorded(tmp_path, body), "tool_invocation")
    assert (record["action"]["phase"], record["action"]["arguments"]) == ("start", {"order_id": 1})


def test_a_model_call_has_its_prompt_answer_and_usage(tmp_path: Path) -> None:
    records = recorded(tmp_path, aplay)
    first, last = only(records, "llm_call")[0], only(records, "llm_call")[-1]
    assert QUESTION in first["prompt"]["text"]
    assert len(first["prompt"]["system_sha256"]) == 64
    assert first["usage"]["input_tokens"] > 0
    assert last["response"]["text"] == "Done"
    assert first["action"]["latency_ms"] >= 0


@pytest.mark.parametrize("error", [ConnectionError("no route"), ModelRetry("no route")])
def test_a_tool_that_fails_is_an_error(tmp_path: Path, error: Exception) -> None:
    async def body(session: Session) -> None:
        agent = solo([("fails", {})], "went on")

        @agent.tool_plain
        def fails() -> str:
            raise error

        if isinstance(error, ModelRetry):
            await agent.run("x")
        else:
            with pytest.raises(ConnectionError):
                await agent.run("x")

    end = only(recorded(tmp_path, body), "tool_invocation", phase="end")[0]["action"]
    assert end["result_status"] == "error"
    assert "no route" in end["error"]["message"]


def test_a_model_that_fails_is_recorded(tmp_path: Path) -> None:
    async def body(session: Session) -> None:
        with pytest.raises(IndexError):
            await solo().run("x")

    assert only(recorded(tmp_path, body), "llm_call")[0]["action"]["result_status"] == "error"


def test_a_nested_agent_that_fails_ends_with_the_error(tmp_path: Path) -> None:
    async def body(session: Session) -> None:
        with pytest.raises(IndexError):
            await Agent(scripted(), name="clerk", capabilities=[Audit()]).run("x")

    end = only(recorded(tmp_path, body), "lifecycle", phase="end")[0]
    assert (end["agent"]["id"], end["action"]["result_status"]) == ("clerk", "error")


def test_parallel_calls_and_parallel_sub_agents_are_kept_apart(tmp_path: Path) -> None:
    """Also where call ids repeat, as scripted ones do; a body finds itself in its own call."""
    spans: dict[int, str] = {}

    async def look(order_id: int) -> str:
        await asyncio.sleep(0.01 * (3 - order_id))
        current_session().event("retrieval", resource=str(order_id))
        spans[order_id] = current_session().agent_id
        return f"order {order_id}"

    async def body(session: Session) -> None:
        audit = Audit()
        agent = solo([("ask1", {}), ("ask2", {}), ("look", {"order_id": 0})], "done", audit=audit, tools=[look])
        for n in (1, 2):
            helper = Agent(
                scripted([("look", {"order_id": n})], f"seen {n}"),
                name=f"helper{n}",
                capabilities=[audit],
                tools=[look],
            )

            ask = asks(helper)
            agent.tool_plain(name=f"ask{n}")(ask)
        await agent.run("x")

    records = recorded(tmp_path, body)
    looks = {
        each["action"]["arguments"]["order_id"]: each
        for each in only(records, "tool_invocation", tool="look", phase="end")
    }
    assert {order: each["agent"]["id"] for order, each in looks.items()} == {0: "planner", 1: "helper1", 2: "helper2"}
    assert {order: each["action"]["result"] for order, each in looks.items()} == {n: f"order {n}" for n in (0, 1, 2)}
    inside = {int(each["action"]["resource"]): each["parent_span_id"] for each in only(records, "retrieval")}
    assert inside == {order: each["span_id"] for order, each in looks.items()}


def asks(helper: Any) -> Callable[[], Any]:
    async def ask() -> str:
        return str((await helper.run("x")).output)

    return ask


def test_a_synchronous_tool_finds_itself_in_its_call(tmp_path: Path) -> None:
    """It runs in a thread of the framework's."""

    async def body(session: Session) -> None:
        agent = solo([("look", {})], "done")

        @agent.tool_plain
        def look() -> str:
            current_session().event("retrieval")
            return "seen"

        await agent.run("x")

    records = recorded(tmp_path, body)
    assert only(records, "retrieval")[0]["parent_span_id"] == only(records, "tool_invocation")[0]["span_id"]


def test_the_session_comes_from_the_dependencies(tmp_path: Path) -> None:
    with recording(tmp_path) as audit:
        session = audit.log.session(**WHO).open()
        agent = solo("Hello", audit=Audit(session_for=lambda ctx: ctx.deps["audit"]), deps_type=dict)
        asyncio.run(agent.run("Hi", deps={"audit": session}))
        session.close()
    assert len(only(audit.records, "llm_call")) == 1


def test_without_a_session_nothing_runs() -> None:
    ran: list[str] = []
    agent = solo([("look", {})], "done")

    @agent.tool_plain
    def look() -> str:
        ran.append("look")
        return "seen"

    with pytest.raises(NoSession):
        asyncio.run(agent.run("x"))
    assert ran == []


def test_a_stream_that_nobody_reads_is_recorded(tmp_path: Path) -> None:
    async def body(session: Session) -> None:
        async with solo("Hello").run_stream("Hi"):
            pass

    records = recorded(tmp_path, body)
    assert len(only(records, "llm_call")) == 1
    assert [each["message"]["direction"] for each in only(records, "message")][:1] == ["received"]


def test_a_stream_that_nobody_reads_fails_at_the_sessions_end(tmp_path: Path) -> None:
    async def work(log: AuditLog) -> None:
        async with log.session(**WHO), solo("Hello").run_stream("Hi"):
            pass

    with recording(tmp_path) as audit:
        audit.fail_after(2)
        with pytest.raises(AuditWriteError):
            asyncio.run(work(audit.log))


def test_the_page_runs(tmp_path: Path) -> None:
    test_snippets.test_it_runs(test_snippets.ROOT / "docs" / "frameworks-pydantic-ai.md", tmp_path)
    assert validate(tmp_path / "audit.jsonl", strict=True).findings == []
