"""JSON-RPC of the Model Context Protocol, as a proxy or a `tee` writes it down: bare, or `{"t", "dir", "msg"}`.

Ids are counted anew in each direction. In the protocol of 2026-07-28 an approval is a round trip: the call's result
asks (`inputRequests`), a second request with the same `requestState` answers; both are one call (frameworks.md, 7.3).
Recorded without directions, a request and a response are told from their members.
"""

from __future__ import annotations

from auditlog_cli.importers import itself
from auditlog_cli.importers._drafts import Content, Draft, File, Unit, moment, span_id, text, trace_id, without

HINT = "MCP messages (JSON-RPC), one a line"
SAMPLES = (
    b'{"t":1780324991.2,"dir":"c2s","msg":{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":'
    b'"2025-11-25","clientInfo":{"name":"planner","version":"1"}}}}\n{"t":1780324991.3,"dir":"s2c","msg":{"jsonrpc":"2.0",'
    b'"id":1,"result":{"serverInfo":{"name":"orders"}}}}\n{"t":1780324992.0,"dir":"c2s","msg":{"jsonrpc":"2.0","id":2,'
    b'"method":"tools/call","params":{"name":"lookup_order","arguments":{"order":42}}}}\n{"t":1780324992.5,"dir":"s2c",'
    b'"msg":{"jsonrpc":"2.0","id":2,"result":{"content":[{"type":"text","text":"no such order"}],"isError":true}}}\n',
)
_CLIENT = "io.modelcontextprotocol/clientInfo"
_OPENING = ("initialize", "server/discover")
_ANSWERS = {"accept": ("approved", "success"), "decline": ("denied", "denied"), "cancel": ("denied", "denied")}
units = itself


def claims(stored: Content) -> bool:
    """Tell whether it is a message of JSON-RPC."""
    held = stored.get("msg")
    message = held if isinstance(held, dict) else stored
    return message.get("jsonrpc") == "2.0" and any(name in message for name in ("method", "result", "error"))


class _Call:
    """A call that has begun."""

    __slots__ = ("name", "span", "when", "with_")

    def __init__(self, span: str, name: str, with_: object, when: object) -> None:
        self.span, self.name, self.with_, self.when = span, name, with_, when


class Reading:
    """The messages of one capture, in order."""

    def __init__(self, file: File) -> None:
        self._file = file
        self._open: dict[tuple[str, str], _Call] = {}
        self._states: dict[str, _Call] = {}
        self._asked: dict[tuple[str, str], tuple[str, _Call | None]] = {}
        self._session = f"mcp-{file.digest[:16]}"
        self._agent: Content = {}
        self.first = ""

    def note(self, unit: Unit) -> None:
        """Learn of a message."""
        if not self.first:
            self.first = moment(unit.content.get("t")) or moment(unit.content.get("timestamp")) or ""

    def records(self, unit: Unit) -> list[Draft] | str:
        """Return what becomes of a message."""
        stored = unit.content
        if not claims(stored):
            return [self._draft(unit, "", {"type": "unknown", "result_status": "unknown"}, rest=stored)]
        message = stored["msg"] if isinstance(stored.get("msg"), dict) else stored
        way, params = text(stored.get("dir")), message.get("params")
        params = params if isinstance(params, dict) else {}
        method, id = text(message.get("method")), _id(message.get("id"))  # noqa: A001
        self._know(params)
        if method in _OPENING:
            action = {"type": "lifecycle", "phase": "start", "result_status": "success"}
            return [
                self._draft(
                    unit, self._span("session"), action, id=f"{self._session} {method}", rest={"params": params}
                )
            ]
        if method == "tools/call" and id:
            return self._call(unit, way, id, params)
        if method == "elicitation/create" and id:
            call = next(iter(self._open.values())) if len(self._open) == 1 else None
            self._asked[(way, id)] = (f"{way}{id}", call)
            return [self._ask(unit, f"{way}{id}", call, params)]
        if method:
            return method if len(method) < 60 else "message"
        return self._answer(unit, _other(way), id, message)

    def _know(self, params: Content) -> None:
        meta = params.get("_meta")
        said = params.get("clientInfo") or (meta.get(_CLIENT) if isinstance(meta, dict) else None)
        if isinstance(said, dict) and text(said.get("name")):
            self._agent = {"id": text(said["name"]), "name": text(said["name"])}
            if text(said.get("version")):
                self._agent["version"] = text(said["version"])

    def _call(self, unit: Unit, way: str, id: str, params: Content) -> list[Draft] | str:  # noqa: A002
        state, answers = text(params.get("requestState")), params.get("inputResponses")
        begun = self._states.pop(state, None) if state else None
        if begun is not None:
            self._open[(way, id)] = begun
            drafts = []
            for key, answer in answers.items() if isinstance(answers, dict) else ():
                drafts.append(self._decide(unit, f"{begun.span} {key}", begun, answer))
            return drafts or "second request of a call"
        name, given = text(params.get("name")), params.get("arguments")
        call = _Call(self._span(f"{way}{id}\0{unit.number}"), name, given, unit.content.get("t"))
        self._open[(way, id)] = call
        return [self._draft(unit, call.span, self._action(call, "start", "pending"), id=f"{self._session} {way}{id}.{unit.number}", rest=without(params, "name", "arguments", "_meta"))]  # fmt: skip # noqa: E501

    def _answer(self, unit: Unit, way: str, id: str, message: Content) -> list[Draft] | str:  # noqa: A002
        result, error = message.get("result"), message.get("error")
        asked = self._asked.pop((way, id), None)
        if asked is not None:
            return [self._decide(unit, asked[0], asked[1], result)]
        call = self._open.pop((way, id), None) or (self._open.pop(("", id), None) if not way else None)
        if call is None:
            return "response"
        if isinstance(result, dict) and isinstance(result.get("inputRequests"), dict):
            self._states[text(result.get("requestState"))] = call
            return [self._ask(unit, f"{call.span} {key}", call, held.get("params") if isinstance(held, dict) else None)
                    for key, held in result["inputRequests"].items()] or "response"  # fmt: skip
        failed = error is not None or (isinstance(result, dict) and result.get("isError") is True)
        action = self._action(call, "end", "error" if failed else "success")
        said = error if error is not None else result
        if isinstance(said, dict):
            said = without(said, "_meta", "isError", "resultType")
        action["error" if failed else "result"] = said
        before, now = call.when, unit.content.get("t")
        if isinstance(before, float) and isinstance(now, float) and now >= before:
            action["latency_ms"] = round((now - before) * 1000, 3)
        return [self._draft(unit, call.span, action, id=f"{call.span} end")]

    def _action(self, call: _Call, phase: str, status: str) -> Content:
        action: Content = {"type": "tool_invocation", "phase": phase, "tool": call.name, "result_status": status}
        if isinstance(call.with_, dict):
            action["arguments"] = call.with_
        return action

    def _ask(self, unit: Unit, id: str, call: _Call | None, params: object) -> Draft:  # noqa: A002
        block: Content = {"id": id, "status": "pending"} | ({"tool": call.name} if call else {})
        action: Content = {"type": "approval", "result_status": "pending"} | ({"tool": call.name} if call else {})
        rest = {"params": params} if params else None
        return self._draft(unit, self._span(f"ask {id}"), action, id=id, approval=block, rest=rest, above=call)

    def _decide(self, unit: Unit, id: str, call: _Call | None, answer: object) -> Draft:  # noqa: A002
        word = text(answer.get("action")) if isinstance(answer, dict) else ""
        status, outcome = _ANSWERS.get(word, ("pending", "unknown"))
        block: Content = {"id": id, "status": status} | ({"tool": call.name} if call else {})
        action: Content = {"type": "approval", "result_status": outcome} | ({"tool": call.name} if call else {})
        rest = {"answer": answer}
        return self._draft(
            unit, self._span(f"ask {id}"), action, id=f"{id} answer", approval=block, rest=rest, above=call
        )

    def _draft(
        self, unit: Unit, span: str, action: Content, *, id: str = "", approval: Content | None = None,  # noqa: A002
        rest: Content | None = None, above: _Call | None = None,
    ) -> Draft:  # fmt: skip
        stored = unit.content
        content: Content = {
            "timestamp": moment(stored.get("t")) or moment(stored.get("timestamp")),
            "session_id": self._session,
            "trace_id": trace_id("mcp", self._session),
            "span_id": span,
            "parent_span_id": above.span if above else "",
            "agent": self._agent or None,
            "action": action,
            "approval": approval,
        }
        draft = Draft(content, id, "", rest)
        draft.derived = ["session_id"]
        return draft

    def _span(self, native: str) -> str:
        return span_id("mcp", f"{self._session}\0{native}")


def _id(value: object) -> str:
    return "" if value is None or isinstance(value, (dict, list)) else f"{type(value).__name__[0]}{value}"


def _other(way: str) -> str:
    return {"c2s": "s2c", "s2c": "c2s", "in": "out", "out": "in"}.get(way, way)
