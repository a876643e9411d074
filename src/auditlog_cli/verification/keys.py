"""Whether a checkpoint or a declaration is signed by somebody whom the user trusts (integrity.md, 2.7, 4.2, 5.3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from auditlog_cli.sealing import notes, sshsig
from auditlog_cli.signing import checks
from auditlog_cli.signing.signers import CHECKPOINTS, REDACTIONS, Signers, Trusted
from auditlog_cli.verification.manifests import NAMESPACE, Manifest
from auditlog_cli.verification.own import Checkpoint


class Trust(NamedTuple):
    """Whom the user trusts.

    Attributes:
        signers: The keys.
        at: The moment at which they must be valid, microseconds since the epoch; None: when a record was made.
        revoked: Tells whether a key (as SSH writes it) was revoked.
    """

    signers: Signers
    at: int | None = None
    revoked: Callable[[bytes], bool] = lambda key: False


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


def checkpoint(given: Checkpoint, trust: Trust, origin: str, at: int | None) -> Judged:
    """Judge the signatures of a checkpoint.

    Args:
        given: The checkpoint; its note is there.
        trust: Whom the user trusts.
        origin: The name of the log, as its genesis says; if that is gone, as the note says.
        at: When it was made.
    """
    note = given.note
    assert note is not None
    moment = trust.at if trust.at is not None else at
    known = [
        key for key in trust.signers.ssh_keys(origin or note.origin, CHECKPOINTS, moment) if not trust.revoked(key)
    ]
    results = [_note(note, known), _ssh(note, given.armour, known)]
    if "strange" in results and "holds" in results:
        return Judged(broken="note and SSH signature are by different keys")
    if "broken" in results:
        return Judged(broken="a signature by a known key does not hold")
    return Judged("holds" in results, "", "unchecked" in results and "holds" not in results)


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


def declaration(message: bytes, armour: object, by: str, trust: Trust, at: int | None) -> bool | None:
    """Tell whether the redactor `by` signed a declaration; None if nobody here can tell."""
    if not isinstance(armour, str):
        return False
    try:
        signature = sshsig.parse(armour)
    except sshsig.SshsigError:
        return False
    moment = trust.at if trust.at is not None else at
    redactors = Signers([each for each in trust.signers.trusted if _for_redactions(each)])
    if signature.key not in redactors.ssh_keys(by, REDACTIONS, moment) or trust.revoked(signature.key):
        return False
    return checks.ssh(signature, armour, REDACTIONS, message)


def shared(manifest: Manifest, trust: Trust) -> bool | None:
    """Tell whether a redactor whose key was given signed a manifest; None if nobody here can tell."""
    try:
        signature = sshsig.parse(manifest.armour)
    except sshsig.SshsigError:
        return False
    known = {each.key for each in trust.signers.trusted if _for_redactions(each)}
    if signature.key not in known or trust.revoked(signature.key):
        return False
    return checks.ssh(signature, manifest.armour, NAMESPACE, manifest.data)


def names_redactors(signers: Signers) -> bool:
    """Tell whether redactor keys were given: only a line that names that purpose is one (4.2)."""
    return any(_for_redactions(each) for each in signers.trusted)


def _for_redactions(trusted: Trusted) -> bool:
    return bool(trusted.namespaces) and bool(Signers([trusted._replace(principals=("*",))]).ssh_keys("x", REDACTIONS))
