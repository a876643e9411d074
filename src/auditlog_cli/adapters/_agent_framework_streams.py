"""What passes through the middleware of Microsoft Agent Framework: requests, responses, and streams of their pieces."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from auditlog_cli import times
from auditlog_cli.capture import context as places
from auditlog_cli.capture.context import Frame


def watch(context: Any, frame: Frame, response: Any, ended: Callable[[Any, BaseException | None], None]) -> None:
    """Call `ended` with the result of a run or of a model: now, or when its stream is over.

    The middleware itself is over before the first piece of a stream is made.

    Args:
        context: Of the middleware; its result may be a `ResponseStream` that nobody has read yet.
        frame: Where the pieces of a stream are made.
        response: The class that puts pieces together: `AgentResponse` or `ChatResponse`.
        ended: Is given the whole response, or None and the error.
    """
    stream = context.result
    if not context.stream or stream is None:
        ended(stream, None)
        return
    pieces: list[Any] = []

    def piece(update: Any) -> Any:
        pieces.append(update)
        return update

    def over() -> None:
        error = getattr(stream, "_stream_error", None)
        ended(response.from_updates(pieces) if error is None else None, error)

    stream.with_pull_context_manager(lambda: places.active(frame))
    stream.with_transform_hook(piece)
    stream.with_cleanup_hook(over)


def asked(context: Any) -> Callable[[], dict[str, Any]]:
    """Return what tells how a model was asked, and how long it took until then."""
    began = time.monotonic_ns()
    options = dict(context.options or {})
    system = [options.get("instructions"), *(each.text for each in context.messages if each.role == "system")]
    told = {
        "model": options.get("model") or getattr(context.client, "model", None),
        "prompt": [each.to_dict() for each in context.messages if each.role != "system"],
        "system": "\n".join(each for each in system if each) or None,
    }
    return lambda: {**told, "latency_ms": times.since(began)}


def answered(response: Any) -> dict[str, Any]:
    """Return what a model answered, for `Session.model_call`."""
    contents = [each for message in response.messages for each in message.contents]
    only_text = all(each.type == "text" for each in contents)
    told: dict[str, Any] = {
        "response": response.text if only_text else [each.to_dict() for each in contents],
        "call_id": response.response_id,
    }
    if response.model:
        told["model"] = response.model
    used = response.usage_details
    if used:
        names = {"input_tokens": "input_token_count", "output_tokens": "output_token_count"}
        told["usage"] = {ours: used[theirs] for ours, theirs in names.items() if used.get(theirs) is not None}
    return told


def plain(result: Any) -> Any:
    """Return what a tool gave: the text of a list of contents, if it is nothing but text; else as it can be kept."""
    if not isinstance(result, list):
        return result
    if all(getattr(each, "type", None) == "text" for each in result):
        return "".join(each.text or "" for each in result)
    return [each.to_dict() if hasattr(each, "to_dict") else each for each in result]
