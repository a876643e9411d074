"""What a run comes to: which findings count, and the exit code."""

from __future__ import annotations

import itertools

import pytest

from auditlog_cli.errors import AuditWriteError, InputError
from auditlog_cli.finding import APPLICABILITIES, KINDS, SEVERITIES, Finding
from auditlog_cli.report import FAIL_ON, counts, exit_code
from auditlog_cli.suites import merged, suites
from tests.reports import BASIS, CHAIN, NUMBER, fixed, found, rule, where

ORDER = {"internal": 70, "usage": 2, "definition": 4, "unread": 3, "unwritten": 5, "found": 1, "incomplete": 6}


def test_nothing_wrong_is_0() -> None:
    assert exit_code() == 0


@pytest.mark.parametrize("chosen", list(itertools.product([False, True], repeat=len(ORDER))))
def test_the_first_that_applies_gives_the_exit_code(chosen: tuple[bool, ...]) -> None:
    """compliance.md, 7.3: all combinations."""
    asked = dict(zip(ORDER, chosen, strict=True))
    assert exit_code(**asked) == next((code for name, code in ORDER.items() if asked[name]), 0)


def _finding(severity: str, kind: str, applicability: str, state: str) -> Finding:
    made = found(rule("X-1", "t", fixed().packs[0], severity, kind), where(1), applicability=applicability)
    made.state = state
    return made


@pytest.mark.parametrize("fail_on", FAIL_ON)
@pytest.mark.parametrize("indicators", [False, True])
def test_what_counts(fail_on: str, indicators: bool) -> None:
    """At or above the bar, neither waived nor known; indicators and what does not bind yet only when asked."""
    for severity, kind, applicability, state in itertools.product(
        SEVERITIES, KINDS, APPLICABILITIES, ("new", "known", "waived")
    ):
        expected = (
            state == "new"
            and fail_on in SEVERITIES[SEVERITIES.index(severity) :]
            and (indicators or (kind in ("violation", "gap") and applicability != "not_yet_binding"))
        )
        assert counts(_finding(severity, kind, applicability, state), fail_on, indicators=indicators) is expected


def test_the_fixed_report_fails_on_what_counts_only() -> None:
    report = fixed()
    assert [finding.rule.id for finding in report.findings if finding.counted] == [
        "BASE-INT-01", "BASE-AUTH-01", "GDPR-5-1-C-01", "GDPR-5-1-C-01",
    ]  # fmt: skip
    assert report.exit_code == 1
    assert fixed(fail_on="never").exit_code == 6  # there is a bad line
    assert fixed(unread=[InputError("a.jsonl: missing")]).exit_code == 3
    assert fixed(unwritten=[AuditWriteError("disk full")]).exit_code == 5


def test_a_rule_with_findings_has_not_passed() -> None:
    report = fixed()
    by_id = {each.rule.id: each for each in report.rules}
    assert (by_id["BASE-INT-01"].result, by_id["BASE-INT-01"].findings) == ("findings", 1)
    assert (by_id["GDPR-5-1-A-01"].findings, by_id["GDPR-5-1-A-01"].known) == (14, 1)
    assert by_id["GDPR-12-01"].result == "passed"


def test_a_rule_that_must_be_tested_and_was_not_makes_the_run_incomplete() -> None:
    report = fixed(require_tested=("GDPR-17-01", "GDPR-12-01"), fail_on="never")
    assert report.incomplete == ["1 bad line", "GDPR-17-01: required to be tested, and was not"]


def test_the_verdict_never_says_that_all_is_well() -> None:
    report = fixed(findings=[], lines=type(fixed().lines)(40, 40))
    assert report.exit_code == 0
    assert report.verdict == "no findings; 8 of 10 rules tested on 40 records"


def test_merged_findings_are_one_a_fact_and_lose_none() -> None:
    place = where(1, "/data/basis")
    one, two = (
        found(BASIS, place),
        found(rule("GDPR-X-1", "same fact", fixed().packs[1], "high", "gap", logic=BASIS.logic), place),
    )
    made = merged([one, two, found(NUMBER, where(2))])
    assert [(each.rule.id, [other.rule.id for other in each.others]) for each in made] == [
        ("GDPR-5-1-C-01", []), ("GDPR-X-1", ["GDPR-5-1-A-01"]),
    ]  # fmt: skip


def test_merging_hides_no_finding_that_counts_behind_one_that_does_not() -> None:
    place = where(1, "/data/basis")
    waived = found(rule("GDPR-X-1", "same fact", fixed().packs[1], "critical", "gap", logic=BASIS.logic), place)
    waived.state, waived.counted = "waived", False
    made = merged([waived, found(BASIS, place)])
    assert [(each.rule.id, each.counted) for each in made] == [("GDPR-5-1-A-01", True)]


def test_suites_list_every_finding_once_and_every_rule_once() -> None:
    report = fixed()
    report.findings.append(
        found(CHAIN, where(31), "a record does not follow from the one before it")
    )  # of another policy
    made = suites(report)
    assert [suite.name for suite in made] == ["baseline", "gdpr"]
    assert [sum(suite.totals.values()) for suite in made] == [2, 18]
    assert [len(suite.settled) for suite in made] == [0, 2]
    for suite in made:
        assert len({each.id for each in suite.rules}) == len(suite.rules)
    assert made[1].skipped == {
        "GDPR-17-01": "not tested: no record matched: erased",
        "GDPR-UK-22-01": "not applicable: profile: jurisdiction is eu",
    }
