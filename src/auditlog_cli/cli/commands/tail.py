"""`auditlog tail`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli.options import Color, Paths


def tail(paths: Paths = None, color: Color = "auto") -> int:
    """Show the last actions of a log.

    Examples:
      auditlog tail audit.jsonl
    """
    from auditlog_cli import decoders
    from auditlog_cli.cli import show
    from auditlog_cli.renderers import text
    from auditlog_cli.sources import files
    from auditlog_cli.sources.backwards import last_lines

    out = show.output(None)
    style = text.Style(colour=show.in_colour(color), unicode=show.in_unicode(), columns=show.columns())
    for log in files.find(show.paths(paths)):
        for line in last_lines(log, 10):
            out.line(text.line(decoders.decode(line), style))
    out.flush()
    return 0
