"""A baseline: written whole or not at all, read strictly, never covers a broken chain."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import pytest

from auditlog_cli.errors import AuditWriteError, DefinitionError
from auditlog_cli.judgement import baseline
from auditlog_cli.validator import schemas
from tests.reports import BASIS, CHAIN, fixed, found, moment, rule, where

AS_OF = moment("2026-11-21T12:00:00Z")


def test_what_is_written_is_read_and_is_what_its_schema_says(tmp_path: Path) -> None:
    path = tmp_path / "base.json"
    report = fixed()
    baseline.write(str(path), report.findings, report.as_of)
    jsonschema_rs.validate(schemas.load("baseline"), json.loads(path.read_text()))
    read = baseline.load(str(path))
    assert read.fingerprints == {finding.fingerprint for finding in report.findings}
    assert read.created == report.as_of
    assert list(tmp_path.iterdir()) == [path]
    assert baseline.render(report.findings[::-1], report.as_of) == path.read_bytes()


def test_a_baseline_that_cannot_be_written_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "base.json"
    path.write_bytes(b"old")

    def full(fd: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("auditlog_cli.sinks.os.write", full)
        with pytest.raises(AuditWriteError):
            baseline.write(str(path), fixed().findings, AS_OF)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_known_findings_are_known_and_new_ones_new() -> None:
    old, new = found(BASIS, where(1)), found(BASIS, where(2))
    baseline.apply([old, new], baseline.parse(baseline.render([found(BASIS, where(1))], AS_OF), "b"))
    assert (old.state, new.state) == ("known", "new")


def test_a_waiver_says_more_than_a_baseline() -> None:
    waived = found(BASIS, where(1))
    waived.state = "waived"
    baseline.apply([waived], baseline.parse(baseline.render([waived], AS_OF), "b"))
    assert waived.state == "waived"


def test_a_broken_chain_is_never_known() -> None:
    extending = rule("FIN-1", "t", fixed().packs[1], "high", "violation", logic="BASE-INT-01", bases=("BASE-INT-01",))
    findings = [found(CHAIN, where(1)), found(extending, where(2))]
    baseline.apply(findings, baseline.parse(baseline.render(findings, AS_OF), "b"))
    assert [finding.state for finding in findings] == ["new", "new"]


@pytest.mark.parametrize(
    "raw",
    [b"", b"[]", b"{}", b'{"format":"auditlog.baseline/2"}', b'{"format":"auditlog.baseline/1","created":"2026-11-21","fingerprints":[]}',
     b'{"format":"auditlog.baseline/1","created":"2026-11-21T00:00:00Z","fingerprints":["x"]}',
     b'{"format":"auditlog.baseline/1","created":"2026-11-21T00:00:00Z"}',
     b'{"format":"auditlog.baseline/1","created":"2026-11-21T00:00:00Z","fingerprints":[],"more":1}'],
)  # fmt: skip
def test_what_is_no_baseline_is_refused(raw: bytes) -> None:
    with pytest.raises(DefinitionError) as caught:
        baseline.parse(raw, "base.json")
    assert caught.value.message.startswith("base.json: ")


def test_a_missing_baseline_is_a_wrong_definition(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="cannot be read"):
        baseline.load(str(tmp_path / "none.json"))
