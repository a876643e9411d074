"""Never run: mypy reads it, so that public types are tested as users write them.

What is wrong is marked with the error that mypy must find: if a type gets looser, its `type: ignore` is unused,
and mypy says so (`warn_unused_ignores` is part of `strict`).
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import assert_type

from auditlog_cli import (
    Approval,
    AsyncAuditLog,
    Audit,
    AuditHandler,
    AuditLog,
    AuditlogError,
    AuditProcessor,
    AuditWriteError,
    BadLine,
    Receipt,
    Record,
    Redaction,
    Session,
    ToolCall,
    audit_to,
    check,
    current_session,
    read,
    select,
    stats,
    validate,
)
from auditlog_cli.testing import Recording, failing_after, recording

log = AuditLog(Path("audit.jsonl"), fsync="always", redact=["user.email"], source={"component": "billing"})
AuditLog("audit.jsonl", redact=lambda record: {**record, "user": None})
AuditLog("audit.jsonl", redact=Redaction(entities=["EMAIL_ADDRESS"], pseudonyms="key"))
AuditLog("audit.jsonl", redact="redaction.yaml")
AuditLog("audit.jsonl", fsync="never")  # type: ignore[arg-type]
AuditLog("audit.jsonl", "always")  # type: ignore[call-arg]
AuditLog("audit.jsonl", fsnyc="always")  # type: ignore[call-arg]
AuditLog(3)  # type: ignore[arg-type]


# --- sessions ---------------------------------------------------------------------------------


def sessions() -> None:
    with log as same:
        assert_type(same, AuditLog)
    with log.session(user="alice", agent="planner", scopes=["a:b"], approved_at=datetime.now(UTC)) as s:
        assert_type(s, Session)
        assert_type(s.user_message("hello"), Receipt)
        with s.agent({"id": "refunder", "version": "2"}, scopes="a:b") as nested:
            assert_type(nested, Session)
        with s.tool("pay", {"amount": 3}, requires="a:b", effect="pay", data={"purpose": "billing"}) as t:
            assert_type(t, ToolCall)
            assert_type(t.result(3), int)
            assert_type(t.ask_approval(reason="large"), Approval)
        assert_type(s.ask_approval("pay", {"amount": 3}).granted(by="bob"), Approval)
        with s.measured_llm(model="m", prompt="x") as call:
            assert_type(call.response("y", usage={"input_tokens": 1}), str)
        assert_type(s.failed, AuditWriteError | None)
        assert_type(s.env(), dict[str, str])
    assert_type(current_session(), Session)

    log.session(agent="planner")  # type: ignore[call-arg]
    log.session(user="alice")  # type: ignore[call-arg]
    log.session(user=None, agent="planner")
    log.session(user="alice", agent=None)  # type: ignore[arg-type]
    log.session("alice", "planner")  # type: ignore[call-arg]
    log.session(user="alice", agent="planner", on_error="ignore")  # type: ignore[arg-type]
    log.session(user="alice", agent="planner", scopes=[1])  # type: ignore[list-item]
    log.session(user="alice", agent="planner", usr="bob")  # type: ignore[call-arg]
    log.session_from_env(agent="worker", scopes=["a:b"])
    log.session_from_env(agnet="worker")  # type: ignore[call-arg]
    log.session_from_headers({"traceparent": "00-…"}, user="alice", agent="worker")
    s.tool()  # type: ignore[call-arg]
    s.tool("pay", effect="fly")  # type: ignore[arg-type]
    s.event("retrieval", status="fine")  # type: ignore[arg-type]
    s.tool("pay", requires=3)  # type: ignore[arg-type]
    s.tool("pay", dta={"purpose": "billing"})  # type: ignore[call-arg]
    s.ask_approval("pay").granted()  # type: ignore[call-arg]
    s.user_mesage("x")  # type: ignore[attr-defined]


# --- decorated functions keep their signatures -------------------------------------------------


@log.tool
def plain(order_id: int, amount: float = 1.0) -> str:
    return f"{order_id} {amount}"


@log.tool(requires="refunds:write", effect="pay", skip=["connection"])
async def coroutine(order_id: int, *, connection: object = None) -> bytes:
    return b""


@log.tool()
def steps(count: int) -> Iterator[int]:
    yield count


@log.tool(name="stream")
async def stream(count: int) -> AsyncIterator[str]:
    yield str(count)


class Shop:
    @log.tool
    def refund(self, order_id: int) -> bool:
        return True

    @staticmethod
    @log.tool
    def close(hour: int) -> None: ...


async def decorated() -> None:
    assert_type(plain(1), str)
    assert_type(plain(order_id=1, amount=2.5), str)
    assert_type(await coroutine(1), bytes)
    assert_type(list(steps(3)), list[int])
    assert_type([each async for each in stream(3)], list[str])
    assert_type(Shop().refund(1), bool)
    Shop.close(18)
    plain("one")  # type: ignore[arg-type]
    plain()  # type: ignore[call-arg]
    plain(1, currency="EUR")  # type: ignore[call-arg]
    coroutine("one")  # type: ignore[arg-type, unused-coroutine]
    Shop().refund("one")  # type: ignore[arg-type]
    log.tool("plain")  # type: ignore[call-overload]
    log.tool(require="a:b")  # type: ignore[call-overload]


# --- contexts ---------------------------------------------------------------------------------


def work(order_id: int, *, fast: bool) -> str:
    return ""


async def contexts(s: Session) -> None:
    bound = s.bind(work)
    assert_type(bound(1, fast=True), str)
    bound("one", fast=True)  # type: ignore[arg-type]
    bound(1)  # type: ignore[call-arg]
    assert_type(await asyncio.to_thread(s.bind(work), 1, fast=True), str)


async def awaited() -> None:
    async with AsyncAuditLog("audit.jsonl", fsync="interval", interval_s=0.5) as alog:
        assert_type(alog, AsyncAuditLog)
        assert_type(await alog.append({"action": {"type": "note"}}), Receipt)
        assert_type(await alog.write_many([{"a": 1}], durable=True), list[Receipt])
        async with alog.session(user="alice", agent="planner") as s, s.tool("look") as t:
            assert_type(s, Session)
            assert_type(t, ToolCall)
        assert_type(alog.log, AuditLog | None)
        alog.session(user="alice")  # type: ignore[call-arg]
        alog.append({})  # type: ignore[unused-coroutine]
    AsyncAuditLog("audit.jsonl", fsync="never")  # type: ignore[arg-type]
    AsyncAuditLog("audit.jsonl", fsnyc="always")  # type: ignore[call-arg]
    with AsyncAuditLog("audit.jsonl"):  # type: ignore[attr-defined]
        pass


# --- for what is there already ------------------------------------------------------------------


def others() -> None:
    audit = audit_to("audit.jsonl", redact=["payload.email"])
    assert_type(audit, Audit)
    assert_type(audit("tool_call", {"tool": "x"}), Receipt)
    with audit.request(user_id="alice") as requested, requested.bind(agent="a"):
        requested("event")
    audit(1)  # type: ignore[arg-type]
    audit("event", "payload")  # type: ignore[arg-type]
    audit_to()  # type: ignore[call-arg]
    logging.getLogger("x").addHandler(AuditHandler(log, logging.INFO))
    AuditHandler("audit.jsonl", level="INFO")
    AuditHandler()  # type: ignore[call-arg]
    AuditProcessor(log, drop=True)
    AuditProcessor(log, True)  # type: ignore[call-arg]


# --- reading ------------------------------------------------------------------------------------


def reading() -> None:
    for line in read("audit.jsonl"):
        assert_type(line, Record | BadLine)
    for record in select(["a.jsonl", "b.jsonl"], user=["alice"], since="7d", where=["action.type == 'llm_call'"]):
        assert_type(record, Record)
    assert_type(validate("audit.jsonl", strict=True).ok, bool)
    stats("audit.jsonl")
    stats(["audit.jsonl"], by="agent.id", user=["ann"], since="3h").all.latencies.percentile(0.5)
    select("audit.jsonl", usr=["alice"])  # type: ignore[call-arg]
    validate("audit.jsonl", profile="seven-questions")  # type: ignore[arg-type]
    validate(3)  # type: ignore[arg-type]


def errors(error: AuditlogError) -> tuple[int, str]:
    return error.exit_code, error.help


def testing(tmp_path: Path) -> None:
    with recording(tmp_path) as audit:
        assert_type(audit, Recording)
        audit.fail_after(3)
    with failing_after(0) as failing:
        assert_type(failing.log, AuditLog)
    failing_after("three")  # type: ignore[arg-type]


# --- judging ----------------------------------------------------------------------------------


def judging() -> None:
    report = check("audit.jsonl", pack=["gdpr", "baseline"], policy=Path("auditlog.policy.yaml"), as_of="2026-11-21")
    assert_type(report.exit_code, int)
    assert_type([finding.rule.id for finding in report.findings], list[str])
    check(["a.jsonl", Path("logs")], pack="gdpr", since="3d", agent=["billing-*"])
    check("audit.jsonl", pack=3)  # type: ignore[arg-type]
    check("audit.jsonl", ["gdpr"])  # type: ignore[call-arg]
    check("audit.jsonl", alerts="alerts.jsonl")  # type: ignore[call-arg]
