"""The forms of skeletons that were seen, as one regular expression (integrity.md, 2.3). No I/O.

An application writes few forms of records: which members, in which order. Without the redactable values there are
fewer still, for a skeleton has a hole in the place of each. The pattern spells out what was found to be strict JSON:
punctuation and names byte for byte, so no name can come twice or be a reserved one that was not there; in the place of
each plain scalar any string without a backslash, number, `true`, `false` or `null`; in the place of a list of those
another such list; in the place of each hole a hole. So whatever matches need not be parsed (bench/verify.py: 1.5 µs in
place of 3.3). What does not match is parsed. tests/verification/test_forms.py holds the two together.

A string may not hold a backslash, a control character or anything but ASCII: `Forms.match` may be asked only about
bytes without them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import cast

_EVERY = 16  # one of so many that do not match is looked at, for that takes ten times as long as parsing it
_FIRST = 1024  # compiling takes as long as reading a thousand records
_MOST = 128
_MEMBERS = 100
_LONGEST = 64 * 1024

_STRING = r'"[^"]*+"'
# No number of this size is beyond a double, so none is one that a strict reader refuses. No group here is possessive:
# in Python 3.11.0 to 3.11.4 `(?:\.[0-9]{1,17}+)?+` takes a point without a digit (gh-106052).
_SCALAR = rf"(?:{_STRING}|-?(?:0|[1-9][0-9]{{0,15}}+)(?:\.[0-9]{{1,17}}+)?|true|false|null)"
_SLOTS = {
    b"\x01": _SCALAR.encode(),
    b"\x02": rb'\{"_redacted":".{64}"\}',  # the commitment was put there by the one who asks
    b"\x03": rf"\[(?:{_SCALAR}(?:,{_SCALAR})*)?\]".encode(),
}
_TOKEN = re.compile(rb'"[^"]*"(:?)|[-0-9][-+.0-9eE]*|true|false|null|[{}\[\],]')
_LIST = re.compile(rb"\[(?:\x01(?:,\x01)*)?\]")
_PART = re.compile(rb"[\x01-\x03]|[^\x01-\x03]++")

Tree = dict[bytes, "Tree"]
"""What may come next → what may come behind it; nothing comes behind the end."""


class Forms:
    """Knows the forms of skeletons, and learns.

    Args:
        every: Of how many skeletons that are not known one is looked at.
        first: After how many of them there is a pattern; a new one after four times as many, and so on.

    Attributes:
        match: Gives a match if the form of a skeleton is known, else None. A skeleton begins with the byte 0 that is
            hashed with it, and holds no backslash, no other control character and nothing beyond ASCII.
    """

    def __init__(self, every: int = _EVERY, first: int = _FIRST) -> None:
        self.match: Callable[[bytes], object] = _unknown
        self._every = every
        self._due = first
        self._asked = 0
        self._tree: Tree = {}
        self._seen: set[bytes] = set()

    def learn(self, skeleton: bytes) -> None:
        """Take one whose form is not known and that was parsed: its text without holes is strict JSON, as orjson
        writes it, and each hole is the value of a member. It holds none of the bytes that `match` may not see.
        """
        self._asked += 1
        if not self._asked % self._every and skeleton.count(b'":') <= _MEMBERS:
            form = _form(skeleton)
            self._seen.add(form)
            node = self._tree
            for part in cast("list[bytes]", _PART.findall(form)):
                node = node.setdefault(part, {})
        if self._asked < self._due or not self._tree:
            return
        self._due *= 4
        pattern = _pattern(self._tree)
        if len(self._seen) > _MOST or len(pattern) > _LONGEST:  # nearly every record has its own
            self.match, self._tree, self._every = _unknown, {}, 1 << 62
        else:
            self.match = re.compile(rb"\x00" + pattern, re.DOTALL).fullmatch


def _unknown(skeleton: bytes) -> None:
    return None


def _form(skeleton: bytes) -> bytes:
    """The text with a mark for each plain scalar, hole and list of plain scalars."""
    text = _TOKEN.sub(lambda token: token[0] if token[1] or token[0] in b"{}[]," else b"\x01", skeleton[1:])
    return _LIST.sub(b"\x03", text.replace(b'{"_redacted":\x01}', b"\x02"))


def _pattern(tree: Tree) -> bytes:
    """What may come, as a regular expression. Each node is met at one place of a text only."""
    ways = [(_SLOTS.get(part) or re.escape(part)) + _pattern(rest) for part, rest in tree.items()]
    return ways[0] if len(ways) == 1 else b"(?:" + b"|".join(ways) + b")" if ways else b""
