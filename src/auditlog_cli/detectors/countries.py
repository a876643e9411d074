"""Government identifiers of more countries: the second wave (compliance.md, end of 4.6).

Checksums and dates are those of python-stdnum. Some of its modules (BE, DK, NO) look at today's date: a number of
somebody who is not yet born is none.
"""

from __future__ import annotations

import re

from auditlog_cli.detectors import context, guards
from auditlog_cli.detectors.checksums import stdnum
from auditlog_cli.detectors.detector import (
    BEGIN,
    CERTAIN,
    DIGITS,
    END,
    LIKELY,
    POSSIBLE,
    TOKENS,
    Candidate,
    Detector,
    ascii_pattern,
    words,
)

_CAPITALS = re.compile(r"(?<![^\W_])[A-Z]{2,4}(?![^\W_])")
_Pairs = tuple[tuple[str, str], ...]


def _in_capitals(found: Candidate, short: frozenset[str]) -> bool:
    """Tell whether one of the words stands in capitals before the candidate."""
    before = _CAPITALS.findall(found.text, max(found.start - context.BEFORE, 0), found.start)
    return any(word.lower() in short for word in before)


def _identifier(
    entity: str,
    title: str,
    pattern: str,
    module: str,
    said: str,
    source: str,
    hits: _Pairs,
    misses: _Pairs,
    *,
    short: str = "",
    near: int = CERTAIN,
    alone: int | None = None,
    form: str | None = None,
    dated: bool = False,
    lane: str = DIGITS,
    least: int = 9,
) -> Detector:
    """Return a detector of numbers that stdnum can check.

    Args:
        entity: Its name.
        title: What it is, in words.
        pattern: What it looks like, without boundaries.
        module: Of stdnum.
        said: Context words.
        source: The authority or the law.
        hits: See `Detector`.
        misses: See `Detector`.
        short: Context words that mean something else in running text ("sin" is Spanish for "without"). They count in
            the name of a member; in text only in capitals, or beside a number with separators.
        near: What a number is worth beside a context word.
        alone: What it is worth without one.
        form: A way to write it that makes it likely without one.
        dated: The last six of its ten digits are a date as Austria counts them.
        lane: Where its candidates come from.
        least: How few digits a candidate has.
    """
    long, brief = words(said), words(short) if short else frozenset()
    written = re.compile(form, re.ASCII) if form else None

    def is_near(found: Candidate) -> bool:
        if found.said(long) or found.said_by_key(brief):
            return True
        if not brief:
            return False
        return _in_capitals(found, brief) or (found.compact != found.value and found.said(brief))

    def judge(found: Candidate) -> int | None:
        number = found.compact
        if guards.is_run(number) or (dated and not _is_austrian_date(number[4:])):
            return None
        sure: int | None = near
        if not is_near(found):
            sure = LIKELY if written and written.fullmatch(found.value) else alone
            if sure is None or guards.is_time(number):
                return None
        return sure if stdnum(module)(found.value if lane == TOKENS else number) else None

    return Detector(
        entity,
        title,
        lane,
        ascii_pattern(BEGIN + f"(?:{pattern})" + END),
        judge,
        words=long | brief,
        least=least,
        source=source,
        hits=hits,
        misses=misses,
    )


def _is_austrian_date(digits: str) -> bool:
    """Tell whether `DDMMYY` is a date; months 13 to 15 stand where the numbers of a day have run out.

    The check digit alone lets 8 of 100 numbers pass.
    """
    return 1 <= int(digits[:2]) <= 31 and 1 <= int(digits[2:4]) <= 15


_CZECH = "rodné číslo, rodne cislo, rodného čísla, rodneho cisla, rodnecislo, rč, birth number"

DETECTORS = (
    _identifier(
        "AT_VNR",
        "Austrian social insurance number",
        r"[1-9]\d{3}[ \-]?\d{6}",
        "at.vnr",
        "svnr, vsnr, vnr, sv nr, sv nummer, svnummer, sozialversicherungsnummer, versicherungsnummer, "
        "austrian social security",
        "Section 30c ASVG",
        (("svnr", "1237 010180"), ("", "SV-Nr. 1237010180")),
        (("svnr", "2237 010180"), ("", "1237 010180"), ("svnr", "1017990180")),
        dated=True,
        least=10,
    ),
    _identifier(
        "BE_NN",
        "Belgian national register or BIS number",
        r"\d{2}[. ]?\d{2}[. ]?\d{2}[ \-]?\d{3}[. ]?\d{2}",
        "be.ssn",
        "rijksregisternummer, rijksregister, registre national, numéro national, numero national, niss, insz, "
        "rrn, nrn, nationalregisternummer, national register, belgian national, bisnummer",
        "Rijksregister, IT000",
        (("", "85.07.30-033.28"), ("rijksregisternummer", "85073003328"), ("niss", "98.47.28-997.65")),
        (("niss", "85.07.30-033.29"), ("", "85073003328")),
        alone=POSSIBLE,
        form=r"\d\d\.\d\d\.\d\d-\d{3}\.\d\d",
        least=11,
    ),
    _identifier(
        "BR_CPF",
        "Brazilian taxpayer number of a person",
        r"\d{3}\.\d{3}\.\d{3}-\d{2}|\d{9}-?\d{2}",
        "br.cpf",
        "cpf, cadastro de pessoas, brazilian taxpayer",
        "Receita Federal",
        (("", "390.533.447-05"), ("cpf", "39053344705"), ("", "CPF 390533447-05")),
        (("cpf", "231.002.999-00"), ("cpf", "111.111.111-11"), ("", "390533447-05")),
        alone=POSSIBLE,
        form=r"\d{3}\.\d{3}\.\d{3}-\d{2}",
        least=11,
    ),
    _identifier(
        "CA_SIN",
        "Canadian social insurance number",
        r"[1-79]\d{2}([ \-]?)\d{3}\1\d{3}",
        "ca.sin",
        "social insurance, assurance sociale, sin number, sin no, numéro nas, numero nas",
        "Employment and Social Development Canada",
        (("sin", "123-456-782"), ("", "SIN: 234567808"), ("", "my sin is 234-567-808")),
        (("sin", "999-999-999"), ("", "123-456-782"), ("", "pedido sin 234567808"), ("sin", "823456785")),
        short="sin",
    ),
    _identifier(
        "CH_AHV",
        "Swiss old-age and survivors' insurance number",
        r"756([. ]?)\d{4}\1\d{4}\1\d{2}",
        "ch.ssn",
        "ahv, ahvnr, ahvnummer, ahvn, avs, navs, oasi, sozialversicherungsnummer, versichertennummer, "
        "assurance vieillesse, numero di assicurato",
        "Art. 50c AHVG",
        (("", "756.9217.0769.85"), ("ahv_nummer", "7569217076985"), ("", "7569217076985")),
        (("ahv", "756.9217.0769.84"), ("ahv", "123.4567.8910.19")),
        alone=LIKELY,
        least=13,
    ),
    _identifier(
        "CZ_RODNE_CISLO",
        "Czech or Slovak birth number",
        r"\d{6}[/ ]?\d{4}",
        "cz.rc",
        _CZECH,
        "Act 133/2000 Sb., section 13",
        (("rodne_cislo", "7103192745"), ("", "rodné číslo: 710319/2745"), ("rc", "710319/2745")),
        (("rc", "710319/2746"), ("", "7103192745"), ("rc", "1103492745")),
        short="rc",
        least=10,
    ),
    _identifier(
        "CZ_RODNE_CISLO",
        "Czech or Slovak birth number given before 1954, which has no check digit",
        r"\d{6}[/ ]?\d{3}",
        "cz.rc",
        _CZECH,
        "Act 133/2000 Sb., section 13",
        (("rodne_cislo", "310312123"), ("", "rodné číslo 310312/123")),
        (("rodne_cislo", "590312/123"), ("", "310312/123")),
        short="rc",
        near=LIKELY,
    ),
    _identifier(
        "DK_CPR",
        "Danish personal number, which has had no check digit since 2007",
        r"[0-3]\d[01]\d{3}[ \-]?\d{4}",
        "dk.cpr",
        # Not "personnummer": a Swedish number is often a Danish date as well.
        "cpr, cprnr, cprnummer, personregister, danish personal",
        "CPR-kontoret",
        (("cpr", "211062-5629"), ("", "CPR-nr. 2110625629")),
        (("cpr", "511062-5629"), ("", "211062-5629")),
        near=LIKELY,
        least=10,
    ),
    _identifier(
        "FI_PERSONAL_IDENTITY_CODE",
        "Finnish personal identity code of those born since 1900",
        r"[0-3]\d[01]\d{3}[\-A-FU-Y]\d{3}[0-9A-FHJ-NPR-Y]",
        "fi.hetu",
        "hetu, henkilötunnus, henkilotunnus, personbeteckning, personal identity code, sotu",
        "Digi- ja väestötietovirasto",
        (("", "131052-308T"), ("hetu", "131052-0040"), ("", "131052A308T")),
        (("hetu", "131052-308U"), ("hetu", "310252-308Y"), ("", "131052-0040")),
        alone=POSSIBLE,
        form=r"\d{6}(?:-\d{3}[A-Z]|[A-Z]\d{3}[0-9A-Z])",
        lane=TOKENS,
    ),
    _identifier(
        "IE_PPSN",
        "Irish personal public service number",
        r"\d{7} ?[A-W][ABHTWX]?",
        "ie.pps",
        "pps, ppsn, personal public service, uimhir psp, upsp",
        "Department of Social Protection",
        (("ppsn", "6433435F"), ("", "PPS number 6433435OA")),
        (("ppsn", "6433435E"), ("", "6433435F"), ("ppsn", "6433435VH")),
        alone=POSSIBLE,
        lane=TOKENS,
    ),
    _identifier(
        "NO_FODSELSNUMMER",
        "Norwegian birth number or D-number",
        r"\d{2}[ \-]?\d{2}[ \-]?\d{2}[ \-]?\d{3}[ \-]?\d{2}",
        "no.fodselsnummer",
        "fødselsnummer, fodselsnummer, foedselsnummer, fødselsnr, fodselsnr, fnr, personnummer, d nummer, dnummer, "
        "norwegian national",
        "Skatteetaten",
        (("fodselsnummer", "15108695088"), ("", "fødselsnummer 151086 95088")),
        (("fnr", "15108695077"), ("", "15108695088")),
        alone=POSSIBLE,
        least=11,
    ),
    _identifier(
        "PT_CC",
        "Portuguese citizen card number",
        r"\d{8} ?\d ?[A-Z][A-Z0-9] ?\d",
        "pt.cc",
        "cartão de cidadão, cartao de cidadao, cartão cidadão, cartao cidadao, citizen card",
        "Agência para a Modernização Administrativa",
        (("", "04521224 4 ZZ 7"), ("cartao_cidadao", "054546796ZY7"), ("cc", "12345678 0 AB3")),
        (("cc", "04521224 4 ZZ 8"), ("", "12345678 0 AB3")),
        short="cc",
        alone=POSSIBLE,
        form=r"[\d ]+Z[A-Z0-9] ?\d",  # versions are counted down from ZZ
        lane=TOKENS,
    ),
    _identifier(
        "RO_CNP",
        "Romanian personal numeric code",
        r"[1-9]\d{12}",
        "ro.cnp",
        "cnp, numeric personal, personal numeric code",
        "Government Emergency Ordinance 97/2005",
        (("cnp", "1630615123457"), ("", "cod numeric personal 2960101123458")),
        (("cnp", "1630615123458"), ("", "1630615123457"), ("", "2960101123458"), ("cnp", "1632215123457")),
        alone=POSSIBLE,  # one in 500 article numbers (EAN-13) passes
        least=13,
    ),
)
