"""OpenTelemetry log records: one for each record, with all of it in the body, so that it comes back whole.

The way back is `importers/otlp`. What belongs to the place in the log only (`_salts`) stays behind; what was withheld
goes as the hole that it is.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditlog_cli.exporters import Entry, Piece, Settings, Source, _otlp

HINT = "OTLP: a log record for each record, with all of it (JSON lines, or protobuf)"
FOLDER = False
SEALED = False
SIGNAL = _otlp.LOGS


def export(source: Source, settings: Settings) -> Iterator[Piece]:
    """Yield requests, each as a line of JSON or as a message of protobuf.

    Raises:
        UsageError: If protobuf is wanted, and nothing here writes it.
    """
    return _otlp.pieces(SIGNAL, source.origin, map(log_record, source.entries), settings)


def log_record(entry: Entry) -> _otlp.Json:
    """Return the log record of one record, in OTLP's JSON form."""
    content: _otlp.Json = {name: value for name, value in entry.content.items() if name != "_salts"}
    action = _otlp.block(content, "action")
    number, word = _otlp.severity(action.get("result_status"))
    held, texts = _otlp.body(content)
    said = _otlp.about(content)
    said["auditlog.record.leaf"] = entry.leaf.hex() or None
    said[_otlp.TEXTS] = texts or None
    at = _otlp.nanoseconds(_otlp.when(content))
    made = {"timeUnixNano": at, "observedTimeUnixNano": at} if at is not None else {}
    return made | {
        "severityNumber": number,
        "severityText": word,
        "eventName": f"auditlog.{event(content)}",
        "body": held,
        "attributes": _otlp.attributes(said),
        **_otlp.ids(content),
    }


def event(content: _otlp.Json) -> str:
    """Return what the record is about: the type of its action, or `log.` and the type of a record of the log's own."""
    own = content.get("auditlog")
    if isinstance(own, dict):
        return f"log.{_otlp.text(own, 'type') or 'record'}"
    return _otlp.text(_otlp.block(content, "action"), "type") or "record"
