"""Syslog messages (RFC 5424), one a record: the envelope as structured data, the whole record as JSON behind it."""

from __future__ import annotations

from collections.abc import Iterator

from auditlog_cli import fields, times
from auditlog_cli.errors import UsageError
from auditlog_cli.exporters import Entry, Piece, Settings, Source
from auditlog_cli.exporters._envelope import Row, actors, one_line, outcome, row

HINT = "syslog (RFC 5424): a message a line, or to a receiver with --endpoint"
FOLDER = False
SEALED = False
MESSAGES = True

_FACILITY = 13 * 8  # log audit (RFC 5424, table 1)
_SEVERITIES = {"success": 6, "unknown": 6, "denied": 4, "failure": 3}
_LONGEST_ID = 32
_LONGEST_HOST = 255
_PARAMS = frozenset(Row._fields) - {"timestamp", "action_type", "record"}  # these stand elsewhere in the message


def export(source: Source, settings: Settings) -> Iterator[Piece]:
    """Yield one message for each record, ended by LF. No value can end one: the record is JSON in ASCII, and a
    character that does something stands in the structured data as its escape.

    Raises:
        UsageError: If the enterprise number is none.
    """
    if not 0 < settings.enterprise < 1 << 32:
        raise UsageError(
            "--enterprise-number: a number from 1 to 4294967295", help="the one that IANA gave your organisation"
        )
    for entry in source.entries:
        found = row(entry)
        data = structured(found, entry, settings.enterprise)
        yield Piece("", f"{header(found, entry)} {data} {found.record}\n".encode("utf-8", "backslashreplace"))


def header(found: Row, entry: Entry) -> str:
    """Return what stands in front of the structured data: `<PRI>1 TIME HOST auditlog - MSGID` (RFC 5424, 6.2).

    HOST is `source.host` of the record. What the record does not say is `-`.
    """
    priority = _FACILITY + _SEVERITIES[outcome(entry.content)]
    at = "-" if found.timestamp is None else times.render(found.timestamp)
    host = _word(fields.text(entry.content, "source.host"), _LONGEST_HOST)
    return f"<{priority}>1 {at} {host} auditlog - {_word(found.action_type or '', _LONGEST_ID)}"


def structured(found: Row, entry: Entry, enterprise: int) -> str:
    """Return the envelope as one element of structured data (RFC 5424, 6.3).

    Args:
        enterprise: The private enterprise number behind the `@`.
    """
    params = {name: value for name, value in found._asdict().items() if name in _PARAMS}
    params["delegation"] = actors(entry.content)
    texts = (f'{name}="{_value(value)}"' for name, value in params.items() if value not in (None, []))
    return f"[{' '.join([f'auditlog@{enterprise}', *texts])}]"


def _value(value: object) -> str:
    text = one_line(" ".join(value) if isinstance(value, list) else str(value))
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]")


def _word(text: str, longest: int) -> str:
    """A word of printable ASCII, as the header wants it; `-` for nothing."""
    return "".join(char if "!" <= char <= "~" else "_" for char in text[:longest]) or "-"
