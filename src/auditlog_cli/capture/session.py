"""A session: one user's request, from its first agent to its end (frameworks.md, section 6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Unpack

from auditlog_cli.capture import digests, evidence, given
from auditlog_cli.capture.agentspan import AgentSpan
from auditlog_cli.capture.approval import Approval
from auditlog_cli.capture.evidence import Blocks, Evidence
from auditlog_cli.capture.given import Effect, Status
from auditlog_cli.capture.identity import Agent
from auditlog_cli.capture.modelcall import ModelCall, model_blocks
from auditlog_cli.capture.scopes import Scopes
from auditlog_cli.capture.toolcall import ToolCall, failure
from auditlog_cli.errors import UsageError
from auditlog_cli.writer import ids
from auditlog_cli.writer.receipt import Receipt


class Session(AgentSpan):
    """What one agent does for one user. Comes from `AuditLog.session`, or, for a nested agent, from `agent`.

    Use it with `with` or `async with`; its methods serve both. Every method that records raises
    `AuditWriteError` if it cannot, and from then on every later one does: nothing goes on unrecorded.

    Where something belongs in the tree of calls is told from the context: inside `with s.tool(…)` it
    belongs to that call, inside `with s.agent(…)` to that agent. A nested agent's own session, the one that
    `with s.agent(…) as r` gives, always acts as that agent.
    """

    def tool(
        self,
        name: str,
        arguments: object = None,
        *,
        requires: Scopes | None = None,
        call_id: str | None = None,
        approval: Approval | None = None,
        effect: Effect | None = None,
        resource: str | None = None,
        **blocks: Unpack[Evidence],
    ) -> ToolCall:
        """Return a call of a tool, to be used with `with` or `async with`.

        Args:
            name: Of the tool.
            arguments: What it is called with: a mapping, best. Taken down as they are now.
            requires: The scopes that the call needs. Checked and recorded; enforced with `enforce=True`.
            call_id: The framework's own id of the call.
            approval: The approval it rests on. Default: the one asked for this tool and these arguments.
            effect: `read`, `write`, `delete`, `execute`, `send`, `pay`, `post`, `configure` or `decide`.
            resource: Opaque id of the thing acted on, never a name.
            blocks: Evidence for both lines, such as `data={"purpose": "billing"}`.
        """
        said = (("effect", given.effect(effect)), ("resource", given.text("resource", resource)))
        action = {name: value for name, value in said if value is not None}
        told = evidence.blocks(blocks, of=self.tool)
        return ToolCall(
            self,
            name,
            arguments,
            requires=requires,
            call_id=_id(call_id),
            approval=approval,
            action=action,
            blocks=told,
        )

    def agent(
        self, agent: Agent, *, scopes: Scopes | None = None, metadata: Mapping[str, Any] | None = None
    ) -> Session:
        """Return the session of a nested agent, to be used with `with` or `async with`.

        Its records carry the longer delegation chain; its span lies under that of the running call.

        Args:
            agent: Its id, or `{"id", "name", "version", "model", "provider", "owner"}`.
            scopes: What it may do: never more than the agent that starts it. Default: the same.
            metadata: For its first record.

        Raises:
            ScopeDenied: If it would be given more. Recorded as a `guardrail`.
        """
        actor, frame = self.here()
        identity = actor.successor(agent, scopes, frame)
        told = given.block("metadata", {} if metadata is None else metadata)
        return Session(self.run, identity, within=frame, parent=None, metadata=told)

    def ask_approval(
        self,
        tool: str,
        arguments: object = None,
        *,
        reason: str | None = None,
        via: str | None = None,
        ticket: str | None = None,
    ) -> Approval:
        """Record that a person is asked to approve a call, and return the question.

        Answer it with `.granted(by=…)` or `.denied(by=…)`. The next call of the same tool with the same
        arguments carries the answer; one with other arguments is recorded as a mismatch.

        Args:
            tool, arguments: The call to be approved, exactly.
            reason: Why it needs one.
            via, ticket: Where it was asked.
        """
        actor, frame = self.here()
        if given.text("tool", tool) is None:
            raise UsageError(
                "tool: which tool is to be approved", help='s.ask_approval("issue_refund", {"order_id": 42})'
            )
        exactly = digests.frozen({} if arguments is None else arguments)
        told = {"reason": reason, "via": via, "ticket": ticket}
        asked = actor.ask(frame, tool, exactly, digests.of_arguments(exactly, self.run.digest_key), told)
        self.run.approvals.append(asked)
        return asked

    def model_call(
        self,
        *,
        model: str | None = None,
        prompt: object = None,
        response: object = None,
        usage: Mapping[str, Any] | None = None,
        latency_ms: float | None = None,
        error: BaseException | str | None = None,
        provider: str | None = None,
        system: str | None = None,
        call_id: str | None = None,
        **blocks: Unpack[Evidence],
    ) -> Receipt:
        """Record a call of a model, after it. `measured_llm` is the same around it.

        Args:
            model, provider: Which model; it goes into the record's `agent`. Default: the agent's own.
            prompt, response: Texts; anything else (a list of messages) is kept as JSON text.
            usage: `{"input_tokens", "output_tokens", "cost_usd"}`.
            latency_ms: Milliseconds.
            error: If it failed.
            system: The system prompt; only its SHA-256 is kept.
        """
        action: dict[str, Any] = {"call_id": _id(call_id), "latency_ms": given.milliseconds(latency_ms)}
        if error is not None:
            action["error"] = failure(error) if isinstance(error, BaseException) else {"message": str(error)}
        told = model_blocks(prompt, response, usage, system) | evidence.blocks(blocks, of=self.model_call)
        named = (("model", given.text("model", model)), ("provider", given.text("provider", provider)))
        who = {name: value for name, value in named if value is not None}
        return self._record("llm_call", "success" if error is None else "error", action, told, agent=who)

    llm = model_call

    def measured_llm(
        self,
        *,
        model: str | None = None,
        prompt: object = None,
        provider: str | None = None,
        system: str | None = None,
        call_id: str | None = None,
        **blocks: Unpack[Evidence],
    ) -> ModelCall:
        """Return a model call to be made inside `with` or `async with`; its duration is measured.

        with s.measured_llm(model="m-1", prompt=question) as call:
            call.response(client.ask(question), usage={"input_tokens": 12, "output_tokens": 5})
        """
        return ModelCall(
            self,
            {"model": model, "prompt": prompt, "provider": provider, "system": system, "call_id": call_id}
            | evidence.blocks(blocks, of=self.measured_llm),
        )

    def event(
        self,
        type: str,  # noqa: A002 - the member's name
        *,
        status: Status = "success",
        tool: str | None = None,
        arguments: object = None,
        result: object = None,
        error: BaseException | str | None = None,
        resource: str | None = None,
        effect: Effect | None = None,
        phase: str | None = None,
        latency_ms: float | None = None,
        call_id: str | None = None,
        **blocks: Unpack[Blocks],
    ) -> Receipt:
        """Record anything else: `retrieval`, `memory_write`, `decision`, `guardrail`, or a word of your own.

        Args:
            type: `action.type`, a lower-case word.
            status: `success`, `error`, `denied`, `blocked`, `partial`, `timeout`, `pending` or `unknown`.
            latency_ms: Milliseconds.
            blocks: Evidence, such as `memory={"owner": "alice"}` or `decision={"outcome": "refused"}`.
        """
        if error is not None and status == "success":
            status = "error"
        action: dict[str, Any] = {
            "tool": tool,
            "arguments": arguments,
            "call_id": _id(call_id),
            "resource": given.text("resource", resource),
            "effect": given.effect(effect),
            "phase": phase,
            "result": result,
            "error": failure(error) if isinstance(error, BaseException) else error,
            "latency_ms": given.milliseconds(latency_ms),
        }
        return self._record(type, status, action, evidence.blocks(blocks, evidence.ALL, of=self.event))

    def user_message(self, text: object, **blocks: Unpack[Evidence]) -> Receipt:
        """Record what the user asked for."""
        user = self.identity.user
        message = {"direction": "received"} if user is None else {"direction": "received", "from": user["id"]}
        told = {"message": message, "prompt": digests.text_block(text)}
        return self._record("message", "success", {}, told | evidence.blocks(blocks))

    def final_answer(self, text: object, **blocks: Unpack[Evidence]) -> Receipt:
        """Record what the user was told at the end."""
        told = {"message": {"direction": "sent", "to": "person"}, "response": digests.text_block(text)}
        return self._record("message", "success", {}, told | evidence.blocks(blocks))

    def message_to(
        self,
        agent: str,
        text: str | None = None,
        *,
        id: str | None = None,  # noqa: A002 - the member's name
        authenticated: bool | None = None,
        **blocks: Unpack[Evidence],
    ) -> Receipt:
        """Record a message to another agent. Give it an `id` that `message_from` repeats, and the two join."""
        return self._agent_message("sent", agent, text, id, authenticated, blocks)

    def message_from(
        self,
        agent: str,
        text: str | None = None,
        *,
        id: str | None = None,  # noqa: A002 - the member's name
        authenticated: bool | None = None,
        **blocks: Unpack[Evidence],
    ) -> Receipt:
        """Record a message from another agent, where it arrives."""
        return self._agent_message("received", agent, text, id, authenticated, blocks)

    def handoff(self, to: Agent, *, scopes: Scopes | None = None, **blocks: Unpack[Evidence]) -> Receipt:
        """Record that control passes to another agent. What this session records from now on is its doing.

        Raises:
            ScopeDenied: If it would be given scopes that this agent does not have.
        """
        actor, frame = self.here()
        after = actor.successor(to, scopes, frame)
        message = {"from": actor.agent_id, "to": after.agent_id}
        receipt = self._record("handoff", "success", {}, {"message": message} | evidence.blocks(blocks))
        actor.identity = after
        return receipt

    def _agent_message(
        self,
        direction: str,
        agent: str,
        text: str | None,
        message_id: str | None,
        authenticated: bool | None,
        blocks: Evidence,
    ) -> Receipt:
        if given.text("agent", agent) is None:
            raise UsageError(
                "agent: which agent the message is from or to", help='agent="refunder", the id of the other one'
            )
        me = self.here()[0].agent_id
        ends = {"from": me, "to": agent} if direction == "sent" else {"from": agent, "to": me}
        message: dict[str, Any] = {"id": message_id or ids.record_id(), **ends, "direction": direction}
        if authenticated is not None:
            message["authenticated"] = authenticated
        if text is not None:
            message["text"] = text
        return self._record("agent_message", "success", {}, {"message": message} | evidence.blocks(blocks))

    def _record(
        self,
        kind: str,
        status: str,
        action: Mapping[str, Any],
        blocks: Mapping[str, Any],
        agent: Mapping[str, Any] | None = None,
    ) -> Receipt:
        actor, frame = self.here()
        return actor.write(kind, status, action, blocks, parent=frame, agent=agent)


def _id(call_id: object) -> str | None:
    """A call id as text: those of JSON-RPC may be numbers."""
    return None if call_id is None else str(call_id)
