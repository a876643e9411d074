"""What the shell completes: paths of logs, and ids out of them. Silent about anything that goes wrong."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from auditlog_cli import decoders, fields
from auditlog_cli.sources.files import ENDINGS

_HOLDING = ("trace_id", "session_id")
_LINES = 2000  # of the end of a log: enough for the ids somebody looks for, quick enough for a key press


def paths(incomplete: str) -> list[str]:
    """Logs and folders that begin with what was typed."""
    folder, start = os.path.split(incomplete)
    try:
        entries = sorted(os.listdir(folder or "."))
    except OSError:
        return []
    found = []
    for entry in entries:
        full = os.path.join(folder, entry)
        if entry.startswith(start) and not (entry.startswith(".") and not start):
            if os.path.isdir(full):
                found.append(f"{full}/")
            elif entry.endswith(ENDINGS):
                found.append(full)
    return found


def shapes(incomplete: str) -> list[str]:
    """Names for `--from`: shapes of lines and formats of files."""
    from auditlog_cli import importers

    return [name for name in (*decoders.names(), *importers.names()) if name.startswith(incomplete)]


def exports(incomplete: str) -> list[str]:
    """Names for `--to`."""
    from auditlog_cli import exporters

    return [name for name in exporters.names() if name.startswith(incomplete)]


def sessions(ctx: Any, incomplete: str) -> list[str]:
    """Session ids near the end of the logs on the command line."""
    return _ids(ctx, incomplete, ("session_id",))


def traces(ctx: Any, incomplete: str) -> list[str]:
    """Trace ids."""
    return _ids(ctx, incomplete, ("trace_id",))


def agents(ctx: Any, incomplete: str) -> list[str]:
    """Agents by id and by name."""
    return _ids(ctx, incomplete, ("agent.id", "agent.name"))


def any_id(ctx: Any, incomplete: str) -> list[str]:
    """Trace, session and span ids."""
    return _ids(ctx, incomplete, ("trace_id", "session_id", "span_id"))


def spans(ctx: Any, incomplete: str) -> list[str]:
    """Span ids: of the trace or session that is named on the line, if one is."""
    return _ids(ctx, incomplete, ("span_id",), within=ctx.params.get("wanted") or "")


def _ids(ctx: Any, incomplete: str, paths_: tuple[str, ...], *, within: str = "") -> list[str]:
    found: dict[str, None] = {}
    try:
        for content in _recent(ctx):
            if within and not any(fields.text(content, each).startswith(within) for each in _HOLDING):
                continue
            for path in paths_:
                text = fields.text(content, path)
                if text and text.startswith(incomplete):
                    found[text] = None
    except Exception:  # a key press must never print a traceback into the command line
        return []
    return list(found)[-200:]


def _recent(ctx: Any) -> Iterator[dict[str, object]]:
    from auditlog_cli import strictjson
    from auditlog_cli.cli import show
    from auditlog_cli.record import Record
    from auditlog_cli.sources import files
    from auditlog_cli.sources.backwards import last_lines

    # While the line is unfinished, operands are still among the words not yet taken.
    given = [word for word in (*(ctx.params.get("paths") or ()), *ctx.args) if os.path.exists(word)]
    strictjson.in_bulk()
    for log in files.find(show.paths(given)):
        for line in last_lines(log, _LINES):
            record = decoders.decode(line)
            if isinstance(record, Record):
                yield record.content
