"""`packs lint`: every error and every warning of compliance.md 6.9."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditlog_cli import times
from auditlog_cli.rules import lint, loading, slowness

NOW = times.parse("2026-11-21T00:00:00Z") or 0
GOOD = """\
format: auditlog.rules/1
pack: acme
version: 1
status: review
as_of: 2026-11-21
title: House rules
rules:
- id: ACME-1
  title: Something happened
  severity: high
  finding: violation
  confidence: high
  scope: record
  clauses: {Handbook 1: Nothing happens.}
  why: It should not.
  fix: Stop it.
  parameters: {limit: {default: 3}}
  detection:
    many: {action.arguments.n|gt: "%limit%"}
    paid: {action.effect: pay}
    subject: paid
    condition: paid and many
  report: {at: action.tool, message: "{action.tool} did it."}
  tests: {hit: [{action: {effect: pay, arguments: {n: 4}}}], pass: [{action: {effect: pay}}]}
"""
LOG = """\
- id: ACME-2
  title: Again and again
  severity: high
  finding: indicator
  confidence: high
  scope: log
  clauses: {Handbook 1: Nothing happens.}
  why: It should not.
  fix: Stop it.
  detection: {a: {action.tool: x}, b: {action.tool: y}}
  correlate: {sequence: {steps: [a, b], within: 1h}}
  tests: {hit: [[]], pass: [[]]}
"""


def remarks(tmp_path: Path, text: str, now: int = NOW) -> list[lint.Remark]:
    path = tmp_path / "acme.yaml"
    path.write_text(text)
    return lint.lint(str(path), now)


def test_a_good_pack_raises_nothing(tmp_path: Path) -> None:
    assert remarks(tmp_path, GOOD + LOG) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", loading.NAMES)
def test_shipped_packs_raise_nothing(name: str) -> None:
    assert lint.lint(loading.shipped_path(name), NOW) == []


ERRORS = {
    "an unknown operator": ("arguments.n|gt:", "arguments.n|greater:", "operator"),
    "a value that an operator cannot take": ("default: 3", "default: [a]", "number"),
    "a virtual field that there is not": ("paid: {action.effect: pay}", "paid: {'@efect': pay}", "@efect is no virtual field"),
    "an undefined parameter": ('"%limit%"', '"%limits%"', "%limits% is no parameter"),
    "an undefined selection": ("condition: paid and many", "condition: paid and much", '"much"'),
    "an undefined selection in the subject": ("subject: paid", "subject: pay", '"pay"'),
    "a broken condition": ("condition: paid and many", "condition: paid many", "condition"),
    "a clause without text": ("Nothing happens.", '" "', "has no text"),
    "a long clause": ("Nothing happens.", "Nothing " * 40, "longer than 300"),
    "no fix": ("fix: Stop it.", 'fix: ""', '"fix"'),
    "no hit": ("hit: [{action: {effect: pay, arguments: {n: 4}}}]", "hit: []", "no hit case"),
    "no pass": (", pass: [{action: {effect: pay}}]", "", "no pass case"),
    "critical and unsure": ("severity: high\n  finding: violation\n  confidence: high", "severity: critical\n  finding: violation\n  confidence: low", "critical with low"),
    "a message that quotes content": ("{action.tool} did it.", "{action.arguments.n} of them.", "quotes action.arguments.n"),
    "a message that quotes a block": ("{action.tool} did it.", "{action} of them.", "quotes action:"),
    "stable before a review": ("scope: record", "scope: record\n  status: stable", "stable in a pack"),
    "a condition on what the profile has not": ("scope: record", "scope: record\n  applies: {dora.entity: x}", '"dora.entity"'),
    "an expression that could take for ever": ('{action.arguments.n|gt: "%limit%"}', '{action.arguments.n|re: "(a+)+$"}', "repetition"),
    "a back reference": ('{action.arguments.n|gt: "%limit%"}', '{action.arguments.n|re: "(a)\\\\1"}', "back references"),
    "an expression that is none": ('{action.arguments.n|gt: "%limit%"}', '{action.arguments.n|re: "("}', "regular expression"),
    "an expression that is slow": ('{action.arguments.n|gt: "%limit%"}', '{action.arguments.n|re: "a*a*b"}', "takes longer"),
}  # fmt: skip


@pytest.mark.parametrize("name", ERRORS)
def test_errors(tmp_path: Path, name: str) -> None:
    old, new, words = ERRORS[name]
    assert old in GOOD
    found = remarks(tmp_path, GOOD.replace(old, new))
    assert any(each.is_error and words in each.text for each in found), found
    assert all(str(each).startswith((f"{tmp_path}/acme.yaml:", f"error: {tmp_path}/acme.yaml:")) for each in found)


CORRELATIONS = {
    "{sequence: {steps: [a, c]}}": 'names "c"',
    "{sequence: {steps: [a, b], within: 1h}, count: {of: a}}": "one of distinct",
    "{nothing: 1}": "one of distinct",
    "{sequence: {steps: [a, b], when: after}}": '"when" is no key of sequence',
    "{sequence: [a, b]}": "must be a mapping",
    "{unique: {a: b}}": "needs a name",
    "{check: hash_chains}": "no check hash_chains",
    "{sequence: {steps: [a, b]}, group: [x]}": '"group" is no key',
    "{sequence: {steps: [a, b]}, condition: c}": '"c"',
    "{check: silence, with: {stop: {action.type|nope: x}}}": "operator",
    '{count: {of: a, within: "%window%", gte: 3}}': "%window% is no parameter",
}


@pytest.mark.parametrize("text", CORRELATIONS)
def test_errors_in_correlations(tmp_path: Path, text: str) -> None:
    found = remarks(tmp_path, GOOD + LOG.replace("{sequence: {steps: [a, b], within: 1h}}", text))
    assert any(each.is_error and CORRELATIONS[text] in each.text and each.rule == "ACME-2" for each in found), found


def test_warnings(tmp_path: Path) -> None:
    text = GOOD.replace("paid: {action.effect: pay}", "paid: {action.efect: pay}")
    found = remarks(tmp_path, text.replace('"%limit%"', "3"), NOW + 200 * 86_400_000_000)
    assert not any(each.is_error for each in found)
    said = " ".join(map(str, found))
    for words in ("200 days", "action.efect is outside", "limit is not used"):
        assert words in said


def test_an_origin_that_changed(tmp_path: Path) -> None:
    copied = "cloned_from: {rule: BASE-ID-01, pack: baseline, version: 0.1.0, sha256: aa}"
    found = remarks(tmp_path, GOOD.replace("scope: record", f"scope: record\n  {copied}"))
    assert ["has changed" in each.text for each in found] == [True]
    found = remarks(tmp_path, GOOD.replace("scope: record", f"scope: record\n  {copied.replace('ID-01', 'ID-99')}"))
    assert ["no longer" in each.text for each in found] == [True]


def test_what_does_not_load_is_one_error(tmp_path: Path) -> None:
    (found,) = remarks(tmp_path, GOOD.replace("severity: high", "severity: hi"))
    assert found.is_error
    assert f"{tmp_path}/acme.yaml:10:" in str(found)


SLOW = [r"(a+)+$", r"a*a*b", r"(?i)\bgit\s+push\b.*\s(?:--force|-f)\b", r"x-[a-z]*[rf][a-z]*\s!", r"(?:a|a)*$"]
QUICK = [
    r"abc",
    r"(?i)ignore (?:all |any )?previous",
    r"\bgit\s+push\b.{0,500}\s-f\b",
    r"[a-z]{1,64}@[a-z]{1,64}",
    r"^\*{1,2}$",
]


@pytest.mark.slow
def test_hostile_texts_find_slow_expressions_and_only_those() -> None:
    assert slowness.slow([*SLOW, *QUICK]) == (SLOW, [])


def test_what_was_not_tried_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slowness, "BUDGET", -1.0)
    assert slowness.child('["a", "b"]') == '[[], ["a", "b"]]'
    monkeypatch.setattr(slowness, "slow", lambda expressions: ([], list(expressions)))
    found = remarks(tmp_path, GOOD.replace('{action.arguments.n|gt: "%limit%"}', '{action.arguments.n|re: "a{1,3}b"}'))
    assert any(each.is_error and "1 expressions were not tried" in each.text for each in found)


def test_hostile_texts_are_as_long_as_said() -> None:
    for expression in (*SLOW, *QUICK):
        texts = list(slowness.texts(expression))
        assert texts
        assert {len(text) for text in texts} <= {slowness.SIZE, slowness.SIZE + 1}
