"""Whether a checkpoint or a declaration is signed by somebody whom the user trusts (integrity.md, 2.7, 4.2, 5.3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from auditlog_cli.sealing import sshsig
from auditlog_cli.signing import checkpoints, checks
from auditlog_cli.signing.checkpoints import Judged as Judged
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
    return checkpoints.judge(note, given.armour, known)


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
