"""Writing the alerts log: what is opened, acknowledged, resolved, told; and that somebody looked at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from auditlog_cli import times
from auditlog_cli.alerting.states import ACKNOWLEDGED, NOTIFIED, NOTIFY_FAILED, OPEN, OUTCOMES, RESOLVED, Alert
from auditlog_cli.errors import UsageError
from auditlog_cli.finding import SEVERITIES
from auditlog_cli.writer import ids
from auditlog_cli.writer.log import AuditLog

AGENT = "auditlog"
_DAY = 86_400_000_000
_NAMED = 5
_MACHINES = ("agent:", "service:", "system:")

Finding = Mapping[str, Any]
"""`auditlog.finding/1`."""


class New(NamedTuple):
    """A fact that needs an alert.

    Attributes:
        fingerprint: Of the fact.
        finding: The gravest of its findings, with all rules that name it.
        before: Its alert that was resolved, or None.
    """

    fingerprint: str
    finding: dict[str, Any]
    before: Alert | None

    @property
    def reopened(self) -> int:
        """How often it came back."""
        return 0 if self.before is None else self.before.reopened + 1


class Keeper:
    """The alerts log, open for writing.

    Args:
        log: The log.
        known: What it holds; kept up to date.
        identity: As whom the check runs: `user.id` of the records that it writes by itself.
        version: Of this tool.
    """

    def __init__(self, log: AuditLog, known: dict[str, Alert], *, identity: str, version: str) -> None:
        self._log = log
        self.known = known
        self._identity = identity
        self._agent = {"id": AGENT, "version": version}
        self._session = f"alerts-{ids.span_id()}"
        self._trace = ids.trace_id()

    def new(self, findings: Iterable[Finding]) -> list[New]:
        """Return the facts that have no alert, or came back after theirs was resolved; write nothing.

        Several findings of one fingerprint are one fact: its alert lists every rule, pack and clause.

        Args:
            findings: Those that count: neither waived nor known.
        """
        found = []
        for fingerprint, same in _by_fact(findings).items():
            alert = self.known.get(fingerprint)
            if alert is None or (alert.state == RESOLVED and _younger(same[0], alert.since)):
                found.append(New(fingerprint, _merged(same), alert))
        return found

    def open(self, new: New, now: int, owed: Iterable[str] = ()) -> Alert:
        """Open the alert of a fact, or open it again.

        Args:
            new: The fact.
            now: Microseconds since the epoch.
            owed: Names of the channels that are to be told of it. They stand in its record: they are owed it whatever
                happens to this process.

        Raises:
            AuditWriteError: If it cannot be written.
        """
        metadata: dict[str, Any] = {"finding": new.finding}
        names = sorted(owed)
        if new.reopened:
            metadata["reopened"] = new.reopened
        if names:
            metadata["owed"] = names
        identity = self._write(OPEN, new.fingerprint, now, metadata=metadata)
        made = Alert(
            new.fingerprint, new.finding, OPEN, now, now, identity, new.reopened, owed=frozenset(names),
            first=now if new.before is None else new.before.first,
        )  # fmt: skip
        self.known[new.fingerprint] = made
        return made

    def acknowledge(self, alert: Alert, *, by: str, why: str, now: int) -> None:
        """Write that a person has seen it. Raises as `resolve` does."""
        if alert.state != OPEN:
            raise UsageError(
                f"{alert.fingerprint[:19]} is {alert.state}, not open",
                help="only an open alert is acknowledged: auditlog alerts show says who did",
            )
        self._by_person(ACKNOWLEDGED, alert, by, {"of": "alert", "reason": _said(why)}, now)

    def resolve(self, alert: Alert, *, by: str, why: str, outcome: str, now: int) -> None:
        """Write that a person has dealt with it; `outcome` is empty where they did not say what came of it.

        Raises:
            UsageError: If it is resolved already, an agent speaks, or what was said is empty.
            AuditWriteError: If it cannot be written.
        """
        if alert.state == RESOLVED:
            raise UsageError(
                f"{alert.fingerprint[:19]} is resolved already", help="auditlog alerts show says by whom, and why"
            )
        if outcome not in (*OUTCOMES, ""):
            raise UsageError(f"--outcome: one of {', '.join(OUTCOMES)}", help="--outcome fixed")
        said = {"outcome": outcome} if outcome else {}
        self._by_person(RESOLVED, alert, by, {"of": "alert", **said, "reason": _said(why)}, now)
        alert.outcome = outcome

    def told(self, alert: Alert, channel: str, attempt: int, status: str, now: int, *, ok: bool, final: bool) -> None:
        """Write how an attempt to tell somebody went.

        Args:
            alert: Of what.
            channel: Name of the way; no secret.
            attempt: Counted from 1.
            status: What was answered, in a word or a number.
            now: Microseconds since the epoch.
            ok: Whether it was taken.
            final: Whether it is not tried any more.
        """
        metadata = {"channel": channel, "attempt": attempt, "status": status, "alert": alert.record_id}
        if final and not ok:
            metadata["final"] = True
        self._write(NOTIFIED if ok else NOTIFY_FAILED, alert.fingerprint, now, metadata=metadata, ok=ok)
        newest = self.known.get(alert.fingerprint)
        if newest is not None and newest.record_id == alert.record_id:
            alert = newest  # `known` may have been read again meanwhile
        alert.attempts[channel], alert.tried[channel] = attempt, now
        if ok or final:
            alert.told[channel] = status

    def reviewed(self, outcome: str, counts: Mapping[str, int], now: int, logs: Iterable[str] = ()) -> None:
        """Write that a run has looked at the log: what FIN-PCI-10.4-01 asks for.

        Args:
            outcome: `clean`, `findings` or `incomplete`.
            counts: Of lines and findings.
            now: Microseconds since the epoch.
            logs: What was looked at; the first few are named.
        """
        record = self._record("review", now)
        named = list(dict.fromkeys(logs))
        more = f" and {len(named) - _NAMED:,} more" if len(named) > _NAMED else ""
        record["action"]["resource"] = (", ".join(named[:_NAMED]) or "nothing") + more
        record["review"] = {"of": "log", "outcome": outcome}
        record["metadata"] = dict(counts)
        self._log.append(record)

    def _by_person(self, phase: str, alert: Alert, by: str, review: dict[str, str], now: int) -> None:
        refuse_agents(by, [alert])
        record = self._record("alert", now)
        record["action"] |= {"phase": phase, "resource": alert.fingerprint}
        record["user"] = {"id": by, "type": "human"}
        stamp = times.render(now)
        record["authorization"] |= {"session_type": "human_approved", "approved_by": by, "approved_at": stamp}
        record["delegation_chain"] = [{"actor": by, "role": "initiator"}, {"actor": AGENT, "role": "executor"}]
        record["review"] = review
        self._log.append(record)
        alert.state, alert.since, alert.by, alert.why = phase, now, by, review["reason"]

    def _write(self, phase: str, fingerprint: str, now: int, *, metadata: dict[str, Any], ok: bool = True) -> str:
        record = self._record("alert", now)
        record["action"] |= {"phase": phase, "resource": fingerprint}
        if not ok:
            record["action"]["result_status"] = "error"
        record["metadata"] = metadata
        return self._log.append(record).record_id

    def _record(self, what: str, now: int) -> dict[str, Any]:
        """A record that answers the six questions."""
        return {
            "timestamp": times.render(now),
            "session_id": self._session,
            "trace_id": self._trace,
            "user": {"id": self._identity, "type": "service"},
            "agent": self._agent,
            "authorization": {
                "scopes": ["alerts:write"],
                "session_type": "autonomous",
                "expires_at": times.render(now + _DAY),
            },
            "action": {"type": what, "result_status": "success"},
            "delegation_chain": [
                {"actor": self._identity, "role": "initiator"},
                {"actor": AGENT, "role": "executor"},
            ],
        }


def refuse_agents(by: str, alerts: Iterable[Alert]) -> None:
    """Refuse that an agent speaks about alerts: an agent must not silence what was found about it.

    Raises:
        UsageError: If `by` is empty, names a machine, or is an agent of one of the alerts.
    """
    if not by.strip():
        raise UsageError("--by: who says so?", help="--by ann@example.org")
    bare = by.partition(":")[2] or by
    agents = {str(alert.finding.get("record", {}).get("agent") or "") for alert in alerts}
    if by.startswith(_MACHINES) or by in agents or bare in {each.partition(":")[2] or each for each in agents} - {""}:
        raise UsageError("--by names an agent: a person has to say so", help="--by takes the person who looked at it")


def _said(why: str) -> str:
    if not why.strip():
        raise UsageError("--why: what has been found out?", help='--why "a test of the new key"')
    return why


def _by_fact(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    facts: dict[str, list[Finding]] = {}
    for finding in findings:
        facts.setdefault(finding["fingerprint"], []).append(finding)
    return facts


def _merged(same: list[Finding]) -> dict[str, Any]:
    """The gravest of several findings of one fact, and all rules that name it."""
    gravest = min(same, key=lambda each: SEVERITIES.index(each["severity"]))
    named = [{"rule": each["rule"], "pack": each["pack"], "clauses": list(each["clauses"])} for each in same]
    made = {**gravest, "record": _placed(gravest.get("record", {})), "rules": named}
    if "related" in gravest:
        made["related"] = [_placed(each) for each in gravest["related"]]
    return made


def _placed(place: Mapping[str, Any]) -> dict[str, Any]:
    """Where a record stands, as a log and a letter can hold it: the name of a file need not be UTF-8."""
    source = place.get("source")
    return {**place, "source": source.encode("utf-8", "backslashreplace").decode()} if source else dict(place)


def _younger(finding: Finding, resolved: int) -> bool:
    """Whether the fact stands in a record written after the alert was resolved."""
    stamp = finding.get("record", {}).get("timestamp")
    when = times.parse(stamp)
    return when is None or when > resolved
