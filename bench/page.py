"""The measured part of a page: one section for each name, with a date of its own. Standard library only.

A section is what stands between its mark and the next one. A run replaces the sections it has measured and leaves the
others as they stood, dates and all.
"""

from __future__ import annotations

import datetime
import os
import re
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from tables import Table, drawn

BEGIN, END = "<!-- measured: begin (make bench) -->", "<!-- measured: end -->"
MARK = re.compile(r"^<!-- table: ([a-z-]+) -->$", re.M)
DATED = re.compile(r"Measured \d{4}-\d\d-\d\d ")


class PageError(Exception):
    """A page whose measured part cannot be told apart: it is left as it is."""


def section(date: datetime.date, machine: str, tables: Sequence[Table]) -> str:
    """Return the text of a section. Raises NotRun for a row that was not run, PageError for no table at all."""
    if not tables:
        raise PageError("a section needs a table")
    return "\n\n".join([f"Measured {date} {machine}", *map(drawn, tables)])


def sections(page: str) -> dict[str, str]:
    """Return name → text of the sections, in their order. Raises PageError."""
    return _split(page)[1]


def check(page: str, order: Sequence[str]) -> None:
    """Raise PageError when no section could be written into a page."""
    _known(sections(page), order)


def replaced(page: str, name: str, text: str, order: Sequence[str]) -> str:
    """Return the page with one section replaced, or put where `order` wants it.

    Raises:
        PageError: The marks of the page are not in order; the text has a mark in it, or no date; a name of the page or
            the given one is not in `order`.
    """
    before, found, after = _split(page)
    if not DATED.match(text) or MARK.search(text) or BEGIN in text or END in text:
        raise PageError(f"{name}: a section begins with its date and holds no marks")
    found[name] = text.strip("\n")
    _known(found, order)
    body = "\n\n".join(f"<!-- table: {each} -->\n{found[each]}" for each in order if each in found)
    return f"{before}{BEGIN}\n\n{body}\n\n{END}{after}"


def write(path: Path, name: str, text: str, order: Sequence[str]) -> None:
    """Put a section into a page: written beside it and renamed. Raises PageError, and then the page is as it was."""
    page = replaced(path.read_text(encoding="utf-8"), name, text, order)
    descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(page)
        os.chmod(beside, path.stat().st_mode & 0o777)
        os.replace(beside, path)
    except BaseException:
        os.unlink(beside)
        raise


def _known(names: Iterable[str], order: Sequence[str]) -> None:
    unknown = [each for each in names if each not in order]
    if unknown:
        raise PageError(f"no table is called {', '.join(unknown)}")


def _split(page: str) -> tuple[str, dict[str, str], str]:
    """What stands before the marks, the sections, what stands after."""
    if page.count(BEGIN) != 1 or page.count(END) != 1 or page.index(BEGIN) > page.index(END):
        raise PageError(f"the page needs {BEGIN} and {END}, each once and in this order")
    before, rest = page.split(BEGIN)
    inside, after = rest.split(END)
    head, *parts = MARK.split(inside)
    if head.strip():
        raise PageError(f"text without the mark of a table: {head.strip()[:60]!r}")
    found: dict[str, str] = {}
    for name, text in zip(parts[::2], parts[1::2], strict=True):
        if name in found:
            raise PageError(f"{name} stands there twice")
        if not DATED.match(text.lstrip("\n")):
            raise PageError(f"{name} has no date")
        found[name] = text.strip("\n")
    return before, found, after
