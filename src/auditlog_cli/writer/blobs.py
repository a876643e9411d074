"""Values too large for a line lie beside the log, and the record names them by their sum (integrity.md, 6.1)."""

from __future__ import annotations

import hashlib
import os
from typing import Any

import orjson

from auditlog_cli import segments
from auditlog_cli.writer import disk

LARGEST_VALUE = 1024 * 1024

Blobs = dict[str, bytes]
"""SHA-256 (hex) → the JSON text of a value."""


def take_out(record: dict[str, Any]) -> tuple[dict[str, Any], Blobs]:
    """Take each value above 1 MiB out of `record`, which is made of JSON values only.

    Returns:
        The record with `{"sha256": …, "bytes": …}` in their places, and the values. The deepest member
        that is too large is the one that goes.
    """
    blobs: Blobs = {}

    def visit(value: Any) -> Any:
        text = orjson.dumps(value)
        if len(text) <= LARGEST_VALUE:
            return value
        if isinstance(value, dict):
            made = {name: visit(item) for name, item in value.items()}
            text = orjson.dumps(made)
            if len(text) <= LARGEST_VALUE:
                return made
        total = hashlib.sha256(text).hexdigest()
        blobs[total] = text
        return {"sha256": total, "bytes": len(text)}

    return {name: visit(item) for name, item in record.items()}, blobs


def store(blobs: Blobs, path: str) -> None:
    """Keep the values beside the log at `path`, on the disk, before their record is written.

    Raises:
        AuditWriteError: If that cannot be done.
    """
    folder = segments.blobs_name(path)
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        disk.sync_folder(folder)
        for total, text in blobs.items():
            name = os.path.join(folder, total)
            if not os.path.exists(name):
                disk.keep(name, text)
    except OSError as error:
        raise disk.refused(folder, "a value above 1 MiB cannot be kept there", error) from error
