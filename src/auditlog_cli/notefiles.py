"""Checkpoints in files of their own: the one beside a log, or wherever it was put."""

from __future__ import annotations

import os

from auditlog_cli import segments
from auditlog_cli.errors import InputError
from auditlog_cli.sealing import notes
from auditlog_cli.sources.opening import read_small

_LARGEST = 64 * 1024


def newest(path: str, beside: str | None = None) -> tuple[str, notes.Note]:
    """Return the newest checkpoint of the log at `path`, as text and taken apart.

    Args:
        beside: Where it lies, if not beside the log.

    Raises:
        InputError: If there is none.
    """
    name = beside or segments.checkpoint_name(path)
    if not os.path.lexists(name):
        raise InputError(f"{name}: there is no checkpoint", help=f"auditlog seal {path} --key FILE")
    return read(name, named=beside is not None)


def read(name: str, *, named: bool = True) -> tuple[str, notes.Note]:
    """Return the checkpoint in a file, as text and taken apart.

    Args:
        name: The file.
        named: Whether a user named it, and may mean a pipe.

    Raises:
        InputError: If there is none.
    """
    try:
        text = read_small(name, _LARGEST, named=named).decode()
        return text, notes.parse(text)
    except InputError as error:
        raise InputError(f"{error.message}: there is no checkpoint", help=error.help) from error
    except ValueError as error:
        raise InputError(f"{name}: is no checkpoint", help="three lines, an empty one, signatures") from error
