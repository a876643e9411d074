"""One person over the whole log: values, arrays, words in texts, large values, torn ends; and what is left."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli import AuditLog, redact
from auditlog_cli.retention import holding
from auditlog_cli.withholding import reading
from auditlog_cli.withholding.subject import Subject
from tests.withholding.state import call, everything, look

Open = Callable[..., AuditLog]
SAID: dict[str, Any] = {"by": "dpo@example.org", "reason": "erasure", "request": "case-9", "unsigned": True}


@pytest.mark.parametrize(
    ("identifier", "value", "held"),
    [
        ("u-17", "u-17", True),
        ("u-17", "mail u-17, please", True),
        ("u-17", "mail u-171, please", False),
        ("u-17", "xu-17", False),
        ("u-17", "U-17", False),
        ("ann@example.org", "Ann@Example.ORG wrote", True),
        ("ann@example.org", "joann@example.org", False),
        ("17", 17, True),
        ("17", 170, False),
        ("17", [1, [17]], True),
        ("1.5", {"a": 1.5}, True),
        ("u-17", {"u-17": 1}, True),
        ("u-17", {"a": [{"b": "x u-17"}]}, True),
        ("true", True, False),
        ("12345678901234567890123", [12345678901234567890123], True),
        ("Zoë", unicodedata.normalize("NFD", "Zoë"), True),
        ("Zoë", "Zoën", False),
        ('say "hi"', 'to say "hi" is', True),
        ("東京", "in 東京 .", True),
        ("a.b", "axb", False),
    ],
)
def test_where_an_identifier_stands(identifier: str, value: object, held: bool) -> None:
    for text in (json.dumps(value, ensure_ascii=False), json.dumps(value)):
        assert Subject([identifier]).in_json(text.encode()) is held


def test_every_kind_of_place_over_many_segments(path: Path, opened: Open) -> None:
    log = opened()
    log.append(call(1, user={"id": "u-17", "email": "ann@example.org"}))
    log.rotate()
    log.append(call(2, user={"id": "u-2"}, data={"subject_ids": ["u-1", "u-17"]}, metadata={"note": {"by": ["u-17"]}}))
    log.append(call(3, user={"id": "u-3"}, prompt={"text": "Please call Ann@Example.org today"}))
    log.rotate()
    log.append(
        call(4, user={"id": "u-170"}, action={"type": "llm_call", "error": "for\nu-17", "result_status": "error"})
    )
    log.append(call(5, user={"id": "u-5"}))
    done = redact(path, subject=["u-17", "ann@example.org"], **SAID)
    state = look(path)
    assert sorted((seq, field) for seq, field, _ in state.withheld) == [
        (1, "/user/email"), (1, "/user/id"), (3, "/data/subject_ids"), (3, "/metadata"), (4, "/prompt/text"),
        (6, "/action/error"),
    ]  # fmt: skip
    assert done.left == []
    rest = everything(path.parent).lower()
    assert b"ann@" not in rest
    assert b"u-17" not in rest.replace(b"u-170", b"")
    (erased,) = state.own("erase-subject")
    assert erased == {"type": "erase-subject", "request": "case-9", "redact_at": done.declared_at, "values": 6,
                      "records": 4, "left": [], "by": "dpo@example.org"}  # fmt: skip


def test_what_cannot_go_by_field_is_listed_and_goes_with_whole(path: Path, opened: Open) -> None:
    log = opened()
    log.append(call(1, session_id="u-17", user={"id": "u-2"}))
    log.append(call(2, **{"u-17": "x", "user": {"id": "u-17"}}))
    done = redact(path, subject=["u-17"], **SAID)
    assert sorted(done.left) == [(1, "/session_id"), (2, "")]
    state = look(path)
    assert state.own("erase-subject")[0]["left"] == [{"seq": 1, "field": "/session_id"}, {"seq": 2, "field": ""}]
    assert b"u-17" not in json.dumps(state.own("redact")).encode(), "a name must not be copied into the declaration"
    done = redact(path, subject=["u-17"], whole=True, **SAID)
    assert (done.values, done.left) == (2, [])
    look(path)
    assert b"u-17" not in everything(path.parent)


def test_the_second_time_says_nothing_and_writes_nothing(path: Path, opened: Open) -> None:
    opened().append(call())
    redact(path, subject=["u-17"], **SAID)
    before = everything(path.parent)
    assert redact(path, subject=["u-17"], **SAID).values == 0
    assert everything(path.parent) == before


def test_a_search_that_finds_nobody_is_recorded_once(path: Path, opened: Open) -> None:
    opened().append(call())
    for _ in range(2):
        assert redact(path, subject=["nobody-1"], **SAID).values == 0
    (erased,) = look(path).own("erase-subject")
    assert (erased["values"], erased["redact_at"]) == (0, [])


def test_what_is_left_of_another_identifier_is_recorded_under_the_same_request(path: Path, opened: Open) -> None:
    """Else the log would say that nothing of this person is left."""
    opened().append(call() | {"session_id": "desk-9"})
    redact(path, subject=["u-17"], **SAID)
    for _ in range(2):
        assert redact(path, subject=["desk-9"], **SAID).left == [(1, "/session_id")]
    first, second = look(path).own("erase-subject")
    assert (first["left"], second["values"]) == ([], 0)
    assert second["left"] == [{"seq": 1, "field": "/session_id"}]


def test_large_values_go_with_the_record_that_refers_to_them(path: Path, opened: Open) -> None:
    log = opened()
    big = "x " * 600_000
    for number, text in enumerate((f"{big} u-17", big, f"{big} other")):
        log.append(call(number, user={"id": "u-2"}, action={"type": "llm_call", "result": {"text": text}}))
    blobs = path.parent / "audit.blobs"
    assert len(list(blobs.iterdir())) == 3
    assert redact(path, subject=["u-17"], **SAID).values == 1
    assert [(seq, field) for seq, field, _ in look(path).withheld] == [(1, "/action/result/text")]
    assert len(list(blobs.iterdir())) == 2
    assert b"u-17" not in everything(path.parent)


def test_a_large_value_that_another_record_refers_to_stays(path: Path, opened: Open) -> None:
    log = opened()
    big = "x" * 1_100_000
    for number in range(2):
        log.append(call(number, action={"type": "llm_call", "result": {"text": big}}))
    redact(path, fields=["action.result"], records=[1], by="me", reason="why", unsigned=True)
    look(path)
    assert len(list((path.parent / "audit.blobs").iterdir())) == 1
    redact(path, fields=["action.result"], records=[2], by="me", reason="why", unsigned=True)
    look(path)
    assert not list((path.parent / "audit.blobs").iterdir())


@pytest.mark.parametrize("size", [10, 9000])
@pytest.mark.parametrize("garbage", [b"", b"\xff"])
def test_torn_ends_go(path: Path, opened: Open, size: int, garbage: bytes) -> None:
    """In the record of the repair, and in the file where a long one is kept."""
    log = opened()
    log.append(call(1, user={"id": "u-2"}))
    with path.open("ab") as file:
        file.write(b'{"a":"' + b"t" * size + garbage + b" u-17 and")
    log.append(call(2, user={"id": "u-2"}))
    kept = path.parent / "audit.torn.2.bin"
    assert kept.exists() is (size > 4096)
    done = redact(path, subject=["u-17"], **SAID)
    assert done.values == 1
    assert [(seq, field) for seq, field, _ in look(path).withheld] == [(2, "/auditlog/torn")]
    assert not kept.exists()
    assert b"u-17" not in everything(path.parent)


def test_a_torn_end_that_no_record_names_goes(path: Path, opened: Open) -> None:
    """Its writer died between keeping it and saying so."""
    opened().append(call(1, user={"id": "u-2"}))
    kept = path.parent / "audit.torn.9.bin"
    kept.write_bytes(b"u-17")
    other = path.parent / "audit.torn.8.bin"
    other.write_bytes(b"u-18")
    redact(path, subject=["u-17"], **SAID)
    assert not kept.exists()
    assert other.exists()


def test_the_index_goes(path: Path, opened: Open) -> None:
    opened().append(call())
    index = path.parent / "audit.jsonl.index"
    index.write_bytes(b"u-17")
    redact(path, subject=["u-17"], **SAID)
    assert not index.exists()


def test_lines_that_are_broken_are_counted(path: Path, opened: Open) -> None:
    log = opened()
    log.append(call(1))
    log.append(call(2))
    log.close()
    lines = path.read_bytes().split(b"\n")
    lines[1] = b'{"broken":"u-17'
    path.write_bytes(b"\n".join(lines))
    done = redact(path, subject=["u-17"], dry_run=True)
    assert (done.bad, done.values) == (1, 1)


def test_the_search_over_bytes_misses_nothing(path: Path, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """The slow twin looks at every line."""
    log = opened()
    texts = ["u-17", "ANN@example.org", "x\u001bu-17", "nothing", "Zoë", "a/u-17/b", "u-1", '"u-17"']
    log.write_many([call(number, user={"id": text}) for number, text in enumerate(texts * 5)])
    people = ["u-17", "ann@example.org", "Zoë"]
    fast = redact(path, subject=people, dry_run=True)
    slow = reading.candidates
    monkeypatch.setattr(reading, "candidates", lambda data, needles, lowered: slow(data, None, lowered=lowered))
    assert redact(path, subject=people, dry_run=True) == fast
    assert fast.values == 30


def test_a_line_that_is_well_sealed_but_no_json_is_counted(path: Path, opened: Open) -> None:
    """What is sealed apart is not looked at before somebody asks for it: a hold does."""
    log = opened()
    log.append(call(1, metadata={"note": "plain"}))
    log.append(call(2, metadata={"note": "plain"}))
    log.close()
    holding.add(str(path), holding.covers(session=["elsewhere"]), "counsel", "case", None)
    path.write_bytes(path.read_bytes().replace(b"plain", b"pl\xffin", 1))
    for choice in ({"subject": ["u-17"]}, {"fields": ["action.arguments"]}, {"entities": ["EMAIL_ADDRESS"]}):
        said = SAID if "subject" in choice else {**SAID, "request": None}
        assert redact(path, **choice, dry_run=True, **said).bad == 1
