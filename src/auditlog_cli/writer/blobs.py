"""Values too large for a line lie beside the log, and the record names them by their sum (integrity.md, 6.1)."""

from __future__ import annotations

import hashlib
import os
from typing import Any

import orjson

from auditlog_cli import segments
from auditlog_cli.errors import AuditWriteError

LARGEST_VALUE = 1024 * 1024


def move_out(record: dict[str, Any], path: str) -> tuple[dict[str, Any], bool]:
    """Write each value of `record` above 1 MiB to the blobs of the log at `path`.

    Args:
        record: Made of JSON values only.

    Returns:
        The record with `{"sha256": …, "bytes": …}` in their places, and whether there was any. The
        deepest member that is too large is the one that moves.

    Raises:
        AuditWriteError: If a blob cannot be written.
    """
    moved = False

    def visit(value: Any) -> Any:
        nonlocal moved
        text = orjson.dumps(value)
        if len(text) <= LARGEST_VALUE:
            return value
        if isinstance(value, dict):
            made = {name: visit(item) for name, item in value.items()}
            if len(orjson.dumps(made)) <= LARGEST_VALUE:
                return made
        moved = True
        return _store(text, path)

    return {name: visit(item) for name, item in record.items()}, moved


def _store(data: bytes, path: str) -> dict[str, object]:
    total = hashlib.sha256(data).hexdigest()
    folder = segments.blobs_name(path)
    name = os.path.join(folder, total)
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        if not os.path.exists(name):
            temporary = f"{name}.{os.urandom(4).hex()}.tmp"
            fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with open(fd, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(fd)
            os.rename(temporary, name)
            _sync(folder)
    except OSError as error:
        raise AuditWriteError(
            f"{folder}: a value above 1 MiB cannot be kept there ({error.strerror}); nothing was written",
            help="make room, then call again",
        ) from error
    return {"sha256": total, "bytes": len(data)}


def _sync(folder: str) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
