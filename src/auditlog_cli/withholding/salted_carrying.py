"""A redaction of a log that others write, carried out (integrity.md, 2.8). Nobody may write to the log meanwhile.

    1  declare in `.redactions`                           written beside, renamed
    2  the log and its salts anew, each beside the old    nothing is withheld yet
    3  `.salts.new` gets its name                         whoever looks takes the salts that fit the signed root
    4  the log gets its name                              the values are gone
    5  `.salts.new` becomes `.salts`                      their salts are gone
    6  drop the index

A crash at any point leaves what `resume` finishes: the declaration is the journal. From 4 to 5 the log has its new
lines and the salts that fit them are in `.salts.new`: verifiers know that, and whoever seals or redacts next goes on.
"""

from __future__ import annotations

import os

import orjson

from auditlog_cli import durability, segments
from auditlog_cli.errors import AuditWriteError
from auditlog_cli.salting import settling
from auditlog_cli.salting.files import Snapshot, Stretch
from auditlog_cli.withholding import beside, declaring
from auditlog_cli.withholding.declaring import Declared, Key, Target
from auditlog_cli.withholding.planned import Pending, Plan
from auditlog_cli.withholding.salted import withheld
from auditlog_cli.withholding.unfinished import Done, Step, unfinished
from auditlog_cli.writer import disk


def run(plan: Plan, said: Declared, key: Key | None, *, request: str | None, step: Step) -> Done:
    """Withhold what the plan says, if there is something to do; record the erasure of one person if it is one.

    Args:
        plan, said, key, request, step: See `carrying.run`.

    Raises:
        AuditWriteError: If it cannot be begun (nothing has changed) or finished: the message says how to.
        InputError, SealRefused: If the log is no longer the one that the plan is about.
    """
    signed = declaring.signed(plan.origin, said.reason, plan.targets, key)
    done = Done([], [])
    with settling.alone(plan.path):
        if not plan.nothing:
            _refuse_new_holds(plan)
            _refuse_writers(plan.path)
            declared_at = _append(plan.path, [declaring.record(said, each) for each in signed])
            step("declared")
            with unfinished(plan.path, _where(plan.path, declared_at)):
                done = Done(declared_at, _withhold(plan.path, plan.targets, step))
        if request is not None and plan.tells(request):
            erased = declaring.erased(request, done.declared_at, plan.values, plan.records, plan.left, said.by)
            _append(plan.path, [*erased])
            step("erasure recorded")
    return done


def resume(plan: Plan, pending: list[Pending], step: Step) -> Done:
    """Finish earlier redactions; see `carrying.resume`."""
    targets = [target for each in pending for target in declaring.targets_of(each.said)]
    declared_at = [each.seq for each in pending]
    with unfinished(plan.path, _where(plan.path, declared_at)), settling.alone(plan.path):
        _refuse_new_holds(plan)
        return Done(declared_at, _withhold(plan.path, targets, step) if targets else [])


def _where(path: str, declared_at: list[int]) -> str:
    name = os.path.basename(segments.redactions_name(path))
    return f"line {declared_at[0]} of {name}" if declared_at else ""


def _refuse_new_holds(plan: Plan) -> None:
    """Refuse if holds were set or released since it was planned: the plan is about others."""
    with Snapshot(plan.path, locked=True) as files:
        if files.holds != plan.statements:
            raise AuditWriteError(
                f"{plan.path}: legal holds were set or released while this was planned; nothing was withheld",
                help="run it again: what is held now stays",
            )


def _refuse_writers(path: str) -> None:
    """Refuse to put a log anew that somebody has open: what they write would go to the old file, and be lost."""
    with Snapshot(path, locked=True) as files:
        if disk.written_to(files.descriptor(path)):
            raise AuditWriteError(
                f"{path}: somebody has it open for writing, and what they write would be lost; nothing was withheld",
                help=f"stop who writes it first: fuser -v {path}",
            )


def _append(path: str, records: list[dict[str, object]]) -> list[int]:
    """Put records behind those in `.redactions`; return the numbers of their lines, counted from 1."""
    name = segments.redactions_name(path)
    with Snapshot(path, locked=True) as files:
        before, old = settling.rows(files), files.stat(name)
        data = files.declarations + b"".join(orjson.dumps(record) + b"\n" for record in records)
    made = None
    try:
        made = disk.Replacement(name, old)
        made.write(data)
        made.keep()
    except OSError as error:
        raise disk.refused(name, "cannot be written", error, "nothing was withheld") from error
    finally:
        if made is not None:
            made.discard()
    return [*range(len(before) + 1, len(before) + len(records) + 1)]


def _withhold(path: str, targets: list[Target], step: Step) -> list[str]:
    """Steps 2 to 6; return the files that were rewritten."""
    beside.drop_index(path)  # once more below: a reader may have built it anew in between
    rewritten = []
    with Snapshot(path, locked=True) as files:
        settling.whole(files)
        log = salts = None
        try:
            log = disk.Replacement(path, files.stat(path))
            salts = disk.Replacement(segments.new_salts_name(path), files.stat(segments.salts_name(path)))
            if _copy(files, targets, log, salts):
                _put(files, log, salts, step)
                rewritten.append(os.path.basename(path))
        finally:
            for each in (log, salts):
                if each is not None:
                    each.discard()
    beside.drop_index(path)
    step("index dropped")
    return rewritten


def _copy(files: Snapshot, targets: list[Target], log: disk.Replacement, salts: disk.Replacement) -> bool:
    """Write log and salts beside the old ones; tell whether they differ from them."""
    differ = False
    for raw, text, changed in withheld(files, targets, new=False):
        differ = differ or changed
        log.write(raw + b"\n")
        salts.write(text + b"\n")
    return differ


def _put(files: Snapshot, log: disk.Replacement, salts: disk.Replacement, step: Step) -> None:
    """Give both their names; the log first."""
    path = files.path
    log.finish()
    salts.finish()
    step("written")
    before = files.stat(path)
    assert before is not None
    _refuse_writers(path)
    now = os.stat(path)
    if (now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns) != (
        before.st_dev, before.st_ino, before.st_size, before.st_mtime_ns,
    ):  # fmt: skip
        raise AuditWriteError(
            f"{path}: somebody wrote to it meanwhile; it was left as it is",
            help="stop the writer for a moment, then the same command again",
        )
    salts.keep()
    step("new salts")
    log.keep()
    step("renamed")
    _carry_over(files, path, before.st_size)
    os.rename(segments.new_salts_name(path), segments.salts_name(path))
    disk.sync_folder(path)
    step("salts renamed")


def _carry_over(files: Snapshot, path: str, size: int) -> None:
    """Put behind the new log what somebody wrote to the old one at the last moment."""
    fd = files.descriptor(path)
    grown = os.fstat(fd).st_size
    if grown > size:
        reader = Stretch(path, fd, size, grown)
        with open(path, "ab") as file:
            while data := reader.read(1 << 20):
                file.write(data)
            file.flush()
            durability.sync(file.fileno())
