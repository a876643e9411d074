"""May this call be made? Scopes and approval are held against it; the session decides what follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from auditlog_cli.capture import approval as approvals
from auditlog_cli.capture import scopes as scope_rules
from auditlog_cli.capture.approval import Approval
from auditlog_cli.errors import Denied, ScopeDenied

if TYPE_CHECKING:
    from auditlog_cli.capture.session import Session
    from auditlog_cli.capture.toolcall import ToolCall


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found.

    Attributes:
        policies: `policy` blocks; those that deny come first.
        approval: What the call was held against, or None.
        refusal: What to raise where verdicts are enforced, or None.
    """

    policies: list[dict[str, Any]]
    approval: Approval | None
    refusal: Denied | None


def judge(call: ToolCall, session: Session, requires: tuple[str, ...]) -> Verdict:
    """Return the verdict on a call that `session` is about to make. Uses its approval up."""
    policies: list[dict[str, Any]] = []
    refusal: Denied | None = None
    if requires:
        missing = scope_rules.uncovered(session.identity.scopes or (), requires)
        rules = [f"requires:{scope}" for scope in requires]
        policies.append({"id": scope_rules.POLICY, "decision": "deny" if missing else "allow", "rules": rules})
        if missing:
            refusal = ScopeDenied(
                f"{call.name} did not run: agent {session.agent_id} lacks {', '.join(missing)}",
                help="scopes=[…] of the session or of the nested agent",
            )
    approval, objection = _approval(call, session.run.approvals)
    if approval is not None and objection is not None:
        policies.append(approvals.verdict(objection))
        refusal = refusal or approvals.refusal(call.name, objection)
    if refusal is not None and session.run.enforce and approval is not None and objection is None:
        session.run.approvals.append(approval)  # the call will not run: its approval is still unused
    policies.sort(key=lambda block: block["decision"] != "deny")
    return Verdict(policies, approval, refusal)


def _approval(call: ToolCall, waiting: list[Approval]) -> tuple[Approval | None, str | None]:
    """The approval of the call, and what is to be said against it."""
    given = call.approval
    if given is None:
        found = approvals.take(waiting, call.name, call.arguments_sha256)
        return found, None if found is None else found.objection(call.name, call.arguments_sha256)
    objection = given.objection(call.name, call.arguments_sha256)
    if objection is None:
        try:
            waiting.remove(given)
        except ValueError:
            objection = "used"
    return given, objection
