"""One invocation of ADK, as its callbacks tell it: who acts, which calls are open."""

from __future__ import annotations

import time
from contextvars import Token
from typing import Any, NamedTuple

from auditlog_cli import times
from auditlog_cli.capture import context as places
from auditlog_cli.capture.approval import Approval
from auditlog_cli.capture.context import Frame
from auditlog_cli.capture.session import Session
from auditlog_cli.capture.toolcall import ToolCall
from auditlog_cli.errors import ApprovalMismatch


class _Open(NamedTuple):
    call: ToolCall
    token: Token[Frame | None]


class Invocation:
    """What is known of one invocation.

    Attributes:
        session: Where it is recorded.
        for_a_person: Whether a person is told its answer; not, if it runs inside a tool.
    """

    def __init__(self, session: Session, asked: dict[str, Approval]) -> None:
        actor, frame = session.here()
        self.session = session
        self.for_a_person = frame.outermost
        self._actor = actor
        self._frame = frame
        self._asked = asked
        self._acting: dict[str, Session] = {}
        self._begun: list[tuple[str, Session]] = []
        self._giver: dict[str, str] = {}
        self._calls: dict[tuple[str, str], _Open] = {}
        self._models: dict[str, tuple[int, dict[str, Any]]] = {}

    # --- agents -------------------------------------------------------------------------------

    def begins(self, agent: Any) -> None:
        """An agent begins: under the one that handed over to it, else under the one it is part of."""
        if self._frame.of_agent and agent.name == self._actor.agent_id:
            self._acting[agent.name] = self._actor
            return
        above = self._giver.pop(agent.name, None) or getattr(agent.parent_agent, "name", None)
        by = self._acting.get(above or "")
        if by is None or by is self._actor:
            with places.active(self._frame):
                nested = self._actor.agent(agent.name).open()
        else:
            nested = by.agent(agent.name).open()
        self._acting[agent.name] = nested
        self._begun.append((agent.name, nested))

    def ends(self, name: str) -> None:
        """The agent of this name that began last ends."""
        for index in range(len(self._begun) - 1, -1, -1):
            if self._begun[index][0] == name:
                self._acting.pop(name, None)
                self._begun.pop(index)[1].close()
                return

    def end(self, error: BaseException | None) -> None:
        """The invocation ends; whatever is still open does, too."""
        for name in list(self._models):
            if error is not None:
                self.model_failed(name, error)
        for each in reversed(list(self._calls.values())):
            each.call.finish(error)
        self._calls.clear()
        while self._begun:
            self._begun.pop()[1].close(error)

    def _who(self, name: str) -> Session:
        return self._acting.get(name, self._actor)

    def happened(self, event: Any) -> None:
        """Take from an event what no other callback tells: hand-overs, answers to the user."""
        self.session.run.check()
        actor, target, text = self._who(event.author), event.actions.transfer_to_agent, text_of(event.content)
        with places.active(self._frame):
            if target:
                self._giver[target] = event.author
                actor.event("handoff", message={"from": actor.agent_id, "to": target})
            if self.for_a_person and text and event.is_final_response():
                actor.final_answer(text)

    # --- models -------------------------------------------------------------------------------

    def model_asked(self, name: str, request: Any) -> None:
        """A model is about to be asked."""
        contents = [each.model_dump(mode="json", exclude_none=True) for each in request.contents]
        system = None if request.config is None else request.config.system_instruction
        asked = {"model": request.model or None, "prompt": contents, "system": system or None}
        self._models[name] = (time.monotonic_ns(), asked)

    def model_answered(self, name: str, response: Any) -> None:
        """A model has answered."""
        usage = response.usage_metadata
        told: dict[str, Any] = {"response": _said(response.content)}
        if usage is not None:
            told["usage"] = {"input_tokens": usage.prompt_token_count, "output_tokens": usage.candidates_token_count}
        if response.error_code:
            told["error"] = f"{response.error_code}: {response.error_message or ''}"
        self._model(name, told)

    def model_failed(self, name: str, error: BaseException) -> None:
        """A model raised."""
        if not self.session.run.broken:
            self._model(name, {"error": error})

    def _model(self, name: str, told: dict[str, Any]) -> None:
        began, asked = self._models.pop(name, (time.monotonic_ns(), {}))
        latency = times.since(began)
        with places.active(self._frame):
            self._who(name).model_call(**asked, **told, latency_ms=latency)

    # --- tools --------------------------------------------------------------------------------

    async def tool_started(self, name: str, arguments: Any, context: Any) -> dict[str, Any] | None:
        """A tool is about to run; its body finds itself in its call.

        Returns:
            What ADK is to take for the tool's result: where a person refused the call and that is enforced.
        """
        call_id, answered = context.function_call_id, context.tool_confirmation
        approval = self._asked.pop(call_id, None) if answered is not None else None
        try:
            with places.active(self._frame):
                call = self._who(context.agent_name).tool(name, arguments, call_id=call_id, approval=approval)
                await call.start_async()
        except ApprovalMismatch:
            if answered is None or answered.confirmed:
                raise
            return {"error": "This tool call is rejected."}
        self.session.run.check()  # a parallel tool may have found meanwhile that nothing can be recorded any more
        self._calls[_key(context)] = _Open(call, places.enter(call.frame))
        return None

    def tool_ended(self, context: Any, result: Any) -> None:
        """A tool has run, or asked for a person, or was refused by one."""
        found = self._calls.pop(_key(context), None)
        if found is None:
            return
        call = found.call
        if context.function_call_id in context.actions.requested_tool_confirmations:
            self._asked[context.function_call_id] = call.ask_approval()
            self.session.run.approvals.append(self._asked[context.function_call_id])
            call.pending()
        elif context.tool_confirmation is not None and not context.tool_confirmation.confirmed:
            call.denied("refused by a person")
        elif isinstance(result, dict) and result.get("error") and len(result) == 1:
            call.error(str(result["error"]))
        else:
            call.result(result)
        self._finish(found, None)

    def tool_failed(self, context: Any, error: BaseException) -> None:
        """A tool raised."""
        found = self._calls.pop(_key(context), None)
        if found is not None:
            self._finish(found, error)

    def _finish(self, found: _Open, error: BaseException | None) -> None:
        places.leave(found.token)
        found.call.finish(error)


def _key(context: Any) -> tuple[str, str]:
    """A call of this invocation. Ids that a model's client makes may repeat in agents side by side."""
    return context.agent_name, context.function_call_id


def text_of(content: Any) -> str:
    """Return the text of a message; empty if it has none."""
    if content is None:
        return ""
    return "".join(part.text for part in content.parts or () if part.text and not part.thought)


def _said(content: Any) -> Any:
    """What a model answered: its text, or the whole message if it is more than text."""
    if content is None:
        return None
    if all(part.text and not part.thought for part in content.parts or ()):
        return text_of(content)
    return content.model_dump(mode="json", exclude_none=True)
