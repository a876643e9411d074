"""`history_span`: a log does not reach back as far as it must."""

from __future__ import annotations

from typing import Any

from auditlog_cli import times
from auditlog_cli.rules.checks import Seen, Settings, nothing
from auditlog_cli.rules.correlating import DURATION, Found, disjoint, duration
from auditlog_cli.rules.facts import Place

WITH = nothing(min=DURATION, system_start={"type": ["string", "null"]})
SELECTIONS = ()
WHOLE_LOG = True
AT = "timestamp"


def fields(_: dict[str, Any]) -> tuple[str, ...]:
    """The paths that are asked for."""
    return ()


class Check:
    """Log → its oldest time, and where it stands. Without `system_start` nothing is judged.

    A log whose first records were pruned, and that says so, once reached further back; how far, nothing in it tells.
    If what is left does not reach back far enough, it is not judged. (Records that are missing and not declared are a
    matter for `hash_chain` and `sequence_gap`, and excuse nothing.)
    """

    def __init__(self, settings: Settings) -> None:
        start = settings.given.get("system_start")
        self._start = times.moment(start) if start else None
        self._must = settings.as_of - duration(settings.given.get("min", "365d"))
        self._oldest: dict[str, tuple[int, Place]] = {}
        self._first: dict[str, int] = {}
        self._pruned: dict[str, int] = {}
        self.left_out = 0

    @property
    def size(self) -> int:
        """How many logs are kept."""
        return len(self._oldest)

    @property
    def in_scope(self) -> int:
        """Logs that are judged."""
        return len(self._oldest) - len(self._untold()) if self._start is not None else 0

    @property
    def why(self) -> str:
        """Why a log was not judged, if one was not."""
        if self._start is None:
            return "the profile does not say system_start"
        return "records were pruned; how far back the log once reached, it does not say" if self._untold() else ""

    def take(self, seen: Seen) -> list[Found]:
        """Note the oldest record, the first number, and how many were pruned."""
        log = seen.log
        seq = seen.content.get("seq")
        if seq.__class__ is int:
            self._first.setdefault(log, seq)
        if seen.own == "prune":
            records = seen.content["auditlog"].get("records")
            self._pruned[log] = max(self._pruned.get(log, 0), records if isinstance(records, int) else 0)
        if seen.when is None:
            self.left_out += 1
            return []
        oldest = self._oldest.get(log)
        if oldest is None or seen.when < oldest[0]:
            self._oldest[log] = seen.when, seen.place
        return []

    def finish(self) -> list[Found]:
        """Report the logs that begin too late."""
        if self._start is None:
            return []
        untold = self._untold()
        return [Found(self._oldest[log][1]) for log in self._late() if log not in untold]

    def merge(self, other: Check) -> None:
        """Take over other logs."""
        disjoint(self._oldest, other._oldest)
        self._first |= other._first
        self._pruned |= other._pruned
        self.left_out += other.left_out

    def _late(self) -> list[str]:
        """The logs whose oldest record is too young."""
        assert self._start is not None
        limit = max(self._start, self._must) + times.DAY
        return [log for log, (when, _) in self._oldest.items() if when > limit]

    def _untold(self) -> set[str]:
        """Those of them of which a declared prefix is gone."""
        return {log for log in self._late() if 0 < self._first.get(log, 0) <= self._pruned.get(log, 0)}
