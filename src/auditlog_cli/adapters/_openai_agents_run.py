"""One run of the OpenAI Agents SDK, as its hooks tell it: who acts, which calls are open, what waits for people.

The SDK gives hooks a context in a task of their own, so a context variable set there does not reach the tool.
What belongs together is told from what the SDK passes on: a sub-agent's context carries the call that it runs
in, and a tool's context the item of the response in which the model asked for it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from auditlog_cli import times
from auditlog_cli.adapters._openai_agents_items import (
    arguments_of,
    call_id_of,
    failure_of,
    given,
    id_of,
    model_of,
    newest,
    refusals,
    said,
)
from auditlog_cli.capture import context as places
from auditlog_cli.capture.approval import Approval
from auditlog_cli.capture.context import Frame
from auditlog_cli.capture.session import Session
from auditlog_cli.capture.toolcall import ToolCall


class Place:
    """Where agents act: in a whole run, or in the run of a sub-agent inside a tool call."""

    def __init__(self, base: Session, call: ToolCall | None = None) -> None:
        self._base = base
        self._call = call
        self._named = {} if call is not None else {base.agent_id: base}
        self._begun: list[Session] = []

    @property
    def acted(self) -> bool:
        """Whether an agent has begun here and not ended."""
        return bool(self._begun)

    def has(self, name: str) -> bool:
        """Whether the agent with this name began here and has not ended."""
        return self._named.get(name) in self._begun

    def acting(self, name: str) -> Session:
        """Return the agent with this name; it begins if it has not."""
        return self._named.get(name) or self.begins(name, self._base)

    def begins(self, name: str, by: Session) -> Session:
        """Let an agent begin that `by` started or handed over to."""
        if self._call is not None and by is self._base:
            with places.active(self._call.frame):
                agent = by.agent(name).open()
        else:
            agent = by.agent(name).open()
        self._named[name] = agent
        self._begun.append(agent)
        return agent

    def end(self, error: BaseException | None = None) -> None:
        """End the agents that began here, the last one first."""
        while self._begun:
            self._begun.pop().close(error)
        self._named = {} if self._call is not None else {self._base.agent_id: self._base}


@dataclass(slots=True)
class _Open:
    """A call that has begun. `key` is held so that its identity is not given to another object."""

    key: object
    call: ToolCall
    inside: Place


@dataclass(slots=True)
class _Question:
    """What a model was asked."""

    context: object
    actor: Session
    told: dict[str, Any]
    began: int = field(default_factory=time.monotonic_ns)

    def record(self, **answer: Any) -> None:
        latency = times.since(self.began)
        self.actor.model_call(**self.told, latency_ms=latency, **answer)


class FrameworkRun:
    """What is known of one run, across its interruptions.

    Attributes:
        session: Where it is recorded.
        asked: Questions to people, by the id of the call.
        settled: Whether its end (or interruption) was recorded.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.asked: dict[str, Approval] = {}
        self.settled = False
        self._place = Place(session)
        self._answers_a_person = True
        self._calls: dict[int, _Open] = {}
        self._questions: dict[int, _Question] = {}
        self._wanted: dict[int, tuple[Any, Session]] = {}

    # --- begin and end ------------------------------------------------------------------------

    def requested(self, given: Any, framework: str) -> None:
        """Record the request of the user. A run made inside a tool has none: it stands in the tool's arguments."""
        self.resumed()
        self._answers_a_person = self.session.here()[1].outermost
        if self._answers_a_person:
            self.session.user_message(newest(given), metadata={"framework": framework})

    def resumed(self) -> None:
        """Begin, or go on.

        Raises:
            AuditWriteError: If the session has failed.
        """
        self.session.run.check()
        self.settled = False

    def ended(self, result: Any) -> None:
        """Record the final answer, or the questions to people."""
        self.settled = True
        self._guarded(refusals(result))
        if result.interruptions:
            for item in result.interruptions:
                if item.call_id not in self.asked:
                    actor = self._asker(item.raw_item, item.agent.name)
                    self.asked[item.call_id] = actor.ask_approval(item.name, arguments_of(item.arguments))
            return
        if self._answers_a_person:
            self._place.acting(result.last_agent.name).final_answer(result.final_output)
        self._place.end()
        self.session.run.check()

    def answered(self, agent: Any) -> None:
        """An agent gave the final output of a run of which nothing else tells the end."""
        if self._place.has(agent.name):
            self._place.end()

    def failed(self, error: BaseException) -> None:
        """Record that an exception ended the run.

        The SDK does not say which of several parallel tools raised it: their outcome is unknown.
        """
        if self.settled:
            return
        self.settled = True
        if not self.session.run.broken:
            self._guarded(refusals(error))
        for question in list(self._questions.values()):
            question.record(error=error)
        self._questions.clear()
        several = len([each for each in self._calls.values() if not each.inside.acted]) > 1
        for each in reversed(list(self._calls.values())):
            each.inside.end(error)
            each.call.finish(None if several and not each.inside.acted else error)
        self._calls.clear()
        self._place.end(error)

    def _guarded(self, names: list[str]) -> None:
        """Record the guardrails that stopped something; no hook tells of them."""
        for name in names:
            self.session.event("guardrail", status="blocked", policy={"id": name, "decision": "deny"})

    # --- what the hooks tell ------------------------------------------------------------------

    def model_asked(self, context: Any, agent: Any, system: Any, items: Any) -> None:
        """A model is about to be asked.

        Raises:
            AuditWriteError: If the session has failed.
        """
        self.session.run.check()
        actor = self._where(context).acting(agent.name)
        told = {"model": model_of(agent), "prompt": items, "system": system}
        self._questions[id(context)] = _Question(context, actor, told)

    def model_answered(self, context: Any, agent: Any, response: Any) -> None:
        """A model has answered; whoever asked it wants the tools that it names."""
        question = self._questions.pop(id(context), None)
        if question is None:
            question = _Question(context, self._where(context).acting(agent.name), {"model": model_of(agent)})
        used = None  # a provider that counts nothing leaves zeros
        if response.usage.total_tokens:
            used = {"input_tokens": response.usage.input_tokens, "output_tokens": response.usage.output_tokens}
        question.record(response=said(response.output), usage=used, call_id=response.response_id)
        for item in response.output:
            if getattr(item, "call_id", None) is not None:
                self._wanted[id(item)] = (item, question.actor)

    async def tool_started(self, context: Any, agent: Any, tool: Any) -> None:
        """A tool is about to run."""
        item = getattr(context, "tool_call", None) or self._local(tool.name)
        actor = self._asker(item, agent.name)
        self._wanted.pop(id(item), None)
        call_id = call_id_of(context, item)
        asked = self.asked.get(call_id or "")
        if asked is not None and asked.status == "pending":
            asked.granted(by=None)  # the SDK runs only what was approved; `state.approve` does not say by whom
        call = actor.tool(tool.name, given(context, item), call_id=call_id)
        await call.start_async()
        self.session.run.check()  # a parallel tool may have found meanwhile that nothing can be recorded any more
        key = getattr(context, "tool_call", None) or context
        self._calls[id(key)] = _Open(key, call, Place(actor, call))

    def tool_ended(self, context: Any, agent: Any, tool: Any, result: Any) -> None:
        """A tool has run."""
        found = self._open(context)
        if found is None:
            # Interrupted inside, and resumed where its begin is not known: one record, without a phase.
            arguments = given(context, getattr(context, "tool_call", None))
            actor = self._place.acting(agent.name)
            call_id = call_id_of(context, None)
            actor.event("tool_invocation", tool=tool.name, arguments=arguments, result=result, call_id=call_id)
            return
        del self._calls[id(found.key)]
        found.inside.end()
        reason = failure_of(context, result)
        if reason is None:
            found.call.result(result)
        else:
            found.call.error(reason)
        found.call.finish()

    def handed_over(self, context: Any, from_agent: Any, to_agent: Any) -> None:
        """Control passes to another agent."""
        place = self._where(context)
        giver = place.acting(from_agent.name)
        giver.event("handoff", message={"from": giver.agent_id, "to": to_agent.name})
        place.begins(to_agent.name, giver)

    # --- what belongs together ----------------------------------------------------------------

    def frame(self, context: Any) -> Frame | None:
        """Where the body of a tool runs; None if no call with this context is open."""
        found = self._open(context)
        return None if found is None else found.call.frame

    def _open(self, context: Any) -> _Open | None:
        """The call that a tool's context, or a sub-agent's, belongs to. A restored one is another object."""
        item = getattr(context, "tool_call", None)
        found = self._calls.get(id(context if item is None else item))
        if found is not None or item is None:
            return found
        return next((each for each in self._calls.values() if id_of(each.key) == item.call_id), None)

    def _where(self, context: Any) -> Place:
        """Where the agent of this context acts; a sub-agent's context names the call that it runs in."""
        found = self._open(context)
        return self._place if found is None else found.inside

    def _asker(self, item: Any, name: str) -> Session:
        """Who wanted this call: whose model named it. Where that is not known, the agent of this name."""
        wanted = self._wanted.get(id(item))
        if wanted is None and id_of(item) is not None:
            wanted = next((each for each in self._wanted.values() if id_of(each[0]) == id_of(item)), None)
        return self._place.acting(name) if wanted is None else wanted[1]

    def _local(self, name: str) -> Any:
        """The oldest wanted call of a tool for which the SDK passes no item on: a shell, a computer, a patch."""
        for item, _ in self._wanted.values():
            kind = str(getattr(item, "type", ""))
            if kind != "function_call" and kind.endswith("_call") and name.startswith(kind.removesuffix("_call")):
                return item
        return None
