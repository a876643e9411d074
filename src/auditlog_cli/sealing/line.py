"""One sealed line: how it is made, and how it is read back (integrity.md, 2.2 and 2.3).

    line     = body ',"_salts":[["<salt>",<off>,<len>],…]}'
    body     = "{" members ',"seq":' N ',"prev":"' 64 hex '"'
    skeleton = body with each listed span replaced by its hole, then "}"
    leaf     = SHA-256(0x00 ‖ skeleton)

Making a line has two steps, so that the lock of a log is held only for the second: `prepare` does all
that does not depend on the record's place, `Prepared.close` adds `seq` and `prev`.
"""

from __future__ import annotations

import re
from binascii import hexlify
from collections.abc import Callable
from functools import cache
from itertools import accumulate
from operator import add

import orjson

from auditlog_cli.sealing import hashes
from auditlog_cli.sealing.policy import OWN_REDACTABLE, PLAIN, Node, names_allow_opening

Salts = Callable[[int], list[bytes]]
"""Gives that many fresh salts, each 22 characters of [A-Za-z0-9_-]: base64url of 16 random bytes."""

_MARK = orjson.Fragment(b"\x00")  # no JSON text holds a raw NUL, so a mark cannot be mistaken
_TRAILER = re.compile(
    # Nothing in it can be read in two ways, so it never looks back: a third faster (bench/verify.py).
    rb',"_salts":\[(?:\["[A-Za-z0-9_-]{22}",[1-9][0-9]{0,9}+,[1-9][0-9]{0,9}+(?:\],(?=\[)|\](?=\])))*+\]\}\Z'
)
_CLOSING = re.compile(rb',"seq":(0|[1-9][0-9]{0,17}),"prev":"([0-9a-f]{64})"\Z')
_LONGEST_CLOSING = 110
_TOMBSTONE = re.compile(rb'\{"seq":(0|[1-9][0-9]{0,17}),"_leaf":"([0-9a-f]{64})","_salts":\[\]\}\Z')


class Prepared:
    """A record ready to be sealed: everything but its place in the log.

    Attributes:
        body: The members as JSON, from `{` on, without `seq` and `prev`.
        skeleton: The same with a hole for each redactable value.
        trailer: From `,"_salts":[` to the end of the line, with its LF.
    """

    __slots__ = ("body", "skeleton", "trailer")

    def __init__(self, body: bytes, skeleton: bytes, trailer: bytes) -> None:
        self.body = body
        self.skeleton = skeleton
        self.trailer = trailer

    def close(self, seq: int, prev: str) -> tuple[bytes, str]:
        """Return the whole line with its LF, and its leaf (64 hex digits)."""
        closing = b',"seq":%d,"prev":"%b"' % (seq, prev.encode())
        leaf = hashes.sha256(b"\x00%b%b}" % (self.skeleton, closing)).hex()
        return b"%b%b%b" % (self.body, closing, self.trailer), leaf


def prepare(record: dict[str, object], policy: Node, salts: Salts) -> Prepared:
    """Return `record`, made of JSON values only, ready to be sealed.

    Args:
        record:
            The members in order, at least one. No reserved names, no NaN: see `writer/values.py`.
        policy:
            Which values are redactable: `policy.tree`, or `policy.OWN` for the log's own records.
        salts:
            Where fresh salts come from.

    Raises:
        TypeError: If a value is none of JSON's (orjson's own error).
    """
    return Prepared(*assemble(cut(record, policy), salts))


def cut(record: dict[str, object], policy: Node) -> list[bytes]:
    """Return the body of `record` in pieces: text, redactable value, text, redactable value, …, text."""
    values: list[object] = []
    marked = _cut(record, policy, values) if policy.get("auditlog") is None else _cut_own(record, values)
    pieces = orjson.dumps(marked)[:-1].split(b"\x00")
    # One call for all values: "[v0,\0,v1,\0]" → "[v0" ",v1" "]".
    texts = [text[1:] for text in orjson.dumps(values).split(b",\x00")[:-1]]
    out = [b""] * (2 * len(texts) + 1)
    out[0::2] = pieces
    out[1::2] = texts
    return out


def assemble(pieces: list[bytes], salts: Salts, body: bytes | None = None) -> tuple[bytes, bytes, bytes]:
    """Return body, skeleton and trailer (see `Prepared`) of a record that is cut at its redactable values.

    Hot: a third of an append (bench/write.py), so everything is done for all values at once. The slow twin
    is in tests/sealing/slow.py.

    Args:
        pieces: Text, redactable value, text, redactable value, …, text: what `cut` returns.
        salts: Where fresh salts come from.
        body: The pieces in one, if that is there already.
    """
    if body is None:
        body = b"".join(pieces)
    count = len(pieces) // 2
    if not count:
        return body, body, b',"_salts":[]}\n'
    values = pieces[1::2]
    fresh = salts(count)
    skeleton = _HOLES * count
    skeleton.append(pieces[-1])
    skeleton[0:-1:4] = pieces[0:-1:2]
    skeleton[2::4] = map(hexlify, map(hashes.sha256, map(add, fresh, values)))
    lengths = [*map(len, pieces)]
    spans: list[object] = [None] * (3 * count)
    spans[0::3] = fresh
    spans[1::3] = [*accumulate(lengths)][0:-1:2]
    spans[2::3] = lengths[1::2]
    return body, b"".join(skeleton), _trailer(count) % tuple(spans)


_HOLES = [b"", b'{"_redacted":"', b"", b'"}']


@cache
def _trailer(count: int) -> bytes:
    return b',"_salts":[%b]}\n' % b",".join([b'["%b",%d,%d]'] * count)


def _cut(members: dict[str, object], node: Node, values: list[object]) -> dict[str, object]:
    """Return a copy of an open object with a mark for each redactable value; those go to `values`."""
    out: dict[str, object] = {}
    rest = node.get("*")
    for name, value in members.items():
        rule = node.get(name, rest)
        if rule is PLAIN and not isinstance(value, dict):
            out[name] = value
        elif isinstance(rule, dict) and isinstance(value, dict) and names_allow_opening(value):
            out[name] = _cut(value, rule, values)
        elif isinstance(rule, dict) and "[]" in rule and _all_open(value):
            out[name] = [_cut(element, rule["[]"], values) for element in value]  # type: ignore[attr-defined]
        else:
            out[name] = _MARK
            values += (value, _MARK)
    return out


def _cut_own(record: dict[str, object], values: list[object]) -> dict[str, object]:
    own = record["auditlog"]
    if not isinstance(own, dict):
        return record
    out = dict(own)
    for name in own:
        if name in OWN_REDACTABLE:
            values += (own[name], _MARK)
            out[name] = _MARK
    return record | {"auditlog": out}


def _all_open(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(element, dict) and names_allow_opening(element) for element in value
    )


class Sealed:
    """A sealed line read back.

    Attributes:
        seq, prev, leaf: Its place; the leaf of the record before it; its own leaf (hex).
        spans: (salt, offset, length) of each value that is still readable and redactable.
        tombstone: Whether the whole record is withheld; `prev` is then empty and the leaf taken as given.
    """

    __slots__ = ("leaf", "prev", "seq", "spans", "tombstone")

    def __init__(
        self, seq: int, prev: str, leaf: str, spans: list[tuple[bytes, int, int]], tombstone: bool = False
    ) -> None:
        self.seq = seq
        self.prev = prev
        self.leaf = leaf
        self.spans = spans
        self.tombstone = tombstone


class Unsealed(Exception):
    """The line does not have the form of a sealed line.

    Attributes:
        detail: `trailer`, `span` or `json` (integrity.md, 4.2, code `line`).
    """

    def __init__(self, detail: str, reason: str) -> None:
        super().__init__(reason)
        self.detail = detail


def trailer(raw: bytes) -> tuple[int, list[tuple[bytes, int, int]]]:
    """Return where the trailer of `raw`, a line without LF, begins, and its spans; nothing is hashed.

    Raises:
        Unsealed: If there is no well-formed trailer, or a span overlaps another or leaves the body.
    """
    cut = raw.rfind(b',"_salts":[')
    if cut < 1 or not raw.startswith(b"{") or not _TRAILER.match(raw, cut):
        raise Unsealed("trailer", "no well-formed _salts at its end")
    try:
        listed: list[tuple[str, int, int]] = orjson.loads(raw[cut + 10 : -1])  # a quarter of findall's time
    except orjson.JSONDecodeError:
        raise Unsealed("trailer", "no well-formed _salts at its end") from None
    at = 0
    for _, offset, length in listed:
        if offset < at or offset + length > cut:
            raise Unsealed("span", "a span overlaps another or leaves the body")
        at = offset + length
    return cut, [(salt.encode(), offset, length) for salt, offset, length in listed]


def closing(raw: bytes, cut: int) -> int | None:
    """Return the number that stands before the trailer of `raw`; None if `seq` and `prev` do not close the record."""
    found = _CLOSING.search(raw, max(0, cut - _LONGEST_CLOSING), cut)
    return int(found[1]) if found else None


def commits(raw: bytes, spans: list[tuple[bytes, int, int]]) -> list[bytes]:
    """Return the commitment to each value, 64 lower-case hex digits; `spans` is what `trailer` returns."""
    salted = [salt + raw[offset : offset + length] for salt, offset, length in spans]
    return [*map(hexlify, map(hashes.sha256, salted))]


def skeleton_of(raw: bytes, cut: int, spans: list[tuple[bytes, int, int]]) -> bytes:
    """Return the skeleton of `raw` without its closing `}`; the arguments are what `trailer` returns.

    Hot (bench/redact.py): all values at once. The slow twin is in tests/sealing/slow.py.
    """
    return skeleton_with(raw, cut, spans, commits(raw, spans))


def skeleton_with(raw: bytes, cut: int, spans: list[tuple[bytes, int, int]], commitments: list[bytes]) -> bytes:
    """Return the same as `skeleton_of`, for whoever has the commitments already."""
    pieces = _HOLES * len(spans)
    texts, at = [], 0
    for _, offset, length in spans:
        texts.append(raw[at:offset])
        at = offset + length
    pieces[0::4] = texts
    pieces[2::4] = commitments
    pieces.append(raw[at:cut])
    return b"".join(pieces)


def skeleton(raw: bytes) -> tuple[bytes, list[tuple[bytes, int, int]]]:
    """Return the skeleton of `raw`, a line without LF and no tombstone: what its leaf is the hash of; and its spans.

    Raises:
        Unsealed: If there is no well-formed trailer, or a span overlaps another or leaves the body.
    """
    cut, spans = trailer(raw)
    return skeleton_of(raw, cut, spans) + b"}", spans


def unseal(raw: bytes) -> Sealed:
    """Return what the trailer of `raw`, a line without LF, says about it.

    Checks trailer, order and bounds of the spans, and the closing members. It does not check that the
    line is strict JSON, nor that a span is exactly one value: that is the verifier's.

    Raises:
        Unsealed: If the line has no well-formed trailer or does not end in `seq` and `prev`.
    """
    buried = _TOMBSTONE.match(raw)
    if buried:
        return Sealed(int(buried[1]), "", buried[2].decode(), [], tombstone=True)
    cut, spans = trailer(raw)
    body = skeleton_of(raw, cut, spans)
    # Searched in the skeleton: what a span holds cannot pass for the closing members.
    found = _CLOSING.search(body, max(0, len(body) - _LONGEST_CLOSING))
    if not found:
        raise Unsealed("json", "seq and prev do not close the record")
    return Sealed(int(found[1]), found[2].decode(), hashes.leaf(body + b"}"), spans)
