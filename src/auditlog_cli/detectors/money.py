"""Money: accounts, cards, routing numbers (compliance.md, 4.7)."""

from __future__ import annotations

from auditlog_cli.detectors import guards
from auditlog_cli.detectors.checksums import iban, luhn, stdnum
from auditlog_cli.detectors.detector import (
    BEGIN,
    CERTAIN,
    DIGITS,
    END,
    KEYS,
    LIKELY,
    MARKS,
    POSSIBLE,
    TOKENS,
    WORD_BEGIN,
    WORD_END,
    Candidate,
    Detector,
    ascii_pattern,
    words,
)

_CARD = words("card, pan, visa, mastercard, amex, cc, credit, debit, payment, creditcard, maestro, cardnumber")
_ABA = words("aba, routing, rtn, transit, wire, ach")
_IBAN = words("iban, account, bank")
_BIC = words("bic, swift")
_SHORTEST_IBAN = 15

# Brands: prefixes as (low, high) of so many digits, and the lengths. After braintree/credit-card-type.
_BRANDS: tuple[tuple[tuple[tuple[int, int], ...], tuple[int, ...]], ...] = (
    (((4, 4),), (13, 16, 19)),  # Visa
    (((51, 55), (2221, 2720)), (16,)),  # Mastercard
    (((34, 34), (37, 37)), (15,)),  # American Express
    (((300, 305), (36, 36), (38, 39)), (14, 16)),  # Diners
    (((6011, 6011), (644, 649), (65, 65)), (16, 19)),  # Discover
    (((3528, 3589),), (16, 19)),  # JCB
    (((62, 62), (810, 816)), (16, 19)),  # UnionPay
    (((2200, 2204),), (16, 17, 18, 19)),  # Mir
    (
        ((5018, 5018), (5020, 5020), (5038, 5038), (5893, 5893), (6304, 6304), (6759, 6759), (6761, 6763)),
        tuple(range(12, 20)),
    ),  # Maestro
)
_BY_LENGTH = {
    length: [(str(low), str(high)) for prefixes, lengths in _BRANDS if length in lengths for low, high in prefixes]
    for length in range(12, 20)
}
_TEST_CARDS = frozenset(
    [
        "4111111111111111",
        "4012888888881881",
        "4222222222222",
        "4242424242424242",
        "4000056655665556",
        "4000000000000002",
        "4000000000009995",
        "5555555555554444",
        "5105105105105100",
        "5200828282828210",
        "2223003122003222",
        "378282246310005",
        "371449635398431",
        "378734493671000",
        "6011111111111117",
        "6011000990139424",
        "6011000000000004",
        "30569309025904",
        "38520000023237",
        "3530111333300000",
        "3566002020360505",
        "6200000000000005",
        "6304000000000000",
    ]
)
"""Published by card schemes and payment providers for tests."""

_GROUPED = ascii_pattern(r"\d{4}([ \-])\d{4}\1\d{4}\1\d{4}|\d{4}([ \-])\d{6}\2\d{4,5}")


def _has_brand(digits: str) -> bool:
    return any(low <= digits[: len(low)] <= high for low, high in _BY_LENGTH.get(len(digits), ()))


def _card(found: Candidate) -> int | None:
    digits = found.compact
    if not _has_brand(digits) or guards.is_time(digits) or guards.is_run(digits) or not luhn(digits):
        return None
    if guards.inside_account(found.text, found.start):
        return None
    tests = found.settings.test_numbers
    if tests != "report" and digits in _TEST_CARDS:
        return None if tests == "ignore" else POSSIBLE
    if found.said(_CARD) or _GROUPED.fullmatch(found.value):
        return CERTAIN
    return LIKELY if digits == found.value and len(digits) >= 15 else POSSIBLE


def _iban_code(found: Candidate) -> int | None:
    """In groups of any size, as people write them. Words in capitals may follow: the last group is cut and it is
    tried again.
    """
    value = found.value.upper()
    while len(value) >= _SHORTEST_IBAN:
        if iban(value):
            found.end = found.start + len(value)
            return CERTAIN
        value = value[: max(value.rfind(" "), value.rfind("-"), 0)]
    return None


def _bic(found: Candidate) -> int | None:
    return LIKELY if found.said(_BIC) and stdnum("bic")(found.value) else None


_ABA_PREFIXES = frozenset((*range(13), *range(21, 33), *range(61, 73), 80))


def _aba(found: Candidate) -> int | None:
    number = found.value
    if not found.said(_ABA) or int(number[:2]) not in _ABA_PREFIXES or guards.is_run(number):
        return None
    return CERTAIN if stdnum("us.rtn")(number) else None


def _weak_mask(found: Candidate) -> int | None:
    del found
    return LIKELY


def _track(found: Candidate) -> int | None:
    digits = ascii_pattern(r"\d{12,19}").search(found.value)
    assert digits is not None
    return CERTAIN if _has_brand(digits.group()) and luhn(digits.group()) else LIKELY


def _by_key(found: Candidate) -> int | None:
    del found
    return CERTAIN


def _account(found: Candidate) -> int | None:
    return None if len(set(found.value)) == 1 else LIKELY


def _code_in_text(found: Candidate) -> int | None:
    digits = ascii_pattern(r"\d{3,4}\Z").search(found.value)
    assert digits is not None
    found.start += digits.start()
    return LIKELY


DETECTORS = (
    Detector(
        "IBAN_CODE",
        "international bank account number",
        TOKENS,
        ascii_pattern(WORD_BEGIN + r"[A-Z]{2} ?\d{2}(?:[ \-]?[A-Z0-9]){11,30}" + WORD_END),
        _iban_code,
        words=_IBAN,
        literal=True,
        source="ISO 13616-1",
        hits=(
            ("", "GR16 0110 1050 0000 1054 7023 795"),
            ("", "BE31435411161155"),
            ("", "DE89 3704 0044 0532 0130 00"),
            ("", "pay BE71 0961 2345 6769 TODAY"),
        ),
        misses=(
            ("iban", "GR16 0110 1050 0000 1054 7023 796"),
            ("iban", "BE31435411161156"),
            ("iban", "XX89370400440532"),
        ),
    ),
    Detector(
        "IBAN_CODE",
        "international bank account number in small letters, beside its name",
        MARKS,
        ascii_pattern(WORD_BEGIN + r"[A-Za-z]{2} ?\d{2}(?:[ \-]?[A-Za-z0-9]){11,30}" + WORD_END),
        _iban_code,
        needs=("iban",),
        words=_IBAN,
        literal=True,
        source="ISO 13616-1",
        hits=(("", "my iban is de89 3704 0044 0532 0130 00"), ("", "iban=be31435411161155")),
        misses=(("", "iban: be31435411161156"), ("", "be31435411161155")),
    ),
    Detector(
        "IBAN_CODE",
        "international bank account number in small letters, by its key",
        KEYS,
        ascii_pattern(r"[A-Za-z]{2} ?\d{2}(?:[ \-]?[A-Za-z0-9]){11,30}"),
        _iban_code,
        key=ascii_pattern(r".*iban.*"),
        literal=True,
        source="ISO 13616-1",
        hits=(("iban", "be31435411161155"), ("customerIban", "De89 3704 0044 0532 0130 00")),
        misses=(("iban", "be31435411161156"), ("account", "be31435411161155"), ("iban", "de89370400440532")),
    ),
    Detector(
        "BIC_CODE",
        "business identifier code",
        TOKENS,
        ascii_pattern(WORD_BEGIN + r"[A-Z]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?" + WORD_END),
        _bic,
        words=_BIC,
        source="ISO 9362",
        hits=(("bic", "AGRIFRPP882"), ("", "SWIFT: ABNABE2A")),
        misses=(("", "AGRIFRPP882"), ("", "DOCUMENT"), ("bic", "ABNAXX2A")),
    ),
    Detector(
        "CREDIT_CARD",
        "payment card number",
        DIGITS,
        ascii_pattern(
            rf"{BEGIN}(?:\d{{4}}([ \-])\d{{4}}\1\d{{4}}\1\d{{4}}|\d{{4}}([ \-])\d{{6}}\2\d{{4,5}}"
            rf"|\d{{12,19}}|(?:\d[ \-]?){{11,18}}\d){END}"
        ),
        _card,
        words=_CARD,
        least=12,
        source="ISO/IEC 7812-1",
        hits=(
            ("", "4111111111111111"),
            ("", "5555-5555-5555-4444 12 26"),
            ("", "3782 822463 10005"),
            ("card", "30569309025904"),
            ("", "6011111111111117"),
            ("", "3530111333300000"),
            ("", "2223003122003222"),
            ("card", "4222222222222"),
        ),
        misses=(
            ("card", "4111111111111112"),
            ("", "1748503543012345"),
            ("card", "411111******1111"),
            ("session_id", "4111111111111111"),
            ("card", "0000000000000000"),
            ("", "a4111111111111111"),
            ("", "30569309025904"),
        ),
    ),
    Detector(
        "CARD_TRACK",
        "magnetic stripe of a payment card",
        MARKS,
        ascii_pattern(r"%B\d{12,19}\^[^\^\r\n]{2,26}\^\d{4}[^?\r\n]{0,60}\??|;\d{12,19}=\d{4}\d{0,24}\??"),
        _track,
        needs=("%b", ";"),
        literal=True,
        source="ISO/IEC 7813",
        hits=(("", "%B4111111111111111^DOE/JOHN^2512101000"), ("", ";4111111111111111=25121010000")),
        misses=(("", "%B4111^DOE/JOHN^2512"), ("", ";41111111111=2512")),
    ),
    Detector(
        "CARD_CVV",
        "card verification code, by its key",
        KEYS,
        ascii_pattern(r"\d{3,4}"),
        _by_key,
        key=ascii_pattern(r"(?:cvv2?|cvc2?|cid|csc|card_?(?:security|verification)_?(?:code|value|number))"),
        literal=True,
        source="PCI DSS 4.0.1, 3.3.1.2",
        hits=(("cvv", "123"), ("cardSecurityCode", "1234"), ("CVC2", "987")),
        misses=(("cvv", "12345"), ("size", "123"), ("cvv", "12a"), ("cve", "2024")),
    ),
    Detector(
        "CARD_CVV",
        "card verification code, in text",
        MARKS,
        ascii_pattern(r"(?i:\b(?:cvv2?|cvc2?|csc|cid|security code)\b)\D{0,5}\d{3,4}\b"),
        _code_in_text,
        needs=("cvv", "cvc", "csc", "cid", "security code"),
        literal=True,
        source="PCI DSS 4.0.1, 3.3.1.2",
        hits=(("", "CVV: 123"), ("", "the security code is 9876")),
        misses=(("", "CVE-2024-1234"), ("", "incid 123"), ("", "cvv 12345")),
    ),
    Detector(
        "CARD_PIN",
        "personal identification number of a card",
        KEYS,
        ascii_pattern(r"\d{4,12}|[0-9A-Fa-f]{16}"),
        _by_key,
        key=ascii_pattern(r"pin|pin_?block"),
        literal=True,
        source="PCI DSS 4.0.1, 3.3.1.3",
        hits=(("pin", "1234"), ("pin_block", "0412AC89ABCDEF67")),
        misses=(("pin", "123"), ("pinned", "1234")),
    ),
    Detector(
        "CREDIT_CARD_WEAK_MASK",
        "card number masked too little",
        MARKS,
        ascii_pattern(r"(?<!\d)\d{9,15}[*xX•]{1,6}\d{4}(?!\d)|(?<!\d)\d{6,8}[*xX•]{2,8}\d{5,13}(?!\d)"),
        _weak_mask,
        needs=("*", "x", "•"),
        sieve=ascii_pattern(r"\d{6}[*xX•]"),
        literal=True,
        source="PCI DSS 4.0.1, 3.4.1",
        hits=(("", "card 411111111***1111"), ("", "411111****11111")),
        misses=(("", "card 411111******1111"), ("", "card 41111111****1111"), ("", "****1111")),
    ),
    Detector(
        "ABA_ROUTING_NUMBER",
        "routing number of a bank in the United States",
        DIGITS,
        ascii_pattern(BEGIN + r"[0123678]\d{8}" + END),
        _aba,
        words=_ABA,
        source="ANSI X9.100-160",
        hits=(("routing", "111000025"), ("", "ABA 021000021")),
        misses=(("routing", "112000025"), ("", "111000025")),
    ),
    Detector(
        "BANK_ACCOUNT_NUMBER",
        "account number, by its key",
        KEYS,
        ascii_pattern(r"\d{6,17}"),
        _account,
        key=ascii_pattern(r"account_?(?:no|number)|acct|bank_?account|bank_account_(?:no|number)"),
        literal=True,
        source="compliance.md, 4.7",
        hits=(("account_number", "000123456789"), ("accountNo", "1234567")),
        misses=(("account_id", "000123456789"), ("account_number", "12345"), ("account_number", "000000000")),
    ),
)
