"""Masking from Python: one record, or everything that a log is given."""

from __future__ import annotations

import json
import threading
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli import AuditLog, DefinitionError, Redaction, UsageError, redact
from auditlog_cli.redaction.settings import Settings

MAIL = "ann@acme.io"
RECORD: dict[str, Any] = {
    "user": {"id": "u-17", "email": MAIL},
    "action": {"type": "send", "arguments": {"to": (MAIL, "bob"), "card": "4111 1111 1111 1111"}},
}


def everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_record_is_masked_in_a_copy() -> None:
    before = repr(RECORD)
    done = redact(RECORD)
    assert done["action"]["arguments"] == {"to": ["<EMAIL_ADDRESS>", "bob"], "card": "<CREDIT_CARD>"}
    assert done["user"] == RECORD["user"], "identity is no content: it is masked by field"
    assert repr(RECORD) == before


def test_fields_alone_are_all_that_goes() -> None:
    done = redact(RECORD, fields="user.email")
    assert done["user"] == {"id": "u-17", "email": "<REDACTED>"}
    assert done["action"]["arguments"]["card"] == "4111 1111 1111 1111"
    both = redact(RECORD, fields=["user.email"], entities=["CREDIT_CARD"])
    assert both["action"]["arguments"]["to"] == [MAIL, "bob"] and both["user"]["email"] == "<REDACTED>"


def test_a_record_and_its_line_are_masked_alike() -> None:
    work = Settings().redactor()
    assert json.loads(work.line(json.dumps(RECORD).encode()).raw) == redact(RECORD)


def test_pseudonyms_keep_equal_values_equal(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_bytes(b"k" * 32 + b"\n")
    assert (
        redact(RECORD, pseudonyms=b"k" * 32) == redact(RECORD, pseudonyms=key) != redact(RECORD, pseudonyms=b"x" * 32)
    )


@pytest.mark.parametrize("value", [datetime(2026, 1, 1), b"ann@acme.io", {MAIL}])
def test_what_would_not_be_looked_at_is_refused(value: object) -> None:
    with pytest.raises(UsageError) as raised:
        redact({"action": {"arguments": {"x": value}}})
    assert MAIL not in str(raised.value)
    deep: dict[str, Any] = {}
    deep["a"] = deep
    with pytest.raises(UsageError, match="nested too deep"):
        redact(deep)
    with pytest.raises(UsageError, match="not str"):
        redact({"metadata": {1: "x"}})


def test_arguments_of_one_form_are_refused_by_the_other(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="a record takes"):
        redact(RECORD, subject=["u-17"])  # type: ignore[call-overload]
    with pytest.raises(UsageError, match="pseudonyms"):
        redact(tmp_path / "audit.jsonl", pseudonyms=b"k" * 16, unsigned=True)  # type: ignore[call-overload]
    with pytest.raises(DefinitionError):
        redact(RECORD, entities=["EMIAL"])
    with pytest.raises(UsageError, match="min_confidence"):
        redact(RECORD, min_confidence="sure")  # type: ignore[call-overload]


def test_entities_are_withheld_from_a_sealed_log(tmp_path: Path) -> None:
    with AuditLog(tmp_path / "audit.jsonl", ballast_bytes=0) as log:
        log.append(RECORD)
    done = redact(tmp_path / "audit.jsonl", entities=["EMAIL_ADDRESS"], by="dpo", reason="case", unsigned=True)
    assert done.values == 1 and b'"<' not in everything(tmp_path)


def test_nothing_that_is_masked_reaches_the_disk(tmp_path: Path) -> None:
    profile = tmp_path / "redaction.yaml"
    profile.write_text("format: auditlog.redaction/1\nfields: [user.email]\n")
    for number, mask in enumerate(
        [Redaction(fields=["user.email"], entities=["EMAIL_ADDRESS"]), str(profile), profile]
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        with AuditLog(folder / "audit.jsonl", redact=mask, ballast_bytes=0) as log:
            log.append(RECORD)
            log.append({"action": {"type": "x", "error": {"message": f"no route to {MAIL}"}}})
        written = everything(folder)
        assert MAIL.encode() not in written and written.count(b"<EMAIL_ADDRESS>") == 2


def test_the_digest_of_arguments_is_that_of_what_the_tool_was_given(tmp_path: Path) -> None:
    """compliance.md, 12: `arguments_sha256` is taken before masking, so that an approval can still be compared."""
    told: list[Any] = []
    for name, mask in (("plain", None), ("masked", Redaction())):
        log = AuditLog(tmp_path / f"{name}.jsonl", redact=mask, ballast_bytes=0)
        with log, log.session(user="u-17", agent="mailer", scopes=["*"]) as session, session.tool("send", {"to": MAIL}):
            pass
        lines = (tmp_path / f"{name}.jsonl").read_bytes().splitlines()
        told.append(next(r["action"] for r in map(json.loads, lines) if r.get("action", {}).get("tool") == "send"))
    assert told[0]["arguments_sha256"] == told[1]["arguments_sha256"]
    assert told[1]["arguments"] == {"to": "<EMAIL_ADDRESS>"}


def test_a_profile_that_is_missing_or_wrong_opens_no_log(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError):
        AuditLog(tmp_path / "a.jsonl", redact="nowhere.yaml")
    (tmp_path / "wrong.yaml").write_text("format: auditlog.redaction/2\n")
    with pytest.raises(DefinitionError):
        AuditLog(tmp_path / "a.jsonl", redact=tmp_path / "wrong.yaml")
    assert not (tmp_path / "a.jsonl").exists()


def test_one_redaction_serves_many_threads() -> None:
    work, done = Redaction(), []

    def run() -> None:
        for number in range(200):
            done.append(work.record({"metadata": {"note": f"write to u{number}@acme.io, please, and to nobody else"}}))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(done) == 800 and all("@" not in each["metadata"]["note"] for each in done)
