"""Fields of a line exchanged by their bytes, where that is certain: most lines of a log are written alike.

The quick twin of `found.Found.carried_out` for what goes because of its place (bench/redact.py; the tests hold both
against each other).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from auditlog_cli import strictjson
from auditlog_cli.pointers import escaped
from auditlog_cli.redaction.found import Taken
from auditlog_cli.redaction.masks import FIELD, REMOVE, Masks, is_mask


class Field(NamedTuple):
    """A field to be exchanged.

    Attributes:
        path: Dotted path.
        above: Names on the way, each with the names with dots in them that could stand at its level instead.
        last: Name of the member.
        key: The same as it stands in a line, with its colon.
        taken: What is counted for it.
    """

    path: str
    above: tuple[tuple[str, tuple[str, ...]], ...]
    last: str
    key: bytes
    taken: Taken


class Edits:
    """Exchanges fields in lines that are written as orjson writes them.

    Args:
        fields: From `field`.
        masks: What stands in their place.
    """

    def __init__(self, fields: Sequence[Field], masks: Masks) -> None:
        self._fields = fields
        self._masks = masks

    def made(self, raw: bytes, content: dict[str, Any]) -> tuple[bytes, tuple[Taken, ...]] | None:
        """Return the line with masks and what was masked, or None if it has to be looked at closely.

        In a line that orjson could have written `"name":"text"` stands only where a member of this name has this
        value: so if it stands there once, that is the place.

        Args:
            raw: The line.
            content: What it holds; `raw` is what orjson makes of it.
        """
        if "_salts" in content:  # a seal may have to go with it
            return None
        places: list[tuple[int, int, bytes]] = []
        taken: list[Taken] = []
        for path, above, last, key, told in self._fields:
            holder: Any = content
            for name, others in above:
                for other in others:
                    if other in holder:
                        return None
                if name not in holder:
                    break
                holder = holder[name]
                if holder.__class__ is not dict:
                    return None
            else:
                value = holder.get(last)
                if value is None:
                    continue
                if value.__class__ is not str:
                    return None
                if value[:1] == "<" and is_mask(value):
                    continue
                member = key + strictjson.written(value).encode()
                at = raw.find(member)
                if at < 0 or raw.find(member, at + 1) >= 0:
                    return None
                mask = f'"{self._masks.cover(FIELD, value, path)}"'
                places.append((at + len(key), at + len(member), mask.encode()))
                taken.append(told)
        return _exchanged(raw, places), tuple(taken)


def of(paths: Sequence[str], masks: Masks) -> Edits | None:
    """Return what exchanges these fields, or None if one of them needs more than that.

    Args:
        paths: Dotted paths of members: no `*`, nothing that is taken out as a whole.
        masks: What stands in their place.
    """
    fields = []
    for path in paths:
        names = path.split(".")
        if "*" in names or "" in names or masks.way(FIELD, path) == REMOVE:
            return None
        above = tuple((name, _joined(names[at:])) for at, name in enumerate(names[:-1]))
        pointer = "".join(f"/{escaped(name)}" for name in names)
        key = f"{strictjson.written(names[-1])}:".encode()
        fields.append(Field(path, above, names[-1], key, Taken(FIELD, pointer)))
    return Edits(fields, masks) if fields else None


def _joined(names: list[str]) -> tuple[str, ...]:
    return tuple(".".join(names[:count]) for count in range(2, len(names) + 1))


def _exchanged(raw: bytes, places: list[tuple[int, int, bytes]]) -> bytes:
    if len(places) == 1:
        start, end, mask = places[0]
        return raw[:start] + mask + raw[end:]
    parts: list[bytes] = []
    done = 0
    for start, end, mask in sorted(places):
        parts += (raw[done:start], mask)
        done = end
    return b"".join(parts) + raw[done:]
