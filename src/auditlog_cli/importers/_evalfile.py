"""Inspect's `.eval` files: a ZIP of JSON files becomes the one log that Inspect writes as JSON.

`header.json` is the log without its samples; a run that was not finished has only `_journal/start.json`. Each sample is
a file in `samples/`, in the order in which they were done.
"""

from __future__ import annotations

from auditlog_cli import strictjson
from auditlog_cli.importers._drafts import Content

_MOST = 1 << 26  # bytes of JSON in all, as of any document
_HEADERS = ("header.json", "_journal/start.json")


def may_be(head: bytes) -> bool:
    """Tell whether a file that begins like this may be one: False is certain."""
    return head.startswith(b"PK\x03\x04")


def log(data: bytes) -> Content | None:
    """Return the log that an archive holds; None if it is some other archive.

    Raises:
        ValueError: If it is damaged, holds more than 64 MiB, or is packed in a way that Python does not know.
    """
    from io import BytesIO
    from zipfile import BadZipFile, ZipFile
    from zlib import error as Damaged

    left = _MOST

    def content(name: str) -> Content:
        nonlocal left
        with archive.open(name) as member:
            raw = member.read(left + 1)  # whatever the directory says of its size
        left -= len(raw)
        if left < 0:
            raise ValueError(f"holds more than {_MOST >> 20} MiB")
        try:
            return strictjson.exact(raw)
        except strictjson.Malformed as error:
            raise ValueError(f"{name} in it is no JSON object: {error.reason}") from error

    try:
        with ZipFile(BytesIO(data)) as archive:
            names = archive.namelist()
            header = next((name for name in _HEADERS if name in names), None)
            if header is None:
                return None
            samples = [name for name in names if name.startswith("samples/") and name.endswith(".json")]
            found = {"status": "started"} | content(header)
            return found | {"samples": [content(name) for name in samples]}
    except (BadZipFile, Damaged, EOFError, RuntimeError, NotImplementedError, OSError, OverflowError) as error:
        raise ValueError(f"a damaged or unknown archive: {str(error)[:100]}") from error
