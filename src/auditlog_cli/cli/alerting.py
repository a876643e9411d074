"""Alerts on the command line: which log, who is told, what stands in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

from auditlog_cli import times
from auditlog_cli.alerting import keeping, register, states
from auditlog_cli.alerting.keeping import Keeper
from auditlog_cli.alerting.routes import routes
from auditlog_cli.alerting.states import Alert
from auditlog_cli.cli import alertlist as drawn
from auditlog_cli.cli import show
from auditlog_cli.counts import many
from auditlog_cli.errors import EXIT_INCOMPLETE, EXIT_OK, InputError, UsageError
from auditlog_cli.judgement.announcing import Wish
from auditlog_cli.rules import policy as policies
from auditlog_cli.rules.sitefacts import Policy


def wish(
    policy: Policy,
    *,
    alerts: str | None,
    webhooks: Sequence[str] | None,
    emails: Sequence[str] | None,
    emit: str | None,
    form: str,
) -> Wish:
    """Return who is to hear of findings: what the options name, and the policy.

    Raises:
        UsageError, DefinitionError, InputError: See `routes`; or deliveries are asked for without an alerts log.
    """
    path = alerts or of_policy(policy)
    told = routes(policy, webhooks=webhooks or (), emails=emails or ())
    if told and path is None:
        raise UsageError(
            "deliveries need an alerts log, which says what has been told",
            help="--alerts FILE, or alerts of the policy",
        )
    return Wish(path, told, emit, form)


def of_policy(policy: Policy) -> str | None:
    """Return the alerts log that a policy names, or None; a relative path starts at the folder of the policy."""
    named = policy.alerts.get("log")
    return os.path.join(os.path.dirname(policy.path), named) if named else None


def find(path: str | None, policy_file: str | None) -> str:
    """Return the alerts log: the option, else that of the policy, else $AUDITLOG_ALERTS.

    Raises:
        UsageError: If none is named.
        InputError: If it is not there.
    """
    found = path or of_policy(policies.find(policy_file)) or os.environ.get(register.LOG)
    if not found:
        raise UsageError(
            "which alerts log?", help=f"--alerts FILE, or alerts of the policy, or set {register.LOG}"
        )  # fmt: skip
    if not os.path.exists(found):
        raise InputError(f"{found}: no such file", help="`auditlog check --alerts FILE` begins one")
    return found


def list_all(path: str, wanted: str | None, since: str | None, form: str, output: str | None) -> int:
    """List alerts, those that came into their state last at the end; return the exit code."""
    start = None if since is None else times.moment(since)
    if since is not None and start is None:
        raise UsageError(f"--since {since}: not a time", help="for example 2026-11-21, or 2d for so long ago")
    held = register.read(path)
    chosen = [
        each for each in held.alerts.values()
        if (wanted is None or each.state == wanted) and (start is None or each.since >= start)
    ]  # fmt: skip
    chosen.sort(key=lambda each: (each.since, each.fingerprint))
    out = show.output(output)
    if form == "text":
        for line in drawn.table(chosen, show.style("auto", output)):
            out.line(line)
    else:
        out.write(drawn.rendered(chosen, lines=form == "jsonl"))
    show.finish(out)
    return _exit(path, held.bad)


def show_one(path: str, fingerprint: str, form: str, output: str | None) -> int:
    """Show one alert; return the exit code."""
    held = register.read(path)
    alert = states.one(held.alerts, fingerprint)
    out = show.output(output)
    if form == "text":
        for line in drawn.whole(alert, show.style("auto", output)):
            out.line(line)
    else:
        out.write(drawn.rendered([alert], lines=True))
    show.finish(out)
    return _exit(path, held.bad)


def say(path: str, fingerprints: Sequence[str], by: str, act: Callable[[Keeper, Alert, int], None]) -> int:
    """Let a person say something about alerts: about all of them, or about none.

    Args:
        path: The alerts log.
        fingerprints: Which alerts.
        by: Who.
        act: Writes it; called for each.

    Raises:
        UsageError, InputError: If one is not known, or may not be spoken about; nothing is written then.
    """
    rehearsed = register.read(path).alerts
    chosen = {each.fingerprint: each for each in (states.one(rehearsed, name) for name in fingerprints)}
    keeping.refuse_agents(by, rehearsed.values())
    rehearsal = _Rehearsal(rehearsed)
    for alert in chosen.values():
        act(rehearsal, alert, 0)
    now = times.parse(times.now())
    assert now is not None
    notices = show.Notices()
    with register.Register(path) as opened:
        for name in chosen:
            act(opened.keeper, opened.keeper.known[name], now)
            notices.say(f"{name[:19]} is {opened.keeper.known[name].state}")
    return EXIT_OK


class _Rehearsal(Keeper):
    """Says what a keeper would say, and writes nothing."""

    def __init__(self, known: dict[str, Alert]) -> None:
        super().__init__(_Nowhere(), known, identity="", version="")  # type: ignore[arg-type]


class _Nowhere:
    def append(self, record: dict[str, Any]) -> None:
        """Take a record, and forget it."""


def _exit(path: str, bad: int) -> int:
    if bad:
        show.Notices().say(f"{path}: {many(bad, 'bad line')}; what they said is not known")
    return EXIT_INCOMPLETE if bad else EXIT_OK
