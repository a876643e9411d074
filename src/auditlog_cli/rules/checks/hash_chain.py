"""`hash_chain`: what the verifier says of the seal of a log (integrity.md, 4.2)."""

from __future__ import annotations

from typing import Any

from auditlog_cli.rules.checks import Seen, Settings, nothing
from auditlog_cli.rules.correlating import Found
from auditlog_cli.rules.facts import Place

WITH = nothing()
SELECTIONS = ()
WHOLE_LOG = True
AT = "prev"
CODES = frozenset((
    "seq", "chain", "genesis", "prefix", "truncated", "root", "signature", "no-checkpoint", "rolled-back",
    "rewritten", "undeclared", "declaration", "gap",
))  # fmt: skip


def fields(_: dict[str, Any]) -> tuple[str, ...]:
    """The paths that are asked for."""
    return ("prev", "_leaf")


def idle(_: Any, states: dict[str, str], matched: frozenset[str]) -> str | None:
    """A record is counted if it is sealed."""
    return "" if states["prev"] == states["_leaf"] == "absent" else "counted"


class Check:
    """Counts sealed records; what is wrong with them the verifier says."""

    size = 0

    def __init__(self, settings: Settings) -> None:
        self.in_scope = 0
        self.left_out = 0

    def take(self, seen: Seen) -> list[Found]:
        """Count a sealed record."""
        if "prev" in seen.content or "_leaf" in seen.content:
            self.in_scope += 1
        return []

    def verdict(self, code: str, place: Place) -> list[Found]:
        """Report a code of the verifier, if it is about the chain."""
        return [Found(place)] if code in CODES else []

    def finish(self) -> list[Found]:
        """Nothing shows at the end."""
        return []

    def merge(self, other: Check) -> None:
        """Add the counts."""
        self.in_scope += other.in_scope
