"""Sessions of OpenCode: what `opencode export` writes, or the files of its storage: a session, a message, a part each.

Ids come out of the source, so what is imported file by file makes one tree. In the storage a part does not say who
speaks: its text is kept as it is, not taken for a prompt or an answer.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditlog_cli.importers._drafts import Content, Draft, File, Unit, instant, text, without
from auditlog_cli.importers._turns import Conversation, tokens, words

HINT = "sessions of OpenCode (opencode export, or its storage)"
SAMPLES = (
    b'{"info":{"id":"s-1","version":"1","projectID":"p","directory":"/w","time":{"created":1780323790000}},"messages":['
    b'{"info":{"id":"m1","sessionID":"s-1","role":"user","time":{"created":1780323791000}},"parts":[{"id":"p1",'
    b'"sessionID":"s-1","messageID":"m1","type":"text","text":"Where is order 42?"}]},{"info":{"id":"m2","sessionID":'
    b'"s-1","role":"assistant","parentID":"m1","modelID":"m","providerID":"p","tokens":{"input":12,"output":7},"time":'
    b'{"created":1780323792000}},"parts":[{"id":"p2","sessionID":"s-1","messageID":"m2","type":"text","text":"Lookin'
    b'g."},'
    b'{"id":"p3","sessionID":"s-1","messageID":"m2","type":"tool","callID":"c1","tool":"bash","state":{"status":"err'
    b'or",'
    b'"input":{"command":"ls"},"error":"no such file","time":{"start":1780323793000,"end":1780323794000}}}]}]}',
)
_PARTS = (
    "agent",
    "compaction",
    "file",
    "patch",
    "reasoning",
    "retry",
    "snapshot",
    "step-finish",
    "step-start",
    "subtask",
)
_OUTCOMES = {"completed": "success", "error": "error", "running": "pending", "pending": "pending"}
_MESSAGE = ("id", "sessionID", "role", "time", "parentID", "modelID", "providerID", "model", "tokens", "error")


def claims(stored: Content) -> bool:
    """Tell whether it is an export, a session, a message or a part."""
    info = stored.get("info")
    if isinstance(info, dict) and isinstance(stored.get("messages"), list):
        return "id" in info and "time" in info
    return bool(_kind(stored))


def _kind(stored: Content) -> str:
    if "messageID" in stored and "sessionID" in stored and "type" in stored:
        return "part"
    if "sessionID" in stored and stored.get("role") in ("user", "assistant") and isinstance(stored.get("time"), dict):
        return "message"
    return "session" if "projectID" in stored and "directory" in stored and isinstance(stored.get("time"), dict) else ""


def units(stored: Content) -> Iterator[Content]:
    """Yield the session, each message and each part; in an export a part comes with its message's role."""
    if not isinstance(stored.get("messages"), list):
        yield {"of": stored, "said": None, "role": ""}
        return
    yield {"of": stored.get("info") if isinstance(stored.get("info"), dict) else {}, "said": None, "role": ""}
    for each in stored["messages"]:
        info = each.get("info") if isinstance(each, dict) else None
        if not isinstance(info, dict):
            yield {"of": each if isinstance(each, dict) else {"value": each}, "said": None, "role": ""}
            continue
        held = each.get("parts")
        parts = [part for part in held if isinstance(part, dict)] if isinstance(held, list) else []
        yield {"of": info, "said": words([part for part in parts if not part.get("synthetic")], "text"), "role": ""}
        for part in parts:
            yield {"of": part, "said": None, "role": text(info.get("role"))}


class Reading(Conversation):
    """The session of one file, or a piece of one."""

    family = "opencode"

    def __init__(self, file: File) -> None:
        super().__init__(file)
        self._root = ""

    def note(self, unit: Unit) -> None:
        """Learn of a piece."""
        stored = unit.content["of"]
        self._turns.note(_when(stored))
        if _kind(stored) == "session":
            self._root = f"session {text(stored.get('id'))}"

    def records(self, unit: Unit) -> list[Draft] | str:
        """Return what becomes of a piece."""
        turns, stored = self._turns, unit.content["of"]
        kind, native = _kind(stored), text(stored.get("id"))
        if kind == "session":
            turns.session = native
            rest = without(stored, "id", "time", "parentID")
            return [turns.began(self._root, id=native, when=_when(stored), rest=rest)]
        turns.session = text(stored.get("sessionID")) or turns.session
        if kind == "message":
            return [self._message(stored, native, text(unit.content.get("said")))]
        if kind == "part":
            return self._part(stored, native, text(unit.content.get("role")))
        return [turns.unknown(Unit(stored))]

    def _message(self, stored: Content, native: str, said: str) -> Draft:
        turns, rest = self._turns, without(stored, *_MESSAGE)
        turns.root = self._root
        place: Content = {"id": native, "when": _when(stored), "parent": text(stored.get("parentID")), "rest": rest}
        if stored.get("role") == "user":
            return turns.asked(native, said, **place)
        held = stored.get("model")
        model: Content = held if isinstance(held, dict) else {}
        return turns.answered(
            native, said, model=text(stored.get("modelID")) or text(model.get("modelID")),
            provider=text(stored.get("providerID")) or text(model.get("providerID")), error=stored.get("error"),
            usage=tokens(stored.get("tokens"), "input", "output"), above=text(stored.get("parentID")), **place,
        )  # fmt: skip

    def _part(self, stored: Content, native: str, role: str) -> list[Draft] | str:
        kind = text(stored.get("type"))
        if kind in _PARTS or (kind == "text" and role):
            return kind
        turns, above = self._turns, text(stored.get("messageID"))
        if kind == "text":
            action: Content = {"type": "message", "result_status": "success"}
            rest = without(stored, "id", "sessionID", "messageID", "type", "time")
            return [
                turns.draft(action, key=native, id=native, above=above, parent=above, when=_when(stored), rest=rest)
            ]
        if kind != "tool":
            return [turns.unknown(Unit(stored))]
        held = stored.get("state")
        state: Content = held if isinstance(held, dict) else {}
        begin, end = (instant(_time(state).get(name)) for name in ("start", "end"))
        ends: Content = {"result_status": _OUTCOMES.get(text(state.get("status")), "unknown")}
        ends |= {name: state[theirs] for name, theirs in (("result", "output"), ("error", "error")) if theirs in state}
        if begin is not None and end is not None and end >= begin:
            ends["latency_ms"] = (end - begin) / 1000
        rest = without(stored, "id", "sessionID", "messageID", "type", "callID", "tool", "state")
        rest |= without(state, "status", "input", "output", "error", "time")
        call, when = text(stored.get("callID")), _time(state).get("start")
        draft = turns.finished(call, text(stored.get("tool")), state.get("input"), ends, above=above, parent=above, when=when, rest=rest)  # fmt: skip # noqa: E501
        return [draft]


def _time(stored: Content) -> Content:
    held = stored.get("time")
    return held if isinstance(held, dict) else {}


def _when(stored: Content) -> object:
    return _time(stored).get("created") or _time(stored).get("start")
