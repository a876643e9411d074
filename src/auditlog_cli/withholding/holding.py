"""The legal holds of a log, read from its own records: which are in force, and what they hold (docs/decisions/0040).

Whoever can append to a log can write a release into it. So a hold that is signed is lifted only by a release that
the same key signed, and none is lifted by an agent.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from auditlog_cli import segments, strictjson
from auditlog_cli.errors import InputError, remedy
from auditlog_cli.sealing import holds, sshsig
from auditlog_cli.sealing.holds import Hold
from auditlog_cli.sealing.line import Unsealed
from auditlog_cli.signing import checks
from auditlog_cli.strictjson import Malformed
from auditlog_cli.withholding import beside, reading
from auditlog_cli.withholding.anatomy import dissect

AGENT = "agent:"
"""How the name of an agent begins; none of them may release a hold."""


class Said(NamedTuple):
    """A record about holds: its number, its time, its `auditlog` member."""

    seq: int
    timestamp: object
    own: dict[str, object]


class Release(NamedTuple):
    """A release, and why it does not count; empty if it does."""

    said: Said
    trouble: str


class Register:
    """The holds of one log.

    Attributes:
        origin: The name of the log: signatures are over it.
        active: Those in force, oldest first.
        released: Those that were released, with what released them.
        void: Releases that count for nothing.
        size: How many records the log had.
    """

    def __init__(self, origin: str, said: Iterable[Said], size: int = 0) -> None:
        self.origin = origin
        self.size = size
        self.active: list[Hold] = []
        self.released: list[tuple[Hold, Said]] = []
        self.void: list[Release] = []
        for each in said:
            if each.own.get("type") == "hold":
                self._set(Hold(each.seq, each.timestamp, each.own))
            elif each.own.get("type") == "hold-release":
                self._release(each)

    def _set(self, hold: Hold) -> None:
        for number, other in enumerate(self.active):
            # A prune says again what it would delete; anything else under the same name is one more hold.
            if other.id == hold.id and _statement(other) == _statement(hold):
                hold.at, hold.first = other.at, other.first
                self.active[number] = hold
                return
        self.active.append(hold)

    def _release(self, said: Said) -> None:
        meant = [hold for hold in self.active if hold.id == said.own.get("id")]
        for hold in meant:
            trouble = self.why_not(hold, said.own)
            if trouble:
                self.void.append(Release(said, trouble))
            else:
                self.active.remove(hold)
                self.released.append((hold, said))
        if not meant:
            self.void.append(Release(said, "there is no such hold in force"))

    def why_not(self, hold: Hold, own: dict[str, object]) -> str:
        """Say why a release does not lift a hold; empty if it does."""
        by = own.get("by")
        if not isinstance(by, str) or not by.strip() or not own.get("reason"):
            return "it does not say who releases, or why"
        if by.strip().lower().startswith(AGENT):
            return "an agent may not release a hold"
        key = self.key_of(hold)
        if not key:
            return ""
        return "" if self.signed(own, key) else "the hold is signed, and the release is not, by the same key"

    def key_of(self, hold: Hold) -> bytes:
        """Return the key that signed a hold, as SSH writes it; nothing if nobody did."""
        try:
            signature = sshsig.parse(str(hold.own.get("sshsig", "")))
        except sshsig.SshsigError:
            return b""
        # What the signature is over may have been withheld, or nobody here can check it: then it counts as it says.
        return signature.key if hold.unreadable or self.signed(hold.own, signature.key) is not False else b""

    def signed(self, own: dict[str, object], key: bytes) -> bool | None:
        """Tell whether `key` signed a record about holds; None if nobody here can tell."""
        armour = own.get("sshsig")
        try:
            signature = sshsig.parse(armour if isinstance(armour, str) else "")
        except sshsig.SshsigError:
            return False
        if signature.key != key:
            return False
        return checks.ssh(signature, str(armour), holds.NAMESPACE, holds.message(self.origin, own))

    def over(self, raw: bytes, content: dict[str, object] | None = None) -> tuple[str, ...]:
        """Return the names of what holds a record, `retention.legal_hold` among them; none if nothing does.

        Args:
            raw: Its line.
            content: The same decoded, if somebody has it.
        """
        if not self.active and holds.NEEDLE not in raw:
            return ()
        if content is None:
            try:
                content = strictjson.decode(raw)
            except Malformed:
                return ("what cannot be read",)
        names = [hold.id for hold in self.active if hold.holds(content)]
        if holds.NEEDLE in raw and holds.flagged(content):
            names.append(holds.FLAG)
        return tuple(dict.fromkeys(names))

    def is_own(self, own: dict[str, object] | None) -> bool:
        """Tell whether a record states a hold that is in force: nothing may go from it."""
        return own is not None and own.get("type") == "hold" and any(own.get("id") == hold.id for hold in self.active)


def _statement(hold: Hold) -> tuple[object, ...]:
    return tuple(repr(hold.own.get(name)) for name in ("by", "reason", "covers", "subject", "sshsig"))


def read(path: str) -> Register:
    """Return the holds of the log at `path`.

    Raises:
        InputError: If the log is missing, not sealed, or cannot be read.
        UsageError: If `path` is that of a closed segment.
    """
    with reading.snapshot(path) as files:
        return of(path, files)


def of(path: str, files: list[reading.Segment]) -> Register:
    """Return the holds of a log whose files are open; see `read`."""
    found: list[Said] = []
    size = 0
    for file in files:
        data = file.lines()
        found += about(data)
        last = reading.last(data)
        size = size if last is None else last.seq + 1
    made = Register(_origin(files), found, size)
    for hold in made.active:
        if hold.identifiers is not None:
            hold.identifiers.blobs.update(beside.blobs_with(path, hold.identifiers.in_json))
    return made


def _origin(files: list[reading.Segment]) -> str:
    try:
        line = dissect(files[0].first_line())
    except (Unsealed, Malformed):
        return ""
    return str(line.own.get("origin", "")) if line is not None and line.own is not None else ""


def about(data: bytes) -> Iterator[Said]:
    """Yield what whole lines say about holds, in order."""
    for raw in reading.holding(data, holds.OWN_NEEDLE):
        try:
            line = dissect(raw)
            own = None if line is None or line.own is None else line.content["auditlog"]
        except (Unsealed, Malformed):
            continue
        if line is not None and isinstance(own, dict):
            yield Said(line.seq, line.plain.get("timestamp"), own)


def set_since(path: str, size: int) -> bool:
    """Tell whether a hold was set in record `size` of the log or behind it. For whoever keeps writers out.

    Raises:
        InputError: If the log cannot be read.
    """
    try:
        taken = segments.snapshot(path, timeout_s=0.0)  # the lock is the caller's
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})", help=remedy(error)) from error
    try:
        behind = [*(segments.first_of(name) or size + 1 for name, _, _ in taken[1:]), size + 1]
        for each, after in zip(taken, behind, strict=True):
            for said in about(reading.Segment(*each).lines()) if after > size else ():
                if said.seq >= size and said.own.get("type") == "hold" and "restates" not in said.own:
                    return True
    finally:
        for _, fd, _ in taken:
            os.close(fd)
    return False
