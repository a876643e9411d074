"""ArcSight's Common Event Format, one event a line; over the network inside of syslog (frameworks.md, 10.4)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from auditlog_cli import fields
from auditlog_cli._version import __version__
from auditlog_cli.controls import escapes
from auditlog_cli.exporters import Entry, Piece, Settings, Source
from auditlog_cli.exporters._envelope import (
    Losses,
    Row,
    actors,
    as_text,
    error,
    holes,
    kind,
    millis,
    one_line,
    outcome,
    rest,
    row,
)  # fmt: skip
from auditlog_cli.exporters.syslog import header

HINT = "CEF: an event a line, or in syslog to a receiver with --endpoint"
FOLDER = False
SEALED = False
MESSAGES = True

_SEVERITIES = {"success": 3, "unknown": 3, "denied": 6, "failure": 8}
_CUT = "...[cut]"
_LONGEST = {"act": 63, "outcome": 63, "externalId": 40, "sproc": 1023, "suser": 1023, "suid": 1023, "duser": 1023,
            "reason": 1023, "msg": 1023, "dvchost": 100}  # fmt: skip
_CUSTOM = 4000
_HELD = frozenset((
    "timestamp", "record_id", "session_id", "trace_id", "span_id", "user", "agent", "authorization", "action",
    "delegation_chain", "approval", "seq", "source",
))  # fmt: skip
"""Members of which CEF has a key for at least the most important part."""


def export(source: Source, settings: Settings) -> Iterator[Piece]:
    """Yield one event for each record, ended by LF, with the header of syslog in front if it goes to a receiver."""
    losses = Losses()
    for entry in source.entries:
        found = row(entry)
        event = _event(entry, found, losses)
        if settings.over_syslog:
            event = f"{header(found, entry)} - {event}"
        yield Piece("", f"{event}\n".encode("utf-8", "backslashreplace"))
    losses.tell(settings.say)


def _event(entry: Entry, found: Row, losses: Losses) -> str:
    content = entry.content
    name = kind(content) or "record"
    title = f"{name} {found.tool}" if found.tool else name
    severity = _SEVERITIES[outcome(content)]
    parts = []
    cut = False
    for key, text in _extension(content, found):
        longest = _LONGEST.get(key, _CUSTOM)
        if len(text) > longest:
            text, cut = text[: longest - len(_CUT)] + _CUT, True
        parts.append(f"{key}={_value(text)}")
    if cut:
        losses.add(f"a value is longer than CEF allows and ends in {_CUT}")
    if rest(content, _HELD):
        losses.add("members that CEF has no key for (prompts, evidence, metadata, …) are not in the event")
    head = "|".join(map(_head, (name, title)))
    return f"CEF:0|auditlog|auditlog|{__version__}|{head}|{severity}|{' '.join(parts)}"


def _extension(content: dict[str, object], found: Row) -> Iterator[tuple[str, str]]:
    at = None if found.timestamp is None else found.timestamp // 1000
    took = millis(content)
    simple: list[tuple[str, object]] = [
        ("rt", at),
        ("start", at if found.phase != "end" and took is not None else None),
        ("end", None if at is None else at if found.phase == "end" else None if took is None else at + took),
        ("externalId", found.record_id),
        ("suid", found.user_id),
        ("suser", fields.text(content, "user.name") or fields.text(content, "user.email")),
        ("duser", found.approved_by),
        ("sproc", found.agent_id),
        ("act", found.tool),
        ("outcome", found.result_status),
        ("reason", error(content)),
        ("dvchost", fields.text(content, "source.host")),
        ("msg", _shown(fields.get(content, "action.result"))),
    ]
    yield from ((key, str(value)) for key, value in simple if value not in (None, ""))
    custom = [
        ("cs1", "traceId", found.trace_id),
        ("cs2", "sessionId", found.session_id),
        ("cs3", "scopes", " ".join(found.scopes or ())),
        ("cs4", "arguments", _shown(fields.get(content, "action.arguments"))),
        ("cs5", "delegation", " > ".join(actors(content))),
        ("cs6", "leaf", found.leaf),
        ("cn1", "seq", None if found.seq is None else str(found.seq)),
        ("flexString1", "withheld", " ".join(holes(content))),
        ("flexString2", "spanId", found.span_id),
    ]
    for key, label, text in custom:
        if text:
            yield f"{key}Label", label
            yield key, text


def _shown(value: object) -> str:
    return "" if fields.is_hole(value) else as_text(value)


def _head(text: str) -> str:
    return one_line(text).replace("\\", "\\\\").replace("|", "\\|")


def _value(text: str) -> str:
    """A value of the extension: `\\`, `=` and line ends escaped as CEF does it, other control characters by us."""
    if not (text.isascii() and text.isprintable()):
        text = text.translate(_others())
    text = text.replace("\\", "\\\\").replace("=", "\\=")
    return text.replace("\n", "\\n").replace("\r", "\\r")


@cache
def _others() -> dict[int, str]:
    return {code: escape for code, escape in escapes().items() if code not in (0x0A, 0x0D)}
