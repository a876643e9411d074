"""Strict reading: two ways to one answer, and what each line is refused for."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli import strictjson
from auditlog_cli.strictjson import Malformed, decode, exact


@pytest.fixture(autouse=True)
def _fast_decoder() -> None:
    strictjson.in_bulk()


def verdict(decoder: object, raw: bytes) -> object:
    try:
        return decoder(raw)  # type: ignore[operator]
    except Malformed as error:
        return error.code, error.reason, error.at


REFUSED = [
    (b'{"a":1,"a":2}', "duplicate-member", '"a"'),
    (b'{"x":{"b":1,"\\u0062":2}}', "duplicate-member", '"b"'),
    (b'{"ann@example.org":1,"ann@example.org":2}', "duplicate-member", "a member occurs"),
    (b'{"a":NaN}', "json", "NaN"),
    (b'{"a":-Infinity}', "json", "Infinity"),
    (b'{"a":1e400}', "json", "range"),
    (b"\xef\xbb\xbf{}", "encoding", "byte-order mark"),
    (b'{"a":"\xff"}', "encoding", "UTF-8"),
    (b'{"a":"\xed\xa0\x80"}', "encoding", "UTF-8"),
    (b'{"a":"\\ud800"}', "encoding", "surrogate"),
    (b'{"\\udc00":1}', "encoding", "surrogate"),
    (b"[1]", "json", "array"),
    (b'"x"', "json", "text"),
    (b"null", "json", "null"),
    (b"7", "json", "number"),
    (b"", "json", "empty"),
    (b"  ", "json", "empty"),
    (b'{"a":1', "json", "too early"),
    (b'{"a":1}{"b":2}', "json", "follows"),
    (b'{"a":"\t"}', "json", "control character"),
    (b"{'a':1}", "json", "not JSON"),
    (b'{"a":01}', "json", ""),
    (b"\x00\x00\x00", "json", "control character"),
    (b'{"a":' * 600 + b"1" + b"}" * 600, "depth", "512"),
    (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "depth", "512"),
]


@pytest.mark.parametrize(("raw", "code", "words"), REFUSED, ids=[repr(raw[:24]) for raw, _, _ in REFUSED])
def test_what_is_refused_and_why(raw: bytes, code: str, words: str) -> None:
    """Each kind of bad line has its code, and a reason in words without a value of the line."""
    for decoder in (exact, decode):
        with pytest.raises(Malformed) as caught:
            decoder(raw)
        assert caught.value.code == code
        assert words in caught.value.reason
        assert "example.org" not in caught.value.reason


def test_the_place_of_the_trouble_is_counted_in_bytes() -> None:
    """Not in characters: a file is cut by bytes."""
    with pytest.raises(Malformed) as caught:
        exact('{"é":x}'.encode())
    assert caught.value.at == len('{"é":'.encode())


TAKEN = [
    b'{"a":1}', b' {"a" : 1.0e5} \r', b'{"a":"\xe2\x80\xa8"}', b'{"a":"\\ud83d\\ude00"}', b"{}", b'{"\\u0000":"\\u0000"}',
    b'{"a":' + b"9" * 5000 + b"}", b'{"a":18446744073709551616}', b'{"a":1.0,"b":-0.0,"c":1E2}',
    b'{"a":' * 511 + b"{}" + b"}" * 511,
]  # fmt: skip


@pytest.mark.parametrize("raw", TAKEN, ids=[repr(raw[:24]) for raw in TAKEN])
def test_what_is_taken_is_the_same_both_ways(raw: bytes) -> None:
    """Blanks, escapes, raw U+2028 and numbers of any length are legal, and no number changes."""
    assert repr(exact(raw)) == repr(decode(raw))


def test_an_integer_beyond_64_bits_keeps_its_digits() -> None:
    """orjson alone would turn it into a float."""
    assert decode(b'{"a":18446744073709551617}') == {"a": 18446744073709551617}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(max_size=8), json_values, max_size=5), st.booleans(), st.sampled_from([None, 1]))
def test_whatever_json_writes_is_read_back(content: dict[str, object], ascii_only: bool, indent: int | None) -> None:
    """Every object that `json.dumps` writes is read back equal, by both ways."""
    try:
        raw = json.dumps(content, ensure_ascii=ascii_only, indent=indent).encode()
    except UnicodeEncodeError:
        return  # a lone surrogate has no bytes
    if verdict(exact, raw) != content:
        assert b"\\ud" in raw.lower()
    assert verdict(decode, raw) == verdict(exact, raw)


@given(st.binary(max_size=60) | st.text(alphabet='{}[]":,\\u00d8abn1.eE- \n', max_size=60).map(str.encode))
def test_any_bytes_give_an_object_or_malformed(raw: bytes) -> None:
    """Never another exception; and the fast way agrees with the slow one."""
    assert verdict(decode, raw) == verdict(exact, raw)


def test_json_test_suite(shared: Path) -> None:
    """n_ is refused, y_ is taken unless it is no object, and both ways agree on all of them."""
    files = sorted((shared / "data/json/JSONTestSuite/test_parsing").iterdir())
    assert len(files) > 150
    for file in files:
        raw = file.read_bytes()
        raw = gzip.decompress(raw) if file.suffix == ".gz" else raw
        found = verdict(decode, raw)
        assert found == verdict(exact, raw), file.name
        if file.name.startswith("y_"):
            assert isinstance(found, dict) or ", not an object" in found[1], file.name  # type: ignore[index]
        elif file.name.startswith("n_"):
            assert not isinstance(found, dict), file.name
            assert ", not an object" not in found[1] or file.name == "n_multidigit_number_then_00.json", file.name  # type: ignore[index]


def test_the_decoder_turns_fast_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few lines are read without orjson, whose import costs more than they do; many lines with it."""
    monkeypatch.setattr(strictjson, "_orjson_loads", None)
    monkeypatch.setattr(strictjson, "_left", 2)
    assert [decode(b'{"a":1}') for _ in range(2)] == [{"a": 1}] * 2
    assert strictjson._orjson_loads is None
    assert decode(b'{"a":1}') == {"a": 1}
    assert strictjson._orjson_loads is not None


FORGETFUL = """
import sys
from auditlog_cli import strictjson
for raw in eval(sys.stdin.read()):
    for name in [each for each in sys.modules if each.split(".")[0] == "json"]:
        del sys.modules[name]
    try:
        strictjson.exact(raw)
    except strictjson.Malformed as error:
        print((error.code, error.reason, error.at))
"""


def test_no_malformed_line_needs_the_json_package_to_be_there() -> None:
    """The C scanner takes its error class out of json.decoder; the command line has not imported that."""
    lines = [raw for raw, _, _ in REFUSED] + [b'{"torn', b"{a", b'{"a":1,', b'{"a" 1}', b'{"a":"\\x"}']
    done = subprocess.run(
        [sys.executable, "-c", FORGETFUL], input=repr(lines), capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == [str(verdict(exact, raw)) for raw in lines]
