"""What an index is asked, and whether it is worth asking: light, for every `filter` comes by here."""

from __future__ import annotations

import os
import stat

from auditlog_cli.sources.files import STDIN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.sources.files import Log

    Group = list[tuple[str, str]]

WORTH = 64 << 20
"""Bytes of a log from which its readers make an index for the next ones."""


class Query:
    """What is asked of an index.

    Attributes:
        groups:
            Each names values of `keys.FIELDS`, (field, value); a wanted record bears one of each group.
        needles: Texts of which a wanted line holds at least one, for what is scanned; none: every line is yielded.
        window: Microseconds since the epoch: from when, before when; None: no limit.
    """

    __slots__ = ("groups", "needles", "window")

    def __init__(
        self, groups: list[Group], needles: list[bytes] | None, window: tuple[int | None, int | None] | None = None
    ) -> None:
        self.groups = groups
        self.needles = needles
        self.window = window


def may_help(log: Log) -> bool:
    """Tell whether a log has an index, or is so large that one is made."""
    if not log.whole or log.path == STDIN:
        return False
    found = []
    for file in log.files:
        try:
            found.append(os.stat(file))
        except OSError:
            pass  # it was renamed since it was listed: rotation, which a snapshot stands
    if not all(stat.S_ISREG(each.st_mode) for each in found):
        return False  # a pipe must not be opened twice
    return os.path.lexists(f"{log.path}.index") or sum(each.st_size for each in found) >= WORTH
