"""`delegation_depth`: a chain has too many links, or comes back to an actor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from auditlog_cli.fields import is_hole, is_missing
from auditlog_cli.rules.checks import Settings, nothing
from auditlog_cli.rules.values import identity
from auditlog_cli.rules.virtual import bare

WITH = nothing(max={"type": "integer", "minimum": 1})
SELECTIONS = ()
WHOLE_LOG = False
AT = "delegation_chain"


def fields(_: dict[str, Any]) -> tuple[str, ...]:
    """The paths that are asked for."""
    return ("delegation_chain",)


def judge(settings: Settings) -> Callable[..., str]:
    """What the check says of the values of its fields: a chain that is too long or circular `fires`."""
    most: int = settings.given.get("max", 5)

    def says(chain: Any) -> str:
        if is_missing(chain) or is_hole(chain):
            return "withheld" if is_hole(chain) else ""
        links = chain if isinstance(chain, list) else [chain]
        actors = [link.get("actor") for link in links if isinstance(link, dict)]
        named = [identity(bare(actor)) for actor in actors if not is_hole(actor) and not _nobody(actor)]
        return "fires" if len(links) > most or len(set(named)) < len(named) else "judged"

    return says


def _nobody(actor: object) -> bool:
    return actor is None or is_missing(actor)
