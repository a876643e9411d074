"""Logs that nobody sealed line by line: plain JSON Lines under a checkpoint (integrity.md, 2.8).

Each line, as it stands, is a leaf; with salts beside the log (`salted`), its values can be withheld. There is no chain:
a checkpoint tells whether the first lines are those that were signed, not which of them was changed.
"""

from __future__ import annotations

from base64 import b64encode

from auditlog_cli.counts import many
from auditlog_cli.sealing import merkle
from auditlog_cli.sealing.hashes import sha256
from auditlog_cli.sealing.salted import RAW
from auditlog_cli.verdict import Problem, Verdict
from auditlog_cli.verification import anchored, heads, judging, keys, own, reading
from auditlog_cli.verification.declarations import Withholdings
from auditlog_cli.verification.lines import Flawed, check


def is_raw(side: own.Checkpoint | None, snapshot: reading.Snapshot) -> bool:
    """Tell whether a log is declared as raw: by its checkpoint, and it does not begin as a sealed one."""
    if side is None or side.note is None or not side.note.origin.endswith(RAW):
        return False
    first = next(iter(reading.raw_lines(snapshot)), None)
    try:
        return first is None or check(first.data).content.get("auditlog") is None
    except Flawed:
        return True


class Lines:
    """What the lines of a raw log come to.

    Attributes:
        many: How many whole lines there are.
        covered: How many of them have a leaf: without salts, where there ought to be some, a line has none.
        head, root: The leaf of the last of those, and the root over them.
        roots: The roots at the sizes wanted.
        flawed: The first line that is known to be another one, or None.
        without: Whether salts are missing that the checkpoint needs.
    """

    def __init__(self) -> None:
        self.many = self.covered = 0
        self.head = ""
        self.root = merkle.EMPTY
        self.roots = {0: merkle.EMPTY}
        self.flawed: int | None = None
        self.without = False


def judge(
    lines: Lines, side: own.Checkpoint, verdict: Verdict, trust: keys.Trust | None, seen: list[heads.Head],
    withheld: Withholdings, *, require_signed_tail: bool,
) -> Verdict:  # fmt: skip
    """Judge a raw log into `verdict`.

    Args:
        lines: What was read.
        side: Its checkpoint; the note is there.
        verdict: What is filled in.
        trust: Whom the user trusts, or None if no key was given.
        seen: Heads seen before.
        withheld: What is withheld, and declared.
        require_signed_tail: Lines behind the checkpoint make it incomplete.
    """
    note = side.note
    assert note is not None
    verdict.origin, verdict.checkpoints = note.origin, 1
    verdict.records, verdict.rooted = lines.many, lines.covered
    verdict.head, verdict.root = lines.head, b64encode(lines.root).decode()
    signed = judging.Signed()
    judged = keys.checkpoint(side, trust, note.origin, None) if trust is not None else keys.Judged()
    if note.size > verdict.records:
        there = "there is" if verdict.records == 1 else "there are"
        covered = many(note.size, "line")
        _add(verdict, "truncated", f"the checkpoint covers {covered}, and only {verdict.records:,} {there}",
             seq=verdict.records, expected=covered, found=many(verdict.records, "line"))  # fmt: skip
    elif lines.without or (lines.flawed is not None and lines.flawed < note.size):
        signed.incomparable = 1
    elif lines.roots[note.size] != note.root:
        first = "the first line is not the one" if note.size == 1 else f"the first {note.size:,} lines are not those"
        _add(verdict, "root", f"{first} that the checkpoint was made over",
             expected=b64encode(note.root).decode(), found=b64encode(lines.roots[note.size]).decode())  # fmt: skip
    elif judged.good:
        verdict.signed = signed.size = note.size
    if judged.broken:
        _add(verdict, "signature", f"the checkpoint beside the log: {judged.broken}")
    elif judged.unchecked:
        signed.unchecked = 1
        verdict.findings.append(judging.unchecked())
    elif trust is not None and not judged.good:
        _add(
            verdict,
            "no-checkpoint",
            f"a key was given, and the checkpoint beside the log is not signed by one that counts for {note.origin}",
        )
    verdict.unsigned_tail = verdict.records - verdict.signed
    if require_signed_tail and trust is not None and verdict.unsigned_tail:
        lines_are = f"{many(verdict.unsigned_tail, 'line')} {'is' if verdict.unsigned_tail == 1 else 'are'}"
        _add(verdict, "unsigned-tail", f"{lines_are} not covered by the checkpoint", seq=verdict.signed)
    anchored.compare(verdict, seen, lines.roots, "line")
    findings, warnings, verdict.withheld = withheld.settle(note.origin, 0, only=set() if lines.without else None)
    verdict.findings += findings
    verdict.warnings += warnings
    verdict.withheld_total = withheld.total
    verdict.not_checked = judging.not_checked(
        verdict, signed, memory=bool(seen), redactors=withheld.judged, heartbeat=True, blobs=0,
        unchecked_declarations=withheld.unchecked, lines=verdict.records,
    )  # fmt: skip
    verdict.not_checked.append("each line by itself: this log has no chain, only a checkpoint over all lines")
    return verdict


def read(snapshot: reading.Snapshot, verdict: Verdict, wanted: set[int]) -> Lines:
    """Count and hash the lines of a log without salts.

    Args:
        snapshot: The log.
        verdict: Findings go there.
        wanted: The sizes at which roots are needed.
    """
    tree = merkle.Range()
    lines = Lines()
    leaf = b""
    for line in reading.raw_lines(snapshot):
        if not line.ended:
            verdict.findings.append(
                Problem(
                    "torn-tail", "the log ends in bytes that no line feed ends: they are not covered", seq=tree.size,
                    path=line.path, line=line.number, byte=line.offset,
                )
            )  # fmt: skip
            break
        leaf = sha256(b"\x00" + line.data)
        tree.add(leaf)
        if tree.size in wanted:
            lines.roots[tree.size] = tree.root()
    lines.many = lines.covered = tree.size
    lines.head, lines.root = leaf.hex(), tree.root()
    return lines


def _add(verdict: Verdict, code: str, message: str, *, seq: int | None = None, expected: str = "", found: str = "") -> None:  # fmt: skip # noqa: E501
    verdict.findings.append(Problem(code, message, seq=seq, path=verdict.path, expected=expected, found=found))
