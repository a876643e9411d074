"""Detectors of the site's own, in a policy: found by `check`, named in every format, their values never shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from auditlog_cli import parallel
from auditlog_cli.judgement import dealing
from auditlog_cli.judgement.asking import asked
from auditlog_cli.judgement.judging import judge

CUSTOMER = "ACME-12345674"
KEY = "acmekey_" + "a1b2c" * 4
DETECTORS = [
    {"entity": "ACME_CUSTOMER", "title": "customer number", "pattern": "ACME-([0-9]{8})", "validator": "luhn",
     "words": ["customer"], "context": "optional", "hit": [CUSTOMER], "miss": ["ACME-12345675"]},
    {"entity": "SECRET_ACME", "pattern": "acmekey_[a-z0-9]{20}", "hit": [KEY], "miss": ["acmekey_1"]},
]  # fmt: skip
HOUSE = {
    "format": "auditlog.rules/1", "pack": "house", "version": "1", "status": "review", "as_of": "2026-11-21",
    "title": "House rules", "extends": ["gdpr"],
    "rules": [
        {"id": "HOUSE-DATA-1", "extends": "GDPR-5-1-C-01", "title": "Customer number in clear", "clauses": {"4.2": "None."},
         "parameters": {"entities": {"default": ["ACME_CUSTOMER"]}},
         "tests": {"hit": [{"policy": {"scan": {"detectors": DETECTORS}}, "records": [{"action": {"arguments": {"to": CUSTOMER}}}]}],
                   "pass": [{"action": {"arguments": {"to": "ACME-12345675"}}}]}},
    ],
}  # fmt: skip
FORMATS = ("text", "json", "jsonl", "sarif", "junit", "github", "markdown", "html")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder with a policy, a pack and a log in which both entities stand."""
    (tmp_path / "house.yaml").write_text(yaml.safe_dump(HOUSE, sort_keys=False, default_style=None))
    policy(tmp_path, DETECTORS)
    action = {"type": "tool_invocation", "tool": "t", "arguments": {"to": CUSTOMER, "note": f"use {KEY} now"}}
    record = {"timestamp": "2026-11-21T11:00:00Z", "record_id": "r1", "session_id": "s", "action": action}
    (tmp_path / "a.jsonl").write_text(json.dumps(record) + "\n")
    return tmp_path


def policy(folder: Path, detectors: object, packs: tuple[str, ...] = ("baseline", "house.yaml")) -> Path:
    bundle = {"name": "everyone", "version": 1, "agents": ["*"], "packs": [*packs]}
    said = {
        "format": "auditlog.policy/1",
        "name": "acme",
        "version": 1,
        "scan": {"detectors": detectors},
        "policies": [bundle],
    }
    path = folder / "p.json"
    path.write_text(json.dumps(said))
    return path


def found(cli: Callable, site: Path, *options: object) -> list[dict]:
    done = cli("check", site / "a.jsonl", "--policy", site / "p.json", "--format", "jsonl", *options)
    return [each for each in map(json.loads, done.out.splitlines()) if "entity" in each]


def test_they_are_found_where_they_stand(cli: Callable, site: Path) -> None:
    said = {(each["rule"], each["entity"], each["at"]["pointer"]) for each in found(cli, site)}
    assert said == {
        ("HOUSE-DATA-1", "ACME_CUSTOMER", "/action/arguments/to"), ("BASE-SEC-01", "SECRET_ACME", "/action/arguments/note"),
    }  # fmt: skip


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_names_the_entity_and_no_value(cli: Callable, site: Path, form: str) -> None:
    done = cli("check", site / "a.jsonl", "--policy", site / "p.json", "--format", form)
    assert done.code == 1
    plain = done.out.replace("\\_", "_")
    assert "ACME_CUSTOMER" in plain and "SECRET_ACME" in plain
    for value in (CUSTOMER, CUSTOMER[5:], KEY, KEY[8:]):
        assert value not in done.out + done.err


def test_a_finding_keeps_its_fingerprint_when_log_and_policy_grow(cli: Callable, site: Path) -> None:
    before = {each["fingerprint"] for each in found(cli, site)}
    log = site / "a.jsonl"
    log.write_text('{"timestamp":"2026-11-21T10:00:00Z","record_id":"r0","action":{"type":"x"}}\n' + log.read_text())
    more = {"entity": "ACME_PART", "pattern": "PART-[0-9]{4}", "hit": ["PART-1234"], "miss": ["PART-1"]}
    policy(site, [more, *DETECTORS[::-1]])
    assert {each["fingerprint"] for each in found(cli, site)} == before


@pytest.mark.skipif(parallel.cores() < 2, reason="one core")
def test_two_processes_find_the_same(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A detector is a closure: it must come to the other process as it is."""
    log = site / "a.jsonl"
    line = log.read_text()
    log.write_text("".join(line.replace('"r1"', f'"r{number}"') for number in range(300)))
    alone = judge([str(log)], asked(policy_file=str(site / "p.json")))
    monkeypatch.setattr(dealing, "MUCH", 1)
    monkeypatch.setattr(dealing.threading, "active_count", lambda: 1)
    question = asked(policy_file=str(site / "p.json"))
    assert dealing.shares([str(log)], question) is not None
    both = judge([str(log)], question)
    said = [(each.entity, each.fingerprint) for each in both.findings]
    assert said == [(each.entity, each.fingerprint) for each in alone.findings]
    assert sum(entity == "ACME_CUSTOMER" for entity, _ in said) == 300


@pytest.mark.parametrize("form", FORMATS)
def test_what_no_rule_asks_for_is_said_beside_the_result(cli: Callable, site: Path, form: str) -> None:
    done = cli("check", site / "a.jsonl", "--policy", site / "p.json", "--pack", "baseline", "--format", form)
    plain = (done.out + done.err).replace("\\_", "_")
    assert "ACME_CUSTOMER is detected, but no rule of this run asks for it" in plain
    assert "SECRET_ACME is detected" not in plain


def test_the_cases_of_a_pack_may_bring_their_detectors(cli: Callable, site: Path) -> None:
    assert cli("packs", "test", site / "house.yaml").code == 0
    assert cli("packs", "lint", site / "house.yaml").code == 0


def test_policy_lint_tries_the_samples_and_asks_who_listens(cli: Callable, site: Path) -> None:
    assert (cli("policy", "lint", site / "p.json").code, cli("policy", "lint", site / "p.json").out) == (0, "")
    path = policy(site, [DETECTORS[0] | {"miss": [CUSTOMER]}, DETECTORS[1]], packs=("baseline",))
    done = cli("policy", "lint", path)
    assert done.code == 1
    assert "ACME_CUSTOMER: sample miss 1 is found" in done.out
    assert "ACME_CUSTOMER is detected, but no rule asks for it" in done.out
    assert "SECRET_ACME" not in done.out and CUSTOMER not in done.out


def test_policy_show_lists_them_with_the_rules_that_ask(cli: Callable, site: Path) -> None:
    rows = json.loads(cli("policy", "show", site / "p.json", "--format", "json").out)
    told = {each["rule"]: (each["state"], each["parameters"]) for each in rows[-2:]}
    assert told == {
        "ACME_CUSTOMER": ("detector: customer number", "asked for by HOUSE-DATA-1"),
        "SECRET_ACME": ("detector: SECRET_ACME", "asked for by BASE-SEC-01"),
    }


def test_a_wrong_detector_stops_check_with_file_and_line(cli: Callable, site: Path) -> None:
    path = site / "p.yaml"
    path.write_text(
        "format: auditlog.policy/1\nscan:\n  detectors:\n    - entity: ACME_X\n      pattern: 'a[0-9]+b'\n"
        "      hit: [a1b]\n      miss: [ab]\n"
    )
    done = cli("check", site / "a.jsonl", "--policy", path)
    assert done.code == 4 and f"{path}:5:" in done.err and "write {0,40}" in done.err


def test_findings_lead_redact_to_them(cli: Callable, site: Path) -> None:
    listed = site / "findings.jsonl"
    cli("check", site / "a.jsonl", "--policy", site / "p.json", "--format", "jsonl", "--output", listed)
    done = cli("redact", site / "a.jsonl", "--findings", listed, "--rule", "HOUSE-DATA-1")
    assert "<ACME_CUSTOMER>" in done.out and CUSTOMER not in done.out


def test_a_redaction_profile_takes_the_detectors_of_a_policy(cli: Callable, site: Path) -> None:
    (site / "profile.yaml").write_text("format: auditlog.redaction/1\ndetectors: p.json\n")
    done = cli("redact", site / "a.jsonl", "--profile", site / "profile.yaml")
    assert done.code == 0 and "<ACME_CUSTOMER>" in done.out and "<SECRET_ACME>" in done.out


def test_the_detector_commands_read_a_policy(cli: Callable, site: Path) -> None:
    path = site / "p.json"
    assert cli("detectors", "test", "--detectors", path).code == 0
    assert cli("detectors", "test", CUSTOMER, "--detectors", path).out == "0-13  ACME_CUSTOMER  likely\n"
    assert "ACME_CUSTOMER" in cli("detectors", "list", "--detectors", path).out
    assert "customer number" in cli("detectors", "show", "ACME_CUSTOMER", "--detectors", path).out
    (site / "none.json").write_text('{"format": "auditlog.policy/1"}')
    done = cli("detectors", "test", "--detectors", site / "none.json")
    assert done.code == 4 and "a policy without detectors" in done.err and "scan.detectors" in done.err


@pytest.mark.parametrize("options", [["--since", "2026-11-21"], ["--annotate", "copy.jsonl"]])
def test_selections_and_annotations_know_them_too(
    cli: Callable, site: Path, options: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(site)
    assert {each["entity"] for each in found(cli, site, *options)} == {"ACME_CUSTOMER", "SECRET_ACME"}
    if "--annotate" in options:
        (line,) = (site / "copy.jsonl").read_text().splitlines()
        assert set(json.loads(line)["auditlog_check"]["entities"]) == {"ACME_CUSTOMER", "SECRET", "SECRET_ACME"}
