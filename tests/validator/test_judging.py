"""One record judged, in words."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli.decoders import decode
from auditlog_cli.record import Line, Record
from auditlog_cli.validator import compiled, questions, reference, structure
from auditlog_cli.validator.faults import pointer
from auditlog_cli.validator.record import Verdict, judge
from auditlog_cli.validator.rules import QUESTIONS, RULES
from tests.logs import agentaudit, record, tutorial
from tests.validator.everything import EVERYTHING, HASH, HOLE, json_values, ways


def verdict_of(content: dict[str, Any] | bytes, **options: Any) -> Verdict:
    """Judge; both engines must explain alike."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    item = decode(Line(raw))
    assert isinstance(item, Record)
    one = judge(item, engine=compiled.faults, **options)
    other = judge(item, engine=reference.faults, **options)
    assert one.problems == other.problems
    return one


def told(content: dict[str, Any] | bytes, **options: Any) -> list[tuple[str, str, str]]:
    return [(each.rule, pointer(each.at), each.message) for each in verdict_of(content, **options).problems]


def state(verdict: Verdict, question: str) -> str:
    bit = 1 << list(QUESTIONS).index(question)
    return "answered" if verdict.answered & bit else "withheld" if verdict.withheld & bit else "no"


ONE = [
    # (changes, rule, pointer, message)
    ({"user__id": None}, "RECORD-USER-1", "/user/id", "nobody is named as the user (user.id is missing)"),
    ({"user": None}, "RECORD-USER-1", "/user/id", "nobody is named as the user (user.id is missing)"),
    ({"user__id": ""}, "RECORD-USER-1", "/user/id", "nobody is named as the user (user.id is empty)"),
    ({"agent__id": None}, "RECORD-AGENT-1", "/agent/id", "no agent is named (agent.id is missing)"),
    ({"authorization__scopes": None}, "RECORD-AUTHORIZATION-1", "/authorization/scopes",
     'no scopes are stated (authorization.scopes is missing; an empty list says "nothing")'),
    ({"authorization": None}, "RECORD-AUTHORIZATION-1", "/authorization",
     "no scopes are stated and no approval (authorization is missing)"),
    ({"authorization__session_type": None}, "RECORD-AUTHORIZATION-2", "/authorization/session_type",
     "it is not said what kind of session it was, nor whether a human approved (authorization.session_type is missing)"),
    ({"authorization__session_type": "delegated"}, "RECORD-APPROVAL-1", "/authorization/session_type",
     "it is not said whether a human approved (authorization.session_type is neither autonomous nor human_approved)"),
    ({"authorization__approved_by": None}, "RECORD-APPROVAL-2", "/authorization/approved_by",
     "approved by a human, but not by whom (authorization.approved_by is missing)"),
    ({"authorization__approved_at": None}, "RECORD-APPROVAL-3", "/authorization/approved_at",
     "approved by a human, but not when (authorization.approved_at is missing)"),
    ({"action__result_status": None}, "RECORD-ACTION-2", "/action/result_status",
     "it is not said how the action ended (action.result_status is missing)"),
    ({"action__tool": None}, "RECORD-ACTION-3", "/action/tool", "the tool is not named (action.tool is missing)"),
    ({"action__arguments": None}, "RECORD-ACTION-4", "/action/arguments",
     "the arguments of the call are not recorded (action.arguments is missing)"),
    ({"delegation_chain": None}, "RECORD-DELEGATION-1", "/delegation_chain",
     "it is not said on whose behalf (delegation_chain is missing)"),
    ({"delegation_chain": [{"actor": "agent_planner", "role": "executor"}]}, "RECORD-DELEGATION-2", "/delegation_chain",
     "the initiating user is not in the chain of delegation (no actor is user.id, none an initiator)"),
    ({"delegation_chain": [{"actor": "user_ann", "role": "initiator"}]}, "RECORD-DELEGATION-3", "/delegation_chain/0",
     "the chain of delegation does not end in the acting agent (its last actor is not agent.id)"),
    ({"delegation_chain": [{"actor": "user_ann"}, {"actor": "somebody"}]}, "RECORD-DELEGATION-3", "/delegation_chain/1",
     "the chain of delegation does not end in the acting agent (its last actor is not agent.id)"),
    ({"delegation_chain": [{"actor": "user_ann"}, {"role": "x"}, {"actor": "agent_planner"}]}, "RECORD-DELEGATION-4",
     "/delegation_chain/1/actor", "a link of the chain of delegation has no name (delegation_chain.1.actor is missing)"),
    ({"timestamp": None}, "RECORD-ENVELOPE-1", "/timestamp", "it is not said when it happened (timestamp is missing)"),
    ({"session_id": None}, "RECORD-ENVELOPE-2", "/session_id", "the session is not named (session_id is missing)"),
    ({"trace_id": None}, "RECORD-ENVELOPE-3", "/trace_id", "the trace is not named (trace_id is missing)"),
    ({"timestamp": "2026-06-01T14:23:11"}, "RECORD-TIME-1", "/timestamp",
     "timestamp must be a time with offset as in RFC 3339, such as 2026-06-01T14:23:11Z"),
    ({"session_id": ""}, "RECORD-VALUE-1", "/session_id", "session_id must be a non-empty text"),
    ({"user": "ann"}, "RECORD-TYPE-1", "/user", "user must be an object, not a text"),
    ({"user__id": 42}, "RECORD-TYPE-1", "/user/id", "user.id must be a text, not a number"),
    ({"user__id": {"a": 1}}, "RECORD-TYPE-1", "/user/id", "user.id must be a text, not an object"),
    ({"user__type": "robot"}, "RECORD-WORD-1", "/user/type", "user.type must be one of human, service, system"),
    ({"action__result_status": "ok"}, "RECORD-WORD-1", "/action/result_status",
     "action.result_status must be one of success, error, denied, blocked, partial, timeout, pending, unknown"),
    ({"action__type": "Tool Call"}, "RECORD-VALUE-1", "/action/type", "action.type must be a lower-case word"),
    ({"action__latency_ms": -1}, "RECORD-VALUE-1", "/action/latency_ms", "action.latency_ms must be a number from 0 on"),
    ({"action__latency_ms": "218"}, "RECORD-TYPE-1", "/action/latency_ms",
     "action.latency_ms must be a number from 0 on, not a text"),
    ({"authorization__scopes": "orders:read"}, "RECORD-TYPE-1", "/authorization/scopes",
     "authorization.scopes must be a list of texts, not a text"),
    ({"authorization__scopes": ["a", 1]}, "RECORD-TYPE-1", "/authorization/scopes/1",
     "authorization.scopes.1 must be a text, not a number"),
    ({"user__email": {"_redacted": "zz"}}, "RECORD-SEAL-1", "/user/email",
     'user.email: a withheld value must be exactly {"_redacted": "<64 lower-case hex digits>"}'),
    ({"user": {"_redacted": HASH, "id": "u"}}, "RECORD-SEAL-1", "/user",
     'user: a withheld value must be exactly {"_redacted": "<64 lower-case hex digits>"}'),
    ({"action__arguments": {"a": [{"_redacted": 1}]}}, "RECORD-SEAL-1", "/action/arguments/a/0",
     'action.arguments.a.0: a withheld value must be exactly {"_redacted": "<64 lower-case hex digits>"}'),
    ({"action__arguments": {"_salts": []}}, "RECORD-SEAL-2", "/action/arguments", "_salts is used inside action.arguments"),
    ({"metadata": {"x": {"_leaf": 1}}}, "RECORD-SEAL-2", "/metadata/x", "_leaf is used inside metadata.x"),
    ({"seq": -1}, "RECORD-SEAL-1", "/seq", "seq must be a whole number from 0 on"),
    ({"prev": "00"}, "RECORD-SEAL-1", "/prev", "prev must be a SHA-256: 64 lower-case hex digits"),
    ({"_salts": [["A" * 22, 1]]}, "RECORD-SEAL-1", "/_salts/0", "_salts.0 must be [salt, offset, length]"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "rule", "at", "message"), ONE, ids=[f"{case[1]}{case[2]}-{number}" for number, case in enumerate(ONE)])  # fmt: skip
def test_one_mistake_is_one_finding(changes: dict[str, Any], rule: str, at: str, message: str) -> None:
    """Whatever else follows from it is folded into it."""
    content = record(**changes)
    assert told(content) == [(rule, at, message)]


def test_the_agent_that_is_the_user_itself() -> None:
    content = record(agent__id="user_ann", delegation_chain=[{"actor": "user_ann"}, {"actor": "user_ann"}])
    assert told(content) == [
        ("RECORD-AGENT-2", "/agent/id", "the agent is the user itself (agent.id equals user.id)"),
    ]


def test_what_answers() -> None:
    """Every way of record.md to answer a question."""
    for changes in (
        {"authorization": {"scopes": [], "session_type": "autonomous"}},
        {"action": {"type": "llm_call", "result_status": "success"}},
        {"action": {"type": "tool_use", "tool": "x", "arguments": {}, "result_status": "denied"}},
        {"action": {"type": "überweisung", "result_status": "unknown"}},
        {"delegation_chain": [{"actor": "user:user_ann"}, {"actor": "x", "role": "delegate"}, {"actor": "agent:agent_planner"}]},
        {"delegation_chain": [{"actor": "boss", "role": "initiator"}, {"actor": "agent_planner"}]},
        {"parent_span_id": None, "unknown": {"member": 1}},
        {"action__latency_ms": {"not_json": "float", "text": "NaN"}, "prompt": {"text": {"sha256": HASH, "bytes": 2000000}}},
    ):  # fmt: skip
        verdict = verdict_of(record(**changes))
        assert (verdict.problems, verdict.answered) == ([], questions.ALL)
    content = record()
    content["parent_span_id"] = content["user"]["name"] = content["approval"] = None
    assert told(content) == [], "null says nothing"


WITHHELD = [
    ({"user__id": HOLE}, {"user"}),
    ({"user": HOLE}, {"user"}),
    ({"agent__id": HOLE}, {"agent", "delegation"}),
    ({"authorization": HOLE}, {"authorization", "approval"}),
    ({"authorization__scopes": HOLE}, {"authorization"}),
    ({"authorization__session_type": HOLE}, {"authorization", "approval"}),
    ({"authorization__approved_by": HOLE}, {"approval"}),
    ({"action": HOLE}, {"action"}),
    ({"action__arguments": HOLE}, {"action"}),
    ({"action__arguments": {"order_id": HOLE}}, set()),
    ({"delegation_chain": HOLE}, {"delegation"}),
    ({"delegation_chain": [{"actor": HOLE}, {"actor": HOLE}]}, {"delegation"}),
    ({"delegation_chain": [{"actor": HOLE, "role": "initiator"}, {"actor": "agent_planner"}]}, set()),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "withheld"), WITHHELD)
def test_what_is_withheld_is_there_but_unknown(changes: dict[str, Any], withheld: set[str]) -> None:
    """Valid, and counted apart from what is answered."""
    verdict = verdict_of(record(**changes))
    assert verdict.problems == []
    assert {name for name in QUESTIONS if state(verdict, name) == "withheld"} == withheld
    assert {name for name in QUESTIONS if state(verdict, name) == "no"} == set()


@given(way=st.sampled_from([way for way in ways(EVERYTHING) if way[0] not in ("seq", "prev", "_salts")]))
def test_any_value_may_be_withheld(way: tuple[str | int, ...]) -> None:
    content = copy.deepcopy(EVERYTHING)
    holder: Any = content
    for step in way[:-1]:
        holder = holder[step]
    holder[way[-1]] = HOLE
    assert told(content, strict=True) == []


def test_the_profile_record_does_not_ask_the_six_questions() -> None:
    content = {"timestamp": "2026-06-01T14:23:11Z", "session_id": "s", "trace_id": "t", "user": {}}
    verdict = verdict_of(content, profile="record")
    assert verdict.problems == []
    assert verdict.answered == verdict.withheld == 0


def test_strict_reports_unknown_members_with_their_pointers() -> None:
    content = record(usr=1, metadata={"anything": {"goes": 1}}, action__toool="x", source={"import": 1})
    content["user"]["ann@example.org"] = True
    assert told(content) == []
    assert told(content, strict=True) == [
        ("RECORD-UNKNOWN-1", "/action/toool", "action.toool is no member that auditlog.record/1 knows"),
        ("RECORD-UNKNOWN-1", "/source/import", "source.import is no member that auditlog.record/1 knows"),
        ("RECORD-UNKNOWN-1", "/user", "user.… is no member that auditlog.record/1 knows"),
        ("RECORD-UNKNOWN-1", "/usr", "usr is no member that auditlog.record/1 knows"),
    ]


def test_foreign_shapes_are_judged_by_what_they_say() -> None:
    """Nothing is guessed: what neither the tutorial nor AgentAudit says is reported as missing."""
    line = tutorial(
        "tool_call", tool="get_balance", arguments={}, user_id="u-1", agent="assistant", session_id="s", request_id="r"
    )
    verdict = verdict_of(line)
    assert verdict.kind == "tutorial"
    assert {state(verdict, name) for name in ("user", "agent")} == {"answered"}
    assert [each.rule for each in verdict.problems] == [
        "RECORD-AUTHORIZATION-1", "RECORD-ACTION-2", "RECORD-DELEGATION-1",
    ]  # fmt: skip
    verdict = verdict_of(agentaudit("guardrail_check", agentId="w", traceId="t", prompt="p", metadata={}))
    assert [state(verdict, name) for name in QUESTIONS] == ["no", "answered", "no", "no", "no", "no"]


def test_an_unknown_shape_is_one_finding() -> None:
    assert [rule for rule, _, _ in told(b'{"eventName":"ConsoleLogin","user":"ann"}')] == ["RECORD-SHAPE-1"]


OWN: dict[str, dict[str, Any]] = {
    "genesis": {"format": "auditlog/1", "origin": "h/audit/0a", "policy": "default/1"},
    "checkpoint": {"note": "n", "sshsig": "s"},
    "rotate": {"format": "auditlog/1", "origin": "h/audit/0a", "policy": {"base": "default/1"}, "segment": "a", "first": 0,
               "records": 6, "bytes": 4215, "sha256": HASH},
    "redact": {"targets": [{"seq": 1, "field": "/user/email", "commit": HASH}], "reason": "r", "by": "d"},
    "redacted": {"segment": "a", "sha256": HASH, "declared_at": [5]},
    "erase-subject": {"request": "17", "redact_at": [], "values": 0, "records": 0, "left": 0, "by": "d"},
    "prune": {"records": 6, "head": HASH, "range": ["A" * 43 + "="], "segments": ["a"], "reason": "r"},
    "recovered": {"kind": "cut", "bytes": 22, "sha256": HASH, "torn": "{"},
    "lost": {"count": 3, "first": "2026-11-21T09:00:02Z", "last": 7, "reason": "ENOSPC"},
    "durability": {"from": 2, "to": 3, "error": "EIO", "present": 2},
    "key": {"old": "a", "new": "b", "valid_from": "2026-11-21T09:00:04Z", "sshsig": "s"},
    "export": {"to": "regulator", "profile": "share", "size": 7, "head": HASH, "sha256": HASH},
    "close": {},
}  # fmt: skip


def own(which: str, **members: Any) -> dict[str, Any]:
    inner = {name: value for name, value in members.items() if value is not None}
    return {"timestamp": "2026-11-21T09:00:00Z", "record_id": "r-1", "auditlog": {"type": which, **inner}}


@pytest.mark.parametrize("which", OWN)
def test_the_log_s_own_records_are_judged_by_their_table(which: str) -> None:
    """integrity.md, 2.6: each member is required, and an unknown one is only reported with --strict."""
    good = own(which, **OWN[which])
    verdict = verdict_of(good, strict=True)
    assert (verdict.kind, verdict.problems) == ("own", [])
    for name in OWN[which]:
        wrong = own(which, **{**OWN[which], name: None})
        assert told(wrong)[0] == ("RECORD-OWN-1", f"/auditlog/{name}", f"auditlog.{name} is missing")
        wrong = own(which, **{**OWN[which], name: True})
        assert {rule for rule, _, _ in told(wrong)} == {"RECORD-OWN-1"}, name
    good["auditlog"]["more"] = 1
    assert told(good) == []
    assert [at for _, at, _ in told(good, strict=True)] == ["/auditlog/more"]


def test_own_records_hold_nothing_else() -> None:
    content = {**own("close"), "session_id": "s"}
    assert told(content) == [
        ("RECORD-OWN-1", "/session_id", "session_id does not belong into a record of the log about itself"),
    ]
    assert told(own("newtype"))[0][:2] == ("RECORD-OWN-1", "/auditlog/type")
    assert told({"auditlog": 3})[-1][2] == "auditlog must be an object with a type, not a number"


def test_a_tombstone_is_valid_and_withholds_every_answer() -> None:
    verdict = verdict_of({"seq": 1, "_leaf": HASH, "_salts": []})
    assert (verdict.kind, verdict.problems, verdict.withheld) == ("withheld", [], questions.ALL)
    assert {rule for rule, _, _ in told({"seq": 1, "_leaf": "x", "_salts": [1], "more": 1})} == {"RECORD-SEAL-1"}


def test_the_published_vectors_are_valid(shared: Path) -> None:
    """Sealed, redacted, pruned: whatever the specification shows as an intact log."""
    seen = set()
    for file in sorted((shared / "spec/vectors").glob("demo-*.jsonl")):
        if "skeletons" in file.name:
            continue
        for raw in file.read_bytes().splitlines():
            verdict = verdict_of(raw, strict=True)
            assert verdict.problems == [], file
            seen.add(verdict.kind)
    assert seen == {"auditlog", "own", "withheld"}


def test_what_the_writer_writes_is_valid(tmp_path: Path) -> None:
    """From genesis on, by the writer itself."""
    from auditlog_cli.writer.log import AuditLog

    path = tmp_path / "audit.jsonl"
    with AuditLog(str(path)) as log:
        log.append(record())
        log.append(record(action__arguments={"x": float("nan"), "_salts": 1, "y": b"z"}))
    kinds = [verdict_of(raw).kind for raw in path.read_bytes().splitlines()]
    assert kinds[:3] == ["own", "auditlog", "auditlog"]
    for raw in path.read_bytes().splitlines():
        assert told(raw, strict=True) == []


MARK = "s3cret-value"
marked = st.recursive(
    st.just(MARK) | st.builds(lambda text: MARK + text, st.text(max_size=5)),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.builds(lambda text: f"{MARK} {text}@x", st.text(max_size=3)), inner, max_size=2),
    max_leaves=4,
)  # fmt: skip


@given(way=st.sampled_from(ways(EVERYTHING)), value=marked, strict=st.booleans())
def test_no_message_holds_a_value_of_the_log(way: tuple[str | int, ...], value: Any, strict: bool) -> None:
    """Nor the name of a member that does not look like one: either may be personal data."""
    content = copy.deepcopy(EVERYTHING)
    holder: Any = content
    for step in way[:-1]:
        holder = holder[step]
    holder[way[-1]] = value
    for _, at, message in told(content, strict=strict):
        assert MARK not in message
        assert MARK not in at or way[0] in ("metadata", "provenance", "action")


@given(
    st.dictionaries(st.sampled_from([*EVERYTHING]), json_values, max_size=9),
    st.sampled_from(ways(EVERYTHING)),
    json_values,
)
def test_the_schema_and_the_words_agree_on_the_six_questions(
    members: dict[str, Any], way: tuple[str | int, ...], value: Any
) -> None:
    """What fits the schema answers everything, but for the two conditions that no schema can state; and
    what does not fit it breaks a rule."""
    changed = copy.deepcopy(EVERYTHING)
    holder: Any = changed
    for step in way[:-1]:
        holder = holder[step]
    holder[way[-1]] = value
    for content in (changed, {**EVERYTHING, **members}):
        if "seq" not in content or "_leaf" in content or "auditlog" in content:
            continue
        fits = compiled.verdict("answering-record")(content)
        found = {problem.rule for problem in judge(Record(content, Line(b""), "auditlog", content)).problems}
        beyond = {"RECORD-AGENT-2", "RECORD-DELEGATION-2", "RECORD-DELEGATION-3"}
        if fits:
            assert found <= beyond
            asked = questions.ask(content)
            assert found or asked.answered | asked.withheld == questions.ALL
        else:
            assert found - {"RECORD-AGENT-2"}
        if fits and questions.agrees(content):
            assert not found, "the short way may not accept what the long one refuses"


def test_rules_can_be_told_apart() -> None:
    """Ids are of the published form, titles differ, and every rule says what to do."""
    import re

    assert all(re.fullmatch(r"[A-Z0-9]+(?:-[A-Za-z0-9.]+)+", name) for name in RULES)
    assert len({rule.title for rule in RULES.values()}) == len(RULES)
    assert all(rule.fix and rule.why and rule.clauses for rule in RULES.values())
    assert {rule.question for rule in RULES.values()} == {"", *QUESTIONS}


def test_reserved_names_hidden_by_an_escape_are_found() -> None:
    raw = json.dumps(record(metadata={"x": 1})).replace('"x"', '"\\u005fsalts"').encode()
    assert [rule for rule, _, _ in told(raw)] == ["RECORD-SEAL-2"]
    assert structure.may_misuse(raw, {})
