"""Every detector is proved by its own samples; names and aliases lead to it."""

from __future__ import annotations

import pytest

from auditlog_cli.detectors import ENTITIES, Scanner, catalogue, lookup
from auditlog_cli.detectors.catalogue import SHIPPED
from auditlog_cli.errors import DefinitionError

SCANNER = Scanner()
NAMES = [f"{each.entity}-{number}" for number, each in enumerate(SHIPPED)]


@pytest.mark.parametrize("detector", SHIPPED, ids=NAMES)
def test_a_detector_finds_its_samples_and_passes_over_its_near_misses(detector) -> None:
    assert len(detector.hits) >= 2 and len(detector.misses) >= 1
    for number, (key, text) in enumerate(detector.hits):
        assert detector.entity in {hit.entity for hit in SCANNER.text(text, key)}, f"hit {number + 1}"
    for number, (key, text) in enumerate(detector.misses):
        assert detector.entity not in {hit.entity for hit in SCANNER.text(text, key)}, f"miss {number + 1}"


@pytest.mark.parametrize("detector", SHIPPED, ids=NAMES)
def test_a_detector_has_a_title_and_a_source(detector) -> None:
    assert detector.title and detector.source


def test_near_misses_of_an_entity_are_two_at_least() -> None:
    for entity in ENTITIES:
        assert sum(len(each.misses) for each in SHIPPED if each.entity == entity) >= 2, entity


def test_every_alias_means_entities_that_exist() -> None:
    for alias, entities in catalogue.aliases().items():
        assert set(lookup(alias)) and set(entities) <= set(ENTITIES), alias


@pytest.mark.parametrize(
    ("name", "entity"),
    [
        ("email_address", "EMAIL_ADDRESS"),
        ("CREDIT_CARD_NUMBER", "CREDIT_CARD"),
        ("MEDICAL_LICENSE", "US_DEA"),
        ("US_BANK_NUMBER", "BANK_ACCOUNT_NUMBER"),
        ("aws-access-token", "SECRET_AWS_ACCESS_KEY"),
        ("github-fine-grained-pat", "SECRET_GITHUB"),
        ("SWEDEN_NATIONAL_ID_NUMBER", "SE_PERSONNUMMER"),
    ],
)
def test_others_names_lead_to_ours(name: str, entity: str) -> None:
    assert lookup(name) == (entity,)


def test_secret_stands_for_every_secret() -> None:
    assert set(lookup("secret")) == {each for each in ENTITIES if each.startswith("SECRET_")}
    assert len(lookup("secret")) > 20


def test_an_unknown_name_lists_near_ones() -> None:
    with pytest.raises(DefinitionError) as caught:
        Scanner(["US_SNN"])
    assert "US_SSN" in caught.value.help


@pytest.mark.parametrize("words", [{"min_confidence": "sure"}, {"test_numbers": "maybe"}, {"mrn": "(a+)+"}])
def test_wrong_settings_are_refused(words: dict[str, str]) -> None:
    with pytest.raises(DefinitionError):
        Scanner(**words)  # type: ignore[arg-type]


def test_only_the_entities_asked_for_are_found() -> None:
    text = "a@acme.io 4111 1111 1111 1111"
    assert [hit.entity for hit in Scanner(["EMAIL_ADDRESS"]).text(text)] == ["EMAIL_ADDRESS"]
    assert [hit.entity for hit in Scanner(["CREDIT_CARD_NUMBER"]).text(text)] == ["CREDIT_CARD"]
