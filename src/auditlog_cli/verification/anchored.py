"""States of a log that were kept elsewhere: a checkpoint from a ticket, with a time stamp, or out of a Git history
(integrity.md, 5.4), and what a log comes to beside them.
"""

from __future__ import annotations

import os
from base64 import b64encode
from typing import NamedTuple

from auditlog_cli import times
from auditlog_cli.anchors import git, stamps, witness
from auditlog_cli.counts import many
from auditlog_cli.errors import DefinitionError, InputError
from auditlog_cli.sealing import cosignatures, merkle, notes
from auditlog_cli.sources.opening import read_definition
from auditlog_cli.verdict import Problem, Verdict
from auditlog_cli.verification.heads import Head

_GIT = "git:"
_LARGEST = 1 << 20


class Anchor(NamedTuple):
    """One place where states of logs are kept, as the user names it.

    Attributes:
        word: A file, or `git:REPOSITORY` with `@REVISION` behind it.
        note: The checkpoint in the file; None for a repository.
        stamped: By when it existed, and who says so; or empty.
        trouble: Why its time stamp or the signature of its witness does not hold, or empty.
        unlooked: What was not looked at, and why; or empty.
    """

    word: str
    note: notes.Note | None = None
    stamped: str = ""
    trouble: str = ""
    unlooked: str = ""


def load(words: list[str], authority: str | None, witness_key: str | None = None) -> list[Anchor]:
    """Read what the user names.

    Args:
        words: Files that hold a checkpoint (a time stamp lies beside one as FILE.tsr), or `git:REPOSITORY[@REVISION]`.
        authority: The certificates of the time-stamping authorities that are trusted; None: stamps are not checked.
        witness_key: The verifier keys of the witnesses that are trusted; None: cosignatures are not looked at.

    Raises:
        DefinitionError: If a file holds no checkpoint, or if there are no certificates.
    """
    trusted = [] if witness_key is None else witness.load(witness_key)
    return [Anchor(word) if word.startswith(_GIT) else _file(word, authority, trusted) for word in words]


def states(anchors: list[Anchor], origin: str, verdict: Verdict) -> list[Head]:
    """Return what is kept of the log `origin`; what cannot be used for it is a finding.

    Raises:
        InputError: If a repository cannot be read.
    """
    found: list[Head] = []
    for anchor in anchors:
        mine = _history(anchor.word, origin) if anchor.note is None else _kept(anchor, origin)
        if not mine:
            text = f"{anchor.word}: no state of the log {origin} is kept there"
            verdict.findings.append(Problem("anchor", text))
        if mine and anchor.trouble:
            verdict.findings.append(Problem("time-stamp", f"{anchor.word}: does not hold: {anchor.trouble}"))
        found += mine
    return found


def compare(verdict: Verdict, seen: list[Head], roots: dict[int, bytes], what: str = "record") -> bool:
    """Compare a log with what it was before, into `verdict`; tell whether anything could be compared.

    Args:
        verdict: Its `records` and `first` are there.
        seen: What it was.
        roots: The roots at the sizes that are known.
        what: What the log consists of: `record`, or `line`.
    """
    compared = False
    for head in seen:
        where = f" ({head.name})" if head.name else ""
        if head.size > verdict.records:
            text = f"it had {many(head.size, what)} when it was seen before{where}, now it has {verdict.records:,}"
            _add(verdict, "rolled-back", text, many(head.size, what), many(verdict.records, what), verdict.records)
            compared = True
        elif head.size >= verdict.first and (head.size in roots or head.size == 0):
            root = roots.get(head.size, merkle.EMPTY)
            compared = True
            if root != head.root:
                first = (
                    f"first {what} is not the one" if head.size == 1 else f"first {head.size:,} {what}s are not those"
                )
                text = f"its {first} that {'was' if head.size == 1 else 'were'} seen before{where}"
                _add(verdict, "rewritten", text, b64encode(head.root).decode(), b64encode(root).decode())
            elif head.name:
                by = f", by {head.at}" if head.at else ""
                stood = f"{what} stood as it does" if head.size == 1 else f"{head.size:,} {what}s stood as they do"
                verdict.anchored.append(f"the first {stood}{by}: {head.name}")
    return compared


def not_checked(anchors: list[Anchor], seen: list[Head], verdict: Verdict, roots: dict[int, bytes]) -> list[str]:
    """Return which time stamps nobody looked at, and which states could not be compared."""
    lost = [head for head in seen if head.name and 0 < head.size <= verdict.records and head.size not in roots]
    return [
        *(f"{each.word}: {each.unlooked}" for each in anchors if each.unlooked),
        *(f"the state kept as {head.name}: the records below {head.size} are pruned, or broken" for head in lost),
    ]


def _add(verdict: Verdict, code: str, text: str, expected: str, found: str, seq: int | None = None) -> None:
    for problem in verdict.findings:
        if problem.code == code:
            problem.again += 1
            return
    verdict.findings.append(Problem(code, text, seq=seq, path=verdict.path, expected=expected, found=found))


def _file(word: str, authority: str | None, trusted: list[cosignatures.Witness]) -> Anchor:
    data = read_definition(word, _LARGEST)
    try:
        note = notes.parse(data.decode())
    except ValueError as error:
        raise DefinitionError(
            f"{word}: is no checkpoint",
            help="--anchor takes a checkpoint that auditlog anchor kept; what auditlog head printed goes to --known",
        ) from error
    if trusted:
        return _witnessed(word, note, trusted)
    if not os.path.lexists(f"{word}.tsr"):
        return Anchor(word, note)
    if authority is None:
        return Anchor(word, note, unlooked="its time stamp, for no authority is trusted (--tsa-ca FILE)")
    try:
        stamp = stamps.check(data, read_definition(f"{word}.tsr", _LARGEST), authority)
    except InputError as error:
        return Anchor(word, note, unlooked=f"its time stamp: {error.message}")
    by = "" if stamp.trouble else f"{_moment(stamp.at)} (time stamp)"
    return Anchor(word, note, by, stamp.trouble and f"its time stamp: {stamp.trouble}")


def _witnessed(word: str, note: notes.Note, trusted: list[cosignatures.Witness]) -> Anchor:
    """What witnesses say of a checkpoint; a time stamp beside it is left aside then."""
    seen = witness.look(note, trusted)
    good = next((each for each in seen if not each.trouble), None)
    if good is not None:
        return Anchor(word, note, f"{_moment(good.at)} (witness {good.name})")
    if seen and seen[0].trouble.startswith("nobody"):
        return Anchor(word, note, unlooked="the signature of its witness: pip install 'auditlog-cli[seal]'")
    return Anchor(
        word, note, trouble=f"{seen[0].name}: {seen[0].trouble}" if seen else "no witness that is trusted signed it"
    )


def _kept(anchor: Anchor, origin: str) -> list[Head]:
    note = anchor.note
    assert note is not None
    return [Head(note.size, note.root, anchor.word, anchor.stamped)] if note.origin == origin else []


def _history(word: str, origin: str) -> list[Head]:
    repository, at, revision = word.removeprefix(_GIT).rpartition("@")
    if not at:
        repository, revision = revision, "HEAD"
    found = []
    for commit in git.history(repository, revision, origin):
        try:
            note = notes.parse(commit.data.decode())
        except ValueError:
            continue
        if note.origin == origin:
            when = f"{_moment(commit.at)} (as its committer says)"
            found.append(Head(note.size, note.root, f"commit {commit.id[:12]} of {repository}", when))
    return found


def _moment(seconds: int) -> str:
    return times.render(seconds * times.SECOND)
