"""Logs in the formats of others: one file = one format, its name (with `-` for `_`) is what `export --to` calls it.

An exporter is a module with

- `HINT`: what comes out, in a few words;
- `FOLDER`: whether that is a folder of files, or one file;
- `SEALED`: whether it takes one sealed log up to its newest checkpoint, every record in order, or whatever records are
  selected;
- `export(source, settings)`: yields pieces of files in the order in which they are written. No I/O. Or, where a library
  writes the file itself, `fill(source, settings, path)`: makes the file `path`, which its caller gives its name.

Where `UNMASKED` is there, it says why the format is not for masked records (`--redact`).
Where `AGAIN` is true, it asks for entries a second time: whoever reads the log gives it a source with `again`.
Where `MESSAGES` is true, each piece is one message, ended by LF, that a syslog receiver takes (`--endpoint`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

from auditlog_cli import registry
from auditlog_cli.errors import UsageError

if TYPE_CHECKING:
    from types import ModuleType

    from auditlog_cli.signing.es256 import Key


class Entry(NamedTuple):
    """A record to be exported.

    Attributes:
        line: As it stands, without LF.
        content: Under the names of `auditlog.record/1`; empty for a sealed source.
        leaf: What stands for it in the tree, 32 bytes; empty if it is not sealed.
        where: `path:line`, for messages.
        shape: Which decoder read it.
    """

    line: bytes
    content: dict[str, object]
    leaf: bytes
    where: str
    shape: str = "auditlog"


class Source(NamedTuple):
    """What is exported.

    Attributes:
        origin: The name of the log.
        entries: Its records.
        first: The number of the first one, above 0 if the log was pruned.
        checkpoint: The newest checkpoint as text, for a sealed source; else empty.
        raw: Whether nobody sealed the lines one by one (integrity.md, 2.8).
        again:
            Returns an entry that was given by its number, from 0 on; None: whoever wants it twice has to hold it.
    """

    origin: str
    entries: Iterable[Entry]
    first: int = 0
    checkpoint: str = ""
    raw: bool = False
    again: Callable[[int], Entry] | None = None


class Settings(NamedTuple):
    """How it is exported.

    Attributes:
        say: Is told, in one line each, what the format cannot hold and what was left out.
        key: What signs, where the format demands signatures.
        trust_level: For `aat`.
        ocsf_version: For `ocsf`: one of `ocsf.VERSIONS`.
        bulk: For `ecs`: as the body of a `_bulk` request.
        enterprise: For `syslog`: the private enterprise number of its structured data; 32473 is that of examples.
        over_syslog: For `cef`: with the header of syslog in front.
        protobuf: For `otlp-*`: in protobuf, not in JSON.
        content: For `otlp-spans`: with arguments, results, prompts and answers.
        batch: For `otlp-*`: so many records at most in a request.
        leave_out: Is told how many records have no place in the format.
    """

    say: Callable[[str], None]
    key: Key | None = None
    trust_level: str = "L1"
    ocsf_version: str = "1.8.0"
    bulk: bool = False
    enterprise: int = 32473
    over_syslog: bool = False
    protobuf: bool = False
    content: bool = False
    batch: int = 500
    leave_out: Callable[[int], None] = lambda many: None


class Piece(NamedTuple):
    """Some bytes of a file that is exported; `file` is relative to the folder, and empty if there is one file only."""

    file: str
    data: bytes


def names() -> list[str]:
    """Return what `export --to` knows."""
    return [name.replace("_", "-") for name in registry.names("exporters")]


def meant(name: str) -> str:
    """Return the name of a format: `otlp` alone is `otlp-logs`, which loses nothing."""
    return "otlp-logs" if name == "otlp" else name


def load(name: str) -> ModuleType:
    """Return the exporter of this name.

    Raises:
        UsageError: If there is none.
    """
    if name not in names():
        raise UsageError(f"--to {name}: is not known", help=f"one of {', '.join(names())}")
    return registry.load("exporters", name.replace("-", "_"))
