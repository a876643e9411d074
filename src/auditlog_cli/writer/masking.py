"""Redaction before writing: what is masked here never reaches the disk."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from typing import Any

from auditlog_cli.errors import AuditWriteError, UsageError

Mask = Callable[[dict[str, Any]], Mapping[str, Any]]

MASKED = "[masked]"


def paths(wanted: Iterable[str], *, how: str = "mask", key: bytes | None = None) -> Mask:
    """Return a mask that covers what stands at the given dotted paths.

    Args:
        wanted:
            Such as `user.email` or `action.arguments.*.card`; `*` is any member or element.
        how:
            `mask` puts `[masked]` there, `hash` the SHA-256 of the value (keyed, if `key` is given, so
            that equal values stay equal and nobody can try guesses), `remove` takes the member out.
        key: For `hash`: at least 16 bytes.

    Raises:
        UsageError: If `how` is none of these, or the key is too short.
    """
    if how not in ("mask", "hash", "remove"):
        raise UsageError(f"how={how!r}: one of mask, hash, remove")
    if key is not None and len(key) < 16:
        raise UsageError("key: at least 16 bytes")
    if isinstance(wanted, str):
        wanted = [wanted]
    steps = [path.split(".") for path in wanted]

    def mask(record: dict[str, Any]) -> dict[str, Any]:
        for path in steps:
            _cover(record, path, how, key)
        return record

    return mask


def apply(mask: Mask, record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what `mask` makes of a copy of `record`; the caller's own is never changed.

    Raises:
        AuditWriteError: If the mask fails or gives no mapping: then nothing may be written, because what
            should have been covered would be.
    """
    try:
        masked = mask(_copy(record))
    except Exception as error:
        raise AuditWriteError(
            f"the redact function raised {type(error).__name__}; nothing was written",
            help="a record is not written unmasked: mend the function",
        ) from error
    if not isinstance(masked, Mapping):
        raise AuditWriteError("the redact function must return the record; nothing was written")
    return masked


def _copy(value: Any) -> Any:
    """A copy of the containers; other values are shared, for not all can be copied."""
    if isinstance(value, Mapping):
        return {name: _copy(item) for name, item in value.items()}
    if type(value) is list:
        return [_copy(item) for item in value]
    try:
        return copy.copy(value) if not isinstance(value, (str, int, float, bytes)) else value
    except Exception:
        return value


def _cover(value: Any, path: list[str], how: str, key: bytes | None) -> None:
    name, rest = path[0], path[1:]
    if isinstance(value, dict):
        names = list(value) if name == "*" else [name] if name in value else []
    elif isinstance(value, list):
        names = (
            list(range(len(value))) if name == "*" else [int(name)] if name.isdigit() and int(name) < len(value) else []
        )
    else:
        return
    for each in reversed(names):
        if rest:
            _cover(value[each], rest, how, key)
        elif how == "remove":
            del value[each]
        else:
            value[each] = MASKED if how == "mask" else _hash(value[each], key)


def _hash(value: Any, key: bytes | None) -> str:
    import orjson

    from auditlog_cli.writer.values import Plain

    data = orjson.dumps(Plain({"": value}).record, option=orjson.OPT_SORT_KEYS)
    if key is None:
        return f"sha256:{sha256(data).hexdigest()}"
    import hmac

    return f"hmac-sha256:{hmac.new(key, data, sha256).hexdigest()}"
