"""Which trace, session or span an id means: an exact one, or the only one that begins with it, as in git."""

from __future__ import annotations

from auditlog_cli import times
from auditlog_cli.errors import UsageError
from auditlog_cli.tracing.absent import trace_of
from auditlog_cli.tracing.facts import text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from auditlog_cli.record import Record

SHORTEST_PREFIX = 4
NO_ID = "-"
"""What stands for the records that name neither a trace nor a session, as a dash does in a table."""
MOST_CANDIDATES = 1000
_PLACES = (("trace", "trace_id"), ("session", "session_id"), ("span", "span_id"), ("parent", "parent_span_id"))
_REQUESTS = ("correlation_id", "request_id", "run_id")  # what the tutorial's decoder leaves of them
_WHOLE = ("trace", "session")
_KINDS = ("trace", "session", "span", "request", "parent")


class Candidate:
    """An id that the given one may mean.

    Attributes:
        id: The id.
        kinds: What it is the id of: `trace`, `session`, `span`, `request`, or `parent` of a record.
        records: How many records bear it, those that only name it as their parent aside.
        first: The first record that does.
    """

    __slots__ = ("first", "id", "kinds", "latest", "records")

    def __init__(self, id: str, first: Record) -> None:  # noqa: A002 - the word on the screen
        self.id = id
        self.kinds: set[str] = set()
        self.records = 0
        self.first = first
        self.latest: Record | None = None  # the one counted last: it may bear the id twice

    @property
    def start(self) -> int | None:
        """The time of its first record, microseconds since the epoch, or None."""
        return times.parse(self.first.content.get("timestamp"))

    @property
    def kind(self) -> str:
        """The first of its kinds: a trace before a session before a span."""
        return next(kind for kind in _KINDS if kind in self.kinds)


class Ambiguous(UsageError):
    """Several ids begin with the one that was given.

    Attributes:
        candidates: Which, by their time; not all of them, if `more` is set.
        more: Whether there are more than were counted.
    """

    kind = "ambiguous"

    def __init__(self, message: str, candidates: list[Candidate], *, more: bool = False, help: str) -> None:  # noqa: A002
        super().__init__(message, help=help)
        self.candidates = candidates
        self.more = more


class _Hits:
    """Records that bear an id: in the place of a trace or a session, and anywhere else."""

    __slots__ = ("_elsewhere", "_members")

    def __init__(self) -> None:
        self._members: list[Record] = []
        self._elsewhere: list[Record] = []

    def add(self, record: Record, kinds: set[str]) -> None:
        (self._elsewhere if kinds.isdisjoint(_WHOLE) else self._members).append(record)

    @property
    def records(self) -> list[Record]:
        """Those of the trace or the session, if it is one."""
        return self._members or self._elsewhere


class Search:
    """Takes records that may bear the id, and says in the end what it means.

    Only the records of what may be the answer are kept: of exact ids, and of a prefix for as long as one id
    only begins with it.

    Args:
        wanted: The id, or the beginning of one.
        keep: Returns what is to be kept of a record.

    Raises:
        UsageError: If the id is empty.
    """

    def __init__(self, wanted: str, keep: Callable[[Record], Record] = lambda record: record) -> None:
        if not wanted:
            raise UsageError("the id is empty", help="give a trace, session or span id, or the beginning of one")
        self.wanted = wanted
        self._keep = keep
        self._exact = _Hits()
        self._begun = _Hits()
        self._candidates: dict[str, Candidate] = {}
        self._more = False

    def take(self, record: Record) -> bool:
        """Look at a record; tell whether it bears an id that may be meant."""
        found = ids(record)
        exact = {kind for kind, each in found if each == self.wanted}
        if exact:
            self._exact.add(self._keep(record), exact)
        begun = set()
        for kind, each in found:
            if each.startswith(self.wanted):
                begun.add(kind)
                self._count(kind, each, record)
        if begun and not exact and not self.found:
            if len(self._candidates) <= 1:
                self._begun.add(self._keep(record), begun)
            else:
                self._begun = _Hits()
        return bool(begun)

    def _count(self, kind: str, id: str, record: Record) -> None:  # noqa: A002
        known = self._candidates.get(id)
        if known is None:
            if len(self._candidates) == MOST_CANDIDATES:
                self._more = True
                if id != self.wanted:
                    return
            known = self._candidates[id] = Candidate(id, record)
        known.kinds.add(kind)
        if kind != "parent" and known.latest is not record:
            known.records += 1
            known.latest = record

    @property
    def found(self) -> bool:
        """Whether a record bears exactly this id."""
        return bool(self._exact.records)

    def answer(self) -> tuple[Candidate, list[Record]] | None:
        """Return what the id means and its records, or None if nothing bears it.

        Those of a trace or a session are all of it; of anything else they are those that bear the id.

        Raises:
            Ambiguous: If several ids begin with it.
            UsageError: If it is too short to be looked for as a prefix.
        """
        if self.found:
            return self._candidates[self.wanted], self._exact.records
        if len(self.wanted) < SHORTEST_PREFIX:
            raise UsageError(
                f"{self.wanted!r}: no id is exactly this, and it is too short for the beginning of one",
                help=f"give at least {SHORTEST_PREFIX} characters",
            )
        if not self._candidates:
            return None
        if len(self._candidates) > 1 or self._more:
            ordered = sorted(self._candidates.values(), key=lambda each: (each.start or 0, each.id))
            count = f"more than {len(ordered):,}" if self._more else f"{len(ordered):,}"
            message = f"{self.wanted!r}: {count} ids begin like this"
            raise Ambiguous(message, ordered, more=self._more, help="give more of the id")
        (only,) = self._candidates.values()
        return only, self._begun.records


def ids(record: Record) -> list[tuple[str, str]]:
    """Return every id that a record bears, with its kind."""
    content = record.content
    found = []
    for kind, name in _PLACES:
        value = text(content.get(name))
        if value:
            found.append((kind, value))
    if record.shape == "tutorial":
        metadata = content.get("metadata")
        if isinstance(metadata, dict):
            found += [("request", value) for value in map(text, map(metadata.get, _REQUESTS)) if value]
    return found


def has_no_id(record: Record) -> bool:
    """Tell whether a record names neither a trace nor a session; a dash in their place names nothing."""
    content = record.content
    return all(text(content.get(name)) in ("", NO_ID) for name in ("trace_id", "session_id"))


def candidates_of(traces: dict[str, list[Record]], kind: str) -> list[Candidate]:
    """Return the traces, or the sessions, as candidates, by their time."""
    found = []
    for id_, records in traces.items():
        candidate = Candidate(id_, records[0])
        candidate.kinds.add(kind)
        candidate.records = len(records)
        found.append(candidate)
    return sorted(found, key=lambda each: (each.start or 0, each.id))


def by_trace(records: Iterable[Record]) -> dict[str, list[Record]]:
    """Return the records by their trace id, in the order in which the traces begin; "" for those without."""
    found: dict[str, list[Record]] = {}
    for record in records:
        found.setdefault(trace_of(record), []).append(record)
    return found
