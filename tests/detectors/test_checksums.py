"""The checks that are ours say what stdnum says."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st
from stdnum import iban as their_iban
from stdnum import luhn as their_luhn

from auditlog_cli.detectors.checksums import iban, luhn
from auditlog_cli.detectors.money import _BRANDS, _has_brand


@given(st.text("0123456789", max_size=22) | st.text(max_size=8) | st.text("0123456789 -x٣²", max_size=8))
@example("")
@example("0")
@example("4111111111111111")
@example("4111111111111112")
def test_luhn(text: str) -> None:
    assert luhn(text) == their_luhn.is_valid(text)


@given(st.integers(0, 10**19))
def test_luhn_of_numbers_that_are_right(number: int) -> None:
    whole = f"{number}{their_luhn.calc_check_digit(str(number))}"
    assert luhn(whole) and their_luhn.is_valid(whole)


ACCOUNTS = st.sampled_from(["DE89370400440532013000", "GB29 NWBK 6016 1331 9268 19", "FR14-2004-1010-0505-0001-3M02-606",
                            "ES9121000418450200051332", "NO93 8601 1117 947", "DE89 3704 0044 0532 0130 00 THE"])  # fmt: skip


@given(ACCOUNTS | st.from_regex(r"\A[A-Z]{2} ?[0-9]{2}(?:[ \-]?[A-Z0-9]){11,30}\Z"), st.integers(0, 40))
def test_iban_whole_and_cut(value: str, cut: int) -> None:
    for each in (value, value[: len(value) - cut]):
        assert iban(each) == their_iban.is_valid(each, check_country=False)


@given(st.text("0123456789", min_size=1, max_size=21))
def test_a_brand_is_told_by_its_ranges(digits: str) -> None:
    slow = any(
        len(digits) in lengths and low <= int(digits[: len(str(low))]) <= high
        for prefixes, lengths in _BRANDS
        for low, high in prefixes
    )
    assert _has_brand(digits) == slow
