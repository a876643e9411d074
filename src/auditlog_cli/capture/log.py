"""The public `AuditLog`: the writer, and the doors into capture (docs/decisions/0010-…)."""

from __future__ import annotations

from typing import Self

from auditlog_cli.capture.doors import Doors
from auditlog_cli.writer import log as writer


class AuditLog(Doors, writer.AuditLog):  # noqa: D101 - its text is that of the writer
    __doc__ = writer.AuditLog.__doc__

    def _writer(self) -> writer.AuditLog:
        return self

    def __enter__(self) -> Self:
        super().__enter__()
        return self
