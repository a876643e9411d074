"""`delegation_complete`: the chain leads from the user to the agent, and every link names its actor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from auditlog_cli.fields import MISSING, is_hole, is_missing
from auditlog_cli.rules.checks import Settings, nothing
from auditlog_cli.rules.virtual import bare

WITH = nothing()
SELECTIONS = ()
WHOLE_LOG = False
AT = "delegation_chain"


def fields(_: dict[str, Any]) -> tuple[str, ...]:
    """The paths that are asked for."""
    return ("delegation_chain", "user.id", "agent.id")


def judge(_: Settings) -> Callable[..., str]:
    """What the check says of the values of its fields: `fires`, `judged`, `withheld`, or nothing."""
    return _says


def _says(chain: Any, user: Any, agent: Any) -> str:
    if is_missing(chain) or is_hole(chain):
        return "withheld" if is_hole(chain) else ""
    broken = unknown = False
    actors = []
    for link in chain if isinstance(chain, list) else [chain]:
        actor = link.get("actor", MISSING) if isinstance(link, dict) else MISSING
        broken = broken or is_missing(actor)
        unknown = unknown or is_hole(actor)
        actors.append(actor)
    for end, owner in ((actors[0], user), (actors[-1], agent)):
        if end != owner:
            if is_hole(end) or is_hole(owner):
                unknown = True
            else:
                broken = broken or _other(end, owner)
    return "fires" if broken else "withheld" if unknown else "judged"


def _other(actor: Any, owner: Any) -> bool:
    """Whether the end of the chain is somebody else. Who is not recorded at all is another rule's concern."""
    return not is_missing(owner) and bare(actor) != bare(owner)
