"""A call of a model, measured around it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from auditlog_cli import times
from auditlog_cli.capture import digests, given

if TYPE_CHECKING:
    from auditlog_cli.capture.session import Session

T = TypeVar("T")


def model_blocks(
    prompt: object, response: object, usage: Mapping[str, Any] | None, system: str | None
) -> dict[str, Any]:
    """Return the blocks `prompt`, `response` and `usage`, those that say nothing left out."""
    told: dict[str, Any] = {}
    if prompt is not None:
        told["prompt"] = digests.text_block(prompt)
    if system is not None:
        told.setdefault("prompt", {})["system_sha256"] = digests.of_text(digests.text(system))
    if response is not None:
        told["response"] = digests.text_block(response)
    if usage is not None:
        # What a client leaves open (None) is not said.
        told["usage"] = {name: value for name, value in given.block("usage", usage).items() if value is not None}
    return told


class ModelCall:
    """A call of a model. Comes from `Session.measured_llm`; one record is written when it ends."""

    def __init__(self, session: Session, told: dict[str, Any]) -> None:
        self._session = session
        self._told = told
        self._began = 0

    def response(self, text: T, *, usage: Mapping[str, Any] | None = None, model: str | None = None) -> T:
        """Say what the model answered, what it used, and which model it really was. Returns `text`."""
        self._told["response"] = text
        self._told["usage"] = usage
        if model is not None:
            self._told["model"] = model
        return text

    def __enter__(self) -> Self:
        # A model that is asked although nothing can be recorded any more is an act, too.
        self._session.here()
        self._session.run.check()
        self._began = time.monotonic_ns()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        latency = times.since(self._began)
        run = self._session.run
        owed = run.owes(error)
        if owed is not None:
            raise owed
        if not run.broken:
            self._session.model_call(**self._told, latency_ms=latency, error=error)

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)
