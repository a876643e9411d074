"""Waivers: findings that somebody accepts for a time, with a reason (compliance.md, 7.5).

A waiver runs out at the beginning of the day named by `expires` (midnight UTC, as every date here), and covers
nothing before the day named by `created`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase

from auditlog_cli import times
from auditlog_cli.errors import DefinitionError
from auditlog_cli.finding import Finding, Rule, Where, fingerprint
from auditlog_cli.report import Report, Waiver
from auditlog_cli.rules import yamlfile
from auditlog_cli.rules.section import Section

FORMAT = "auditlog.waivers/1"
PACK = "waivers"
STATUSES = ("accepted", "false_positive", "not_applicable", "fix_planned")
JUSTIFICATIONS = (
    "compensating_control", "not_in_scope", "test_data", "detector_error", "contractual_basis", "legal_hold",
    "vendor_limitation",
)  # fmt: skip
_LONGEST = 365 * times.DAY
_NEVER = 1 << 62
_FINGERPRINT = re.compile(r"sha256:[0-9a-f]{64}\Z", re.ASCII)
_MACHINES = ("agent:", "service:", "system:")

EXPIRED = Rule(
    "WAIVER-EXPIRED", "A waiver has expired", severity="medium", kind="gap", pack=PACK, waivable=False,
    clauses=("docs/ci.md, Accept with a reason",), why="What it covered counts again: nobody accepts it any longer.",
    fix="Mend what it covered, or have it approved anew with another id.",
)  # fmt: skip
UNUSED = Rule(
    "WAIVER-UNUSED", "A waiver covers nothing", severity="info", kind="indicator", pack=PACK, waivable=False,
    clauses=("docs/ci.md, Accept with a reason",), why="A waiver without a finding may one day hide another one.",
    fix="Remove it once you know why it covers nothing.",
)  # fmt: skip
RULES = (EXPIRED, UNUSED)

Content = Callable[[Finding], dict[str, object] | None]
Selection = Callable[[dict[str, object]], bool | None]


def load(path: str) -> list[Waiver]:
    """Read a file of waivers, YAML or JSON.

    Raises:
        DefinitionError: If it cannot be read, or is wrong: file, line and what to do.
    """
    document = yamlfile.load(path)
    top = Section(document, document.data, "a file of waivers")
    if top.text("format", required=True) != FORMAT:
        raise top.error(f'"format" must be {FORMAT}', "format")
    top.value("waivers", list, required=True)
    found = [_waiver(each) for each in top.sections("waivers", "a waiver")]
    top.finish()
    seen: set[str] = set()
    for each in found:
        if each.id in seen:
            raise DefinitionError(f"{each.place}: two waivers are called so", help="give each its own id")
        seen.add(each.id)
    return found


def _waiver(section: Section) -> Waiver:
    name = section.text("id", required=True)
    approver = section.text("approved_by", required=True)
    if approver.strip().lower().startswith("agent:"):
        raise section.error(f"{name} is approved by an agent: only a person may", "approved_by")
    created, expires = _day(section, "created"), _day(section, "expires")
    if expires <= created:
        raise section.error(f"{name} expires before it begins", "expires")
    if expires - created > _LONGEST:
        raise section.error(f"{name} lasts longer than 365 days", "expires", help="look at it again within a year")
    made = Waiver(
        name,
        section.choice("status", STATUSES, required=True),
        section.choice("justification", JUSTIFICATIONS, required=True),
        section.text("reason", required=True),
        approver,
        created,
        expires,
        rule=section.text("rule", required=section.has("rule")),
        fingerprints=frozenset(section.texts("fingerprints")),
        where=section.value("where", dict, list),
        ticket=section.text("ticket"),
        path=section.document.path,
        line=section.line,
    )
    section.finish()
    if section.has("fingerprints") and not made.fingerprints:
        raise section.error(f"{name}: the list of fingerprints is empty", "fingerprints")
    if not made.rule and not made.fingerprints:
        raise section.error(f'{name} covers nothing: it needs "rule" or "fingerprints"')
    if not all(map(_FINGERPRINT.match, made.fingerprints)):
        raise section.error(f"{name}: a fingerprint is sha256: and 64 hex digits", "fingerprints")
    return made


def _day(section: Section, key: str) -> int:
    text = section.text(key, required=True)
    found = times.parse(f"{text}T00:00:00Z") if len(text) == 10 else times.parse(text)
    if found is None:
        raise section.error(f'"{key}" of a waiver must be a date as 2027-01-31, or an RFC 3339 time', key)
    return found


def refuse(waivers: Iterable[Waiver], rules: Iterable[Rule], agents: Iterable[str] = ()) -> None:
    """Refuse waivers that nobody may give.

    Args:
        waivers: As loaded.
        rules: All rules of the run.
        agents: Ids of agents of the log; call again once they are known.

    Raises:
        DefinitionError: If one covers a rule that cannot be waived, or an agent of the log approved it.
    """
    fixed = [rule for rule in rules if not rule.waivable]
    known = {_bare(agent) for agent in agents}
    for waiver in waivers:
        covered = next((rule for rule in fixed if _means(waiver, rule)), None)
        if covered:
            raise DefinitionError(
                f"{waiver.place}: {covered.id} cannot be waived",
                help=f"name the rules that you mean instead of {waiver.rule}",
            )
        if _bare(waiver.approved_by) in known:
            raise DefinitionError(
                f"{waiver.place}: approved by an agent of the log: only a person may",
                help="let a person approve it",
            )


def apply(
    report: Report,
    *,
    content: Content = lambda finding: None,
    compiled: Callable[[object], Selection] | None = None,
) -> None:
    """Mark the findings of a report that its waivers cover, and add what is to be said about the waivers.

    Args:
        report: With `waivers` loaded, `findings` complete and `as_of` set. Call its `settle` afterwards.
        content: The anchor record of a finding, or None where it is not at hand: then a waiver with `where` does not
            cover it, and the waiver's `undecided` says how often.
        compiled: What makes a predicate out of a selection; needed where a waiver has `where`. A predicate that
            answers None (a value is withheld) covers nothing either.

    Raises:
        DefinitionError: If a waiver names the fingerprint of a finding that cannot be waived.
    """
    for waiver in report.waivers:
        waiver.applied = waiver.undecided = 0
    in_force = Force(report.waivers, report.as_of, compiled)
    for finding in report.findings:
        in_force.cover(finding, content)
    for waiver in report.waivers:
        if waiver.standing == "expired":
            told = f"the waiver {waiver.id} expired on {times.render(waiver.expires)[:10]}"
            report.findings.append(_about(EXPIRED, waiver, report.waivers_file, told))
        elif waiver.standing == "in_force" and not waiver.applied:
            told = f"the waiver {waiver.id} covers nothing"
            if waiver.undecided:
                told += f"; {waiver.undecided:,} findings could not be compared, because their record was not at hand"
            report.findings.append(_about(UNUSED, waiver, report.waivers_file, told))


def until(waivers: Iterable[Waiver], now: int) -> int:
    """Return the moment at which the next of the waivers begins or expires: until then the same ones are in force."""
    return min((moment for each in waivers for moment in (each.created, each.expires) if moment > now), default=_NEVER)


class Force:
    """The waivers that are in force at a time; each is told its standing.

    Args:
        waivers: All that were given.
        as_of: Microseconds since the epoch.
        compiled: As for `apply`.
    """

    def __init__(
        self, waivers: Iterable[Waiver], as_of: int, compiled: Callable[[object], Selection] | None = None
    ) -> None:
        self._waivers: list[tuple[Waiver, Selection | None]] = []
        for waiver in waivers:
            before, after = as_of < waiver.created, as_of >= waiver.expires
            waiver.standing = "not_yet" if before else "expired" if after else "in_force"
            if waiver.standing == "in_force":
                chosen = compiled(waiver.where) if waiver.where is not None and compiled is not None else None
                self._waivers.append((waiver, chosen))

    def cover(self, finding: Finding, content: Content) -> None:
        """Mark a finding as waived if one of them covers it; `content` and errors as for `apply`."""
        for waiver, chosen in self._waivers:
            if _covers(waiver, finding, content, chosen):
                waiver.applied += 1
                if finding.state != "waived":
                    finding.state = "waived"
                    finding.waiver = {
                        "id": waiver.id, "status": waiver.status, "expires": times.render(waiver.expires),
                    }  # fmt: skip


def _covers(waiver: Waiver, finding: Finding, content: Content, chosen: Selection | None) -> bool:
    if waiver.rule and not _means(waiver, finding.rule):
        return False
    if waiver.fingerprints and finding.fingerprint not in waiver.fingerprints:
        return False
    if not finding.rule.waivable:
        raise DefinitionError(
            f"{waiver.place}: findings of {finding.rule.id} cannot be waived", help="take the fingerprint out of it"
        )
    if waiver.where is None:
        return True
    record = content(finding) if chosen else None
    if record is None or chosen is None:
        waiver.undecided += 1
        return False
    return chosen(record) is True


def _means(waiver: Waiver, rule: Rule) -> bool:
    """A base id covers all rules that extend it."""
    return bool(waiver.rule) and any(fnmatchcase(name, waiver.rule) for name in (rule.id, *rule.bases))


def _about(rule: Rule, waiver: Waiver, path: str, message: str) -> Finding:
    return Finding(rule, message, Where(path, waiver.line), fingerprint(rule.id, [waiver.id]))


def _bare(name: str) -> str:
    """A name without one leading `user:`, `agent:`, … (compliance.md, 2.3)."""
    name = name.strip().lower()
    for front in ("user:", *_MACHINES):
        if name.startswith(front):
            return name[len(front) :]
    return name
