"""A pack of one's own: a copy of another with ids of its own, or a skeleton (compliance.md, 5 and 11.1)."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, Final

from auditlog_cli.errors import UsageError
from auditlog_cli.rules import compiled, loading, writing
from auditlog_cli.rules.pack import FORMAT, AppliesFrom, Pack, Rule

_PREFIX = re.compile(r"[A-Z0-9]+\Z", re.ASCII)
_HEAD: Final = "# Rules for `auditlog check`: see docs/packs.md. Check this file with: auditlog packs lint {name}.yaml"


def prefix_for(name: str, given: str | None) -> str:
    """Return the prefix of the ids of the pack `name`: the given one, else its first word in capitals.

    Raises:
        UsageError: If the name or the prefix is none.
    """
    if not loading.PACK_NAME.match(name) or name in loading.NAMES:
        taken = "is the name of a shipped pack" if name in loading.NAMES else "is no name for a pack"
        raise UsageError(f"{name}: {taken}", help="small letters, digits and -, such as acme-gdpr")
    prefix = name.partition("-")[0].upper() if given is None else given
    if not _PREFIX.match(prefix):
        raise UsageError(f"--prefix {prefix}: not a prefix for ids", help="capital letters and digits, such as ACME")
    return prefix


def digest(rule: Rule) -> str:
    """Return the SHA-256 of what a rule is, `extends` resolved, without its cases and the line it stands on."""
    plain = compiled.plain_rule(rule)
    del plain["line"]
    said = json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(said.encode()).hexdigest()


def clone(origin: Pack, name: str, prefix: str) -> str:
    """Return the text of the pack `name`: every rule of `origin` in full, with a prefix before its id.

    The copy does not follow later versions of `origin`; each rule says what it was copied from.
    """
    head: dict[str, Any] = {
        "format": FORMAT,
        "pack": name,
        "version": "0.1.0",
        "status": "review",
        "as_of": origin.as_of,
        "title": f"{origin.title}, own copy",
        "sources": [{"name": source, "url": url} for source, url in origin.sources],
        "profile": origin.profile,
        "applies": origin.applies,
        "applies_from": _dates(origin.applies_from),
        "not_checkable": origin.not_checkable,
    }
    lines = [_HEAD.format(name=name), *writing.block({key: value for key, value in head.items() if value})]
    lines.append("rules:")
    for rule in origin.rules:
        lines += writing.item(_copy(rule, prefix, origin))
    return "\n".join(lines) + "\n"


def _copy(rule: Rule, prefix: str, origin: Pack) -> dict[str, Any]:
    origin_of = {"rule": rule.id, "pack": rule.pack, "version": rule.pack_version, "sha256": digest(rule)}
    made: dict[str, Any] = {
        "id": f"{prefix}-{rule.id}",
        "cloned_from": origin_of,
        "title": rule.title,
        "severity": rule.severity,
        "finding": rule.kind,
        "confidence": rule.confidence,
        "scope": rule.scope,
        "clauses": dict(rule.clauses),
        "crossrefs": rule.crossrefs,
        "why": rule.why,
        "fix": rule.fix,
        "false_positives": rule.false_positives,
        # A copy is nobody's stable rule: no lawyer has read it.
        "status": "" if rule.status in ("test", "stable") else rule.status,
        "addressable": rule.addressable,
        "parameters": {
            key: {part: value for part, value in (("default", each.default), ("note", each.note),
                                                  ("profile", each.profile)) if part == "default" or value}
            for key, each in rule.parameters.items()
        },
        "detection": rule.detection,
        "correlate": rule.correlate,
        "report": {key: value for key, value in (("at", rule.report_at), ("message", rule.report_message)) if value},
    }  # fmt: skip
    made = {key: value for key, value in made.items() if value}
    if rule.applies != origin.applies:
        made["applies"] = rule.applies  # an empty one too: it binds everybody, whatever the pack says
    if rule.applies_from != origin.applies_from:
        made["applies_from"] = _dates(rule.applies_from)
    for key, value in (("in_pack", rule.in_pack), ("waivable", rule.waivable)):
        if not value:
            made[key] = False
    return made | {"tests": {key: cases for key, cases in rule.tests.items() if cases}}


def _dates(dates: AppliesFrom) -> list[dict[str, Any]] | str:
    if len(dates) == 1 and not dates[0][0]:
        return dates[0][1]
    return [{"when": dict(when), "date": date} if when else {"date": date} for when, date in dates]


def skeleton(name: str, prefix: str, today: str) -> str:
    """Return the text of a new pack with one rule and its cases."""
    return _SKELETON.format(head=_HEAD.format(name=name), name=name, prefix=prefix, today=today)


_SKELETON = """\
{head}
format: auditlog.rules/1
pack: {name}
version: 0.1.0
status: review                  # nobody with legal training has read it
as_of: "{today}"
title: House rules
sources: []                     # - {{name: Our handbook, url: "https://…"}}
not_checkable:
  - "Whatever was never logged."
rules:
- id: {prefix}-1
  title: Payment above the house limit without an approval
  severity: high                # critical, high, medium, low, info
  finding: violation            # violation: the log shows a breach; gap: evidence is missing; indicator: ask
  confidence: high
  scope: record                 # record; or session, trace, log with `correlate`
  clauses:
    Handbook 4.2: Payments above the limit need the approval of a second person.
  why: Nobody but the agent has seen this payment before it was made.
  fix: Ask for an approval before the call and record it in approval.
  parameters: {{limit: {{default: 500, note: In the currency of the ledger.}}}}
  detection:
    payment: {{action.effect: pay, action.result_status: [success, partial]}}
    large: {{action.arguments.amount|gt: "%limit%"}}
    approved: {{approval.status: approved}}
    subject: payment
    condition: payment and large and not approved
  report:
    at: action.tool
    message: "{{action.tool}} paid more than the house limit for {{user.id}} without an approval."
  tests:
    hit: [{{"action": {{"effect": "pay", "result_status": "success", "arguments": {{"amount": 900}}}}}}]
    pass:
      - {{"action": {{"effect": "pay", "result_status": "success", "arguments": {{"amount": 100}}}}}}
      - {{"action": {{"effect": "pay", "arguments": {{"amount": 900}}}}, "approval": {{"status": "approved"}}}}
"""
