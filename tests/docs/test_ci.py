"""The walk-through of docs/ci.md, step by step: every command of it is run."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docs import terminal
from tests.docs.terminal import ROOT, environment, run

PAGE = ROOT / "docs" / "ci.md"
FILES = {match[1]: match[2] for match in re.finditer(r"^```yaml\n# (\S+)\n(.*?)^```$", PAGE.read_text(), re.M | re.S)}
MAKEFILE = re.search(r"^```make\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
MANIFEST = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
LOG = [
    {
        "timestamp": "2026-11-20T09:00:00Z", "record_id": "rec-1", "user": {"id": "u-17"}, "agent": {"id": "mailer"},
        "action": {"type": "tool_invocation", "tool": "payments.charge", "arguments": {"card": "4111 1111 1111 1111"}},
    },
    {
        "timestamp": "2026-11-20T09:00:01Z", "record_id": "rec-2", "user": {"id": "u-17"}, "agent": {"id": "mailer"},
        "action": {"type": "tool_invocation", "tool": "mail.send", "arguments": {"to": "ann@acme.io"}},
    },
]  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "agent.jsonl").write_text("".join(json.dumps(each, separators=(",", ":")) + "\n" for each in LOG))
    (tmp_path / "waivers.yaml").write_text(FILES["waivers.yaml"])
    return tmp_path


def test_the_terminal_shows_what_the_commands_print(home: Path) -> None:
    assert terminal.shows_what_commands_print(PAGE, home) >= 8


def test_the_page_has_all_four_ways() -> None:
    assert set(FILES) == {"waivers.yaml", ".github/workflows/audit.yml", ".gitlab-ci.yml", ".pre-commit-config.yaml"}
    assert MAKEFILE is not None


def test_the_page_names_every_exit_code_that_there_is() -> None:
    from auditlog_cli import errors

    codes = {value for name, value in vars(errors).items() if name.startswith("EXIT_") and value < 100}
    assert {int(each) for each in re.findall(r"^\| (\d+) \|", PAGE.read_text(), re.M)} == codes


def test_gitlab_runs(home: Path) -> None:
    """The script but for the lines that prepare: in one shell that ends at an error. Reports are what is uploaded."""
    run("auditlog check agent.jsonl --pack gdpr --fail-on never --write-baseline known.json", home)
    job = yaml.safe_load(FILES[".gitlab-ci.yml"])["audit"]
    lines = [line for line in job["script"] if not line.startswith(("pip ", "make "))]
    assert run("; ".join(["set -eo pipefail", *lines]), home).returncode == 1, "as GitLab's runner joins them"
    for name in job["artifacts"]["reports"]["junit"]:
        assert (home / name).read_text().startswith("<?xml")


def test_make_runs(home: Path) -> None:
    assert MAKEFILE is not None
    (home / "Makefile").write_text(MAKEFILE[1])
    run("auditlog check agent.jsonl --pack gdpr --fail-on never --write-baseline known.json", home)
    assert run("make audit", home).returncode == 2
    (home / "agent.jsonl").write_text(
        (home / "agent.jsonl").read_text().replace("ann@acme.io", "u-4").replace("4111", "9")
    )
    done = run("make audit", home)
    assert done.returncode == 0, done.stdout


# --- GitHub ------------------------------------------------------------------------------------------


def step(home: Path, **inputs: str) -> tuple[subprocess.CompletedProcess[str], dict[str, str], str]:
    """Run the shell of the action as GitHub does; return what it did, its outputs, and the summary."""
    unknown = set(inputs) - {name.replace("-", "_") for name in ACTION["inputs"]}
    assert not unknown
    (script,) = [each for each in ACTION["runs"]["steps"] if each["id"] == "run"]
    out, summary = home / "output", home / "summary.md"
    out.write_text("")
    summary.write_text("")
    given = {name: inputs.get(name.replace("-", "_"), said["default"]) for name, said in ACTION["inputs"].items()}
    told = {
        name: re.sub(r"\$\{\{ inputs\.([a-z-]+) \}\}", lambda found: given[found[1]], value)
        for name, value in script["env"].items()
    }
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script["run"]], cwd=home, text=True, capture_output=True,
        env={**environment(), **told, "GITHUB_OUTPUT": str(out), "GITHUB_STEP_SUMMARY": str(summary)}, check=False, timeout=120,
    )  # fmt: skip
    return done, dict(line.split("=", 1) for line in out.read_text().splitlines()), summary.read_text()


def test_no_input_stands_inside_a_script() -> None:
    """A path such as `$(rm -rf ~)` is a value of a variable, never a part of a command."""
    assert all("${{" not in each["run"] for each in ACTION["runs"]["steps"])
    used = re.findall(r"inputs\.([a-z-]+)", json.dumps(ACTION["runs"]))
    assert set(used) == set(ACTION["inputs"])


@pytest.mark.parametrize(
    ("command", "rule"), [("check", "GDPR-5-1-C-01"), ("redact-check", "REDACT-CREDIT-CARD"), ("validate", "RECORD-")]
)
def test_the_action_goes_red_with_annotations_sarif_and_a_summary(home: Path, command: str, rule: str) -> None:
    done, outputs, summary = step(home, command=command, paths="agent.jsonl", packs="gdpr  baseline")
    assert done.returncode == 1 and outputs == {"exit-code": "1", "sarif": "auditlog.sarif"}, done.stderr
    assert "::error file=agent.jsonl,line=1" in done.stdout and rule in done.stdout
    sarif = json.loads((home / "auditlog.sarif").read_text())
    assert any(rule in result["ruleId"] for run in sarif["runs"] for result in run["results"])
    assert summary.startswith("#") and len(summary) > 50
    said = done.stdout + done.stderr + summary + json.dumps(sarif)
    assert "4111" not in said and "ann@acme.io" not in said


def test_the_action_is_green_where_nothing_counts(home: Path) -> None:
    run("auditlog check agent.jsonl --pack gdpr --fail-on never --write-baseline known.json", home)
    done, outputs, _ = step(home, packs="gdpr", paths="agent.jsonl", baseline="known.json", sarif="")
    assert (done.returncode, outputs) == (0, {"exit-code": "0"})
    assert step(home, packs="gdpr", paths="agent.jsonl", fail_on="never")[0].returncode == 0


def test_the_action_says_what_is_wrong_with_its_inputs(home: Path) -> None:
    assert step(home, command="chekc")[0].returncode == 2
    assert step(home, paths="nowhere.jsonl")[0].returncode == 3
    done, outputs, summary = step(home, paths="agent.jsonl", policy="nowhere.yaml")
    assert done.returncode in (3, 4) and outputs["exit-code"] == str(done.returncode) and "nowhere.yaml" in summary


def test_the_action_says_where_people_look_why_it_could_not_look(home: Path) -> None:
    (home / "auditlog.sarif").write_text("of an earlier step")
    done, outputs, _ = step(home, paths="50%.jsonl")
    assert outputs == {"exit-code": "3"}, "no file of an earlier step is handed on"
    assert done.stdout.splitlines()[-1].startswith("::error title=auditlog::") and "50%25.jsonl" in done.stdout


def test_no_path_becomes_a_command_or_an_option(home: Path) -> None:
    for path in ("$(touch harm).jsonl", "`touch harm`", "-o\nharm", "a b.jsonl; touch harm", "--output=harm"):
        assert step(home, command="redact-check", paths=path)[0].returncode == 3
    assert not (home / "harm").exists()
    shutil.copy(home / "agent.jsonl", home / "a b.jsonl")
    assert "file=a b.jsonl" in step(home, command="redact-check", paths="a b.jsonl\n\nagent.jsonl\n")[0].stdout


@pytest.mark.parametrize(("version", "wanted"), [("", "/of/the/action"), ("0.1.0", "auditlog-cli==0.1.0")])
def test_the_action_installs_what_it_came_with(tmp_path: Path, version: str, wanted: str) -> None:
    """A name on a registry may be anybody's: only who asks for a version is given one from there."""
    (script,) = [each for each in ACTION["runs"]["steps"] if each["id"] == "install"]
    (tmp_path / "auditlog" / "bin").mkdir(parents=True)
    for name in ("python3", "auditlog/bin/python"):
        (tmp_path / name).write_text('#!/bin/sh\necho "$@"\n')
        (tmp_path / name).chmod(0o755)
    done = subprocess.run(
        ["bash", "-e", "-c", script["run"]], capture_output=True, text=True, check=True,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "RUNNER_TEMP": str(tmp_path), "VERSION": version,
             "GITHUB_PATH": str(tmp_path / "path"), "GITHUB_ACTION_PATH": "/of/the/action"},
    )  # fmt: skip
    assert done.stdout.splitlines()[-1].split()[-1] == wanted


def test_the_workflow_uses_inputs_that_there_are() -> None:
    workflow: dict[str, Any] = yaml.safe_load(FILES[".github/workflows/audit.yml"])
    ours = [each for each in workflow["jobs"]["audit"]["steps"] if each.get("uses", "").startswith("your-org/")]
    assert len(ours) == 2
    for each in ours:
        assert set(each["with"]) <= set(ACTION["inputs"])


# --- pre-commit --------------------------------------------------------------------------------------


def test_the_manifest_is_one() -> None:
    done = run(f"pre-commit validate-manifest {ROOT / '.pre-commit-hooks.yaml'}", ROOT)
    assert done.returncode == 0, done.stdout


def test_no_address_is_given_that_the_project_has_not() -> None:
    """Neither of a repository nor of an action: what is typed off the page has to be there."""
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "action.yml", *(ROOT / "docs").rglob("*.md")]
    found = [(page.name, each) for page in pages for each in re.findall(r"\S*auditlog/auditlog\S*", page.read_text())]
    assert found == []


def test_pre_commit_stops_a_commit(home: Path) -> None:
    """The hooks of the page, run by pre-commit itself; only where the tool comes from differs (no package to build)."""
    (wanted,) = yaml.safe_load(FILES[".pre-commit-config.yaml"])["repos"]
    hooks = [{**MANIFEST[each["id"]], "language": "system", **each} for each in wanted["hooks"]]
    assert len(hooks) == 3
    for hook in hooks:
        del hook["minimum_pre_commit_version"]
    (home / ".pre-commit-config.yaml").write_text(yaml.safe_dump({"repos": [{"repo": "local", "hooks": hooks}]}))
    run("auditlog check agent.jsonl --pack gdpr --fail-on never --write-baseline known.json", home)
    git = "git -c user.name=x -c user.email=x@example.org -c init.defaultBranch=main"
    assert run(f"{git} init -q && git add . && pre-commit install > /dev/null", home).returncode == 0
    stopped = run(f"PRE_COMMIT_HOME={home}/.cache {git} commit -q -m one", home)
    assert stopped.returncode == 1
    assert "agent.jsonl:1: CREDIT_CARD /action/arguments/card" in stopped.stdout and "4111" not in stopped.stdout
    (home / "agent.jsonl").unlink()
    (home / "fixtures").mkdir()
    clean = {
        **LOG[1],
        "action": {"type": "tool_invocation", "tool": "mail.send", "arguments": {"to": "<EMAIL_ADDRESS>"}},
    }
    (home / "fixtures" / "a.jsonl").write_text(json.dumps(clean) + "\n")
    passed = run(f"git add -A . && PRE_COMMIT_HOME={home}/.cache {git} commit -q -m two", home)
    assert re.search(r"no personal data or secrets in logs\.+Passed", passed.stdout), passed.stdout


def test_the_python_that_runs_is_this_one() -> None:
    assert run("command -v auditlog", ROOT).stdout.strip() == str(Path(sys.executable).parent / "auditlog")
