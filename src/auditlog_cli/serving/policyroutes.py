"""The routes of policies: AgentAudit's twelve calls."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from auditlog_cli.rules.sitefacts import Policy as Site
from auditlog_cli.serving import analytics, answers, bodies, guard, policies
from auditlog_cli.serving.intake import Intake
from auditlog_cli.serving.policies import Policy
from auditlog_cli.serving.queries import Queries
from auditlog_cli.serving.refusals import invalid, missing

Content = dict[str, Any]
Handler = Callable[[Request], Awaitable[Response]]
Change = Callable[[dict[str, Policy], object], tuple[str, str, Content]]

_LONGEST_AGENT = 1000


class PolicyRoutes:
    """What the server answers about policies.

    Args:
        intake: Takes changes.
        queries: Reads them.
        path: The log, to be judged.
        site: The policy file.
        keyed: Whether keys are asked for: then only a person changes a policy.
    """

    def __init__(self, intake: Intake, queries: Queries, path: str, site: Site, *, keyed: bool) -> None:
        self._intake = intake
        self._queries = queries
        self._path = path
        self._site = site
        self._keyed = keyed
        self._changing = asyncio.Lock()  # a version's number is the next one

    def table(self, base: str) -> list[tuple[str, str, Handler]]:
        """Return method, path and function of each route; those of one word before those of an id."""
        one = f"{base}/{{id}}"
        return [
            ("GET", base, self.list),
            ("POST", base, self.create),
            ("POST", f"{base}/clone-pack", self.clone),
            ("GET", f"{base}/analytics", self.all_analytics),
            ("GET", one, self.one),
            ("POST", f"{one}/agents", self.assign),
            ("DELETE", f"{one}/agents", self.remove),
            ("GET", f"{one}/analytics", self.analytics),
            ("GET", f"{one}/versions", self.versions),
            ("POST", f"{one}/versions", self.snapshot),
            ("GET", f"{one}/versions/{{version}}", self.version),
            ("POST", f"{one}/versions/{{version}}/restore", self.restore),
        ]

    def _standing(self) -> dict[str, Policy]:
        return policies.standing(self._queries.policy_changes(), self._site)

    async def list(self, request: Request) -> Response:
        """Every policy, those of the policy file first."""
        del request
        found = await self._intake.reading(self._standing)
        return answers.said([policies.told(each, self._site) for each in found.values()])

    async def one(self, request: Request) -> Response:
        """One policy with its rules and agents."""
        identity = request.path_params["id"]

        def work() -> Content:
            return policies.told(policies.one(self._standing(), identity), self._site, whole=True)

        return answers.said(await self._intake.reading(work))

    async def create(self, request: Request) -> Response:
        """A policy without rules."""
        return await self._create(request, pack=False)

    async def clone(self, request: Request) -> Response:
        """A policy with the rules of a shipped pack."""
        return await self._create(request, pack=True)

    async def _create(self, request: Request, *, pack: bool) -> Response:
        def change(_: dict[str, Policy], given: object) -> tuple[str, str, Content]:
            return "", "create", {"definition": policies.judged(given, pack=pack)}

        def told(record: Content) -> Content:
            return policies.told(next(iter(policies.standing([record], Site()).values())), self._site)

        return await self._change(request, change, told)

    async def assign(self, request: Request) -> Response:
        """An agent is judged by a policy from now on; what it did before, too."""
        identity = request.path_params["id"]

        def change(found: dict[str, Policy], given: object) -> tuple[str, str, Content]:
            policies.one(found, identity, changing=True)
            return identity, "assign", {"agent": _agent(given)}

        def told(record: Content) -> Content:
            said = record["metadata"]["policy_change"]
            return policies.assigned(identity, said["agent"], record["record_id"], record["timestamp"])

        return await self._change(request, change, told)

    async def remove(self, request: Request) -> Response:
        """An agent is not judged by a policy any more."""
        identity = request.path_params["id"]

        def change(found: dict[str, Policy], given: object) -> tuple[str, str, Content]:
            policy, agent = policies.one(found, identity, changing=True), _agent(given)
            if agent not in policy.agents:
                raise missing("assignment")
            return identity, "remove", {"agent": agent}

        def told(record: Content) -> Content:
            return {"success": True, "policy_id": identity, "agent_id": record["metadata"]["policy_change"]["agent"]}

        return await self._change(request, change, told, 200)

    async def snapshot(self, request: Request) -> Response:
        """A version: the policy as it is now, under a number and a name."""
        identity = request.path_params["id"]

        def change(found: dict[str, Policy], given: object) -> tuple[str, str, Content]:
            policy = policies.one(found, identity, changing=True)
            if not isinstance(given, dict):
                raise invalid("the body must be an object")
            name = given.get("name")
            if name is not None and (not isinstance(name, str) or not 1 <= len(name) <= policies.LONGEST):
                raise invalid(f"name must be a text of 1 to {policies.LONGEST} characters")
            said = {"number": len(policy.versions) + 1, "name": name or policy.definition["name"]}
            return identity, "version", said | {"definition": policy.definition}

        return await self._change(request, change, policies.version)

    async def restore(self, request: Request) -> Response:
        """The policy becomes what it was in a version; that is a version, too."""
        identity, version = request.path_params["id"], request.path_params["version"]

        def change(found: dict[str, Policy], _: object) -> tuple[str, str, Content]:
            policy = policies.one(found, identity, changing=True)
            said = _version(policy, version)["metadata"]["policy_change"]
            number = {"number": len(policy.versions) + 1, "name": said["name"], "restored": version}
            return identity, "restore", number | {"definition": said["definition"]}

        return await self._change(request, change, policies.version, body=False)

    async def versions(self, request: Request) -> Response:
        """The versions of a policy, oldest first."""
        identity = request.path_params["id"]

        def work() -> list[Content]:
            return [policies.version(each) for each in policies.one(self._standing(), identity).versions]

        return answers.said(await self._intake.reading(work))

    async def version(self, request: Request) -> Response:
        """One version with its rules."""
        identity, version = request.path_params["id"], request.path_params["version"]

        def work() -> Content:
            return policies.version(_version(policies.one(self._standing(), identity), version), whole=True)

        return answers.said(await self._intake.reading(work))

    async def analytics(self, request: Request) -> Response:
        """What the rules of a policy find."""
        identity, wish = request.path_params["id"], analytics.asked(request.query_params)

        def work() -> Content:
            return analytics.of(policies.one(self._standing(), identity), self._site, self._path, wish)

        return answers.said(await self._intake.reading(work))

    async def all_analytics(self, request: Request) -> Response:
        """What the rules of all policies find."""
        wish = analytics.asked(request.query_params)

        def work() -> Content:
            found = self._standing().values()
            return analytics.everything([analytics.of(each, self._site, self._path, wish) for each in found], wish)

        return answers.said(await self._intake.reading(work))

    async def _change(
        self,
        request: Request,
        change: Change,
        told: Callable[[Content], Content],
        status: int = 201,
        *,
        body: bool = True,
    ) -> Response:
        person = guard.person(request.state) if self._keyed else ""

        def made(_: str, data: bytes) -> list[Content]:
            given = bodies.json(data) if body else None
            policy, what, said = change(self._standing(), given)
            return [policies.change(policy, what, said, person)]

        def answer(_: str, found: list[Content]) -> Response:
            return answers.said(told(found[0]), status)

        kinds = (bodies.JSON,) if body else (bodies.JSON, "")
        return await self._intake.take(request, policies.FORMAT, kinds, made, answer, alone=self._changing)


def _agent(given: object) -> str:
    agent = given.get("agentId") if isinstance(given, dict) else None
    if not isinstance(agent, str) or not 1 <= len(agent) <= _LONGEST_AGENT:
        raise invalid(f"agentId must be a text of 1 to {_LONGEST_AGENT} characters")
    return agent


def _version(policy: Policy, identity: str) -> Content:
    for each in policy.versions:
        if each["record_id"] == identity:
            return each
    raise missing("version")
