"""What is under way in a session, without any framework."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from auditlog_cli.adapters import underway
from auditlog_cli.capture.session import Session
from auditlog_cli.errors import AuditWriteError
from auditlog_cli.testing import Recording, recording

KEY = underway.key("t-1", "c1")


@pytest.fixture
def audit(tmp_path: Path) -> Iterator[Recording]:
    with recording(tmp_path) as made:
        yield made


@pytest.fixture
def session(audit: Recording) -> Iterator[Session]:
    with audit.log.session(user="alice", agent="planner") as opened:
        yield opened


def test_a_session_and_its_nested_agents_share_it(audit: Recording, session: Session) -> None:
    with session.agent("refunder") as refunder:
        assert underway.of(refunder) is underway.of(session)
    other = audit.log.session(user="bob", agent="planner")
    assert underway.of(other) is not underway.of(session)


def test_it_goes_with_its_session_even_with_a_call_that_never_ended(tmp_path: Path) -> None:
    with recording(tmp_path) as made:
        with made.log.session(user="alice", agent="planner") as opened:
            now = underway.of(opened)
            now.started(now.call(opened.here()[1], "pay", {}, "c1", KEY, None)[0].start(), KEY)
        left = weakref.ref(now)
        del opened, now
        gc.collect()
        assert left() is None


def test_the_same_call_is_started_once(session: Session) -> None:
    now, frame = underway.of(session), session.here()[1]
    call, fresh = now.call(frame, "pay", {"amount": 1}, "c1", KEY, None)
    assert fresh
    now.started(call.start(), KEY)
    assert now.call(frame, "pay", {"amount": 1}, "c1", KEY, None) == (call, False)
    other = underway.key("t-2", "c1")
    for tool, amount, key in (("pay", 2, KEY), ("sell", 1, KEY), ("pay", 1, None), ("pay", 1, other)):
        assert now.call(frame, tool, {"amount": amount}, "c1", key, None)[1], (tool, amount, key)
    assert now.ends(call, KEY)
    call.finish()
    assert not now.ends(call, KEY)
    assert now.call(frame, "pay", {"amount": 1}, "c1", KEY, None)[1], "the key is free again"


def test_without_a_conversation_or_an_id_no_call_is_taken_for_another() -> None:
    assert underway.key(None, "c1") is None
    assert underway.key("t-1", None) is None
    assert underway.key("t-1", "c1") != underway.key("t-2", "c1")


def test_no_call_goes_on_in_a_session_that_failed(audit: Recording, session: Session) -> None:
    now, frame = underway.of(session), session.here()[1]
    call, _ = now.call(frame, "pay", {}, "c1", KEY, None)
    now.started(call.start(), KEY)
    audit.fail_after(0)
    with pytest.raises(AuditWriteError):
        session.event("retrieval")
    with pytest.raises(AuditWriteError):
        now.call(frame, "pay", {}, "c1", KEY, None)
    with pytest.raises(AuditWriteError):
        session.close()


def test_an_interrupted_agent_goes_on_where_it_was(audit: Recording, session: Session) -> None:
    now, frame = underway.of(session), session.here()[1]
    agent = now.begin_agent(frame, "refunder")
    now.pause_agent(frame, "refunder", agent)
    assert now.begin_agent(frame, "refunder") is agent
    other = now.begin_agent(frame, "refunder")
    assert other is not agent
    for each in (agent, other):
        each.close()


def test_agents_of_a_call_end_with_it(audit: Recording, session: Session) -> None:
    now, frame = underway.of(session), session.here()[1]
    call, _ = now.call(frame, "ask", {}, None, None, None)
    now.started(call.start(), None)
    assert now.is_call(call.frame)
    assert not now.is_call(frame)
    agent = now.agent_in(call.frame, "refunder")
    assert now.agent_in(call.frame, "refunder") is agent
    now.end_agents(call, None)
    assert now.ends(call, None)
    assert not now.is_call(call.frame)
    call.finish()
    ends = [each["agent"]["id"] for each in audit.of_type("lifecycle") if each["action"]["phase"] == "end"]
    assert ends == ["refunder"]
