"""`trace_parents`: a span names a parent that is no span of its trace."""

from __future__ import annotations

from typing import Any

from auditlog_cli.fields import MISSING, is_hole, is_missing
from auditlog_cli.rules.checks import Seen, Settings, nothing
from auditlog_cli.rules.correlating import Found, disjoint
from auditlog_cli.rules.facts import Place

WITH = nothing(foreign_roots={"type": "array"})
SELECTIONS = ()
WHOLE_LOG = False
AT = "parent_span_id"


def fields(_: dict[str, Any]) -> tuple[str, ...]:
    """The paths that are asked for."""
    return ("span_id", "parent_span_id")


def idle(_: Any, states: dict[str, str], matched: frozenset[str]) -> str | None:
    """A record without a span says nothing."""
    return "" if states["span_id"] == states["parent_span_id"] == "absent" else None


_FEW = 600
"""Characters up to which the ids of a trace stand in one text: a set takes six times as much, and there are as many
traces as there are questions of users."""
_END = "\x00"


class _Trace:
    """The spans of a trace, and the places that name one that has not come yet (it often comes later)."""

    __slots__ = ("_few", "_many", "awaited")

    def __init__(self) -> None:
        self._few = _END
        self._many: set[str] | None = None
        self.awaited: dict[str, list[Place]] | None = None

    def __contains__(self, span: str) -> bool:
        if self._many is None:
            return _END not in span and f"{_END}{span}{_END}" in self._few
        return span in self._many

    def add(self, span: str) -> None:
        if self._many is None and len(self._few) < _FEW and _END not in span:
            self._few += span + _END
            return
        if self._many is None:
            self._many = {*self._few[1:-1].split(_END)} if len(self._few) > 1 else set()
            self._few = _END
        self._many.add(span)


class Check:
    """Trace → its spans."""

    def __init__(self, settings: Settings) -> None:
        self._foreign = {each for each in settings.given.get("foreign_roots") or () if isinstance(each, str)}
        self._traces: dict[tuple[str, ...], _Trace] = {}
        self.size = 0
        self.in_scope = 0
        self.left_out = 0
        self.withheld = 0

    def take(self, seen: Seen) -> list[Found]:
        """Note a span, and the parent it names."""
        span, parent = seen.get("span_id"), seen.get("parent_span_id")
        if span is MISSING and parent is MISSING:
            return []
        if seen.group is None:
            self.left_out += 1
            return []
        trace = self._traces.get(seen.group)
        if trace is None:
            trace = self._traces[seen.group] = _Trace()
        if isinstance(span, str) and span not in trace:
            trace.add(span)
            self.size += 1
            if trace.awaited:
                self.size -= len(trace.awaited.pop(span, ()))
        if parent.__class__ is not str:
            self.withheld += is_hole(parent)
        elif seen.states.get("parent_span_id") == "text" or not is_missing(parent):
            self.in_scope += 1
            if parent not in trace and parent not in self._foreign:
                if trace.awaited is None:
                    trace.awaited = {}
                trace.awaited.setdefault(parent, []).append(seen.place)
                self.size += 1
        return []

    def finish(self) -> list[Found]:
        """Report the places whose parent has not come."""
        return [
            Found(place, group=group)
            for group, trace in self._traces.items()
            for places in (trace.awaited or {}).values()
            for place in places
        ]

    def merge(self, other: Check) -> None:
        """Take over other traces."""
        disjoint(self._traces, other._traces)
        self.size += other.size
        self.in_scope += other.in_scope
        self.left_out += other.left_out
        self.withheld += other.withheld
