"""The YAML of docs/packs.md is what it says it is: a policy and a pack that load, bind, pass the linters and their cases."""

from __future__ import annotations

import re
from pathlib import Path

from auditlog_cli import times
from auditlog_cli.judgement import casework
from auditlog_cli.judgement.scanning import scanner_for
from auditlog_cli.rules import binding, lint, loading, policy, policylint, selections

PAGE = Path(__file__).parents[2] / "docs" / "packs.md"
NOW = times.parse("2026-11-21T00:00:00Z") or 0


def block(first: str) -> str:
    found = [
        each for each in re.findall(r"^```yaml\n(.*?)^```$", PAGE.read_text(), re.M | re.S) if each.startswith(first)
    ]
    assert len(found) == 1
    return str(found[0])


def test_the_policy(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(block("format: auditlog.policy/1"))
    found = policy.load(str(tmp_path / "p.yaml"))
    assert policylint.lint(found, binding.packs_for(found, None), NOW) == []


def test_the_pack(tmp_path: Path) -> None:
    (tmp_path / "acme.yaml").write_text(block("format: auditlog.rules/1"))
    assert lint.lint(str(tmp_path / "acme.yaml"), NOW) == []
    assert casework.failed(casework.run_cases([loading.load_file(str(tmp_path / "acme.yaml"))], scanner_for)) == []


def test_every_operator_and_every_key_of_a_policy_is_told() -> None:
    text = PAGE.read_text().replace("\\|", "|")
    for operator in filter(None, selections.OPERATORS):
        assert f"`{operator}`" in text
    for name in ("tools", "scopes", "agents", "models", "providers", "processors", "hosts", "purposes", "pinned", "profile",
                 "scan", "policies", "alerts", "notify"):  # fmt: skip
        assert f"`{name}" in text


def test_every_pack_is_linked() -> None:
    for name in loading.NAMES:
        assert f"](rules/{name}.md)" in PAGE.read_text()
