"""Definition files - packs, policies, waivers - read strictly (compliance.md, 6.2).

YAML can say the same thing in too many ways, and some of them surprise: `NO` is false, `1:20` is 80, a key
may come twice, a few lines of aliases unfold to gigabytes. So only the plain part of it is read: one
document, no tags, no anchors, no aliases, no merge keys, every key a text that comes once, and scalars by
six exact rules. What is forbidden is looked for in the stream of events, before anything is built.

The parser of PyYAML in C and the one in Python do not agree about every malformed file: one may refuse what the
other takes. They never read two different things (a fuzzed property), so a machine without the one in C may
refuse a file, loudly, but never misunderstands it.

A file whose name ends in `.json` is read as JSON under the same limits, without PyYAML.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from auditlog_cli.errors import DefinitionError, remedy

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES: Final = 1024 * 1024
MAX_DEPTH: Final = 32
_MAX_DIGITS: Final = 300
_HELP: Final = "docs/packs.md says how such a file is written; `auditlog schema` lists the schemas"

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)\Z", re.ASCII)
_FLOAT = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]+(?:[eE][-+]?[0-9]+)?\Z", re.ASCII)
_WORDS: Final = {"": None, "~": None, "null": None, "true": True, "false": False}
# Line breaks that only some readers of YAML take for breaks (U+0085, U+2028, U+2029) are refused with the
# control characters: two readers must not see two files.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


class Document:
    """What a definition file says, and where it says it.

    Attributes:
        path: The file as the user named it.
        data: Plain dict, list, str, int, float, bool and None; the outermost is a dict.
        sha256: Of the bytes of the file, in hex.
    """

    __slots__ = ("_marks", "data", "path", "sha256")

    def __init__(self, path: str, data: dict[str, Any], sha256: str, marks: dict[tuple[int, object], tuple[int, int]]):
        self.path = path
        self.data = data
        self.sha256 = sha256
        self._marks = marks  # (id of a dict or list, key or index) → line and column of the key or element

    def line(self, container: object, key: object = None) -> int:
        """Return the 1-based line of `container[key]` (of the container itself without a key), or 0 in JSON."""
        return self._marks.get((id(container), key), (0, 0))[0]

    def error(self, message: str, container: object = None, key: object = None, *, help: str = "") -> DefinitionError:  # noqa: A002
        """Return an error that names file, line and column of `container[key]`, as far as they are known."""
        mark = self._marks.get((id(container), key)) or self._marks.get((id(container), None))
        return _error(self.path, message, *(mark or (0, 0)), help=help)


def load(path: str) -> Document:
    """Read the definition file `path`.

    Raises:
        DefinitionError: If it cannot be read, or is not the plain part of YAML (or JSON), with file, line and column.
    """
    try:
        with open(path, "rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise DefinitionError(f"{path}: cannot be read ({error.strerror})", help=remedy(error)) from None
    return parse(raw, path)


def parse(raw: bytes, path: str, *, pure: bool = False) -> Document:
    """Return what the bytes of a definition file say.

    Args:
        raw: The bytes.
        path: The name of the file, for errors; its ending chooses between YAML and JSON.
        pure: Use the Python parser of PyYAML even where the one in C is there.

    Raises:
        DefinitionError: See `load`.
    """
    from hashlib import sha256

    if len(raw) > MAX_BYTES:
        raise _error(path, f"larger than {MAX_BYTES:,} bytes", help="split it: packs and policies are small files")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _error(path, "not UTF-8", line, error.start - raw.rfind(b"\n", 0, error.start)) from None
    bad = _FORBIDDEN.search(text)
    if bad is not None:
        line, column = _position(text, bad.start())
        raise _error(path, f"the character U+{ord(bad.group()):04X} is not allowed", line, column)
    marks: dict[tuple[int, object], tuple[int, int]] = {}
    if path.endswith(".json"):
        data = _from_json(text, path)
    else:
        _refuse_tabs(text, path)
        data = _Builder(path, marks).build(_events(text, path, pure))
    if not isinstance(data, dict):
        raise _error(path, "not a mapping: a definition file is `key: value` lines", 1, 1)
    return Document(path, data, sha256(raw).hexdigest(), marks)


def _error(path: str, message: str, line: int = 0, column: int = 0, *, help: str = "") -> DefinitionError:  # noqa: A002
    place = f"{path}:{line}:{column}" if line else path
    return DefinitionError(f"{place}: {message}", help=help or _HELP)


def _position(text: str, index: int) -> tuple[int, int]:
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)


def _refuse_tabs(text: str, path: str) -> None:
    """The parser in C takes a tab for a blank where the one in Python does not, nor do those of other languages."""
    at = text.find("\t")
    if at >= 0:
        raise _error(path, "a tab: use spaces", *_position(text, at), help='inside quotes a tab is written "\\t"')


def _events(text: str, path: str, pure: bool) -> Iterator[Any]:
    import yaml

    loader: Any = yaml.SafeLoader if pure else getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        yield from yaml.parse(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        raise _error(path, f"not YAML: {error.problem or error.context}", *at) from None
    except (yaml.YAMLError, ValueError, OverflowError):  # an escape that is no character
        raise _error(path, "not YAML: a character that cannot be") from None


class _Builder:
    """Builds plain data from the events of a YAML parser and refuses what 6.2 forbids."""

    def __init__(self, path: str, marks: dict[tuple[int, object], tuple[int, int]]) -> None:
        self.path = path
        self.marks = marks
        self.open: list[dict[str, Any] | list[Any]] = []
        self.keys: list[str | None] = []  # for each open mapping the key whose value comes next
        self.key_marks: list[tuple[int, int]] = []
        self.root: Any = None

    def build(self, events: Iterator[Any]) -> object:
        documents = 0
        for event in events:
            kind = type(event).__name__
            at = (event.start_mark.line + 1, event.start_mark.column + 1)
            if kind == "ScalarEvent":
                self.refuse_names(event, at)
                self.scalar(event, at)
            elif kind in ("MappingStartEvent", "SequenceStartEvent"):
                self.refuse_names(event, at)
                self.start({} if kind[0] == "M" else [], at)
            elif kind in ("MappingEndEvent", "SequenceEndEvent"):
                self.open.pop()
                self.keys.pop()
                self.key_marks.pop()
            elif kind == "AliasEvent":
                raise _error(self.path, "an alias (*name): write the value out", *at)
            elif kind == "DocumentStartEvent":
                documents += 1
                if documents > 1:
                    raise _error(self.path, "a second document: one file is one document", *at)
                if event.version or event.tags:
                    raise _error(self.path, "a directive (%YAML, %TAG): leave it out", *at)
        return self.root

    def refuse_names(self, event: Any, at: tuple[int, int]) -> None:
        if event.anchor is not None:
            raise _error(self.path, "an anchor (&name): write the value out where it is needed", *at)
        if event.tag is not None:
            raise _error(self.path, "a tag (!name): values have no tags here", *at)

    def start(self, container: dict[str, Any] | list[Any], at: tuple[int, int]) -> None:
        if self.open and isinstance(self.open[-1], dict) and self.keys[-1] is None:
            raise _error(self.path, "a key must be a text", *at)
        self.place(container, at)
        self.marks[id(container), None] = at
        if len(self.open) == MAX_DEPTH:
            raise _error(self.path, f"nested deeper than {MAX_DEPTH} levels", *at)
        self.open.append(container)
        self.keys.append(None)
        self.key_marks.append(at)

    def scalar(self, event: Any, at: tuple[int, int]) -> None:
        plain = not event.style
        if self.open and isinstance(self.open[-1], dict) and self.keys[-1] is None:
            mapping, key = self.open[-1], event.value
            if plain and key == "<<":
                raise _error(self.path, "a merge key (<<): write the keys out", *at)
            if plain and not isinstance(self.resolved(key, at), str):
                raise _error(self.path, "a key must be a text: put it in quotes", *at)
            self.refuse_surrogates(key, at)
            if key in mapping:
                first = self.marks[id(mapping), key][0]
                raise _error(self.path, f'the key "{_short(key)}" comes twice: first on line {first}', *at)
            self.keys[-1] = key
            self.key_marks[-1] = at
            return
        value = self.resolved(event.value, at) if plain else event.value
        self.refuse_surrogates(value, at)
        self.place(value, at)

    def place(self, value: object, at: tuple[int, int]) -> None:
        if not self.open:
            self.root = value
            return
        container = self.open[-1]
        if isinstance(container, dict):
            key = self.keys[-1]
            assert key is not None
            container[key] = value
            self.marks[id(container), key] = self.key_marks[-1]
            self.keys[-1] = None
        else:
            self.marks[id(container), len(container)] = at
            container.append(value)

    def resolved(self, text: str, at: tuple[int, int]) -> object:
        """Return what a plain scalar stands for: text, unless it is written in exactly one of the other ways."""
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.match(text) or _FLOAT.match(text):
            number = _number(text)
            if number is None:
                raise _error(self.path, "a number too large to be held exactly", *at)
            return number
        return text

    def refuse_surrogates(self, value: object, at: tuple[int, int]) -> None:
        if isinstance(value, str) and not _encodable(value):
            raise _error(self.path, "an escape that is half a character (a lone surrogate)", *at)


def _number(text: str) -> int | float | None:
    if len(text) > _MAX_DIGITS:
        return None
    if _INTEGER.match(text):
        return int(text)
    number = float(text)
    return None if number in (float("inf"), float("-inf")) else number


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def _from_json(text: str, path: str) -> object:
    import json

    def members(pairs: list[tuple[str, object]]) -> dict[str, object]:
        made: dict[str, object] = {}
        for key, value in pairs:
            if key in made:
                raise _error(path, f'the key "{_short(key)}" comes twice in one object')
            made[key] = value
        return made

    def number(digits: str) -> int | float:
        value = _number(digits) if _INTEGER.match(digits) or _FLOAT.match(digits) else None
        if value is None:
            # JSON also writes 1e3, which no rule or policy needs, and one reading for both formats is simpler.
            raise _error(path, "a number that is too large, or written with an exponent and no point")
        return value

    def constant(name: str) -> object:
        raise _error(path, f"{name} is no JSON")

    try:
        data: object = json.loads(
            text, object_pairs_hook=members, parse_int=number, parse_float=number, parse_constant=constant
        )
    except json.JSONDecodeError as error:
        raise _error(path, f"not JSON: {error.msg}", error.lineno, error.colno) from None
    except RecursionError:
        raise _error(path, f"nested deeper than {MAX_DEPTH} levels") from None
    _judge(data, path)
    return data


def _judge(data: object, path: str) -> None:
    """Hold JSON to the depth and the texts of YAML; a walk without recursion."""
    level: list[object] = [data]
    for depth in range(MAX_DEPTH + 2):
        inner: list[object] = []
        for value in level:
            if isinstance(value, str) and not _encodable(value):
                raise _error(path, "an escape that is half a character (a lone surrogate)")
            if isinstance(value, (dict, list)):
                if depth == MAX_DEPTH:
                    raise _error(path, f"nested deeper than {MAX_DEPTH} levels")
                inner.extend((*value, *value.values()) if isinstance(value, dict) else value)
        level = inner
        if not level:
            return
