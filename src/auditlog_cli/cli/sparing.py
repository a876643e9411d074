"""What a command writes never takes the place of a log that it reads."""

from __future__ import annotations

import os

from auditlog_cli.cli import _table, show
from auditlog_cli.errors import UsageError
from auditlog_cli.sources import files

_OWN = ("import", "redact")  # the output of one is a log that grows, the other has its own words
_WRITTEN = (("output", "-o"), ("annotate", "--annotate"))


def look(command: str, values: dict[str, object]) -> None:
    """Look at the files that a command is to write, before it runs.

    Args:
        command: Its name.
        values: Its parameters, those that were given.

    Raises:
        UsageError: If one is a log that is read, or standard output is asked for twice.
        InputError: If a log cannot be found.
    """
    if values.get("annotate") == "-":
        raise UsageError("--annotate -: standard output has the report", help="--annotate FILE")
    many = any(name == "paths" for name, _, _ in _table.COMMANDS[command][1])
    for name, option in _WRITTEN:
        out, one, logs = values.get(name), values.get("path"), values.get("paths")
        if command in _OWN or not isinstance(out, str) or out == "-" or not os.path.isfile(out):
            continue
        if many:
            spare(show.paths(logs if isinstance(logs, list) else None), out, option)
        elif isinstance(one, str):
            spare([one], out, option)


def spare(logs: list[str], out: str, option: str = "-o") -> None:
    """Refuse to write where a log lies.

    Args:
        logs: The logs that are read: files, folders, globs, - for standard input.
        out: The file to write, which is there.
        option: What named it.

    Raises:
        UsageError: If it is one of the logs.
        InputError: If a log cannot be found.
    """
    for file in (file for log in files.find(logs, documents=True) for file in log.files if file != "-"):
        if os.path.exists(file) and os.path.samefile(file, out):
            raise UsageError(f"{out}: is the log that is read", help=f"give another {option}")
    if "-" in logs and os.path.samestat(os.stat(out), os.fstat(0)):
        raise UsageError(f"{out}: is the log that is read", help=f"give another {option}")
