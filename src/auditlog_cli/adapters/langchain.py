"""LangChain and LangGraph: `AuditHandler`, a callback handler, and `AuditMiddleware` for `create_agent`.

    with log.session(user=…, agent="planner", scopes=[…]) as session:
        graph.invoke(question, {"callbacks": [AuditHandler(session)]})

The handler sees the whole run: request, models, tools, nested agents, interrupts, answer. The middleware gates models
and tools of the agent it is given to. Of a call that both see one pair of records is written. Both classes derive from
the framework's own, so they are made when they are first asked for; `FrameworkMissing` if it is not there.

Source: frameworks.md, 7.1. Parts: `_langchain_handler`, `_langchain_middleware`, `_langchain_approvals` (who
answered an interrupt), `_langchain_shapes` (what the framework's objects say).
"""

from __future__ import annotations

import re
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from auditlog_cli.adapters import derived, missing

VERSIONS = "langchain>=1.3 langchain-core>=1.4 langgraph>=1.2.6"
"""Older ones do not tell handlers which agent and which call of a tool a run belongs to."""


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
        FrameworkMissing: If langchain-core is not installed, or a package of LangChain's is too old.
    """
    _check()
    try:
        from langgraph.callbacks import GraphCallbackHandler as Base
    except ImportError:  # without LangGraph there are no interrupts
        try:
            from langchain_core.callbacks import BaseCallbackHandler as Base
        except ImportError as error:
            raise missing("LangChain", VERSIONS, error) from error
    from auditlog_cli.adapters._langchain_handler import Recorder

    return derived("AuditHandler", Recorder, Base, __name__)


@cache
def _middleware() -> type:
    """Return `AuditMiddleware`.

    Raises:
        FrameworkMissing: If langchain is not installed, or a package of LangChain's is too old.
    """
    _check()
    try:
        from langchain.agents.middleware import AgentMiddleware
    except ImportError as error:
        raise missing("LangChain", VERSIONS, error) from error
    from auditlog_cli.adapters._langchain_middleware import Gate

    return derived("AuditMiddleware", Gate, AgentMiddleware, __name__)


def _check() -> None:
    """Refuse packages that are too old; those that are not installed are for the imports to miss."""
    for each in VERSIONS.split():
        name, _, least = each.partition(">=")
        try:
            found = version(name)
        except PackageNotFoundError:
            continue
        if _numbers(found) < _numbers(least):
            raise missing("LangChain", VERSIONS, ImportError(f"{name} {found} is older than {least}"))


def _numbers(text: str) -> tuple[int, ...]:
    """Return the release of a version: its first three numbers (PEP 440)."""
    return tuple(int(each) for each in re.findall(r"\d+", text)[:3])
