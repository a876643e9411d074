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
_REQUESTS = ("correlation_id", "request_id", "run_id")


def number(value: str, field: int) -> int:
    """Return the number of a value of `FIELDS[field]`, 32 bits. Not secret, not unique."""
    return crc32(value.encode("utf-8", "surrogatepass"), field)


def of(record: Record) -> list[list[str]]:
    """Return the values under which a record is found, for each of `FIELDS`: what the selectors compare with."""
    content = record.content
    found = [[fields.text(content, path) for path in paths] for paths in PATHS.values()]
    if record.shape == "tutorial":
        metadata = content.get("metadata")
        if isinstance(metadata, dict):
            found[-1] += [fields.text(metadata, name) for name in _REQUESTS]
    return [list(dict.fromkeys(filter(None, values))) for values in found]
