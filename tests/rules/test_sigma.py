"""Sigma files: how many rules have one, what they say, and that they name what was lost."""

from __future__ import annotations

import uuid
from collections import Counter

import pytest
import yaml

from auditlog_cli.rules import loading, sigma
from auditlog_cli.rules.pack import Pack


@pytest.fixture(scope="module")
def packs() -> list[Pack]:
    return [loading.load_shipped(name) for name in loading.NAMES]


def export(packs: list[Pack], name: str) -> tuple[str, list[dict[str, object]]]:
    files, _ = sigma.files(packs)
    text = next(text for path, text in files.items() if path.endswith(f"/{name}.yml"))
    return text, list(yaml.safe_load_all(text))


def test_156_of_206_rules_have_a_form(packs: list[Pack]) -> None:
    files, left = sigma.files(packs)
    assert sum(path.endswith(".yml") for path in files) == 156
    assert len(left) == 50
    head, *lines = files[sigma.LEFT].splitlines()
    assert head.startswith("50 of 206 rules have no Sigma form")
    assert [line.split()[0] for line in lines] == left
    assert (
        "BASE-INT-01 (baseline) Record changed, removed or reordered after it was written: a check of its own, hash_chain"
        in lines
    )
    assert all(": a check of its own, " in line or ": Sigma has no correlation such as " in line for line in lines)
    kinds: Counter[str] = Counter()
    for pack in packs:
        for rule in pack.rules:
            if sigma.Export(rule, pack).text() is not None:
                kinds[
                    "record" if rule.correlate is None else next(iter(set(rule.correlate) - {"group_by", "condition"}))
                ] += 1
    assert kinds == {"record": 128, "count": 14, "distinct": 2, "sequence": 12}


def test_every_file_is_yaml_with_what_sigma_asks_for(packs: list[Pack]) -> None:
    seen = set()
    for path, text in sigma.files(packs)[0].items():
        for document in yaml.safe_load_all(text) if path != sigma.LEFT else ():
            if path == sigma.PIPELINE:
                assert document["transformations"][0]["mapping"]["user.id"] == "user.id"
                continue
            assert document["id"] not in seen
            seen.add(document["id"])
            uuid.UUID(document["id"])
            assert document["level"] in ("critical", "high", "medium", "low", "informational")
            assert ("detection" in document) is not ("correlation" in document)
            assert len(document["title"]) <= 256
            assert "%" not in str(document.get("detection", "")).replace("%%", ""), "parameters are filled in"


def test_missing_is_absent_or_empty(packs: list[Pack]) -> None:
    text, (document,) = export(packs, "GDPR-9-01")
    detection = document["detection"]
    assert isinstance(detection, dict)
    assert detection["none"] == [{"data.special_basis|exists": False}, {"data.special_basis": ""}]
    assert "auditlog_check.categories" in detection["special"]
    assert "# - @categories is a field that `auditlog check --annotate` adds." in text.splitlines()


def test_a_time_order_is_left_to_the_annotation(packs: list[Pack]) -> None:
    text, (document,) = export(packs, "BASE-AUTH-03")
    detection = document["detection"]
    assert isinstance(detection, dict)
    assert detection["expired"] == {"auditlog_check.selections": "BASE-AUTH-03/expired"}
    assert "# - The selection expired is judged by" in text


def test_truth_is_a_word(packs: list[Pack]) -> None:
    _, (document,) = export(packs, "BASE-AUTH-08")
    detection = document["detection"]
    assert isinstance(detection, dict)
    assert detection["outside"] == {"auditlog_check.scope_ok": "no"}


def test_a_burst_and_a_sequence(packs: list[Pack]) -> None:
    _, (part, burst) = export(packs, "LIB-BEH-03")
    assert burst["correlation"] == {
        "type": "event_count", "rules": [part["name"]], "group-by": ["agent.id"], "timespan": "10m", "condition": {"gte": 5},
    }  # fmt: skip
    text, (first, second, order) = export(packs, "LIB-BEH-02")
    assert order["correlation"] == {
        "type": "temporal_ordered", "rules": [first["name"], second["name"]], "group-by": ["session_id", "action.tool"],
        "timespan": "15m",
    }  # fmt: skip
    assert '# - "unless approved in between" is lost: this reports too much.' in text


def test_ids_stay(packs: list[Pack]) -> None:
    """A search tool that was given the file once knows it again."""
    assert export(packs, "BASE-ID-01")[1][0]["id"] == sigma.identity("BASE-ID-01/")
    assert sigma.identity("a") == sigma.identity("a") != sigma.identity("b")
