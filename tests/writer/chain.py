"""A small verifier of a sealed log, for tests: it walks every line and believes nothing."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from auditlog_cli import strictjson
from auditlog_cli.sealing.line import Sealed, unseal

# integrity.md, 2.6: exactly these members besides `type`; a question mark: may be absent.
OWN = {
    "genesis": "format origin policy heartbeat_s?",
    "rotate": "format origin policy heartbeat_s? segment first records bytes sha256",
    "recovered-newline": "kind seq",
    "recovered-cut": "kind bytes sha256 torn file?",
    "recovered-left": "kind bytes sha256 torn file?",
    "lost": "count first last reason fallback?",
    "durability": "from to error present",
    "redact": "targets reason by policy? sshsig?",
    "redacted": "segment sha256 declared_at",
    "erase-subject": "request redact_at values records left by",
}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


class Broken(AssertionError):
    """The log is not intact. The first word is the code of integrity.md, 4.2."""


class Log:
    """What a walk found: the records as dicts, their seals, the raw lines."""

    def __init__(self) -> None:
        self.records: list[dict[str, Any]] = []
        self.seals: list[Sealed] = []
        self.lines: list[bytes] = []
        self.segments: list[str] = []

    def own(self, kind: str) -> list[dict[str, Any]]:
        """The `auditlog` members of the log's own records of type `kind`, in order."""
        return [r["auditlog"] for r in self.records if r.get("auditlog", {}).get("type") == kind]

    @property
    def callers(self) -> list[dict[str, Any]]:
        """The records that callers wrote, in order."""
        return [record for record in self.records if "auditlog" not in record]

    def has(self, receipt: Any) -> bool:
        """Whether the record of `receipt` stands where it says, with the leaf it says."""
        found = {seal.seq: seal.leaf for seal in self.seals}
        return bool(found.get(receipt.seq) == receipt.leaf)


def files(path: Path) -> list[Path]:
    """The segments of the log, in order: what `cat audit.[0-9]*.jsonl audit.jsonl` reads."""
    stem = path.name.removesuffix(".jsonl")
    closed = sorted(p for p in path.parent.iterdir() if re.fullmatch(re.escape(stem) + r"\.\d{12}\.jsonl", p.name))
    return [*closed, path] if path.exists() else closed


def walk(path: Path, *, gaps: bool = False, fragments: bool = False) -> Log:
    """Read the whole log and check it.

    Args:
        path: The log.
        gaps: Records are known to be gone: numbers may jump, but never go back.
        fragments: Malformed lines are known to have been left: each is followed by the record of its sum.

    Raises:
        Broken: At the first thing that is wrong.
    """
    log = Log()
    prev, fragment = "0" * 64, b""
    for number, file in enumerate(files(path)):
        data = file.read_bytes()
        if not data.endswith(b"\n"):
            raise Broken(f"torn-tail {file.name}")
        first_here = len(log.records)
        for line in data[:-1].split(b"\n"):
            try:
                record, seal = _line(line)
            except Broken:
                if not fragments:
                    raise
                fragment += (b"\n" if fragment else b"") + line
                continue
            own = record.get("auditlog")
            if fragment:
                if not own or own["type"] != "recovered" or own["sha256"] != hashlib.sha256(fragment).hexdigest():
                    raise Broken(f"line fragment before {seal.seq} is not declared")
                fragment = b""
            expected = log.seals[-1].seq + 1 if log.seals else 0
            jumped = gaps and seal.seq > expected
            if seal.seq != expected and not jumped:
                raise Broken(f"seq {seal.seq} where {expected} was expected")
            if seal.prev != prev and not jumped:
                raise Broken(f"chain at {seal.seq}")
            if own is not None:
                _own(own, record)
            if len(log.records) == first_here and not jumped:
                _first(own, seal, number, log, files(path)[number - 1])
            prev = seal.leaf
            log.records.append(record)
            log.seals.append(seal)
            log.lines.append(line)
            log.segments.append(file.name)
    if fragment:
        raise Broken("line fragment at the end")
    if not log.records:
        raise Broken("empty")
    return log


def _line(line: bytes) -> tuple[dict[str, Any], Sealed]:
    try:
        record = strictjson.exact(line)
        seal = unseal(line)
    except Exception as error:
        raise Broken(f"line {error}") from error
    for _, offset, length in seal.spans:
        try:
            strictjson.exact(b'{"":' + line[offset : offset + length] + b"}")
        except strictjson.Malformed as error:
            raise Broken(f"line span: {error}") from error
        if line[offset - 1 : offset] != b":":
            raise Broken("line span is no member's value")
    if record["seq"] != seal.seq or record["prev"] != seal.prev:
        raise Broken("line seq and prev are not its own")
    _reserved(record)
    return record, seal


def _reserved(record: dict[str, Any]) -> None:
    stack: list[Any] = [value for name, value in record.items() if name != "_salts"]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            if not {"_salts", "_redacted", "_leaf"}.isdisjoint(value):
                raise Broken("line reserved name")
            stack += value.values()
        elif isinstance(value, list):
            stack += value


def _own(own: dict[str, Any], record: dict[str, Any]) -> None:
    kind = own["type"]
    members = OWN[f"{kind}-{own['kind']}" if kind == "recovered" else kind].split()
    needed = {name for name in members if not name.endswith("?")}
    allowed = {name.removesuffix("?") for name in members}
    if not needed <= set(own) - {"type"} <= allowed:
        raise Broken(f"own record {kind} has {sorted(own)}")
    if next(iter(own)) != "type":
        raise Broken("own record: type is not first")
    if set(record) != {"timestamp", "record_id", "auditlog", "seq", "prev", "_salts"}:
        raise Broken(f"own record {kind} has company: {sorted(record)}")
    if not TIME.fullmatch(record["timestamp"]):
        raise Broken("own record: timestamp")
    if kind == "lost" and not (TIME.fullmatch(own["first"]) and TIME.fullmatch(own["last"])):
        raise Broken("lost: first and last are times")


def _first(own: dict[str, Any] | None, seal: Sealed, number: int, log: Log, before: Path) -> None:
    if number == 0:
        if seal.seq == 0 and (own is None or own["type"] != "genesis"):
            raise Broken("genesis")
        return
    if own is None or own["type"] != "rotate":
        raise Broken("a segment does not begin with rotate")
    data = before.read_bytes()
    first = next(s.seq for s, name in zip(log.seals, log.segments, strict=True) if name == before.name)
    said = (own["segment"], own["first"], own["records"], own["bytes"], own["sha256"])
    true = (before.name, first, seal.seq - first, len(data), hashlib.sha256(data).hexdigest())
    if said != true:
        raise Broken(f"rotate says {said}, true is {true}")


def stock(path: Path, shared: Path, checker: str = "check.py") -> subprocess.CompletedProcess[str]:
    """Run one of the two independent checkers over the log."""
    program = [sys.executable] if checker.endswith(".py") else ["perl"]
    env = {name: value for name, value in os.environ.items() if name not in ("SIZE", "START", "HEAD", "RANGE")}
    return subprocess.run(
        [*program, str(shared / "spec" / "vectors" / checker)],
        input=b"".join(file.read_bytes() for file in files(path)).decode("utf-8", "surrogateescape"),
        capture_output=True, text=True, errors="surrogateescape", env=env, timeout=60,
    )  # fmt: skip
