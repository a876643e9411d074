"""Lines and messages of JSON-RPC 2.0, as MCP's stdio transport sends them: one a line, or a batch of them.

What stands between two programs must read as both of them do. So a line is read strictly, and what is not strict
JSON, or means different things to different readers, is told apart: see `read`, `may_call`, `ambiguous`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from auditlog_cli import strictjson
from auditlog_cli.strictjson import Malformed

Content = dict[str, Any]

PARSE_ERROR, INVALID_REQUEST, INVALID_PARAMS, INTERNAL_ERROR = -32700, -32600, -32602, -32603
"""Codes of errors (JSON-RPC 2.0, 5.1)."""
UNWRITABLE = "audit log not writable"
"""What is said where nothing can be recorded (frameworks.md, 7.3)."""
CALL, ELICIT = "tools/call", "elicitation/create"
_BLANKS = b" \t\r\n"
_ESCAPED = re.compile(rb"\\u00([0-7][0-9a-fA-F])")
_ID = re.compile(rb'"id"\s*+:\s*+("(?:[^"\\]|\\.)*+"|-?+[0-9][0-9.eE+-]*+)', re.IGNORECASE)
_LONG = 4000  # digits; `int` refuses a few more
_MESSAGE = {name.casefold(): name for name in ("jsonrpc", "id", "method", "params", "result", "error")}
_PARAMS = {name.casefold(): name for name in ("name", "arguments", "inputResponses", "requestState", "task", "_meta")}


def read(line: bytes) -> list[Content]:
    """Return the messages of a line: one, or those of a batch (JSON-RPC 2.0, 6); none for a blank line.

    Raises:
        Malformed: If it is not strict JSON (strictjson.py), or no object and no array of objects.
    """
    text = line.strip(_BLANKS)
    if not text:
        return []
    if not text.startswith(b"["):
        return [strictjson.decode(text)]
    held = strictjson.decode(b'{"batch":' + text + b"}")
    batch = held.get("batch")
    if len(held) != 1 or not isinstance(batch, list) or not all(isinstance(each, dict) for each in batch):
        raise Malformed("json", "an array of something else than messages")
    return batch


def is_batch(line: bytes) -> bool:
    """Tell whether a line that was read holds an array."""
    return line.lstrip(_BLANKS).startswith(b"[")


def may_call(line: bytes) -> bool:
    """Tell whether some reader, however lenient, could find a call of a tool in a line."""
    if CALL.encode() in line:
        return True
    return CALL.encode() in _unescaped(line).replace(b"\\/", b"/")


def _unescaped(line: bytes) -> bytes:
    return _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), line).replace(b"\0", b"")


def ambiguous(line: bytes, messages: Iterable[Content]) -> bool:
    """Tell whether a strict line could be another message to another reader.

    Readers in universal newline mode (Python's text files, Node's readline) end a line at a lone carriage return,
    which is a blank in JSON. Readers that match names without regard to case (Go's encoding/json) take `Method` for
    `method`.
    """
    if b"\r" in line.rstrip(b"\r\n"):
        return True
    for message in messages:
        params = message.get("params")
        if _other_case(message, _MESSAGE) or (isinstance(params, dict) and _other_case(params, _PARAMS)):
            return True
    return False


def _other_case(members: Content, names: dict[str, str]) -> bool:
    return any(names.get(name.casefold(), name) != name for name in members)


def key(id: object) -> str | None:  # noqa: A002 - the member's name
    """Return what requests and responses are joined by, or None if it is no id that MCP allows.

    Some servers answer `"3"` to `3`, and some clients take that: both are one id here.

    >>> key(3) == key(3.0) == key("3"), key(None), key(True), key(float("inf"))
    (True, None, None, None)
    """
    if isinstance(id, str):
        return id
    if isinstance(id, bool) or not isinstance(id, (int, float)) or id - id != 0:  # no number: a lenient reader's
        return None
    return str(int(id)) if id == int(id) else str(id)


def keys(line: bytes) -> list[str]:
    """Return the key of each id that some reader, however lenient, could take for that of a message of a line.

    Where not even Python's own reader understands the line (it nests too deep, more follows), every id in it counts.

    >>> keys(b'{"id": 1, "result": {"id": 2, "x": NaN}}'), keys(b'{"ID": "a", "id": 3}'), keys(b'{"id": 4} {"id": "b"}')
    (['1'], ['a', '3'], ['4', 'b'])
    """
    try:
        found = json.loads(line.decode("utf-8-sig", "replace"), strict=False, parse_int=_whole, object_pairs_hook=tuple)
    except (ValueError, RecursionError):
        ids = [_scalar(text) for text in _ID.findall(_unescaped(line))]
    else:
        messages = found if isinstance(found, list) else [found]
        ids = [id for each in messages if isinstance(each, tuple) for name, id in each if name.casefold() == "id"]  # noqa: A001
    return [each for each in map(key, ids) if each is not None]


def _scalar(text: bytes) -> object:
    try:
        return json.loads(text.decode("utf-8", "replace"), strict=False, parse_int=_whole)
    except ValueError:
        return None


def _whole(digits: str) -> float:
    return int(digits) if len(digits) < _LONG else float(digits)


def error(id: object, code: int, message: str) -> Content:  # noqa: A002 - the member's name
    """Return the answer that says what was wrong (JSON-RPC 2.0, 5.1)."""
    return {
        "jsonrpc": "2.0",
        "id": id if key(id) is not None else None,
        "error": {"code": code, "message": message},
    }


def line(messages: list[Content], *, batch: bool) -> bytes:
    """Return the line of messages; no bytes for none."""
    if not messages:
        return b""
    text = json.dumps(messages if batch else messages[0], ensure_ascii=False, separators=(",", ":"), default=str)
    return text.encode("utf-8", "backslashreplace") + b"\n"
