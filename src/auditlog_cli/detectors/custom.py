"""Detectors of the site's own, from a file under strict limits (docs/detectors.md).

    {"format": "auditlog.detectors/1",
     "detectors": [{"entity": "ACME_CUSTOMER", "title": "customer number", "pattern": "ACME-([0-9]{8})",
                    "words": ["customer"], "context": "optional", "validator": "luhn",
                    "hit": ["ACME-12345674"], "miss": ["ACME-1"]}]}

The same in YAML: `rules.yamlfile` reads both. A policy holds the same list under `scan`. Patterns are refused where
hostile text could make them take exponential or quadratic time.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol

from auditlog_cli import strictjson
from auditlog_cli.detectors import guards
from auditlog_cli.detectors.catalogue import ENTITIES
from auditlog_cli.detectors.checksums import luhn, stdnum
from auditlog_cli.detectors.detector import CERTAIN, CUSTOM, LIKELY, MARKS, Candidate, Detector, Judge
from auditlog_cli.errors import DefinitionError
from auditlog_cli.matching import safe_regex

FORMAT = "auditlog.detectors/1"
_HELP = "see docs/detectors.md"
_MOST = 200
_LONGEST_TEXT = 2000
_LONGEST_MATCH = 1000
_NAME = re.compile(r"[A-Z][A-Z0-9_]{2,59}\Z")
_KNOWN = frozenset(("entity", "title", "pattern", "words", "context", "validator", "hit", "miss"))
_MODULE = re.compile(r"[a-z_]{2,20}(?:\.[a-z_]{2,30})?\Z")


class Document(Protocol):
    """A definition file, read strictly: see `rules.yamlfile`."""

    @property
    def data(self) -> dict[str, Any]:
        """What it says."""
        ...

    def line(self, container: object, key: object = None) -> int:
        """Return the line of `container[key]`, or 0."""
        ...

    def error(self, message: str, container: object = None, key: object = None, *, help: str = "") -> DefinitionError:  # noqa: A002
        """Return an error that names file and line of `container[key]`."""
        ...


def defined_in(document: Document) -> tuple[Detector, ...]:
    """Return the detectors that a definition file (YAML or JSON, `rules.yamlfile.load`) defines.

    Raises:
        DefinitionError: If something in it is wrong; with file and line.
    """
    top = document.data
    if top.get("format") != FORMAT:
        raise document.error(f"not a file of detectors: its format is {FORMAT}", top, "format", help=_HELP)
    for key in top:
        if key not in ("format", "detectors"):
            raise document.error("unknown key", top, key, help="known are format, detectors")
    return listed(document, top)


def listed(document: Document, container: dict[str, Any], key: str = "detectors") -> tuple[Detector, ...]:
    """Return the detectors that the list at `container[key]` of a definition file defines.

    Raises:
        DefinitionError: If something in it is wrong; with file and line.
    """
    given = container.get(key)
    if not isinstance(given, list) or not 0 < len(given) <= _MOST:
        raise document.error(f"{key}: a list of 1 to {_MOST}", container, key, help=_HELP)
    made = []
    for number, entry in enumerate(given):
        if not isinstance(entry, dict):
            raise document.error("a detector is a mapping", given, number, help=_HELP)
        try:
            made.append(_detector(entry, document.line(entry)))
        except _WrongError as wrong:
            raise document.error(str(wrong), entry, wrong.key, help=wrong.help) from None
    return tuple(made)


class _WrongError(Exception):
    """A detector is wrong at one of its keys."""

    def __init__(self, message: str, key: str | None = None, help: str = _HELP) -> None:  # noqa: A002
        super().__init__(message)
        self.key = key
        self.help = help


def _detector(entry: dict[str, Any], line: int) -> Detector:
    for each in entry:
        if each not in _KNOWN:
            raise _WrongError("unknown key", each, f"known are {', '.join(sorted(_KNOWN))}")
    entity = entry.get("entity")
    if not isinstance(entity, str) or not _NAME.match(entity) or entity in ENTITIES or entity == "SECRET":
        raise _WrongError("the entity is a name of its own, in capitals, digits and _", "entity")
    title = entry.get("title", entity)
    pattern = entry.get("pattern")
    if not isinstance(title, str) or not isinstance(pattern, str) or not pattern:
        raise _WrongError(f"{entity}: title and pattern are texts", "pattern")
    try:
        compiled = safe_pattern(pattern, entity)
    except DefinitionError as error:
        raise _WrongError(error.message, "pattern", error.help) from None
    words = frozenset(word.strip().lower().replace(" ", "_") for word in _texts(entry, "words"))
    context = entry.get("context", "required" if words else "optional")
    if context not in ("required", "optional") or (context == "required" and not words):
        raise _WrongError(f"{entity}: context is required or optional, and needs words", "context")
    check = _validator(entry.get("validator"))
    hits, misses = _texts(entry, "hit"), _texts(entry, "miss")
    if not hits or not misses:
        raise _WrongError(f"{entity}: test strings are missing", None, "give hit and miss, at least one of each")
    literal = _literal(pattern)
    return Detector(
        entity, title, MARKS, compiled, _judge(compiled, words, context == "required", check), words=words,
        needs=(literal,) if literal else (), literal=True, source=CUSTOM,
        hits=tuple(_keyed(each) for each in hits), misses=tuple(_keyed(each) for each in misses),
    )  # fmt: skip


def _keyed(text: str) -> tuple[str, str]:
    """A test string may name the member: `customer=ACME-1`."""
    key, equals, value = text.partition("=")
    return (key, value) if equals and re.fullmatch(r"[A-Za-z_][\w\-]{0,40}", key) else ("", text)


def _judge(
    pattern: re.Pattern[str], words: frozenset[str], required: bool, check: Callable[[str], bool] | None
) -> Judge:
    """A judge: context if it is required, then the check on the first group of the pattern, or on all of it."""

    def judge(found: Candidate) -> int | None:
        near = found.said(words)
        if (required and not near) or not 0 < found.end - found.start <= _LONGEST_MATCH:
            return None
        if check is None:
            return LIKELY
        match = pattern.match(found.text, found.start)
        checked = (match[1] if match and pattern.groups else None) or found.value
        if guards.is_run(checked) or not check(checked):
            return None
        return CERTAIN if near else LIKELY

    return judge


def _validator(name: object) -> Callable[[str], bool] | None:
    if name is None:
        return None
    if name == "luhn":
        return luhn
    # Modules of stdnum only, and no module that lies deeper: nothing else is imported because a file says so.
    if not isinstance(name, str) or not _MODULE.match(name):
        raise _WrongError("the validator is luhn or a module of stdnum, such as us.ssn", "validator")
    try:
        known = find_spec(f"stdnum.{name}") is not None and hasattr(import_module(f"stdnum.{name}"), "is_valid")
    except ImportError:
        known = False
    if not known:
        raise _WrongError(f"stdnum has no module {name}", "validator", "such as luhn, iban, us.ssn, de.idnr")
    return stdnum(name)


def _texts(entry: dict[str, Any], key: str) -> list[str]:
    value = entry.get(key, [])
    if not isinstance(value, list) or len(value) > _MOST:
        raise _WrongError(f"{key} is a list of texts", key)
    if not all(isinstance(each, str) and 0 < len(each) <= _LONGEST_TEXT for each in value):
        raise _WrongError(f"{key} is a list of texts of up to {_LONGEST_TEXT} characters", key)
    return value


def safe_pattern(pattern: str, where: str) -> re.Pattern[str]:
    """Return a pattern of the site compiled, for ASCII digits and letters.

    Raises:
        DefinitionError: If it is none, or could take exponential time on hostile text.
    """
    try:
        safe_regex(pattern)
        compiled = re.compile(pattern, re.ASCII)
    except (ValueError, re.error) as error:
        raise DefinitionError(f"{where}: pattern: {error}", help=_HELP) from None
    _refuse_long(pattern, where)
    return compiled


def _refuse_long(pattern: str, where: str) -> None:
    """Two unbounded repetitions side by side take quadratic time on a long text: at most one is taken."""
    import re._parser as parser  # type: ignore[import-not-found]

    unbounded = sum(
        1 for operator, argument in _every(parser.parse(pattern)) if "REPEAT" in str(operator) and argument[1] > 1000
    )
    if unbounded > 0:
        raise DefinitionError(
            f"{where}: pattern: * and + without a bound could stall on long text", help="write {0,40} or {1,40}"
        )


def _every(tree: object) -> list[tuple[object, tuple[int, int, object]]]:
    found: list[tuple[object, tuple[int, int, object]]] = []
    stack: list[object] = [tree]
    while stack:
        each = stack.pop()
        for operator, argument in each:  # type: ignore[attr-defined]
            found.append((operator, argument))
            parts = argument if isinstance(argument, (tuple, list)) else (argument,)
            for part in parts:
                if hasattr(part, "data"):
                    stack.append(part)
                elif isinstance(part, list):
                    stack.extend(inner for inner in part if hasattr(inner, "data"))
    return found


def _literal(pattern: str) -> str:
    """Return the longest text that stands in every match as it is and that JSON never escapes, in lower case."""
    import re._parser as parser

    tree = parser.parse(pattern)
    if tree.state.flags & re.IGNORECASE:
        return ""
    best = piece = ""
    for operator, argument in tree:
        piece = piece + chr(argument) if str(operator) == "LITERAL" else ""
        kept = strictjson.needle(piece) if piece else None
        if kept is not None and len(kept) > len(best):
            best = kept.decode()
    return best.lower()
