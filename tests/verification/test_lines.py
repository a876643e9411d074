"""What one line says: the fast way agrees with the slow one, and members are found to the byte."""

from __future__ import annotations

import json

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from auditlog_cli import strictjson
from auditlog_cli.sealing import policy
from auditlog_cli.sealing.hashes import ZEROS
from auditlog_cli.sealing.line import prepare
from auditlog_cli.sealing.members import members
from auditlog_cli.verification.badlines import Bad
from auditlog_cli.verification.lines import Flawed, check
from auditlog_cli.verification.pieces import Run, of_bytes

TREE = policy.default_tree()
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=("Cs",)), max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(exclude_categories=("Cs",)), max_size=6), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


def salts(count: int) -> list[bytes]:
    return [b"%022d" % number for number in range(count)]


def sealed(seq: int, prev: str, **members: object) -> tuple[bytes, str]:
    record = {"timestamp": "2026-11-21T09:00:00Z", "record_id": f"r-{seq}", **members}
    return prepare(record, TREE, salts).close(seq, prev)


def log(*records: dict[str, object]) -> bytes:
    data, prev = b"", ZEROS
    for seq, record in enumerate(records):
        line, prev = sealed(seq, prev, **record)
        data += line
    return data


Seen = tuple[int, str, str] | str
"""Number, link and leaf of a line, or why it was refused."""


def slowly(data: bytes) -> list[Seen]:
    seen: list[Seen] = []
    for raw in data.split(b"\n")[:-1]:
        try:
            found = check(raw)
        except Flawed as error:
            seen.append(error.detail)
        else:
            seen.append((found.seq, found.prev, found.leaf))
    return seen


def quickly(data: bytes) -> list[Seen]:
    seen: list[Seen] = []
    for run in of_bytes(data, 0).found:
        if isinstance(run, Bad):
            seen += [run.detail] * run.many
            continue
        assert isinstance(run, Run)
        prev = run.prev
        for at in range(len(run.leaves) // 32):
            leaf = run.leaves[32 * at : 32 * at + 32].hex()
            seen.append((run.seq + at, prev, leaf))
            prev = leaf
    return seen


@given(st.lists(json_values, min_size=2, max_size=4))
@example([None, {"_salts": None}])
@example([None, {"_redacted": ["AAAA"]}, {"_leaf": 1}])
def test_the_fast_way_agrees(values: list[object]) -> None:
    """Whatever JSON stands in arguments and metadata, both ways see the same numbers, links and leaves, or refuse it."""
    data = log(*({"action": {"tool": "x", "arguments": {"a": value}}, "metadata": value} for value in values))
    assert quickly(data) == slowly(data)


@given(json_values, st.data())
def test_the_fast_way_takes_nothing_that_the_slow_one_refuses(value: object, data: st.DataObject) -> None:
    """Spans put anywhere: a line that the slow way refuses is no part of a run."""
    first, head = sealed(0, ZEROS, metadata="m")
    line, _ = sealed(1, head, action={"tool": ":x", "arguments": {"a": value, "b": [1, ":5,"]}}, metadata=[value, 2])
    body, _, _ = line.rpartition(b',"_salts":[')
    start = data.draw(st.integers(1, len(body) - 1))
    size = data.draw(st.integers(1, min(len(body) - start, 40)))
    forged = b'%b,"_salts":[["%022d",%d,%d]]}\n' % (body, 7, start, size)
    try:
        check(forged[:-1])
        fine = True
    except Flawed:
        fine = False
    found = of_bytes(first + forged, 0).found
    assert isinstance(found[-1], Run) if fine else isinstance(found[-1], Bad)


@pytest.mark.parametrize("text", [":5,", "a:5,", '":5,', "{:5}", "[:5,", '\\":5,', ":[1],"])
def test_a_span_inside_a_text_is_none(text: str) -> None:
    """What looks like the value of a member, but stands in a text, is refused on both ways."""
    first, head = sealed(0, ZEROS, metadata="m")
    line, _ = sealed(1, head, agent={"id": [text, text]})
    body, _, _ = line.rpartition(b',"_salts":[')
    begin = body.index(b'"agent"')
    for start in range(begin, len(body) - 90):
        for size in (1, 3):
            forged = b'%b,"_salts":[["%022d",%d,%d]]}' % (body, 7, start, size)
            found = of_bytes(first + forged + b"\n", 0).found
            assert isinstance(found[-1], Bad), forged[start : start + size]
            with pytest.raises(Flawed):
                check(forged)


def test_several_spans_that_are_no_values_do_not_make_values_together() -> None:
    """Texts that begin in one span and end in the next, lists left open, members behind a value: any two spans that
    begin behind a name and end before a comma or a brace are taken if both are whole values, and only then.
    """
    first, head = sealed(0, ZEROS, metadata="m")
    content = {"a": [1, {"b": 2, "c": "x,y"}, 3], "d": ",1,", "e": "},", "f": {"g": [[], "[,"], "h": {}}, "i": "],"}
    line, _ = sealed(1, head, metadata=content)
    body, _, _ = line.rpartition(b',"_salts":[')
    begin, last = body.index(b'"metadata"'), body.index(b',"seq"')
    starts = [at for at in range(begin, last) if body[at - 2 : at] == b'":']
    ends = [at for at in range(begin, last + 1) if body[at] in b",}"]
    spans = [(start, end - start) for start in starts for end in ends if end > start]
    taken = 0
    for one, size in spans:
        for two, other in [(each, many) for each, many in spans if each >= one + size]:
            forged = b'%b,"_salts":[["%022d",%d,%d],["%022d",%d,%d]]}' % (body, 1, one, size, 2, two, other)
            try:
                check(forged)
                fine = True
            except Flawed:
                fine = False
            found = of_bytes(first + forged + b"\n", 0).found
            assert isinstance(found[-1], Run) == fine, (body[one : one + size], body[two : two + other])
            taken += fine
    assert taken > 10


@pytest.mark.parametrize(
    ("one", "two"),
    [("[1", "2]"), ('{"x":1', '"y":2}'), ('"a', 'b"'), ("[[1]", "[2]]"), ("1", "2,3"), ("1,2", "3"), ("[1", "2],3"),
     ('{"x":1', '2},"b":5'), ("1.", "5"), ("", "1"), ("1", " 2"), ("1", "2")],
)  # fmt: skip
def test_values_that_are_whole_only_together_are_none(one: str, two: str) -> None:
    """A value that begins in one span and ends in the next, or two values in one, is seen for what it is."""
    first, head = sealed(0, ZEROS, metadata="m")
    body = f'{{"timestamp":"t","record_id":"r","data":{{"a":{one},"b":{two}}},"seq":1,"prev":"{head}"'.encode()
    at, then = body.index(b'"a":') + 4, body.rindex(b',"b":') + 5
    forged = b'%b,"_salts":[["%022d",%d,%d],["%022d",%d,%d]]}' % (body, 1, at, len(one) or 1, 2, then, len(two))
    data = first + forged + b"\n"
    assert quickly(data) == slowly(data)


@given(json_values)
def test_every_member_is_found_to_the_byte(value: object) -> None:
    """Against json: each member's bytes are its value, at its pointer."""
    for text in (json.dumps({"a": value}), json.dumps({"a": value}, indent=1, ensure_ascii=False)):
        raw = text.encode()
        content = strictjson.exact(raw)
        for member in members(raw):
            at: object = content
            for step in member.pointer.split("/")[1:]:
                name = step.replace("~1", "/").replace("~0", "~")
                at = at[int(name)] if isinstance(at, list) else at[name]  # type: ignore[index]
            assert json.loads(raw[member.start : member.end]) == at


@given(st.binary(max_size=200))
def test_no_bytes_make_it_stumble(junk: bytes) -> None:
    """Any bytes, alone or behind a good line, come out as runs and bad lines that account for every line."""
    good = log({"metadata": 1})
    for data in (junk, good + junk, good + junk + b"\n" + good):
        piece = of_bytes(data, 0)
        assert piece.lines == len(data.split(b"\n")) - data.endswith(b"\n") - (not data)


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        (lambda line: line.replace(b'"metadata":1', b'"metadata":NaN'), "json"),
        (lambda line: line.replace(b'"r-0"', b'"\xff-0"'), "encoding"),
        (lambda line: line.replace(b'{"timestamp"', b'{"record_id":1,"timestamp"'), "duplicate-member"),
        (lambda line: line.replace(b'"metadata":1', b'"_leaf":1'), "reserved-name"),
        (lambda line: line.replace(b'"metadata":1', b'"metadata":{"_redacted":1}'), "reserved-name"),
        (lambda line: line[:-1] + b',"x":1}', "trailer"),
        (lambda line: line + b"\r", "json"),
        (lambda line: line.replace(b'"metadata":1', b'"auditlog":1'), "reserved-name"),
    ],
)
def test_what_is_wrong_is_named(change: object, detail: str) -> None:
    """Each kind of flaw has its detail, and none is a traceback."""
    line = b'{"timestamp":"t","record_id":"r-0","metadata":1,"seq":0,"prev":"%b","_salts":[]}' % ZEROS.encode()
    check(line)
    with pytest.raises(Flawed) as raised:
        check(change(line))  # type: ignore[operator]
    assert raised.value.detail == detail
    assert orjson.dumps(raised.value.reason)
