"""The generated code and the interpreter say the same of every record."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditlog_cli.judgement import casework
from auditlog_cli.rules.generating import Judge, generate
from auditlog_cli.rules.interpreting import interpret
from auditlog_cli.rules.planning import plan
from auditlog_cli.rules.program import Program
from auditlog_cli.rules.reading import Reading
from auditlog_cli.rules.selections import OPERATORS
from auditlog_cli.rules.site import Site
from auditlog_cli.rules.virtual import FIELDS
from tests.rules.packs import AS_OF, all_bound, scanner_for, shipped

HOLE = {"_redacted": "00"}
SITE = casework.site_of({})


@cache
def everything() -> tuple[Program, Judge, Site]:
    """All logics of all packs, in one program."""
    program = plan(all_bound(), AS_OF).program
    site = Site(SITE)
    return program, generate(program, site, scanner_for(SITE).scan), site


def agree(content: dict[str, Any]) -> None:
    """Assert that the twins agree on one record."""
    program, judge, site = everything()
    outcome, hits, values = judge(content)
    reading = Reading(content, site, scanner_for(SITE).scan)
    assert outcome == interpret(program, reading)
    assert hits == reading.hits
    assert values == {path: reading.get(path) for path in program.fields}


def test_they_agree_on_the_records_of_all_cases() -> None:
    """Each case with its own rule, policy and parameters, and each record with all rules at once."""
    seen = 0
    for case in casework.cases_of(shipped()):
        prepared = casework.prepare(case)
        program = plan([prepared.bound], prepared.as_of).program
        scan = scanner_for(prepared.site).scan
        site = Site(prepared.site)
        judge = generate(program, site, scan)
        for content, _ in prepared.lines:
            if content is not None:
                assert judge(content)[0] == interpret(program, Reading(content, site, scan)), case
                agree(content)
                seen += 1
    assert seen > 600


def paths() -> list[str]:
    """Every path in the record that a shipped rule reads."""
    program, _, _ = everything()
    tests = [test for logic in (*program.logics, *program.streams) for test in logic.tests()]
    named = {path for test in tests for path in (test.path, test.other) if path}
    named |= {path for field in FIELDS.values() for path in field.inputs}
    return sorted({path.removesuffix("?") for path in named if not path.startswith("@")})


def words() -> list[Any]:
    """Values that shipped rules ask for, so that random records meet them."""
    program, _, _ = everything()
    found = {each for logic in (*program.logics, *program.streams) for test in logic.tests() for each in test.wanted
             if isinstance(each, str)}  # fmt: skip
    return sorted(found)


ODD = st.sampled_from([None, True, False, 0, 1, 1.0, -1, 10**30, 0.5, "", " ", "unknown", "N/A", [], {}, HOLE, [HOLE],
                       [None], [1, True], ["x", HOLE], {"a": HOLE}, {"_redacted": 1}, [[]], [["x"]], {"": ""}])  # fmt: skip
TIMES = st.sampled_from(["2026-11-20T10:00:00Z", "2026-11-20T10:00:00.000001Z", "2026-11-20T12:00:00+02:00",
                         "2020-01-01T00:00:00Z", "2026-11-20T24:00:00Z", "2026-11-20T10:00:60Z", "2026-02-30T10:00:00Z",
                         "2026-11-20 10:00:00Z", "2026-11-20T10:00:00,123Z", "٢026-11-20T10:00:00Z"])  # fmt: skip
NAMES = st.sampled_from(["crm.read_contact", "crm.update_contact", "ehr.read", "mail.send", "pay.send", "log.delete", "foo",
                         "agent:billing", "agent:shadow", "user:alice", "alice", "m-1-mini", "acme-ai", "sha256:aa",
                         "https://api.example/x", "http://bad\\@api.example/", "crm:*", "crm:read", "contact", "health"])  # fmt: skip


@st.composite
def records(draw: st.DrawFn) -> dict[str, Any]:
    """Records with something, or something odd, at places that rules look at; dotted names and holes anywhere."""
    leaf = st.one_of(st.sampled_from(words()), NAMES, TIMES, ODD)
    values = st.one_of(leaf, st.lists(leaf, max_size=3))
    content: dict[str, Any] = {}
    for path in draw(st.lists(st.sampled_from(paths()), max_size=14, unique=True)):
        names = path.split(".")
        cut = draw(st.integers(0, 12))
        if cut < len(names) - 1:  # a name with dots in it, or a value where a block should be
            names = [*names[:cut], ".".join(names[cut:])] if draw(st.booleans()) else names[: cut + 1]
        holder = content
        for name in names[:-1]:
            below = holder.get(name)
            if not isinstance(below, dict):
                below = holder[name] = {}
            holder = below
        holder[names[-1]] = copy.deepcopy(draw(values))  # what is drawn twice must not be one object
    if draw(st.booleans()):
        content["delegation_chain"] = draw(st.lists(
            st.one_of(ODD, st.fixed_dictionaries({}, optional={
                "actor": st.one_of(NAMES, ODD), "role": st.sampled_from(["executor", "Initiator", HOLE]),
                "type": st.sampled_from(["agent", "human", None, HOLE]),
            })), max_size=4,
        ))  # fmt: skip
    return content


@settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(records())
def test_they_agree_on_random_records(content: dict[str, Any]) -> None:
    """Holes, odd types, names with dots, at the places that rules look at."""
    agree(content)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=6)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)),
    max_leaves=8,
)
SELECTION = st.dictionaries(
    st.tuples(st.sampled_from(["a", "a.b", "a.0", "b", "timestamp"]), st.sampled_from(sorted(OPERATORS)), st.booleans()),
    st.one_of(JSON, st.lists(JSON, min_size=1, max_size=3)), min_size=1, max_size=3,
)  # fmt: skip
SMALL = st.recursive(
    st.sampled_from(["x", "X", "xy", "", "none", 1, 1.0, True, None, "2026-11-20T10:00:00Z", "10.0.0.1", HOLE, 7]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2), st.dictionaries(st.sampled_from(["a", "b", "0", "a.b"]), inner)
    ),
    max_leaves=6,
)


@settings(max_examples=400, deadline=None)
@given(
    st.lists(
        st.dictionaries(
            st.tuples(
                st.sampled_from(["a", "a.b", "a.0", "b", "b.a.b", "timestamp"]),
                st.sampled_from(["", "contains", "startswith", "neq", "gt", "lte", "exists", "missing", "not_rfc3339",
                                 "fieldref", "fieldref|neq", "before", "after", "cased", "re", "older_than", "all"]),
            ),
            st.sampled_from(["x", "x*", "*", "none", 1, True, "a", "a.b", "1d"]),
            min_size=1, max_size=3,
        ),
        min_size=1, max_size=3,
    ),
    st.sampled_from(["s0", "not s0", "s0 or s1", "s0 and not s1", "1 of s*", "all of them", "not (s0 and s1) or s2"]),
    st.lists(st.dictionaries(st.sampled_from(["a", "b", "timestamp", "a.b"]), SMALL), min_size=1, max_size=6),
)  # fmt: skip
def test_they_agree_on_random_rules(parts: list[Any], condition: str, contents: list[dict[str, Any]]) -> None:
    """Selections of any operator over any small record, withheld or not."""
    from auditlog_cli.errors import DefinitionError
    from auditlog_cli.rules.program import compile_logic

    parts = (parts * 3)[:3]
    detection: dict[str, Any] = {"condition": condition, "subject": "s1"}
    for number, part in enumerate(parts):
        detection[f"s{number}"] = {
            f"{path}|{operator}".rstrip("|"): wanted for (path, operator), wanted in part.items()
        }
    try:
        logic = compile_logic(0, "X-1", detection, None, "record", AS_OF)
    except DefinitionError:
        return
    program = Program((logic,), (), (("*",), ("x*",)))
    site = Site(SITE)
    judge = generate(program, site, None)
    for content in contents:
        for _ in range(2):  # the second time from the tables
            assert judge(content)[0] == interpret(program, Reading(content, site, None))


def test_a_table_does_not_take_one_for_true() -> None:
    """`1`, `1.0` and `true` are one key to a dict, and three values to JSON."""
    detection = {"s": {"a|fieldref": "b"}, "t": {"a": 1}, "condition": "s or t"}
    from auditlog_cli.rules.program import compile_logic

    program = Program((compile_logic(0, "X-1", detection, None, "record", AS_OF),), (), (("*",),))
    site = Site(SITE)
    judge = generate(program, site, None)
    for first in (True, 1, 1.0, [True], [1], "1"):
        for second in (True, 1, [1], "1"):
            content = {"a": first, "b": second}
            assert judge(content)[0] == interpret(program, Reading(content, site, None)), content
