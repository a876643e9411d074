"""Approvals in LangGraph: what an interrupt asks, and who answered it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from auditlog_cli.adapters import _langchain_shapes as shapes
from auditlog_cli.adapters import chosen, underway
from auditlog_cli.adapters.underway import Question
from auditlog_cli.capture import context, digests
from auditlog_cli.capture.context import Frame
from auditlog_cli.capture.session import Session
from auditlog_cli.capture.toolcall import ToolCall
from auditlog_cli.errors import UsageError

SessionFor = Callable[[Any], Session]


class Approvals:
    """The half of `AuditHandler` that an application calls when a graph waits for a person."""

    def __init__(self, session: Session | None, session_for: SessionFor | None) -> None:
        super().__init__()
        self._session = session
        self._session_for = session_for
        self._answers: list[tuple[Any, dict[str, Any], bool | None]] = []

    def approve(
        self, *, by: str | None, via: str | None = None, reason: str | None = None, session: Session | None = None
    ) -> Any:
        """Return the `Command` that resumes an interrupted graph with "approve" for each call it asks about.

            graph.invoke(audit.approve(by="bob@example.com"), config)

        An interrupt that names no tool, `interrupt("Ship it?")`, gets `True` (and `False` from `reject`).

        Args:
            by: Who said yes; it is recorded when the graph resumes. None, written out: nobody knows who.
            via, reason: Where, and what was said with it.
            session: Which one waits, for a handler that serves many. Default: as given, else that of the running code.
        """
        value = self._decisions({"type": "approve"}, session)
        return self.resume(value, by=by, via=via, reason=reason, session=session)

    def reject(
        self, *, by: str | None, via: str | None = None, reason: str | None = None, session: Session | None = None
    ) -> Any:
        """Do as `approve`, with "reject". The model is told the reason."""
        no = {"type": "reject"} if reason is None else {"type": "reject", "message": reason}
        return self.resume(self._decisions(no, session), by=by, via=via, reason=reason, session=session)

    def resume(
        self,
        value: object,
        *,
        by: str | None,
        via: str | None = None,
        reason: str | None = None,
        approved: bool | None = None,
        interrupts: Sequence[Any] = (),
        session: Session | None = None,
    ) -> Any:
        """Return `Command(resume=value)`, and remember who answered.

        Args:
            value: What the interrupted node gets.
            by, via, reason, session: As for `approve`.
            approved: Whether that is a yes, where the value itself does not say (`True`, `{"type": "approve"}` do).
            interrupts: What the graph waits for (`graph.get_state(config).interrupts`), if another session was
                interrupted: it is recorded in this one as asked.
        """
        from langgraph.types import Command

        if interrupts:
            ask(self._waits(session).here()[1], None, "graph", None, interrupts)
        command = Command(resume=value)
        self._answers.append((command, {"by": by, "via": via, "reason": reason}, approved))
        return command

    def _waits(self, session: Session | None) -> Session:
        return chosen(session or self._session, None, None)

    def _decisions(self, decision: dict[str, Any], session: Session | None) -> Any:
        """The same decision on all that is asked, each in the form in which it was asked."""
        waiting = underway.of(self._waits(session)).questions
        if len({each.thread for each in waiting.values()}) > 1:
            raise UsageError(
                "the graphs of several conversations wait for an answer: say which one is answered",
                help='audit.resume({interrupt.id: {"decisions": [{"type": "approve"}]}}, by=…)',
            )
        given: dict[str, Any] = {}
        for name, each in waiting.items():
            as_list = {"decisions": [decision] * len(each.approvals)}
            forms = {"list": as_list, "one": decision, "plain": decision["type"] == "approve"}
            given[name] = forms[each.form]
        return given or {"decisions": [decision]}

    def _answered(self, frame: Frame, thread: object, command: Any) -> None:
        """Record what was answered, and by whom if `resume` was told so."""
        value = command.resume
        if value is None:
            return
        mine = next((each for each in self._answers if each[0] is command), None)
        if mine is not None:
            self._answers.remove(mine)
        _, told, approved = mine or (None, {"by": None, "via": None, "reason": None}, None)
        waiting = underway.of(frame.session).questions
        if isinstance(value, Mapping) and value and all(name in waiting for name in value):
            given = dict(value)
        else:
            given = {name: value for name, each in waiting.items() if each.thread in (thread, None)}
        undecided = [] if given else [value]
        with context.active(frame):
            for name, answer in given.items():
                approvals = waiting.pop(name).approvals
                for approval, said in zip(approvals, shapes.answers(answer, len(approvals)), strict=True):
                    decided = shapes.verdict(said) if approved is None else "approved" if approved else "denied"
                    told_here = {**told, "reason": told["reason"] or shapes.reason(said)}
                    if decided == "approved":
                        approval.granted(**told_here)
                    elif decided == "denied":
                        approval.denied(**told_here)
                    elif decided == "edited":
                        approval.denied(**{**told_here, "reason": "edited"})
                        tool, arguments = shapes.edited(said)
                        other = frame.session.ask_approval(tool or approval.tool, arguments, reason="edited")
                        other.granted(**told)
                    else:
                        undecided.append(said)
            for said in undecided:
                message = {"direction": "received", **({} if told["by"] is None else {"from": told["by"]})}
                frame.session.event("message", message=message, prompt=digests.text_block(said))


def ask(frame: Frame, call: ToolCall | None, node: str, thread: object, interrupts: Sequence[Any]) -> None:
    """Record what a person is asked, where the innermost run told of it: the runs around it tell it again."""
    waiting = underway.of(frame.session).questions
    for each in interrupts:
        if each.id in waiting:
            continue
        told = {"via": "interrupt", "ticket": each.id}
        calls = shapes.requests(each.value)
        with context.active(frame):
            session = frame.session
            if calls:
                asked = [session.ask_approval(tool, args, reason=why, **told) for tool, args, why in calls]
            elif call is not None:
                asked = [call.ask_approval(reason=_text(each.value), **told)]
            else:
                asked = [session.ask_approval(node, {"interrupt": each.value}, reason=_text(each.value), **told)]
        waiting[each.id] = Question(asked, shapes.form(each.value), thread)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() else None
