"""Files that are one document: JSON over many lines, protobuf, an archive. Each is held whole, up to 64 MiB."""

from __future__ import annotations

from auditlog_cli import strictjson
from auditlog_cli.errors import InputError
from auditlog_cli.importers import _evalfile, _protobuf
from auditlog_cli.sources.looking import Begun
from auditlog_cli.strictjson import MAX_LINE, Malformed


def may_be(head: bytes) -> bool:
    """Tell whether a file that begins like this may be one."""
    return is_document(head) or _protobuf.may_be(head) or _evalfile.may_be(head)


def is_document(head: bytes) -> bool:
    """Tell whether the file is JSON that takes more than a line, or an array. A byte-order mark does not matter there;
    in a file of lines it makes the first one bad (record.md, strict reading).
    """
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start[:1] == b"[":
        return True
    if start[:1] != b"{":
        return False
    first = start.partition(b"\n")[0]
    try:
        strictjson.exact(first)
    except Malformed as error:
        return error.code == "json" and error.reason == "the JSON ends too early"
    return False


def whole(begun: Begun) -> tuple[bytes, list[object]] | None:
    """Return the bytes and the values of a document; None if it is none, or too long to be held."""
    data = begun.ahead(MAX_LINE)
    if data is None:
        return None
    try:
        values = [value for _, value in strictjson.values(data)]
    except Malformed:
        return None
    if len(values) > 1 and any(isinstance(value, list) for value in values):
        return None  # lines, not a document
    while len(values) == 1 and isinstance(values[0], list):
        values = values[0]
    if len(values) == 1 and isinstance(values[0], dict):
        held = values[0].get("data")
        if isinstance(held, list) and "pagination" in values[0]:
            values = held  # a page of an API's list
    return data, values


def packed(begun: Begun, path: str, format: str | None) -> tuple[bytes, list[object]] | None:  # noqa: A002
    """Return the bytes and the one value of a file that is no text, but protobuf or an archive; None if it is neither.

    Raises:
        InputError: If it is too long to be held, or nothing here reads it.
    """
    if _protobuf.may_be(begun.head) and format in (None, "otlp"):
        whole = begun.ahead(MAX_LINE)
        if whole is None or not _protobuf.is_export(whole):
            return None
        try:
            return whole, [_protobuf.export(whole)]
        except ValueError:
            return None
        except ImportError as error:
            raise InputError(
                f"{path}: OTLP in protobuf needs the package opentelemetry-proto",
                help="pip install 'auditlog-cli[otlp]'",
            ) from error
    if _evalfile.may_be(begun.head) and format in (None, "inspect_ai"):
        whole = begun.ahead(MAX_LINE)
        if whole is None:
            raise InputError(f"{path}: an archive of more than {MAX_LINE >> 20} MiB", help="read it in parts")
        try:
            found = _evalfile.log(whole)
        except ValueError as error:
            raise InputError(f"{path}: {error}", help="was it copied whole?") from error
        return None if found is None else (whole, [found])
    return None
