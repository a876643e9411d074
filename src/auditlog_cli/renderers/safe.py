"""Text out of a log, made harmless for a terminal.

Control characters could move the cursor or change colours, bidirectional marks could make a line read
otherwise than it is, and both could hide what an agent did. They are shown as escapes (`\\x1b`, `\\u202e`).
Letters that are written from right to left are kept, but closed off from their surroundings by isolates
(UAX #9), so that they cannot reorder the rest of the line.
"""

from __future__ import annotations

from auditlog_cli.controls import escapes as escapes

_OURS = dict.fromkeys(map(ord, "▸→…✓✗│├└─╌●○·›⚠⊘◌◐◀"), "x")  # what we draw with: one column each
ISOLATE, POP = "\u2068", "\u2069"
"""What stands around a text with letters from right to left."""


def one_line(text: str) -> str:
    """Return `text` as one harmless line.

    >>> one_line("a\\x1b[31mb\\n")
    'a\\\\x1b[31mb\\\\n'
    """
    if text.isascii() and text.isprintable():
        return text
    text = text.translate(escapes())
    return f"{ISOLATE}{text}{POP}" if _has_right_to_left(text) else text


def _has_right_to_left(text: str) -> bool:
    if text.isascii():
        return False
    return any(
        "\u0590" <= char <= "\u08ff" or "\ufb1d" <= char <= "\ufdff" or "\ufe70" <= char <= "\ufefc"
        or "\U00010800" <= char <= "\U00010fff" or "\U0001e800" <= char <= "\U0001efff"
        for char in text
    )  # fmt: skip


def for_ascii(text: str) -> str:
    """Return `text` with every character beyond ASCII as an escape, for terminals that show no others.

    >>> for_ascii("café")
    'caf\\\\xe9'
    """
    return text if text.isascii() else text.encode("ascii", "backslashreplace").decode()


def width(text: str) -> int:
    """Return how many columns a terminal gives to `text`, which `one_line` has made harmless.

    Source: UAX #11 (wide and fullwidth take two), combining marks and isolates take none.

    >>> width("東京"), width("e\\u0301")
    (4, 1)
    """
    if text.isascii():
        return len(text)
    if text.translate(_OURS).isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    columns = 0
    for char in text:
        if char in "\u2066\u2067\u2068\u2069\u200d" or combining(char) or "\ufe00" <= char <= "\ufe0f":
            continue
        columns += 2 if east_asian_width(char) in "WF" else 1
    return columns


def clip(text: str, columns: int, ellipsis: str = "…") -> str:
    """Return `text` cut to at most `columns`, with an ellipsis where something was cut.

    >>> clip("abcdef", 4)
    'abc…'
    """
    if columns <= 0:
        return ""
    if width(text) <= columns:
        return text
    room = columns - width(ellipsis)
    kept, used = [], 0
    for char in text:
        step = width(char)
        if used + step > room:
            break
        kept.append(char)
        used += step
    cut = "".join(kept)
    if ISOLATE in cut and cut.count(ISOLATE) > cut.count(POP):
        cut += POP
    return cut + ellipsis if room >= 0 else ellipsis[:columns]


def fill(text: str, columns: int) -> str:
    """Return `text` followed by blanks up to `columns`."""
    return text + " " * (columns - width(text))


def wrapped(text: str, columns: int, hang: str = "") -> list[str]:
    """Return a text in lines of at most `columns`, broken at single blanks only; a longer word stays whole.

    Args:
        text: One line.
        columns: How wide.
        hang: What every line but the first begins with.

    >>> wrapped("a torn line", 6, "  ")
    ['a torn', '  line']
    """
    first, *words = text.split(" ")
    lines = [first]
    for word in words:
        if width(lines[-1]) + 1 + width(word) > columns:
            lines.append(hang + word)
        else:
            lines[-1] += f" {word}"
    return lines
