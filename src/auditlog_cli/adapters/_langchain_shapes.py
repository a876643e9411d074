"""What LangChain's objects say, read without LangChain: messages, results, interrupts, answers.

Everything is looked at by its members (`content`, `tool_calls`, …), so that messages, their dictionaries and what
other versions make of them read alike. What is not recognised is kept as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

Verdict = Literal["approved", "denied", "edited"]
_VERDICTS: dict[str, Verdict] = {
    "approve": "approved",
    "accept": "approved",
    "edit": "edited",
    "reject": "denied",
    "ignore": "denied",
    "respond": "denied",  # the person answers in the tool's place: it does not run
    "response": "denied",
}
_ROLES = {"human": "user", "ai": "assistant"}


def member(value: Any, name: str) -> Any:
    """Return a member of a mapping, or an attribute; None if there is none."""
    return value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)


def message(value: Any) -> Any:
    """Return a message as `{role, content, tool_calls, tool_call_id}`, less what is empty; anything else as it is."""
    content = member(value, "content")
    if content is None:
        return value
    role = member(value, "role") or member(value, "type")
    told = {"role": _ROLES.get(str(role), role), "content": content}
    calls = member(value, "tool_calls")
    if calls:
        told["tool_calls"] = [{name: member(each, name) for name in ("name", "args", "id")} for each in calls]
    if member(value, "tool_call_id"):
        told["tool_call_id"] = member(value, "tool_call_id")
    return told


def said(value: Any) -> Any:
    """Return what a message says: its text if that is all there is, else the message."""
    told = message(value)
    if isinstance(told, dict) and "tool_calls" not in told and "content" in told:
        return told["content"]
    return told


def last(state: Any) -> Any:
    """Return the last message of a graph's input or output; the whole of it if it has no messages."""
    messages = member(state, "messages")
    if isinstance(messages, Sequence) and not isinstance(messages, str) and messages:
        return said(messages[-1])
    if isinstance(messages, str):
        return messages
    return said(state)


def prompt(messages: Sequence[Any]) -> tuple[list[Any], str | None]:
    """Return what a model is asked, and its system prompt by itself."""
    told = [message(each) for each in messages]
    of_system = [each for each in told if isinstance(each, dict) and each.get("role") == "system"]
    system = "\n".join(str(each["content"]) for each in of_system) if of_system else None
    return [each for each in told if not (isinstance(each, dict) and each.get("role") == "system")], system


def named_model(metadata: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, Any]:
    """Return which model is asked, as arguments of `Session.model_call`; None what is not said."""
    model = metadata.get("ls_model_name") or params.get("model") or params.get("model_name")
    provider = metadata.get("ls_provider")
    told = {"model": model, "provider": provider}
    return {name: value if isinstance(value, str) and value.strip() else None for name, value in told.items()}


def documents(found: Any) -> Any:
    """Return which documents were found: ids and sources, not their text."""
    if not isinstance(found, Sequence) or isinstance(found, str):
        return None
    told = [{"id": member(each, "id"), "source": member(member(each, "metadata") or {}, "source")} for each in found]
    return [{name: value for name, value in each.items() if value is not None} for each in told]


def answered(given: Any) -> dict[str, Any]:
    """Return what a model answered, as arguments of `Session.model_call`: response, usage, model.

    Args:
        given: An `LLMResult`, a message, or what a middleware's handler returns.
    """
    generations = member(given, "generations")
    text = None
    if generations:
        first = generations[0][0]
        given, text = member(first, "message"), member(first, "text")
    else:
        given = member(given, "model_response") or given
        result = member(given, "result")
        given = result[0] if isinstance(result, Sequence) and result else given
    told: dict[str, Any] = {"response": said(given) if given is not None else text}
    usage = member(given, "usage_metadata")
    if usage:
        told["usage"] = {name: member(usage, name) for name in ("input_tokens", "output_tokens")}
    model = member(member(given, "response_metadata") or {}, "model_name")
    if isinstance(model, str) and model:
        told["model"] = model
    return told


def outcome(output: Any, call_id: str | None) -> tuple[Any, bool]:
    """Return the result of a tool, and whether it is an error.

    A tool that moves the graph on (`Command`) tells the model in a message with its call id.
    """
    update = member(output, "update")
    if update is not None and hasattr(output, "goto"):
        told = member(update, "messages") or ()
        mine = [each for each in told if call_id is not None and member(each, "tool_call_id") == call_id]
        goto = member(output, "goto")
        result = {"goto": goto} if isinstance(goto, str) and goto else {}
        return {**result, "message": said(mine[-1])} if mine else result or None, False
    if member(output, "tool_call_id") is not None and not isinstance(output, Mapping):
        return member(output, "content"), member(output, "status") == "error"
    return output, False


def requests(value: Any) -> list[tuple[str, Any, str | None]]:
    """Return the calls an interrupt asks about: tool, arguments, why. None if it names none.

    `HumanInTheLoopMiddleware` asks in two forms: a list of `action_requests`, or one call by itself.
    """
    asked = member(value, "action_requests")
    if not isinstance(asked, Sequence) or isinstance(asked, str):
        asked = [value] if member(value, "type") == "tool_approval" else []
    found = []
    for each in asked:
        tool, why = member(each, "name"), member(each, "description")
        if not isinstance(tool, str) or not tool:
            return []
        found.append((tool, member(each, "args"), why if isinstance(why, str) and why.strip() else None))
    return found


def form(value: Any) -> str:
    """Return in which form an interrupt wants its answer: `list` of decisions, `one` decision, or a `plain` value."""
    if not requests(value):
        return "plain"
    return "one" if member(value, "type") == "tool_approval" else "list"


def answers(value: Any, count: int) -> list[Any]:
    """Return an answer for each of `count` calls: one by one if they are given so, else the same for all."""
    decisions = member(value, "decisions")
    if not isinstance(decisions, Sequence) or isinstance(decisions, str):
        decisions = value if isinstance(value, Sequence) and not isinstance(value, (str, bytes)) else None
    return list(decisions) if decisions is not None and len(decisions) == count else [value] * count


def verdict(answer: Any) -> Verdict | None:
    """Return what a person decided, None if the answer does not say: a text is no approval."""
    if isinstance(answer, bool):
        return "approved" if answer else "denied"
    kind = member(answer, "type")
    return _VERDICTS.get(kind) if isinstance(kind, str) else None


def edited(answer: Any) -> tuple[str | None, Any]:
    """Return the call that a person put in the place of the one asked about: tool, arguments."""
    action = member(answer, "edited_action") or member(answer, "args") or {}
    return member(action, "name") or member(action, "action"), member(action, "args")


def reason(answer: Any) -> str | None:
    """Return what a person said with an answer."""
    told = member(answer, "message")
    return told if isinstance(told, str) and told.strip() else None


def interrupts(error: BaseException) -> Any:
    """Return what a graph waits for, if this exception says that it does (`GraphInterrupt`); else None."""
    return (error.args[0] if error.args else ()) if _is_a(error, "GraphInterrupt") else None


def moves_on(error: BaseException) -> bool:
    """Tell whether an exception is how LangGraph goes on in another graph (`ParentCommand`): no failure."""
    return _is_a(error, "GraphBubbleUp")


def _is_a(error: BaseException, name: str) -> bool:
    return any(kind.__name__ == name and kind.__module__ == "langgraph.errors" for kind in type(error).__mro__)
