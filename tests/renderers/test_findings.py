"""Findings in the formats of other tools: judged by those tools' own rules."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from auditlog_cli import registry
from auditlog_cli.finding import Finding, Rule, Suite, Where, fingerprint
from auditlog_cli.renderers import safe
from auditlog_cli.renderers.findings import github, jsonl, junit, sarif, text
from auditlog_cli.renderers.findings import json as json_
from auditlog_cli.renderers.text import Style
from auditlog_cli.validation import validate
from auditlog_cli.validator import schemas
from auditlog_cli.validator.report import ValidationReport
from tests.logs import line, record

SARIF = Draft7Validator(
    json.loads(gzip.decompress((Path(__file__).parent / "sarif-schema-2.1.0.json.gz").read_bytes()))
)
HOSTILE = '"<&]]>%\r\n\x1b[31m\u202e,:::\x00\ufffe\udcff ü東'
LINES = [
    line(record()),
    line(record(user__id=None, action__result_status="ok")),
    line(record(authorization__session_type="delegated")),
    b'{"a":1,"a":2}',
    b'{"eventName":"ConsoleLogin"}',
    b'{"auditlog":{"type":"close"},"timestamp":"2026-06-01T14:23:11Z","record_id":"r"}',
    b'{"seq":1,"_leaf":"' + b"0" * 64 + b'","_salts":[]}',
]


@pytest.fixture
def report() -> ValidationReport:
    return validate(LINES)


def hostile_suite(path: str = HOSTILE, message: str = HOSTILE, severity: str = "high", many: int = 1) -> Suite:
    rule = Rule("X-1", message, severity=severity, why=message, fix=message, clauses=(message,))
    where = Where(path, 3, 17, column=2, end_column=4, pointer=f"/{message}")
    found = [Finding(rule, message, where, fingerprint("X-1", [str(number)])) for number in range(many)]
    return Suite("record", "1", message, [rule], skipped={}, totals={"X-1": many}, findings=found, verdict=message, unread=[message])  # fmt: skip


def test_every_format_is_one_file() -> None:
    assert registry.names("renderers/findings") == ("github", "json", "jsonl", "junit", "sarif", "text")
    assert all(registry.load("renderers/findings", name).HINT for name in registry.names("renderers/findings"))


def test_sarif_is_sarif(report: ValidationReport) -> None:
    """By the schema that OASIS publishes."""
    made = json.loads(sarif.render([report.suite]))
    assert [error.message for error in SARIF.iter_errors(made)] == []
    run = made["runs"][0]
    assert run["columnKind"] == "unicodeCodePoints"
    assert [result["ruleId"] for result in run["results"]].count("RECORD-USER-1") == 1
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert re.fullmatch(r"sha256:[0-9a-f]{64}:1", result["partialFingerprints"]["primaryLocationLineHash"])
    word = next(result for result in run["results"] if result["ruleId"] == "RECORD-WORD-1")
    region = word["locations"][0]["physicalLocation"]["region"]
    shown = LINES[1].decode()[region["startColumn"] - 1 : region["endColumn"] - 1]
    assert (region["startLine"], shown) == (2, '"ok"')


def test_sarif_links_the_page_of_a_shipped_rule_and_of_no_other() -> None:
    asked = Rule("X-1", "t", severity="high")
    for page, there in (("docs/rules/gdpr.md", True), ("", False)):
        suite = Suite("gdpr", "1", "t", [asked], skipped={}, totals={}, findings=[], verdict="", unread=[], page=page)
        (run,) = sarif.as_object([suite])["runs"]
        (told,) = run["tool"]["driver"]["rules"]
        assert run["tool"]["driver"]["informationUri"].startswith("https://")
        assert told.get("helpUri", "").endswith("docs/rules/gdpr.md#X-1") is there


def test_sarif_takes_whatever_a_log_is_called() -> None:
    made = json.loads(sarif.render([hostile_suite()]))
    assert [error.message for error in SARIF.iter_errors(made)] == []
    made = json.loads(sarif.render([hostile_suite(path="/tmp/a b.jsonl", many=3)]))
    assert made["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "file:///tmp/a%20b.jsonl"  # fmt: skip


def test_sarif_keeps_the_most_severe_and_says_how_many_it_leaves_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "MAX_RESULTS", 2)
    suite = hostile_suite(severity="low", many=3)
    grave = Rule("X-0", "grave", severity="critical")
    suite.rules.append(grave)
    suite.totals["X-0"] = 1
    suite.findings.append(Finding(grave, "grave", Where("a", 1), "sha256:" + "0" * 64))
    run = json.loads(sarif.render([suite]))["runs"][0]
    assert [result["level"] for result in run["results"]] == ["error", "note"]
    assert run["properties"]["findingsLeftOut"] == 2


@given(st.text(max_size=30))
def test_junit_is_xml_whatever_is_in_it(content: str) -> None:
    """Parsed by a real parser, and the numbers of the suite are those of its cases."""
    for made in (junit.render([hostile_suite(message=content, many=30)]), junit.render([validate(LINES).suite])):
        for suite in ElementTree.fromstring(made.encode("utf-8")):
            cases = suite.findall("testcase")
            assert int(suite.attrib["tests"]) == len(cases)
            for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
                assert int(suite.attrib[attribute]) == len(suite.findall(f"testcase/{tag}"))


def test_junit_says_what_was_not_asked(report: ValidationReport) -> None:
    suite = ElementTree.fromstring(junit.render([report.suite]))[0]
    skipped = [case.attrib["name"] for case in suite if case.find("skipped") is not None]
    assert skipped == ["RECORD-UNKNOWN-1 A member is unknown"]
    assert len([case for case in suite if case.find("failure") is not None]) == len(report.totals)


COMMAND = re.compile(r"::(error|warning|notice) ((?:[a-zA-Z]+=[^,:\r\n]*,?)*)::([^\r\n]*)\n")


def unescaped(value: str) -> str:
    for code, char in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        value = value.replace(code, char)
    return value


@given(st.text(max_size=20), st.text(max_size=20))
def test_annotations_cannot_be_broken_out_of(path: str, message: str) -> None:
    """GitHub's own reading of a line gives back what was put in."""
    made = github.render([hostile_suite(path=path or "x", message=message)])
    commands = [COMMAND.fullmatch(each + "\n") for each in made.splitlines()]
    assert len(commands) == 3
    assert all(commands)
    assert commands[1] is not None
    properties = dict(part.split("=", 1) for part in commands[1][2].split(",")) if commands[1][2] else {}
    assert unescaped(commands[1][3]) == safe.one_line(message)
    if path != "-":
        assert unescaped(properties["file"]) == safe.one_line(path or "x")


def test_annotations_are_ten_of_each_level_and_one_notice_for_the_rest() -> None:
    made = github.render([hostile_suite(many=25)]).splitlines()
    assert made[0].startswith("::error title=could not look")  # takes one of the ten
    assert sum(each.startswith("::error file") for each in made) == 9
    assert "16 more findings" in made[-1]


def test_json_is_what_its_schema_says(report: ValidationReport) -> None:
    """And every member it prints stands in the schema."""
    made: dict[str, Any] = json.loads(json_.render(report))
    schema: Any = schemas.load("validation")
    jsonschema_rs.validate(schema, made)
    assert set(made) == set(schema["required"]) == set(schema["properties"])
    counts = made["counts"]
    assert counts == {"read": 7, "valid": 1, "invalid": 3, "own": 1, "withheld": 1, "bad": 1}
    assert sum(made["kinds"].values()) == 6
    for question in made["questions"]:
        assert question["answered"] + question["unanswered"] + question["withheld"] == 5


def test_jsonl_is_what_its_schema_says(report: ValidationReport) -> None:
    schema: Any = schemas.load("finding")
    for finding in report.findings:
        made = json.loads(jsonl.line(finding))
        jsonschema_rs.validate(schema, made)
        assert set(made) <= set(schema["properties"])
        assert set(made["record"]) <= set(schema["properties"]["record"]["properties"])
        assert set(made["at"]) <= set(schema["properties"]["at"]["properties"])


@pytest.mark.parametrize("columns", [0, 20, 40, 60, 80, 120])
@pytest.mark.parametrize("unicode", [True, False])
def test_text_keeps_to_the_terminal(report: ValidationReport, columns: int, unicode: bool) -> None:
    style = Style(columns=columns, unicode=unicode)
    drawn = [each for finding in report.findings for each in text.finding(finding, style, helped=False)]
    drawn += text.summary(report, style)
    assert all(unicode is True or each.isascii() for each in drawn)
    if columns:
        assert max(map(safe.width, drawn)) <= columns
    else:
        assert f"line 2, byte {len(LINES[0]) + 1}: nobody is named as the user (user.id is missing)" in drawn


@given(st.text(max_size=30), st.sampled_from([0, 30, 90]))
def test_text_lets_no_control_character_out(content: str, columns: int) -> None:
    suite = hostile_suite(path=content, message=content)
    for each in text.finding(suite.findings[0], Style(columns=columns), helped=True):
        assert not any(ord(char) in safe.escapes() and char not in "\u2068\u2069" for char in each)
