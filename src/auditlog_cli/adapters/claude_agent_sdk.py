"""Claude Agent SDK (frameworks.md, 7.4): its hooks, its permission callback and its messages become records.

    audit = Audit(session)
    options = ClaudeAgentOptions(hooks=audit.hooks(), can_use_tool=audit.approver(ask, by="bob@example.com"))
    async with ClaudeSDKClient(options) as client:
        await client.query("Refund order 42")
        async for message in audit.stream(client):
            ...

An exception in a hook of this SDK is swallowed and the tool runs. So no hook raises: it answers in the SDK's words that
the tool must not run and the run is to end, the session stays failed, and `stream` raises where the application is.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from auditlog_cli.adapters import chosen, missing
from auditlog_cli.capture import context, digests
from auditlog_cli.capture.context import Frame
from auditlog_cli.capture.modelcall import model_blocks
from auditlog_cli.capture.session import Session
from auditlog_cli.capture.toolcall import ToolCall
from auditlog_cli.errors import AuditWriteError, Denied
from auditlog_cli.importers._claude_names import DELEGATES, permission

if TYPE_CHECKING:
    from auditlog_cli.capture.approval import Approval

Event = dict[str, Any]
Decide = Callable[[str, dict[str, Any], Any], Awaitable[Any]]
Who = str | Callable[[Any], str | None] | None

EVENTS = (
    "UserPromptSubmit", "PreToolUse", "PostToolUse", "PostToolUseFailure", "SubagentStart", "SubagentStop", "Stop",
)  # fmt: skip
VERSIONS = "claude-agent-sdk>=0.2.186"
_STOP = "audit log not writable"
_BEGIN_ANEW = "what happened is its __cause__; begin a new session, with a new client"


class Audit:
    """What one client of the SDK does, recorded in a session.

    Args:
        session: The session. Default: that of the running code when an event comes; the SDK's hooks run in the context
            of `connect()`.
        session_for: Finds the session for an event: the hook's input, with Claude Code's `session_id`. Where a
            permission is asked for a call that no hook told of, it says only which sub-agent asks (`agent_id`).
    """

    def __init__(self, session: Session | None = None, *, session_for: Callable[[Any], Session] | None = None) -> None:
        self._session = session
        self._session_for = session_for
        self._failed: AuditWriteError | None = None  # of an event for which there was no session
        self._sessions: dict[int, Session] = {}
        self._calls: dict[str, tuple[ToolCall, Session]] = {}  # open, and who acts
        self._agents: dict[str, Session] = {}
        self._begun_by: dict[str, Session] = {}  # call → the sub-agent that it began
        self._saying: list[Any] = []  # the pieces of one message of the model

    # --- what the application passes on ---------------------------------------------------------

    def hooks(self) -> dict[str, list[Any]]:
        """Return the hooks, for `ClaudeAgentOptions(hooks=…)`. Hooks of your own: put them behind these.

        Raises:
            FrameworkMissing: If the SDK is not there, or too old.
        """
        matcher = _sdk().HookMatcher
        try:
            return {event: [matcher(hooks=[self.hook], on_failure="block")] for event in EVENTS}
        except TypeError as error:
            raise missing("Claude Agent SDK", VERSIONS, ImportError(str(error))) from error

    def approver(self, decide: Decide, *, by: Who = None) -> Decide:
        """Return `decide` for `ClaudeAgentOptions(can_use_tool=…)`; the question and the answer are recorded.

        Args:
            decide: What answers: `(tool, input, context)` to `PermissionResultAllow` or `PermissionResultDeny`.
            by: Who answers, or what tells it from the context once the answer is there. None: nobody knows.
        """

        async def can_use_tool(tool: str, given: dict[str, Any], about: Any) -> Any:
            try:
                asked = self._ask(tool, given, about)
            except Exception as error:
                return self._refuse(error)
            answer = await decide(tool, given, about)  # its own failure is the application's; the SDK refuses the tool
            try:
                who = by(about) if callable(by) else by
                self._answered(tool, given, about, answer, who, asked)
            except Exception as error:
                return self._refuse(error)
            return answer

        return can_use_tool

    async def stream(self, client: Any) -> AsyncIterator[Any]:
        """Yield the messages of `client.receive_response()`; record model calls and calls that rules refused.

        Raises:
            AuditWriteError: If anything could not be recorded, also in a hook.
        """
        async for message in client.receive_response():
            self._listen(message)
            self.check()
            yield message
        self._spoken()
        self.check()

    def check(self) -> None:
        """Raise if anything could not be recorded.

        Raises:
            AuditWriteError: From the first failure.
        """
        if self._failed is not None:
            raise self._failed
        for session in self._sessions.values():
            session.run.check()

    # --- hooks ----------------------------------------------------------------------------------

    async def hook(self, event: Event, tool_use_id: str | None, about: Any) -> dict[str, Any]:
        """Record one event; the callback of every hook. Never raises."""
        kind = str(event.get("hook_event_name"))
        try:
            await self._record(kind, event)
        except Denied as error:  # recorded as such: this call only
            return _denied(kind, str(error))
        except Exception as error:
            self._fail(error)
            return _denied(kind, _STOP) | {"continue_": False, "stopReason": _STOP}
        return {}

    async def _record(self, kind: str, event: Event) -> None:
        if kind == "PreToolUse":
            actor = self._actor(event)
            call = actor.tool(event["tool_name"], event["tool_input"], call_id=event["tool_use_id"])
            await call.start_async()
            self._calls[event["tool_use_id"]] = call, actor
        elif kind in ("PostToolUse", "PostToolUseFailure"):
            self._ended(event)
        elif kind == "SubagentStart":
            self._begun(event)
        elif kind == "SubagentStop":
            nested = self._agents.get(event["agent_id"])
            if nested is not None:
                nested.close()
        elif kind == "UserPromptSubmit":
            told = {"claude_code": {"session_id": event.get("session_id")}}
            self._actor(event).user_message(event["prompt"], metadata=told)
        elif kind == "Stop":
            self._actor(event).final_answer(event.get("last_assistant_message") or "")

    def _actor(self, event: Event) -> Session:
        """Who acts: the sub-agent that the event names, or the agent of the session."""
        nested = self._agents.get(str(event.get("agent_id") or ""))
        if nested is not None:
            return nested
        session = chosen(self._session, self._session_for, event)
        self._sessions[id(session)] = session
        session.run.check()
        return session

    def _ended(self, event: Event) -> None:
        call, _ = self._calls.pop(event["tool_use_id"], (None, None))
        failed, took = event["hook_event_name"] == "PostToolUseFailure", event.get("duration_ms")
        if call is None:  # it began before there were hooks
            status = {"error": str(event.get("error"))} if failed else {"result": event.get("tool_response")}
            self._actor(event).event(
                "tool_invocation", phase="end", tool=event["tool_name"], arguments=event["tool_input"],
                call_id=event["tool_use_id"], latency_ms=took, **status,
            )  # fmt: skip
            return
        if failed:
            call.error(str(event.get("error")))
        else:
            call.result(event.get("tool_response"))
        call.finish(latency_ms=took)

    def _begun(self, event: Event) -> None:
        """Begin a sub-agent under the only call that can have begun it, else under the session."""
        name = event.get("agent_type") or ""
        calls = [
            (id, call) for id, (call, _) in self._calls.items()  # noqa: A001
            if call.name in DELEGATES and id not in self._begun_by and _wants(call.arguments) in ("", name)
        ]  # fmt: skip
        agent = {"id": event["agent_id"], "name": name or event["agent_id"]}
        if len(calls) == 1:
            ((id, call),) = calls  # noqa: A001
            with context.active(call.frame):
                nested = self._actor({**event, "agent_id": None}).agent(agent)
            self._begun_by[id] = nested
        else:
            nested = self._actor({**event, "agent_id": None}).agent(agent)
        nested.open()
        self._agents[event["agent_id"]] = nested

    # --- permissions ----------------------------------------------------------------------------

    def _ask(self, tool: str, given: dict[str, Any], about: Any) -> Approval:
        call, _ = self._calls.get(about.tool_use_id or "", (None, None))
        if call is not None:
            return call.ask_approval(reason=about.decision_reason)
        return self._actor({"agent_id": about.agent_id}).ask_approval(tool, given, reason=about.decision_reason)

    def _answered(
        self, tool: str, given: dict[str, Any], about: Any, answer: Any, who: str | None, asked: Approval
    ) -> None:
        call, actor = self._calls.get(about.tool_use_id or "", (None, None))
        if answer.behavior != "allow":
            asked.denied(by=who, reason=answer.message or None)
            if call is not None:  # no hook tells of its end
                del self._calls[about.tool_use_id]
                call.denied(answer.message or None)
                call.finish()
            return
        changed = answer.updated_input
        if changed is None or changed == given:
            asked.granted(by=who)
            return
        # What was asked for does not run; what runs instead is approved with its own digest.
        asked.denied(by=who, reason="other arguments were approved")
        if call is None or actor is None:
            self._actor({"agent_id": about.agent_id}).ask_approval(tool, changed).granted(by=who)
            return
        exactly = digests.frozen(changed)
        digest = digests.of_arguments(exactly, actor.run.digest_key)
        told = {"reason": "in place of other arguments"}
        call.approval = actor.ask(call.frame, tool, exactly, digest, told).granted(by=who)

    def _refuse(self, error: Exception) -> Any:
        self._fail(error)
        return _sdk().PermissionResultDeny(message=_STOP, interrupt=True)

    def _fail(self, error: Exception) -> None:
        """Remember that something could not be recorded: in every session that this client serves."""
        if not isinstance(error, AuditWriteError):
            made = AuditWriteError(
                f"{type(error).__name__} while an event was recorded; it may be missing", help=_BEGIN_ANEW
            )
            made.__cause__ = error
            error = made
        self._failed = self._failed or error
        for session in self._sessions.values():
            session.run.failed = session.run.failed or error

    # --- messages -------------------------------------------------------------------------------

    def _listen(self, message: Any) -> None:
        kind = type(message).__name__
        if kind == "AssistantMessage":
            if self._saying and self._saying[0].message_id != message.message_id:
                self._spoken()
            self._saying.append(message)
            return
        self._spoken()  # before the next tool can begin
        if kind == "ResultMessage":
            for each in message.permission_denials or ():
                call, _ = self._calls.pop(str(each.get("tool_use_id")), (None, None))
                if call is not None:
                    call.policy = call.policy or permission(False, "")
                    call.denied("refused by a rule of Claude Code")
                    call.finish()

    def _spoken(self) -> None:
        """Record the model call whose message has come whole."""
        pieces, self._saying = self._saying, []
        if not pieces:
            return
        last = pieces[-1]
        actor = self._begun_by.get(last.parent_tool_use_id or "") or self._actor({"session_id": last.session_id})
        said = "".join(text for each in pieces for block in each.content if (text := getattr(block, "text", "")))
        counted = {name: (last.usage or {}).get(name) for name in ("input_tokens", "output_tokens")}
        actor.write(
            "llm_call",
            "error" if last.error else "success",
            {"call_id": last.message_id, "error": last.error},
            model_blocks(None, said or None, counted if last.usage else None, None),
            # Of its agent's span, which may have ended while the message was on its way here.
            parent=Frame(actor, actor.span_id, None, of_agent=True),
            agent={"model": last.model},
        )


def _denied(kind: str, reason: str) -> dict[str, Any]:
    """What holds back the act that follows an event, in the SDK's words."""
    if kind == "PreToolUse":
        return {
            "hookSpecificOutput": {
                "hookEventName": kind, "permissionDecision": "deny", "permissionDecisionReason": reason,
            }
        }  # fmt: skip
    return {"decision": "block", "reason": reason} if kind == "UserPromptSubmit" else {}


def _wants(arguments: object) -> str:
    return str(arguments.get("subagent_type") or "") if isinstance(arguments, dict) else ""


def _sdk() -> Any:
    try:
        return import_module("claude_agent_sdk")
    except ImportError as error:
        raise missing("Claude Agent SDK", VERSIONS, error) from error
