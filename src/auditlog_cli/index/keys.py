"""By what a record is found: its identifiers, as numbers. No value of a record stands in an index.

Who looks for a value looks for its number; a record with another value of the same number is read in vain, and no
more than that.
"""

from __future__ import annotations

from zlib import crc32

from auditlog_cli import fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.record import Record

PATHS: dict[str, tuple[str, ...]] = {
    "session": ("session_id",),
    "trace": ("trace_id",),
    "user": ("user.id", "user.email", "user.name"),
    "agent": ("agent.id", "agent.name"),
    "tool": ("action.tool",),
    "span": ("span_id", "parent_span_id"),
}
"""What is indexed, by the word of its selector; `span` is any id that only `trace` asks for."""
FIELDS = tuple(PATHS)
COLUMNS = tuple((field, path) for field, paths in enumerate(PATHS.values()) for path in paths)
"""Every path that is indexed, with the number of its field."""
_REQUESTS = ("correlation_id", "request_id", "run_id")


def number(value: str, field: int) -> int:
    """Return the number of a value of `FIELDS[field]`, 32 bits. Not secret, not unique."""
    return crc32(value.encode("utf-8", "surrogatepass"), field)


def of(record: Record) -> list[list[str]]:
    """Return the values under which a record is found, for each of `FIELDS`: what the selectors compare with."""
    found: list[list[str]] = [[] for _ in FIELDS]
    for (field, _), value in zip(COLUMNS, at_columns(record), strict=True):
        found[field].append(value)
    found[-1] += requests(record)
    return [list(dict.fromkeys(filter(None, values))) for values in found]


def at_columns(record: Record) -> list[str]:
    """Return what stands at each of `COLUMNS`, empty texts where there is nothing."""
    return [fields.text(record.content, path) for _, path in COLUMNS]


def requests(record: Record) -> list[str]:
    """Return further ids by which `trace` finds a record of the tutorials' shape."""
    metadata = record.content.get("metadata")
    if record.shape != "tutorial" or not isinstance(metadata, dict):
        return []
    return [fields.text(metadata, name) for name in _REQUESTS]


def digest(value: str) -> bytes:
    """Return 16 bytes that tell a value from all others, where a number of 32 bits does not: for who counts."""
    try:
        from _blake2 import blake2b  # hashlib would load OpenSSL
    except ImportError:  # pragma: no cover - a Python that is built without it
        from hashlib import blake2b

    return blake2b(value.encode("utf-8", "surrogatepass"), digest_size=16).digest()
