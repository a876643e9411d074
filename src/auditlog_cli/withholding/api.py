"""`redact()`: what `auditlog redact` does, from Python."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, overload

from auditlog_cli.errors import UsageError
from auditlog_cli.redaction.writing import Confidence, Redaction
from auditlog_cli.selection import select_by
from auditlog_cli.signing import signer
from auditlog_cli.withholding import carrying, declaring, planning, sharing
from auditlog_cli.withholding.unfinished import Done
from auditlog_cli.withholding.wish import Wish


class Withheld(NamedTuple):
    """What a redaction took, or would take.

    Attributes:
        values: How many values; a whole record counts as one.
        records: From how many records.
        left: (seq, JSON pointer) of places that were meant and can go only with the whole record.
        bad: How many lines could not be looked at.
        declared_at: Numbers of the records that declare it (for a log of others: of the lines in `.redactions`, from
            1); empty for a dry run, a copy, or nothing to do.
        segments: Files that were rewritten.
        unfinished: Whether an earlier redaction still waits for `auditlog redact --resume`.
    """

    values: int
    records: int
    left: list[tuple[int, str]]
    bad: int
    declared_at: list[int]
    segments: list[str]
    unfinished: bool


@overload
def redact(
    record: Mapping[str, Any],
    /,
    *,
    entities: Sequence[str] | None = None,
    min_confidence: Confidence | None = None,
    fields: Sequence[str] = (),
    profile: str | os.PathLike[str] | None = None,
    pseudonyms: bytes | str | os.PathLike[str] | None = None,
) -> dict[str, Any]: ...
@overload
def redact(
    path: str | os.PathLike[str],
    *,
    entities: Sequence[str] | None = None,
    min_confidence: Confidence | None = None,
    profile: str | os.PathLike[str] | None = None,
    fields: Sequence[str] = (),
    subject: Sequence[str] = (),
    records: Sequence[str | int] = (),
    whole: bool = False,
    despite_hold: bool = False,
    user: Sequence[str] | None = None,
    agent: Sequence[str] | None = None,
    session: Sequence[str] | None = None,
    trace: Sequence[str] | None = None,
    tool: Sequence[str] | None = None,
    since: str | None = None,
    until: str | None = None,
    where: Sequence[str] | None = None,
    by: str = "",
    reason: str = "",
    request: str | None = None,
    key: str | os.PathLike[str] | None = None,
    unsigned: bool = False,
    dry_run: bool = False,
    output: str | os.PathLike[str] | None = None,
    processes: int = 1,
) -> Withheld: ...
def redact(
    path: str | os.PathLike[str] | Mapping[str, Any],
    *,
    entities: Sequence[str] | None = None,
    min_confidence: Confidence | None = None,
    profile: str | os.PathLike[str] | None = None,
    pseudonyms: bytes | str | os.PathLike[str] | None = None,
    fields: Sequence[str] = (),
    subject: Sequence[str] = (),
    records: Sequence[str | int] = (),
    whole: bool = False,
    despite_hold: bool = False,
    user: Sequence[str] | None = None,
    agent: Sequence[str] | None = None,
    session: Sequence[str] | None = None,
    trace: Sequence[str] | None = None,
    tool: Sequence[str] | None = None,
    since: str | None = None,
    until: str | None = None,
    where: Sequence[str] | None = None,
    by: str = "",
    reason: str = "",
    request: str | None = None,
    key: str | os.PathLike[str] | None = None,
    unsigned: bool = False,
    dry_run: bool = False,
    output: str | os.PathLike[str] | None = None,
    processes: int = 1,
) -> Withheld | dict[str, Any]:
    """Mask a record, and return the copy; or withhold values of a sealed log for ever.

    **A record** (a mapping) is masked as `Redaction` says: `entities`, `min_confidence`, `fields`, `profile` and
    `pseudonyms` are its arguments. For many records make one `Redaction` and call its `record`.

    **A log** (a path): its hashes and signatures stay as they are.

    There is no way back, and nothing is asked: see what would go with `dry_run=True`. Copies elsewhere (backups,
    shippers) are not reached. Source: integrity.md, 2.4 to 2.7.

    Args:
        path: The log, or a record.
        entities, min_confidence, profile: What detectors find (`Redaction`); of a log only if one is given.
        pseudonyms: For a record: masks that keep equal values equal.
        fields: Dotted paths, such as `user.email`.
        subject: Identifiers of one person: every redactable value in the whole log that holds one.
        records: Ids or numbers of the records that are concerned.
        whole: Whole records; with `subject`, where an identifier cannot be withheld by field.
        despite_hold: Also records under a legal hold; else they stay, and are in `left`.
        user, agent, session, trace, tool, since, until, where: Which records; see `select`.
        by, reason: Who withholds, and why; both stay readable in the log. Needed unless it is a dry run or a copy.
        request: The case number of an erasure; needed with `subject`.
        key: OpenSSH private key (Ed25519) of who withholds.
        unsigned: Withhold without a key: nobody can check who did, and verifiers with keys refuse it.
        dry_run: Change nothing.
        output: Write a redacted copy there, with a manifest, and leave the log as it is.
        processes: How many may share the work. They are forked: more than one only in a program of one thread.

    Raises:
        UsageError: If the arguments do not go together.
        InputError: If the log is missing, unreadable or not sealed.
        DefinitionError: If the key or an expression is wrong.
        AuditWriteError: If the log cannot be written; says whether something is declared and unfinished.
    """
    if isinstance(path, Mapping):
        logs_only = (subject, records, whole, despite_hold, user, agent, session, trace, tool, since, until, where, by,
                     reason, request, key, unsigned, dry_run, output)  # fmt: skip
        if any(logs_only):
            raise UsageError(
                "redact: a record takes entities, min_confidence, fields, profile and pseudonyms only",
                help="name a log, not a record, for the rest",
            )
        if profile is None and (pseudonyms is None or isinstance(pseudonyms, bytes)):
            kinds = None if entities is None else _several(entities)
            return _made(kinds, min_confidence, _several(fields), pseudonyms).record(path)
        return Redaction(
            entities=entities, min_confidence=min_confidence, fields=fields, profile=profile, pseudonyms=pseudonyms
        ).record(path)
    if pseudonyms is not None:
        raise UsageError(
            "pseudonyms: what is withheld from a sealed log leaves nothing behind but a commitment",
            help="leave pseudonyms out; equal values of logs without a seal can stay recognisable",
        )
    scanner = None
    if entities is not None or profile is not None:
        asked = Redaction(entities=entities, min_confidence=min_confidence, profile=profile, fields=fields).settings
        scanner, fields = asked.scanner(), asked.fields
    wish = Wish(_several(fields), _several(subject), tuple(str(each) for each in records), whole, request, scanner)
    selection = select_by(
        user=user, agent=agent, session=session, trace=trace, tool=tool, since=since, until=until, where=where
    )
    chooser = wish.chooser(selection)
    signing = None if key is None else signer.load(os.fsdecode(key))
    if not dry_run and signing is None and not unsigned:
        raise UsageError("key: whoever withholds signs for it", help="key=PATH, or unsigned=True")
    name = planning.place(os.fsdecode(path))
    changes_log = not dry_run and output is None
    if changes_log:
        if subject and request is None:
            raise UsageError(
                "request: the case number is needed, it stands for the person in the log",
                help="request='CASE-123', without a name in it",
            )
        wish.refuse_names(by=by, reason=reason, request=request)
        said = declaring.checked(by, reason)
    plan = planning.plan(name, chooser, despite_hold=despite_hold, processes=processes)
    done = Done([], [])
    if output is not None and not dry_run:
        sharing.share(plan, os.fsdecode(output), signing)
    elif changes_log:
        done = carrying.run(plan, said, signing, request=request)
    return Withheld(plan.values, plan.records, plan.left, plan.bad, done.declared_at, done.segments, plan.unfinished)


def _several(given: Sequence[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


@lru_cache(maxsize=16)
def _made(
    entities: tuple[str, ...] | None, min_confidence: Confidence | None, fields: tuple[str, ...], key: bytes | None
) -> Redaction:
    """What masks a record, the same for the same wishes; where a file decides, it is read each time."""
    return Redaction(entities=entities, min_confidence=min_confidence, fields=fields, pseudonyms=key)
