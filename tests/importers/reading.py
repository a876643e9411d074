"""How the tests of the importers read a file: as every command does, and counted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from auditlog_cli.record import BadLine
from auditlog_cli.sources import foreign
from auditlog_cli.sources.looking import begin
from auditlog_cli.sources.opening import open_for_reading


class Read(NamedTuple):
    """What a file gives."""

    records: list[dict[str, Any]]
    bad: list[BadLine]
    tally: foreign.Tally


def read(path: Path | str, wish: foreign.Wish | None = None) -> Read:
    """Read a file that is no log of ours."""
    reader = open_for_reading(str(path))
    begun, _ = begin(reader)
    wish = wish or foreign.Wish()
    lines = list(foreign.lines(begun, str(path), wish))
    good = [json.loads(line.raw) for line in lines if not isinstance(line, BadLine)] if wish.tally.format else []
    return Read(good, [line for line in lines if isinstance(line, BadLine)], wish.tally)


def actions(records: list[dict[str, Any]], kind: str = "tool_invocation") -> list[dict[str, Any]]:
    """The actions of one type."""
    return [record["action"] for record in records if record["action"]["type"] == kind]
