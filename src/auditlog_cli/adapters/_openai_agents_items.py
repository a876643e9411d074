"""What the objects of the OpenAI Agents SDK say: the arguments of a call, an answer, why something was stopped."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import orjson


def arguments_of(text: Any) -> Any:
    """Return the arguments of a call: the JSON that the model wrote, or its text where that is none."""
    if not isinstance(text, str):
        return text
    try:
        return orjson.loads(text) if text else {}
    except orjson.JSONDecodeError:
        return text


def id_of(item: Any) -> Any:
    """Return the id of a call, as an object or as a mapping."""
    return item.get("call_id") if isinstance(item, dict) else getattr(item, "call_id", None)


def call_id_of(context: Any, item: Any) -> str | None:
    """Return the id of the call that a tool's context is for."""
    told = getattr(context, "tool_call_id", None) or id_of(item)
    return None if told is None else str(told)


def given(context: Any, item: Any) -> Any:
    """Return the arguments of a call."""
    text = getattr(context, "tool_arguments", None)
    if text is not None or item is None:
        return arguments_of(text or "")
    told = _plain(item)
    return {name: value for name, value in told.items() if name not in ("id", "call_id", "type", "status")}


def model_of(agent: Any) -> str | None:
    """Return the name of an agent's model, if it has one."""
    model = agent.model if isinstance(agent.model, str) else getattr(agent.model, "model", None)
    return model if isinstance(model, str) and model else None


def _plain(item: Any) -> Any:
    return item.model_dump(mode="json", exclude_unset=True) if hasattr(item, "model_dump") else item


def said(output: list[Any]) -> Any:
    """Return what a model answered: its text, or all items if it is more than one text."""
    if len(output) == 1 and getattr(output[0], "type", "") == "message":
        parts = output[0].content
        if len(parts) == 1 and isinstance(getattr(parts[0], "text", None), str):
            return parts[0].text
    return [_plain(item) for item in output]


def newest(given: Any) -> Any:
    """Return the request: a text, or the newest message of the user in a list of items."""
    if isinstance(given, list):
        for item in reversed(given):
            if isinstance(item, dict) and item.get("role") == "user" and "content" in item:
                return item["content"]
    return given


def failure_of(context: Any, result: Any) -> str | None:
    """Return why a tool failed, or None. By default the SDK makes its exception a text for the model.

    Its span knows, while tracing is on; else the SDK's own text tells.
    """
    agents = import_module("agents")
    span = agents.get_current_span()
    if span is not None and span.error is not None:
        said = span.error.get("data") or {}
        return str(said.get("error") or span.error.get("message"))
    if isinstance(result, str) and result == agents.default_tool_error_function(context, RuntimeError()):
        return result
    return None


def refusals(ended: Any) -> list[str]:
    """Return the names of the guardrails that stopped a run or a call, out of a result or an exception."""
    stopped = getattr(ended, "guardrail_result", None)  # an input or an output of the run: the exception has it
    found = [] if stopped is None else [stopped.guardrail]
    if stopped is None and isinstance(ended, BaseException) and hasattr(ended, "guardrail"):
        found = [ended.guardrail]  # of a tool
    for each in getattr(ended, "tool_input_guardrail_results", ()), getattr(ended, "tool_output_guardrail_results", ()):
        found += [one.guardrail for one in each if one.output.behavior.get("type") == "reject_content"]
    return [guardrail.get_name() for guardrail in found]
