"""Redaction before writing: what is masked here never reaches the disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from typing import Any

from auditlog_cli.errors import AuditWriteError, UsageError

Mask = Callable[[dict[str, Any]], Mapping[str, Any]]

MASKED = "[masked]"
_PATHS = 'redact=["user.email", "action.arguments.*.card"]; * is any member or element'


def paths(wanted: Iterable[str], *, how: str = "mask", key: bytes | None = None) -> Mask:
    """Return a mask that covers what stands at the given dotted paths.

    Args:
        wanted:
            Such as `user.email` or `action.arguments.*.card`; `*` is any member or element. A member whose
            own name has dots is found, too.
        how:
            `mask` puts `[masked]` there, `hash` the SHA-256 of the value (keyed, if `key` is given, so
            that equal values stay equal and nobody can try guesses), `remove` takes the member out.
        key: For `hash`: at least 16 bytes.

    Raises:
        UsageError: If `how` is none of these, the key is too short, or a path is empty or no text.
    """
    if how not in ("mask", "hash", "remove"):
        raise UsageError(f"how={how!r}: one of mask, hash, remove", help="mask, the default, puts [masked] there")
    if key is not None and len(key) < 16:
        raise UsageError("key: at least 16 bytes", help="secrets.token_bytes(32), kept as a secret")
    if not isinstance(wanted, Iterable):
        raise UsageError("redact: dotted paths such as user.email, or a function", help=_PATHS)
    given = [wanted] if isinstance(wanted, str) else list(wanted)
    for path in given:
        if not isinstance(path, str) or not path or "" in path.split("."):
            raise UsageError("redact: dotted paths such as user.email, or a function", help=_PATHS)
    steps = [path.split(".") for path in given]

    def mask(record: dict[str, Any]) -> dict[str, Any]:
        for path in steps:
            _cover(record, path, how, key)
        return record

    return mask


def apply(mask: Mask, record: dict[str, Any]) -> Mapping[str, Any]:
    """Return what `mask` makes of `record`, a copy made of JSON values.

    Raises:
        AuditWriteError: If the mask fails or gives no mapping: then nothing may be written, because what
            should have been covered would be.
    """
    try:
        masked = mask(record)
    except Exception as error:
        raise AuditWriteError(
            f"the redact function raised {type(error).__name__}; nothing was written",
            help="a record is not written unmasked: mend the function",
        ) from error
    if not isinstance(masked, Mapping):
        raise AuditWriteError(
            f"the redact function returned {type(masked).__name__}, not the record; nothing was written",
            help="a record is not written unmasked: mend the function",
        )
    return masked


def _cover(value: Any, path: list[str], how: str, key: bytes | None) -> None:
    """Cover what stands at `path`, below a value made of dicts and lists."""
    for taken in range(1, len(path) + 1):
        rest = path[taken:]
        for each in _places(value, ".".join(path[:taken])):
            if rest:
                _cover(value[each], rest, how, key)
            elif how == "remove":
                del value[each]
            else:
                value[each] = MASKED if how == "mask" else _hash(value[each], key)


def _places(value: Any, name: str) -> list[Any]:
    """Members or elements of `value` called `name`, the last one first."""
    if isinstance(value, dict):
        return list(value) if name == "*" else [name] if name in value else []
    if isinstance(value, list):
        if name == "*":
            return list(reversed(range(len(value))))
        if name.isascii() and name.isdecimal() and int(name) < len(value):
            return [int(name)]
    return []


def _hash(value: Any, key: bytes | None) -> str:
    import orjson

    from auditlog_cli.writer.values import Plain

    data = orjson.dumps(Plain({"": value}).record, option=orjson.OPT_SORT_KEYS)
    if key is None:
        return f"sha256:{sha256(data).hexdigest()}"
    import hmac

    return f"hmac-sha256:{hmac.new(key, data, sha256).hexdigest()}"
