"""Logs judged, from their lines to a report."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli import AuditLog
from auditlog_cli.errors import DefinitionError, UsageError
from auditlog_cli.judgement.asking import asked
from auditlog_cli.judgement.judging import judge
from auditlog_cli.report import Report

NOW = "2026-11-21T12:00:00Z"


def record(**more: Any) -> dict[str, Any]:
    made = {
        "timestamp": "2026-11-21T11:00:00Z", "session_id": "s", "trace_id": "t", "user": {"id": "u-17"},
        "agent": {"id": "agent:billing", "version": "1"}, "delegation_chain": [{"actor": "u-17"}, {"actor": "agent:billing"}],
        "authorization": {"scopes": ["x:y"], "session_type": "autonomous", "expires_at": "2026-11-21T12:00:00Z"},
        "action": {"type": "tool_invocation", "tool": "t", "arguments": {}, "result_status": "success"}, "record_id": "r1",
    }  # fmt: skip
    return {**made, **more}


def written(path: Path, *records: object) -> str:
    path.write_bytes(
        b"".join(each if isinstance(each, bytes) else json.dumps(each).encode() + b"\n" for each in records)
    )
    return str(path)


def check(*paths: str, **options: Any) -> Report:
    return judge(list(paths), asked(as_of=NOW, no_policy=True, **options))


def rules(report: Report) -> list[str]:
    return [finding.rule.id for finding in report.findings]


def test_a_good_record_raises_nothing(tmp_path: Path) -> None:
    report = check(written(tmp_path / "a.jsonl", record()))
    assert rules(report) == [] and report.exit_code == 0
    assert (report.lines.read, report.lines.judged) == (1, 1)
    passed = {each.rule.id: each.in_scope for each in report.rules if each.result == "passed"}
    assert passed["BASE-ID-01"] == 1
    assert all(each.reason for each in report.rules if each.result == "not_tested")


def test_a_finding_says_where_and_never_what(tmp_path: Path) -> None:
    key = "AKIA" + "QYLPMN5HHHFPZAM2"
    action = {**record()["action"], "arguments": {"note": f"use {key}"}}
    report = check(written(tmp_path / "a.jsonl", record(), record(record_id="r2", action=action)), only=["BASE-SEC-01"])
    (finding,) = report.findings
    where = finding.where
    assert (where.line, where.pointer, where.record_id, finding.entity) == (
        2,
        "/action/arguments/note",
        "r2",
        "SECRET_AWS_ACCESS_KEY",
    )
    line = (tmp_path / "a.jsonl").read_text().splitlines()[1]
    assert line[where.column - 1 : where.end_column - 1] == json.dumps(f"use {key}")
    assert key not in repr(finding.message) and report.exit_code == 1


@pytest.mark.parametrize("torn", [b'{"a":1,"b":"to', b"{}x\n", b"\xff\n"])
def test_a_log_of_bad_lines_only_is_told_about_by_the_rule_for_that(tmp_path: Path, torn: bytes) -> None:
    report = check(written(tmp_path / "a.jsonl", torn))
    assert rules(report) == ["BASE-INT-03"] and report.exit_code == 1
    assert (report.lines.read, report.lines.bad) == (1, 1)
    assert check(str(tmp_path / "a.jsonl"), pack=["gdpr"]).exit_code == 6


def test_a_finding_about_several_records_shows_the_value_in_the_line_of_its_anchor(tmp_path: Path) -> None:
    """It arises when the line is no longer at hand: the stream is put in the order of time."""
    action = record()["action"]
    path = written(
        tmp_path / "a.jsonl", record(action=action | {"result_status": "denied"}),
        record(record_id="r2", timestamp="2026-11-21T11:01:00Z"), record(record_id="r3"),
    )  # fmt: skip
    (finding,) = check(path, pack=["owasp-agentic"], only=["ASI02-03"]).findings
    where = finding.where
    line = Path(path).read_text().splitlines()[where.line - 1]
    assert line[where.column - 1 : where.end_column - 1] == '"success"'


def test_what_could_not_be_read_comes_before_what_was_found(tmp_path: Path) -> None:
    bad = written(tmp_path / "a.jsonl", b"x\n")
    report = check(bad, str(tmp_path / "missing.jsonl"))
    assert report.exit_code == 3 and len(report.findings) == 1
    assert "missing.jsonl: no such file" in report.unread[0].message and report.unread[0].help
    (tmp_path / "empty.jsonl").touch()
    (empty,) = check(bad, str(tmp_path / "empty.jsonl")).unread
    assert empty.message == f"{tmp_path / 'empty.jsonl'}: empty, nothing to look at" and empty.help


def test_every_line_is_counted_once(tmp_path: Path) -> None:
    with AuditLog(tmp_path / "a.jsonl", ballast_bytes=0) as log:
        log.append(record())
        log.append(record(record_id="r2", session_id="other"))
    with open(tmp_path / "a.jsonl", "ab") as file:
        file.write(b"torn")
    from auditlog_cli.selection import select_by

    report = check(str(tmp_path / "a.jsonl"), selection=select_by(session=["s"], own=True))
    lines = report.lines
    assert (lines.read, lines.judged, lines.bad) == (4, 1, 1)
    assert lines.read == lines.judged + lines.not_selected + lines.bad


def test_a_log_named_twice_is_judged_once(tmp_path: Path) -> None:
    first = written(tmp_path / "a.jsonl", record(user=None))
    (tmp_path / "linked.jsonl").symlink_to(first)
    once = check(first)
    twice = check(first, f"{tmp_path}/./a.jsonl", str(tmp_path), str(tmp_path / "linked.jsonl"))
    assert rules(twice) == rules(once) != []
    assert (twice.lines.read, twice.lines.judged) == (1, 1)


def test_a_broken_seal_is_a_finding_that_nobody_can_waive(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with AuditLog(path, ballast_bytes=0) as log:
        log.append(record())
        log.append(record(record_id="r2"))  # nothing but a signature tells that the last record was changed
    path.write_bytes(path.read_bytes().replace(b'"u-17"', b'"u-18"', 1))
    report = check(str(path))
    assert "BASE-INT-01" in rules(report) and report.exit_code == 1
    assert report.verdicts[0].exit_code == 1
    waiver = {"format": "auditlog.waivers/1", "waivers": [{
        "id": "W", "rule": "BASE-INT-01", "status": "accepted", "justification": "test_data", "reason": "x",
        "approved_by": "dpo@acme.example", "created": "2026-11-01", "expires": "2026-12-01"}]}  # fmt: skip
    (tmp_path / "w.json").write_text(json.dumps(waiver))
    with pytest.raises(DefinitionError, match="cannot be waived"):
        check(str(path), waivers_file=str(tmp_path / "w.json"))


def test_a_waiver_holds_where_it_says(tmp_path: Path) -> None:
    """`where` is asked of the anchor record, which is read again."""
    nobody = {"id": ""}
    path = written(tmp_path / "a.jsonl", record(user=nobody), record(user=nobody, record_id="r2", session_id="other"))
    waiver = {"format": "auditlog.waivers/1", "waivers": [{
        "id": "W", "rule": "BASE-ID-01", "where": {"session_id": "s"}, "status": "accepted", "justification": "test_data",
        "reason": "x", "approved_by": "dpo@acme.example", "created": "2026-11-01", "expires": "2026-12-01"}]}  # fmt: skip
    (tmp_path / "w.json").write_text(json.dumps(waiver))
    report = check(path, only=["BASE-ID-01"], waivers_file=str(tmp_path / "w.json"))
    assert [(each.where.line, each.state) for each in report.findings if each.rule.id == "BASE-ID-01"] == [
        (1, "waived"),
        (2, "new"),
    ]


def test_what_a_baseline_knows_does_not_count(tmp_path: Path) -> None:
    from auditlog_cli.judgement import baseline

    path = written(tmp_path / "a.jsonl", record(user={"id": ""}))
    first = check(path, only=["BASE-ID-01"])
    baseline.write(str(tmp_path / "b.json"), first.findings, first.as_of)
    written(tmp_path / "a.jsonl", record(user={"id": ""}), record(user={"id": ""}, record_id="r2"))
    report = check(path, only=["BASE-ID-01"], baseline=str(tmp_path / "b.json"))
    assert sorted(each.state for each in report.findings) == ["known", "new"] and report.exit_code == 1


def test_findings_beyond_the_limit_are_counted(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", *(record(user={"id": ""}, record_id=f"r{n}") for n in range(7)))
    report = check(path, only=["BASE-ID-01"], max_findings=3)
    assert len(report.findings) == 3 and report.exit_code == 1
    (result,) = (each for each in report.rules if each.rule.id == "BASE-ID-01")
    assert (result.findings, result.counted) == (7, 7)
    assert "7 findings (7 high); 7 of them count" in report.verdict
    assert "4 are counted and not listed" in report.verdict
    assert len(check(path, only=["BASE-ID-01"], max_findings=0).findings) == 7


def test_every_format_counts_findings_that_it_does_not_list(tmp_path: Path) -> None:
    import xml.etree.ElementTree as ET

    from auditlog_cli.renderers.checks import html, json, markdown, text
    from auditlog_cli.renderers.findings import github, junit, sarif
    from auditlog_cli.renderers.text import Style
    from auditlog_cli.suites import suites

    path = written(tmp_path / "a.jsonl", *(record(user={"id": ""}, record_id=f"r{n}") for n in range(7)))
    report = check(path, only=["BASE-ID-01"], max_findings=3)
    drawn = json.as_object(report)
    counts = drawn["counts"]
    assert (counts["findings"], counts["unlisted"], counts["counted"], counts["new"]) == (7, 4, 7, 7)
    assert sum(counts["by_severity"].values()) == sum(counts["by_kind"].values()) == 7
    assert [(each["findings"], each["unlisted"]) for each in drawn["rules"] if each["findings"]] == [(7, 4)]
    said = "\n".join(text.lines(report, Style(), places=2))
    assert "High: 7 findings" in said and "and 5 more (--format json --max-findings 0 has all)" in said
    assert "7 findings" in html.render(report) and "and 4 more places" in html.render(report)
    assert "7 findings" in markdown.render(report)
    (run,) = sarif.as_object(suites(report))["runs"]
    assert (run["properties"]["findings"], run["properties"]["findingsLeftOut"], len(run["results"])) == (7, 4, 3)
    (failure,) = ET.fromstring(junit.render(suites(report))).iter("failure")
    assert failure.get("message", "").startswith("7 findings") and "and 4 more" in (failure.text or "")
    assert "7 findings (7 high)" in github.render(suites(report))
    assert "4 more findings are not shown here" in github.render(suites(report))


def test_findings_that_are_not_listed_are_known_if_the_others_are(tmp_path: Path) -> None:
    from auditlog_cli.judgement import baseline

    path = written(tmp_path / "a.jsonl", *(record(user={"id": ""}, record_id=f"r{n}") for n in range(7)))
    first = check(path, only=["BASE-ID-01"])
    baseline.write(str(tmp_path / "b.json"), first.findings, first.as_of)
    report = check(path, only=["BASE-ID-01"], max_findings=3, baseline=str(tmp_path / "b.json"))
    assert "no findings" in report.verdict and "7 known" in report.verdict and report.exit_code == 0


def test_segments_compressed_and_foreign_lines_are_one_log(tmp_path: Path) -> None:
    tutorial = {"ts": 1780324991.2, "event_type": "tool_call", "payload": {"tool": "x", "request_id": "r"}}
    packed = tmp_path / "b.jsonl.gz"
    packed.write_bytes(gzip.compress(json.dumps(tutorial).encode() + b"\n"))
    report = check(written(tmp_path / "a.jsonl", record()), str(packed))
    assert report.lines.judged == 2 and len(report.inputs) == 2
    assert {finding.where.path for finding in report.findings} == {str(packed)}


def test_the_files_are_named_with_their_sums(tmp_path: Path) -> None:
    from hashlib import sha256

    path = written(tmp_path / "a.jsonl", record())
    (source,) = check(path).inputs
    data = (tmp_path / "a.jsonl").read_bytes()
    assert (source.path, source.size, source.sha256) == (path, len(data), sha256(data).hexdigest())


@pytest.mark.parametrize(
    "wrong",
    [{"fail_on": "never ever"}, {"max_findings": -1}, {"require_tested": ["NO-SUCH-1"]}, {"as_of": "soon"},
     {"policy_name": "nobody"}, {"policy_file": "x.yaml"}],
)  # fmt: skip
def test_a_question_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        asked(**{"as_of": NOW, "no_policy": True, **wrong})


@pytest.mark.parametrize(
    ("detection", "says"),
    [('s: {action.tool|re: "(a+)+$"}', "could stall"), ("s: {action.tool|nope: x}", "nope"), ("t: {a: b}", "s")],
)
def test_what_is_wrong_with_a_rule_of_a_pack_is_said_with_file_and_line(
    tmp_path: Path, detection: str, says: str
) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(f"""format: auditlog.rules/1
pack: own
version: 1.0.0
status: review
as_of: 2026-11-21
title: t
sources: [{{name: n, url: "https://example.org"}}]
not_checkable: [a]
rules:
- id: OWN-1
  title: t
  severity: high
  finding: violation
  confidence: high
  scope: record
  clauses: {{A 1: b.}}
  why: w
  fix: f
  detection:
    {detection}
    condition: s
  tests:
    hit: [{{"action": {{"tool": "a"}}}}]
    pass: [{{"action": {{"tool": "b"}}}}]
""")
    with pytest.raises(DefinitionError, match=says) as caught:
        asked(as_of=NOW, no_policy=True, pack=[str(path)])
    assert caught.value.message.startswith(f"{path}:10: OWN-1")


def test_the_leaves_at_both_ends_of_a_sealed_file_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with AuditLog(path, ballast_bytes=0) as log:
        first = log.append(record())
        last = log.append(record(record_id="r2"))
    (source,) = check(str(path)).inputs
    assert source.last_leaf == last.leaf and len(source.first_leaf) == 64
    assert source.first_leaf not in (first.leaf, last.leaf), "the genesis record comes first"
    (plain,) = check(written(tmp_path / "b.jsonl", record())).inputs
    assert (plain.first_leaf, plain.last_leaf) == ("", "")
