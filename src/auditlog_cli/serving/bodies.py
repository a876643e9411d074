"""Bodies of requests: unpacked within a limit, and JSON read as strictly as a line of a log."""

from __future__ import annotations

import zlib

from auditlog_cli import strictjson
from auditlog_cli.serving.refusals import Refused

JSON = "application/json"
PROTOBUF = "application/x-protobuf"
DEEPEST = 64
"""How many levels a body may have: far below what a line may, because a record wraps it."""
_GZIP = 16 + zlib.MAX_WBITS


def kind(content_type: str, allowed: tuple[str, ...] = (JSON,)) -> str:
    """Return the media type of a request without its parameters.

    Raises:
        Refused: 415, if the route does not take it.
    """
    found = content_type.partition(";")[0].strip().lower()
    if found not in allowed:
        raise Refused(415, "unsupported_media_type", f"the Content-Type must be {' or '.join(allowed)}")
    return found


def too_large(limit: int) -> Refused:
    """Return the refusal of a body beyond the limit; the connection ends with it."""
    return Refused(413, "payload_too_large", f"the body is larger than {limit:,} bytes", {"Connection": "close"})


def unpacked(data: bytes, encoding: str, limit: int) -> bytes:
    """Return a body as it was before it was compressed.

    Args:
        data: The body as it came.
        encoding: The header `Content-Encoding`.
        limit: How many bytes it may have, unpacked: a small body may hold a large one.

    Raises:
        Refused: 415 for anything but gzip, 413 beyond the limit, 400 if it is damaged.
    """
    word = encoding.strip().lower()
    if word in ("", "identity"):
        return data
    if word != "gzip":
        raise Refused(415, "unsupported_encoding", "the Content-Encoding must be gzip, or none")
    pieces: list[bytes] = []
    room = limit
    try:
        while data:
            member = zlib.decompressobj(_GZIP)
            piece = member.decompress(data, room + 1)
            room -= len(piece)
            if room < 0:
                raise too_large(limit)
            if not member.eof:
                raise Refused(400, "invalid_gzip", "the gzip body ends too early")
            pieces.append(piece)
            data = member.unused_data
    except zlib.error:
        raise Refused(400, "invalid_gzip", "the body is not gzip") from None
    return b"".join(pieces)


def json(data: bytes) -> object:
    """Return the one JSON value that a body holds.

    Strict: no member twice, no NaN, no lone surrogate (strictjson), and not too deep.

    Raises:
        Refused: 400.
    """
    try:
        values = [value for _, value in strictjson.values(data)]
    except strictjson.Malformed as error:
        raise Refused(400, "invalid_json", f"the body is not strict JSON: {error.reason}") from None
    if len(values) != 1:
        raise Refused(400, "invalid_json", "the body must be one JSON value")
    level, depth = values, 0
    while level := [child for parent in level for child in _children(parent)]:
        depth += 1
        if depth > DEEPEST:
            raise Refused(400, "invalid_json", f"the body is nested deeper than {DEEPEST} levels")
    return values[0]


def _children(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
