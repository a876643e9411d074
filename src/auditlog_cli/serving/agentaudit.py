"""AgentAudit's entries become records, and records its entries (frameworks.md, 9.3, 9.5 and 11.2, 8).

The mapping is that of `decoders/agentaudit`; here is what a server adds to it: an id, a time, what the sender states in
`metadata`, what the detectors say. An entry's `id` is its `record_id`, and its span follows from that, so that
`parentSpanId`, the id of another entry, needs no search.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from auditlog_cli import decoders, fields
from auditlog_cli._version import __version__
from auditlog_cli.decoders import agentaudit
from auditlog_cli.detectors import contact, network
from auditlog_cli.detectors.scanner import Scanner
from auditlog_cli.importers._drafts import span_id, trace_id
from auditlog_cli.record import Record
from auditlog_cli.serving.refusals import invalid

Content = dict[str, Any]

FORMAT = "agentaudit"
LONGEST_ACTION = 200
NOTHING = "unknown"
"""The action of a record that names none."""
_TEXTS = ("agentId", "prompt", "response", "traceId", "parentSpanId", "checkType")
_KNOWN = ("action", "metadata", *_TEXTS)
_MILD = frozenset(each.entity for family in (contact, network) for each in family.DETECTORS)


def judged(entry: object, index: int | None = None) -> Content:
    """Return an entry that a client sent, once it is what it must be.

    Args:
        entry: Any JSON value.
        index: Its place in a batch, for the message.

    Raises:
        Refused: 400.
    """
    where = "the body" if index is None else f"entry {index}"
    if not isinstance(entry, dict):
        raise invalid(f"{where} must be an object")
    action = entry.get("action")
    if not isinstance(action, str) or not action.strip() or len(action) > LONGEST_ACTION:
        raise invalid(f"{where}: action must be a text of 1 to {LONGEST_ACTION} characters")
    for name in _TEXTS:
        if not isinstance(entry.get(name), str | None):
            raise invalid(f"{where}: {name} must be a text or null")
    if not isinstance(entry.get("metadata"), dict | None):
        raise invalid(f"{where}: metadata must be an object or null")
    return entry


def record(entry: Content, record_id: str, timestamp: str) -> Content:
    """Return the record of an entry that was `judged`.

    Args:
        entry: What the client sent.
        record_id: The record's id, which is the entry's.
        timestamp: When it came, RFC 3339.
    """
    metadata = dict(entry.get("metadata") or {})
    stated, lifted = _stated(metadata)
    content = agentaudit.content({**{name: entry.get(name) for name in _KNOWN}, "metadata": metadata})
    action: Content = content["action"]  # type: ignore[assignment]
    kept: Content = content["metadata"]  # type: ignore[assignment]
    kept["action"] = entry["action"]
    for name, kinds in (("tool", str), ("latency_ms", (int, float))):
        if name in metadata:  # a record has a place for it, if it is of the right kind
            holder, other = (action, kept) if isinstance(metadata[name], kinds) else (kept, action)
            holder[name] = metadata[name]
            other.pop(name, None)
    found, enforcement = _found(content, realtime=entry.get("checkType") == "realtime")
    ingest: Content = {"flags": found, "enforcement": enforcement}
    for name, theirs in (("trace", "traceId"), ("parent", "parentSpanId"), ("check", "checkType")):
        if entry.get(theirs) is not None:
            ingest[name] = entry[theirs]
    if lifted:
        ingest["lifted"] = lifted
    rest = {name: value for name, value in entry.items() if name not in _KNOWN}
    if "action" in metadata:
        rest["metadata"] = {"action": metadata["action"]}
    if rest:
        ingest["rest"] = rest
    trace = trace_id(FORMAT, entry.get("traceId")) or trace_id(FORMAT, stated.get("session_id") or record_id)
    made: Content = {
        "timestamp": timestamp,
        "record_id": record_id,
        "session_id": stated.pop("session_id", trace),
        "trace_id": trace,
        "span_id": span_id(FORMAT, record_id),
    }
    parent = span_id(FORMAT, entry.get("parentSpanId"))
    if parent:
        made["parent_span_id"] = parent
    made |= stated
    if entry.get("checkType") == "realtime":
        made["policy"] = {"id": "auditlog.serve", "version": __version__, "decision": enforcement, "rules": found}
        if enforcement == "block":
            action["result_status"] = "blocked"
    for name in ("agent", "action", "prompt", "response", "metadata"):
        if name in content:
            made[name] = content[name]
    made["provenance"] = {"ingest": ingest}
    return made


def entry(content: Content) -> Content:
    """Return a record as an entry of AgentAudit: what was sent is there again, under its names.

    A record of another sender becomes an entry as far as it says what an entry does.
    """
    ingest = fields.get(content, "provenance.ingest")
    ingest = ingest if isinstance(ingest, dict) else {}
    ours = ingest.get("format") == FORMAT
    given = content.get("metadata")
    metadata: Content = dict(given) if isinstance(given, dict) else {}
    word = metadata.pop("action", None) if ours else metadata.get("action")
    if ours:
        _put_back(content, metadata, ingest)
    return {
        "id": _text(content, "record_id"),
        "agentId": _text(content, "agent.id"),
        "action": word if isinstance(word, str) else _text(content, "action.type") or NOTHING,
        "prompt": _text(content, "prompt.text"),
        "response": _text(content, "response.text"),
        "metadata": metadata or None,
        "complianceFlags": ingest.get("flags", []),
        "enforcementAction": ingest.get("enforcement"),
        "traceId": ingest.get("trace", None if ours else _text(content, "trace_id")),
        "parentSpanId": ingest.get("parent", None if ours else _text(content, "parent_span_id")),
        "createdAt": _text(content, "timestamp"),
    }


def read(found: Record) -> Content:
    """Return a record of the log as an entry, whatever shape it has there."""
    if found.shape == decoders.UNKNOWN:
        return entry({"timestamp": found.stored.get("timestamp"), "metadata": found.stored})
    return entry(found.content)


def _stated(metadata: Content) -> tuple[Content, list[str]]:
    """Take what the sender states about who and what out of the metadata; what has another type stays there."""
    made: Content = {}
    lifted = []
    for name in ("session_id", "user_id", "approved_by"):
        value = metadata.get(name)
        if isinstance(value, str) and value.strip():
            lifted.append(name)
            if name == "session_id":
                made["session_id"] = value
            elif name == "user_id":
                made["user"] = {"id": value}
            else:
                made.setdefault("authorization", {})["approved_by"] = value
    scopes = metadata.get("scopes")
    if isinstance(scopes, list) and all(isinstance(each, str) and each for each in scopes):
        lifted.append("scopes")
        made["authorization"] = {"scopes": scopes, **made.get("authorization", {})}
    for name in lifted:
        del metadata[name]
    return made, lifted


def _put_back(content: Content, metadata: Content, ingest: Content) -> None:
    places = {"session_id": "session_id", "user_id": "user.id", "approved_by": "authorization.approved_by",
              "scopes": "authorization.scopes"}  # fmt: skip
    lifted = ingest.get("lifted")
    for name, path in places.items():
        if isinstance(lifted, list) and name in lifted and isinstance(value := fields.get(content, path), (str, list)):
            metadata[name] = value
    action = content.get("action")
    if isinstance(action, dict):
        metadata |= {name: action[name] for name in ("tool", "latency_ms") if name in action}
    held = ingest.get("rest")
    if isinstance(held, dict) and isinstance(held.get("metadata"), dict):
        metadata |= held["metadata"]


@cache
def _scanner() -> Scanner:
    return Scanner()


def _found(content: Content, *, realtime: bool) -> tuple[list[str], str]:
    """What the detectors say: flags, and what follows from them for a client that asks before it acts."""
    entities = dict.fromkeys(hit.entity for hit in _scanner().scan(content))
    flags = [f"{'WARNING' if entity in _MILD else 'CRITICAL'}_{entity}" for entity in entities]
    if realtime and any(flag.startswith("CRITICAL") for flag in flags):
        return flags, "block"
    return flags, "flag" if flags else "allow"


def _text(content: Content, path: str) -> str | None:
    value = fields.get(content, path)
    return value if isinstance(value, str) else None
