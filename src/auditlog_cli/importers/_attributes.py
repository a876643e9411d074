"""The attributes of an OpenTelemetry span, whichever conventions they follow, become a `Span`.

GenAI (semantic-conventions-genai), OpenInference, Traceloop (OpenLLMetry) and Langfuse in one path: the kind of a span
is decided by the first convention that speaks (9.6), its values are taken wherever they stand. Sources: frameworks.md
9.3 to 9.5.
"""

from __future__ import annotations

from typing import Any

from auditlog_cli.importers import _spans as kinds
from auditlog_cli.importers._drafts import Content, arguments, instant, text, unpacked
from auditlog_cli.importers._spans import Span

_LANGFUSE = {
    "tool": kinds.TOOL, "generation": kinds.LLM, "agent": kinds.AGENT, "chain": kinds.CHAIN, "span": kinds.CHAIN,
    "retriever": kinds.RETRIEVAL, "embedding": kinds.EMBEDDING, "guardrail": kinds.GUARDRAIL,
    "evaluator": kinds.GUARDRAIL, "event": kinds.PLAIN,
}  # fmt: skip
_OPENINFERENCE = {
    "TOOL": kinds.TOOL, "LLM": kinds.LLM, "AGENT": kinds.AGENT, "CHAIN": kinds.CHAIN, "PROMPT": kinds.CHAIN,
    "RETRIEVER": kinds.RETRIEVAL, "RERANKER": kinds.RETRIEVAL, "EMBEDDING": kinds.EMBEDDING,
    "GUARDRAIL": kinds.GUARDRAIL, "EVALUATOR": kinds.GUARDRAIL,
}  # fmt: skip
_TRACELOOP = {"workflow": kinds.CHAIN, "task": kinds.CHAIN, "agent": kinds.AGENT, "tool": kinds.TOOL, "handoff": kinds.HANDOFF}  # fmt: skip # noqa: E501
_GENAI = {
    "chat": kinds.LLM, "generate_content": kinds.LLM, "text_completion": kinds.LLM, "embeddings": kinds.EMBEDDING,
    "retrieval": kinds.RETRIEVAL, "create_agent": kinds.CREATE, "invoke_agent": kinds.AGENT, "execute_tool": kinds.TOOL,
    "invoke_workflow": kinds.CHAIN, "plan": kinds.CHAIN, "handoff": kinds.HANDOFF, "search_memory": kinds.MEMORY_READ,
    "create_memory": kinds.MEMORY_WRITE, "update_memory": kinds.MEMORY_WRITE, "upsert_memory": kinds.MEMORY_WRITE,
    "delete_memory": kinds.MEMORY_WRITE,
}  # fmt: skip
_CLAUDE = {
    "claude_code.interaction": kinds.AGENT, "claude_code.llm_request": kinds.LLM, "claude_code.tool": kinds.TOOL,
    "claude_code.tool.execution": kinds.PLAIN, "claude_code.tool.blocked_on_user": kinds.PLAIN,
}  # fmt: skip

_TOOL = ("gen_ai.tool.name", "tool.name", "tool_name")
_CALL = ("gen_ai.tool.call.id", "tool_call.id", "tool_use_id", "tool.id")
_INPUT = ("input.value", "traceloop.entity.input", "langfuse.observation.input", "input")
_OUTPUT = ("output.value", "traceloop.entity.output", "langfuse.observation.output", "output")
_ARGUMENTS = ("gen_ai.tool.call.arguments", *_INPUT, "gcp.vertex.agent.tool_call_args")
_RESULT = ("gen_ai.tool.call.result", *_OUTPUT, "gcp.vertex.agent.tool_response")
_PROMPT = ("gen_ai.input.messages", "gen_ai.prompt", "user_prompt", *_INPUT, "gcp.vertex.agent.llm_request")
_RESPONSE = ("gen_ai.output.messages", "gen_ai.completion", "final_result", *_OUTPUT, "gcp.vertex.agent.llm_response")
_MODEL = ("gen_ai.response.model", "gen_ai.request.model", "llm.model_name", "langfuse.observation.model.name", "model")
_PROVIDER = ("gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system")
_SESSION = ("session.id", "langfuse.session.id", "gcp.vertex.agent.session_id")
_TOKENS_IN = ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.token_count.prompt", "input_tokens")
_TOKENS_OUT = (
    "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.token_count.completion", "output_tokens",
)  # fmt: skip
_FAMILIES = (("llm.input_messages.", "prompt"), ("gen_ai.prompt.", "prompt"),
             ("llm.output_messages.", "response"), ("gen_ai.completion.", "response"))  # fmt: skip
_MERGED = "(merged tools)"
"""ADK's span around parallel calls: structure. Where it has nothing to say it writes one of these: """
_NOTHING = (None, "", "{}", "null", "<not specified>", "N/A")
_ELIDED = "<elided>"
_ROLES = ("system", "user", "assistant", "tool")
_DETAILS = "gen_ai.client.inference.operation.details"


def read(
    ids: tuple[str, str, str],
    name: str,
    attributes: dict[str, Any],
    *,
    start: object = None,
    end: object = None,
    failed: bool = False,
    why: str = "",
    events: list[tuple[str, dict[str, Any]]] | None = None,
    scope: str = "",
    resource: dict[str, Any] | None = None,
    rest: Content | None = None,
) -> Span:
    """Return what a span says.

    Args:
        ids: Trace, span and parent; empty where there is none.
        name: Of the span.
        attributes: Plain values by name.
        start, end: As the source writes them.
        failed: Whether its status is an error.
        why: What its status says.
        events: Name and attributes of each.
        scope: Who instrumented.
        resource: Attributes of the process.
        rest: Members of the span that are none of these.
    """
    left = dict(attributes)
    for event, details in events or ():
        if event == _DETAILS or (event.startswith("gen_ai.") and "gen_ai.input.messages" in details):
            for key, value in details.items():
                left.setdefault(key, value)
    kind = kind_of(name, left)
    span = Span(*ids, name, kind)
    span.start, span.end = instant(start), instant(end)
    claude = name.startswith("claude_code.") or "claude_code" in scope
    _actors(span, left, claude=claude)
    error = _take(left, ("error.type", "error_class")) if failed or kind != kinds.PLAIN else None
    for event, details in events or ():
        if event == "exception":
            why = why or text(details.get("exception.message")) or text(details.get("exception.type"))
            failed = failed or kind == kinds.TOOL
    level = text(_take(left, ("langfuse.observation.level",)))
    why = why or text(_take(left, ("langfuse.observation.status_message",)))
    if failed or error or level == "ERROR":
        span.error = why or error or "error"
    if kind == kinds.TOOL:
        _tool(span, left, events or [])
    elif kind == kinds.HANDOFF:
        _handoff(span, left)
    else:
        _model(span, left, events or [])
    left |= {} if not resource else {"resource": resource}
    if scope:
        left["scope"] = scope
    if events:
        left["events"] = [{"name": event, "attributes": details} for event, details in events]
    span.rest = left | (rest or {})
    return span


def kind_of(name: str, attributes: dict[str, Any]) -> str:
    """Return what kind of unit a span is (9.4)."""
    found = _LANGFUSE.get(text(attributes.get("langfuse.observation.type")).lower())
    said = text(attributes.get("openinference.span.kind")).upper()
    if found is None and said:
        found = _OPENINFERENCE.get(said, kinds.CHAIN)
        if found == kinds.TOOL and not attributes.get("tool.name") and name.lower().startswith("handoff"):
            found = kinds.HANDOFF
    if found is None:
        found = _TRACELOOP.get(text(attributes.get("traceloop.span.kind")).lower())
    if found is None:
        found = _GENAI.get(text(attributes.get("gen_ai.operation.name")).lower())
    if found is None:
        found = _CLAUDE.get(name)
    if found is None and "llm.request.type" in attributes:
        found = kinds.LLM
    if found is None and any(key in attributes for key in ("gen_ai.request.model", "gen_ai.response.model")):
        found = kinds.MODEL if any(key in attributes for key in (*_TOKENS_IN, "gen_ai.system")) else None
    if found is None and name.startswith("execute_tool ") and "gen_ai.tool.call.id" in attributes:
        found = kinds.TOOL
    if found == kinds.TOOL and attributes.get("gen_ai.tool.name") == _MERGED:
        return kinds.PLAIN
    return found or kinds.PLAIN


def _actors(span: Span, left: dict[str, Any], *, claude: bool) -> None:
    span.session = text(_take(left, _SESSION))
    span.conversation = text(_take(left, ("gen_ai.conversation.id",)))
    if claude:
        user = text(_take(left, ("user.account_uuid",)))  # `user.id` is a hash of the device: it stays in the rest
    else:
        user = text(_take(left, ("user.id", "enduser.id", "langfuse.user.id")))
    email = text(_take(left, ("user.email",)))
    if user:
        span.user["id"] = user
    if email:
        span.user["email"] = email
    scopes = _take(left, ("enduser.scope",))
    if isinstance(scopes, str) and scopes:
        span.authorization["scopes"] = scopes.split()
    elif isinstance(scopes, list):
        span.authorization["scopes"] = [text(each) for each in scopes if text(each)]
    sub = text(left.pop("agent_id", None)) if claude else ""
    called = text(_take(left, ("gen_ai.agent.name", "agent.name")))
    agent = text(_take(left, ("gen_ai.agent.id", "agent.id")))
    if sub:
        span.agent["id"] = sub
        left |= {name: value for name, value in (("gen_ai.agent.name", called), ("gen_ai.agent.id", agent)) if value}
    elif agent or called:
        span.agent = {"id": agent or called} | ({"name": called} if called else {})
    data = unpacked(left.get("metadata"))
    if isinstance(data, dict):
        span.label = text(data.get("lc_agent_name"))
    if not span.session and not span.conversation and agent and text(left.get("gen_ai.system")) == "autogen":
        span.conversation = agent.rpartition("/")[2].rpartition("_")[2]


def _tool(span: Span, left: dict[str, Any], events: list[tuple[str, dict[str, Any]]]) -> None:
    span.tool = text(_take(left, _TOOL)) or text(_take(left, ("traceloop.entity.name",)))
    if not span.tool:
        span.tool = span.name.removeprefix("execute_tool ").removesuffix(".tool")
    span.call = text(_take(left, _CALL))
    span.arguments = arguments(_said(left, _ARGUMENTS))
    result = _said(left, _RESULT)
    span.result = None if result is None else unpacked(result)
    for event, details in events:  # Strands: what goes in and comes out are events
        if event == "gen_ai.tool.message" and span.arguments is None:
            span.arguments = arguments(details.get("content"))
        elif event == "gen_ai.choice" and span.result is None:
            span.result = unpacked(details.get("message"))


def _handoff(span: Span, left: dict[str, Any]) -> None:
    by = text(_take(left, ("gen_ai.handoff.from_agent",))) or text(span.agent.get("id"))
    to = text(_take(left, ("gen_ai.handoff.to_agent",)))
    if not to and span.name.lower().startswith("handoff to "):
        to = span.name[len("handoff to ") :]
    span.message = {name: value for name, value in (("from", by), ("to", to)) if value}


def _model(span: Span, left: dict[str, Any], events: list[tuple[str, dict[str, Any]]]) -> None:
    model, provider = text(_take(left, _MODEL)), text(_take(left, _PROVIDER))
    if span.kind in (kinds.LLM, kinds.MODEL, kinds.EMBEDDING):
        for name, value in (("model", model), ("provider", provider)):
            if value:
                span.agent[name] = value
        for name, names in (("input_tokens", _TOKENS_IN), ("output_tokens", _TOKENS_OUT)):
            count = instant_count(_take(left, names))
            if count is not None:
                span.usage[name] = count
    elif model:
        left["gen_ai.request.model"] = model
    span.prompt, span.response = _said(left, _PROMPT), _said(left, _RESPONSE)
    for prefix, which in _FAMILIES:
        if getattr(span, which) is None:
            found = {name: left.pop(name) for name in [name for name in left if name.startswith(prefix)]}
            if found:
                setattr(span, which, {name.removeprefix(prefix): value for name, value in found.items()})
    told = [(event, details) for event, details in events if details.get("content") != _ELIDED]
    if span.prompt is None:
        asked = [(event.split(".")[1], details) for event, details in told if event.startswith("gen_ai.")]
        span.prompt = [{"role": role, **details} for role, details in asked if role in _ROLES] or None
    if span.response is None:
        span.response = [details for event, details in told if event == "gen_ai.choice"] or None


def instant_count(value: object) -> int | None:
    """Return a count: a whole number from 0 on, as a number or in digits."""
    if isinstance(value, str) and value.isdigit() and value.isascii() and len(value) < 19:
        return int(value)
    return value if type(value) is int and value >= 0 else None


def _take(left: dict[str, Any], names: tuple[str, ...]) -> object:
    """Remove and return the first of `names` that says something."""
    for name in names:
        if left.get(name) not in (None, ""):
            return left.pop(name)
    return None


def _said(left: dict[str, Any], names: tuple[str, ...]) -> object:
    """The same; an empty object is what is written where nothing may be said."""
    for name in names:
        if left.get(name) not in _NOTHING:
            return left.pop(name)
    return None
