"""A field exchanged by its bytes is the field exchanged by its place; in doubt nothing is."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from auditlog_cli import strictjson
from auditlog_cli.redaction import editing
from auditlog_cli.redaction.masks import Masks
from auditlog_cli.redaction.redactor import Masked, Redactor

NAMES = st.sampled_from(["user", "email", "id", "user.email", "a/b~", "é", 'q"', "_salts", "seq"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | st.sampled_from(["", "ann@acme.io", "<EMAIL_ADDRESS>", '"x\\', "é\n"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
RECORDS = st.dictionaries(NAMES, st.dictionaries(NAMES, VALUES, max_size=4) | VALUES, max_size=4)
FIELDS = st.lists(
    st.sampled_from(["user.email", "user.id", "user.user.id", "email", "user", "user.a/b~", "id.é", "user.q\""]),
    min_size=1, max_size=3, unique=True,
)  # fmt: skip
KEY = b"0123456789abcdef"


@pytest.fixture(autouse=True, scope="module")
def bulk() -> None:
    strictjson.in_bulk()


def slowly(redactor: Redactor, raw: bytes) -> Masked:
    redactor._edits = None
    return redactor.line(raw, looked=True)


@given(RECORDS, FIELDS, st.sampled_from(["plain", "blanks", "torn", "twice"]), st.booleans())
@example({"user": {"id": "u", "email": "ann@acme.io"}}, ["user.email", "user.id"], "plain", True)
@example({"user": {"email": "x"}, "user.email": "ann@acme.io"}, ["user.email"], "plain", False)
def test_the_quick_way_and_the_slow_way_write_the_same(
    record: dict[str, Any], fields: list[str], way: str, key: bool
) -> None:
    raw = orjson.dumps(record)
    if way == "blanks":
        raw = raw.replace(b":", b": ", 1)
    elif way == "torn":
        raw = raw[:-2]
    elif way == "twice":
        raw = raw[:-1] + b',"user":{"email":"bob@acme.io"}}'
    masks = Masks(key=KEY if key else None)
    assert Redactor(None, masks, fields).line(raw, looked=True) == slowly(Redactor(None, masks, fields), raw)


def made(line: bytes, *fields: str) -> bytes | None:
    edits = editing.of(fields, Masks())
    assert edits is not None
    done = edits.made(line, orjson.loads(line))
    return None if done is None else done[0]


def test_a_text_in_its_place_is_exchanged_and_nothing_else() -> None:
    line = b'{"user":{"id":"ann@acme.io","email":"ann@acme.io"},"n":"\\"email\\":\\"ann@acme.io\\""}'
    assert made(line, "user.email") == line.replace(b'"email":"ann@acme.io"', b'"email":"<REDACTED>"')


@pytest.mark.parametrize(
    "line",
    [
        b'{"user":{"email":"a"},"other":{"email":"a"}}',
        b'{"user":{"email":7}}',
        b'{"user":{"email":{"_redacted":{}}}}',
        b'{"user":[{"email":"a"}]}',
        b'{"user":{"email":"a"},"user.email":"b"}',
        b'{"user":{"email":"a"},"_salts":[],"seq":1}',
    ],
)
def test_what_is_not_certain_is_left_to_the_slow_way(line: bytes) -> None:
    assert made(line, "user.email") is None


@pytest.mark.parametrize("path", ["*.email", "user.*", "user..email"])
def test_paths_that_name_many_values_need_the_slow_way(path: str) -> None:
    assert editing.of([path], Masks()) is None


def test_a_field_that_is_taken_out_needs_the_slow_way() -> None:
    assert editing.of(["user.email"], Masks({"user.email": "remove"})) is None
