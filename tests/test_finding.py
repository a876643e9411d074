"""The noun that judges hand to renderers."""

from __future__ import annotations

import json
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli.finding import SEVERITIES, Where, fingerprint, level, opaque

IDS = st.one_of(st.text(), st.text("aZ9-_.:é ", max_size=130))


def test_fingerprints_are_those_of_the_specification() -> None:
    """compliance.md, 7.4, the two examples."""
    assert fingerprint("GDPR-5-1-C-01", ["rec_01"], "/action/arguments/iban", entity="IBAN_CODE") == (
        "sha256:d2deb6646b2fcd4006baf0ff904b063104b02f29f6b0d51b5b6509717a1f7875"
    )
    assert fingerprint("LIB-BEH-02", ["rec_07", "rec_03"], "/action/result_status", group=("s1",)) == (
        "sha256:a7a3d0247142287f185f3f19f727958fa9b247cec1b25a1a3992f01e78cc314a"
    )


def test_every_severity_has_a_level() -> None:
    assert [level(severity) for severity in SEVERITIES] == ["error", "error", "warning", "note", "note"]


def test_a_place_is_written_as_editors_take_it() -> None:
    assert str(Where("a.jsonl", 17, 9312)) == "a.jsonl:17"
    assert str(Where("a.jsonl", 0, 9312)) == "a.jsonl@9312"


@given(IDS, st.lists(IDS), IDS, st.lists(IDS).map(tuple), IDS)
def test_fingerprints_are_sums_of_compact_json(
    logic: str, anchors: list[str], pointer: str, group: tuple[str, ...], entity: str
) -> None:
    """The slow twin: the standard library's encoder writes the list."""
    fact = ["auditlog.fingerprint/1", logic, list(group), sorted(anchors), pointer, entity]
    text = json.dumps(fact, ensure_ascii=False, separators=(",", ":"))
    expected = "sha256:" + sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    assert fingerprint(logic, anchors, pointer, group=group, entity=entity) == expected


@given(IDS)
def test_ids_that_may_be_shown_are_short_words_of_ascii(value: str) -> None:
    kept = [letter for letter in value if letter not in "-_.:"]
    fits = len(value) <= 128 and value.isascii() and bool(kept) and all(letter.isalnum() for letter in kept)
    assert opaque(value) == (value if fits else "")
