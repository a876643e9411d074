"""A document for people, in no format yet: headings, paragraphs, lists, tables. Drawn by `html` and `markdown`.

So that what a reader finds in one format stands in the other, too, and text is escaped in one place a format.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of text with a meaning.

    Attributes:
        text: As it is; whoever draws it makes it harmless.
        how: `plain`, `code` (ids, places, hashes), `strong`, `dim`, `keep` (never broken over
            lines), or a severity: `critical` … `info`.
        target: Anchor within the document, or empty.
    """

    text: str
    how: str = "plain"
    target: str = ""


Text = str | Span | tuple[str | Span, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph; `note` sets it apart: `notice`, `warning`, or empty."""

    text: Text
    note: str = ""


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list without an order."""

    items: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """Names with their values."""

    rows: tuple[tuple[str, Text], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a heading for each column.

    Attributes:
        heads: Of the columns.
        rows: As many cells each.
        numbers: Which columns hold numbers.
        caption: What it shows.
    """

    heads: tuple[str, ...]
    rows: tuple[tuple[Text, ...], ...]
    numbers: frozenset[int] = frozenset()
    caption: str = ""


Block = Paragraph | Bullets | Facts | Table


@dataclass(slots=True)
class Section:
    """A heading and what stands below it; `anchor` is what links point at."""

    title: str
    anchor: str
    blocks: list[Block] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)


@dataclass(slots=True)
class Document:
    """A title, what stands before the first section, and sections."""

    title: str
    lead: list[Block]
    sections: list[Section]


def spans(text: Text) -> tuple[Span, ...]:
    """Return text as spans."""
    parts = text if isinstance(text, tuple) else (text,)
    return tuple(part if isinstance(part, Span) else Span(part) for part in parts)
