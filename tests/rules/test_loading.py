"""From the YAML of a pack to its rules: what is taken over, and what is refused with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli.errors import DefinitionError
from auditlog_cli.rules import loading
from auditlog_cli.rules.pack import Pack

HEAD = """\
format: auditlog.rules/1
pack: acme
version: 1
status: review
as_of: 2026-11-21
title: House rules
"""
RULE = """\
- id: ACME-1
  title: Something happened
  severity: high
  finding: violation
  confidence: high
  scope: record
  clauses: {Handbook 1: Nothing happens.}
  why: It should not.
  fix: Stop it.
  parameters: {limit: {default: 3, note: Of things.}}
  detection:
    many: {action.arguments.n|gt: "%limit%"}
    condition: many
  report: {at: action.tool, message: "{action.tool} did it."}
  tests: {hit: [{action: {arguments: {n: 4}}}], pass: [{action: {arguments: {n: 1}}}]}
"""


def pack(tmp_path: Path, text: str, name: str = "acme") -> Pack:
    path = tmp_path / f"{name}.yaml"
    path.write_text(text)
    return loading.load_file(str(path))


def test_a_rule_as_it_stands(tmp_path: Path) -> None:
    made = pack(tmp_path, HEAD + "rules:\n" + RULE)
    assert (made.name, made.version, made.as_of) == ("acme", "1", "2026-11-21")
    (rule,) = made.rules
    assert (rule.id, rule.logic, rule.pack, rule.pack_version, rule.line) == ("ACME-1", "ACME-1", "acme", "1", 8)
    assert rule.detection == {"many": {"action.arguments.n|gt": "%limit%"}, "condition": "many"}
    assert (rule.status, rule.in_pack, rule.waivable, rule.addressable) == ("test", True, True, False)
    assert rule.parameters["limit"].note == "Of things."


def test_extends_takes_everything_but_what_is_said(tmp_path: Path) -> None:
    text = RULE.replace(
        "  scope: record\n", "  scope: record\n  status: experimental\n  in_pack: false\n  waivable: false\n"
    )
    made = pack(tmp_path, HEAD + "rules:\n" + text + """\
- id: ACME-2
  extends: ACME-1
  title: Other words
  clauses: {Handbook 2: Nor that.}
  waivable: true
  parameters: {limit: {default: 5}, more: {default: 1}}
  report: {at: user.id}
- {id: ACME-3, extends: ACME-2}
""")  # fmt: skip
    one, two, three = made.rules
    assert (two.title, two.severity, two.logic, two.extends) == ("Other words", "high", "ACME-1", "ACME-1")
    assert two.clauses == {"Handbook 2": "Nor that."}
    assert (two.status, two.in_pack) == ("test", True), "not inherited"
    assert not two.waivable, "what may not be waived stays so"
    assert (two.parameters["limit"].default, two.parameters["limit"].note) == (5, "Of things.")
    assert (two.report_at, two.report_message) == ("user.id", one.report_message)
    assert two.detection is one.detection
    assert two.tests is one.tests
    assert three.lineage == ("ACME-2", "ACME-1")
    assert all(three.is_meant_by(name) for name in ("ACME-1", "ACME-2", "ACME-3", "ACME-*"))
    assert not one.is_meant_by("ACME-3")


def test_packs_extend_shipped_ones_and_those_beside_them(tmp_path: Path) -> None:
    pack(tmp_path, HEAD + "rules:\n" + RULE)
    head = HEAD.replace("pack: acme", "pack: other").replace("title:", "extends: [acme, baseline]\ntitle:")
    made = pack(tmp_path, head + "rules:\n- {id: O-1, extends: ACME-1}\n- {id: O-2, extends: BASE-ID-01}\n", "other")
    assert [rule.logic for rule in made.rules] == ["ACME-1", "BASE-ID-01"]
    assert made.rules[1].tests["hit"]


def without(line: str) -> str:
    kept = [each for each in RULE.splitlines() if not each.strip().startswith(f"{line}:")]
    return "\n".join(kept) + "\n"


WRONG = {
    "an unknown key": (RULE + "  falsepositives: [x]\n", 23, "falsepositives"),
    "a mistyped key": (RULE.replace("severity:", "severty:"), 8, "severity"),
    "no title": (without("title"), 8, '"title"'),
    "an empty fix": (RULE.replace("fix: Stop it.", 'fix: " "'), 16, '"fix"'),
    "a wrong word": (RULE.replace("severity: high", "severity: huge"), 10, "critical, high"),
    "a wrong type": (RULE.replace("why: It should not.", "why: [a]"), 15, "must be a text"),
    "no clause": (RULE.replace("{Handbook 1: Nothing happens.}", "{}"), 14, "clause"),
    "a clause without text": (RULE.replace("{Handbook 1: Nothing happens.}", "{A 1, B 2: Nothing.}"), 14, '"A 1" has no text'),
    "no id": (RULE.replace("id: ACME-1", "title: x", 1).replace("  title: Something happened\n", ""), 8, '"id"'),
    "a bad id": (RULE.replace("ACME-1", "acme 1"), 8, "looks like"),
    "an id twice": (RULE + RULE, 23, "is taken: line 8"),
    "no condition": (RULE.replace("    condition: many\n", ""), 18, "condition"),
    "a correlation in a record rule": (RULE + "  correlate: {unique: message.id}\n", 13, "scope record"),
    "no correlation in a log rule": (RULE.replace("scope: record", "scope: log"), 13, 'no "correlate"'),
    "an empty selection": (RULE.replace('{action.arguments.n|gt: "%limit%"}', "{}"), 19, "many"),
    "a text for a selection": (RULE.replace('{action.arguments.n|gt: "%limit%"}', "x"), 19, "many"),
    "a bad parameter": (RULE.replace("{default: 3, note: Of things.}", "3"), 17, "{default: …}"),
    "a parameter without default": (RULE.replace("{default: 3, note: Of things.}", "{note: x}"), 17, "default"),
    "a case that is a text": (RULE.replace("pass: [{action: {arguments: {n: 1}}}]", "pass: [x]"), 22, "a case"),
    "extends nothing": ("- {id: A-1, extends: A-2}\n", 8, "no such rule"),
    "a circle": ("- {id: A-1, extends: A-2}\n- {id: A-2, extends: A-1}\n", 8, "in a circle"),
    "itself": ("- {id: A-1, extends: A-1}\n", 8, "in a circle"),
    "another logic": (RULE + "- {id: A-2, extends: ACME-1, detection: {a: {b: c}}}\n", 23, "cannot be replaced"),
    "another correlation": (RULE + "- {id: A-2, extends: ACME-1, correlate: {unique: a}}\n", 23, "cannot be replaced"),
    "a date that is none": (RULE + "  applies_from: 2026-02-30\n", 23, "a date such as"),
    "rules that are texts": ("- x\n", 8, "must be a mapping"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_refused_with_file_and_line(tmp_path: Path, name: str) -> None:
    text, line, words = WRONG[name]
    with pytest.raises(DefinitionError) as caught:
        pack(tmp_path, HEAD + "rules:\n" + text)
    assert caught.value.message.startswith(f"{tmp_path}/acme.yaml:{line}:"), caught.value.message
    assert words in caught.value.message


HEADS = {
    "another name": (HEAD.replace("pack: acme", "pack: other"), 2, "name of the file"),
    "another format": (HEAD.replace("rules/1", "rules/2"), 1, "auditlog.rules/1"),
    "no date": (HEAD.replace("2026-11-21", "soon"), 5, "a date"),
    "reviewed by nobody": (HEAD.replace("status: review", "status: reviewed"), 4, "by whom"),
    "no such pack": (HEAD + "extends: [nothing]\n", 7, "no such pack"),
    "a path": (HEAD + "extends: [../../etc/passwd]\n", 7, "names of packs"),
    "an unknown key": (HEAD + "statuss: review\n", 7, "statuss"),
    "a source without address": (HEAD + "sources: [{name: x, url: 'javascript:x'}]\n", 7, "https://"),
}


@pytest.mark.parametrize("name", HEADS)
def test_a_wrong_head_is_refused(tmp_path: Path, name: str) -> None:
    text, line, words = HEADS[name]
    with pytest.raises(DefinitionError) as caught:
        pack(tmp_path, text + "rules:\n" + RULE)
    assert caught.value.message.startswith(f"{tmp_path}/acme.yaml:{line}:"), caught.value.message
    assert words in caught.value.message


def test_a_mistyped_key_gets_a_hint(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError) as caught:
        pack(tmp_path, HEAD + "rules:\n" + RULE + "  falsepositives: [x]\n")
    assert caught.value.help == "did you mean false_positives?"


def test_packs_in_a_circle(tmp_path: Path) -> None:
    (tmp_path / "two.yaml").write_text(HEAD.replace("pack: acme", "pack: two") + "extends: [acme]\nrules: []\n")
    with pytest.raises(DefinitionError, match="acme → two → acme"):
        pack(tmp_path, HEAD + "extends: [two]\nrules: []\n")


def test_a_long_chain_is_refused_and_not_followed(tmp_path: Path) -> None:
    links = "".join(f"- {{id: A-{n}, extends: A-{n + 1}}}\n" for n in range(5000))
    with pytest.raises(DefinitionError, match="in a row"):
        pack(tmp_path, HEAD + "rules:\n" + links)


WORDS = st.sampled_from(
    ["{}", "[]", "x", "1", "true", "~", "[x]", "[1]", "{a: b}", "{a: [b]}", "{default: 1}", '"%limit%"', "[{}]"]
)


@given(st.data())
def test_no_pack_breaks_the_loader(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Any key of a good pack with a value of another kind: a pack, or a DefinitionError; never a traceback."""
    lines = (HEAD + "rules:\n" + RULE).splitlines()
    number = data.draw(st.integers(0, len(lines) - 1))
    key = lines[number].partition(":")[0]
    lines[number] = f"{key}: {data.draw(WORDS)}"
    folder = tmp_path_factory.mktemp("pack")
    said = ""
    try:
        pack(folder, "\n".join(lines) + "\n")
    except DefinitionError as error:
        said = error.message
    assert not said or said.startswith(f"{folder}/acme.yaml:")
