"""The routes of alerts: those of an alerts log, and what a person says about them."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from functools import partial
from threading import Lock
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from auditlog_cli import segments, times
from auditlog_cli.alerting import keeping, register
from auditlog_cli.alerting.states import OUTCOMES, Alert
from auditlog_cli.errors import AuditWriteError, LockTimeout, UsageError
from auditlog_cli.serving import answers, bodies, guard
from auditlog_cli.serving.intake import Intake
from auditlog_cli.serving.refusals import Refused, invalid, missing

Content = dict[str, Any]
Handler = Callable[[Request], Awaitable[Response]]

_UNSAID = "over AgentAudit's API, where no reason was given"


class Alerts:
    """What the server answers about alerts.

    Args:
        intake: Whose threads do the work.
        path: The alerts log, or None.
    """

    def __init__(self, intake: Intake, path: str | None) -> None:
        self._intake = intake
        self._log = path
        self._writing = Lock()

    def table(self, base: str) -> list[tuple[str, str, Handler]]:
        """Return method, path and function of each route."""
        return [
            ("GET", base, self.list),
            ("PATCH", f"{base}/{{id}}/acknowledge", partial(self._say, resolve=False)),
            ("PATCH", f"{base}/{{id}}/resolve", partial(self._say, resolve=True)),
        ]

    @property
    def _path(self) -> str:
        if self._log is None:
            raise missing("alerts log (auditlog serve --alerts FILE)")
        if not os.path.lexists(self._log) and not segments.find_closed(self._log):
            raise missing("alerts log (auditlog check --alerts FILE begins it)")
        return self._log

    async def list(self, request: Request) -> Response:
        """The alerts of the alerts log."""
        path, query = self._path, request.query_params

        def found() -> list[Content]:
            rows = [_told(each) for each in register.read(path).alerts.values()]
            for name in ("isResolved", "severity"):
                if name in query:
                    rows = [row for row in rows if str(row[name]).lower() == query[name].lower()]
            return rows

        return answers.said(await self._intake.reading(found))

    async def _say(self, request: Request, *, resolve: bool) -> Response:
        """A person has seen an alert, or dealt with it: that is a record of the alerts log."""
        path, person = self._path, guard.person(request.state)
        data = await self._intake.body(request)
        given = bodies.json(data) if data.strip() else {}
        if not isinstance(given, dict):
            raise invalid("the body must be an object, or empty")
        why, outcome = given.get("reason", _UNSAID), given.get("outcome", "")
        if not isinstance(why, str) or not why.strip():
            raise invalid("reason must be a text")
        if outcome not in (OUTCOMES if resolve and "outcome" in given else ("",)):
            raise invalid(
                f"outcome must be one of {', '.join(OUTCOMES)}" if resolve else "outcome is said of a resolved alert"
            )
        wanted = request.path_params["id"]
        return answers.said(
            await self._intake.writing(partial(self._write, path, wanted, person, why, outcome, resolve))
        )

    def _write(self, path: str, wanted: str, person: str, why: str, outcome: str, resolve: bool) -> Content:
        with self._writing:
            known = register.read(path).alerts
            if wanted not in known:
                raise missing("alert")
            try:
                keeping.refuse_agents(person, known.values())
            except UsageError:
                raise Refused(
                    403, "person_needed", "an agent of these alerts has this name: a person has to say so"
                ) from None
            now = times.parse(times.now())
            assert now is not None
            try:
                with register.Register(path) as opened:
                    alert = opened.keeper.known[wanted]
                    if resolve:
                        opened.keeper.resolve(alert, by=person, why=why, outcome=outcome, now=now)
                    else:
                        opened.keeper.acknowledge(alert, by=person, why=why, now=now)
            except UsageError:
                raise Refused(409, "alert_state", f"the alert is {known[wanted].state} already") from None
            except LockTimeout:
                raise Refused(
                    503, "log_locked", "another writer holds the alerts log; try again", {"Retry-After": "2"}
                ) from None
            except AuditWriteError:
                raise Refused(
                    507, "log_unwritable", "the alerts log cannot be written; nothing was acknowledged"
                ) from None
            return _told(alert)


def _told(alert: Alert) -> Content:
    finding = alert.finding
    names = ("rule", "pack", "severity", "message", "record_id", "trace_id")
    made: Content = {
        "id": alert.fingerprint,
        "isResolved": alert.state == "resolved",
        "state": alert.state,
        "createdAt": times.render(alert.opened),
        **{name: finding.get(name) for name in names},
    }
    return made | {name: value for name in ("by", "why", "outcome") if (value := getattr(alert, name))}
