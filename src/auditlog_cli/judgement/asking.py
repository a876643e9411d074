"""What `check` is asked: packs, policy, rules, waivers, the clock; understood before any log is opened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from auditlog_cli import times
from auditlog_cli.errors import DefinitionError, UsageError
from auditlog_cli.finding import Policy as PolicyNote
from auditlog_cli.judgement import baseline as baselines
from auditlog_cli.judgement import facts, scanning, waivers
from auditlog_cli.report import FAIL_ON, Baseline, Report, Waiver
from auditlog_cli.rules import binding, policy, selections
from auditlog_cli.rules.engine import MAX_STATE
from auditlog_cli.rules.interpreting import selected
from auditlog_cli.rules.planning import Plan, WrongRule, plan
from auditlog_cli.rules.reading import Reading
from auditlog_cli.rules.site import Site, owners
from auditlog_cli.rules.sitefacts import EMPTY

if TYPE_CHECKING:
    from auditlog_cli.detectors import Scanner
    from auditlog_cli.record import Record
    from auditlog_cli.rules.binding import Bound
    from auditlog_cli.rules.pack import Pack
    from auditlog_cli.rules.sitefacts import Policy
    from auditlog_cli.selection import Selection
    from auditlog_cli.verification.whole import Question as Seal

MOST = 1000
"""Findings of one rule that are listed unless another number is asked for; the others are counted."""


@dataclass(slots=True)
class Question:
    """What is asked of the logs.

    Attributes:
        packs, policy: What was loaded.
        bound: Every rule, those that do not run with the reason.
        as_of: The "now" of all rules, microseconds since the epoch.
        scanner: What looks for personal data and secrets; None if no rule asks.
        unheard: Entities of the site's own detectors that no rule asks for.
        chain: Whether a rule rests on what the verifier says.
        seal: What the verifier is asked; None: whether the log is whole, without keys.
        selection: Which records are judged; None: all.
        waivers_file, waivers, baseline: What was given.
        fail_on, fail_on_indicators, require_tested, max_findings, max_state, own, lateness: As in the options.
        since, until: What is found outside of this time is not told, microseconds since the epoch; None: no limit.
        index: Told what became of the index of a log, by which selected records are found; None: it is not used.
        announced: Whether somebody is told of each finding, or a baseline made of them: then `max_findings` leaves
            none out.
    """

    packs: list[Pack]
    policy: Policy
    bound: list[Bound]
    as_of: int
    scanner: Scanner | None
    chain: bool
    seal: Seal | None
    selection: Callable[[Record], bool] | None = None
    waivers_file: str = ""
    waivers: list[Waiver] = field(default_factory=list)
    baseline: Baseline | None = None
    fail_on: str = "high"
    fail_on_indicators: bool = False
    require_tested: tuple[str, ...] = ()
    max_findings: int = MOST
    max_state: int = MAX_STATE
    own: bool = False
    lateness: int | None = None
    since: int | None = None
    until: int | None = None
    announced: bool = False
    index: Callable[[str], None] | None = None
    unheard: Sequence[str] = ()

    def report(self) -> Report:
        """Return the report that a run fills in."""
        known = dict.fromkeys(each.policy for each in self.bound if each.policy is not None)
        return Report(
            self.as_of,
            packs=[facts.note(pack) for pack in self.packs],
            policies=[PolicyNote(*each) for each in known],
            policy_file=(self.policy.path, self.policy.sha256) if self.policy.path else None,
            waivers_file=self.waivers_file,
            waivers=self.waivers,
            baseline=self.baseline,
            fail_on=self.fail_on,
            fail_on_indicators=self.fail_on_indicators,
            require_tested=self.require_tested,
            warnings=[
                *(_aged(pack) for pack in self.packs if _age(pack, self.as_of) > _OLD),
                *(f"{name} is detected, but no rule of this run asks for it" for name in self.unheard),
            ],
        )

    def nouns(self) -> facts.Nouns:
        """Return what makes findings of what the rules find; it knows who answers for an agent."""
        return facts.Nouns(owners(self.policy))

    def where(self, given: object, label: str = "where") -> Callable[[dict[str, object]], bool | None]:
        """Return the predicate that the `where` of a waiver means; `label` begins the message of an error.

        Raises:
            DefinitionError: If it is not understood.
        """
        chosen = selections.compile_selection(given, label, self.as_of)
        site = Site(self.policy)
        scan = None if self.scanner is None else self.scanner.scan
        return lambda content: selected(chosen, Reading(content, site, scan))


def asked(
    *,
    pack: Sequence[str] = (),
    policy_file: str | None = None,
    no_policy: bool = False,
    policy_name: str | None = None,
    only: Sequence[str] = (),
    skip: Sequence[str] = (),
    experimental: bool = False,
    as_of: str | None = None,
    fail_on: str = "high",
    fail_on_indicators: bool = False,
    require_tested: Sequence[str] = (),
    waivers_file: str | None = None,
    baseline: str | None = None,
    selection: Selection | None = None,
    seal: Seal | None = None,
    max_findings: int = MOST,
    max_state: int = MAX_STATE,
    own: bool = False,
    lateness: int | None = None,
    since: str | None = None,
    until: str | None = None,
    clock: Callable[[], str] = times.now,
) -> Question:
    """Understand what is asked; the words are those of `check`.

    Args:
        clock: Says what time it is (RFC 3339), where `as_of` is not given.

    Raises:
        UsageError: If an option is wrong.
        DefinitionError: If a pack, policy, waiver or baseline is missing or wrong.
    """
    if fail_on not in FAIL_ON:
        raise UsageError(f"--fail-on: one of {', '.join(FAIL_ON)}", help="--fail-on high is the default")
    if max_findings < 0 or max_state < 1:
        raise UsageError("--max-findings and --max-state: a number is needed", help="--max-findings 0 lists all")
    if no_policy and policy_file is not None:
        raise UsageError("--policy and --no-policy contradict each other", help="leave one of them out")
    site = EMPTY if no_policy else policy.find(policy_file)
    use_policies = not pack
    if policy_name is not None:
        chosen = tuple(each for each in site.policies if each.name == policy_name)
        if not chosen:
            known = ", ".join(each.name for each in site.policies) or "none"
            raise UsageError(f"--only-policy {policy_name}: there is no such policy", help=f"there are: {known}")
        from dataclasses import replace

        site = replace(site, policies=chosen)
    moment = times.moment(as_of or clock())
    if moment is None:
        raise UsageError(
            "--as-of: a time such as 2026-11-21T00:00:00Z or a date is needed", help="for example --as-of 2026-11-21"
        )
    packs = binding.packs_for(site, pack or None)
    bound = binding.bind(
        packs, site, as_of=moment, only=only, skip=skip, experimental=experimental, use_policies=use_policies
    )
    named = {each.rule.id for each in bound}
    missing = [name for name in require_tested if name not in named]
    if missing:
        raise UsageError(
            f"--require-tested {missing[0]}: no rule of this run is called so",
            help="auditlog packs show PACK lists its rules",
        )
    given = [] if waivers_file is None else waivers.load(waivers_file)
    if given:
        waivers.refuse(given, [facts.Nouns().rule(each) for each in bound])
    active = [each for each in bound if each.standing == "active"]
    question = Question(
        packs, site, bound, moment, None, any(_is_chain(each) for each in active), seal, selection,
        waivers_file or "", given, None if baseline is None else baselines.load(baseline), fail_on,
        fail_on_indicators, tuple(require_tested), max_findings, max_state, own, lateness,
        None if since is None else times.moment(since), None if until is None else times.moment(until),
    )  # fmt: skip
    program = _planned(active, moment, packs).program
    question.unheard = program.unheard(each.entity for each in site.scan.custom)
    if program.needs_scanner or any(each.where for each in given):
        question.scanner = scanning.new_scanner(site.scan)
    for each in given:
        if each.where is not None:
            question.where(each.where, f"{each.place}: where")  # what is wrong with it is said before anything is read
    return question


def _planned(active: list[Bound], as_of: int, packs: Sequence[Pack]) -> Plan:
    """The plan of a run; what is wrong with a rule is said with the file and line of the rule."""
    try:
        return plan(active, as_of)
    except WrongRule as error:
        for pack in packs:
            for rule in pack.rules:
                if rule.id == error.rule and rule.line:
                    more = error.help or f"auditlog packs lint {pack.path}"
                    raise DefinitionError(f"{pack.path}:{rule.line}: {error.message}", help=more) from error
        raise


_OLD = 180 * times.DAY


def _age(pack: Pack, as_of: int) -> int:
    day = times.parse(f"{pack.as_of}T00:00:00Z")
    return as_of - day if day is not None else 0


def _aged(pack: Pack) -> str:
    return f"the pack {pack.name} describes the law of {pack.as_of}, more than 180 days ago"


def _is_chain(bound: Bound) -> bool:
    return (bound.rule.correlate or {}).get("check") == "hash_chain"
