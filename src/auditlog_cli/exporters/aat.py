"""Agent Audit Trail (draft-sharif-agent-audit-trail): one signed, chained file a session (integrity.md, 9).

The draft hashes whole records, so a value that is withheld later breaks such a chain: it is made of the log as it is
now, and each record names its leaf (`auditlog_leaf`), which ties it to the log.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import sha256
from urllib.parse import quote
from uuid import UUID

from auditlog_cli import times
from auditlog_cli.errors import InputError, UsageError
from auditlog_cli.exporters import Entry, Piece, Settings, Source

HINT = "Agent Audit Trail: a folder with one signed file (ES256) for each session"
FOLDER = True
SEALED = False
UNMASKED = "it signs what an agent did, with a hash of what its tools were given"

_UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_SEMVER = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)([-+][0-9A-Za-z.+-]+)?", re.ASCII)
_EXACT = (1 << 53) - 1  # beyond that JCS has no integers (RFC 8785, 3.2.2.3)
_DEEPEST = 200
_LONGEST_NAME = 150
_CALLS = ("tool_invocation", "retrieval")
_DECISIONS = ("decision", "approval", "guardrail", "llm_call", "content_generation")
_OUTCOMES = {
    "success": "success", "partial": "success", "error": "failure", "unknown": "failure", "timeout": "timeout",
    "denied": "denied", "blocked": "denied", "pending": "escalated",
}  # fmt: skip


def export(source: Source, settings: Settings) -> Iterator[Piece]:
    """Yield the records of each session, in the order in which they stand in the log.

    Raises:
        UsageError: If there is no key, or nothing here writes canonical JSON.
        InputError: If a record is nested too deeply.
    """
    if settings.key is None:
        raise UsageError("--to aat: the format demands signatures", help="add --key FILE, a P-256 key in PEM")
    try:
        import rfc8785  # noqa: F401 - asked here, so that nothing is written without it
    except ImportError:
        raise UsageError(
            "--to aat: nothing here writes canonical JSON", help="pip install 'auditlog-cli[export]'"
        ) from None
    trails: dict[str, _Trail] = {}
    homeless = 0
    for entry in source.entries:
        session = entry.content.get("session_id")
        if not isinstance(session, str):
            homeless += 1
            continue
        trail = trails.get(session)
        if trail is None:
            trail = trails[session] = _Trail(source.origin, session, settings)
            yield trail.begin(entry)
        yield trail.add(entry)
    for trail in trails.values():
        yield trail.end()
    if homeless:
        settings.leave_out(homeless)
        many = "1 record names" if homeless == 1 else f"{homeless:,} records name"
        settings.say(f"{many} no session that can be read: in no file")


class _Trail:
    """One session, as it grows."""

    def __init__(self, origin: str, session: str, settings: Settings) -> None:
        self._origin = origin
        self._session = session
        self._settings = settings
        self._file = _file_of(session)
        self._time = ""
        self._agent = ("", "")
        self._before: str | None = None
        self._hash: str | None = None
        self._count = 0
        self._hashes = sha256()

    def begin(self, entry: Entry) -> Piece:
        self._time = _time_of(entry.content, "")
        self._agent = _agent_of(entry.content)
        return self._frame("session_start", "concurrent", {})

    def add(self, entry: Entry) -> Piece:
        content = entry.content
        action = _object(content.get("action"))
        outcome = _OUTCOMES.get(str(action.get("result_status")), "failure")
        kind, detail = _kind(action, entry.where)
        ahead = kind in ("decision", "delegation") and outcome in ("denied", "escalated")
        self._time = max(_time_of(content, self._time), self._time)
        self._agent = _agent_of(content)
        record = {name: value for name, value in content.items() if name != "_salts"}
        made: dict[str, object] = {
            "record_id": self._id(content.get("record_id"), f"record {self._count}"),
            "action_type": kind,
            "action_detail": detail | {"record": _plain(record, entry.where)},
            "outcome": outcome,
            "record_phase": "pre_execution" if ahead else "concurrent",
        }
        return self._put(made | ({"auditlog_leaf": entry.leaf.hex()} if entry.leaf else {}))

    def end(self) -> Piece:
        # The hashes of all records but the first, that of the closing one included (draft, 8).
        closing = self._hashes.copy()
        closing.update(bytes.fromhex(self._hash or ""))
        said = {"record_count": self._count + 1, "session_hash": closing.hexdigest()}
        return self._frame("session_end", "post_execution", said)

    def _frame(self, event: str, phase: str, detail: dict[str, object]) -> Piece:
        made: dict[str, object] = {
            "record_id": self._id(None, f"{self._session} {event}"),
            "action_type": "lifecycle",
            "action_detail": {"event": event} | detail,
            "outcome": "success",
            "record_phase": phase,
        }
        return self._put(made)

    def _put(self, made: dict[str, object]) -> Piece:
        from rfc8785 import dumps

        key = self._settings.key
        assert key is not None
        record = made | {
            "timestamp": self._time,
            "agent_id": self._agent[0],
            "agent_version": self._agent[1],
            "session_id": self._id(self._session, ""),
            "trust_level": self._settings.trust_level,
            "parent_record_id": self._before,
            "prev_hash": self._hash,
            "sig_alg": "ES256",
            "signer_kid": key.kid,
        }
        line = dumps(record | {"signature": key.sign(dumps(record))})  # type: ignore[arg-type]
        if self._hash is not None:
            self._hashes.update(bytes.fromhex(self._hash))
        self._before, self._hash = str(record["record_id"]), sha256(line).hexdigest()
        self._count += 1
        return Piece(self._file, line + b"\n")

    def _id(self, value: object, otherwise: str) -> str:
        """An id in the only form that the draft knows: ours if it is one, else one that follows from it."""
        if isinstance(value, str) and _UUID4.fullmatch(value):
            return value
        named = value if isinstance(value, str) else f"{self._session} {otherwise}"
        digest = sha256(f"{self._origin}\n{named}".encode()).digest()
        return str(UUID(bytes=digest[:16], version=4))


def _kind(action: dict[str, object], where: str) -> tuple[str, dict[str, object]]:
    from rfc8785 import dumps

    kind = action.get("type")
    name = kind if isinstance(kind, str) else "record"
    if name in _CALLS or name.startswith("memory_"):
        tool = action.get("tool")
        given = dumps(_plain(action.get("arguments", {}), where))  # type: ignore[arg-type]
        called = tool if isinstance(tool, str) else name
        return "tool_call", {"tool_name": called, "parameters_hash": sha256(given).hexdigest()}
    if name in _DECISIONS:
        return "decision", {"decision_type": name}
    if name == "agent_message":
        return "delegation", {}
    if name == "incident":
        return "error", {}
    return "lifecycle", {"event": name}


def _agent_of(content: dict[str, object]) -> tuple[str, str]:
    agent = _object(content.get("agent"))
    found, version = agent.get("id"), agent.get("version")
    name = found if isinstance(found, str) and found else "unknown"
    return (
        name if ":" in name else f"urn:auditlog:agent:{quote(name, safe='')}",
        version if isinstance(version, str) and _SEMVER.fullmatch(version) else "0.0.0",
    )


def _time_of(content: dict[str, object], otherwise: str) -> str:
    at = times.parse(content.get("timestamp"))
    return times.render(at) if at is not None else otherwise or times.render(0)


def _object(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _plain(value: object, where: str, depth: int = 0) -> object:
    """The value without what canonical JSON writes in more than one way elsewhere: such numbers become strings."""
    if depth > _DEEPEST:
        raise InputError(
            f"{where}: is nested more than {_DEEPEST} levels deep, and aat cannot hold that",
            help="leave it out with a selector, or export it --to cloudevents",
        )
    if isinstance(value, dict):
        return {name: _plain(each, where, depth + 1) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each, where, depth + 1) for each in value]
    if isinstance(value, float) or (type(value) is int and abs(value) > _EXACT):
        return repr(value)
    return value


def _file_of(session: str) -> str:
    name = quote(session, safe="")
    return f"{name if len(name) <= _LONGEST_NAME else sha256(session.encode()).hexdigest()}.jsonl"
