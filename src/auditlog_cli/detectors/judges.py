"""Judges that several families share: checksum and context; entropy; nothing more than the shape."""

from __future__ import annotations

from auditlog_cli.detectors import guards
from auditlog_cli.detectors.checksums import entropy, stdnum
from auditlog_cli.detectors.detector import CERTAIN, SECRETS, Candidate, Detector, Judge, ascii_pattern

ALONE = r"(?<![A-Za-z0-9_\-])"
NOT_MORE = r"(?![A-Za-z0-9_\-])"
RUN = 24
"""So many letters and digits in a row have most tokens, and few other values (bench/detectors.py)."""
BODY = ("aB3dE5gH7jK9mN1pQ2sT4vW6yZ8bC0dF" + "2hJ4lM6oP8rT0uV3xY5zA7cE9gI1kM3o") * 3
"""Letters and digits for samples, which are put together at run time so that no scanner takes them for a leak."""


def checked(module: str, context: frozenset[str], alone: int | None, *, uniform: bool = True) -> Judge:
    """Return a judge: checksum by stdnum, certain with context, else `alone`.

    Args:
        module: Of stdnum, such as `gb.nhs`.
        context: Words that make it certain.
        alone: What it is worth without them.
        uniform: Whether digits that are all equal, or count up or down, may pass.
    """

    def judge(found: Candidate) -> int | None:
        near = found.said(context)
        if not near and (alone is None or alone < found.settings.least):
            return None
        if not uniform and guards.is_run(found.compact):
            return None
        if not stdnum(module)(found.compact):
            return None
        return CERTAIN if near else alone

    return judge


def rich(least: float, sure: int = CERTAIN, poor: int | None = None) -> Judge:
    """Return a judge: `sure` from so much entropy on, else `poor`."""

    def judge(found: Candidate) -> int | None:
        return sure if entropy(found.value) >= least else poor

    return judge


def certain(found: Candidate) -> int | None:
    """The shape is unmistakable."""
    del found
    return CERTAIN


def token(
    entity: str,
    title: str,
    pattern: str,
    needs: tuple[str, ...],
    judge: Judge,
    hits: tuple[str, ...],
    misses: tuple[str, ...],
    run: int = 0,
) -> Detector:
    """Return a detector of a secret with a shape of its own.

    Args:
        entity: Its name.
        title: What it is, in words.
        pattern: What it looks like, with its boundaries.
        needs: Texts in lower case of which it holds one.
        judge: How sure we are of a candidate.
        hits: Texts in which it is found.
        misses: Texts in which it is not.
        run: See `Detector`.
    """
    return Detector(
        entity,
        title,
        SECRETS,
        ascii_pattern(pattern),
        judge,
        needs=needs,
        run=run,
        literal=True,
        source="gitleaks",
        hits=tuple(("", each) for each in hits),
        misses=tuple(("", each) for each in misses),
    )
