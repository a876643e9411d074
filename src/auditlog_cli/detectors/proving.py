"""Detectors held against their own samples (compliance.md, 4.1): each hit must be found, each near miss passed over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from auditlog_cli.detectors.detector import Detector
    from auditlog_cli.detectors.scanner import Scanner


class Proof(NamedTuple):
    """What came of one sample.

    Attributes:
        detector: Whose sample it is.
        kind: `hit` or `miss`.
        number: Its place among those of its kind, from 1.
        ok: Whether it came out as it must.
    """

    detector: Detector
    kind: str
    number: int
    ok: bool

    @property
    def sample(self) -> str:
        """Which sample it is: `miss 2`. Never its text."""
        return f"{self.kind} {self.number}"

    @property
    def trouble(self) -> str:
        """What is wrong with one that did not come out."""
        return "is not found" if self.kind == "hit" else "is found"


def proofs(detectors: Iterable[Detector], scanner: Scanner) -> Iterator[Proof]:
    """Yield what comes of every sample of some detectors.

    Args:
        detectors: Those whose samples are tried.
        scanner: What finds; it knows these detectors, and others that may take a place from them.
    """
    for each in detectors:
        for kind, samples in (("hit", each.hits), ("miss", each.misses)):
            for number, (key, text) in enumerate(samples, start=1):
                found = each.entity in {hit.entity for hit in scanner.text(text, key)}
                yield Proof(each, kind, number, found == (kind == "hit"))
