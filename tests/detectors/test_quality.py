"""Precision and recall on labelled text: recorded in quality.json, and a drop fails (compliance.md, 14.1)."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from auditlog_cli.detectors import Scanner

RECORDED = json.loads(Path(__file__).with_name("quality.json").read_text())
"""Set → entity → `reported`, `right` (of those reported), `labelled`, `found` (of those labelled)."""
BY_NAME = {
    "email": "EMAIL_ADDRESS", "dob": "DATE_OF_BIRTH", "date_of_birth": "DATE_OF_BIRTH", "birthDate": "DATE_OF_BIRTH",
    "phone": "PHONE_NUMBER", "phone_number": "PHONE_NUMBER", "cvv": "CARD_CVV",
}  # fmt: skip
Scores = dict[str, dict[str, int]]


def sentences(shared: Path) -> Scores:
    """The sentences of presidio-research, with labelled spans. Half of a span covered is that span."""
    scanner = Scanner()
    entities = RECORDED["presidio-research"]
    scores: Scores = {entity: dict.fromkeys(("reported", "right", "labelled", "found"), 0) for entity in entities}
    for name in ("generated_small.json", "synth_dataset_v2.json"):
        for row in json.loads((shared / "data/pii/presidio-research" / name).read_text()):
            hits = [(hit.entity, hit.start, hit.end) for hit in scanner.text(row["full_text"])]
            spans = [(span["entity_type"], span["start_position"], span["end_position"]) for span in row["spans"]]
            for entity, score in scores.items():
                mine = [each for each in hits if each[0] == entity]
                true = [each for each in spans if each[0] == entity]
                score["reported"] += len(mine)
                score["labelled"] += len(true)
                score["right"] += sum(any(overlap(each, other) for other in true) for each in mine)
                score["found"] += sum(any(overlap(each, other) for other in mine) for each in true)
    return scores


def overlap(one: tuple[str, int, int], other: tuple[str, int, int]) -> bool:
    both = min(one[2], other[2]) - max(one[1], other[1])
    return both > 0 and both * 2 >= min(one[2] - one[1], other[2] - other[1])


def members(shared: Path) -> Scores:
    """Profiles and patient records, where the name of a member says what its value is."""
    scanner = Scanner()
    labelled: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for folder in ("structured-profiles", "fhir"):
        for path in sorted((shared / "data/pii" / folder).rglob("*")):
            for name, value in named(path):
                entity = BY_NAME[name]
                labelled[entity] += 1
                found[entity] += any(hit.entity == entity for hit in scanner.scan({"metadata": {name: value}}))
    return {entity: {"labelled": many, "found": found[entity]} for entity, many in labelled.items()}


def named(path: Path) -> Iterator[tuple[str, Any]]:
    if path.suffix not in (".gz", ".json", ".ndjson"):
        return
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    stack = [json.loads(line) for line in (data.splitlines() if path.suffix == ".ndjson" else [data])]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            stack += value.values()
            yield from (
                (key, item) for key, item in value.items() if key in BY_NAME and item and isinstance(item, str | int)
            )
        elif isinstance(value, list):
            stack += value


def worse(now: Scores, before: Scores) -> list[str]:
    """Where precision or recall is lower than recorded; the labels are the same."""
    said = []
    for entity, old in before.items():
        new = now[entity]
        assert new["labelled"] == old["labelled"], f"{entity}: the data is another"
        if new["found"] < old["found"]:
            said.append(f"{entity}: {new['found']} of {new['labelled']} labels found, {old['found']} before")
        if new.get("right", 0) * old.get("reported", 0) < old.get("right", 0) * new.get("reported", 0):
            said.append(
                f"{entity}: {new['right']} of {new['reported']} reports right, {old['right']} of {old['reported']} before"
            )
    return said


def test_sentences_are_read_no_worse_than_recorded(shared: Path) -> None:
    assert worse(sentences(shared), RECORDED["presidio-research"]) == []


def test_named_members_are_read_no_worse_than_recorded(shared: Path) -> None:
    assert worse(members(shared), RECORDED["named members"]) == []


def test_a_drop_is_noticed() -> None:
    """Fewer labels found, or as many right ones among more reports."""
    before = {"X": {"reported": 10, "right": 9, "labelled": 12, "found": 9}}
    assert worse(before, before) == []
    assert len(worse({"X": {"reported": 10, "right": 9, "labelled": 12, "found": 8}}, before)) == 1
    assert len(worse({"X": {"reported": 11, "right": 9, "labelled": 12, "found": 9}}, before)) == 1
    assert worse({"X": {"reported": 8, "right": 8, "labelled": 12, "found": 9}}, before) == []
