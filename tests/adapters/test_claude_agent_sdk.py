"""The real Claude Code (the binary that claude-agent-sdk brings), offline, with a scripted model.

As a library, with `Audit`, held to the failure contract; and by its command hooks, with `auditlog hook claude-code`.
"""

from __future__ import annotations

import ast
import asyncio
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli import AuditLog
from auditlog_cli.adapters import claude_settings
from auditlog_cli.adapters.claude_agent_sdk import EVENTS, Audit
from auditlog_cli.errors import AuditWriteError, NoSession
from auditlog_cli.testing import recording
from tests.adapters.contract import QUESTION, WHO, Contract, Ran
from tests.adapters.messages_api import Step, cut_the_network, environment, serving
from tests.conftest import Result

sdk = pytest.importorskip("claude_agent_sdk", reason="SKIPPED: no claude-agent-sdk; make test-frameworks")
BINARY = Path(sdk.__file__).parent / "_bundled" / "claude"
LOOK_UP, REFUND, COUNT = (f"mcp__shop__{name}" for name in ("lookup_order", "issue_refund", "count_stock"))
TASK = "SUBTASK: refund it"
slow = pytest.mark.slow
pytestmark = pytest.mark.filterwarnings("ignore:can_use_tool will not be invoked")  # as is meant: for rules alone


@pytest.fixture(scope="module", autouse=True)
def no_network() -> None:
    """Nothing here talks to anybody: a network of its own where that can be had, and no proxy anywhere."""
    if not cut_the_network():
        pytest.skip("SKIPPED: a network namespace of its own needs root and `ip`")


def plot(said: str, results: int) -> Step:
    """One look-up, one sub-agent with a tool behind an approval, one failing tool, an answer."""
    if TASK in said and QUESTION not in said:
        return [(REFUND, {"order_id": 42, "amount": 19.5}), "refunded"][min(results, 1)]  # type: ignore[return-value]
    delegate = {"description": "refund", "prompt": TASK, "subagent_type": "refunder", "run_in_background": False}
    steps: list[Step] = [(LOOK_UP, {"order_id": 42}), ("Agent", delegate), (COUNT, {"item": "x"}), "All done."]
    return steps[min(results, len(steps) - 1)]


def shop(ran: Ran) -> Any:
    """Tools whose bodies run in this process."""

    async def look_up(given: dict[str, Any]) -> dict[str, Any]:
        ran(LOOK_UP)
        return {"content": [{"type": "text", "text": "shipped"}]}

    async def refund(given: dict[str, Any]) -> dict[str, Any]:
        ran(REFUND)
        return {"content": [{"type": "text", "text": "refunded"}]}

    async def count(given: dict[str, Any]) -> dict[str, Any]:
        ran(COUNT)
        raise RuntimeError("no stock keeping today")

    return sdk.create_sdk_mcp_server(
        "shop",
        tools=[
            sdk.tool("lookup_order", "looks up", {"order_id": int})(look_up),
            sdk.tool("issue_refund", "refunds", {"order_id": int, "amount": float})(refund),
            sdk.tool("count_stock", "counts", {"item": str})(count),
        ],
    )


async def allow(tool: str, given: dict[str, Any], about: Any) -> Any:
    return sdk.PermissionResultAllow()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home, a project, and the binary freed from the limit that a test sets on the size of files."""
    made = tmp_path_factory.mktemp("claude")
    (made / "home").mkdir()
    (made / "project").mkdir()
    program = made / "claude"
    program.write_text(f'#!/bin/sh\nulimit -S -f unlimited\nexec {shlex.quote(str(BINARY))} "$@"\n')
    program.chmod(0o755)
    return made


def options(place: Path, url: str, audit: Audit, ran: Ran, decide: Any = allow, **more: Any) -> Any:
    given: dict[str, Any] = {
        "hooks": audit.hooks(), "can_use_tool": audit.approver(decide, by="bob@example.com"),
        "mcp_servers": {"shop": shop(ran)}, "allowed_tools": [LOOK_UP, COUNT, "Agent"], "setting_sources": [],
        "agents": {"refunder": sdk.AgentDefinition(description="refunds", prompt="You refund.", tools=[REFUND])},
        "cwd": str(place / "project"), "cli_path": str(place / "claude"), "env": environment(str(place / "home"), url),
    }  # fmt: skip
    return sdk.ClaudeAgentOptions(**given | more)


async def converse(options: Any, audit: Audit) -> list[Any]:
    messages = []
    async with sdk.ClaudeSDKClient(options) as client:
        await client.query(QUESTION)
        async for message in audit.stream(client):
            messages.append(message)
    return messages


@slow
class TestContract(Contract):
    modes = ("async",)

    @pytest.fixture(autouse=True)
    def _model(self, place: Path) -> Iterator[None]:
        with serving(plot) as url:
            self.place, self.url = place, url
            yield

    def drive(self, log: AuditLog, mode: str, ran: Ran) -> None:
        async def run() -> None:
            async with log.session(**WHO) as session:
                audit = Audit(session)
                await converse(options(self.place, self.url, audit, ran), audit)

        asyncio.run(run())


@slow
def test_a_run_gives_the_tree_it_was(place: Path, tmp_path: Path) -> None:
    """Look-up, sub-agent, approval with who gave it, failure, model calls with their tokens."""
    with serving(plot) as url, recording(tmp_path) as audit:
        contract = TestContract()
        contract.place, contract.url = place, url
        contract.drive(audit.log, "async", Ran(audit))
    records = audit.records
    labels = {each["span_id"]: _label(each) for each in records}
    edges = {(labels.get(each.get("parent_span_id", ""), ""), labels[each["span_id"]]) for each in records}
    assert edges == {
        ("", "agent planner"), ("Agent success", "agent refunder"), ("agent planner", "Agent success"),
        ("agent planner", f"{COUNT} error"), ("agent planner", f"{LOOK_UP} success"), ("agent planner", "llm_call"),
        ("agent planner", "message"), ("agent refunder", "llm_call"), ("agent refunder", f"{REFUND} success"),
        (f"{REFUND} success", "approval approved by bob@example.com"),
    }  # fmt: skip
    refund = [each for each in records if each["action"].get("tool") == REFUND and "phase" in each["action"]]
    assert [entry["actor"] for entry in refund[0]["delegation_chain"]][:2] == ["alice@example.com", "planner"]
    assert refund[0]["agent"]["name"] == "refunder"
    assert refund[1]["approval"]["status"] == "approved"
    models = [each for each in records if each["action"]["type"] == "llm_call"]
    # Four of the planner, and the refunder's first: what a sub-agent says last, the SDK does not hand on.
    assert [each["usage"]["input_tokens"] for each in models] == [12] * 5


def _label(record: dict[str, Any]) -> str:
    action = record["action"]
    if action["type"] == "lifecycle":
        return f"agent {record['agent'].get('name') or record['agent']['id']}"
    if action["type"] == "tool_invocation":
        return f"{action['tool']} {action['result_status']}"
    if action["type"] == "approval":
        return f"approval {record['approval']['status']} by {record['approval'].get('decided_by')}"
    return str(action["type"])


@slow
def test_a_refusal_ends_the_call_as_denied(place: Path, tmp_path: Path) -> None:
    async def refuse(tool: str, given: dict[str, Any], about: Any) -> Any:
        return sdk.PermissionResultDeny(message="not today")

    async def run(log: AuditLog, ran: Ran, url: str) -> None:
        async with log.session(**WHO) as session:
            audit = Audit(session)
            await converse(options(place, url, audit, ran, refuse), audit)

    with serving(plot) as url, recording(tmp_path) as audit:
        ran = Ran(audit)
        asyncio.run(run(audit.log, ran, url))
    assert REFUND not in ran
    (end,) = [
        each for each in audit.records if each["action"].get("tool") == REFUND and each["action"].get("phase") == "end"
    ]
    assert (end["action"]["result_status"], end["approval"]["decided_by"]) == ("denied", "bob@example.com")


@slow
def test_the_page_shows_code_that_runs(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """docs/claude-code.md, as it stands there, with our model behind it."""
    page = Path(__file__).parents[2] / "docs/claude-code.md"
    (block,) = re.findall(r"^```py\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
    with serving(act) as url:
        given = {"cli_path": place / "claude", "env": environment(str(place / "home"), url), "setting_sources": []}
        monkeypatch.setattr(sdk, "ClaudeAgentOptions", partial(sdk.ClaudeAgentOptions, cwd=tmp_path, **given))
        monkeypatch.chdir(tmp_path)
        names: dict[str, Any] = {"ask": allow}
        asyncio.run(eval(compile(block, page, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), names))
    names["log"].close()
    records = [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text().splitlines()]
    assert [each["approval"].get("decided_by") for each in records if "approval" in each][-1] == "bob@example.com"
    assert (tmp_path / "ran-anyway").exists()


# --- hooks called as the SDK calls them ----------------------------------------------------------

PRE = {"hook_event_name": "PreToolUse", "session_id": "s", "tool_name": "Bash", "tool_input": {"command": "x"},
       "tool_use_id": "t-1"}  # fmt: skip


def test_no_hook_ever_raises(tmp_path: Path) -> None:
    """Whatever comes, it is answered; before a tool with a refusal and an end, and the session has failed."""

    async def run(log: AuditLog, fail: Callable[[int], None]) -> None:
        with log.session(**WHO) as session:
            audit = Audit(session)
            assert await audit.hook(PRE, "t-1", None) == {}
            fail(0)
            for event in EVENTS:
                answer = await audit.hook({**PRE, "hook_event_name": event, "tool_use_id": "t-2"}, None, None)
                assert answer["continue_"] is False, event
                assert answer["stopReason"] == "audit log not writable"
                if event == "PreToolUse":
                    assert answer["hookSpecificOutput"]["permissionDecision"] == "deny"
                if event == "UserPromptSubmit":
                    assert answer["decision"] == "block"
            with pytest.raises(AuditWriteError):
                audit.check()

    with recording(tmp_path) as made, pytest.raises(AuditWriteError):
        asyncio.run(run(made.log, made.fail_after))


def test_an_event_that_is_none_fails_the_session(tmp_path: Path) -> None:
    async def run(log: AuditLog) -> None:
        with log.session(**WHO) as session:
            audit = Audit(session)
            assert await audit.hook(PRE, None, None) == {}
            answer = await audit.hook({"hook_event_name": "PreToolUse"}, None, None)
            assert answer["hookSpecificOutput"]["permissionDecision"] == "deny"
            answer = await audit.hook({**PRE, "tool_use_id": "t-2"}, None, None)
            assert answer["continue_"] is False

    with recording(tmp_path) as made, pytest.raises(AuditWriteError):
        asyncio.run(run(made.log))


def test_without_a_session_nothing_runs() -> None:
    async def run() -> None:
        audit = Audit()
        answer = await audit.hook(PRE, None, None)
        assert answer["hookSpecificOutput"]["permissionDecision"] == "deny"
        with pytest.raises(AuditWriteError) as raised:
            audit.check()
        assert isinstance(raised.value.__cause__, NoSession)

    asyncio.run(run())


def test_other_arguments_than_those_asked_for_are_approved_as_such(tmp_path: Path) -> None:
    async def change(tool: str, given: dict[str, Any], about: Any) -> Any:
        return sdk.PermissionResultAllow(updated_input={"command": "y"})

    async def run() -> list[dict[str, Any]]:
        with recording(tmp_path) as made:
            with made.log.session(**WHO) as session:
                audit = Audit(session)
                await audit.hook(PRE, None, None)
                about = sdk.ToolPermissionContext(tool_use_id="t-1")
                await audit.approver(change, by=lambda context: f"holder of {context.tool_use_id}")(
                    "Bash", {"command": "x"}, about
                )
                done = {"hook_event_name": "PostToolUse", "tool_input": {"command": "y"}, "tool_response": "z"}
                await audit.hook(PRE | done, None, None)
            return made.records

    records = asyncio.run(run())
    approvals = [each["approval"] for each in records if each["action"]["type"] == "approval"]
    assert [each["status"] for each in approvals] == ["pending", "denied", "pending", "approved"]
    assert approvals[0]["arguments_sha256"] != approvals[3]["arguments_sha256"]
    assert approvals[3]["decided_by"] == "holder of t-1"
    assert records[-2]["approval"] == approvals[3]


def test_each_session_of_claude_code_can_have_a_session_of_its_own(tmp_path: Path) -> None:
    async def run() -> list[dict[str, Any]]:
        with recording(tmp_path) as made:
            with made.log.session(user="ann", agent="a") as one, made.log.session(user="bob", agent="b") as other:
                audit = Audit(session_for=lambda event: {"s": one, "t": other}[event["session_id"]])
                await audit.hook(PRE, None, None)
                await audit.hook({**PRE, "session_id": "t", "tool_use_id": "t-2"}, None, None)
                await audit.hook(PRE | {"hook_event_name": "PostToolUse", "tool_response": "x"}, None, None)
                audit.check()
            return made.records

    calls = [each for each in asyncio.run(run()) if each["action"]["type"] == "tool_invocation"]
    assert [(each["user"]["id"], each["action"]["phase"]) for each in calls] == [
        ("ann", "start"), ("bob", "start"), ("ann", "end"),
    ]  # fmt: skip


# --- the command hooks ---------------------------------------------------------------------------


def act(said: str, results: int) -> Step:
    return [("Bash", {"command": "touch ran-anyway", "description": "touch"}), "finished"][min(results, 1)]  # type: ignore[return-value]


def claude(tmp_path: Path, hooks: dict[str, Any], script: Any = act) -> tuple[bool, list[dict[str, Any]]]:
    """Run the binary with these settings; tell whether the tool ran, and what it printed."""
    home, project = tmp_path / "home", tmp_path / "project"
    (home / ".claude").mkdir(parents=True, exist_ok=True)
    project.mkdir(exist_ok=True)
    (home / ".claude" / "settings.json").write_text(json.dumps(hooks))
    with serving(script) as url:
        done = subprocess.run(
            [BINARY, "-p", QUESTION, "--output-format", "stream-json", "--verbose", "--allowedTools", "Bash"],
            cwd=project, env=environment(str(home), url), stdin=subprocess.DEVNULL, capture_output=True, check=False,
            timeout=120,
        )  # fmt: skip
    return (project / "ran-anyway").exists(), [json.loads(line) for line in done.stdout.splitlines()]


def ours(log: Path) -> list[str]:
    program = [sys.executable, "-P", "-m", "auditlog_cli"]
    return [*program, "hook", "claude-code", "--log", str(log), "--user", "ann@example.com", "--scopes", "repo:write"]


@slow
def test_the_real_binary_is_recorded(tmp_path: Path, cli: Callable[..., Result]) -> None:
    log = tmp_path / "audit.jsonl"
    ran, _ = claude(tmp_path, claude_settings.whole(ours(log), limited=True))
    assert ran
    records = [each for each in map(json.loads, log.read_text().splitlines()) if "auditlog" not in each]
    told = [each["metadata"]["claude_code"]["event"] for each in records]
    assert told == ["SessionStart", "UserPromptSubmit", "PreToolUse", "PostToolUse", "Stop", "SessionEnd"]
    assert cli("validate", log, "--quiet").code == 0


FAILURES = {
    "the log cannot be written": lambda log: ours(log / "not" / "a" / "folder"),
    "the command is not there": lambda log: ["/nonexistent/auditlog"],
    "the command fails otherwise": lambda log: ["/bin/sh", "-c", "exit 1"],
    "a usage error": lambda log: [*ours(log), "--nonsense"],
}


@slow
@pytest.mark.parametrize("case", FAILURES)
def test_what_cannot_be_recorded_does_not_happen(case: str, tmp_path: Path) -> None:
    """Already the prompt is blocked; and if only the tool's own hook is there, the tool."""
    (tmp_path / "audit.jsonl").write_text("")
    words = FAILURES[case](tmp_path / "audit.jsonl" if case == "the log cannot be written" else tmp_path / "b.jsonl")
    whole = claude_settings.whole(words, limited=True)
    assert claude(tmp_path, whole)[0] is False
    alone = {"hooks": {"PreToolUse": whole["hooks"]["PreToolUse"]}}
    assert claude(tmp_path, alone)[0] is False


@slow
@pytest.mark.parametrize("command", ["kill -9 $$", "sleep 30", "/nonexistent"])
def test_on_failure_block_holds_what_no_shell_can(command: str, tmp_path: Path) -> None:
    """A shell that is killed, a hook that outlives its own limit: Claude Code 2.1.329 takes them for a block, too."""
    entry = claude_settings.entry(["x"], "PreToolUse", limited=True)
    entry["hooks"][0] |= {"command": command, "timeout": 1}
    assert claude(tmp_path, {"hooks": {"PreToolUse": [entry]}})[0] is False
    del entry["hooks"][0]["onFailure"]
    assert claude(tmp_path, {"hooks": {"PreToolUse": [entry]}})[0] is True


@slow
def test_a_result_that_cannot_be_recorded_ends_the_run(tmp_path: Path) -> None:
    """The tool has run; the next one does not, and neither does the model speak again."""
    whole = claude_settings.whole(ours(tmp_path / "audit.jsonl"), limited=True)
    broken = claude_settings.whole(["/nonexistent"], limited=True)
    whole["hooks"]["PostToolUse"] = broken["hooks"]["PostToolUse"]
    ran, printed = claude(tmp_path, whole)
    assert ran
    assert printed[-1]["terminal_reason"] == "hook_stopped"
    assert os.path.exists(tmp_path / "audit.jsonl")
