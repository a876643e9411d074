"""Government identifiers (compliance.md, 4.6). Checksums are those of python-stdnum; guards and dates are ours."""

from __future__ import annotations

from auditlog_cli.detectors import guards
from auditlog_cli.detectors.checksums import luhn, mrz, stdnum
from auditlog_cli.detectors.detector import (
    BEGIN,
    CERTAIN,
    DIGITS,
    END,
    LIKELY,
    POSSIBLE,
    TOKENS,
    WORD_BEGIN,
    WORD_END,
    Candidate,
    Detector,
    ascii_pattern,
    words,
)
from auditlog_cli.detectors.judges import checked

_PUBLISHED = frozenset(("123456789", "111223333", "123121234"))
_SSN = words("ssn, social security, tin, socialsecurity, ssns")
_ITIN_EXTRA = range(50, 66)


def _ssn(found: Candidate) -> int | None:
    near = found.said(_SSN)
    bare = found.compact == found.value
    if (bare and not near) or found.compact in _PUBLISHED or guards.is_run(found.compact):
        return None
    if not stdnum("us.ssn")(found.compact):
        return None
    return CERTAIN if near and not bare else LIKELY


_ITIN = words("itin, taxpayer, tax")


def _itin(found: Candidate) -> int | None:
    number = found.compact
    if int(number[3:5]) not in _ITIN_EXTRA and not stdnum("us.itin")(number):
        return None
    return CERTAIN if found.said(_ITIN) else LIKELY


def _shape(found: Candidate) -> int | None:
    del found
    return LIKELY


def _date_in(digits: str, *, coordination: bool = False) -> bool:
    """Tell whether `YYMMDD` is a date; with `coordination` the day may have 60 added."""
    month, day = int(digits[2:4]), int(digits[4:6])
    if coordination and day > 60:
        day -= 60
    return 1 <= month <= 12 and 1 <= day <= (29 if month == 2 else 30 if month in (4, 6, 9, 11) else 31)


_SWEDISH = words("personnummer, samordningsnummer")


def _swedish(found: Candidate) -> int | None:
    ten = found.value.replace("-", "").replace("+", "")[-10:]
    if not _date_in(ten, coordination=True) or not luhn(ten):
        return None
    return CERTAIN if found.said(_SWEDISH) else LIKELY


_AADHAAR = words("aadhaar, aadhar, uid, uidai")


def _aadhaar(found: Candidate) -> int | None:
    near = found.said(_AADHAAR)
    spaced = len(found.value) == 14 and found.value[4] == found.value[9] and not found.value[4].isdigit()
    if not near and (not spaced or guards.inside_groups(found.text, found.start, found.end)):
        return None
    if guards.is_run(found.compact) or not stdnum("in_.aadhaar")(found.compact):
        return None
    return CERTAIN if near else LIKELY


def _mrz(found: Candidate) -> int | None:
    line = found.value
    if not (mrz(line[:9], line[9]) and mrz(line[13:19], line[19]) and mrz(line[21:27], line[27])):
        return None
    return CERTAIN if _date_in(line[13:19]) else LIKELY


_Pairs = tuple[tuple[str, str], ...]


def _simple(
    entity: str,
    title: str,
    pattern: str,
    module: str,
    said: str,
    alone: int | None,
    source: str,
    hits: _Pairs,
    misses: _Pairs,
    *,
    lane: str = DIGITS,
    least: int = 9,
    uniform: bool = True,
) -> Detector:
    context = words(said)
    begin, end = (BEGIN, END) if lane == DIGITS else (WORD_BEGIN, WORD_END)
    return Detector(
        entity,
        title,
        lane,
        ascii_pattern(begin + pattern + end),
        checked(module, context, alone, uniform=uniform),
        words=context,
        least=least,
        source=source,
        hits=hits,
        misses=misses,
    )


DETECTORS = (
    Detector(
        "US_SSN",
        "United States social security number",
        DIGITS,
        ascii_pattern(rf"{BEGIN}(?:\d{{3}}([\- ])\d{{2}}\1\d{{4}}|\d{{9}}){END}"),
        _ssn,
        words=_SSN,
        source="Social Security Administration",
        hits=(("", "number 536-90-4399 given"), ("ssn", "536904399"), ("", "536 90 4399")),
        misses=(("ssn", "666-00-0000"), ("ssn", "078-05-1120"), ("ssn", "123-45-6789"), ("order", "536904399")),
    ),
    Detector(
        "US_ITIN",
        "United States individual taxpayer number",
        DIGITS,
        ascii_pattern(rf"{BEGIN}9\d{{2}}([\- ])\d{{2}}\1\d{{4}}{END}"),
        _itin,
        words=_ITIN,
        source="Internal Revenue Service",
        hits=(("", "912-90-3456"), ("itin", "912-50-3456")),
        misses=(("itin", "912-93-4567"), ("itin", "912-66-4567")),
    ),
    Detector(
        "UK_NINO",
        "United Kingdom national insurance number",
        TOKENS,
        ascii_pattern(
            WORD_BEGIN
            + r"(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]"
            + WORD_END
        ),
        _shape,
        words=words("nino, national insurance, ni number"),
        source="HM Revenue and Customs, NIM39110",
        hits=(("", "AB123456C"), ("nino", "AB 12 34 56 C")),
        misses=(("nino", "GB123456A"), ("nino", "QQ123456C")),
    ),
    _simple(
        "UK_NHS",
        "National Health Service number",
        r"\d{3}[ \-]?\d{3}[ \-]?\d{4}",
        "gb.nhs",
        "nhs, patient, chi",
        None,
        "NHS Data Dictionary",
        (("nhs", "943 476 5870"), ("", "patient 9434765870")),
        (("nhs", "943 476 5871"), ("", "943 476 5870"), ("nhs", "4444444444")),
        least=10,
        uniform=False,
    ),
    _simple(
        "DE_TAX_ID",
        "German tax identification number",
        r"[1-9]\d ?\d{3} ?\d{3} ?\d{3}",
        "de.idnr",
        "steuer id, steuerid, idnr, id nr, identifikationsnummer, tin, steueridentifikationsnummer",
        POSSIBLE,
        "Section 139b AO",
        (("steuer_id", "36574261809"), ("", "IdNr. 36 574 261 809")),
        (("steuer_id", "36574261890"), ("", "36574261809")),
        least=11,
    ),
    _simple(
        "FR_NIR",
        "French social security number",
        r"[12378] ?\d{2} ?(?:0[1-9]|1[0-2]|[2-9]\d) ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}",
        "fr.nir",
        "nir, insee, sécurité sociale, securite sociale, secu",
        LIKELY,
        "INSEE",
        (("", "2 95 10 99 126 111 93"), ("nir", "253072B07300470")),
        (("nir", "253072B07300499"), ("", "2 95 10 99 126 111 94")),
        lane=TOKENS,
    ),
    _simple(
        "ES_NIF",
        "Spanish identity number",
        r"\d{8}[\- ]?[A-HJ-NP-TV-Z]",
        "es.dni",
        "dni, nif",
        LIKELY,
        "Ministerio del Interior",
        (("", "54362315K"), ("dni", "54362315-K")),
        (("dni", "54362315Z"), ("", "X54362315K")),
        lane=TOKENS,
    ),
    _simple(
        "ES_NIE",
        "Spanish identity number of foreigners",
        r"[XYZ][\- ]?\d{7}[\- ]?[A-HJ-NP-TV-Z]",
        "es.nie",
        "nie",
        LIKELY,
        "Ministerio del Interior",
        (("", "X2482300W"), ("nie", "X-2482300-W")),
        (("nie", "X2482300A"), ("nie", "AX2482300W")),
        lane=TOKENS,
    ),
    _simple(
        "IT_FISCAL_CODE",
        "Italian fiscal code",
        r"[A-Z]{6}[0-9LMNP-V]{2}[ABCDEHLMPRST][0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{3}[A-Z]",
        "it.codicefiscale",
        "codice fiscale, cf",
        CERTAIN,
        "Agenzia delle Entrate, DM 12/03/1974",
        (("", "RCCMNL83S18D969H"), ("codice_fiscale", "RCCMNL83S18D969H")),
        (("", "RCCMNL83S18D969G"), ("", "XRCCMNL83S18D969H")),
        lane=TOKENS,
    ),
    _simple(
        "NL_BSN",
        "Dutch citizen service number",
        r"\d{4}\.?\d{2}\.?\d{3}",
        "nl.bsn",
        "bsn, burgerservicenummer, sofi",
        None,
        "Wet algemene bepalingen burgerservicenummer",
        (("", "BSN 111222333 found"), ("bsn", "1112.22.333")),
        (("bsn", "111252333"), ("order", "111222333")),
        uniform=False,
    ),
    _simple(
        "PL_PESEL",
        "Polish identity number",
        r"\d{11}",
        "pl.pesel",
        "pesel",
        POSSIBLE,
        "Ministerstwo Cyfryzacji",
        (("pesel", "44051401359"), ("", "PESEL: 44051401359")),
        (("pesel", "44051401358"), ("", "44051401359")),
        least=11,
    ),
    Detector(
        "SE_PERSONNUMMER",
        "Swedish personal or coordination number",
        DIGITS,
        ascii_pattern(rf"{BEGIN}(?:19|20)?\d{{6}}[\-+]\d{{4}}{END}"),
        _swedish,
        words=_SWEDISH,
        source="Skatteverket, SKV 704",
        hits=(("", "880320-0016"), ("personnummer", "19880320-0016")),
        misses=(("", "880320-0018"), ("", "881320-0016")),
    ),
    Detector(
        "IN_AADHAAR",
        "Indian Aadhaar number",
        DIGITS,
        ascii_pattern(rf"{BEGIN}[2-9]\d{{3}}[ \-]?\d{{4}}[ \-]?\d{{4}}{END}"),
        _aadhaar,
        words=_AADHAAR,
        least=12,
        source="UIDAI",
        hits=(("", "2341 2341 2346"), ("aadhaar", "234123412346")),
        misses=(("aadhaar", "2341 2341 2347"), ("", "234123412346")),
    ),
    _simple(
        "IN_PAN",
        "Indian permanent account number",
        r"[A-Z]{3}[ABCFGHJKLPT][A-Z](?!0000)\d{4}[A-Z]",
        "in_.pan",
        "pan, permanent account",
        LIKELY,
        "Income Tax Department",
        (("", "ACUPA7085R"), ("pan", "ACUPA7085R")),
        (("pan", "ACUPA0000R"), ("pan", "ACUXA7085R")),
        lane=TOKENS,
    ),
    Detector(
        "PASSPORT_MRZ",
        "machine-readable line of a passport",
        TOKENS,
        ascii_pattern(r"(?<![A-Z0-9<])[A-Z0-9<]{9}\d[A-Z<]{3}\d{7}[MFX<]\d{7}[A-Z0-9<]{14}[\d<]\d(?![A-Z0-9<])"),
        _mrz,
        words=words("mrz, passport"),
        literal=True,
        source="ICAO 9303-4",
        hits=(
            ("", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"),
            ("mrz", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"),
        ),
        misses=(
            ("", "L898902C37UTO7408122F1204159ZE184226B<<<<<10"),
            ("", "L898902C36UTO7408122F1204159ZE184226B<<<<10"),
        ),
    ),
)
