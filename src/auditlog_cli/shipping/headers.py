"""Headers of the user's own, most often secrets: read strictly, and never said again."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from urllib.parse import unquote

from auditlog_cli.errors import UsageError

VARIABLE = "OTEL_EXPORTER_OTLP_HEADERS"
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OURS = {"content-type", "content-encoding", "content-length", "transfer-encoding", "host", "connection"}
_SHORTEST = 4  # characters of a value that is worth hiding; shorter ones would blot out everything


def read(given: Sequence[str]) -> dict[str, str]:
    """Return the headers that the environment and the command line ask for; the command line wins.

    Args:
        given: `NAME=VALUE`, each.

    Raises:
        UsageError: If one is none. Its value is not said.
    """
    found: dict[str, str] = {}
    for place, pair in enumerate(os.environ.get(VARIABLE, "").split(","), 1):
        if pair.strip():
            name, _, value = pair.partition("=")
            _put(found, unquote(name.strip()), unquote(value.strip()), f"{VARIABLE}: entry {place}")
    for place, pair in enumerate(given, 1):
        name, _, value = pair.partition("=")
        _put(found, name.strip(), value.strip(), f"--header: number {place}")
    return found


def _put(found: dict[str, str], name: str, value: str, where: str) -> None:
    if not _NAME.fullmatch(name) or not value or not (value.isascii() and value.isprintable()):
        raise UsageError(f"{where}: no header", help="NAME=VALUE, in printable ASCII")
    if name.lower() in _OURS:
        raise UsageError(f"{where}: {name.lower()} is set by auditlog itself", help="leave it out")
    found[name.lower()] = value


def without(text: str, headers: dict[str, str]) -> str:
    """Return a text of the receiver's without the values of the headers, should it repeat them."""
    secrets = {part for value in headers.values() for part in (value, *value.split()) if len(part) >= _SHORTEST}
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "…")
    return text
