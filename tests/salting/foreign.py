"""Logs that others write, for tests; and their leaves the slow way, straight from integrity.md, 2.8."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from auditlog_cli.salting.growing import SaltedGrowth
from auditlog_cli.sealing import merkle
from auditlog_cli.signing import signer
from auditlog_cli.writer.checkpoints import Checkpoint, Sealer

LINES = [
    '{"ts": 1, "user": {"id": "u-17", "email": "ann@example.org"}, "payload": {"to": ["ann@example.org"], "n": 1.50}}',
    "no JSON: ann@example.org",
    '{"ts":2,"session_id":"s-1","user":{"email":"bob@example.org"},"msgs":[{"role":"user","content":"caf\u00e9 \u2028"}]}',
    '{"ts":3,"session_id":"ann@example.org","user":{"email":"bob@example.org"}}\r',
    '{"a":1,"a":2}',
    '{"user":{"email":"ann@example.org"},"empty":{},"none":[],"retention":{"legal_hold":true}}',
]


def write(path: Path, lines: list[str] | None = None) -> Path:
    """A log of others."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("".join(f"{line}\n" for line in (LINES if lines is None else lines)).encode())
    return path


def seal(path: Path, key: Path) -> Checkpoint:
    """Seal it so that values can be withheld."""
    return Sealer(str(path), signer.load(str(key)), raw=True, growth=SaltedGrowth(str(path))).seal()


def beside(path: Path, ending: str) -> Path:
    """A file beside the log."""
    return Path(f"{path}.{ending}")


def leaves(path: Path) -> list[str]:
    """The leaves, computed the slow way."""
    found = []
    rows = path.read_bytes().split(b"\n")[:-1]
    salts = beside(path, "salts").read_bytes().split(b"\n")[:-1]
    assert len(rows) == len(salts)
    for number, (raw, text) in enumerate(zip(rows, salts, strict=True)):
        spans = json.loads(text)
        if not spans and raw.startswith(b'{"seq":%d,"_leaf":"' % number):
            found.append(json.loads(raw)["_leaf"])
            continue
        for salt, start, size in reversed(spans):
            commit = hashlib.sha256(salt.encode() + raw[start : start + size]).hexdigest().encode()
            raw = raw[:start] + b'{"_redacted":"' + commit + b'"}' + raw[start + size :]
        found.append(hashlib.sha256(b"\x00" + raw).hexdigest())
    return found


def root(path: Path) -> bytes:
    """The root over all lines."""
    return merkle.root_of(map(bytes.fromhex, leaves(path)))


def everything(path: Path) -> bytes:
    """Every byte of the log and of what lies beside it."""
    return b"\n".join(each.read_bytes() for each in sorted(path.parent.iterdir()) if each.is_file())
