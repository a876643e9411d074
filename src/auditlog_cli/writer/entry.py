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


class Entry:
    """One record, ready to be sealed.

    Attributes:
        prepared: Its bytes.
        record_id: Its id.
        receipt: What the caller gets, or will find filled in.
        blobs: Values that lie beside the log.
    """

    __slots__ = ("blobs", "prepared", "receipt")

    def __init__(self, prepared: Prepared, receipt: Receipt, taken_out: blobs.Blobs | None = None) -> None:
        self.prepared = prepared
        self.receipt = receipt
        self.blobs = taken_out

    @property
    def size(self) -> int:
        """Bytes of the line, or a few more."""
        return len(self.prepared.body) + len(self.prepared.trailer) + _CLOSING


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

        Raises:
            AuditWriteError: If it is no mapping, if the mask raises, or if it is too large for a line.
        """
        if self._mask is None and type(record) is dict:
            # The fast way (bench/write.py), for records made of JSON values whose shape is known.
            # tests/writer/test_entry.py holds it against the other.
            made = record
            if self._source is not None and "source" not in made:
                made = {**made, "source": self._source}
            if "record_id" not in made:
                made = {"timestamp": made.get("timestamp") or times.now(), "record_id": ids.record_id(), **made}
            elif "timestamp" not in made:
                made = {"timestamp": times.now(), **made}
            pieces = self._shapes.cut(made)
            if pieces is not None and len(pieces) > 1:
                return Entry(assemble(pieces, ids.salts), Receipt("", None, None, str(made["record_id"]), self._path))
        return self.make_slowly(record)

    def make_slowly(self, record: Mapping[str, Any]) -> Entry:
        """Return `record` ready to be sealed, whatever it is made of."""
        if not isinstance(record, Mapping):
            raise AuditWriteError("a record is a mapping of member names to values; nothing was written")
        plain = _Plain(record, self._mask)
        given, fresh_id = plain.record, ids.record_id()
        made = {
            "timestamp": given.get("timestamp", times.now()),
            "record_id": given.get("record_id", fresh_id),
            **given,
        }
        if self._source is not None and "source" not in made:
            made["source"] = self._source
        taken_out: blobs.Blobs | None = None
        pieces = cut(made, self._tree)
        if sum(map(len, pieces)) > blobs.LARGEST_VALUE:
            made, taken_out = blobs.take_out(made)
            pieces = cut(made, self._tree)
        elif plain.as_it_was:
            self._shapes.learn(made)
        if len(pieces) == 1 and made["record_id"] is not fresh_id:
            # Nothing random in it: somebody who meets its leaf could guess the record (integrity.md, 2.5).
            pieces = cut(made, {**self._tree, "record_id": None})
        receipt = Receipt(
            "", None, None, str(made["record_id"]), self._path, tuple(plain.renamed), tuple(plain.replaced)
        )
        entry = Entry(assemble(pieces, ids.salts), receipt, taken_out)
        if entry.size > strictjson.MAX_LINE:
            raise AuditWriteError(
                f"{self._path}: a record of {entry.size} bytes is longer than a line may be (64 MiB); "
                "nothing was written"
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
            if type(record) is dict and values.is_plain(record):
                orjson.dumps(record, option=EXACT)
                self.as_it_was = True
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
