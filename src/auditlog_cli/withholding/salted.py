"""Lines that others wrote, taken apart with the salts beside them, and values withheld (integrity.md, 2.8)."""

from __future__ import annotations

from collections.abc import Iterator

from auditlog_cli import strictjson
from auditlog_cli.salting.files import Snapshot
from auditlog_cli.sealing import salted
from auditlog_cli.withholding import lines
from auditlog_cli.withholding.anatomy import Anatomy, Value
from auditlog_cli.withholding.declaring import Target
from auditlog_cli.withholding.replacing import meant


class Foreign(Anatomy):
    """The line taken apart; see `Anatomy`. It is never a record of the log about itself.

    Attributes:
        is_json: Whether it is one strict JSON object. If not, it can go as a whole only.
    """

    __slots__ = ("is_json", "spans")

    def __init__(self, raw: bytes, seq: int, spans: list[salted.Span]) -> None:
        looked = salted.look(raw, spans)
        values = [Value(field, *span) for field, span in zip(looked.fields, spans, strict=True)]
        pieces: list[bytes] = []
        at = 0
        for number, (_, offset, length) in enumerate(spans):
            # No member of a plain place bears this name (`sealing.salted.places`).
            pieces += (raw[at:offset], b'{"_salts":%d}' % number)
            at = offset + length
        bare = b"".join((*pieces, raw[at:]))
        self.is_json = True
        try:
            plain = strictjson.decode(bare)
        except strictjson.Malformed:
            self.is_json = False
            plain = {}
        super().__init__(raw, seq, len(raw), values, plain, bare, [field for field, _ in looked.holes])
        self.spans = spans

    @property
    def content(self) -> dict[str, object]:
        """The whole record as it stands; nothing if it is none."""
        return super().content if self.is_json else {}

    @property
    def own(self) -> None:
        """Nothing: others wrote it."""
        return

    def leaf(self) -> str:
        """The leaf of the line."""
        return salted.leaf(self.raw, self.spans).hex()


def dissect(raw: bytes, number: int, text: bytes) -> Foreign | None:
    """Take a line without LF apart; None if it is withheld as a whole.

    Args:
        raw: The line.
        number: Which one, from 0.
        text: Its salts.

    Raises:
        Unsealed: If the salts are not those of the line.
    """
    spans = salted.read(text, len(raw))
    return None if salted.tombstone(raw, number, spans) else Foreign(raw, number, spans)


def withheld(files: Snapshot, targets: list[Target], *, new: bool) -> Iterator[tuple[bytes, bytes, bool]]:
    """Yield each line and its salts, targets withheld, without LF; and whether it differs from what is there.

    Args:
        files: The log, all of it sealed (`settling.whole` has looked).
        targets: What is to go. A value that is not the one that was declared stays.
        new: Whether its salts are still called `.salts.new`.
    """
    wanted: dict[int, list[Target]] = {}
    for target in targets:
        wanted.setdefault(target.seq, []).append(target)
    for number, (line, text) in enumerate(files.pairs(new=new)):
        assert line is not None and text is not None
        found = dissect(line.raw, number, text) if number in wanted else None
        fields = meant(found, wanted[number]) if found is not None else set()
        if found is None or not fields:
            yield line.raw, text, False
        elif "" in fields:
            yield lines.bury(found), salted.render([]), True
        else:
            raw, spans = lines.withhold_beside(found, fields)
            yield raw, salted.render(spans), True
