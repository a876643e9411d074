"""Records of a large trace: what decides their places is held, all else is read again when somebody asks for it."""

from __future__ import annotations

from marshal import dumps

from auditlog_cli.record import Record
from auditlog_cli.tracing.facts import Fact, argument_value, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_WITHOUT_REFERENCES = 2  # the version of marshal in which equal bytes mean equal values


class Absent(Record):
    """A record that is not held: a sixth of the memory, for the price of decoding it once more when it is drawn.

    Args:
        record: The record.
        again: Returns it by its number, when it is asked what it holds.
        number: Its number.

    Attributes:
        trace: Its trace id.
        arguments: Stands for its arguments: a hash that is keyed anew in each process; None if it has none.
    """

    __slots__ = ("_again", "_fact", "_number", "arguments", "trace")

    def __init__(self, record: Record, again: Callable[[int], Record], number: int) -> None:
        value: Any = argument_value(record)
        self.shape = record.shape
        self.arguments = None if value is None else hash(dumps(value, _WITHOUT_REFERENCES))
        self._again = again
        self._number = number
        fact = Fact(record, number)
        fact.settle()
        fact.record = self
        self.trace = fact.trace
        self._fact: Fact | None = fact

    def __getattr__(self, name: str) -> Any:  # `content`, `line`, `stored`: they are never set
        return getattr(self._again(self._number), name)

    def fact(self, position: int) -> Fact:
        """Return what the record says of its place, and hold that no longer."""
        fact, self._fact = self._fact or Fact(self, position), None
        fact.position = position
        return fact


def fact_of(record: Record, position: int) -> Fact:
    """Return a record taken apart, an absent one without reading it again."""
    return record.fact(position) if isinstance(record, Absent) else Fact(record, position)


def trace_of(record: Record) -> str:
    """Return the trace id of a record, an absent one's without reading it again; empty if it names none."""
    return record.trace if isinstance(record, Absent) else text(record.content.get("trace_id"))


def alike(one: Record, other: Record) -> bool:
    """Tell whether two absent records have the same arguments for certain, so that neither need be read again."""
    return isinstance(one, Absent) and isinstance(other, Absent) and one.arguments == other.arguments
