"""What `verify` says of one log. A noun: made by `verification`, drawn by renderers (integrity.md, 4.2)."""

from __future__ import annotations

from typing import NamedTuple

from auditlog_cli.counts import many
from auditlog_cli.errors import EXIT_FOUND, EXIT_INCOMPLETE, EXIT_INPUT, EXIT_OK

COULD_NOT_LOOK = ("missing", "empty", "unsealed", "unreadable")
_LATER = ("torn-tail", "unsigned-tail", "unchecked", "anchor")


class Problem:
    """One thing that is wrong, or to be warned of.

    Attributes:
        code: As in the table of integrity.md, 4.2: `chain`, `line`, `truncated`, …
        message: One sentence that stands alone; never a value out of the log.
        seq: The record that is meant, or None.
        detail: More about the code, such as `duplicate-member` for `line`; or empty.
        path, line, byte: Where it stands; line 0 if nowhere.
        expected, found: What should stand there and what does, or empty.
        again: How often the same came after it; counted, not listed.
    """

    __slots__ = ("again", "byte", "code", "detail", "expected", "found", "line", "message", "path", "seq")

    def __init__(
        self,
        code: str,
        message: str,
        *,
        seq: int | None = None,
        detail: str = "",
        path: str = "",
        line: int = 0,
        byte: int = 0,
        expected: str = "",
        found: str = "",
    ) -> None:
        self.code = code
        self.message = message
        self.seq = seq
        self.detail = detail
        self.path = path
        self.line = line
        self.byte = byte
        self.expected = expected
        self.found = found
        self.again = 0

    def __repr__(self) -> str:
        return f"Problem({self.code!r}, {self.message!r}, seq={self.seq!r})"


class Withheld:
    """A value, or a whole record, that is withheld.

    Attributes:
        seq: The record.
        field: JSON pointer of the value; empty for the whole record.
        declared_at: The record that declares it; None: a manifest does, or nothing.
        by: Who withheld it, as the declaration says; or empty.
        signed: Whether that person's signature was checked and holds.
        beside: The file beside the log of whose lines `declared_at` is one, counted from 1; empty for a record. Without
            `declared_at` the manifest that declares it.
    """

    __slots__ = ("beside", "by", "declared_at", "field", "seq", "signed")

    def __init__(
        self, seq: int, field: str, declared_at: int | None, by: str, *, signed: bool, beside: str = ""
    ) -> None:
        self.seq = seq
        self.field = field
        self.declared_at = declared_at
        self.by = by
        self.signed = signed
        self.beside = beside

    def __repr__(self) -> str:
        return f"Withheld({self.seq}, {self.field!r}, {self.declared_at!r})"


class Only(NamedTuple):
    """The records that were looked at, where that are not all of a log.

    Attributes:
        field: `session` or `trace`.
        id: Its id.
        records: How many.
    """

    field: str
    id: str
    records: int


class Verdict:
    """What verifying one log came to.

    Attributes:
        path: The log.
        origin: Its name as its genesis says, or empty.
        records: How many, by their numbers: those of a pruned prefix included.
        first: The first one that is there: above 0 if the log was pruned.
        head: Leaf of the last record, 64 hex digits; or empty.
        root: Root of the tree over all of them, base64; or empty.
        rooted: How many records `head` and `root` stand for: fewer than `records` where lines have no salts yet.
        key_given: Whether signatures were checked.
        signed: How many records the newest good checkpoint covers.
        unsigned_tail: How many behind it are covered by none.
        checkpoints: How many there are (records and side file).
        findings: What makes the exit code other than 0.
        warnings: What does not.
        withheld: What is withheld, the first thousand of it.
        withheld_total: How many places.
        listed: What the log says about itself that a reader should know: repairs, losses, failed syncs.
        help: What to do if nothing could be looked at; or empty.
        not_checked: What nobody looked at, and why. Never empty.
        anchored: Which states that were kept elsewhere agree, and by when they are known to have existed.
        remembered: What became of the memory of heads: `new`, `agrees`, or empty if it was not asked.
        only: Which records were looked at; None: all. `unsigned_tail` then counts only them. If there are none of
            them in it, nothing was looked at.
    """

    __slots__ = (
        "anchored", "checkpoints", "findings", "first", "head", "help", "key_given", "listed", "not_checked", "only",
        "origin", "path", "records", "remembered", "root", "rooted", "signed", "unsigned_tail", "warnings", "withheld",
        "withheld_total",
    )  # fmt: skip

    def __init__(self, path: str) -> None:
        self.path = path
        self.origin = ""
        self.records = 0
        self.rooted: int | None = None
        self.first = 0
        self.head = ""
        self.help = ""
        self.root = ""
        self.key_given = False
        self.signed = 0
        self.unsigned_tail = 0
        self.checkpoints = 0
        self.findings: list[Problem] = []
        self.warnings: list[Problem] = []
        self.withheld: list[Withheld] = []
        self.withheld_total = 0
        self.listed: list[Problem] = []
        self.not_checked: list[str] = []
        self.anchored: list[str] = []
        self.remembered = ""
        self.only: Only | None = None

    def __repr__(self) -> str:
        return f"Verdict({self.path!r}, {self.word!r})"

    @property
    def exit_code(self) -> int:
        """0 intact, 1 tampering, 3 could not look, 6 could not judge everything; 3 and 1 beat 6 (4.2)."""
        codes = {problem.code for problem in self.findings}
        if codes & set(COULD_NOT_LOOK):
            return EXIT_INPUT
        if codes - set(_LATER):
            return EXIT_FOUND
        return EXIT_INCOMPLETE if codes else EXIT_OK

    @property
    def head_at(self) -> int:
        """How many records `head` and `root` stand for."""
        return self.records if self.rooted is None else self.rooted

    @property
    def word(self) -> str:
        """`intact`, `broken`, `incomplete` or `not-checked`."""
        return {EXIT_OK: "intact", EXIT_FOUND: "broken", EXIT_INCOMPLETE: "incomplete"}.get(
            self.exit_code, "not-checked"
        )

    @property
    def sentence(self) -> str:
        """The verdict in one plain sentence, without the name of the log."""
        if self.exit_code == EXIT_INPUT:
            return f"not checked: {self.findings[0].message}"
        held = many(self.records, "record")
        if self.exit_code == EXIT_FOUND:
            first = min(self.findings, key=_gravity)
            return f"broken: {first.message}"
        if self.exit_code == EXIT_INCOMPLETE:
            return f"incomplete: {self.findings[0].message}"
        if self.only is not None:
            return self._only(self.only)
        if not self.key_given:
            if self.origin.endswith("#raw"):
                return f"intact, but not proved by a key: {held}, unchanged as far as the checkpoint goes; signatures were not checked"  # noqa: E501
            return f"intact, but not proved by a key: {held} form one unbroken chain; signatures were not checked"
        tail = f", the last {self.unsigned_tail:,} not signed yet" if self.unsigned_tail else ""
        return f"intact and signed: {held}{tail}"

    def _only(self, only: Only) -> str:
        """The same of some records that are what was written."""
        rest = "the rest of the log was not looked at"
        those = f"{many(only.records, 'record')} of {only.field} {only.id!r}"
        named = f"{those}, {'the one' if only.records == 1 else 'the ones'} that the chain names"
        if not self.key_given:
            return f"intact, but not proved by a key: {named}; signatures were not checked, and {rest}"
        if self.unsigned_tail == only.records:
            return f"intact, but not signed yet: {named}; {rest}"
        tail = f", {self.unsigned_tail:,} of them not signed yet" if self.unsigned_tail else ""
        return f"intact and signed: {those}{tail}; {rest}"


def _gravity(problem: Problem) -> tuple[bool, int]:
    """Where somebody should look first: at what is no torn tail, then at the earliest place."""
    return problem.code in _LATER, problem.seq if problem.seq is not None else 1 << 62


def counted(verdicts: list[Verdict]) -> list[Verdict]:
    """Return the verdicts that the whole depends on.

    Where some records of several logs are asked about, a log that holds none of them counts only if none does.
    """
    return [each for each in verdicts if each.only is None or each.only.records] or verdicts


def overall(verdicts: list[Verdict]) -> int:
    """Return the exit code for several logs: what was found beats what could not be looked at (architecture.md)."""
    codes = {verdict.exit_code for verdict in counted(verdicts)}
    for code in (EXIT_FOUND, EXIT_INPUT, EXIT_INCOMPLETE):
        if code in codes:
            return code
    return EXIT_OK if verdicts else EXIT_INPUT
