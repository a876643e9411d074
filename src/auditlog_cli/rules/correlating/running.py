"""One correlation at work: grouping, counting, and the limit to what is kept."""

from __future__ import annotations

from auditlog_cli.rules import correlating
from auditlog_cli.rules.checks import Seen
from auditlog_cli.rules.correlating import GROUP_PATHS, Event, Found, State
from auditlog_cli.rules.program import Logic
from auditlog_cli.rules.values import identities


class Correlation:
    """A correlation, evaluated once for all rules that share it and concern the same agents.

    Args:
        logic: Its logic, with a form.
        max_state: How many keys may be kept.

    Attributes:
        logic: The same.
        group_by: Paths of its group key.
        fields: Paths whose values it asks for.
        windowed: Whether it needs a valid time.
        withheld, left_out: Counts (see `facts.Tally`).
        counted: Records in scope that it did not have to see (`idling`).
        exhausted: Whether it was given up, for it would have kept too much.
    """

    def __init__(self, logic: Logic, max_state: int) -> None:
        assert logic.correlate is not None
        self.logic = logic
        form = correlating.form_of(logic.correlate, logic.label)
        module = correlating.load(form)
        spec = logic.correlate[form]
        self.group_by: tuple[str, ...] = tuple(logic.correlate.get("group_by", GROUP_PATHS[logic.scope]))
        self.fields: tuple[str, ...] = module.fields(spec)
        self.windowed: bool = module.windowed(spec)
        self.counts_all: bool = getattr(module, "SEES_ALL", False)
        self.state: State = module.State(spec)
        self._repeats = getattr(self.state, "repeats", None)
        self._most = max_state
        self.withheld = 0
        self.left_out = 0
        self.counted = 0
        self.exhausted = False

    def event(self, seen: Seen, matched: frozenset[str]) -> Event | None:
        """Return what the correlation has to keep of a record, or None if it has no group or no time.

        Args:
            seen: The record.
            matched: Names of the selections that it matches.
        """
        get, states = seen.get, seen.states
        group = seen.grouped(self.group_by)
        if group is None or (self.windowed and seen.when is None):
            self.left_out += 1
            return None
        values: tuple[tuple[object, ...], ...] = tuple([
            (get(path),) if states.get(path) == "text" else identities(get(path)) for path in self.fields
        ])  # fmt: skip
        if self._repeats is not None and self._repeats(group, values, seen.when):
            return None
        if not self.state.wants(matched, values):
            return None
        return Event(seen.when, group, matched, values, seen.place)

    def take(self, event: Event, as_of: int) -> list[Found]:
        """Take the next record in time order."""
        if self.exhausted:
            return []
        state = self.state
        found = state.take(event) if not self.windowed else state.sweep(event.when or 0, as_of) + state.take(event)
        if state.size > self._most:
            self.give_up()
        return found

    def give_up(self) -> None:
        """Keep nothing any more: what was found stays, and the rule says that it was not fully evaluated."""
        self.exhausted = True
        self._repeats = None
        self.state = _Spent(self.state.in_scope, self.state.open, counts=self.counts_all)

    def sweep(self, now: int, as_of: int) -> list[Found]:
        """Return what shows because time has passed."""
        return self.state.sweep(now, as_of)

    def finish(self, as_of: int) -> list[Found]:
        """Return what shows at the end."""
        return self.state.finish(as_of)

    def merge(self, other: Correlation) -> None:
        """Take over what another run over other groups has kept.

        Raises:
            ValueError: If they have a group in common.
        """
        self.withheld += other.withheld
        self.counted += other.counted
        self.left_out += other.left_out
        if self.exhausted or other.exhausted:
            self.give_up()
            self.state.in_scope += other.state.in_scope
        else:
            self.state.merge(other.state)
            if self.state.size > self._most:
                self.give_up()


class _Spent:
    """The state of a correlation that was given up: its counts."""

    size = 0

    def __init__(self, in_scope: int, still_open: int, *, counts: bool) -> None:
        self.in_scope = in_scope
        self.open = still_open
        self._counts = counts

    def wants(self, matched: frozenset[str], values: tuple[tuple[object, ...], ...]) -> bool:
        self.in_scope += self._counts
        return False

    def take(self, event: Event) -> list[Found]:
        return []

    def sweep(self, now: int, as_of: int) -> list[Found]:
        return []

    def finish(self, as_of: int) -> list[Found]:
        return []

    def merge(self, other: State) -> None:
        self.in_scope += other.in_scope
