"""How text is drawn: colours, and which characters the terminal has. Light, for every command comes by here."""

from __future__ import annotations

_RESET = "\x1b[0m"
_COLOURS = {
    "time": "\x1b[2m", "user": "\x1b[36m", "agent": "\x1b[35m", "call": "\x1b[1m", "dim": "\x1b[2m",
    "success": "\x1b[32m", "error": "\x1b[31m", "denied": "\x1b[33m", "blocked": "\x1b[33m", "timeout": "\x1b[31m",
    "partial": "\x1b[33m", "pending": "\x1b[2m", "bad": "\x1b[31m",
}  # fmt: skip
_GLYPHS = {
    "▸": ">", "→": "->", "…": "...", "✓": "ok", "✗": "no", "│": "|", "├": "+", "└": "`", "─": "-",
    "\u2068": "", "\u2069": "", "╌": "-", "●": "*", "○": "o",
    "·": "-", "›": ">", "⚠": "!", "⊘": "x", "◌": "o", "◐": "~", "◀": "<",
}  # fmt: skip
_ASCII = str.maketrans(_GLYPHS)


class Style:
    """How text is drawn.

    Attributes:
        colour: Whether to colour.
        unicode: Whether the terminal shows more than ASCII.
        columns: The width to keep to; 0 for no limit.
    """

    __slots__ = ("colour", "columns", "unicode")

    def __init__(self, *, colour: bool = False, unicode: bool = True, columns: int = 0) -> None:
        self.colour = colour
        self.unicode = unicode
        self.columns = columns

    def paint(self, text: str, colour: str) -> str:
        """Return `text` in a colour by name; as it is, where there are no colours."""
        code = _COLOURS.get(colour) if self.colour else None
        return f"{code}{text}{_RESET}" if code and text else text

    def glyphs(self, text: str) -> str:
        """Return `text` in the characters that the terminal has."""
        if self.unicode:
            return text
        from auditlog_cli.renderers import safe

        return safe.for_ascii(text.translate(_ASCII))
