"""Whether a checkpoint is signed by one of the keys that count for its log (integrity.md, 4.2, 5.3)."""

from __future__ import annotations

from typing import NamedTuple

from auditlog_cli.sealing import notes, sshsig
from auditlog_cli.signing import checks
from auditlog_cli.signing.signers import CHECKPOINTS, Signers


class Judged(NamedTuple):
    """What the signatures of a checkpoint come to.

    Attributes:
        good: One is by a known key that is valid, and none is broken.
        broken: What is wrong, or empty.
        unchecked: Nobody here could check a signature that would count.
    """

    good: bool = False
    broken: str = ""
    unchecked: bool = False


def judge(note: notes.Note, armour: str, known: list[bytes]) -> Judged:
    """Judge the signatures of a checkpoint.

    Args:
        note: The checkpoint.
        armour: The SSHSIG that came with it, or empty.
        known: The public keys that count, as SSH writes them.
    """
    results = [_note(note, known), _ssh(note, armour, known)]
    if "strange" in results and "holds" in results:
        return Judged(broken="note and SSH signature are by different keys")
    if "broken" in results:
        return Judged(broken="a signature by a known key does not hold")
    return Judged("holds" in results, "", "unchecked" in results and "holds" not in results)


def trouble(note: notes.Note, trusted: Signers) -> str:
    """Return why nobody who is trusted signed a checkpoint that stands alone, in words; empty if somebody did.

    Args:
        note: The checkpoint; an SSHSIG stands in it where the key could sign no note.
        trusted: Whom the user trusts.
    """
    known = trusted.ssh_keys(note.origin, CHECKPOINTS)
    if not known:
        return f"no key was given for the log {note.origin}"
    judged = judge(note, note.armour, known)
    if judged.broken:
        return "the signature is broken"
    if judged.unchecked:
        return "nobody here can check the signature: pip install 'auditlog-cli[seal]'"
    return "" if judged.good else "signed by a key that was not given"


def _note(note: notes.Note, known: list[bytes]) -> str:
    """`holds`, `broken`, `unchecked`, or `absent`: no signature line by a known key."""
    answers = set()
    for key in known:
        public = sshsig.ed25519(key)
        for signature in note.signatures:
            if public and signature.name == note.origin and signature.key_id == notes.key_id(note.origin, public):
                held = checks.ed25519(public, note.text, signature.raw)
                answers.add("unchecked" if held is None else "holds" if held else "broken")
    return next((word for word in ("broken", "unchecked", "holds") if word in answers), "absent")


def _ssh(note: notes.Note, armour: str, known: list[bytes]) -> str:
    """`holds`, `broken`, `unchecked`, `strange` (another's key), or `absent`."""
    if not armour:
        return "absent"
    try:
        signature = sshsig.parse(armour)
    except sshsig.SshsigError:
        return "broken" if known else "absent"
    if signature.key not in known:
        return "strange"
    held = checks.ssh(signature, armour, CHECKPOINTS, note.text)
    return "unchecked" if held is None else "holds" if held else "broken"
