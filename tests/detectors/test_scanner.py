"""The walk over a record: where is looked, what a hit says, guards, context, confidence."""

from __future__ import annotations

import re
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli.detectors import Hit, Scanner, context
from auditlog_cli.detectors import scanner as scanning
from auditlog_cli.detectors.catalogue import SHIPPED
from auditlog_cli.detectors.detector import Candidate, Settings

CARD = "4111 1111 1111 1111"
SCANNER = Scanner()
ALL = Scanner(min_confidence="possible")


def entities(text: str, key: str = "", scanner: Scanner = SCANNER) -> set[str]:
    return {hit.entity for hit in scanner.text(text, key)}


def in_arguments(value: object) -> dict[str, object]:
    return {"timestamp": "2026-06-01T00:00:00Z", "action": {"arguments": value}}


@pytest.mark.parametrize(
    "path",
    ["action.arguments", "action.result", "action.error", "prompt.text", "response.text", "message.text", "metadata",
     "provenance.import.rest"],
)  # fmt: skip
def test_the_scanned_paths(path: str) -> None:
    value: object = "write to jane@acme.io"
    for name in reversed(path.split(".")):
        value = {name: value}
    assert [hit.path for hit in SCANNER.scan(value)] == [path]  # type: ignore[arg-type]


def test_envelope_ids_and_integrity_members_are_never_scanned() -> None:
    record = {
        "timestamp": "a@b.io", "record_id": "a@b.io", "session_id": "a@b.io", "user": {"id": "a@b.io", "email": "a@b.io"},
        "policy": {"decision": "a@b.io"}, "action": {"tool": "a@b.io", "call_id": "a@b.io", "resource": "a@b.io"},
        "provenance": {"ingest": "a@b.io", "import": {"from": "a@b.io"}}, "seq": 4111111111111111, "_salts": ["a@b.io"],
    }  # fmt: skip
    assert SCANNER.scan(record) == []  # type: ignore[arg-type]
    assert {hit.path for hit in Scanner(paths=["user.email", "policy.*"]).scan(record)} == {
        "user.email",
        "policy.decision",
    }  # type: ignore[arg-type]


def test_a_hit_says_where_in_path_pointer_and_code_points() -> None:
    hits = SCANNER.scan(in_arguments({"a/b": [{"x~y": f"é🎉 {CARD}."}]}))
    assert hits == [
        Hit("CREDIT_CARD", "action.arguments.a/b.0.x~y", "/action/arguments/a~1b/0/x~0y", 3, 22, "certain", False)
    ]


def test_a_hit_holds_no_value() -> None:
    assert all(CARD not in repr(hit) and "1111" not in repr(hit) for hit in SCANNER.text(CARD))


def test_long_names_of_members_are_scanned_without_context() -> None:
    hits = SCANNER.scan(in_arguments({"jane@acme.io": {"x": 1}}))
    assert [(hit.entity, hit.in_name, hit.pointer) for hit in hits] == [
        ("EMAIL_ADDRESS", True, "/action/arguments/jane@acme.io")
    ]
    assert SCANNER.scan(in_arguments({"a@b.io": 1})) == []  # up to eight characters are passed over


def test_what_is_withheld_is_passed_over() -> None:
    assert SCANNER.scan(in_arguments({"_redacted": "jane@acme.io"})) == []
    assert SCANNER.scan(in_arguments([{"_redacted": "jane@acme.io"}, "joe@acme.io"]))[0].path == "action.arguments.1"


def test_whole_numbers_are_scanned_as_text_and_small_ones_by_key() -> None:
    assert [hit.entity for hit in SCANNER.scan(in_arguments({"n": 4111111111111111}))] == ["CREDIT_CARD"]
    assert [hit.entity for hit in SCANNER.scan(in_arguments({"cvv": 123}))] == ["CARD_CVV"]
    assert SCANNER.scan(in_arguments({"n": 123, "t": True, "f": 4111.1111, "z": None})) == []


def test_a_pair_of_coordinates_in_one_object() -> None:
    hits = SCANNER.scan(in_arguments({"place": {"lat": 52.52, "lng": 13.405}}))
    assert [(hit.entity, hit.path) for hit in hits] == [
        ("GEO_COORDINATES", "action.arguments.place.lat"), ("GEO_COORDINATES", "action.arguments.place.lng"),
    ]  # fmt: skip
    assert SCANNER.scan(in_arguments({"lat": 52.5, "x": {"lng": 13.4}})) == []
    assert SCANNER.scan(in_arguments({"lat": 152.5, "lng": 13.4})) == []


def test_the_key_of_a_service_account_beside_its_type() -> None:
    key = "-----BEGIN PRIVATE" + " KEY-----\n" + "QUJD" * 60 + "\n-----END PRIVATE" + " KEY-----"
    hits = SCANNER.scan(in_arguments({"type": "service_account", "private_key": key}))
    assert {hit.entity for hit in hits} == {"SECRET_GCP_SERVICE_ACCOUNT", "SECRET_PRIVATE_KEY"}


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("order_id", CARD), ("createdAt", "4111111111111111"), ("sha256", "4111111111111111"), ("", "{{AB123456C}}"),
        ("", "550e8400-e29b-41d4-a716-446655440000"), ("", "20261121093000"), ("", "1748503543012"), ("", "0.536904399"),
        ("ssn", "111-11-1111"), ("", "411111******1111"), ("", "x4111111111111111"), ("", "2026-11-21T09:30:00.123456Z"),
        ("", "ES11 4991 2535 5771 5545 7652"), ("", "5294 2341 2341 2346"),
    ],
)  # fmt: skip
def test_guards_drop_what_only_looks_like_something(key: str, text: str) -> None:
    assert entities(text, key) == set()


@pytest.mark.parametrize(
    ("key", "text", "entity"),
    [
        ("tax_id", "36574261809", None), ("card_id", CARD, "CREDIT_CARD"), ("routingNumber", "021000021", "ABA_ROUTING_NUMBER"),
        ("social_security", "536904399", "US_SSN"), ("", "her social security number is 536904399", "US_SSN"),
        ("", "bsn" + " " * 60 + "111222333", None), ("customerBSN", "111222333", "NL_BSN"), ("bsnumber", "111222333", None),
    ],
)  # fmt: skip
def test_context_is_whole_words_of_key_or_text_close_by(key: str, text: str, entity: str | None) -> None:
    assert entities(text, key) == ({entity} if entity else set())


def test_no_bare_number_shorter_than_thirteen_digits_is_reported_without_context() -> None:
    for number in (
        "536904399",
        "111222333",
        "021000021",
        "9434765870",
        "1234567893",
        "44051401359",
        "234123412346",
        "4155552671",
    ):
        assert entities(number) == set()


def test_confidence_is_what_the_tables_say() -> None:
    def sure(text: str, key: str = "") -> list[str]:
        return [hit.confidence for hit in ALL.text(text, key)]

    assert sure(CARD) == ["certain"]
    assert sure("4111111111111111") == ["likely"]
    assert sure("4111111111111111", "card") == ["certain"]
    assert sure("30569309025904") == ["possible"]
    assert sure("jane@acme.io") == ["likely"]
    assert sure("415-555-2671") == ["possible"]
    assert sure("415-555-2671", "phone") == ["likely"]
    assert sure("DE89 3704 0044 0532 0130 00") == ["certain"]


def test_published_test_numbers_may_count_for_less() -> None:
    assert entities("4111111111111111", "card", Scanner(test_numbers="info")) == set()
    assert entities("4111111111111111", "card", Scanner(test_numbers="info", min_confidence="possible")) == {
        "CREDIT_CARD"
    }
    assert entities("4111111111111111", "card", Scanner(test_numbers="ignore", min_confidence="possible")) == set()
    assert entities("jane@example.org", "", Scanner(test_numbers="info")) == set()
    assert entities("jane@example.org") == {"EMAIL_ADDRESS"}


def test_phones_of_the_regions_of_the_site() -> None:
    assert entities("030 901820", "phone", Scanner(phone_regions=("DE",))) == {"PHONE_NUMBER"}
    assert entities("030 901820", "phone") == set()


def test_a_medical_record_number_of_the_sites_own_form() -> None:
    scanner = Scanner(mrn="H[0-9]{4}")
    assert entities("H1234", "mrn", scanner) == {"MEDICAL_RECORD_NUMBER"}
    assert entities("A-1234567", "mrn", scanner) == set()


def test_a_date_of_birth_gives_an_age_at_the_time_of_the_record() -> None:
    record = {"timestamp": "1999-01-01T00:00:00Z", "action": {"arguments": {"dob": "2001-05-05"}}}
    assert SCANNER.scan(record) == []  # type: ignore[arg-type]
    assert SCANNER.scan({**record, "timestamp": "2026-01-01T00:00:00Z"})  # type: ignore[arg-type]


def test_what_lies_inside_something_longer_is_not_reported_again() -> None:
    assert entities("postgres://app:hun" + "ter22@db.example.com/x") == {"SECRET_URL_CREDENTIALS"}
    assert entities("GR16 0110 1050 0000 1054 7023 795") == {"IBAN_CODE"}


def test_a_private_key_is_found_to_its_end() -> None:
    text = "a -----BEGIN RSA PRIVATE" + " KEY-----\n" + "QUJD\n" * 30 + "-----END RSA PRIVATE" + " KEY----- b"
    (hit,) = SCANNER.text(text)
    assert (hit.start, hit.end) == (2, len(text) - 2)


def test_long_texts_are_read_to_the_end() -> None:
    text = "word " * 40_000 + CARD
    (hit,) = SCANNER.text(text)
    assert text[hit.start : hit.end] == CARD


@pytest.mark.parametrize(
    "text",
    ["@" * 200_000, "a@" * 100_000, "1" * 200_000, "1 " * 100_000, "A" * 200_000, "A1 " * 70_000, "1." * 100_000,
     "a." * 100_000 + "@b", ":" * 200_000, "eyeyey" * 30_000, "-----BEGIN " * 20_000, "password=" * 20_000, "+1" * 100_000,
     "://" * 60_000, "aws key " * 25_000, "DE89 " * 40_000, "bearer " * 30_000, "1.11111 " * 25_000, "%B" * 100_000,
     "x" * 200_000 + "://", "token" * 40_000 + ":", "<" * 200_000, "xapp-1-" * 30_000, "a-" * 100_000, "token-" * 30_000],
)  # fmt: skip
def test_hostile_texts_do_not_stall(text: str) -> None:
    """Linear, not quadratic: twenty times the time of a tenth would be. No bound in seconds but a very wide one."""
    began = time.process_time()
    ALL.text(text)
    assert time.process_time() - began < 30


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_nothing_raises_and_both_ways_agree_on_any_json(value: object) -> None:
    record = {"metadata": value, "action": {"arguments": [value]}}
    assert ALL.scan(record) == ALL.scan_all(record)


@given(st.text(alphabet="0123456789 -.", min_size=8, max_size=40))
def test_numbers_never_raise_and_hits_lie_inside_the_text(text: str) -> None:
    for key in ("", "card", "phone", "ssn", "npi"):
        for hit in ALL.text(text, key):
            assert 0 <= hit.start < hit.end <= len(text)


@given(st.sampled_from(SHIPPED), st.data())
def test_a_sample_is_found_again_in_a_sentence(detector, data: st.DataObject) -> None:
    key, text = data.draw(st.sampled_from(detector.hits))
    if detector.lane != "keys" and not key:
        assert detector.entity in entities(f"We saw this: {text} and more.", scanner=ALL)


def test_a_log_without_candidates_loads_neither_stdnum_nor_phonenumbers() -> None:
    code = (
        "import sys; from auditlog_cli.detectors import Scanner; s = Scanner();"
        "r = {'action': {'arguments': {'note': 'the order was shipped', 'n': 12, 'when': '2026-06-01T14:23:11Z'}}};"
        "assert s.scan(r) == s.scan_all(r) == [] and s.text('nothing here at all') == [];"
        'assert not s.may_hit(b\'{"action":{"arguments":{"note":"the order was shipped"}}}\');'
        "print(sorted(m for m in sys.modules if m.split('.')[0] in ('stdnum', 'phonenumbers', 'yaml', 'hyperscan', 'ipaddress')))"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


_ALL_REGIONS = re.compile(r"\(?\d(?:[ .\-/()]{0,2}\d){6,}", re.ASCII)
_NUMBERS = [each for each in SHIPPED if each.lane == "digits"]
_SPOKEN = [text for each in SHIPPED for _, text in each.hits if any(map(str.isdigit, text))]


def _candidates(regions: re.Pattern[str], text: str) -> set[tuple[int, tuple[int, int]]]:
    return {
        (number, match.span())
        for region in regions.finditer(text)
        for number, each in enumerate(_NUMBERS)
        if sum(map(str.isdigit, region.group())) >= each.least
        for match in each.pattern.finditer(text, region.start(), min(region.end() + 2, len(text)))
    }


@given(
    st.text("0123456789" * 3 + " .-/()+_aZé\n", max_size=40)
    | st.tuples(
        st.sampled_from(["", "x", "-", "(", "_", "é", ".", "1", "12-", "+", "ORD-"]), st.sampled_from(_SPOKEN),
        st.sampled_from(["", " ", "-", "(", "/", ".", "  ", ")", "\n"]), st.sampled_from(_SPOKEN),
    ).map("".join)
)  # fmt: skip
def test_no_number_begins_behind_a_letter_a_digit_or_a_hyphen(text: str) -> None:
    """So it is enough to look for digits that stand behind something else."""
    assert _candidates(scanning._DIGITS, text) == _candidates(_ALL_REGIONS, text)


_WORDS = sorted({word for each in SHIPPED for word in each.words})


@given(
    st.lists(st.sampled_from(_WORDS) | st.sampled_from([" ", "_", "s ", "S", ".", "1", "X", "ΛΌΓΟΣ", "İ", "é"]), max_size=9),
    st.sets(st.sampled_from([*_WORDS, "λόγος"]), min_size=1, max_size=5), st.integers(0, 60), st.booleans(),
)  # fmt: skip
def test_words_near_by_are_asked_for_only_where_they_can_be(
    parts: list[str], wanted: set[str], start: int, high: bool
) -> None:
    text = "".join(parts).replace("_", " ")
    text = text.upper() if high else text
    start = min(start, len(text))
    candidate = Candidate(text, start, min(start + 5, len(text)), "", Settings())
    words = frozenset(wanted)
    assert candidate.said(words) == (not words.isdisjoint(context.around(text, start, min(start + 5, len(text)))))


@pytest.mark.parametrize(
    ("text", "found"),
    [("21.4859 12.7056 -1.4846 12.3919 14.9157 2.6045", 0), ("12.345678, 45.678901, 67.890123", 0),
     ("at 52.520008, 13.404954 now", 1), ("17,52.520008,13.404954,1", 1), ("gps 52.520008, 13.404954, 34.123456", 1),
     ("LINESTRING(13.404954 52.520008, 13.405101 52.520109)", 2)],
)  # fmt: skip
def test_a_list_of_numbers_is_no_list_of_places(text: str, found: int) -> None:
    assert len(Scanner(["GEO_COORDINATES"]).text(text)) == found
