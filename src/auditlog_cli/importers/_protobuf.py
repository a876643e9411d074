"""OTLP in protobuf: an export of spans or of log records becomes what it would be in JSON.

Message: `ExportTraceServiceRequest`, `ExportLogsServiceRequest` (OpenTelemetry Protocol 1.x); `TracesData` and
`LogsData`, which a file holds, have the same fields. Needs `opentelemetry-proto` (`auditlog-cli[otlp]`).
"""

from __future__ import annotations

from typing import Any

from auditlog_cli.importers._drafts import Content

SPANS, LOGS = "resourceSpans", "resourceLogs"
_FIELD_1 = 0x0A  # field 1, length-delimited: resource_spans, resource_logs
_INNER = (b"\x0a", b"\x12")  # resource; scope_spans, scope_logs
_TRACE, _SPAN = 16, 8


def may_be(head: bytes) -> bool:
    """Tell whether a file that begins like this may be an export: False is certain."""
    if head[:1] != b"\n":
        return False
    length, begin = _varint(head, 1)
    return length > 0 and head[begin : begin + 1] in _INNER


def is_export(data: bytes) -> bool:
    """Tell whether the bytes are framed as an export: fields 1 from the first byte to the last."""
    place = 0
    while place < len(data):
        if data[place] != _FIELD_1:
            return False
        length, begin = _varint(data, place + 1)
        place = begin + length
        if length < 0 or place > len(data):
            return False
    return may_be(data)


def _varint(data: bytes, place: int) -> tuple[int, int]:
    """Return a length, and where what it measures begins; -1 if there is none."""
    value = shift = 0
    while place < len(data) and shift < 35:
        byte = data[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return value, place
    return -1, place


def export(data: bytes, signal: str | None = None) -> Content:
    """Return an export as `MessageToDict` writes it: lowerCamelCase, ids in base64.

    Args:
        data: The message.
        signal: `resourceSpans` or `resourceLogs`; None: told from the message.

    Raises:
        ImportError: Without `opentelemetry-proto`.
        ValueError: If it is no such message.
    """
    from google.protobuf.json_format import MessageToDict
    from google.protobuf.message import DecodeError
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    for name, kind in ((SPANS, ExportTraceServiceRequest), (LOGS, ExportLogsServiceRequest)):
        if signal not in (None, name):
            continue
        message = kind()
        try:
            message.ParseFromString(data)
            if signal is not None or _fits(name, message):
                found: Content = MessageToDict(message)
                return found
        except (DecodeError, RecursionError) as error:
            if signal is not None:
                raise ValueError(str(error)) from error
    raise ValueError("neither spans nor log records")


def _fits(signal: str, message: Any) -> bool:
    """Tell whether a message is of this signal: parsed as the other one, its fields are passed over."""
    if signal == SPANS:
        spans = [span for outer in message.resource_spans for group in outer.scope_spans for span in group.spans]
        return bool(spans) and all(len(each.trace_id) == _TRACE and len(each.span_id) == _SPAN for each in spans)
    logs = [log for outer in message.resource_logs for group in outer.scope_logs for log in group.log_records]
    return any(each.time_unix_nano or each.observed_time_unix_nano or each.HasField("body") for each in logs)
