"""Detectors of the site's own, from a file under strict limits (docs/detectors.md).

    {"format": "auditlog.detectors/1",
     "detectors": [{"entity": "ACME_CUSTOMER", "title": "customer number", "pattern": "ACME-[0-9]{8}",
                    "words": ["customer"], "context": "optional", "validator": "luhn",
                    "hit": ["ACME-12345674"], "miss": ["ACME-1"]}]}

The file is read by `rules.yamlfile` once that is there; until then it is JSON. Patterns are refused where hostile text
could make them take exponential time.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec

from auditlog_cli import strictjson
from auditlog_cli.detectors import guards
from auditlog_cli.detectors.catalogue import ENTITIES
from auditlog_cli.detectors.checksums import luhn, stdnum
from auditlog_cli.detectors.detector import CERTAIN, LIKELY, MARKS, POSSIBLE, Candidate, Detector, Judge
from auditlog_cli.errors import DefinitionError
from auditlog_cli.matching import safe_regex

FORMAT = "auditlog.detectors/1"
_MOST_BYTES = 1 << 20
_MOST = 200
_LONGEST_TEXT = 2000
_LONGEST_MATCH = 1000
_NAME = re.compile(r"[A-Z][A-Z0-9_]{2,59}\Z")
_KNOWN = frozenset(("entity", "title", "pattern", "words", "context", "validator", "hit", "miss"))
_MODULE = re.compile(r"[a-z_]{2,20}(?:\.[a-z_]{2,30})?\Z")


def load(data: bytes, name: str) -> tuple[Detector, ...]:
    """Return the detectors that a file defines, each proved by its own test strings.

    Args:
        data: The file.
        name: What to call it in errors.

    Raises:
        DefinitionError: If the file, a pattern or a test string is wrong; with file and line.
    """
    if len(data) > _MOST_BYTES:
        raise DefinitionError(f"{name}: larger than 1 MiB")
    try:
        top = strictjson.exact(data)
    except strictjson.Malformed as error:
        line = data.count(b"\n", 0, error.at) + 1
        raise DefinitionError(f"{name}:{line}: {error.reason}", help="a file of detectors is JSON") from None
    unknown = set(top) - {"format", "detectors"}
    if top.get("format") != FORMAT or unknown:
        raise DefinitionError(f'{name}:1: not a file of detectors: "format" is "{FORMAT}"', help="see docs/detectors.md")
    given = top.get("detectors")
    if not isinstance(given, list) or not 0 < len(given) <= _MOST:
        raise DefinitionError(f'{name}: "detectors" is a list of 1 to {_MOST}')
    made = []
    for number, entry in enumerate(given):
        where = f"{name}:{_line(data, number)}: detector {number + 1}"
        if not isinstance(entry, dict):
            raise DefinitionError(f"{where}: an object is wanted")
        made.append(_detector(entry, where))
    return tuple(made)


def _line(data: bytes, number: int) -> int:
    """The line on which the how-many-th `"entity"` stands."""
    at = -1
    for _ in range(number + 1):
        following = data.find(b'"entity"', at + 1)
        if following < 0:
            break
        at = following
    return data.count(b"\n", 0, max(at, 0)) + 1


def _detector(entry: dict[str, object], where: str) -> Detector:
    unknown = sorted(set(entry) - _KNOWN)
    if unknown:
        raise DefinitionError(f"{where}: unknown key", help=f"known are {', '.join(sorted(_KNOWN))}")
    entity = entry.get("entity")
    if not isinstance(entity, str) or not _NAME.match(entity) or entity in ENTITIES or entity == "SECRET":
        raise DefinitionError(f"{where}: the entity is a name of its own, in capitals, digits and _")
    where = f"{where} ({entity})"
    title = entry.get("title", entity)
    pattern = entry.get("pattern")
    if not isinstance(title, str) or not isinstance(pattern, str) or not pattern:
        raise DefinitionError(f"{where}: title and pattern are texts")
    compiled = safe_pattern(pattern, where)
    words = frozenset(word.strip().lower().replace(" ", "_") for word in _texts(entry, "words", where))
    context = entry.get("context", "required" if words else "optional")
    if context not in ("required", "optional") or (context == "required" and not words):
        raise DefinitionError(f"{where}: context is required or optional, and needs words")
    check = _validator(entry.get("validator"), where)
    hits, misses = _texts(entry, "hit", where), _texts(entry, "miss", where)
    if not hits or not misses:
        raise DefinitionError(f"{where}: test strings are missing", help='give "hit" and "miss", at least one of each')
    literal = _literal(pattern)
    return Detector(
        entity, title, MARKS, compiled, _judge(words, context == "required", check), words=words,
        needs=(literal,) if literal else (), literal=True, source="custom",
        hits=tuple(_keyed(each) for each in hits), misses=tuple(_keyed(each) for each in misses),
    )  # fmt: skip


def _keyed(text: str) -> tuple[str, str]:
    """A test string may name the member: `customer=ACME-1`."""
    key, equals, value = text.partition("=")
    return (key, value) if equals and re.fullmatch(r"[A-Za-z_][\w\-]{0,40}", key) else ("", text)


def _judge(words: frozenset[str], required: bool, check: Callable[[str], bool] | None) -> Judge:
    def judge(found: Candidate) -> int | None:
        near = found.said(words)
        if (required and not near) or found.end - found.start > _LONGEST_MATCH or found.end == found.start:
            return None
        if check is None:
            return LIKELY
        if guards.is_run(found.compact) or not check(found.compact):
            return None
        return CERTAIN if near else LIKELY if not words else POSSIBLE

    return judge


def _validator(name: object, where: str) -> Callable[[str], bool] | None:
    if name is None:
        return None
    if name == "luhn":
        return luhn
    # Modules of stdnum only, and no module that lies deeper: nothing else is imported because a file says so.
    if not isinstance(name, str) or not _MODULE.match(name):
        raise DefinitionError(f"{where}: the validator is luhn or a module of stdnum, such as us.ssn")
    try:
        known = find_spec(f"stdnum.{name}") is not None and hasattr(import_module(f"stdnum.{name}"), "is_valid")
    except ImportError:
        known = False
    if not known:
        raise DefinitionError(f"{where}: stdnum has no module {name}", help="such as luhn, iban, us.ssn, de.idnr")
    return stdnum(name)


def _texts(entry: dict[str, object], key: str, where: str) -> list[str]:
    value = entry.get(key, [])
    if not isinstance(value, list) or len(value) > _MOST:
        raise DefinitionError(f"{where}: {key} is a list of texts")
    if not all(isinstance(each, str) and 0 < len(each) <= _LONGEST_TEXT for each in value):
        raise DefinitionError(f"{where}: {key} is a list of texts of up to {_LONGEST_TEXT} characters")
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
        raise DefinitionError(f"{where}: pattern: {error}") from None
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
