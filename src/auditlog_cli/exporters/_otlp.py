"""What `otlp-logs` and `otlp-spans` share: values, ids, attributes, requests (OTLP 1; frameworks.md, 10.1).

A request is built as its JSON form: ids in hex, 64-bit integers in digits, enumerations as numbers (OTLP
specification, "JSON Protobuf Encoding"; the generic JSON form of protobuf, with ids in base64, is another). A request
in protobuf is made of that.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any, NamedTuple

import orjson

from auditlog_cli import pointers, times
from auditlog_cli._version import __version__
from auditlog_cli.errors import UsageError
from auditlog_cli.exporters import Piece, Settings
from auditlog_cli.importers._drafts import span_id, trace_id

SCOPE = "auditlog"
"""The instrumentation scope: by it our importer knows its own."""
FAMILY = "auditlog"
"""Of ids that are not in W3C's form (frameworks.md, 9.2)."""
LARGEST = 4 << 20
"""Bytes of JSON of the records in a request, unless one alone has more: gRPC's default limit, and the lowest in use."""
INFO, WARN, ERROR = (9, "INFO"), (13, "WARN"), (17, "ERROR")
TEXTS = "auditlog.json"
"""Names the values of a body that stand as texts of JSON: JSON pointers."""

_DEEPEST = 16  # a level takes three of the 100 levels of messages that protobuf's readers allow
_INT64 = range(-(1 << 63), 1 << 63)
_DENIED = ("denied", "blocked")
FAILED = ("error", "timeout")

Json = dict[str, Any]


class Signal(NamedTuple):
    """A kind of telemetry.

    Attributes:
        outer, group, unit: Members of its request.
        path: Where its requests go by default.
        rejected: The member of an answer that counts what was not taken.
        service: The module of `opentelemetry.proto.collector`, and what its messages begin with.
    """

    outer: str
    group: str
    unit: str
    path: str
    rejected: str
    service: tuple[str, str]


LOGS = Signal(
    "resourceLogs", "scopeLogs", "logRecords", "/v1/logs", "rejectedLogRecords", ("logs", "ExportLogsService")
)
TRACES = Signal("resourceSpans", "scopeSpans", "spans", "/v1/traces", "rejectedSpans", ("trace", "ExportTraceService"))


def message(signal: Signal, which: str) -> Any:
    """Return a class of `opentelemetry.proto`: the `Request` or the `Response` of a signal.

    Raises:
        UsageError: If it is not installed.
    """
    from importlib import import_module

    package, name = signal.service
    try:
        module = import_module(f"opentelemetry.proto.collector.{package}.v1.{package}_service_pb2")
    except ImportError:
        raise UsageError("--protobuf: nothing here writes protobuf", help="pip install 'auditlog-cli[otlp]'") from None
    return getattr(module, f"{name}{which}")


def pieces(signal: Signal, origin: str, units: Iterable[Json], settings: Settings) -> Iterator[Piece]:
    """Yield one request after the other: in JSON a line each; in protobuf they make one message where they are joined.

    Raises:
        UsageError: If protobuf is wanted, and nothing here writes it.
    """
    if settings.protobuf:
        message(signal, "Request")
    for batch in batches(map(packed, units), settings.batch):
        found = request(signal, origin, batch, protobuf=settings.protobuf)
        yield Piece("", found if settings.protobuf else found + b"\n")


def packed(unit: Json) -> bytes:
    """Return a log record or a span as JSON."""
    return orjson.dumps(unit)


def batches(units: Iterable[bytes], most: int) -> Iterator[list[bytes]]:
    """Yield as many units as fit into one request."""
    batch: list[bytes] = []
    size = 0
    for unit in units:
        if batch and (len(batch) >= most or size + len(unit) > LARGEST):
            yield batch
            batch, size = [], 0
        batch.append(unit)
        size += len(unit)
    if batch:
        yield batch


def request(signal: Signal, origin: str, units: list[bytes], *, protobuf: bool) -> bytes:
    """Return an export request.

    Args:
        signal: Of which kind.
        origin: The name of the log.
        units: Its log records or spans, each as JSON.
        protobuf: In this form.
    """
    group: Json = {"scope": {"name": SCOPE, "version": __version__}}
    if not protobuf:
        return orjson.dumps(_wrapped(signal, origin, group | {signal.unit: [orjson.Fragment(unit) for unit in units]}))
    whole = message(signal, "Request")()
    _fill(whole, _wrapped(signal, origin, group | {signal.unit: [orjson.loads(unit) for unit in units]}))
    found: bytes = whole.SerializeToString(deterministic=True)
    return found


def _wrapped(signal: Signal, origin: str, group: Json) -> Json:
    resource = {"attributes": attributes({"service.name": origin})}
    return {signal.outer: [{"resource": resource, signal.group: [group]}]}


def _fill(made: Any, stored: Json) -> None:
    """Give a message of protobuf what its form in OTLP/JSON says (five times as fast as protobuf's own ParseDict)."""
    fields = _fields(made.__class__)
    for name, value in stored.items():
        field, convert = fields[name]
        if isinstance(value, dict):
            inner = getattr(made, field)
            inner.SetInParent()
            _fill(inner, value)
        elif isinstance(value, list):
            several = getattr(made, field)
            for each in value:
                _fill(several.add(), each)
        else:
            setattr(made, field, value if convert is None else convert(value))


@cache
def _fields(kind: Any) -> dict[str, tuple[str, Callable[[str], object] | None]]:
    """The fields of a message by their names in JSON, and what makes their values of texts: ids of hex, numbers."""
    found = {}
    for field in kind.DESCRIPTOR.fields:
        convert: Callable[[str], object] | None = None
        if field.type == field.TYPE_BYTES:
            convert = bytes.fromhex
        elif field.cpp_type in (field.CPPTYPE_INT64, field.CPPTYPE_UINT64):
            convert = int
        found[field.camelcase_name] = field.name, convert
    return found


def attributes(values: Json) -> list[Json]:
    """Return attributes; what is None is left out."""
    return [{"key": name, "value": any_value(value)} for name, value in values.items() if value is not None]


def any_value(value: object) -> Json:
    """Return a text, a number or a list of them as an `AnyValue`."""
    return _any(value, "", 0, [])


def body(content: Json) -> tuple[Json, list[str]]:
    """Return a record as an `AnyValue` that loses nothing, and pointers to what stands in it as a text of JSON.

    That is what an `AnyValue` has no form for (an integer beyond 64 bits), or what receivers would refuse: more than 16
    levels; null in a list, for which the form is `{}`, at which opentelemetry-rust before 2026-09 refused the whole
    request (its issue 3598). Null in an object is a member without a value, and all take that.
    """
    texts: list[str] = []
    return _any(content, "", 0, texts), texts


def _any(value: object, pointer: str, depth: int, texts: list[str]) -> Json:
    if isinstance(value, str):
        return {"stringValue": value}
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int) and value in _INT64:
        return {"intValue": str(value)}
    if isinstance(value, float) and abs(value) < float("inf"):
        return {"doubleValue": value}
    if isinstance(value, (dict, list)) and depth < _DEEPEST:
        if isinstance(value, list):
            members = [_any(each, f"{pointer}/{at}", depth + 1, texts) for at, each in enumerate(value)]
            return {"arrayValue": {"values": members}}
        pairs = [
            {"key": name}
            if each is None
            else {"key": name, "value": _any(each, f"{pointer}/{pointers.escaped(name)}", depth + 1, texts)}
            for name, each in value.items()
        ]
        return {"kvlistValue": {"values": pairs}}
    texts.append(pointer)
    return {"stringValue": json_text(value)}


def json_text(value: object) -> str:
    """Return a value as JSON."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # an integer beyond 64 bits, or very many levels; one of thousands of digits becomes a text
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def nanoseconds(at: int | None) -> str | None:
    """Return microseconds since the epoch as OTLP has them; None for what it cannot say."""
    return str(at * 1000) if at is not None and 0 < at < 1 << 54 else None


def severity(status: object) -> tuple[int, str]:
    """Return how grave the outcome of a record is (frameworks.md, 10)."""
    return ERROR if status in FAILED else WARN if status in _DENIED else INFO


def ids(content: Json) -> Json:
    """Return trace and span as OTLP takes them; empty ones are left out."""
    found = {"traceId": trace_id(FAMILY, text(content, "trace_id"))}
    own = span_id(FAMILY, text(content, "span_id"))
    if found["traceId"] and own:
        found["spanId"] = own
    return {name: value for name, value in found.items() if value}


def about(content: Json) -> Json:
    """Return the attributes that every record has: who, for whom, allowed what. What is withheld is left out."""
    action, agent = block(content, "action"), block(content, "agent")
    granted = block(content, "authorization").get("scopes")
    chain = content.get("delegation_chain")
    actors = [text(each, "actor") for each in chain if isinstance(each, dict)] if isinstance(chain, list) else []
    seq = content.get("seq")
    said = {
        "auditlog.type": text(action, "type") or None,
        "auditlog.result_status": text(action, "result_status") or None,
        "auditlog.record.id": text(content, "record_id") or None,
        "auditlog.record.seq": seq if type(seq) is int else None,
        "user.id": text(block(content, "user"), "id") or None,
        "session.id": text(content, "session_id") or None,
        "gen_ai.agent.id": text(agent, "id") or None,
        "gen_ai.agent.name": text(agent, "name") or None,
        "gen_ai.agent.version": text(agent, "version") or None,
        "gen_ai.tool.name": text(action, "tool") or None,
        "gen_ai.tool.call.id": text(action, "call_id") or None,
        "auditlog.authorization.scopes": granted if _all_texts(granted) else None,
        "auditlog.delegation": actors if actors and all(actors) else None,
    }
    for name, mapped in (("trace_id", trace_id), ("span_id", span_id), ("parent_span_id", span_id)):
        own = text(content, name)
        if own and mapped(FAMILY, own) != own:
            said[f"auditlog.{name}"] = own
    return said


def block(content: Json, name: str) -> Json:
    """Return a block of a record, empty if it is withheld or not there."""
    found = content.get(name)
    return found if isinstance(found, dict) else {}


def text(content: Json, name: str) -> str:
    """Return a text of a record, empty if it is withheld or none."""
    found = content.get(name)
    return found if isinstance(found, str) else ""


def when(content: Json) -> int | None:
    """Return the time of a record: microseconds since the epoch, or None."""
    return times.parse(content.get("timestamp"))


def _all_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)
