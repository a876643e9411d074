"""One call of a tool: intent first, outcome after, whatever happens in between."""

from __future__ import annotations

import asyncio
import concurrent.futures
from typing import Any

import pytest

from auditlog_cli import UsageError
from auditlog_cli.testing import Recording

WHO: dict[str, Any] = {"user": "alice", "agent": "planner", "scopes": ["orders:read"]}


class Odd(Exception):
    """An exception that cannot even say what it is."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


def outcome(audit: Recording) -> dict[str, Any]:
    start, end = audit.of_type("tool_invocation")
    assert (start["action"]["phase"], end["action"]["phase"]) == ("start", "end")
    assert start["action"]["result_status"] == "pending"
    assert start["span_id"] == end["span_id"]
    assert start["parent_span_id"] == end["parent_span_id"] == audit.records[0]["span_id"]
    for member in ("tool", "arguments", "arguments_sha256"):
        assert start["action"][member] == end["action"][member]
    action: dict[str, Any] = end["action"]
    assert action["latency_ms"] >= 0
    return action


@pytest.mark.parametrize(
    ("said", "status", "error", "result"),
    [
        (lambda t: t.result({"ok": 1}), "success", None, {"ok": 1}),
        (lambda t: t.result(None), "success", None, None),
        (lambda t: None, "unknown", None, ...),
        (lambda t: t.denied(), "denied", None, ...),
        (lambda t: t.denied("limit"), "denied", {"type": "denied", "message": "limit"}, ...),
        (lambda t: t.blocked("filter"), "blocked", {"type": "blocked", "message": "filter"}, ...),
        (lambda t: t.partial([1]), "partial", None, [1]),
        (lambda t: t.timeout("30 s"), "timeout", {"type": "timeout", "message": "30 s"}, ...),
        (lambda t: t.error("HTTP 500"), "error", {"type": "error", "message": "HTTP 500"}, ...),
    ],
)
def test_what_the_body_says_is_the_outcome(audit: Recording, said: Any, status: str, error: Any, result: Any) -> None:
    with audit.log.session(**WHO) as s, s.tool("pay", {"n": 1}) as t:
        said(t)
    action = outcome(audit)
    assert action["result_status"] == status
    assert action.get("error") == error
    assert action.get("result", ...) == result


@pytest.mark.parametrize(
    ("raised", "status", "kind"),
    [
        (ValueError("bad"), "error", "ValueError"),
        (TimeoutError("slow"), "timeout", "TimeoutError"),
        (TimeoutError(), "timeout", "TimeoutError"),
        (concurrent.futures.TimeoutError(), "timeout", "TimeoutError"),
        (KeyboardInterrupt(), "error", "KeyboardInterrupt"),
        (SystemExit(1), "error", "SystemExit"),
        (asyncio.CancelledError(), "error", "asyncio.exceptions.CancelledError"),
        (GeneratorExit(), "partial", None),
        (ExceptionGroup("two", [ValueError("a"), TypeError("b")]), "error", "ExceptionGroup"),
        (Odd(), "error", f"{Odd.__module__}.Odd"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else None,
)
def test_an_exception_is_recorded_and_the_very_same_goes_on(
    audit: Recording, raised: BaseException, status: str, kind: str | None
) -> None:
    caught: BaseException | None = None
    try:
        with audit.log.session(**WHO) as s, s.tool("pay", {"n": 1}):
            raise raised
    except BaseException as error:
        caught = error
    assert caught is raised
    action = outcome(audit)
    assert action["result_status"] == status
    assert action.get("error", {}).get("type") == kind


def test_an_exception_after_a_result_is_an_error_that_keeps_the_result(audit: Recording) -> None:
    with audit.log.session(**WHO) as s, pytest.raises(ValueError, match="lost"), s.tool("pay", {"n": 1}) as t:
        t.result("paid")
        raise ValueError("but the receipt was lost")
    action = outcome(audit)
    assert (action["result_status"], action["result"]) == ("error", "paid")


def test_an_interrupted_call_stays_pending(audit: Recording) -> None:
    """An interrupt for approval is not an error: only the intent stands (frameworks.md, 2)."""
    with audit.log.session(**WHO) as s, s.tool("pay", {"n": 1}) as t:
        t.pending()
    assert [each["action"]["result_status"] for each in audit.of_type("tool_invocation")] == ["pending"]


def test_the_intent_is_in_the_log_when_the_body_runs(audit: Recording) -> None:
    with audit.log.session(**WHO) as s, s.tool("pay", {"n": 1}):
        assert audit.records[-1]["action"]["phase"] == "start"


def test_arguments_are_those_of_the_beginning(audit: Recording) -> None:
    """A body that changes its arguments does not change what was recorded, nor its digest."""
    given = {"order": {"id": 42}, "lines": [1, 2]}
    with audit.log.session(**WHO) as s, s.tool("pay", given) as t:
        given["order"]["id"] = 43  # type: ignore[index]
        given["lines"].clear()  # type: ignore[union-attr]
        t.result(1)
    assert outcome(audit)["arguments"] == {"order": {"id": 42}, "lines": [1, 2]}


@pytest.mark.parametrize(
    ("given", "recorded"),
    [
        (None, {}),
        ("text", "text"),
        ([1, 2], [1, 2]),
        ({"x": float("nan")}, {"x": {"not_json": "float", "text": "NaN"}}),
        ({"x": object()}, {"x": {"not_json": "object", "text": "object"}}),
        ({"big": 2**70}, {"big": 2**70}),
        ({"_salts": 1}, {"x__salts": 1}),
        ({7: "seven"}, {"7": "seven"}),
    ],
)
def test_arguments_of_any_kind_are_recorded(audit: Recording, given: Any, recorded: Any) -> None:
    with audit.log.session(**WHO) as s, s.tool("pay", given) as t:
        t.result(1)
    assert outcome(audit)["arguments"] == recorded


def test_the_digest_does_not_depend_on_the_order_of_members(audit: Recording) -> None:
    with audit.log.session(**WHO) as s:
        one, two = s.tool("pay", {"a": 1, "b": [2]}), s.tool("pay", {"b": [2], "a": 1})
        keyed = audit.log.session(**WHO, digest_key=b"k" * 16).tool("pay", {"a": 1, "b": [2]})
    assert one.arguments_sha256 == two.arguments_sha256
    assert keyed.arguments_sha256 != one.arguments_sha256


def test_effect_resource_call_id_and_evidence_stand_on_both_lines(audit: Recording) -> None:
    with audit.log.session(**WHO) as s:
        made = s.tool("pay", {}, call_id="c1", effect="pay", resource="order/42", data={"purpose": "billing"})
        with made as t:
            t.result(1)
    for each in audit.of_type("tool_invocation"):
        assert (each["action"]["call_id"], each["action"]["effect"]) == ("c1", "pay")
        assert each["action"]["resource"] == "order/42"
        assert each["data"] == {"purpose": "billing"}


def test_calls_inside_a_call_lie_below_it(audit: Recording) -> None:
    with audit.log.session(**WHO) as s, s.tool("outer") as outer:
        with s.tool("inner") as inner:
            s.event("retrieval")
        s.user_message("x")
    by_type = {(each["action"]["type"], each["action"].get("tool")): each for each in audit.records}
    assert by_type[("tool_invocation", "inner")]["parent_span_id"] == outer.span_id
    assert by_type[("retrieval", None)]["parent_span_id"] == inner.span_id
    assert by_type[("message", None)]["parent_span_id"] == outer.span_id


def test_async_with_serves_async_tools(audit: Recording) -> None:
    async def run() -> None:
        async with audit.log.session(**WHO) as s, s.tool("pay", {"n": 1}) as t:
            t.result(await asyncio.sleep(0, "paid"))

    asyncio.run(run())
    assert outcome(audit)["result"] == "paid"


def test_a_call_is_made_once(audit: Recording) -> None:
    with audit.log.session(**WHO) as s:
        call = s.tool("pay")
        with call as t:
            t.result(1)
        with pytest.raises(UsageError, match="begun already"), call:
            pytest.fail("it must not run twice")
        with pytest.raises(UsageError, match="has ended"):
            call.finish()
        with pytest.raises(UsageError, match="has not begun"):
            s.tool("pay").finish()
        with pytest.raises(UsageError, match="name"):
            s.tool("")


def test_durations_come_from_a_clock_that_never_goes_back(audit: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody sets the wall clock back by an hour while the tool runs: it still took a quarter of a second."""
    ticks = iter([1_000_000_000, 1_250_000_000])
    monkeypatch.setattr("auditlog_cli.capture.toolcall.time.monotonic_ns", lambda: next(ticks))
    with audit.log.session(**WHO) as s:
        call = s.tool("pay").start()
        monkeypatch.setattr("time.time_ns", lambda: 0)
        call.result(1)
        call.finish()
        monkeypatch.undo()
    assert outcome(audit)["latency_ms"] == 250.0


class TestScopes:
    """What a call requires is held against what was granted; recorded always, enforced on request."""

    def policies(self, audit: Recording) -> list[Any]:
        return [each.get("policy") for each in audit.of_type("tool_invocation")]

    def test_what_is_not_checked_leaves_no_policy(self, audit: Recording) -> None:
        with audit.log.session(**WHO) as s, s.tool("pay"):
            pass
        assert self.policies(audit) == [None, None]

    @pytest.mark.parametrize(
        ("scopes", "requires", "decision"),
        [
            (["orders:read"], "orders:read", "allow"),
            (["orders:*"], ["orders:read", "orders:write"], "allow"),
            (["orders:read"], ["orders:read", "refunds:write"], "deny"),
            ([], "orders:read", "deny"),
            (None, "orders:read", "deny"),
        ],
    )
    def test_the_check_is_recorded_on_both_lines(
        self, audit: Recording, scopes: Any, requires: Any, decision: str
    ) -> None:
        with audit.log.session(user="alice", agent="planner", scopes=scopes) as s, s.tool("pay", requires=requires):
            pass
        rules = [f"requires:{scope}" for scope in ([requires] if isinstance(requires, str) else requires)]
        assert self.policies(audit) == [{"id": "auditlog.scopes", "decision": decision, "rules": rules}] * 2

    def test_enforced_the_body_does_not_run_and_the_refusal_is_recorded(self, audit: Recording) -> None:
        from auditlog_cli import ScopeDenied

        with audit.log.session(**WHO, enforce=True) as s:
            with pytest.raises(ScopeDenied, match="refunds:write") as caught, s.tool("pay", requires="refunds:write"):
                pytest.fail("it must not run")
            with s.tool("look", requires="orders:read") as t:
                t.result(1)
        refused = audit.of_type("tool_invocation")[1]["action"]
        assert (refused["phase"], refused["result_status"]) == ("end", "denied")
        assert refused["error"]["message"] == str(caught.value)
        assert caught.value.exit_code == 1
        assert [each["action"]["result_status"] for each in audit.records][-2:] == ["success", "success"]

    def test_enforcing_needs_something_to_enforce(self, audit: Recording) -> None:
        with pytest.raises(UsageError, match="enforce"):
            audit.log.session(user="alice", agent="planner", enforce=True)

    def test_a_policy_of_the_caller_stays_and_ours_becomes_a_record_below(self, audit: Recording) -> None:
        mine = {"id": "opa.refunds", "decision": "allow"}
        with audit.log.session(**WHO) as s, s.tool("pay", requires="refunds:write", policy=mine) as t:
            t.result(1)
        assert self.policies(audit) == [mine, mine]
        (check,) = audit.of_type("guardrail")
        assert (check["policy"]["id"], check["action"]["result_status"]) == ("auditlog.scopes", "denied")
        assert check["parent_span_id"] == t.span_id


def test_a_call_says_whether_it_has_ended(audit: Recording) -> None:
    with audit.log.session(**WHO) as s:
        call = s.tool("lookup")
        assert not call.ended
        call.start()
        assert not call.ended
        call.finish()
        assert call.ended
