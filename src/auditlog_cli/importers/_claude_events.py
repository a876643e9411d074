"""Claude Code's telemetry: what its events and the spans below a tool call say of that call (frameworks.md, 9.5).

A tool's span has status 0 whatever happened: the outcome is in its child `tool.execution`, the decision in its child
`tool.blocked_on_user`, arguments in the event `tool_result`. Permissions are rules, not people.
"""

from __future__ import annotations

from auditlog_cli.importers._attributes import instant_count
from auditlog_cli.importers._claude_names import permission
from auditlog_cli.importers._drafts import Content, Draft, arguments, moment, span_id, text, without
from auditlog_cli.importers._spans import Span

PREFIX = "claude_code."
_FOLDED = ("subagent_completed", "tool_decision", "tool_result", "api_request")


class Events:
    """What is known of the calls of one file."""

    def __init__(self) -> None:
        self._executed: dict[tuple[str, str], Span] = {}
        self._decided: dict[tuple[str, str], tuple[str, str]] = {}
        self._calls: set[str] = set()
        self._models: set[str] = set()
        self._results: dict[str, Content] = {}

    def note(self, span: Span) -> None:
        """Learn of a span."""
        above = (span.trace, span.parent)
        if span.name == "claude_code.tool.execution":
            self._executed[above] = span
        elif span.name == "claude_code.tool.blocked_on_user":
            self._decided[above] = (text(span.rest.get("decision")), text(span.rest.get("source")))
        elif span.name == "claude_code.tool":
            self._calls.add(span.call)
        elif span.name == "claude_code.llm_request":
            self._models.add(span.trace)

    def hear(self, name: str, said: Content) -> None:
        """Learn of an event."""
        if name.removeprefix(PREFIX) == "tool_result" and text(said.get("tool_use_id")):
            self._results[text(said["tool_use_id"])] = {name: said.get(name) for name in ("tool_input", "error")}

    def complete(self, span: Span) -> None:
        """Put into the span of a tool call what stands beside it."""
        if span.name != "claude_code.tool":
            return
        executed = self._executed.get((span.trace, span.id))
        decision, source = self._decided.get((span.trace, span.id), ("", ""))
        result = self._results.get(span.call, {})
        if span.arguments is None:
            span.arguments = arguments(result.get("tool_input"))
        if executed is not None:
            span.error = executed.error
            said = executed.rest.get("success")
            span.status = "error" if executed.error is not None or said in (False, "false") else ""
            if not span.status and said in (True, "true"):
                span.status = "success"
        if decision in ("accept", "reject"):
            span.policy = permission(decision == "accept", source)
            if decision == "reject" and executed is None:
                span.status = "denied"

    def drafts(self, name: str, said: Content, ids: tuple[str, str], when: object) -> list[Draft] | str | None:
        """Return what becomes of an event, or None if it is none of Claude Code's."""
        event = name.removeprefix(PREFIX)
        if "event.sequence" not in said and not name.startswith(PREFIX):
            return None
        call = text(said.get("tool_use_id"))
        if event in ("tool_decision", "tool_result") and call in self._calls:
            return "event of a span"
        if event == "api_request" and ids[0] in self._models:
            return "event of a span"
        content: Content = {
            "timestamp": moment(when) or moment(said.get("event.timestamp")),
            "session_id": text(said.get("session.id")),
            "trace_id": ids[0],
            "parent_span_id": ids[1],
            "agent": {"id": text(said["agent_id"])} if text(said.get("agent_id")) else None,
        }
        if text(said.get("user.email")):
            content["user"] = {"email": text(said["user.email"])}
        taken: tuple[str, ...] = ("session.id", "agent_id", "user.email")
        if event == "user_prompt":
            content["action"] = {"type": "message", "result_status": "success"}
            content["message"] = {"direction": "received"}
            content["prompt"] = {"text": text(said.get("prompt"))} if said.get("prompt") else None
            taken += ("prompt", "prompt_text")
        elif event == "assistant_response":
            content["action"] = {"type": "message", "result_status": "success"}
            content["message"] = {"direction": "sent"}
            content["response"] = {"text": text(said.get("response"))} if said.get("response") else None
            taken += ("response",)
        elif event == "api_request":
            content["action"] = {"type": "llm_call", "result_status": "success"}
            content["agent"] = {**(content["agent"] or {}), "model": text(said.get("model"))}
            usage = {name: instant_count(said.get(name)) for name in ("input_tokens", "output_tokens")}
            content["usage"] = {name: count for name, count in usage.items() if count is not None} or None
            taken += ("model", "input_tokens", "output_tokens")
        elif event in ("tool_result", "tool_decision"):
            taken += _tool(event, said, call, content)
        else:
            return f"event {event}" if event in _FOLDED else "event"
        return [Draft(content, text(said.get("message.uuid")), ids[1], without(said, *taken))]


def _tool(event: str, said: Content, call: str, content: Content) -> tuple[str, ...]:
    action: Content = {"type": "tool_invocation", "tool": text(said.get("tool_name")), "call_id": call}
    given = arguments(said.get("tool_input"))
    if given is not None:
        action["arguments"] = given
    content["span_id"] = span_id("claude-code", call)
    if event == "tool_decision":
        allowed = said.get("decision") == "accept"
        content["span_id"] = ""
        action |= {"type": "guardrail", "result_status": "success" if allowed else "denied"}
        content["policy"] = permission(allowed, text(said.get("source")))
    else:
        failed = said.get("success") in (False, "false")
        action |= {"phase": "end", "result_status": "error" if failed else "success"}
        if failed and said.get("error"):
            action["error"] = said["error"]
    content["action"] = {name: value for name, value in action.items() if value != ""}
    return ("tool_name", "tool_use_id", "tool_input", "error", "decision", "source")
