"""A small verifier of redacted logs, for tests: what is withheld, declared and recorded must be the same."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from auditlog_cli import strictjson
from auditlog_cli.sealing.line import unseal
from tests.writer.chain import files

Place = tuple[int, str, str]  # seq, field, commitment (or leaf)


class State(NamedTuple):
    """What a log holds."""

    leaves: list[str]
    records: list[dict[str, Any]]
    withheld: set[Place]
    declared: set[Place]
    pending: set[tuple[int, str]]  # (number of a declaration, segment that no `redacted` names for it)

    def own(self, kind: str) -> list[dict[str, Any]]:
        """The `auditlog` members of the log's own records of this type."""
        return [each["auditlog"] for each in self.records if each.get("auditlog", {}).get("type") == kind]


def look(path: Path, *, finished: bool = True) -> State:
    """Read the log, check chain, sums and declarations.

    Args:
        finished: Also that all that was declared is withheld, and nothing is left beside the log.
    """
    found = State([], [], set(), set(), set())
    prev = "0" * 64
    segment_of: dict[int, str] = {}
    done: set[tuple[int, str]] = set()
    sums: dict[str, str] = {}
    for file in files(path):
        data = file.read_bytes()
        assert data.endswith(b"\n")
        for raw in data[:-1].split(b"\n"):
            seal = unseal(raw)
            record = strictjson.exact(raw)
            assert seal.seq == len(found.leaves)
            assert seal.tombstone or seal.prev == prev
            prev = seal.leaf
            segment_of[seal.seq] = file.name if file != path else ""
            if seal.tombstone:
                found.withheld.add((seal.seq, "", seal.leaf))
            for field, commit in holes(record):
                found.withheld.add((seal.seq, field, commit))
            found.leaves.append(seal.leaf)
            found.records.append(record)
            own = record.get("auditlog", {})
            if own.get("type") == "redact":
                found.declared.update((t["seq"], t["field"], t["commit"]) for t in own["targets"])
                assert all(t["seq"] < seal.seq for t in own["targets"])
            if own.get("type") == "redacted":
                done |= {(seq, own["segment"]) for seq in own["declared_at"]}
            if own.get("type") in ("rotate", "redacted"):
                sums[own["segment"]] = own["sha256"]
    assert found.withheld <= found.declared, "undeclared"
    for seq, record in enumerate(found.records):
        if record.get("auditlog", {}).get("type") == "redact":
            segments = {segment_of[t["seq"]] for t in record["auditlog"]["targets"]}
            found.pending.update((seq, name) for name in segments if (seq, name) not in done)
    if finished:
        whole = {seq for seq, field, _ in found.withheld if not field}
        readable = {place for place in found.declared - found.withheld if place[0] not in whole}
        assert not readable, "declared and still readable"
        assert not found.pending
        for file in files(path)[:-1]:
            assert sums[file.name] == hashlib.sha256(file.read_bytes()).hexdigest(), "the newest sum of a segment"
        assert not list(path.parent.glob("*.tmp"))
        assert not list(path.parent.rglob("*.withheld"))
    return found


def holes(value: Any, pointer: str = "") -> list[tuple[str, str]]:
    """Each hole and its commitment."""
    if isinstance(value, dict):
        if list(value) == ["_redacted"]:
            return [(pointer, value["_redacted"])]
        return [
            hole
            for name, each in value.items()
            for hole in holes(each, f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}")
        ]
    if isinstance(value, list):
        return [hole for place, each in enumerate(value) for hole in holes(each, f"{pointer}/{place}")]
    return []


def everything(folder: Path) -> bytes:
    """Every byte in and under a folder: what somebody could still find. Without salts, in which any word may stand."""
    found = b"\n".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file())
    return re.sub(rb'\["[A-Za-z0-9_-]{22}",', b"[", found)


def call(number: int = 1, **members: Any) -> dict[str, Any]:
    """A tool call by a person."""
    made = {
        "session_id": f"s-{number}",
        "trace_id": "t-1",
        "span_id": f"a-{number}",
        "user": {"id": "u-17", "email": "ann@example.org"},
        "agent": {"id": "a-7"},
        "action": {"type": "tool_invocation", "tool": "send", "arguments": {"to": "bob@example.org", "n": number},
                   "result_status": "success"},
    }  # fmt: skip
    return json.loads(json.dumps(made)) | members
