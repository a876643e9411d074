"""Wrong arguments are refused where they are given, in words: none becomes a record that is not valid."""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from auditlog_cli import (
    AsyncAuditLog,
    AuditHandler,
    AuditLog,
    AuditProcessor,
    NoSession,
    Session,
    UsageError,
    audit_to,
    validate,
)
from auditlog_cli.testing import Recording

WHO: dict[str, Any] = {"user": "alice", "agent": "planner", "scopes": ["a:b"]}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("user", 3), ("user", {}), ("agent", []), ("scopes", 3), ("scopes", {"a": 1}), ("scopes", b"a:b"),
        ("on_behalf_of", 3), ("on_behalf_of", [3]), ("approved_by", 3), ("expires_at", 3), ("grant_id", 3),
        ("emergency", 3), ("emergency", {}), ("emergency", " "), ("emergency", True), ("metadata", 3),
        ("metadata", [1]), ("digest_key", "text"), ("digest_key", b""), ("digest_key", b"short"), ("session_id", 3),
        ("trace_id", ""), ("traceparent", 3), ("parent_span_id", 3), ("on_error", "ignore"),
    ],
)  # fmt: skip
def test_of_a_session(audit: Recording, name: str, value: Any) -> None:
    with pytest.raises(UsageError, match=name if name != "approved_by" else "approved"):
        audit.log.session(**{**WHO, name: value})
    assert audit.records == []


WRONG: dict[str, Callable[[Session], object]] = {
    "tool": lambda s: s.tool(3),  # type: ignore[arg-type]
    "requires": lambda s: s.tool("x", requires=3),  # type: ignore[arg-type]
    "effect": lambda s: s.tool("x", effect="fly"),  # type: ignore[arg-type]
    "data": lambda s: s.tool("x", data=3),  # type: ignore[arg-type]
    "resource": lambda s: s.tool("x", resource=3),  # type: ignore[arg-type]
    "approval": lambda s: s.tool("x", approval=3),  # type: ignore[arg-type]
    "scopes": lambda s: s.agent("b", scopes=3),  # type: ignore[arg-type]
    "metadata": lambda s: s.agent("b", metadata=3),  # type: ignore[arg-type]
    "usage": lambda s: s.model_call(model="m", usage=3),  # type: ignore[arg-type]
    "model": lambda s: s.model_call(model=3),  # type: ignore[arg-type]
    "latency_ms": lambda s: s.model_call(latency_ms="fast"),  # type: ignore[arg-type]
    "type": lambda s: s.event(3),  # type: ignore[arg-type]
    "status": lambda s: s.event("x", status="fine"),  # type: ignore[arg-type]
    "agent": lambda s: s.message_to(3),  # type: ignore[arg-type]
    "bind": lambda s: s.bind(3),  # type: ignore[arg-type]
    "no such argument": lambda s: s.event("x", dta={}),  # type: ignore[call-arg]
}


@pytest.mark.parametrize("says", WRONG)
def test_of_a_call(audit: Recording, says: str) -> None:
    """And the session goes on: a wrong call is no write that failed."""
    with audit.log.session(**WHO) as s:
        with pytest.raises(UsageError, match=says):
            WRONG[says](s)
        s.event("after")
    assert [each["action"]["type"] for each in audit.records] == ["lifecycle", "after", "lifecycle"]


def test_of_a_question(audit: Recording) -> None:
    with audit.log.session(**WHO) as s, pytest.raises(UsageError, match="tool"):
        s.ask_approval(None)  # type: ignore[arg-type]


def test_what_is_to_be_skipped_must_be_there(audit: Recording) -> None:
    """A misspelt name would record what was to be left out. One name may be a text."""

    def work(order: int, token: str) -> None: ...
    def any_names(order: int, **more: str) -> None: ...

    with pytest.raises(UsageError, match="no parameter tokn"):
        audit.log.tool(skip=["tokn"])(work)
    with audit.log.session(**WHO):
        audit.log.tool(skip="token")(work)(1, "secret")
        audit.log.tool(skip="token")(any_names)(1, token="secret", more="x")
    said = [each["action"]["arguments"] for each in audit.of_type("tool_invocation")]
    assert said == [{"order": 1}, {"order": 1}, {"order": 1, "more": "x"}, {"order": 1, "more": "x"}]


@pytest.mark.parametrize("wrong", [{"requires": 3}, {"effect": "fly"}, {"requires": ["two words"]}])
def test_of_a_decorator_at_once(audit: Recording, wrong: Any) -> None:
    with pytest.raises(UsageError):
        audit.log.tool(**wrong)(len)


@pytest.mark.parametrize("log", [3, None, AsyncAuditLog("never-opened.jsonl")], ids=["number", "none", "async"])
@pytest.mark.parametrize("make", [AuditHandler, AuditProcessor])
def test_of_a_handler(make: Any, log: Any) -> None:
    with pytest.raises(UsageError, match="log: an AuditLog, or a path"):
        make(log)


@pytest.mark.parametrize("make", [AuditLog, audit_to])
def test_of_a_mask(make: Any, tmp_path: Any) -> None:
    with pytest.raises(UsageError, match="redact"):
        make(tmp_path / "a.jsonl", redact=3)


def test_what_can_be_understood_is_taken(audit: Recording) -> None:
    """Numbers as call ids (JSON-RPC), models and dataclasses as blocks, members that a client leaves open."""

    @dataclass
    class Usage:
        input_tokens: int = 3
        output_tokens: int | None = None

    with audit.log.session(**WHO) as s:
        with s.tool("x", call_id=7) as t:  # type: ignore[arg-type]
            t.result(1)
        s.model_call(model="m", usage=Usage(), system=["a", "list"], error=3)  # type: ignore[arg-type]
    assert audit.of_type("tool_invocation")[0]["action"]["call_id"] == "7"
    assert audit.of_type("llm_call")[0]["usage"] == {"input_tokens": 3}
    assert validate(audit.log.path, strict=True).findings == []


def test_a_traceback_says_what_to_do() -> None:
    """Nobody who lets it pass has to look into `error.help`; also behind a process pool."""
    with pytest.raises(NoSession) as caught:
        raise NoSession("no session", help="with log.session(…)")
    told = "".join(traceback.format_exception(caught.value))
    assert "NoSession: no session\nhelp: with log.session(…)\n" in told
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.help, again.__notes__) == (
        "no session",
        "with log.session(…)",
        ["help: with log.session(…)"],
    )
