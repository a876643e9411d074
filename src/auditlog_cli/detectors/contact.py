"""Contact: e-mail addresses and telephone numbers (compliance.md, 4.5)."""

from __future__ import annotations

import re

from auditlog_cli.detectors.detector import DIGITS, LIKELY, MARKS, POSSIBLE, Candidate, Detector, ascii_pattern, words

_LOCAL = r"A-Za-z0-9!#$%&'*+/=?^_`{|}~\-"
_EMAIL = ascii_pattern(
    rf"(?<![{_LOCAL}.])[{_LOCAL}]{{1,64}}(?:\.[{_LOCAL}]{{1,64}}){{0,8}}"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9\-]{0,61}[A-Za-z0-9])?\.){1,8}"
    r"(?:[A-Za-z]{2,24}|xn--[A-Za-z0-9\-]{2,59})(?![A-Za-z0-9\-])"
)
_LONGEST_EMAIL = 254
_RESERVED = ("example", "test", "invalid", "localhost")
_PHONE_WORDS = words("phone, tel, telephone, mobile, cell, fax, call, whatsapp, telefon, phone_number, cellphone")
_OF_AGENTS = words("call, cell")
"""In the text of a log mostly of something else than a telephone."""
_MOST_CUTS = 3


# What an address may hold by the standard, and what stands before one in a link, in code and in tables.
_BEFORE = re.compile(r".*[/`|{}]|-{0,2}[A-Za-z_]\w*=(?!.*=)|--[A-Za-z][\w\-]*=(?!.*=)|.*[?&]\w+=", re.ASCII)
_NO_BEGINNING = "'*!#&?=^~-"
_PLACE = re.compile(r":[/~]")


def _email(found: Candidate) -> int | None:
    if found.value.startswith(("{", "$", "%")):
        return None
    at = found.text.rindex("@", found.start, found.end)
    while before := _BEFORE.match(found.text, found.start, at):
        found.start = before.end()
    local = found.text[found.start : at].lstrip(_NO_BEGINNING)
    found.start = at - len(local)
    address = found.value
    if not local or len(address) > _LONGEST_EMAIL or local.startswith(("$", "%")):
        return None
    if found.text.endswith("://", 0, found.start) or _PLACE.match(found.text, found.end):
        return None  # an account on a machine: ssh://git@…, deploy@…:/srv
    if local == "git" and found.text[found.end : found.end + 1] == ":":
        return None  # a remote of git
    if found.settings.test_numbers != "report":
        labels = address.rpartition("@")[2].lower().split(".")
        if labels[-1] in _RESERVED or (len(labels) > 1 and labels[-2] == "example"):
            return None if found.settings.test_numbers == "ignore" else POSSIBLE
    return LIKELY


def _international(found: Candidate) -> int | None:
    """A number with its country code. Digits that follow a blank may belong to the next number: cut and try again."""
    for _ in range(_MOST_CUTS + 1):
        if _valid(found.value, None):
            return LIKELY
        cut = len(found.value.rstrip("0123456789()").rstrip(" .-/"))
        if cut < 7:
            return None
        found.end = found.start + cut
    return None


def _american(found: Candidate) -> int | None:
    worth = LIKELY if found.said(_PHONE_WORDS) else POSSIBLE
    return worth if worth >= found.settings.least and _valid(found.value, "US") else None


def _national(found: Candidate) -> int | None:
    divided = not found.value.isdecimal()
    if not found.said_by_key(_PHONE_WORDS) and not found.said(_PHONE_WORDS if divided else _PHONE_WORDS - _OF_AGENTS):
        return None
    if found.value.startswith("00") and _valid(f"+{found.value[2:]}", None):
        return LIKELY
    return LIKELY if any(_valid(found.value, region) for region in found.settings.phone_regions) else None


def _valid(number: str, region: str | None) -> bool:
    import phonenumbers

    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(number, region))
    except phonenumbers.NumberParseException:
        return False


DETECTORS = (
    Detector(
        "EMAIL_ADDRESS",
        "e-mail address",
        MARKS,
        _EMAIL,
        _email,
        needs=("@",),
        literal=True,
        source="RFC 5321, 4.1.2; RFC 5322, 3.4.1",
        hits=(
            ("", "write to jane.doe+tag@mail.acme.io today"),
            ("to", "a@b.co"),
            ("", "x@xn--bcher-kva.de"),
            ("", '"Jane" <jane@acme.io>'),
        ),
        misses=(
            ("", "git@host:repo.git"),
            ("", "git@github.com:acme/repo.git"),
            ("", "@property"),
            ("", "user@localhost"),
            ("", "a@b.c1"),
            ("", "<EMAIL_ADDRESS>"),
        ),
    ),
    Detector(
        "PHONE_NUMBER",
        "telephone number with country code",
        MARKS,
        ascii_pattern(r"(?<![\w+])\+[1-9](?:[ .\-/]{0,3}\(?\d\)?){6,14}(?!\d)"),
        _international,
        needs=("+",),
        words=_PHONE_WORDS,
        source="ITU-T E.164",
        hits=(("", "call +49 30 901820"), ("", "+14155552671"), ("", "ring +44 20 7946 0958 12 times")),
        misses=(("", "+1 000 000 0000"), ("", "a+49301234567"), ("", "12+3456789")),
    ),
    Detector(
        "PHONE_NUMBER",
        "telephone number of the North American plan",
        DIGITS,
        ascii_pattern(r"(?<![\d\w.\-])(?:\(\d{3}\)\s?|[2-9]\d{2}[.\- ])[2-9]\d{2}[.\- ]\d{4}(?![\d\w\-])"),
        _american,
        least=10,
        words=_PHONE_WORDS,
        source="North American Numbering Plan",
        hits=(("phone", "(415) 555-2671"), ("", "call me: 415-555-2671"), ("fax", "415.555.2671")),
        misses=(("phone", "(415) 155-2671"), ("", "order 415-555-2671"), ("phone", "115-555-2671")),
    ),
    Detector(
        "PHONE_NUMBER",
        "telephone number of a region of `phone_regions`",
        DIGITS,
        ascii_pattern(r"(?<![\w+.\-])\(?\d(?:[ .\-/()]{0,2}\d){6,14}(?![\w\-])"),
        _national,
        least=7,
        words=_PHONE_WORDS,
        source="libphonenumber",
        hits=(("mobile", "4155552671"), ("phone_number", "415/555-2671")),
        misses=(("order", "4155552671"), ("phone_id", "1155552671"), ("phone", "2026-11-21")),
    ),
)
