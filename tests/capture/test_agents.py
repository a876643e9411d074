"""Nested agents: longer chains, narrower scopes, their own place in the tree."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli import ScopeDenied, UsageError
from auditlog_cli.capture import scopes as scope_rules
from auditlog_cli.capture.scopes import covers, uncovered
from auditlog_cli.testing import Recording

WHO: dict[str, Any] = {"user": "alice", "agent": "planner", "scopes": ["orders:read", "refunds:*"]}


def test_the_executor_before_becomes_a_delegate(audit: Recording) -> None:
    with audit.log.session(**WHO) as s, s.agent("refunder"), s.agent({"id": "payer", "version": "3"}):
        s.event("here")
    (here,) = audit.of_type("here")
    assert here["agent"] == {"id": "payer", "version": "3"}
    assert here["user"] == {"id": "alice"}
    assert here["delegation_chain"] == [
        {"actor": "alice", "role": "initiator"},
        {"actor": "planner", "role": "delegate"},
        {"actor": "refunder", "role": "delegate"},
        {"actor": "payer", "role": "executor"},
    ]


def test_its_span_lies_under_the_call_that_delegated(audit: Recording) -> None:
    with audit.log.session(**WHO) as s, s.tool("delegate") as t, s.agent("refunder") as r:
        pass
    start, end = (each for each in audit.of_type("lifecycle") if each["agent"]["id"] == "refunder")
    assert (start["span_id"], start["parent_span_id"]) == (r.span_id, t.span_id)
    assert (end["span_id"], end["parent_span_id"]) == (r.span_id, t.span_id)


def test_it_knows_that_another_agent_started_it(audit: Recording) -> None:
    with audit.log.session(**WHO) as s, s.agent("refunder") as r, audit.log.session(**WHO) as other:
        assert (s.is_nested, r.is_nested, other.is_nested) == (False, True, False)


def test_inside_it_the_outer_session_speaks_for_it_and_after_it_for_itself(audit: Recording) -> None:
    with audit.log.session(**WHO) as s:
        with s.agent("refunder"):
            s.event("inside")
        s.event("after")
    assert audit.of_type("inside")[0]["agent"]["id"] == "refunder"
    assert audit.of_type("after")[0]["agent"]["id"] == "planner"


def test_its_own_session_always_acts_as_that_agent(audit: Recording) -> None:
    """Of two agents that are open at once, each keeps its own deeds."""
    with audit.log.session(**WHO) as s, s.agent("a") as a, a.tool("delegate") as t, a.agent("b") as b:
        a.event("by_a")
        b.event("by_b")
        s.event("by_innermost")
    who = {each["action"]["type"]: (each["agent"]["id"], each.get("parent_span_id")) for each in audit.records}
    assert who["by_a"] == ("a", t.span_id)
    assert who["by_b"] == ("b", b.span_id)
    assert who["by_innermost"] == ("b", b.span_id)


def test_scopes_are_narrowed(audit: Recording) -> None:
    with audit.log.session(**WHO) as s, s.agent("refunder", scopes=["refunds:write"]) as r, r.agent("payer"):
        s.event("here")
    assert audit.of_type("here")[0]["authorization"]["scopes"] == ["refunds:write"]


def test_the_narrowed_scopes_are_the_ones_enforced(audit: Recording) -> None:
    with audit.log.session(**WHO, enforce=True) as s:
        with s.agent("refunder", scopes=["refunds:write"]), pytest.raises(ScopeDenied):
            s.tool("look", requires="orders:read").start()
        s.tool("look", requires="orders:read").start()


@pytest.mark.parametrize("wanted", [["orders:write"], ["orders:read", "admin:**"], ["**"], ["refunds:**"]])
def test_more_than_the_agent_has_is_refused_and_recorded(audit: Recording, wanted: list[str]) -> None:
    with audit.log.session(**WHO) as s, pytest.raises(ScopeDenied, match="planner cannot give agent refunder"):
        s.agent("refunder", scopes=wanted)
    (refused,) = audit.of_type("guardrail")
    assert refused["action"]["result_status"] == "denied"
    assert refused["policy"] == {
        "id": "auditlog.scopes",
        "decision": "deny",
        "rules": [f"narrow:{scope}" for scope in wanted],
    }


def test_a_handoff_cannot_widen_either(audit: Recording) -> None:
    with audit.log.session(**WHO) as s:
        with pytest.raises(ScopeDenied):
            s.handoff("refunder", scopes=["admin:all"])
        s.handoff("refunder", scopes=["refunds:write"])
        s.event("after")
    assert audit.of_type("after")[0]["authorization"]["scopes"] == ["refunds:write"]
    assert len(audit.of_type("handoff")) == 1


def test_nothing_can_be_given_by_an_agent_whose_scopes_nobody_named(audit: Recording) -> None:
    with audit.log.session(user="alice", agent="planner") as s:
        with pytest.raises(ScopeDenied):
            s.agent("refunder", scopes=["refunds:write"])
        with s.agent("refunder", scopes=[]):
            pass


def test_an_agent_has_an_id(audit: Recording) -> None:
    with audit.log.session(**WHO) as s, pytest.raises(UsageError, match="agent"):
        s.agent({"name": "nobody"})


def test_an_exception_in_it_ends_it_as_an_error(audit: Recording) -> None:
    with audit.log.session(**WHO) as s:
        with pytest.raises(ValueError, match="x"), s.agent("refunder"):
            raise ValueError("x")
        s.event("after")
    statuses = [each["action"]["result_status"] for each in audit.of_type("lifecycle")]
    assert statuses == ["success", "success", "error", "success"]


# --- which scopes cover which (compliance.md, 2.4) ---------------------------------------------


@pytest.mark.parametrize(
    ("granted", "needed", "covered"),
    [
        ("crm:read", "crm:read", True),
        ("crm:read", "crm:write", False),
        ("crm:read", "CRM:read", False),
        ("crm:*", "crm:read", True),
        ("crm:*", "crm:contacts:read", False),
        ("crm:**", "crm:read", True),
        ("crm:**", "crm:contacts:read", True),
        ("crm:**", "crm", False),
        ("*:read", "crm:read", True),
        ("*:read", "crm:contacts:read", False),
        ("**", "crm:read", True),
        ("**", "anything", True),
        ("crm:**:read", "crm:x:read", False),
        ("crm", "crm:read", False),
        # Patterns are covered by what covers all that they cover.
        ("crm:*", "crm:*", True),
        ("crm:*", "crm:**", False),
        ("crm:**", "crm:*", True),
        ("crm:read", "crm:*", False),
        ("*:*", "crm:*", True),
        ("**", "**", True),
        ("*:**", "**", False),
    ],
)
def test_covers(granted: str, needed: str, covered: bool) -> None:
    assert covers(granted, needed) is covered


segment = st.sampled_from(["a", "b", "*", "**"])
pattern = st.lists(segment, min_size=1, max_size=4).map(":".join)
concrete = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=5).map(":".join)


@given(pattern, pattern, concrete)
def test_what_covers_a_pattern_covers_all_it_covers(granted: str, narrower: str, needed: str) -> None:
    """So narrowing can never widen."""
    if covers(granted, narrower) and covers(narrower, needed):
        assert covers(granted, needed)


@given(pattern, pattern, pattern)
def test_covering_is_transitive(one: str, two: str, three: str) -> None:
    if covers(one, two) and covers(two, three):
        assert covers(one, three)


@given(st.lists(pattern, max_size=4), st.lists(pattern, max_size=4), concrete)
def test_a_nested_agent_can_do_nothing_that_the_outer_one_cannot(
    outer: list[str], inner: list[str], needed: str
) -> None:
    """Whatever lists are asked for: what is not refused is no wider."""
    if not uncovered(outer, inner) and not uncovered(inner, [needed]):
        assert not uncovered(outer, [needed])


@given(st.lists(pattern, max_size=4))
def test_every_list_covers_itself(scopes: list[str]) -> None:
    assert uncovered(scopes, scopes) == ()
    assert set(scope_rules.listed(scopes)) == set(scopes)
