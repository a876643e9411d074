"""Redactions that were declared and not carried out to the end: which of them may be finished (integrity.md, 2.7).

Whoever can append to a log can declare, so a declaration alone is no reason to withhold anything: an agent could
declare what incriminates it and wait for somebody to resume. Only what the given key has signed is finished;
other declarations only if the user asks for unsigned ones outright.
"""

from __future__ import annotations

from typing import Protocol

from auditlog_cli.sealing import sshsig
from auditlog_cli.signing import checks
from auditlog_cli.withholding import declaring
from auditlog_cli.withholding.planned import Pending, Plan


class PublicKey(Protocol):
    """The public half of what signs: see `signing.signer.Signer`."""

    key: bytes


def finishable(plan: Plan, key: PublicKey | None, *, despite_hold: bool = False) -> tuple[list[Pending], list[Pending]]:
    """Return the unfinished declarations that may be carried out, and the others.

    Args:
        plan: What was found in the log.
        key: Only those that this key signed; None: all of them.
        despite_hold: Also those of which something has come under a legal hold since they were declared.
    """
    mine = [
        each
        for each in plan.pending
        if (key is None or signed_by(each, plan.origin, key)) and (despite_hold or not each.held)
    ]
    return mine, [each for each in plan.pending if each not in mine]


def signed_by(each: Pending, origin: str, key: PublicKey) -> bool:
    """Tell whether `key` signed a declaration."""
    armour, reason = each.said.get("sshsig"), each.said.get("reason")
    if not isinstance(armour, str) or not isinstance(reason, str):
        return False
    try:
        signature = sshsig.parse(armour)
    except sshsig.SshsigError:
        return False
    message = declaring.message(origin, reason, declaring.targets_of(each.said))
    held = checks.ssh(signature, armour, declaring.NAMESPACE, message)
    return signature.key == key.key and held is True
