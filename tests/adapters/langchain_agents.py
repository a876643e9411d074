"""Scripted agents of the real framework for test_langchain.py: no network, no account."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

pytest.importorskip("langgraph", reason="LangGraph is not installed: make test-frameworks FRAMEWORKS=langchain")

from langchain.agents import create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.tools import BaseTool, StructuredTool, ToolException
from langgraph.checkpoint.memory import InMemorySaver

from tests.adapters.contract import QUESTION, Ran

USAGE = {"input_tokens": 12, "output_tokens": 5, "total_tokens": 17}


def says(text: str) -> AIMessage:
    return AIMessage(content=text, usage_metadata=USAGE)  # type: ignore[arg-type]


def calls(*tools: tuple[str, dict[str, Any]], ids: Sequence[str] = ()) -> AIMessage:
    names = ids or [f"call_{name}" for name, _ in tools]
    asked = [
        {"name": name, "args": args, "id": call_id, "type": "tool_call"}
        for (name, args), call_id in zip(tools, names, strict=True)
    ]
    return AIMessage(content="", tool_calls=asked, usage_metadata=USAGE)  # type: ignore[arg-type]


class Scripted(BaseChatModel):
    """Answers with its lines, one after the other; streams them in two pieces."""

    lines: list[Any]
    at: int = 0
    model_name: str = "scripted-1"

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def _get_ls_params(self, stop: Any = None, **kwargs: Any) -> Any:
        return {"ls_provider": "nobody", "ls_model_name": self.model_name, "ls_model_type": "chat"}

    def bind_tools(self, tools: Any, **kwargs: Any) -> Any:
        return self

    def _next(self) -> AIMessage:
        line = self.lines[self.at]
        self.at += 1
        if isinstance(line, Exception):
            raise line
        return line.model_copy(deep=True)  # type: ignore[no-any-return]

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: Any = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self._next())])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: Any = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        whole = self._next()
        text = str(whole.content)
        for piece in (text[:3], text[3:]):
            chunk = ChatGenerationChunk(message=AIMessageChunk(content=piece))
            if run_manager is not None:
                run_manager.on_llm_new_token(piece, chunk=chunk)
            yield chunk
        last = AIMessageChunk(content="", tool_calls=whole.tool_calls, usage_metadata=whole.usage_metadata)
        yield ChatGenerationChunk(message=last)


def tool(ran: Ran, name: str, result: Any = "done", error: Exception | None = None, seen: Any = None) -> BaseTool:
    """A tool for both worlds; its body says that it ran."""

    def body(order_id: int, amount: float = 0.0) -> Any:
        """Do it."""
        ran(name)
        if seen is not None:
            seen()
        if error is not None:
            raise error
        return result

    async def task(order_id: int, amount: float = 0.0) -> Any:
        return body(order_id, amount)

    return StructuredTool.from_function(body, task, name=name, description=name, handle_tool_error=True)


def delegate(name: str, agent: Any) -> BaseTool:
    """A tool that hands a task to another agent. Its body runs again on resume, in the same call."""

    def body(task: str) -> str:
        """Delegate."""
        return str(agent.invoke({"messages": [{"role": "user", "content": task}]})["messages"][-1].content)

    async def task(task: str) -> str:
        done = await agent.ainvoke({"messages": [{"role": "user", "content": task}]})
        return str(done["messages"][-1].content)

    return StructuredTool.from_function(body, task, name=name, description=name)


REFUND = {"order_id": 42, "amount": 19.5}


def planner(ran: Ran, *, middleware: Any = lambda: ()) -> Any:
    """The scenario of the captures: lookup_order → refunder → issue_refund behind an approval → a failing tool → answer.

    Args:
        middleware: Makes the middleware of an agent.
    """
    gate = HumanInTheLoopMiddleware(interrupt_on={"issue_refund": True})
    refunder = create_agent(
        Scripted(lines=[calls(("issue_refund", REFUND)), says("Refunded.")]),
        [tool(ran, "issue_refund", "refunded 19.5 for 42")],
        name="refunder",
        middleware=[gate, *middleware()],
    )
    lines = [
        calls(("lookup_order", {"order_id": 42})),
        calls(("ask_refunder", {"task": "refund order 42"})),
        calls(("send_receipt", {"order_id": 42})),
        says("Done: 19.50 was refunded; the receipt could not be sent."),
    ]
    return create_agent(
        Scripted(lines=lines),
        [
            tool(ran, "lookup_order", "shipped"),
            delegate("ask_refunder", refunder),
            tool(ran, "send_receipt", error=ToolException("no mail server")),
        ],
        name="planner",
        system_prompt="You refund orders.",
        middleware=list(middleware()),
        checkpointer=InMemorySaver(),
    )


async def work_async(graph: Any, mode: str, given: Any, config: Any) -> Any:
    """`work` in a running loop."""
    if mode == "async":
        return await graph.ainvoke(given, config)
    return [each async for each in graph.astream(given, config, stream_mode=["updates", "messages"])]


def work(graph: Any, mode: str, given: Any, config: Any) -> Any:
    """Let a graph do its work in one of four ways."""
    import asyncio

    if mode == "sync":
        return graph.invoke(given, config)
    if mode == "stream":
        return list(graph.stream(given, config, stream_mode=["updates", "messages"]))
    return asyncio.run(work_async(graph, mode, given, config))


def asking(text: str = QUESTION) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text}]}
