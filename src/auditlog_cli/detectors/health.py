"""Health and vehicles (compliance.md, 4.8)."""

from __future__ import annotations

from auditlog_cli.detectors import guards
from auditlog_cli.detectors.checksums import dea, luhn, stdnum, vin
from auditlog_cli.detectors.dates import as_birth
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

_NPI = words("npi, provider, prescriber")
_DEA = words("dea, prescriber, registration")
_MBI = words("medicare, mbi, beneficiary")
_ICD = words("icd, diagnosis, dx, condition, problem, diagnose, diagnoses")
_VIN = words("vin, vehicle, chassis, fahrgestell, fahrgestellnummer")
_IMEI = words("imei, device")
_MRN = ascii_pattern(r"[A-Z0-9\-]{5,15}")
_MRN_KEY = ascii_pattern(r"mrn|medical_?record_?(?:no|number|id)?|patient_?(?:id|no|number)")


def _npi(found: Candidate) -> int | None:
    if not found.said(_NPI) or len(set(found.value)) < 3 or not luhn("80840" + found.value):
        return None
    return CERTAIN


def _dea(found: Candidate) -> int | None:
    if not dea(found.value):
        return None
    return CERTAIN if found.said(_DEA) else LIKELY


def _mbi(found: Candidate) -> int | None:
    return CERTAIN if found.said(_MBI) else LIKELY


def _icd(found: Candidate) -> int | None:
    return LIKELY if found.said(_ICD) else None


def _vin(found: Candidate) -> int | None:
    value = found.value
    if value.isdigit() or value.isalpha() or not vin(value):
        return None
    return CERTAIN if found.said(_VIN) else POSSIBLE


def _imei(found: Candidate) -> int | None:
    if not found.said(_IMEI) or guards.is_run(found.compact) or not stdnum("imei")(found.compact):
        return None
    return LIKELY


def _mrn(found: Candidate) -> int | None:
    wanted = found.settings.mrn
    if wanted is not None:
        return LIKELY if wanted.fullmatch(found.value) else None
    return LIKELY if _MRN.fullmatch(found.value) and any(char.isdigit() for char in found.value) else None


def _mrn_in_text(found: Candidate) -> int | None:
    number = ascii_pattern(r"[A-Z0-9\-]{5,15}\Z").search(found.value)
    assert number is not None
    found.start += number.start()
    return _mrn(found)


def _born(found: Candidate) -> int | None:
    return LIKELY if as_birth(found.value, found.now) else None


def _born_in_text(found: Candidate) -> int | None:
    date = _DATE.search(found.value)
    assert date is not None
    found.start += date.start()
    return _born(found)


_DATE = ascii_pattern(
    r"\d{4}[\-/.]\d{1,2}[\-/.]\d{1,2}|\d{1,2}[\-/.]\d{1,2}[\-/.]\d{4}"
    r"|\d{1,2}\.? [A-Za-z]{3,9},? \d{4}|[A-Za-z]{3,9}\.? \d{1,2},? \d{4}"
)


DETECTORS = (
    Detector(
        "US_NPI",
        "national provider identifier",
        DIGITS,
        ascii_pattern(BEGIN + r"[12]\d{9}" + END),
        _npi,
        words=_NPI,
        least=10,
        source="45 CFR 162.406",
        hits=(("npi", "1234567893"), ("", "provider 1245319599")),
        misses=(("npi", "1234567890"), ("", "1234567893")),
    ),
    Detector(
        "US_DEA",
        "registration number of the Drug Enforcement Administration",
        TOKENS,
        ascii_pattern(WORD_BEGIN + r"[ABCDEFGHJKLMPRSTUX][A-Z9]\d{7}" + WORD_END),
        _dea,
        words=_DEA,
        source="21 CFR 1301",
        hits=(("", "AB1234563"), ("dea", "AB1234563")),
        misses=(("dea", "AB1234567"), ("dea", "XAB1234563")),
    ),
    Detector(
        "US_MBI",
        "Medicare beneficiary identifier",
        TOKENS,
        ascii_pattern(
            WORD_BEGIN
            + r"[1-9][AC-HJKMNP-RT-Y][0-9AC-HJKMNP-RT-Y]\d-?"
            + r"[AC-HJKMNP-RT-Y][0-9AC-HJKMNP-RT-Y]\d-?[AC-HJKMNP-RT-Y]{2}\d{2}"
            + WORD_END
        ),
        _mbi,
        words=_MBI,
        source="CMS, MBI format",
        hits=(("", "1EG4-TE5-MK73"), ("mbi", "1EG4TE5MK73")),
        misses=(("mbi", "1SG4-TE5-MK73"), ("mbi", "0EG4-TE5-MK73")),
    ),
    Detector(
        "ICD10_CM",
        "diagnosis code",
        MARKS,
        ascii_pattern(r"(?<![A-Za-z0-9.])[A-Z]\d[0-9AB]\.[0-9A-Z]{1,4}(?![A-Za-z0-9])"),
        _icd,
        words=_ICD,
        needs=(".",),
        source="ICD-10-CM",
        hits=(("diagnosis", "E11.9"), ("", "dx S72.001A confirmed"), ("condition", "U07.1")),
        misses=(("diagnosis", "V1.2"), ("", "E11.9"), ("diagnosis", "AE11.9")),
    ),
    Detector(
        "MEDICAL_RECORD_NUMBER",
        "medical record number, by its key",
        KEYS,
        ascii_pattern(r".{1,64}"),
        _mrn,
        key=_MRN_KEY,
        literal=True,
        source="45 CFR 164.514(b)(2)(i)(H)",
        hits=(("mrn", "A-1234567"), ("patientId", "88123")),
        misses=(("mrn", "unknown"), ("patient", "88123"), ("mrn", "1234")),
    ),
    Detector(
        "MEDICAL_RECORD_NUMBER",
        "medical record number, in text",
        MARKS,
        ascii_pattern(r"\bMRN\b\W{0,3}[A-Z0-9\-]{5,15}(?![A-Za-z0-9])"),
        _mrn_in_text,
        needs=("mrn",),
        literal=True,
        source="45 CFR 164.514(b)(2)(i)(H)",
        hits=(("", "MRN: 00123456"), ("", "patient MRN#A-99812 seen")),
        misses=(("", "MRN missing"), ("", "MRN: 123")),
    ),
    Detector(
        "DATE_OF_BIRTH",
        "date of birth, by its key",
        KEYS,
        ascii_pattern(r"[0-9A-Za-z.,/\- ]{8,20}(?:T[0-9:.]{5,15}Z?)?"),
        _born,
        key=ascii_pattern(r"dob|date_?of_?birth|birth_?date|born|birthday"),
        literal=True,
        source="45 CFR 164.514(b)(2)(i)(C)",
        hits=(("dob", "1980-02-29"), ("dateOfBirth", "03/14/1975"), ("birth_date", "14 March 1975")),
        misses=(("dob", "1980-02-30"), ("dob", "unknown"), ("dob", "1700-01-01"), ("date", "1980-02-29")),
    ),
    Detector(
        "DATE_OF_BIRTH",
        "date of birth, in text",
        MARKS,
        ascii_pattern(
            r"(?i:\b(?:date of birth|born on|born|dob|geboren am|geboren|née?))\W{1,5}"
            rf"(?:{_DATE.pattern})(?!\d|[/.\-]\S)"
        ),
        _born_in_text,
        needs=("birth", "born", "dob", "geboren", "né"),
        literal=True,
        source="45 CFR 164.514(b)(2)(i)(C)",
        hits=(("", "born 14 March 1975 in Bonn"), ("", "DOB: 1975-03-14"), ("", "geboren 14.03.1975")),
        misses=(("", "born free 1975"), ("", "DOB: 1975-13-14"), ("", "stubborn 1975-03-14")),
    ),
    Detector(
        "VIN",
        "vehicle identification number",
        TOKENS,
        ascii_pattern(WORD_BEGIN + r"[A-HJ-NPR-Z0-9]{17}" + WORD_END),
        _vin,
        words=_VIN,
        source="ISO 3779; 49 CFR 565",
        hits=(("vin", "1M8GDM9AXKP042788"), ("", "vehicle 1M8GDM9AXKP042788")),
        misses=(("vin", "12345678901234567"), ("", "1M8GDM9AXKP042788"), ("vin", "1M8GDM9AXKP042789")),
    ),
    Detector(
        "IMEI",
        "serial number of a mobile device",
        DIGITS,
        ascii_pattern(BEGIN + r"\d{2}-?\d{6}-?\d{6}-?\d" + END),
        _imei,
        words=_IMEI,
        least=15,
        source="3GPP TS 23.003",
        hits=(("imei", "490154203237518"), ("", "imei 35-686800-004141-8")),
        misses=(("imei", "490154203237519"), ("", "490154203237518")),
    ),
)
