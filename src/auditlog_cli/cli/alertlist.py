"""Alerts as a list, one of them in full, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from auditlog_cli import times
from auditlog_cli.renderers import safe

if TYPE_CHECKING:
    from auditlog_cli.alerting.states import Alert
    from auditlog_cli.renderers.text import Style

_COLOURS = {"open": "error", "acknowledged": "denied", "resolved": "dim"}
_DIGITS = 12
_NAMES = ("record_id", "session_id", "trace_id", "agent", "owner", "user")


def table(alerts: Sequence[Alert], style: Style) -> Iterator[str]:
    """Yield a list of alerts: fingerprint, state, since when, severity, rule, place, who.

    One a line, or a few lines each where the terminal is too narrow for that.
    """
    if not alerts:
        yield "no alerts"
        return
    rows = [
        (
            each.fingerprint.removeprefix("sha256:")[:_DIGITS],
            each.state,
            times.render(each.since)[:16].replace("T", " "),
            str(each.finding.get("severity", "")),
            str(each.finding.get("rule", "")),
            _where(each),
            each.by,
        )
        for each in alerts
    ]
    head = ("alert", "state", "since (UTC)", "severity", "rule", "where", "by")
    shown = [tuple(safe.one_line(cell) for cell in row) for row in rows]
    widths = [max(safe.width(row[place]) for row in (head, *shown)) for place in range(len(head))]
    if style.columns and sum(widths) + 2 * (len(widths) - 1) > style.columns:
        for row, alert in zip(shown, alerts, strict=True):
            yield from _listed(row, _COLOURS[alert.state], style)
        return
    yield style.paint(_row(head, widths), "dim")
    for row, alert in zip(shown, alerts, strict=True):
        yield style.paint(_row(row, widths), _COLOURS[alert.state])


def whole(alert: Alert, style: Style) -> Iterator[str]:
    """Yield everything that is known of an alert."""
    finding = alert.finding
    told = [f"{alert.fingerprint}", f"{alert.state} since {_time(alert.since)}, opened {_time(alert.opened)}"]
    if alert.reopened:
        times_ = "once" if alert.reopened == 1 else f"{alert.reopened} times"
        told.append(f"came back {times_}; opened first {_time(alert.first)}")
    if alert.by:
        told.append(f"{alert.outcome or alert.state} by {alert.by}: {alert.why}")
    for each in finding.get("rules") or [finding]:
        clauses = ", ".join(map(str, each.get("clauses") or ()))
        told.append(f"rule {each.get('rule', '')} of {each.get('pack', '')}: {clauses}")
    said = finding.get("message") or finding.get("title", "")
    told += [
        f"{finding.get('severity', '')} {finding.get('kind', '')}: {said}",
        f"where: {_where(alert)}{_at(finding)}",
    ]
    record = finding.get("record") or {}
    named = [f"{name} {record[name]}" for name in _NAMES if name in record]
    told += [", ".join(named)] if named else []
    told += [f"help: {finding['fix']}"] if finding.get("fix") else []
    for channel, count, status in _deliveries(alert):
        told.append(f"{channel}: {count} {'attempt' if count == 1 else 'attempts'}, {status}")
    yield style.paint(safe.one_line(told[0]), "call")
    for text in told[1:]:
        yield from _wrapped(safe.one_line(text), style)


def rendered(alerts: Sequence[Alert], *, lines: bool) -> bytes:
    """Return alerts as JSON: one object with all, or one a line."""
    from json import dumps

    made = [as_object(each) for each in alerts]
    if lines:
        texts = (dumps(each, ensure_ascii=True, separators=(",", ":"), default=str) for each in made)
        return "".join(f"{each}\n" for each in texts).encode()
    return (dumps({"alerts": made}, ensure_ascii=True, indent=1, default=str) + "\n").encode()


def as_object(alert: Alert) -> dict[str, Any]:
    """Return an alert as JSON can hold it; times are RFC 3339."""
    made: dict[str, Any] = {
        "fingerprint": alert.fingerprint,
        "state": alert.state,
        "since": times.render(alert.since),
        "opened": times.render(alert.opened),
        "reopened": alert.reopened,
    }
    made |= {name: value for name in ("by", "why", "outcome") if (value := getattr(alert, name))}
    made["deliveries"] = [
        {"channel": channel, "attempts": count, "status": status} for channel, count, status in _deliveries(alert)
    ]
    return made | {"finding": dict(alert.finding)}


def _deliveries(alert: Alert) -> Iterator[tuple[str, int, str]]:
    """Yield each channel that was told, or is to be told, how often that was tried, and what came of it."""
    for channel in (*alert.attempts, *sorted(alert.owed - alert.attempts.keys())):
        # Nobody is told of what is resolved; a file of events takes all that was found.
        left = "not told" if alert.state == "resolved" and channel != "events" else "open"
        yield channel, alert.attempts.get(channel, 0), alert.told.get(channel, left)


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(safe.fill(cell, width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _listed(row: Sequence[str], colour: str, style: Style) -> Iterator[str]:
    name, state, since, severity, rule, where, by = row
    yield style.paint("  ".join(filter(None, (name, severity, rule))), colour)
    yield from _wrapped(f"{state} since {since} UTC" + (f" by {by}" if by else ""), style)
    if where:
        yield from _wrapped(where, style)


def _wrapped(text: str, style: Style) -> Iterator[str]:
    """Yield a text below its heading, in the width of the terminal; what has no blank stays whole, to be copied."""
    lines = safe.wrapped(text, style.columns - 2, "  ") if style.columns else [text]
    return (f"  {line}".rstrip() for line in lines)


def _where(alert: Alert) -> str:
    record = alert.finding.get("record") or {}
    line = record.get("line")
    return f"{record.get('source', '')}:{line}" if line else str(record.get("source", ""))


def _at(finding: Any) -> str:
    pointer = (finding.get("at") or {}).get("pointer", "")
    entity = finding.get("entity", "")
    return "".join(f"  {text}" for text in (pointer, entity) if text)


def _time(micros: int) -> str:
    return f"{times.render(micros)[:19].replace('T', ' ')} UTC"
