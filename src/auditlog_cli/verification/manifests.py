"""The manifest of a shared copy: it declares what is withheld there (integrity.md, 2.7, "Sharing is not erasing")."""

from __future__ import annotations

from typing import NamedTuple

from auditlog_cli import strictjson
from auditlog_cli.errors import DefinitionError, InputError
from auditlog_cli.sources import opening

FORMAT = "auditlog-export/1"
NAMESPACE = "auditlog-export"
_LARGEST = 1 << 26


class Manifest(NamedTuple):
    """A manifest.

    Attributes:
        path: Its file.
        data: Its bytes: what is signed.
        origin, size, head: Of which log, and of which state of it.
        withheld: seq, field, commitment of each place.
        armour: The SSHSIG that lies beside it (`.sig`), or empty.
    """

    path: str
    data: bytes
    origin: str
    size: int
    head: str
    withheld: list[tuple[int, str, str]]
    armour: str


def load(path: str) -> Manifest:
    """Read a manifest and the signature beside it.

    Raises:
        DefinitionError: If it cannot be read or understood.
    """
    from auditlog_cli.verification.declarations import read_targets

    try:
        data = opening.read_small(path, _LARGEST)
        content = strictjson.exact(data)
    except InputError as error:
        raise DefinitionError(error.message, help=error.help) from error
    except strictjson.Malformed as error:
        raise DefinitionError(
            f"{path}: no manifest: {error.reason}", help="auditlog redact LOG -o COPY writes it beside the copy"
        ) from error
    try:
        armour = opening.read_small(f"{path}.sig", _LARGEST).decode("utf-8", "replace")
    except InputError:
        armour = ""
    targets = read_targets(content.get("withheld"))
    origin, size, head = content.get("origin"), content.get("size"), content.get("head")
    if content.get("format") != FORMAT or targets is None or not isinstance(size, int):
        raise DefinitionError(
            f"{path}: no manifest of a shared copy ({FORMAT})",
            help="auditlog redact LOG -o COPY writes it beside the copy",
        )
    if not isinstance(origin, str) or not isinstance(head, str):
        raise DefinitionError(
            f"{path}: no manifest of a shared copy ({FORMAT})",
            help="auditlog redact LOG -o COPY writes it beside the copy",
        )
    return Manifest(path, data, origin, size, head, targets, armour)
