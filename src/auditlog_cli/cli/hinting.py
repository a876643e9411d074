"""Why an answer may be empty: a word that no record uses, a member that goes by a longer name."""

from __future__ import annotations

from auditlog_cli.statistics import STATUSES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

TYPES = (
    "tool_invocation", "tool_call", "tool_use", "llm_call", "decision", "message", "agent_message", "retrieval",
    "memory_read", "memory_write", "content_generation", "approval", "control", "authentication", "consent", "erasure",
    "incident", "review", "config_change", "lifecycle", "guardrail", "biometric_identification", "handoff",
    "embedding", "alert",
)  # fmt: skip
_SYNONYMS = {
    "ok": "success", "succeeded": "success", "completed": "success", "failure": "error", "failed": "error",
    "fail": "error", "timed_out": "timeout",
}  # fmt: skip
"""Words of others for a status. Decoders read them in foreign lines; a record of ours says ours."""
_WHOLE = {
    "user": "user.id", "agent": "agent.id", "session": "session_id", "trace": "trace_id", "tool": "action.tool",
    "status": "action.result_status", "result_status": "action.result_status", "type": "action.type",
    "error": "action.error.type", "latency": "action.latency_ms", "latency_ms": "action.latency_ms",
    "model": "agent.model", "email": "user.email", "approved_by": "authorization.approved_by",
}  # fmt: skip
"""Options and last parts of names, and the paths that are meant by them."""


def unknown(status: Sequence[str] | None, type: Sequence[str] | None) -> Iterator[str]:  # noqa: A002
    """Yield a line for each word of --status and --type that is none of the record's (auditlog.record/1).

    A type may be a word of the application's own: to be said only where nothing was found.
    """
    for option, given, words in (("--status", status, STATUSES), ("--type", type, TYPES)):
        for word in given or ():
            if word not in words and "*" not in word and "?" not in word:
                yield f"{option}: {word!r} is no word of auditlog.record/1: {_offered(word, words)}"


def _offered(word: str, words: Sequence[str]) -> str:
    close = [each for each in words if word in each or each in word] or [
        each for each in words if each == _SYNONYMS.get(word.lower())
    ]
    return f"did you mean {' or '.join(close)}?" if close else ", ".join(words)


def parts(asked: Mapping[str, Sequence[str] | None]) -> Iterator[str]:
    """Yield a line for the options whose values are compared whole, where one may have been meant as a part."""
    for option in ("user", "agent", "session", "trace", "tool"):
        plain = [value for value in asked.get(option) or () if "*" not in value and "?" not in value]
        if plain:
            yield f"--{option}: is compared whole; '{plain[0]}*' finds what begins with it"


def nothing_at(path: str) -> str:
    """Return what to say where no record has a value at a path."""
    whole = _WHOLE.get(path)
    more = f"; did you mean {whole}?" if whole and whole != path else ""
    return f"no record has a value at {path}{more}"
