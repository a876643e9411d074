"""Witnesses: somebody else who remembers the newest state of a log, and signs only what extends it
(https://c2sp.org/tlog-witness; integrity.md, 5.4).
"""

from __future__ import annotations

import http.client
import re
from base64 import b64encode
from collections.abc import Callable, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from auditlog_cli.counts import many
from auditlog_cli.errors import DefinitionError, InputError, SealRefused
from auditlog_cli.sealing import cosignatures, notes
from auditlog_cli.sealing.cosignatures import Witness
from auditlog_cli.signing import checks
from auditlog_cli.sources.opening import read_definition

_LONGEST_S = 30
_LARGEST = 1 << 16
_SIZE = re.compile(rb"(0|[1-9][0-9]{0,17})\n?\Z")
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_WORDS = {
    400: "it does not understand the request",
    403: "it trusts none of the keys that signed the checkpoint",
    404: "it does not know the log",
    422: "it does not take the proof that the log only grew",
}


class Seen(NamedTuple):
    """What a cosigned note comes to: by whom and when (seconds since the epoch), or why it counts for nothing."""

    name: str
    at: int
    trouble: str = ""


def load(path: str) -> list[Witness]:
    """Return the witnesses whose verifier keys a file holds, one a line.

    Raises:
        DefinitionError: If it cannot be read, or a line is none.
    """
    lines = read_definition(path, _LARGEST).decode("utf-8", "replace").splitlines()
    found = []
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.startswith("#"):
            try:
                found.append(cosignatures.parse_key(line))
            except notes.NoteError as error:
                raise DefinitionError(
                    f"{path}:{number}: {error}", help="name+hash+key, one a line: the witness publishes it"
                ) from error
    if not found:
        raise DefinitionError(
            f"{path}: no verifier key of a witness in it", help="name+hash+key, one a line: the witness publishes it"
        )
    return found


def cosigned(
    url: str, note: str, hashes_since: Callable[[int], Sequence[bytes]], witnesses: list[Witness]
) -> tuple[str, Seen]:
    """Have a checkpoint cosigned.

    Args:
        url: Where the witness takes checkpoints; `/add-checkpoint` is added.
        note: The checkpoint as it is stored.
        hashes_since: Gives the proof of consistency from an earlier size to that of the checkpoint.
        witnesses: Who is trusted.

    Returns:
        The note with the signature of the witness, and what it says. With `trouble` the note is unchanged.

    Raises:
        InputError: If the witness cannot be reached, or refuses.
        SealRefused: If it has seen another history of this log, or a longer one.
    """
    parsed = notes.parse(note)
    status, body = _post(url, _body(0, (), note))
    if status == http.client.CONFLICT:
        size = _size(url, body)
        if size > parsed.size:
            raise SealRefused(
                f"{url}: has seen {many(size, 'record')} of this log, and the checkpoint covers {parsed.size}",
                help="auditlog verify; or seal first",
            )
        hashes = hashes_since(size) if 0 < size < parsed.size else ()
        status, body = _post(url, _body(size, hashes, note))
        if status == http.client.CONFLICT or (status == http.client.UNPROCESSABLE_ENTITY and size):
            raise SealRefused(
                f"{url}: has seen another history of this log: it began otherwise, up to {many(size, 'record')}",
                help="auditlog verify LOG; what the witness saw first is the older state",
            )
    if status != http.client.OK:
        raise InputError(
            f"{url}: does not cosign: {_WORDS.get(status, f'answer {status}')}",
            help="does it know this log? a witness is told its name and key first",
        )
    try:
        made = cosignatures.added(note, body.decode())
    except ValueError:
        return note, Seen("", 0, "its answer is no signature")
    seen = look(notes.parse(made), witnesses)
    good = [each for each in seen if not each.trouble]
    if not good:
        return note, seen[0] if seen else Seen("", 0, "no witness that is trusted signed it")
    return made, good[0]


def look(note: notes.Note, witnesses: list[Witness]) -> list[Seen]:
    """Tell what the witnesses that are trusted say of a note; those that did not sign it are left out."""
    found = []
    for each in cosignatures.of(note, witnesses):
        holds = checks.ed25519(each.witness.public, each.message, each.raw)
        trouble = "" if holds else "its signature does not hold" if holds is False else "nobody here can check it"
        found.append(Seen(each.witness.name, each.at, trouble))
    return found


def _body(size: int, hashes: Sequence[bytes], note: str) -> bytes:
    lines = [f"old {size}\n", *(f"{b64encode(each).decode()}\n" for each in hashes), "\n"]
    return "".join(lines).encode() + note.encode()


def _size(url: str, body: bytes) -> int:
    found = _SIZE.match(body)
    if not found:
        raise InputError(
            f"{url}: speaks another protocol than https://c2sp.org/tlog-witness",
            help="is the address that of a witness, without /add-checkpoint?",
        )
    return int(found[1])


def _post(url: str, body: bytes) -> tuple[int, bytes]:
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    if not parts.hostname or not (secure or (parts.scheme == "http" and parts.hostname in _LOOPBACK)):
        raise InputError(f"{url}: an address that begins with https:// is needed", help="http:// only to this machine")
    connect = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    try:
        connection = connect(parts.hostname, parts.port, timeout=_LONGEST_S)
        try:
            path = f"{parts.path.rstrip('/')}/add-checkpoint"
            connection.request("POST", path, body, {"Content-Type": "text/plain; charset=utf-8"})
            answer = connection.getresponse()
            return answer.status, answer.read(_LARGEST)
        finally:
            connection.close()
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise InputError(
            f"{url}: cannot be reached ({getattr(error, 'strerror', None) or type(error).__name__})",
            help="is the address right, and does the network let you there?",
        ) from error
