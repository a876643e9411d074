"""What became of alerts in a period, told by the records of an alerts log (compliance.md, 9.2, 10)."""

from __future__ import annotations

from statistics import median
from typing import Any

from auditlog_cli import fields, times


class Alerts:
    """The life of each alert: opened, acknowledged, resolved, perhaps opened again."""

    def __init__(self) -> None:
        self._steps: dict[str, list[tuple[int, int, str]]] = {}
        self._seen = 0

    def add(self, content: dict[str, object]) -> None:
        """Take one record of the alerts log; what is no alert, or has no time, says nothing."""
        name, phase = fields.text(content, "action.resource"), fields.text(content, "action.phase")
        moment = times.parse(content.get("timestamp"))
        known = phase in ("open", "acknowledged", "resolved")
        if fields.text(content, "action.type") == "alert" and name and known and moment is not None:
            self._seen += 1
            self._steps.setdefault(name, []).append((moment, self._seen, phase))

    def as_object(self, start: int, end: int) -> dict[str, Any]:
        """Return what happened from `start` (inclusive) to `end` (exclusive), microseconds since the epoch."""
        counts = {"open": 0, "acknowledged": 0, "resolved": 0}
        taken: dict[str, list[int]] = {"acknowledged": [], "resolved": []}
        standing = 0
        for steps in self._steps.values():
            opened: int | None = None
            state = ""
            for moment, _, phase in sorted(steps):
                if moment >= end:
                    break
                if phase == "open":
                    opened = moment
                elif opened is not None and moment >= start and state != phase:
                    taken[phase].append(moment - opened)
                if moment >= start and state != phase:
                    counts[phase] += 1
                state = phase
            standing += state in ("open", "acknowledged")
        return {
            "opened": counts["open"],
            "acknowledged": counts["acknowledged"],
            "resolved": counts["resolved"],
            "open_at_end": standing,
            "until_acknowledged": _spread(taken["acknowledged"]),
            "until_resolved": _spread(taken["resolved"]),
        }


def _spread(durations: list[int]) -> dict[str, int] | None:
    """Median and longest in whole seconds, or None where there is none."""
    if not durations:
        return None
    return {"median_s": int(median(durations)) // times.SECOND, "longest_s": max(durations) // times.SECOND}
