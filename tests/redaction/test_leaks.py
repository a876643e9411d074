"""Issue 4, shows 5: no value of the labelled corpora stands in any output of `redact` or `check`.

The commands themselves, both streams, every format. The values stand in every scanned place of records, and as names
of members.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditlog_cli import AuditLog, redact
from tests.detectors.test_corpora import cases
from tests.leaks import values_in

Run = Callable[..., Any]
FORMATS = ("text", "jsonl", "sarif", "junit", "github")
CHECKS = (*FORMATS, "json", "markdown", "html")


def records(values: list[str]) -> Iterable[dict[str, Any]]:
    """Each value in every scanned place, and as a name."""
    for number, each in enumerate(values):
        yield {
            "timestamp": "2026-11-20T09:00:00Z", "record_id": f"rec-{number}",
            "action": {"type": "x", "tool": "t", "arguments": {"v": each, each: 1, "list": [{each: [each]}]},
                       "result": {"r": each}, "error": {"message": each}},
            "prompt": {"text": f"say {each} now"}, "metadata": {each: {each: each}},
        }  # fmt: skip


def outputs(cli: Run, home: Path, values: list[str]) -> Iterable[tuple[str, str]]:
    """What the commands say of a log with these values; masked lines are not among it."""
    log = home / "leaks.jsonl"
    lines = [json.dumps(each) for each in records(values)]
    log.write_text("\n".join([*lines, *values]) + "\n")  # the values are lines that are no JSON, too
    for shape in FORMATS:
        done = cli("redact", "--check", log, "--format", shape)
        yield f"redact --check {shape}", done.out + done.err
    for shape in CHECKS:
        done = cli("check", log, "--pack", "gdpr", "--pack", "finance", "--pack", "baseline", "--format", shape)
        yield f"check {shape}", done.out + done.err
    yield "redact", cli("redact", log, "-o", home / "masked.jsonl").err
    done = cli("validate", log, "--max-errors", "0")
    yield "validate", done.out + done.err
    findings = home / "findings.jsonl"
    cli("redact", "--check", log, "--format", "jsonl", "-o", findings)
    yield "findings", findings.read_text()
    yield "redact --findings", cli("redact", log, "--findings", findings, "-o", home / "named.jsonl").err


def assert_silent(cli: Run, home: Path, values: list[str]) -> None:
    for name, said in outputs(cli, home, values):
        assert not (numbers := values_in(said, values)), f"values {numbers[:5]} stand in the output of {name}"


def secrets(shared: Path) -> list[str]:
    found = {text[start:end] for _, text, ranges in cases(shared) for start, end in ranges if end - start > 11}
    return sorted(each for each in found if "\n" not in each)


@pytest.mark.slow
def test_no_labelled_secret_is_said(shared: Path, cli: Run, tmp_path: Path) -> None:
    values = secrets(shared)
    assert len(values) > 30
    assert_silent(cli, tmp_path, values)


@pytest.mark.slow
def test_no_labelled_number_is_said(shared: Path, cli: Run, tmp_path: Path) -> None:
    lines = (shared / "data/pii/numbers/stdnum-numbers.jsonl").read_text().splitlines()
    known = sorted({json.loads(line)["number"] for line in lines})
    values = [each for each in known if sum(map(str.isdigit, each)) >= 5 and len(each) >= 8 and each.isprintable()]
    assert len(values) > 4000
    assert_silent(cli, tmp_path, values[::25])


@pytest.mark.slow
def test_no_labelled_span_and_no_profile_is_said(shared: Path, cli: Run, tmp_path: Path) -> None:
    sentences = json.loads((shared / "data/pii/presidio-research/synth_dataset_v2.json").read_text())
    kinds = {"EMAIL_ADDRESS", "CREDIT_CARD", "IBAN_CODE", "US_SSN", "PHONE_NUMBER", "DOMAIN_NAME", "PERSON"}
    spans = {
        span["entity_value"] for each in sentences for span in each["spans"] if span["entity_type"] in kinds
    }  # fmt: skip
    with gzip.open(shared / "data/pii/structured-profiles/tau-airline-users.json.gz") as file:
        profiles = json.load(file)
    mails = {each["email"] for each in profiles.values()}
    values = sorted(each for each in spans | mails if len(each) >= 10 and each.isprintable())
    assert len(values) > 1000
    assert_silent(cli, tmp_path, values[::4])


@pytest.mark.slow
@given(st.lists(st.emails() | st.from_regex(r"\+49 30 [0-9]{8}", fullmatch=True), min_size=1, max_size=3, unique=True))
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_invented_value_is_said(cli: Run, tmp_path_factory: pytest.TempPathFactory, values: list[str]) -> None:
    assert_silent(cli, tmp_path_factory.mktemp("leaks"), values)


def test_the_harness_sees_a_leak() -> None:
    assert values_in("see ann\\u002fx@example.org &lt;b&gt; a~1b", ["ann/x@example.org", "<b>", "a/b", "none"]) == [
        1,
        2,
    ]


@pytest.mark.slow
def test_what_the_writer_masks_is_nowhere_on_the_disk(shared: Path, tmp_path: Path) -> None:
    from auditlog_cli import Redaction

    mask = Redaction()
    values = secrets(shared)
    taken = [each for each in values if each not in redact({"prompt": {"text": f"say {each} now"}})["prompt"]["text"]]
    assert len(taken) > 20
    with AuditLog(tmp_path / "audit.jsonl", redact=mask, ballast_bytes=0) as log:
        for each in taken:
            log.append({"action": {"type": "x"}, "prompt": {"text": f"say {each} now"}})
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()).decode()
    assert values_in(written, taken) == []
