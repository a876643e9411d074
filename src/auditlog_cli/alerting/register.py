"""The alerts log on the disk: what stands in it, and opened to be written."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from typing import Any, NamedTuple

from auditlog_cli import decoders, fields
from auditlog_cli._version import __version__
from auditlog_cli.alerting import states
from auditlog_cli.alerting.keeping import Keeper
from auditlog_cli.alerting.states import Alert
from auditlog_cli.errors import InputError, UsageError
from auditlog_cli.record import BadLine, Record
from auditlog_cli.sources import files
from auditlog_cli.sources.lines import read_lines
from auditlog_cli.writer.log import AuditLog

USER = "AUDITLOG_USER"
LOG = "AUDITLOG_ALERTS"
_KINDS = ("alert", "review")  # what `Keeper` writes


class Held(NamedTuple):
    """What stands in an alerts log.

    Attributes:
        alerts: By fingerprint, those opened first in front.
        bad: Lines that are no records.
    """

    alerts: dict[str, Alert]
    bad: int


def read(path: str) -> Held:
    """Return what stands in the alerts log at `path`.

    Raises:
        InputError: If it is not there, is empty, holds other records and none about an alert, or cannot be read.
    """
    records: list[Mapping[str, Any]] = []
    bad = lines = others = 0
    for log in files.find([path]):
        for file in log.files:
            for line in read_lines(file):
                lines += 1
                item = decoders.decode(line)
                bad += isinstance(item, BadLine)
                if isinstance(item, Record) and not item.is_own:
                    kind = fields.text(item.content, "action.type")
                    if kind == "alert":
                        records.append(item.content)
                    others += kind not in ("", *_KINDS)
    if not lines:
        raise InputError(f"{path}: empty, no alerts log", help="is it the right file? check --alerts writes one")
    if others and not records:
        raise InputError(
            f"{path}: holds records, and none about an alert",
            help="is it the right file? the alerts log is a file of its own",
        )
    return Held(states.read(records), bad)


class Register:
    """An alerts log, open to be written. A context manager.

    Args:
        path: The log; it is made where there is none.

    Attributes:
        keeper: What writes it.
        bad: Lines in it that are no records: what they said is not known.

    Raises:
        InputError: If it cannot be read.
        AuditWriteError: If it cannot be written.
        UsageError: If it names something else than a log.
    """

    def __init__(self, path: str) -> None:
        if path == files.STDIN or os.path.isdir(path):
            raise UsageError(
                f"{path}: the alerts log is a file such as alerts.jsonl", help="name a file of its own, beside no log"
            )
        self.path = path
        self._seen = self._stat()
        held = self._read()
        self.bad = held.bad
        self._log = AuditLog(path, ballast_bytes=0, source={"host": platform.node(), "component": "auditlog"})
        self.keeper = Keeper(self._log, held.alerts, identity=identity(), version=__version__)

    def refresh(self) -> None:
        """Take over what others have written meanwhile: a person may have resolved an alert."""
        now = self._stat()
        if now != self._seen:
            self._seen = now
            self.keeper.known.update(self._read().alerts)

    def close(self) -> None:
        """Close the log."""
        self._log.close()

    def __enter__(self) -> Register:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read(self) -> Held:
        try:
            return read(self.path)
        except InputError:
            to_nothing = os.path.islink(self.path) and not os.path.exists(self.path)
            if to_nothing or self._stat()[1]:
                raise
            return Held({}, 0)

    def _stat(self) -> tuple[int, int, int]:
        try:
            found = os.stat(self.path)
        except OSError:
            return (0, 0, 0)
        return found.st_ino, found.st_size, found.st_mtime_ns


def identity() -> str:
    """Return as whom this process runs: $AUDITLOG_USER, else the user of the system."""
    import getpass

    named = os.environ.get(USER, "").strip()
    if named:
        return named
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"uid:{os.getuid()}"
