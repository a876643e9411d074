"""`delegation_complete`: the chain leads from the user to the agent, and every link names its actor."""

from __future__ import annotations

from typing import Any

from auditlog_cli.fields import MISSING, is_hole, is_missing
from auditlog_cli.rules.checks import Seen, Settings, nothing
from auditlog_cli.rules.correlating import Found
from auditlog_cli.rules.virtual import bare

WITH = nothing()
SELECTIONS = ()
WHOLE_LOG = False
AT = "delegation_chain"


def fields(_: dict[str, Any]) -> tuple[str, ...]:
    """The paths that are asked for."""
    return ("delegation_chain", "user.id", "agent.id")


class Check:
    """Judges each chain by itself."""

    size = 0

    def __init__(self, settings: Settings) -> None:
        self.in_scope = 0
        self.left_out = 0
        self.withheld = 0

    def take(self, seen: Seen) -> list[Found]:
        """Report a chain with an empty link, or one that does not begin with the user or end with the agent."""
        chain = seen.get("delegation_chain")
        if is_missing(chain) or is_hole(chain):
            self.withheld += is_hole(chain)
            return []
        broken = unknown = False
        actors = []
        for link in chain if isinstance(chain, list) else [chain]:
            actor = link.get("actor", MISSING) if isinstance(link, dict) else MISSING
            broken = broken or is_missing(actor)
            unknown = unknown or is_hole(actor)
            actors.append(actor)
        for end, owner in ((actors[0], seen.get("user.id")), (actors[-1], seen.get("agent.id"))):
            if end != owner:
                if is_hole(end) or is_hole(owner):
                    unknown = True
                else:
                    broken = broken or _other(end, owner)
        if unknown and not broken:
            self.withheld += 1
            return []
        self.in_scope += 1
        return [Found(seen.place, group=seen.group or ())] if broken else []

    def finish(self) -> list[Found]:
        """Nothing shows at the end."""
        return []

    def merge(self, other: Check) -> None:
        """Add the counts."""
        self.in_scope += other.in_scope
        self.withheld += other.withheld


def _other(actor: Any, owner: Any) -> bool:
    """Whether the end of the chain is somebody else. Who is not recorded at all is another rule's concern."""
    return not is_missing(owner) and bare(actor) != bare(owner)
