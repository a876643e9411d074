"""Blanks and hyphens that do not break: web pages and word processors put them into numbers. They count as plain."""

from __future__ import annotations

import re

SPACES = {
    "\u00a0": " ",  # no-break space
    "\u2007": " ",  # figure space
    "\u2009": " ",  # thin space
    "\u202f": " ",  # narrow no-break space
    "\u2010": "-",  # hyphen
    "\u2011": "-",  # non-breaking hyphen
}
"""Each, and the one character of ASCII that it stands for: places in the text stay what they are."""

_TABLE = str.maketrans(SPACES)

INSIDE = rb"[0-9A-Z](?:\xc2\xa0|\xe2\x80[\x87\x89\x90\x91\xaf])[(0-9A-Z]"
"""Where one may divide a number, in the bytes of a line. What is escaped is hidden in another way."""
ESCAPED = rb"\\u(?:00[aA]0|20(?:0[79]|1[01]|2[fF]))"
_INSIDE = re.compile(INSIDE)


def plain(text: str) -> str:
    """Return the text with plain blanks and hyphens.

    >>> plain("+49\\u00a030\\u2011901820")
    '+49 30-901820'
    """
    return text if text.isascii() else text.translate(_TABLE)


def divides(data: bytes) -> bool:
    """Tell whether one of them may divide a number in bytes of JSON."""
    return (b"\xc2\xa0" in data or b"\xe2\x80" in data) and _INSIDE.search(data) is not None
