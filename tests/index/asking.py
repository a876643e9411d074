"""Questions to a log with its index and without: the answers must be the same, line for line."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

from auditlog_cli import pipeline, segments
from auditlog_cli.counts import Counts
from auditlog_cli.index import building
from auditlog_cli.record import BadLine, Line
from auditlog_cli.selection import Selection, select_by


class Answer(NamedTuple):
    """What somebody sees of an answer."""

    wanted: list[tuple[str, int, int, bytes, bool]]
    bad: list[tuple[str, int, int, str]]
    counts: tuple[int, int, int, int, int]
    code: int


def build(path: Path, **words: Any) -> building.Built | None:
    """Make or extend the index of a log."""
    taken = segments.snapshot(str(path))
    try:
        return building.build(str(path), taken, **words)
    finally:
        for _, fd, _ in taken:
            os.close(fd)


def seen(line: Line) -> tuple[str, int, int, bytes, bool]:
    """Everything about a line."""
    return line.path, line.number, line.offset, line.raw, line.ended


def ask(paths: list[Path], chosen: Selection, *, index: list[str] | None = None, search: bool = True) -> Answer:
    """Ask the logs; `index` is told what is said about their indexes, None: no index."""
    counts = Counts()
    wanted, bad = [], []
    say = None if index is None else index.append
    names = [str(path) for path in paths]
    for item, is_wanted in pipeline.judged(names, chosen, counts=counts, index=say, search=search):
        if isinstance(item, BadLine):
            bad.append((*seen(item.line)[:3], item.code))
        elif is_wanted:
            wanted.append(seen(item.line))
    numbers = (counts.read, counts.selected, counts.passed, counts.own, counts.bad)
    assert counts.read == counts.selected + counts.passed + counts.own + counts.bad
    return Answer(wanted, bad, numbers, counts.exit_code())


def alike(*paths: Path, **words: Any) -> tuple[Answer, list[str]]:
    """Ask both ways, and return the answer and what was said about the index."""
    chosen = select_by(**words)
    said: list[str] = []
    found = ask([*paths], chosen, index=said)
    plain = ask([*paths], chosen)
    if plain.counts[3] != found.counts[3]:  # an own record that holds the text is parsed by whom finds it
        raise AssertionError((plain.counts, found.counts))
    assert found == plain
    return found, said


QUESTIONS: list[dict[str, Any]] = [
    {"session": ["sess_abc"]}, {"trace": ["sess_abc"]}, {"user": ["user_ann"]}, {"user": ["ann@example.org"]},
    {"agent": ["planner"]}, {"agent": ["agent_planner"], "session": ["sess_abc"]}, {"tool": ["pay", "lookup_order"]},
    {"session": ["sess_abc", "7"]}, {"session": ["é"]}, {"session": ["sess_abc"], "own": True}, {"user": ["7"]},
    {"since": "2026-06-01T14:23:12Z"}, {"until": "2026-06-01T14:23:12Z"}, {"agent": ["plan*"], "session": ["sess_abc"]},
    {"session": ["sess_abc"], "since": "2026-06-01T14:00:00Z", "until": "2026-06-02"}, {"session": ["nobody"]},
    {"session": ["sess_abc"], "status": ["denied"]}, {"session": ["sess_abc"], "where": ["action.tool = pay"]},
]  # fmt: skip
"""Questions of which an index can answer something."""
