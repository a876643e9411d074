"""Log records of ours that come back; and those that only say that they are ours."""

from __future__ import annotations

from typing import Any

import pytest

from auditlog_cli.exporters.otlp_logs import event
from auditlog_cli.importers._returned import is_ours

BODIES: list[dict[str, Any]] = [
    {"action": {"type": "tool_invocation"}},
    {"action": {"type": ""}},
    {"action": {"type": 5}},
    {"action": "x"},
    {},
    {"auditlog": {"type": "genesis"}},
    {"auditlog": {}},
    {"auditlog": "x", "action": {"type": "message"}},
]


@pytest.mark.parametrize("body", BODIES)
def test_the_event_tells_what_the_export_wrote(body: dict[str, Any]) -> None:
    assert is_ours("auditlog", f"auditlog.{event(body)}", body)


@pytest.mark.parametrize("body", [{"user": "alice"}, {"action": {"type": "message"}}, "tool_call", None])
def test_a_name_alone_makes_no_record_of_ours(body: object) -> None:
    """Somebody's scope is called `auditlog`, too; its log records are read as those of anybody."""
    assert not is_ours("auditlog", "auditlog.tool_call", body)
    assert not is_ours("shop", "auditlog.record", {})
