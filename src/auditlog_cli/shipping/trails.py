"""Where in a log the shipper is: which lines were sent, and whether this is the log that they came from.

In a sealed log that is the number of the last record and its leaf. Both outlive rotation, compression, pruning and
redaction, and the next record names the leaf, so another log cannot pass for this one. In any other log it is the
number of bytes of the file and their SHA-256: rotation and compression keep them, a rewriting does not.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from auditlog_cli.errors import InputError, UsageError
from auditlog_cli.record import BadLine, Line
from auditlog_cli.sealing.line import Sealed, Unsealed, unseal
from auditlog_cli.shipping.cursors import Place

_HELP = "if it is the right log, begin anew with another --cursor: records are then sent again, with the same ids"


class SealedTrail:
    """The way through a sealed log.

    Args:
        log: Its path.
        place: How far it was sent, or None.

    Raises:
        UsageError: If the place is none of a sealed log.
    """

    def __init__(self, log: str, place: Place | None) -> None:
        self._log = log
        self._seq, self._leaf = -1, ""
        self.wanted = 0
        self.begun = place is None
        """Whether the place from which to go on was met."""
        if place is not None:
            seq, leaf = place.get("seq"), place.get("leaf")
            if type(seq) is not int or seq < 0 or not isinstance(leaf, str):
                raise _other(log)
            self._seq, self._leaf = seq, leaf
            self.wanted = seq

    def fresh(self, line: Line | BadLine, found: Sealed | None) -> bool:
        """Tell whether a line was not sent yet.

        Args:
            line: The next line.
            found: What its seal says; None for a line that has none: it has no place in such a log.

        Raises:
            UsageError: If this is another log than the one that was sent.
            InputError: If records are missing before it.
        """
        if found is None:
            return self.begun
        if found.seq < self._seq:
            self.begun = False  # read anew: a file was put in the place of the one that was followed
            return False
        if found.seq == self._seq:
            if found.leaf != self._leaf:
                raise _other(self._log)
            self.begun = True
            return False
        if self._leaf and found.seq > self._seq + 1:
            raise InputError(
                f"{self._log}: records {self._seq + 1:,} to {found.seq - 1:,} are not there any more, and were not"
                " sent",
                help=f"auditlog verify says more; {_HELP}",
            )
        if self._leaf and found.prev and found.prev != self._leaf:
            if not self.begun:
                raise _other(self._log)
            raise InputError(
                f"{self._log}: record {found.seq:,} does not follow the one before it", help="auditlog verify says more"
            )
        self.begun = True
        self._seq, self._leaf = found.seq, found.leaf
        return True

    def place(self) -> Place | None:
        """Return where it stands; None before the first record."""
        return {"seq": self._seq, "leaf": self._leaf} if self._leaf else None

    def settle(self) -> None:
        """Say that all that is there was read.

        Raises:
            UsageError: If the place from which to go on is not there.
        """
        if not self.begun:
            raise _other(self._log)


class PlainTrail:
    """The way through a log that nobody sealed; the arguments are those of `SealedTrail`."""

    wanted = 0

    def __init__(self, log: str, place: Place | None) -> None:
        self._log = log
        self._end = 0
        self._hash: Any = sha256()
        self.begun = place is None
        self._goal = ("", 0)
        if place is not None:
            end, digest = place.get("bytes"), place.get("sha256")
            if type(end) is not int or end < 1 or not isinstance(digest, str):
                raise _other(log)
            self._goal = (digest, end)

    def fresh(self, line: Line | BadLine, found: Sealed | None = None) -> bool:
        """Tell whether a line was not sent yet."""
        whole = line.line if isinstance(line, BadLine) else line
        if whole.offset == 0:
            self._hash, self._end = sha256(), 0
        self._hash.update(whole.raw + b"\n")
        self._end = whole.offset + len(whole.raw) + 1
        if not self.begun:
            self.begun = self._end == self._goal[1] and self._hash.hexdigest() == self._goal[0]
            return False
        return True

    def place(self) -> Place | None:
        """Return where it stands; None before the first line."""
        return {"bytes": self._end, "sha256": self._hash.hexdigest()} if self._end else None

    def settle(self) -> None:
        """Say that all that is there was read.

        Raises:
            UsageError: If the place from which to go on is not there.
        """
        if not self.begun:
            raise _other(self._log)


def seal_of(line: Line | BadLine) -> Sealed | None:
    """Return what the seal of a line says, or None if it has none."""
    try:
        return unseal(line.raw) if isinstance(line, Line) else None
    except Unsealed:
        return None


def _other(log: str) -> UsageError:
    return UsageError(f"{log}: is not the log that this cursor is of, or was rewritten since", help=_HELP)
