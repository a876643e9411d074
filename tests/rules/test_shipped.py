"""The shipped packs are what Appendix A of compliance.md says, and their compiled form is the same."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import fields
from pathlib import Path

import pytest

from auditlog_cli.rules import cloning, compiled, contract, loading, mentions, yamlfile
from auditlog_cli.rules.pack import Pack, Rule

COUNTS = {
    "baseline": 26, "gdpr": 26, "hipaa": 24, "finance": 24, "eu-ai-act": 20, "soc2": 21, "iso42001": 16, "owasp-agentic": 27,
}  # fmt: skip


@pytest.fixture(scope="module")
def packs() -> list[Pack]:
    return [loading.load_shipped(name) for name in loading.NAMES]


@pytest.fixture(scope="module")
def rules(packs: list[Pack]) -> list[Rule]:
    return [rule for pack in packs for rule in pack.rules]


def test_206_rules_on_113_logics(packs: list[Pack], rules: list[Rule]) -> None:
    assert {pack.name: sum(rule.in_pack for rule in pack.rules) for pack in packs} == COUNTS
    assert len(rules) == 206
    assert sum(not rule.in_pack for rule in rules) == 22
    assert len({rule.logic for rule in rules}) == 113
    assert Counter(rule.kind for rule in rules) == {"violation": 110, "gap": 55, "indicator": 41}
    assert Counter(rule.scope for rule in rules) == {"record": 128, "log": 51, "trace": 14, "session": 13}


def test_the_index_of_the_specification(shared: Path, packs: list[Pack]) -> None:
    """Ids, order, severity, kind, scope, titles and what each extends."""
    text = (shared / "spec/compliance.md").read_text().partition("## Appendix A")[2]
    sections = re.findall(r"^\*\*(.+?)\*\* \(\d+\): (.*)$", text, re.MULTILINE)
    assert len(sections) == 9
    said = [entry for _, entries in sections for entry in entries.split(" · ")]
    drawn = []
    for pack in packs:
        for rule in sorted(pack.rules, key=lambda rule: not rule.in_pack):
            mark = rule.severity[0].upper() + rule.kind[0].upper() + rule.scope[0]
            drawn.append(f"{rule.id} {mark} {f'= {rule.extends}' if rule.extends else rule.title}")
    assert said == drawn


def test_every_pack_is_in_review_and_has_sources_and_limits(packs: list[Pack]) -> None:
    for pack in packs:
        assert pack.status == "review"
        assert pack.sources
        assert pack.not_checkable
        assert pack.reviewed is None


def test_rules_of_one_logic_have_one_detection(rules: list[Rule]) -> None:
    by_id = {rule.id: rule for rule in rules}
    for rule in rules:
        assert rule.detection is by_id[rule.logic].detection or rule.detection == by_id[rule.logic].detection
        assert rule.correlate == by_id[rule.logic].correlate
        assert rule.lineage[-1:] == ((rule.logic,) if rule.extends else ())
        assert rule.tests["hit"]
        assert rule.tests["pass"]


def test_what_binds_to_the_chain_can_never_be_waived(rules: list[Rule]) -> None:
    assert {rule.id for rule in rules if not rule.waivable} == {
        "BASE-INT-01", "GDPR-5-1-F-01", "HIPAA-312-C-01", "FIN-PCI-10.3-01", "AIA-19-02", "SOC2-CC2.1-01", "ISO42001-7.5-01",
    }  # fmt: skip


def test_parameters_merge(rules: list[Rule]) -> None:
    by_id = {rule.id: rule for rule in rules}
    breach = by_id["GDPR-33-01"].parameters
    assert breach["kinds"].default == ["personal_data"]
    assert breach["deadline"].default == "72h"
    assert by_id["AIA-73-01"].parameters["deadline"].default == "15d"
    assert by_id["ISO42001-A.8.4-01"].parameters["followups"].default == ["notified"]


def test_duties_and_dates(rules: list[Rule]) -> None:
    by_id = {rule.id: rule for rule in rules}
    assert by_id["AIA-12-01"].applies == {"eu_ai_act.high_risk": True}
    assert by_id["AIA-12-01"].applies_from == (({"eu_ai_act.annex": "I"}, "2028-08-02"), ({}, "2027-12-02"))
    assert by_id["AIA-50-01"].applies == {}, "an empty one of its own binds everybody"
    assert by_id["AIA-50-01"].applies_from == (({}, "2026-08-02"),)
    assert by_id["BASE-ID-01"].applies_from == ()


def test_every_path_stands_in_the_field_contract(rules: list[Rule]) -> None:
    for rule in rules:
        for path in mentions.paths(rule):
            assert contract.knows(path), f"{rule.id}: {path}"


def test_compiled_json_is_current_and_the_same(packs: list[Pack]) -> None:
    """`make packs` after a change of a pack."""
    assert Path(compiled.FILE).read_text() == compiled.compiled()
    for given, loaded in zip(packs, compiled.shipped(), strict=True):
        for field in fields(Pack):
            if field.name not in ("rules", "path"):
                assert getattr(given, field.name) == getattr(loaded, field.name)
        for one, other in zip(given.rules, loaded.rules, strict=True):
            for field in fields(Rule):
                if field.name != "tests":
                    assert getattr(one, field.name) == getattr(other, field.name), f"{one.id}: {field.name}"
            assert other.tests == {}
            assert cloning.digest(one) == cloning.digest(other)


def test_compiled_names_the_yaml_it_was_made_of(packs: list[Pack]) -> None:
    for pack, loaded in zip(packs, compiled.shipped(), strict=True):
        assert loaded.sha256 == yamlfile.load(pack.path).sha256


def test_no_id_that_was_shipped_is_lost(rules: list[Rule]) -> None:
    there = {each for rule in rules for each in (rule.id, *rule.replaces)}
    assert set(compiled.released()) == there | set(compiled.released())
    assert there >= set(compiled.released())


def test_loading_the_shipped_packs_needs_no_yaml() -> None:
    import subprocess
    import sys

    code = "import sys; from auditlog_cli.rules import compiled; compiled.shipped(); print('yaml' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_no_pack_copies_the_specification_by_accident(shared: Path, packs: list[Pack]) -> None:
    """Shipped packs and the packs of the specification have the same rules; where a line differs it is listed here."""
    changed = {
        "ASI02-02",  # two expressions that took seconds on hostile texts have bounds
        "GDPR-5-1-C-01",  # the identifiers of twelve more countries, which detectors know since
    }
    for pack in packs:
        given = {rule.id: rule for rule in loading.load_file(str(shared / f"spec/packs/{pack.name}.yaml")).rules}
        different = {rule.id for rule in pack.rules if cloning.digest(rule) != cloning.digest(given[rule.id])}
        assert different <= changed
        assert len(given) == len(pack.rules)
