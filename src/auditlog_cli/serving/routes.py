"""The routes. Each is a line of a table and a short function; what they do is said in the room's other modules."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from itertools import islice
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from auditlog_cli import times
from auditlog_cli.rules import compiled
from auditlog_cli.rules.sitefacts import Policy
from auditlog_cli.serving import agentaudit, answers, bodies, langsmith, openapi, otlp, queries, translating
from auditlog_cli.serving.alerts import Alerts
from auditlog_cli.serving.intake import Intake
from auditlog_cli.serving.ledger import Ledger
from auditlog_cli.serving.policyroutes import PolicyRoutes
from auditlog_cli.serving.queries import Queries
from auditlog_cli.serving.refusals import invalid
from auditlog_cli.serving.wanted import understood
from auditlog_cli.writer import ids

Content = dict[str, Any]
Handler = Callable[[Request], Awaitable[Response]]

API = "/api/v1"
LARGEST_BATCH = 1000
_AGENT = {"name": str, "type": str, "description": str, "config": dict}
_NEEDED = ("name", "type")


class Routes:
    """What the server answers.

    Args:
        ledger: Writes the log.
        path: The log, for queries.
        limit: How many bytes a body may have.
        alerts: The alerts log, or None.
        site: The policy file.
        keyed: Whether keys are asked for.
    """

    def __init__(self, ledger: Ledger, path: str, limit: int, alerts: str | None, site: Policy, *, keyed: bool) -> None:
        self._ledger = ledger
        self._queries = Queries(path)
        self._intake = Intake(ledger, self._queries, limit)
        self._runs = langsmith.Runs()
        self._alerts = Alerts(self._intake, alerts)
        self._policies = PolicyRoutes(self._intake, self._queries, path, site, keyed=keyed)

    def learn(self, now: int) -> None:
        """Read in the log what the last server knew of the requests of a day."""
        self._intake.remembered.learn(self._queries.remembered(), now)

    def table(self) -> list[tuple[str, str, Handler]]:
        """Return method, path and function of each route."""
        logs = f"{API}/audit-logs"
        return [
            ("POST", logs, self.log),
            ("POST", f"{logs}/batch", self.batch),
            ("GET", logs, self.page),
            ("GET", f"{logs}/export", self.export),
            ("GET", f"{logs}/trace/{{trace}}", self.trace),
            ("GET", f"{logs}/{{id}}", self.one),
            ("GET", f"{logs}/{{id}}/chain", self.chain),
            ("POST", f"{API}/agents", self.register),
            ("GET", f"{API}/agents", self.agents),
            *self._alerts.table(f"{API}/alerts"),
            *self._policies.table(f"{API}/policies"),
            ("GET", f"{API}/packs", self.packs),
            ("GET", f"{API}/health", self.health),
            ("GET", "/health", self.health),
            ("POST", "/v1/traces", partial(self.otlp, otlp.SPANS)),
            ("POST", "/v1/logs", partial(self.otlp, otlp.LOGS)),
            ("POST", "/api/public/otel/v1/traces", partial(self.otlp, otlp.SPANS)),
            ("GET", "/info", self.info),
            ("POST", "/runs/batch", self.runs),
            ("POST", "/hooks/claude-code", self.hook),
            ("GET", "/openapi.json", self.openapi),
        ]

    # --- AgentAudit -------------------------------------------------------------------------------

    async def log(self, request: Request) -> Response:
        """One entry."""

        def made(_: str, data: bytes) -> list[Content]:
            return [agentaudit.record(agentaudit.judged(bodies.json(data)), ids.record_id(), times.now())]

        def answer(_: str, found: list[Content]) -> Response:
            return answers.said(agentaudit.entry(found[0]), 201)

        return await self._intake.take(request, agentaudit.FORMAT, (bodies.JSON,), made, answer)

    async def batch(self, request: Request) -> Response:
        """Several entries: all of them, or none."""

        def made(_: str, data: bytes) -> list[Content]:
            entries = bodies.json(data)
            if not isinstance(entries, list) or not 1 <= len(entries) <= LARGEST_BATCH:
                raise invalid(f"the body must be an array of 1 to {LARGEST_BATCH} entries")
            judged = [agentaudit.judged(each, place) for place, each in enumerate(entries)]
            now = times.now()
            return [agentaudit.record(each, ids.record_id(), now) for each in judged]

        def answer(_: str, found: list[Content]) -> Response:
            rows = [agentaudit.entry(each) for each in found]
            return answers.said({"data": rows, "processed": len(rows), "errors": 0}, 201)

        return await self._intake.take(request, agentaudit.FORMAT, (bodies.JSON,), made, answer)

    async def page(self, request: Request) -> Response:
        """A page of entries, newest first."""
        wanted, page = understood(request.query_params)
        return answers.said(await self._intake.reading(partial(self._queries.page, wanted, page)))

    async def export(self, request: Request) -> Response:
        """All entries, as JSON or CSV."""
        wanted, _ = understood(request.query_params)
        form = request.query_params.get("format", "json")
        if form not in ("json", "csv"):
            raise invalid("format must be json or csv")
        write = answers.as_json if form == "json" else answers.as_csv
        media = bodies.JSON if form == "json" else "text/csv; charset=utf-8"
        name = {"Content-Disposition": f'attachment; filename="audit-logs.{form}"'}
        return StreamingResponse(self._pieces(write(self._queries.everything(wanted))), headers=name, media_type=media)

    async def _pieces(self, pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
        while block := await self._intake.reading(lambda: b"".join(islice(pieces, 500))):
            yield block

    async def trace(self, request: Request) -> Response:
        """The entries of a trace, oldest first."""
        trace = request.path_params["trace"]
        return answers.said({"data": await self._intake.reading(lambda: self._queries.trace(trace))})

    async def one(self, request: Request) -> Response:
        """One entry."""
        wanted = request.path_params["id"]
        return answers.said(await self._intake.reading(lambda: self._queries.one(wanted)))

    async def chain(self, request: Request) -> Response:
        """An entry and what lies below it."""
        wanted = request.path_params["id"]
        return answers.said(await self._intake.reading(lambda: self._queries.chain(wanted)))

    async def register(self, request: Request) -> Response:
        """An agent makes itself known: that is a record."""

        def made(_: str, data: bytes) -> list[Content]:
            given = bodies.json(data)
            if not isinstance(given, dict):
                raise invalid("the body must be an object")
            for name, kind in _AGENT.items():
                if given.get(name) is None and name not in _NEEDED:
                    continue
                if not isinstance(given.get(name), kind) or not (given[name] or name not in _NEEDED):
                    raise invalid(f"{name} must be {'an object' if kind is dict else 'a text'}")
            trace = ids.trace_id()
            action = {"type": "lifecycle", "phase": "register", "result_status": "success"}
            agent = {name: given[name] for name in _AGENT if name in given}
            return [
                {
                    "timestamp": times.now(), "session_id": trace, "trace_id": trace, "span_id": ids.span_id(),
                    "agent": {"id": given["name"], "name": given["name"]}, "action": action,
                    "metadata": {"register_agent": agent},
                }
            ]  # fmt: skip

        def answer(_: str, found: list[Content]) -> Response:
            return answers.said(queries.registered(found[0]), 201)

        return await self._intake.take(request, agentaudit.FORMAT, (bodies.JSON,), made, answer)

    async def agents(self, request: Request) -> Response:
        """The agents that made themselves known, newest first."""
        del request
        return answers.said(await self._intake.reading(lambda: list(self._queries.agents())))

    async def packs(self, request: Request) -> Response:
        """The rule packs that this version ships."""
        del request
        names = ("name", "title", "version", "status", "as_of")
        return answers.said([{name: str(getattr(pack, name)) for name in names} for pack in compiled.shipped()])

    async def health(self, request: Request) -> Response:
        """Whether records can be written. A log that failed is tried."""
        del request
        if self._ledger.failing:
            await self._intake.writing(self._ledger.confirm)
        return answers.said({"status": "ok", "written": self._ledger.written})

    # --- others ---------------------------------------------------------------------------------

    async def otlp(self, signal: str, request: Request) -> Response:
        """An export of OpenTelemetry."""
        return await self._intake.take(
            request, "otlp", otlp.KINDS,
            lambda kind, data: otlp.records(kind, signal, data),
            lambda kind, _: Response(otlp.answer(kind), media_type=kind),
        )  # fmt: skip

    async def info(self, request: Request) -> Response:
        """What LangSmith's client asks first."""
        del request
        return answers.said(langsmith.info(self._intake.limit))

    async def runs(self, request: Request) -> Response:
        """A batch of LangSmith's runs."""
        return await self._intake.take(
            request, "langsmith", (bodies.JSON,),
            lambda _, data: self._runs.records(data), lambda *_: answers.said({}, 202),
        )  # fmt: skip

    async def hook(self, request: Request) -> Response:
        """An event of Claude Code, as a hook of type `http` posts it."""

        def made(_: str, data: bytes) -> list[Content]:
            event = bodies.json(data)
            if not isinstance(event, dict) or not all(
                isinstance(event.get(name), str) for name in ("hook_event_name", "session_id")
            ):
                raise invalid("the body must be an object with hook_event_name and session_id")
            return translating.records("claude_hooks", event, data)

        return await self._intake.take(request, "claude_hooks", (bodies.JSON,), made, lambda *_: answers.said({}))

    async def openapi(self, request: Request) -> Response:
        """This interface, described."""
        del request
        return answers.said(openapi.document())
