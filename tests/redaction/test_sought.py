"""Fields that no record has: said, with the name that may have been meant, and never a person's name."""

from __future__ import annotations

import json

import pytest

from auditlog_cli.record import BadLine, Line
from auditlog_cli.redaction.sought import Sought

RECORD = {
    "user": {"id": "u-17", "email": "ann@acme.io"},
    "delegation_chain": [{"actor": "u-17"}, {"actor": "a-1"}],
    "metadata": {"note": None, "by_user": {"ann@acme.io": {"phone": 1}}},
    "action": {"arguments": {"to": "x", "cc": {"_redacted": "0" * 64}}},
}


def sought(*paths: str, record: object = RECORD) -> Sought:
    made = Sought(paths)
    made.see(json.dumps(record).encode())
    return made


@pytest.mark.parametrize(
    "path",
    ["user.email", "user", "user.*", "delegation_chain.actor", "delegation_chain.1.actor", "metadata.note",
     "action.arguments.cc.name", "*.id", "metadata.by_user.ann@acme.io.phone"],
)  # fmt: skip
def test_a_field_is_met_where_it_stands_whatever_it_holds(path: str) -> None:
    assert sought(path).unmet == []


@pytest.mark.parametrize(
    ("path", "near"),
    [("usr.email", "user.email"), ("user.emial", "user.email"), ("User.Email", "user.email"), ("email", "user.email"),
     ("user/email", "user.email"), ("/user/email", "user.email"), ("user..email", "user.email"),
     (".user.email.", "user.email"), ("delegation_chain.actr", "delegation_chain.actor"), ("metadata.notes", "metadata.note"),
     ("user.name", ""), ("action.arguments.by", ""), ("delegation_chain.9.actor", ""), ("*.nothing", ""),
     ("metadata.note.text", "")],
)  # fmt: skip
def test_a_field_that_is_not_met_is_named_with_what_may_have_been_meant(path: str, near: str) -> None:
    made = sought(path, "user.id")
    assert made.unmet == [path]
    assert made.near(path) == near


def test_what_is_asked_for_as_well_is_not_what_was_meant() -> None:
    made = sought("metadata.notes", "metadata.note")
    assert (made.unmet, made.near("metadata.notes")) == (["metadata.notes"], "")


def test_a_name_that_may_be_a_persons_is_not_offered() -> None:
    assert sought("phone").near("phone") == ""
    assert sought("metadata.by_user.anne@acme.io").near("metadata.by_user.anne@acme.io") == ""


def test_it_looks_no_further_than_needed_and_over_what_is_no_record() -> None:
    made = Sought(["user.email"])
    lines = iter([
        Line(b"no record"), BadLine(Line(b"x"), "length", "too long"), Line(json.dumps(RECORD).encode()), Line(b"{}"),
    ])  # fmt: skip
    made.look_at(lines)
    assert made.unmet == [] and next(lines).raw == b"{}"


def test_a_field_is_met_however_late_and_however_its_name_is_written() -> None:
    made = Sought(["user.email"])
    for _ in range(3000):
        made.see(b'{"user":{"id":"u"}}')
    made.see(b'{"user":{"e\\u006dail":1}}')
    assert made.unmet == []
