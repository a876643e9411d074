"""Does a duty apply? What a pack or rule says about that: `applies` and `applies_from` (compliance.md, 3.3)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from auditlog_cli.rules.pack import AppliesFrom
    from auditlog_cli.rules.section import Section

_DATE = re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)


def date(text: str, section: Section, key: str) -> str:
    """Return `text` if it is a day of the calendar, `YYYY-MM-DD`."""
    import datetime

    if _DATE.match(text):
        try:
            datetime.date.fromisoformat(text)
        except ValueError:
            pass
        else:
            return text
    raise section.error(f'"{key}" must be a date such as 2026-11-21', key)


def applies(section: Section, key: str = "applies") -> dict[str, Any]:
    """Return the condition on the profile at `key`: path → value, or list of values."""
    found = section.mapping(key)
    for path, value in found.items():
        for each in value if isinstance(value, list) else [value]:
            if not isinstance(each, (str, bool, int)):
                raise section.document.error(f'"{path}" needs a value, or a list of values', found, path)
    return found


def applies_from(section: Section) -> AppliesFrom:
    """Return since when a duty applies: from a date, or a list of `{when, date}`."""
    value = section.value("applies_from", str, list)
    if value is None:
        return ()
    if isinstance(value, str):
        return (({}, date(value, section, "applies_from")),)
    found = []
    for each in section.sections("applies_from", "an entry of applies_from"):
        found.append((applies(each, "when"), date(each.text("date", required=True), each, "date")))
        each.finish()
    return tuple(found)
