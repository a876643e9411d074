"""Detectors: precision, recall and speed beside named peers, in one run; the tables of docs/detectors.md.

    python bench/detectors.py [--quick]

Needs the shared data (AUDITLOG_DATA). The peers (presidio-analyzer with its pattern recognisers only: no language model
is downloaded; scrubadub; datafog; detect-secrets; secretlint) are installed into an environment of their own below
AUDITLOG_BENCH, and run as processes that read one JSON text a line and write what they find.

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
from itertools import islice
from pathlib import Path

Span = tuple[int, int, str]

PEERS = ("presidio-analyzer==2.2.366", "scrubadub==2.0.1", "datafog==4.9.0", "detect-secrets==1.5.0")
LINT = ("secretlint", "@secretlint/secretlint-rule-preset-recommend")


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


def environment(work: Path) -> tuple[Path, Path]:
    """Install the peers; return their Python and secretlint."""
    python = work / "detector-peers" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(python.parents[1])], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", *PEERS], check=True)
    lint = work / "detector-npm" / "node_modules" / ".bin" / "secretlint"
    if not lint.exists():
        lint.parents[2].mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "install", "--silent", "--prefix", str(lint.parents[2]), *LINT], check=True)
    return python, lint


def run(python: Path, name: str, texts: list[str]) -> tuple[list[list[Span]], float]:
    """What a peer finds in the texts, and its seconds."""
    given = "".join(json.dumps(text) + "\n" for text in texts)
    done = subprocess.run(
        [str(python), __file__, "--peer", name], input=given, capture_output=True, text=True, check=True
    )
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


def linted(lint: Path, texts: list[str]) -> list[list[Span]]:
    """What secretlint finds in the texts, each a file."""
    with tempfile.TemporaryDirectory() as folder:
        for number, text in enumerate(texts):
            Path(folder, f"{number}.txt").write_text(text)
        rules = {"rules": [{"id": "@secretlint/secretlint-rule-preset-recommend"}]}
        Path(folder, ".secretlintrc.json").write_text(json.dumps(rules))
        subprocess.run(
            [str(lint), "*.txt", "--format", "json", "--output", "told.json", "--secretlintrc", ".secretlintrc.json"],
            cwd=folder, capture_output=True, text=True, check=False,
            env={**os.environ, "NODE_PATH": str(lint.parents[1])},
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


def quality_table(python: Path, lint: Path) -> list[str]:
    """Precision and recall per entity."""
    texts, labels = sentences()
    tools = {"auditlog": ours(texts)[0], "auditlog, possible": ours(texts, min_confidence="possible")[0]}
    for name in ("presidio", "scrubadub", "datafog"):
        tools[name] = run(python, name, texts)[0]
    rows = [
        f"| presidio-research, {len(texts):,} sentences | " + " | ".join(tools) + " |",
        "|---" * (len(tools) + 1) + "|",
    ]
    for entity in ("EMAIL_ADDRESS", "CREDIT_CARD", "IBAN_CODE", "US_SSN", "IP_ADDRESS", "PHONE_NUMBER"):
        for number, word in ((0, "precision"), (2, "recall")):
            cells = [share(*scores(found, labels, entity)[number : number + 2]) for found in tools.values()]
            rows.append(f"| {entity}, {word} | " + " | ".join(cells) + " |")
    texts, labels = secret_cases()
    tools = {"auditlog": ours(texts, entities=["SECRET"])[0], "detect-secrets": run(python, "detect-secrets", texts)[0],
             "secretlint": linted(lint, texts)}  # fmt: skip
    tools["auditlog"] = [[(start, end, "SECRET") for start, end, _ in spans] for spans in tools["auditlog"]]
    rows += ["", f"| secretlint's {len(texts)} cases | " + " | ".join(tools) + " |", "|---|---|---|---|"]
    for number, word in ((0, "precision"), (2, "recall")):
        cells = [share(*scores(found, labels, "SECRET")[number : number + 2]) for found in tools.values()]
        rows.append(f"| secrets, {word} | " + " | ".join(cells) + " |")
    return [*rows, "", *keyed_table()]


def keyed_table() -> list[str]:
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
            data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            for line in data.splitlines() if path.suffix == ".ndjson" else [data]:
                walk(json.loads(line))
    rows = ["| structured-profiles and fhir, by the member's name | found |", "|---|---|"]
    return rows + [f"| {name} | {share(met[name], wanted[name])} |" for name in sorted(wanted)]


def speed_table(python: Path, quick: bool) -> list[str]:
    """Microseconds a record, on the generator's log: what the arguments of a record hold."""
    import orjson
    from measure import data

    from auditlog_cli.detectors import Scanner

    count = 1_000 if quick else 5_000
    with data(100_000).open("rb") as file:
        lines = [line.rstrip(b"\n") for line in islice(file, 100_000)]
    records = [orjson.loads(line) for line in lines]
    texts = ["\n".join(str(each) for each in record["action"]["arguments"].values()) for record in records]
    rows: dict[str, tuple[float, int]] = {}
    for name in ("presidio", "scrubadub", "datafog"):
        rows[name] = (run(python, name, texts[:count])[1], count)
    for title, engine in (("", False), (", with hyperscan", True)):
        scanner = Scanner()
        if not engine:
            scanner._prefilter._asked = 1 << 40  # never built
        elif (made := scanner._prefilter.engine()) is not None:
            scanner._prefilter.engine_built = made
        else:
            continue
        for name, call, given in (
            (f"auditlog: text{title}", scanner.text, texts),
            (f"auditlog: record{title}", scanner.scan, records),
            (f"auditlog: may_hit, stored line{title}", scanner.may_hit, lines),
        ):
            seconds = []
            for _ in range(3):
                begin = time.process_time()
                for each in given:
                    call(each)  # type: ignore[operator]
                seconds.append(time.process_time() - begin)
            rows[name] = (min(seconds), len(given))
    told = ["| | µs a record | times presidio | scrubadub | datafog |", "|---|---|---|---|---|"]
    for name, (seconds, number) in rows.items():
        each = seconds / number
        ratios = " | ".join(
            f"{rows[peer][0] / rows[peer][1] / each:.1f}x" for peer in ("presidio", "scrubadub", "datafog")
        )
        told.append(f"| {name} | {each * 1e6:,.1f} | {ratios} |")
    return told


def main(words: list[str]) -> None:
    """Measure, print, and without `--quick` write the tables into docs/detectors.md."""
    from measure import ROOT, WORK

    python, lint = environment(WORK)
    text = "\n".join([*quality_table(python, lint), "", *speed_table(python, "--quick" in words)])
    sys.stdout.write(text + "\n")
    if "--quick" not in words:
        page = ROOT / "docs" / "detectors.md"
        begin, end = "<!-- measured: begin (bench/detectors.py) -->", "<!-- measured: end -->"
        before, rest = page.read_text().split(begin)
        page.write_text(f"{before}{begin}\n\n{text}\n\n{end}{rest.split(end)[1]}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--peer"]:
        peer(sys.argv[2])
    else:
        main(sys.argv[1:])
