"""What a redaction came to, and what is said if something stopped it behind its declaration."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from auditlog_cli.errors import AuditlogError, AuditWriteError
from auditlog_cli.writer import disk

Step = Callable[[str], None]
"""Told the name of each step that is done."""


class Done(NamedTuple):
    """What was done.

    Attributes:
        declared_at: The numbers of the declarations: of records, or of lines in `.redactions`, counted from 1.
        segments: The files that were rewritten.
    """

    declared_at: list[int]
    segments: list[str]


@contextmanager
def unfinished(path: str, where: str) -> Iterator[None]:
    """Say how to go on, if something stops a redaction.

    Args:
        path: The log.
        where: Where it is declared: "record 9"; or empty.

    Raises:
        AuditWriteError: In the place of what stopped it.
    """
    state = f"declared in {where}" if where else "begun"
    try:
        yield
    except AuditlogError as error:
        raise AuditWriteError(
            f"{error.message}; the redaction is {state} and not finished: values may still be readable",
            help=f"when that is mended: auditlog redact {path} --resume",
        ) from error
    except OSError as error:
        raise AuditWriteError(
            f"{error.filename or path}: {disk.why(error)}; the redaction is {state} and not finished",
            help=f"when that is mended: auditlog redact {path} --resume",
        ) from error
