"""`parse_errors`: a line is not exactly one JSON object under strict reading (record.md)."""

from __future__ import annotations

from typing import Any

from auditlog_cli.rules.checks import Seen, Settings, nothing
from auditlog_cli.rules.correlating import Found
from auditlog_cli.rules.facts import Place

WITH = nothing()
SELECTIONS = ()
WHOLE_LOG = True
AT = ""


def fields(_: dict[str, Any]) -> tuple[str, ...]:
    """The paths that are asked for."""
    return ()


def idle(_: Any, states: dict[str, str], matched: frozenset[str]) -> str | None:
    """Good lines are counted."""
    return "counted"


class Check:
    """Counts lines; the reader tells which are none."""

    size = 0

    def __init__(self, settings: Settings) -> None:
        self.in_scope = 0
        self.left_out = 0

    def take(self, seen: Seen) -> list[Found]:
        """Count a good line."""
        self.in_scope += 1
        return []

    def bad(self, place: Place, reason: str) -> list[Found]:
        """Report a bad line."""
        self.in_scope += 1
        return [Found(place)]

    def finish(self) -> list[Found]:
        """Nothing shows at the end."""
        return []

    def merge(self, other: Check) -> None:
        """Add the counts."""
        self.in_scope += other.in_scope
