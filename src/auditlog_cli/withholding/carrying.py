"""A redaction carried out, in the order of integrity.md, 2.7. Writers may go on meanwhile.

    1  append `redact`, signed; sync              under the lock of the log
    2  a target in the active segment: rotate     under the same lock
    3  rewrite each segment that is concerned     under a lock on that segment; `replacing`
    4  append `redacted`; sync                    under the lock of the log, once for each segment
    5  drop the index
    6  drop large values and torn ends

A crash at any point leaves what `resume` finishes: the declaration is the journal.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from auditlog_cli import segments
from auditlog_cli.errors import AuditlogError, AuditWriteError
from auditlog_cli.withholding import beside, declaring, planning, replacing
from auditlog_cli.withholding.choosing import TORN
from auditlog_cli.withholding.declaring import Declared, Key, Target
from auditlog_cli.withholding.planning import Pending, Plan
from auditlog_cli.writer import disk, mounts, rotation, settings
from auditlog_cli.writer.active import Active
from auditlog_cli.writer.lock import FileLock
from auditlog_cli.writer.syncing import Syncer

Step = Callable[[str], None]
"""Told the name of each step that is done."""


class Done(NamedTuple):
    """What was done.

    Attributes:
        declared_at: The numbers of the declarations.
        segments: The files that were rewritten.
    """

    declared_at: list[int]
    segments: list[str]


def carry_out(plan: Plan, said: Declared, key: Key | None, step: Step = lambda name: None) -> Done:
    """Withhold what the plan says. There is no way back.

    Args:
        plan: From `planning.plan`.
        said: Who, and why.
        key: What signs the declaration; None for an unsigned one, which no verifier with keys accepts.
        step: Told each step that is done.

    Raises:
        AuditWriteError: If it cannot be begun (nothing has changed) or finished: the message says how to.
    """
    with _Book(plan.path) as book:
        with book.held() as active:
            seqs = _declare(active, plan.targets, said, key)
            book.sync()
        step("declared")
        with _unfinished(plan.path, seqs):
            beside.doom_blobs(plan.path, plan.blobs)
            done = _withhold(book, {seq: plan.targets for seq in seqs}, step, before=plan.targets)
            beside.drop_torn(plan.path, plan.torn)
            step("torn ends dropped")
    return Done(seqs, done)


def resume(plan: Plan, pending: list[Pending], step: Step = lambda name: None) -> Done:
    """Finish earlier redactions.

    Args:
        plan: What was found in the log.
        pending: Those of its unfinished declarations that are to be carried out.
        step: Told each step that is done.

    Raises:
        AuditWriteError: See `carry_out`.
    """
    declared = {each.seq: declaring.targets_of(each.said) for each in pending}
    targets = [target for some in declared.values() for target in some]
    with _Book(plan.path) as book, _unfinished(plan.path, [*declared]):
        done = _withhold(book, declared, step, before=targets)
        beside.drop_torn(plan.path, plan.torn)
        step("torn ends dropped")
    return Done([*declared], done)


def erased(
    plan: Plan, request: str, by: str, done: Done | None
) -> None:
    """Append the record that one person was withheld (2.6, `erase-subject`).

    Raises:
        AuditWriteError: If it cannot be written.
    """
    with _Book(plan.path) as book:
        with book.held() as active:
            at = done.declared_at if done is not None else []
            active.append_own(declaring.erased(request, at, plan.values, plan.records, plan.left, by))
        book.sync()


# --- the steps ----------------------------------------------------------------------------------


def _declare(active: Active, targets: list[Target], said: Declared, key: Key | None) -> list[int]:
    """Append the declarations; return their numbers."""
    seqs = []
    origin = str(active.head.get("origin", ""))
    for record in declaring.declarations(origin, said, targets, key):
        seqs.append(active.seq)
        active.append_own(record)
    return seqs


def _withhold(book: _Book, declared: dict[int, list[Target]], step: Step, *, before: list[Target]) -> list[str]:
    """Steps 2 to 6 for declarations that are in the log; return the files that were rewritten."""
    path = book.path
    with book.held() as active:
        if any(target.seq >= active.first for target in before) and rotation.holds_records(active):
            rotation.rotate(active, book.syncer)
            step("rotated")
    closed = segments.find_closed(path)
    firsts = [first for first, _ in closed]
    wanted: dict[int, list[Target]] = {}
    for target in dict.fromkeys(before):
        number = bisect_right(firsts, target.seq) - 1
        if number >= 0:  # what was pruned meanwhile is gone
            wanted.setdefault(number, []).append(target)
    rewritten = []
    for number, some in sorted(wanted.items()):
        name = closed[number][1]
        total = replacing.rewrite(name, some, step)
        theirs = {target.seq for target in some}
        seqs = [seq for seq, targets in declared.items() if any(target.seq in theirs for target in targets)]
        with book.held() as active:
            active.append_own(declaring.redacted(name, total, seqs))
            book.sync()
        step("recorded")
        rewritten.append(os.path.basename(name))
    beside.drop_index(path)
    step("index dropped")
    beside.drop_blobs(path, planning.still_named)
    step("large values dropped")
    return rewritten


def torn_of(plan: Plan) -> bool:
    """Tell whether a torn end is among what goes."""
    return any(target.field == TORN for target in plan.targets)


class _Book:
    """The log, held for records of its own."""

    def __init__(self, path: str) -> None:
        self.path = settings.log_path(path)
        if mounts.shared_filesystem(self.path) is not None:
            raise AuditWriteError(
                f"{path}: lies on a file system shared between hosts, where a lock may not hold; nothing was changed",
                help="redact where the log is written, on a local disk",
            )
        self._active = Active(self.path, settings.first_head(self.path, {}))
        self._lock = FileLock(self.path, 30.0)
        self.syncer = Syncer(self.path, self._active.written, 1.0)
        self._active.retire = self.syncer.retire

    def __enter__(self) -> _Book:
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.close()
        self._active.close()

    @contextmanager
    def held(self) -> Iterator[Active]:
        """Keep every writer out, and make sure where the log ends.

        Raises:
            AuditWriteError: If that cannot be done.
        """
        try:
            self._lock.acquire()
            self._active.catch_up()
            yield self._active
        except OSError as error:
            self._active.doubt = True
            raise disk.refused(self.path, "cannot be used", error) from error
        finally:
            self._lock.release()

    def sync(self) -> None:
        """Bring the log to the disk.

        Raises:
            DurabilityError: If the disk did not confirm it.
        """
        self.syncer.flush()


@contextmanager
def _unfinished(path: str, seqs: list[int]) -> Iterator[None]:
    """What stops a redaction behind its declaration says how to go on."""
    where = f"declared in record {seqs[0]}" if seqs else "begun"
    try:
        yield
    except AuditlogError as error:
        raise AuditWriteError(
            f"{error.message}; the redaction is {where} and not finished: values are still readable",
            help=f"when that is mended: auditlog redact {path} --resume",
        ) from error
    except OSError as error:
        raise AuditWriteError(
            f"{error.filename or path}: {disk.why(error)}; the redaction is {where} and not finished",
            help=f"when that is mended: auditlog redact {path} --resume",
        ) from error
