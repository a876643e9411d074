"""The nouns that travel from the file to the screen: Line, Record, BadLine.

Plain classes with slots: `dataclasses` would cost `tail` and `filter` more than all of the rest of
their start-up (bench/startup.py).
"""

from __future__ import annotations


class Line:
    """One line of a log as it stands in the file. The bytes are never thrown away.

    Attributes:
        raw:
            The bytes without their LF.
        path:
            The file as the user named it; `-` for standard input.
        number:
            Counted from 1; 0 where the lines before it have not been counted.
        offset:
            Where the line begins: bytes from the start of the (decompressed) file.
        ended:
            False for a last line without LF.
    """

    __slots__ = ("ended", "number", "offset", "path", "raw")

    def __init__(self, raw: bytes, path: str = "", number: int = 0, offset: int = 0, ended: bool = True) -> None:
        self.raw = raw
        self.path = path
        self.number = number
        self.offset = offset
        self.ended = ended

    def __repr__(self) -> str:
        return f"Line({self.where}, {len(self.raw)} bytes)"

    @property
    def where(self) -> str:
        """`path:number`, or `path@offset` while the number is not known."""
        return f"{self.path}:{self.number}" if self.number else f"{self.path}@{self.offset}"


class Record:
    """A decoded line.

    Attributes:
        content:
            The record under the names of `auditlog.record/1`, whatever the shape it was stored in.
        line:
            The line that it came from.
        shape:
            Which decoder read it: `auditlog`, `tutorial`, `agentaudit`, … or `unknown`.
        stored:
            The JSON object of the line as it stands in the file; the same object as `content` where
            the shape is ours or unknown.
    """

    __slots__ = ("content", "line", "shape", "stored")

    def __init__(self, content: dict[str, object], line: Line, shape: str, stored: dict[str, object]) -> None:
        self.content = content
        self.line = line
        self.shape = shape
        self.stored = stored

    def __repr__(self) -> str:
        return f"Record({self.line.where}, {self.shape})"

    @property
    def is_own(self) -> bool:
        """Whether this is a record of the log about itself (genesis, rotate, …: integrity.md, 2.6)."""
        return self.shape == "auditlog" and "auditlog" in self.stored


class BadLine:
    """A line that is not one strict JSON object. It stays in the stream, and in the counts.

    Attributes:
        line:
            The line.
        code:
            `json`, `encoding`, `duplicate-member`, `depth`, `length` or `torn-tail`.
        reason:
            In words, without any value of the line.
        at:
            Where in the line: bytes from its start.
    """

    __slots__ = ("at", "code", "line", "reason")

    def __init__(self, line: Line, code: str, reason: str, at: int = 0) -> None:
        self.line = line
        self.code = code
        self.reason = reason
        self.at = at

    def __repr__(self) -> str:
        return f"BadLine({self.line.where}, {self.code})"
