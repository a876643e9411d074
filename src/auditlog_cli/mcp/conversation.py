"""What passes between an MCP client and a server: lines in, lines out, and what of it is recorded.

A line goes on as it came, or something stands in its place: the error that tells whose message it was that it could
not be recorded. Both directions may be used by a thread each. The ids of the two directions are kept apart.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from auditlog_cli.capture.session import Session
from auditlog_cli.errors import AuditlogError, AuditWriteError
from auditlog_cli.mcp import wire
from auditlog_cli.mcp.calls import Call, Question, Waiting
from auditlog_cli.mcp.wire import UNWRITABLE, Content
from auditlog_cli.strictjson import Malformed

UNREADABLE = "not strict JSON-RPC: readers could disagree about it, so it was not forwarded"
_CLIENT = "io.modelcontextprotocol/clientInfo"
_PROTOCOL = "io.modelcontextprotocol/protocolVersion"


class Client(NamedTuple):
    """What the first message of a client says of it."""

    name: str | None
    version: str | None
    protocol: str | None


class Passed(NamedTuple):
    """What becomes of a line.

    Attributes:
        forward: What goes on in its direction.
        back: What goes to whom it came from.
    """

    forward: bytes = b""
    back: bytes = b""


class Instead(NamedTuple):
    """What stands in the place of a message: on its way, or back to whom it came from."""

    message: Content
    back: bool


class Conversation:
    """One client and one server.

    Args:
        begin: Opens the session when the first message of the client is there.

    Attributes:
        failed: The first thing that could not be recorded, or None.
        bad: How many lines were no strict JSON-RPC, by `client` and `server`.
        refused: How many messages were not forwarded.
    """

    def __init__(self, begin: Callable[[Client], Session]) -> None:
        self._begin = begin
        self._lock = threading.Lock()
        self._session: Session | None = None
        self._calls: dict[str, Call] = {}
        self._unanswerable: list[Call] = []
        self._waiting = Waiting()
        self._asked: dict[str, Question] = {}
        self._closed = False
        self.failed: AuditlogError | None = None
        self.bad = {"client": 0, "server": 0}
        self.refused = 0

    # --- client to server ---------------------------------------------------------------------

    def from_client(self, line: bytes) -> Passed:
        """Return what becomes of a line from the client, its end included. Start lines are on the disk then."""
        with self._lock:
            if self._closed:
                return Passed()  # the server has ended, and with it the session
            try:
                messages = wire.read(line)
            except Malformed:
                self.bad["client"] += 1
                return self._unclear(line, None) if wire.may_call(line) else Passed(line)
            if wire.ambiguous(line, messages) and wire.may_call(line):
                self.bad["client"] += 1
                return self._unclear(line, messages[0].get("id") if len(messages) == 1 else None)
            return self._passed(line, messages, [self._sent(each) for each in messages])

    def _unclear(self, line: bytes, id: object) -> Passed:  # noqa: A002
        self.refused += 1
        code = wire.PARSE_ERROR if id is None else wire.INVALID_REQUEST
        return Passed(back=wire.line([wire.error(id, code, UNREADABLE)], batch=False))

    def _sent(self, message: Content) -> Instead | None:
        method, id = message.get("method"), message.get("id")  # noqa: A001
        if isinstance(method, str):
            if "result" in message or "error" in message:  # a request to one reader, an answer to another
                return self._refuse(wire.error(id, wire.INVALID_REQUEST, UNREADABLE))
            self._open(message)
            return self._called(message) if method == wire.CALL else None
        question = self._asked.pop(wire.key(id) or "", None)
        if question is None:
            return None
        try:
            question.answered(message.get("result"))
        except AuditlogError as error:
            return self._unrecorded(error, id, back=False)
        return None

    def _open(self, message: Content) -> None:
        if self._session is not None or self.failed is not None:
            return
        try:
            self._session = self._begin(_client(message))
        except AuditlogError as error:
            self.failed = error

    def _called(self, message: Content) -> Instead | None:
        id, params = message.get("id"), message.get("params")  # noqa: A001
        key = wire.key(id)
        if "id" in message and (key is None or key in self._calls):
            why = "an id that is in use" if key in self._calls else "an id is a text or a number"
            return self._refuse(wire.error(id, wire.INVALID_REQUEST, why))
        if not isinstance(params, dict) or not isinstance(params.get("name"), str) or not params["name"]:
            return self._refuse(wire.error(id, wire.INVALID_PARAMS, "a call names its tool"))
        if self._session is None:
            return self._refuse(wire.error(id, wire.INTERNAL_ERROR, UNWRITABLE))
        try:
            self._session.run.check()
            fresh = Call(self._session, id, params)
            call = self._waiting.resumed(fresh, params)
            if call is fresh:
                call.tool.start()
            else:
                call.answered(params.get("inputResponses"))
        except AuditlogError as error:
            return self._unrecorded(error, id, back=True)
        if key is None:
            self._unanswerable.append(call)
        else:
            self._calls[key] = call
        return None

    # --- server to client ---------------------------------------------------------------------

    def from_server(self, line: bytes) -> Passed:
        """Return what becomes of a line from the server, its end included."""
        with self._lock:
            try:
                messages = wire.read(line)
            except Malformed:
                self.bad["server"] += 1
                return self._garbled(line)
            if wire.ambiguous(line, messages) and not self._calls.keys().isdisjoint(wire.keys(line)):
                self.bad["server"] += 1
                return self._garbled(line)
            return self._passed(line, messages, [self._came(each) for each in messages])

    def _came(self, message: Content) -> Instead | None:
        method, id = message.get("method"), message.get("id")  # noqa: A001
        key = wire.key(id)
        if key is None:
            return None
        if isinstance(method, str) and "result" not in message and "error" not in message:
            return self._ask(key, message) if method == wire.ELICIT else None
        call = self._calls.pop(key, None)
        if call is None:
            return None
        result = message.get("result")
        try:
            if isinstance(result, Mapping) and call.waits(result):
                call.session.run.check()
                self._waiting.keep(call, result)
                return None
            if "error" in message:
                call.failed(message["error"])
            elif "result" in message:
                call.said(result)
            call.tool.finish()
        except AuditlogError as error:
            return self._unrecorded(error, call.id, back=False)
        return None

    def _ask(self, key: str, message: Content) -> Instead | None:
        """Record a question. Which call it is about is known only if there is one."""
        calls = list(self._calls.values())
        try:
            if len(calls) == 1:
                self._asked[key] = calls[0].ask(message.get("params"))
            elif self._session is not None:
                self._asked[key] = Question(self._session, None, message.get("params"))
            elif self.failed is not None:
                return self._refuse(wire.error(message["id"], wire.INTERNAL_ERROR, UNWRITABLE))
        except AuditlogError as error:
            return self._unrecorded(error, message["id"], back=True)
        return None

    def _garbled(self, line: bytes) -> Passed:
        """An answer that readers could disagree about cannot be recorded, so it does not pass; anything else does."""
        answers: list[Content] = []
        for key in wire.keys(line):
            call = self._calls.pop(key, None)
            if call is None:
                continue
            self.refused += 1
            answers.append(wire.error(call.id, wire.INTERNAL_ERROR, "the answer is not strict JSON-RPC: not recorded"))
            try:
                call.tool.error("the answer was not strict JSON")
                call.tool.finish()
            except AuditlogError as error:
                self.failed = self.failed or error
        return Passed(wire.line(answers, batch=len(answers) > 1)) if answers else Passed(line)

    # --- both ---------------------------------------------------------------------------------

    def _passed(self, line: bytes, messages: list[Content], instead: list[Instead | None]) -> Passed:
        if not any(instead):
            return Passed(line)
        batch = wire.is_batch(line)
        forward: list[Content] = []
        back: list[Content] = []
        for message, other in zip(messages, instead, strict=True):
            if other is None:
                forward.append(message)
            else:
                (back if other.back else forward).append(other.message)
        return Passed(wire.line(forward, batch=batch), wire.line(back, batch=batch))

    def _refuse(self, answer: Content) -> Instead:
        self.refused += 1
        return Instead(answer, back=True)

    def _unrecorded(self, error: AuditlogError, id: object, *, back: bool) -> Instead:  # noqa: A002
        self.refused += 1
        self.failed = self.failed or error
        return Instead(wire.error(id, wire.INTERNAL_ERROR, UNWRITABLE), back)

    def close(self) -> None:
        """Write the end of the session. Calls that nobody answered end as `unknown`; those that wait stay pending.

        Raises:
            AuditlogError: If something could not be recorded: then, or earlier.
        """
        with self._lock:
            session, self._session = self._session, None
            self._closed = True
            if session is not None:
                try:
                    for call in (*self._calls.values(), *self._unanswerable):
                        call.tool.finish()
                    session.close()
                except AuditWriteError as error:
                    self.failed = self.failed or error
            if self.failed is not None:
                raise self.failed


def _client(message: Content) -> Client:
    params = message.get("params")
    params = params if isinstance(params, dict) else {}
    meta = params.get("_meta")
    meta = meta if isinstance(meta, dict) else {}
    info: Any = params.get("clientInfo") or meta.get(_CLIENT)
    info = info if isinstance(info, dict) else {}
    protocol = params.get("protocolVersion") or meta.get(_PROTOCOL)

    def text(value: object) -> str | None:
        return value.strip() or None if isinstance(value, str) else None

    return Client(text(info.get("name")), text(info.get("version")), text(protocol))
