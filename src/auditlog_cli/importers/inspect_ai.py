"""Evaluation logs of Inspect (`inspect_ai`): samples with their events, in JSON; `.eval` is `_evalfile`.

Spans of agents are kept, those of solvers, tools and scorers are structure: what stands in them hangs on the nearest
agent, or on the sample. A tool's span has no id of the call: it is the span that the `tool` event stands in, or, in
logs of older versions, the next one of its name beside the event; what runs inside hangs on the call. A sample
without events is read from its messages.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditlog_cli.importers._drafts import Content, Draft, File, Unit, instant, text, without
from auditlog_cli.importers._turns import Turns, others, outcome, tokens, words

HINT = "evaluation logs of Inspect AI, in JSON or .eval"
SAMPLES = (
    b'{"version":2,"status":"success","eval":{"run_id":"r-1","task":"orders","model":"openai/x"},"samples":[{"id":1,'
    b'"epoch":1,"input":"Where is order 42?","uuid":"s-1","messages":[],"attachments":{"5f":"Where is order 42?"},'
    b'"events":[{"event":"span_begin","id":"S1","name":"planner","type":"agent","timestamp":'
    b'"2026-06-01T14:23:11.000000+00:00"},{"event":"sample_init","sample":{"input":"attachment://5f"},"timestamp":'
    b'"2026-06-01T14:23:11.500000+00:00"},{"event":"model","span_id":"S1","model":"openai/x","input":[{"role":"user",'
    b'"content":"attachment://5f"}],"output":{"choices":[{"message":{"role":"assistant","content":"Looking."}}],'
    b'"usage":{"input_tokens":10,"output_tokens":5}},"timestamp":"2026-06-01T14:23:12.000000+00:00","completed":'
    b'"2026-06-01T14:23:13.000000+00:00"},{"event":"tool","span_id":"S1","id":"call_1","function":"lookup_order",'
    b'"arguments":{"order":42},"result":"","error":{"type":"timeout","message":"too slow"},"timestamp":'
    b'"2026-06-01T14:23:13.000000+00:00"},{"event":"span_begin","id":"S2","parent_id":"S1","name":"lookup_order","ty'
    b'pe":'
    b'"tool","timestamp":"2026-06-01T14:23:13.100000+00:00"},{"event":"model","span_id":"S2","model":"openai/x","inp'
    b'ut":'
    b'[],"output":{},"timestamp":"2026-06-01T14:23:14.000000+00:00"},{"event":"span_end","id":"S2","timestamp":'
    b'"2026-06-01T14:23:15.000000+00:00"},{"event":"span_end","id":"S1","timestamp":"2026-06-01T14:23:16.000000+00:0'
    b'0"},'
    b'{"event":"score","score":{"value":"C"},"timestamp":"2026-06-01T14:23:17.000000+00:00"}]}]}',
    b'{"version":2,"status":"success","eval":{"run_id":"r-1"},"samples":[{"id":1,"epoch":1,"input":"Where is order 4'
    b'2?",'
    b'"messages":[{"role":"user","content":"Where is order 42?"},{"role":"assistant","content":"Looking.","tool_calls":'
    b'[{"id":"c-1","function":"lookup_order","arguments":{"order":42}}]},{"role":"tool","tool_call_id":"c-1","functi'
    b'on":'
    b'"lookup_order","content":"shipped"}]}]}',
)
_STRUCTURE = frozenset((
    "info", "input", "logger", "sample_init", "sample_limit", "sandbox", "score_edit", "state", "step", "store",
    "subtask", "anchor", "branch", "checkpoint", "compaction", "interrupt",
))  # fmt: skip
_APPROVALS = {"approve": "approved", "modify": "approved", "reject": "denied", "terminate": "denied"}
_STEPS = 1000


def claims(stored: Content) -> bool:
    """Tell whether it is a log, a sample of one, or a list of events."""
    if isinstance(stored.get("eval"), dict) and "status" in stored and isinstance(stored.get("samples"), list):
        return True
    if "epoch" in stored and isinstance(stored.get("messages"), list):
        return True
    held = stored.get("events")
    return isinstance(held, list) and bool(held) and isinstance(held[0], dict) and "event" in held[0]


def units(stored: Content) -> Iterator[Content]:
    """Yield each event of each sample; of a sample without events, each message; a sample with neither, itself."""
    samples = stored.get("samples")
    run = stored.get("eval")
    run = text(run.get("run_id")) if isinstance(run, dict) else ""
    for place, sample in enumerate(samples if isinstance(samples, list) else [stored]):
        if not isinstance(sample, dict):
            yield {"session": run, "trace": "", "kind": "value", "of": {"value": sample}}
            continue
        numbers = ".".join(text(sample.get(name)) for name in ("id", "epoch"))
        trace = text(sample.get("uuid")) or (f"{run}.{numbers}" if run else "")
        about = {"session": run, "trace": trace or f"sample {place}", "with": sample.get("attachments")}
        for member, kind in (("events", "event"), ("messages", "message")):
            held = sample.get(member)
            if isinstance(held, list) and held:
                for each in held:
                    yield about | {"kind": kind, "of": each if isinstance(each, dict) else {"value": each}}
                break
        else:
            yield about | {"kind": "sample", "of": sample}


class _Sample:
    """What is known of one sample."""

    __slots__ = ("agents", "calls", "spans", "turns")

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.spans: dict[str, tuple[str, str, str]] = {}  # span → its parent, its type, its name
        self.calls: dict[str, str] = {}  # span of a tool → the key of the call
        self.agents: set[str] = set()


class Reading:
    """The samples of one log."""

    def __init__(self, file: File) -> None:
        self._file = file
        self._samples: dict[str, _Sample] = {}
        self.first = ""

    def _sample(self, unit: Unit) -> _Sample:
        name = text(unit.content.get("trace"))
        if name not in self._samples:
            turns = Turns("inspect", self._file)
            turns.session = text(unit.content.get("session"))
            turns.scope = name if turns.session else f"{self._file.digest} {name}"
            turns.trace = "" if name.startswith("sample ") else name
            self._samples[name] = _Sample(turns)
        return self._samples[name]

    def note(self, unit: Unit) -> None:
        """Learn of an event: which spans there are, and which call a tool's span belongs to."""
        sample, stored = self._sample(unit), unit.content["of"]
        sample.turns.note(stored.get("timestamp"))
        self.first = self.first or sample.turns.first
        if stored.get("event") == "tool":
            around = text(stored.get("span_id"))
            if sample.spans.get(around, ("", "", ""))[1:] == ("tool", text(stored.get("function"))):
                sample.calls[around] = _key(stored)
            sample.calls[f"{text(stored.get('span_id'))}\0{text(stored.get('function'))}"] = _key(stored)
        if stored.get("event") != "span_begin":
            return
        native, kind, name = text(stored.get("id")), text(stored.get("type")), text(stored.get("name"))
        parent = text(stored.get("parent_id"))
        sample.spans[native] = parent, kind, name
        if kind == "agent":
            sample.agents.add(native)
        if kind == "tool":
            call = sample.calls.get(f"{parent}\0{name}")
            if call:
                sample.calls[native] = call

    def records(self, unit: Unit) -> list[Draft] | str:
        """Return what becomes of an event or a message."""
        sample, stored = self._sample(unit), unit.content["of"]
        if unit.content.get("kind") == "message":
            return _message(sample.turns, unit, stored, text(unit.content.get("trace")))
        kind = text(stored.get("event"))
        if unit.content.get("kind") == "sample" or kind in _STRUCTURE:
            return kind or "sample"
        if kind in ("span_begin", "span_end"):
            native = text(stored.get("id"))
            if native not in sample.agents:
                return "span"
            return [_agent(sample, stored, native, kind)]
        span = text(stored.get("span_id"))
        if kind == "tool" and sample.calls.get(span) == _key(stored):
            span = sample.spans[span][0]  # its own
        above = _above(sample, span)
        draft = _event(sample, unit, stored, kind, above)
        draft.content.setdefault("agent", None)
        who = _acting(sample, text(stored.get("span_id")))
        if who and kind != "score":
            draft.content["agent"] = {"id": who, "name": who} | (draft.content.get("agent") or {})
        return [draft]


def _event(sample: _Sample, unit: Unit, stored: Content, kind: str, above: str) -> Draft:
    turns, native = sample.turns, text(stored.get("uuid"))
    said: Content = {"when": stored.get("timestamp"), "parent": text(stored.get("span_id")), "above": above}
    took = _took(stored)
    if kind == "model":
        output = stored.get("output")
        output = output if isinstance(output, dict) else {}
        asked = words_of_last(stored.get("input"), unit.content.get("with"))
        answer = _answer(output)
        draft = turns.answered(
            native or f"model {unit.number}.{unit.place}", answer, model=text(stored.get("model")), id=native,
            usage=tokens(output.get("usage"), "input_tokens", "output_tokens"), error=stored.get("error"),
            rest=without(stored, "event", "uuid", "timestamp", "span_id", "model", "error", "call", "tools"),
            prompt={"text": asked} if asked else None, **said | {"above": above or None},
        )  # fmt: skip
        draft.content["parent_span_id"] = turns.span(above)
    elif kind == "tool":
        error = stored.get("error")
        ends = outcome(error, failed=True) if error else outcome(stored.get("result"), failed=False)
        if isinstance(error, dict) and error.get("type") in ("timeout", "approval"):
            ends["result_status"] = {"timeout": "timeout", "approval": "denied"}[error["type"]]
        draft = turns.finished(
            text(stored.get("id")), text(stored.get("function")), stored.get("arguments"), ends,
            rest=without(stored, "event", "id", "function", "arguments", "result", "error", "timestamp", "events"),
            **said,
        )  # fmt: skip
        draft.content["span_id"], draft.content["parent_span_id"] = turns.span(_key(stored)), turns.span(above)
    elif kind == "approval":
        call = stored.get("call")
        call = call if isinstance(call, dict) else {}
        status = _APPROVALS.get(text(stored.get("decision")), "")
        rest = without(stored, "event", "timestamp", "span_id")
        draft = turns.decided(
            text(call.get("id")), text(call.get("function")), status, rest=rest, **without(said, "above")
        )
    elif kind == "score":
        action: Content = {"type": "review", "result_status": "success"}
        draft = turns.draft(action, id=native, rest=without(stored, "event", "timestamp", "span_id"), **said)
    elif kind == "error":
        action = {"type": "error", "result_status": "error", "error": stored.get("error")}
        draft = turns.draft(action, id=native, **said)
    else:
        draft = turns.unknown(Unit(stored), stored.get("timestamp"))
    if took is not None:
        draft.content["action"]["latency_ms"] = took
    return draft


def _key(stored: Content) -> str:
    return f"call {text(stored.get('id'))} {text(stored.get('timestamp'))}"


def _took(stored: Content) -> float | None:
    begin, end = instant(stored.get("timestamp")), instant(stored.get("completed"))
    return (end - begin) / 1000 if begin is not None and end is not None and end >= begin else None


def _chain(sample: _Sample, span: str) -> Iterator[str]:
    """The span and those around it, from the inside; a circle ends where it closes."""
    seen: set[str] = set()
    while span and span not in seen and len(seen) < _STEPS:
        seen.add(span)
        yield span
        span = sample.spans.get(span, ("", "", ""))[0]


def _above(sample: _Sample, span: str) -> str:
    """The key of the nearest agent, or call of a tool, that a span stands in."""
    for each in _chain(sample, span):
        if each in sample.agents:
            return f"agent {each}"
        if each in sample.calls:
            return sample.calls[each]
    return ""


def _acting(sample: _Sample, span: str) -> str:
    return next((sample.spans[each][2] for each in _chain(sample, span) if each in sample.agents), "")


def _agent(sample: _Sample, stored: Content, native: str, kind: str) -> Draft:
    parent, _, name = sample.spans[native]
    action: Content = {
        "type": "lifecycle",
        "phase": "start" if kind == "span_begin" else "end",
        "result_status": "success",
    }
    return sample.turns.draft(
        action, key=f"agent {native}", id=native, parent=parent, above=_above(sample, parent),
        when=stored.get("timestamp"), agent={"id": name, "name": name} if name else None,
        rest=without(stored, "event", "id", "name", "parent_id", "timestamp", "span_id"),
    )  # fmt: skip


def _answer(output: Content) -> str:
    choices = output.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    message = first.get("message") if isinstance(first, dict) else None
    return words(message.get("content"), "text") if isinstance(message, dict) else ""


def words_of_last(messages: object, attachments: object) -> str:
    """Return what the last message to a model says; a text that stands among the attachments is put in its place."""
    last = messages[-1] if isinstance(messages, list) and messages else None
    said = words(last.get("content"), "text") if isinstance(last, dict) else ""
    scheme, _, name = said.partition("://")
    if scheme in ("attachment", "tc") and isinstance(attachments, dict):
        return text(attachments.get(name)) or said
    return said


def _message(turns: Turns, unit: Unit, stored: Content, sample: str) -> list[Draft] | str:
    """A message of a sample without events. Ids of calls are those of its sample only."""
    role, native = text(stored.get("role")), text(stored.get("id"))
    key, said = native or f"{sample} message {unit.place}", words(stored.get("content"), "text")
    rest = without(stored, "role", "id", "content", "tool_calls", "tool_call_id", "function", "error", "model")
    rest |= others(stored.get("content"), "text")
    if role == "user":
        return [turns.asked(key, said, id=native, rest=rest)]
    if role == "assistant":
        calls = stored.get("tool_calls")
        answer = turns.answered(key, said, model=text(stored.get("model")), id=native, rest=rest)
        held = [each for each in calls if isinstance(each, dict)] if isinstance(calls, list) else []
        return [answer, *(turns.called(text(each.get("id")), text(each.get("function")), each.get("arguments")) for each in held)]  # fmt: skip # noqa: E501
    if role == "tool":
        error = stored.get("error")
        ends = outcome(error or stored.get("content"), failed=bool(error))
        return [turns.ended(text(stored.get("tool_call_id")), ends, tool=text(stored.get("function")), rest=rest)]
    return role if role == "system" else [turns.unknown(Unit(stored))]
