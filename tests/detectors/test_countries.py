"""The second wave of government identifiers: what context is, and what a number is worth without it."""

from __future__ import annotations

import random

import pytest

from auditlog_cli.detectors import Scanner, countries

SCANNER = Scanner()
ENTITIES = tuple(dict.fromkeys(each.entity for each in countries.DETECTORS))
SAMPLES = [(each.entity, text) for each in countries.DETECTORS for _, text in each.hits]


def found(text: str, key: str = "", scanner: Scanner = SCANNER) -> dict[str, str]:
    """Entity → confidence, of the entities of this family."""
    return {hit.entity: hit.confidence for hit in scanner.text(text, key) if hit.entity in ENTITIES}


def test_a_bare_number_of_fewer_than_thirteen_digits_is_nothing_without_a_word() -> None:
    count = 0
    for _, text in SAMPLES:
        digits = "".join(filter(str.isdigit, text))
        if len(digits) < 13 and not any(char.isupper() for char in text.split()[-1]):
            count += 1
            assert not found(digits) and not found(f"order {digits} was shipped"), "a sample without its word"
    assert count >= 15


def test_random_numbers_are_nothing_without_a_word() -> None:
    chance = random.Random(7)
    for length in (9, 10, 11, 12):
        for _ in range(5000):
            assert not found(str(chance.randrange(10 ** (length - 1), 10**length)))


@pytest.mark.parametrize(
    ("text", "entity"),
    [
        ("85.07.30-033.28", "BE_NN"),
        ("390.533.447-05", "BR_CPF"),
        ("756.9217.0769.85", "CH_AHV"),
        ("131052-308T", "FI_PERSONAL_IDENTITY_CODE"),
        ("04521224 4 ZZ 7", "PT_CC"),
    ],
)
def test_its_own_way_of_writing_makes_a_number_likely_and_a_word_certain(text: str, entity: str) -> None:
    assert found(f"seen {text} today") == {entity: "likely"}
    word = min(next(each.words for each in countries.DETECTORS if each.entity == entity))
    assert found(text, word) == {entity: "certain"}


@pytest.mark.parametrize(
    ("key", "text"), [("cpr", "211062-5629"), ("rodne_cislo", "310312/123")], ids=["DK", "CZ before 1954"]
)
def test_a_number_without_a_check_digit_is_never_certain(key: str, text: str) -> None:
    assert set(found(text, key).values()) == {"likely"}


@pytest.mark.parametrize(
    ("key", "text", "is_found"),
    [
        ("sin", "234567808", True),
        ("", "SIN 234567808", True),
        ("", "sin 234-567-808", True),
        ("", "sin 234567808", False),
        ("", "BUSIN 234567808", False),
        ("", "234567808 SIN", False),
        ("nas_port", "234567808", False),
    ],
)
def test_a_word_that_means_something_else_counts_in_a_name_or_in_capitals(key: str, text: str, is_found: bool) -> None:
    assert ("CA_SIN" in found(text, key)) is is_found


def test_a_time_in_milliseconds_is_no_romanian_code_without_a_word() -> None:
    every = Scanner(min_confidence="possible")
    assert found("1630615123457", scanner=every) == {}
    assert found("2960101123458", scanner=every) == {"RO_CNP": "possible"}
    assert found("1630615123457", "cnp") == {"RO_CNP": "certain"}


def test_an_austrian_number_ends_in_a_date() -> None:
    from stdnum.at import vnr

    dated, undated = "1009151280", "1017990180"
    assert vnr.is_valid(dated) and vnr.is_valid(undated)
    assert found(dated, "svnr") == {"AT_VNR": "certain"} and not found(undated, "svnr")


def test_a_belgian_bis_number_is_found_and_a_run_of_digits_is_not() -> None:
    assert found("98.47.28-997.65", "insz") == {"BE_NN": "certain"}
    assert not found("111.111.111-11", "cpf")


def test_words_are_known_with_and_without_their_accents() -> None:
    for key in ("rodné číslo", "rodne_cislo"):
        assert found("7103192745", key) == {"CZ_RODNE_CISLO": "certain"}
    for key in ("fødselsnummer", "fodselsnummer"):
        assert found("15108695088", key) == {"NO_FODSELSNUMMER": "certain"}
    assert found("henkilötunnus 131052-0040") == {"FI_PERSONAL_IDENTITY_CODE": "certain"}
    assert found("cartão de cidadão 12345678 0 AB3") == {"PT_CC": "certain"}


def test_a_swedish_number_is_not_also_a_danish_one() -> None:
    assert "DK_CPR" not in found("880320-0016", "personnummer")
    assert {hit.entity for hit in SCANNER.text("101010-0014", "personnummer")} <= {"SE_PERSONNUMMER"}


@pytest.mark.parametrize("entity", ENTITIES)
def test_a_line_is_looked_at_for_one_entity_alone(entity: str) -> None:
    alone = Scanner([entity], min_confidence="possible")
    for each in (each for each in countries.DETECTORS if each.entity == entity):
        for key, text in each.hits:
            record = {"metadata": {key or "note": text}}
            line = f'{{"timestamp":"2026-06-01T00:00:00Z","metadata":{{"{key or "note"}":"{text}"}}}}'.encode()
            assert alone.may_hit(line) and alone.scan(record) == alone.scan_all(record) != []


@pytest.mark.parametrize("time", ["2026-06-01T14:23:11Z", "20260601T142311Z", "2026-06-01 at 14:23:11 UTC"])
def test_a_line_with_a_time_is_passed_over(time: str) -> None:
    alone = Scanner(ENTITIES)
    assert not alone.may_hit(f'{{"metadata":{{"note":"at {time} done"}}}}'.encode())
