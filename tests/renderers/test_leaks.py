"""No value of content stands in any output, wherever in a record a fact is found."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditlog_cli.judgement.facts import Nouns, note
from auditlog_cli.report import Report
from auditlog_cli.rules import compiled
from auditlog_cli.rules.binding import bind
from auditlog_cli.rules.policy import EMPTY
from tests.leaks import assert_no_leak, leaves

PACK = compiled.shipped(["gdpr"])[0]
BOUND = [each for each in bind([PACK], EMPTY, as_of=0, use_policies=False) if each.rule.id == "GDPR-5-1-C-01"]


def report(content: dict[str, Any], raw: bytes) -> Report:
    """A report with a finding at every leaf of a record."""
    nouns = Nouns()
    place = SimpleNamespace(
        source="a.jsonl", line=1, offset=0, seq=0, record_id="rec_01", timestamp="2026-11-20T09:00:00Z", session_id="s1",
        trace_id="t1", agent="agent:billing", user="user:u-17", anchor="rec_01",
    )  # fmt: skip
    made = Report(1_800_000_000_000_000, packs=[note(PACK)], rules=nouns.results(BOUND, {}))
    for pointer, _ in leaves(content):
        fact = SimpleNamespace(
            bound=BOUND[0], message=BOUND[0].rule.title, path=pointer.strip("/").replace("/", "."), pointer=pointer, place=place,
            entity="IBAN_CODE", start=0, end=5, group=(), related=(place,),
        )  # fmt: skip
        made.findings.append(nouns.finding(fact, raw))
    made.settle()
    return made


def record(values: list[str]) -> dict[str, Any]:
    """Each value once as a value and once as the name of a member, all over the content of a record."""
    one, *rest = values
    return {
        "action": {"arguments": {"to": one, one: 1, "list": [{each: each} for each in rest]}, "result": {"x": {one: [one]}},
                   "error": {"message": one}},
        "prompt": {"text": one}, "response": {"text": one}, "message": {"text": one}, "metadata": {one: {one: one}},
    }  # fmt: skip


PERSONAL = st.one_of(
    st.emails(),
    st.from_regex(r"[0-9]{3}-[0-9]{2}-[0-9]{4}", fullmatch=True),
    st.from_regex(r"[0-9]{9,19}", fullmatch=True),
    st.from_regex(r"[A-Z]{2}[0-9]{20}", fullmatch=True),
    st.from_regex(r"\+[0-9]{2} [0-9]{4,12}", fullmatch=True),
    st.from_regex(r"gh[pousr]_[A-Za-z0-9]{30}[0-9]{6}", fullmatch=True),
    st.text(st.characters(blacklist_categories=("Cs",)), min_size=12, max_size=40).map(lambda text: f"Ø {text} §"),
)


@given(st.lists(PERSONAL, min_size=1, max_size=4, unique=True))
@settings(max_examples=60)
def test_no_format_carries_a_value(values: list[str]) -> None:
    content = record(values)
    assert_no_leak(report(content, json.dumps(content).encode()), values)


def test_the_harness_sees_a_leak() -> None:
    made = report(record(["x@example.org"]), b"")
    made.findings[0].message = "x@example.org was called"
    with pytest.raises(AssertionError, match="value 0 stands in text"):
        assert_no_leak(made, ["x@example.org"])


@pytest.mark.slow
def test_no_labelled_number_is_carried(shared: Path) -> None:
    """Every number of the corpus, as a value and as the name of a member."""
    lines = (shared / "data/pii/numbers/stdnum-numbers.jsonl").read_text().splitlines()
    numbers = {
        str(value) for line in lines for name, value in json.loads(line).items() if name in ("number", "value", "text")
    }
    known = sorted(each for each in numbers if sum(char.isdigit() for char in each) >= 5 and len(each) >= 7)
    assert len(known) > 4000
    for start in range(0, len(known), 500):
        values = known[start : start + 500]
        content = record(values)
        assert_no_leak(report(content, json.dumps(content).encode()), values)
