"""`delegation_narrows`: no link of a chain has more scopes, or longer, than the one before it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from auditlog_cli.fields import is_hole, is_missing
from auditlog_cli.rules.checks import Settings, nothing
from auditlog_cli.rules.values import elements, moment

WITH = nothing(scopes={"type": "string"}, expires={"type": "string"})
SELECTIONS = ()
WHOLE_LOG = False
AT = "delegation_chain"


def fields(_: dict[str, Any]) -> tuple[str, ...]:
    """The paths that are asked for."""
    return ("delegation_chain",)


def judge(settings: Settings) -> Callable[..., str]:
    """What the check says of the values of its fields: a chain that widens `fires`.

    A link that does not say its scopes or its end says nothing about them.
    """
    scopes: str = settings.given.get("scopes", "scopes")
    expires: str = settings.given.get("expires", "expires_at")
    cover = settings.site.scopes.cover

    def widens(one: dict[str, Any], next_: dict[str, Any]) -> bool:
        # An empty list of scopes was said: nothing. An absent one was not.
        had, has = one.get(scopes), next_.get(scopes)
        if isinstance(had, list) and not is_missing(has) and not cover(elements(had), elements(has)):
            return True
        end, later = moment(one.get(expires)), moment(next_.get(expires))
        return end is not None and later is not None and later > end

    def says(chain: Any) -> str:
        if is_hole(chain):
            return "withheld"
        if not isinstance(chain, list) or len(chain) < 2:
            return ""
        links = [link if isinstance(link, dict) else {} for link in chain]
        if any(is_hole(link) or is_hole(link.get(scopes)) or is_hole(link.get(expires)) for link in links):
            return "withheld"
        return "fires" if any(widens(one, next_) for one, next_ in pairwise(links)) else "judged"

    return says
