"""The detectors as a policy sets them (compliance.md, 4.1 and 5)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from auditlog_cli.detectors import Scanner
    from auditlog_cli.rules.sitefacts import Policy, Scan


def scanner_for(policy: Policy) -> Scanner:
    """Return the detectors as `scan` of a policy sets them; the same ones for the same settings."""
    return _scanner(policy.scan)


@lru_cache(maxsize=16)
def _scanner(scan: Scan) -> Scanner:
    return new_scanner(scan)


def new_scanner(scan: Scan) -> Scanner:
    """Return the detectors as `scan` of a policy sets them, for one run."""
    from auditlog_cli.detectors import Scanner

    return Scanner(
        min_confidence=scan.min_confidence,
        phone_regions=scan.phone_regions,
        test_numbers=scan.test_numbers,
        paths=scan.paths,
        mrn=scan.mrn,
        custom=scan.custom,
    )
