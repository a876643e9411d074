"""What Claude Code calls things, for whoever makes records of its own (the adapter of its hooks needs no more)."""

from __future__ import annotations

from auditlog_cli.importers._drafts import Content

FAMILY = "claude-code"
"""Of its ids (frameworks.md, 9.2)."""
DELEGATES = ("Agent", "Task")
"""Tools that begin a sub-agent."""
POLICY = "claude-code.permissions"


def permission(allowed: bool, source: str) -> Content:
    """Return the policy block of a permission that a rule gave or refused."""
    return {"id": POLICY, "decision": "allow" if allowed else "deny"} | ({"rules": [source]} if source else {})
