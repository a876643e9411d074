"""The adapter for AutoGen 0.7, with the real framework and its replaying model client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("autogen_agentchat", reason="AutoGen is not installed: make test-frameworks")

from autogen_agentchat.agents import AssistantAgent, CodeExecutorAgent, SocietyOfMindAgent, UserProxyAgent
from autogen_agentchat.conditions import MaxMessageTermination, TextMentionTermination
from autogen_agentchat.messages import TextMessage
from autogen_agentchat.teams import RoundRobinGroupChat, SelectorGroupChat, Swarm
from autogen_agentchat.tools import AgentTool
from autogen_core import FunctionCall, SingleThreadedAgentRuntime
from autogen_core.code_executor import CodeBlock, CodeExecutor, CodeResult
from autogen_core.models import CreateResult, ModelInfo, RequestUsage
from autogen_core.tools import FunctionTool, StaticWorkbench
from autogen_ext.models.replay import ReplayChatCompletionClient

from auditlog_cli import AuditLog, current_session, validate
from auditlog_cli.adapters import FrameworkMissing
from auditlog_cli.adapters.autogen import Audit
from auditlog_cli.capture.session import Session
from auditlog_cli.errors import AuditWriteError, NoSession, UsageError
from auditlog_cli.testing import recording
from tests.adapters import golden_trace
from tests.adapters.contract import QUESTION, WHO, Contract, Ran
from tests.adapters.records import actors, only, recorded, shape
from tests.conftest import Result
from tests.docs import test_snippets

REFUND = ("issue_refund", {"order_id": 42, "amount": 19.5})
Step = str | list[tuple[str, dict[str, Any]]]


def scripted(*steps: Step) -> ReplayChatCompletionClient:
    """A model that says these things one after the other: a text, or calls of tools."""

    def said(step: Step) -> CreateResult:
        usage = RequestUsage(prompt_tokens=10, completion_tokens=5)
        if isinstance(step, str):
            return CreateResult(finish_reason="stop", content=step, usage=usage, cached=False)
        calls = [FunctionCall(id=f"call_{name}", name=name, arguments=json.dumps(args)) for name, args in step]
        return CreateResult(finish_reason="function_calls", content=calls, usage=usage, cached=False)

    able = ModelInfo(vision=False, function_calling=True, json_output=False, structured_output=False, family="unknown")
    return ReplayChatCompletionClient([said(step) for step in steps], model_info=able)


def assistant(name: str, *steps: Step, **more: Any) -> AssistantAgent:
    return AssistantAgent(name, model_client=scripted(*steps), **more)


def scenario(ran: Callable[[str], None], audit: Audit, **more: Any) -> list[Any]:
    """planner → lookup_order → person → planner → refunder → risk → issue_refund, approved; notify fails."""

    async def lookup_order(order_id: int) -> str:
        "Look up an order."
        ran("lookup_order")
        return json.dumps({"order": order_id})

    def issue_refund(order_id: int, amount: float) -> str:
        "Issue a refund."
        ran("issue_refund")
        return f"refunded {amount}"

    async def notify(address: str) -> str:
        "Write to somebody."
        ran("notify")
        raise ConnectionError("no route to the mail server")

    risk = audit.agent(assistant("risk", "low risk", **more))
    planner = assistant(
        "planner",
        [("lookup_order", {"order_id": 42})], [("transfer_to_person", {})], [("transfer_to_refunder", {})],
        tools=[lookup_order], handoffs=["person", "refunder"], max_tool_iterations=1, **more,
    )  # fmt: skip
    refunder = assistant(
        "refunder",
        [("risk", {"task": "check 42"})], [REFUND], [("notify", {"address": "alice"})], "Done. TERMINATE",
        tools=[AgentTool(risk), issue_refund, notify], max_tool_iterations=5, **more,
    )  # fmt: skip
    person = UserProxyAgent("person", input_func=lambda prompt: "yes")
    asked = audit.human(person, by="bob@example.com", approves=REFUND, granted=lambda text: text == "yes")
    return [audit.agent(planner), audit.agent(refunder), asked]


def swarm(agents: list[Any], **more: Any) -> Swarm:
    return Swarm(agents, termination_condition=TextMentionTermination("TERMINATE") | MaxMessageTermination(20), **more)


async def play(ran: Callable[[str], None], mode: str = "plain") -> list[Any]:
    audit = Audit()
    agents = scenario(ran, audit, model_client_stream=mode == "stream")
    return [item async for item in audit.run_stream(swarm(agents), task=QUESTION)]


class TestContract(Contract):
    modes = ("plain", "stream", "runtime before the session")

    def drive(self, log: AuditLog, mode: str, ran: Ran) -> None:
        async def drive() -> None:
            if mode in ("plain", "stream"):
                async with log.session(**WHO):
                    await play(ran, mode)
                return
            runtime = SingleThreadedAgentRuntime()
            runtime.start()
            try:
                async with log.session(**WHO):
                    audit = Audit()
                    await audit.run(swarm(scenario(ran, audit), runtime=runtime), task=QUESTION)
            finally:
                await runtime.close()

        asyncio.run(drive())


async def aplay(session: Session) -> None:
    await play(lambda name: None)


def test_the_tree_of_the_scenario(tmp_path: Path, cli: Callable[..., Result]) -> None:
    golden_trace.check("autogen", cli, recorded(tmp_path, aplay), tmp_path)


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
    risk = next(each for each in only(records, "lifecycle", phase="start") if each["agent"]["id"] == "risk")
    assert actors(risk) == [alice, "planner", "refunder", "risk"]
    assert risk["parent_span_id"] == only(records, "tool_invocation", tool="risk", phase="start")[0]["span_id"]


def test_an_approval_says_who_and_for_which_arguments(tmp_path: Path) -> None:
    records = recorded(tmp_path, aplay)
    asked, given = only(records, "approval")
    run = only(records, "tool_invocation", tool="issue_refund", phase="start")[0]
    assert (asked["approval"]["status"], given["approval"]["status"]) == ("pending", "approved")
    assert asked["action"]["arguments"] == run["action"]["arguments"] == REFUND[1]
    assert run["approval"]["decided_by"] == "bob@example.com"
    assert "policy" not in run


def test_a_hand_over_is_recorded_and_lengthens_the_chain(tmp_path: Path) -> None:
    """Three agents in a row: the last acts for all of them."""

    async def body(session: Session) -> None:
        audit = Audit()
        team = [
            audit.agent(assistant("planner", [("transfer_to_clerk", {})], handoffs=["clerk"])),
            audit.agent(assistant("clerk", [("transfer_to_payer", {})], handoffs=["payer"])),
            audit.agent(assistant("payer", "Paid. TERMINATE")),
        ]
        await audit.run(swarm(team), task="x")

    records = recorded(tmp_path, body)
    ends = [(each["message"]["from"], each["message"]["to"]) for each in only(records, "handoff")]
    assert ends == [("planner", "clerk"), ("clerk", "payer")]
    assert actors(only(records, "llm_call")[2]) == [WHO["user"], "planner", "clerk", "payer"]


def refusing(ran: list[str], audit: Audit) -> Any:
    def issue_refund(order_id: int, amount: float) -> str:
        "Issue a refund."
        ran.append("issue_refund")
        return "refunded"

    person = UserProxyAgent("person", input_func=lambda prompt: "never")
    asked = audit.human(person, by="bob", approves=lambda messages: REFUND, granted=lambda text: text == "yes")
    clerk = audit.agent(assistant("planner", [REFUND], tools=[issue_refund]))
    return RoundRobinGroupChat([asked, clerk], max_turns=2)


@pytest.mark.parametrize("enforce", [False, True])
def test_a_refusal_is_recorded_and_enforced_where_wanted(tmp_path: Path, enforce: bool) -> None:
    ran: list[str] = []

    async def body(session: Session) -> None:
        audit = Audit()
        await audit.run(refusing(ran, audit), task="x")

    records = recorded(tmp_path, body, enforce=enforce)
    assert only(records, "approval")[1]["approval"]["status"] == "denied"
    start = only(records, "tool_invocation", phase="start")[0]
    assert start["policy"]["rules"] == ["approval:denied"]
    assert ran == ([] if enforce else ["issue_refund"])


def test_what_a_person_writes_is_a_message_unless_it_is_an_approval(tmp_path: Path) -> None:
    async def body(session: Session) -> None:
        audit = Audit()
        person = audit.human(UserProxyAgent("person", input_func=lambda prompt: "hello"), by="bob")
        await audit.run(RoundRobinGroupChat([person], max_turns=1), task="x")

    told = only(recorded(tmp_path, body), "message")
    assert [(each["message"].get("from"), each.get("prompt", {}).get("text")) for each in told][:2] == [
        (WHO["user"], "x"), ("bob", "hello"),
    ]  # fmt: skip
    with pytest.raises(UsageError, match="belong together"):
        Audit().human(UserProxyAgent("person"), by="bob", approves=REFUND)


def test_a_tool_that_fails_is_an_error(tmp_path: Path) -> None:
    end = only(recorded(tmp_path, aplay), "tool_invocation", tool="notify", phase="end")[0]["action"]
    assert end["result_status"] == "error"
    assert "no route" in end["error"]["message"]


def test_a_model_call_has_its_prompt_answer_and_usage(tmp_path: Path) -> None:
    first, *_, last = only(recorded(tmp_path, aplay), "llm_call")
    assert QUESTION in first["prompt"]["text"]
    assert len(first["prompt"]["system_sha256"]) == 64
    assert first["usage"] == {"input_tokens": 10, "output_tokens": 5}
    assert last["response"]["text"] == "Done. TERMINATE"


def test_a_model_that_fails_is_recorded(tmp_path: Path) -> None:
    async def body(session: Session) -> None:
        audit = Audit()
        with pytest.raises(RuntimeError, match="No more mock responses"):
            await audit.run(RoundRobinGroupChat([audit.agent(assistant("clerk"))], max_turns=1), task="x")

    records = recorded(tmp_path, body)
    assert only(records, "llm_call")[0]["action"]["result_status"] == "error"
    assert only(records, "lifecycle", phase="end")[0]["action"]["result_status"] == "error"


def test_parallel_calls_are_kept_apart(tmp_path: Path) -> None:
    """Also where their ids are the same, and an asynchronous body finds itself in its own call."""

    async def look(order_id: int) -> str:
        "Look."
        await asyncio.sleep(0.01 * (3 - order_id))
        current_session().event("retrieval", resource=str(order_id))
        return f"order {order_id}"

    async def body(session: Session) -> None:
        audit = Audit()
        agent = audit.agent(assistant("planner", [("look", {"order_id": n}) for n in range(3)], tools=[look]))
        await audit.run(agent, task="x")

    records = recorded(tmp_path, body)
    ends = {each["action"]["arguments"]["order_id"]: each for each in only(records, "tool_invocation", phase="end")}
    assert {order: each["action"]["result"] for order, each in ends.items()} == {n: f"order {n}" for n in range(3)}
    inside = {int(each["action"]["resource"]): each["parent_span_id"] for each in only(records, "retrieval")}
    assert inside == {order: each["span_id"] for order, each in ends.items()}


def test_an_agent_without_run_stream_ends_with_its_turn(tmp_path: Path) -> None:
    async def body(session: Session) -> None:
        clerk = Audit(session_for=lambda agent: session).agent(assistant("clerk", "Hello"))
        await clerk.run(task="x")

    records = recorded(tmp_path, body)
    kinds = [(each["agent"]["id"], each["action"]["type"]) for each in records]
    assert kinds[1:4] == [("clerk", "lifecycle"), ("clerk", "llm_call"), ("clerk", "lifecycle")]


def test_without_a_session_nothing_runs() -> None:
    ran: list[str] = []

    async def look() -> str:
        "Look."
        ran.append("look")
        return "seen"

    agent = Audit().agent(assistant("planner", [("look", {})], tools=[look]))
    with pytest.raises(NoSession):
        asyncio.run(agent.run(task="x"))
    assert ran == []


def test_workbenches_shared_agents_and_a_selectors_model_are_recorded_once(tmp_path: Path) -> None:
    """What was given twice is not recorded twice."""

    async def body(session: Session) -> None:
        async def look() -> str:
            "Look."
            return "seen"

        bench = StaticWorkbench([FunctionTool(look, description="Look.")])
        audit = Audit()
        agents = [
            audit.agent(audit.agent(assistant(name, [("look", {})], workbench=bench, description=name)))
            for name in ("planner", "clerk")
        ]
        selector = audit.client(scripted("clerk", "planner"))
        await audit.run(SelectorGroupChat(agents, model_client=selector, max_turns=2), task=QUESTION)

    records = recorded(tmp_path, body)
    looks = only(records, "tool_invocation", phase="start")
    assert [each["agent"]["id"] for each in looks] == ["clerk", "planner"]
    assert [each["agent"]["id"] for each in only(records, "llm_call")] == ["planner", "clerk", "planner"]


class _Executor(CodeExecutor):
    """Runs nothing: says how it ended."""

    def __init__(self, ran: list[str], exit_code: int) -> None:
        self.ran, self.exit_code = ran, exit_code

    async def execute_code_blocks(self, code_blocks: list[CodeBlock], cancellation_token: Any) -> CodeResult:
        self.ran += [block.code for block in code_blocks]
        return CodeResult(exit_code=self.exit_code, output="out")

    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    async def restart(self) -> None: ...


CODE = "```python\nprint(1)\n```"


@pytest.mark.parametrize("exit_code", [0, 3])
@pytest.mark.filterwarnings("ignore:No approval function")
def test_code_that_is_executed_is_a_tool(tmp_path: Path, exit_code: int) -> None:
    async def body(session: Session) -> None:
        audit = Audit()
        runner = audit.agent(CodeExecutorAgent("planner", code_executor=_Executor([], exit_code)))
        await audit.run(runner, task=TextMessage(content=CODE, source="user"))

    start, end = only(recorded(tmp_path, body), "tool_invocation")
    assert start["action"]["arguments"]["code_blocks"] == [{"language": "python", "code": "print(1)\n"}]
    assert end["action"]["result_status"] == ("error" if exit_code else "success")


@pytest.mark.filterwarnings("ignore:No approval function")
def test_code_does_not_run_unrecorded(tmp_path: Path) -> None:
    ran: list[str] = []
    with recording(tmp_path) as audit:
        audit.fail_after(2)

        async def work() -> None:
            async with audit.log.session(**WHO):
                kept = Audit()
                runner = kept.agent(CodeExecutorAgent("planner", code_executor=_Executor(ran, 0)))
                await kept.run(runner, task=TextMessage(content=CODE, source="user"))

        with pytest.raises(AuditWriteError):
            asyncio.run(work())
    assert ran == []


def test_an_agent_that_cannot_be_stopped_is_refused() -> None:
    team = RoundRobinGroupChat([assistant("clerk")])
    with pytest.raises(FrameworkMissing, match="Society"):
        Audit().agent(SocietyOfMindAgentWithoutClient(team))


class SocietyOfMindAgentWithoutClient(SocietyOfMindAgent):
    def __init__(self, team: Any) -> None:
        super().__init__("mind", team, scripted())
        del self._model_client


def test_one_audit_follows_one_run_at_a_time(tmp_path: Path) -> None:
    async def body(session: Session) -> None:
        audit = Audit()
        agent = audit.agent(assistant("planner", "Hello"))
        async for _ in audit.run_stream(agent, task="x"):
            with pytest.raises(UsageError, match="follows a run"):
                await audit.run(agent, task="y")

    recorded(tmp_path, body)


def test_the_page_runs(tmp_path: Path) -> None:
    test_snippets.test_it_runs(test_snippets.ROOT / "docs" / "frameworks-autogen.md", tmp_path)
    assert validate(tmp_path / "audit.jsonl", strict=True).findings == []
