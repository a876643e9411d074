"""Records on their way out of the house: masked before an exporter sees them (compliance.md, 12: `export --redact`).

The log keeps its values and its seals; what goes out has neither. Whatever was computed from the bytes before they were
masked would let anybody try guesses at what is covered: so seals stay behind, and digests of content that is not shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from auditlog_cli import decoders, fields, strictjson
from auditlog_cli.exporters import Entry
from auditlog_cli.exporters._envelope import as_json
from auditlog_cli.record import Line
from auditlog_cli.redaction.found import Taken
from auditlog_cli.redaction.redactor import Masked, Redactor
from auditlog_cli.redaction.running import Tally
from auditlog_cli.redaction.sought import Sought
from auditlog_cli.sealing.policy import DIGESTS

_TOLD = 10
_OF_A_SEAL = ("prev", "_salts")
_LEAF = re.compile("[0-9a-f]{64}")
_OF_OWN = ("timestamp", "record_id", "seq")


class Outgoing:
    """Masks records, and counts what became of them. Called with an entry it returns the entry that goes out.

    Args:
        redactor: Masks.
        say: Is told, in one line each, which records do not go out; of the first few.
        sought: Dotted paths that are to go whatever they hold: it is noticed whether a record has them.
        mark: What tells these masks from others; see `settings.Settings.mark`.

    Attributes:
        tally: What became of the records: read = changed + unchanged.
        held_back: Those that do not go out: what is to be masked stands in the name of a member.
        unsealed: Those that had a seal.
        digests: How many digests were left out.
        own: The log's own records, of which only the type, the time and the number go out.
    """

    def __init__(
        self, redactor: Redactor, say: Callable[[str], None], sought: Sequence[str] = (), mark: str = ""
    ) -> None:
        self._redactor = redactor
        self._say = say
        self.mark = mark
        self.tally = Tally()
        self.sought = Sought(sought)
        self.held_back = self.unsealed = self.digests = self.own = 0

    def __call__(self, entry: Entry) -> Entry | None:
        """Return the entry with masks, without leaf; None if it cannot be masked as a whole."""
        looked = self._looked(entry)
        self.tally.read += 1
        self.tally.count(looked.masked)
        if looked.masked.left:
            self.held_back += 1
            if self.held_back <= _TOLD:
                self._say(f"{entry.where}: held back: something to be masked stands in the name of a member")
            return None
        content = looked.content
        bare = _without_seal(content)
        if entry.leaf or bare is not content:
            self.unsealed += 1
            content = bare
        if entry.shape == decoders.OURS and "auditlog" in content:
            content = _of_own(content)
            self.own += 1
        else:
            content = self._without_digests(content, looked.masked.taken)
        line = looked.masked.raw if content is looked.content else as_json(content).encode()
        return Entry(line, content, b"", entry.where, entry.shape)

    def _looked(self, entry: Entry) -> _Looked:
        """The line masked as it stands; a line of another shape a second time, under our names for its members."""
        self._see(entry.line)
        done = self._redactor.line(entry.line)
        if entry.shape in (decoders.OURS, decoders.UNKNOWN):
            content = strictjson.decode(done.raw) if done.taken else entry.content
            return _Looked(done, content)
        stored = strictjson.decode(done.raw)
        named = as_json(decoders.read(stored, Line(done.raw)).content).encode()
        self._see(named)
        again = self._redactor.line(named)
        both = Masked(again.raw, done.taken + again.taken, done.left + again.left)
        return _Looked(both, strictjson.decode(again.raw))

    def _see(self, line: bytes) -> None:
        if self.sought.unmet:
            self.sought.see(line)

    def _without_digests(self, content: dict[str, object], taken: Sequence[Taken]) -> dict[str, object]:
        """A digest stays where what it is of stands beside it, and nothing of that was masked."""
        for place, of in DIGESTS.items():
            name, member = place.split(".")
            above = "/" + of.replace(".", "/")
            block = content.get(name)
            if not isinstance(block, dict) or member not in block or fields.is_hole(block[member]):
                continue
            shown = fields.get(content, of)
            masked = any(each.pointer == above or above.startswith(f"{each.pointer}/")
                         or each.pointer.startswith(f"{above}/") for each in taken)  # fmt: skip
            if shown is fields.MISSING or fields.is_hole(shown) or masked:
                content = content | {name: {each: value for each, value in block.items() if each != member}}
                self.digests += 1
        return content


class _Looked(NamedTuple):
    masked: Masked
    content: dict[str, object]


def _without_seal(content: dict[str, object]) -> dict[str, object]:
    """The record without what the seals of a log say of it, or said of it where it was imported from."""
    prev = content.get("prev")
    if "_salts" in content or (isinstance(prev, str) and _LEAF.fullmatch(prev)):
        content = {name: value for name, value in content.items() if name not in _OF_A_SEAL}
    rest = fields.get(content, "provenance.import.rest")
    if not isinstance(rest, dict) or (bare := _without_seal(rest)) is rest:
        return content
    above: dict[str, dict[str, object]] = content["provenance"]  # type: ignore[assignment]
    return content | {"provenance": above | {"import": above["import"] | {"rest": bare}}}


def _of_own(content: dict[str, object]) -> dict[str, object]:
    """What goes out of a record of the log's own: the rest are heads, digests, names of who did it, torn lines."""
    own = content["auditlog"]
    kind = own.get("type") if isinstance(own, dict) else None
    told = {name: content[name] for name in _OF_OWN if name in content}
    return told | {"auditlog": {"type": kind} if isinstance(kind, str) else {}}
