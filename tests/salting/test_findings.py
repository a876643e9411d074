"""`auditlog redact --findings` on logs that others write: the places that a check has named are withheld, no others."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli import verify
from tests.conftest import Result
from tests.salting.foreign import everything, leaves, seal, write

Cli = Callable[..., Result]
CARD = "4111 1111 1111 1111"
LINES = [
    json.dumps({"ts": 1, "record_id": "r-1", "seq": 40, "payload": {"card": CARD, "to": "ann@acme.io"}}),
    "no JSON: ann@acme.io",
    json.dumps({"ts": 2, "action": {"arguments": {"card": CARD}}}),
    json.dumps({"ts": 3, "payload": {"to": "bob@acme.io"}}),
    json.dumps({"ts": 4, "session_id": "ann@acme.io"}),
]
SAID = ("--by", "dpo@example.org", "--reason", "case 17", "--yes")


@pytest.fixture
def log(path: Path, key: Path) -> Path:
    seal(write(path, LINES), key)
    return path


@pytest.fixture
def named(log: Path, tmp_path: Path, cli: Cli) -> Path:
    """What `redact --check` has named in it."""
    file = tmp_path / "f.jsonl"
    assert cli("redact", "--check", log, "--format", "jsonl", "-o", file).code == 1
    return file


def keep(named: Path, *wanted: tuple[int, str]) -> None:
    """Keep the findings about some places only."""
    found = [json.loads(line) for line in named.read_text().splitlines()]
    kept = [each for each in found if (each["record"]["line"], each["at"]["pointer"]) in wanted]
    assert len(kept) == len(wanted)
    named.write_text("".join(json.dumps(each) + "\n" for each in kept))


def changed(log: Path) -> list[int]:
    return [number for number, raw in enumerate(log.read_text().splitlines()) if raw != LINES[number]]


def test_the_named_places_go_and_the_leaves_stay(log: Path, named: Path, dpo: Path, cli: Cli) -> None:
    before = leaves(log)
    words = ("redact", log, "--findings", named, "--rule", "REDACT-CREDIT-CARD")
    dry = cli(*words, "--dry-run")
    assert (dry.code, dry.out.splitlines()[:2]) == (
        1, ["old.jsonl\t0\t/payload/card", "old.jsonl\t2\t/action/arguments/card"],
    )  # fmt: skip
    assert not changed(log)
    done = cli(*words, *SAID, "--key", dpo)
    assert done.code == 0, "a line that is no JSON, and is not named, need not be looked at"
    assert changed(log) == [0, 2]
    assert CARD.encode() not in everything(log)
    assert b"ann@acme.io" in log.read_bytes()
    assert leaves(log) == before
    assert verify(log).exit_code == 0


def test_a_second_time_the_bytes_have_moved_and_the_lines_have_not(log: Path, named: Path, dpo: Path, cli: Cli) -> None:
    keep(named, (1, "/payload/card"), (1, "/payload/to"), (4, "/payload/to"))
    words = ("redact", log, "--findings", named)
    first = cli(*words, "--rule", "REDACT-CREDIT-CARD", *SAID, "--key", dpo)
    assert (first.code, changed(log)) == (0, [0])
    second = cli(*words, *SAID, "--key", dpo)
    assert (second.code, changed(log)) == (0, [0, 3])
    assert b"bob@acme.io" not in everything(log)


def test_what_no_field_encloses_is_left_and_said(log: Path, named: Path, dpo: Path, cli: Cli) -> None:
    found = [json.loads(line) for line in named.read_text().splitlines()]
    text = next(each for each in found if each["record"]["line"] == 2)
    named.write_text(json.dumps(text) + "\n")
    left = cli("redact", log, "--findings", named, *SAID, "--key", dpo)
    assert left.code == 1 and "left readable in 1 place" in left.out
    whole = cli("redact", log, "--findings", named, "--whole", *SAID, "--key", dpo)
    assert (whole.code, changed(log)) == (0, [1])


def test_a_copy_without_them(log: Path, named: Path, dpo: Path, cli: Cli, tmp_path: Path) -> None:
    copy = tmp_path / "shared.jsonl"
    done = cli("redact", log, "--findings", named, "--rule", "REDACT-CREDIT-CARD", "-o", copy, "--key", dpo)
    assert (done.code, changed(log)) == (0, [])
    assert CARD.encode() not in copy.read_bytes()


def test_findings_of_check_name_places_too(log: Path, dpo: Path, cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "c.jsonl"
    cli("check", log, "--pack", "gdpr", "--format", "jsonl", "-o", file)
    done = cli("redact", log, "--findings", file, "--rule", "GDPR-5-1-C-01", *SAID, "--key", dpo)
    assert (done.code, changed(log)) == (0, [2]), done.err


@pytest.mark.parametrize(
    "change",
    [
        lambda record: record.update(line=4),
        lambda record: record.pop("line"),
        lambda record: record.update(line=99),
        lambda record: record.update(line="1"),
        lambda record: record.update(record_id="r-2"),
    ],
)
def test_another_record_than_the_one_meant_is_refused(
    change: Callable[[dict[str, Any]], None], log: Path, named: Path, dpo: Path, cli: Cli
) -> None:
    keep(named, (1, "/payload/card"))
    finding = json.loads(named.read_text())
    change(finding["record"])
    named.write_text(json.dumps(finding) + "\n")
    done = cli("redact", log, "--findings", named, *SAID, "--key", dpo)
    assert (done.code, changed(log)) == (4, [])
    assert done.err.startswith(f"auditlog: error[definition]: {named}:1: ")
