"""Sessions of Kimi Code CLI (`wire.jsonl`): events of turns, steps and tools, one a line; times in ms.

A step is a model call: its record stands where it begins, with what its later lines say of it. Approvals say what was
decided, not by whom. The file does not name its session.
"""

from __future__ import annotations

from auditlog_cli.importers import itself
from auditlog_cli.importers._attributes import instant_count
from auditlog_cli.importers._drafts import Content, Draft, File, Unit, instant, text, without
from auditlog_cli.importers._turns import Conversation, outcome, words

HINT = "sessions of Kimi Code CLI (~/.kimi-code)"
SAMPLES = (
    b'{"type":"metadata","protocol_version":"1.4","created_at":1780323790000}\n{"type":"turn.prompt","input":[{"type":'
    b'"text","text":"Where is order 42?"}],"origin":{"kind":"user"},"time":1780323791000}\n{"type":'
    b'"context.append_loop_event","event":{"type":"step.begin","uuid":"st-1","turnId":"0","step":1},"time":178032379'
    b"2000}\n"
    b'{"type":"context.append_loop_event","event":{"type":"content.part","uuid":"p-1","turnId":"0","step":1,"stepUuid":'
    b'"st-1","part":{"type":"text","text":"Looking."}},"time":1780323793000}\n{"type":"permission.record_approval_re'
    b'sult",'
    b'"turnId":0,"toolCallId":"Bash_0","toolName":"Bash","result":{"decision":"approved","scope":"session"},"time":'
    b'1780323794000}\n{"type":"context.append_loop_event","event":{"type":"tool.call","uuid":"Bash_0","turnId":"0","'
    b'step":'
    b'1,"stepUuid":"st-1","toolCallId":"Bash_0","name":"Bash","args":{"command":"ls"}},"time":1780323794000}\n{"type":'
    b'"context.append_loop_event","event":{"type":"tool.result","parentUuid":"Bash_0","toolCallId":"Bash_0","result":'
    b'{"output":"no such file","isError":true}},"time":1780323795000}\n{"type":"context.append_loop_event","event":'
    b'{"type":'
    b'"step.end","uuid":"st-1","turnId":"0","step":1,"usage":{"inputOther":9,"output":4,"inputCacheRead":1,'
    b'"inputCacheCreation":0},"finishReason":"tool_use"},"time":1780323796000}\n',
)
_FOLDED = frozenset((
    "config.update", "context.append_message", "context.apply_compaction", "full_compaction.begin",
    "full_compaction.complete", "llm.request", "llm.tools_snapshot", "metadata", "plan_mode.enter", "plan_mode.exit",
    "tools.set_active_tools", "usage.record",
))  # fmt: skip
_LOOP, _DECISION = "context.append_loop_event", "permission.record_approval_result"
_STATUS = {"approved": "approved", "rejected": "denied", "denied": "denied"}
_INPUT = ("inputOther", "inputCacheRead", "inputCacheCreation")
units = itself


class _Step:
    """What the lines of a step say of it."""

    __slots__ = ("begun", "end", "ended", "model", "provider", "said")

    def __init__(self) -> None:
        self.said: list[str] = []
        self.end: Content = {}
        self.begun: int | None = None
        self.ended: int | None = None
        self.model = self.provider = ""


def claims(stored: Content) -> bool:
    """Tell whether it is an event."""
    if stored.get("type") == "metadata":
        return "protocol_version" in stored
    return "time" in stored and (
        stored.get("type") in _FOLDED or stored.get("type") in (_LOOP, _DECISION, "turn.prompt")
    )


class Reading(Conversation):
    """The events of one session, in order."""

    family = "kimi"

    def __init__(self, file: File) -> None:
        super().__init__(file)
        self._steps: dict[str, _Step] = {}
        self._calls: set[str] = set()
        self._latest = _Step()

    def note(self, unit: Unit) -> None:
        """Learn of an event: what belongs to which step."""
        stored, event = unit.content, unit.content.get("event")
        when = stored.get("time") or stored.get("created_at")
        self._turns.note(when)
        if not self._turns.trace and text(when):
            self._turns.trace = self._turns.scope = f"kimi {text(when)}"
        if stored.get("type") == "llm.request":
            self._latest.model, self._latest.provider = text(stored.get("model")), text(stored.get("provider"))
        if not isinstance(event, dict):
            return
        kind = text(event.get("type"))
        if kind == "tool.call":
            self._calls.add(text(event.get("toolCallId")))
        step = self._steps.setdefault(text(event.get("stepUuid")) or text(event.get("uuid")), _Step())
        part = event.get("part")
        if kind == "content.part" and isinstance(part, dict) and part.get("type") == "text":
            step.said.append(text(part.get("text")))
        elif kind == "step.begin":
            step.begun, self._latest = instant(when), step
        elif kind == "step.end":
            step.end, step.ended = event, instant(when)

    def records(self, unit: Unit) -> list[Draft] | str:
        """Return what becomes of an event."""
        turns, stored = self._turns, unit.content
        kind, when, event = text(stored.get("type")), stored.get("time"), stored.get("event")
        if kind in _FOLDED:
            return kind
        if kind == "turn.prompt":
            key = f"prompt {unit.number}"
            return [
                self._own(turns.asked(key, words(stored.get("input"), "text"), when=when, rest=_rest(stored, "input")))
            ]
        if kind == _DECISION:
            return [self._own(self._decision(stored, when))]
        if kind == _LOOP and isinstance(event, dict):
            found = self._loop(event, when)
            if found is not None:
                return found if isinstance(found, str) else [self._own(found)]
        return [self._own(turns.unknown(unit, when))]

    def _own(self, draft: Draft) -> Draft:
        draft.derived = ["trace_id"]
        return draft

    def _decision(self, stored: Content, when: object) -> Draft:
        result, call = stored.get("result"), text(stored.get("toolCallId"))
        word = text(result.get("decision")) if isinstance(result, dict) else ""
        draft = self._turns.decided(
            call, text(stored.get("toolName")), _STATUS.get(word, ""), when=when,
            rest=_rest(stored, "toolCallId", "toolName"),
        )  # fmt: skip
        if call in self._calls:
            draft.content["parent_span_id"] = self._turns.span(f"call {call}")
        return draft

    def _loop(self, event: Content, when: object) -> Draft | str | None:
        turns, kind, call = self._turns, text(event.get("type")), text(event.get("toolCallId"))
        if kind == "step.begin":
            return self._answer(text(event.get("uuid")), when)
        if kind == "tool.call":
            above = f"step {text(event.get('stepUuid'))}" if text(event.get("stepUuid")) in self._steps else ""
            rest = _rest(event, "toolCallId", "name", "args", "uuid", "stepUuid")
            return turns.called(call, text(event.get("name")), event.get("args"), when=when, above=above, rest=rest)
        if kind == "tool.result":
            held = event.get("result")
            result = held if isinstance(held, dict) else {"output": held}
            ends = outcome(result.get("output"), failed=result.get("isError") is True)
            return turns.ended(call, ends, when=when, rest=_rest(result, "output", "isError"))
        return kind if kind in ("content.part", "step.end") else None

    def _answer(self, native: str, when: object) -> Draft:
        step = self._steps.get(native) or _Step()
        usage: Content = {}
        held = step.end.get("usage")
        if isinstance(held, dict):
            parts = [instant_count(held.get(name)) for name in _INPUT]
            if any(each is not None for each in parts):
                usage["input_tokens"] = sum(each or 0 for each in parts)
            output = instant_count(held.get("output"))
            usage |= {} if output is None else {"output_tokens": output}
        draft = self._turns.answered(
            f"step {native}", "\n".join(step.said), model=step.model, provider=step.provider, usage=usage, id=native,
            when=when, rest=_rest(step.end, "uuid", "usage"),
        )  # fmt: skip
        action = draft.content["action"]
        if not step.end:
            action["result_status"] = "unknown"
        elif step.begun is not None and step.ended is not None and step.ended >= step.begun:
            action["latency_ms"] = (step.ended - step.begun) / 1000
        return draft


def _rest(stored: Content, *taken: str) -> Content:
    return without(stored, "type", "time", *taken)
