"""LangChain and LangGraph themselves, with scripted models: the failure contract, and what each situation leaves behind."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import pytest

pytest.importorskip("langgraph", reason="LangGraph is not installed: make test-frameworks FRAMEWORKS=langchain")

from langchain.agents import create_agent
from langchain.agents.middleware import AgentMiddleware, HumanInTheLoopMiddleware
from langchain_core.callbacks import AsyncCallbackHandler
from langchain_core.documents import Document
from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import InjectedToolCallId
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode
from langgraph.types import Command, interrupt

from auditlog_cli import AuditLog, current_session, validate
from auditlog_cli.adapters.langchain import AuditHandler, AuditMiddleware
from auditlog_cli.capture.session import Session
from auditlog_cli.errors import AuditWriteError, NoSession, ScopeDenied, UsageError
from auditlog_cli.testing import Recording, recording
from tests import goldens
from tests.adapters import langchain_agents as agents
from tests.adapters import pages
from tests.adapters.contract import WHO, Contract, Ran, _Real
from tests.conftest import Result

MODES = ("sync", "async", "stream", "astream")


def refund(log: AuditLog, mode: str, ran: Ran, *, handler: bool = True, middleware: bool = False) -> None:
    """The whole scenario: asked, interrupted, approved by bob, finished."""
    with log.session(**WHO) as session:
        audit = AuditHandler(session)
        graph = agents.planner(ran, middleware=(lambda: [AuditMiddleware(session)]) if middleware else lambda: ())
        config = {"configurable": {"thread_id": "t-1"}, "callbacks": [audit] if handler else []}
        agents.work(graph, mode, agents.asking(), config)
        agents.work(graph, mode, audit.approve(by="bob@example.com", via="desk"), config)


class TestHandler(Contract):
    modes = MODES

    def drive(self, log: AuditLog, mode: str, ran: Ran) -> None:
        refund(log, mode, ran)


class TestBoth(Contract):
    modes = MODES

    def drive(self, log: AuditLog, mode: str, ran: Ran) -> None:
        refund(log, mode, ran, middleware=True)


class TestMiddleware(Contract):
    modes = MODES

    def drive(self, log: AuditLog, mode: str, ran: Ran) -> None:
        refund(log, mode, ran, handler=False, middleware=True)


class TestToolNodeThatSwallows(Contract):
    """`ToolNode(handle_tool_errors=True)` makes a message of every exception, ours too: the session remembers it."""

    modes = MODES

    def drive(self, log: AuditLog, mode: str, ran: Ran) -> None:
        with log.session(**WHO) as session:
            agents.work(loop(ran), mode, agents.asking(), {"callbacks": [AuditHandler(session)]})


class TestBesideAsyncHandlers(Contract):
    """An asynchronous neighbour, whose exceptions the framework swallows, changes nothing."""

    modes = ("async", "astream")

    def drive(self, log: AuditLog, mode: str, ran: Ran) -> None:
        class Neighbour(AsyncCallbackHandler):
            async def on_tool_start(self, *args: Any, **kwargs: Any) -> None:
                raise RuntimeError("swallowed")

        with log.session(**WHO) as session:
            graph = agents.planner(ran)
            audit = AuditHandler(session)
            config = {"configurable": {"thread_id": "t-1"}, "callbacks": [Neighbour(), audit, Neighbour()]}
            agents.work(graph, mode, agents.asking(), config)
            agents.work(graph, mode, audit.approve(by="bob@example.com"), config)


def loop(ran: Ran) -> Any:
    """A graph by hand: a model, a `ToolNode` that handles every error, one tool that fails."""
    model = agents.Scripted(
        lines=[
            agents.calls(("lookup_order", {"order_id": 42})),
            agents.calls(("issue_refund", {"order_id": 42, "amount": 1950.0})),
            agents.says("It failed."),
        ]
    )
    tools = [
        agents.tool(ran, "lookup_order", "shipped"),
        agents.tool(ran, "issue_refund", error=ValueError("amount too large")),
    ]
    builder = StateGraph(MessagesState)
    builder.add_node("model", lambda state: {"messages": [model.invoke(state["messages"])]})
    builder.add_node("tools", ToolNode(tools, handle_tool_errors=True))
    builder.add_edge(START, "model")
    builder.add_conditional_edges("model", lambda state: "tools" if state["messages"][-1].tool_calls else END)
    builder.add_edge("tools", "model")
    return builder.compile()


@pytest.mark.parametrize("mode", MODES)
def test_no_node_and_no_model_begins_after_a_failure_that_was_swallowed(mode: str, audit: Recording, ran: Ran) -> None:
    """The tool's intent cannot be written, its node swallows that: the node after it does not run."""
    model = agents.Scripted(lines=[agents.says("Never asked.")])

    def act(state: Any) -> Any:
        ran("act")
        return {"messages": [model.invoke(state["messages"])]}

    asked = agents.calls(("lookup_order", {"order_id": 42}))
    builder = StateGraph(MessagesState)
    builder.add_node("ask", lambda state: {"messages": [asked]})
    builder.add_node("tools", ToolNode([agents.tool(ran, "lookup_order")], handle_tool_errors=True))
    builder.add_node("act", act)
    builder.add_edge(START, "ask")
    builder.add_edge("ask", "tools")
    builder.add_edge("tools", "act")
    audit.fail_after(2)  # the session and the request
    with pytest.raises(AuditWriteError), audit.log.session(**WHO) as session:
        agents.work(builder.compile(), mode, agents.asking(), {"callbacks": [AuditHandler(session)]})
    assert list(ran) == []
    assert model.at == 0


# --- what is recorded -------------------------------------------------------------------------


@pytest.fixture
def audit(tmp_path: Path) -> Iterator[Recording]:
    with recording(tmp_path) as made:
        yield made


@pytest.fixture
def ran(audit: Recording) -> Ran:
    return Ran(audit)


def told(audit: Recording) -> list[str]:
    """The records in words: who, what, how it went."""
    lines = []
    for record in audit.records:
        action = record["action"]
        words = [
            record["agent"]["id"],
            action["type"],
            action.get("tool"),
            action.get("phase"),
            action["result_status"],
        ]
        lines.append(" ".join(word for word in words if word))
    return lines


def tools_of(audit: Recording, name: str) -> list[dict[str, Any]]:
    return [each for each in audit.of_type("tool_invocation") if each["action"]["tool"] == name]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("middleware", [False, True], ids=["handler", "both"])
def test_the_scenario_is_recorded_once_in_every_mode(mode: str, middleware: bool, audit: Recording, ran: Ran) -> None:
    refund(audit.log, mode, ran, middleware=middleware)
    assert ran == ["lookup_order", "issue_refund", "send_receipt"]
    assert told(audit) == [
        "planner lifecycle start success",
        "planner message success",
        "planner llm_call success",
        "planner tool_invocation lookup_order start pending",
        "planner tool_invocation lookup_order end success",
        "planner llm_call success",
        "planner tool_invocation ask_refunder start pending",
        "refunder lifecycle start success",
        "refunder llm_call success",
        "refunder approval issue_refund pending",
        "refunder approval issue_refund success",
        "refunder tool_invocation issue_refund start pending",
        "refunder tool_invocation issue_refund end success",
        "refunder llm_call success",
        "refunder lifecycle end success",
        "planner tool_invocation ask_refunder end success",
        "planner llm_call success",
        "planner tool_invocation send_receipt start pending",
        "planner tool_invocation send_receipt end error",
        "planner llm_call success",
        "planner message success",
        "planner lifecycle end success",
    ]


def test_the_trace_as_the_user_sees_it(tmp_path: Path, cli: Callable[..., Result]) -> None:
    """What the run wrote is valid; drawn with a clock that ticks once a record."""
    path, drawn = tmp_path / "audit.jsonl", tmp_path / "ticking.jsonl"
    with AuditLog(path, ballast_bytes=0) as log:
        refund(log, "sync", Ran(_Real(log)))  # type: ignore[arg-type]
    assert sorted({finding.message for finding in validate(path, strict=True).findings}) == []
    records = [json.loads(line) for line in path.read_text().splitlines()]
    records = [each for each in records if "session_id" in each]
    for tick, record in enumerate(records):
        record["timestamp"] = f"2026-03-02T09:00:{tick:02}.000000Z"
        record["action"].pop("latency_ms", None)
        record["trace_id"], record["session_id"] = "trace_refund", "session_refund"
        if "decided_at" in record.get("approval", {}):
            record["approval"]["decided_at"] = "2026-03-02T09:00:10.000000Z"
    drawn.write_text("".join(json.dumps(each) + "\n" for each in records))
    goldens.check("adapters/langchain-trace", cli("trace", "trace_refund", drawn))


def test_a_model_call_says_which_model_and_what_it_used(audit: Recording, ran: Ran) -> None:
    refund(audit.log, "astream", ran)
    calls = audit.of_type("llm_call")
    assert len(calls) == 6
    for call in calls:
        assert call["usage"] == {"input_tokens": 12, "output_tokens": 5}
        assert (call["agent"]["model"], call["agent"]["provider"]) == ("scripted-1", "nobody")
        assert call["action"]["latency_ms"] >= 0
    assert "system_sha256" in calls[0]["prompt"]
    assert "You refund orders" not in calls[0]["prompt"]["text"]
    assert json.loads(calls[0]["response"]["text"])["tool_calls"][0]["name"] == "lookup_order"
    assert calls[-1]["response"]["text"].startswith("Done: 19.50")


def test_an_error_of_the_model_is_recorded_and_goes_on_its_way(audit: Recording) -> None:
    graph = create_agent(agents.Scripted(lines=[ConnectionError("no route")]), [], name="planner")
    with pytest.raises(ConnectionError), audit.log.session(**WHO) as session:
        graph.invoke(agents.asking(), {"callbacks": [AuditHandler(session)]})
    assert told(audit)[2:] == ["planner llm_call error", "planner lifecycle end error"]
    assert audit.of_type("llm_call")[0]["action"]["error"] == {"type": "ConnectionError", "message": "no route"}


def test_a_handled_error_of_a_tool_keeps_its_type(audit: Recording, ran: Ran) -> None:
    """The model sees a text; the log has the exception."""
    with audit.log.session(**WHO) as session:
        loop(ran).invoke(agents.asking(), {"callbacks": [AuditHandler(session)]})
    end = tools_of(audit, "issue_refund")[-1]["action"]
    assert (end["result_status"], end["error"]) == ("error", {"type": "ValueError", "message": "amount too large"})
    assert told(audit)[-2:] == ["planner message success", "planner lifecycle end success"]


def test_an_error_of_a_node_is_recorded_once_with_its_node(audit: Recording) -> None:
    def broken(state: Any) -> Any:
        raise LookupError("no such order")

    builder = StateGraph(MessagesState)
    builder.add_node("check", broken)
    builder.add_edge(START, "check")
    with audit.log.session(**WHO) as session, pytest.raises(LookupError):
        builder.compile().invoke(agents.asking(), {"callbacks": [AuditHandler(session)]})
    (error,) = audit.of_type("error")
    assert error["action"]["error"] == {"type": "LookupError", "message": "no such order"}
    assert error["metadata"] == {"node": "check"}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("middleware", [False, True], ids=["handler", "both"])
def test_parallel_tools_are_calls_of_their_own(mode: str, middleware: bool, audit: Recording, ran: Ran) -> None:
    """Three threads or tasks: three spans under the same parent, each with its own arguments and its own events."""
    ids = ["c1", "c2", "c3"]
    asked = agents.calls(*[("lookup_order", {"order_id": number}) for number in range(3)], ids=ids)
    with audit.log.session(**WHO) as session:
        tool = agents.tool(ran, "lookup_order", "found", seen=lambda: current_session().event("retrieval"))
        added = [AuditMiddleware(session)] if middleware else []
        graph = create_agent(
            agents.Scripted(lines=[asked, agents.says("Found.")]), [tool], name="planner", middleware=added
        )
        agents.work(graph, mode, agents.asking(), {"callbacks": [AuditHandler(session)]})
    calls = tools_of(audit, "lookup_order")
    starts = {each["action"]["call_id"]: each for each in calls if each["action"]["phase"] == "start"}
    ends = {each["action"]["call_id"]: each for each in calls if each["action"]["phase"] == "end"}
    assert len(calls) == 6
    assert sorted(starts) == sorted(ends) == ids
    assert {starts[name]["span_id"] for name in ids} == {each["parent_span_id"] for each in audit.of_type("retrieval")}
    for number, name in enumerate(ids):
        assert starts[name]["span_id"] == ends[name]["span_id"]
        assert starts[name]["parent_span_id"] == audit.records[0]["span_id"]
        assert starts[name]["action"]["arguments"] == ends[name]["action"]["arguments"] == {"order_id": number}


def test_the_same_call_id_again_is_another_call(audit: Recording, ran: Ran) -> None:
    again = [agents.calls(("lookup_order", {"order_id": 42})) for _ in range(2)]
    with audit.log.session(**WHO) as session:
        tool = agents.tool(ran, "lookup_order")
        graph = create_agent(agents.Scripted(lines=[*again, agents.says("Twice.")]), [tool])
        graph.invoke(agents.asking(), {"callbacks": [AuditHandler(session)]})
    spans = [each["span_id"] for each in tools_of(audit, "lookup_order")]
    assert spans[0] == spans[1] != spans[2] == spans[3]


@pytest.mark.parametrize("thread", [None, "own"], ids=["no-thread", "threads"])
def test_conversations_that_use_the_same_call_ids_at_once_are_not_confused(
    thread: str | None, audit: Recording, ran: Ran
) -> None:
    """Ids are unique in one conversation. Eight of them, in the four modes, with and without the middleware."""
    errors: list[BaseException] = []

    def converse(handler: Any, session: Session, number: int) -> None:
        lines = [agents.calls(("lookup_order", {"order_id": 42})), agents.says("Found.")]
        gates = [AuditMiddleware(session)] if number % 2 else []
        graph = create_agent(agents.Scripted(lines=lines), [agents.tool(ran, "lookup_order")], middleware=gates)
        config: dict[str, Any] = {"callbacks": [handler]}
        if thread is not None:
            config["configurable"] = {"thread_id": f"{thread}-{number}"}
        try:
            agents.work(graph, MODES[number % 4], agents.asking(), config)
        except BaseException as error:
            errors.append(error)

    with audit.log.session(**WHO) as session:
        handler = AuditHandler(session)
        workers = [threading.Thread(target=converse, args=(handler, session, number)) for number in range(8)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(60)
    assert errors == []
    spans = [each["span_id"] for each in tools_of(audit, "lookup_order")]
    assert (len(spans), len(set(spans)), len(ran)) == (16, 8, 8)


def test_interrupted_conversations_that_use_the_same_call_ids_go_on_each_in_its_own_call(
    audit: Recording, ran: Ran
) -> None:
    with audit.log.session(**WHO) as session:
        handler = AuditHandler(session)
        waiting = [interrupted(session, ran, handler, thread) for thread in ("t-1", "t-2")]
        for graph, config in waiting:
            graph.invoke(handler.resume({"decisions": [{"type": "approve"}]}, by="bob@example.com"), config)
    phases: dict[str, list[str]] = {}
    for each in tools_of(audit, "ask_refunder"):
        phases.setdefault(each["span_id"], []).append(each["action"]["phase"])
    assert list(phases.values()) == [["start", "end"], ["start", "end"]]
    assert len([each for each in audit.of_type("lifecycle") if each["agent"]["id"] == "refunder"]) == 4


def test_arguments_that_another_middleware_changed_are_a_call_of_their_own(audit: Recording, ran: Ran) -> None:
    """What ran is in the log, and what was asked for."""

    class Doubles(AgentMiddleware):
        def wrap_tool_call(self, request: Any, handler: Any) -> Any:
            changed = {**request.tool_call, "args": {"order_id": 42, "amount": 39.0}}
            return handler(request.override(tool_call=changed))

    with audit.log.session(**WHO) as session:
        graph = create_agent(
            agents.Scripted(lines=[agents.calls(("issue_refund", agents.REFUND)), agents.says("Refunded.")]),
            [agents.tool(ran, "issue_refund")],
            middleware=[AuditMiddleware(session), Doubles()],
        )
        graph.invoke(agents.asking(), {"callbacks": [AuditHandler(session)]})
    asked, real, *_ = tools_of(audit, "issue_refund")
    assert (asked["action"]["arguments"]["amount"], real["action"]["arguments"]["amount"]) == (19.5, 39.0)
    assert real["parent_span_id"] == asked["span_id"]
    assert [each["action"]["phase"] for each in tools_of(audit, "issue_refund")] == ["start", "start", "end", "end"]


def test_requests_and_answers_can_be_left_to_the_application(audit: Recording) -> None:
    graph = create_agent(agents.Scripted(lines=[agents.says("Hello.")]), [])
    with audit.log.session(**WHO) as session:
        graph.invoke(agents.asking(), {"callbacks": [AuditHandler(session, messages=False)]})
    assert told(audit)[1:-1] == ["planner llm_call success"]


def test_what_a_nested_agent_of_the_application_is_asked_is_not_from_the_user(audit: Recording) -> None:
    graph = create_agent(agents.Scripted(lines=[agents.says("Hello.")]), [], name="refunder")
    with audit.log.session(**WHO) as session, session.agent("refunder") as refunder:
        graph.invoke(agents.asking(), {"callbacks": [AuditHandler(session)]})
    (call,) = audit.of_type("llm_call")
    assert call["parent_span_id"] == refunder.span_id
    assert audit.of_type("message") == []


def test_events_are_recorded_as_the_run_is(audit: Recording, ran: Ran) -> None:
    """`astream_events` brings a handler of its own."""

    async def run(handler: Any) -> None:
        config = {"configurable": {"thread_id": "t"}, "callbacks": [handler]}
        async for _ in agents.planner(ran).astream_events(agents.asking(), config, version="v2"):
            pass

    with audit.log.session(**WHO) as session:
        asyncio.run(run(AuditHandler(session)))
    assert told(audit)[-2:] == ["refunder approval issue_refund pending", "planner lifecycle end success"]


def test_a_batch_is_a_run_for_each_input(audit: Recording, ran: Ran) -> None:
    with audit.log.session(**WHO) as session:
        graph = RunnableLambda(lambda text: agents.tool(ran, "lookup_order").invoke({"order_id": len(text)}))
        graph.batch(["a", "bb", "ccc"], {"callbacks": [AuditHandler(session)]})
    starts = [each for each in tools_of(audit, "lookup_order") if each["action"]["phase"] == "start"]
    assert sorted(each["action"]["arguments"]["order_id"] for each in starts) == [1, 2, 3]
    assert "call_id" not in starts[0]["action"]
    said = [each["prompt"]["text"] for each in audit.of_type("message") if "prompt" in each]
    assert sorted(said) == ["a", "bb", "ccc"]


def test_a_tool_that_records_itself_is_a_call_inside_its_call(audit: Recording) -> None:
    @audit.log.tool
    def lookup_order(order_id: int) -> str:
        """Look up."""
        return "shipped"

    lines = [agents.calls(("lookup_order", {"order_id": 42})), agents.says("Found.")]
    with audit.log.session(**WHO) as session:
        graph = create_agent(agents.Scripted(lines=lines), [lookup_order])
        graph.invoke(agents.asking(), {"callbacks": [AuditHandler(session)]})
    outer, inner, _, _ = tools_of(audit, "lookup_order")
    assert inner["parent_span_id"] == outer["span_id"]


def test_control_that_passes_to_another_agent_is_no_error(audit: Recording) -> None:
    """`Command(graph=PARENT)` leaves an agent by an exception: its call succeeded, and so did the agent."""

    def transfer(tool_call_id: Annotated[str, InjectedToolCallId]) -> Command[str]:
        """Hand over."""
        message = ToolMessage("transferred", tool_call_id=tool_call_id)
        return Command(goto="refunder", update={"messages": [message]}, graph=Command.PARENT)

    lines = [agents.calls(("transfer", {}))]
    builder = StateGraph(MessagesState)
    builder.add_node("risk", create_agent(agents.Scripted(lines=lines), [transfer], name="risk"))
    answer = create_agent(agents.Scripted(lines=[agents.says("Refunded.")]), [], name="refunder")
    builder.add_node("refunder", answer)
    builder.add_edge(START, "risk")
    with audit.log.session(**WHO) as session:
        builder.compile().invoke(agents.asking(), {"callbacks": [AuditHandler(session)]})
    assert told(audit)[2:] == [
        "risk lifecycle start success",
        "risk llm_call success",
        "risk tool_invocation transfer start pending",
        "risk tool_invocation transfer end success",
        "risk lifecycle end success",
        "refunder lifecycle start success",
        "refunder llm_call success",
        "refunder lifecycle end success",
        "planner message success",
        "planner lifecycle end success",
    ]
    assert tools_of(audit, "transfer")[1]["action"]["result"] == {"goto": "refunder", "message": "transferred"}
    assert tools_of(audit, "transfer")[0]["action"]["arguments"] == {}


# --- interrupts -------------------------------------------------------------------------------


def interrupted(session: Session, ran: Ran, handler: Any, thread: str = "t-1") -> tuple[Any, dict[str, Any]]:
    """The scenario, waiting for its approval."""
    graph = agents.planner(ran)
    config = {"configurable": {"thread_id": thread}, "callbacks": [handler]}
    graph.invoke(agents.asking(), config)
    return graph, config


def test_an_interrupted_call_stays_pending_and_is_no_error(audit: Recording, ran: Ran) -> None:
    with audit.log.session(**WHO) as session:
        interrupted(session, ran, AuditHandler(session))
    assert ran == ["lookup_order"]
    assert told(audit)[-3:] == [
        "refunder llm_call success",
        "refunder approval issue_refund pending",
        "planner lifecycle end success",
    ]
    assert [each["action"]["phase"] for each in tools_of(audit, "ask_refunder")] == ["start"]


def test_a_resumed_call_goes_on_in_its_span(audit: Recording, ran: Ran) -> None:
    refund(audit.log, "sync", ran)
    start, end = tools_of(audit, "ask_refunder")
    assert start["span_id"] == end["span_id"]
    opened, closed = (each for each in audit.of_type("lifecycle") if each["agent"]["id"] == "refunder")
    assert (opened["span_id"], opened["parent_span_id"]) == (closed["span_id"], start["span_id"])
    chain = [(each["actor"], each["role"]) for each in opened["delegation_chain"]]
    assert chain == [("alice@example.com", "initiator"), ("planner", "delegate"), ("refunder", "executor")]


def test_an_approval_says_who_gave_it_and_for_what(audit: Recording, ran: Ran) -> None:
    refund(audit.log, "sync", ran)
    asked, given = audit.of_type("approval")
    start = tools_of(audit, "issue_refund")[0]
    assert asked["span_id"] == given["span_id"]
    assert given["approval"]["decided_by"] == "bob@example.com"
    assert given["metadata"]["approval"]["via"] == "desk"
    assert start["approval"]["id"] == asked["approval"]["id"]
    assert start["action"]["arguments_sha256"] == asked["approval"]["arguments_sha256"]


def test_an_answer_without_a_person_has_none(audit: Recording, ran: Ran) -> None:
    with audit.log.session(**WHO) as session:
        graph, config = interrupted(session, ran, AuditHandler(session))
        graph.invoke(Command(resume={"decisions": [{"type": "approve"}]}), config)
    assert "decided_by" not in audit.of_type("approval")[1]["approval"]
    assert "issue_refund" in ran


def test_a_rejected_call_does_not_run(audit: Recording, ran: Ran) -> None:
    with audit.log.session(**WHO) as session:
        handler = AuditHandler(session)
        graph, config = interrupted(session, ran, handler)
        graph.invoke(handler.reject(by="bob@example.com", reason="fraud"), config)
    answer = audit.of_type("approval")[1]
    assert (answer["approval"]["status"], answer["metadata"]["approval"]["reason"]) == ("denied", "fraud")
    assert tools_of(audit, "issue_refund") == []
    assert "issue_refund" not in ran


def test_an_edited_call_is_approved_as_it_runs(audit: Recording, ran: Ran) -> None:
    """The call that was asked about is denied, the one in its place asked about and approved: both digests stay."""
    edit = {"type": "edit", "edited_action": {"name": "issue_refund", "args": {"order_id": 42, "amount": 9.5}}}
    with audit.log.session(**WHO, enforce=True) as session:
        handler = AuditHandler(session)
        graph, config = interrupted(session, ran, handler)
        graph.invoke(handler.resume({"decisions": [edit]}, by="bob@example.com"), config)
    statuses = [each["approval"]["status"] for each in audit.of_type("approval")]
    assert statuses == ["pending", "denied", "pending", "approved"]
    start = tools_of(audit, "issue_refund")[0]
    assert start["action"]["arguments"] == {"order_id": 42, "amount": 9.5}
    assert start["approval"]["status"] == "approved"
    assert start["approval"]["id"] == audit.of_type("approval")[3]["approval"]["id"]


def test_one_approval_for_each_of_several_calls(audit: Recording, ran: Ran) -> None:
    asked = agents.calls(
        ("issue_refund", agents.REFUND), ("issue_refund", {"order_id": 43, "amount": 1.0}), ids=["c1", "c2"]
    )
    with audit.log.session(**WHO) as session:
        handler = AuditHandler(session)
        graph = create_agent(
            agents.Scripted(lines=[asked, agents.says("Both.")]),
            [agents.tool(ran, "issue_refund")],
            middleware=[HumanInTheLoopMiddleware(interrupt_on={"issue_refund": True})],
            checkpointer=InMemorySaver(),
        )
        config = {"configurable": {"thread_id": "t"}, "callbacks": [handler]}
        graph.invoke(agents.asking(), config)
        decisions = {"decisions": [{"type": "approve"}, {"type": "reject"}]}
        graph.invoke(handler.resume(decisions, by="bob@example.com"), config)
    assert [each["approval"]["status"] for each in audit.of_type("approval")] == [
        "pending", "pending", "approved", "denied"
    ]  # fmt: skip
    assert [each["action"]["arguments"]["order_id"] for each in tools_of(audit, "issue_refund")] == [42, 42]


@pytest.mark.parametrize("middleware", [False, True], ids=["handler", "both"])
def test_approvals_asked_call_by_call(middleware: bool, audit: Recording, ran: Ran) -> None:
    """`interrupt_mode="per_call"` asks where a call begins, and wants one decision for each."""
    with audit.log.session(**WHO) as session:
        handler = AuditHandler(session)
        gate = HumanInTheLoopMiddleware(interrupt_on={"issue_refund": True}, interrupt_mode="per_call")
        graph = create_agent(
            agents.Scripted(lines=[agents.calls(("issue_refund", agents.REFUND)), agents.says("Refunded.")]),
            [agents.tool(ran, "issue_refund")],
            middleware=[*([AuditMiddleware(session)] if middleware else []), gate],
            checkpointer=InMemorySaver(),
        )
        config = {"configurable": {"thread_id": "t"}, "callbacks": [handler]}
        graph.invoke(agents.asking(), config)
        assert list(ran) == []
        graph.invoke(handler.approve(by="bob@example.com"), config)
    assert list(ran) == ["issue_refund"]
    assert [each["approval"]["status"] for each in audit.of_type("approval")] == ["pending", "approved"]
    assert [each["action"]["phase"] for each in tools_of(audit, "issue_refund")] == ["start", "end"]


@pytest.mark.parametrize(("answer", "status"), [(True, "approved"), (False, "denied")])
def test_a_tool_that_asks_for_itself(answer: bool, status: str, audit: Recording, ran: Ran) -> None:
    """`interrupt()` in a tool: its own call is what is to be approved; it stays pending and ends with the answer."""

    def pay(amount: float) -> str:
        """Pay."""
        ran("pay")
        return "paid" if interrupt("Pay?") else "not paid"

    with audit.log.session(**WHO) as session:
        handler = AuditHandler(session)
        graph = create_agent(
            agents.Scripted(lines=[agents.calls(("pay", {"amount": 5.0})), agents.says("So be it.")]),
            [pay],
            checkpointer=InMemorySaver(),
        )
        config = {"configurable": {"thread_id": "t"}, "callbacks": [handler]}
        graph.invoke(agents.asking(), config)
        assert [each["action"]["phase"] for each in tools_of(audit, "pay")] == ["start"]
        command = handler.approve(by="bob@example.com") if answer else handler.reject(by="bob@example.com")
        assert command.resume in ([answer], dict.fromkeys(command.resume, answer))
        graph.invoke(command, config)
    start, end = tools_of(audit, "pay")
    asked, given = audit.of_type("approval")
    assert start["span_id"] == end["span_id"] == asked["parent_span_id"]
    assert (given["approval"]["status"], end["approval"]["status"]) == (status, status)
    assert end["approval"]["decided_by"] == "bob@example.com"


def node_that_asks(question: Any) -> Any:
    builder = StateGraph(MessagesState)
    builder.add_node("review", lambda state: {"messages": [AIMessage(str(interrupt(question)))]})
    builder.add_edge(START, "review")
    return builder.compile(checkpointer=InMemorySaver())


def test_a_text_is_no_approval(audit: Recording) -> None:
    """What a person wrote is recorded as a message; whether it was a yes is for the application to say."""
    for approved, statuses in ((None, ["pending"]), (True, ["pending", "approved"])):
        with audit.log.session(**WHO) as session:
            handler = AuditHandler(session)
            config = {"configurable": {"thread_id": "t"}, "callbacks": [handler]}
            graph = node_that_asks("Ship it?")
            graph.invoke(agents.asking(), config)
            graph.invoke(handler.resume("go on then", by="bob@example.com", approved=approved), config)
        mine = [each for each in audit.records if each["session_id"] == session.session_id]
        approvals = [each for each in mine if each["action"]["type"] == "approval"]
        assert [each["approval"]["status"] for each in approvals] == statuses
        assert approvals[0]["approval"]["tool"] == "review"
        messages = [each for each in mine if each["action"]["type"] == "message"]
        froms = [each["message"].get("from") for each in messages if each["message"]["direction"] == "received"]
        assert froms == (["alice@example.com", "bob@example.com"] if approved is None else ["alice@example.com"])


def test_an_answer_in_another_session_says_what_it_answers(audit: Recording, ran: Ran) -> None:
    """A web application asks in one request and is answered in the next."""
    with audit.log.session(**WHO) as session:
        graph, config = interrupted(session, ran, AuditHandler(session))
    with audit.log.session(**WHO) as session:
        handler = AuditHandler(session)
        waiting = graph.get_state(config).interrupts
        yes = handler.resume({"decisions": [{"type": "approve"}]}, by="bob@example.com", interrupts=waiting)
        graph.invoke(yes, {**config, "callbacks": [handler]})
    mine = [each for each in audit.records if each["session_id"] == session.session_id]
    start = next(each for each in mine if each["action"].get("tool") == "issue_refund" and "phase" in each["action"])
    assert start["approval"]["decided_by"] == "bob@example.com"
    spans = {each["span_id"] for each in tools_of(audit, "ask_refunder")}
    assert len(spans) == 2
    assert {each["action"]["call_id"] for each in tools_of(audit, "ask_refunder")} == {"call_ask_refunder"}


def test_a_static_breakpoint_gives_no_answer(audit: Recording, ran: Ran) -> None:
    lines = [agents.calls(("lookup_order", {"order_id": 42})), agents.says("Found.")]
    with audit.log.session(**WHO) as session:
        graph = create_agent(
            agents.Scripted(lines=lines),
            [agents.tool(ran, "lookup_order")],
            checkpointer=InMemorySaver(),
            interrupt_before=["tools"],
        )
        config = {"configurable": {"thread_id": "t"}, "callbacks": [AuditHandler(session)]}
        graph.invoke(agents.asking(), config)
        assert told(audit)[1:] == ["planner message success", "planner llm_call success"]
        graph.invoke(None, config)
    assert told(audit)[3:] == [
        "planner tool_invocation lookup_order start pending",
        "planner tool_invocation lookup_order end success",
        "planner llm_call success",
        "planner message success",
        "planner lifecycle end success",
    ]


def test_several_conversations_of_one_session_are_not_confused(audit: Recording, ran: Ran) -> None:
    with audit.log.session(**WHO) as session:
        handler = AuditHandler(session)
        graph, config = interrupted(session, ran, handler, "t-1")
        interrupted(session, ran, handler, "t-2")
        with pytest.raises(UsageError, match="several conversations"):
            handler.approve(by="bob@example.com")
        graph.invoke(handler.resume({"decisions": [{"type": "approve"}]}, by="bob@example.com"), config)
    assert [each["approval"]["status"] for each in audit.of_type("approval")] == ["pending", "pending", "approved"]
    assert ran.count("issue_refund") == 1


# --- agents and sessions ----------------------------------------------------------------------


def test_agents_that_are_nodes_of_a_graph_are_nested(audit: Recording, ran: Ran) -> None:
    """A graph of agents: each has its own span under the session, and acts under its own name."""

    def worker(name: str, tool: str) -> Any:
        lines = [agents.calls((tool, {"order_id": 42})), agents.says(f"{name} is done.")]
        return create_agent(agents.Scripted(lines=lines), [agents.tool(ran, tool)], name=name)

    builder = StateGraph(MessagesState)
    builder.add_node("risk", worker("risk", "score"))
    builder.add_node("refunder", worker("refunder", "issue_refund"))
    builder.add_edge(START, "risk")
    builder.add_edge("risk", "refunder")
    with audit.log.session(**WHO) as session:
        builder.compile().invoke(agents.asking(), {"callbacks": [AuditHandler(session)]})
    agents_of = {each["action"]["tool"]: each["agent"]["id"] for each in audit.of_type("tool_invocation")}
    assert agents_of == {"score": "risk", "issue_refund": "refunder"}
    opened = [each for each in audit.of_type("lifecycle") if each["action"]["phase"] == "start"]
    assert [each["agent"]["id"] for each in opened] == ["planner", "risk", "refunder"]
    assert {each["parent_span_id"] for each in opened[1:]} == {opened[0]["span_id"]}


def test_an_agent_that_calls_itself_is_nested(audit: Recording, ran: Ran) -> None:
    """The name does not change: a tool that starts a graph of this name starts the agent anew."""
    inner = create_agent(
        agents.Scripted(lines=[agents.calls(("lookup_order", {"order_id": 42})), agents.says("Found.")]),
        [agents.tool(ran, "lookup_order")],
        name="planner",
    )
    lines = [agents.calls(("ask_planner", {"task": "look it up"})), agents.says("Done.")]
    outer = create_agent(agents.Scripted(lines=lines), [agents.delegate("ask_planner", inner)], name="planner")
    with audit.log.session(**WHO) as session:
        outer.invoke(agents.asking(), {"callbacks": [AuditHandler(session)]})
    outermost, nested = (each for each in audit.of_type("lifecycle") if each["action"]["phase"] == "start")
    assert nested["parent_span_id"] == tools_of(audit, "ask_planner")[0]["span_id"]
    assert tools_of(audit, "lookup_order")[0]["parent_span_id"] == nested["span_id"] != outermost["span_id"]


def test_graphs_that_are_agents_can_be_named(audit: Recording, ran: Ran) -> None:
    """Graphs of one's own, and those of `create_react_agent`, do not say that they are agents."""
    inner = loop(ran)
    inner.name = "refunder"
    lines = [agents.calls(("ask_refunder", {"task": "refund"})), agents.says("Done.")]
    graph = create_agent(agents.Scripted(lines=lines), [agents.delegate("ask_refunder", inner)], name="planner")
    with audit.log.session(**WHO) as session:
        graph.invoke(agents.asking(), {"callbacks": [AuditHandler(session, agents=["refunder"])]})
    assert {each["agent"]["id"] for each in tools_of(audit, "lookup_order")} == {"refunder"}
    opened = [each["agent"]["id"] for each in audit.of_type("lifecycle") if each["action"]["phase"] == "start"]
    assert opened == ["planner", "refunder"]


@pytest.mark.filterwarnings("ignore:create_react_agent has been moved")
def test_the_older_ready_made_agent_is_recorded_too(audit: Recording, ran: Ran) -> None:
    from langgraph.prebuilt import create_react_agent

    lines = [agents.calls(("lookup_order", {"order_id": 42})), agents.says("Found.")]
    graph = create_react_agent(agents.Scripted(lines=lines), [agents.tool(ran, "lookup_order")])
    with audit.log.session(**WHO) as session:
        graph.invoke(agents.asking(), {"callbacks": [AuditHandler(session)]})
    assert [line.split(" ", 1)[1] for line in told(audit)][1:-1] == [
        "message success",
        "llm_call success",
        "tool_invocation lookup_order start pending",
        "tool_invocation lookup_order end success",
        "llm_call success",
        "message success",
    ]


@pytest.mark.parametrize("mode", MODES)
def test_what_a_tool_records_lies_under_its_call(mode: str, audit: Recording, ran: Ran) -> None:
    def remember() -> None:
        current_session().event("memory_write")

    tool = agents.tool(ran, "lookup_order", seen=remember)
    lines = [agents.calls(("lookup_order", {"order_id": 42})), agents.says("Found.")]
    with audit.log.session(**WHO):
        agents.work(
            create_agent(agents.Scripted(lines=lines), [tool]), mode, agents.asking(), {"callbacks": [AuditHandler()]}
        )
    (written,) = audit.of_type("memory_write")
    assert written["parent_span_id"] == tools_of(audit, "lookup_order")[0]["span_id"]


def test_without_a_session_the_agent_does_not_start(ran: Ran) -> None:
    graph = agents.planner(ran)
    with pytest.raises(NoSession):
        graph.invoke(agents.asking(), {"configurable": {"thread_id": "t"}, "callbacks": [AuditHandler()]})
    assert list(ran) == []


def test_one_handler_serves_many_sessions(audit: Recording, ran: Ran) -> None:
    """`session_for` is asked with the metadata that the application gave the run."""
    lines = [agents.calls(("lookup_order", {"order_id": 42})), agents.says("Found.")]
    with (
        audit.log.session(user="alice", agent="planner") as alice,
        audit.log.session(user="carol", agent="planner") as carol,
    ):
        of = {"alice": alice, "carol": carol}
        find = lambda metadata: of[metadata["user_id"]]  # noqa: E731
        handler, gate = AuditHandler(session_for=find), AuditMiddleware(session_for=find)
        for user in of:
            graph = create_agent(agents.Scripted(lines=lines), [agents.tool(ran, "lookup_order")], middleware=[gate])
            graph.invoke(agents.asking(), {"callbacks": [handler], "metadata": {"user_id": user}})
    users = [each["user"]["id"] for each in tools_of(audit, "lookup_order")]
    assert users == ["alice", "alice", "carol", "carol"]


@pytest.mark.parametrize("hook", ["handler", "middleware"])
def test_scopes_that_a_tool_needs_are_checked(hook: str, audit: Recording, ran: Ran) -> None:
    needs = {"issue_refund": "refunds:write"}
    lines = [agents.calls(("issue_refund", agents.REFUND)), agents.says("Refunded.")]
    gates = [AuditMiddleware(requires=needs)] if hook == "middleware" else []
    handlers = [AuditHandler(requires=needs)] if hook == "handler" else []
    graph = create_agent(agents.Scripted(lines=lines), [agents.tool(ran, "issue_refund")], middleware=gates)
    with (
        audit.log.session(user="alice", agent="planner", scopes=["orders:read"], enforce=True),
        pytest.raises(ScopeDenied),
    ):
        graph.invoke(agents.asking(), {"callbacks": handlers})
    assert list(ran) == []
    assert [each["action"]["result_status"] for each in tools_of(audit, "issue_refund")] == ["pending", "denied"]
    assert tools_of(audit, "issue_refund")[0]["policy"]["decision"] == "deny"


def test_a_retriever_is_recorded_without_the_texts_it_found(audit: Recording) -> None:
    class Shelf(BaseRetriever):
        def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Document]:
            return [Document("a long text", id="d1", metadata={"source": "handbook.pdf"})]

    with audit.log.session(**WHO) as session:
        Shelf().invoke("refund policy", {"callbacks": [AuditHandler(session)]})
    (found,) = audit.of_type("retrieval")
    assert found["action"]["arguments"] == {"query": "refund policy"}
    assert found["action"]["result"] == [{"id": "d1", "source": "handbook.pdf"}]
    assert "a long text" not in json.dumps(audit.records)


# --- runs that end early ----------------------------------------------------------------------


def test_a_stream_that_nobody_reads_to_the_end_leaves_nothing_open(audit: Recording, ran: Ran) -> None:
    handler = None
    with audit.log.session(**WHO) as session:
        handler = AuditHandler(session)
        stream = agents.planner(ran).stream(
            agents.asking(), {"configurable": {"thread_id": "t"}, "callbacks": [handler]}, stream_mode="updates"
        )
        next(stream)
        stream.close()
    assert told(audit)[-1] == "planner lifecycle end success"
    assert handler._places == {}


def test_a_tool_whose_task_is_cancelled_has_an_outcome(audit: Recording, ran: Ran) -> None:
    """The framework tells nobody: the end of the run does."""
    began = asyncio.Event()

    async def wait_for_ever(order_id: int) -> str:
        """Wait."""
        ran("wait_for_ever")
        began.set()
        await asyncio.Event().wait()
        return "never"

    async def run(session: Session) -> None:
        lines = [agents.calls(("wait_for_ever", {"order_id": 42})), agents.says("Never.")]
        graph = create_agent(agents.Scripted(lines=lines), [wait_for_ever])
        task = asyncio.create_task(graph.ainvoke(agents.asking(), {"callbacks": [AuditHandler(session)]}))
        await asyncio.wait_for(began.wait(), 60)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with audit.log.session(**WHO) as session:
        asyncio.run(run(session))
    start, end = tools_of(audit, "wait_for_ever")
    assert start["span_id"] == end["span_id"]
    assert end["action"]["error"]["type"].endswith("CancelledError")


def test_the_examples_of_the_documentation_run(audit: Recording, ran: Ran) -> None:
    class Fresh:
        """A new agent for each run: scripts are used up."""

        graphs: dict[str, Any] = {}  # noqa: RUF012 - of this test alone

        def invoke(self, given: Any, config: Any) -> Any:
            thread = config.setdefault("configurable", {}).get("thread_id")
            config["configurable"].setdefault("thread_id", "t")
            graph = self.graphs.setdefault(thread, agents.planner(ran)) if thread else agents.planner(ran)
            return graph.invoke(given, config)

    with audit.log.session(**WHO) as session:
        names = {
            "log": audit.log,
            "graph": Fresh(),
            "question": agents.asking(),
            "create_agent": create_agent,
            "model": agents.Scripted(lines=[agents.calls(("lookup_order", {"order_id": 42})), agents.says("Found.")]),
            "tools": [agents.tool(ran, "lookup_order")],
            "sessions": {"r-1": session},
        }
        assert pages.run("langchain", names) == 4
    assert ran == ["lookup_order", "lookup_order", "issue_refund", "send_receipt", "lookup_order", "lookup_order"]
    given = [each["approval"].get("decided_by") for each in audit.of_type("approval")]
    assert given == [None, None, "bob@example.com", None]
