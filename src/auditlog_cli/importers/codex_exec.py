"""What `codex exec --json` prints: threads, turns and items as they come (codex-rs/exec/src/exec_events.rs).

Items are numbered anew in each run, also when a thread is resumed, so the file's digest stands in their ids. Only the
start of a thread may say a time. The user's prompt is not in the stream, and neither is who approved anything: a
command that was declined says no more than that.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditlog_cli.importers._drafts import Content, Draft, File, Unit, text, without
from auditlog_cli.importers._turns import Conversation, outcome, tokens

HINT = "codex exec --json"
SAMPLES = (
    b'{"type":"thread.started","thread_id":"th-1","timestamp":"2026-06-01T14:23:10Z"}\n{"type":"turn.started"}\n'
    b'{"type":"item.completed","item":{"id":"item_0","type":"agent_message","text":"Looking."}}\n'
    b'{"type":"item.started","item":{"id":"item_1","type":"command_execution","command":"ls","aggregated_output":"",'
    b'"exit_code":null,"status":"in_progress"}}\n{"type":"item.completed","item":{"id":"item_1","type":'
    b'"command_execution","command":"ls","aggregated_output":"no such file","exit_code":2,"status":"failed"}}\n'
    b'{"type":"item.completed","item":{"id":"item_2","type":"file_change","changes":[{"path":"a.txt","kind":"add"}],'
    b'"status":"completed"}}\n{"type":"turn.completed","usage":{"input_tokens":10,"cached_input_tokens":0,'
    b'"output_tokens":5}}\n',
)
_ITEMS = ("item.started", "item.updated", "item.completed")
_TYPES = ("thread.started", "turn.started", "turn.completed", "turn.failed", *_ITEMS)
_FOLDED = ("reasoning", "todo_list")
_STATUSES = {"completed": "success", "failed": "error", "declined": "denied", "in_progress": "unknown"}
_CALL = ("id", "type", "status", "server", "tool", "arguments", "result", "error", "command", "aggregated_output",
         "changes", "query")  # fmt: skip


def claims(stored: Content) -> bool:
    """Tell whether it is an event of the stream, or a collection of them."""
    held = stored.get("events")
    if isinstance(held, list) and held and "type" not in stored:
        return all(isinstance(each, dict) and _is_event(each) for each in held)
    return _is_event(stored)


def _is_event(stored: Content) -> bool:
    kind = stored.get("type")
    if kind in _ITEMS:
        item = stored.get("item")
        return isinstance(item, dict) and "type" in item and "id" in item
    return kind in ("turn.started", "turn.completed", "turn.failed") or (
        kind == "thread.started" and "thread_id" in stored
    )


def units(stored: Content) -> Iterator[Content]:
    """Yield each event."""
    held = stored.get("events")
    if "type" not in stored and isinstance(held, list):
        for each in held:
            yield each if isinstance(each, dict) else {"value": each}
    else:
        yield stored


class Reading(Conversation):
    """The events of one file, in order."""

    family = "codex-exec"

    def __init__(self, file: File) -> None:
        super().__init__(file)
        self._turns.scope = file.digest
        self._run = 0

    def note(self, unit: Unit) -> None:
        """Learn of an event."""
        super().note(unit)
        if unit.content.get("type") == "thread.started" and not self._turns.session:
            self._turns.session = text(unit.content.get("thread_id"))

    def records(self, unit: Unit) -> list[Draft] | str:
        """Return what becomes of an event."""
        turns, stored = self._turns, unit.content
        kind, item = text(stored.get("type")), stored.get("item")
        if kind == "thread.started":
            self._run += 1
            turns.session = text(stored.get("thread_id"))
            return [turns.began(f"thread {self._run}", when=stored.get("timestamp"))]
        if kind in _ITEMS and isinstance(item, dict):
            return self._item(unit, kind, item)
        if kind == "turn.completed":
            action: Content = {"type": "turn", "result_status": "success"}
            return [
                turns.draft(
                    action, above=turns.root, usage=tokens(stored.get("usage"), "input_tokens", "output_tokens")
                )
            ]
        if kind in ("turn.failed", "error"):
            said = stored.get("error") if kind == "turn.failed" else stored.get("message")
            action = {"type": "turn", "result_status": "error", "error": said}
            return [turns.draft(action, above=turns.root)]
        return "turn.started" if kind == "turn.started" else [turns.unknown(unit)]

    def _item(self, unit: Unit, kind: str, item: Content) -> list[Draft] | str:
        turns, word = self._turns, text(item.get("type"))
        key = f"{self._run} {text(item.get('id'))}"
        if kind == "item.updated" or word in _FOLDED:
            return f"{kind} {word}"
        if word == "agent_message":
            return [turns.answered(key, text(item.get("text")))]
        if word == "error":
            return [turns.answered(key, "", error=item.get("message"))]
        call = _call(word, item)
        if call is None:
            return [turns.unknown(unit)]
        asked = {"type": "tool_invocation", "call_id": text(item.get("id"))} | call
        rest = without(item, *_CALL) | {name: item[name] for name in ("server",) if name in item}
        if kind == "item.started":
            action: Content = asked | {"phase": "start", "result_status": "pending"}
        else:
            action = asked | {"phase": "end"} | _ended(word, item)
        return [turns.draft(action, key=f"call {key}", rest=rest)]


def _call(word: str, item: Content) -> Content | None:
    if word == "command_execution":
        return {"tool": "shell", "arguments": {"command": item.get("command")}}
    if word == "mcp_tool_call":
        given = item.get("arguments")
        return {"tool": text(item.get("tool")), "arguments": given if isinstance(given, dict) else {"value": given}}
    if word == "file_change":
        return {"tool": "file_change", "arguments": {"changes": item.get("changes")}}
    if word == "web_search":
        return {"tool": "web_search", "arguments": {"query": item.get("query")}}
    return None


def _ended(word: str, item: Content) -> Content:
    if word == "web_search":
        return {"result_status": "unknown"}  # the stream says neither what was found nor whether anything was
    status = _STATUSES.get(text(item.get("status")), "unknown")
    if word == "command_execution":
        code, said = item.get("exit_code"), item.get("aggregated_output")
        if status == "success" and code not in (0, None):
            status = "error"
        return {"result_status": status, "error" if status == "error" else "result": said}
    if word == "mcp_tool_call" and (status == "error" or item.get("error") is not None):
        return outcome(item.get("error"), failed=True)
    return {"result_status": status, "result": item.get("result")}
