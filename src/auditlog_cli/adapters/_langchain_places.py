"""Where in a session the runs of LangChain lie. Its callbacks name a run and the run around it, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextvars import Token
from typing import Any

from auditlog_cli import times
from auditlog_cli.adapters import underway
from auditlog_cli.capture.context import Frame
from auditlog_cli.capture.session import Session
from auditlog_cli.capture.toolcall import ToolCall


class Place:
    """One run of the framework that goes on: a chain, an agent, a node, a tool, a model.

    Attributes:
        root: The outermost run around it, itself perhaps.
        frame: Under which span its records lie.
        handed_down, agent: The agent's name, as LangChain hands it down to all runs inside it; which agent it is.
        node: LangGraph's name of the node, or the run's own.
        nested: The session of the agent that begins here.
        call, call_id, key: The call of a tool that this run is; its id; what tells it from others.
        asked: What a model was asked, arguments of `Session.model_call`.
        began: When, in ns of the monotonic clock.
        interrupted, error: Of a root: whether it stopped for a person; which exception is recorded already.
        thread: Of a root: LangGraph's id of the conversation.
        speaks: Of a root: whether what goes in comes from the user, and what comes out is the answer.
    """

    __slots__ = (
        "agent", "asked", "began", "call", "call_id", "error", "frame", "handed_down", "interrupted", "key", "nested",
        "node", "root", "speaks", "thread", "token", "within",
    )  # fmt: skip

    def __init__(self, above: Place | None, frame: Frame, metadata: Mapping[str, Any], name: object) -> None:
        self.handed_down = metadata.get("lc_agent_name")
        agent = None if above is not None and self.handed_down == above.handed_down else self.handed_down
        inherited = None if above is None else above.agent
        self.root: Place = self if above is None else above.root
        self.frame = self.within = frame
        self.agent: str | None = agent if isinstance(agent, str) and agent else inherited
        self.node = str(metadata.get("langgraph_node") or name or "graph")
        self.nested: Session | None = None
        self.call: ToolCall | None = None
        self.call_id: str | None = None
        self.key: underway.Key | None = None
        self.token: Token[Frame | None] | None = None
        self.asked: dict[str, Any] = {}
        self.began = time.monotonic_ns()
        self.interrupted = self.speaks = False
        self.error: BaseException | None = None
        self.thread = metadata.get("thread_id")

    @property
    def scope(self) -> object:
        """Where ids of calls are unique: LangGraph's conversation, or else this run."""
        return self.root.thread if self.root.thread is not None else id(self.root)

    def ran_ms(self) -> float:
        """How long it has run, in milliseconds."""
        return times.since(self.began)


def begins_agent(place: Place, above: Place | None, name: object) -> bool:
    """Tell whether a nested agent begins with this run.

    LangChain hands the name of an agent down to all runs inside it, so an agent begins where the name changes; one that
    a tool starts may be the same agent once more. What is run in the span of an agent itself is that agent.
    """
    actor = place.frame.session.agent_id
    if above is None:
        return not place.frame.of_agent and place.agent != actor
    if above.call is not None and name == place.agent:
        return True
    return place.agent not in (above.agent, actor)
