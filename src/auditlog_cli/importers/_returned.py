"""Log records that `auditlog export --to otlp-logs` made become the records that they were.

What only holds where a record stood (`seq`, `prev`), and the provenance it had, goes to `provenance.import.rest`.
"""

from __future__ import annotations

from typing import Any

from auditlog_cli import pointers, strictjson
from auditlog_cli.importers._drafts import Content, Draft, text

SCOPE = "auditlog"
_PREFIX = "auditlog."
_TEXTS = "auditlog.json"
_PLACE = ("seq", "prev", "provenance", "_salts")


def is_ours(scope: str, name: str, body: object) -> bool:
    """Tell whether it is a record of ours.

    Args:
        scope: The instrumentation scope.
        name: The name of the event.
        body: The body, as plain JSON.
    """
    return scope == SCOPE and isinstance(body, dict) and name == _PREFIX + _event(body)


def _event(body: Content) -> str:
    """What the export calls the event of a record (`exporters/otlp_logs`)."""
    own, action = body.get("auditlog"), body.get("action")
    prefix, block = ("log.", own) if isinstance(own, dict) else ("", action if isinstance(action, dict) else {})
    kind = block.get("type")
    return prefix + (kind if isinstance(kind, str) and kind else "record")


def drafts(body: Content, attributes: Content) -> list[Draft] | str:
    """Return the record; a text for what is no record of an action."""
    if "auditlog" in body:
        return "record of the log's own"
    if "_leaf" in body:
        return "withheld record"
    restore(body, attributes)
    place = {name: body.pop(name) for name in _PLACE if name in body}
    draft = Draft(body, text(body.get("record_id")), "", place)
    draft.whole = True
    return [draft]


def restore(body: Content, attributes: Content) -> None:
    """Put back into a body what stands in it as a text of JSON, as its attributes list it."""
    listed = attributes.get(_TEXTS)
    for pointer in listed if isinstance(listed, list) else ():
        _read(body, text(pointer))


def _read(body: Content, pointer: str) -> None:
    """Put what a text of JSON says in its place; a pointer that leads nowhere changes nothing."""
    *way, last = pointers.steps(pointer) or [""]
    holder: Any = body
    for step in way:
        holder = _inside(holder, step)
    held = _inside(holder, last)
    if isinstance(held, str):
        try:
            found = [value for _, value in strictjson.values(held.encode("utf-8", "surrogatepass"))]
        except strictjson.Malformed:
            return
        if len(found) == 1:
            holder[int(last) if isinstance(holder, list) else last] = found[0]


def _inside(holder: Any, step: str) -> Any:
    if isinstance(holder, dict):
        return holder.get(step)
    if isinstance(holder, list) and step.isdecimal() and len(step) < 10 and int(step) < len(holder):
        return holder[int(step)]
    return None
