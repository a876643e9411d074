"""A summary as it is: `auditlog.summary/1` (schemas/summary-1.schema.json)."""

from __future__ import annotations

from typing import Any

HINT = "one JSON object, auditlog.summary/1"


def render(summary: dict[str, Any]) -> str:
    """Return the summary as JSON text."""
    from json import dumps

    return dumps(summary, ensure_ascii=True, indent=1) + "\n"
