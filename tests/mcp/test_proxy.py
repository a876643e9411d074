"""`auditlog mcp-proxy` as a process between a client and a server."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli.cli.proxying import Proxy
from auditlog_cli.errors import AuditWriteError
from auditlog_cli.mcp.conversation import Conversation
from tests.conftest import Result

SERVER = str(Path(__file__).with_name("server.py"))
SECONDS = 60
"""Nothing here takes that long: what does hangs."""


class Client:
    """A client that starts the proxy as its server."""

    def __init__(self, log: Path, words: list[str], command: list[str] | None = None, **popen: Any) -> None:
        server = command or [sys.executable, SERVER, *words]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "auditlog_cli", "mcp-proxy", "--log", str(log), "--user", "alice",
             "--scopes", "orders:read", "--", *server],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **popen,
        )  # fmt: skip

    def send(self, **message: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        self.process.stdin.flush()

    def receive(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def ask(self, id: int, method: str, **params: Any) -> dict[str, Any]:  # noqa: A002
        self.send(id=id, method=method, params=params)
        return self.receive()

    def call(self, id: int, name: str) -> dict[str, Any]:  # noqa: A002
        return self.ask(id, "tools/call", name=name, arguments={"order_id": 42})

    def end(self, *, close: bool = True) -> tuple[int, str]:
        """Close, and return the exit code and what was said on standard error."""
        if not close:
            code = self.process.wait(SECONDS)
            assert self.process.stderr is not None
            return code, self.process.stderr.read().decode()
        _, err = self.process.communicate(timeout=SECONDS)
        return self.process.returncode, err.decode()


@pytest.fixture
def clients() -> Iterator[Callable[..., Client]]:
    """Makes clients, whose proxies are gone after the test."""
    made: list[Client] = []

    def make(log: Path, *words: str, **more: Any) -> Client:
        made.append(Client(log, list(words), **more))
        return made[-1]

    yield make
    for each in made:
        each.process.kill()
        each.process.wait()
        for pipe in (each.process.stdin, each.process.stdout, each.process.stderr):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    pass


def actions(log: Path) -> list[dict[str, Any]]:
    records = [json.loads(each) for each in log.read_text().splitlines()]
    return [each["action"] for each in records if "auditlog" not in each]


def steps(log: Path) -> list[tuple[str | None, str | None, str]]:
    return [(each.get("tool", each["type"]), each.get("phase"), each["result_status"]) for each in actions(log)]


def gone(pid: int) -> bool:
    """Tell whether a process ends; a zombie of ours would still be there."""
    for _ in range(SECONDS * 20):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def child_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


def test_a_conversation_from_hello_to_the_end(tmp_path: Path, clients: Callable[..., Client]) -> None:
    """Answers come through, the server's standard error does, its exit code is ours, and the log verifies."""
    log = tmp_path / "audit.jsonl"
    client = clients(log, "noise", "exit=7")
    assert client.process.stdout is not None
    assert client.process.stdout.readline() == b"starting ...\n"
    hello = client.ask(1, "initialize", clientInfo={"name": "planner", "version": "1"}, protocolVersion="2025-11-25")
    assert hello["result"]["serverInfo"] == {"name": "orders"}
    assert client.call(2, "lookup_order")["result"]["content"][0]["text"] == "lookup_order done"
    assert client.call(3, "boom")["result"]["isError"] is True
    client.send(id=4, method="tools/call", params={"name": "refund", "arguments": {}})
    assert client.receive()["method"] == "elicitation/create"
    client.send(id=1, result={"action": "accept", "content": {"approve": True}})
    assert client.receive()["result"]["content"][0]["text"] == "refund: accept"
    code, err = client.end()
    assert code == 7
    assert "server: here" in err
    assert "auditlog: not strict JSON-RPC: 1 line from the server\n" in err
    assert steps(log) == [
        ("lifecycle", "start", "success"),
        ("lookup_order", "start", "pending"),
        ("lookup_order", "end", "success"),
        ("boom", "start", "pending"),
        ("boom", "end", "error"),
        ("refund", "start", "pending"),
        ("refund", None, "pending"),
        ("refund", None, "success"),
        ("refund", "end", "success"),
        ("lifecycle", "end", "success"),
    ]
    first = json.loads(log.read_text().splitlines()[1])
    assert first["agent"] == {"id": "planner", "name": "planner", "version": "1"}
    assert first["user"]["id"] == "alice"
    assert first["metadata"]["mcp"]["protocol"] == "2025-11-25"
    for words in (["verify"], ["validate", "--strict"]):
        checked = subprocess.run(
            [sys.executable, "-m", "auditlog_cli", *words, str(log)], capture_output=True, check=False
        )
        assert checked.returncode == 0, checked.stdout


def test_bytes_pass_unchanged(tmp_path: Path) -> None:
    """Whatever their form, and the last line without its end."""
    said = (
        b'{"id": 1,\t"method" :"ping"}\r\n\n\xff\xfe\nno json\n[]\n'
        + b"x" * 200_000
        + b"\n"
        + b'{"id":1}\n' * 20_000
        + b'{"no":"end"}'
    )
    done = subprocess.run(
        [sys.executable, "-m", "auditlog_cli", "mcp-proxy", "--log", str(tmp_path / "a.jsonl"), "--user", "a", "--", "cat"],
        input=said, capture_output=True, timeout=SECONDS, check=False,
    )  # fmt: skip
    assert done.stdout == said
    assert done.returncode == 0
    assert b"not strict JSON-RPC: 3 lines from the client" in done.stderr


def test_a_killed_server_ends_the_proxy_and_its_call_is_unknown(tmp_path: Path, clients: Callable[..., Client]) -> None:
    """The client still holds its end open: nobody waits for it."""
    log = tmp_path / "audit.jsonl"
    client = clients(log)
    client.send(id=1, method="tools/call", params={"name": "crash"})
    code, _ = client.end(close=False)
    assert code == 128 + signal.SIGKILL
    assert steps(log)[1:] == [
        ("crash", "start", "pending"),
        ("crash", "end", "unknown"),
        ("lifecycle", "end", "success"),
    ]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_reaches_the_server_and_the_log_is_closed(
    number: int, tmp_path: Path, clients: Callable[..., Client]
) -> None:
    log = tmp_path / "audit.jsonl"
    client = clients(log, "stay")
    client.call(1, "lookup_order")
    child = child_of(client.process.pid)
    client.process.send_signal(number)
    code, _ = client.end(close=False)
    assert code in (128 + number, 1, 130), "what the server makes of it"
    assert gone(child)
    assert steps(log)[-1] == ("lifecycle", "end", "success")


def test_a_server_that_does_not_hear_is_killed(tmp_path: Path, clients: Callable[..., Client]) -> None:
    client = clients(tmp_path / "audit.jsonl", "deaf")
    client.call(1, "lookup_order")
    child = child_of(client.process.pid)
    client.process.terminate()
    assert client.end(close=False)[0] == 128 + signal.SIGKILL
    assert gone(child)


def test_a_child_of_the_server_that_holds_its_output_does_not_hold_us(
    tmp_path: Path, clients: Callable[..., Client]
) -> None:
    code = (
        f"import subprocess, sys; subprocess.Popen([sys.executable, {SERVER!r}, 'deaf']); import time; time.sleep(600)"
    )
    client = clients(tmp_path / "audit.jsonl", command=[sys.executable, "-c", code])
    client.call(1, "lookup_order")
    grandchild = child_of(child_of(client.process.pid))
    client.process.terminate()
    try:
        assert client.process.wait(SECONDS) in (128 + signal.SIGTERM, 128 + signal.SIGKILL)
    finally:
        os.kill(grandchild, signal.SIGKILL)


def test_a_client_that_is_gone_takes_the_server_with_it(tmp_path: Path, clients: Callable[..., Client]) -> None:
    """Nobody reads any more: results are still recorded, and no orphan stays."""
    log = tmp_path / "audit.jsonl"
    client = clients(log, "stay")
    client.call(1, "lookup_order")
    child = child_of(client.process.pid)
    assert client.process.stdout is not None
    client.process.stdout.close()
    client.send(id=2, method="tools/call", params={"name": "boom"})
    assert client.process.wait(SECONDS) == 128 + signal.SIGTERM
    assert gone(child)
    assert ("boom", "end", "error") in steps(log)


def test_a_killed_proxy_leaves_no_server(tmp_path: Path, clients: Callable[..., Client]) -> None:
    """Nobody can clean up after SIGKILL: the server sees the end of its input. The start of its call is in the log."""
    log = tmp_path / "audit.jsonl"
    client = clients(log)
    client.call(1, "lookup_order")
    child = child_of(client.process.pid)
    client.send(id=2, method="tools/call", params={"name": "refund"})
    assert client.receive()["method"] == "elicitation/create"
    client.process.kill()
    assert client.process.wait(SECONDS) == -signal.SIGKILL
    assert gone(child)
    assert ("refund", "start", "pending") in steps(log)


def test_a_full_disk_stops_calls_and_not_the_rest(tmp_path: Path, clients: Callable[..., Client]) -> None:
    """The server never hears of the call; exit code 5, and one clear line."""
    log = tmp_path / "audit.jsonl"

    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))

    client = clients(log, preexec_fn=small, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
    forwarded = 0
    for each in range(50):
        answer = client.call(each, "lookup_order")
        if "error" in answer:
            break
        forwarded += 1
    assert answer["error"] == {"code": -32603, "message": "audit log not writable"}
    assert client.call(100, "lookup_order")["error"]["code"] == -32603
    assert client.ask(101, "ping")["result"] == {}
    code, err = client.end()
    assert code == 5
    assert "auditlog: error[" in err
    assert "not forwarded: " in err
    assert "Traceback" not in err
    starts = [each for each in steps(log) if each[1] == "start" and each[0] == "lookup_order"]
    assert forwarded <= len(starts)


def test_what_was_not_recorded_did_not_run(tmp_path: Path) -> None:
    """With the k-th append failing, for each k: the tools the server ran are those whose start is in the log."""
    from auditlog_cli.testing import recording

    said = [{"id": each, "method": "tools/call", "params": {"name": f"tool{each}"}} for each in range(1, 4)]
    said.append({"id": 9, "method": "ping"})
    for appends in range(9):
        folder = tmp_path / str(appends)
        folder.mkdir()
        with recording(folder) as audit:
            audit.fail_after(appends)
            conversation = Conversation(lambda client, audit=audit: audit.log.session(user="a", agent="b").open())
            script = "import sys; open(sys.argv[1], 'wb').writelines(sys.stdin.buffer)"
            seen = folder / "seen"
            _through(conversation, [sys.executable, "-c", script, str(seen)], said)
            try:
                conversation.close()
            except AuditWriteError:
                assert audit.refused
            starts = [
                each["action"]["tool"]
                for each in audit.of_type("tool_invocation")
                if each["action"]["phase"] == "start"
            ]
        heard = [json.loads(each) for each in seen.read_text().splitlines()]
        assert [each["params"]["name"] for each in heard if each["method"] == "tools/call"] == starts
        assert heard[-1]["method"] == "ping"


def _through(conversation: Conversation, command: list[str], said: list[dict[str, Any]], longest: int = 10**6) -> bytes:
    """Send lines through a proxy in this process; return what came back."""
    ours, theirs = os.pipe(), os.pipe()
    os.write(ours[1], b"".join(json.dumps({"jsonrpc": "2.0", **each}).encode() + b"\n" for each in said))
    os.close(ours[1])
    try:
        Proxy(conversation, (ours[0], theirs[1]), longest).run(command)
        os.close(theirs[1])
        with open(theirs[0], "rb") as answers:
            return answers.read()
    finally:
        os.close(ours[0])


@pytest.mark.parametrize("who", ["client", "server"])
def test_a_line_that_is_too_long_ends_it(who: str, tmp_path: Path) -> None:
    """It could be a call, or a result: it cannot be looked at, so it does not pass."""

    def never(client: object) -> Any:
        raise AssertionError

    script = "import sys; sys.stdout.write('x' * 3000); sys.stdout.flush(); sys.stdin.read()"
    command = ["cat"] if who == "client" else [sys.executable, "-c", script]
    with pytest.raises(AuditWriteError, match=f"the {who} sent a line longer than 2000 bytes"):
        _through(Conversation(never), command, [{"x": "y" * 3000}] if who == "client" else [], 2000)


def test_a_command_that_is_not_there_is_one_line(tmp_path: Path, cli: Callable[..., Result]) -> None:
    told = cli("mcp-proxy", "--log", tmp_path / "a.jsonl", "--user", "a", "--", "no-such-command")
    assert told.code == 2
    assert told.err.startswith("auditlog: error[usage]: no-such-command: No such file or directory\n  help: ")


def test_no_command_is_wrong_usage(tmp_path: Path, cli: Callable[..., Result]) -> None:
    log = tmp_path / "a.jsonl"
    told = cli("mcp-proxy", "--log", log, "--user", "a", "--")
    assert told.code == 2
    assert "COMMAND" in told.err
    assert not log.exists()


def test_a_log_that_cannot_be_opened_starts_nothing(tmp_path: Path, cli: Callable[..., Result]) -> None:
    mark = tmp_path / "mark"
    told = cli("mcp-proxy", "--log", tmp_path, "--user", "a", "--", "touch", mark)
    assert told.code == 5
    assert told.err.startswith("auditlog: error[write]: ")
    assert not mark.exists()


def test_who_and_what_for(tmp_path: Path) -> None:
    """--agent wins over what the client says; scopes in both spellings; arguments of the command are not kept."""
    log = tmp_path / "a.jsonl"
    hello = b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"clientInfo":{"name":"cursor"}}}\n'
    words = ["--user", "ann", "--agent", "planner", "--scopes", "a:read,b:read", "--scopes", "c"]
    subprocess.run(
        [sys.executable, "-m", "auditlog_cli", "mcp-proxy", "--log", str(log), *words, "--", "cat", "-u", "--", "-"],
        input=hello, capture_output=True, timeout=SECONDS, check=True,
    )  # fmt: skip
    first = next(each for each in map(json.loads, log.read_text().splitlines()) if "auditlog" not in each)
    assert first["agent"] == {"id": "planner", "name": "cursor"}
    assert first["authorization"]["scopes"] == ["a:read", "b:read", "c"]
    assert first["metadata"]["mcp"] == {"adapter": "mcp-proxy", "command": "cat"}
    assert '"-u"' not in log.read_text()
