"""What `validate` found: counts that add up, coverage of the six questions, findings."""

from __future__ import annotations

from auditlog_cli.counts import many
from auditlog_cli.errors import EXIT_FOUND, EXIT_INPUT, EXIT_OK, InputError
from auditlog_cli.finding import Finding, Rule, Suite
from auditlog_cli.validator.record import Profile, Verdict
from auditlog_cli.validator.rules import QUESTIONS, RULES


class Tally:
    """Numbers about lines; those of two parts of a log can be added.

    Attributes:
        read: Lines: valid + invalid + own + withheld + bad, at every moment.
        valid: Records that break no rule.
        invalid: Records of any kind that break one.
        own: The log's records about itself that break none.
        withheld: Records withheld whole (tombstones) that break no rule.
        bad: Lines that are not one strict JSON object.
        kinds: How many records of which shape, the log's own and those withheld whole included.
        answered: How many records answer each of the six questions, in their order.
        held: How many would, had nothing been withheld.
        rules: How many findings of each rule.
    """

    __slots__ = ("answered", "bad", "held", "invalid", "kinds", "own", "read", "rules", "valid", "withheld")

    def __init__(self) -> None:
        self.read = 0
        self.valid = 0
        self.invalid = 0
        self.own = 0
        self.withheld = 0
        self.bad = 0
        self.kinds: dict[str, int] = {}
        self.answered = [0] * len(QUESTIONS)
        self.held = [0] * len(QUESTIONS)
        self.rules: dict[str, int] = {}

    @property
    def findings(self) -> int:
        """How many findings there are in all."""
        return sum(self.rules.values())

    @property
    def asked(self) -> int:
        """How many records the six questions were put to: all but the log's own."""
        return self.read - self.bad - self.kinds.get("own", 0)

    def complete(self, kind: str, count: int = 1) -> None:
        """Count records that are valid and answer everything (but not the line itself: that is `read`)."""
        self.valid += count
        self.kinds[kind] = self.kinds.get(kind, 0) + count
        for place in range(len(QUESTIONS)):
            self.answered[place] += count

    def judged(self, verdict: Verdict) -> None:
        """Count a record by what was found about it."""
        kind = verdict.kind
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        if verdict.problems:
            self.invalid += 1
            for problem in verdict.problems:
                self.rules[problem.rule] = self.rules.get(problem.rule, 0) + 1
        elif kind == "own":
            self.own += 1
        elif kind == "withheld":
            self.withheld += 1
        else:
            self.valid += 1
        for place in range(len(QUESTIONS)):
            self.answered[place] += verdict.answered >> place & 1
            self.held[place] += verdict.withheld >> place & 1

    def broken(self, rule: str) -> None:
        """Count a bad line."""
        self.bad += 1
        self.rules[rule] = self.rules.get(rule, 0) + 1

    def add(self, other: Tally) -> None:
        """Add the numbers of another part."""
        for name in ("read", "valid", "invalid", "own", "withheld", "bad"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for mine, theirs in ((self.kinds, other.kinds), (self.rules, other.rules)):
            for key, count in theirs.items():
                mine[key] = mine.get(key, 0) + count
        for place in range(len(QUESTIONS)):
            self.answered[place] += other.answered[place]
            self.held[place] += other.held[place]


class ValidationReport:
    """What `validate` found, and how much it looked at.

    Attributes:
        profile: What was asked of each record.
        strict: Whether unknown members count.
        tally: The numbers, over all inputs.
        findings: The first of what was found, in the order of the lines; how many is the caller's choice.
        inputs: Each file with the number of its lines.
        unread: What could not be looked at, or not to its end, each with the error that says why.
        failed: The files among that.
    """

    __slots__ = ("failed", "findings", "inputs", "profile", "strict", "tally", "unread")

    def __init__(self, profile: Profile, *, strict: bool = False) -> None:
        self.profile = profile
        self.strict = strict
        self.tally = Tally()
        self.findings: list[Finding] = []
        self.inputs: dict[str, int] = {}
        self.unread: list[InputError] = []
        self.failed: set[str] = set()

    @property
    def ok(self) -> bool:
        """Whether everything was looked at and nothing was found."""
        return self.exit_code == EXIT_OK

    @property
    def exit_code(self) -> int:
        """1 if something was found, else 3 if something could not be looked at, else 0."""
        if self.tally.invalid or self.tally.bad:
            return EXIT_FOUND
        return EXIT_INPUT if self.unread or not self.tally.read else EXIT_OK

    @property
    def left_out(self) -> int:
        """How many findings were counted, but are not among `findings`."""
        return self.tally.findings - len(self.findings)

    @property
    def totals(self) -> list[tuple[Rule, int]]:
        """Every rule that was broken and how often, in the order of the rules."""
        return [(rule, self.tally.rules[name]) for name, rule in RULES.items() if name in self.tally.rules]

    @property
    def suite(self) -> Suite:
        """The findings in the form that the formats for other tools are made from."""
        skipped = {}
        if self.profile == "record":
            skipped = {name: "asked by --profile six-questions" for name, rule in RULES.items() if rule.question}
        if not self.strict:
            skipped["RECORD-UNKNOWN-1"] = "asked with --strict"
        return Suite(
            "record",
            "1",
            f"auditlog.record/1, profile {self.profile}",
            list(RULES.values()),
            skipped=skipped,
            totals=self.tally.rules,
            findings=self.findings,
            verdict=self.verdict,
            unread=[str(error) for error in self.unread],
        )

    @property
    def unanswered(self) -> list[str]:
        """The questions, by their short names, that no record answers and none withholds."""
        tally = self.tally
        return [name for place, name in enumerate(QUESTIONS) if not tally.answered[place] and not tally.held[place]]

    @property
    def verdict(self) -> str:
        """One sentence: what holds, or what does not."""
        tally = self.tally
        if self.exit_code == EXIT_OK:
            lines = f"all {tally.read:,} lines are valid" if tally.read > 1 else "the one line is valid"
            if self.profile != "six-questions" or not tally.asked:
                return lines
            held = ", or withholds the answer" if any(tally.held) else ""
            return f"{lines}, and every record answers the six questions{held}"
        if self.exit_code == EXIT_INPUT:
            return "nothing wrong was found, but not everything could be looked at"
        parts = [f"{tally.invalid:,} invalid"] if tally.invalid else []
        parts += [f"{tally.bad:,} bad"] if tally.bad else []
        return f"{' and '.join(parts)} of {many(tally.read, 'line')}"
