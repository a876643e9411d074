"""Statistics as a person reads them, and as rows."""

from __future__ import annotations

from auditlog_cli import times
from auditlog_cli.renderers import safe, words
from auditlog_cli.renderers.style import Style
from auditlog_cli.statistics import NONE, OTHER, STATUSES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditlog_cli.statistics import Group, Statistics

_COLUMNS = ("by", "value", "records", "calls", "errors", "denied", "p50_ms", "p95_ms", "p99_ms", "max_ms")
_KNOWN = frozenset((*STATUSES, NONE, OTHER, words.WITHHELD))
_BARS = 36
_LEAST = 12  # columns that a value is still told by
_BLOCKS = " ▏▎▍▌▋▊▉█"


def rows(found: Statistics, top: int) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    """Return the columns and one row per value, most frequent first, at most `top` of each path (0: all)."""
    out: list[tuple[object, ...]] = []
    for path in found.groups:
        for value, group in _ranked(found.groups[path], top):
            latencies = group.latencies
            marks = [latencies.percentile(share) for share in (0.5, 0.95, 0.99)]
            rounded = [None if mark is None else round(mark, 3) for mark in marks]
            largest = round(latencies.largest, 3) if latencies.count else None
            out.append((path, value, group.records, group.calls, group.errors, group.refused, *rounded, largest))
    return _COLUMNS, out


def _ranked(groups: dict[str, Group], top: int) -> list[tuple[str, Group]]:
    ranked = sorted(groups.items(), key=lambda entry: (-entry[1].records, entry[0]))
    return ranked[:top] if top > 0 else ranked


def lines(found: Statistics, top: int, style: Style, *, tables_only: bool = False) -> Iterator[str]:
    """Yield the summary line by line."""
    if not tables_only:
        yield from _overview(found, style)
        yield from _over_time(found, style)
    for number, path in enumerate(found.groups):
        if number or not tables_only:
            yield ""
        yield from _table(path, found.groups[path], found.beyond.get(path, 0), top, style)


def _overview(found: Statistics, style: Style) -> Iterator[str]:
    total = found.all
    facts = [("records", f"{total.records:,}"), ("sessions", found.many("sessions")), ("traces", found.many("traces"))]
    facts += [("calls", f"{total.calls:,}"), ("errors", _share(total.errors, total.records))]
    facts.append(("denied", _share(total.refused, total.records)))
    strange = [each for each in _ranked(found.groups.get("action.result_status", {}), 0) if each[0] not in _KNOWN]
    if strange:
        told = ", ".join(f"{safe.one_line(word)} {group.records:,}" for word, group in strange)
        facts.append(("neither", f"{told}, statuses that auditlog.record/1 does not know"))
    if found.first and found.last:
        facts.append(("from", safe.one_line(found.first)))
        facts.append(("to", safe.one_line(found.last)))
    latencies = total.latencies
    if latencies.count:
        marks = ((0.5, "p50"), (0.95, "p95"), (0.99, "p99"))
        shown = [f"{name} {words.milliseconds(latencies.percentile(share) or 0.0)}" for share, name in marks]
        facts.append(("latency", ", ".join([*shown, f"max {words.milliseconds(latencies.largest)}"])))
    approvals = sorted(found.approvals.items(), key=lambda entry: -entry[1])
    facts.append(("approval", ", ".join(f"{safe.one_line(name)} {count:,}" for name, count in approvals) or "-"))
    if set(found.shapes) != {"auditlog"}:
        facts.append(("shapes", ", ".join(f"{name} {count:,}" for name, count in sorted(found.shapes.items()))))
    for name, value in facts:
        begun, *more = _in_room(style.glyphs(value), max(style.columns - 10, 20), "…" if style.unicode else "...")
        yield f"{style.paint(f'{name:<10}', 'dim')}{begun}".rstrip()
        yield from (" " * 10 + line for line in more)


def _in_room(value: str, room: int, ellipsis: str) -> list[str]:
    """A list of facts in as many lines as it takes; only what is wider than a line is cut."""
    lines = [""]
    for fact in (safe.clip(each, room, ellipsis) for each in value.split(", ")):
        if lines[-1] and safe.width(lines[-1]) + safe.width(fact) + 3 > room:
            lines[-1] += ","
            lines.append(fact)
        else:
            lines[-1] += (", " if lines[-1] else "") + fact
    return lines


def _share(part: int, whole: int) -> str:
    return f"{part:,} ({100 * part / whole:.1f} %)" if whole else "0"


def _over_time(found: Statistics, style: Style) -> Iterator[str]:
    bars = found.histogram.rows(_BARS)
    if len(bars) < 2:
        return
    most = max(count for _, count in bars)
    room = max(min(style.columns - 32, 50), 5)
    yield ""
    for begin, count in bars:
        when = times.render(begin)[:19].replace("T", " ")
        yield f"{style.paint(when, 'time')}  {_bar(count / most, room, style)} {count:,}"


def _bar(share: float, room: int, style: Style) -> str:
    if not style.unicode:
        return "#" * round(share * room)
    eighths = round(share * room * 8)
    rest = _BLOCKS[eighths % 8].strip()
    return _BLOCKS[8] * (eighths // 8) + rest


def _table(path: str, groups: dict[str, Group], beyond: int, top: int, style: Style) -> Iterator[str]:
    shown = _ranked(groups, top)
    header = (path, "records", "calls", "errors", "denied", "p50", "p95")
    body = []
    for value, group in shown:
        latencies = group.latencies
        marks = [latencies.percentile(share) for share in (0.5, 0.95)]
        texts = ["" if mark is None else words.milliseconds(mark) for mark in marks]
        body.append(
            (style.glyphs(safe.one_line(value)), f"{group.records:,}", f"{group.calls:,}", f"{group.errors:,}",
             f"{group.refused:,}", *texts)
        )  # fmt: skip
    rest = [max(len(row[place]) for row in (header, *body)) for place in range(1, len(header))]
    while len(rest) > 1 and sum(rest) + 2 * len(rest) + _LEAST > style.columns:
        rest.pop()  # a narrow terminal shows what stands further left
    used = sum(rest) + 2 * len(rest)
    first = min(max([safe.width(row[0]) for row in body] + [len(path)]), max(style.columns - used, _LEAST))
    yield style.paint(_row(header, first, rest, style), "call")
    for row in body:
        yield _row(row, first, rest, style)
    more = len(groups) - len(shown) + beyond
    if more:
        yield style.paint(f"and {more:,} more (--top 0 shows all)", "dim")


def _row(row: tuple[str, ...], first: int, rest: list[int], style: Style) -> str:
    left = safe.fill(safe.clip(row[0], first, "…" if style.unicode else "..."), first)
    return "  ".join([left, *(cell.rjust(width) for cell, width in zip(row[1:], rest, strict=False))]).rstrip()
