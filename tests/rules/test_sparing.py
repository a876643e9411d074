"""Correlations and checks hear of the detectors what they have to hear, and no more."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditlog_cli.rules import lookups
from auditlog_cli.rules.generating import generate
from auditlog_cli.rules.program import Program
from auditlog_cli.rules.site import Site
from auditlog_cli.rules.sparing import generate_sparing
from tests.rules.packs import scanner_for
from tests.rules.test_shapes import SHAPE, variants
from tests.rules.test_twins import SITE, everything


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second record of a shape is judged by a function of its own."""
    monkeypatch.setattr(lookups, "OFTEN", 1)


def streams() -> tuple[Program, Site]:
    program, _, site = everything()
    return program._replace(logics=()), site


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(st.lists(variants(), min_size=1, max_size=8))
def test_what_is_said_without_the_detectors_is_what_is_said_with_them(contents: list[dict[str, Any]]) -> None:
    program, site = streams()
    if not JUDGES:
        JUDGES.extend(make(program, site, scanner_for(SITE).scan) for make in (generate_sparing, generate))
    for content in contents:
        (spared, _, values), (whole, _, others) = (judge(content) for judge in JUDGES)
        assert (spared, spared.states, spared.verdicts) == (whole, whole.states, whole.verdicts)
        assert values == others


JUDGES: list[Any] = []


def test_the_detectors_are_asked_only_where_something_rests_on_them() -> None:
    program, site = streams()
    asked: list[Any] = []
    judge = generate_sparing(program, site, lambda content: asked.append(content) or [])  # type: ignore[func-returns-value]
    outside = next(each.match for each in SITE.tools if each.external).replace("*", "x")
    quiet = {**SHAPE, "action": {**SHAPE["action"], "tool": "not in the policy"}}
    unsaid = {name: value for name, value in SHAPE.items() if name != "data"}
    sent = {**unsaid, "action": {**SHAPE["action"], "tool": outside}}
    judge(quiet)
    assert asked == []
    judge(sent)
    assert asked == [sent]
