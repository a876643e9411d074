"""The forms of skeletons that are known: what matches is strict JSON of that form, and nothing else matches."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from auditlog_cli.sealing.hashes import ZEROS
from auditlog_cli.sealing.line import skeleton
from auditlog_cli.verification import forms, marks, pieces
from auditlog_cli.verification.forms import Forms
from auditlog_cli.verification.pieces import of_bytes

from .test_lines import log, quickly, sealed, slowly

RECORD: dict[str, object] = {
    "user": {"id": "u-1", "type": "human"},
    "agent": {"id": "a-1", "name": "bot"},
    "authorization": {"scopes": ["mail:send", "db:read"], "approved_by": "u-1"},
    "action": {"type": "tool", "tool": "x", "arguments": {"to": "b", "n": [1, {"x": 2}]}, "latency_ms": 12},
    "delegation_chain": [{"actor": "u-1", "role": "initiator"}, {"actor": "a-1", "role": "executor"}],
}


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Forms:
    """A verifier that learned the form of RECORD, and learns no more."""
    learned = Forms(every=1, first=1)
    monkeypatch.setattr(pieces, "_forms", learned)
    assert isinstance(of_bytes(log(RECORD, RECORD, RECORD), 0).found[0], pieces.Run)
    assert learned.match(b"\x00" + skeleton(sealed(7, ZEROS, **RECORD)[0][:-1])[0])
    monkeypatch.setattr(learned, "learn", lambda skeleton: None)
    return learned


@pytest.fixture
def unparsed(known: Forms, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is known is not parsed: only trailers and values are."""
    loads = orjson.loads

    def loads_lists(text: bytes) -> object:
        assert text.startswith(b"["), "a skeleton was parsed"
        return loads(text)

    monkeypatch.setattr(pieces.orjson, "loads", loads_lists)


@pytest.mark.usefixtures("unparsed")
def test_a_known_form_is_not_parsed() -> None:
    """Other values in it, plain ones too, make no difference."""
    other = {
        "user": {"id": None, "type": None},
        "agent": {"id": "", "name": -1.5},
        "authorization": {"scopes": [0, None, "x"], "approved_by": {"a": [1, 'é"\\\n']}},
        "action": {"type": True, "tool": 0, "arguments": {"to": [], "n": 1.0}, "latency_ms": False},
        "delegation_chain": [{"actor": 1, "role": "r"}, {"actor": 2, "role": "s"}],
    }
    data = log(RECORD, RECORD, other, RECORD)
    assert [type(each) for each in of_bytes(data, 0).found] == [pieces.Run]
    assert quickly(data) == slowly(data)


TOKENS = [
    b'"', b",", b":", b"{", b"}", b"[", b"]", b"\\", b"\\u0041", b"\x01", b"\x00", b"\x1f", b"\x7f", b"\xff",
    b"\xed\xa0\x80", "é".encode(), b" ", b"0", b"1", b".", b"-", b"e9", b"null", b"true", b'""', b'"x":1,', b',"x":1',
    b'"id":"a",', b'{"x":1}', b"[1]", b"[]", b'"_leaf":1,', b'"_redacted"', b'{"_redacted":"%b"}' % (b"a" * 64),
    b"9" * 400, b"1e999", b'"auditlog":1,', b"NaN", b"\r", b'"_salts":[',
]  # fmt: skip


@pytest.mark.usefixtures("known")
def test_a_known_form_with_something_put_into_it() -> None:
    """Bytes put in, or in the place of a byte, anywhere in the record: the fast way sees what the slow one sees."""
    first, head = sealed(0, ZEROS, **RECORD)
    line, _ = sealed(1, head, **RECORD)
    body, _, rest = line.rpartition(b',"_salts":[')
    spans = orjson.loads(b"[" + rest[:-2])
    inside = {at for _, start, size in spans for at in range(start + 1, start + size)}
    fine = 0
    for at in sorted(set(range(1, len(body) - 74)) - inside):
        for token in TOKENS[at % 19 :: 19]:
            for gone in (0, 1):
                shift = len(token) - gone
                moved = [[salt, start + shift if start >= at else start, size] for salt, start, size in spans]
                forged = body[:at] + token + body[at + gone :] + b',"_salts":' + orjson.dumps(moved) + b"}\n"
                found = of_bytes(first + forged, 0).found
                assert quickly(first + forged) == slowly(first + forged), (at, token, gone)
                fine += isinstance(found[-1], pieces.Run)
    assert fine > 40


@pytest.mark.usefixtures("known")
@given(
    st.integers(0, 800), st.integers(0, 30),
    st.lists(st.sampled_from(TOKENS), max_size=3).map(b"".join) | st.binary(max_size=4),
)  # fmt: skip
@example(300, 0, b"\xed\xa0\x80")
def test_a_known_form_with_a_piece_replaced(at: int, gone: int, put: bytes) -> None:
    """Wherever it is in the line, trailer included: the fast way sees what the slow one sees."""
    first, head = sealed(0, ZEROS, **RECORD)
    line, _ = sealed(1, head, **RECORD)
    forged = line[: at % len(line)] + put + line[at % len(line) + gone :]
    data = first + forged + b"\n"
    assert quickly(data) == slowly(data)


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    "text",
    ["012", "-012", "00", "-0", "-", "+1", "1.", ".5", "1.5", "0.5", "1.2.3", "1e5", "1E400", "9" * 16, "9" * 17, "9" * 400, "9" * 400 + ".5",
     "1." + "9" * 18, "[01]", "[1,]", "[,1]", "[", "[1", "[1,2", "[]", "[[]]", "{}", "tru", "True", "nulll", "NaN", '"a"b"', ""],
)  # fmt: skip
def test_a_known_form_with_another_plain_value(text: str) -> None:
    """In the place of a number, and of an element of a list: what is strict JSON is taken, and nothing else."""
    first, head = sealed(0, ZEROS, **RECORD)
    line, _ = sealed(1, head, **RECORD)
    body, _, rest = line.rpartition(b',"_salts":[')
    spans = orjson.loads(b"[" + rest[:-2])
    for old in (b'"latency_ms":12', b'"scopes":["mail:send"'):
        start = body.index(old) + old.index(b":") + 1
        new = old[: old.index(b":") + 1] + (b"[" if b"[" in old else b"") + text.encode()
        forged = body.replace(old, new)
        moved = [[salt, at + len(new) - len(old) if at > start else at, size] for salt, at, size in spans]
        data = first + forged + b',"_salts":' + orjson.dumps(moved) + b"}\n"
        assert quickly(data) == slowly(data)


@pytest.mark.parametrize("byte", range(256))
def test_control_characters_are_seen(byte: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any but LF, wherever it stands, with the search of StringZilla and without."""
    for place in (0, 40, 90):
        data = b"x" * place + bytes((byte,)) + b"y" * (90 - place) + b"\n"
        clean = byte == 0x0A or byte >= 0x20
        assert marks.are_clean(data) == clean
        with monkeypatch.context() as patch:
            patch.setattr(marks, "find_first_of", marks._find_first_of)
            assert marks.are_clean(data) == clean


def test_forms_are_learned_from_a_sample() -> None:
    """One skeleton of so many is looked at, and there is a pattern after so many."""
    learning = Forms(every=2, first=4)
    one, two = (b"\x00" + skeleton(sealed(0, ZEROS, **{name: 1})[0][:-1])[0] for name in ("metadata", "notes"))
    for _ in range(3):
        learning.learn(one)
        assert not learning.match(one)
    learning.learn(one)
    assert learning.match(one)
    assert not learning.match(two)
    for _ in range(12):
        learning.learn(two)
    assert learning.match(one)
    assert learning.match(two)


def test_very_many_forms_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where each record has its own form, trying is given up for good, and nothing is kept."""
    monkeypatch.setattr(forms, "_MOST", 4)
    learning = Forms(every=1, first=8)
    made = [b"\x00" + skeleton(sealed(0, ZEROS, **{f"m{at}": 1})[0][:-1])[0] for at in range(8)]
    for each in made[:7] * 9:
        learning.learn(each)
    for each in made:
        assert not learning.match(each)
    assert not learning._tree


@pytest.mark.parametrize("many", [1, 64])
def test_a_long_form_is_not_learned_and_yet_read(many: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a record of very many members no pattern is made."""
    learned = Forms(every=1, first=1)
    monkeypatch.setattr(pieces, "_forms", learned)
    record: dict[str, object] = {"delegation_chain": [{"actor": "a", "role": "r"} for _ in range(many)]}
    data = log(*[record] * 4)
    assert quickly(data) == slowly(data)
    line = sealed(1, ZEROS, **record)[0][:-1]
    assert bool(learned.match(b"\x00" + skeleton(line)[0])) == (many == 1)
