"""The source of a generated function, and the values that it uses (compliance.md, 13.2)."""

from __future__ import annotations

from typing import Any


class Source:
    """Lines of Python with a table of constants: identifiers are ours, and no text of a pack gets into a line.

    Attributes:
        lines: What is written.
        constants: Name → value.
    """

    def __init__(self, constants: dict[str, Any]) -> None:
        self.lines: list[str] = []
        self.constants = constants

    def constant(self, value: Any) -> str:
        """Return the name of a value that the function uses."""
        name = f"c{len(self.constants)}"
        self.constants[name] = value
        return name

    def write(self, depth: int, text: str) -> None:
        """Write one line, `depth` levels in."""
        self.lines.append("    " * depth + text)

    def compiled(self, label: str) -> dict[str, Any]:
        """Return what the lines define, by name; tracebacks and profiles call the source `label`."""
        namespace = dict(self.constants)
        exec(compile("\n".join(self.lines), label, "exec"), namespace)  # noqa: S102 - identifiers of ours only
        return namespace
