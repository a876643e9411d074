"""`auditlog hook claude-code`: what Claude Code does is recorded, or Claude Code hears that it is to stop.

Events are those that Claude Code 2.1.329 sent (captures/claude-code), and few of our own. The real binary calls the
command in tests/adapters/test_claude_agent_sdk.py.
"""

from __future__ import annotations

import json
import os
import resource
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditlog_cli import times
from auditlog_cli.adapters import claude_settings
from auditlog_cli.adapters.claude_code import precedes
from auditlog_cli.cli import front
from auditlog_cli.testing import recording
from auditlog_cli.writer.lock import FileLock
from tests import goldens
from tests.conftest import Result
from tests.importers.reading import read

Hook = Callable[..., Result]
STOP = json.loads(claude_settings.STOP)
PRE = {
    "session_id": "s-1", "prompt_id": "p-1", "hook_event_name": "PreToolUse", "tool_name": "Bash",
    "tool_input": {"command": "lookup 42"}, "tool_use_id": "toolu_1",
}  # fmt: skip
POST = PRE | {"hook_event_name": "PostToolUse", "tool_response": "shipped", "duration_ms": 12}
PROMPT = {"session_id": "s-1", "prompt_id": "p-1", "hook_event_name": "UserPromptSubmit", "prompt": "Where is 42?"}
CAPTURES = ("hooks_main", "hooks_fail_PreToolUse_2", "hooks_fail_UserPromptSubmit_2")


@contextmanager
def standard_input(data: bytes, folder: Path) -> Iterator[None]:
    """Descriptor 0 reads `data`."""
    file = folder / "stdin"
    file.write_bytes(data)
    kept, fd = os.dup(0), os.open(file, os.O_RDONLY)
    os.dup2(fd, 0)
    os.close(fd)
    try:
        yield
    finally:
        os.dup2(kept, 0)
        os.close(kept)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where the hooks write to."""
    return tmp_path / "audit.jsonl"


@pytest.fixture
def hook(cli: Callable[..., Result], tmp_path: Path, log: Path) -> Hook:
    """Call the hook in this process with an event, or with bytes."""

    def call(event: dict[str, Any] | bytes, *args: object, user: str | None = "ann@example.com") -> Result:
        data = event if isinstance(event, bytes) else json.dumps(event).encode()
        named = () if user is None else ("--user", user)
        with standard_input(data, tmp_path):
            return cli("hook", "claude-code", "--log", log, *named, *args)

    return call


def records(log: Path) -> list[dict[str, Any]]:
    """What the log has, without its own records."""
    return [each for each in map(json.loads, log.read_text().splitlines()) if "auditlog" not in each]


def stopped(result: Result) -> str:
    """How Claude Code is told to stop: `blocked`, `ended`, or not at all."""
    if result.code == 2 and result.out == "" and len(result.err.splitlines()) == 1:
        return "blocked"
    if result.code == 0 and result.out and json.loads(result.out) == STOP and len(result.err.splitlines()) == 1:
        return "ended"
    return f"no: {result}"


# --- what is recorded --------------------------------------------------------------------------


@pytest.mark.parametrize("name", CAPTURES)
def test_a_real_session_gives_the_tree_it_was(
    name: str, shared: Path, log: Path, hook: Hook, cli: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each event is recorded and says nothing; the log is valid, proved, and drawn as a tree."""
    clock = iter(range(1, 1000))
    monkeypatch.setattr(times, "now", lambda: f"2026-06-01T12:00:{next(clock) / 10:09.6f}Z")
    lines = (shared / f"captures/claude-code/{name}.jsonl").read_bytes().splitlines()
    for line in lines:
        assert hook(line, "--scopes", "repo:read,repo:write") == Result(0, b"", "")
    found = records(log)
    assert len(found) == len(lines)
    goldens.check(f"hook/{name}", cli("trace", found[0]["trace_id"], log, "--color", "never"))
    assert cli("validate", log, "--quiet").code == 0
    assert "intact" in cli("verify", log).out


@pytest.mark.parametrize("name", CAPTURES)
def test_an_import_of_the_same_events_has_the_same_ids(name: str, shared: Path, log: Path, hook: Hook) -> None:
    """Trace, session, span and parent of each record; only the answer at the end has a span of its own."""
    file = shared / f"captures/claude-code/{name}.jsonl"
    for line in file.read_bytes().splitlines():
        hook(line)
    ours, theirs = records(log), read(file).records
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        answer = one["metadata"]["claude_code"]["event"] == "Stop"
        for member in ("trace_id", "session_id", "parent_span_id", *(() if answer else ("span_id",))):
            assert one.get(member) == other.get(member), one["metadata"]
        for member in ("type", "phase", "tool", "arguments", "call_id", "result", "result_status", "latency_ms"):
            assert one["action"].get(member) == other["action"].get(member)
        assert one.get("approval", {}).get("id") == other.get("approval", {}).get("id")


def test_who_acts_for_whom_is_said_of_a_sub_agent_too(shared: Path, log: Path, hook: Hook) -> None:
    for line in (shared / "captures/claude-code/hooks_main.jsonl").read_bytes().splitlines():
        hook(line, "--scopes", "repo:read")
    inside = [each for each in records(log) if each["action"].get("tool") == "Read"]
    assert len(inside) == 2
    for each in inside:
        assert each["agent"] == {"id": "a6463fe09d20ecacb", "name": "general-purpose"}
        assert each["authorization"] == {"scopes": ["repo:read"], "session_type": "autonomous"}
        assert [entry["actor"] for entry in each["delegation_chain"]] == [
            "ann@example.com", "claude-code", "a6463fe09d20ecacb",
        ]  # fmt: skip


def delegating(call: str, kind: str = "general-purpose") -> dict[str, Any]:
    return PRE | {"tool_name": "Agent", "tool_use_id": call, "tool_input": {"subagent_type": kind, "prompt": call}}


def begins(agent: str, kind: str = "general-purpose") -> dict[str, Any]:
    event = {"session_id": "s-1", "prompt_id": "p-1", "hook_event_name": "SubagentStart"}
    return event | {"agent_id": agent, "agent_type": kind}


def test_a_sub_agent_hangs_under_the_only_call_that_can_have_begun_it(log: Path, hook: Hook) -> None:
    """One of its type, that no agent has yet. Its end stands where its beginning does."""
    for event in (
        PROMPT, delegating("c-1"), begins("a-1"), delegating("c-2"), delegating("c-3", "Explore"), begins("a-2"),
        begins("a-3", "Explore"), begins("a-1") | {"hook_event_name": "SubagentStop", "last_assistant_message": "x"},
    ):  # fmt: skip
        assert hook(event).code == 0
    found = records(log)
    spans = {each["action"].get("call_id"): each["span_id"] for each in found}
    parents = [(each["agent"]["id"], each["parent_span_id"]) for each in found if each["action"]["type"] == "lifecycle"]
    assert parents == [("a-1", spans["c-1"]), ("a-2", spans["c-2"]), ("a-3", spans["c-3"]), ("a-1", spans["c-1"])]


def test_where_several_calls_could_have_begun_a_sub_agent_none_is_chosen(log: Path, hook: Hook) -> None:
    """It hangs under the prompt; the result of the call names it later."""
    for event in (PROMPT, delegating("c-1"), delegating("c-2"), begins("a-1")):
        hook(event)
    found = records(log)
    assert found[-1]["parent_span_id"] == found[0]["span_id"]


def test_a_call_that_has_ended_names_its_agent(log: Path, hook: Hook) -> None:
    """In the background: the call returns before its agent begins."""
    ended = delegating("c-1") | {"hook_event_name": "PostToolUse", "tool_response": {"agentId": "a-1"}}
    for event in (PROMPT, delegating("c-1"), delegating("c-2"), ended, begins("a-1")):
        hook(event)
    found = records(log)
    assert found[-1]["parent_span_id"] == found[1]["span_id"]


def test_a_permission_is_joined_to_the_open_call_with_the_same_arguments(log: Path, hook: Hook) -> None:
    asks = {name: value for name, value in PRE.items() if name != "tool_use_id"}
    asks["hook_event_name"] = "PermissionRequest"
    for event in (PRE, PRE | {"tool_use_id": "toolu_2"}, POST | {"tool_use_id": "toolu_2"}, asks):
        assert hook(event).code == 0
    asked = records(log)[-1]
    assert asked["approval"]["id"] == asked["action"]["call_id"] == "toolu_1"
    assert asked["parent_span_id"] == records(log)[0]["span_id"]
    assert asked["approval"]["arguments_sha256"] == records(log)[0]["action"]["arguments_sha256"]
    hook(asks | {"tool_input": {"command": "another"}})
    alone = records(log)[-1]
    assert "call_id" not in alone["action"]
    assert alone["approval"]["status"] == "pending"


def test_a_refusal_by_a_rule_ends_the_call_as_denied(log: Path, hook: Hook) -> None:
    hook(PRE)
    hook(PRE | {"hook_event_name": "PermissionDenied", "reason": "rule"})
    start, end = records(log)
    assert (start["span_id"], end["action"]["phase"]) == (end["span_id"], "end")
    assert end["action"]["result_status"] == "denied"
    assert end["policy"] == {"id": "claude-code.permissions", "decision": "deny"}
    assert "approval" not in end


def test_what_a_later_version_sends_is_kept(log: Path, hook: Hook) -> None:
    assert hook(PROMPT | {"hook_event_name": "WorktreeCreate", "branch": "b"}).code == 0
    (found,) = records(log)
    assert found["action"]["type"] == "unknown"
    assert found["metadata"]["claude_code"]["branch"] == "b"
    assert hook(PROMPT | {"hook_event_name": "Notification", "message": "idle"}) == Result(0, b"", "")
    assert len(records(log)) == 1


def test_half_a_character_is_no_reason_to_stop(log: Path, hook: Hook) -> None:
    """JavaScript cuts texts between the halves of an emoji, and writes each half as an escape."""
    assert hook(json.dumps(POST).replace("shipped", "shipped \\ud83d").encode()).code == 0
    assert "shipped " in str(records(log)[0]["action"]["result"])


def test_the_user_is_said_by_an_option_the_environment_or_the_system(
    log: Path, hook: Hook, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert stopped(hook(PRE, user=None)) == "blocked"
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.chdir(tmp_path)
    assert stopped(hook(PRE, "--user-from", "git", user=None)) == "blocked"
    (tmp_path / "gitconfig").write_text("[user]\n\temail = ann@example.org\n")
    hook(PRE, "--user-from", "git", user=None)
    hook(PRE, "--user-from", "os", user=None)
    monkeypatch.setenv("AUDITLOG_USER", "u-17")
    hook(PRE, "--user-from", "os", user=None)
    hook(PRE)
    git, system, environment, option = (each["user"] for each in records(log))
    assert git == {"id": "ann@example.org", "auth_method": "git"}
    assert system["auth_method"] == "os"
    assert environment == {"id": "u-17"}
    assert option == {"id": "ann@example.com"}


def test_what_is_masked_never_reaches_the_log(log: Path, hook: Hook) -> None:
    """And a permission still finds its call: by the digest of what was meant."""
    asks = {name: value for name, value in PRE.items() if name != "tool_use_id"}
    hook(PRE, "--redact", "action.arguments.command")
    hook(asks | {"hook_event_name": "PermissionRequest"}, "--redact", "action.arguments.command")
    assert b"lookup 42" not in log.read_bytes()
    assert records(log)[1]["approval"]["id"] == "toolu_1"


# --- what cannot be recorded -------------------------------------------------------------------

EVENTS = [(event, "blocked" if precedes(event) else "ended") for event in claude_settings.EVENTS]


@pytest.mark.parametrize(("event", "how"), EVENTS)
def test_what_cannot_be_written_stops_claude_code(
    event: str, how: str, hook: Hook, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before an act by exit code 2, after it by a word on standard output; one line on standard error."""
    log.mkdir()
    given = PRE | {"hook_event_name": event, "agent_id": "a-1", "agent_type": "Explore"}
    assert stopped(hook(given)) == how


def test_acts_are_preceded_by_these_events() -> None:
    assert [event for event, how in EVENTS if how == "blocked"] == [
        "UserPromptSubmit", "PreToolUse", "PermissionRequest",
    ]  # fmt: skip
    assert precedes("PreCompact")
    assert precedes("PreSomethingNew")


def test_another_writer_who_does_not_let_go_stops_it(hook: Hook, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auditlog_cli.cli.claude._LOCK_S", 0.05)
    hook(PROMPT)
    lock = FileLock(str(log), 1)
    lock.acquire()
    try:
        assert stopped(hook(PRE)) == "blocked"
        assert stopped(hook(POST)) == "ended"
    finally:
        lock.release()
        lock.close()
    assert hook(PRE).code == 0


def test_a_log_that_is_a_pipe_stops_it(hook: Hook, log: Path) -> None:
    """And nobody waits for a reader."""
    os.mkfifo(log)
    assert stopped(hook(PRE)) == "blocked"
    assert stopped(hook(POST)) == "ended"


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"session_id":"s"}', b'{"hook_event_name":"PreToolUse"}',
     b'{"session_id":1,"hook_event_name":"PreToolUse"}', json.dumps(PRE | {"tool_use_id": None}).encode(),
     json.dumps(PRE).encode().replace(b"{", b'{"tool_name":"Read",', 1),
     b'{"a":' * 100000, json.dumps(PRE | {"tool_input": "x"}).encode().replace(b'"x"', b"[" * 600 + b"]" * 600)],
)  # fmt: skip
def test_what_is_no_event_blocks(data: bytes, hook: Hook, log: Path) -> None:
    """Nobody knows what would follow. A value of the input is never quoted."""
    assert stopped(hook(data)) == "blocked"
    assert not log.exists()


@pytest.mark.parametrize(
    "args",
    [["--nonsense"], ["--user-from", "moon"], ["--log"], ["operand"], ["--agent", ""], ["--agent", "ann@example.com"],
     ["--redact", ""], ["--redact", "missing.yaml"]],
)  # fmt: skip
def test_a_wrong_command_line_blocks(args: list[str], hook: Hook) -> None:
    assert hook(PRE, *args).code == 2


def test_whatever_goes_wrong_inside_blocks(hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug, a signal, no memory: and the reason is said without a value of the event."""
    for error in (RuntimeError("lookup 42"), KeyboardInterrupt(), MemoryError(), SystemExit(0), ImportError("x")):

        def broken(*_: object, error: BaseException = error) -> None:
            raise error

        monkeypatch.setattr("auditlog_cli.cli.claude._record", broken)
        result = hook(PRE)
        assert stopped(result) == "blocked"
        assert "lookup" not in result.err
        assert stopped(hook(POST)) == "ended"


def test_even_the_front_door_speaks_claude_codes_language(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any failure of the command before its first line is exit code 2, too; other commands keep theirs."""

    def broken(_: str) -> None:
        raise ImportError("no module named orjson")

    monkeypatch.setattr(front, "function", broken)
    assert front.main(["hook", "claude-code", "--log", "x"]) == 2
    assert front.main(["tail", "x"]) == 70


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=60)
@given(data=st.one_of(
    st.binary(max_size=60),
    st.dictionaries(
        st.sampled_from([*POST, "agent_id", "agent_type", "error", "duration_ms", "reason"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
            | st.sampled_from([*claude_settings.EVENTS, "s-1", "toolu_1", "Agent"]),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
            max_leaves=8,
        ),
    ).map(lambda event: json.dumps(POST | event).encode("utf-8", "surrogatepass")),
))  # fmt: skip
def test_no_input_makes_it_say_anything_else(data: bytes, hook: Hook, log: Path) -> None:
    """Recorded, blocked or ended: whatever comes. What is said to be recorded is."""
    before = len(records(log)) if log.exists() else 0
    result = hook(data)
    after = len(records(log)) if log.exists() else 0
    if result == Result(0, b"", ""):
        assert after == before + 1
    else:
        assert stopped(result) in ("blocked", "ended")
        assert after == before


# --- as processes ------------------------------------------------------------------------------


def process(words: list[str], event: dict[str, Any], **env: str) -> subprocess.CompletedProcess[bytes]:
    """Run a shell command of the settings as Claude Code does."""
    return subprocess.run(
        ["/bin/sh", "-c", shlex.join(words) if len(words) > 1 else words[0]], input=json.dumps(event).encode(),
        capture_output=True, check=False, env={"PATH": os.environ["PATH"], **env},
    )  # fmt: skip


def words(log: Path) -> list[str]:
    return [sys.executable, "-P", "-m", "auditlog_cli", "hook", "claude-code", "--log", str(log), "--user", "ann"]


def said(result: subprocess.CompletedProcess[bytes]) -> str:
    """What Claude Code makes of it."""
    if result.returncode == 2:
        return "blocked"
    stop = result.stdout.splitlines()[-1:] == [claude_settings.STOP.encode()]
    return "ended" if result.returncode == 0 and stop else f"no: {result}"


def test_the_command_of_the_settings_works_and_says_nothing(log: Path) -> None:
    for event in (PROMPT, PRE, POST):
        command = claude_settings.command(words(log), event["hook_event_name"], limited=True)
        done = process([command], event)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert len(records(log)) == 3


def test_a_broken_python_is_stopped_by_the_shell(log: Path, tmp_path: Path) -> None:
    """A package that is not whole, a program that is not there, one that hangs, one that is killed."""
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "orjson.py").write_text("raise ImportError('broken')\n")
    (broken / "hang").write_text("#!/bin/sh\nexec sleep 60\n")
    (broken / "die").write_text("#!/bin/sh\nkill -9 $$\n")
    for name in ("hang", "die"):
        (broken / name).chmod(0o755)
    unlimited = {"PYTHONPATH": str(broken)}
    cases: list[tuple[list[str], dict[str, str]]] = [
        (words(log), unlimited),
        ([sys.executable, "-P", "-m", "auditlog_cli_gone"], {}),
        (["/nonexistent/auditlog"], {}),
        ([str(broken / "die")], {}),
    ]
    for each, env in cases:
        for event, how in ((PRE, "blocked"), (POST, "ended")):
            command = claude_settings.command(each, str(event["hook_event_name"]), limited=True)
            assert said(process([command], event, **env)) == how, command
    hangs = claude_settings.command([str(broken / "hang")], "PreToolUse", limited=True)
    assert said(process([hangs.replace("timeout 5", "timeout 0.2")], PRE)) == "blocked"
    assert not log.exists()


def test_a_full_device_stops_it(log: Path) -> None:
    """The system refuses to let the file grow: nothing is written, and Claude Code hears of it."""
    process(words(log), PROMPT)
    size = log.stat().st_size

    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, size + 100))

    for event, how in ((PRE, "blocked"), (POST, "ended")):
        done = subprocess.run(
            words(log), input=json.dumps(event).encode(), capture_output=True, check=False, preexec_fn=small
        )
        assert said(done) == how
        assert len(done.stderr.splitlines()) == 1
    assert len(records(log)) == 1
    assert process(words(log), PRE).returncode == 0


def test_parallel_hooks_are_all_recorded(log: Path, cli: Callable[..., Result]) -> None:
    """Tools run at once, and so do their hooks."""
    running = []
    for number in range(6):
        each = subprocess.Popen(words(log), stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        assert each.stdin is not None
        each.stdin.write(json.dumps(PRE | {"tool_use_id": f"toolu_{number}"}).encode())
        each.stdin.close()
        each.stdin = None
        running.append(each)
    for each in running:
        _, err = each.communicate(timeout=120)
        assert (each.returncode, err) == (0, b"")
    assert len({each["span_id"] for each in records(log)}) == 6
    assert "intact" in cli("verify", log).out


def test_a_hook_imports_no_more_than_it_needs(log: Path) -> None:
    """Signing, sessions, the reading side, Typer: each would cost every act of the agent."""
    code = (
        "import sys; from auditlog_cli.cli.front import main; code = main(sys.argv[1:]);"
        "sys.stderr.write(' '.join(sorted(sys.modules))); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "hook", "claude-code", "--log", str(log), "--user", "ann"],
        input=json.dumps(PRE), capture_output=True, text=True, check=True,
    )  # fmt: skip
    heavy = {"typer", "rich", "asyncio", "subprocess", "logging", "jsonschema", "cryptography", "yaml",
             "auditlog_cli.capture.session", "auditlog_cli.signing", "auditlog_cli.sources", "auditlog_cli.decoders",
             "auditlog_cli.cli.options", "auditlog_cli.importers._spans"}  # fmt: skip
    assert not heavy & set(done.stderr.split())


def test_a_recording_of_the_test_kit_takes_the_same_records() -> None:
    """The shapes are those of `log.session(…)`: the same members, in every kind that both have."""
    with recording() as audit, audit.log.session(user="ann@example.com", agent="claude-code") as session:
        session.user_message("x")
        with session.tool("Bash", {"command": "x"}, call_id="toolu_1") as call:
            call.result("y")
        session.final_answer("z")
    from auditlog_cli.adapters import claude_code
    from auditlog_cli.capture import identity

    who = identity.of_session(user="ann@example.com", agent="claude-code")
    theirs = {}
    for event in (PROMPT | {"hook_event_name": "SessionStart"}, PROMPT, PRE, POST,
                  PROMPT | {"hook_event_name": "Stop", "last_assistant_message": "z"}):  # fmt: skip
        made = claude_code.record(event, who, lambda: iter(()))
        assert made is not None
        theirs[made["action"]["type"], made["action"].get("phase"), made.get("message", {}).get("direction")] = made
    for one in audit.records:
        key = one["action"]["type"], one["action"].get("phase"), one.get("message", {}).get("direction")
        if key == ("lifecycle", "end", None):
            continue
        assert set(one) - {"record_id", "source"} <= set(theirs[key]), key
        assert set(one["action"]) == set(theirs[key]["action"]), key
