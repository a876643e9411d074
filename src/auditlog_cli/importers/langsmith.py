"""LangSmith runs: as the client posts them (`{"post": […], "patch": […]}`), as a list, or one a line.

A patch completes the run of its id. A run that was interrupted to ask a human bears an error, but is none: the
innermost of the nested runs asked for approval, those around it wait (frameworks.md, 9.5). `metadata.user_id` is a
habit, no user; `session_name` is the project, no session.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditlog_cli.importers import _spans as kinds
from auditlog_cli.importers._attributes import instant_count
from auditlog_cli.importers._drafts import Content, Draft, File, Unit, arguments, instant, text, unpacked, without
from auditlog_cli.importers._spans import Span, Tree

HINT = "LangSmith runs (LangChain, LangGraph)"
SAMPLES = (
    b'{"post":[{"id":"0f8fad5b-d9cb-469f-a165-70867728950e","trace_id":"0f8fad5b-d9cb-469f-a165-70867728950e",'
    b'"dotted_order":"20260601T142311000000Z0f8fad5b","name":"planner","run_type":"chain","start_time":'
    b'"2026-06-01T14:23:11.000000+00:00","end_time":"2026-06-01T14:23:13.000000+00:00","inputs":{"messages":[]},'
    b'"outputs":{"messages":[]},"extra":{"metadata":{"lc_agent_name":"planner","thread_id":"thread-1"}}},'
    b'{"id":"7c9e6679-7425-40de-944b-e07fc1f90ae7","trace_id":"0f8fad5b-d9cb-469f-a165-70867728950e","parent_run_id":'
    b'"0f8fad5b-d9cb-469f-a165-70867728950e","dotted_order":"x.y","name":"lookup_order","run_type":"tool","start_time":'
    b'"2026-06-01T14:23:12.000000+00:00","inputs":{"input":"{\\"order\\":42}"},"extra":{"metadata":{}}}],"patch":[{"id":'
    b'"7c9e6679-7425-40de-944b-e07fc1f90ae7","end_time":"2026-06-01T14:23:12.500000+00:00","outputs":{"output":"ok"}}]}',
)
_KINDS = {
    "tool": kinds.TOOL, "llm": kinds.LLM, "chain": kinds.CHAIN, "retriever": kinds.RETRIEVAL,
    "embedding": kinds.EMBEDDING, "prompt": kinds.CHAIN, "parser": kinds.CHAIN,
}  # fmt: skip
_ASKS = "GraphInterrupt("
_TAKEN = ("id", "trace_id", "parent_run_id", "name", "run_type", "start_time", "end_time", "inputs", "outputs", "error")


def claims(stored: Content) -> bool:
    """Tell whether it is a run, or a batch of runs."""
    if "dotted_order" in stored and "run_type" in stored:
        return True
    if any(isinstance(stored.get(name), list) for name in ("post", "patch")):
        runs = [each for name in ("post", "patch") for each in _list(stored.get(name)) if isinstance(each, dict)]
        return any("trace_id" in run or "run_type" in run for run in runs)
    return isinstance(stored.get("body"), dict) and "body" not in stored["body"] and claims(stored["body"])


def units(stored: Content) -> Iterator[Content]:
    """Yield each run, and each patch of one."""
    if isinstance(stored.get("body"), dict) and "run_type" not in stored:
        yield from units(stored["body"])
    elif "run_type" in stored or not ("post" in stored or "patch" in stored):
        yield {"is": "post", "of": stored}
    else:
        for which in ("post", "patch"):
            for each in _list(stored.get(which)):
                yield {"is": which, "of": each if isinstance(each, dict) else {"value": each}}


class Reading:
    """The runs of one file."""

    def __init__(self, file: File) -> None:
        self._tree = Tree("langsmith", file)
        self._posted: set[str] = set()
        self._patches: dict[str, Content] = {}
        self._asking: dict[str, str] = {}  # runs that wait → their parents
        self._above: set[str] = set()

    @property
    def first(self) -> str:
        """The first known time."""
        return self._tree.first

    def note(self, unit: Unit) -> None:
        """Learn of a run."""
        stored, id = unit.content["of"], text(unit.content["of"].get("id"))  # noqa: A001
        if unit.content["is"] == "post":
            self._posted.add(id)
        else:
            said = {name: value for name, value in stored.items() if value is not None}
            self._patches[id] = self._patches.get(id, {}) | said
        if text(stored.get("error")).startswith(_ASKS):
            self._above.add(text(stored.get("parent_run_id")))
        self._tree.note(self._span(stored, noted=False))

    def records(self, unit: Unit) -> list[Draft] | str:
        """Return what becomes of it."""
        stored, id = unit.content["of"], text(unit.content["of"].get("id"))  # noqa: A001
        if unit.content["is"] == "patch" and id in self._posted:
            return "patch of a run"
        return self._tree.drafts(self._span(stored | self._patches.get(id, {})))

    def _span(self, stored: Content, *, noted: bool = True) -> Span:
        extra = stored.get("extra")
        said = extra.get("metadata") if isinstance(extra, dict) else None
        said = said if isinstance(said, dict) else {}
        name, kind = text(stored.get("name")), _KINDS.get(text(stored.get("run_type")), kinds.PLAIN)
        own = text(stored.get("id"))
        span = Span(text(stored.get("trace_id")) or own, own, text(stored.get("parent_run_id")), name, kind)
        span.start, span.end = instant(stored.get("start_time"), 0), instant(stored.get("end_time"), 0)
        span.label = text(said.get("lc_agent_name"))
        span.session = next(
            (text(said[key]) for key in ("thread_id", "session_id", "conversation_id") if said.get(key)), ""
        )
        if not noted:
            return span
        inputs, outputs, error = stored.get("inputs"), stored.get("outputs"), stored.get("error")
        if kind == kinds.TOOL:
            span.tool, span.arguments, span.result = name, _arguments(inputs), _result(outputs)
            span.call = _call(outputs)
        else:
            span.prompt, span.response = inputs, outputs
        if kind == kinds.LLM:
            for key, theirs in (("model", "ls_model_name"), ("provider", "ls_provider")):
                if text(said.get(theirs)):
                    span.agent[key] = text(said[theirs])
            _usage(span, said, outputs)
        span.rest = without(stored, *_TAKEN)
        if text(error).startswith(_ASKS):
            self._ask(span, text(error))
        elif error:
            span.error = error
        return span

    def _ask(self, span: Span, error: str) -> None:
        span.status = "pending"
        span.rest["error"] = error
        if span.id not in self._above:
            span.kind = kinds.APPROVAL
            span.approval = {"id": span.id, "status": "pending"}


def _arguments(inputs: object) -> Content | None:
    if isinstance(inputs, dict) and set(inputs) == {"input"}:
        return arguments(inputs["input"])
    return arguments(inputs)


def _result(outputs: object) -> object:
    if isinstance(outputs, dict) and set(outputs) == {"output"}:
        return unpacked(outputs["output"])
    return outputs or None


def _call(outputs: object) -> str:
    held = outputs.get("output") if isinstance(outputs, dict) else None
    if isinstance(held, dict):
        inner = held.get("kwargs")
        return text(held.get("tool_call_id")) or (text(inner.get("tool_call_id")) if isinstance(inner, dict) else "")
    return ""


def _usage(span: Span, said: Content, outputs: object) -> None:
    places = (said.get("usage_metadata"), outputs.get("usage_metadata") if isinstance(outputs, dict) else None)
    for place in places:
        for name in ("input_tokens", "output_tokens"):
            count = instant_count(place.get(name)) if isinstance(place, dict) else None
            if count is not None:
                span.usage.setdefault(name, count)


def _list(stored: object) -> list[object]:
    return stored if isinstance(stored, list) else []
