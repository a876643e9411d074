"""Blanks that do not break, as web pages and word processors put them into numbers."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli.detectors import Scanner
from auditlog_cli.detectors.spacing import SPACES, plain
from auditlog_cli.redaction.masks import Masks

NUMBERS = {
    "CREDIT_CARD": "4539 5787 6362 1486", "IBAN_CODE": "DE89 3704 0044 0532 0130 00", "PHONE_NUMBER": "+49 30 901820",
    "US_SSN": "536-90-4399", "IN_AADHAAR": "2341 2341 2346",
}  # fmt: skip


@pytest.mark.parametrize("entity", NUMBERS)
@pytest.mark.parametrize("space", sorted(SPACES))
@pytest.mark.parametrize("escaped", [True, False])
def test_a_number_is_found_whatever_blank_divides_it(entity: str, space: str, escaped: bool) -> None:
    number = NUMBERS[entity].replace(SPACES[space], space)
    record = {"action": {"type": "x", "arguments": {"note": f"it is {number}."}}}
    scanner = Scanner([entity])
    hits = [hit for hit in scanner.scan(record) if hit.entity == entity]
    if SPACES[space] in NUMBERS[entity]:
        assert [(hit.start, hit.end) for hit in hits] == [(6, 6 + len(number))]
        assert scanner.may_hit(json.dumps(record, ensure_ascii=escaped).encode())
        assert scanner.scan_all(record) == scanner.scan(record)


@given(st.text(alphabet=[*SPACES, "1", "a", "é"]))
def test_every_character_keeps_its_place(text: str) -> None:
    assert len(plain(text)) == len(text)
    assert not SPACES.keys() & set(plain(text))


def test_equal_numbers_get_equal_pseudonyms_whatever_divides_them() -> None:
    masks = Masks(key=b"0" * 32)
    for entity, number in NUMBERS.items():
        told = {masks.cover(entity, number)} | {
            masks.cover(entity, number.replace(SPACES[each], each)) for each in SPACES
        }
        assert len(told) == 1
    assert masks.cover("IBAN_CODE", "de89370400440532013000") == masks.cover("IBAN_CODE", NUMBERS["IBAN_CODE"])
