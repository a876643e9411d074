"""A log of any format as it grows: what it is of is told from its first lines, and again when it is another file."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from auditlog_cli.errors import UsageError
from auditlog_cli.record import BadLine, Line
from auditlog_cli.sources import files
from auditlog_cli.sources.followed import Followed

SPANS = b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"01","spanId":"01","name":"x"}]}]}]}\n'


def ours(number: int) -> bytes:
    return b'{"timestamp":"2026-11-21T12:00:0%dZ","record_id":"r%d","action":{"type":"x"}}\n' % (number, number)


def opa(number: int) -> bytes:
    return (
        b'{"decision_id":"d%d","labels":{"id":"o"},"path":"a/b","timestamp":"2026-11-21T12:00:0%dZ","input":{},"result":true}\n'
        % (number, number)
    )


def told(lines: list[Line | BadLine]) -> list[str]:
    """`r1` for a record of ours, `opa d1` for one that was translated."""
    found = []
    for line in lines:
        assert isinstance(line, Line)
        content = json.loads(line.raw)
        origin = content.get("provenance", {}).get("import")
        found.append(f"{origin['format']} {origin['id']}" if origin else content.get("record_id", "as it stands"))
    return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.jsonl"


@pytest.mark.parametrize(("make", "one", "two"), [(ours, "r1", "r2"), (opa, "opa d1", "opa d2")])
def test_what_is_there_and_what_follows_are_read_alike(path: Path, make: object, one: str, two: str) -> None:
    path.write_bytes(make(1))  # type: ignore[operator]
    for begin in ("forwards", "backwards"):
        log = Followed(str(path))
        there = log.from_start() if begin == "forwards" else log.backwards(files.find([str(path)])[0])
        assert told(list(there)) == [one]
        with path.open("ab") as file:
            file.write(make(2))  # type: ignore[operator]
        assert told(log.poll()) == [two]
        log.close()
        path.write_bytes(make(1))  # type: ignore[operator]


def test_backwards_is_the_newest_first(path: Path) -> None:
    for make, expected in ((ours, ["r2", "r1"]), (opa, ["opa d2", "opa d1"])):
        path.write_bytes(make(1) + make(2))
        log = Followed(str(path))
        assert told(list(log.backwards(files.find([str(path)])[0]))) == expected
        log.close()


def test_a_line_that_looks_foreign_makes_no_other_log_of_ours(path: Path) -> None:
    path.write_bytes(ours(1))
    log = Followed(str(path))
    list(log.from_start())
    with path.open("ab") as file:
        file.write(opa(2) + ours(3))
    assert told(log.poll()) == ["as it stands", "r3"]
    log.close()


@pytest.mark.parametrize("how", ["truncated", "replaced"])
def test_another_file_under_the_same_name_is_looked_at_anew(path: Path, how: str) -> None:
    path.write_bytes(ours(1) + ours(2))
    log = Followed(str(path))
    assert told(list(log.from_start())) == ["r1", "r2"]
    if how == "replaced":
        (path.parent / "new").write_bytes(opa(3))
        os.replace(path.parent / "new", path)
    else:
        path.write_bytes(b"")
        log.poll()
        path.write_bytes(opa(3))
    assert told([*log.poll(), *log.poll()]) == ["opa d3"]
    assert how in log.events
    log.close()


def test_what_cannot_be_followed_is_refused_or_taken_as_it_stands(path: Path) -> None:
    path.write_bytes(SPANS)
    log = Followed(str(path))
    with pytest.raises(UsageError, match="--follow"):
        list(log.from_start())
    log.close()
    lenient = Followed(str(path))
    lenient.lenient = True
    assert told(list(lenient.from_start())) == ["as it stands"]
    assert lenient.events == ["unfollowable"]
    lenient.close()


def test_a_file_that_is_not_there_yet_is_known_when_it_comes(path: Path) -> None:
    log = Followed(str(path))
    assert list(log.from_start()) == []
    path.write_bytes(opa(1))
    assert told(log.poll()) == ["opa d1"]
    log.close()
