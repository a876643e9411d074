"""SHA-256 of arguments and texts, so that what was approved can be compared with what runs."""

from __future__ import annotations

import hmac
from hashlib import sha256

import orjson

from auditlog_cli.writer.values import Plain


def frozen(value: object) -> object:
    """Return `value` as JSON holds it, in containers of its own: later changes by the caller do not reach it.

    Numbers too large for 64 bits stay Python's own, so that masks can look at them; `_json` writes them.
    """
    return Plain({"": value}, numbers_as_they_are=True).record[""]


def _json(value: object, option: int = 0) -> bytes:
    try:
        return orjson.dumps(value, option=option)
    except TypeError:
        return orjson.dumps(Plain({"": value}).record[""], option=option)


def of_arguments(arguments: object, key: bytes | None = None) -> str:
    """Return the digest of a call's arguments, 64 lower-case hex digits.

    The order of members does not count. Meant to be compared with digests made by this function only:
    numbers keep the form Python gives them, so 1 and 1.0 differ.

    Args:
        arguments: As `frozen` returns them.
        key:
            For HMAC-SHA-256 in place of SHA-256. Whoever can guess the arguments can check a plain digest,
            so card and identity numbers need a key (PCI DSS 4.0, 3.5.1.1).

    >>> of_arguments({"b": 1, "a": 2}) == of_arguments({"a": 2, "b": 1})
    True
    """
    data = _json(arguments, orjson.OPT_SORT_KEYS)
    return hmac.new(key, data, sha256).hexdigest() if key is not None else sha256(data).hexdigest()


def text(value: object) -> str:
    """Return `value` itself if it is text, else its JSON form (a list of messages, for example)."""
    return value if isinstance(value, str) else _json(frozen(value)).decode()


def of_text(value: str) -> str:
    """Return the SHA-256 of the UTF-8 form of a text, 64 lower-case hex digits."""
    return sha256(value.encode("utf-8", "surrogatepass")).hexdigest()


def text_block(value: object) -> dict[str, object]:
    """Return `{text, sha256}`, the form of `prompt` and `response`."""
    said = text(value)
    return {"text": said, "sha256": of_text(said)}
