"""`delegation_narrows`: no link of a chain has more scopes, or longer, than the one before it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from auditlog_cli.fields import is_hole, is_missing
from auditlog_cli.rules.checks import Seen, Settings, nothing
from auditlog_cli.rules.correlating import Found
from auditlog_cli.rules.values import elements, moment

WITH = nothing(scopes={"type": "string"}, expires={"type": "string"})
SELECTIONS = ()
WHOLE_LOG = False
AT = "delegation_chain"


def fields(_: dict[str, Any]) -> tuple[str, ...]:
    """The paths that are asked for."""
    return ("delegation_chain",)


class Check:
    """Judges each chain by itself. A link that does not say its scopes or its end says nothing about them."""

    size = 0

    def __init__(self, settings: Settings) -> None:
        self._scopes: str = settings.given.get("scopes", "scopes")
        self._expires: str = settings.given.get("expires", "expires_at")
        self._cover = settings.site.scopes.cover
        self.in_scope = 0
        self.left_out = 0
        self.withheld = 0

    def take(self, seen: Seen) -> list[Found]:
        """Report a chain that widens."""
        chain = seen.get("delegation_chain")
        if is_hole(chain):
            self.withheld += 1
            return []
        if not isinstance(chain, list) or len(chain) < 2:
            return []
        links = [link if isinstance(link, dict) else {} for link in chain]
        if not any(self._scopes in link or self._expires in link or len(link) == 1 for link in links):
            self.in_scope += 1
            return []
        if any(is_hole(link) or is_hole(link.get(self._scopes)) or is_hole(link.get(self._expires)) for link in links):
            self.withheld += 1
            return []
        self.in_scope += 1
        wider = any(self._widens(one, next_) for one, next_ in pairwise(links))
        return [Found(seen.place, group=seen.group or ())] if wider else []

    def _widens(self, one: dict[str, Any], next_: dict[str, Any]) -> bool:
        # An empty list of scopes was said: nothing. An absent one was not.
        had, has = one.get(self._scopes), next_.get(self._scopes)
        if isinstance(had, list) and not is_missing(has) and not self._cover(elements(had), elements(has)):
            return True
        end, later = moment(one.get(self._expires)), moment(next_.get(self._expires))
        return end is not None and later is not None and later > end

    def finish(self) -> list[Found]:
        """Nothing shows at the end."""
        return []

    def merge(self, other: Check) -> None:
        """Add the counts."""
        self.in_scope += other.in_scope
        self.withheld += other.withheld
