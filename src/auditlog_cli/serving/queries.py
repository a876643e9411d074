"""What the server reads out of its log: pages (newest first), one record, a trace, a chain, everything.

A page is read from the log's end backwards. Its total is exact: what was counted in a segment is remembered as long
as it is the same, so that only what came since is read again.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from threading import Lock
from typing import Any, NamedTuple

from auditlog_cli import decoders, pipeline
from auditlog_cli.errors import InputError
from auditlog_cli.record import Line, Record
from auditlog_cli.serving import agentaudit
from auditlog_cli.serving.idempotency import parts
from auditlog_cli.serving.policies import change_of
from auditlog_cli.serving.refusals import missing
from auditlog_cli.serving.wanted import Page, Wanted
from auditlog_cli.sources import files, scan
from auditlog_cli.sources.backwards import backwards
from auditlog_cli.sources.files import Log
from auditlog_cli.strictjson import needle

Content = dict[str, Any]

_TRIES = 10
_COUNTED = 10_000


class Segment(NamedTuple):
    """One file of the log, and what tells whether it is still the same.

    Attributes:
        path: The file.
        state: Inode, size and time of the last change; of the active one, which grows, the inode alone.
        closed: Whether nothing is appended any more.
    """

    path: str
    state: tuple[int, ...]
    closed: bool


class Counted(NamedTuple):
    """Where (seq, offset) the newest of the records stood that were counted, and how many there were."""

    place: tuple[int, int]
    total: int


class Queries:
    """Reads one log while it is written. Its functions block: they are called in threads.

    Args:
        path: The log.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._lock = Lock()
        self._counted: dict[tuple[Wanted, Segment], Counted] = {}

    def page(self, wanted: Wanted, page: Page) -> Content:
        """Return a page of entries, newest first, and how many there are in all.

        Raises:
            InputError: If the log cannot be read.
        """
        for _ in range(_TRIES):
            before = self._segments()
            if not before:
                continue
            try:
                rows, total = self._page(wanted, page, before)
            except InputError:
                if self._segments() == before:
                    raise
                continue
            if self._segments() == before:  # else a segment was closed meanwhile, and may have been missed
                break
        else:
            raise InputError(
                "the log is rotated faster than it can be read", help="ask again, or let it rotate less often"
            )
        pages = -(-total // page.limit)
        told = {"page": page.number, "limit": page.limit, "offset": page.offset, "total": total, "totalPages": pages}
        return {"data": rows, "pagination": told}

    def _page(self, wanted: Wanted, page: Page, segments: list[Segment]) -> tuple[list[Content], int]:
        rows: list[Content] = []
        total = 0
        for segment in reversed(segments):
            total += self._take(segment, wanted, page.offset - total, page.offset + page.limit - total, rows)
        return rows, total

    def _take(self, segment: Segment, wanted: Wanted, start: int, stop: int, rows: list[Content]) -> int:
        """Return how many wanted records a segment has; add those from `start` to `stop`, newest first, to `rows`."""
        before = self._counted.get((wanted, segment))
        if before is not None and segment.closed and (stop <= 0 or before.total <= start):
            return before.total
        matched = 0
        newest: tuple[int, int] | None = None
        total: int | None = None
        for record, entry in _newest(Log(segment.path, [segment.path]), wanted):
            seq = record.stored.get("seq")
            place = (seq if isinstance(seq, int) else -1, record.line.offset)
            newest = newest or place
            if before is not None and total is None and place[0] <= before.place[0]:
                if place == before.place:
                    total = before.total + matched
                else:
                    before = None  # something was withheld meanwhile: count again
            if total is not None and matched >= stop:
                break
            if start <= matched < stop:
                rows.append(entry)
            matched += 1
        total = matched if total is None else total
        if segment.closed or (newest is not None and newest[0] >= 0):
            with self._lock:
                self._counted[wanted, segment] = Counted(newest or (-1, -1), total)
                while len(self._counted) > _COUNTED:
                    del self._counted[next(iter(self._counted))]
        return total

    def everything(self, wanted: Wanted) -> Iterator[Content]:
        """Yield every wanted entry, newest first, as the log is now.

        Raises:
            InputError: If the log cannot be read.
        """
        for log in files.find([self._path]):
            for _, entry in _newest(log, wanted):
                yield entry

    def one(self, record_id: str) -> Content:
        """Return the entry with this id.

        Raises:
            Refused: 404, if there is none.
        """
        return agentaudit.read(self._one(record_id))

    def trace(self, trace: str) -> list[Content]:
        """Return the entries of a trace, oldest first; `trace` as the sender wrote it, or as the log has it.

        Raises:
            Refused: 404, if there are none.
        """
        wanted = Wanted(trace=trace)
        found = [
            entry
            for record in self._holding(trace)
            if wanted(record, entry := agentaudit.read(record))
        ]  # fmt: skip
        if not found:
            raise missing("trace")
        return found

    def chain(self, record_id: str) -> Content:
        """Return an entry, and all those below it, parents first. A circle is entered once.

        Raises:
            Refused: 404, if there is no such entry.
        """
        root = self._one(record_id)
        trace = root.content.get("trace_id")
        below: dict[object, list[Record]] = {}
        for record in self._holding(trace) if isinstance(trace, str) else ():
            if record.content.get("trace_id") == trace and record.content.get("parent_span_id") is not None:
                below.setdefault(str(record.content["parent_span_id"]), []).append(record)
        seen = {_identity(root)}
        found: list[Record] = []
        level = [root]
        while level:
            spans = dict.fromkeys(str(each.content.get("span_id")) for each in level)
            level = []
            for record in (child for span in spans for child in below.get(span, ())):
                if _identity(record) not in seen:
                    seen.add(_identity(record))
                    level.append(record)
            found += level
        return {"root": agentaudit.read(root), "descendants": [agentaudit.read(each) for each in found]}

    def answered(self, key: str) -> list[Content]:
        """Return the records of the request whose Idempotency-Key has this digest, in the order of the request."""
        found = [each.content for each in self._holding(key) if _ingest(each.content).get("idempotency") == key]
        return found[-parts(_ingest(found[-1])) :] if found else []

    def remembered(self) -> Iterator[Content]:
        """Yield the records that name an idempotency key, newest first."""
        for line in self._lines():
            if b'"idempotency"' in line.raw:
                record = decoders.decode(line)
                if isinstance(record, Record) and "idempotency" in _ingest(record.content):
                    yield record.content

    def agents(self) -> Iterator[Content]:
        """Yield the agents that were registered, newest first."""
        for line in self._lines():
            if b'"register_agent"' in line.raw:
                record = decoders.decode(line)
                found = registered(record.content) if isinstance(record, Record) else None
                if found is not None:
                    yield found

    def policy_changes(self) -> list[Content]:
        """Return the records that changed policies, oldest first."""
        found = []
        for line in self._lines():
            if b'"policy_change"' in line.raw:
                record = decoders.decode(line)
                if isinstance(record, Record) and change_of(record.content) is not None:
                    found.append(record.content)
        return found[::-1]

    def _one(self, record_id: str) -> Record:
        for record in self._holding(record_id):
            if record.content.get("record_id") == record_id:
                return record
        raise missing("audit log")

    def _holding(self, text: str) -> Iterator[Record]:
        found = needle(text)
        items = pipeline.read([self._path]) if found is None else pipeline.containing([self._path], [found])
        for item in items:
            if isinstance(item, Record) and not item.is_own:
                yield item

    def _lines(self) -> Iterator[Line]:
        for log in files.find([self._path]):
            yield from _whole(log)

    def _segments(self) -> list[Segment]:
        found = [file for log in files.find([self._path]) for file in log.files]
        segments = []
        try:
            for place, file in enumerate(found, 1):
                at = os.stat(file)
                closed = place < len(found)
                state = (at.st_ino, at.st_size, at.st_mtime_ns) if closed else (at.st_ino,)
                segments.append(Segment(file, state, closed))
        except OSError:  # between listing and looking it was closed, or packed
            return []
        return segments


def _whole(log: Log) -> Iterator[Line]:
    """The lines of a log, the newest first; without the last one, if it is still in the making."""
    return (line for line in backwards(log) if isinstance(line, Line) and line.ended)


def _newest(log: Log, wanted: Wanted) -> Iterator[tuple[Record, Content]]:
    needles = wanted.needles
    for line in _whole(log):
        if all(scan.holds(line.raw, [each]) for each in needles):
            record = decoders.decode(line)
            if isinstance(record, Record) and not record.is_own:
                entry = agentaudit.read(record)
                if wanted(record, entry):
                    yield record, entry


def registered(content: Content) -> Content | None:
    """Return the agent that a record registered, as AgentAudit has it; None if it registered none."""
    metadata = content.get("metadata")
    given = metadata.get("register_agent") if isinstance(metadata, dict) else None
    if not isinstance(given, dict) or not _ingest(content):
        return None
    at = content.get("timestamp")
    return {"id": content.get("record_id"), **given, "createdAt": at, "updatedAt": at}


def _ingest(content: Content) -> Content:
    provenance = content.get("provenance")
    found = provenance.get("ingest") if isinstance(provenance, dict) else None
    return found if isinstance(found, dict) else {}


def _identity(record: Record) -> tuple[str, int]:
    return record.line.path, record.line.offset
