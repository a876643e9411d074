"""Checkpoints in files of their own: the one beside a log, or wherever it was put."""

from __future__ import annotations

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
    return read(beside or segments.checkpoint_name(path), f"auditlog seal {path} --key FILE")


def read(name: str, help: str = "") -> tuple[str, notes.Note]:  # noqa: A002 - the word shown
    """Return the checkpoint in a file, as text and taken apart.

    Raises:
        InputError: If there is none.
    """
    try:
        text = read_small(name, _LARGEST).decode()
        return text, notes.parse(text)
    except InputError as error:
        raise InputError(f"{error.message}: there is no checkpoint", help=help or error.help) from error
    except ValueError as error:
        raise InputError(f"{name}: is no checkpoint", help="three lines, an empty one, signatures") from error
