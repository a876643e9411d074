"""What a query asks for: which entries, and which page of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from auditlog_cli import times
from auditlog_cli.record import Record
from auditlog_cli.serving import agentaudit
from auditlog_cli.serving.refusals import invalid
from auditlog_cli.strictjson import needle

Content = dict[str, Any]

LARGEST_PAGE = 1000
_DEFAULT_PAGE = 20
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
