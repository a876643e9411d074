"""What a detector is: a pattern in one of the lanes, context words, a judge, and samples that prove it.

A *candidate* is a stretch of text that a pattern matched. The judge of the detector looks at guards, checksum and
context, in that order, and says how sure it is (compliance.md, 4.1).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from auditlog_cli.detectors import context

POSSIBLE, LIKELY, CERTAIN = 0, 1, 2
CONFIDENCES = ("possible", "likely", "certain")

BEGIN = r"(?<![0-9A-Za-z_\-])(?<!\d\.)"
"""Where a number may begin: not inside a longer run, a UUID or a decimal fraction (B of compliance.md, 4.6)."""
END = r"(?![0-9A-Za-z_\-])(?!\.\d)"
WORD_BEGIN, WORD_END = r"(?<![0-9A-Za-z])", r"(?![0-9A-Za-z])"

CUSTOM = "custom"
"""The source of a detector of the site's own."""

DIGITS, TOKENS, MARKS, SECRETS, KEYS = "digits", "tokens", "marks", "secrets", "keys"

Judge = Callable[["Candidate"], "int | None"]


@dataclass(frozen=True, slots=True)
class Settings:
    """What the site says about its data (compliance.md, section 5, `scan`).

    Attributes:
        phone_regions: ISO 3166-1 alpha-2 codes of the regions in which a number without `+` is tried.
        test_numbers:
            `report`, `info` or `ignore`: what published test numbers and reserved domains are worth. `info`
            makes them `possible`, `ignore` drops them.
        mrn: The site's own pattern for medical record numbers, or None.
        least: What is worth less is not reported: a judge may spare itself the way to it.
    """

    phone_regions: tuple[str, ...] = ("US",)
    test_numbers: str = "report"
    mrn: re.Pattern[str] | None = None
    least: int = POSSIBLE


class Candidate:
    """A stretch of text that may be something.

    Args:
        text: The whole leaf.
        start: Where the stretch begins, in code points.
        end: Where it ends; a judge may move both.
        key: Name of the member that holds the leaf, or an empty text.
        settings: What the site says.
        now: Time of the record (RFC 3339), or an empty text.
    """

    # No cached properties: the lock of each costs as much as most of what they keep.
    __slots__ = ("_compact", "_near", "_place", "end", "key", "now", "settings", "start", "text")

    def __init__(self, text: str, start: int, end: int, key: str, settings: Settings, now: str = "") -> None:
        self.text = text
        self.start = start
        self.end = end
        self.key = key
        self.settings = settings
        self.now = now
        self._compact: str | None = None
        self._place: tuple[int, int] | None = None
        self._near = ""

    @property
    def value(self) -> str:
        """The stretch itself. It never leaves the room."""
        return self.text[self.start : self.end]

    @property
    def compact(self) -> str:
        """The stretch without blanks, dots and hyphens, as it was when this was first asked for."""
        if self._compact is None:
            self._compact = self.value.translate(_SEPARATORS)
        return self._compact

    def said_by_key(self, words: frozenset[str]) -> bool:
        """Tell whether the key holds one of the context words."""
        return not words.isdisjoint(context.of_key(self.key))

    def said(self, words: frozenset[str]) -> bool:
        """Tell whether the key, or the text close by, holds one of the context words."""
        if self.said_by_key(words):
            return True
        if self._place is None:  # a judge may move the stretch later
            self._place = self.start, self.end
            self._near = context.near(self.text, *self._place)
        # Words are cut out of the text only where one of them can stand: mostly there is none.
        if not any(map(self._near.__contains__, context.beginnings(words))):
            return False
        return not words.isdisjoint(context.around(self.text, *self._place))


_SEPARATORS = dict.fromkeys(map(ord, " .-"))


@dataclass(frozen=True, slots=True)
class Detector:
    """One way to find one entity. An entity may have several.

    Attributes:
        entity: Its name, as in the tables of compliance.md.
        title: What it is, in words.
        lane: Where its candidates come from; `keys`: the name of the member is the test.
        pattern: What a candidate looks like. For `keys` it must match the whole leaf.
        judge: How sure we are of a candidate, or None if it is nothing.
        words: Context words, lower case, words of a phrase joined with `_`.
        needs: For `marks` and `secrets`: texts, in lower case, one of which every candidate's leaf (or its key) holds.
        often: For `marks`: (text, times) pairs of which every candidate's leaf has one so often.
        sieve: A cheaper pattern that is found in every leaf in which `pattern` is.
        run: Of letters, digits, `_` and `-` so many stand in a row in every candidate, at least.
        least: For `digits`: how few digits a candidate has.
        literal: It has an unmistakable beginning, so that a key such as `…_id` does not speak against it.
        key: For `keys`: what the member's name (lower case, words joined with `_`) must match as a whole.
        source: The standard or the authority.
        hits: (key, text) pairs in which it must be found.
        misses: (key, text) pairs that look alike and must not be found.
        line: Where a detector of the site's own stands in its file; 0 if that is not known.
    """

    entity: str
    title: str
    lane: str
    pattern: re.Pattern[str]
    judge: Judge
    words: frozenset[str] = frozenset()
    needs: tuple[str, ...] = ()
    often: tuple[tuple[str, int], ...] = ()
    sieve: re.Pattern[str] | None = None
    run: int = 0
    least: int = 9
    literal: bool = False
    key: re.Pattern[str] | None = None
    source: str = ""
    hits: tuple[tuple[str, str], ...] = ()
    misses: tuple[tuple[str, str], ...] = ()
    line: int = field(default=0, compare=False)

    def words_as_bytes(self) -> set[bytes]:
        """Return the context words, each as the bytes of its first part, for the look at bytes."""
        return {word.partition("_")[0].encode() for word in self.words}


def words(text: str) -> frozenset[str]:
    """Return the context words written in `text`, separated by commas."""
    return frozenset(each.strip().replace(" ", "_") for each in text.split(","))


def ascii_pattern(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Return `pattern` compiled for ASCII digits and letters only."""
    return re.compile(pattern, re.ASCII | flags)
