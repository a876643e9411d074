"""OTLP over HTTP: exports of spans and of log records, in JSON and in protobuf; answered in the same encoding.

OpenTelemetry Protocol 1.x, "OTLP/HTTP". An export is taken whole or not at all: `partialSuccess` is never said.
"""

from __future__ import annotations

from typing import Any

from auditlog_cli.importers import _protobuf
from auditlog_cli.importers._drafts import span_id, trace_id
from auditlog_cli.serving import bodies, translating
from auditlog_cli.serving.refusals import Refused, invalid

Content = dict[str, Any]
KINDS = (bodies.JSON, bodies.PROTOBUF)
EXTRA = "pip install 'auditlog-cli[serve]'"
SPANS, LOGS = _protobuf.SPANS, _protobuf.LOGS
_INNER = {SPANS: (("scopeSpans", "instrumentationLibrarySpans"), "spans"), LOGS: (("scopeLogs",), "logRecords")}
_STATUS_INVALID, _STATUS_OTHER = 3, 2  # google.rpc.Code: INVALID_ARGUMENT, UNKNOWN


def records(kind: str, signal: str, data: bytes) -> list[Content]:
    """Return the records of an export.

    Args:
        kind: The media type of the request.
        signal: `resourceSpans` or `resourceLogs`.
        data: The body, unpacked.

    Raises:
        Refused: 400 if anything in it is not as the protocol says, 415 for protobuf without the extra.
    """
    export = bodies.json(data) if kind == bodies.JSON else _decoded(signal, data)
    if not isinstance(export, dict):
        raise invalid("an export must be an object")
    _judge(export, signal)
    return translating.records("otlp", export, data)


def answer(kind: str) -> bytes:
    """Return the answer to an export that was written: an empty message."""
    return b"{}" if kind == bodies.JSON else b""


def refusal(error: Refused) -> bytes:
    """Return a refusal as `google.rpc.Status` in protobuf: field 1 the code, field 2 the message."""
    code = _STATUS_INVALID if error.status < 500 else _STATUS_OTHER
    text = error.message.encode()[:127]  # a length that fits one byte
    return bytes((0x08, code, 0x12, len(text))) + text


def _decoded(signal: str, data: bytes) -> object:
    try:
        return _protobuf.export(data, signal)
    except ImportError:
        raise Refused(
            415, "unsupported_media_type", f"protobuf needs the package opentelemetry-proto on the server: {EXTRA}"
        ) from None
    except ValueError:
        raise Refused(400, "invalid_protobuf", "the body is not the protobuf message of this route") from None


def _judge(export: Content, signal: str) -> None:
    """Refuse what the importer would have to pass over."""
    outer = _snake(signal)
    if signal not in export and outer not in export and export:
        raise invalid(f"an export has the member {signal}")
    groups, inner = _INNER[signal]
    for resource in _objects(export, (signal, outer), signal):
        for group in _objects(resource, tuple(each for name in groups for each in (name, _snake(name))), groups[0]):
            for unit in _objects(group, (inner, _snake(inner)), inner):
                if signal == SPANS:
                    _judge_span(unit)


def _judge_span(span: Content) -> None:
    for name, made, lengths in (("traceId", trace_id, (32, 24)), ("spanId", span_id, (16, 12))):
        given = span.get(name, span.get(_snake(name)))
        if not isinstance(given, str) or len(given) not in lengths or not made("otlp", given):
            raise invalid(f"a span has no valid {name}")
    for name in ("attributes", "events"):
        if not isinstance(span.get(name), list | None):
            raise invalid(f"a span's {name} must be a list")


def _objects(holder: Content, names: tuple[str, ...], what: str) -> list[Content]:
    found: list[Content] = []
    for name in names:
        held = holder.get(name)
        if held is None:
            continue
        if not isinstance(held, list) or not all(isinstance(each, dict) for each in held):
            raise invalid(f"{what} must be a list of objects")
        found += held
    return found


def _snake(name: str) -> str:
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in name)
