"""Which keys are trusted, for what, and when: OpenSSH's `allowed_signers` (ssh-keygen(1), ALLOWED SIGNERS), a bare
public key, or a C2SP verifier key. Trust never comes from a key inside the log (integrity.md, 4.2).
"""

from __future__ import annotations

import re
import time
from calendar import timegm
from fnmatch import fnmatchcase
from typing import NamedTuple

from auditlog_cli import times
from auditlog_cli.errors import DefinitionError, remedy
from auditlog_cli.sealing import notes, sshsig

CHECKPOINTS = "auditlog-checkpoint"
REDACTIONS = "auditlog-redaction"
EXPORTS = "auditlog-export"
_LARGEST = 4 * 1024 * 1024
_PRIVATE = ("-----BEGIN OPENSSH PRIVATE KEY", "-----BEGIN PRIVATE KEY", "-----BEGIN ENCRYPTED PRIVATE KEY")
_HELP = 'expected: ORIGIN namespaces="auditlog-checkpoint" ssh-ed25519 AAAA…, or a public key (FILE.pub of `keygen`)'
_KINDS = ("ssh-", "sk-ssh-", "ecdsa-", "sk-ecdsa-")
_OPTION = re.compile(r'([a-z-]+)(?:="([^"]*)")?(?:,|$)', re.IGNORECASE)
_MOMENT = re.compile(r"(\d{8})(?:(\d{4})(\d{2})?)?(Z)?", re.IGNORECASE)


class Trusted(NamedTuple):
    """One line: whose key it is, what for, and when.

    Attributes:
        principals: Patterns (`*`, `?`, `!` in front for not) for the origin of a log, or for who redacts.
        namespaces: Patterns of what it may sign; None for anything.
        after, before: Microseconds since the epoch; None for no limit.
        key: The public key as SSH writes it.
    """

    principals: tuple[str, ...]
    namespaces: tuple[str, ...] | None
    after: int | None
    before: int | None
    key: bytes


class Signers:
    """The keys that the user trusts."""

    def __init__(self, trusted: list[Trusted]) -> None:
        self.trusted = trusted

    def ssh_keys(self, principal: str, namespace: str, at: int | None = None) -> list[bytes]:
        """Return the public keys, as SSH writes them, that may sign for `principal`.

        Args:
            principal: The origin of the log, or the name of who redacts.
            namespace: `CHECKPOINTS` or `REDACTIONS`.
            at: Microseconds since the epoch at which they must be valid; None: whenever.
        """
        return [
            each.key
            for each in self.trusted
            if _matches(each.principals, principal)
            and (each.namespaces is None or _matches(each.namespaces, namespace))
            and (at is None or each.after is None or at >= each.after)
            and (at is None or each.before is None or at < each.before)
        ]

    def keys(self, principal: str, namespace: str, at: int | None = None) -> list[bytes]:
        """Return the Ed25519 keys among them, 32 bytes each."""
        return [public for key in self.ssh_keys(principal, namespace, at) if (public := sshsig.ed25519(key))]

    def signs(self, namespace: str) -> bool:
        """Tell whether any key is there that names this purpose, or none at all."""
        return any(each.namespaces is None or _matches(each.namespaces, namespace) for each in self.trusted)


def is_name(text: str) -> bool:
    """Tell whether a line of `allowed_signers` can name somebody like this, in quotes if there is a blank in it."""
    return text.isprintable() and text.strip() == text != "" and not set(text) & set('"\\,*?!') and text[0] != "#"


def load(path: str) -> Signers:
    """Read the file at `path`.

    Raises:
        DefinitionError: If it cannot be read or understood; says which line.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise DefinitionError(f"{path}: no keys can be read there ({error.strerror})", help=remedy(error)) from error
    if len(data) > _LARGEST:
        raise DefinitionError(
            f"{path}: too large for a list of keys", help="allowed_signers of ssh-keygen, or FILE.pub"
        )
    try:
        return parse(data.decode(), path)
    except UnicodeDecodeError as error:
        raise DefinitionError(
            f"{path}: no list of keys (it is no text)", help="allowed_signers of ssh-keygen, or FILE.pub"
        ) from error


def parse(text: str, name: str) -> Signers:
    """Understand a list of keys.

    Args:
        name: What to call it in an error.

    Raises:
        DefinitionError: If a line is not understood, or if there is no key at all.
    """
    if text.startswith(_PRIVATE):
        raise DefinitionError(
            f"{name}: a private key; the public one is needed", help=f"most likely it is in {name}.pub"
        )
    trusted = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.strip()
        if words and not words.startswith("#"):
            try:
                trusted.append(_line(words))
            except ValueError as error:
                raise DefinitionError(
                    f"{name}: line {number}: {error}",
                    help=_HELP,
                ) from error
    if not trusted:
        raise DefinitionError(f"{name}: there is no key in it", help=_HELP)
    return Signers(trusted)


def _line(line: str) -> Trusted:
    if line.startswith(_KINDS):
        return Trusted(("*",), None, None, None, sshsig.key_of(line))
    words = _words(line)
    if len(words) == 1 and line.count("+") >= 2:
        name, public = notes.parse_vkey(line)
        return Trusted((name,), (CHECKPOINTS,), None, None, sshsig.ed25519_key(public))
    place = next((at for at, word in enumerate(words) if word.startswith(_KINDS)), 0)
    if place not in (1, 2):
        raise ValueError("no list of principals and public key")
    namespaces: tuple[str, ...] | None = None
    limits: dict[str, int] = {}
    if place == 2:
        for option, value in _options(words[1]):
            if option == "namespaces":
                namespaces = tuple(value.split(","))
            elif option in ("valid-after", "valid-before"):
                limits[option] = _moment(value)
            else:
                raise ValueError(f"the option {option!r} is not supported")
    key = sshsig.key_of(" ".join(words[place : place + 2]))
    principals = tuple(words[0].strip('"').split(","))
    return Trusted(principals, namespaces, limits.get("valid-after"), limits.get("valid-before"), key)


def _words(line: str) -> list[str]:
    """Split at blanks that stand outside quotes."""
    return re.findall(r'(?:"[^"]*"|[^\s"])+', line)


def _options(text: str) -> list[tuple[str, str]]:
    found = []
    at = 0
    while at < len(text):
        option = _OPTION.match(text, at)
        if not option:
            raise ValueError("the options are malformed")
        found.append((option[1].lower(), option[2] or ""))
        at = option.end()
    return found


def _moment(text: str) -> int:
    """`YYYYMMDD`, `YYYYMMDDHHMM` or `YYYYMMDDHHMMSS`; local time unless a Z follows, as for ssh-keygen."""
    found = _MOMENT.fullmatch(text)
    if not found:
        raise ValueError("a time is malformed")
    try:
        parsed = time.strptime(found[1] + (found[2] or "0000") + (found[3] or "00"), "%Y%m%d%H%M%S")
    except ValueError:
        raise ValueError("there is no such time") from None
    seconds = timegm(parsed) if found[4] else int(time.mktime(parsed))
    return seconds * times.SECOND


def _matches(patterns: tuple[str, ...], name: str) -> bool:
    """As OpenSSH matches lists: a pattern with `!` that fits rules it out."""
    fits = False
    for pattern in patterns:
        if pattern.startswith("!"):
            if fnmatchcase(name, _plain(pattern[1:])):
                return False
        elif fnmatchcase(name, _plain(pattern)):
            fits = True
    return fits


def _plain(pattern: str) -> str:
    """OpenSSH knows `*` and `?` only."""
    return pattern.replace("[", "[[]")
