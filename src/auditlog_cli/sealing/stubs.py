"""The stub that stands for a pruned prefix, `audit.pruned.json` (integrity.md, 5.6). No I/O."""

from __future__ import annotations

from base64 import b64decode, b64encode

import orjson

from auditlog_cli import strictjson
from auditlog_cli.sealing import merkle

FORMAT = "auditlog-pruned/1"
LARGEST = 1 << 20
"""Bytes that are read of one: 64 hashes are a hundredth of that."""
_MOST_RECORDS = 1 << 60


class Stub:
    """What stands for a pruned prefix.

    Attributes:
        origin: The log's name.
        records: How many were pruned.
        head: Leaf of the last of them, hex.
        tree: Over all of them.
    """

    __slots__ = ("head", "origin", "records", "tree")

    def __init__(self, origin: str, records: int, head: str, tree: merkle.Range) -> None:
        self.origin = origin
        self.records = records
        self.head = head
        self.tree = tree

    @property
    def hashes(self) -> list[str]:
        """The subtree hashes, one for each set bit of `records`, highest first, in base64: `range`."""
        return [b64encode(each).decode() for each in self.tree.hashes]


def render(stub: Stub) -> bytes:
    """Return the content of the file."""
    return (
        orjson.dumps(
            {
                "format": FORMAT,
                "origin": stub.origin,
                "records": stub.records,
                "head": stub.head,
                "range": stub.hashes,
            }
        )
        + b"\n"
    )


def parse(data: bytes) -> Stub:
    """Understand the content of the file. It is a claim: the roots that were signed tell whether it is true.

    Raises:
        ValueError: If it is no stub; says why.
    """
    try:
        content = strictjson.exact(data)
    except strictjson.Malformed as error:
        raise ValueError(error.reason) from None
    records, head, hashes = content.get("records"), content.get("head"), content.get("range")
    if content.get("format") != FORMAT:
        raise ValueError(f"its format is not {FORMAT}")
    if not isinstance(records, int) or isinstance(records, bool) or not 0 < records < _MOST_RECORDS:
        raise ValueError("records is no number of records")
    if not isinstance(head, str) or len(head) != 64 or head.strip("0123456789abcdef"):
        raise ValueError("head is no leaf")
    if not isinstance(hashes, list):
        raise ValueError("range is no list")
    origin = content.get("origin")
    return Stub(origin if isinstance(origin, str) else "", records, head, merkle.Range(records, _decoded(hashes)))


def _decoded(hashes: list[object]) -> list[bytes]:
    found = [b64decode(each, validate=True) if isinstance(each, str) else b"" for each in hashes]
    # Two texts could mean the same hash: only the one that an encoder gives is taken.
    if any(len(each) != 32 for each in found) or [b64encode(each).decode() for each in found] != hashes:
        raise ValueError("range holds what is no hash")
    return found
