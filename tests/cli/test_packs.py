"""`packs` and `policy` as the user sees them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from auditlog_cli.rules import loading, policy
from tests.conftest import Result

Cli = Callable[..., Result]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_list(cli: Cli) -> None:
    result = cli("packs", "list")
    assert result.code == 0
    head, *rest = result.out.splitlines()
    assert head.split() == ["rules", "pack", "version", "status", "as_of", "title"]
    assert [line.split()[1] for line in rest] == list(loading.NAMES)
    rows = json.loads(cli("packs", "list", "--format", "json").out)
    assert sum(row["rules"] for row in rows) == 184
    assert {row["status"] for row in rows} == {"review"}


def test_list_names_own_packs_of_the_policy(cli: Cli, here: Path) -> None:
    assert cli("packs", "new", "acme").code == 0
    (here / "auditlog.policy.yaml").write_text(
        "format: auditlog.policy/1\npolicies: [{name: a, version: 1, agents: ['*'], packs: [acme.yaml, gdpr]}]\n"
    )
    assert " acme " in cli("packs", "list").out
    assert " acme " not in cli("packs", "list", "--no-policy").out
    assert cli("packs", "show", "ACME-1").out.startswith("### ACME-1: ")
    assert cli("packs", "lint").code == 0


def test_show(cli: Cli) -> None:
    pack = cli("packs", "show", "gdpr").out
    assert pack.startswith("# gdpr: Regulation (EU) 2016/679")
    assert "no lawyer has read this pack" in pack
    assert "## What this pack cannot check" in pack
    rule = cli("packs", "show", "GDPR-9-01").out
    assert "condition: special and none and not refused" in rule
    assert "\nhit:\n" in rule
    missing = cli("packs", "show", "GDPR-99")
    assert (missing.code, missing.out) == (2, "")
    assert "no such pack and no such rule" in missing.err


def test_new_never_takes_the_place_of_a_file(cli: Cli, here: Path) -> None:
    made = cli("packs", "new", "acme-gdpr", "--from", "gdpr", "--prefix", "AC")
    assert (made.code, made.out) == (0, "")
    text = (here / "acme-gdpr.yaml").read_text()
    assert "- id: AC-GDPR-5-1-A-01" in text
    again = cli("packs", "new", "acme-gdpr")
    assert again.code == 5
    assert "stays as it is" in again.err
    assert (here / "acme-gdpr.yaml").read_text() == text
    assert [path.name for path in here.iterdir()] == ["acme-gdpr.yaml"], "nothing is left behind"
    assert cli("packs", "new", "x", "--from", "nothing").code == 4
    assert cli("packs", "new", "gdpr").code == 2
    assert cli("packs", "new", "../x").code == 2


def test_what_is_named_and_cannot_be_read_is_a_wrong_definition(cli: Cli, here: Path) -> None:
    """Nothing was judged: a result in which a pack or a policy is missing would look like a good one."""
    (here / "log.jsonl").write_text("{}\n")
    (here / "p.yaml").write_text(
        "format: auditlog.policy/1\npolicies: [{name: a, version: 1, agents: ['*'], packs: [./none.yaml]}]\n"
    )
    for option, file in (
        ("--pack", "none.yaml"), ("--rules", "none.yaml"), ("--policy", "none.yaml"), ("--policy", "p.yaml"),
        ("--waivers", "none.yaml"), ("--baseline", "none.json"),
    ):  # fmt: skip
        told = cli("check", "log.jsonl", option, file)
        assert (told.code, told.out) == (4, ""), option
        assert told.err.startswith("auditlog: error[definition]: ") and "\n  help: " in told.err


def test_lint_errors_are_4_and_warnings_0(cli: Cli, here: Path) -> None:
    cli("packs", "new", "acme")
    path = here / "acme.yaml"
    assert cli("packs", "lint", "acme.yaml") == (0, b"", "auditlog: acme.yaml: nothing to remark\n")
    old = cli("packs", "lint", "acme.yaml", "--as-of", "2030-01-01")
    assert (old.code, old.out) == (0, "")
    assert "days before this run" in old.err
    good = path.read_text()
    path.write_text(good.replace("subject: payment", "subject: paymint"))
    wrong = cli("packs", "lint", "acme.yaml")
    assert wrong.code == 4
    assert wrong.out.startswith("acme.yaml:12: error: ACME-1: subject:")
    path.write_text(good.replace("severity: high", "severity: \x1b[31mhigh"))
    assert "\x1b" not in cli("packs", "lint", "acme.yaml").out
    path.write_text(good + "\nx: &a [*a]\n")
    assert cli("packs", "lint", "acme.yaml").code == 4
    path.write_text(good.replace("hit: [", "hit: [{as_of: noon, records: []}, "))
    assert cli("packs", "lint", "acme.yaml").out == "acme.yaml:12: error: ACME-1, hit 1: as_of is no time\n"
    assert cli("packs", "lint").code == 2, "which?"
    assert cli("packs", "lint", "nothing.yaml").code == 4


def test_cases_are_run_and_a_hit_outside_the_subject_is_an_error(cli: Cli, here: Path) -> None:
    cli("packs", "new", "acme")
    good = (here / "acme.yaml").read_text()
    result = cli("packs", "test", "acme.yaml")
    assert (result.code, result.out) == (0, "")
    assert result.err == "auditlog: 3 cases of 1 rule: 3 came out, 0 did not\n"
    (here / "acme.yaml").write_text(good.replace("default: 500", "default: 5000"))
    result = cli("packs", "test", "acme.yaml")
    assert (result.code, result.out) == (1, "ACME-1: hit 1: nothing was found\n")
    (here / "acme.yaml").write_text(good.replace("subject: payment", "subject: approved"))
    assert cli("packs", "test", "acme.yaml").code == 1
    result = cli("packs", "lint", "acme.yaml")
    assert (result.code, result.out) == (4, "acme.yaml:12: error: ACME-1: hit 1 lies outside the subject\n")
    (here / "acme.yaml").write_text(good.replace("severity: high", "severity: hi"))
    assert cli("packs", "test", "acme.yaml").code == 4


@pytest.mark.slow
def test_every_case_of_the_shipped_packs_comes_out(cli: Cli) -> None:
    result = cli("packs", "test")
    assert (result.code, result.out) == (0, "")


def test_export_writes_into_an_empty_folder_only(cli: Cli, here: Path) -> None:
    result = cli("packs", "export", "--sigma", "s", "gdpr", "soc2")
    assert result.code == 0
    assert "rules have a Sigma form" in result.err
    assert (here / "s/gdpr/GDPR-9-01.yml").read_text().startswith("# GDPR-9-01 of the pack gdpr 0.1.0")
    assert (here / "s/auditlog.pipeline.yaml").exists()
    assert cli("packs", "export", "--sigma", "s").code == 2
    assert cli("packs", "export", "--sigma", "t", "nothing").code == 4
    assert not (here / "t").exists()


LINE = '{"agent":{"id":"agent:a"},"action":{"tool":"crm.read","result_status":"success"},"authorization":{"scopes":["crm:read"]}}\n'


def test_policy_init_lint_show(cli: Cli, here: Path) -> None:
    (here / "audit.jsonl").write_text(LINE)
    assert cli("policy", "lint").code == 2, "no policy here"
    made = cli("policy", "init", "audit.jsonl", "-o", "auditlog.policy.yaml")
    assert (made.code, made.out) == (0, "")
    assert "auditlog policy lint auditlog.policy.yaml" in made.err, "what was made, and what comes next"
    assert policy.load("auditlog.policy.yaml").tools[0].match == "crm.read"
    assert cli("policy", "init", "audit.jsonl").out == (here / "auditlog.policy.yaml").read_text()
    assert cli("policy", "init", "audit.jsonl", "-o", "auditlog.policy.yaml").code == 5, "never over a file"
    assert cli("policy", "lint") == (0, b"", "auditlog: auditlog.policy.yaml: nothing to remark\n")
    shown = cli("policy", "show", "--format", "jsonl").out.splitlines()
    assert len(shown) == 26
    assert json.loads(shown[0])["state"] == "active"


def test_policy_init_counts_what_it_could_not_read(cli: Cli, here: Path) -> None:
    (here / "audit.jsonl").write_text(LINE + "{torn\n")
    result = cli("policy", "init", "audit.jsonl")
    assert result.code == 6
    assert "drafted from 1 record." in result.out
    assert "bad line" in result.err


def test_policy_lint_says_what_cannot_be_meant(cli: Cli, here: Path) -> None:
    (here / "auditlog.policy.yaml").write_text("format: auditlog.policy/1\ntools:\n- {match: '*'}\n- {match: a}\n")
    found = cli("policy", "lint")
    assert (found.code, found.err) == (1, "")
    assert found.out.startswith("auditlog.policy.yaml:4: ")
    (here / "auditlog.policy.yaml").write_text("format: auditlog.policy/1\ntoolz: []\n")
    wrong = cli("policy", "lint")
    assert wrong.code == 4
    assert wrong.err.startswith("auditlog: error[definition]: auditlog.policy.yaml:2:1: ")
    assert "did you mean tools?" in wrong.err
