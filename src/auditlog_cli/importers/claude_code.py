"""Transcripts of Claude Code: one JSON object a line, a tree by `parentUuid`, sub-agents in files of their own.

Permissions are rules, not people: a refusal has no approver, whatever its words (frameworks.md, 9.5).
"""

from __future__ import annotations

from auditlog_cli.importers import itself
from auditlog_cli.importers._claude import Conversation, Envelope, results, words
from auditlog_cli.importers._claude_names import FAMILY
from auditlog_cli.importers._drafts import Content, Draft, File, Unit, moment, span_id, text, without

HINT = "transcripts of Claude Code (~/.claude/projects)"
SAMPLES = (
    b'{"type":"user","uuid":"u1","parentUuid":null,"sessionId":"s-1","isSidechain":false,"timestamp":'
    b'"2026-06-01T14:23:11.000Z","promptId":"p-1","message":{"role":"user","content":"Where is order 42?"}}\n'
    b'{"type":"assistant","uuid":"a1","parentUuid":"u1","sessionId":"s-1","isSidechain":false,"timestamp":'
    b'"2026-06-01T14:23:12.000Z","message":{"id":"msg_1","role":"assistant","model":"claude-x","content":[{"type":"text",'
    b'"text":"Looking."},{"type":"tool_use","id":"toolu_1","name":"Bash","input":{"command":"lookup 42"}}],"usage":'
    b'{"input_tokens":10,"output_tokens":5}}}\n'
    b'{"type":"user","uuid":"u2","parentUuid":"a1","sessionId":"s-1","isSidechain":false,"timestamp":'
    b'"2026-06-01T14:23:13.000Z","message":{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1",'
    b'"content":"shipped"}]},"toolUseResult":{"stdout":"shipped"}}\n',
)
_FOLDED = frozenset((
    "queue-operation", "attachment", "atis-latch", "last-prompt", "tools-used", "cost-state", "summary", "mode",
    "file-history-snapshot", "system", "permission-mode", "progress", "agent-name", "custom-title", "ai-title",
    "frame-link", "pr-link", "relocated", "worktree-state", "started", "agent-setting", "tag", "task-summary",
))  # fmt: skip
_TAKEN = ("type", "uuid", "parentUuid", "sessionId", "timestamp", "message", "agentId")
_STEPS = 100_000
units = itself


def claims(stored: Content) -> bool:
    """Tell whether it is a line of a transcript."""
    kind = stored.get("type")
    if not isinstance(kind, str) or "hook_event_name" in stored:
        return False
    message = stored.get("message")
    if isinstance(message, dict) and "parts" in message:
        return False  # Qwen Code's
    if "sessionId" in stored and "payload" not in stored and "data" not in stored:
        return (kind in ("user", "assistant") and isinstance(stored.get("message"), dict)) or kind in _FOLDED
    return kind in ("summary", "file-history-snapshot") and ("leafUuid" in stored or "snapshot" in stored)


class Reading:
    """The lines of one transcript."""

    def __init__(self, file: File) -> None:
        self._conversation = Conversation()
        self._lines: dict[str, str] = {}  # line → its parent
        self._prompts: dict[str, str] = {}  # line → the span of the prompt that it is
        self._seen: set[str] = set()
        beside = file.beside.get("toolUseId")
        self._delegated = beside if isinstance(beside, str) else ""
        self.first = ""

    def note(self, unit: Unit) -> None:
        """Learn of a line."""
        stored = unit.content
        uuid, message = text(stored.get("uuid")), stored.get("message")
        if not self.first:
            self.first = moment(stored.get("timestamp")) or ""
        if uuid:
            self._lines[uuid] = text(stored.get("parentUuid"))
        if isinstance(message, dict):
            if stored.get("type") == "assistant":
                self._conversation.note(uuid or str(unit.number), message)
            elif _is_prompt(stored, message):
                native = text(stored.get("promptId")) or uuid
                if native in self._seen:
                    native = uuid  # a prompt in several lines: the first has the span that hooks know
                self._seen.add(native)
                self._prompts[uuid] = span_id(FAMILY, native)

    def records(self, unit: Unit) -> list[Draft] | str:
        """Return what becomes of a line."""
        stored = unit.content
        kind, message = stored.get("type"), stored.get("message")
        line = self._envelope(unit)
        if kind == "assistant" and isinstance(message, dict):
            return self._conversation.model(line, message) or "part of a message"
        if kind == "user" and isinstance(message, dict):
            found = results(message)
            if found:
                return self._results(line, stored, found)
            if _is_prompt(stored, message):
                return [self._prompt(line, stored, words(message))]
            return "meta" if stored.get("isMeta") else "summary" if stored.get("isCompactSummary") else "user"
        if isinstance(kind, str) and (kind in _FOLDED or kind.startswith("api-request")):
            return kind
        line.rest = stored
        return [line.draft("", line.uuid, {"type": "unknown", "result_status": "unknown"})]

    def _envelope(self, unit: Unit) -> Envelope:
        stored = unit.content
        rest = {name: value for name, value in without(stored, *_TAKEN).items() if value not in (None, [], {}, "")}
        uuid = text(stored.get("uuid")) or str(unit.number)
        line = Envelope(
            text(stored.get("sessionId")) or text(stored.get("session_id")), moment(stored.get("timestamp")),
            text(stored.get("agentId")), uuid, text(stored.get("parentUuid")), rest,
        )  # fmt: skip
        line.parent = self._prompt_above(uuid)
        return line

    def _prompt_above(self, uuid: str) -> str:
        current, steps = self._lines.get(uuid, ""), 0
        passed = [uuid]
        while current and current not in self._prompts and steps < _STEPS:
            passed.append(current)
            current = self._lines.get(current, "")
            steps += 1
        found = self._prompts.get(current, "")
        if found:
            for each in passed[1:]:  # the next line need not go as far
                self._lines[each] = current
        return found

    def _results(self, line: Envelope, stored: Content, found: list[tuple[int, Content]]) -> list[Draft]:
        decision = stored.get("permissionDecision")
        refused = text(stored.get("toolDenialKind"))
        if isinstance(decision, dict) and decision.get("decision") in ("deny", "reject"):
            refused = text(decision.get("source")) or refused or "deny"
        source = text(stored.get("sourceToolAssistantUUID")) or text(stored.get("parentUuid"))
        drafts = []
        for place, block in found:
            call = (
                text(block.get("tool_use_id"))
                or text(stored.get("sourceToolUseID"))
                or self._conversation.asked(source)
            )
            drafts.append(self._conversation.result(line, block, call, place=place, refused=refused))
        return drafts

    def _prompt(self, line: Envelope, stored: Content, said: str) -> Draft:
        nested = bool(stored.get("isSidechain")) or bool(line.agent)
        call = self._conversation.told(said) or self._delegated if nested else ""
        kind = "agent_message" if nested else "message"
        return line.draft(
            self._prompts.get(line.uuid, ""), line.uuid, {"type": kind, "result_status": "success"},
            parent_span_id=span_id(FAMILY, call) if call and not line.parent else line.parent,
            message={"direction": "received"}, prompt={"text": said} if said else None,
        )  # fmt: skip


def _is_prompt(stored: Content, message: Content) -> bool:
    return (
        stored.get("type") == "user"
        and not stored.get("isMeta")
        and not stored.get("isCompactSummary")
        and not results(message)
    )
