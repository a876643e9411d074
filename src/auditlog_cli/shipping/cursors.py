"""The cursor: how far each log was sent, in a small file. It is written once the receiver has taken the records."""

from __future__ import annotations

import fcntl
import json
import os
from typing import Any

from auditlog_cli.errors import DefinitionError, UsageError
from auditlog_cli.sources.files import find
from auditlog_cli.sources.opening import read_small
from auditlog_cli.writer import disk

FORMAT = "auditlog-cursor/1"
_LARGEST = 16 << 20

Place = dict[str, Any]
"""Where in a log: what `trails` makes of it."""


class Cursor:
    """The file, kept from other shippers as long as this one lives.

    Args:
        path: The file; `<path>.lock` is made beside it and never deleted.
        to: What the records are sent as.
        masks: What tells the masks that they are sent with from others; empty: they go as they are.

    Attributes:
        places: By the absolute path of a log.
        other_masks: Whether what was sent until now went with other masks, or with none.

    Raises:
        UsageError: If another shipper has it, or records went masked until now and would no longer.
        DefinitionError: If the file is none of ours, or of another format of export.
        AuditWriteError: If nothing can be written there.
    """

    def __init__(self, path: str, to: str, masks: str = "") -> None:
        self.path = path
        self.other_masks = False
        self._to = to
        self._masks = masks
        try:
            self._lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise disk.refused(path, "cannot be written", error, "nothing was sent") from error
        try:
            self._hold()
            self.places = self._read()
        except BaseException:
            self.close()
            raise

    def _hold(self) -> None:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UsageError(
                f"{self.path}: another `auditlog ship` uses this cursor", help="two would send everything twice"
            ) from None

    def _read(self) -> dict[str, Place]:
        if not os.path.lexists(self.path):
            return {}
        wrong = DefinitionError(
            f"{self.path}: is no cursor of `auditlog ship --to {self._to}`", help="name another file with --cursor"
        )
        if not os.path.isfile(self.path):
            raise wrong
        try:
            held = json.loads(read_small(self.path, _LARGEST))
        except (ValueError, RecursionError):
            raise wrong from None
        if not isinstance(held, dict) or held.get("format") != FORMAT or held.get("to") != self._to:
            raise wrong
        places = held.get("logs")
        if not isinstance(places, dict) or not all(isinstance(place, dict) for place in places.values()):
            raise wrong
        self._compare(held.get("masks", ""))
        return places

    def _compare(self, masks: object) -> None:
        if masks and not self._masks:
            raise UsageError(
                f"{self.path}: what was sent until now went masked; without --redact the rest would not",
                help="--redact PROFILE as before, or begin anew with another --cursor",
            )
        self.other_masks = masks != self._masks

    def keep(self, log: str, place: Place) -> None:
        """Remember how far a log was sent: written beside, synced, renamed.

        Raises:
            AuditWriteError: If that cannot be done.
        """
        self.places[os.path.abspath(log)] = place
        masks = {"masks": self._masks} if self._masks else {}
        text = json.dumps({"format": FORMAT, "to": self._to, **masks, "logs": self.places}, indent=1)
        try:
            disk.keep(self.path, text.encode() + b"\n")
        except OSError as error:
            raise disk.refused(
                self.path, "cannot be written", error, "the last records were sent, and will be sent again"
            ) from error

    def place(self, log: str) -> Place | None:
        """Return how far a log was sent; None if it never was."""
        return self.places.get(os.path.abspath(log))

    def refuse_others(self, logs: list[str]) -> None:
        """Refuse logs of which it knows nothing while it knows of others.

        Raises:
            UsageError: If so.
        """
        lost = sorted(set(self.places).difference(map(os.path.abspath, logs)))
        if lost:
            raise UsageError(
                f"{self.path}: this cursor is of {lost[0]}, which is not among the logs",
                help="name that log as well, or another cursor",
            )

    def close(self) -> None:
        """Let other shippers have it."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def logs(paths: list[str]) -> list[str]:
    """Return the logs that `paths` name, by their active files.

    Raises:
        InputError: If one is not there.
        UsageError: If it is standard input.
    """
    found = [log.path for log in find(paths)]
    if "-" in found:
        raise UsageError("-: what is piped in has no place to come back to", help="name a file")
    return found
