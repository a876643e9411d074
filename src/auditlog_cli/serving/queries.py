"""What the server reads out of its log: pages (newest first), one record, a trace, a chain, everything.

A page is read from the log's end backwards. Its total is exact: what was counted once is remembered as long as the
files are the same, so that only what came since is read again.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from threading import Lock
from typing import Any, NamedTuple

from auditlog_cli import decoders, pipeline, times
from auditlog_cli.errors import InputError
from auditlog_cli.record import Line, Record
from auditlog_cli.serving import agentaudit
from auditlog_cli.serving.idempotency import parts
from auditlog_cli.serving.refusals import invalid, missing
from auditlog_cli.sources import files, scan
from auditlog_cli.sources.backwards import backwards
from auditlog_cli.strictjson import needle

Content = dict[str, Any]

LARGEST_PAGE = 1000
_DEFAULT_PAGE = 20
_TRIES = 10
_COUNTED = 64
_DAY = 24 * 60 * times.MINUTE


class Wanted(NamedTuple):
    """Which records a list has; empty and None: no matter."""

    agent: str = ""
    action: str = ""
    trace: str = ""
    since: int | None = None
    until: int | None = None

    def __call__(self, record: Record, entry: Content) -> bool:
        """Tell whether a record, seen as an entry, is wanted."""
        if self.agent and entry["agentId"] != self.agent:
            return False
        if self.action and entry["action"] != self.action:
            return False
        if self.trace and self.trace not in (entry["traceId"], record.content.get("trace_id")):
            return False
        if self.since is None and self.until is None:
            return True
        at = times.parse(entry["createdAt"])
        if at is None:
            return False
        return (self.since is None or at >= self.since) and (self.until is None or at <= self.until)

    @property
    def needles(self) -> list[bytes]:
        """Texts that stand in the line of every wanted record."""
        action = "" if self.action == agentaudit.NOTHING else self.action
        return [found for found in map(needle, (self.agent, action, self.trace)) if found]


class Page(NamedTuple):
    """Where a page begins, how long it is at most, and its number as the client counts."""

    offset: int
    limit: int
    number: int


class Counted(NamedTuple):
    """Where (seq, offset) the newest of the records stood that were counted, and how many there were."""

    place: tuple[int, int]
    total: int


def understood(query: Mapping[str, str]) -> tuple[Wanted, Page]:
    """Return what a query asks for.

    Raises:
        Refused: 400.
    """
    limit = _number(query, "limit", _DEFAULT_PAGE, 1, LARGEST_PAGE)
    number = _number(query, "page", 1, 1, 10**9)
    offset = _number(query, "offset", (number - 1) * limit, 0, 10**12)
    if "offset" in query:
        number = offset // limit + 1
    wanted = Wanted(
        query.get("agentId", ""), query.get("action", ""), query.get("traceId", ""),
        _instant(query, "startDate", 0), _instant(query, "endDate", _DAY - 1),
    )  # fmt: skip
    return wanted, Page(offset, limit, number)


class Queries:
    """Reads one log while it is written. Its functions block: they are called in threads.

    Args:
        path: The log.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._lock = Lock()
        self._counted: dict[tuple[Wanted, tuple[object, ...]], Counted] = {}

    def page(self, wanted: Wanted, page: Page) -> Content:
        """Return a page of entries, newest first, and how many there are in all.

        Raises:
            InputError: If the log cannot be read.
        """
        for _ in range(_TRIES):
            before = self._files()
            try:
                rows, total = self._page(wanted, page, before)
            except InputError:
                if self._files() == before:
                    raise
                continue
            if self._files() == before:  # else a segment was closed meanwhile, and may have been missed
                break
        else:
            raise InputError("the log is rotated faster than it can be read")
        pages = -(-total // page.limit)
        told = {"page": page.number, "limit": page.limit, "offset": page.offset, "total": total, "totalPages": pages}
        return {"data": rows, "pagination": told}

    def _page(self, wanted: Wanted, page: Page, known: tuple[object, ...]) -> tuple[list[Content], int]:
        before = self._counted.get((wanted, known))
        rows: list[Content] = []
        matched = 0
        newest: tuple[int, int] | None = None
        total: int | None = None
        for record, entry in self._newest(wanted):
            seq = record.stored.get("seq")
            place = (seq if isinstance(seq, int) else -1, record.line.offset)
            newest = newest or place
            if before is not None and total is None and place[0] <= before.place[0]:
                if place == before.place:
                    total = before.total + matched
                else:
                    before = None  # something was withheld meanwhile: count again
            if total is not None and matched >= page.offset + page.limit:
                break
            if page.offset <= matched < page.offset + page.limit:
                rows.append(entry)
            matched += 1
        total = matched if total is None else total
        if newest is not None and newest[0] >= 0:
            with self._lock:
                self._counted[wanted, known] = Counted(newest, total)
                while len(self._counted) > _COUNTED:
                    del self._counted[next(iter(self._counted))]
        return rows, total

    def everything(self, wanted: Wanted) -> Iterator[Content]:
        """Yield every wanted entry, newest first, as the log is now.

        Raises:
            InputError: If the log cannot be read.
        """
        for _, entry in self._newest(wanted):
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
            for line in backwards(log):
                if isinstance(line, Line) and line.ended:  # the last one may be in the making
                    yield line

    def _newest(self, wanted: Wanted) -> Iterator[tuple[Record, Content]]:
        needles = wanted.needles
        for line in self._lines():
            if all(scan.holds(line.raw, [each]) for each in needles):
                record = decoders.decode(line)
                if isinstance(record, Record) and not record.is_own:
                    entry = agentaudit.read(record)
                    if wanted(record, entry):
                        yield record, entry

    def _files(self) -> tuple[object, ...]:
        """What tells one state of the files from another, but for what is appended to the last of them."""
        found = [file for log in files.find([self._path]) for file in log.files]
        try:
            closed = [(file, (at := os.stat(file)).st_ino, at.st_size, at.st_mtime_ns) for file in found[:-1]]
            return (*closed, *((file, os.stat(file).st_ino) for file in found[-1:]))
        except OSError:  # between listing and looking it was closed, or packed
            return ()


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


def _number(query: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    given = query.get(name)
    if given is None:
        return default
    if not given.isascii() or not given.isdigit() or len(given) > 15 or not least <= int(given) <= most:
        raise invalid(f"{name} must be a number from {least} to {most}")
    return int(given)


def _instant(query: Mapping[str, str], name: str, rest_of_day: int) -> int | None:
    given = query.get(name)
    if given is None:
        return None
    at = times.parse(given)
    if at is None and len(given) == 10:
        midnight = times.parse(f"{given}T00:00:00Z")
        at = None if midnight is None else midnight + rest_of_day
    if at is None:
        raise invalid(f"{name} must be an RFC 3339 time or a date")
    return at
