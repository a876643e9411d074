"""What a caller gave, checked where it is given: a wrong argument is not to become a wrong record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

from auditlog_cli.capture.digests import frozen
from auditlog_cli.errors import UsageError

Effect = Literal["read", "write", "delete", "execute", "send", "pay", "post", "configure", "decide"]
Status = Literal["success", "error", "denied", "blocked", "partial", "timeout", "pending", "unknown"]
EFFECTS: tuple[str, ...] = get_args(Effect)
STATUSES: tuple[str, ...] = get_args(Status)
_KEY_BYTES = 16


def text(name: str, value: object) -> str | None:
    """Return a text that is not empty, or None as it is.

    Raises:
        UsageError: If it is anything else.
    """
    if value is not None and (not isinstance(value, str) or not value.strip()):
        raise UsageError(f"{name}: a text that is not empty", help=f'{name}="…", or leave it out where nobody knows')
    return value


def block(name: str, value: object) -> dict[str, Any]:
    """Return the members of a block as JSON holds them: of a mapping, a dataclass, a model.

    Raises:
        UsageError: If it has no members.
    """
    made = frozen(value)
    if not isinstance(made, dict) or (made.keys() == {"not_json", "text"} and not isinstance(value, Mapping)):
        raise UsageError(f"{name}: a dictionary", help=f'{name}={{"…": …}}')
    return made


def similar(name: str, names: Iterable[str]) -> str:
    """Return `did you mean requires? `, or nothing where no name is close."""
    import difflib  # for a mistake only

    close = difflib.get_close_matches(name, sorted(names), 1)
    return f"did you mean {close[0]}? " if close else ""


def effect(value: object) -> str | None:
    """Return `action.effect`.

    Raises:
        UsageError: If there is no such effect.
    """
    if value is not None and value not in EFFECTS:
        raise UsageError(f"effect: one of {', '.join(EFFECTS)}", help="leave it out if the tool is none of them")
    return value


def milliseconds(value: object) -> float | None:
    """Return `action.latency_ms`.

    Raises:
        UsageError: If it is no number, or below 0.
    """
    if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0):
        raise UsageError("latency_ms: a number of milliseconds, 0 or more", help="(time.perf_counter() - begun) * 1000")
    return value


def key(value: object) -> bytes | None:
    """Return the key of a digest.

    Raises:
        UsageError: If it is no bytes, or short enough to be tried out.
    """
    if value is not None and (not isinstance(value, bytes) or len(value) < _KEY_BYTES):
        raise UsageError(f"digest_key: at least {_KEY_BYTES} bytes", help="secrets.token_bytes(32), kept as a secret")
    return value
