"""Types, formats, envelope: what the schema finds wrong, in words that a person understands.

The schema tells alternatives apart by `if`/`then`, never by `anyOf`, so that a failure has one cause and
no best match has to be guessed. What fails inside a value counts for the value: whatever is wrong with
an object where a text belongs, the sentence is "user.id must be a text, not an object".
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from auditlog_cli.validator import schemas
from auditlog_cli.validator.faults import Fault, Problem, dotted, is_plain, kind

RECORD, OWN, TOMBSTONE = "action-record", "own", "tombstone"
_SEALED = ("seq", "prev", "_salts", "_leaf")
_ENVELOPE = {
    "timestamp": ("RECORD-ENVELOPE-1", "it is not said when it happened (timestamp is missing)"),
    "session_id": ("RECORD-ENVELOPE-2", "the session is not named (session_id is missing)"),
    "trace_id": ("RECORD-ENVELOPE-3", "the trace is not named (trace_id is missing)"),
}
_HOLE = 'a withheld value must be exactly {"_redacted": "<64 lower-case hex digits>"}'
_At = tuple[str | int, ...]
_RESERVED = re.compile(rb'"_(?:redacted|leaf|salts)"')


def what(content: dict[str, object]) -> str:
    """Return which definition of the schema a line of ours is judged by: RECORD, OWN or TOMBSTONE."""
    if "_leaf" in content:
        return TOMBSTONE
    return OWN if "auditlog" in content else RECORD


def problems(content: dict[str, object], faults: list[Fault], definition: str) -> list[Problem]:
    """Return what an engine found wrong, each cause once, in the order of the pointers.

    Args:
        content: The record.
        faults: What an engine found, against the same definition.
        definition: RECORD, OWN or TOMBSTONE.
    """
    by_place: dict[_At, list[Fault]] = {}
    for fault in faults:
        by_place.setdefault(_meant(fault.at, definition, content), []).append(fault)
    found: list[Problem] = []
    for at in sorted(by_place, key=lambda way: [str(step) for step in way]):
        found += _say(content, at, by_place[at], definition)
    return found


def _say(content: dict[str, object], at: _At, faults: list[Fault], definition: str) -> list[Problem]:
    value, node = _value(content, at), _node(at, definition, content)
    keywords = {fault.keyword for fault in faults}
    if isinstance(value, dict) and keywords <= {"required", "additionalProperties"} and "properties" in node:
        missing = sorted({name for fault in faults if fault.keyword == "required" for name in fault.names})
        extra = sorted({name for fault in faults if fault.keyword == "additionalProperties" for name in fault.names})
        return [_missing(at, name, definition) for name in missing] + [_extra(at, name, definition) for name in extra]
    must = f"{dotted(at)} must be {_expected(node)}"
    if at[:1] and at[0] in _SEALED:
        return [Problem("RECORD-SEAL-1", at, must)]
    if isinstance(value, dict) and "_redacted" in value:
        return [Problem("RECORD-SEAL-1", at, f"{dotted(at)}: {_HOLE}")]
    if "type" in keywords or (isinstance(value, dict) and "properties" not in node):
        must += f", not {kind(value)}"
        rule = "RECORD-TYPE-1"
    elif _words(node):
        rule = "RECORD-WORD-1"
    else:
        rule = "RECORD-TIME-1" if "format" in node else "RECORD-VALUE-1"
    return [Problem(rule if definition == RECORD else "RECORD-OWN-1", at, must)]


def _missing(at: _At, name: str, definition: str) -> Problem:
    if definition == RECORD and not at:
        rule, message = _ENVELOPE[name]
    else:
        rule = "RECORD-SEAL-1" if definition == TOMBSTONE else "RECORD-OWN-1"
        message = f"{dotted((*at, name))} is missing"
    return Problem(rule, (*at, name), message)


def _extra(at: _At, name: str, definition: str) -> Problem:
    shown = dotted((*at, name))
    if definition == TOMBSTONE:
        return Problem("RECORD-SEAL-1", (*at, name), f"{shown} does not belong into a record withheld whole")
    return Problem("RECORD-OWN-1", (*at, name), f"{shown} does not belong into a record of the log about itself")


def unknown(content: dict[str, object], definition: str) -> list[Problem]:
    """Return the members that the schema does not know. Where anything may stand, nothing is unknown.

    A name that does not look like one is not shown, and its pointer is that of the object around it.
    """
    found: list[Problem] = []
    stack: list[tuple[_At, object]] = [((), content)]
    while stack:
        at, value = stack.pop()
        node = _node(at, definition, content)
        if isinstance(value, list) and "items" in node:
            stack += [((*at, place), item) for place, item in enumerate(value)]
        if not isinstance(value, dict) or "properties" not in node or "_redacted" in value or _is_blob(value):
            continue
        known = node["properties"]
        for name, inner in value.items():
            way = (*at, name)
            if name in known:
                stack.append((way, inner))
            elif at or definition == RECORD:  # the others refuse what is unknown at their top anyway
                shown = dotted(way)
                message = f"{shown} is no member that auditlog.record/1 knows"
                found.append(Problem("RECORD-UNKNOWN-1", way if is_plain(name) else at, message))
    found.sort(key=lambda problem: [str(step) for step in problem.at])
    return found


def _is_blob(value: dict[str, object]) -> bool:
    return value.keys() == {"sha256", "bytes"}


def may_misuse(raw: bytes, content: dict[str, object], *, canonical: bool = False) -> bool:
    """Tell whether `reserved` has to look: a search over the bytes, for most lines hold none of the names
    but one `_salts` at their end (bench/validate.py).

    Args:
        raw: The line.
        content: The record in it.
        canonical: The line is what orjson would write: no underscore stands there escaped.
    """
    first = _RESERVED.search(raw)
    if first is None:
        return not canonical and b"\\u005" in raw
    if first[0] != b'"_salts"' or "_salts" not in content or _RESERVED.search(raw, first.end()):
        return True
    return not canonical and b"\\u005" in raw


def reserved(content: dict[str, object]) -> list[Problem]:
    """Return where a name that the sealed format keeps for itself is used for something else (integrity.md, 2.2).

    Holes inside what the schema leaves free (arguments, result, metadata) are judged here, too.
    """
    found: list[Problem] = []
    stack: list[tuple[_At, object]] = [
        ((name,), value) for name, value in content.items() if name not in ("_salts", "_leaf")
    ]
    if "_redacted" in content:
        found.append(Problem("RECORD-SEAL-2", (), "_redacted stands at the top of a record"))
    free = ("arguments", "result", "error", "metadata", "import", "ingest")
    while stack:
        at, value = stack.pop()
        if isinstance(value, list):
            stack += [((*at, place), item) for place, item in enumerate(value)]
        elif isinstance(value, dict):
            for name in ("_salts", "_leaf"):
                if name in value:
                    found.append(Problem("RECORD-SEAL-2", at, f"{name} is used inside {dotted(at)}"))
            if "_redacted" in value and any(step in free for step in at[:3]) and not is_hole(value):
                found.append(Problem("RECORD-SEAL-1", at, f"{dotted(at)}: {_HOLE}"))
            stack += [((*at, name), item) for name, item in value.items()]
    found.sort(key=lambda problem: [str(step) for step in problem.at])
    return found


def is_hole(value: dict[str, object]) -> bool:
    """Tell whether an object is a hole in exactly the form of integrity.md, 2.3."""
    text = value.get("_redacted")
    return len(value) == 1 and isinstance(text, str) and len(text) == 64 and not text.strip("0123456789abcdef")


# --- what the schema says about a place


@cache
def _definitions() -> dict[str, Any]:
    definitions: dict[str, Any] = schemas.load("record")["$defs"]  # type: ignore[assignment]
    return definitions


def _resolved(node: Any) -> dict[str, Any]:
    """A node with what it refers to laid under it."""
    if not isinstance(node, dict):
        return {}
    under = node.get("$ref")
    if under is None or under == "#/$defs/stand-in":
        return node
    return {**_resolved(_definitions()[under.removeprefix("#/$defs/")]), **node}


def _steps(at: _At, definition: str, content: dict[str, object]) -> tuple[int, dict[str, Any]]:
    """How far the schema knows the way, and what it says there."""
    node = _resolved(_definitions()[definition])
    for done, step in enumerate(at):
        below = node.get("properties", {}).get(step) if isinstance(step, str) else _element(node, step)
        if below is None:
            return done, node
        node = _resolved(below)
        if definition == OWN and done == 0 and step == "auditlog":
            node = _own(node, content)
    return len(at), node


def _element(node: dict[str, Any], place: int) -> Any:
    first = node.get("prefixItems", [])
    return first[place] if place < len(first) else node.get("items")


def _own(node: dict[str, Any], content: dict[str, object]) -> dict[str, Any]:
    """The node of `auditlog` with the members of its type."""
    inner = content.get("auditlog")
    which = inner.get("type") if isinstance(inner, dict) else None
    special = _definitions().get(f"own-{which}", {}) if isinstance(which, str) else {}
    return {**node, "properties": {**special.get("properties", {}), **node["properties"]}}


def _meant(at: _At, definition: str, content: dict[str, object]) -> _At:
    done, _ = _steps(at, definition, content)
    return at[:done]


def _node(at: _At, definition: str, content: dict[str, object]) -> dict[str, Any]:
    return _steps(at, definition, content)[1]


def _value(content: object, at: _At) -> object:
    value: Any = content
    for step in at:
        value = value[step]
    return value


def _words(node: dict[str, Any]) -> list[str]:
    inner = node.get("then")
    for holder in (node, inner if isinstance(inner, dict) else {}):
        if "enum" in holder:
            return [str(word) for word in holder["enum"]]
        if "const" in holder and "title" not in node:
            return [str(holder["const"])]
    return []


def _expected(node: dict[str, Any]) -> str:
    words = _words(node)
    if words:
        return words[0] if len(words) == 1 else f"one of {', '.join(words)}"
    return str(node.get("title", "as the schema says"))
