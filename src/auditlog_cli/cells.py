"""A cell of a table in text (RFC 4180), and the guard against formulas.

What an agent was told to write must not run on the machine of the person who opens the table.
"""

from __future__ import annotations

FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\t", "\r")
"""What a spreadsheet takes for the start of a formula, in full width too; a tab or CR is skipped before one."""


def guarded(text: str) -> str:
    """Return `text` with an apostrophe in front if a spreadsheet could take it for a formula.

    A text that begins with an apostrophe gets one, too: so without its first apostrophe each is what it was.

    >>> guarded("=1+1"), guarded(" @x"), guarded("'x"), guarded("x=1")
    ("'=1+1", "' @x", "''x", 'x=1')
    """
    return f"'{text}" if text.startswith("'") or text.startswith(FORMULA) or text.lstrip().startswith(FORMULA) else text


def quoted(text: str) -> str:
    """Return `text` as a cell in quotes.

    >>> quoted('say "b" now')
    '"say ""b"" now"'
    """
    return '"' + text.replace('"', '""') + '"'
