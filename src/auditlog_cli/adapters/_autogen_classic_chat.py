"""One chat of classic AutoGen: who acts, and which calls were suggested to whom."""

from __future__ import annotations

from typing import Any, NamedTuple

from auditlog_cli.capture import context as places
from auditlog_cli.capture.context import Frame
from auditlog_cli.capture.session import Session
from auditlog_cli.capture.toolcall import ToolCall


class Suggested(NamedTuple):
    """A call that an agent's model asked for.

    Attributes:
        by: The agent.
        arguments: As the model wrote them.
    """

    by: str
    call_id: str | None
    name: str
    arguments: Any


class Chat:
    """What is known of one chat, with those that its tools start.

    Attributes:
        session: Where it is recorded.
        last: By agent (its `id`): who sent it the last message.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.last: dict[int, str] = {}
        self._root = session.here()
        self._acting: dict[str, tuple[Session, Frame]] = {}
        self._suggested: dict[int, list[Suggested]] = {}
        self._places: dict[str, tuple[Session, Frame]] = {}  # where an agent was first spoken to

    def actor(self, name: str) -> tuple[Session, Frame]:
        """Return the agent of this name, and its own span. A nested agent begins when it first does something.

        It begins where it was spoken to: pyautogen asks models in threads without a context.
        """
        self.session.run.check()
        if name == self._root[0].agent_id:
            return self._root
        found = self._acting.get(name)
        if found is None:
            actor, around = self._places.pop(name, self._root)
            if around.closed:
                actor, around = self.session.here()
            within = self._root if around.of_agent else (actor, around)
            with places.active(within[1]):
                nested = within[0].agent(name).open()
            found = self._acting[name] = nested, nested.here()[1]
        return found

    def received(self, agent: Any, sender: Any, message: Any) -> str:
        """Take down who sent a message, and which calls it suggests; return who."""
        told = message if isinstance(message, dict) else {}
        by = str(told.get("name") or sender.name)
        calls = [(each.get("id"), each["function"]) for each in told.get("tool_calls") or ()]
        if told.get("function_call"):
            calls.append((None, told["function_call"]))
        self._suggested[id(agent)] = [Suggested(by, id_, each["name"], each["arguments"]) for id_, each in calls]
        self.last[id(agent)] = by
        self._places.setdefault(agent.name, self.session.here())
        return by

    def suggested(self, agent: Any) -> list[Suggested]:
        """Return the calls that were suggested to an agent and not begun."""
        return self._suggested.get(id(agent), [])

    def begun(self, agent: Any, name: str, arguments: Any) -> Suggested:
        """Return, and take off the list, the suggestion that a call comes from."""
        waiting = self.suggested(agent)
        for each in waiting:
            if (each.name, each.arguments) == (name, arguments):
                waiting.remove(each)
                return each
        return Suggested(self.last.get(id(agent)) or agent.name, None, name, arguments)

    def finish(self, call: ToolCall, error: BaseException | None = None) -> None:
        """End a call, and the agents that began in it."""
        frame = call.frame
        for name in [name for name, (_, each) in self._acting.items() if each.outer is frame]:
            self._close(self._acting.pop(name)[0], error)
        call.finish(error)

    def end(self, error: BaseException | None) -> None:
        """End the agents that act."""
        for nested, _ in reversed(list(self._acting.values())):
            self._close(nested, error)

    def _close(self, nested: Session, error: BaseException | None) -> None:
        if not nested.run.broken:
            nested.close(error)
