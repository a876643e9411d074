"""Copies of packs behave as their origin; skeletons are good packs."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from auditlog_cli import times
from auditlog_cli.errors import UsageError
from auditlog_cli.judgement import casework
from auditlog_cli.judgement.scanning import scanner_for
from auditlog_cli.rules import cloning, lint, loading
from auditlog_cli.rules.pack import Rule

NOW = times.parse("2026-11-21T00:00:00Z") or 0
OWN = {"id", "logic", "pack", "pack_version", "extends", "lineage", "replaces", "cloned_from", "line"}
"""What a copy has of its own; everything else is that of the origin."""


@pytest.mark.parametrize("name", loading.NAMES)
def test_a_copy_behaves_as_its_origin(tmp_path: Path, name: str) -> None:
    origin = loading.load_shipped(name)
    path = tmp_path / "acme-copy.yaml"
    path.write_text(cloning.clone(origin, "acme-copy", "ACME"))
    copy = loading.load_file(str(path))
    assert (copy.status, copy.reviewed, copy.extends, copy.not_checkable) == ("review", None, (), origin.not_checkable)
    for one, other in zip(origin.rules, copy.rules, strict=True):
        for field in fields(Rule):
            if field.name not in OWN:
                assert getattr(one, field.name) == getattr(other, field.name), f"{one.id}: {field.name}"
        assert other.id == other.logic == f"ACME-{one.id}"
        assert other.cloned_from == {
            "rule": one.id, "pack": origin.name, "version": origin.version, "sha256": cloning.digest(one),
        }  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", loading.NAMES)
def test_the_cases_of_a_copy_come_out_as_those_of_its_origin(tmp_path: Path, name: str) -> None:
    origin = loading.load_shipped(name)
    path = tmp_path / "acme-copy.yaml"
    path.write_text(cloning.clone(origin, "acme-copy", "ACME"))
    results = casework.run_cases([loading.load_file(str(path))], scanner_for)
    assert len(results) == sum(len(cases) for rule in origin.rules for cases in rule.tests.values())
    assert casework.failed(results) == []


def test_a_fresh_copy_raises_nothing_and_a_copy_of_a_copy_works(tmp_path: Path) -> None:
    path = tmp_path / "acme-gdpr.yaml"
    path.write_text(cloning.clone(loading.load_shipped("gdpr"), "acme-gdpr", "ACME"))
    assert lint.lint(str(path), NOW) == []
    again = tmp_path / "more.yaml"
    again.write_text(cloning.clone(loading.load_file(str(path)), "more", "M"))
    assert loading.load_file(str(again)).rules[0].id == "M-ACME-GDPR-5-1-A-01"
    assert lint.lint(str(again), NOW) == []
    path.write_text(path.read_text().replace("severity: medium", "severity: low", 1))
    assert any("has changed" in each.text for each in lint.lint(str(again), NOW)), "own origins are looked at too"


def test_a_skeleton_is_a_good_pack(tmp_path: Path) -> None:
    path = tmp_path / "acme.yaml"
    path.write_text(cloning.skeleton("acme", "ACME", "2026-11-21"))
    assert lint.lint(str(path), NOW) == []
    assert [rule.id for rule in loading.load_file(str(path)).rules] == ["ACME-1"]


def test_names_and_prefixes() -> None:
    assert cloning.prefix_for("acme-gdpr", None) == "ACME"
    assert cloning.prefix_for("acme-gdpr", "X1") == "X1"
    for name, prefix in (
        ("gdpr", None),
        ("../x", None),
        ("Acme", None),
        ("", None),
        ("acme", "x"),
        ("acme", "A-B"),
        ("acme", ""),
    ):
        with pytest.raises(UsageError):
            cloning.prefix_for(name, prefix)
