"""docs/detectors.md: what it shows of a policy and a pack is read, linted and found as it says."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "detectors.md").read_text()


def block(beginning: str) -> str:
    """The indented block of the page that begins so."""
    found = re.search(rf"^    {re.escape(beginning)}\n(?:(?:    .*)?\n)*", PAGE, re.MULTILINE)
    assert found, beginning
    return textwrap.dedent(found[0])


def test_the_policy_and_the_pack_of_the_page(cli: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("auditlog.policy.yaml").write_text(block("# auditlog.policy.yaml") + "name: acme\n")
    Path("house.yaml").write_text(block("format: auditlog.rules/1"))
    assert cli("packs", "test", "house.yaml").code == 0
    lint = cli("policy", "lint")
    assert (lint.code, lint.out) == (0, "")
    Path("a.jsonl").write_text('{"timestamp":"2026-11-21T11:00:00Z","action":{"arguments":{"to":"ACME-12345674"}}}\n')
    assert "HOUSE-DATA-1" in cli("check", "a.jsonl").out


def test_the_file_of_detectors_of_the_page(cli: Callable, tmp_path: Path) -> None:
    (tmp_path / "acme.yaml").write_text(block("# acme.yaml (or the same as JSON)"))
    assert cli("detectors", "test", "--detectors", tmp_path / "acme.yaml", "--entities", "ACME_CUSTOMER").code == 0
