"""LangChain and LangGraph: `AuditHandler`, a callback handler, and `AuditMiddleware` for `create_agent`.

    with log.session(user=…, agent="planner", scopes=[…]) as session:
        graph.invoke(question, {"callbacks": [AuditHandler(session)]})

The handler sees the whole run: request, models, tools, nested agents, interrupts, answer. The middleware gates models
and tools of the agent it is given to. Of a call that both see one pair of records is written. Both classes derive from
the framework's own, so they are made when they are first asked for; `FrameworkMissing` if it is not there.

Source: frameworks.md, 7.1. Parts: `langchain_handler`, `langchain_middleware`, `langchain_approvals` (who answered an
interrupt), `langchain_shapes` (what the framework's objects say).
"""

from __future__ import annotations

from functools import cache
from typing import Any

from auditlog_cli.adapters import missing

VERSIONS = "langchain>=1 langgraph>=1"


def __getattr__(name: str) -> Any:
    if name == "AuditHandler":
        return _handler()
    if name == "AuditMiddleware":
        return _middleware()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@cache
def _handler() -> type:
    """Return `AuditHandler`.

    Raises:
        FrameworkMissing: If langchain-core is not installed.
    """
    try:
        from langgraph.callbacks import GraphCallbackHandler as Base
    except ImportError:  # langgraph before 1.2, or none: interrupts are told by errors all the same
        try:
            from langchain_core.callbacks import BaseCallbackHandler as Base
        except ImportError as error:
            raise missing("LangChain", VERSIONS, error) from error
    from auditlog_cli.adapters.langchain_handler import Recorder

    return type("AuditHandler", (Recorder, Base), {"__module__": __name__, "__doc__": Recorder.__doc__})


@cache
def _middleware() -> type:
    """Return `AuditMiddleware`.

    Raises:
        FrameworkMissing: If langchain is not installed, or older than 1.
    """
    try:
        from langchain.agents.middleware import AgentMiddleware
    except ImportError as error:
        raise missing("LangChain", VERSIONS, error) from error
    from auditlog_cli.adapters.langchain_middleware import Gate

    return type("AuditMiddleware", (Gate, AgentMiddleware), {"__module__": __name__, "__doc__": Gate.__doc__})
