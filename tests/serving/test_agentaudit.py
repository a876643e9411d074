"""AgentAudit's entries and our records (frameworks.md, 9.3, 9.5, 11.2)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli import decoders
from auditlog_cli.record import Line
from auditlog_cli.serving import agentaudit
from auditlog_cli.serving.refusals import Refused
from auditlog_cli.validator import record as validator
from auditlog_cli.writer import ids

NOW = "2026-06-01T14:23:11.000000Z"
texts = st.one_of(st.none(), st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=20))
json = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.text(alphabet="abcäé \"'", max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text("abc", min_size=1), inner, max_size=3)
    ),
    max_leaves=6,
)
names = st.sampled_from(
    ["tool", "latency_ms", "user_id", "session_id", "scopes", "approved_by", "action", "complianceFlags", "x"]
)  # fmt: skip
metadata = st.one_of(
    st.none(), st.dictionaries(names, st.one_of(json, st.lists(st.sampled_from(["read", "write"]), max_size=2)))
)  # fmt: skip
entries = st.fixed_dictionaries(
    {"action": st.sampled_from(["tool_call", "tool_start", "tool_error", "guardrail_x", "X y", "crewai_task_end"])},
    optional={"agentId": texts, "prompt": texts, "response": texts, "traceId": texts, "parentSpanId": texts,
              "metadata": metadata},
)  # fmt: skip


def made(entry: dict[str, Any]) -> dict[str, Any]:
    return agentaudit.record(agentaudit.judged(entry), ids.record_id(), NOW)


@given(entries)
def test_what_was_sent_comes_back(entry: dict[str, Any]) -> None:
    """Every member of an entry is in the answer as it was sent; no metadata and empty metadata are the same."""
    back = agentaudit.entry({**(record := made(entry)), "provenance": with_format(record)})
    for name in ("action", "agentId", "prompt", "response", "traceId", "parentSpanId"):
        assert back[name] == entry.get(name)
    assert (back["metadata"] or {}) == (entry.get("metadata") or {})
    assert (back["id"], back["createdAt"]) == (record["record_id"], NOW)


def with_format(record: dict[str, Any]) -> dict[str, Any]:
    return {"ingest": {"format": agentaudit.FORMAT, **record["provenance"]["ingest"]}}


@given(entries)
def test_a_record_is_valid(entry: dict[str, Any]) -> None:
    """Whatever a client sends becomes a record that `validate --profile record` takes."""
    found = validator.judge(decoders.read(made(entry), Line(b"")), "record")
    assert not found.problems


def test_the_senders_statements_are_lifted() -> None:
    """Who, which session, with which scopes, who approved, which tool: where a record has them."""
    record = made(
        {
            "action": "tool_call", "agentId": "planner", "prompt": "{}",
            "metadata": {"user_id": "ann", "session_id": "s-1", "scopes": ["read"], "approved_by": "bob", "tool": "find",
                         "latency_ms": 7, "else": 1},
        }
    )  # fmt: skip
    assert record["user"] == {"id": "ann"}
    assert record["session_id"] == "s-1"
    assert record["authorization"] == {"scopes": ["read"], "approved_by": "bob"}
    assert record["agent"] == {"id": "planner"}
    assert record["action"] == {
        "type": "tool_invocation", "tool": "find", "arguments": {"input": "{}"}, "latency_ms": 7
    }  # fmt: skip
    assert record["metadata"] == {"action": "tool_call", "else": 1}


def test_nothing_is_guessed() -> None:
    """No user, scopes, approver or agent where the sender states none."""
    assert not {"user", "authorization", "agent", "parent_span_id"} & set(made({"action": "x"}))


def test_the_parent_is_the_span_of_the_record_it_names() -> None:
    """`parentSpanId` is the id of another entry."""
    first = made({"action": "crew_start", "traceId": "run 1"})
    second = made({"action": "task_start", "traceId": "run 1", "parentSpanId": first["record_id"]})
    assert second["parent_span_id"] == first["span_id"]
    assert second["trace_id"] == first["trace_id"]
    assert second["provenance"]["ingest"]["trace"] == "run 1"


def test_a_uuid_is_the_trace_itself() -> None:
    """Ids by frameworks.md, 9.2."""
    assert made({"action": "x", "traceId": "0f8fad5b-d9cb-469f-a165-70867728950e"})["trace_id"] == (
        "0f8fad5bd9cb469fa16570867728950e"
    )


@pytest.mark.parametrize(
    ("check", "flags", "said", "status"),
    [("realtime", True, "block", "blocked"), (None, True, "flag", None), ("realtime", False, "allow", None)],
)
def test_the_detectors_answer_guardrails(check: str | None, flags: bool, said: str, status: str | None) -> None:
    """A secret or an account number blocks a client that asks first; any other is told what was found."""
    card = " ".join(("4012", "8888", "8888", "1881"))
    entry = {"action": "guardrail", "response": f"credit card {card}" if flags else "fine", "checkType": check}
    record = made(entry)
    ingest = record["provenance"]["ingest"]
    assert ingest["enforcement"] == said
    assert bool(ingest["flags"]) is flags
    assert all(flag.startswith("CRITICAL_") for flag in ingest["flags"])
    assert record["action"].get("result_status") == status
    assert card not in str(ingest)


def test_an_address_is_a_warning() -> None:
    """An e-mail address does not stop an agent."""
    record = made({"action": "x", "response": "write to ann.lee@company.org", "checkType": "realtime"})
    assert record["provenance"]["ingest"]["enforcement"] == "flag"
    assert [flag.partition("_")[0] for flag in record["provenance"]["ingest"]["flags"]] == ["WARNING"]


@pytest.mark.parametrize(
    "entry",
    [
        None, [], "x", 1, {}, {"action": ""}, {"action": " "}, {"action": "a" * 201}, {"action": 1}, {"action": None},
        {"action": "x", "agentId": 1}, {"action": "x", "prompt": {}}, {"action": "x", "metadata": []},
        {"action": "x", "traceId": 5}, {"action": "x", "parentSpanId": []}, {"action": "x", "checkType": {}},
    ],
)  # fmt: skip
def test_what_is_no_entry_is_refused(entry: object) -> None:
    """400, with the place in a batch."""
    with pytest.raises(Refused) as caught:
        agentaudit.judged(entry, 3)
    assert caught.value.status == 400
    assert "entry 3" in caught.value.message


def test_unknown_members_are_kept() -> None:
    """What AgentAudit does not know either has a place where it can be withheld."""
    record = made({"action": "x", "provenance": {"import": 1}, "id": "forged"})
    assert record["provenance"]["ingest"]["rest"] == {"provenance": {"import": 1}, "id": "forged"}
    assert record["record_id"] != "forged"
