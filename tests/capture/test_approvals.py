"""An approval is bound to exactly the call that was approved."""

from __future__ import annotations

from typing import Any

import pytest

from auditlog_cli import ApprovalMismatch, AuditWriteError, ScopeDenied, UsageError
from auditlog_cli.testing import Recording

WHO: dict[str, Any] = {"user": "alice", "agent": "planner", "scopes": ["refunds:write"]}
ARGUMENTS = {"order_id": 42, "amount": 19.5}


def calls(audit: Recording) -> list[dict[str, Any]]:
    return audit.of_type("tool_invocation")


def test_question_and_answer_are_two_records_of_one_span(audit: Recording) -> None:
    with audit.log.session(**WHO) as s:
        asked = s.ask_approval("issue_refund", ARGUMENTS, reason="over 10", via="web")
        asked.granted(by="bob", via="slack", ticket="T-1")
    question, answer = audit.of_type("approval")
    assert question["span_id"] == answer["span_id"] != audit.records[0]["span_id"]
    assert question["parent_span_id"] == audit.records[0]["span_id"]
    assert (question["action"]["result_status"], answer["action"]["result_status"]) == ("pending", "success")
    assert question["approval"] == {
        "id": asked.id,
        "status": "pending",
        "requested_at": question["approval"]["requested_at"],
        "tool": "issue_refund",
        "arguments_sha256": asked.arguments_sha256,
    }
    assert answer["approval"] == question["approval"] | {
        "status": "approved",
        "decided_at": answer["approval"]["decided_at"],
        "decided_by": "bob",
    }
    assert question["metadata"] == {"approval": {"reason": "over 10", "via": "web"}}
    assert answer["metadata"] == {"approval": {"reason": "over 10", "via": "slack", "ticket": "T-1"}}


def test_the_call_that_was_approved_carries_the_approval(audit: Recording) -> None:
    with audit.log.session(**WHO) as s:
        asked = s.ask_approval("issue_refund", ARGUMENTS).granted(by="bob")
        with s.tool("issue_refund", dict(reversed(ARGUMENTS.items()))) as t:
            t.result(1)
    for line in calls(audit):
        assert line["approval"] == asked.members
        assert line["approval"]["arguments_sha256"] == line["action"]["arguments_sha256"]
        assert "policy" not in line


def test_it_is_good_for_one_call(audit: Recording) -> None:
    """Who approved one refund did not approve two."""
    with audit.log.session(**WHO) as s:
        asked = s.ask_approval("issue_refund", ARGUMENTS).granted(by="bob")
        for _ in range(2):
            with s.tool("issue_refund", ARGUMENTS) as t:
                t.result(1)
        with s.tool("issue_refund", ARGUMENTS, approval=asked) as t:
            t.result(1)
    first, second, third = calls(audit)[::2]
    assert first["approval"]["id"] == asked.id
    assert "approval" not in second
    assert third["policy"] == {"id": "auditlog.approval", "decision": "deny", "rules": ["approval:used"]}


@pytest.mark.parametrize(
    ("answer", "rule"),
    [
        (lambda asked: asked.granted(by="bob"), "approval:arguments"),
        (lambda asked: asked.denied(by="bob", reason="no"), None),
        (lambda asked: asked, None),
    ],
    ids=["approved", "denied", "pending"],
)
def test_other_arguments_than_approved_are_a_mismatch(audit: Recording, answer: Any, rule: str | None) -> None:
    """Only what was approved can be run otherwise; a denial of 19.5 says nothing about 5."""
    with audit.log.session(**WHO) as s:
        answer(s.ask_approval("issue_refund", ARGUMENTS))
        with s.tool("issue_refund", {**ARGUMENTS, "amount": 5}) as t:
            t.result(1)
    for line in calls(audit):
        expected = None if rule is None else {"id": "auditlog.approval", "decision": "deny", "rules": [rule]}
        assert line.get("policy") == expected


def test_the_approval_still_serves_the_call_it_was_meant_for(audit: Recording) -> None:
    with audit.log.session(**WHO) as s:
        s.ask_approval("issue_refund", ARGUMENTS).granted(by="bob")
        with s.tool("issue_refund", {"order_id": 43}) as t:
            t.result(1)
        with s.tool("issue_refund", ARGUMENTS) as t:
            t.result(1)
    assert [line.get("policy", {}).get("decision") for line in calls(audit)] == ["deny", "deny", None, None]


@pytest.mark.parametrize(
    ("answer", "rule"),
    [
        (lambda asked: asked.denied(by="bob"), "approval:denied"),
        (lambda asked: asked, "approval:pending"),
    ],
    ids=["denied", "pending"],
)
def test_a_call_without_a_yes_is_recorded_as_such(audit: Recording, answer: Any, rule: str) -> None:
    with audit.log.session(**WHO) as s:
        answer(s.ask_approval("issue_refund", ARGUMENTS))
        with s.tool("issue_refund", ARGUMENTS) as t:
            t.result(1)
    assert calls(audit)[0]["policy"] == {"id": "auditlog.approval", "decision": "deny", "rules": [rule]}


@pytest.mark.parametrize(
    ("answer", "arguments", "why"),
    [
        (lambda asked: asked.granted(by="bob"), {**ARGUMENTS, "amount": 1950}, "not the ones that were approved"),
        (lambda asked: asked.denied(by="bob"), ARGUMENTS, "was denied"),
        (lambda asked: asked, ARGUMENTS, "has not been answered"),
    ],
)
def test_enforced_the_body_does_not_run(audit: Recording, answer: Any, arguments: Any, why: str) -> None:
    """Nor at the second try."""
    with audit.log.session(**WHO, enforce=True) as s:
        answer(s.ask_approval("issue_refund", ARGUMENTS))
        for _ in range(2):
            with pytest.raises(ApprovalMismatch, match=why), s.tool("issue_refund", arguments):
                pytest.fail("it must not run")
    assert [line["action"]["result_status"] for line in calls(audit)] == ["pending", "denied"] * 2


def test_a_call_refused_for_its_scopes_does_not_use_the_approval_up(audit: Recording) -> None:
    with audit.log.session(**WHO, enforce=True) as s:
        s.ask_approval("issue_refund", ARGUMENTS).granted(by="bob")
        with pytest.raises(ScopeDenied):
            s.tool("issue_refund", ARGUMENTS, requires="admin:all").start()
        with s.tool("issue_refund", ARGUMENTS, requires="refunds:write") as t:
            t.result(1)
    assert calls(audit)[-1]["approval"]["status"] == "approved"


def test_two_objections_are_both_recorded(audit: Recording) -> None:
    """A record has one policy; the second verdict becomes a record below the call."""
    with audit.log.session(**WHO) as s:
        s.ask_approval("issue_refund", ARGUMENTS).granted(by="bob")
        with s.tool("issue_refund", {"order_id": 1}, requires="admin:all") as t:
            t.result(1)
    assert calls(audit)[0]["policy"]["id"] == "auditlog.scopes"
    (second,) = audit.of_type("guardrail")
    assert second["policy"]["id"] == "auditlog.approval"
    assert second["parent_span_id"] == t.span_id


def test_scopes_allow_but_the_approval_does_not(audit: Recording) -> None:
    """The record says what denies."""
    with audit.log.session(**WHO) as s:
        s.ask_approval("issue_refund", ARGUMENTS).granted(by="bob")
        with s.tool("issue_refund", {"order_id": 1}, requires="refunds:write") as t:
            t.result(1)
    assert calls(audit)[0]["policy"]["id"] == "auditlog.approval"
    assert [each["policy"]["decision"] for each in audit.of_type("guardrail")] == ["allow"]


def test_an_approval_for_another_tool(audit: Recording) -> None:
    with audit.log.session(**WHO) as s:
        other = s.ask_approval("delete_account", ARGUMENTS).granted(by="bob")
        with s.tool("issue_refund", ARGUMENTS) as t:
            t.result(1)
        with s.tool("issue_refund", ARGUMENTS, approval=other) as t:
            t.result(1)
    assert "approval" not in calls(audit)[0]
    assert calls(audit)[2]["policy"]["rules"] == ["approval:tool"]


def test_a_call_that_has_begun_can_ask_for_itself(audit: Recording) -> None:
    """The question lies under the call; its outcome carries the answer."""
    with audit.log.session(**WHO) as s:
        with s.tool("issue_refund", ARGUMENTS) as t:
            asked = t.ask_approval(reason="over 10").denied(by="bob", reason="fraud")
            t.denied("not approved")
        with s.tool("issue_refund", ARGUMENTS) as again:
            again.denied("still not")
    question = audit.of_type("approval")[0]
    assert question["parent_span_id"] == t.span_id
    start, end = calls(audit)[:2]
    assert "approval" not in start
    assert (end["approval"]["id"], end["approval"]["status"]) == (asked.id, "denied")
    assert end["action"]["result_status"] == "denied"
    assert calls(audit)[2]["policy"]["rules"] == ["approval:denied"]


def test_an_approval_asked_by_a_nested_agent_serves_the_whole_session(audit: Recording) -> None:
    with audit.log.session(**WHO) as s:
        with s.agent("refunder"):
            s.ask_approval("issue_refund", ARGUMENTS).granted(by="bob")
        with s.agent("payer"), s.tool("issue_refund", ARGUMENTS) as t:
            t.result(1)
    assert audit.of_type("approval")[0]["agent"]["id"] == "refunder"
    assert calls(audit)[0]["approval"]["decided_by"] == "bob"


def test_who_decided_is_said_or_said_to_be_unknown(audit: Recording) -> None:
    with audit.log.session(**WHO) as s:
        with pytest.raises(TypeError):
            s.ask_approval("x").granted()  # type: ignore[call-arg]
        with pytest.raises(UsageError, match="by"):
            s.ask_approval("x").granted(by=" ")
        s.ask_approval("x").granted(by=None)
    assert "decided_by" not in audit.of_type("approval")[-1]["approval"]


def test_it_is_answered_once(audit: Recording) -> None:
    with audit.log.session(**WHO) as s:
        asked = s.ask_approval("x").denied(by="bob")
        with pytest.raises(UsageError, match="answered before"):
            asked.granted(by="mallory")
    assert asked.status == "denied"


def test_an_answer_that_cannot_be_recorded_is_not_given(audit: Recording) -> None:
    s = audit.log.session(**WHO).open()
    asked = s.ask_approval("x")
    audit.fail_after(0)
    with pytest.raises(AuditWriteError):
        asked.granted(by="bob")
    assert (asked.status, asked.members["status"]) == ("pending", "pending")


def test_a_question_that_cannot_be_recorded_is_not_asked(audit: Recording) -> None:
    s = audit.log.session(**WHO).open()
    audit.fail_after(0)
    with pytest.raises(AuditWriteError):
        s.ask_approval("x")
    assert s.run.approvals == []
