"""What stands in the place of a value that is taken: `<EMAIL_ADDRESS>`, or a keyed pseudonym (compliance.md, 12).

A mask has the shape of a template, which detectors pass over: so redacting twice is redacting once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from auditlog_cli.errors import UsageError

MASK, PSEUDONYM, LAST_FOUR, REMOVE = WAYS = ("mask", "pseudonym", "last4", "remove")
"""The name of the kind; the name and 8 hex digits that are equal for equal values; the name and the last four
letters or digits; nothing at all."""
FIELD = "REDACTED"
"""Stands for the kind of a value that was taken because of its place."""

_SHORTEST_KEY = 16
_LONGEST_KEY = 4096
_SHORTEST_TO_SHOW = 12  # letters or digits that a value must have before four of them may be shown
_MASK = re.compile(r"<[A-Z][A-Z0-9_]*(?::[0-9A-Za-z]{4,8})?>", re.ASCII)
_SEPARATORS = re.compile(r"[\s.\-\u2010\u2011()/]+")


class Masks:
    """How each kind of value is covered.

    Args:
        ways: One of WAYS for an entity or a dotted path. What is not named: a pseudonym if there is a key, else a mask.
        key: For pseudonyms: at least 16 bytes, kept secret.

    Raises:
        UsageError: If a way is none of WAYS, a pseudonym is asked for without a key, or the key is too short.
    """

    def __init__(self, ways: Mapping[str, str] | None = None, key: bytes | None = None) -> None:
        self._ways = dict(ways or {})
        for entity, way in self._ways.items():
            if way not in WAYS:
                raise UsageError(f"{entity}: {way!r} is no way to mask", help=f"one of {', '.join(WAYS)}")
            if way == PSEUDONYM and key is None:
                raise UsageError(f"{entity}: a pseudonym needs a key", help="--pseudonyms KEYFILE")
        if key is not None and len(key) < _SHORTEST_KEY:
            raise UsageError(
                f"the key for pseudonyms is shorter than {_SHORTEST_KEY} bytes",
                help="head -c 32 /dev/urandom > pseudonyms.key makes one",
            )
        self._key = key

    def way(self, entity: str, path: str = "") -> str:
        """Return how values of this kind, or at this place, are covered."""
        return self._ways.get(path) or self._ways.get(entity) or (MASK if self._key is None else PSEUDONYM)

    def cover(self, entity: str, value: str, path: str = "") -> str:
        """Return what stands in the place of `value`.

        Args:
            entity: Its kind.
            value: The value.
            path: The dotted path that named it, if that is why it goes.

        >>> Masks().cover("EMAIL_ADDRESS", "ann@example.org")
        '<EMAIL_ADDRESS>'
        >>> Masks({"CREDIT_CARD": "last4"}).cover("CREDIT_CARD", "4111 1111 1111 1111")
        '<CREDIT_CARD:1111>'
        """
        way = self.way(entity, path)
        if way == REMOVE:
            return ""
        if way == PSEUDONYM:
            import hmac

            assert self._key is not None
            said = hmac.digest(
                self._key, f"{entity}\0{_normal(entity, value)}".encode("utf-8", "surrogatepass"), "sha256"
            )
            return f"<{entity}:{said.hex()[:8]}>"
        if way == LAST_FOUR:
            shown = "".join(char for char in value if char.isascii() and char.isalnum())
            if len(shown) >= _SHORTEST_TO_SHOW:
                return f"<{entity}:{shown[-4:]}>"
        return f"<{entity}>"


def is_mask(text: str) -> bool:
    """Tell whether a value is a mask and nothing else.

    >>> is_mask("<IBAN_CODE:3f9a1c2b>"), is_mask("see <IBAN_CODE>")
    (True, False)
    """
    return _MASK.fullmatch(text) is not None


def load_key(path: str) -> bytes:
    """Return the key for pseudonyms that a file holds, without the line end.

    Raises:
        DefinitionError: If it cannot be read, or is no key.
    """
    from auditlog_cli.errors import DefinitionError
    from auditlog_cli.sources.opening import read_definition

    key = read_definition(path, _LONGEST_KEY + 1).rstrip(b"\r\n")
    if not _SHORTEST_KEY <= len(key) <= _LONGEST_KEY:
        raise DefinitionError(
            f"{path}: a key for pseudonyms has {_SHORTEST_KEY} to {_LONGEST_KEY} bytes",
            help=f"openssl rand -hex 32 > {path}",
        )
    return key


def _normal(entity: str, value: str) -> str:
    if entity == "EMAIL_ADDRESS":
        return value.strip().lower()
    if entity == "IBAN_CODE":
        value = value.upper()
    return value if entity == FIELD else _SEPARATORS.sub("", value)
