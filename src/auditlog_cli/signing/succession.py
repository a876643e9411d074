"""A key says in the log which key comes after it: the record `key` (integrity.md, 2.6 and 5.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from auditlog_cli.sealing import sshsig
from auditlog_cli.signing import checks
from auditlog_cli.signing.signer import Signer

NAMESPACE = "auditlog-key"


def members(origin: str, old: Signer, new: Signer, valid_from: str) -> dict[str, object]:
    """Return what the record says, signed by the old key.

    Args:
        origin: The name of the log.
        old: The key that signed until now.
        new: The key that signs from now on.
        valid_from: Since when (RFC 3339).

    Raises:
        AuditWriteError: If the old key cannot sign.
    """
    armour = old.sshsig(NAMESPACE, _message(origin, new.public_line, valid_from))
    return {"old": old.public_line, "new": new.public_line, "valid_from": valid_from, "sshsig": armour}


def follow(key: bytes, origin: str, said: Iterable[Mapping[str, object]]) -> bytes:
    """Return the key that signs now, if `key` did before these records.

    Whoever can append to a log can write such a record into it. So only one counts that the key signed whose place it
    gives away; who verifies trusts none of them (4.2).

    Args:
        key: As SSH writes it.
        origin: The name of the log.
        said: The `auditlog` member of each record of this kind, in order.
    """
    for own in said:
        old, new, valid_from, armour = (str(own.get(name)) for name in ("old", "new", "valid_from", "sshsig"))
        try:
            if sshsig.key_of(old) != key:
                continue
            successor, signature = sshsig.key_of(new), sshsig.parse(armour)
        except sshsig.SshsigError:
            continue
        if signature.key == key and checks.ssh(signature, armour, NAMESPACE, _message(origin, new, valid_from)):
            key = successor
    return key


def _message(origin: str, new: str, valid_from: str) -> bytes:
    return f"{origin}\n{new}\n{valid_from}\n".encode()
