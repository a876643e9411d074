"""What published numbers, labelled secrets, real logs and noise say of the detectors."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from auditlog_cli.detectors import Scanner
from tests.detectors.noise import records

SCANNER = Scanner()
ALL = Scanner(min_confidence="possible")

# Kinds of stdnum → our entity, and a member's name that gives the context.
KINDS = {
    "us_ssn": ("US_SSN", "ssn"), "us_itin": ("US_ITIN", "itin"), "us_rtn": ("ABA_ROUTING_NUMBER", "routing"),
    "gb_nhs": ("UK_NHS", "nhs"), "de_idnr": ("DE_TAX_ID", "idnr"), "fr_nir": ("FR_NIR", "nir"), "es_dni": ("ES_NIF", "dni"),
    "es_nie": ("ES_NIE", "nie"), "it_codicefiscale": ("IT_FISCAL_CODE", "cf"), "nl_bsn": ("NL_BSN", "bsn"),
    "pl_pesel": ("PL_PESEL", "pesel"), "se_personnummer": ("SE_PERSONNUMMER", "personnummer"),
    "in__aadhaar": ("IN_AADHAAR", "aadhaar"), "in_pan": ("IN_PAN", "pan"), "in__pan": ("IN_PAN", "pan"),
    "at_vnr": ("AT_VNR", "svnr"), "be_nn": ("BE_NN", "niss"), "be_bis": ("BE_NN", "niss"), "be_ssn": ("BE_NN", "niss"),
    "br_cpf": ("BR_CPF", "cpf"), "ca_sin": ("CA_SIN", "sin"), "ch_ssn": ("CH_AHV", "ahv"), "cz_rc": ("CZ_RODNE_CISLO", "rc"),
    "sk_rc": ("CZ_RODNE_CISLO", "rc"), "dk_cpr": ("DK_CPR", "cpr"), "fi_hetu": ("FI_PERSONAL_IDENTITY_CODE", "hetu"),
    "ie_pps": ("IE_PPSN", "ppsn"), "no_fodselsnummer": ("NO_FODSELSNUMMER", "fnr"), "pt_cc": ("PT_CC", "cc"),
    "ro_cnp": ("RO_CNP", "cnp"),
    "iban": ("IBAN_CODE", "iban"), "bic": ("BIC_CODE", "bic"), "imei": ("IMEI", "imei"), "mac": ("MAC_ADDRESS", "mac"),
}  # fmt: skip


def differs(kind: str, number: str) -> bool:
    """Where a table of compliance.md, section 4, asks for more than stdnum does."""
    return (
        (kind == "iban" and ("." in number or not number.isupper()))  # separators are blanks and hyphens; capitals
        or (kind == "se_personnummer" and number.isdigit())  # only with its separator
        or (kind in ("es_nie", "it_codicefiscale", "in_pan") and number != number.upper())  # capitals only
        or (kind == "bic" and " " in number)
        or (kind == "imei" and len(number.replace("-", "")) != 15)  # with the version of the software
    )


def test_checksums_agree_with_the_published_verdicts(shared: Path) -> None:
    seen: Counter[str] = Counter()
    lines = (shared / "data/pii/numbers/stdnum-numbers.jsonl").read_text().splitlines()
    wrong = []
    for place, row in enumerate(map(json.loads, lines)):
        if row["kind"] not in KINDS or differs(row["kind"], row["number"]):
            continue
        entity, key = KINDS[row["kind"]]
        whole = (0, len(row["number"]))
        found = any(hit.entity == entity and (hit.start, hit.end) == whole for hit in ALL.text(row["number"], key))
        seen[row["kind"]] += 1
        if found != row["valid"]:
            wrong.append((place, row["kind"]))
    assert not wrong
    assert len(seen) >= 25 and seen["iban"] > 100 and seen["bic"] > 200


def test_published_cards_and_phones_are_found(shared: Path) -> None:
    cards = json.loads((shared / "data/pii/numbers/braintree-test-cards.json").read_text())
    missed = [card["name"] for card in cards if not found_in(card["number"], "CREDIT_CARD", "card")]
    assert missed == ["Elo"]  # a brand that the table has not
    phones = json.loads((shared / "data/pii/numbers/phone-examples.mobile.json").read_text())
    import phonenumbers

    for country, number in phones.items():
        code = phonenumbers.country_code_for_region(country)
        assert found_in(f"+{code}{number}", "PHONE_NUMBER"), country


def found_in(text: str, entity: str, key: str = "") -> bool:
    return entity in {hit.entity for hit in SCANNER.text(text, key)}


# Cases of secretlint whose labels speak of something else than "is this a secret of a supported kind".
NOT_OURS = {
    "aws/ng.AWS Account ID": "an account number opens nothing",
    "aws/ok.AWS Access Key ID--enableIDScanRule-false": "its rule is switched off by the case",
    "aws/options.allows": "allowed by an option of the case",
    "groq/ok.allows": "allowed by an option of the case",
    "basicauth/ok.database-urls-not-detected": "another rule of secretlint finds these",
    "basicauth/ng.real-credentials": "two more passwords stand there than are labelled",
    "no-k8s-kind-secret/ng.kind-secret": "a password that the label passes over",
    "no-k8s-kind-secret/ng.kind-secret-multiple": "a password that the label passes over",
}
SUPPORTED = {
    "1password",
    "anthropic",
    "aws",
    "basicauth",
    "cloudflare",
    "databricks",
    "gcp",
    "github",
    "groq",
    "hashicorp-vault",
    "huggingface",
    "notion",
    "privatekey",
    "stripe",
    "vercel",
}


def cases(shared: Path) -> Iterator[tuple[str, str, list[tuple[int, int]]]]:
    """Yield name, text and labelled ranges of each case of secretlint."""
    files: dict[str, dict[str, str]] = {}
    with tarfile.open(shared / "data/secrets.tar.gz") as archive:
        for member in archive.getmembers():
            stream = archive.extractfile(member) if member.isfile() and "/secretlint/" in member.name else None
            if stream is not None:
                folder, _, name = member.name.partition("/secretlint/")[2].rpartition("/")
                files.setdefault(folder, {})[name] = io.TextIOWrapper(stream, "utf-8").read()
    for folder, parts in sorted(files.items()):
        inputs = [text for name, text in parts.items() if name.startswith("input")]
        if inputs and "output.json" in parts:
            yield folder, inputs[0], [tuple(each["range"]) for each in json.loads(parts["output.json"])["messages"]]


def test_every_labelled_secret_of_a_supported_kind_is_found_and_nothing_in_the_good_cases(shared: Path) -> None:
    count = 0
    for folder, text, ranges in cases(shared):
        hits = [hit for hit in SCANNER.text(text) if hit.entity.startswith("SECRET_")]
        if folder.partition("/")[0] in SUPPORTED and folder not in NOT_OURS:
            for begin, end in ranges:
                count += 1
                assert any(hit.start < end and begin < hit.end for hit in hits), folder
        if "/ok" in folder and folder not in NOT_OURS:
            assert not hits, folder
    assert count > 30


def lines(shared: Path, *folders: str) -> Iterator[tuple[Path, object]]:
    for folder in folders:
        for path in sorted((shared / "data" / folder).rglob("*")):
            if path.suffix in (".json", ".jsonl", ".ndjson", ".gz"):
                data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
                try:
                    yield path, json.loads(data)
                except ValueError:
                    for line in data.splitlines():
                        try:
                            yield path, json.loads(line)
                        except ValueError:
                            continue


def test_both_ways_agree_on_real_logs_and_no_line_is_passed_over(shared: Path) -> None:
    count = 0
    for path, value in lines(shared, "audit", "otel", "agents", "pii"):
        for item in value if isinstance(value, list) else [value]:
            record = {"metadata": item}
            hits = ALL.scan(record)
            assert hits == ALL.scan_all(record), path.name
            if hits:
                assert ALL.may_hit(json.dumps(record).encode()), path.name
                assert ALL.may_hit(json.dumps(record, ensure_ascii=False).encode()), path.name
            count += 1
    assert count > 2000


def test_real_logs_give_next_to_nothing_that_is_wrong(shared: Path) -> None:
    """Looked at by eye: addresses, keys and places in these logs are what they seem. Nothing else is found."""
    found: Counter[str] = Counter()
    for _, value in lines(shared, "audit", "otel"):
        for item in value if isinstance(value, list) else [value]:
            found.update(hit.entity for hit in SCANNER.scan({"metadata": item}))
    real = {"EMAIL_ADDRESS", "IP_ADDRESS", "GEO_COORDINATES", "SECRET_AWS_ACCESS_KEY", "MAC_ADDRESS"}
    assert sum(count for entity, count in found.items() if entity not in real) <= 2
    assert all(found[entity] for entity in real)


def noise(count: int) -> Counter[str]:
    return Counter(hit.confidence for record in records(count) for hit in SCANNER.scan(record))


def test_a_little_noise_gives_nothing() -> None:
    assert not noise(3000)


@pytest.mark.slow
def test_noise_gives_nothing_certain_and_less_than_one_likely_in_ten_thousand() -> None:
    found = noise(50_000)
    assert found["certain"] == 0 and found["likely"] < 5
