"""The adapter for pyautogen 0.2, with the real framework and a scripted model client."""

from __future__ import annotations

import asyncio
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("autogen.runtime_logging", reason="pyautogen 0.2 is not installed: make test-frameworks")

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import autogen
    from autogen import AssistantAgent, GroupChat, GroupChatManager, UserProxyAgent
    from autogen.coding.base import CodeResult
    from autogen.coding.markdown_code_extractor import MarkdownCodeExtractor

from auditlog_cli import AuditLog, current_session, validate
from auditlog_cli.adapters.autogen_classic import Audit
from auditlog_cli.capture.session import Session
from auditlog_cli.errors import AuditWriteError, NoSession, UsageError
from auditlog_cli.testing import recording
from tests.adapters import golden_trace
from tests.adapters.contract import QUESTION, WHO, Contract, Ran
from tests.adapters.records import actors, only, shape
from tests.adapters.records import recorded_sync as recorded
from tests.conftest import Result
from tests.docs import test_snippets

Step = str | list[tuple[str, dict[str, Any]]]


class _Scripted:
    """A model client that says the steps of its agent one after the other."""

    def __init__(self, config: dict[str, Any], steps: list[Step]) -> None:
        self.left = steps

    def create(self, params: dict[str, Any]) -> Any:
        step = self.left.pop(0)
        if isinstance(step, str):
            message: Any = SimpleNamespace(content=step, function_call=None, tool_calls=None, role="assistant")
        else:
            calls = [
                SimpleNamespace(id=f"call_{name}", function=SimpleNamespace(name=name, arguments=json.dumps(args)))
                for name, args in step
            ]
            plain = [{"id": each.id, "type": "function", "function": vars(each.function)} for each in calls]
            message = SimpleNamespace(content=None, function_call=None, tool_calls=calls, role="assistant")
            message.model_dump = lambda: {"role": "assistant", "content": None, "tool_calls": plain}
        used = SimpleNamespace(prompt_tokens=10, completion_tokens=5, total_tokens=15)
        return SimpleNamespace(choices=[SimpleNamespace(message=message)], model="scripted-1", usage=used, cost=0)

    def message_retrieval(self, response: Any) -> list[Any]:
        return [each.message if each.message.tool_calls else each.message.content for each in response.choices]

    def cost(self, response: Any) -> float:
        return 0

    @staticmethod
    def get_usage(response: Any) -> dict[str, Any]:
        return {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15, "cost": 0, "model": "scripted-1"}


def assistant(name: str, *steps: Step) -> AssistantAgent:
    config = {"config_list": [{"model": "m", "model_client_cls": "_Scripted"}], "cache_seed": None}
    agent = AssistantAgent(name, llm_config=config)
    agent.steps = list(steps)
    agent.register_model_client(model_client_cls=_Scripted, steps=agent.steps)
    return agent


def register(function: Any, caller: Any, executor: Any, name: str | None = None) -> None:
    """Give a function to two agents. The one gets a new model client by it."""
    name = name or function.__name__
    autogen.register_function(function, caller=caller, executor=executor, name=name, description=name)
    caller.register_model_client(model_client_cls=_Scripted, steps=caller.steps)


def proxy(name: str = "user", mode: str = "NEVER", replies: tuple[str, ...] = (), **more: Any) -> UserProxyAgent:
    """A stand-in of a person, who replies these things one after the other."""
    left = list(replies)

    class Person(UserProxyAgent):  # type: ignore[misc]
        def get_human_input(self, prompt: str) -> str:
            return left.pop(0)

    def ended(message: dict[str, Any]) -> bool:
        return "TERMINATE" in (message.get("content") or "")

    return Person(
        name, human_input_mode=mode, is_termination_msg=ended, code_execution_config=more.pop("code", False), **more
    )


def scenario(ran: Callable[[str], None], audit: Audit, mode: str = "sync") -> tuple[Any, Any]:
    """planner → lookup_order → delegate → refunder → issue_refund, approved; notify fails."""
    planner = assistant(
        "planner", [("lookup_order", {"order_id": 42})], [("delegate", {"task": "refund 42"})],
        [("notify", {"address": "alice"})], "Done. TERMINATE",
    )  # fmt: skip
    refunder = assistant("refunder", [("issue_refund", {"order_id": 42, "amount": 19.5})], "Refunded. TERMINATE")
    replies = ("", "exit") if mode == "sync" else ("", "", "exit")  # the asynchronous form asks twice
    user, desk = proxy(), proxy("desk", "ALWAYS", replies)
    for each in (planner, refunder, user, desk):
        audit.agent(audit.agent(each))

    def lookup_order(order_id: int) -> str:
        ran("lookup_order")
        return json.dumps({"order": order_id})

    def issue_refund(order_id: int, amount: float) -> str:
        ran("issue_refund")
        return f"refunded {amount}"

    def delegate(task: str) -> str:
        ran("delegate")
        return str(desk.initiate_chat(refunder, message=task, silent=True).summary)

    async def a_delegate(task: str) -> str:
        ran("delegate")
        return str((await desk.a_initiate_chat(refunder, message=task, silent=True)).summary)

    def notify(address: str) -> str:
        ran("notify")
        raise ConnectionError("no route to the mail server")

    for function in (lookup_order, delegate if mode == "sync" else a_delegate, notify):
        register(function, planner, user, function.__name__.removeprefix("a_"))
    register(issue_refund, refunder, desk)
    return user, planner


def play(ran: Callable[[str], None]) -> Any:
    audit = Audit(by="bob@example.com")
    user, planner = scenario(ran, audit)
    return audit.initiate_chat(user, planner, message=QUESTION, silent=True)


async def a_play(ran: Callable[[str], None]) -> Any:
    audit = Audit(by="bob@example.com")
    user, planner = scenario(ran, audit, "async")
    return await audit.a_initiate_chat(user, planner, message=QUESTION, silent=True)


class TestContract(Contract):
    modes = ("sync", "async")

    def drive(self, log: AuditLog, mode: str, ran: Ran) -> None:
        async def drive() -> None:
            async with log.session(**WHO):
                await a_play(ran)

        if mode == "async":
            asyncio.run(drive())
            return
        with log.session(**WHO):
            play(ran)


def played(tmp_path: Path) -> list[dict[str, Any]]:
    return recorded(tmp_path, lambda session: play(lambda name: None))


def chat(user: Any, agent: Any, audit: Audit | None = None, **more: Any) -> Any:
    audit = audit or Audit(by="bob")
    return audit.initiate_chat(audit.agent(user), audit.agent(agent), message="x", silent=True, **more)


def test_the_tree_of_the_scenario(tmp_path: Path, cli: Callable[..., Result]) -> None:
    golden_trace.check("autogen_classic", cli, played(tmp_path), tmp_path)


def test_an_asynchronous_chat_leaves_the_same_records(tmp_path: Path) -> None:
    """But for one more approval: pyautogen asks a person twice there, and each answer counts."""

    (tmp_path / "sync").mkdir()
    (tmp_path / "async").mkdir()
    again = recorded(tmp_path / "async", lambda session: asyncio.run(a_play(lambda name: None)))
    assert shape(again, without="approval") == shape(played(tmp_path / "sync"), without="approval")


def test_each_act_is_the_act_of_the_agent_whose_model_asked_for_it(tmp_path: Path) -> None:
    records = played(tmp_path)
    alice = WHO["user"]
    refund = only(records, "tool_invocation", tool="issue_refund", phase="start")[0]
    assert actors(refund) == [alice, "planner", "refunder"]
    assert refund["metadata"] == {"executed_by": "desk"}
    look = only(records, "tool_invocation", tool="lookup_order", phase="start")[0]
    assert (actors(look), look["action"]["call_id"]) == ([alice, "planner"], "call_lookup_order")
    start = next(each for each in only(records, "lifecycle", phase="start") if each["agent"]["id"] == "refunder")
    assert start["parent_span_id"] == only(records, "tool_invocation", tool="delegate", phase="start")[0]["span_id"]


def test_an_approval_says_who_and_for_which_arguments(tmp_path: Path) -> None:
    """A person who lets a suggested call run by an empty answer has approved it."""
    records = played(tmp_path)
    asked, given = only(records, "approval")
    run = only(records, "tool_invocation", tool="issue_refund", phase="start")[0]
    assert (asked["approval"]["status"], given["approval"]["status"]) == ("pending", "approved")
    assert asked["action"]["arguments"] == run["action"]["arguments"] == {"order_id": 42, "amount": 19.5}
    assert run["approval"]["decided_by"] == "bob@example.com"
    assert "policy" not in run


@pytest.mark.parametrize("reply", ["exit", "No, not that much."])
def test_any_other_answer_refuses_the_call(tmp_path: Path, reply: str) -> None:
    def body(session: Session) -> None:
        chat(proxy(mode="ALWAYS", replies=(reply, "exit")), assistant("planner", [("pay", {"amount": 5})], "TERMINATE"))

    records = recorded(tmp_path, body)
    assert only(records, "tool_invocation") == []
    denied = only(records, "approval")[1]
    assert (denied["approval"]["status"], denied["approval"]["decided_by"]) == ("denied", "bob")
    assert denied["metadata"]["approval"]["reason"] == reply


def test_what_a_person_writes_otherwise_is_a_message(tmp_path: Path) -> None:
    def body(session: Session) -> None:
        chat(proxy(mode="ALWAYS", replies=("And then?", "exit")), assistant("planner", "First.", "Second."))

    records = recorded(tmp_path, body)
    assert ("bob", "And then?") in [
        (each["message"].get("from"), each["prompt"]["text"]) for each in only(records, "message") if "prompt" in each
    ]


def test_what_agents_say_to_each_other_is_recorded_once(tmp_path: Path) -> None:
    """A group chat relays each message to everybody; a relay says nothing of its own."""

    def body(session: Session) -> None:
        audit = Audit()
        user, planner, clerk = proxy(), assistant("planner", "Ask the clerk."), assistant("clerk", "Done. TERMINATE")
        agents = [audit.agent(each) for each in (user, planner, clerk)]
        group = GroupChat(agents=agents, messages=[], max_round=4, speaker_selection_method="round_robin")
        audit.initiate_chat(user, audit.agent(GroupChatManager(group)), message="x", silent=True)

    records = recorded(tmp_path, body)
    told = [(each["message"]["from"], each["message"]["text"]) for each in only(records, "agent_message")]
    assert told == [("planner", "Ask the clerk."), ("clerk", "Done. TERMINATE")]
    assert [each["agent"]["id"] for each in only(records, "llm_call")] == ["planner", "clerk"]


def test_a_function_that_fails_is_an_error(tmp_path: Path) -> None:
    """Also one that does not exist, and one whose arguments are no JSON."""
    end = only(played(tmp_path), "tool_invocation", tool="notify", phase="end")[0]["action"]
    assert end["result_status"] == "error"
    assert "no route" in end["error"]["message"]


def test_a_function_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    records = recorded(tmp_path, lambda session: chat(proxy(), assistant("planner", [("nowhere", {})], "TERMINATE")))
    end = only(records, "tool_invocation", phase="end")[0]["action"]
    assert "not found" in end["error"]["message"]


def test_a_model_call_has_its_prompt_answer_and_usage(tmp_path: Path) -> None:
    first, *_, last = only(played(tmp_path), "llm_call")
    assert QUESTION in first["prompt"]["text"]
    assert len(first["prompt"]["system_sha256"]) == 64
    assert first["usage"] == {"input_tokens": 10, "output_tokens": 5}
    assert last["response"]["text"] == "Done. TERMINATE"
    assert first["agent"]["model"] == "scripted-1"


def test_a_model_that_fails_is_recorded_and_ends_its_agent(tmp_path: Path) -> None:
    def body(session: Session) -> None:
        with pytest.raises(IndexError):
            chat(proxy(), assistant("clerk"))

    records = recorded(tmp_path, body)
    assert only(records, "llm_call")[0]["action"]["result_status"] == "error"
    end = only(records, "lifecycle", phase="end")[0]
    assert (end["agent"]["id"], end["action"]["result_status"]) == ("clerk", "error")


def test_a_function_finds_itself_in_its_call(tmp_path: Path) -> None:
    def look() -> str:
        current_session().event("retrieval")
        return "seen"

    def body(session: Session) -> None:
        user, planner = proxy(), assistant("planner", [("look", {})], "TERMINATE")
        register(look, planner, user)
        chat(user, planner)

    records = recorded(tmp_path, body)
    assert only(records, "retrieval")[0]["parent_span_id"] == only(records, "tool_invocation")[0]["span_id"]


def test_a_scope_that_is_missing_keeps_the_function_from_running(tmp_path: Path) -> None:
    """As an approval that was refused does: with `enforce=True` the model is told, and the chat goes on."""
    ran: list[str] = []

    def pay(amount: int) -> str:
        ran.append("pay")
        return "paid"

    def body(session: Session) -> None:
        session.ask_approval("pay", {"amount": 5}).denied(by="bob")
        user, planner = proxy(), assistant("planner", [("pay", {"amount": 5})], "TERMINATE")
        register(pay, planner, user)
        chat(user, planner)

    records = recorded(tmp_path, body, enforce=True)
    assert only(records, "tool_invocation", phase="end")[0]["action"]["result_status"] == "denied"
    assert ran == []


class _Executor:
    """Runs nothing: says how it ended."""

    code_extractor = MarkdownCodeExtractor()

    def __init__(self, ran: list[str], exit_code: int) -> None:
        self.ran, self.exit_code = ran, exit_code

    def execute_code_blocks(self, code_blocks: list[Any]) -> CodeResult:
        self.ran += [each.code for each in code_blocks]
        return CodeResult(exit_code=self.exit_code, output="out")

    def restart(self) -> None: ...


CODE = "```python\nprint(1)\n```"


@pytest.mark.parametrize("exit_code", [0, 3])
def test_code_that_is_executed_is_a_tool_of_the_agent_that_wrote_it(tmp_path: Path, exit_code: int) -> None:
    def body(session: Session) -> None:
        user = proxy(code={"executor": _Executor([], exit_code)})
        chat(user, assistant("planner", CODE, "TERMINATE"))

    start, end = only(recorded(tmp_path, body), "tool_invocation")
    assert start["action"]["arguments"]["code_blocks"][0]["language"] == "python"
    assert (start["agent"]["id"], start["metadata"]) == ("planner", {"executed_by": "user"})
    assert end["action"]["result_status"] == ("error" if exit_code else "success")


@pytest.mark.parametrize("legacy", [False, True])
def test_code_does_not_run_unrecorded(tmp_path: Path, legacy: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    looks_for_docker = "autogen.agentchat.conversable_agent.check_can_use_docker_or_throw"
    monkeypatch.setattr(looks_for_docker, lambda use: None)  # leaves a socket open, even where it is not to be used
    ran: list[str] = []
    with recording(tmp_path) as audit:
        audit.fail_after(4)
        user = proxy(code={"use_docker": False} if legacy else {"executor": _Executor(ran, 0)})
        if legacy:
            user.run_code = lambda code, **more: ran.append(code)
        with pytest.raises(AuditWriteError), audit.log.session(**WHO):
            chat(user, assistant("planner", CODE, "TERMINATE"))
    assert ran == []


def test_nothing_runs_outside_a_chat_that_is_followed() -> None:
    audit = Audit()
    user, planner = audit.agent(proxy()), audit.agent(assistant("planner", "Hello"))
    with pytest.raises(UsageError, match="nothing records"):
        user.initiate_chat(planner, message="x", silent=True)
    with pytest.raises(NoSession):
        audit.initiate_chat(user, planner, message="x", silent=True)
    with pytest.raises(UsageError, match="ConversableAgent"):
        audit.agent(object())


def test_one_audit_follows_one_chat_at_a_time(tmp_path: Path) -> None:
    audit = Audit()

    def nested() -> str:
        with pytest.raises(UsageError, match="follows a chat"):
            chat(proxy(), assistant("clerk", "Hello"), audit)
        return "refused"

    def body(session: Session) -> None:
        user, planner = proxy(), assistant("planner", [("nested", {})], "TERMINATE")
        register(nested, planner, user)
        chat(user, planner, audit)

    assert only(recorded(tmp_path, body), "tool_invocation", phase="end")[0]["action"]["result_status"] == "success"


def test_the_page_runs(tmp_path: Path) -> None:
    test_snippets.test_it_runs(test_snippets.ROOT / "docs" / "frameworks-autogen-classic.md", tmp_path)
    assert validate(tmp_path / "audit.jsonl", strict=True).findings == []
