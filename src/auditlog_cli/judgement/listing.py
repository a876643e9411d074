"""Which findings of a run are listed: of each rule the first ones; the others are counted (`--max-findings`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from auditlog_cli.finding import Finding
    from auditlog_cli.rules.binding import Bound

Name = tuple[str, str]
"""Id of a rule, SHA-256 of the policy that asks for it or an empty text."""


class Listing:
    """Findings as they arise.

    Args:
        findings: Where those that are listed go.
        most: How many of one rule are listed; 0: all.

    Attributes:
        unlisted: Rule → how many are not listed.
    """

    def __init__(self, findings: list[Finding], most: int) -> None:
        self._findings = findings
        self._most = most
        self._kept: dict[Name, int] = {}
        self.unlisted: dict[Name, int] = {}

    def is_full(self, name: Name) -> bool:
        """Tell whether no more findings of a rule are listed."""
        return bool(self._most) and self._kept.get(name, 0) >= self._most

    def take(self, name: Name, finding: Finding) -> None:
        """List a finding, or count it."""
        if self.is_full(name):
            self.leave(name)
            return
        self._kept[name] = self._kept.get(name, 0) + 1
        self._findings.append(finding)

    def leave(self, name: Name, number: int = 1) -> None:
        """Count findings that are not listed."""
        self.unlisted[name] = self.unlisted.get(name, 0) + number

    def spared(self, counts: Mapping[Bound, int]) -> None:
        """Count those that the engine has counted without giving them, for they would not be listed."""
        for bound, number in counts.items():
            self.leave(name_of(bound), number)

    def put_before(self, findings: list[Finding], unlisted: Mapping[Name, int]) -> None:
        """Take over what another run found in earlier lines: of each rule, its findings are the first ones.

        Args:
            findings, unlisted: Of that run.
        """
        mine = self._findings[:]
        self._findings.clear()
        self._kept.clear()
        for finding in (*findings, *mine):
            self.take(_name_in(finding), finding)
        for name, number in unlisted.items():
            self.leave(name, number)


def name_of(bound: Bound) -> Name:
    """Return what findings of a rule are counted by."""
    return bound.rule.id, bound.policy[2] if bound.policy is not None else ""


def _name_in(finding: Finding) -> Name:
    return finding.rule.id, finding.policy.sha256 if finding.policy is not None else ""
