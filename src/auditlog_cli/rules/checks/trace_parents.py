"""`trace_parents`: a span names a parent that is no span of its trace."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from heapq import merge
from typing import Any

from auditlog_cli.fields import MISSING, is_hole, is_missing
from auditlog_cli.rules.checks import Seen, Settings, nothing
from auditlog_cli.rules.correlating import Found, apart, disjoint
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
_NUMBER = (1 << 64) - 1


class _Trace:
    """The spans of a trace, and the places that name one that has not come yet (it often comes later)."""

    __slots__ = ("_few", "_many", "awaited", "resumed")

    def __init__(self) -> None:
        self._few = _END
        self._many: set[str] | None = None
        self.awaited: dict[str, list[Place]] | None = None
        self.resumed = False

    def __contains__(self, span: str) -> bool:
        if self._many is None:
            return _END not in span and f"{_END}{span}{_END}" in self._few
        return span in self._many

    def __len__(self) -> int:
        return self._few.count(_END) - 1 if self._many is None else len(self._many)

    def add(self, span: str) -> None:
        if self._many is None and len(self._few) < _FEW and _END not in span:
            self._few += span + _END
            return
        if self._many is None:
            self._many = {*self._few[1:-1].split(_END)} if len(self._few) > 1 else set()
            self._few = _END
        self._many.add(span)


class Check:
    """Trace → its spans.

    As many spans are kept as there is room for; then the traces to which nothing came for longest are closed, and of
    each a number is kept. A trace that goes on after that is *resumed*: where it names a parent that has not come
    since, nobody can say whether that one came before.
    """

    def __init__(self, settings: Settings) -> None:
        self._foreign = {each for each in settings.given.get("foreign_roots") or () if isinstance(each, str)}
        self._most = settings.most
        self._traces: dict[tuple[str, ...], _Trace] = {}
        self._filled = 0
        self._older: list[dict[tuple[str, ...], _Trace]] = []  # by when something came to them last
        self._closed = array("Q")
        self._resumed: set[int] = set()
        self._unmet: dict[int, list[Found]] = {}
        self.size = 0
        self.in_scope = 0
        self.left_out = 0
        self.withheld = 0
        self.partly = False

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
            trace = self._other(seen.group)
        if isinstance(span, str) and span not in trace:
            trace.add(span)
            self.size += 1
            self._filled += 1
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
        if self.size > self._most and self._older:
            self._close(self._older.pop(0))
        return []

    def _other(self, group: tuple[str, ...]) -> _Trace:
        """The trace of a group to which nothing came lately."""
        if self._filled > self._most // 8:
            self._older.append(self._traces)
            self._traces, self._filled = {}, 0
        trace = None
        for traces in self._older:
            trace = trace or traces.pop(group, None)
        if trace is None:
            trace = _Trace()
            if self._closed and self._was_closed(number := hash(group) & _NUMBER):
                trace.resumed = True
                self._resumed.add(number)
        else:
            self._filled += len(trace)
        self._traces[group] = trace
        return trace

    def _was_closed(self, number: int) -> bool:
        at = bisect_left(self._closed, number)
        return at < len(self._closed) and self._closed[at] == number

    def _close(self, traces: dict[tuple[str, ...], _Trace]) -> None:
        numbers = {hash(group) & _NUMBER: (group, trace) for group, trace in traces.items()}
        for number, (group, trace) in numbers.items():
            self.size -= len(trace)
            unmet = _unmet(group, trace)
            if unmet:
                self._unmet.setdefault(number, []).extend(unmet)
        self._closed = array("Q", merge(self._closed, sorted(numbers)))

    def finish(self) -> list[Found]:
        """Report the places whose parent has not come."""
        found = [each for number, some in self._unmet.items() if number not in self._resumed for each in some]
        self.partly = len(found) < sum(map(len, self._unmet.values()))
        for traces in (*self._older, self._traces):
            for group, trace in traces.items():
                if trace.resumed:
                    self.partly = self.partly or bool(trace.awaited)
                else:
                    found += _unmet(group, trace)
        return found

    def merge(self, other: Check) -> None:
        """Take over other traces."""
        for theirs in (*other._older, other._traces):
            for mine in self._older:
                apart(mine, theirs)
            disjoint(self._traces, theirs)
        self._closed = array("Q", merge(self._closed, other._closed))
        self._resumed |= other._resumed
        for number, some in other._unmet.items():
            self._unmet.setdefault(number, []).extend(some)
        self._filled += other._filled
        self.size += other.size
        self.in_scope += other.in_scope
        self.left_out += other.left_out
        self.withheld += other.withheld


def _unmet(group: tuple[str, ...], trace: _Trace) -> list[Found]:
    return [Found(place, group=group) for places in (trace.awaited or {}).values() for place in places]
