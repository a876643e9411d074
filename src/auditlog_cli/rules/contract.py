"""The field contract: every path a shipped pack may use (record.md; compliance.md, 2.1 and 2.3)."""

from __future__ import annotations

import re
from typing import Final

_MEMBERS: Final = {
    "": "timestamp record_id session_id trace_id span_id parent_span_id seq prev",
    "source": "host ip component",
    "user": "id type name email auth_method tenant",
    "agent": "id name version model provider owner auth_method",
    "authorization": "scopes session_type approved_by approved_at expires_at grant_id",
    "authorization.emergency": "active reason ticket",
    "action": "type tool arguments result_status result call_id error latency_ms resource effect phase sandboxed "
    "arguments_sha256 tool_sha256",
    "delegation_chain": "actor role type scopes delegated_at expires_at",
    "approval": "id status requested_at decided_at decided_by tool arguments_sha256",
    "prompt": "text sha256 system_sha256",
    "response": "text sha256",
    "usage": "input_tokens output_tokens cost_usd",
    "policy": "id version decision rules",
    "data": "subject_ids categories purpose basis special_basis recipient recipient_country transfer_basis "
    "records_count fields sources deidentified record_class patient_authorization",
    "decision": "effect outcome basis exception human_reviewer ground contest_info explanation_ref subject_informed",
    "incident": "id kind phase",
    "consent": "status",
    "review": "of grant_id outcome reason",
    "change": "ticket before_sha256 after_sha256",
    "memory": "owner source trust scope reviewed",
    "message": "id from to direction authenticated text",
    "disclosure": "ai_disclosed content_marked",
    "biometric": "started_at ended_at reference_db input_ref verifiers",
    "retention": "delete_after legal_hold",
    "metadata": "sandboxed",
    "provenance": "import ingest",
}
_FREE: Final = ("action.arguments", "action.result", "action.error")
"""Whatever stands below these is the application's own."""

_VIRTUAL: Final = """
@mapped @required_scopes @scope_ok @effect @external @untrusted_source @high_impact @requires_approval @categories
@entities @personal @phi @purpose_ok @agent_known @model_known @provider_known @recipient_ok @host_ok @tool_pin_ok
@approver_is_agent @grant_hours @approval_seconds @keep_days
"""
VIRTUAL: Final = frozenset(_VIRTUAL.split())
_CATEGORIES: Final = """
contact identity financial financial_record location health phi genetic biometric racial_ethnic political religious
trade_union sex_life criminal psychotherapy_notes sud confidential credentials audit_log
"""
CATEGORIES: Final = tuple(_CATEGORIES.split())
"""The values of `data.categories` that the packs know."""
EFFECTS: Final = ("read", "write", "delete", "execute", "send", "pay", "post", "configure", "decide")

CONTENT: Final = ("action.arguments", "action.result", "action.error", "prompt", "response", "message.text", "metadata")
"""What no message may quote (6.3)."""

PATHS: Final = frozenset(
    f"{block}.{name}" if block else name for block, names in _MEMBERS.items() for name in names.split()
) | frozenset(filter(None, _MEMBERS))
_INDEX = re.compile(r"\.\d+(?=\.|\Z)", re.ASCII)


def knows(path: str) -> bool:
    """Tell whether the field contract has `path`; list elements may be named by number."""
    if path.startswith("@"):
        return path in VIRTUAL
    return _INDEX.sub("", path) in PATHS or any(path.startswith(f"{free}.") for free in _FREE)


def is_content(path: str) -> bool:
    """Tell whether `path` leads to content, into it, or to a block that holds some.

    >>> is_content("action.arguments.iban"), is_content("action"), is_content("action.tool")
    (True, True, False)
    """
    return any(path == each or path.startswith(f"{each}.") or each.startswith(f"{path}.") for each in CONTENT)
