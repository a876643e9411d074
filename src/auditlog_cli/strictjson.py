"""One strict JSON object from the bytes of one line.

Strict means what record.md, "Strict reading", says: duplicate member names, NaN and Infinity, invalid
UTF-8, lone surrogates, a byte-order mark, nesting deeper than 512, and anything that is not one object
are errors, because two readers could disagree about what such a line says.

There are two ways to the same answer:

`exact` is the obvious one: the scanner of the standard library with every check spelled out.

`decode` is the fast one, used once more than a few lines are read (bench/decode.py). orjson alone is
**not** strict: it takes duplicate members (the last one wins) and turns integers beyond 64 bits into
floats. Both gaps are closed by one comparison: if writing the decoded object again gives the very same
bytes, then no member was lost and no number changed. Where the bytes differ (blanks, escapes, other
number forms: legal, but not what orjson writes), `exact` decides.

JSON itself: RFC 8259. Line limits: integrity.md, 2.2.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

_make_scanner: Callable[[object], Callable[[str, int], tuple[Any, int]]]
try:
    # The C scanner without the json package: importing that one pulls in `re`, which costs more than
    # half of a bare interpreter's start (bench/startup.py).
    from _json import make_scanner as _make_scanner  # type: ignore[assignment]
except ImportError:  # pragma: no cover - other interpreters than CPython
    from json.scanner import py_make_scanner as _make_scanner  # type: ignore[attr-defined,no-redef]

MAX_DEPTH = 512
MAX_LINE = 64 * 1024 * 1024
_BLANKS = " \t\n\r"
_UNESCAPED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:@-")
"""Characters that no encoder of JSON escapes (but for one that escapes everything: `scan` looks for those)."""
_SHORTEST_NEEDLE = 3
_FEW = 1000  # lines after which importing orjson has paid for itself (bench/decode.py)


class Malformed(Exception):
    """The line is not one strict JSON object.

    Attributes:
        code:
            `json`, `encoding`, `duplicate-member`, `depth` or `length`.
        reason:
            In words, never with a value of the line.
        at:
            Bytes from the start of the line to the trouble; 0 where that is not known.
    """

    def __init__(self, code: str, reason: str, at: int = 0) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.at = at


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                # A name is quoted only if it looks like one: "ann@example.org" may be a person.
                shown = f'the member "{name}"' if name.isidentifier() and name.isascii() else "a member"
                raise Malformed("duplicate-member", f"{shown} occurs twice in one object")
            seen.add(name)
    return made


def _constant(name: str) -> object:
    raise Malformed("json", f"{name} is not JSON")


def _integer(digits: str) -> object:
    try:
        return int(digits)
    except ValueError:
        # Longer than Python converts by default (4,300 digits): kept whole as a Decimal, which is
        # made in linear time, so that a hostile line cannot burn hours.
        from decimal import Decimal

        return Decimal(digits)


def _float(digits: str) -> float:
    value = float(digits)
    if value - value != 0:  # infinite: the text is JSON, but no double can hold it
        raise Malformed("json", "a number beyond the range of a double")
    return value


class _Context:
    """What the scanner asks for: see `json.decoder.JSONDecoder`."""

    strict = True
    object_hook = None
    object_pairs_hook = staticmethod(_object)
    parse_float = staticmethod(_float)
    parse_int = staticmethod(_integer)
    parse_constant = staticmethod(_constant)
    memo: dict[str, str] = {}  # noqa: RUF012 - the pure Python scanner wants it


_scan = _make_scanner(_Context())


def exact(raw: bytes) -> dict[str, object]:
    """Return the object that `raw`, one line without its LF, holds. Obvious, complete, not fast.

    Raises:
        Malformed: If it is not one strict JSON object.
    """
    if len(raw) > MAX_LINE:
        raise Malformed("length", f"longer than {MAX_LINE // 1024 // 1024} MiB")
    if raw.startswith(b"\xef\xbb\xbf"):
        raise Malformed("encoding", "begins with a byte-order mark")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed("encoding", "not UTF-8", error.start) from None
    start = 0
    while start < len(text) and text[start] in _BLANKS:
        start += 1
    if start == len(text):
        raise Malformed("json", "an empty line")
    try:
        try:
            value, end = _scan(text, start)
        except SystemError:
            # The C scanner of Python 3.11 takes its error class out of json.decoder, and sets no error at all
            # while nobody has imported that.
            import json.decoder  # noqa: F401 - that is all

            value, end = _scan(text, start)
    except StopIteration as error:
        raise Malformed("json", _not_json(text, error.value), _bytes_to(text, error.value)) from None
    except RecursionError:
        raise Malformed("depth", f"nested deeper than {MAX_DEPTH} levels") from None
    except ValueError as error:  # json.JSONDecodeError, whose text may not be trusted with content
        at = getattr(error, "pos", 0)
        raise Malformed("json", _not_json(text, at), _bytes_to(text, at)) from None
    while end < len(text) and text[end] in _BLANKS:
        end += 1
    if end < len(text):
        raise Malformed("json", "something follows the JSON value", _bytes_to(text, end))
    if not isinstance(value, dict):
        raise Malformed("json", f"{_kind(value)}, not an object")
    if raw.count(b"[") + raw.count(b"{") > MAX_DEPTH and _depth(value) > MAX_DEPTH:
        raise Malformed("depth", f"nested deeper than {MAX_DEPTH} levels")
    if b"\\ud" in raw or b"\\uD" in raw:
        _refuse_surrogates(value)
    return value


def values(raw: bytes) -> Iterator[tuple[int, object]]:
    """Yield the JSON values that stand in `raw` one after the other, each with where it begins (in characters).

    What `exact` refuses is refused here, but that a value need be no object, nor stand on one line.

    Raises:
        Malformed: At the first thing that is no strict JSON value, after the values before it.
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Malformed("encoding", "not UTF-8", error.start) from None
    import json.decoder  # noqa: F401 - see `exact`

    at = 0
    while True:
        while at < len(text) and text[at] in _BLANKS:
            at += 1
        if at == len(text):
            return
        start = at
        try:
            value, at = _scan(text, start)
        except StopIteration as error:
            raise Malformed("json", _not_json(text, error.value), error.value) from None
        except RecursionError:
            raise Malformed("depth", f"nested deeper than {MAX_DEPTH} levels", start) from None
        except ValueError as error:
            raise Malformed("json", "not JSON", getattr(error, "pos", start)) from None
        if text.count("[") + text.count("{") > MAX_DEPTH and _depth(value) > MAX_DEPTH:
            raise Malformed("depth", f"nested deeper than {MAX_DEPTH} levels", start)
        if "\\ud" in text or "\\uD" in text:
            _refuse_surrogates(value)
        yield start, value


_orjson_loads = _orjson_dumps = None
_left = _FEW


def decode(raw: bytes) -> dict[str, object]:
    """Return the object that `raw`, one line without its LF, holds. Equal to `exact`, and fast in bulk.

    Raises:
        Malformed: If it is not one strict JSON object.
    """
    global _left
    if _orjson_loads is None:
        if _left > 0:
            _left -= 1
            return exact(raw)
        in_bulk()
    assert _orjson_loads is not None and _orjson_dumps is not None
    try:
        value = _orjson_loads(raw)
        if type(value) is dict and _orjson_dumps(value) == raw:
            return value
    except (ValueError, TypeError):  # orjson's errors are both
        pass
    return exact(raw)


def plain(raw: bytes) -> dict[str, Any] | None:
    """Return the object that `raw` holds if it is written as orjson would write it, else None (`decode` then decides).

    None as well as long as orjson is not loaded.
    """
    if _orjson_loads is None or _orjson_dumps is None:
        return None
    try:
        value = _orjson_loads(raw)
        return value if type(value) is dict and _orjson_dumps(value) == raw else None
    except (ValueError, TypeError):
        return None


def in_bulk() -> None:
    """Expect many lines: load the fast decoder now."""
    global _orjson_loads, _orjson_dumps
    import orjson

    _orjson_loads, _orjson_dumps = orjson.loads, orjson.dumps


def is_plain(raw: bytes, content: dict[str, object]) -> bool:
    """Tell whether a line is written as orjson would write what it holds. No, as long as orjson is not loaded."""
    try:
        return _orjson_dumps is not None and _orjson_dumps(content) == raw
    except TypeError:  # an integer beyond 64 bits
        return False


def written(value: object) -> str:
    """Return a value as orjson writes it."""
    import orjson

    return orjson.dumps(value).decode()


def _bytes_to(text: str, place: int) -> int:
    return len(text[:place].encode("utf-8"))


def _not_json(text: str, at: int) -> str:
    if at >= len(text):
        return "the JSON ends too early"
    if text[at] < " ":
        return f"a control character (U+{ord(text[at]):04X}) stands there unescaped"
    return "not JSON"


def _kind(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, str):
        return "a text"
    return "an array" if isinstance(value, list) else "a number"


def _children(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _depth(value: object) -> int:
    level, depth = [value], 0
    while level := [child for parent in level for child in _children(parent)]:
        depth += 1
    return depth


def _refuse_surrogates(value: object) -> None:
    stack = [value]
    while stack:
        item = stack.pop()
        texts = list(item) if isinstance(item, dict) else [item] if isinstance(item, str) else []
        for text in texts:
            try:
                text.encode("utf-8")
            except UnicodeEncodeError:
                raise Malformed("encoding", "a lone surrogate (half of a character)") from None
        stack.extend(_children(item))


def needle(value: str) -> bytes | None:
    """Return the longest piece of `value` that stands in a JSON line as it is, or None if there is none.

    Wildcards and characters that an encoder may escape cut a value into pieces; a value that looks like a
    number may be written otherwise (`1.50`).

    >>> needle("sess_*/42abc"), needle("é"), needle("12.5"), needle("125")
    (b'sess_', None, None, b'125')
    """
    best = piece = ""
    for char in value:
        piece = piece + char if char in _UNESCAPED else ""
        if len(piece) > len(best):
            best = piece
    if len(best) < _SHORTEST_NEEDLE or (not best.isdigit() and not best.strip("0123456789.-eE")):
        return None
    return best.encode()
