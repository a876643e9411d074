"""Keys that count no more: OpenSSH's key revocation list, or public keys, one a line (integrity.md, 5.3)."""

from __future__ import annotations

from collections.abc import Callable

from auditlog_cli.errors import DefinitionError, InputError
from auditlog_cli.sealing import sshsig
from auditlog_cli.signing import tools
from auditlog_cli.sources import opening

_KRL = b"SSHKRL\n\x00"
_LARGEST = 1 << 24


def load(path: str) -> Callable[[bytes], bool]:
    """Return what tells whether a key, as SSH writes it, is revoked.

    Raises:
        DefinitionError: If the file cannot be read or understood.
    """
    try:
        data = opening.read_small(path, _LARGEST)
    except InputError as error:
        raise DefinitionError(error.message, help=error.help) from error
    if data.startswith(_KRL):
        return lambda key: _in_krl(path, data, key)
    revoked = set()
    try:
        for line in data.decode().splitlines():
            words = line.strip()
            if words and not words.startswith("#"):
                revoked.add(sshsig.key_of(words))
    except (sshsig.SshsigError, UnicodeDecodeError) as error:
        raise DefinitionError(
            f"{path}: neither a key revocation list nor public keys", help="ssh-keygen -k -f FILE key.pub makes one"
        ) from error
    return revoked.__contains__


def _in_krl(path: str, krl: bytes, key: bytes) -> bool:
    try:
        done = tools.run(
            ["-Q", "-f", "<krl>", "<key>"], b"", {"<krl>": krl, "<key>": sshsig.line(key).encode() + b"\n"}
        )
    except OSError as error:
        raise DefinitionError(
            f"{path}: a key revocation list needs ssh-keygen, and that is not there",
            help="install OpenSSH, or list the revoked public keys in a file, one a line",
        ) from error
    if done.returncode not in (0, 1) or (done.returncode == 1 and b"REVOKED" not in done.stdout):
        raise DefinitionError(
            f"{path}: ssh-keygen does not understand this key revocation list",
            help="ssh-keygen -k -f FILE key.pub makes one; ssh-keygen -Q -l -f FILE shows it",
        )
    return done.returncode == 1
