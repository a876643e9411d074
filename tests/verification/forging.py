"""Logs made by hand: each link right, whatever the records say. What somebody without a key can make."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from auditlog_cli.sealing import policy
from auditlog_cli.sealing.hashes import ZEROS
from auditlog_cli.sealing.line import prepare
from tests.sealing.slow import deterministic

ORIGIN = "example.org/auditlog/forged"
TREE = policy.default_tree()
GENESIS = {"type": "genesis", "format": "auditlog/1", "origin": ORIGIN, "policy": "default/1"}


def record(number: int, **members: Any) -> dict[str, Any]:
    """A record; `auditlog=…` makes it one of the log about itself."""
    stamp = f"2026-11-21T09:00:{number % 60:02}.000000Z"
    return {"timestamp": stamp, "record_id": f"00000000-0000-4000-8000-{number:012}", **members}


def written(path: Path, records: list[dict[str, Any]], *, first: int = 0, prev: str = ZEROS) -> list[str]:
    """Write the log; return the leaves."""
    data, leaves = b"", []
    for seq, each in enumerate(records, first):
        line, prev = prepare(each, TREE, deterministic).close(seq, prev)
        leaves.append(prev)
        data += line
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return leaves


def ordinary(count: int, start: int = 1) -> list[dict[str, Any]]:
    """Genesis and so many records of persons."""
    persons = [record(number, user={"id": f"u-{number}"}) for number in range(start, start + count)]
    return [record(0, auditlog=dict(GENESIS)), *persons]


def again(path: Path, change: dict[int, Any]) -> list[dict[str, Any]]:
    """Return the records of a log with members of some of them changed, for writing them anew."""
    found = []
    for line in path.read_bytes().splitlines():
        each = json.loads(line)
        seq = each.pop("seq")
        del each["prev"], each["_salts"]
        found.append(each | change.get(seq, {}))
    return found
