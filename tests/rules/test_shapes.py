"""Records of a frequent shape are judged as all others are."""

from __future__ import annotations

import copy
import tracemalloc
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditlog_cli.fields import MISSING
from auditlog_cli.rules import lookups, shapes
from auditlog_cli.rules.engine import Engine
from auditlog_cli.rules.facts import Place
from auditlog_cli.rules.generating import generate
from auditlog_cli.rules.interpreting import interpret
from auditlog_cli.rules.lookups import WHEN
from auditlog_cli.rules.reading import Reading
from auditlog_cli.rules.site import Site
from auditlog_cli.rules.values import moment
from tests.rules.packs import AS_OF, all_bound, scanner_for
from tests.rules.test_twins import NAMES, ODD, SITE, TIMES, everything, paths, words

SHAPE: dict[str, Any] = {
    "timestamp": "2026-11-20T10:00:00Z", "record_id": "rec_1", "session_id": "sess_12345678", "trace_id": "trace_12345",
    "span_id": "span_123456", "parent_span_id": None, "user": {"id": "alice"},
    "agent": {"id": "billing", "version": "1.0", "model": "m-1-mini"},
    "authorization": {"scopes": ["crm:read"], "session_type": "human_approved", "approved_by": "alice",
                      "approved_at": "2026-11-20T09:59:00Z", "expires_at": "2026-11-20T11:00:00Z"},
    "action": {"type": "tool_invocation", "tool": "crm.read_contact", "arguments": {"to": "x"}, "result_status": "success"},
    "data": {"categories": ["contact"], "subject_ids": ["s1"], "purpose": "billing"},
    "delegation_chain": [{"actor": "alice", "role": "initiator"}, {"actor": "billing", "role": "executor"}],
}  # fmt: skip


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second record of a shape is judged by a function of its own."""
    monkeypatch.setattr(lookups, "OFTEN", 1)


@st.composite
def variants(draw: st.DrawFn) -> dict[str, Any]:
    """The shape with other values here and there: usual ones, odd ones, holes."""
    content = copy.deepcopy(SHAPE)
    leaf = st.one_of(st.sampled_from(words()), NAMES, TIMES, ODD)
    values = st.one_of(leaf, st.lists(leaf, max_size=3), st.dictionaries(st.sampled_from(["actor", "a", "b"]), leaf))
    for path in draw(st.lists(st.sampled_from(paths()), max_size=6, unique=True)):
        head, *rest = path.split(".")
        if head not in content:
            continue
        if not rest or draw(st.integers(0, 9)) == 0:
            content[head] = copy.deepcopy(draw(values))
        elif isinstance(content[head], dict):
            if draw(st.integers(0, 4)) == 0:
                content[head].pop(rest[0], None)
            else:
                content[head][".".join(rest)] = copy.deepcopy(draw(values))
    if draw(st.booleans()):
        content["action"] = {**SHAPE["action"], "arguments": {"to": draw(st.sampled_from(
            ["ann@example.org", "4111 1111 1111 1111", "nothing", "\u0040", 10**30]))}}  # fmt: skip
    return content


def agrees(judge: Any, content: dict[str, Any]) -> None:
    """What a generated function says of a record is what the interpreter says."""
    program, _, site = everything()
    outcome, hits, values = judge(content)
    reading = Reading(content, site, scanner_for(SITE).scan)
    assert outcome == interpret(program, reading)
    assert hits == reading.hits
    assert values.pop(WHEN, when := moment(content.get("timestamp"))) == when
    assert values == {path: reading.get(path) for path in program.fields}


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(st.lists(variants(), min_size=1, max_size=8))
def test_a_function_for_a_shape_agrees_with_the_interpreter(contents: list[dict[str, Any]]) -> None:
    program, _, site = everything()
    judge = JUDGES.setdefault("scanned", generate(program, site, scanner_for(SITE).scan))
    judge(SHAPE)
    for content in contents:
        for _ in range(2):  # the second time from the tables
            agrees(judge, content)


JUDGES: dict[str, Any] = {}


PARTITIONS = st.lists(st.integers(0, 3), min_size=60, max_size=60)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(PARTITIONS, st.lists(variants(), min_size=1, max_size=6))
def test_it_agrees_whichever_paths_are_looked_up_together(parts: list[int], contents: list[dict[str, Any]]) -> None:
    program, _, site = everything()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shapes, "chosen", lambda paths, rows, together: [
            those for part in range(3)
            if (those := tuple(path for path, one in zip(paths, parts, strict=False) if one == part))
        ])  # fmt: skip
        judge = generate(program, site, scanner_for(SITE).scan)
        judge(SHAPE)
    for content in [SHAPE, *contents, SHAPE]:
        for _ in range(2):
            agrees(judge, content)


def test_values_that_are_one_key_to_a_dict_are_told_apart() -> None:
    program, _, site = everything()
    judge = generate(program, site, None)
    for said in ["1", 1, True, 1.0, None, ["1"], [1], [True], [1.0], {"a": 1}, [], ""] * 2:
        for path in ("authorization.session_type", "agent.version", "delegation_chain", "user.id"):
            content = copy.deepcopy(SHAPE)
            head, _, name = path.partition(".")
            if name:
                content[head][name] = said
            else:
                content[head] = said
            assert judge(content)[0] == interpret(program, Reading(content, site, None))


def test_most_values_of_the_shape_do_not_send_it_to_the_general_function(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the tests above would prove nothing."""
    program, _, site = everything()
    made = []

    def watching(self: Any, rows: Any) -> Any:
        function = original(self, rows)

        def counted(record: dict[str, Any]) -> Any:
            said = function(record)
            made.append(said is not None)
            return said

        return counted

    original = shapes.Shape.function
    monkeypatch.setattr(shapes.Shape, "function", watching)
    judge = generate(program, site, None)
    for _ in range(3):
        judge(SHAPE)
    assert made == [True, True]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(st.lists(variants(), min_size=1, max_size=12))
def test_records_that_are_only_counted_are_counted_as_if_they_were_seen(contents: list[dict[str, Any]]) -> None:
    """The slow twin: an engine that takes every outcome from the interpreter, and so shows all to everybody."""
    bound = all_bound()
    fast, slow = Engine(bound, SITE, as_of=AS_OF), Engine(bound, SITE, as_of=AS_OF)
    program, site = slow._plan.program, Site(SITE)

    def interpreted(content: dict[str, Any]) -> Any:
        reading = Reading(content, site, None)
        return interpret(program, reading), [], {path: reading.get(path) for path in program.fields}

    slow._judge = interpreted
    found = []
    for engine in (fast, slow):
        facts = []
        for number, content in enumerate(contents, start=1):
            facts += engine.record(content, Place("x", number, log="x"))
        facts += engine.finish()
        found.append((
            [(fact.bound.rule.id, fact.place.line, fact.path, fact.group, fact.message) for fact in facts],
            [(one.rule.id, repr(tally)) for one, tally in engine.tallies().items()],
            engine.under_no_policy,
        ))  # fmt: skip
    assert found[0] == found[1]


def test_a_table_keeps_no_more_of_a_key_than_its_bytes() -> None:
    # orjson leaves a buffer of four kilobytes behind each text that it writes, and sys.getsizeof does not say so.
    alone, joint = lookups.Group(("action.arguments",)), lookups.Group(("authorization.scopes", "action.tool"))
    tracemalloc.start()
    try:
        for number in range(500):
            alone.keep(orjson.dumps([f"crm:{number}"]), MISSING)
            joint.keep((orjson.dumps([f"crm:{number}"]), "send"), MISSING, MISSING)
        alive = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert len(alone.table) == len(joint.table) == 500
    assert alive < 500 * 2 * 500
