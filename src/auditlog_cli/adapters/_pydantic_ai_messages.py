"""What the objects of pydantic-ai say: the arguments of a call, the text of a message, the tokens of a request."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import orjson

from auditlog_cli.capture import digests


def given(call: Any) -> Any:
    """The arguments as the model wrote them: a mapping, or the text where that is no JSON."""
    if not isinstance(call.args, str):
        return call.args or {}
    try:
        return orjson.loads(call.args) if call.args else {}
    except orjson.JSONDecodeError:
        return call.args


def only_validated(approved: Any, args: Any, tool_def: Any) -> bool:
    """Whether `args` are the approved ones but for the form of numbers and for defaults."""
    now, properties = digests.frozen(args), tool_def.parameters_json_schema.get("properties", {})
    if not isinstance(approved, dict) or not isinstance(now, dict):
        return False
    kept = all(name in now and now[name] == value for name, value in approved.items())
    added = now.keys() - approved.keys()
    return kept and all(name in properties and properties[name].get("default") == now[name] for name in added)


def messages(messages: list[Any]) -> str:
    adapter = import_module("pydantic_ai.messages").ModelMessagesTypeAdapter
    return str(adapter.dump_json(messages), "utf-8")


def said(response: Any) -> str:
    """What a model answered: its text, or the whole message if it is more than one text."""
    if len(response.parts) == 1 and response.parts[0].part_kind == "text":
        return str(response.parts[0].content)
    return messages([response])


def usage(usage: Any) -> dict[str, Any] | None:
    """Tokens; None where the provider counted nothing."""
    if not (usage.input_tokens or usage.output_tokens):
        return None
    return {"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens}
