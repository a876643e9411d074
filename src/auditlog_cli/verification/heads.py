"""The memory of heads: what a log was when it was last verified, trust on first use (integrity.md, 5.4)."""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from typing import NamedTuple

from auditlog_cli import sinks, strictjson
from auditlog_cli.errors import AuditWriteError, DefinitionError, InputError, UsageError, remedy
from auditlog_cli.sources import opening

_LARGEST = 1 << 26
_LINE = 4  # words of a line of `auditlog head`: origin, size, root, leaf


class Head(NamedTuple):
    """A log at one moment.

    Attributes:
        size: How many records.
        root: The root over them, 32 bytes.
        name: Where that was kept, if not in our memory.
        at: When it was so at the latest, in words; or empty.
    """

    size: int
    root: bytes
    name: str = ""
    at: str = ""


def known(text: str) -> Head:
    """Read `SIZE:ROOT`, as `--known` takes it: the root in base64, or 64 hex digits; or the line of `auditlog head`.

    Raises:
        UsageError: If it is neither.
    """
    words = text.split()
    size, colon, root = (words[1], ":", words[2]) if len(words) == _LINE else text.partition(":")
    try:
        if colon and size.isdigit() and size.isascii() and len(size) < 19:
            raw = bytes.fromhex(root) if len(root) == 64 else b64decode(root, validate=True)
            if len(raw) == 32:
                return Head(int(size), raw)
    except ValueError:
        pass
    example = "8:ye29ucahwz4W45hRGfltt3HsCapuV5wtGQdvHpFZas8="
    raise UsageError("--known: SIZE:ROOT, or a line of `auditlog head` is needed", help=f"such as {example}")


def load(path: str) -> dict[str, Head]:
    """Return the heads remembered in the file at `path`, by origin; none if there is no file.

    Raises:
        DefinitionError: If it cannot be read or understood: it must not be taken for "never seen".
    """
    if not os.path.lexists(path):
        return {}
    try:
        content = strictjson.exact(opening.read_small(path, _LARGEST))
        found = content["heads"]
        assert content["format"] == "auditlog-heads/1" and isinstance(found, dict)
        return {origin: Head(int(each["size"]), b64decode(each["root"])) for origin, each in found.items()}
    except (InputError, strictjson.Malformed, KeyError, TypeError, ValueError, AssertionError) as error:
        raise DefinitionError(
            f"{path}: the memory of heads cannot be read or understood",
            help="mend or remove it (then what was seen before is forgotten), or use --no-remember",
        ) from error


def remember(path: str, origin: str, head: Head) -> None:
    """Keep a head; the others in the file stay.

    Raises:
        AuditWriteError: If it cannot be written.
        DefinitionError: If what is there is not understood.
    """
    heads = load(path)
    if heads.get(origin) == head:
        return
    heads[origin] = head
    try:
        os.makedirs(os.path.dirname(path) or ".", mode=0o700, exist_ok=True)
    except OSError as error:
        raise AuditWriteError(f"{path}: cannot be written ({error.strerror})", help=remedy(error)) from error
    from json import dumps

    shown = {name: {"size": each.size, "root": b64encode(each.root).decode()} for name, each in sorted(heads.items())}
    sinks.write_whole(path, (dumps({"format": "auditlog-heads/1", "heads": shown}, indent=1) + "\n").encode())
