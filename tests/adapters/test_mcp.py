"""mcp 2.x itself: the failure contract of server and client, identity over HTTP, the proxy in front of a real server."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mcp.server.mcpserver", reason="mcp 2.x is not installed: make test-frameworks FRAMEWORKS=mcp")

from mcp import Client, StdioServerParameters
from mcp.server.auth.middleware.auth_context import auth_context_var
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.shared.exceptions import MCPError
from mcp.types import ElicitResult

from auditlog_cli import AuditLog, Session
from auditlog_cli.adapters import FrameworkMissing
from auditlog_cli.adapters.mcp import Identities, client, fastmcp_middleware, instrument, middleware
from auditlog_cli.errors import AuditWriteError
from auditlog_cli.testing import recording
from tests.adapters import golden_trace, mcp2_server
from tests.adapters.contract import WHO, Contract, Ran
from tests.adapters.mcp_scenario import REFUND, WHOLE, told, work
from tests.conftest import Result

SERVER = str(Path(mcp2_server.__file__))


async def accept(context: Any, params: Any) -> ElicitResult:
    return ElicitResult(action="accept", content={"approve": True})


async def serve(session: Session, mode: str, ran: Callable[[str], None]) -> None:
    server = mcp2_server.made(ran, middleware=[middleware(session=session)])
    async with Client(server, elicitation_callback=accept, mode=mode) as inner:
        await work(session, inner.call_tool)


async def ask(session: Session, mode: str, ran: Callable[[str], None]) -> None:
    async with Client(mcp2_server.made(ran), elicitation_callback=accept, mode=mode) as inner:
        await work(session, client(inner, session=session).call_tool)


class TestServer(Contract):
    modes = ("auto", "legacy")

    def drive(self, log: AuditLog, mode: str, ran: Ran) -> None:
        with log.session(**WHO) as session:
            asyncio.run(serve(session, mode, ran))


class TestClient(Contract):
    modes = ("auto", "legacy")

    def drive(self, log: AuditLog, mode: str, ran: Ran) -> None:
        with log.session(**WHO) as session:
            asyncio.run(ask(session, mode, ran))


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_the_scenario(mode: str, cli: Callable[..., Result], tmp_path: Path) -> None:
    """In both protocols the same records, and `auditlog trace` shows one tree."""
    with recording(tmp_path) as audit:
        with audit.log.session(**WHO) as session:
            asyncio.run(serve(session, mode, lambda name: None))
        records = audit.records
    assert told(records) == WHOLE
    end = next(
        each
        for each in records
        if each["action"].get("tool") == "issue_refund" and each["action"].get("phase") == "end"
    )
    assert end["approval"]["status"] == "approved"
    assert end["action"]["result"]["structuredContent"] == {"result": "refunded 19.5"}
    for each in records:
        each["action"].pop("call_id", None)  # counted anew in each protocol
    golden_trace.check("mcp", cli, records, tmp_path)


def test_the_client_hears_of_it_in_its_own_dialect(tmp_path: Path) -> None:
    async def run(session: Session) -> None:
        server = mcp2_server.made(ran.append, middleware=[middleware(session=session)])
        async with Client(server) as inner:
            await inner.call_tool("lookup_order", {"order_id": 1})

    ran: list[str] = []
    with recording(tmp_path) as audit:
        audit.fail_after(1)
        caught: list[MCPError] = []
        try:
            with audit.log.session(**WHO) as session:
                asyncio.run(run(session))
        except BaseException as error:
            todo: list[BaseException | None] = [error]
            while todo:
                each = todo.pop()
                if isinstance(each, MCPError):
                    caught.append(each)
                if each is not None:
                    todo += [each.__context__, *(each.exceptions if isinstance(each, BaseExceptionGroup) else ())]
        assert ran == []
        assert caught[0].error.code == -32603
        assert caught[0].error.message == "audit log not writable"


def test_identity_comes_from_the_access_token(tmp_path: Path) -> None:
    """User, agent, scopes and delegation; one session for a token, and another for another; the token is not kept."""
    secret = "-".join(("very", "secret", "token"))

    def token(subject: str) -> AccessToken:
        claims = {"iss": "https://idp.example", "act": {"sub": "planner-agent", "act": {"sub": "orchestrator"}}}
        return AccessToken(
            token=secret, client_id="planner-agent", scopes=["orders:read"], subject=subject, claims=claims
        )

    async def run(identities: Identities) -> None:
        server = mcp2_server.made(lambda name: None, middleware=[middleware(session_for=identities)])
        for subject in ("alice", "bob", "alice"):
            auth_context_var.set(AuthenticatedUser(token(subject)))
            async with Client(server, elicitation_callback=accept) as inner:
                await inner.call_tool("lookup_order", {"order_id": 1})
                await inner.call_tool("issue_refund", REFUND)

    with recording(tmp_path) as audit:
        with Identities(audit.log) as identities:
            asyncio.run(run(identities))
            assert secret not in repr(vars(identities)), "nor in memory"
        records = audit.records
        text = Path(audit.log.path).read_text()
    assert secret not in text
    assert {each["user"]["id"] for each in records} == {"alice", "bob"}
    assert len({each["session_id"] for each in records}) == 2
    first = records[0]
    assert first["agent"]["id"] == "planner-agent"
    assert first["user"]["auth_method"] == "oauth"
    assert first["authorization"]["scopes"] == ["orders:read"]
    assert [each["actor"] for each in first["delegation_chain"]] == ["alice", "orchestrator", "planner-agent"]
    assert first["metadata"]["issuer"] == "https://idp.example"
    ends = [each for each in records if each["action"]["type"] == "lifecycle" and each["action"]["phase"] == "end"]
    assert len(ends) == 2


def test_nobody_is_guessed(tmp_path: Path) -> None:
    """Without a token, and without a session, the call does not run."""
    ran: list[str] = []

    async def run(**who: Any) -> None:
        server = mcp2_server.made(ran.append, middleware=[middleware(**who)])
        async with Client(server) as inner:
            with pytest.raises(MCPError):
                await inner.call_tool("lookup_order", {"order_id": 1})

    with recording(tmp_path) as audit, Identities(audit.log) as identities:
        asyncio.run(run(session_for=identities))
        asyncio.run(run())
        assert audit.records == []
    assert ran == []


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_the_proxy_between_the_real_client_and_the_real_server(mode: str, tmp_path: Path) -> None:
    log = tmp_path / "audit.jsonl"
    words = ["-m", "auditlog_cli", "mcp-proxy", "--log", str(log), "--user", "alice", "--", sys.executable, SERVER]
    answers: list[Any] = []

    async def run() -> None:
        server = StdioServerParameters(command=sys.executable, args=words, cwd=str(Path(__file__).parents[2]))
        async with Client(server, elicitation_callback=accept, mode=mode) as inner:
            for name, arguments in (("lookup_order", {"order_id": 42}), ("issue_refund", REFUND), ("boom", {})):
                answers.append(await inner.call_tool(name, arguments))

    asyncio.run(run())
    assert [each.is_error for each in answers] == [False, False, True]
    assert answers[1].structured_content == {"result": "refunded 19.5"}
    records = [each for each in map(json.loads, log.read_text().splitlines()) if "auditlog" not in each]
    assert told(records) == WHOLE
    assert records[-1]["action"]["phase"] == "end"


def test_what_is_not_there_is_said() -> None:
    with pytest.raises(FrameworkMissing, match="no server of mcp 1.x"):
        instrument(mcp2_server.made(lambda name: None))
    with pytest.raises(FrameworkMissing) as caught:
        fastmcp_middleware()
    assert caught.value.help == "pip install 'fastmcp>=4.1'"


def test_the_wrapper_is_the_client(tmp_path: Path) -> None:
    """What is no call of a tool is the client's own; a call that cannot be recorded does not reach the server."""
    ran: list[str] = []

    async def run(session: Session) -> None:
        async with Client(mcp2_server.made(ran.append)) as inner:
            orders = client(inner, session=session)
            assert len((await orders.list_tools()).tools) == 3
            audit.fail_after(0)
            with pytest.raises(AuditWriteError):
                await orders.call_tool("lookup_order", {"order_id": 1})

    with recording(tmp_path) as audit:
        session = audit.log.session(**WHO).open()
        asyncio.run(run(session))
    assert ran == []


def test_over_http_the_token_of_each_request_says_who(tmp_path: Path) -> None:
    """The real transport, in both protocols: a verified token becomes a session, another one another."""
    import httpx2
    import uvicorn
    from mcp.client.streamable_http import streamable_http_client
    from mcp.server.auth.settings import AuthSettings

    class Verifier:
        async def verify_token(self, token: str) -> AccessToken | None:
            if not token.startswith("good-"):
                return None
            claims = {"iss": "https://idp.example", "act": {"sub": "planner-agent"}}
            return AccessToken(
                token=token, client_id="planner-agent", scopes=["orders:read"], subject=token[5:], claims=claims
            )

    async def run(identities: Identities) -> None:
        auth = AuthSettings(
            issuer_url="https://idp.example",
            resource_server_url="http://127.0.0.1/mcp",
            required_scopes=["orders:read"],
            validate_token_resource=False,
        )
        server = mcp2_server.made(
            lambda name: None, middleware=[middleware(session_for=identities)], token_verifier=Verifier(), auth=auth
        )
        web = uvicorn.Server(uvicorn.Config(server.streamable_http_app(), host="127.0.0.1", port=0, log_level="error"))
        serving = asyncio.create_task(web.serve())
        while not web.started:
            await asyncio.sleep(0.01)
        port = web.servers[0].sockets[0].getsockname()[1]
        for who, mode in (("alice", "auto"), ("bob", "legacy")):
            async with httpx2.AsyncClient(headers={"Authorization": f"Bearer good-{who}"}) as http:
                transport = streamable_http_client(f"http://127.0.0.1:{port}/mcp", http_client=http)
                async with Client(transport, elicitation_callback=accept, mode=mode) as inner:
                    await inner.call_tool("lookup_order", {"order_id": 42})
                    await inner.call_tool("issue_refund", REFUND)
        web.should_exit = True
        await serving

    with recording(tmp_path) as audit:
        with Identities(audit.log) as identities:
            asyncio.run(run(identities))
        text = Path(audit.log.path).read_text()
        for who in ("alice", "bob"):
            assert told([each for each in audit.records if each["user"]["id"] == who]) == WHOLE[:6]
    assert "good-alice" not in text


def test_the_real_client_hears_of_a_full_disk_from_the_proxy(tmp_path: Path) -> None:
    """The tool does not run, and what the client gets is an error of the protocol."""
    log, ran = tmp_path / "audit.jsonl", tmp_path / "ran"
    code = (
        "import sys; from tests.adapters import mcp2_server;"
        "mcp2_server.made(lambda name: open(sys.argv[1], 'a').write(name + ' ')).run('stdio')"
    )
    proxy = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (7000, 7000));"
        "from auditlog_cli.cli.front import run; run()"
    )
    words = [
        "-B",
        "-c",
        proxy,
        "mcp-proxy",
        "--log",
        str(log),
        "--user",
        "alice",
        "--",
        sys.executable,
        "-B",
        "-c",
        code,
        str(ran),
    ]
    done = 0
    refused: set[tuple[int, str]] = set()

    async def run() -> None:
        nonlocal done
        server = StdioServerParameters(command=sys.executable, args=words, cwd=str(Path(__file__).parents[2]))
        async with Client(server, elicitation_callback=accept) as inner:
            for _ in range(20):
                try:
                    await inner.call_tool("lookup_order", {"order_id": 42})
                    done += 1
                except MCPError as error:
                    refused.add((error.error.code, error.error.message))

    asyncio.run(run())
    assert 0 < done < 20
    assert refused == {(-32603, "audit log not writable")}
    actions = [json.loads(each).get("action", {}) for each in log.read_text().splitlines()]
    starts = [each for each in actions if each.get("tool") and each["phase"] == "start"]
    assert done <= len(ran.read_text().split()) <= len(starts)
