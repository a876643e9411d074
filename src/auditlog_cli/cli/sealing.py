"""`auditlog seal`: the log opened for signing, signed once, or watched."""

from __future__ import annotations

import os
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from auditlog_cli import segments, times
from auditlog_cli.cli.show import Notices, output
from auditlog_cli.cli.show import finish as finished
from auditlog_cli.counts import many
from auditlog_cli.errors import UsageError
from auditlog_cli.salting import growing, settling
from auditlog_cli.signing import succession
from auditlog_cli.signing.signer import Signer
from auditlog_cli.signing.signers import CHECKPOINTS
from auditlog_cli.writer import own
from auditlog_cli.writer.checkpoints import Sealer
from auditlog_cli.writer.growth import is_sealed, refuse_damaged
from auditlog_cli.writer.log import AuditLog


class Opened(NamedTuple):
    """What signs, and the log to which the checkpoint is appended, if this user may do that."""

    sealer: Sealer
    log: AuditLog | None


@contextmanager
def opened(path: str, signer: Signer, beside: str | None, *, redactable: bool = False) -> Iterator[Opened]:
    """Give the log at `path`, opened for signing.

    Args:
        path: The log.
        signer: With which key.
        beside: Where the checkpoint goes, if not beside the log.
        redactable: Make salts for a log that nobody sealed, so that values can be withheld later.

    Raises:
        UsageError: If it is a closed segment, or salts do not fit what is there.
        InputError: If there is nothing to sign.
        SealRefused: If it was a sealed log, and no longer begins as one.
    """
    active = segments.active_of(path)
    if active:
        raise UsageError(f"{path}: a closed segment; the log is signed as a whole", help=f"auditlog seal {active} …")
    sealed = is_sealed(path)
    if sealed and redactable:
        raise UsageError(
            f"{path}: has its salts in its lines: --redactable is for logs that others write",
            help=f"auditlog seal {path}, without it: single values can be withheld as it is",
        )
    if not sealed:
        refuse_damaged(path)
    salted = not sealed and settling.wanted(path, redactable=redactable, beside=beside)
    growth = growing.SaltedGrowth(path) if salted else None
    sealer = Sealer(path, signer, beside=beside, raw=not sealed, growth=growth)
    if not sealed or beside or not _may_write(path):
        yield Opened(sealer, None)
        return
    with AuditLog(path, ballast_bytes=0) as log:
        yield Opened(sealer, log)


def sign(opened: Opened, notices: Notices) -> int:
    """Sign once, say what was signed, and return how many records that were."""
    sealer, log = opened
    if log is None:
        done = sealer.seal()
    else:
        done = sealer.seal(log.durable, log.append_own)
    out = output(None)
    out.line(f"{sealer.path}: {many(done.size, 'record')} signed, root {b64encode(done.root).decode()}")
    finished(out)
    where = f"in the log and in {sealer.beside}" if log else f"in {sealer.beside}"
    notices.say(f"the checkpoint of {done.origin} is {where}")
    return done.size


def hand_over(opened: Opened, new: Signer, notices: Notices) -> None:
    """Let the old key say in the log which key comes after it, and sign with that one from now on (integrity.md, 5.3).

    Raises:
        UsageError: If this user may not write to the log: only a record in it can say so; or if it is the same key.
    """
    sealer, log = opened
    if new.public_line == sealer.signer.public_line:
        raise UsageError("--successor: is the same key as --key", help="auditlog keygen makes another one")
    if sealer.growth.raw:
        raise UsageError(
            f"{sealer.path}: --successor is recorded in the log, and others write this one",
            help="tell whoever checks: valid-before and valid-after in the file of --signers (ssh-keygen(1))",
        )
    if log is None:
        raise UsageError(
            f"{sealer.path}: --successor is recorded in the log, which this user may not write",
            help="run it as the user who writes the log",
        )
    sealer.seal(log.durable, log.append_own)
    old, origin, now = sealer.signer, log.origin, times.now()
    log.append_own(own.record("key", **succession.members(origin, old, new, now)))
    sealer.signer = new
    sealer.seal(log.durable, log.append_own)
    # In whole seconds: both keys hold in the one in which the old one signed for the last time.
    second = (times.parse(now) or 0) // times.SECOND * times.SECOND
    out = output(None)
    for key, limit, at in ((old, "valid-before", second + times.SECOND), (new, "valid-after", second)):
        moment = times.render(at)[:19].translate({ord(char): None for char in "-:T"}) + "Z"
        out.line(f'{origin} namespaces="{CHECKPOINTS}",{limit}="{moment}" {key.public_line}')
    finished(out)
    notices.say("the log says so, and is signed by the new key; hand these two lines to whoever checks")


def watch(opened: Opened, every: int, notices: Notices) -> None:
    """Sign whenever something new is there, at most every so many seconds; until somebody stops it."""
    quiet = Notices(quiet=True)
    notices.say(f"watching, every {every} s; Ctrl-C ends it")
    while True:
        # Asked of the log itself: what came while the last checkpoint was made must not be missed.
        if opened.sealer.behind() > 0:
            sign(opened, quiet)
        time.sleep(every)


def _may_write(path: str) -> bool:
    return os.access(path, os.W_OK) and os.access(os.path.dirname(path) or ".", os.W_OK)
