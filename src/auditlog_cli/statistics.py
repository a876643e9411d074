"""What a log adds up to: how many, who, which tools, how long. One pass, bounded memory.

Values are counted exactly up to a fixed number of different ones; what comes beyond is counted as `(other)`.
Beyond a few thousand, latencies go into buckets one per cent wide: a percentile is then right to within one
per cent.
"""

from __future__ import annotations

from itertools import islice

from auditlog_cli import fields, times

MOST_VALUES = 100_000
"""Different values of one path that are told apart."""
_MOST_BARS = 960
FEW = 4096
"""Latencies of one group that are kept as they are; above, they go into buckets."""
MOST = 1e15
"""Milliseconds from which a latency is none."""
_GROWTH = 1.01
OTHER = "(other)"
NONE = "(none)"
STATUSES = ("success", "error", "denied", "blocked", "partial", "timeout", "pending", "unknown")
"""The words of `action.result_status` in auditlog.record/1."""
ERRORS = frozenset(("error", "timeout"))
REFUSED = frozenset(("denied", "blocked"))


class Latencies:
    """A distribution of durations in milliseconds: exact while there are few, then in buckets."""

    __slots__ = ("_buckets", "_few", "count", "largest")

    def __init__(self) -> None:
        self._few: list[float] = []
        self._buckets: dict[int, int] = {}
        self.count = 0
        self.largest = 0.0

    def add(self, milliseconds: float) -> None:
        """Count one duration; negative ones count as zero."""
        self.count += 1
        self.largest = max(self.largest, milliseconds)
        self._few.append(max(milliseconds, 0.0))
        if len(self._few) > FEW:
            self._into_buckets()

    def _into_buckets(self) -> None:
        """Once there are too many, each comes into its bucket; many at a time, as that costs least."""
        for bucket in buckets_of(self._few):
            self._buckets[bucket] = self._buckets.get(bucket, 0) + 1
        self._few = []

    def add_many(self, buckets: dict[int, int], largest: float) -> None:
        """Count durations of which only the buckets are known: bucket → how many. More than `FEW` in all.

        Args:
            largest: The largest of them.
        """
        for bucket, count in buckets.items():
            self._buckets[bucket] = self._buckets.get(bucket, 0) + count
            self.count += count
        self.largest = max(self.largest, largest)
        self._into_buckets()

    def merge(self, other: Latencies) -> None:
        """Count what another one has counted."""
        self._few += other._few
        self.count += len(other._few)
        if other._buckets:
            self.add_many(other._buckets, other.largest)
        self.largest = max(self.largest, other.largest)
        if len(self._few) > FEW:
            self._into_buckets()

    def percentile(self, share: float) -> float | None:
        """Return the duration that `share` (0 to 1) of them do not exceed; None if there are none.

        By the nearest-rank method; within one per cent once there are more than a few thousand.
        """
        if not self.count:
            return None
        rank = max(1, -int(-share * self.count // 1))
        if not self._buckets:
            return sorted(self._few)[rank - 1]
        self._into_buckets()
        seen = 0
        for bucket in sorted(self._buckets):
            seen += self._buckets[bucket]
            if seen >= rank:
                return min(_GROWTH**bucket - 1, self.largest)
        return self.largest


class Group:
    """What belongs to one value: records, calls, errors, refusals, latencies."""

    __slots__ = ("calls", "errors", "latencies", "records", "refused")

    def __init__(self) -> None:
        self.records = 0
        self.calls = 0
        self.errors = 0
        self.refused = 0
        self.latencies = Latencies()

    def add(self, content: dict[str, object]) -> None:
        """Count one record."""
        self.count(*measured(content))

    def count(self, error: bool, refused: bool, call: bool, latency: float | None) -> None:
        """Count one record of which `measured` said this."""
        self.records += 1
        self.errors += error
        self.refused += refused
        self.calls += call
        if latency is not None:
            self.latencies.add(latency)

    def merge(self, other: Group) -> None:
        """Count what another one has counted."""
        self.records += other.records
        self.errors += other.errors
        self.refused += other.refused
        self.calls += other.calls
        self.latencies.merge(other.latencies)


def measured(content: dict[str, object]) -> tuple[bool, bool, bool, float | None]:
    """Return what a record counts as: an error, a refusal, a call; and how long that took, if it says."""
    status = fields.text(content, "action.result_status")
    error, refused = status in ERRORS, status in REFUSED
    if fields.text(content, "action.phase") == "start":
        return error, refused, False, None  # its end is counted
    # A question about a call names its tool, too, and is no call.
    call = bool(fields.text(content, "action.tool")) and fields.text(content, "action.type") != "approval"
    return error, refused, call, latency_of(content)


def latency_of(content: dict[str, object]) -> float | None:
    """Return the latency of a record in milliseconds; None if it names none that can be counted."""
    latency = fields.get(content, "action.latency_ms")
    if isinstance(latency, (int, float)) and not isinstance(latency, bool) and -MOST < latency < MOST:
        return float(latency)
    return None


def bucket_of(milliseconds: float) -> int:
    """Return the number of the bucket, one per cent wide, that a duration falls into: at most 3,471."""
    return buckets_of([milliseconds])[0]


def buckets_of(milliseconds: list[float]) -> list[int]:
    """Return the number of the bucket of each of several durations."""
    from math import log

    width = log(_GROWTH)
    return [round(log(each + 1) / width) if each > 0 else 0 for each in milliseconds]


_WIDTHS = tuple(
    times.SECOND * seconds
    for seconds in (1, 5, 15, 60, 300, 900, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 86400, 7 * 86400, 28 * 86400)
)


class Histogram:
    """How many records in which stretch of time. The stretches widen whenever there would be too many."""

    __slots__ = ("bars", "width")

    def __init__(self) -> None:
        self.width = _WIDTHS[0]
        self.bars: dict[int, int] = {}

    def add(self, moment: int) -> None:
        """Count one moment, microseconds since the epoch."""
        bar = moment // self.width
        self.bars[bar] = self.bars.get(bar, 0) + 1
        while len(self.bars) > _MOST_BARS:
            self._widen()

    def merge(self, other: Histogram) -> None:
        """Count what another one has counted, which may be widened by that."""
        while self.width < other.width:
            self._widen()
        while other.width < self.width:
            other._widen()
        for bar, count in other.bars.items():
            self.bars[bar] = self.bars.get(bar, 0) + count
        while len(self.bars) > _MOST_BARS:
            self._widen()

    def _widen(self) -> None:
        wider = next((width for width in _WIDTHS if width > self.width), self.width * 2)
        times_wider = wider // self.width
        bars: dict[int, int] = {}
        for bar, count in self.bars.items():
            bars[bar // times_wider] = bars.get(bar // times_wider, 0) + count
        self.bars = bars
        self.width = wider

    def rows(self, most: int) -> list[tuple[int, int]]:
        """Return at most `most` (begin, count) from the first to the last, empty stretches included."""
        if not self.bars:
            return []
        while max(self.bars) - min(self.bars) + 1 > most:
            self._widen()
        return [(bar * self.width, self.bars.get(bar, 0)) for bar in range(min(self.bars), max(self.bars) + 1)]


class Statistics:
    """Everything `stats` says, counted record by record.

    Args:
        by: Dotted paths whose values are told apart; without any, the usual ones.
        part: Of what is counted in parts, to be merged: however many values there are, none becomes `(other)` yet.
    """

    USUAL = ("user.id", "agent.id", "action.tool", "action.type", "action.result_status")

    def __init__(self, by: tuple[str, ...] = (), *, part: bool = False) -> None:
        self._most = 1 << 62 if part else MOST_VALUES
        self.all = Group()
        self.groups: dict[str, dict[str, Group]] = {path: {} for path in by or self.USUAL}
        self.beyond: dict[str, int] = {}  # path → how many values there are besides those groups
        self.histogram = Histogram()
        self.first: str | None = None
        self.last: str | None = None
        self._first = self._last = 0
        self.distinct: dict[str, set[int]] = {"sessions": set(), "traces": set()}
        self.approvals: dict[str, int] = {}
        self.shapes: dict[str, int] = {}

    def add(self, content: dict[str, object], shape: str) -> None:
        """Count one record."""
        counted = measured(content)
        self.all.count(*counted)
        self.shapes[shape] = self.shapes.get(shape, 0) + 1
        for path, groups in self.groups.items():
            for value in values(content, path):
                self._group(groups, value).count(*counted)
        self._time(content.get("timestamp"))
        for name, path in (("sessions", "session_id"), ("traces", "trace_id")):
            found = content.get(path)
            seen = self.distinct[name]
            if isinstance(found, str) and len(seen) < MOST_VALUES:
                seen.add(hash(found))
        self._approval(content)

    def merge(self, other: Statistics) -> None:
        """Count what was counted of the records that follow, by the same paths."""
        self.all.merge(other.all)
        for path, groups in self.groups.items():
            for value, group in other.groups[path].items():
                self._group(groups, value).merge(group)
        self.histogram.merge(other.histogram)
        self._between(other.first, other._first)
        self._between(other.last, other._last)
        for name, seen in self.distinct.items():
            seen.update(islice(other.distinct[name] - seen, MOST_VALUES - len(seen)))
        for mine, theirs in ((self.approvals, other.approvals), (self.shapes, other.shapes)):
            for word, count in theirs.items():
                mine[word] = mine.get(word, 0) + count

    def _group(self, groups: dict[str, Group], value: str) -> Group:
        group = groups.get(value)
        if group is None:
            group = groups.setdefault(value if len(groups) < self._most else OTHER, Group())
        return group

    def _time(self, text: object) -> None:
        moment = times.parse(text)
        if moment is None:
            return
        assert isinstance(text, str)
        self.histogram.add(moment)
        self._between(text, moment)

    def _between(self, text: str | None, moment: int) -> None:
        """Widen the time from the first to the last record."""
        if text is None:
            return
        if self.first is None or moment < self._first:
            self.first, self._first = text, moment
        if self.last is None or moment > self._last:
            self.last, self._last = text, moment

    def _approval(self, content: dict[str, object]) -> None:
        if fields.text(content, "action.type") == "approval":
            word = f"approval {fields.text(content, 'approval.status') or 'unknown'}"
        else:
            word = fields.text(content, "authorization.session_type") or "not stated"
        self.approvals[word] = self.approvals.get(word, 0) + 1

    def many(self, name: str) -> str:
        """Return how many different `sessions` or `traces` there are, as far as they were counted."""
        count = len(self.distinct[name])
        return f"{count:,}" if count < MOST_VALUES else f"{count:,} or more"


def values(content: dict[str, object], path: str) -> list[str]:
    """Return the values at `path` under which a record is counted; `NONE` where there is none."""
    value = fields.get(content, path)
    if value is fields.MISSING or value is None or value == []:
        return [NONE]
    if isinstance(value, list):
        return list(dict.fromkeys(_text(each) for each in value))
    return [_text(value)]


def _text(value: object) -> str:
    if isinstance(value, str):
        return value or NONE
    if fields.is_hole(value):
        return "[withheld]"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, (dict, list)):
        import json

        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    return str(value)
