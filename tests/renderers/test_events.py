"""Findings as events: the fields that a SIEM's rules look at."""

from __future__ import annotations

import json

import pytest

from auditlog_cli import registry, times
from auditlog_cli.finding import SEVERITIES, Finding, Where, fingerprint
from auditlog_cli.renderers import events
from auditlog_cli.renderers.findings import jsonl
from tests.reports import BASIS, HOSTILE

NOW = times.parse("2026-11-21T12:00:00Z") or 0


def finding(**where: str) -> Finding:
    return Finding(BASIS, "No basis", Where("a.jsonl", 3, **where), fingerprint(BASIS.id, ["r1"]))  # type: ignore[arg-type]


def test_ecs() -> None:
    found = finding(timestamp="2026-11-20T10:00:00Z", user="u-1", trace_id="t-1")
    made = json.loads(events.line("ecs", jsonl.as_object(found), NOW))
    assert made["@timestamp"] == "2026-11-20T10:00:00Z"
    assert (made["event"]["kind"], made["event"]["module"], made["event"]["severity"]) == ("alert", "auditlog", 47)
    assert made["rule"] == {"id": BASIS.id, "name": BASIS.title, "ruleset": "gdpr", "version": "0.1.0"}
    assert (made["user"]["id"], made["trace"]["id"], made["message"]) == ("u-1", "t-1", "No basis")
    assert made["auditlog"]["finding"] == jsonl.as_object(found)


def test_ocsf() -> None:
    found = finding(timestamp="2026-11-20T10:00:00Z", user="u-1")
    made = json.loads(events.line("ocsf", jsonl.as_object(found), NOW))
    assert (made["class_uid"], made["category_uid"], made["type_uid"]) == (2004, 2, 200401)
    assert made["finding_info"]["uid"] == found.fingerprint and made["severity_id"] == 3
    assert made["time"] == (times.parse("2026-11-20T10:00:00Z") or 0) // 1000
    assert made["unmapped"]["auditlog"]["finding"] == jsonl.as_object(found)


@pytest.mark.parametrize("form", registry.names("renderers/events"))
def test_a_finding_without_a_time_has_that_of_the_check_and_hostile_text_stays_on_its_line(form: str) -> None:
    text = events.line(form, jsonl.as_object(finding(user=HOSTILE, agent=HOSTILE)), NOW)
    assert "\n" not in text and text.isascii()
    made = json.loads(text)
    assert made.get("@timestamp", made.get("time")) in ("2026-11-21T12:00:00.000000Z", NOW // 1000)


@pytest.mark.parametrize("form", registry.names("renderers/events"))
def test_every_severity_has_its_number(form: str) -> None:
    grades = registry.load("renderers/events", form).SEVERITIES
    assert list(grades) == list(SEVERITIES) and sorted(grades.values(), reverse=True) == list(grades.values())


@pytest.mark.parametrize(("form", "path"), [("ecs", ("event", "id")), ("ocsf", ("metadata", "uid"))])
def test_what_is_told_twice_has_the_same_id_and_what_came_back_another(form: str, path: tuple[str, str]) -> None:
    def id_of(reopened: int = 0, now: int = NOW, **changed: object) -> str:
        made = json.loads(events.line(form, jsonl.as_object(finding()) | changed, now, reopened=reopened))
        return str(made[path[0]][path[1]])

    assert id_of() == id_of(now=NOW + times.DAY) == id_of(message="in other words")
    others = {
        id_of(),
        id_of(1),
        id_of(2),
        id_of(rule="A-1"),
        id_of(policy={"name": "p"}),
        id_of(fingerprint="sha256:00"),
    }
    assert len(others) == 6


@pytest.mark.parametrize("form", registry.names("renderers/events"))
def test_a_finding_out_of_an_alerts_log_of_others_becomes_an_event_too(form: str) -> None:
    """Who can write to an alerts log can write anything into it: only this much is known of what stands there."""
    known = {"fingerprint": "x", "rule": "A-1", "severity": "low", "kind": "gap"}
    odd = {"record": {"timestamp": 5, "user": []}, "policy": "p", "confidence": {}, "title": None, "pack_version": 1.5}
    assert json.loads(events.line(form, known, NOW)) and json.loads(events.line(form, known | odd, NOW))
