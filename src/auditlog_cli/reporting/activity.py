"""What happened in a period: how much, by whom, how it ended; and how much the records say (compliance.md, 10)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from auditlog_cli import fields, times
from auditlog_cli.statistics import NONE, REFUSED, Statistics

BLOCKS = (
    "data", "decision", "incident", "consent", "review", "change", "memory", "message", "disclosure", "biometric",
    "retention",
)  # fmt: skip
"""The optional evidence blocks (compliance.md, 2.1)."""
DECISIONS = ("approved", "denied", "pending", "other")
"""What `approval.status` says (compliance.md, 2.1)."""
_GROUPS = {"agents": "agent.id", "types": "action.type", "outcomes": "action.result_status"}
_MOST = 50


class Activity:
    """Counts over the records of a period, one pass."""

    def __init__(self) -> None:
        self.records = 0
        self.approved = 0
        self.denials = 0
        self.deepest = 0
        self.delegated = 0
        self.undated = 0
        self._days: dict[str, int] = {}
        self._approvals = dict.fromkeys(DECISIONS, 0)
        self._blocks = dict.fromkeys(BLOCKS, 0)
        self._counted = Statistics((*_GROUPS.values(), "user.id"))

    def add(self, content: dict[str, object], shape: str = "record") -> None:
        """Count one record, which its decoder called `shape`."""
        self.records += 1
        self._counted.add(content, shape)
        self.approved += fields.text(content, "authorization.session_type") == "human_approved"
        refused = fields.text(content, "action.result_status") in REFUSED
        self.denials += refused or fields.text(content, "approval.status") == "denied"
        if fields.text(content, "action.type") == "approval":
            status = fields.text(content, "approval.status")
            self._approvals[status if status in DECISIONS else "other"] += 1
        chain = content.get("delegation_chain")
        depth = len(chain) if isinstance(chain, list) else 0
        self.deepest = max(self.deepest, depth)
        self.delegated += depth > 1
        moment = times.parse(content.get("timestamp"))
        if moment is None:
            self.undated += 1
        else:
            day = times.render(moment)[:10]
            self._days[day] = self._days.get(day, 0) + 1
        for name in BLOCKS:
            self._blocks[name] += content.get(name) not in (None, {}, [], "")

    def as_object(self, owner: Callable[[str], str] | None = None) -> dict[str, Any]:
        """Return the counts as a part of `auditlog.summary/1`; shares are of all records, 0 to 1.

        Args:
            owner: Says who answers for an agent; None: nobody is registered as an owner.
        """
        users = self._counted.groups["user.id"]
        made: dict[str, Any] = {
            "records": self.records,
            "days": [{"day": day, "records": count} for day, count in sorted(self._days.items())],
            "undated": self.undated,
        }
        for name, path in _GROUPS.items():
            counted = sorted(self._counted.groups[path].items(), key=lambda item: (-item[1].records, item[0]))
            made[name] = [{"value": value, "records": group.records} for value, group in counted[:_MOST]]
            if name == "agents" and owner is not None:
                made[name] = [each | {"owner": _owner(each["value"], owner)} for each in made[name]]
            left = sum(group.records for _, group in counted[_MOST:])
            if left:
                made[name].append({"value": "(others)", "records": left})
        return made | {
            "human_approved": {"records": self.approved, "share": self._share(self.approved)},
            "approvals": dict(self._approvals),
            "denials": self.denials,
            "distinct_users": len(users) - (NONE in users),
            "delegation": {"deepest": self.deepest, "delegated": self.delegated},
            "blocks": [
                {"block": name, "records": count, "share": self._share(count)} for name, count in self._blocks.items()
            ],
        }

    def _share(self, count: int) -> float:
        return round(count / self.records, 4) if self.records else 0.0


def _owner(agent: str, owner: Callable[[str], str]) -> str:
    return "" if agent == NONE else owner(agent)
