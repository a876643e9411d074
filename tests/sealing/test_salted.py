"""Lines of others and the salts beside them: which values can be withheld, and what the leaf is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli import strictjson
from auditlog_cli.sealing import hashes, salted
from auditlog_cli.sealing.line import Unsealed
from auditlog_cli.sealing.members import members

HOLE = '{"_redacted":"' + "0" * 64 + '"}'
SALT = b"A" * 22


def fields(raw: str) -> list[str]:
    """The JSON pointers of what can be withheld."""
    data = raw.encode()
    spans = [(SALT, *place) for place in salted.places(data)]
    return salted.look(data, spans).fields


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ('{"timestamp":"t","session_id":"s","seq":1}', []),
        ('{"ts":1, "x" : {"y":2}}', ["/ts", "/x/y"]),
        ('{"user":{"id":"u","type":"human"}}', ["/user/id"]),
        ('{"payload":{"ann@example.org":1}}', ["/payload"]),
        ('{"ann@example.org":{"a":1}}', ["/ann@example.org/a"]),
        ('{"m":[{"role":"u","content":"c"},{"role":"v"}]}', ["/m/0/role", "/m/0/content", "/m/1/role"]),
        ('{"m":[{"role":"u"},1],"n":[1,2],"e":{},"f":[]}', ["/m", "/n", "/e", "/f"]),
        ('{"authorization":{"scopes":["a"]}}', []),
        ('{"authorization":{"scopes":[{"a":1}]}}', ["/authorization/scopes/0/a"]),
        ('{"a":' + HOLE + "}", ["/a"]),
        ('{"a":[' + HOLE + "]}", ["/a"]),
        ('{"a":{"_salts":3,"b":1}}', ["/a"]),
        (HOLE, ["/_redacted"]),
        ("no JSON", []),
        ('{"a":1,"a":2}', []),
        ("", []),
        ('{"a/b":{"c~d":1}}', ["/a~1b"]),
        ('{"a":1}\r', ["/a"]),
    ],
)  # fmt: skip
def test_what_can_be_withheld(raw: str, expected: list[str]) -> None:
    assert fields(raw) == expected


def test_what_lies_deeper_than_sixteen_objects_goes_together() -> None:
    raw = '{"a":' * 20 + "1" + "}" * 20
    assert fields(raw) == ["/a" * 17]


def test_a_line_with_too_many_values_is_cut_at_its_top_only() -> None:
    raw = json.dumps({"a": [{"b": 1, "c": 2}] * 5001, "timestamp": "t"})
    assert fields(raw) == ["/a", "/timestamp"]
    with pytest.raises(Unsealed, match="more than 10,000 members"):
        salted.places(json.dumps({f"m{n}": 1 for n in range(10_001)}).encode())


def test_what_looks_withheld_and_is_no_json_is_refused() -> None:
    """After sealing, somebody could put a value in its place."""
    for raw in (f"text {HOLE}", '{"a":1,"a":' + HOLE + "}", '{"a":' * 600 + HOLE + "}" * 600):
        with pytest.raises(Unsealed, match="looks like a withheld value"):
            salted.places(raw.encode())


def test_what_looks_withheld_in_a_plain_place_is_cut_with_all_around_it() -> None:
    raw = '{"trace_id":"t","usage":{"input_tokens":[[' + HOLE + ']]},"timestamp":1}'
    assert fields(raw) == ["/usage/input_tokens"]


@pytest.mark.parametrize(
    "text",
    [
        b"", b"{}", b"[ ]", b'[["short",1,2]]', b'[["%b",0,2]]' % SALT, b'[["%b",1,2],]' % SALT,
        b'[["%b",1,2]] ' % SALT, b'[["%b",01,2]]' % SALT, b'[["%b",1]]' % SALT,
    ],
)  # fmt: skip
def test_what_has_not_the_form_of_salts(text: bytes) -> None:
    with pytest.raises(Unsealed) as caught:
        salted.read(text, 100)
    assert caught.value.detail == "trailer"


@pytest.mark.parametrize("spans", [[(5, 1), (5, 1)], [(6, 1), (2, 1)], [(5, 3)], [(9, 9)]])
def test_spans_ascend_and_lie_in_the_line(spans: list[tuple[int, int]]) -> None:
    with pytest.raises(Unsealed) as caught:
        salted.read(salted.render([(SALT, *each) for each in spans]), 7)
    assert caught.value.detail == "span"


@pytest.mark.parametrize(
    ("raw", "start", "size"),
    [
        (b'{"a":[1,2]}', 6, 1),  # an element of a list
        (b'{"a":"xyz"}', 6, 3),  # inside a string
        (b'{"a":1,"b":2}', 5, 7),  # two members
        (b'{"a": 1}', 5, 2),  # a blank before it
        (b'{"a":1}', 1, 3),  # a name
        (b"no JSON at all", 3, 4),
        (b'{"a":1,"a":2}', 5, 1),
    ],
)
def test_a_span_is_exactly_the_value_of_one_member(raw: bytes, start: int, size: int) -> None:
    with pytest.raises(Unsealed):
        salted.look(raw, [(SALT, start, size)])


def test_a_tombstone_has_its_number_and_no_salts() -> None:
    raw = b'{"seq":3,"_leaf":"%b","_salts":[]}' % (b"a" * 64)
    assert salted.tombstone(raw, 3, []) == "a" * 64
    assert salted.tombstone(raw, 4, []) is None
    assert salted.tombstone(raw + b" ", 3, []) is None
    assert salted.places(raw), "a line of others that looks like one has spans"
    assert salted.tombstone(raw, 3, [(SALT, *place) for place in salted.places(raw)]) is None


def test_a_line_without_spans_has_the_leaf_of_the_line() -> None:
    assert salted.leaf(b"x", []).hex() == hashes.leaf(b"x")


def test_the_policy_of_the_vectors_is_never_wider(shared: Path) -> None:
    """What `default/1` makes a span is one here, too, or is entered: nothing that can be withheld is lost."""
    for text in (shared / "spec" / "vectors" / "policy.jsonl").read_text().split("\n")[:-1]:
        case = json.loads(text)
        ours = fields(json.dumps(case["record"]))
        for pointer in case["spans"]:
            if pointer.startswith("/x_"):  # renamed by our writer; others name their members as they like
                continue
            assert any(each == pointer or each.startswith(f"{pointer}/") for each in ours), (case, pointer)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.sampled_from(
        ["_redacted", "_salts", "_leaf", "user", "action", "arguments", "timestamp", "seq"]), inner, max_size=4),
    max_leaves=30,
)  # fmt: skip
RECORDS = st.dictionaries(st.text() | st.sampled_from(["user", "action", "_salts", "seq", "_leaf"]), JSON, max_size=6)


@given(RECORDS, st.sampled_from([(",", ":"), (", ", ": "), (" , ", " : ")]), st.booleans())
def test_any_json_line(record: dict[str, Any], separators: tuple[str, str], ascii_only: bool) -> None:
    """Spans ascend, each is one member's value; nothing outside them looks withheld; a slow walk finds the same."""
    raw = json.dumps(record, separators=separators, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    try:
        strictjson.exact(raw)
    except strictjson.Malformed:
        assert salted.places(raw) == []
        return
    spans = [(SALT, *place) for place in salted.places(raw)]
    assert salted.read(salted.render(spans), len(raw)) == spans
    looked = salted.look(raw, spans)
    assert looked.holes == []
    assert len(looked.fields) == len(spans)
    places = {(each.start, each.end - each.start): each.pointer for each in members(raw)}
    assert looked.fields == [places[start, size] for _, start, size in spans]
