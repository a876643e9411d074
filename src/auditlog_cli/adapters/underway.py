"""What is under way in one session while a framework works: calls known by their id, agents that were interrupted.

Every hook that an adapter installs for a session shares it, so that a call which two of them see is recorded once,
and one that was interrupted for an approval goes on in the same span when its framework starts it again.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from auditlog_cli.capture import context
from auditlog_cli.capture.approval import Approval
from auditlog_cli.capture.context import Frame
from auditlog_cli.capture.scopes import Scopes
from auditlog_cli.capture.session import Session
from auditlog_cli.capture.toolcall import ToolCall

Key = tuple[object, str]
"""What tells one call from another while it is under way: the framework's conversation or run, its id of the call."""


def key(scope: object, call_id: str | None) -> Key | None:
    """Return the key of a call; None if it cannot be told from others, for ids are unique in one conversation only."""
    return None if scope is None or call_id is None else (scope, call_id)


@dataclass(slots=True)
class Question:
    """What a person was asked when a framework stopped for it.

    Attributes:
        approvals: One for each call to be approved, in the framework's order.
        form: In which form the framework wants the answer, a word of the adapter's.
        thread: The framework's own id of the conversation.
    """

    approvals: list[Approval]
    form: str = ""
    thread: object = None


@dataclass(eq=False)
class Underway:
    """What is under way. One for each session and all its nested agents: `of(session)`."""

    questions: dict[str, Question] = field(default_factory=dict)
    """By the framework's id of the interrupt."""
    _calls: dict[Key, ToolCall] = field(default_factory=dict)
    _spans: set[str] = field(default_factory=set)
    _paused: dict[tuple[str, str, object], list[Session]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def call(
        self, frame: Frame, tool: str, arguments: object, call_id: str | None, key: Key | None, requires: Scopes | None
    ) -> tuple[ToolCall, bool]:
        """Return the call of a tool, and whether it is yet to be started.

        It has been started if another hook sees the same call, or if it was interrupted: then the key, the tool and
        the arguments are the same. Other arguments make it a call of its own, whatever its key.

        Raises:
            AuditWriteError: If the session can record nothing more.
        """
        frame.session.run.check()
        with context.active(frame):
            call = frame.session.tool(tool, arguments, call_id=call_id, requires=requires)
        known = self.known(key)
        if known is None or (known.name, known.arguments_sha256) != (tool, call.arguments_sha256):
            return call, True
        return known, False

    def started(self, call: ToolCall, key: Key | None) -> None:
        """Remember a call whose intent is written."""
        self._spans.add(call.span_id)
        if key is not None:
            self._calls[key] = call

    def known(self, key: Key | None) -> ToolCall | None:
        """Return the call with this key, if it is under way."""
        return self._calls.get(key) if key is not None else None

    def ends(self, call: ToolCall, key: Key | None) -> bool:
        """Forget a call. True for the one hook that is to write its outcome."""
        with self._lock:
            if call.ended:
                return False
            self._spans.discard(call.span_id)
            if key is not None and self._calls.get(key) is call:
                del self._calls[key]
            return True

    def begin_agent(self, frame: Frame, name: str, scope: object = None) -> Session:
        """Return the session of a nested agent: one that was interrupted here goes on, else a new one is opened."""
        with self._lock:
            paused = self._paused.get((frame.span_id, name, scope))
            if paused:
                frame.session.run.check()
                return paused.pop()
        with context.active(frame):
            return frame.session.agent(name).open()

    def pause_agent(self, frame: Frame, name: str, session: Session, scope: object = None) -> None:
        """Keep an agent that was interrupted in `frame`."""
        with self._lock:
            self._paused.setdefault((frame.span_id, name, scope), []).append(session)

    def agent_in(self, frame: Frame, name: str) -> Session:
        """Return the session of the agent that a call under way started, opened when it is first asked for.

        For hooks that are not told where an agent begins and ends: `end_agents` ends it with the call.
        """
        with self._lock:
            open_now = self._paused.get((frame.span_id, name, None))
            if open_now:
                return open_now[-1]
        session = self.begin_agent(frame, name)
        self.pause_agent(frame, name, session)
        return session

    def is_call(self, frame: Frame) -> bool:
        """Tell whether a frame is that of a call under way here."""
        return frame.span_id in self._spans

    def end_agents(self, within: ToolCall | Frame | Session, error: BaseException | None) -> None:
        """End the agents that a call or an agent started and that nobody ended."""
        with self._lock:
            mine = [key for key in self._paused if key[0] == within.span_id]
            left = [session for key in mine for session in self._paused.pop(key)]
        for session in left:
            session.close(error)


def of(session: Session) -> Underway:
    """Return what is under way in a session; its nested agents share it, and it goes with the session."""
    made: Underway = session.run.kept.setdefault(Underway, Underway())
    return made
