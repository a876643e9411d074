"""The hooks of the OpenAI Agents SDK, before they are made a class of its own; and which run they belong to."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any
from weakref import WeakKeyDictionary

from auditlog_cli.adapters import chosen
from auditlog_cli.adapters._openai_agents_run import FrameworkRun
from auditlog_cli.capture.session import Session

SessionFor = Callable[[Any], Session]
running: ContextVar[FrameworkRun | None] = ContextVar("auditlog_openai_agents_run", default=None)
"""The run that `run` or its like records here."""


class Hooks:
    """Records what an agent run tells. Give it to `Runner.run(…, hooks=…)` and to `agent.as_tool(…, hooks=…)`.

    Inside `run` and its like it records into that run. Elsewhere one object serves one run at a time of each
    session, and its sub-agents must be given the same object.

    Args:
        session: Where to record. Default: where the run around records, else the session of the running code.
        session_for: Finds the session for a `RunContextWrapper`.
    """

    def __init__(self, session: Session | None = None, *, session_for: SessionFor | None = None) -> None:
        self._session = session
        self._session_for = session_for
        self._runs: WeakKeyDictionary[Session, FrameworkRun] = WeakKeyDictionary()

    def audited(self, context: Any) -> FrameworkRun:
        """Return what is known of the run that `context` (a `RunContextWrapper`) belongs to.

        Raises:
            NoSession: If there is no session to record into.
        """
        around = running.get()
        if around is not None and self._session is None and self._session_for is None:
            return around
        session = self.chosen(context)
        if around is not None and around.session is session:
            return around
        return self._runs.get(session) or self._runs.setdefault(session, FrameworkRun(session))

    def chosen(self, context: Any) -> Session:
        """Return the session of `context`."""
        return chosen(self._session, self._session_for, context)

    async def on_agent_start(self, context: Any, agent: Any) -> None:
        """Nothing begins once the session has failed."""
        self.audited(context).session.run.check()

    async def on_agent_end(self, context: Any, agent: Any, output: Any) -> None:
        """End the agents that were handed to. Inside `run` and its like that is done when the answer is recorded."""
        if running.get() is None:
            self.audited(context).answered(agent)

    async def on_llm_start(self, context: Any, agent: Any, system_prompt: Any, input_items: Any) -> None:
        """Remember what the model is asked."""
        self.audited(context).model_asked(context, agent, system_prompt, input_items)

    async def on_llm_end(self, context: Any, agent: Any, response: Any) -> None:
        """Record the call of the model."""
        self.audited(context).model_answered(context, agent, response)

    async def on_tool_start(self, context: Any, agent: Any, tool: Any) -> None:
        """Record the intent, durably. If that fails, the tool does not run."""
        await self.audited(context).tool_started(context, agent, tool)

    async def on_tool_end(self, context: Any, agent: Any, tool: Any, result: Any) -> None:
        """Record what the tool gave."""
        self.audited(context).tool_ended(context, agent, tool, result)

    async def on_handoff(self, context: Any, from_agent: Any, to_agent: Any) -> None:
        """Record that control passes on."""
        self.audited(context).handed_over(context, from_agent, to_agent)
