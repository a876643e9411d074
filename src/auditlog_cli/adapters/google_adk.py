"""Google's Agent Development Kit: a plugin whose callbacks become records of a session (frameworks.md, 7.6; ADK 2.13).

    runner = InMemoryRunner(agent=planner, plugins=[AuditPlugin()])
    with log.session(user="alice@example.com", agent="planner", scopes=["refunds:write"]):
        for event in runner.run(user_id="alice", session_id=…, new_message=…): …

An agent of another name than the session's acts as a nested agent. Exceptions come out of the run as `RuntimeError`
with ours as its cause.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from auditlog_cli.adapters import chosen, derived, missing
from auditlog_cli.adapters._google_adk_run import Invocation, text_of
from auditlog_cli.capture.approval import Approval
from auditlog_cli.capture.run import Run
from auditlog_cli.capture.session import Session
from auditlog_cli.errors import UsageError

CONFIRMATION = "adk_request_confirmation"
"""The name that ADK gives to the call in which it asks for a confirmation."""


def _framework(module: str) -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        raise missing("Google ADK", "google-adk>=2.13", error) from error


class _Plugin:
    """Records what agents do. One object serves any number of runners and sessions.

    Args:
        session: Where to record. Default: the session of the running code.
        session_for: Finds the session for ADK's context, which has `user_id` and `session.id`.
        name: Of the plugin; ADK wants each name once.
    """

    def __init__(
        self,
        session: Session | None = None,
        *,
        session_for: Callable[[Any], Session] | None = None,
        name: str = "auditlog",
    ) -> None:
        super().__init__(name=name)  # type: ignore[call-arg]
        self._session = session
        self._session_for = session_for
        self._invocations: dict[str, Invocation] = {}
        self._asked: WeakKeyDictionary[Run, dict[str, Approval]] = WeakKeyDictionary()

    def _of(self, context: Any) -> Invocation:
        found = self._invocations.get(context.invocation_id)
        if found is None:
            session = chosen(self._session, self._session_for, context)
            found = self._invocations[context.invocation_id] = Invocation(session, self._questions(session))
        return found

    def _questions(self, session: Session) -> dict[str, Approval]:
        return self._asked.setdefault(session.run, {})

    # --- the run ------------------------------------------------------------------------------

    async def on_user_message_callback(self, *, invocation_context: Any, user_message: Any) -> None:
        """Record the request, or the answers of a person to confirmations."""
        here = self._of(invocation_context)
        here.session.run.check()
        for part in user_message.parts or ():
            answer = part.function_response
            if answer is not None and answer.name == CONFIRMATION:
                self._answered(here.session, _asked_for(invocation_context, answer.id), answer.response or {})
        text = text_of(user_message)
        if text and here.for_a_person:
            here.session.user_message(text, metadata={"framework": f"google-adk {metadata.version('google-adk')}"})

    async def on_event_callback(self, *, invocation_context: Any, event: Any) -> None:
        """Record hand-overs and what the user is told."""
        self._of(invocation_context).happened(event)

    async def after_run_callback(self, *, invocation_context: Any) -> None:
        """End the agents that ADK left open, as it does for an interruption."""
        here = self._invocations.pop(invocation_context.invocation_id, None)
        if here is not None:
            here.end(None)
            here.session.run.check()

    async def on_run_error_callback(self, *, invocation_context: Any, error: Exception) -> None:
        """Record that an exception ended the run. ADK passes over what is raised here; the session does not."""
        here = self._invocations.pop(invocation_context.invocation_id, None)
        if here is not None:
            here.end(error)

    # --- agents, models, tools ----------------------------------------------------------------

    async def before_agent_callback(self, *, agent: Any, callback_context: Any) -> None:
        """Let the agent act."""
        here = self._of(callback_context)
        here.session.run.check()
        here.begins(agent)

    async def after_agent_callback(self, *, agent: Any, callback_context: Any) -> None:
        """End the agent."""
        self._of(callback_context).ends(agent.name)

    async def before_model_callback(self, *, callback_context: Any, llm_request: Any) -> None:
        """Remember what the model is asked."""
        here = self._of(callback_context)
        here.session.run.check()
        here.model_asked(callback_context.agent_name, llm_request)

    async def after_model_callback(self, *, callback_context: Any, llm_response: Any) -> None:
        """Record the call of the model; of a stream, when all of it is there."""
        if not llm_response.partial:
            self._of(callback_context).model_answered(callback_context.agent_name, llm_response)

    async def on_model_error_callback(self, *, callback_context: Any, llm_request: Any, error: Exception) -> None:
        """Record that the model failed."""
        self._of(callback_context).model_failed(callback_context.agent_name, error)

    async def before_tool_callback(self, *, tool: Any, tool_args: Any, tool_context: Any) -> dict[str, Any] | None:
        """Record the intent, durably. If that fails, the tool does not run."""
        return await self._of(tool_context).tool_started(tool.name, tool_args, tool_context)

    async def after_tool_callback(self, *, tool: Any, tool_args: Any, tool_context: Any, result: Any) -> None:
        """Record what the tool gave, or that it waits for a person."""
        self._of(tool_context).tool_ended(tool_context, result)

    async def on_tool_error_callback(self, *, tool: Any, tool_args: Any, tool_context: Any, error: Exception) -> None:
        """Record that the tool failed."""
        self._of(tool_context).tool_failed(tool_context, error)

    # --- answers of people --------------------------------------------------------------------

    def approve(
        self,
        call: Any,
        *,
        by: str | None,
        via: str | None = None,
        reason: str | None = None,
        ticket: str | None = None,
        session: Session | None = None,
    ) -> Any:
        """Record that a person approved a call; return the `Part` for the next message to the runner.

        Args:
            call: The `FunctionCall` named `adk_request_confirmation`.
            by: Who said yes. None, written out: nobody knows who.
            via, reason, ticket: What was said with it.
            session: Where to record. Default: that of this object, else that of the running code.

        Raises:
            AuditWriteError: If it cannot be recorded; there is no answer then.
            UsageError: If it is another call.
        """
        self._waiting(session, call).granted(by=by, via=via, reason=reason, ticket=ticket)
        return _answer(call, True)

    def deny(
        self,
        call: Any,
        *,
        by: str | None,
        via: str | None = None,
        reason: str | None = None,
        ticket: str | None = None,
        session: Session | None = None,
    ) -> Any:
        """Record that a person refused a call; return the `Part`. Arguments and errors as for `approve`."""
        self._waiting(session, call).denied(by=by, via=via, reason=reason, ticket=ticket)
        return _answer(call, False)

    def _waiting(self, session: Session | None, call: Any) -> Approval:
        if getattr(call, "name", None) != CONFIRMATION:
            raise UsageError(f"call: the function call named {CONFIRMATION}", help="event.get_function_calls()")
        return self._question(session or chosen(self._session, None, None), call)

    def _question(self, session: Session, call: Any) -> Approval:
        """The question that was recorded when the tool asked; asked now, if that was elsewhere."""
        original = (call.args or {})["originalFunctionCall"]
        known = self._questions(session)
        found = known.get(original["id"])
        if found is None:
            found = known[original["id"]] = session.ask_approval(original["name"], original.get("args") or {})
        return found

    def _answered(self, session: Session, call: Any, response: dict[str, Any]) -> None:
        """A person answered; `approve` and `deny` may have said who."""
        if call is None:
            return  # an answer to nothing that was asked: ADK itself refuses it
        asked = self._question(session, call)
        if asked.status == "pending":
            (asked.granted if response.get("confirmed") is True else asked.denied)(by=None)


@cache
def _plugin() -> type[_Plugin]:
    """The plugin as ADK accepts it: a class derived from its own."""
    base = _framework("google.adk.plugins.base_plugin").BasePlugin
    return derived("AuditPlugin", _Plugin, base, __name__)


if TYPE_CHECKING:
    AuditPlugin = _Plugin


def __getattr__(name: str) -> Any:
    if name == "AuditPlugin":
        return _plugin()
    raise AttributeError(f"module {__name__} has no attribute {name}")


def _answer(call: Any, confirmed: bool) -> Any:
    genai = _framework("google.genai.types")
    response = genai.FunctionResponse(id=call.id, name=call.name, response={"confirmed": confirmed})
    return genai.Part(function_response=response)


def _asked_for(context: Any, confirmation: str) -> Any:
    """The confirmation call with this id, in the conversation so far."""
    for event in reversed(context.session.events):
        for call in event.get_function_calls():
            if call.id == confirmation and call.name == CONFIRMATION:
                return call
    return None
