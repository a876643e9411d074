"""`auditlog head`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def head(path: o.Log) -> int:
    """Print the state of a log in one line: its name, how many records, their root, and the leaf of the last.

    Keep that line where the log is not: in the output of a CI job, a ticket, a chat. Whoever has it can tell later
    whether records up to there were changed or taken away, even by somebody who has the key. The chain is
    checked on the way, but no signature.

    Examples:
      auditlog head audit.jsonl
      auditlog head audit.jsonl >> "$GITHUB_STEP_SUMMARY"
    """
    from base64 import b64encode

    from auditlog_cli.cli import show
    from auditlog_cli.errors import InputError
    from auditlog_cli.writer.growth import Growth, is_sealed

    if not is_sealed(path):
        raise InputError(
            f"{path}: is no sealed log",
            help=f"auditlog verify {path} prints the head of a log that others write, once it is signed",
        )
    growth = Growth(path)
    size = growth.grow()
    out = show.output(None)
    out.line(f"{growth.origin} {size} {b64encode(growth.tree.root()).decode()} {growth.head}")
    show.finish(out)
    return 0
