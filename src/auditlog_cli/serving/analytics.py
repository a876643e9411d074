"""What the rules of a policy find in the log: the log is judged as `auditlog check` judges it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from threading import Lock
from typing import Any, NamedTuple

from auditlog_cli import fields
from auditlog_cli.errors import DefinitionError, UsageError
from auditlog_cli.finding import KINDS, SEVERITIES, Finding
from auditlog_cli.judgement import asking
from auditlog_cli.judgement.judging import judge
from auditlog_cli.record import Record
from auditlog_cli.report import Report
from auditlog_cli.rules.sitefacts import Policy as Site
from auditlog_cli.serving.policies import Policy
from auditlog_cli.serving.refusals import Refused, invalid
from auditlog_cli.serving.wanted import understood

Content = dict[str, Any]

_one_at_a_time = Lock()


class Asked(NamedTuple):
    """Which records are judged, and which findings count; empty and None: all.

    Attributes:
        agent: Id of an agent.
        since, until: Microseconds since the epoch; `until` is the last that counts.
        kind: One of `finding.KINDS`: what AgentAudit calls the type of a rule.
        severity: One of `finding.SEVERITIES`.
        start, end: The window in the words of the client, or None.
    """

    agent: str
    since: int | None
    until: int | None
    kind: str
    severity: str
    start: str | None
    end: str | None


def asked(query: Mapping[str, str]) -> Asked:
    """Return what a query asks for.

    Raises:
        Refused: 400.
    """
    wanted, _ = understood({name: query[name] for name in ("agentId", "startDate", "endDate") if name in query})
    for name, words in (("ruleType", KINDS), ("severity", SEVERITIES)):
        if query.get(name, words[0]) not in words:
            raise invalid(f"{name} must be one of {', '.join(words)}")
    return Asked(
        wanted.agent, wanted.since, wanted.until, query.get("ruleType", ""), query.get("severity", ""),
        query.get("startDate"), query.get("endDate"),
    )  # fmt: skip


def of(policy: Policy, site: Site, log: str, wish: Asked) -> Content:
    """Judge the log by one policy, and return what it came to as a client gets it.

    What could not be judged is named in `window.incomplete`: a client would take a further member for an error.

    Args:
        policy: The policy.
        site: The policy file.
        log: The log.
        wish: Which records, which findings.

    Raises:
        Refused: 500 if the policy cannot be used any more.
        InputError: If the log cannot be read.
    """
    found: list[tuple[str, str, str, str]] = []

    def take(finding: Finding) -> None:
        rule = finding.rule
        if wish.kind in ("", rule.kind) and wish.severity in ("", rule.severity):
            found.append((rule.id, rule.severity, finding.where.agent, finding.where.timestamp[:10]))

    report = _judged(policy, site, log, wish, take)
    audits = 0 if report is None else report.lines.judged - report.lines.under_no_policy
    window: Content = {"startDate": wish.start, "endDate": wish.end}
    open_ = [] if report is None else [*map(str, report.unread), *report.incomplete]
    if open_:
        window["incomplete"] = open_
    mode = policy.definition["mode"]
    rules = Counter((rule, severity) for rule, severity, _, _ in found).most_common()
    agents = Counter(agent for _, _, agent, _ in found).most_common()
    days = sorted(Counter(day for _, _, _, day in found).items())
    return {
        "policy_id": policy.id,
        "policy_name": policy.definition["name"],
        "mode": mode,
        "priority": policy.definition["priority"],
        "window": window,
        "total_audits": audits,
        "total_violations": len(found),
        "block_count": 0,
        "flag_count": len(found) if mode == "flag" else 0,
        "log_count": len(found) if mode == "log" else 0,
        "rule_breakdown": [{"rule_id": rule, "severity": each, "count": count} for (rule, each), count in rules],
        "agent_breakdown": [{"agent_id": agent or None, "count": count} for agent, count in agents],
        "daily_trend": [{"date": day or None, "count": count} for day, count in days],
    }


def _judged(policy: Policy, site: Site, log: str, wish: Asked, take: Any) -> Report | None:
    """The report; None where the policy has no rules, or judges nobody."""
    word = policy.definition["pack"]
    if not policy.agents or (policy.bundle is None and word is None):
        return None
    try:
        question = asking.asked(
            pack=[word] if policy.bundle is None else [],
            policy_name=None if policy.bundle is None else policy.bundle.name,
            policy_file=site.path or None, no_policy=not site.path, max_findings=1,
        )  # fmt: skip
    except (DefinitionError, UsageError) as error:
        raise Refused(500, "policy_unusable", "the policy file changed, and cannot be used any more") from error
    question.since, question.until = wish.since, None if wish.until is None else wish.until + 1

    def selected(record: Record) -> bool:
        agent = fields.get(record.content, "agent.id")
        return (not wish.agent or agent == wish.agent) and (policy.bundle is not None or agent in policy.agents)

    question.selection = selected
    with _one_at_a_time:
        return judge([log], question, taken=take)  # with `taken`, no process is forked off


def everything(each: list[Content], wish: Asked) -> Content:
    """Return what all policies came to."""
    return {
        "window": {"startDate": wish.start, "endDate": wish.end},
        "total_policies": len(each),
        "total_violations": sum(row["total_violations"] for row in each),
        "policies": each,
    }
