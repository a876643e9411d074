"""Lines of JSON-RPC: one reading, or refused."""

from __future__ import annotations

import json

import pytest

from auditlog_cli.mcp import wire
from auditlog_cli.strictjson import Malformed


def test_a_line_holds_a_message_a_batch_or_nothing() -> None:
    assert wire.read(b'{"id":1}\r\n') == [{"id": 1}]
    assert wire.read(b' [{"id":1},{"id":2}]\n') == [{"id": 1}, {"id": 2}]
    assert wire.read(b" \r\n") == []
    assert wire.read(b"[]\n") == []


@pytest.mark.parametrize(
    "line",
    [
        b"starting ...\n",
        b"[1]\n",
        b'[],"other":[]\n',
        b'[{"id":1}],"batch":[]\n',
        b'{"id":1,"id":2}\n',
        b'{"id":NaN}\n',
        b'"tools/call"\n',
        b"\xff\xfe\n",
    ],
)
def test_what_is_no_message_is_malformed(line: bytes) -> None:
    with pytest.raises(Malformed):
        wire.read(line)


@pytest.mark.parametrize(
    "line",
    [
        b'{"method":"tools/call"}',
        b'{"method":"tools\\/call"}',
        b'{"method":"\\u0074ools\\u002fcall"}',
        b'{"method":"\\u0074ools\\u002Fcall"',
        '{"method":"tools/call"}'.encode("utf-16-le"),
    ],
)
def test_a_call_is_found_however_it_is_written(line: bytes) -> None:
    assert wire.may_call(line)
    assert not wire.may_call(b'{"method":"tools/list"}')


@pytest.mark.parametrize(
    "line",
    [
        b'{"jsonrpc":"2.0","id":1,"Method":"tools/call"}\n',
        b'{"method":"tools/call","params":{"name":"a"},"Params":{"name":"b"}}\n',
        '{"method":"tools/call","param\u017f":{"name":"b"}}\n'.encode(),
        b'{"method":"tools/call","params":{"name":"a","NAME":"b"}}\n',
        b'{"method":"ping","params":\r{"method":"tools/call"}\r}\n',
    ],
)
def test_what_other_readers_read_otherwise_is_ambiguous(line: bytes) -> None:
    """Names in another case (Go), a lone carriage return as the end of a line (Python, Node)."""
    assert wire.ambiguous(line, wire.read(line))


def test_plain_messages_are_not_ambiguous() -> None:
    line = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"Name":1}}}\r\n'
    assert not wire.ambiguous(line, wire.read(line))


@pytest.mark.parametrize(("id", "key"), [(3, "3"), (3.0, "3"), ("3", "3"), (1.5, "1.5"), (None, None), (True, None), ([], None)])  # fmt: skip
def test_ids_are_texts_and_numbers(id: object, key: str | None) -> None:  # noqa: A002
    assert wire.key(id) == key


def test_an_error_has_the_id_of_the_request_or_null() -> None:
    assert wire.error("a", -32603, "no")["id"] == "a"
    assert wire.error({}, -32603, "no")["id"] is None
    line = wire.line([wire.error(7, -32603, "no")], batch=False)
    assert json.loads(line) == {"jsonrpc": "2.0", "id": 7, "error": {"code": -32603, "message": "no"}}
    assert wire.line([], batch=True) == b""
