"""How many lines were read, and what became of them. The numbers always add up."""

from __future__ import annotations

from auditlog_cli.errors import EXIT_INCOMPLETE, EXIT_INPUT, EXIT_OK


class Counts:
    """read = selected + passed + own + bad, at every moment.

    Attributes:
        read: Lines.
        selected: Those asked for.
        passed: Those not asked for.
        own: The log's records about itself, where they were not asked for.
        bad: Those that are not one strict JSON object.
        unparsed:
            Of `passed`: lines that a search over the bytes ruled out without parsing them. Among them
            bad lines are not seen.
    """

    __slots__ = ("bad", "own", "passed", "read", "selected", "unparsed")

    def __init__(self) -> None:
        self.read = 0
        self.selected = 0
        self.passed = 0
        self.own = 0
        self.bad = 0
        self.unparsed = 0

    def add(self, other: Counts) -> None:
        """Add what became of other lines."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def leave_out(self, many: int) -> None:
        """Take so many of the selected lines for passed: there is no place for them where they should go."""
        self.selected -= many
        self.passed += many

    def spoil(self) -> None:
        """Take a selected line for bad: what was wrong with it showed later."""
        self.selected -= 1
        self.bad += 1

    def exit_code(self) -> int:
        """Return 0, or 6 if some line could not be judged, or 3 if no line could."""
        if not self.bad:
            return EXIT_OK if self.read else EXIT_INPUT
        return EXIT_INCOMPLETE if self.bad < self.read else EXIT_INPUT

    def __str__(self) -> str:
        parts = [f"{self.selected:,} selected", f"{self.passed:,} not selected"]
        if self.unparsed:
            parts[1] += f" ({self.unparsed:,} of them unparsed)"
        if self.own:
            parts.append(f"{self.own:,} of the log's own")
        parts.append(f"{self.bad:,} bad")
        return f"{many(self.read, 'line')} read: {', '.join(parts)}"


def many(count: int, word: str) -> str:
    """Return `3 findings`, `1 finding`.

    >>> many(1, "record"), many(1200, "record")
    ('1 record', '1,200 records')
    """
    return f"{count:,} {word if count == 1 else f'{word}s'}"
