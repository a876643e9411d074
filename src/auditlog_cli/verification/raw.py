"""Logs that nobody sealed line by line: plain JSON Lines under a checkpoint (integrity.md, 2.8).

Each line, as it stands, is a leaf. There is no chain: a checkpoint tells whether the first lines are those that were
signed, not which of them was changed.
"""

from __future__ import annotations

from base64 import b64encode

from auditlog_cli.sealing import merkle
from auditlog_cli.sealing.hashes import sha256
from auditlog_cli.verdict import Problem, Verdict
from auditlog_cli.verification import heads, judging, keys, own, reading
from auditlog_cli.verification.lines import Flawed, check

SUFFIX = "#raw"


def is_raw(side: own.Checkpoint | None, snapshot: reading.Snapshot) -> bool:
    """Tell whether a log is declared as raw: by its checkpoint, and it does not begin as a sealed one."""
    if side is None or side.note is None or not side.note.origin.endswith(SUFFIX):
        return False
    first = next(iter(reading.raw_lines(snapshot)), None)
    try:
        return first is None or check(first.data).content.get("auditlog") is None
    except Flawed:
        return True


def judge(
    snapshot: reading.Snapshot, side: own.Checkpoint, verdict: Verdict, trust: keys.Trust | None,
    seen: list[heads.Head], *, require_signed_tail: bool,
) -> Verdict:  # fmt: skip
    """Judge a raw log into `verdict`.

    Args:
        snapshot: The log.
        side: Its checkpoint; the note is there.
        verdict: What is filled in.
        trust: Whom the user trusts, or None if no key was given.
        seen: Heads seen before.
        require_signed_tail: Lines behind the checkpoint make it incomplete.
    """
    note = side.note
    assert note is not None
    verdict.origin, verdict.checkpoints = note.origin, 1
    roots = _read(snapshot, verdict, {note.size, *(head.size for head in seen)})
    signed = judging.Signed()
    judged = keys.checkpoint(side, trust, note.origin, None) if trust is not None else keys.Judged()
    if note.size > verdict.records:
        _add(verdict, "truncated", f"the checkpoint covers {note.size:,} lines, and only {verdict.records:,} there are",
             seq=verdict.records, expected=f"{note.size} lines", found=f"{verdict.records} lines")  # fmt: skip
    elif roots[note.size] != note.root:
        _add(verdict, "root", f"the first {note.size:,} lines are not those that the checkpoint was made over",
             expected=b64encode(note.root).decode(), found=b64encode(roots[note.size]).decode())  # fmt: skip
    elif judged.good:
        verdict.signed = signed.size = note.size
    if judged.broken:
        _add(verdict, "signature", f"the checkpoint beside the log: {judged.broken}")
    elif judged.unchecked:
        signed.unchecked = 1
        verdict.findings.append(judging.unchecked())
    elif trust is not None and not judged.good:
        _add(verdict, "no-checkpoint", "a key was given, and the checkpoint beside the log is not signed by it")
    verdict.unsigned_tail = verdict.records - verdict.signed
    if require_signed_tail and trust is not None and verdict.unsigned_tail:
        _add(
            verdict,
            "unsigned-tail",
            f"{verdict.unsigned_tail:,} lines are not covered by the checkpoint",
            seq=note.size,
        )
    for head in seen:
        _compare(verdict, head, roots)
    verdict.not_checked = judging.not_checked(
        verdict, signed, memory=bool(seen), redactors=False, heartbeat=True, blobs=0, unchecked_declarations=0,
        lines=verdict.records,
    )  # fmt: skip
    verdict.not_checked.append("each line by itself: this log has no chain, only a checkpoint over all lines")
    return verdict


def _read(snapshot: reading.Snapshot, verdict: Verdict, wanted: set[int]) -> dict[int, bytes]:
    """Count and hash the lines; return the roots at the sizes wanted."""
    tree = merkle.Range()
    roots = {0: merkle.EMPTY}
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
            roots[tree.size] = tree.root()
    verdict.records, verdict.head = tree.size, leaf.hex()
    verdict.root = b64encode(tree.root()).decode()
    return roots


def _compare(verdict: Verdict, head: heads.Head, roots: dict[int, bytes]) -> None:
    if head.size > verdict.records:
        _add(verdict, "rolled-back", f"it had {head.size:,} lines when it was seen before, now {verdict.records:,}",
             seq=verdict.records, expected=f"{head.size} lines", found=f"{verdict.records} lines")  # fmt: skip
    elif roots[head.size] != head.root:
        _add(verdict, "rewritten", f"its first {head.size:,} lines are not those that were seen before",
             expected=b64encode(head.root).decode(), found=b64encode(roots[head.size]).decode())  # fmt: skip


def _add(verdict: Verdict, code: str, message: str, *, seq: int | None = None, expected: str = "", found: str = "") -> None:  # fmt: skip # noqa: E501
    verdict.findings.append(Problem(code, message, seq=seq, path=verdict.path, expected=expected, found=found))
