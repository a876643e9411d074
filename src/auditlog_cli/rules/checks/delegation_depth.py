"""`delegation_depth`: a chain has too many links, or comes back to an actor."""

from __future__ import annotations

from typing import Any

from auditlog_cli.fields import is_hole, is_missing
from auditlog_cli.rules.checks import Seen, Settings, nothing
from auditlog_cli.rules.correlating import Found
from auditlog_cli.rules.values import identity
from auditlog_cli.rules.virtual import bare

WITH = nothing(max={"type": "integer", "minimum": 1})
SELECTIONS = ()
WHOLE_LOG = False
AT = "delegation_chain"


def fields(_: dict[str, Any]) -> tuple[str, ...]:
    """The paths that are asked for."""
    return ("delegation_chain",)


class Check:
    """Judges each chain by itself."""

    size = 0

    def __init__(self, settings: Settings) -> None:
        self._most: int = settings.given.get("max", 5)
        self.in_scope = 0
        self.left_out = 0
        self.withheld = 0

    def take(self, seen: Seen) -> list[Found]:
        """Report a chain that is too long or circular."""
        chain = seen.get("delegation_chain")
        if is_missing(chain) or is_hole(chain):
            self.withheld += is_hole(chain)
            return []
        self.in_scope += 1
        links = chain if isinstance(chain, list) else [chain]
        actors = [link.get("actor") for link in links if isinstance(link, dict)]
        named = [identity(bare(actor)) for actor in actors if not is_hole(actor) and not _nobody(actor)]
        if len(links) > self._most or len(set(named)) < len(named):
            return [Found(seen.place, group=seen.group or ())]
        return []

    def finish(self) -> list[Found]:
        """Nothing shows at the end."""
        return []

    def merge(self, other: Check) -> None:
        """Add the counts."""
        self.in_scope += other.in_scope
        self.withheld += other.withheld


def _nobody(actor: object) -> bool:
    return actor is None or is_missing(actor)
