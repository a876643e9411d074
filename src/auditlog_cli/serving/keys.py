"""API keys: 256 random bits each, of which only the SHA-256 is kept, in a file that nobody else may read.

A key has so many bits that a plain hash cannot be searched for it; a slow one would only slow each request down.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import stat
from typing import NamedTuple

import orjson

from auditlog_cli import sinks, strictjson, times
from auditlog_cli.errors import AuditWriteError, DefinitionError, UsageError, remedy
from auditlog_cli.sources.opening import read_small

_PREFIX = "al_"
_LONGEST_NAME = 100
_LARGEST = 1 << 20


class Key(NamedTuple):
    """What is kept of a key: its name, its SHA-256 (64 hex digits), when it was made, whether a person holds it."""

    name: str
    sha256: str
    created: str
    person: bool = False


class Keys:
    """The keys that the server takes; none at all: it asks for no key.

    Args:
        known: What the file holds.
    """

    def __init__(self, known: list[Key]) -> None:
        self._known = known

    def __bool__(self) -> bool:
        return bool(self._known)

    def name_of(self, key: str) -> str | None:
        """Return the name of a key, or None if it is none of ours. Takes as long for a wrong one as for a right one."""
        digest = _digest(key)
        found = None
        for each in self._known:
            if hmac.compare_digest(each.sha256, digest):
                found = each.name
        return found

    def is_person(self, name: str) -> bool:
        """Tell whether the key of this name is a person's: an agent must not silence what was found about it."""
        return any(each.person for each in self._known if each.name == name)


def beside(log: str) -> str:
    """Return where the keys of a log lie unless somebody says otherwise."""
    return f"{log}.keys"


def load(path: str, *, named: bool = False) -> Keys:
    """Return the keys in a file; none if it is not there.

    Args:
        path: The file.
        named: Somebody said that the keys are there: then they have to be.

    Raises:
        DefinitionError: If others may read it, or it holds anything else, or nothing. Whose last key was revoked, or
            who mistyped the name, did not mean to let everybody in.
    """
    known = _read(path)
    if not known and (named or os.path.lexists(path)):
        raise DefinitionError(
            f"{path}: holds no key: everybody on this machine could write",
            help="auditlog serve LOG --new-key NAME makes one; without such a file no key is asked for",
        )
    return Keys(known)


def make(path: str, name: str, *, person: bool = False) -> str:
    """Make a key, keep its hash, and return the key itself: it is nowhere else.

    Args:
        path: The file; it is made (0600) where there is none.
        name: What its records will say (`provenance.ingest.key`).
        person: Whether a person holds it, whose name this is: then it may resolve alerts and change policies.

    Raises:
        UsageError: If the name is taken, empty, too long or not printable.
        DefinitionError: If the file is no file of keys.
        AuditWriteError: If it cannot be written.
    """
    if not name.strip() or not name.isprintable() or len(name) > _LONGEST_NAME:
        raise UsageError(
            f"--new-key: a name has 1 to {_LONGEST_NAME} printable characters", help="for example --new-key billing"
        )
    known = _read(path)
    if any(each.name == name for each in known):
        raise UsageError(f"{path}: has a key of this name already", help="choose another name, or delete its line")
    key = _PREFIX + secrets.token_urlsafe(32)
    made = [*known, Key(name, _digest(key), times.now(), person)]
    try:
        os.makedirs(os.path.dirname(path) or ".", mode=0o700, exist_ok=True)
    except OSError as error:
        raise AuditWriteError(
            f"{path}: cannot be written ({error.strerror}); no key was made", help=remedy(error)
        ) from error
    sinks.write_whole(path, b"".join(orjson.dumps(_said(each)) + b"\n" for each in made))
    return key


def _said(key: Key) -> dict[str, object]:
    return {name: value for name, value in key._asdict().items() if value is not False}


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


def _read(path: str) -> list[Key]:
    try:
        mode = stat.S_IMODE(os.stat(path).st_mode)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise DefinitionError(f"{path}: cannot be read ({error.strerror})", help=remedy(error)) from error
    if mode & 0o077:
        raise DefinitionError(f"{path}: others may read or write this file of keys", help=f"chmod 600 {path}")
    data = read_small(path, _LARGEST + 1)
    if len(data) > _LARGEST:
        raise DefinitionError(
            f"{path}: larger than a file of keys may be ({_LARGEST:,} bytes)", help="is it the right file?"
        )
    return [_key(line, f"{path}:{number}") for number, line in enumerate(data.splitlines(), 1) if line.strip()]


def _key(line: bytes, where: str) -> Key:
    try:
        stored = strictjson.exact(line)
        name, sha256, created, person = (*(stored[each] for each in Key._fields[:3]), stored.get("person", False))
        if not isinstance(person, bool):
            raise KeyError("person")
        if isinstance(name, str) and isinstance(sha256, str) and isinstance(created, str) and len(sha256) == 64:
            return Key(name, sha256.lower(), created, person)
    except (strictjson.Malformed, KeyError):
        pass
    raise DefinitionError(
        f"{where}: not a key as `auditlog serve --new-key` writes it", help="delete that line, and make the key anew"
    )
