"""Identifiers of one person in texts and values (integrity.md, 2.7, "One person"). No I/O.

A value is the person's if one of its scalars equals an identifier, or if an identifier stands in one of its texts (or
member names) as a word: with neither a letter, digit nor underscore next to it. In doubt that takes too much rather
than too little: `u-17` also stands in `u-17-b`.

Letter for letter, but for identifiers with an `@`: e-mail addresses differ in case and mean the same.
Composed and decomposed letters (Unicode NFC, NFD) are the same.
"""

from __future__ import annotations

import json
import re
import unicodedata
from base64 import b64decode
from decimal import Decimal

from auditlog_cli import strictjson

BYTES = b'"not_json":"bytes"'
"""Where bytes were to be a value, base64 stands: an identifier may hide in it."""


class Identifiers:
    """What one person is known by.

    Args:
        identifiers: Texts, none of them empty.

    Attributes:
        blobs: Names of large values (`audit.blobs/`) that are known to hold an identifier: who refers to
            one of them is a hit. Filled by the caller.
        torn: Names of files with torn ends (`audit.torn.*`) that do. Filled by the caller.
        needles: Lower-case bytes of which every line with a hit holds one, or an escape; None if every
            line has to be looked at.
    """

    def __init__(self, identifiers: list[str]) -> None:
        self.identifiers = identifiers
        self.blobs: set[str] = set()
        self.torn: set[str] = set()
        forms = {unicodedata.normalize(form, each) for each in identifiers for form in ("NFC", "NFD")} | {*identifiers}
        words = sorted(forms, key=len, reverse=True)
        patterns = [f"(?i:{re.escape(word)})" if "@" in word else re.escape(word) for word in words]
        self._word = re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})(?!\w)")
        self._scalars = {*words}
        self._spelled = {
            json.dumps(word, ensure_ascii=plain).encode("utf-8", "surrogatepass")
            for word in words
            for plain in (True, False)
        }
        found = [strictjson.needle(word) for word in words]
        self.needles: list[bytes] | None = None
        if None not in found:
            self.needles = sorted({each.lower() for each in found if each})

    def in_text(self, text: str) -> bool:
        """Tell whether an identifier stands in `text` as a word."""
        return self._word.search(text) is not None

    def in_json(self, raw: bytes) -> bool:
        """Tell whether the JSON value `raw` holds an identifier, or refers to a large value that does."""
        if raw in self._spelled:
            return True
        if self.surely_not_in(raw):
            return False
        if raw.startswith(b'"') and b"\\" not in raw and b'"' not in raw[1:-1]:  # a text as it stands: most are
            text = raw[1:-1].decode()
            return self.in_text(text) or text in self.blobs
        # Inside an object: a strict reader takes nothing else.
        return self.in_value(strictjson.decode(b'{"":%b}' % raw))

    def surely_not_in(self, raw: bytes) -> bool:
        """Tell by a search over the bytes that there is nothing to find (bench/redact.py)."""
        if self.needles is None or b"\\" in raw or BYTES in raw:
            return False
        low = raw.lower()
        for needle in self.needles:
            if needle in low:
                return False
        return not (self.blobs and any(name.encode() in raw for name in self.blobs))

    def spots(self, raw: bytes) -> list[int] | None:
        """Return the bytes of `raw` at which something to be found may begin; None: anywhere (bench/redact.py)."""
        if self.needles is None:
            return None
        found: list[int] = []
        low = raw.lower()
        for needle in (*self.needles, b"\\", BYTES, *(name.encode() for name in self.blobs)):
            at = low.find(needle)
            while at >= 0:
                found.append(at)
                at = low.find(needle, at + 1)
        return found

    def in_value(self, value: object) -> bool:
        """Tell whether a decoded value holds an identifier anywhere."""
        stack = [value]
        while stack:
            item = stack.pop()
            if isinstance(item, str):
                if self.in_text(item) or item in self.blobs:
                    return True
            elif isinstance(item, dict):
                stack += [*item, *item.values()]
                stack += _torn_bytes(item)
            elif isinstance(item, list):
                stack += item
            elif isinstance(item, (int, float, Decimal)) and not isinstance(item, bool) and str(item) in self._scalars:
                return True
        return False

    def in_bytes(self, data: bytes) -> bool:
        """Tell whether an identifier stands in bytes that are no JSON: a torn fragment."""
        text = data.decode("utf-8", "replace")
        return self.in_text(text) or ("\\" in text and self.in_text(_unescaped(text)))


def _torn_bytes(item: dict[str, object]) -> list[object]:
    """What `{"not_json":"bytes","text":<base64>}` stands for: the torn end of a log that is no UTF-8."""
    text = item.get("text")
    if item.get("not_json") != "bytes" or not isinstance(text, str):
        return []
    try:
        return [b64decode(text).decode("utf-8", "replace")]
    except ValueError:
        return []


def _unescaped(text: str) -> str:
    return re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)
