"""A redaction carried out, in the order of integrity.md, 2.7. Writers may go on meanwhile.

    0  mark the large values that will go         no data is lost if nothing follows
    1  append `redact`, signed; sync              under the lock of the log
    2  a target in the active segment: rotate     under the lock of the log
    3  rewrite each segment that is concerned     under a lock on that segment; `replacing`
    4  append `redacted`; sync                    under the lock of the log, once for each segment
    5  drop the index
    6  drop large values and torn ends

A crash at any point leaves what `resume` finishes: the declaration is the journal.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager

from auditlog_cli import segments
from auditlog_cli.errors import AuditlogError, AuditWriteError
from auditlog_cli.withholding import beside, declaring, holding, planning, replacing, salted_carrying
from auditlog_cli.withholding.choosing import TORN
from auditlog_cli.withholding.declaring import Declared, Key, Signed, Target
from auditlog_cli.withholding.planned import Pending, Plan
from auditlog_cli.withholding.unfinished import Done, Step, unfinished
from auditlog_cli.writer import disk, mounts, rotation, settings
from auditlog_cli.writer.active import Active
from auditlog_cli.writer.lock import FileLock
from auditlog_cli.writer.syncing import Syncer


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
    with _Book(plan.path, plan.processes) as book:
        with book.held() as active:
            origin = str(active.head.get("origin", ""))
        # Signed without the lock: somebody may have to touch a token, and writers must not wait for that.
        signed = declaring.signed(origin, said.reason, plan.targets, key)
        try:
            beside.doom_blobs(plan.path, plan.blobs)
        except OSError as error:
            _undo(plan.path)
            raise disk.refused(error.filename or plan.path, "cannot be withheld", error, "nothing was") from error
        step("large values marked")
        declared = _declare(book, said, signed, plan.size)
        step("declared")
        with unfinished(plan.path, _where(declared)):
            done = _withhold(book, declared, step)
            beside.drop_torn(plan.path, plan.torn)
            step("torn ends dropped")
    return Done([*declared], done)


def resume(plan: Plan, pending: list[Pending], step: Step = lambda name: None) -> Done:
    """Finish earlier redactions.

    Args:
        plan: What was found in the log.
        pending: Those of its unfinished declarations that are to be carried out.
        step: Told each step that is done.

    Raises:
        AuditWriteError: See `carry_out`.
    """
    if plan.salted:
        return salted_carrying.resume(plan, pending, step)
    declared = {each.seq: declaring.targets_of(each.said) for each in pending}
    torn = {plan.torn_ends.get(target.seq, "") for some in declared.values() for target in some if target.field == TORN}
    with _Book(plan.path, plan.processes) as book, unfinished(plan.path, _where(declared)):
        done = _withhold(book, declared, step)
        beside.drop_torn(plan.path, (torn | plan.torn) - {""})
        step("torn ends dropped")
    return Done([*declared], done)


def run(
    plan: Plan, said: Declared, key: Key | None, *, request: str | None = None, step: Step = lambda name: None
) -> Done:
    """Carry out a plan, if there is something to do, and record the erasure of one person if it is one.

    Args:
        plan: From `planning.plan`.
        said: Who, and why.
        key: See `carry_out`.
        request: The case number of an erasure. Recorded once; again only if more was found, or is left.
        step: See `carry_out`.

    Raises:
        AuditWriteError: See `carry_out`.
    """
    if plan.salted:
        return salted_carrying.run(plan, said, key, request=request, step=step)
    done = Done([], []) if plan.nothing else carry_out(plan, said, key, step)
    if request is not None and plan.tells(request):
        with _Book(plan.path) as book, book.held() as active:
            for record in declaring.erased(request, done.declared_at, plan.values, plan.records, plan.left, said.by):
                active.append_own(record)
            book.sync()
        step("erasure recorded")
    return done


def _where(declared: dict[int, list[Target]]) -> str:
    return f"record {next(iter(declared))}" if declared else ""


# --- the steps ----------------------------------------------------------------------------------


def _declare(book: _Book, said: Declared, signed: list[Signed], looked_at: int) -> dict[int, list[Target]]:
    """Append the declarations; return the number of each and what it declares."""
    made: dict[int, list[Target]] = {}
    try:
        with book.held() as active:
            if active.seq > looked_at and holding.set_since(book.path, looked_at):
                raise AuditWriteError(
                    f"{book.path}: a legal hold was set while this was planned; nothing was withheld",
                    help="run it again: what is held now stays",
                )
            for each in signed:
                seq = active.seq
                active.append_own(declaring.record(said, each))
                made[seq] = each.targets
            book.sync()
    except AuditlogError as error:
        if not made and not getattr(error, "written", 0):
            _undo(book.path)
            raise
        raise AuditWriteError(
            f"{error.message}; the redaction may be declared, and nothing was withheld",
            help=f"when that is mended: auditlog redact {book.path} --resume",
        ) from error
    return made


def _undo(path: str) -> None:
    """Give large values their names back: nothing came to take them."""
    try:
        beside.drop_blobs(path, planning.still_named)
    except (OSError, AuditlogError):
        pass  # what went wrong first is what is said; `--resume` gives them back


def _withhold(book: _Book, declared: dict[int, list[Target]], step: Step) -> list[str]:
    """Steps 2 to 6 for declarations that are in the log; return the files that were rewritten."""
    path = book.path
    beside.drop_index(path)  # once more below: a reader may have built it anew in between
    with book.held() as active:
        newest = max((target.seq for some in declared.values() for target in some), default=-1)
        if newest >= active.first and rotation.holds_records(active):
            rotation.rotate(active, book.syncer)
            step("rotated")
    rewritten = []
    for name, seqs, some in _by_segment(path, declared):
        made = replacing.rewrite(name, some, step, book.processes)
        try:
            with book.held() as active:
                active.append_own(declaring.redacted(name, replacing.total_now(made), seqs))
                book.sync()
        finally:
            os.close(made.fd)
        step("recorded")
        rewritten.append(os.path.basename(made.path))
    beside.drop_index(path)
    step("index dropped")
    beside.drop_blobs(path, planning.still_named)
    step("large values dropped")
    return rewritten


def _by_segment(path: str, declared: dict[int, list[Target]]) -> Iterator[tuple[str, list[int], list[Target]]]:
    """Yield each closed segment that is concerned: its path, the declarations, their targets in it."""
    closed = segments.find_closed(path)
    firsts = [first for first, _ in closed]
    found: dict[int, dict[int, list[Target]]] = {}
    for seq, targets in declared.items():
        for target in targets:
            number = bisect_right(firsts, target.seq) - 1
            if number >= 0:  # what was pruned meanwhile is gone
                found.setdefault(number, {}).setdefault(seq, []).append(target)
    for number, each in sorted(found.items()):
        yield closed[number][1], [*each], [target for some in each.values() for target in some]


class _Book:
    """The log, held for records of its own."""

    def __init__(self, path: str, processes: int = 1) -> None:
        self.path = settings.log_path(path)
        self.processes = processes
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
            try:
                self._lock.release()
            except OSError:
                self._lock.close()  # a lock goes with the last descriptor of its file

    def sync(self) -> None:
        """Bring the log to the disk.

        Raises:
            DurabilityError: If the disk did not confirm it.
        """
        self.syncer.flush()
