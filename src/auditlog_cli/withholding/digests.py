"""Digests that would undo a redaction: plain sums of what was withheld (integrity.md, 2.4). No I/O.

Whoever can guess a withheld value can check the guess against its digest. So when content goes, or one member of
it, every digest of that content goes with it, wherever it stands in the log.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import orjson

from auditlog_cli.capture import digests
from auditlog_cli.fields import get
from auditlog_cli.sealing.policy import DIGESTS
from auditlog_cli.withholding.anatomy import Anatomy

PLACES = {"/" + place.replace(".", "/"): of for place, of in DIGESTS.items()}
"""Where a digest stands → of what."""

ANYWHERE = re.compile(rb'sha256":"([0-9a-f]{64})"')
"""A digest as it stands in a line."""


def undone_by(line: Anatomy, fields: frozenset[str], *, whole: bool) -> Iterator[str]:
    """Yield the digests of content of this record of which a part is to go.

    Both those that the record names itself (they may be keyed, or taken before values were masked) and those
    that its content gives, as far as it is still there.

    Args:
        line: The record.
        fields: JSON pointers of what is to go.
        whole: Whether the whole record goes.
    """
    for place, above in _ABOVE.items() if whole else _concerned(fields):
        for name in (place, above):
            content = get(line.content, name[1:].replace("/", "."))
            if name == place and isinstance(content, str):
                yield content
            elif name == above and isinstance(content, str):
                yield digests.of_text(content)
            elif name == above and isinstance(content, dict):
                try:
                    yield digests.of_arguments(content)
                except (TypeError, orjson.JSONEncodeError):
                    pass  # a number that orjson cannot write: then only the record's own digest is known


_ABOVE = {place: "/" + path.replace(".", "/") for place, path in PLACES.items()}


@lru_cache(maxsize=256)
def _concerned(fields: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """The digests, and what they are of, that are concerned if these fields go: few sets of fields come again."""
    return tuple(
        (place, above)
        for place, above in _ABOVE.items()
        if any(field == above or field.startswith(f"{above}/") for field in fields)
    )


def fields_of(line: Anatomy, wanted: set[str] | frozenset[str]) -> list[str]:
    """Return the JSON pointers of readable digests of this record that are among `wanted`."""
    return [
        value.field
        for value in line.values
        if value.field in PLACES and line.text(value)[1:-1].decode("ascii", "replace") in wanted
    ]
