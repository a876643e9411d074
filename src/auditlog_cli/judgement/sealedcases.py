"""Sealed logs for the cases in rules: written, tampered with, and put before the verifier (compliance.md, 6.7)."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from auditlog_cli import verification
from auditlog_cli.errors import DefinitionError
from auditlog_cli.sealing import hashes, policy
from auditlog_cli.sealing.line import prepare
from auditlog_cli.withholding import declaring
from auditlog_cli.withholding.anatomy import dissect
from auditlog_cli.withholding.lines import withhold
from auditlog_cli.writer import ids, own

_ORIGIN: Final = "cases/log"
KINDS: Final = ("drop", "swap", "set", "redact")


def lines_of(records: list[dict[str, Any]], tamper: Mapping[str, Any]) -> list[bytes]:
    """Return the lines of a sealed log of `records`, its genesis first, tampered with as a case says.

    Args:
        records: What the case gives; they need no envelope.
        tamper: `drop`, `swap`, `set`, `redact`; records are counted from 0, without the genesis.

    Raises:
        DefinitionError: If `tamper` is not understood.
    """
    lines, prev = _sealed([own.genesis({"origin": _ORIGIN, "policy": policy.DEFAULT}), *records], 0, hashes.ZEROS)
    for kind, how in tamper.items():
        if kind not in KINDS:
            raise DefinitionError(f'tamper: there is no "{kind}"', help=", ".join(KINDS))
        try:
            lines = _tampered(lines, prev, kind, how)
        except (KeyError, IndexError, TypeError, ValueError, AttributeError):
            raise DefinitionError(
                f"tamper: {kind} is not understood", help="auditlog packs show BASE-INT-01 has cases with it"
            ) from None
    return lines


def _sealed(records: list[dict[str, Any]], seq: int, prev: str) -> tuple[list[bytes], str]:
    """Return the lines of records that follow on `prev`, and the leaf of the last one."""
    lines = []
    for number, record in enumerate(records, start=seq):
        tree = policy.OWN if "auditlog" in record else policy.default_tree()
        line, prev = prepare(record, tree, ids.salts).close(number, prev)
        lines.append(line.rstrip(b"\n"))
    return lines, prev


def _tampered(lines: list[bytes], prev: str, kind: str, how: Any) -> list[bytes]:
    out = list(lines)
    if kind == "drop":
        del out[how + 1]
    elif kind == "swap":
        one, other = how[0] + 1, how[1] + 1
        out[one], out[other] = out[other], out[one]
    elif kind == "set":
        content = orjson.loads(out[how["record"] + 1])
        for path, value in how["fields"].items():
            _set(content, path.split("."), value)
        out[how["record"] + 1] = orjson.dumps(content)
    else:
        out = _redacted(out, prev, how["record"] + 1, how["field"], declared=how["declared"])
    return out


def _set(content: dict[str, Any], names: list[str], value: Any) -> None:
    for name in names[:-1]:
        content = content.setdefault(name, {})
    content[names[-1]] = value


def _redacted(lines: list[bytes], prev: str, at: int, field: str, *, declared: bool) -> list[bytes]:
    """Punch a hole into a line; `declared`: with the record that says so behind it."""
    line = dissect(lines[at])
    assert line is not None
    value = next(each for each in line.values if each.field == field)
    target = declaring.Target(line.seq, field, line.commit(value))
    out = [*lines[:at], withhold(line, [field]), *lines[at + 1 :]]
    if declared:
        said = declaring.checked("cases", "a case in a rule")
        signed = declaring.signed(_ORIGIN, said.reason, [target], None)
        out += _sealed([declaring.record(said, each) for each in signed], len(lines), prev)[0]
    return out


def verdict(lines: list[bytes]) -> list[tuple[str, int]]:
    """Return what the verifier finds: (code, line counted from 1; 0 if it is none).

    The verifier reads files, so the log lies in a temporary folder for a moment.
    """
    with tempfile.TemporaryDirectory(prefix="auditlog-case-") as folder:
        path = os.path.join(folder, "case.jsonl")
        Path(path).write_bytes(b"".join(line + b"\n" for line in lines))
        found = verification.run(path, verification.asked())
        return [(problem.code, problem.line) for problem in found.findings]
