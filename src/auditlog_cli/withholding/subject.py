"""One person: where an identifier stands in a sealed line (integrity.md, 2.7, "One person"). No I/O."""

from __future__ import annotations

from collections.abc import Iterator

from auditlog_cli import pointers
from auditlog_cli.identifiers import BYTES, Identifiers
from auditlog_cli.withholding.anatomy import Anatomy

__all__ = ["BYTES", "Subject"]
_MARK = "_salts"


class Subject(Identifiers):
    """What one person is known by; see `Identifiers`."""

    def readable_places(self, line: Anatomy) -> Iterator[str]:
        """Yield JSON pointers of the places where an identifier stands and that cannot be withheld by field.

        For a member name that holds one: the pointer of the object it is in (see `unnamed`, too).
        """
        if self.surely_not_in(line.bare):
            return
        stack: list[tuple[str, object]] = [("", line.plain)]
        while stack:
            pointer, value = stack.pop()
            if isinstance(value, dict):
                if any(self.in_text(name) for name in value):
                    yield pointer
                for name, each in value.items():
                    step = pointers.escaped(name)
                    if not (name == _MARK and type(each) is int):
                        stack.append((f"{pointer}/{step}", each))
            elif isinstance(value, list):
                stack += [(f"{pointer}/{place}", each) for place, each in enumerate(value)]
            elif not isinstance(value, bool) and self.in_value(value):
                yield pointer

    def unnamed(self, pointer: str) -> str:
        """Return a JSON pointer up to the first name that holds an identifier: that must not be written down."""
        found = ""
        for raw, step in zip(pointer.split("/")[1:], pointers.steps(pointer), strict=True):
            if self.in_text(step):
                break
            found += f"/{raw}"
        return found
