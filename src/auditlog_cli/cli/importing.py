"""`auditlog import`: what flags say, where records go, and what is said about it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import chain, islice
from typing import NamedTuple

import orjson

from auditlog_cli import importers, importing, times
from auditlog_cli.cli.show import Notices
from auditlog_cli.cli.show import finish as finished
from auditlog_cli.cli.show import output as opened
from auditlog_cli.errors import EXIT_INCOMPLETE, EXIT_OK, InputError, UsageError
from auditlog_cli.importers._drafts import Content
from auditlog_cli.importers._finishing import MAPPED, Given
from auditlog_cli.sources import files, foreign
from auditlog_cli.writer.growth import is_sealed
from auditlog_cli.writer.log import AuditLog

_BATCH = 500


class Said(NamedTuple):
    """What flags say that the source does not."""

    user: str | None = None
    agent: str | None = None
    session: str | None = None
    scopes: list[str] | None = None
    approved_by: str | None = None
    approved_at: str | None = None
    tz: str | None = None
    map: list[str] | None = None

    def given(self) -> Given:
        """Return it as members of a record.

        Raises:
            UsageError: If an approver comes without a time, a time is none, or a mapping is not understood.
        """
        members: dict[str, object] = {}
        for path, value in (("user.id", self.user), ("agent.id", self.agent), ("session_id", self.session)):
            if value:
                members[path] = value
        if self.scopes is not None:
            members["authorization.scopes"] = [
                scope for each in self.scopes for scope in each.replace(",", " ").split() if scope
            ]
        if (self.approved_by is None) != (self.approved_at is None):
            raise UsageError("--approved-by and --approved-at: one needs the other", help="say who approved, and when")
        if self.approved_by is not None:
            if times.parse(self.approved_at) is None:
                raise UsageError("--approved-at: no time", help="RFC 3339: 2026-06-01T14:00:00Z")
            members |= {
                "authorization.session_type": "human_approved",
                "authorization.approved_by": self.approved_by,
                "authorization.approved_at": self.approved_at,
            }
        return Given(members, self._mapped())

    def _mapped(self) -> dict[str, str]:
        mapped: dict[str, str] = {}
        for pair in self.map or ():
            path, equals, place = pair.partition("=")
            if not equals or not place or path in mapped:
                raise UsageError(f"--map {pair}: MEMBER=PLACE, each member once", help="user.id=extra.metadata.user_id")
            if path not in MAPPED:
                raise UsageError(f"--map {path}: cannot be mapped", help=f"one of {', '.join(MAPPED)}")
            mapped[path] = place
        return mapped

    def zone(self) -> int | None:
        """Return the zone in minutes east of UTC.

        Raises:
            UsageError: If it is none.
        """
        if self.tz is None:
            return None
        if self.tz in ("Z", "UTC"):
            return 0
        whole = times.parse(f"2000-01-02T00:00:00{self.tz}")
        if whole is None:
            raise UsageError("--tz: no offset", help="+02:00, -05:00, or Z")
        return ((times.parse("2000-01-02T00:00:00Z") or 0) - whole) // times.MINUTE


def refuse_unknown(format: str) -> None:  # noqa: A002 - the option's word
    """Refuse a format that nobody knows, and say which there are.

    Raises:
        UsageError: If there is no such format.
    """
    if format not in importers.names():
        known = ", ".join(importers.names())
        raise UsageError(f"--from: {'there is no such format' if format != '?' else 'one of these'}", help=known)


def run(
    paths: list[str],
    log: str | None,
    format: str | None,  # noqa: A002 - the option's word
    said: Said,
    notices: Notices,
    *,
    everything: bool = False,
    again: bool = False,
) -> int:
    """Bring in some files, say what became of their units, and return the exit code.

    Raises:
        InputError: If a file cannot be read.
        UsageError: If the flags contradict each other, or the log cannot take an import.
        AuditWriteError: If the log cannot be written.
    """
    given, zone = said.given(), said.zone()
    log = None if log == "-" else log
    tallies: list[foreign.Tally] = []

    def records() -> Iterator[Content]:
        for found in files.find(paths, documents=True):
            for file in found.files:
                if log is not None and _same(file, log):
                    raise UsageError(f"{file}: is the log that is written to", help="-o another log")
                wish = foreign.Wish(format, given, zone, everything=everything)
                tallies.append(wish.tally)
                yield from importing.read(file, wish, notices.bad)
                notices.say(f"{file}: {wish.tally.format or 'nothing known'}: {wish.tally}")

    if log is None:
        out = opened(None)
        for content in records():
            out.line(_line(content))
        finished(out)
    else:
        _write(records(), log, notices, again=again)
    for path in sorted(given.unfound):
        notices.say(f"--map {path}={given.mapped[path]}: no unit has a value there")
    bad, units = sum(each.bad for each in tallies), sum(each.units for each in tallies)
    if bad and bad == units:
        raise InputError(
            f"{', '.join(paths)}: nothing in it could be read", help="auditlog import --from '?' lists the formats"
        )
    return EXIT_INCOMPLETE if bad else EXIT_OK


def _line(content: Content) -> str:
    try:
        return orjson.dumps(content).decode()
    except TypeError:
        import json

        return json.dumps(content, ensure_ascii=False, separators=(",", ":"), default=str)


def _same(one: str, other: str) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False


def _write(records: Iterator[Content], path: str, notices: Notices, *, again: bool) -> None:
    known = importing.Known()
    begun = os.path.exists(path) and os.path.getsize(path) > 0
    if begun and not is_sealed(path):
        raise UsageError(f"{path}: is no sealed log", help="import into a log of its own")
    if not again:
        known.learn(path)
    written = there = 0
    first = [*islice(records, 1)]  # of what cannot be read no log is begun
    try:
        log = AuditLog(path, policy=importing.POLICY)
    except UsageError as error:
        if not begun:
            raise
        help_line = "import into a log of its own: another -o"
        raise UsageError(f"{path}: is a log that was not begun by an import", help=help_line) from error
    try:
        with log:
            batch: list[Content] = []
            for content in chain(first, records):
                if not again and known.holds(content):
                    there += 1
                    continue
                batch.append(content)
                if len(batch) == _BATCH:
                    written += len(log.write_many(batch))
                    batch = []
            written += len(log.write_many(batch))
    except KeyboardInterrupt:
        rest = "all are written again" if again else "the rest is added"
        notices.say(f"{path}: interrupted; at least {written:,} written; with the same command {rest}")
        raise
    notices.say(f"{path}: {written:,} written" + (f", {there:,} there already" if there else ""))
