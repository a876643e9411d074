"""A summary of a period: what is counted, and the same in all formats."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from auditlog_cli import registry
from auditlog_cli.renderers import html as page
from auditlog_cli.renderers import markdown as markup
from auditlog_cli.renderers.summaries import html, markdown
from auditlog_cli.renderers.summaries import json as json_
from auditlog_cli.report import CANNOT, SENTENCE, Report
from auditlog_cli.reporting.activity import BLOCKS, Activity
from auditlog_cli.reporting.alerts import Alerts
from auditlog_cli.reporting.summary import PLACES, summary, within
from auditlog_cli.rules.policy import FORMAT, parse
from auditlog_cli.rules.site import owners
from auditlog_cli.validator import schemas
from tests.reports import BASIS, fixed, found, hostile, moment, where

GOLDEN = Path(__file__).parents[1] / "golden" / "report"
START, END = moment("2026-11-01T00:00:00Z"), moment("2026-12-01T00:00:00Z")
FORMATS: dict[str, Any] = {"json.json": json_.render, "markdown.md": markdown.render, "html.html": html.render}


def record(day: int, **more: Any) -> dict[str, Any]:
    return {
        "timestamp": f"2026-11-{day:02}T09:00:00Z", "agent": {"id": "agent:billing"}, "user": {"id": f"u-{day % 3}"},
        "action": {"type": "tool_invocation", "tool": "crm.read", "result_status": "success"}, **more,
    }  # fmt: skip


def activity() -> Activity:
    made = Activity()
    for day in (3, 3, 4, 5):
        made.add(record(day, authorization={"session_type": "human_approved"}, data={"purpose": "billing"}))
    made.add(record(6, action={"type": "tool_invocation", "result_status": "denied"}, delegation_chain=[{}, {}, {}]))
    for status in ("pending", "approved", "pending", "denied", "x"):
        made.add(record(7, action={"type": "approval"}, approval={"status": status}))
    made.add({"timestamp": "yesterday", "approval": {"status": "denied"}, "data": {}})
    return made


def alert(name: str, phase: str, day: int, hour: int = 0) -> dict[str, Any]:
    return {
        "timestamp": f"2026-11-{day:02}T{hour:02}:00:00Z",
        "action": {"type": "alert", "phase": phase, "resource": name},
    }


def alerts() -> Alerts:
    made = Alerts()
    for each in (
        alert("a", "open", 2), alert("a", "acknowledged", 2, 1), alert("a", "resolved", 4),
        alert("b", "open", 5), alert("c", "open", 6), alert("c", "resolved", 6, 2), {"action": {"type": "tool"}},
    ):  # fmt: skip
        made.add(each)
    return made


def made(**more: Any) -> dict[str, Any]:
    said = {"owner": {"agent:billing": "team-payments"}.get, **more}
    return summary(fixed(), START, END, activity(), alerts=alerts(), before=(fixed(findings=[]), Activity()), **said)


@pytest.mark.parametrize("name", FORMATS)
def test_how_it_looks(name: str) -> None:
    said = FORMATS[name](made()).encode()
    path = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(said)
    assert path.exists(), f"{path} is missing: UPDATE_GOLDEN=1 writes it"
    assert said == path.read_bytes()
    assert FORMATS[name](made()).encode() == said


def test_every_format_is_one_file() -> None:
    assert registry.names("renderers/summaries") == ("html", "json", "markdown")


def test_the_object_is_what_its_schema_says() -> None:
    schema: Any = schemas.load("summary")
    for each in (made(), summary(Report(0), 0, 1, Activity()), summary(hostile("x"), 0, 1, Activity())):
        jsonschema_rs.validate(schema, json.loads(json_.render(each)))
        assert set(each) == set(schema["properties"])
        for group in each["findings"]:
            for finding in group["places"]:
                jsonschema_rs.validate(schemas.load("finding"), finding)


def test_activity_adds_up() -> None:
    told = activity().as_object()
    assert told["records"] == 11
    for name in ("agents", "types", "outcomes"):
        assert sum(each["records"] for each in told[name]) == 11
    assert sum(each["records"] for each in told["days"]) + told["undated"] == 11
    assert told["human_approved"] == {"records": 4, "share": 0.3636}
    assert told["approvals"] == {"approved": 1, "denied": 1, "pending": 2, "other": 1}
    assert (told["denials"], told["distinct_users"]) == (3, 3)
    assert told["delegation"] == {"deepest": 3, "delegated": 1}
    assert [each["block"] for each in told["blocks"]] == list(BLOCKS)
    assert told["blocks"][0] == {"block": "data", "records": 4, "share": 0.3636}


def test_who_answers_for_an_agent_is_told_where_the_register_names_anybody() -> None:
    told = activity().as_object(owners(parse({"format": FORMAT, "agents": [{"match": "*", "owner": "Ann"}]})))["agents"]
    assert told == [
        {"value": "agent:billing", "records": 10, "owner": "Ann"},
        {"value": "(none)", "records": 1, "owner": ""},
    ]
    assert "| Agent | Records |\n" in markdown.render(made(owner=None))
    assert "| Agent | Records | Owner |\n" in markdown.render(made())
    assert "| `agent:billing` | 10 | team-payments |" in markdown.render(made())
    assert "owner" not in activity().as_object()["agents"][0]


def test_alerts_are_told_by_their_records() -> None:
    told = alerts().as_object(START, END)
    assert told == {
        "opened": 3, "acknowledged": 1, "resolved": 2, "open_at_end": 1,
        "until_acknowledged": {"median_s": 3600, "longest_s": 3600},
        "until_resolved": {"median_s": 90_000, "longest_s": 172_800},
    }  # fmt: skip


def test_alerts_outside_of_the_period_count_for_what_is_open_only() -> None:
    told = alerts().as_object(moment("2026-11-05T12:00:00Z"), moment("2026-11-06T01:00:00Z"))
    assert (told["opened"], told["resolved"], told["open_at_end"]) == (1, 0, 2)


def test_alerts_come_in_any_order_and_may_be_opened_again() -> None:
    steps = [alert("a", "open", 2), alert("a", "resolved", 3), alert("a", "open", 9), alert("a", "acknowledged", 9, 3)]
    one, two = Alerts(), Alerts()
    for each in steps:
        one.add(each)
    for each in reversed(steps):
        two.add(each)
    assert one.as_object(START, END) == two.as_object(START, END)
    assert (one.as_object(START, END)["opened"], one.as_object(START, END)["open_at_end"]) == (2, 1)
    assert one.as_object(START, END)["until_acknowledged"] == {"median_s": 10_800, "longest_s": 10_800}


def test_only_findings_of_the_period_are_counted() -> None:
    report = fixed(fail_on="never")
    within(report, moment("2026-11-20T09:12:00Z"), moment("2026-11-20T09:14:00Z"))
    assert [finding.where.line for finding in report.findings] == [12, 13]
    by_id = {each.rule.id: each for each in report.rules}
    assert (by_id["GDPR-5-1-C-01"].findings, by_id["GDPR-5-1-A-01"].result) == (2, "passed")
    within(report, moment("2026-11-20T09:13:00Z"), moment("2026-11-20T09:14:00Z"))
    assert [finding.where.line for finding in report.findings] == [13]


def test_at_most_twenty_places_of_a_rule_are_listed_and_all_are_counted() -> None:
    report = fixed(findings=[found(BASIS, where(line % 60, f"/data/x{line}")) for line in range(50)])
    group = summary(report, START, END, Activity())["findings"][0]
    assert (group["findings"], len(group["places"])) == (50, PLACES)
    assert "and 30 more" in html.render(summary(report, START, END, Activity()))


def test_a_clause_gathers_its_rules() -> None:
    told = {each["clause"]: each for each in made()["clauses"][1]["clauses"]}
    one = told["GDPR Art. 5(1)(c)"]
    assert one["rules"] == ["GDPR-5-1-C-01", "GDPR-5-1-C-02"]
    assert one["demand"] == "Only data needed for the purpose."
    assert one["by_kind"] == {"violation": 2, "gap": 0, "indicator": 1}
    assert one["results"]["findings"] == 2


def test_sections_stand_in_the_order_of_the_specification() -> None:
    heads = [line[3:] for line in markdown.render(made()).splitlines() if line.startswith("## ")]
    assert heads == [
        "What was looked at", "Integrity of the logs", "Activity", "Packs, clauses and rules", "Findings", "Alerts",
        "Waivers and baseline", "What these packs cannot check", "Trend",
    ]  # fmt: skip


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_says_the_same(name: str) -> None:
    said = FORMATS[name](made())
    assert SENTENCE in said
    last = CANNOT[-1]
    assert (markup.plain(last) if name == "markdown.md" else last) in said
    for rule in fixed().rules:
        assert rule.rule.id in said


def test_silences_are_told_beside_the_verdict() -> None:
    report = fixed()
    told = summary(report, START, END, Activity(), silences=frozenset({"BASE-INT-01"}))
    assert [each["rule"] for each in told["integrity"]["silences"]] == ["BASE-INT-01"]


def test_hostile_text_stays_in_its_place() -> None:
    each = summary(hostile(), 0, 1, Activity())
    said = html.render(each)
    assert f'content="{page.POLICY}"' in said
    assert "\x1b" not in said + markdown.render(each)
    assert "<&" not in said.split("<body>")[1]
