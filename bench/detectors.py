"""Detectors: precision, recall and speed beside named peers, in one run; the tables of docs/detectors.md.

Needs the shared data (AUDITLOG_DATA). The peers (presidio-analyzer with its pattern recognisers only: no language model
is downloaded; scrubadub; datafog; detect-secrets; secretlint) run as processes that read one JSON text a line and write
what they find: called with `--peer`, this file is what runs in the environment of a peer.

Seconds are those of the processor, so that other work on the machine weighs less.

    precision   of what a tool reports under an entity, the share that a label covers by half or more
    recall      of the labels of an entity, the share that a report of that entity covers by half or more
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from measure import data
from peers import interpreter, program
from tables import NOTHING, Absent, Bench, Runs, Table, shown

Span = tuple[int, int, str]
Tools = dict[str, list[list[Span]] | Absent]


# --- in the environment of the peers: no import of ours -----------------------------------------------------------


def peer(name: str) -> None:
    """Read JSON texts from standard input, write a list of [start, end, entity] each, and the seconds it took."""
    find = {"presidio": _presidio, "scrubadub": _scrubadub, "datafog": _datafog, "detect-secrets": _detect_secrets}[
        name
    ]()
    texts = [json.loads(line) for line in sys.stdin]
    find(texts[0])
    begin = time.process_time()
    found = [find(text) for text in texts]
    took = time.process_time() - begin
    sys.stdout.write(json.dumps({"seconds": took, "found": found}))


def _presidio():
    from presidio_analyzer import predefined_recognizers as known

    wanted = (
        "CreditCard",
        "Email",
        "Iban",
        "Ip",
        "Phone",
        "UsSsn",
        "UsItin",
        "NhsRecognizer",
        "EsNif",
        "ItFiscalCode",
        "InPan",
    )
    recognisers = []
    for each in wanted:
        cls = getattr(known, f"{each}Recognizer", None) or getattr(known, each, None)
        if cls is not None:
            recognisers.append(cls())
    try:  # its e-mail recogniser asks the network for a list of suffixes: take the one that is packed
        import tldextract

        tldextract.extract = tldextract.TLDExtract(suffix_list_urls=())
        known.email_recognizer.tldextract.extract = tldextract.extract
    except (ImportError, AttributeError):
        pass

    def find(text: str) -> list[Span]:
        found = []
        for each in recognisers:
            for result in each.analyze(text=text, entities=each.supported_entities, nlp_artifacts=None) or ():
                if result.score >= 0.4:
                    found.append((result.start, result.end, result.entity_type))
        return found

    return find


def _scrubadub():
    import scrubadub

    names = {
        "email": "EMAIL_ADDRESS",
        "phone": "PHONE_NUMBER",
        "credit_card": "CREDIT_CARD",
        "social_security_number": "US_SSN",
        "url": "URL",
        "vehicle_licence_plate": "PLATE",
        "drivers_licence": "LICENCE",
    }
    scrubber = scrubadub.Scrubber()

    def find(text: str) -> list[Span]:
        return [(each.beg, each.end, names.get(each.type, each.type.upper())) for each in scrubber.iter_filth(text)]

    return find


def _datafog():
    from datafog.processing.text_processing.regex_annotator import RegexAnnotator

    names = {
        "EMAIL": "EMAIL_ADDRESS",
        "PHONE": "PHONE_NUMBER",
        "SSN": "US_SSN",
        "CREDIT_CARD": "CREDIT_CARD",
        "IP_ADDRESS": "IP_ADDRESS",
        "DOB": "DATE_OF_BIRTH",
    }
    annotator = RegexAnnotator()

    def find(text: str) -> list[Span]:
        _, result = annotator.annotate_with_spans(text)
        return [(each.start, each.end, names.get(each.label, each.label)) for each in result.spans]

    return find


def _detect_secrets():
    from detect_secrets.core.scan import scan_line
    from detect_secrets.settings import default_settings

    def find(text: str) -> list[Span]:
        found = []
        with default_settings():
            at = 0
            for line in text.splitlines(keepends=True):
                for secret in scan_line(line.rstrip("\n")):
                    value = secret.secret_value or ""
                    start = line.find(value) if value else 0
                    found.append((at + max(start, 0), at + max(start, 0) + (len(value) or len(line)), "SECRET"))
                at += len(line)
        return found

    return find


# --- here ---------------------------------------------------------------------------------------------------------


def shared() -> Path:
    """The folder of shared data."""
    return Path(os.environ.get("AUDITLOG_DATA", Path(__file__).parents[1] / ".." / "shared")).resolve()


def run(python: str, name: str, texts: list[str]) -> tuple[list[list[Span]], float] | Absent:
    """What a peer finds in the texts, and its seconds; or why there is nothing."""
    given = "".join(json.dumps(text) + "\n" for text in texts)
    done = subprocess.run([python, __file__, "--peer", name], input=given, capture_output=True, text=True)
    if done.returncode:
        return Absent(done.stderr.strip().rpartition("\n")[2][:120])
    told = json.loads(done.stdout[done.stdout.index('{"seconds"') :])
    return [[tuple(span) for span in spans] for spans in told["found"]], told["seconds"]


def ours(texts: list[str], **words: object) -> tuple[list[list[Span]], float]:
    """What we find in the texts, and our seconds."""
    from auditlog_cli.detectors import Scanner

    scanner = Scanner(**words)  # type: ignore[arg-type]
    scanner.text(texts[0])
    begin = time.process_time()
    found = [scanner.text(text) for text in texts]
    took = time.process_time() - begin
    return [[(hit.start, hit.end, hit.entity) for hit in hits] for hits in found], took


def linted(lint: str, texts: list[str]) -> list[list[Span]]:
    """What secretlint finds in the texts, each a file."""
    with tempfile.TemporaryDirectory() as folder:
        for number, text in enumerate(texts):
            Path(folder, f"{number}.txt").write_text(text)
        rules = {"rules": [{"id": "@secretlint/secretlint-rule-preset-recommend"}]}
        Path(folder, ".secretlintrc.json").write_text(json.dumps(rules))
        subprocess.run(
            [lint, "*.txt", "--format", "json", "--output", "told.json", "--secretlintrc", ".secretlintrc.json"],
            cwd=folder, capture_output=True, text=True, check=False,
            env={**os.environ, "NODE_PATH": str(Path(lint).parents[1])},
        )  # fmt: skip
        told = json.loads(Path(folder, "told.json").read_text())
    found: list[list[Span]] = [[] for _ in texts]
    for file in told:
        number = int(Path(file["filePath"]).stem)
        found[number] = [(*each["range"], "SECRET") for each in file["messages"] if "range" in each]
    return found


def sentences() -> tuple[list[str], list[list[Span]]]:
    """presidio-research: sentences with labelled spans."""
    texts, labels = [], []
    for name in ("generated_small.json", "synth_dataset_v2.json"):
        for row in json.loads((shared() / "data/pii/presidio-research" / name).read_text()):
            texts.append(row["full_text"])
            labels.append(
                [(each["start_position"], each["end_position"], each["entity_type"]) for each in row["spans"]]
            )
    return texts, labels


def secret_cases() -> tuple[list[str], list[list[Span]]]:
    """The cases of secretlint with their labels."""
    files: dict[str, dict[str, str]] = {}
    with tarfile.open(shared() / "data/secrets.tar.gz") as archive:
        for member in archive.getmembers():
            stream = archive.extractfile(member) if member.isfile() and "/secretlint/" in member.name else None
            if stream is not None:
                folder, _, name = member.name.partition("/secretlint/")[2].rpartition("/")
                files.setdefault(folder, {})[name] = stream.read().decode()
    texts, labels = [], []
    for parts in files.values():
        inputs = [text for name, text in parts.items() if name.startswith("input")]
        if inputs and inputs[0] and "output.json" in parts:
            texts.append(inputs[0])
            labels.append([(*each["range"], "SECRET") for each in json.loads(parts["output.json"])["messages"]])
    return texts, labels


def scores(found: list[list[Span]], labels: list[list[Span]], entity: str) -> tuple[int, int, int, int]:
    """Right reports, reports, labels found, labels, of one entity."""
    right = reports = met = wanted = 0
    for spans, truths in zip(found, labels, strict=True):
        mine = [each for each in spans if each[2].startswith(entity)]
        true = [each for each in truths if each[2].startswith(entity)]
        reports += len(mine)
        wanted += len(true)
        right += sum(any(_covers(other, each) for other in true) for each in mine)
        met += sum(any(_covers(each, other) for other in mine) for each in true)
    return right, reports, met, wanted


def _covers(one: Span, other: Span) -> bool:
    both = min(one[1], other[1]) - max(one[0], other[0])
    return both * 2 >= min(one[1] - one[0], other[1] - other[0]) and both > 0


def share(part: int, whole: int) -> str:
    """A share in per cent, and of how many."""
    return f"{100 * part / whole:.0f} % of {whole}" if whole else "–"


def asked(name: str, texts: list[str]) -> list[list[Span]] | Absent:
    """What a peer finds in the texts, or why there is nothing."""
    python = interpreter(name)
    told = python if isinstance(python, Absent) else run(python, name, texts)
    return told if isinstance(told, Absent) else told[0]


def quality(corner: str, entities: Sequence[str], tools: Tools, labels: list[list[Span]]) -> Table:
    """Precision and recall of each tool for each entity; a tool that is absent says why below the table."""
    rows = {f"{entity}, {word}": (entity, at) for entity in entities for word, at in (("precision", 0), ("recall", 2))}
    runs, cells = Runs(rows, 1), {}
    for row, (entity, at) in rows.items():
        cells[row] = [
            NOTHING if isinstance(found, Absent) else share(*scores(found, labels, entity)[at : at + 2])
            for found in tools.values()
        ]
        runs.add(row)
    notes = tuple(f"{name}: not run: {found.why}." for name, found in tools.items() if isinstance(found, Absent))
    return Table("", tuple(tools), runs, cells.__getitem__, notes, corner=corner)


def sentences_table() -> Table:
    """Kinds of personal data in sentences."""
    texts, labels = sentences()
    tools: Tools = {"auditlog": ours(texts)[0], "auditlog, possible": ours(texts, min_confidence="possible")[0]}
    tools |= {name: asked(name, texts) for name in ("presidio", "scrubadub", "datafog")}
    entities = ("EMAIL_ADDRESS", "CREDIT_CARD", "IBAN_CODE", "US_SSN", "IP_ADDRESS", "PHONE_NUMBER")
    return quality(f"presidio-research, {len(texts):,} sentences", entities, tools, labels)


def secrets_table() -> Table:
    """Secrets in secretlint's own cases."""
    texts, labels = secret_cases()
    lint = program("secretlint")
    tools: Tools = {
        "auditlog": [
            [(start, end, "SECRET") for start, end, _ in spans] for spans in ours(texts, entities=["SECRET"])[0]
        ],
        "detect-secrets": asked("detect-secrets", texts),
        "secretlint": lint if isinstance(lint, Absent) else linted(lint, texts),
    }
    return quality(f"secretlint's {len(texts)} cases", ("SECRET",), tools, labels)


def keyed_table() -> Table:
    """Recall on records where the name of the member says what it is."""
    from auditlog_cli.detectors import Scanner

    scanner = Scanner()
    wanted: Counter[str] = Counter()
    met: Counter[str] = Counter()
    names = {"email": "EMAIL_ADDRESS", "dob": "DATE_OF_BIRTH", "date_of_birth": "DATE_OF_BIRTH",
             "phone": "PHONE_NUMBER",
             "phone_number": "PHONE_NUMBER", "cvv": "CARD_CVV", "birthDate": "DATE_OF_BIRTH"}  # fmt: skip

    def walk(value: object) -> None:
        if isinstance(value, dict):
            for key, item in value.items():
                if key in names and isinstance(item, (str, int)) and item:
                    wanted[names[key]] += 1
                    met[names[key]] += any(hit.entity == names[key] for hit in scanner.scan({"metadata": {key: item}}))
                walk(item)
        elif isinstance(value, list):
            for item in value:
                walk(item)

    for path in sorted((shared() / "data/pii").rglob("*")):
        if path.suffix in (".gz", ".json", ".ndjson") and path.parent.name not in ("presidio-research", "numbers"):
            held = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            for line in held.splitlines() if path.suffix == ".ndjson" else [held]:
                walk(json.loads(line))
    runs = Runs(sorted(wanted), 1)
    for name in runs.rows():
        runs.add(name)
    corner = "structured-profiles and fhir, by the member's name"
    return Table("", ("found",), runs, lambda row: [share(met[row], wanted[row])], corner=corner)


def speed_table(quick: bool) -> Table:
    """Microseconds a record, on the generator's log: what the arguments of a record hold."""
    import orjson

    from auditlog_cli.detectors import Scanner

    few, rounds = (200, 1) if quick else (5_000, 3)
    with data(100_000).open("rb") as file:
        lines = [line.rstrip(b"\n") for line in islice(file, 5_000 if quick else 100_000)]
    records = [orjson.loads(line) for line in lines]
    texts = ["\n".join(str(each) for each in record["action"]["arguments"].values()) for record in records]
    peers = ("presidio", "scrubadub", "datafog")
    cases: dict[str, tuple[Callable[[Any], object], Sequence[Any]] | Absent] = {}
    for title, engine in (("", False), (", with hyperscan", True)):
        scanner = Scanner()
        made = scanner._prefilter.build_engine() if engine else None
        if engine:
            scanner._prefilter.engine_built = made
        else:
            scanner._prefilter._asked = 1 << 40  # never built
        for name, call, given in (
            (f"auditlog: text{title}", scanner.text, texts),
            (f"auditlog: record{title}", scanner.scan, records),
            (f"auditlog: may_hit, stored line{title}", scanner.may_hit, lines),
        ):
            cases[name] = Absent("hyperscan is not installed") if engine and made is None else (call, given)
    runs = Runs([*peers, *cases], rounds)
    for _ in range(rounds):
        for name in peers:
            python = interpreter(name)
            told = python if isinstance(python, Absent) else run(python, name, texts[:few])
            if isinstance(told, Absent):
                runs.absent(name, told.why)
            else:
                runs.add(name, micros=told[1] / few * 1e6)
        for name, case in cases.items():
            if isinstance(case, Absent):
                runs.absent(name, case.why)
                continue
            call, given = case
            begin = time.process_time()
            for each in given:
                call(each)
            runs.add(name, micros=(time.process_time() - begin) / len(given) * 1e6)

    def cells(row: str) -> list[str]:
        return [
            shown(runs.median(row, "micros"), ",.1f"),
            *(shown(runs.ratio(peer, row, "micros"), ".1f", "x") for peer in peers),
        ]

    columns = ("µs a record", *(f"times {peer}" for peer in peers))
    note = f"Rounds: {rounds}; processor time; {len(lines):,} records, the peers the first {few:,}."
    return Table("", columns, runs, cells, (note,))


def tables(quick: bool) -> list[Table]:
    """Measure, and return the tables."""
    return [sentences_table(), secrets_table(), keyed_table(), speed_table(quick)]


BENCHES = (
    Bench(
        "detectors", "precision, recall and speed beside named peers",
        ("presidio", "scrubadub", "datafog", "detect-secrets", "secretlint", "hyperscan"), tables, "docs/detectors.md",
    ),
)  # fmt: skip


if __name__ == "__main__" and sys.argv[1:2] == ["--peer"]:
    peer(sys.argv[2])
