"""A record on its way into the log: completed, masked, made of JSON values, ready to be sealed.

All of it happens before the lock is taken.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from auditlog_cli import strictjson, times
from auditlog_cli.errors import AuditWriteError
from auditlog_cli.sealing.line import Prepared, prepare
from auditlog_cli.sealing.policy import Node
from auditlog_cli.writer import blobs, ids, masking, own, values
from auditlog_cli.writer.receipt import Receipt

if TYPE_CHECKING:
    from auditlog_cli.writer.log import AuditLog

_CLOSING = 110  # bytes that `seq` and `prev` add to a line
_AT_TOP = values.RESERVED_AT_TOP


class Entry:
    """One record, ready to be sealed."""

    __slots__ = ("prepared", "record_id", "renamed", "replaced", "size")

    def __init__(self, prepared: Prepared, record_id: str, renamed: tuple[str, ...], replaced: tuple[str, ...]) -> None:
        self.prepared = prepared
        self.record_id = record_id
        self.renamed = renamed
        self.replaced = replaced
        self.size = len(prepared.body) + len(prepared.trailer) + _CLOSING

    def receipt(self, status: str, seq: int | None, leaf: str | None, path: str) -> Receipt:
        """Return the receipt for this record."""
        return Receipt(status, seq, leaf, self.record_id, path, self.renamed, self.replaced)


def redactor(
    redact: Callable[[dict[str, Any]], Mapping[str, Any]] | Iterable[str] | None,
) -> masking.Mask | None:
    """Return the function that masks records before they are sealed, or None."""
    if redact is None:
        return None
    return redact if callable(redact) else masking.paths(redact)


def make(
    record: Mapping[str, Any],
    tree: Node,
    mask: masking.Mask | None,
    source: Mapping[str, object] | None,
    path: str,
) -> Entry:
    """Return `record` ready to be sealed.

    Raises:
        AuditWriteError: If it is no mapping, if the mask raises, or if it is too large for a line.
    """
    if not isinstance(record, Mapping):
        raise AuditWriteError("a record is a mapping of member names to values; nothing was written")
    if mask is not None:
        record = masking.apply(mask, record)
    made: dict[str, Any] = {}
    if "timestamp" not in record:
        made["timestamp"] = times.now()
    if "record_id" not in record:
        made["record_id"] = ids.record_id()
    made.update(record)
    if source is not None and "source" not in record:
        made["source"] = source
    renamed: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    try:
        prepared = prepare(made, tree, ids.salts)
        plain = not _suspicious(made, prepared)
    except (TypeError, ValueError, RecursionError):
        plain = False
    if not plain:
        cleaned = values.Plain(made)
        made, renamed, replaced = cleaned.record, tuple(cleaned.renamed), tuple(cleaned.replaced)
        prepared = prepare(made, tree, ids.salts)
    if len(prepared.body) > blobs.LARGEST_VALUE:
        made, moved = blobs.move_out(made, path)
        if moved:
            prepared = prepare(made, tree, ids.salts)
    entry = Entry(prepared, str(made["record_id"]), renamed, replaced)
    if entry.size > strictjson.MAX_LINE:
        raise AuditWriteError(
            f"a record of {entry.size} bytes is longer than a line may be (64 MiB); nothing was written"
        )
    return entry


def _suspicious(record: dict[str, Any], prepared: Prepared) -> bool:
    """Whether `values.Plain` has to look at the record.

    orjson writes NaN as null without a word, and takes reserved names; neither can be in a line that has
    no `null` and no `"_`. What orjson refuses (dataclasses, datetimes, huge integers, lone surrogates) has
    raised already.
    """
    body = prepared.body
    return b"null" in body or b'"_' in body or not _AT_TOP.isdisjoint(record)


class Lost:
    """How many records did not reach the log since it last could be written."""

    def __init__(self, count: int, first: str, last: str, reason: str, fallback: AuditLog | None) -> None:
        self.count = count
        self.first = first
        self.last = last
        self.reason = reason
        self.fallback = fallback

    @classmethod
    def more(cls, before: Lost | None, count: int, error: AuditWriteError, fallback: AuditLog | None = None) -> Lost:
        """Return `before` plus `count` records that `error` kept out."""
        cause = error.__cause__
        reason = errno.errorcode.get(cause.errno or 0, "OSError") if isinstance(cause, OSError) else error.kind
        now = times.now()
        if before is None:
            return cls(count, now, now, reason, fallback)
        return cls(before.count + count, before.first, now, before.reason, fallback or before.fallback)

    def record(self) -> dict[str, object]:
        """Return the `lost` record that says it (integrity.md, 2.6)."""
        fallback = None
        if self.fallback is not None:
            where = self.fallback.status
            fallback = {
                "origin": self.fallback.origin,
                "size": where["next_seq"],
                "head": self.fallback.head,
            }
        return own.lost(self.count, self.first, self.last, self.reason, fallback)
