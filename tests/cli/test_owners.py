"""Who answers for an agent, and which policy is meant: the register of a policy file, the whole way."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli import check
from auditlog_cli.errors import DefinitionError
from auditlog_cli.rules import naming
from tests.cli.test_alerts import KEY, record, write
from tests.conftest import Result

Cli = Callable[..., Result]

POLICY = """format: auditlog.policy/1
agents:
  - agent:test
  - {match: "agent:b*", owner: team-payments}
policies:
  - {name: everyone, version: 1, agents: ["*"], packs: [baseline]}
  - {name: register, version: 1, agents: ["*"], packs: [baseline], rules: [{id: LIB-AGT-01, enabled: true}]}
"""
ONLY = ("--only", "BASE-SEC-01", "--as-of", "2026-11-21T13:00:00Z", "--fail-on", "never")
REPORT = ("report", "audit.jsonl", "--as-of", "2026-11-21T13:00:00Z")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AUDITLOG_USER", "ci-bot")
    others = [record(number, agent={"id": name}) for number, name in ((2, "agent:test"), (3, "stranger"))]
    write(tmp_path / "audit.jsonl", record(1), *others, record(4, agent={}))
    (tmp_path / "auditlog.policy.yaml").write_text(POLICY)
    return tmp_path


def records(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line)["record"] for line in result.out.splitlines()]


def bundles(result: Result) -> list[str]:
    return [each["name"] for each in json.loads(result.out)["policies"]]


def test_findings_name_the_owner_beside_the_agent_where_one_is_registered(cli: Cli) -> None:
    found = records(cli("check", "audit.jsonl", *ONLY, "--only-policy", "everyone", "--format", "jsonl"))
    assert [(each.get("agent"), each.get("owner")) for each in found] == [
        ("agent:billing", "team-payments"), ("agent:test", None), ("stranger", None), (None, None),
    ]  # fmt: skip


@pytest.mark.parametrize("form", ["github", "junit"])
def test_formats_without_a_place_for_owners_say_them_behind_the_message(cli: Cli, here: Path, form: str) -> None:
    """In the words of the text format; and no owner can end a line, a command or an element."""
    words = ("check", "audit.jsonl", *ONLY, "--only-policy", "everyone", "--format", form)
    lines = cli(*words).out.splitlines()
    assert [line.count("; owner: team-payments") for line in lines if "owner" in line] == [1]
    hostile = r'"a\n::error::x\u202e</failure>%0A"'
    (here / "auditlog.policy.yaml").write_text(POLICY.replace("team-payments", hostile))
    other = cli(*words).out
    assert len(other.splitlines()) == len(lines)
    shown = {
        "github": r"; owner: a\n::error::x\u202e</failure>%250A",
        "junit": r"a\n::error::x\u202e&lt;/failure&gt;%0A",
    }
    assert other.count(shown[form]) == 1, other


def test_unknown_agents_are_a_finding_with_and_without_owners(cli: Cli, here: Path) -> None:
    words = (
        "check",
        "audit.jsonl",
        "--only",
        "LIB-AGT-01",
        "--format",
        "jsonl",
        "--as-of",
        "2026-11-21",
        "--fail-on",
        "never",
    )
    assert [each.get("agent") for each in records(cli(*words))] == ["stranger"]
    globs = POLICY.replace('{match: "agent:b*", owner: team-payments}', '"agent:b*"')
    (here / "auditlog.policy.yaml").write_text(globs)
    assert [each.get("agent") for each in records(cli(*words))] == ["stranger"]


def test_a_policy_without_owners_changes_no_output(cli: Cli, here: Path) -> None:
    (here / "auditlog.policy.yaml").write_text(POLICY.replace(", owner: team-payments", ""))
    for form in ("text", "json", "jsonl", "sarif", "markdown", "html", "junit", "github"):
        out = cli("check", "audit.jsonl", *ONLY, "--format", form).out
        assert KEY not in out and not re.search(r'"owner"|owner:|\bOwner\b', out)
    assert "owner" not in cli("policy", "show").out


def test_alerts_tell_the_owner(cli: Cli) -> None:
    cli("check", "audit.jsonl", *ONLY, "--alerts", "alerts.jsonl")
    (alert,) = [
        each for each in json.loads(cli("alerts", "list", "--alerts", "alerts.jsonl", "--format", "json").out)["alerts"]
        if each["finding"]["record"].get("owner")
    ]  # fmt: skip
    shown = cli("alerts", "show", alert["fingerprint"], "--alerts", "alerts.jsonl").out
    assert "agent agent:billing, owner team-payments, user u-1" in shown


def test_the_register_is_shown_with_its_owners(cli: Cli) -> None:
    rows = [json.loads(line) for line in cli("policy", "show", "--format", "jsonl").out.splitlines()]
    assert [(row["agents"], row["parameters"]) for row in rows if row["state"] == "registered"] == [
        ("agent:test", "no owner"), ("agent:b*", "owner: team-payments"),
    ]  # fmt: skip


def test_the_linter_names_agents_without_an_owner(cli: Cli) -> None:
    found = cli("policy", "lint")
    assert found.code == 1
    assert 'auditlog.policy.yaml:3: the agent "agent:test" has no owner; others have one\n' in found.out


def test_a_report_has_owners_beside_its_agents(cli: Cli) -> None:
    told = json.loads(cli(*REPORT, "--format", "json").out)["activity"]["agents"]
    assert {each["value"]: each["owner"] for each in told} == {
        "agent:billing": "team-payments", "agent:test": "", "stranger": "", "(none)": "",
    }  # fmt: skip
    assert "owner" not in json.loads(cli(*REPORT, "--no-policy", "--format", "json").out)["activity"]["agents"][0]


def test_policy_may_name_a_bundle_of_the_file_that_lies_here(cli: Cli) -> None:
    for words in (("check", "audit.jsonl", *ONLY), REPORT):
        named = cli(*words, "--policy", "register", "--format", "json")
        assert bundles(named) == ["register"]
        assert named == cli(*words, "--only-policy", "register", "--format", "json")
        assert named == cli(*words, "--policy", "register", "--only-policy", "register", "--format", "json")


def test_a_file_of_that_name_wins(cli: Cli, here: Path) -> None:
    (here / "register").write_text(POLICY.replace("name: register", "name: other"))
    assert bundles(cli("check", "audit.jsonl", *ONLY, "--policy", "register", "--format", "json")) == [
        "everyone",
        "other",
    ]


def test_a_file_in_a_folder_that_is_closed_to_us_is_not_said_to_be_missing(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(path: str) -> None:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "lstat", closed)
    assert naming.meant("closed/x.yaml", None) == ("closed/x.yaml", None)


def test_what_is_neither_a_file_nor_a_bundle_is_one_error(cli: Cli, here: Path) -> None:
    for words in (("check", "audit.jsonl"), REPORT):
        close = cli(*words, "--policy", "registr")
        assert (close.code, close.out) == (4, "")
        assert close.err == (
            "auditlog: error[definition]: --policy registr: there is no such file, and auditlog.policy.yaml has no policy "
            "of that name\n  help: did you mean register?\n"
        )
    assert "its policies are everyone, register" in cli("check", "audit.jsonl", "--policy", "x.yaml").err
    (here / "auditlog.policy.yaml").unlink()
    alone = cli("check", "audit.jsonl", "--policy", "register")
    assert alone.code == 4
    assert "no such file, and no auditlog.policy.yaml lies here" in alone.err


def test_two_names_that_differ_contradict_each_other(cli: Cli) -> None:
    both = cli("check", "audit.jsonl", "--policy", "register", "--only-policy", "everyone")
    assert (both.code, both.out) == (2, "")
    assert "name two bundles" in both.err


def test_no_output_with_owners_holds_a_value(cli: Cli) -> None:
    for form in ("text", "json", "sarif", "markdown", "html"):
        out = cli("check", "audit.jsonl", *ONLY, "--format", form).out
        assert "team-payments" in out and KEY not in out


def test_a_library_call_means_files_only(here: Path) -> None:
    with pytest.raises(DefinitionError, match="register: cannot be read"):
        check(here / "audit.jsonl", policy="register")


def test_without_a_policy_none_can_be_named(cli: Cli) -> None:
    both = cli("check", "audit.jsonl", "--policy", "register", "--no-policy")
    assert both.code == 2
    assert "--policy and --no-policy contradict each other" in both.err
