"""Answers: JSON, and refusals in the encoding of the request."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

import orjson
from starlette.responses import Response

from auditlog_cli.serving import bodies, otlp
from auditlog_cli.serving.refusals import Refused

Content = dict[str, Any]

COLUMNS = ("id", "createdAt", "agentId", "action", "prompt", "response", "metadata", "complianceFlags",
           "enforcementAction", "traceId", "parentSpanId")  # fmt: skip


def dumped(value: object) -> bytes:
    """Return a value as JSON; a number of any length stays a number."""
    try:
        return orjson.dumps(value)
    except TypeError:  # beyond 64 bits
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str).encode()


def said(value: object, status: int = 200) -> Response:
    """Return an answer in JSON."""
    return Response(dumped(value), status, media_type=bodies.JSON)


def refusal(error: Refused, content_type: str, request_id: str) -> Response:
    """Return what a refused request is answered.

    Args:
        error: Why.
        content_type: Of the request: protobuf is answered in protobuf.
        request_id: Given back, for who looks for it.
    """
    kind = content_type.partition(";")[0].strip().lower()
    headers = {**error.headers, "X-Request-Id": request_id}
    if kind == bodies.PROTOBUF:
        return Response(otlp.refusal(error), error.status, headers, media_type=kind)
    told = {"error": error.message, "code": error.code, "requestId": request_id}
    return Response(dumped(told), error.status, headers, media_type=bodies.JSON)


def as_json(entries: Iterable[Content]) -> Iterator[bytes]:
    """Yield an array of entries, piece by piece."""
    before = b"["
    for entry in entries:
        yield before + dumped(entry)
        before = b",\n"
    yield b"]\n" if before != b"[" else b"[]\n"


def as_csv(entries: Iterable[Content]) -> Iterator[bytes]:
    """Yield entries as CSV (RFC 4180), every cell quoted; what is no text as JSON."""
    yield _row(COLUMNS)
    for entry in entries:
        yield _row(_cell(entry[name]) for name in COLUMNS)


def _row(cells: Iterable[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerow(list(cells))
    return text.getvalue().encode("utf-8", "replace")


def _cell(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else dumped(value).decode()
