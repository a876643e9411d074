"""What stands in a report of `check`: packs, sources, lines, results of rules, waivers, a baseline. Nouns."""

from __future__ import annotations

from dataclasses import dataclass

from auditlog_cli.finding import Policy, Rule

RESULTS = ("findings", "passed", "not_tested", "not_applicable", "disabled", "not_fully_evaluated")
"""What can come of a rule (7.2)."""


@dataclass(slots=True)
class PackNote:
    """What a reader must know of a pack.

    Attributes:
        name, version, title, status, as_of, sha256: As in its file; `as_of` is the day whose law it describes.
        reviewed: Who has read it, and when; or empty.
        not_checkable: What it cannot check, in its own words.
        sources: The texts it rests on: (name, address).
    """

    name: str
    version: str
    title: str
    status: str
    as_of: str
    sha256: str
    reviewed: str = ""
    not_checkable: tuple[str, ...] = ()
    sources: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Source:
    """A file that was read: as the user named it, bytes, SHA-256 of its bytes (hex); first and last leaf if sealed."""

    path: str
    size: int
    sha256: str
    first_leaf: str = ""
    last_leaf: str = ""


@dataclass(slots=True)
class Lines:
    """Lines read = judged + not selected + bad. Under no policy: judged records that no policy matches."""

    read: int = 0
    judged: int = 0
    not_selected: int = 0
    bad: int = 0
    under_no_policy: int = 0


@dataclass(slots=True)
class RuleResult:
    """What came of one rule under one policy.

    Attributes:
        rule: The rule, with the severity it was asked with.
        result: One of RESULTS.
        reason: Why it was not tested, not applicable, disabled or not fully evaluated; else empty.
        policy, applicability: As in `finding.Finding`.
        in_scope: Records that it judged.
        withheld: Records that it could not judge because a value is withheld.
        open: What was begun and whose deadline is not reached.
        findings: How many in all.
        counted, known, waived: How many of them make the exit code 1, are in the baseline, are waived.
        scope: `record`, `session`, `trace` or `log`.
        unlisted: How many of the new ones are counted and not in the list of findings (`--max-findings`).
    """

    rule: Rule
    result: str
    reason: str = ""
    policy: Policy | None = None
    applicability: str = ""
    in_scope: int = 0
    withheld: int = 0
    open: int = 0
    findings: int = 0
    counted: int = 0
    known: int = 0
    waived: int = 0
    scope: str = "record"
    unlisted: int = 0


@dataclass(slots=True)
class Waiver:
    """A finding accepted for a time, by somebody, for a reason (7.5). `created` and `expires` in microseconds.

    `rule` is an id or a glob, or empty; `where` a selection, or None; `path` and `line` where it stands, or empty and
    0.
    """

    id: str
    status: str
    justification: str
    reason: str
    approved_by: str
    created: int
    expires: int
    rule: str = ""
    fingerprints: frozenset[str] = frozenset()
    where: object = None
    ticket: str = ""
    path: str = ""
    line: int = 0
    standing: str = "in_force"
    """`in_force`, `expired`, or `not_yet` before its day."""
    applied: int = 0
    """How many findings it covers in this run."""
    undecided: int = 0
    """How many it might cover, had their record been at hand for `where`."""

    @property
    def place(self) -> str:
        """Where it stands, and its name, for errors."""
        return f"{self.path}{f':{self.line}' if self.line else ''}: waiver {self.id}"


@dataclass(slots=True)
class Baseline:
    """Fingerprints that were there on a day (7.6); `created` in microseconds."""

    path: str
    created: int
    fingerprints: frozenset[str]
