"""What `redact --check` says to other tools, and redaction of exactly what findings name."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import junitparser
import pytest

from auditlog_cli import AuditLog
from tests.redaction.test_cli import redact

CARD = "4111 1111 1111 1111"
LINES = [
    {"timestamp": "2026-11-21T09:00:00Z", "record_id": "rec-1",
     "action": {"type": "x", "arguments": {"to": "ann@acme.io, bob@acme.io", "card": CARD}}},
    {"ts": 1, "payload": {"note": "é to bob@acme.io"}},
    {"ts": 2, "payload": {"note": "nothing"}},
]  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "plain.jsonl").write_text("".join(json.dumps(each) + "\n" for each in LINES))
    return tmp_path


def found(home: Path, log: str = "plain.jsonl") -> list[dict[str, Any]]:
    done = redact("--check", log, "--format", "jsonl", "-o", "f.jsonl", cwd=home)
    assert done.returncode == 1, done.stderr
    return [json.loads(line) for line in (home / "f.jsonl").read_text().splitlines()]


def test_a_finding_for_each_place(home: Path) -> None:
    places = [
        (each["rule"], each["record"]["line"], each["at"]["pointer"], each["at"]["start"]) for each in found(home)
    ]
    assert places == [
        ("REDACT-EMAIL-ADDRESS", 1, "/action/arguments/to", 0),
        ("REDACT-EMAIL-ADDRESS", 1, "/action/arguments/to", 13),
        ("REDACT-CREDIT-CARD", 1, "/action/arguments/card", 0),
        ("REDACT-EMAIL-ADDRESS", 2, "/payload/note", 5),
    ]


def test_every_format_says_the_same_and_no_value(home: Path) -> None:
    for name in ("text", "jsonl", "sarif", "junit", "github"):
        done = redact("--check", "plain.jsonl", "--format", name, cwd=home)
        assert done.returncode == 1
        for value in (b"ann@", b"bob@", CARD.encode()):
            assert value not in done.stdout + done.stderr, name
        if name == "sarif":
            (run,) = json.loads(done.stdout)["runs"]
            assert [each["locations"][0]["physicalLocation"]["region"]["startLine"] for each in run["results"]] == [
                1,
                1,
                1,
                2,
            ]
        if name == "junit":
            suite = next(iter(junitparser.JUnitXml.fromstring(done.stdout)))
            assert suite.failures == 2 and suite.tests > 20, "a case for each kind that was looked for"
        if name == "github":
            assert done.stdout.count(b"::error file=plain.jsonl,line=") == 4


def test_a_check_that_finds_nothing_says_what_was_looked_for(home: Path) -> None:
    done = redact("--check", "plain.jsonl", "--entities", "US_SSN", "--format", "junit", cwd=home)
    suite = next(iter(junitparser.JUnitXml.fromstring(done.stdout)))
    assert (done.returncode, suite.tests, suite.failures) == (0, 1, 0)


def test_a_dry_run_says_what_check_counts(home: Path) -> None:
    one, other = redact("plain.jsonl", "--dry-run", cwd=home), redact("--check", "plain.jsonl", cwd=home)
    assert (one.returncode, one.stdout, one.stderr) == (other.returncode, other.stdout, other.stderr)


def test_exactly_the_places_of_the_findings_go(home: Path) -> None:
    found(home)
    all_of_them = redact("plain.jsonl", "--findings", "f.jsonl", cwd=home)
    assert (all_of_them.returncode, all_of_them.stdout) == (0, redact("plain.jsonl", cwd=home).stdout)
    cards = redact("plain.jsonl", "--findings", "f.jsonl", "--rule", "REDACT-CREDIT-CARD", cwd=home)
    assert cards.stdout == (home / "plain.jsonl").read_bytes().replace(CARD.encode(), b"<CREDIT_CARD>")
    (home / "f.jsonl").write_text(json.dumps(json.loads((home / "f.jsonl").read_text().splitlines()[1])) + "\n")
    second = redact("plain.jsonl", "--findings", "f.jsonl", cwd=home)
    assert b"ann@acme.io, <EMAIL_ADDRESS>" in second.stdout, "of two in one value the one that is named"


def test_findings_of_check_are_taken_too(home: Path) -> None:
    import subprocess
    import sys

    subprocess.run(
        [sys.executable, "-m", "auditlog_cli", "check", "plain.jsonl", "--pack", "gdpr", "--format", "jsonl", "-o", "c.jsonl"],
        cwd=home, check=False, capture_output=True,
    )  # fmt: skip
    done = redact("plain.jsonl", "--findings", "c.jsonl", "--rule", "GDPR-5-1-C-01", cwd=home)
    assert done.returncode == 0, done.stderr
    assert done.stdout == (home / "plain.jsonl").read_bytes().replace(CARD.encode(), b"<CREDIT_CARD>")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("rec-1", "rec-2"),  # another record
        (CARD, CARD + " "),  # the value is longer now
        ('"ts": 1', '"ts": 3'),  # the line is another one, and has no id
        (json.dumps(LINES[0]) + "\n", ""),  # it stands elsewhere
    ],
)
def test_another_record_than_the_one_meant_is_refused(home: Path, before: str, after: str) -> None:
    found(home)
    log = home / "plain.jsonl"
    text = log.read_text()
    assert before in text
    log.write_text(text.replace(before, after))
    done = redact("plain.jsonl", "--findings", "f.jsonl", "-o", "out.jsonl", cwd=home)
    assert done.returncode == 4 and b"f.jsonl:" in done.stderr and not (home / "out.jsonl").exists()


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("", 0), ("{", 4), ("{}", 4), ('{"format":"auditlog.finding/1","rule":"X","record":{"source":1}}', 4),
        ('{"format":"auditlog.finding/1","rule":"X","logic":"X","fingerprint":"","record":{"source":"other.jsonl","offset":0},"at":{"pointer":""}}', 4),
        ('{"format":"auditlog.finding/1","rule":"X","logic":"X","fingerprint":"","record":{"source":"plain.jsonl","offset":-7},"at":{"pointer":""}}', 4),
    ],
)  # fmt: skip
def test_what_is_no_finding_is_refused(home: Path, line: str, code: int) -> None:
    (home / "f.jsonl").write_text(f"{line}\n" if line else "")
    done = redact("plain.jsonl", "--findings", "f.jsonl", cwd=home)
    assert done.returncode == code and b"Traceback" not in done.stderr, done.stderr


def test_options_that_contradict_findings_are_refused(home: Path) -> None:
    found(home)
    for words in (["--check"], ["--entities", "EMAIL_ADDRESS"], ["--fields", "a"]):
        assert redact("plain.jsonl", "--findings", "f.jsonl", *words, cwd=home).returncode == 2
    assert redact("plain.jsonl", "--rule", "X", cwd=home).returncode == 2
    assert redact("plain.jsonl", "--format", "sarif", cwd=home).returncode == 2
    assert redact("plain.jsonl", "--findings", "f.jsonl", "--rule", "NO-SUCH", cwd=home).returncode == 4
    assert redact("-", "--findings", "f.jsonl", cwd=home, stdin=b"{}").returncode == 2
    dry = redact("plain.jsonl", "--findings", "f.jsonl", "--dry-run", cwd=home)
    assert (dry.returncode, dry.stdout) == (1, b"") and b"4 to be masked" in dry.stderr


def test_the_places_of_a_sealed_log_are_withheld(home: Path) -> None:
    log = home / "audit.jsonl"
    with AuditLog(log, ballast_bytes=0) as writer:
        for each in (LINES[0], {"action": {"type": "y", "arguments": {"to": "eve@acme.io"}}}):
            writer.append({name: value for name, value in each.items() if name != "record_id"})
    findings = found(home, "audit.jsonl")
    said = ("--by", "dpo", "--reason", "case", "--unsigned", "--yes")
    dry = redact("audit.jsonl", "--findings", "f.jsonl", "--rule", "REDACT-CREDIT-CARD", "--dry-run", cwd=home)
    assert dry.stdout.splitlines()[0] == b"audit.jsonl\t1\t/action/arguments/card"
    done = redact("audit.jsonl", "--findings", "f.jsonl", "--rule", "REDACT-CREDIT-CARD", *said, cwd=home)
    assert done.returncode == 0, done.stderr
    rest = b"".join(path.read_bytes() for path in home.glob("audit*.jsonl"))
    assert CARD.encode() not in rest and b"ann@acme.io" in rest
    # Bytes have moved; the numbers of the records have not.
    again = redact("audit.jsonl", "--findings", "f.jsonl", *said, cwd=home)
    assert again.returncode == 0, again.stderr
    rest = b"".join(path.read_bytes() for path in home.glob("audit*.jsonl"))
    assert b"@acme.io" not in rest
    other = home / "other"
    other.mkdir()
    shutil.copy(home / "f.jsonl", other)
    findings[0]["record"]["seq"] = 2
    (home / "f.jsonl").write_text(json.dumps(findings[0]) + "\n")
    assert redact("audit.jsonl", "--findings", "f.jsonl", "--dry-run", cwd=home).returncode == 4
