"""What `check` came to: rules with results, findings, and what a reader must know to judge them (compliance.md, 7).

A noun: made by `judgement`, drawn by renderers. Nothing in it is a value out of arguments, results or texts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from auditlog_cli.counts import many as many
from auditlog_cli.errors import (
    EXIT_DEFINITION,
    EXIT_FOUND,
    EXIT_INCOMPLETE,
    EXIT_INPUT,
    EXIT_INTERNAL,
    EXIT_OK,
    EXIT_USAGE,
    EXIT_WRITE,
    AuditWriteError,
    InputError,
)
from auditlog_cli.finding import SEVERITIES, Finding, Policy
from auditlog_cli.reported import RESULTS as RESULTS
from auditlog_cli.reported import Baseline as Baseline
from auditlog_cli.reported import Lines as Lines
from auditlog_cli.reported import PackNote as PackNote
from auditlog_cli.reported import RuleResult as RuleResult
from auditlog_cli.reported import Source as Source
from auditlog_cli.reported import Waiver as Waiver
from auditlog_cli.verdict import Verdict

SENTENCE = (
    "A finding is evidence that something in the log needs an explanation; a run without findings is evidence for "
    "compliance, never proof of it."
)
"""Stands on every output."""
CANNOT = (
    "Whether something happened that was never logged. Only gaps, silences and open spans can be seen.",
    "Whether what was logged is true: a hash chain proves no change after writing, not honesty at writing. An operator "
    "who holds the key can rewrite the whole chain unless the head is anchored outside.",
    'Legal judgments: right basis, compatible purpose, proportionality, "similarly significant", risk of a breach, '
    "treatment exemption.",
    "Quality of human review. Speed and repetition are only hints.",
    "Policies, contracts, training, impact assessments, notices, physical security, encryption of stores, backups, "
    "access to the log itself.",
    "Names, free-text health or opinion data, images, voice: no pattern finds them reliably.",
    "Whether a regime applies to you at all (role, high-risk, covered entity, in PCI scope). That is the profile, and "
    "it is your statement.",
)
"""What no pack can check: printed with every report (compliance.md, 1.7)."""
FAIL_ON = (*SEVERITIES, "never")


@dataclass(slots=True)
class Report:
    """Everything that one run of `check` says.

    Attributes:
        as_of: The "now" of all rules, microseconds since the epoch.
        packs, policies: Those in force.
        policy_file: Its path and SHA-256 (hex), or None.
        inputs, lines: What was read.
        verdicts: What the verifier says of each log.
        rules: What came of each.
        findings: All of them.
        waivers_file, waivers, baseline: What was given.
        fail_on, fail_on_indicators, require_tested: As asked.
        unlisted: How many findings of a rule, by its id and the SHA-256 of its policy, are counted and not in
            `findings` (`--max-findings`).
        unread: Inputs that could not be looked at, or not to their end: why, and what to do about it.
        unwritten: Outputs or deliveries that failed: why, and what to do about it.
        gaps: What else could not be judged: a torn tail, a part that is not sealed though a seal was asked for.
        warnings: What a reader should know, and what changes no exit code.
    """

    as_of: int
    packs: list[PackNote] = field(default_factory=list)
    policies: list[Policy] = field(default_factory=list)
    policy_file: tuple[str, str] | None = None
    inputs: list[Source] = field(default_factory=list)
    lines: Lines = field(default_factory=Lines)
    verdicts: list[Verdict] = field(default_factory=list)
    rules: list[RuleResult] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    waivers_file: str = ""
    waivers: list[Waiver] = field(default_factory=list)
    baseline: Baseline | None = None
    fail_on: str = "high"
    fail_on_indicators: bool = False
    require_tested: tuple[str, ...] = ()
    unlisted: dict[tuple[str, str], int] = field(default_factory=dict)
    unread: list[InputError] = field(default_factory=list)
    unwritten: list[AuditWriteError] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def incomplete(self) -> list[str]:
        """Why not everything could be judged, one sentence each; empty if everything was."""
        out = [f"{self.lines.bad:,} bad {'line' if self.lines.bad == 1 else 'lines'}"] if self.lines.bad else []
        out += self.gaps
        out += [f"{each.rule.id}: {each.reason}" for each in self.rules if each.result == "not_fully_evaluated"]
        tested = {each.rule.id for each in self.rules if each.in_scope or each.findings}
        out += [f"{name}: required to be tested, and was not" for name in self.require_tested if name not in tested]
        return out

    @property
    def counted(self) -> int:
        """How many findings make the exit code 1."""
        return sum(each.counted for each in self.rules) or sum(finding.counted for finding in self.findings)

    @property
    def exit_code(self) -> int:
        """The exit code of the run (7.3)."""
        return exit_code(
            unread=bool(self.unread),
            unwritten=bool(self.unwritten),
            found=bool(self.counted),
            incomplete=bool(self.incomplete),
        )

    @property
    def verdict(self) -> str:
        """One sentence: what was found, what counts, what was not tested. Never that all is well."""
        severities = by_severity((each for each in self.findings if each.state == "new"), self.rules)
        new = sum(severities.values())
        parts = [many(new, "finding") if new else "no findings"]
        if new:
            parts[0] += f" ({', '.join(f'{count:,} {word}' for word, count in severities.items() if count)})"
            if self.fail_on == "never":
                parts.append("none of them fails the run (--fail-on: never)")
            else:
                word = "counts" if self.counted == 1 else "count"
                parts.append(f"{self.counted:,} of them {word} (--fail-on: {self.fail_on} and above)")
        unlisted = sum(self.unlisted.values())
        if unlisted:
            parts.append(f"{unlisted:,} {'is' if unlisted == 1 else 'are'} counted and not listed (--max-findings)")
        for word in ("known", "waived"):
            count = sum(finding.state == word for finding in self.findings)
            if count:
                parts.append(f"{count:,} {word}")
        tested = sum(each.result in ("findings", "passed") for each in self.rules)
        parts.append(f"{tested:,} of {many(len(self.rules), 'rule')} tested on {many(self.lines.judged, 'record')}")
        if self.incomplete:
            parts.append("not everything could be judged")
        if self.unread:
            parts.append("not everything could be read")
        return "; ".join(parts)

    def settle(self) -> None:
        """Say of each finding whether it counts, sort them, and count them in the results of their rules."""
        tallies: dict[tuple[str, str], list[int]] = {}
        for finding in self.findings:
            finding.counted = counts(finding, self.fail_on, indicators=self.fail_on_indicators)
            tally = tallies.setdefault((finding.rule.id, finding.policy.sha256 if finding.policy else ""), [0, 0, 0, 0])
            for place, yes in enumerate((1, finding.counted, finding.state == "known", finding.state == "waived")):
                tally[place] += yes
        for each in self.rules:
            key = (each.rule.id, each.policy.sha256 if each.policy else "")
            each.findings, each.counted, each.known, each.waived = tallies.get(key, [0, 0, 0, 0])
            # All are listed where there are waivers or a baseline: those that are not are new, like the rest.
            each.unlisted = self.unlisted.get(key, 0) if each.findings else 0
            each.counted += each.unlisted * (each.counted > 0)
            each.findings += each.unlisted
            if each.findings and each.result in ("passed", "not_tested"):
                each.result, each.reason = "findings", ""
        self.findings.sort(key=rank)


def exit_code(
    *,
    internal: bool = False,
    usage: bool = False,
    definition: bool = False,
    unread: bool = False,
    unwritten: bool = False,
    found: bool = False,
    incomplete: bool = False,
) -> int:
    """Return the exit code of `check`: the first that applies (7.3).

    Args:
        internal: A bug.
        usage: The command is wrong.
        definition: A pack, policy or waiver is wrong; nothing was judged.
        unread: An input is missing, empty or unreadable.
        unwritten: Output, alerts log or a promised delivery failed.
        found: There are findings that count.
        incomplete: Not everything could be judged.
    """
    order = (
        (internal, EXIT_INTERNAL),
        (usage, EXIT_USAGE),
        (definition, EXIT_DEFINITION),
        (unread, EXIT_INPUT),
        (unwritten, EXIT_WRITE),
        (found, EXIT_FOUND),
        (incomplete, EXIT_INCOMPLETE),
    )
    return next((code for applies, code in order if applies), EXIT_OK)


def counts(finding: Finding, fail_on: str, *, indicators: bool) -> bool:
    """Return whether a finding makes the exit code 1 (7.3; what is not binding yet counts as an indicator, 3.3)."""
    if finding.state != "new" or fail_on == "never":
        return False
    if SEVERITIES.index(finding.rule.severity) > SEVERITIES.index(fail_on):
        return False
    return indicators or (finding.rule.kind != "indicator" and finding.applicability != "not_yet_binding")


def rank(finding: Finding) -> tuple[int, str, str, int, int, str, str]:
    """Return what findings are sorted by: the gravest first, then by rule and place."""
    where = finding.where
    return (
        SEVERITIES.index(finding.rule.severity), finding.rule.id, where.path, where.line, where.byte, where.pointer,
        finding.entity,
    )  # fmt: skip


def by_severity(findings: Iterable[Finding], rules: Iterable[RuleResult] = ()) -> dict[str, int]:
    """Return how many findings of each severity, the gravest first.

    Args:
        findings: Those that are listed.
        rules: Whose new findings that are not listed are to be counted, too.
    """
    out = dict.fromkeys(SEVERITIES, 0)
    for finding in findings:
        out[finding.rule.severity] += 1
    for each in rules:
        out[each.rule.severity] += each.unlisted
    return out
