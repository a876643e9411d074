"""Trajectories of tau-bench: `{"task_id", "trial", "reward", "info", "traj": […]}`, one run of a task each.

A run is a session. The user's id is the one that the task names (`info.task.user_id`). There are no times. A "yes" in
the text is no approval.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditlog_cli.importers._drafts import Content, Draft, File, Unit, text, without
from auditlog_cli.importers._turns import Turns, outcome, words

HINT = "trajectories of tau-bench"
SAMPLES = (
    b'[{"task_id":0,"trial":0,"reward":1.0,"info":{"task":{"user_id":"mia_1","instruction":"You are mia_1."}},"traj":['
    b'{"role":"system","content":"Policy"},{"role":"user","content":"Where is order 42?"},{"role":"assistant","cont'
    b'ent":'
    b'null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"lookup_order","arguments":"{\\"orde'
    b'r\\":42}"'
    b'}}]},{"role":"tool","tool_call_id":"call_1","name":"lookup_order","content":"Error: no such order"},{"role":'
    b'"assistant","content":"There is none."}]}]',
)
_MEMBERS = ("role", "content", "tool_calls", "tool_call_id", "name")


def claims(stored: Content) -> bool:
    """Tell whether it is a run."""
    return isinstance(stored.get("traj"), list) and "task_id" in stored


def units(stored: Content) -> Iterator[Content]:
    """Yield each message of a run, with the run that it stands in."""
    info, held = stored.get("info"), stored.get("traj")
    task = info.get("task") if isinstance(info, dict) else None
    user = text(task.get("user_id")) if isinstance(task, dict) else ""
    about = {"task": stored.get("task_id"), "trial": stored.get("trial"), "user": user}
    for place, each in enumerate(held if isinstance(held, list) else ()):
        yield about | {"place": place, "of": each if isinstance(each, dict) else {"value": each}}


class Reading:
    """The runs of one file."""

    def __init__(self, file: File) -> None:
        self._file = file
        self._runs: dict[str, Turns] = {}
        self.first = ""

    def note(self, unit: Unit) -> None:
        """Nothing has to be known before."""

    def records(self, unit: Unit) -> list[Draft] | str:
        """Return what becomes of a message."""
        content, stored = unit.content, unit.content["of"]
        name = f"task {text(content.get('task'))} trial {text(content.get('trial'))}"
        if name not in self._runs:
            turns = self._runs[name] = Turns("tau-bench", self._file)
            turns.session = name
            turns.scope = turns.trace = f"{self._file.digest[:16]} {name}"
        turns = self._runs[name]
        drafts = _drafts(turns, stored, f"message {text(content.get('place'))}", Unit(stored))
        if isinstance(drafts, str):
            return drafts
        user = text(content.get("user"))
        for place, draft in enumerate(drafts):
            draft.id = f"{name} {draft.id or text(content.get('place'))}.{place}"
            if user:
                draft.content["user"] = {"id": user}
        return drafts


def _drafts(turns: Turns, stored: Content, key: str, unit: Unit) -> list[Draft] | str:
    role, said, rest = text(stored.get("role")), words(stored.get("content")), without(stored, *_MEMBERS)
    if role == "system":
        return role
    if role == "user":
        return [turns.asked(key, said, rest=rest)]
    if role == "assistant":
        held = stored.get("tool_calls")
        answer = turns.answered(key, said, rest=rest)
        return [
            answer,
            *(_call(turns, each) for each in (held if isinstance(held, list) else ()) if isinstance(each, dict)),
        ]
    if role == "tool":
        failed = said.startswith("Error:")  # how the environment's tools say it
        ends = outcome(stored.get("content"), failed=failed)
        return [turns.ended(text(stored.get("tool_call_id")), ends, tool=text(stored.get("name")), rest=rest)]
    return [turns.unknown(unit)]


def _call(turns: Turns, call: Content) -> Draft:
    held = call.get("function")
    function = held if isinstance(held, dict) else {}
    return turns.called(text(call.get("id")), text(function.get("name")), function.get("arguments"))
