"""How far back records have to be read, so that rules know what they must know at a moment (compliance.md, 9.1, 10)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from auditlog_cli import times
from auditlog_cli.rules.binding import Bound
from auditlog_cli.rules.planning import plan

_LOCAL = frozenset(("clock", "hash_chain", "parse_errors", "sequence_gap"))
"""Checks that need no record but the one before."""
_LENGTHS = frozenset(("every", "max", "min", "within"))


def longest(bound: Sequence[Bound], as_of: int) -> int | None:
    """Return the longest window of the rules that run, in microseconds; None if one of them looks at all that was.

    A rule without a window (the first record of a session, a value that may appear once) has no other bound than the
    beginning of the log.

    Raises:
        DefinitionError: If a rule is not understood.
    """
    made = plan(bound, as_of)
    windows = [0]
    for work in (*made.correlations, *made.checks):
        spec = work.logic.correlate or {}
        if spec.get("check") in _LOCAL:
            continue
        found = list(_lengths(spec))
        if not found:
            return None
        windows += found
    return max(windows)


def _lengths(spec: Any) -> Iterable[int]:
    if isinstance(spec, dict):
        for name, value in spec.items():
            length = times.duration(value) if name in _LENGTHS and isinstance(value, str) else None
            if length is not None:
                yield length
            else:
                yield from _lengths(value)
