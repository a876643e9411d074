"""One call of a tool, and the approvals it waits for: one request, or several that a `requestState` joins.

In the protocol of 2026-07-28 a server that needs an answer ends the request (`input_required`), and the client sends
the same call again with the answers. That is one call: its start was recorded with the first request, its end is that
of the last one. Up to 2025-11-25 the server sends the question as a request of its own.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from auditlog_cli import times
from auditlog_cli.capture.session import Session
from auditlog_cli.capture.toolcall import ToolCall
from auditlog_cli.mcp.wire import ELICIT
from auditlog_cli.writer import ids

VIA = "mcp elicitation"
_WAITING = 10_000
"""So many calls may wait for a second request; after that the oldest is given up, and stays without an end."""
_NOT_RESULT = ("_meta", "isError", "resultType")


class Question:
    """An elicitation, asked and answered. `Approval` with the words of MCP.

    Args:
        session: Where it is recorded.
        call: The call it belongs to, if one can be named.
        params: Of the elicitation.

    Raises:
        AuditWriteError: If the question cannot be recorded.
    """

    def __init__(self, session: Session, call: ToolCall | None, params: object) -> None:
        self._session = session
        text = params.get("message") if isinstance(params, Mapping) else None
        reason = text if isinstance(text, str) else None
        self._approval = None if call is None else call.ask_approval(reason=reason, via=VIA)
        self._block: dict[str, Any] = {}
        if call is None:
            self._block = {"id": ids.record_id(), "status": "pending", "requested_at": times.now()}
            self._told("pending", {"via": VIA} | ({} if reason is None else {"reason": reason}))

    def answered(self, answer: object) -> None:
        """Record the answer. Nobody knows who gave it. What is no answer leaves it pending.

        Args:
            answer: `{"action": "accept" | "decline" | "cancel", "content"}`.

        Raises:
            AuditWriteError: If it cannot be recorded: then it must not reach the server.
        """
        said = answer if isinstance(answer, Mapping) else {}
        word = said.get("action")
        if word not in ("accept", "decline", "cancel"):
            return
        no = refused(said.get("content")) if word == "accept" else None
        granted = word == "accept" and no is None
        reason = {"cancel": "cancelled", "decline": None, "accept": no and f"accepted with {no}: false"}[word]
        if self._approval is not None:
            if self._approval.status == "pending":
                decide = self._approval.granted if granted else self._approval.denied
                decide(by=None, via=VIA, reason=reason)
            return
        self._block |= {"status": "approved" if granted else "denied", "decided_at": times.now()}
        told = {"via": VIA} | ({} if reason is None else {"reason": reason})
        self._told("success" if granted else "denied", told)

    def _told(self, status: Any, told: dict[str, str]) -> None:
        self._session.event("approval", status=status, approval=self._block, metadata={"approval": told})


def refused(content: object) -> str | None:
    """Return the field of an accepted form by which its answer is no: the only truth value in it, if that is false.

    >>> refused({"approve": False, "note": "too much"}), refused({"approve": True}), refused({"a": False, "b": True})
    ('approve', None, None)
    """
    if not isinstance(content, Mapping):
        return None
    answers = [(name, value) for name, value in content.items() if isinstance(value, bool)]
    return str(answers[0][0]) if len(answers) == 1 and answers[0][1] is False else None


class Call:
    """A call that may take several requests.

    Attributes:
        id: Of its newest request, for answers.
        tool: What is recorded.
    """

    def __init__(self, session: Session, id: object, params: Mapping[str, Any]) -> None:  # noqa: A002
        self.id = id
        meta = params.get("_meta")
        place = meta.get("traceparent") if isinstance(meta, Mapping) else None
        told = {"metadata": {"mcp": {"traceparent": place}}} if isinstance(place, str) else {}
        arguments = params.get("arguments")
        self.tool: ToolCall = session.tool(
            params["name"], {} if arguments is None else arguments, call_id=id if id is None else str(id),
            **told,  # type: ignore[arg-type]
        )  # fmt: skip
        self.session = session
        self._questions: dict[str, Question] = {}

    def ask(self, params: object) -> Question:
        """Record a question about this call."""
        return Question(self.session, self.tool, params)

    def waits(self, result: Mapping[str, Any]) -> bool:
        """Record the questions of a result that asks; tell whether it is one.

        Raises:
            AuditWriteError: If one cannot be recorded: then the client must not be asked.
        """
        wanted = result.get("inputRequests")
        if result.get("resultType") != "input_required" and not isinstance(wanted, Mapping):
            return False
        for name, request in wanted.items() if isinstance(wanted, Mapping) else ():
            if isinstance(request, Mapping) and request.get("method") == ELICIT:
                self._questions[name] = self.ask(request.get("params"))
        return True

    def answered(self, responses: object) -> None:
        """Record the answers that a second request brings.

        Raises:
            AuditWriteError: If one cannot be recorded: then it must not reach the server.
        """
        for name, answer in responses.items() if isinstance(responses, Mapping) else ():
            question = self._questions.pop(name, None)
            if question is not None:
                question.answered(answer)

    def said(self, result: object) -> None:
        """Take the result down; `tool.finish()` writes it."""
        members = result if isinstance(result, Mapping) else {}
        shown = {name: value for name, value in members.items() if name not in _NOT_RESULT} if members else result
        if isinstance(members.get("task"), Mapping):
            self.tool.partial(shown, reason="the server goes on with it as a task")
            return
        self.tool.result(shown)
        if members.get("isError") is True:
            self.tool.error(texts(members.get("content")))

    def failed(self, error: object) -> None:
        """Take an error of JSON-RPC down."""
        members = error if isinstance(error, Mapping) else {}
        self.tool.error(f"{members.get('code', 'error')}: {members.get('message', '')}")


def texts(content: object) -> str:
    """Return the texts of the content of a result."""
    blocks = content if isinstance(content, list) else []
    return "\n".join(
        each["text"]
        for each in blocks
        if isinstance(each, Mapping) and each.get("type") == "text" and isinstance(each.get("text"), str)
    )


class Waiting:
    """Calls that wait for a second request. A state is good for one."""

    def __init__(self) -> None:
        self._calls: OrderedDict[str, Call] = OrderedDict()

    def keep(self, call: Call, result: Mapping[str, Any]) -> None:
        """Keep a call whose result asks."""
        self._calls[self._key(result.get("requestState"), call.tool.name, call.tool.arguments_sha256)] = call
        while len(self._calls) > _WAITING:
            self._calls.popitem(last=False)

    def resumed(self, fresh: Call, params: Mapping[str, Any]) -> Call:
        """Return the call that a request goes on with, or `fresh`: the same tool, arguments and state."""
        if params.get("requestState") is None and params.get("inputResponses") is None:
            return fresh
        key = self._key(params.get("requestState"), fresh.tool.name, fresh.tool.arguments_sha256)
        found = self._calls.get(key)
        same = found is not None and (
            (found.tool.name, found.tool.arguments_sha256, found.session.run)
            == (fresh.tool.name, fresh.tool.arguments_sha256, fresh.session.run)
        )
        if found is None or not same:
            return fresh
        del self._calls[key]
        found.id = fresh.id
        return found

    @staticmethod
    def _key(state: object, name: str, digest: str) -> str:
        return f"state {state}" if isinstance(state, str) else f"call {digest} {name}"
