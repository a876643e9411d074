"""A record on its way into the log: masked, completed, made of JSON values, ready to be sealed.

All of it happens before the lock is taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from auditlog_cli import strictjson, times
from auditlog_cli.errors import AuditWriteError
from auditlog_cli.sealing.line import Prepared, assemble, cut
from auditlog_cli.sealing.policy import Node
from auditlog_cli.sealing.shapes import EXACT, Shapes
from auditlog_cli.writer import blobs, ids, masking, values
from auditlog_cli.writer.receipt import Receipt

_CLOSING = 110  # bytes that `seq` and `prev` add to a line


class Entry(Prepared):
    """One record, ready to be sealed.

    Attributes:
        receipt: What the caller gets, or will find filled in.
        blobs: Values that lie beside the log, or None.
    """

    __slots__ = ("blobs", "receipt")

    def __init__(
        self, body: bytes, skeleton: bytes, trailer: bytes, receipt: Receipt, taken_out: blobs.Blobs | None = None
    ) -> None:
        self.body = body
        self.skeleton = skeleton
        self.trailer = trailer
        self.receipt = receipt
        self.blobs = taken_out

    @property
    def size(self) -> int:
        """Bytes of the line, or a few more."""
        return len(self.body) + len(self.trailer) + _CLOSING


def close_all(entries: list[Entry], seq: int, prev: str) -> tuple[bytes, list[str]]:
    """Return the lines of `entries` at the place `seq`, after the leaf `prev`, and the leaf of each."""
    lines = []
    leaves = []
    for place, entry in enumerate(entries, seq):
        line, prev = entry.close(place, prev)
        lines.append(line)
        leaves.append(prev)
    return b"".join(lines), leaves


class Maker:
    """Makes entries for one log.

    Args:
        path: The log, for receipts.
        tree: Which values are redactable (`policy.tree`).
        mask: What masks records first, or None.
        source: Members for `source` of each record that has none.
    """

    def __init__(
        self,
        path: str,
        tree: Node,
        mask: masking.Mask | None,
        source: Mapping[str, object] | None,
    ) -> None:
        self._path = path
        self._tree = tree
        self._shapes = Shapes(tree)
        self._mask = mask
        self._source = values.Plain(source).record if source else None

    def make(self, record: Mapping[str, Any]) -> Entry:
        """Return `record` ready to be sealed.

        The given members keep their order. A missing `timestamp` is put in front of them, a missing
        `record_id` behind the timestamp if that comes first, else in front; `source` comes last.

        Raises:
            AuditWriteError: If it is no mapping, if the mask raises, or if it is too large for a line.
        """
        # The fast way (bench/write.py), for records made of JSON values whose shape is known. It gives the
        # bytes of the other one: tests/writer/test_entry.py.
        if self._mask is not None or type(record) is not dict or (self._source is not None and "source" not in record):
            return self.make_slowly(record)
        found = self._shapes.match(record)
        if found is None or len(record) < 2:
            return self.make_slowly(record)
        body = found.string[:-1]
        pieces = [*found.groups()]
        if "record_id" in record:
            if "timestamp" not in record or len(pieces) == 1:
                return self.make_slowly(record)
            record_id = str(record["record_id"])
        else:
            record_id = ids.record_id()
            at = 1
            added = b'"record_id":"%b",' % record_id.encode()
            if "timestamp" not in record:
                added = b'"timestamp":"%b",%b' % (times.now().encode(), added)
            elif body.startswith(b'{"timestamp":'):
                at = body.find(b'"', 14) + 2
                if body[13:14] != b'"' or body[at - 1 : at] != b",":  # no time of day, at any rate
                    return self.make_slowly(record)
            pieces[0] = b"%b%b%b" % (body[:at], added, pieces[0][at:])
            body = b"%b%b%b" % (body[:at], added, body[at:])
        body, skeleton, trailer = assemble(pieces, ids.salts, body)
        return Entry(body, skeleton, trailer, Receipt("", None, None, record_id, self._path))

    def make_slowly(self, record: Mapping[str, Any]) -> Entry:
        """Return `record` ready to be sealed, whatever it is made of."""
        if not isinstance(record, Mapping):
            raise AuditWriteError(
                "a record is a mapping of member names to values; nothing was written",
                help='log.append({"action": {…}, "user": {…}})',
            )
        plain = _Plain(record, self._mask)
        given, fresh_id = plain.record, ids.record_id()
        made: dict[str, object] = {} if "timestamp" in given else {"timestamp": times.now()}
        if next(iter(given), "") == "timestamp":
            made["timestamp"] = given["timestamp"]
        if "record_id" not in given:
            made["record_id"] = fresh_id
        made |= given
        if self._source is not None and "source" not in made:
            made["source"] = self._source
        taken_out: blobs.Blobs | None = None
        pieces = cut(made, self._tree)
        if sum(map(len, pieces)) > blobs.LARGEST_VALUE:
            made, taken_out = blobs.take_out(made)
            pieces = cut(made, self._tree)
        elif plain.as_it_was:
            self._shapes.learn(given)
        if len(pieces) == 1 and "record_id" in given:
            # Nothing random in it: somebody who meets its leaf could guess the record (integrity.md, 2.5).
            pieces = cut(made, {**self._tree, "record_id": None})
        receipt = Receipt(
            "", None, None, str(made["record_id"]), self._path, tuple(plain.renamed), tuple(plain.replaced)
        )
        entry = Entry(*assemble(pieces, ids.salts), receipt, taken_out)
        if entry.size > strictjson.MAX_LINE:
            raise AuditWriteError(
                f"{self._path}: a record of {entry.size} bytes is longer than a line may be (64 MiB); "
                "nothing was written",
                help="keep large things elsewhere, and record their SHA-256 and place",
            )
        return entry


class _Plain:
    """A record made of JSON values, masked if that is asked for; what was renamed, and what replaced."""

    def __init__(self, record: Mapping[str, Any], mask: masking.Mask | None) -> None:
        self.renamed: list[str] = []
        self.replaced: list[str] = []
        self.as_it_was = False
        if mask is not None:
            # The mask sees dicts and lists only, so that no object can hide a member from it.
            record = masking.apply(mask, self._take(record, numbers_as_they_are=True))
        try:
            if type(record) is dict:
                # First: it refuses cycles, in which the other would go round for ever.
                orjson.dumps(record, option=EXACT)
                self.as_it_was = values.is_plain(record)
        except (TypeError, RecursionError, RuntimeError):
            pass
        self.record: dict[str, Any] = record if self.as_it_was else self._take(record)  # type: ignore[assignment]

    def _take(self, record: Mapping[str, Any], *, numbers_as_they_are: bool = False) -> dict[str, Any]:
        try:
            plain = values.Plain(record, numbers_as_they_are=numbers_as_they_are)
        except Exception as error:
            raise AuditWriteError(
                f"the record raised {type(error).__name__} when it was read; nothing was written",
                help="give a dict",
            ) from error
        self.renamed += plain.renamed
        self.replaced += plain.replaced
        return plain.record
