"""Virtual fields and scopes (compliance.md, 2.3 and 2.4)."""

from __future__ import annotations

from typing import Any

import pytest

from auditlog_cli.fields import MISSING
from auditlog_cli.rules.contract import VIRTUAL
from auditlog_cli.rules.reading import Reading
from auditlog_cli.rules.scopes import Scopes
from auditlog_cli.rules.site import Site
from auditlog_cli.rules.sitefacts import EMPTY, Agent, Policy, Tool
from auditlog_cli.rules.values import UNKNOWN
from auditlog_cli.rules.virtual import FIELDS

HOLE = {"_redacted": "00"}
SITE = Policy(
    tools=(
        Tool("crm.read", ("crm:read",), "read", ("contact",), external=True),
        Tool("crm.*", ("crm:write",), "write", ("Health",), purposes=("care",)),
        Tool("free.*"),
    ),
    agents=(Agent("agent:a*"),), hosts=("*.good.example", "api.example"), purposes={"contact": ("billing",), "health": ("treatment",)},
    pinned={"crm.read": "sha256:aa"},
)  # fmt: skip


def value(path: str, content: dict[str, Any], site: Policy = SITE) -> Any:
    return Reading(content, Site(site), None).get(path)


def tool(name: Any, **more: Any) -> dict[str, Any]:
    return {"action": {"tool": name}} | more


def test_every_virtual_field_of_the_contract_is_there() -> None:
    assert set(FIELDS) == VIRTUAL


CASES: list[tuple[str, dict[str, Any], Any]] = [
    ("@mapped", tool("crm.read"), True), ("@mapped", tool("other"), False), ("@mapped", {}, MISSING), ("@mapped", tool(HOLE), UNKNOWN),
    ("@external", tool("crm.read"), True), ("@external", tool("crm.x"), False), ("@external", tool("other"), MISSING),
    ("@required_scopes", tool("crm.read"), ["crm:read"]), ("@required_scopes", tool("free.x"), MISSING),
    ("@scope_ok", tool("crm.read", authorization={"scopes": ["crm:*"]}), True), ("@scope_ok", tool("crm.read"), False),
    ("@scope_ok", tool("free.x"), MISSING), ("@scope_ok", tool("crm.read", authorization={"scopes": HOLE}), UNKNOWN),
    ("@scope_ok", tool("crm.read", authorization={"scopes": ["crm:read", HOLE]}), True),
    ("@scope_ok", tool("crm.read", authorization={"scopes": ["x:y", HOLE]}), UNKNOWN),
    ("@effect", {"action": {"tool": "crm.read", "effect": "send"}}, "send"), ("@effect", tool("crm.read"), "read"),
    ("@effect", tool("other"), MISSING), ("@effect", {"action": HOLE}, UNKNOWN),
    ("@categories", tool("crm.read", data={"categories": ["phi"]}), ["contact", "phi"]), ("@categories", tool("other"), MISSING),
    ("@categories", tool("crm.read", data=HOLE), ["contact", UNKNOWN]),
    ("@phi", tool("crm.x"), True), ("@phi", tool("crm.read"), False), ("@phi", tool("crm.read", data=HOLE), UNKNOWN),
    ("@purpose_ok", tool("crm.read", data={"purpose": "Billing"}), True), ("@purpose_ok", tool("crm.read", data={"purpose": "ads"}), False),
    ("@purpose_ok", tool("crm.x", data={"purpose": "care"}), True), ("@purpose_ok", tool("crm.read"), MISSING),
    ("@purpose_ok", tool("crm.read", data={"purpose": "billing", "categories": ["health"]}), False),
    ("@purpose_ok", tool("other", data={"purpose": "x"}), MISSING), ("@purpose_ok", tool("crm.read", data={"purpose": HOLE}), UNKNOWN),
    ("@agent_known", {"agent": {"id": "AGENT:A1"}}, True), ("@agent_known", {"agent": {"id": "b"}}, False),
    ("@agent_known", {}, MISSING), ("@model_known", {"agent": {"model": "m"}}, MISSING), ("@agent_known", {"agent": {"id": HOLE}}, UNKNOWN),
    ("@host_ok", tool("x", action={"arguments": {"url": "https://a.good.example:8443/x"}}), True),
    ("@host_ok", tool("x", action={"arguments": {"url": "https://bad.example\\@api.example/"}}), False),
    ("@host_ok", tool("x", action={"arguments": {"url": "https://user@bad.example/"}}), False),
    ("@host_ok", tool("x", action={"arguments": {"url": "http://[::1"}}), False),
    ("@host_ok", tool("x", action={"arguments": {"url": "no url"}}), MISSING),
    ("@tool_pin_ok", {"action": {"tool": "crm.read", "tool_sha256": "sha256:aa"}}, True), ("@tool_pin_ok", tool("crm.read"), False),
    ("@tool_pin_ok", tool("other"), MISSING), ("@tool_pin_ok", {"action": {"tool": "crm.read", "tool_sha256": HOLE}}, UNKNOWN),
    ("@grant_hours", {"timestamp": "2026-01-01T00:00:00Z", "authorization": {"expires_at": "2026-01-01T12:00:00Z"}}, 12.0),
    ("@grant_hours", {"timestamp": "2026-01-01T00:00:00Z", "authorization": {"approved_at": "2026-01-01T06:00:00Z", "expires_at": "2026-01-01T12:00:00Z"}}, 6.0),
    ("@approval_seconds", {"approval": {"requested_at": "2026-01-01T00:00:00Z", "decided_at": "2026-01-01T00:00:01.5Z"}}, 1.5),
    ("@approval_seconds", {"approval": {"requested_at": HOLE, "decided_at": "2026-01-01T00:00:01Z"}}, UNKNOWN),
    ("@keep_days", {"timestamp": "2026-01-01T00:00:00Z", "retention": {"delete_after": "2026-01-31T00:00:00Z"}}, 30.0),
    ("@keep_days", {"timestamp": "2026-01-01T00:00:00Z"}, MISSING),
    ("@personal", {"data": {"subject_ids": ["p1"]}}, True), ("@personal", {"data": {"categories": ["audit_log"]}}, UNKNOWN),
    ("@entities", {}, UNKNOWN),
]  # fmt: skip


@pytest.mark.parametrize(("path", "content", "expected"), CASES)
def test_a_virtual_field_has_its_value(path: str, content: dict[str, Any], expected: Any) -> None:
    found = value(path, content)
    assert found is expected or found == expected


def approver(name: Any, *links: dict[str, Any], agent: Any = "care") -> Any:
    return value(
        "@approver_is_agent",
        {"authorization": {"approved_by": name}, "agent": {"id": agent}, "delegation_chain": list(links)},
    )


def test_an_approver_is_an_agent_by_prefix_id_or_chain() -> None:
    assert approver("agent:x") is True and approver("service:x") is True
    assert approver("user:care") is True, "one prefix is ignored"
    assert approver("ann") is False
    assert approver("ann", {"actor": "ann", "type": "agent"}) is True
    assert approver("ann", {"actor": "ann", "type": "human", "role": "executor"}) is False, "the type decides"
    assert approver("ann", {"actor": "ann", "role": "executor"}) is True
    assert approver("bot", {"actor": "agent:bot"}) is True
    assert approver(HOLE) is UNKNOWN and approver("unknown") is MISSING
    assert approver("ann", {"actor": HOLE}) is UNKNOWN and approver("ann", agent=HOLE) is UNKNOWN


class Hits:
    def __init__(self, *names: str) -> None:
        self.found = [type("Hit", (), {"entity": name})() for name in names]

    def __call__(self, content: dict[str, Any]) -> list[Any]:
        return self.found


@pytest.mark.parametrize(
    ("names", "personal", "listed"),
    [
        ((), False, MISSING), (("EMAIL_ADDRESS",), True, ["EMAIL_ADDRESS"]), (("SECRET_AWS",), False, ["SECRET", "SECRET_AWS"]),
        (("CARD_CVV", "CARD_PIN", "CARD_TRACK"), False, ["CARD_CVV", "CARD_PIN", "CARD_TRACK"]),
        (("CREDIT_CARD", "CARD_CVV"), True, ["CARD_CVV", "CREDIT_CARD"]),
    ],
)  # fmt: skip
def test_what_is_detected_is_personal_or_not(names: tuple[str, ...], personal: bool, listed: Any) -> None:
    reading = Reading({}, Site(EMPTY), Hits(*names))
    assert reading.get("@personal") is personal
    assert reading.get("@entities") == listed


@pytest.mark.parametrize(
    ("granted", "needed", "covered"),
    [
        ("crm:read", "crm:read", True), ("crm:read", "CRM:read", False), ("crm:*", "crm:read", True), ("crm:*", "crm:a:read", False),
        ("crm:**", "crm:a:read", True), ("crm:**", "crm:read", True), ("crm:**", "crm", False), ("**", "x", True), ("*", "x:y", False),
        ("*:read", "crm:read", True), ("crm:write", "crm:read", False), ("Mail.Read", "mail:read", True),
    ],
)  # fmt: skip
def test_a_scope_covers_another(granted: str, needed: str, covered: bool) -> None:
    assert Scopes(aliases={"Mail.Read": "mail:read"}).cover([granted], [needed]) is covered


def test_a_verb_implies_what_the_policy_says_and_what_follows_from_it() -> None:
    scopes = Scopes({"admin": ("write",), "write": ("read",), "read": ("admin",)})
    assert scopes.cover(["crm:admin"], ["crm:read", "crm:write"])
    assert not scopes.cover(["crm:admin"], ["erp:read"])
    assert Scopes().cover([], []) and not Scopes().cover([1, None, {}], ["a"])
