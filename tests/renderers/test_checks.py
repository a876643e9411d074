"""What `check` says, in every format: golden files, the schemas, real parsers, hostile text."""

from __future__ import annotations

import gzip
import json
import os
import re
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from auditlog_cli import registry
from auditlog_cli.finding import Finding, Where, fingerprint
from auditlog_cli.renderers import html as page
from auditlog_cli.renderers import markdown as markup
from auditlog_cli.renderers import safe
from auditlog_cli.renderers.checks import html, markdown, text
from auditlog_cli.renderers.checks import json as json_
from auditlog_cli.renderers.findings import github, jsonl, junit, sarif
from auditlog_cli.renderers.text import Style
from auditlog_cli.report import CANNOT, SENTENCE, PackNote, Report, RuleResult
from auditlog_cli.suites import suites
from auditlog_cli.validator import schemas
from tests.reports import BASIS, NUMBER, fixed, found, hostile, rule, where

GOLDEN = Path(__file__).parents[1] / "golden" / "check"
SARIF = Draft7Validator(
    json.loads(gzip.decompress((Path(__file__).parent / "sarif-schema-2.1.0.json.gz").read_bytes()))
)


def drawn(report: Report, columns: int = 0, *, colour: bool = False, unicode: bool = True) -> str:
    return "\n".join([*text.lines(report, Style(columns=columns, colour=colour, unicode=unicode)), ""])


FORMATS = {
    "text.txt": drawn,
    "text-40.txt": lambda report: drawn(report, 40),
    "text-80-ascii.txt": lambda report: drawn(report, 80, unicode=False),
    "text-80-colour.txt": lambda report: drawn(report, 80, colour=True),
    "json.json": json_.render,
    "merged.json": lambda report: json_.render(report, merge=True),
    "jsonl.jsonl": lambda report: "".join(f"{jsonl.line(finding)}\n" for finding in report.findings),
    "sarif.sarif": lambda report: sarif.render(suites(report)),
    "sarif-waived.sarif": lambda report: sarif.render(suites(report), waived=True),
    "junit.xml": lambda report: junit.render(suites(report)),
    "github.txt": lambda report: github.render(suites(report)),
    "markdown.md": markdown.render,
    "html.html": html.render,
}


@pytest.mark.parametrize("name", FORMATS)
def test_how_it_looks(name: str) -> None:
    made = FORMATS[name](fixed()).encode()
    path = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(made)
    assert path.exists(), f"{path} is missing: UPDATE_GOLDEN=1 writes it"
    assert made == path.read_bytes()


def test_every_format_is_one_file() -> None:
    assert registry.names("renderers/checks") == ("html", "json", "markdown", "text")
    assert all(registry.load("renderers/checks", name).HINT for name in registry.names("renderers/checks"))


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_report_gives_the_same_bytes(name: str) -> None:
    assert FORMATS[name](fixed()) == FORMATS[name](fixed())


@pytest.mark.parametrize("name", [name for name in FORMATS if not name.startswith("jsonl")])
def test_every_output_carries_the_sentence(name: str) -> None:
    made = " ".join(FORMATS[name](fixed()).replace("\x1b[2m", "").replace("\x1b[0m", "").split())
    assert SENTENCE in made


@pytest.mark.parametrize("name", ["text.txt", "json.json", "markdown.md", "html.html"])
def test_every_report_says_what_no_pack_can_check(name: str) -> None:
    made = FORMATS[name](fixed()).encode().decode("unicode_escape" if name == "json.json" else "utf-8")
    for said in (*CANNOT, *(said for pack in fixed().packs for said in pack.not_checkable)):
        shown = {"markdown.md": markup.plain, "html.html": escape}.get(name, str)(said)
        assert shown in made


def test_json_is_what_its_schema_says() -> None:
    schema: Any = schemas.load("report")
    for report in (fixed(), hostile("text"), Report(0)):
        made = json.loads(json_.render(report))
        jsonschema_rs.validate(schema, made)
        assert set(made) == set(schema["properties"])
        for finding in made["findings"]:
            jsonschema_rs.validate(schemas.load("finding"), finding)
        if made["verification"]:
            jsonschema_rs.validate(schemas.load("verification"), made["verification"])


@pytest.mark.parametrize("name", ["jsonl.jsonl", "merged.json"])
def test_findings_print_only_what_their_schema_knows(name: str) -> None:
    made = FORMATS[name](fixed())
    findings = (
        json.loads(made)["findings"] if name.endswith("json") else [json.loads(each) for each in made.splitlines()]
    )
    schema: Any = schemas.load("finding")
    known = schema["properties"]
    for finding in findings:
        jsonschema_rs.validate(schema, finding)
        assert set(finding) <= set(known)
        for member in ("record", "at", "waiver"):
            assert set(finding.get(member, ())) <= set(known[member]["properties"])


def test_who_answers_for_the_agent_stands_where_the_place_does() -> None:
    report = fixed()
    told = [finding for finding in report.findings if finding.where.owner]
    assert [(each.rule.id, each.where.line) for each in told] == [("GDPR-5-1-C-01", 12)]
    (result,) = [
        each for run in sarif.as_object(suites(report))["runs"] for each in run["results"] if "properties" in each
    ]
    assert result["properties"] == {"owner": "team-payments"}
    assert [each for each in drawn(report).splitlines() if "owner: " in each] == [
        each for each in drawn(report).splitlines() if "audit.jsonl:12" in each
    ]
    assert "Owner" in markdown.render(report) and "Owner" in html.render(report)


@pytest.mark.parametrize(("owners", "unlisted", "lines"), [("AA", 0, 1), ("A", 0, 1), ("AB", 0, 2), ("AA", 7, 2)])
def test_an_owner_of_all_findings_of_a_rule_is_said_once(owners: str, unlisted: int, lines: int) -> None:
    findings = [found(BASIS, where(line, owner=owner)) for line, owner in enumerate(owners, 1)]
    report = Report(0, findings=findings, rules=[RuleResult(BASIS, "findings", unlisted=unlisted)])
    said = [each for each in drawn(report).splitlines() if "owner: " in each]
    assert len(said) == lines
    assert (said[0] == "  owner: A") is (lines == 1 and len(owners) > 1)


def test_counts_add_up() -> None:
    made = json.loads(json_.render(fixed()))
    counts, lines = made["counts"], made["lines"]
    assert lines["read"] == lines["judged"] + lines["not_selected"] + lines["bad"]
    assert counts["findings"] == counts["new"] + counts["known"] + counts["waived"] == len(made["findings"])
    assert counts["new"] == sum(counts["by_severity"].values()) == sum(counts["by_kind"].values())
    assert sum(counts["results"].values()) == len(made["rules"])
    for member in ("findings", "counted", "known", "waived"):
        assert sum(each[member] for each in made["rules"]) == counts[member]


# --- SARIF ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("waived", [False, True])
def test_sarif_is_sarif(waived: bool) -> None:
    for report in (fixed(), hostile(), hostile("x")):
        made = json.loads(sarif.render(suites(report), waived=waived))
        assert [error.message for error in SARIF.iter_errors(made)] == []


def test_sarif_says_what_github_reads() -> None:
    """compliance.md, 8.1, member by member."""
    runs = json.loads(sarif.render(suites(fixed())))["runs"]
    assert [run["automationDetails"]["id"] for run in runs] == ["auditlog/baseline/", "auditlog/gdpr/"]
    gdpr = runs[1]
    assert gdpr["tool"]["extensions"] == [{"name": "gdpr", "version": "0.1.0", "properties": {"sha256": "ab" * 32}}]
    rules = {each["id"]: each for each in gdpr["tool"]["driver"]["rules"]}
    number = rules["GDPR-5-1-C-01"]
    assert number["properties"] == {
        "tags": ["security", "pack/gdpr", "kind/violation", "GDPR Art. 5(1)(c)", "GDPR Art. 25(2)"],
        "precision": "high",
        "security-severity": "8.0",
    }
    assert number["defaultConfiguration"] == {"level": "error"}
    for said in ("GDPR Art. 5(1)(c): Only data needed", "An audit log needs", "Replace the value", "Order numbers"):
        assert said in number["help"]["text"]
        assert said in number["help"]["markdown"]
    assert gdpr["properties"]["as_of"] == "2026-11-21T12:00:00.000000Z"
    assert gdpr["properties"]["notTested"] == ["GDPR-17-01", "GDPR-UK-22-01"]
    assert gdpr["properties"]["waivedOrKnownLeftOut"] == 2
    first = next(each for each in gdpr["results"] if each["ruleId"] == "GDPR-5-1-C-01")
    region = first["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 12, "startColumn": 120, "endLine": 12, "endColumn": 149}
    assert re.fullmatch(r"sha256:[0-9a-f]{64}:1", first["partialFingerprints"]["primaryLocationLineHash"])


def test_sarif_tells_related_records_in_time_order() -> None:
    result = next(
        each for each in json.loads(sarif.render(suites(fixed())))["runs"][1]["results"] if "codeFlows" in each
    )
    steps = result["codeFlows"][0]["threadFlows"][0]["locations"]
    assert [step["location"]["physicalLocation"]["region"]["startLine"] for step in steps] == [3, 7, 9]
    assert [each["physicalLocation"]["region"]["startLine"] for each in result["relatedLocations"]] == [3, 7]


def test_sarif_keeps_to_the_limits_of_github_and_says_what_it_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "MAX_RUNS", 1)
    made = json.loads(sarif.render(suites(fixed())))
    assert [run["automationDetails"]["id"] for run in made["runs"]] == ["auditlog/baseline/"]  # the critical one
    assert "gdpr" in made["runs"][0]["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]
    assert made["runs"][0]["properties"]["findingsLeftOut"] == 18
    monkeypatch.setattr(sarif, "MAX_RUNS", 20)
    monkeypatch.setattr(sarif, "MAX_BYTES", 3600)
    text_ = sarif.render(suites(fixed()))
    gdpr = json.loads(text_)["runs"][1]
    assert len(gzip.compress(text_.encode(), 6)) <= 3600
    assert 0 < len(gdpr["results"]) == 18 - gdpr["properties"]["findingsLeftOut"] < 18
    assert gdpr["results"][0]["level"] == "error"
    assert "left out" in gdpr["invocations"][0]["toolExecutionNotifications"][-1]["message"]["text"]


def test_sarif_is_read_by_sarif_tools(tmp_path: Path) -> None:
    loader = pytest.importorskip("sarif.loader", reason="sarif-tools is not installed")
    path = tmp_path / "a.sarif"
    path.write_text(sarif.render(suites(fixed())))
    read = loader.load_sarif_file(str(path))
    assert read.get_result_count() == 20
    levels = [record["Severity"] for record in read.get_records()]
    assert {level: levels.count(level) for level in ("error", "warning", "note")} == {
        "error": 5,
        "warning": 14,
        "note": 1,
    }


# --- JUnit, GitHub -------------------------------------------------------------------------------------


def test_junit_fails_on_what_counts_only() -> None:
    baseline, gdpr = ElementTree.fromstring(junit.render(suites(fixed())))
    assert (baseline.attrib["failures"], gdpr.attrib["failures"], gdpr.attrib["skipped"]) == ("2", "1", "2")
    cases = {case.attrib["name"].split()[0]: case for case in gdpr.findall("testcase")}
    assert [child.tag for child in cases["GDPR-5-1-C-01"]] == ["failure"]
    assert [child.tag for child in cases["GDPR-5-1-A-01"]] == ["system-out"]
    assert "medium gap, does not count: logs/audit.jsonl:21" in (cases["GDPR-5-1-A-01"][0].text or "")
    assert "known: logs/audit.jsonl:5" in (cases["GDPR-5-1-A-01"][0].text or "") or "more that do not count" in (cases["GDPR-5-1-A-01"][0].text or "")  # fmt: skip
    assert "waived (W-2026-014)" in (cases["GDPR-5-1-C-02"][0].text or "")
    assert [child.tag for child in cases["GDPR-12-01"]] == []


def test_junit_makes_an_error_of_a_rule_that_was_not_finished() -> None:
    report = fixed()
    report.rules.append(RuleResult(rule("X-1", "t", report.packs[0], "low", "gap"), "not_fully_evaluated", "no room"))
    suite = ElementTree.fromstring(junit.render(suites(report)))[0]
    assert suite.attrib["errors"] == "1"
    error = suite.find("testcase/error")
    assert error is not None and error.attrib["message"] == "not fully evaluated: no room"


def test_junit_is_read_by_junitparser() -> None:
    junitparser = pytest.importorskip("junitparser", reason="junitparser is not installed")
    read = junitparser.JUnitXml.fromstring(junit.render(suites(fixed())).encode())
    read.update_statistics()
    assert (read.tests, read.failures, read.errors, read.skipped) == (10, 3, 0, 2)
    assert [suite.name for suite in read] == ["auditlog.baseline", "auditlog.gdpr"]


def test_annotations_are_ten_of_each_level_over_all_packs() -> None:
    made = github.render(suites(fixed())).splitlines()
    kinds = [line.split("::")[1].split()[0] for line in made]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {"error": 5, "warning": 10, "notice": 2}
    assert made[0].startswith("::error file=logs/audit.jsonl,line=31,title=BASE-INT-01 ")
    assert "4 more findings are not shown here" in made[-1]


# --- text, markdown, html ------------------------------------------------------------------------------


def test_what_is_bold_in_markdown_is_bold_to_a_reader_of_commonmark() -> None:
    reader = pytest.importorskip("markdown_it", reason="markdown-it-py is not installed").MarkdownIt().enable("table")
    for report in (fixed(), fixed(fail_on="never"), hostile("x")):
        page = reader.render(markdown.render(report))
        assert "<strong>Result:</strong> " in page and "<table>" in page
        assert "**" not in page


@pytest.mark.parametrize("columns", [20, 40, 60, 80, 120])
@pytest.mark.parametrize("unicode", [True, False])
def test_text_keeps_to_the_terminal(columns: int, unicode: bool) -> None:
    for report in (fixed(), hostile()):
        made = text.lines(report, Style(columns=columns, unicode=unicode))
        assert max(map(safe.width, made)) <= columns
        assert unicode or all(line.isascii() for line in made)


def test_text_without_colour_has_no_escape() -> None:
    assert "\x1b" not in drawn(fixed())
    assert "\x1b[31m" in drawn(fixed(), colour=True)


@given(st.text(max_size=30))
@settings(max_examples=50)
def test_nothing_in_a_log_gets_out_of_its_place(content: str) -> None:
    """Hostile text in every member: every format stays what it is, and shows no control character."""
    report = hostile(content or "x")
    for made in (drawn(report, 60), markdown.render(report), html.render(report), github.render(suites(report))):
        assert not any(ord(char) in safe.escapes() and char not in "\n\u2060\u2068\u2069" for char in made)
    ElementTree.fromstring(junit.render(suites(report)).encode("utf-8"))
    json.loads(sarif.render(suites(report)))
    Strict.check(html.render(report))


class Strict(HTMLParser):
    """What stands in a page: every tag closed, no script, no reference to anything outside."""

    VOID = frozenset(("meta", "br", "hr", "img", "link", "input"))
    KNOWN = frozenset(
        [
            "html",
            "head",
            "meta",
            "title",
            "style",
            "body",
            "header",
            "nav",
            "main",
            "section",
            "h1",
            "h2",
            "h3",
            "h4",
            "p",
            "ul",
            "ol",
            "li",
            "dl",
            "dt",
            "dd",
            "a",
            "code",
            "span",
            "strong",
            "div",
            "table",
            "caption",
            "thead",
            "tbody",
            "tr",
            "th",
            "td",
        ]
    )

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.headings: list[int] = []

    @classmethod
    def check(cls, made: str) -> Strict:
        reader = cls()
        reader.feed(made)
        reader.close()
        assert reader.open == []
        assert len(set(reader.ids)) == len(reader.ids)
        assert set(reader.targets) <= set(reader.ids)
        return reader

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in self.KNOWN
        said = dict(attrs)
        assert set(said) <= {
            "lang",
            "charset",
            "http-equiv",
            "content",
            "name",
            "id",
            "class",
            "href",
            "scope",
            "aria-labelledby",
        }
        if "id" in said:
            self.ids.append(str(said["id"]))
        if "href" in said:
            assert str(said["href"]).startswith("#")
            self.targets.append(str(said["href"])[1:])
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("report", [fixed(), hostile(), Report(0)], ids=["fixed", "hostile", "empty"])
def test_html_is_whole_and_asks_for_nothing_outside(report: Report) -> None:
    made = html.render(report)
    reader = Strict.check(made)
    assert made.startswith("<!doctype html>")
    assert f'content="{page.POLICY}"' in made
    assert not re.search(
        r"<script|javascript:|\bon\w+=|url\(|@import|<img|<link|<iframe", made.replace("&lt;", ""), re.IGNORECASE
    )
    assert reader.headings[0] == 1
    assert reader.headings.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in zip(reader.headings, reader.headings[1:], strict=False))


def test_no_badge_says_compliant() -> None:
    for name in ("text.txt", "markdown.md", "html.html"):
        report = fixed(findings=[])
        assert not re.search(r"\bcompliant\b|all is well|\bno problems\b", FORMATS[name](report), re.IGNORECASE)


def large(findings: int, rules: int) -> Report:
    pack = PackNote("p", "1", "t", "review", "2026-11-21", "00" * 32)
    report = fixed(packs=[pack], rules=[], findings=[], waivers=[], waivers_file="")
    for number in range(rules):
        asked = rule(
            f"X-{number}",
            "a title of some length, as rules have them",
            pack,
            "high",
            "gap",
            why="why " * 30,
            fix="fix " * 30,
        )
        report.rules.append(RuleResult(asked, "passed", in_scope=1))
        report.findings += [
            found(asked, where(line, "/action/arguments/account_number")) for line in range(1, findings + 1)
        ]
    report.settle()
    return report


@pytest.mark.parametrize(
    ("findings", "rules"), [(1, 1), (300, 1), (59, 206), (2, 1000), pytest.param(59, 3000, marks=pytest.mark.slow)]
)
def test_markdown_keeps_to_64_kib_and_counts_the_rest(findings: int, rules: int) -> None:
    report = large(findings, rules)
    made = markdown.render(report)
    assert len(made.encode()) <= 64 * 1024
    assert SENTENCE in made
    assert f"{findings * rules:,} findings" in made or findings * rules == 1
    assert markup.plain(CANNOT[-1]) in made
    if findings * rules > 20:
        assert "more" in made


def test_markdown_of_endless_paths_is_cut_at_a_line() -> None:
    report = fixed(warnings=["w" * 100_000])
    made = markdown.render(report)
    assert len(made.encode()) <= 64 * 1024
    assert made.endswith("the format json has all.\n")


@pytest.mark.parametrize(
    "content",
    [
        "@team",
        "<b>",
        "[a](b)",
        "`x",
        "a|b",
        "# h",
        "- i",
        "1. x",
        "~~s~~",
        "http://x.example",
        "www.x.example",
        "&lt;",
        "*e*",
    ],
)
def test_markdown_means_itself(content: str) -> None:
    made = markup.plain(content)
    assert made != content
    assert made.replace("\\", "").replace("\u2060", "") == content


def test_merged_formats_name_the_other_rules() -> None:
    place = where(1, "/data/basis")
    other = rule("GDPR-X-1", "same fact", fixed().packs[1], "high", "gap", logic=BASIS.logic, clauses=("GDPR Art. 99",))
    report = fixed(findings=[found(BASIS, place), found(other, place), found(NUMBER, where(2))])
    made = json.loads(json_.render(report, merge=True))
    jsonschema_rs.validate(schemas.load("report"), made)
    merged = next(each for each in made["findings"] if "also" in each)
    assert (merged["rule"], [each["rule"] for each in merged["also"]]) == ("GDPR-X-1", ["GDPR-5-1-A-01"])
    assert merged["clauses"] == ["GDPR Art. 99", "GDPR Art. 5(1)(a)", "GDPR Art. 6(1)"]
    assert "Also named by" in html.render(report, merge=True)


def test_a_finding_without_a_line_has_a_place_all_the_same() -> None:
    finding = Finding(BASIS, BASIS.title, Where("-", 0, 17), fingerprint("X", ["a"]))
    report = fixed(findings=[finding])
    for name, made in FORMATS.items():
        assert "-@17" in made(report) or name.endswith(("sarif", "json", "jsonl", "github.txt")), name
