"""What the chain, the checkpoints and the declarations of one log come to (integrity.md, 4.2, 5). No I/O."""

from __future__ import annotations

from base64 import b64encode
from typing import NamedTuple, Protocol

from auditlog_cli.counts import many
from auditlog_cli.sealing import notes
from auditlog_cli.verdict import Problem, Verdict
from auditlog_cli.verification import keys
from auditlog_cli.verification.chain import Chain
from auditlog_cli.verification.own import Checkpoint, Story


class Grown(Protocol):
    """What is known of the leaves of a log; see `Chain`."""

    @property
    def next(self) -> int: ...  # noqa: D102
    @property
    def start(self) -> int: ...  # noqa: D102
    @property
    def roots(self) -> dict[int, bytes]: ...  # noqa: D102
    @property
    def crooked(self) -> int | None: ...  # noqa: D102


class Tree(NamedTuple):
    """The same for who has no chain."""

    next: int
    start: int
    roots: dict[int, bytes]
    crooked: int | None


class Signed:
    """What the checkpoints of one log come to.

    Attributes:
        size: What the newest good one covers.
        tail: Checkpoint records behind it, with a good signature of their own: they count as signed.
        found: Whether any is by a known, valid key.
        unchecked: How many nobody here could check.
        compared: How many roots could be compared.
    """

    def __init__(self) -> None:
        self.size = 0
        self.tail: list[int] = []
        self.found = False
        self.unchecked = 0
        self.compared = 0
        self.incomparable = 0


def checkpoints(
    verdict: Verdict, chain: Grown, story: Story, given: list[Checkpoint], trust: keys.Trust | None
) -> Signed:
    """Judge all checkpoints of a log: records in order, the side file last.

    Args:
        verdict: Findings and warnings go there.
        chain: The log, read to its end.
        story: What it says of itself.
        given: The checkpoints.
        trust: Whom the user trusts, or None if no key was given.
    """
    signed = Signed()
    times: dict[tuple[int, bytes], int | None] = {}
    last_at: int | None = None
    for each in given:
        last_at = each.at if each.at is not None else last_at
        if each.note is None:
            _add(verdict, "signature", f"{_name(each)} is no checkpoint: {each.trouble}", each)
            continue
        key = (each.note.size, each.note.root)
        if each.place.seq is not None:
            times.setdefault(key, each.at)
        at = times.get(key, last_at)
        judged = keys.checkpoint(each, trust, story.origin, at) if trust is not None else keys.Judged()
        holds = _compare(verdict, chain, story, each, each.note, judged, signed)
        if trust is None:
            continue
        if judged.unchecked:
            signed.unchecked += 1
        elif not judged.good and not judged.broken:
            _warn(verdict, "unknown-key", f"{_name(each)} is signed by a key that was not given, or is not valid", each)
        if judged.good:
            signed.found = True
            if holds is True:
                signed.size = max(signed.size, each.note.size)
            if holds is not False and each.place.seq is not None:
                signed.tail.append(each.place.seq)
        elif judged.broken:
            signed.found = True  # a known key's: that nothing was found would be the same cause twice
    return signed


def _compare(
    verdict: Verdict,
    chain: Grown,
    story: Story,
    each: Checkpoint,
    note: notes.Note,
    judged: keys.Judged,
    signed: Signed,
) -> bool | None:
    """Whether a checkpoint agrees with the log; None if that cannot be told."""
    size, seq = note.size, each.place.seq
    broken = f"; moreover {judged.broken}: the checkpoint itself was changed" if judged.broken else ""
    if story.origin and note.origin != story.origin:
        _add(verdict, "signature", f"{_name(each)} names another log{broken}", each)
        return False
    limit = chain.next if seq is None else seq
    if size > limit:
        one, several = ("there is", "there are") if seq is None else ("stands before it", "stand before it")
        where = one if limit == 1 else several
        text = f"{_name(each)} covers {many(size, 'record')}, and only {limit:,} {where}{broken}"
        _add(
            verdict, "truncated", text, each,
            seq=limit, expected=many(size, "record"), found=many(limit, "record"),
        )  # fmt: skip
        return False
    if size < chain.start:
        _warn(verdict, "pruned", f"{_name(each)} lies below what was pruned: its root cannot be compared", each)
        return None if _signature(verdict, each, judged) else False
    root = chain.roots.get(size)
    crooked = chain.crooked is not None and size > chain.crooked
    if root == note.root:
        signed.compared += 1
        return _signature(verdict, each, judged)
    if crooked or root is None:
        signed.incomparable += 1
        holds = _signature(verdict, each, judged)
        return None if holds and root is None else False
    first = "the first record is not the one" if size == 1 else f"the first {size:,} records are not those"
    text = f"{_name(each)} names another root: {first} it was made over{broken}"
    _add(verdict, "root", text, each, expected=b64encode(note.root).decode(), found=b64encode(root).decode())
    return False


def _signature(verdict: Verdict, each: Checkpoint, judged: keys.Judged) -> bool:
    """Report a broken signature; tell whether there is none."""
    if judged.broken:
        _add(verdict, "signature", f"{_name(each)}: {judged.broken}", each)
    return not judged.broken


def _name(each: Checkpoint) -> str:
    return "the checkpoint beside the log" if each.place.seq is None else f"the checkpoint in record {each.place.seq}"


def _add(verdict: Verdict, code: str, text: str, each: Checkpoint, *, seq: int | None = None, expected: str = "", found: str = "") -> None:  # fmt: skip # noqa: E501
    """Add a finding; the same of a later checkpoint is counted only."""
    place = each.place
    for problem in verdict.findings:
        if problem.code == code and code in ("root", "truncated"):
            problem.again += 1
            return
    verdict.findings.append(
        Problem(
            code, text, seq=place.seq if seq is None else seq, path=place.path, line=place.line, byte=place.byte,
            expected=expected, found=found,
        )
    )  # fmt: skip


def _warn(verdict: Verdict, code: str, text: str, each: Checkpoint) -> None:
    place = each.place
    for problem in verdict.warnings:
        if problem.code == code:
            problem.again += 1
            return
    verdict.warnings.append(Problem(code, text, seq=place.seq, path=place.path, line=place.line, byte=place.byte))


def no_checkpoint() -> Problem:
    """Return the finding that a key was given and nothing is signed by it."""
    return Problem("no-checkpoint", "a key was given, and no checkpoint in or beside the log is signed by it")


def unchecked() -> Problem:
    """Return the finding that keys were given and nothing here can check what they signed: not judged, so exit 6."""
    return Problem("unchecked", "a key was given, and nothing here can check signatures: install auditlog-cli[seal]")


def confined(chain: Chain, verdict: Verdict, given: list[Checkpoint]) -> None:
    """Say of a changed record that nothing else was, where a checkpoint over the others still agrees (4.2)."""
    sizes = [each.note.size for each in given if each.note is not None and chain.roots.get(each.note.size) == each.note.root]  # fmt: skip # noqa: E501
    covered = max(sizes, default=0)
    for problem in verdict.findings:
        at = None if problem.seq is None else problem.seq - 1 if problem.code == "chain" else problem.seq
        if problem.code in ("chain", "line") and at is not None and at < covered and not problem.again:
            which = f"record {at}" if problem.code == "line" else f"record {at} alone"
            problem.message += f"; a checkpoint shows that the damage is confined to {which}"


def not_checked(
    verdict: Verdict, signed: Signed, *, memory: bool, redactors: bool, heartbeat: bool, blobs: int,
    unchecked_declarations: int, lines: int, torn: int = 0,
) -> list[str]:  # fmt: skip
    """Return what nobody looked at; never empty (4.2)."""
    said = ["whether what was recorded is true, and whether everything was recorded"]
    said += signatures_not_checked(verdict, signed)
    if verdict.key_given and verdict.unsigned_tail:
        start = max(signed.size, verdict.first)
        many = _numbers(start, verdict.records - 1)
        said.append(f"{many}, after the newest checkpoint: could be cut or forged unseen")
    elif verdict.key_given:
        said.append("whether records after the newest checkpoint were cut off")
    else:
        many = _numbers(verdict.first, verdict.records - 1)
        said.append(f"{many}: the chain alone shows no cut at its end, and no whole new chain")
    if signed.incomparable:
        many = "1 checkpoint agrees" if signed.incomparable == 1 else f"{signed.incomparable:,} checkpoints agree"
        said.append(f"whether {many}: of the records before, not all can be read, or some are too many")
    if not memory:
        said.append("whether an older state was put back as a whole: no head of this log was known (--known)")
    said += withheld_not_checked(verdict, redactors, unchecked_declarations)
    if verdict.first:
        said.append(f"records below {verdict.first}: pruned")
    if blobs:
        said.append(large_not_checked(blobs))
    if torn:
        many = "end" if torn == 1 else "ends"
        said.append(f"{torn:,} torn {many} kept after a crash: not there beside the log, or not readable")
    if not heartbeat:
        said.append("idle gaps: no heartbeat was promised")
    return said


def _numbers(first: int, last: int) -> str:
    return f"record {first}" if first == last else f"records {first}-{last}"


def signatures_not_checked(verdict: Verdict, signed: Signed) -> list[str]:
    """Return whose signatures nobody looked at."""
    if not verdict.key_given:
        return ["signatures: no key was given (--signers FILE)"]
    if not signed.unchecked:
        return []
    checkpoints = many(signed.unchecked, "checkpoint")
    return [f"signatures of {checkpoints}: neither the package cryptography nor ssh-keygen is there"]


def withheld_not_checked(verdict: Verdict, redactors: bool, unchecked_declarations: int) -> list[str]:
    """Return what is not known of what is withheld."""
    if not verdict.withheld_total:
        return []
    said = []
    if not redactors:
        said.append("who declared what is withheld: no redactor key was given")
    elif unchecked_declarations:
        said.append(f"signatures of {unchecked_declarations:,} declarations: nothing here can check them")
    many = "value" if verdict.withheld_total == 1 else "values"
    return [
        *said,
        f"{verdict.withheld_total:,} withheld {many}",
        "copies of withheld values elsewhere: backups, shippers",
    ]


def large_not_checked(absent: int) -> str:
    """Return that values beside the log are not there."""
    many = "value" if absent == 1 else "values"
    return f"{absent:,} {many} too large for a line: not there beside the log, or not readable"
