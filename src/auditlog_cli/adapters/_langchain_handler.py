"""What `AuditHandler` does in each of LangChain's callbacks. Names and arguments of the methods are LangChain's."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextvars import ContextVar
from importlib.metadata import version
from typing import Any

from auditlog_cli.adapters import _langchain_shapes as shapes
from auditlog_cli.adapters import chosen, underway
from auditlog_cli.adapters._langchain_approvals import Approvals, SessionFor, ask
from auditlog_cli.adapters._langchain_places import Place, begins_agent
from auditlog_cli.capture import context
from auditlog_cli.capture.scopes import Scopes
from auditlog_cli.capture.session import Session
from auditlog_cli.capture.toolcall import ToolCall

Requires = Mapping[str, Scopes]
models_seen: ContextVar[list[Any] | None] = ContextVar("auditlog_langchain_models", default=None)
"""The model calls that a handler saw while a middleware waits for its model."""


class Recorder(Approvals):
    """Records the runs of a LangChain or LangGraph application that it is a callback of.

        graph.invoke(question, {"callbacks": [AuditHandler(session)]})

    Synchronous on purpose, and in line: the framework swallows the exceptions of asynchronous handlers, and those of
    handlers that do not say `raise_error` (frameworks.md, 4). Serves `invoke`, `ainvoke`, `stream` and `astream`.
    """

    raise_error = True
    run_inline = True  # in order, and in the context of the tool that is about to run

    def __init__(
        self,
        session: Session | None = None,
        *,
        session_for: SessionFor | None = None,
        requires: Requires | None = None,
        agents: Collection[str] = (),
        messages: bool = True,
    ) -> None:
        """Record into a session.

        Args:
            session: Default: the session of the code that runs the graph.
            session_for: Finds the session in a run's metadata, a dictionary: `config["metadata"]` and `thread_id`.
            requires: Tool → the scopes that a call of it needs.
            agents: Names of graphs that are agents of their own. Those made by `create_agent` are known.
            messages: Whether what an outermost run is given is the user's request, and what it gives the answer. False
                if the application records both itself, or runs several graphs for one request.
        """
        super().__init__(session, session_for)
        self._agents = frozenset(agents)
        self._messages = messages
        self._requires = dict(requires or {})
        self._places: dict[Any, Place] = {}

    def place_of(self, run_id: Any) -> Place | None:
        """Return where a run lies, None if the handler does not know it."""
        return self._places.get(run_id)

    # --- runs ---------------------------------------------------------------------------------

    def _place(self, above: Place | None, metadata: Mapping[str, Any] | None, name: object) -> Place:
        """Where a run that begins belongs.

        Raises:
            AuditWriteError: If the session can record nothing more: then nothing more begins.
        """
        told = metadata or {}
        if above is not None:
            above.frame.session.run.check()
            return Place(above, above.frame, told, name)
        frame = chosen(self._session, self._session_for, told).here()[1]
        frame.session.run.check()
        place = Place(None, frame, told, name)
        place.speaks = self._messages and frame.of_agent and not frame.session.is_nested
        return place

    def on_chain_start(
        self, serialized: Any, inputs: Any, *, run_id: Any, parent_run_id: Any = None, metadata: Any = None, **rest: Any
    ) -> None:
        """A graph, a node or a chain begins: the request, an answer to an interrupt, or a nested agent."""
        above = self._places.get(parent_run_id)
        place = self._place(above, metadata, rest.get("name"))
        if rest.get("name") in self._agents:
            place.agent = rest["name"]
        if place.agent is not None and begins_agent(place, above, rest.get("name")):
            place.nested = underway.of(place.frame.session).begin_agent(place.frame, place.agent, place.scope)
            place.frame = place.nested.here()[1]
        self._places[run_id] = place
        if above is not None or inputs is None:
            return
        if hasattr(inputs, "resume") and hasattr(inputs, "goto"):  # a Command
            self._answered(place.frame, place.thread, inputs)
        elif place.speaks:
            ran = {"adapter": "langchain", "langchain_core": version("langchain-core"), "run_id": str(run_id)}
            known = ran if place.thread is None else ran | {"thread_id": str(place.thread)}
            with context.active(place.frame):
                place.frame.session.user_message(shapes.last(inputs), metadata=known)

    def on_chain_end(self, outputs: Any, *, run_id: Any, **rest: Any) -> None:
        """It ends: the final answer, or the end of a nested agent."""
        place = self._places.pop(run_id, None)
        if place is None:
            return
        if place.nested is not None:
            place.nested.close()
        if place.root is place:
            self._sweep(place, None)
            if place.speaks and not place.interrupted:
                with context.active(place.frame):
                    place.frame.session.final_answer(shapes.last(outputs))

    def on_chain_error(self, error: BaseException, *, run_id: Any, **rest: Any) -> None:
        """It fails, is interrupted, or goes on in another graph."""
        place = self._places.pop(run_id, None)
        if place is None:
            return
        if shapes.interrupts(error) is not None:
            _ask_at(place, error)
            if place.nested is not None and place.agent is not None:
                underway.of(place.nested).pause_agent(place.within, place.agent, place.nested, place.scope)
            return
        if place.root is place:
            self._sweep(place, error)
        if place.nested is not None:
            place.nested.close(None if shapes.moves_on(error) else error)
            place.root.error = error
        elif not shapes.moves_on(error) and isinstance(error, Exception) and place.root.error is not error:
            place.root.error = error
            if not place.frame.session.run.broken:
                with context.active(place.frame):
                    place.frame.session.event("error", error=error, metadata={"node": place.node})

    def _sweep(self, root: Place, error: BaseException | None) -> None:
        """End what the framework never told the end of: a task that was cancelled, say."""
        for run_id, place in list(self._places.items()):
            if place.root is root and self._places.pop(run_id, None) is not None:
                if place.call is not None and underway.of(place.frame.session).ends(place.call, place.key):
                    place.call.finish(error)
                if place.nested is not None:
                    place.nested.close(error)

    def on_interrupt(self, event: Any) -> None:
        """LangGraph stops for a person, as the outermost graph tells it."""
        root = self._places.get(event.run_id)
        if root is not None:
            root.interrupted = True
            ask(root.frame, None, root.node, root.thread, event.interrupts)

    # --- tools --------------------------------------------------------------------------------

    def on_tool_start(
        self,
        serialized: Any,
        input_str: str,
        *,
        run_id: Any,
        parent_run_id: Any = None,
        metadata: Any = None,
        inputs: Any = None,
        tool_call_id: str | None = None,
        **rest: Any,
    ) -> None:
        """A tool is about to run: its intent is on the disk when this returns."""
        place = self._place(self._places.get(parent_run_id), metadata, rest.get("name"))
        name = str((serialized or {}).get("name") or rest.get("name") or "tool")
        arguments = {"input": input_str} if inputs is None else inputs
        open_now = underway.of(place.frame.session)
        key = underway.key(place.scope, tool_call_id)
        around = open_now.known(key)
        frame = place.frame if around is None or around.ended else around.frame
        call, fresh = open_now.call(frame, name, arguments, tool_call_id, key, self._requires.get(name))
        if fresh:
            with context.active(frame):
                call.start()
            open_now.started(call, key)
        place.call, place.call_id, place.key, place.frame = call, tool_call_id, key, call.frame
        place.token = context.enter(call.frame)
        self._places[run_id] = place

    def on_tool_end(self, output: Any, *, run_id: Any, **rest: Any) -> None:
        """A tool has run."""
        place = self._leave(run_id)
        if place is None or place.call is None:
            return
        if underway.of(place.frame.session).ends(place.call, place.key):
            conclude(place.call, output, place.call_id)

    def on_tool_error(self, error: BaseException, *, run_id: Any, **rest: Any) -> None:
        """A tool has failed, or is interrupted: then its call stays pending."""
        place = self._leave(run_id)
        if place is None or place.call is None:
            return
        if shapes.interrupts(error) is not None:
            _ask_at(place, error)
        elif underway.of(place.frame.session).ends(place.call, place.key):
            place.root.error = error
            if shapes.moves_on(error):
                place.call.result(None)
            place.call.finish(None if shapes.moves_on(error) else error)

    def _leave(self, run_id: Any) -> Place | None:
        place = self._places.pop(run_id, None)
        if place is not None and place.token is not None:
            context.leave(place.token)
        return place

    # --- models and retrievers ----------------------------------------------------------------

    def on_chat_model_start(
        self,
        serialized: Any,
        messages: Any,
        *,
        run_id: Any,
        parent_run_id: Any = None,
        metadata: Any = None,
        **rest: Any,
    ) -> None:
        """A model is about to be asked."""
        prompt, system = shapes.prompt(messages[0] if messages else [])
        self._model(run_id, parent_run_id, metadata, rest, {"prompt": prompt, "system": system})

    def on_llm_start(
        self,
        serialized: Any,
        prompts: Any,
        *,
        run_id: Any,
        parent_run_id: Any = None,
        metadata: Any = None,
        **rest: Any,
    ) -> None:
        """A model that takes texts is about to be asked."""
        self._model(run_id, parent_run_id, metadata, rest, {"prompt": prompts[0] if len(prompts) == 1 else prompts})

    def _model(self, run_id: Any, parent: Any, metadata: Any, rest: Mapping[str, Any], asked: dict[str, Any]) -> None:
        place = self._place(self._places.get(parent), metadata, rest.get("name"))
        place.asked = asked | shapes.named_model(metadata or {}, rest.get("invocation_params") or {})
        self._places[run_id] = place
        seen = models_seen.get()
        if seen is not None:
            seen.append(run_id)

    def on_llm_end(self, response: Any, *, run_id: Any, **rest: Any) -> None:
        """A model has answered; of a stream, the whole."""
        self._model_ends(run_id, shapes.answered(response))

    def on_llm_error(self, error: BaseException, *, run_id: Any, **rest: Any) -> None:
        """A model has failed."""
        self._model_ends(run_id, {"error": error})

    def _model_ends(self, run_id: Any, told: dict[str, Any]) -> None:
        place = self._places.pop(run_id, None)
        if place is None:
            return
        place.root.error = told.get("error", place.root.error)
        with context.active(place.frame):
            place.frame.session.model_call(**{**place.asked, **told}, latency_ms=place.ran_ms())

    def on_retriever_start(
        self,
        serialized: Any,
        query: str,
        *,
        run_id: Any,
        parent_run_id: Any = None,
        metadata: Any = None,
        **rest: Any,
    ) -> None:
        """Documents are about to be looked for."""
        name = rest.get("name") or (serialized or {}).get("name") or "retriever"
        place = self._place(self._places.get(parent_run_id), metadata, name)
        place.asked = {"tool": str(name), "arguments": {"query": query}}
        self._places[run_id] = place

    def on_retriever_end(self, documents: Any, *, run_id: Any, **rest: Any) -> None:
        """Documents were found."""
        self._retrieved(run_id, {"result": shapes.documents(documents)})

    def on_retriever_error(self, error: BaseException, *, run_id: Any, **rest: Any) -> None:
        """The search has failed."""
        self._retrieved(run_id, {"error": error})

    def _retrieved(self, run_id: Any, told: dict[str, Any]) -> None:
        place = self._places.pop(run_id, None)
        if place is None:
            return
        place.root.error = told.get("error", place.root.error)
        with context.active(place.frame):
            place.frame.session.event("retrieval", **place.asked, **told, latency_ms=place.ran_ms())


def conclude(call: ToolCall, output: Any, call_id: str | None) -> None:
    """Write the outcome of a call from what its tool gave."""
    result, failed = shapes.outcome(output, call_id)
    if failed:
        call.error(result if isinstance(result, str) else str(result))
    else:
        call.result(result)
    call.finish()


def _ask_at(place: Place, error: BaseException) -> None:
    place.root.interrupted = True
    ask(place.frame, place.call, place.node, place.root.thread, shapes.interrupts(error) or ())
