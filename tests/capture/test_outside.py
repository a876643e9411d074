"""Who acts, told from outside: environment, headers, access tokens; and told onwards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli import AuditLog, UsageError, select
from auditlog_cli.capture.identity import claims_chain
from auditlog_cli.capture.propagation import parse_traceparent, traceparent
from auditlog_cli.testing import Recording

WHO: dict[str, Any] = {"user": "alice", "agent": "planner", "scopes": ["orders:read", "refunds:*"]}
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
VALID = f"00-{TRACE}-{SPAN}-01"


class TestTraceparent:
    """W3C Trace Context, section 3.2, to the letter."""

    @pytest.mark.parametrize("text", [VALID, f"00-{TRACE}-{SPAN}-00", f"cc-{TRACE}-{SPAN}-01", f"cc-{TRACE}-{SPAN}-01-what-comes"])  # fmt: skip
    def test_valid(self, text: str) -> None:
        assert parse_traceparent(text) == (TRACE, SPAN)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            None,
            7,
            VALID.upper(),
            f"ff-{TRACE}-{SPAN}-01",
            f"00-{'0' * 32}-{SPAN}-01",
            f"00-{TRACE}-{'0' * 16}-01",
            f"00-{TRACE}-{SPAN}-01-more",
            f"00-{TRACE}-{SPAN}-01.",
            f"cc-{TRACE}-{SPAN}-01.more",
            f"00-{TRACE}-{SPAN}",
            f"00-{TRACE[:-1]}-{SPAN}-01",
            f"00-{TRACE}-{SPAN}-1",
            f" {VALID}",
            f"{VALID} ",
            f"{VALID}\n",
            f"00_{TRACE}_{SPAN}_01",
            f"0-{TRACE}-{SPAN}-01",
            f"00-{TRACE[:-1]}g-{SPAN}-01",
            VALID.replace("4", "٤"),
        ],
    )
    def test_invalid(self, text: Any) -> None:
        assert parse_traceparent(text) is None

    @given(st.integers(1, 2**128 - 1), st.integers(1, 2**64 - 1))
    def test_what_we_write_we_read(self, trace: int, span: int) -> None:
        text = traceparent(f"{trace:032x}", f"{span:016x}")
        assert parse_traceparent(text) == (f"{trace:032x}", f"{span:016x}")

    @given(st.text(alphabet="0123456789abcdef-", max_size=60))
    def test_anything_else_is_refused(self, text: str) -> None:
        found = parse_traceparent(text)
        assert found is None or text[3:52] == f"{found[0]}-{found[1]}"

    def test_as_an_argument_it_says_both_ids(self, audit: Recording) -> None:
        with audit.log.session(**WHO, traceparent=VALID) as s:
            assert s.trace_id == TRACE
            assert s.traceparent == f"00-{TRACE}-{s.span_id}-01"
        assert audit.records[0]["parent_span_id"] == SPAN

    def test_as_an_argument_it_must_be_valid_and_alone(self, audit: Recording) -> None:
        with pytest.raises(UsageError, match="not valid"):
            audit.log.session(**WHO, traceparent="x")
        with pytest.raises(UsageError, match="one or the other"):
            audit.log.session(**WHO, traceparent=VALID, trace_id=TRACE)


class TestEnvironment:
    """A child process goes on where its parent stood."""

    def test_the_child_goes_on_in_the_same_session(self, audit: Recording) -> None:
        with (
            audit.log.session(
                **WHO, approved_by="bob", approved_at="2026-06-01T14:21:03Z", grant_id="g1", emergency="down"
            ) as s,
            s.agent({"id": "refunder", "version": "2"}, scopes=["refunds:write"]),
            s.tool("spawn") as t,
        ):
            env = s.env()
        with audit.log.session_from_env(env) as child:
            child.event("here")
            assert (child.session_id, child.trace_id) == (s.session_id, s.trace_id)
        start = audit.records[-3]
        assert start["parent_span_id"] == t.span_id
        assert start["agent"] == {"id": "refunder", "version": "2"}
        assert [each["actor"] for each in start["delegation_chain"]] == ["alice", "planner", "refunder"]
        before = audit.of_type("tool_invocation")[0]
        for member in ("user", "agent", "authorization", "delegation_chain", "session_id", "trace_id"):
            assert start[member] == before[member], member

    def test_another_agent_in_the_child_makes_the_chain_longer(self, audit: Recording) -> None:
        with audit.log.session(**WHO) as s:
            env = s.env()
        with audit.log.session_from_env(env, agent="worker", scopes=["refunds:write"]):
            pass
        start = audit.records[-1]
        assert [(each["actor"], each["role"]) for each in start["delegation_chain"]] == [
            ("alice", "initiator"),
            ("planner", "delegate"),
            ("worker", "executor"),
        ]
        assert start["authorization"]["scopes"] == ["refunds:write"]

    def test_its_scopes_can_only_get_narrower(self, audit: Recording) -> None:
        with audit.log.session(**WHO) as s:
            env = s.env()
        with pytest.raises(UsageError, match="admin:all"):
            audit.log.session_from_env(env, scopes=["admin:all"])

    def test_a_real_child(self, tmp_path: Path) -> None:
        """Through `os.environ` and a process of its own, into the same log."""
        code = (
            "import os; from auditlog_cli import AuditLog\n"
            "with AuditLog(os.environ['AUDITLOG_LOG']) as log, log.session_from_env() as s, s.tool('work') as t:\n"
            "    t.result(1)\n"
        )
        with AuditLog(tmp_path / "a.jsonl") as log, log.session(**WHO) as s, s.tool("spawn") as t:
            subprocess.run([sys.executable, "-c", code], env=os.environ | s.env(), check=True)
        records = [each.content for each in select(tmp_path / "a.jsonl")]
        (child,) = [each for each in records if each.get("parent_span_id") == t.span_id and each["action"]["phase"] == "start"]  # type: ignore[index]  # fmt: skip
        assert child["session_id"] == s.session_id
        assert child["user"] == {"id": "alice"}

    def test_made_by_hand(self, audit: Recording) -> None:
        env = {"AUDITLOG_USER": "alice", "AUDITLOG_AGENT": "planner", "AUDITLOG_SCOPES": "", "TRACEPARENT": VALID}
        with audit.log.session_from_env(env) as s:
            assert s.trace_id == TRACE
        assert audit.records[0]["authorization"]["scopes"] == []

    def test_an_invalid_traceparent_is_ignored_and_that_is_recorded(self, audit: Recording) -> None:
        env = {"AUDITLOG_USER": "alice", "AUDITLOG_AGENT": "planner", "TRACEPARENT": "x"}
        with audit.log.session_from_env(env):
            pass
        assert audit.records[0]["metadata"]["ignored"] == ["traceparent"]

    def test_nobody_is_guessed(self, audit: Recording) -> None:
        with pytest.raises(UsageError, match="AUDITLOG_USER"):
            audit.log.session_from_env({"AUDITLOG_AGENT": "planner", "USER": "root"})
        with pytest.raises(UsageError, match="AUDITLOG_AGENT"):
            audit.log.session_from_env({"AUDITLOG_USER": "alice"})
        with audit.log.session_from_env({}, user=None, agent="planner"):
            pass

    def test_an_unknown_user_stays_unknown(self, audit: Recording) -> None:
        with audit.log.session(user=None, agent="planner") as s:
            env = s.env()
        assert "AUDITLOG_USER" not in env
        with audit.log.session_from_env(env, user=None):
            pass
        assert "user" not in audit.records[-1]

    @pytest.mark.parametrize("name", ["AUDITLOG_USER", "AUDITLOG_CHAIN", "AUDITLOG_GRANT"])
    def test_what_cannot_be_read_is_refused(self, audit: Recording, name: str) -> None:
        env = {"AUDITLOG_USER": "alice", "AUDITLOG_AGENT": "planner", name: "{"}
        with pytest.raises(UsageError, match=name):
            audit.log.session_from_env(env)

    @given(user=st.text(min_size=1).filter(lambda text: text.strip() and text.isprintable()))
    def test_any_id_comes_through(self, user: str) -> None:
        from auditlog_cli.capture import identity, propagation

        who = identity.of_session(user=user, agent="a-planner-of-ours", scopes=["a:b"])
        env = propagation.to_env("/log", "s", who, None)
        told: dict[str, Any] = {**propagation.from_env(env, {})}
        assert told.pop("session_id") == "s"
        assert identity.of_session(**told) == who


class TestHeaders:
    """A request says where it belongs; who it is for is believed only where the caller says so."""

    def test_a_request_goes_on_with_the_callers_trace_and_session(self, audit: Recording) -> None:
        with audit.log.session(**WHO) as s, s.tool("call the refund service") as t:
            headers = s.headers()
        with audit.log.session_from_headers(headers, user="alice", agent="refunder") as other:
            assert (other.session_id, other.trace_id) == (s.session_id, s.trace_id)
        assert audit.records[-2]["parent_span_id"] == t.span_id

    @pytest.mark.parametrize(
        "headers",
        [
            {"X-Forwarded-User": "alice"},
            {"x-forwarded-user": " alice "},
            [("Host", "x"), ("X-FORWARDED-USER", "alice")],
        ],
    )
    def test_the_user_header_is_the_one_named(self, audit: Recording, headers: Any) -> None:
        with audit.log.session_from_headers(headers, user_header="X-Forwarded-User", agent="refunder"):
            pass
        assert audit.records[0]["user"] == {"id": "alice"}

    def test_no_other_header_is_believed(self, audit: Recording) -> None:
        with pytest.raises(UsageError, match="nobody says who the user is"):
            audit.log.session_from_headers({"X-User": "alice", "Authorization": "Bearer x"}, agent="refunder")

    @pytest.mark.parametrize("headers", [{}, {"X-User": " "}, [("X-User", "alice"), ("x-user", "mallory")]])
    def test_a_request_without_one_user_is_refused(self, audit: Recording, headers: Any) -> None:
        with pytest.raises(UsageError, match="X-User"):
            audit.log.session_from_headers(headers, user_header="X-User", agent="refunder")

    @pytest.mark.parametrize("value", ["x", f"00-{'0' * 32}-{SPAN}-01", ""])
    def test_an_invalid_traceparent_begins_a_new_trace(self, audit: Recording, value: str) -> None:
        with audit.log.session_from_headers({"traceparent": value}, user="alice", agent="refunder"):
            pass
        assert audit.records[0]["trace_id"] != TRACE
        assert audit.records[0]["metadata"]["ignored"] == ["traceparent"]

    def test_two_traceparents_are_none(self, audit: Recording) -> None:
        headers = [("traceparent", VALID), ("Traceparent", VALID)]
        with audit.log.session_from_headers(headers, user="alice", agent="refunder") as s:
            assert s.trace_id != TRACE

    def test_what_the_caller_says_wins(self, audit: Recording) -> None:
        headers = {"traceparent": VALID, "X-User": "mallory", "baggage": "session.id=s%201 ; p=1, a=b"}
        with audit.log.session_from_headers(headers, user_header="X-User", user="alice", agent="r", trace_id="t1") as s:
            assert (s.trace_id, s.session_id) == ("t1", "s 1")
        assert audit.records[0]["user"] == {"id": "alice"}

    def test_no_header_ends_up_in_the_log(self, audit: Recording) -> None:
        headers = {"Authorization": "Bearer top-secret", "Cookie": "top-secret", "baggage": "k=top-secret"}
        with audit.log.session_from_headers(headers, user="alice", agent="refunder"):
            pass
        assert "top-secret" not in Path(audit.log.path).read_text()


@dataclass
class AccessToken:
    """As MCP's: mcp.server.auth.provider.AccessToken."""

    token: str
    client_id: str
    scopes: list[str]
    expires_at: int | None = None
    subject: str | None = None
    claims: dict[str, Any] | None = field(default=None)


class TestTokens:
    """RFC 8693 delegation and MCP's access token."""

    def test_an_mcp_access_token(self, audit: Recording) -> None:
        token = AccessToken(
            token="eyJ-secret",
            client_id="planner-agent",
            scopes=["refunds:write", "orders:read"],
            expires_at=1780326063,
            subject="alice@example.org",
            claims={
                "iss": "https://issuer.example.org",
                "act": {"sub": "planner-agent", "act": {"sub": "orchestrator"}},
            },
        )
        with audit.log.session_from_mcp(token):
            pass
        start = audit.records[0]
        assert start["user"] == {"id": "alice@example.org", "auth_method": "oauth"}
        assert start["agent"] == {"id": "planner-agent"}
        assert start["authorization"]["scopes"] == ["refunds:write", "orders:read"]
        assert start["authorization"]["expires_at"] == "2026-06-01T15:01:03.000000Z"
        assert [(each["actor"], each["role"]) for each in start["delegation_chain"]] == [
            ("alice@example.org", "initiator"),
            ("orchestrator", "delegate"),
            ("planner-agent", "executor"),
        ]
        assert start["metadata"]["issuer"] == "https://issuer.example.org"
        assert "eyJ-secret" not in Path(audit.log.path).read_text()

    def test_the_claims_of_a_jwt(self, audit: Recording) -> None:
        claims = {"sub": "alice", "azp": "planner", "scope": "orders:read refunds:write", "exp": 1780326063}
        with audit.log.session_from_mcp(claims, metadata={"k": 1}):
            pass
        start = audit.records[0]
        assert (start["user"]["id"], start["agent"]["id"]) == ("alice", "planner")
        assert start["authorization"]["scopes"] == ["orders:read", "refunds:write"]

    @pytest.mark.parametrize("subject", [None, "", "planner"])
    def test_a_client_of_its_own_is_no_user(self, audit: Recording, subject: str | None) -> None:
        """With client credentials the subject is the client itself: nobody is named."""
        token = AccessToken("t", "planner", [], subject=subject)
        with pytest.raises(UsageError, match="no subject"):
            audit.log.session_from_mcp(token)
        with audit.log.session_from_mcp(token, user=None):
            pass

    def test_a_token_without_client(self, audit: Recording) -> None:
        with pytest.raises(UsageError, match="no client"):
            audit.log.session_from_mcp({"sub": "alice"})

    @pytest.mark.parametrize(
        ("name", "chain"),
        [
            ("rfc8693-4.1-act", ["user@example.com", "admin@example.com"]),
            (
                "rfc8693-4.1-nested-act",
                ["user@example.com", "https://service77.example.com", "https://service16.example.com"],
            ),
            ("rfc8693-4.4-may_act", ["user@example.com"]),
        ],
    )
    def test_the_examples_of_the_rfc(self, shared: Path, audit: Recording, name: str, chain: list[str]) -> None:
        """`act`: the outermost is the current actor, the innermost the earliest; `may_act` is no delegation."""
        claims = json.loads((shared / "data/integrity/rfc8693-act" / f"{name}.json").read_text())
        assert [each["actor"] for each in claims_chain(claims)] == chain
        with audit.log.session(user="u", agent="our-agent", on_behalf_of=claims):
            pass
        told = audit.records[0]["delegation_chain"]
        assert [each["actor"] for each in told] == [*chain, "our-agent"]
        assert [each["role"] for each in told] == ["initiator", *["delegate"] * (len(chain) - 1), "executor"]

    def test_a_chain_without_end_is_refused(self) -> None:
        act: dict[str, Any] = {"sub": "a"}
        act["act"] = act
        with pytest.raises(UsageError, match="act"):
            claims_chain({"sub": "u", "act": act})
