"""The log's records about itself (integrity.md, 2.6), one function each."""

from __future__ import annotations

import os
import re
import socket
from base64 import b64encode
from hashlib import sha256

from auditlog_cli import times
from auditlog_cli.writer import ids

FORMAT = "auditlog/1"
_TORN_KEPT = 4096


def record(which: str, /, **members: object) -> dict[str, object]:
    """Return an own record of type `which`; members that are None are left out."""
    own: dict[str, object] = {"type": which}
    own.update((name, value) for name, value in members.items() if value is not None)
    return {"timestamp": times.now(), "record_id": ids.record_id(), "auditlog": own}


def origin(path: str) -> str:
    """Return the default name of a log: `<host>/<log name>/<8 random hex>`, unique, no spaces."""
    name = os.path.basename(path).removesuffix(".jsonl")
    text = f"{socket.gethostname()}/{name}"
    return f"{re.sub(r'[^A-Za-z0-9._/-]', '_', text)[:190]}/{os.urandom(4).hex()}"


def is_origin(text: str) -> bool:
    """Tell whether `text` may name a log: 1 to 200 characters of `[A-Za-z0-9._/-]`."""
    return re.fullmatch(r"[A-Za-z0-9._/-]{1,200}", text) is not None


def genesis(head: dict[str, object]) -> dict[str, object]:
    """Return record 0. `head`: `origin`, `policy` and, if promised, `heartbeat_s`."""
    return record("genesis", format=FORMAT, **head)


def rotate(
    head: dict[str, object], segment: str, first: int, records: int, size: int, sha256: str
) -> dict[str, object]:
    """Return the first record of a new segment: it names the one just closed."""
    return record(
        "rotate",
        format=FORMAT,
        **head,
        segment=os.path.basename(segment),
        first=first,
        records=records,
        bytes=size,
        sha256=sha256,
    )


def recovered(kind: str, torn: bytes = b"", **members: object) -> dict[str, object]:
    """Return what is written after the end of a log was repaired.

    Args:
        kind: `newline` (with `seq`), `cut` or `left` (with the torn bytes).
        torn: The bytes that were no record; their first 4 KiB are kept, redactable, and their sum.
        members: `seq`, or `file` where they are kept whole.
    """
    if kind == "newline":
        return record("recovered", kind=kind, **members)
    shown: object
    try:
        shown = torn[:_TORN_KEPT].decode("utf-8")
    except UnicodeDecodeError:
        shown = {"not_json": "bytes", "text": b64encode(torn[:_TORN_KEPT]).decode()}
    total = sha256(torn).hexdigest()
    return record("recovered", kind=kind, bytes=len(torn), sha256=total, torn=shown, **members)


def lost(count: int, first: str, last: str, reason: str, fallback: object = None) -> dict[str, object]:
    """Return the record that says that records did not reach this log, or are gone from it.

    Args:
        count: How many, as far as is known.
        first: The earliest time at which one of them may have been written (RFC 3339).
        last: The latest.
        reason: The name of the system's error (`ENOSPC`), or what happened (`file-vanished`).
        fallback: Where they are instead: `origin`, `size` and `head` of another log.
    """
    return record("lost", count=count, first=first, last=last, reason=reason, fallback=fallback)


def durability(first: int, last: int, error: str, present: int) -> dict[str, object]:
    """Return what is written after a failed fsync, once the log has been copied."""
    return record("durability", **{"from": first}, to=last, error=error, present=present)
