"""An adapter can be imported without its framework, and says what to install."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest

from auditlog_cli.adapters import FrameworkMissing

ADAPTERS = [
    ("openai_agents", "AuditRunHooks", ("agents",), "openai-agents"),
    ("pydantic_ai", "Audit", ("pydantic_ai", "pydantic_ai.capabilities"), "pydantic-ai-slim"),
    ("google_adk", "AuditPlugin", ("google.adk", "google.adk.plugins", "google.adk.plugins.base_plugin"), "google-adk"),
]


@pytest.mark.parametrize(("adapter", "name", "modules", "package"), ADAPTERS)
def test_a_missing_framework_is_named(
    adapter: str, name: str, modules: tuple[str, ...], package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in modules:
        monkeypatch.setitem(sys.modules, module, None)
    made = import_module(f"auditlog_cli.adapters.{adapter}")
    with pytest.raises(FrameworkMissing) as caught:
        getattr(made, name)
    assert package in (caught.value.help or "")
    with pytest.raises(AttributeError):
        made.no_such_thing


USED = [
    ("agent_framework", lambda made: made.Audit().middleware(), "agent_framework", "agent-framework-core"),
    ("agent_framework", lambda made: made.AgentFrameworkAuditFailure, "agent_framework", "agent-framework-core"),
    ("ag2", lambda made: made.Audit().middleware("clerk"), "ag2.testing", "ag2"),
    ("autogen_classic", lambda made: made.Audit().agent(None), "autogen", "pyautogen"),
    ("autogen", lambda made: made.Audit().agent(None), "autogen_agentchat.agents", "autogen-agentchat"),
]


@pytest.mark.parametrize(("adapter", "use", "module", "package"), USED)
def test_a_missing_framework_is_named_when_it_is_used(
    adapter: str, use: Callable[[Any], Any], module: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(FrameworkMissing) as caught:
        use(import_module(f"auditlog_cli.adapters.{adapter}"))
    assert package in (caught.value.help or "")
