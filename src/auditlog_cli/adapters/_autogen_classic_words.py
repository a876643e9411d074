"""What classic AutoGen says, in the words of a record (pure)."""

from __future__ import annotations

import json
from typing import Any


def arguments(written: Any) -> Any:
    """Return the arguments of a call that a model wrote; as they are, if they are no JSON."""
    if not isinstance(written, str):
        return written
    try:
        return json.loads(written)
    except ValueError:
        return written


def block(code: Any) -> dict[str, Any]:
    """Return a block of code: pyautogen has them as pairs and as objects."""
    language, text = code if isinstance(code, tuple) else (code.language, code.code)
    return {"language": language, "code": text}


def answer(response: Any) -> dict[str, Any]:
    """Return what a model answered, for `Session.model_call`. Clients of one's own have only some of these."""
    message = response.choices[0].message
    calls = getattr(message, "tool_calls", None) or ()
    asked = [
        {"id": getattr(each, "id", None), "name": each.function.name, "arguments": each.function.arguments}
        for each in calls
    ]
    used = getattr(response, "usage", None)
    names = {"input_tokens": "prompt_tokens", "output_tokens": "completion_tokens"}
    counted = {ours: getattr(used, theirs, None) for ours, theirs in names.items()}
    return {
        "model": getattr(response, "model", None),
        "call_id": getattr(response, "id", None),
        "response": asked or getattr(message, "content", None),
        "usage": {name: count for name, count in counted.items() if count is not None} or None,
    }


def refused(name: str, error: Exception) -> tuple[bool, dict[str, str]]:
    """Return the outcome of a function that did not run, as the agent would give it."""
    return False, {"name": name, "role": "function", "content": f"Error: {error}"}
