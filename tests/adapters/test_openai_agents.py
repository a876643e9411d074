"""The adapter for the OpenAI Agents SDK, with the real SDK and its scripted model."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

agents = pytest.importorskip("agents", reason="openai-agents is not installed: make test-frameworks")

from agents import Agent, Runner, function_tool  # noqa: E402
from agents.testing import ScriptedModel, assistant_message, function_call  # noqa: E402
from agents.tool_context import ToolContext  # noqa: E402

from auditlog_cli import AuditLog, validate  # noqa: E402
from auditlog_cli.adapters import openai_agents as audited  # noqa: E402
from auditlog_cli.capture.session import Session  # noqa: E402
from auditlog_cli.errors import AuditWriteError, NoSession, UsageError  # noqa: E402
from auditlog_cli.testing import recording  # noqa: E402
from tests.adapters import golden_trace  # noqa: E402
from tests.adapters.contract import QUESTION, WHO, Contract, Ran, is_ours  # noqa: E402
from tests.adapters.records import actors, only, recorded  # noqa: E402
from tests.conftest import Result  # noqa: E402
from tests.docs import test_snippets  # noqa: E402


@pytest.fixture(autouse=True)
def no_exports() -> None:
    """Traces stay here."""
    agents.set_trace_processors([])


def call(name: str, call_id: str | None = None, **arguments: Any) -> Any:
    return function_call(name, arguments, call_id=call_id or f"call_{name}")


def scenario(ran: Callable[[str], None]) -> Any:
    """planner → lookup_order → hand-off to refunder → risk, a sub-agent → issue_refund, approved → notify, fails."""

    @function_tool
    def lookup_order(order_id: int) -> str:
        ran("lookup_order")
        return json.dumps({"order": order_id, "total": 19.5})

    @function_tool
    def score(order_id: int) -> str:
        ran("score")
        return "low"

    @function_tool(needs_approval=True)
    def issue_refund(order_id: int, amount: float) -> str:
        ran("issue_refund")
        return f"refunded {amount}"

    @function_tool
    def notify(address: str) -> str:
        ran("notify")
        raise ConnectionError("no route to the mail server")

    risk = Agent(
        name="risk", model=ScriptedModel([[call("score", order_id=42)], [assistant_message("low risk")]]), tools=[score]
    )
    refunder = Agent(
        name="refunder",
        instructions="Refund what is due.",
        tools=[issue_refund, notify, risk.as_tool("risk_check", "checks risk", hooks=audited.AuditRunHooks())],
        model=ScriptedModel([
            [call("risk_check", input="order 42")],
            [call("issue_refund", order_id=42, amount=19.5)],
            [call("notify", address="alice")],
            [assistant_message("Refund done")],
        ]),
    )  # fmt: skip
    return Agent(
        name="planner",
        tools=[lookup_order],
        handoffs=[refunder],
        model=ScriptedModel([[call("lookup_order", order_id=42)], [call("transfer_to_refunder")]]),
    )


async def play(session: Session, mode: str, ran: Callable[[str], None]) -> Any:
    planner = scenario(ran)
    given: Any = QUESTION
    while True:
        if mode == "stream":
            result: Any = audited.run_streamed(planner, given, session=session)
            async for _ in result.stream_events():
                pass
        else:
            result = await audited.run(planner, given, session=session)
        if not result.interruptions:
            return result
        given = result.to_state()
        for item in result.interruptions:
            audited.approve(given, item, by="bob@example.com", via="slack", session=session)


def play_sync(session: Session, ran: Callable[[str], None]) -> Any:
    planner = scenario(ran)
    result = audited.run_sync(planner, QUESTION, session=session)
    state = result.to_state()
    audited.approve(state, result.interruptions[0], by="bob@example.com", session=session)
    return audited.run_sync(planner, state, session=session)


class TestContract(Contract):
    modes = ("sync", "async", "stream")

    def drive(self, log: AuditLog, mode: str, ran: Ran) -> None:
        if mode == "sync":
            loop = asyncio.new_event_loop()  # `run_sync` wants one in its thread, and leaves it open
            asyncio.set_event_loop(loop)
            try:
                with log.session(**WHO) as session:
                    play_sync(session, ran)
            finally:
                loop.close()
            return

        async def drive() -> None:
            async with log.session(**WHO) as session:
                await play(session, mode, ran)

        asyncio.run(drive())


def kinds(records: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Agent, type, phase, tool, status."""
    return [
        (each["agent"]["id"], action["type"], action.get("phase"), action.get("tool"), action["result_status"])
        for each in records
        for action in (each["action"],)
    ]


async def aplay(session: Session) -> None:
    await play(session, "async", lambda name: None)


def test_the_tree_of_the_scenario(tmp_path: Path, cli: Callable[..., Result]) -> None:
    golden_trace.check("openai_agents", cli, recorded(tmp_path, aplay), tmp_path)


def test_each_act_is_the_act_of_its_agent(tmp_path: Path) -> None:
    records = recorded(tmp_path, aplay)
    who = {each["action"]["tool"]: actors(each) for each in only(records, "tool_invocation", phase="start")}
    alice = WHO["user"]
    assert who == {
        "lookup_order": [alice, "planner"],
        "risk_check": [alice, "planner", "refunder"],
        "score": [alice, "planner", "refunder", "risk"],
        "issue_refund": [alice, "planner", "refunder"],
        "notify": [alice, "planner", "refunder"],
    }
    handoff = only(records, "handoff")[0]
    assert handoff["message"] == {"from": "planner", "to": "refunder"}
    check = only(records, "tool_invocation", tool="risk_check", phase="start")[0]
    risk = next(each for each in only(records, "lifecycle", phase="start") if each["agent"]["id"] == "risk")
    score = only(records, "tool_invocation", tool="score", phase="start")[0]
    assert risk["parent_span_id"] == check["span_id"]
    assert score["parent_span_id"] == risk["span_id"]


def test_an_approval_says_who_and_for_which_arguments(tmp_path: Path) -> None:
    records = recorded(tmp_path, aplay)
    asked, given = only(records, "approval")
    refund = only(records, "tool_invocation", tool="issue_refund", phase="start")[0]
    assert (asked["approval"]["status"], given["approval"]["status"]) == ("pending", "approved")
    assert given["approval"]["decided_by"] == "bob@example.com"
    assert given["metadata"] == {"approval": {"via": "slack"}}
    assert asked["action"]["arguments"] == {"order_id": 42, "amount": 19.5}
    assert refund["approval"]["id"] == given["approval"]["id"] == asked["approval"]["id"]
    assert refund["action"]["arguments_sha256"] == given["approval"]["arguments_sha256"]
    assert asked["agent"]["id"] == "refunder"


def test_an_approval_given_past_the_adapter_names_nobody(tmp_path: Path) -> None:
    async def body(session: Session) -> None:
        planner = scenario(lambda name: None)
        state = (await audited.run(planner, QUESTION, session=session)).to_state()
        state.approve(state.get_interruptions()[0])
        await audited.run(planner, state, session=session)

    records = recorded(tmp_path, body)
    given = only(records, "approval")[1]["approval"]
    assert given["status"] == "approved"
    assert "decided_by" not in given
    assert "policy" not in only(records, "tool_invocation", tool="issue_refund", phase="start")[0]


def test_a_refused_call_does_not_run(tmp_path: Path) -> None:
    ran: list[str] = []

    async def body(session: Session) -> None:
        planner = scenario(ran.append)
        result = await audited.run(planner, QUESTION, session=session)
        state = result.to_state()
        audited.reject(state, result.interruptions[0], by="bob@example.com", reason="too late", message="No.")
        await audited.run(planner, state, session=session)

    records = recorded(tmp_path, body)
    assert "issue_refund" not in ran
    denied = only(records, "approval")[1]
    assert (denied["action"]["result_status"], denied["approval"]["decided_by"]) == ("denied", "bob@example.com")
    assert denied["metadata"] == {"approval": {"reason": "too late"}}


def test_a_run_resumed_elsewhere_asks_and_answers_there(tmp_path: Path) -> None:
    """The question of another process is not known here: the approval is recorded whole where it is given."""
    with recording(tmp_path) as audit:

        async def work() -> None:
            planner = scenario(lambda name: None)
            async with audit.log.session(**WHO) as first:
                state = (await audited.run(planner, QUESTION, session=first)).to_state()
            state = await agents.RunState.from_json(planner, state.to_json())
            async with audit.log.session(**WHO) as second:
                audited.approve(state, state.get_interruptions()[0], by="bob@example.com", session=second)
                await audited.run(planner, state, session=second)

        asyncio.run(work())
    second = [each for each in audit.records if each["session_id"] == audit.records[-1]["session_id"]]
    assert [each["approval"]["status"] for each in only(second, "approval")] == ["pending", "approved"]
    refund = only(second, "tool_invocation", tool="issue_refund", phase="start")[0]
    assert refund["approval"]["decided_by"] == "bob@example.com"
    assert actors(refund) == [WHO["user"], "planner", "refunder"]


def test_a_model_call_has_its_prompt_answer_and_usage(tmp_path: Path) -> None:
    from agents import ModelResponse, Usage

    class Counting(ScriptedModel):
        async def get_response(self, *args: Any, **kwargs: Any) -> Any:
            made = await super().get_response(*args, **kwargs)
            return ModelResponse(
                made.output, Usage(requests=1, input_tokens=12, output_tokens=5, total_tokens=17), "resp-1"
            )

    solo = Agent(name="planner", instructions="Be kind.", model=Counting([[assistant_message("Hello")]]))
    records = recorded(tmp_path, lambda session: audited.run(solo, "Hi", session=session))
    llm = only(records, "llm_call")[0]
    assert llm["usage"] == {"input_tokens": 12, "output_tokens": 5}
    assert llm["response"]["text"] == "Hello"
    assert "Hi" in llm["prompt"]["text"]
    assert len(llm["prompt"]["system_sha256"]) == 64
    assert llm["action"]["latency_ms"] >= 0


def test_a_tool_that_fails_is_an_error_with_and_without_tracing(tmp_path: Path) -> None:
    """By default the SDK hides the exception from hooks; its span has it, and its text is known."""
    for tracing_disabled in (False, True):
        place = tmp_path / str(tracing_disabled)
        place.mkdir()
        config = agents.RunConfig(tracing_disabled=tracing_disabled)

        @function_tool
        def fails() -> str:
            raise ConnectionError("no route")

        solo = Agent(
            name="planner", tools=[fails], model=ScriptedModel([[call("fails")], [assistant_message("went on")]])
        )
        records = recorded(
            place, lambda session, solo=solo, config=config: audited.run(solo, "x", session=session, run_config=config)
        )
        assert only(records, "tool_invocation", phase="end")[0]["action"]["result_status"] == "error"


def test_an_exception_of_a_tool_ends_the_call_and_the_run(tmp_path: Path) -> None:
    @function_tool(failure_error_function=None)
    def fails() -> str:
        raise ConnectionError("no route")

    solo = Agent(name="planner", tools=[fails], model=ScriptedModel([[call("fails")]]))

    async def body(session: Session) -> None:
        with pytest.raises(agents.UserError):
            await audited.run(solo, "x", session=session)

    records = recorded(tmp_path, body)
    end = only(records, "tool_invocation", phase="end")[0]["action"]
    assert end["result_status"] == "error"
    assert "no route" in end["error"]["message"]


def test_of_parallel_tools_none_is_blamed_for_the_other(tmp_path: Path) -> None:
    @function_tool(failure_error_function=None)
    async def fails() -> str:
        raise ConnectionError("no route")

    @function_tool
    async def waits() -> str:
        await asyncio.sleep(60)
        return "late"

    solo = Agent(name="planner", tools=[fails, waits], model=ScriptedModel([[call("fails"), call("waits")]]))

    async def body(session: Session) -> None:
        with pytest.raises(agents.UserError):
            await audited.run(solo, "x", session=session)

    ends = only(recorded(tmp_path, body), "tool_invocation", phase="end")
    assert {each["action"]["tool"]: each["action"]["result_status"] for each in ends}.keys() == {"fails", "waits"}
    assert {each["action"]["result_status"] for each in ends} == {"unknown"}


def test_a_model_that_fails_is_recorded(tmp_path: Path) -> None:
    solo = Agent(name="planner", model=ScriptedModel([]))

    async def body(session: Session) -> None:
        with pytest.raises(Exception):  # noqa: B017, PT011 - the model's own
            await audited.run(solo, "x", session=session)

    assert only(recorded(tmp_path, body), "llm_call")[0]["action"]["result_status"] == "error"


def test_parallel_calls_and_parallel_sub_agents_are_kept_apart(tmp_path: Path) -> None:
    """Also where call ids repeat, as scripted ones do."""

    @function_tool
    async def look(order_id: int) -> str:
        await asyncio.sleep(0.01 * (3 - order_id))
        return f"order {order_id}"

    def helper(order_id: int) -> Any:
        return Agent(
            name=f"helper{order_id}", tools=[look],
            model=ScriptedModel([[call("look", order_id=order_id)], [assistant_message(f"seen {order_id}")]]),
        )  # fmt: skip

    hooks = audited.AuditRunHooks()
    tools = [helper(n).as_tool(f"ask{n}", "asks", hooks=hooks) for n in (1, 2)]
    solo = Agent(
        name="planner", tools=[*tools, look],
        model=ScriptedModel([[call("ask1", input="1"), call("ask2", input="2"), call("look", order_id=0)], [assistant_message("done")]]),
    )  # fmt: skip
    records = recorded(tmp_path, lambda session: audited.run(solo, "x", session=session))
    looks = {
        each["action"]["arguments"]["order_id"]: each
        for each in only(records, "tool_invocation", tool="look", phase="end")
    }
    assert {order: each["agent"]["id"] for order, each in looks.items()} == {0: "planner", 1: "helper1", 2: "helper2"}
    assert {order: each["action"]["result"] for order, each in looks.items()} == {n: f"order {n}" for n in (0, 1, 2)}


def test_a_call_that_waits_its_turn_is_still_its_agents_own(tmp_path: Path) -> None:
    """One tool at a time: the planner's `look` was wanted first and runs last, and its id repeats in the helper."""

    @function_tool
    def look(order_id: int) -> str:
        return f"order {order_id}"

    helper = Agent(
        name="helper", tools=[look], model=ScriptedModel([[call("look", order_id=1)], [assistant_message("seen")]])
    )
    solo = Agent(
        name="planner", tools=[helper.as_tool("ask", "asks", hooks=audited.AuditRunHooks()), look],
        model=ScriptedModel([[call("ask", input="1"), call("look", order_id=0)], [assistant_message("done")]]),
    )  # fmt: skip
    config = agents.RunConfig(tool_execution=agents.ToolExecutionConfig(max_function_tool_concurrency=1))
    records = recorded(tmp_path, lambda session: audited.run(solo, "x", session=session, run_config=config))
    looks = {
        each["action"]["arguments"]["order_id"]: each["agent"]["id"]
        for each in only(records, "tool_invocation", tool="look", phase="end")
    }
    assert looks == {0: "planner", 1: "helper"}


def test_an_agent_run_inside_a_tool_lies_under_its_call(tmp_path: Path) -> None:
    risk = Agent(name="risk", model=ScriptedModel([[assistant_message("low")]]))

    @function_tool
    async def ask_risk(context: ToolContext[Any], question: str) -> str:
        with audited.inside(context):
            return str((await audited.run(risk, question)).final_output)

    solo = Agent(
        name="planner",
        tools=[ask_risk],
        model=ScriptedModel([[call("ask_risk", question="ok?")], [assistant_message("done")]]),
    )
    records = recorded(tmp_path, lambda session: audited.run(solo, "x", session=session))
    start = next(each for each in only(records, "lifecycle", phase="start") if each["agent"]["id"] == "risk")
    assert start["parent_span_id"] == only(records, "tool_invocation", phase="start")[0]["span_id"]
    assert [each["message"]["direction"] for each in only(records, "message")] == ["received", "sent"]
    assert only(records, "lifecycle", phase="end")[0]["agent"]["id"] == "risk"


def test_runs_side_by_side_in_one_session_are_kept_apart(tmp_path: Path) -> None:
    async def body(session: Session) -> None:
        def one(n: int) -> Any:
            last = Agent(name="last", model=ScriptedModel([[assistant_message(f"done {n}")]]))
            return Agent(name=f"first{n}", handoffs=[last], model=ScriptedModel([[call("transfer_to_last")]]))

        await asyncio.gather(*(audited.run(one(n), str(n), session=session) for n in (1, 2)))

    records = recorded(tmp_path, body)
    answers = {each["response"]["text"]: actors(each) for each in only(records, "message") if "response" in each}
    assert answers == {f"done {n}": [WHO["user"], "planner", f"first{n}", "last"] for n in (1, 2)}


def test_the_hooks_alone_serve_the_runner(tmp_path: Path) -> None:
    """With `session_for`, from the application's own context."""

    @function_tool
    def look() -> str:
        return "seen"

    solo = Agent(name="planner", tools=[look], model=ScriptedModel([[call("look")], [assistant_message("done")]]))

    async def body(session: Session) -> None:
        hooks = audited.AuditRunHooks(session_for=lambda context: context.context["audit"])
        await Runner.run(solo, "x", hooks=hooks, context={"audit": session})

    assert ("planner", "tool_invocation", "end", "look", "success") in kinds(recorded(tmp_path, body))


def test_the_hooks_alone_know_hand_offs_and_sub_agents(tmp_path: Path) -> None:
    """Given to both, one object tells what belongs together; twice, because it is made once."""
    hooks = audited.AuditRunHooks()

    def planner() -> Any:
        risk = Agent(name="risk", model=ScriptedModel([[assistant_message("low")]]))
        clerk = Agent(
            name="clerk", tools=[risk.as_tool("check", "checks", hooks=hooks)],
            model=ScriptedModel([[call("check", input="42")], [assistant_message("done")]]),
        )  # fmt: skip
        return Agent(name="planner", handoffs=[clerk], model=ScriptedModel([[call("transfer_to_clerk")]]))

    async def body(session: Session) -> None:
        for _ in range(2):
            await Runner.run(planner(), "x", hooks=hooks)

    records = recorded(tmp_path, body)
    begun, ended = (
        only(records, "lifecycle", phase=phase)[1 if phase == "start" else 0 :] for phase in ("start", "end")
    )
    assert [each["agent"]["id"] for each in begun] == ["clerk", "risk"] * 2
    assert [each["agent"]["id"] for each in ended] == ["risk", "clerk"] * 2 + ["planner"]
    assert actors(begun[3]) == [WHO["user"], "planner", "clerk", "risk"]


def test_without_a_session_nothing_runs() -> None:
    ran: list[str] = []

    @function_tool
    def look() -> str:
        ran.append("look")
        return "seen"

    solo = Agent(name="planner", tools=[look], model=ScriptedModel([[call("look")], [assistant_message("done")]]))
    with pytest.raises(NoSession):
        asyncio.run(audited.run(solo, "x"))
    with pytest.raises(NoSession):
        asyncio.run(Runner.run(solo, "x", hooks=audited.AuditRunHooks()))
    assert ran == []


def test_a_stream_that_nobody_reads_is_recorded_to_its_end(tmp_path: Path) -> None:
    solo = Agent(name="planner", model=ScriptedModel([[assistant_message("Hello")]]))

    async def body(session: Session) -> None:
        result = audited.run_streamed(solo, "Hi", session=session)
        while not result.settled:
            await asyncio.sleep(0.01)

    assert [each["response"]["text"] for each in only(recorded(tmp_path, body), "message")[1:]] == ["Hello"]


def test_a_stream_that_nobody_reads_fails_at_the_sessions_end(tmp_path: Path) -> None:
    """The SDK loses the error; the session does not."""
    ran: list[str] = []

    @function_tool
    def look() -> str:
        ran.append("look")
        return "seen"

    solo = Agent(name="planner", tools=[look], model=ScriptedModel([[call("look")], [assistant_message("done")]]))

    async def work(log: AuditLog) -> None:
        async with log.session(**WHO) as session:
            result = audited.run_streamed(solo, "Hi", session=session)
            while not result.settled:
                await asyncio.sleep(0.01)

    with recording(tmp_path) as audit:
        audit.fail_after(3)
        with pytest.raises(AuditWriteError):
            asyncio.run(work(audit.log))
    assert ran == []


def test_the_reader_of_a_stream_hears_of_an_answer_that_was_not_recorded(tmp_path: Path) -> None:
    """The SDK is done by then, and has nobody to tell."""
    solo = Agent(name="planner", model=ScriptedModel([[assistant_message("Hello")]]))
    heard: list[BaseException] = []

    async def work(log: AuditLog) -> None:
        async with log.session(**WHO) as session:
            try:
                async for _ in audited.run_streamed(solo, "Hi", session=session).stream_events():
                    pass
            except AuditWriteError as error:
                heard.append(error)

    with recording(tmp_path) as audit:
        audit.fail_after(3)
        with pytest.raises(AuditWriteError):
            asyncio.run(work(audit.log))
    assert len(heard) == 1


def test_guardrails_that_stop_something_are_recorded(tmp_path: Path) -> None:
    """One that stops the run by an exception, and one that turns a call away."""

    @agents.input_guardrail
    def no_refunds(context: Any, agent: Any, given: Any) -> Any:
        return agents.GuardrailFunctionOutput(output_info=None, tripwire_triggered=True)

    @agents.tool_input_guardrail
    def no_looking(data: Any) -> Any:
        return agents.ToolGuardrailFunctionOutput.reject_content("not here")

    @function_tool(tool_input_guardrails=[no_looking])
    def look() -> str:
        raise AssertionError("not reached")

    async def body(session: Session) -> None:
        stopped = Agent(
            name="planner", input_guardrails=[no_refunds], model=ScriptedModel([[assistant_message("Hello")]])
        )
        with pytest.raises(agents.InputGuardrailTripwireTriggered):
            await audited.run(stopped, "x", session=session)
        turned_away = Agent(
            name="planner", tools=[look], model=ScriptedModel([[call("look")], [assistant_message("done")]])
        )
        await audited.run(turned_away, "x", session=session)

    records = recorded(tmp_path, body)
    assert [(each["policy"]["id"], each["action"]["result_status"]) for each in only(records, "guardrail")] == [
        ("no_refunds", "blocked"), ("no_looking", "blocked"),
    ]  # fmt: skip
    assert only(records, "tool_invocation") == []


def test_a_failed_record_comes_out_of_the_run(tmp_path: Path) -> None:
    """As the cause of the SDK's `UserError` from a tool's hook."""
    solo = scenario(lambda name: None)
    with recording(tmp_path) as audit:
        audit.fail_after(3)

        async def work() -> BaseException:
            async with audit.log.session(**WHO) as session:
                with pytest.raises(agents.UserError) as caught:
                    await audited.run(solo, QUESTION, session=session)
                raise caught.value

        with pytest.raises(agents.UserError) as caught:
            asyncio.run(work())
    assert is_ours(caught.value)


def test_hooks_of_somebody_else_are_refused(tmp_path: Path) -> None:
    solo = Agent(name="planner", model=ScriptedModel([[assistant_message("Hello")]]))

    async def body(session: Session) -> None:
        with pytest.raises(UsageError, match="hooks"):
            await audited.run(solo, "Hi", session=session, hooks=agents.RunHooks())

    recorded(tmp_path, body)


def test_a_class_derived_from_the_hooks_hears_and_records(tmp_path: Path) -> None:
    heard: list[str] = []

    class Mine(audited.AuditRunHooks):  # type: ignore[misc]
        async def on_llm_end(self, context: Any, agent: Any, response: Any) -> None:
            await super().on_llm_end(context, agent, response)
            heard.append(agent.name)

    solo = Agent(name="planner", model=ScriptedModel([[assistant_message("Hello")]]))
    records = recorded(tmp_path, lambda session: audited.run(solo, "Hi", session=session, hooks=Mine()))
    assert heard == ["planner"]
    assert len(only(records, "llm_call")) == 1


def test_the_page_runs(tmp_path: Path) -> None:
    test_snippets.test_it_runs(test_snippets.ROOT / "docs" / "frameworks-openai-agents.md", tmp_path)
    assert validate(tmp_path / "audit.jsonl", strict=True).findings == []
