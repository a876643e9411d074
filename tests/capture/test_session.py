"""What a session writes (frameworks.md, sections 2 and 6)."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from auditlog_cli import AuditLog, AuditWriteError, NoSession, UsageError, validate
from auditlog_cli.testing import Recording
from auditlog_cli.validator.record import SIX_QUESTIONS

WHO: dict[str, Any] = {"user": "alice@example.org", "agent": "planner", "scopes": ["orders:read"]}


def everything(audit: Recording) -> None:
    """A session in which each kind of record occurs."""
    with audit.log.session(**WHO, approved_by="bob@example.org", approved_at="2026-06-01T14:21:03Z") as s:
        s.user_message("Refund order 42")
        s.llm(model="m-1", prompt="Refund order 42", response="refund", usage={"input_tokens": 3, "output_tokens": 1})
        with s.tool("lookup_order", {"order_id": 42}, requires="orders:read", call_id="c1") as t:
            t.result({"amount": 19.5})
        with s.agent({"id": "refunder", "version": "2"}):
            s.ask_approval("issue_refund", {"order_id": 42}, reason="large").granted(by="carol@example.org")
            with s.tool("issue_refund", {"order_id": 42}, requires="refunds:write") as t:
                t.denied("limit reached")
        s.message_to("notifier", "tell her", id="m1")
        s.event("retrieval", resource="doc_1", data={"sources": ["kb/7"]})
        s.handoff("notifier")
        s.final_answer("Done.")


def test_every_record_answers_the_six_questions(audit: Recording) -> None:
    """Whatever a session writes, `auditlog validate` finds nothing wrong with it."""
    everything(audit)
    report = validate(audit.log.path, profile=SIX_QUESTIONS)
    assert report.findings == []
    assert report.tally.read == len(audit.records) + 1  # and the genesis


def test_the_records_of_a_session_in_order(audit: Recording) -> None:
    """One record for what is told after the fact, two for what has a beginning and an end."""
    everything(audit)
    told = [(each["action"]["type"], each["action"].get("phase"), each["action"]["result_status"]) for each in audit.records]  # fmt: skip
    assert told == [
        ("lifecycle", "start", "success"),
        ("message", None, "success"),
        ("llm_call", None, "success"),
        ("tool_invocation", "start", "pending"),
        ("tool_invocation", "end", "success"),
        ("lifecycle", "start", "success"),
        ("approval", None, "pending"),
        ("approval", None, "success"),
        ("tool_invocation", "start", "pending"),
        ("tool_invocation", "end", "denied"),
        ("lifecycle", "end", "success"),
        ("agent_message", None, "success"),
        ("retrieval", None, "success"),
        ("handoff", None, "success"),
        ("message", None, "success"),
        ("lifecycle", "end", "success"),
    ]


def test_all_records_share_session_trace_user_and_authorization(audit: Recording) -> None:
    everything(audit)
    for member in ("session_id", "trace_id", "user", "authorization"):
        assert len({str(each[member]) for each in audit.records}) == 1
    first = audit.records[0]
    assert first["session_id"].startswith("sess_")
    assert len(first["trace_id"]) == 32
    assert len(first["span_id"]) == 16
    assert first["authorization"]["session_type"] == "human_approved"


def test_the_spans_form_one_tree(audit: Recording) -> None:
    """Each parent is a span of the session; only the session's own span has none; pairs share one."""
    everything(audit)
    spans = {each["span_id"] for each in audit.records}
    roots = {each["span_id"] for each in audit.records if "parent_span_id" not in each}
    assert len(roots) == 1
    assert all(each["parent_span_id"] in spans for each in audit.records if "parent_span_id" in each)
    for kind in ("tool_invocation", "lifecycle", "approval"):
        found = [each["span_id"] for each in audit.of_type(kind)]
        assert all(found.count(span) == 2 for span in found), kind


def test_messages_and_model_calls_keep_text_and_digest(audit: Recording) -> None:
    everything(audit)
    asked, answered = audit.of_type("message")
    assert asked["message"] == {"direction": "received", "from": "alice@example.org"}
    assert asked["prompt"] == {
        "text": "Refund order 42",
        "sha256": hashlib.sha256(b"Refund order 42").hexdigest(),
    }
    assert answered["message"] == {"direction": "sent", "to": "person"}
    (called,) = audit.of_type("llm_call")
    assert called["agent"] == {"id": "planner", "model": "m-1"}
    assert called["usage"] == {"input_tokens": 3, "output_tokens": 1}


def test_a_list_of_messages_is_kept_as_json_text(audit: Recording) -> None:
    with audit.log.session(**WHO) as s:
        s.model_call(prompt=[{"role": "user", "content": "Hi"}], response="Hello", system="be kind")
    (called,) = audit.of_type("llm_call")
    assert called["prompt"]["text"] == '[{"role":"user","content":"Hi"}]'
    assert called["prompt"]["system_sha256"] == hashlib.sha256(b"be kind").hexdigest()
    assert "be kind" not in str(called)


def test_a_measured_model_call_is_one_record_with_its_duration(audit: Recording) -> None:
    with audit.log.session(**WHO) as s:
        with s.measured_llm(model="m-1", prompt="Hi") as call:
            assert call.response("Hello", usage={"input_tokens": 1}) == "Hello"
        with pytest.raises(ConnectionError), s.measured_llm(model="m-1", prompt="Hi"):
            raise ConnectionError("gone")
    good, bad = audit.of_type("llm_call")
    assert good["response"]["text"] == "Hello"
    assert good["action"]["latency_ms"] >= 0
    assert bad["action"]["result_status"] == "error"
    assert bad["action"]["error"] == {"type": "ConnectionError", "message": "gone"}


def test_a_handoff_makes_the_chain_longer_for_what_follows(audit: Recording) -> None:
    """The hand-off itself is the old agent's doing; the session ends as it began."""
    everything(audit)
    (handed,) = audit.of_type("handoff")
    assert handed["message"] == {"from": "planner", "to": "notifier"}
    assert handed["agent"]["id"] == "planner"
    last_message, end = audit.records[-2:]
    assert last_message["agent"]["id"] == "notifier"
    assert [each["role"] for each in last_message["delegation_chain"]] == ["initiator", "delegate", "executor"]
    assert end["agent"]["id"] == "planner"


def test_messages_between_agents_join_by_id(audit: Recording) -> None:
    with audit.log.session(**WHO) as s:
        s.message_to("researcher", "find it", id="m1", authenticated=True)
        with s.agent("researcher") as r:
            r.message_from("planner", "find it", id="m1")
    sent, got = (each["message"] for each in audit.of_type("agent_message"))
    assert sent == {
        "id": "m1", "from": "planner", "to": "researcher", "direction": "sent", "authenticated": True, "text": "find it",
    }  # fmt: skip
    assert (got["from"], got["to"], got["direction"], got["id"]) == ("planner", "researcher", "received", "m1")


def test_an_exception_ends_the_session_as_an_error_and_goes_on_its_way(audit: Recording) -> None:
    with pytest.raises(LookupError, match="no such order"), audit.log.session(**WHO):
        raise LookupError("no such order")
    end = audit.records[-1]["action"]
    assert end["result_status"] == "error"
    assert end["error"] == {"type": "LookupError", "message": "no such order"}


def test_async_with_writes_the_same(audit: Recording) -> None:
    async def run() -> None:
        async with audit.log.session(**WHO) as s, s.agent("refunder") as r, r.tool("pay", {"n": 1}) as t:
            t.result("ok")

    asyncio.run(run())
    assert [each["action"].get("phase") for each in audit.records] == ["start", "start", "start", "end", "end", "end"]


class TestIdentity:
    """Who is asked for, and what is refused."""

    def test_the_user_has_to_be_said_even_if_nobody_is_known(self, audit: Recording) -> None:
        with pytest.raises(TypeError):
            audit.log.session(agent="planner")  # type: ignore[call-arg]
        with audit.log.session(user=None, agent="planner"):
            pass
        assert all("user" not in each for each in audit.records)
        assert audit.records[0]["delegation_chain"] == [{"actor": "planner", "role": "executor"}]

    @pytest.mark.parametrize("wrong", ["", "  ", {}, {"name": "x"}, {"id": ""}, {"id": 7}, 7])
    def test_an_id_is_needed(self, audit: Recording, wrong: Any) -> None:
        with pytest.raises(UsageError, match="agent"):
            audit.log.session(user="alice", agent=wrong)
        with pytest.raises(UsageError, match="user"):
            audit.log.session(user=wrong, agent="planner")

    def test_user_and_agent_differ(self, audit: Recording) -> None:
        with pytest.raises(UsageError, match="id of the user"):
            audit.log.session(user="planner", agent="planner")
        with audit.log.session(user="alice", agent="planner") as s, pytest.raises(UsageError, match="id of the user"):
            s.agent("alice")

    def test_members_of_user_and_agent_are_kept(self, audit: Recording) -> None:
        user = {"id": "u1", "email": "alice@example.org", "type": "human", "auth_method": "mfa", "tenant": None}
        with audit.log.session(user=user, agent={"id": "planner", "name": "Planner", "version": "1"}):
            pass
        assert audit.records[0]["user"] == {name: value for name, value in user.items() if value is not None}
        assert audit.records[0]["agent"]["version"] == "1"

    def test_scopes_that_nobody_named_are_absent_and_no_scopes_are_nothing(self, audit: Recording) -> None:
        with audit.log.session(user="alice", agent="planner"):
            pass
        with audit.log.session(user="alice", agent="planner", scopes=[]):
            pass
        assert "scopes" not in audit.records[0]["authorization"]
        assert audit.records[2]["authorization"]["scopes"] == []

    def test_scopes_may_be_one_text(self, audit: Recording) -> None:
        with audit.log.session(user="alice", agent="planner", scopes="orders:read refunds:write"):
            pass
        assert audit.records[0]["authorization"]["scopes"] == ["orders:read", "refunds:write"]

    @pytest.mark.parametrize("wrong", [[""], ["a b"], [7], [None]])
    def test_a_scope_is_a_word(self, audit: Recording, wrong: Any) -> None:
        with pytest.raises(UsageError, match="scopes"):
            audit.log.session(user="alice", agent="planner", scopes=wrong)

    def test_an_approval_has_a_person_and_may_leave_its_time_unsaid(self, audit: Recording) -> None:
        """The time is not guessed: `validate` asks for it (record.md, question six)."""
        with pytest.raises(UsageError, match="approved by whom"):
            audit.log.session(user="alice", agent="planner", approved_at="2026-06-01T14:21:03Z")
        with audit.log.session(**WHO, on_behalf_of=[{"actor": "carol", "role": "initiator"}], approved_by="bob"):
            pass
        authorization = audit.records[0]["authorization"]
        assert (authorization["session_type"], authorization["approved_by"]) == ("human_approved", "bob")
        assert "approved_at" not in authorization

    def test_times_are_datetimes_with_a_zone_or_rfc_3339(self, audit: Recording) -> None:
        at = datetime(2026, 6, 1, 16, 21, 3, tzinfo=timezone(timedelta(hours=2)))
        with audit.log.session(**WHO, approved_by="bob", approved_at=at, expires_at="2026-06-01T15:21:03Z"):
            pass
        authorization = audit.records[0]["authorization"]
        assert authorization["approved_at"] == "2026-06-01T14:21:03.000000Z"
        assert authorization["expires_at"] == "2026-06-01T15:21:03Z"
        for wrong in (datetime(2026, 6, 1), "tomorrow", "2026-06-01"):
            with pytest.raises(UsageError, match="expires_at"):
                audit.log.session(**WHO, expires_at=wrong)
        assert datetime.now(UTC)

    def test_an_emergency_has_a_reason(self, audit: Recording) -> None:
        with audit.log.session(**WHO, emergency="the queue is down", grant_id="g7"):
            pass
        authorization = audit.records[0]["authorization"]
        assert authorization["emergency"] == {"active": True, "reason": "the queue is down"}
        assert authorization["grant_id"] == "g7"


class TestOnBehalfOf:
    """The chain before the agent."""

    @pytest.mark.parametrize(
        ("given", "chain"),
        [
            (None, [("alice", "initiator"), ("planner", "executor")]),
            ("carol", [("carol", "initiator"), ("alice", "delegate"), ("planner", "executor")]),
            (
                [{"actor": "alice"}, {"actor": "router", "role": "executor"}],
                [("alice", "initiator"), ("router", "delegate"), ("planner", "executor")],
            ),
            (
                {"sub": "alice", "act": {"sub": "planner", "act": {"sub": "orchestrator"}}},
                [("alice", "initiator"), ("orchestrator", "delegate"), ("planner", "executor")],
            ),
            (
                {"act": {"sub": "router"}},
                [("alice", "initiator"), ("router", "delegate"), ("planner", "executor")],
            ),
        ],
        ids=["user", "text", "list", "claims", "claims without sub"],
    )
    def test_the_chain(self, audit: Recording, given: Any, chain: list[tuple[str, str]]) -> None:
        with audit.log.session(user="alice", agent="planner", on_behalf_of=given):
            pass
        assert [(each["actor"], each["role"]) for each in audit.records[0]["delegation_chain"]] == chain

    def test_further_members_of_an_entry_are_kept(self, audit: Recording) -> None:
        entry = {"actor": "alice", "role": "initiator", "type": "human", "delegated_at": "2026-06-01T14:21:03Z"}
        with audit.log.session(user="alice", agent="planner", on_behalf_of=[entry]):
            pass
        assert audit.records[0]["delegation_chain"][0] == entry

    @pytest.mark.parametrize("wrong", [[{}], [{"actor": ""}], [{"role": "initiator"}], {"act": {}}, {"act": "x"}])
    def test_an_entry_names_its_actor(self, audit: Recording, wrong: Any) -> None:
        with pytest.raises(UsageError):
            audit.log.session(user="alice", agent="planner", on_behalf_of=wrong)


class TestUse:
    """A session is used inside its `with`, once."""

    def test_nothing_is_recorded_before_it_begins_or_after_it_ends(self, audit: Recording) -> None:
        s = audit.log.session(**WHO)
        with pytest.raises(NoSession, match="has not begun"):
            s.user_message("x")
        with s:
            pass
        for late in (lambda: s.user_message("x"), lambda: s.agent("r"), lambda: s.tool("x").start()):
            with pytest.raises(NoSession, match="has ended"):
                late()
        assert len(audit.records) == 2

    def test_it_is_opened_once(self, audit: Recording) -> None:
        s = audit.log.session(**WHO)
        with s:
            pass
        with pytest.raises(UsageError, match="opened before"), s:
            pass

    def test_begin_and_end_can_lie_apart(self, audit: Recording) -> None:
        """For adapters whose framework calls one hook at the start and another at the end."""
        s = audit.log.session(**WHO).open()
        call = s.tool("pay").start()
        call.result(1)
        call.finish(latency_ms=12.5)
        s.close()
        s.close()
        assert audit.of_type("tool_invocation")[1]["action"]["latency_ms"] == 12.5
        assert len(audit.records) == 4

    def test_a_call_still_running_when_its_session_ends_keeps_its_outcome(self, audit: Recording) -> None:
        with audit.log.session(**WHO) as s:
            call = s.tool("slow").start()
        call.result("late")
        call.finish()
        assert audit.records[-1]["action"]["result"] == "late"

    def test_misspelt_arguments_do_not_become_members_of_the_log(self, audit: Recording) -> None:
        with audit.log.session(**WHO) as s:
            with pytest.raises(UsageError, match="requirs"):
                s.tool("pay", {}, requirs="x")  # type: ignore[call-arg]
            with pytest.raises(UsageError, match="dta"):
                s.event("retrieval", dta={})  # type: ignore[call-arg]

    @pytest.mark.parametrize("wrong", ["", "Retrieval", "two words", None])
    def test_a_type_is_a_lower_case_word(self, audit: Recording, wrong: Any) -> None:
        with audit.log.session(**WHO) as s, pytest.raises(UsageError, match="type"):
            s.event(wrong)

    def test_a_status_is_one_of_eight(self, audit: Recording) -> None:
        with audit.log.session(**WHO) as s, pytest.raises(UsageError, match="status"):
            s.event("retrieval", status="ok")

    def test_metadata_and_what_was_waived_stand_on_the_first_record(self, audit: Recording) -> None:
        with audit.log.session(**WHO, metadata={"adapter": "none/1"}):
            pass
        assert audit.records[0]["metadata"] == {"on_error": "raise", "fsync": "none", "adapter": "none/1"}

    def test_ids_can_be_given(self, audit: Recording) -> None:
        with audit.log.session(**WHO, session_id="s1", trace_id="t1", parent_span_id="p1") as s:
            assert (s.session_id, s.trace_id, s.traceparent) == ("s1", "t1", None)
        assert audit.records[0]["parent_span_id"] == "p1"
        with pytest.raises(UsageError, match="session_id"):
            audit.log.session(**WHO, session_id=" ")

    def test_a_closed_log_opens_no_session(self, tmp_path: Any) -> None:
        log = AuditLog(tmp_path / "a.jsonl")
        log.close()
        with pytest.raises(AuditWriteError, match="closed"), log.session(**WHO):
            pytest.fail("the agent must not start")


def test_evidence_of_any_kind_can_be_recorded(audit: Recording) -> None:
    with audit.log.session(**WHO) as s:
        s.event("memory_write", resource="m1", memory={"owner": "alice", "trust": "user"}, metadata={"k": 1})
        s.event("decision", decision={"outcome": "refused", "effect": "significant"}, result="no", status="success")
        s.event("incident", error=ValueError("x"), incident={"kind": "security", "phase": "detected"})
    memory, decision, incident = audit.records[1:4]
    assert memory["memory"] == {"owner": "alice", "trust": "user"}
    assert memory["metadata"] == {"k": 1}
    assert decision["decision"]["outcome"] == "refused"
    assert incident["action"]["result_status"] == "error"
