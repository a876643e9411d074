"""What a session writes passes `auditlog validate --strict`: no member that record.md's tables do not name."""

from __future__ import annotations

import contextlib
import logging
from datetime import UTC, datetime
from typing import Any

from auditlog_cli import AuditHandler, AuditLog, AuditProcessor, Denied, validate
from auditlog_cli.testing import Recording
from auditlog_cli.validator.record import SIX_QUESTIONS

USER = {"id": "alice", "name": "Alice", "email": "a@example.org", "type": "human", "auth_method": "sso", "tenant": "t"}
AGENT = {"id": "planner", "name": "P", "version": "1", "model": "m", "provider": "p", "owner": "o"}


def calls(s: Any, log: AuditLog) -> None:
    """Every outcome a call can have, and every way to ask for an approval."""
    with s.tool("lookup", {"o": 1}, requires="orders:read", effect="read", resource="order:1", call_id="c") as t:
        t.result({"a": 1})
    for say in ("partial", "timeout", "blocked", "denied"):
        with s.tool("look", {"say": say}) as t:
            getattr(t, say)(reason="because")
    with s.tool("silent"):
        pass
    with contextlib.suppress(ValueError, TimeoutError), s.tool("raises"):
        raise ValueError("x")
    with contextlib.suppress(Denied), s.tool("forbidden", requires="all:all"):
        raise AssertionError("not allowed to run")
    with s.tool("interrupted", {"by": s.agent_id}) as t:
        t.ask_approval(reason="large", via="slack", ticket="T-1").denied(
            by="bob", reason="no", via="slack", ticket="T-2"
        )
        t.pending()
    asked = s.ask_approval("pay", {"o": 2}, reason="large", via="slack", ticket="T-1")
    asked.granted(by="bob", via="slack", reason="fine", ticket="T-2")
    with contextlib.suppress(Denied), s.tool("pay", {"o": 3}, requires="refunds:write"):
        raise AssertionError("not what was approved")
    with s.tool("pay", {"o": 2}, requires="refunds:write", effect="pay", data={"purpose": "billing"}) as t:
        t.result(b"bytes")

    @log.tool(requires="orders:read")
    def numbers() -> Any:
        yield from (1, 2)

    assert list(numbers()) == [1, 2]


def everything(log: AuditLog) -> None:
    session = log.session(
        user=USER, agent=AGENT, scopes=["orders:*", "refunds:write"], enforce=True,
        on_behalf_of=[{"actor": "carol", "role": "initiator", "type": "human", "scopes": ["orders:read"],
                       "delegated_at": "2026-06-01T14:21:03Z", "expires_at": "2027-06-01T14:21:03Z"}],
        approved_by="bob", approved_at=datetime.now(UTC), expires_at="2027-01-01T00:00:00Z", grant_id="g",
        emergency={"active": True, "reason": "outage", "ticket": "T-9"}, metadata={"framework": "none"},
    )  # fmt: skip
    with session as s:
        s.user_message("Refund order 42")
        calls(s, log)
        with s.agent(
            {"id": "refunder", "version": "2"}, scopes=["orders:read", "refunds:write"], metadata={"x": 1}
        ) as nested:
            calls(nested, log)
            with contextlib.suppress(Denied):
                nested.agent("greedy", scopes=["all:all"])
            with contextlib.suppress(KeyError), nested.agent("failing"):
                raise KeyError("x")
        s.model_call(model="m", provider="p", prompt=[{"role": "user"}], response="r", system="s", latency_ms=2.5,
                     call_id="c", usage={"input_tokens": 1, "output_tokens": 2, "cost_usd": 0.1})  # fmt: skip
        s.model_call(model="m", prompt="x", error="overloaded")
        s.model_call(model="m", prompt="x", error=ValueError("overloaded"))
        with s.measured_llm(model="m", prompt="x") as call:
            call.response("y", usage={"input_tokens": 1})
        s.event("retrieval", resource="kb", data={"sources": ["kb/7"]})
        s.event("memory_write", memory={"owner": "alice"})
        s.event("decision", decision={"outcome": "refused"}, error="no budget")
        s.event("guardrail", status="blocked", policy={"id": "filter", "decision": "deny", "rules": ["r"]})
        s.message_to("refunder", "tell her", authenticated=True)
        s.message_from("refunder", "told her")
        logger = logging.Logger("app")
        logger.addHandler(AuditHandler(log))
        logger.warning("order %s", 42, extra={"order": 42, "data": {"purpose": "billing"}, "user": "mallory"})
        try:
            raise ValueError("x")
        except ValueError:
            logger.exception("failed")
            AuditProcessor(log)(logger, "error", {"event": "failed", "exc_info": True, "order": 42})
        s.handoff("notifier")
        s.final_answer("Done.")


def test_a_rich_session_has_no_finding(audit: Recording) -> None:
    everything(audit.log)
    report = validate(audit.log.path, profile=SIX_QUESTIONS, strict=True, max_errors=0)
    assert sorted({finding.message for finding in report.findings}) == []
    assert report.tally.read == len(audit.records) + 1 > 60


def test_what_was_said_with_an_approval_is_the_applications(audit: Recording) -> None:
    """Reasons, channels and tickets stand in `metadata.approval` (frameworks.md, 2)."""
    everything(audit.log)
    question, answer = [each for each in audit.of_type("approval") if each["action"]["tool"] == "pay"][:2]
    assert question["metadata"] == {"approval": {"reason": "large", "via": "slack", "ticket": "T-1"}}
    assert answer["metadata"] == {"approval": {"reason": "fine", "via": "slack", "ticket": "T-2"}}


def test_with_warn_too(audit: Recording, recwarn: Any) -> None:
    with audit.log.session(user="alice", agent="planner", scopes=[], on_error="warn") as s:
        audit.fail_after(0)
        s.user_message("lost")
        audit.fail_after(9)
    assert validate(audit.log.path, strict=True).findings == []


def test_only_what_the_application_left_out_is_missing(audit: Recording) -> None:
    with audit.log.session(user=None, agent="planner"):
        pass
    assert len(validate(audit.log.path, strict=True).findings) > 0
    assert validate(audit.log.path, strict=True, profile="record").findings == []
