"""A line in, the same line with masks out."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli.pointers import escaped
from auditlog_cli.redaction.masks import Masks
from auditlog_cli.redaction.redactor import Redactor


class Found(NamedTuple):
    """A hit."""

    entity: str
    pointer: str
    start: int
    end: int
    confidence: str = "likely"
    in_name: bool = False


class Plain:
    """A scanner that finds `Q` and digits, and long numbers; everywhere but in ids."""

    PATTERN = re.compile(r"Q[0-9]+")

    def may_hit(self, raw: bytes) -> bool:
        return b"Q" in raw or b"\\" in raw or re.search(rb"[0-9]{9}", raw) is not None

    def text(self, text: str, key: str = "") -> list[Found]:
        return [Found("QUID", "", *match.span()) for match in self.PATTERN.finditer(text)]

    def expect(self, size: int) -> None:
        pass

    def which_may_hit(self, lines: Sequence[bytes]) -> tuple[list[int], list[int]]:
        return [number for number, raw in enumerate(lines) if self.may_hit(raw)], []

    def scan(self, content: dict[str, Any], *, looked: bool = False) -> list[Found]:
        found = []
        stack: list[tuple[str, Any]] = [("", content)]
        while stack:
            above, value = stack.pop()
            if isinstance(value, str):
                found += [hit._replace(pointer=above) for hit in self.text(value)]
            elif type(value) is int and value > 99_999_999:
                found.append(Found("NUMBER", above, 0, len(str(value))))
            elif isinstance(value, dict):
                stack += [(f"{above}/{escaped(name)}", each) for name, each in value.items()]
                found += [
                    Found("QUID", above, *m.span(), in_name=True) for n in value for m in self.PATTERN.finditer(n)
                ]
            elif isinstance(value, list):
                stack += [(f"{above}/{index}", each) for index, each in enumerate(value)]
        return found


def redactor(*fields: str, ways: dict[str, str] | None = None, key: bytes | None = None) -> Redactor:
    return Redactor(Plain(), Masks(ways, key), fields)


def test_what_is_not_masked_stays_byte_for_byte() -> None:
    raw = rb'{ "user" : {"id":"u\u002d1"},  "n":1.50, "t":"a\u00e9 Q17\n\/ b", "u":"' + "é Q2".encode() + b'"}'
    done = redactor().line(raw)
    assert (
        done.raw
        == rb'{ "user" : {"id":"u\u002d1"},  "n":1.50, "t":"a\u00e9 <QUID>\n\/ b", "u":"' + "é <QUID>".encode() + b'"}'
    )
    assert sorted(done.taken) == [("QUID", "/t"), ("QUID", "/u")]


def test_a_line_in_which_nothing_is_found_is_the_very_same() -> None:
    raw = b'{"a": 1.0,   "b":"q"}'
    assert redactor().line(raw).raw is raw


def test_a_number_becomes_a_text() -> None:
    assert redactor().line(b'{"a":[1,123456789]}').raw == b'{"a":[1,"<NUMBER>"]}'


def test_a_name_is_never_changed_and_told() -> None:
    done = redactor().line(b'{"Q1":"Q2"}')
    assert done.raw == b'{"Q1":"<QUID>"}'
    assert [each.entity for each in done.left] == ["QUID"]


@pytest.mark.parametrize(
    ("path", "after"),
    [
        ("user.email", b'{"user":{"email":"<REDACTED>","id":"u"},"list":[{"a":1},{"a":{"b":2}}],"x.y":null}'),
        ("user", b'{"user":"<REDACTED>","list":[{"a":1},{"a":{"b":2}}],"x.y":null}'),
        ("list.a", b'{"user":{"email":"e","id":"u"},"list":[{"a":"<REDACTED>"},{"a":"<REDACTED>"}],"x.y":null}'),
        ("list.1.a.b", b'{"user":{"email":"e","id":"u"},"list":[{"a":1},{"a":{"b":"<REDACTED>"}}],"x.y":null}'),
        ("user.*", b'{"user":{"email":"<REDACTED>","id":"<REDACTED>"},"list":[{"a":1},{"a":{"b":2}}],"x.y":null}'),
        ("x.y", b'{"user":{"email":"e","id":"u"},"list":[{"a":1},{"a":{"b":2}}],"x.y":null}'),
    ],
)
def test_fields_go_whatever_they_hold_but_null(path: str, after: bytes) -> None:
    raw = b'{"user":{"email":"e","id":"u"},"list":[{"a":1},{"a":{"b":2}}],"x.y":null}'
    assert redactor(path).line(raw).raw == after
    assert json.loads(after) == redactor(path).record(json.loads(raw))


@pytest.mark.parametrize(
    ("path", "after"),
    [
        ("a", b'{"b":[1,2,3]}'),
        ("b", b'{"a":{"x":1,"y":2}}'),
        ("a.x", b'{"a":{"y":2},"b":[1,2,3]}'),
        ("b.*", b'{"a":{"x":1,"y":2},"b":[]}'),
        ("a.*", b'{"a":{},"b":[1,2,3]}'),
        ("*", b"{}"),
    ],
)
def test_a_field_may_be_taken_out_with_its_name(path: str, after: bytes) -> None:
    raw = b'{"a":{"x":1,"y":2},"b":[1,2,3]}'
    gone = redactor(path, ways={path: "remove"})
    assert gone.line(raw).raw == after
    assert json.loads(after) == gone.record(json.loads(raw))


def test_a_field_inside_a_field_goes_with_it() -> None:
    assert redactor("a", "a.b").line(b'{"a":{"b":"Q1"}}').raw == b'{"a":"<REDACTED>"}'
    both = redactor("a", "a.b", ways={"a": "remove"})
    assert both.line(b'{"a":{"b":"Q1"},"c":1}').raw == b'{"c":1}'
    assert both.record({"a": {"b": "Q1"}, "c": 1}) == {"c": 1}


def test_what_masking_brings_together_is_masked_in_its_turn() -> None:
    gone = redactor(ways={"QUID": "remove"})
    assert gone.line(b'{"a":"QQ12 Q34Q56"}').raw == b'{"a":"Q "}'


def test_a_line_that_is_no_record_is_masked_as_a_text() -> None:
    done = redactor().line(b'{"a":"Q12 torn\xff')
    assert done.bad and done.raw == b'{"a":"<QUID> torn\xff'


def test_a_seal_that_is_broken_anyway_keeps_no_salt_of_what_was_masked() -> None:
    raw = b'{"a":"Q1","seq":1,"prev":"00","_salts":["xyz"]}'
    done = redactor().line(raw)
    assert done.unsealed and done.raw == b'{"a":"<QUID>","seq":1,"prev":"00"}'
    clean = raw.replace(b"Q1", b"q1")
    assert redactor().line(clean) == (clean, (), (), False, False)


TEXT = st.text(st.sampled_from('Q1 9aé😀\n"\\<>'), max_size=12)
RECORD = st.dictionaries(
    TEXT,
    st.recursive(
        TEXT | st.integers(), lambda each: st.lists(each, max_size=3) | st.dictionaries(TEXT, each, max_size=3)
    ),
)


@given(RECORD, st.booleans(), st.sampled_from(["mask", "pseudonym", "remove"]))
def test_twice_is_once_and_nothing_is_found_in_what_comes_out(record: dict[str, Any], escapes: bool, way: str) -> None:
    """The line and the record agree (the one is the other's slow twin), and the second time nothing happens."""
    fields = () if way == "remove" else ("a",)
    work = redactor(*fields, ways={"QUID": way, "NUMBER": way}, key=b"k" * 16)
    done = work.line(json.dumps(record, ensure_ascii=escapes).encode())
    assert [hit for hit in Plain().scan(json.loads(done.raw)) if not hit.in_name] == []
    assert json.loads(done.raw) == work.record(record)
    assert work.line(done.raw).raw == done.raw
