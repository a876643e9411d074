"""What the tests of the rules share: shipped packs from their YAML, and detectors as a policy sets them."""

from __future__ import annotations

from functools import cache

from auditlog_cli.detectors import Scanner
from auditlog_cli.rules import loading
from auditlog_cli.rules.binding import Bound
from auditlog_cli.rules.pack import Pack, Rule
from auditlog_cli.rules.sitefacts import Policy

AS_OF = 1_795_219_200_000_000
"""2026-11-21T00:00:00Z."""


@cache
def shipped() -> tuple[Pack, ...]:
    """All shipped packs, with their cases."""
    return tuple(loading.load_shipped(name) for name in loading.NAMES)


def scanner_for(policy: Policy) -> Scanner:
    """The detectors, as a policy sets them."""
    scan = policy.scan
    return _scanner(scan.min_confidence, scan.phone_regions, scan.test_numbers, scan.paths, scan.mrn)


@cache
def _scanner(
    least: str, regions: tuple[str, ...], test_numbers: str, paths: tuple[str, ...], mrn: str | None
) -> Scanner:
    return Scanner(min_confidence=least, phone_regions=regions, test_numbers=test_numbers, paths=paths, mrn=mrn)


def bound(rule: Rule, agents: tuple[str, ...] = ("*",), **parameters: object) -> Bound:
    """A rule that judges, with its default parameters but for those given."""
    values = {name: each.default for name, each in rule.parameters.items()} | parameters
    return Bound(rule, values, None, agents, rule.severity, "declared", "active", "")


def all_bound() -> list[Bound]:
    """Every rule of every shipped pack, library logics included."""
    return [bound(rule) for pack in shipped() for rule in pack.rules]
