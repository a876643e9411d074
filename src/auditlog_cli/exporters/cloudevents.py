"""CloudEvents 1.0 in JSON, structured mode: one event a line."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from urllib.parse import quote

from auditlog_cli import times
from auditlog_cli.exporters import Entry, Piece, Settings, Source
from auditlog_cli.exporters._envelope import Losses, as_json, rest, row
from auditlog_cli.importers._drafts import span_id, trace_id

HINT = "CloudEvents 1.0: one event in JSON a line, the record in its data"
FOLDER = False
SEALED = False

_FAMILY = "auditlog"


def export(source: Source, settings: Settings) -> Iterator[Piece]:
    """Yield one event for each record. `traceparent` has the ids of the record in the form of the W3C; `data` as
    they are.
    """
    losses = Losses()
    origin = quote(source.origin, safe="/:@!$&'()*+,;=~-._") or "auditlog"
    for entry in source.entries:
        yield Piece("", as_json(_event(entry, origin, losses)).encode() + b"\n")
    losses.tell(settings.say)


def _event(entry: Entry, origin: str, losses: Losses) -> dict[str, object]:
    found = row(entry)
    made: dict[str, object] = {
        "specversion": "1.0",
        "id": found.record_id or sha256(entry.line).hexdigest(),
        "source": origin,
        "type": f"dev.auditlog.{found.action_type or 'record'}.v1",
        "datacontenttype": "application/json",
    }
    if not found.record_id:
        losses.add("no record_id, so the id of the event is the SHA-256 of the line")
    if found.timestamp is not None:
        made["time"] = times.render(found.timestamp)
    if found.session_id:
        made["subject"] = found.session_id
    trace, span = trace_id(_FAMILY, found.trace_id), span_id(_FAMILY, found.span_id)
    if trace and span:
        made["traceparent"] = f"00-{trace}-{span}-00"
    if found.seq is not None:
        made["sequence"] = str(found.seq)
        made["sequencetype"] = "Integer"
    return made | {"data": rest(entry.content, ())}
