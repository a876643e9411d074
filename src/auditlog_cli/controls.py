"""Characters that do something instead of showing something: control, bidirectional and invisible ones.

They could move the cursor, begin a line of their own in a file of lines, or hide what an agent did.
"""

from __future__ import annotations

_escapes: dict[int, str] = {}


def escapes() -> dict[int, str]:
    """Return what is shown in place of what: code point → escape. Made when the first text needs it."""
    if not _escapes:
        marks = (
            # Bidirectional controls (UAX #9) and invisible characters that hide text.
            0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A),
            0x00AD, 0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180E, 0x200B, 0x2060, 0x3164, 0xFEFF, 0xFFA0,
            0x2028, 0x2029, *range(0x206A, 0x2070), *range(0xFFF9, 0xFFFC), *range(0xE0000, 0xE0080),
        )  # fmt: skip
        _escapes.update({code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))})
        _escapes.update({code: f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}" for code in marks})
        _escapes.update({0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t"})
    return _escapes
