"""Values are found by their place in the text of a line, and exchanged without touching their neighbours."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli.pointers import escaped
from auditlog_cli.redaction import splicing

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(TEXTS, VALUES, max_size=5)


def everything(value: Any, above: str = "") -> dict[str, Any]:
    """Every place below a value, by its pointer: the slow twin of `spans`."""
    named = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = {}
    for name, each in named:
        pointer = f"{above}/{escaped(str(name))}"
        found[pointer] = each
        found |= everything(each, pointer)
    return found


@given(OBJECTS, st.booleans(), st.sampled_from([None, 1]))
def test_every_value_is_found_where_it_stands(record: dict[str, Any], escapes: bool, indent: int | None) -> None:
    text = json.dumps(record, ensure_ascii=escapes, indent=indent)
    values = everything(record)
    spans = splicing.spans(text, values)
    assert spans.keys() == values.keys()
    for pointer, value in values.items():
        begin, start, end = spans[pointer]
        assert json.loads(text[start:end]) == value
        assert begin == start or text[begin] == '"'


@given(OBJECTS, st.data())
def test_what_is_taken_out_leaves_the_rest(record: dict[str, Any], data: st.DataObject) -> None:
    text = json.dumps(record)
    if not record:
        return
    pointer = data.draw(st.sampled_from(sorted(everything(record))))
    left = json.loads(splicing.without(text, splicing.spans(text, [pointer])[pointer]))
    *way, last = pointer.split("/")[1:]
    holder: Any = record
    for step in way:
        holder = holder[int(step)] if isinstance(holder, list) else holder[step.replace("~1", "/").replace("~0", "~")]
    del holder[int(last) if isinstance(holder, list) else last.replace("~1", "/").replace("~0", "~")]
    assert left == record


@given(st.text(st.characters(exclude_categories=["Cs"])), st.booleans(), st.data())
def test_a_stretch_of_a_text_is_found_behind_escapes(text: str, escapes: bool, data: st.DataObject) -> None:
    literal = json.dumps(text, ensure_ascii=escapes)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    begin, finish = splicing.places(literal, [start, end])
    assert json.loads(splicing.exchanged(literal, [(begin, finish, "<X>")])) == f"{text[:start]}<X>{text[end:]}"


def test_escapes_of_every_kind_count_as_one_character() -> None:
    literal = r'"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00z"'
    assert splicing.decoded(literal)[-1] == "z"
    assert splicing.places(literal, [0, 8, 9, 10, 11]) == [1, 17, 23, 35, 36]


def test_what_is_not_there_is_left_out() -> None:
    assert splicing.spans('{"a":[1],"b":{}}', ["/a/1", "/b/c", "/c", "/a/0/x"]) == {}
