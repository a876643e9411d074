"""Bodies: limits, gzip, strict JSON."""

from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli.serving import bodies
from auditlog_cli.serving.refusals import Refused


@given(st.binary(max_size=2000), st.integers(0, 3))
def test_gzip_gives_back_what_was_packed(data: bytes, cut: int) -> None:
    """Several members, too, as RFC 1952 has it."""
    packed = gzip.compress(data[:cut]) + gzip.compress(data[cut:])
    assert bodies.unpacked(packed, "GZIP", len(data)) == data


def test_a_small_body_may_not_unpack_into_a_large_one() -> None:
    """A bomb: 413, and no more than the limit was ever unpacked."""
    bomb = gzip.compress(b"\0" * 50_000_000)
    assert len(bomb) < 100_000
    with pytest.raises(Refused) as caught:
        bodies.unpacked(bomb, "gzip", 100_000)
    assert caught.value.status == 413
    with pytest.raises(Refused) as caught:
        bodies.unpacked(gzip.compress(b"a" * 60) * 2, "gzip", 100)
    assert caught.value.status == 413


@given(st.binary(min_size=1, max_size=300).filter(lambda data: not data.startswith(b"\x1f\x8b")))
def test_what_is_no_gzip_is_refused(data: bytes) -> None:
    """400 or 413 for anything; never another error."""
    with pytest.raises(Refused) as caught:
        bodies.unpacked(data, "gzip", 100)
    assert caught.value.status in (400, 413)


def test_a_torn_gzip_is_refused() -> None:
    """Half of a body is none."""
    with pytest.raises(Refused, match="ends too early"):
        bodies.unpacked(gzip.compress(b"abc")[:-4], "gzip", 100)


@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd", "gzip, gzip"])
def test_other_encodings_are_refused(encoding: str) -> None:
    """415."""
    with pytest.raises(Refused) as caught:
        bodies.unpacked(b"", encoding, 100)
    assert caught.value.status == 415


@pytest.mark.parametrize(
    "data",
    [
        b"", b" ", b"{", b"{}{}", b"1 2", b'{"a":1,"a":2}', b'{"a":NaN}', b"Infinity", b"-Infinity", b'"\xff"', b"'a'",
        b'{"a":"\\ud800"}', b"[" * 100_000, b"[" * 66 + b"]" * 66, b'{"a":' * 65 + b"1" + b"}" * 65, b"1e999", b"[1,]",
    ],
)  # fmt: skip
def test_hostile_json_is_refused(data: bytes) -> None:
    """400, in words without any value of the body."""
    with pytest.raises(Refused) as caught:
        bodies.json(data)
    assert caught.value.status == 400


def test_a_body_may_be_this_deep() -> None:
    """Deeper than anybody writes, and not so deep that a record around it could not be read again."""
    assert bodies.json(b"[" * bodies.DEEPEST + b"]" * bodies.DEEPEST)


@given(
    st.recursive(
        st.one_of(st.none(), st.integers(), st.text("ab", max_size=3)), lambda x: st.lists(x, max_size=3), max_leaves=5
    )
)
def test_json_is_read_as_it_stands(value: object) -> None:
    """Any JSON value is one."""
    assert bodies.json(json.dumps(value).encode()) == value


def test_the_content_type_is_asked_for() -> None:
    """415 for a form, which any page can send; parameters do not matter."""
    assert bodies.kind("Application/JSON; charset=utf-8") == bodies.JSON
    for wrong in ("", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        with pytest.raises(Refused) as caught:
            bodies.kind(wrong)
        assert caught.value.status == 415
