"""An approval: asked for, answered, and bound to exactly the call that was approved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from auditlog_cli import times
from auditlog_cli.errors import ApprovalMismatch, UsageError
from auditlog_cli.writer import ids

POLICY = "auditlog.approval"


class Approval:
    """A question put to a person. Comes from `Session.ask_approval` or `ToolCall.ask_approval`.

    Its answer is `granted(…)` or `denied(…)`. The next call of the same tool with the same arguments uses it:
    one approval is good for one call.

    Attributes:
        id: Of the approval, in each of its records.
        status: `pending`, `approved` or `denied`.
        tool, arguments_sha256: What it is bound to.
    """

    def __init__(
        self,
        write: Callable[[Approval, str, dict[str, Any]], object],
        tool: str,
        arguments_sha256: str,
        told: dict[str, Any],
    ) -> None:
        self.id = ids.record_id()
        self.status = "pending"
        self.tool = tool
        self.arguments_sha256 = arguments_sha256
        self._write = write
        self._asked = told
        self._members: dict[str, Any] = {
            "id": self.id,
            "status": self.status,
            "requested_at": times.now(),
            "tool": tool,
            "arguments_sha256": arguments_sha256,
        }
        write(self, "pending", told)

    @property
    def members(self) -> dict[str, Any]:
        """The `approval` block as it stands now."""
        return dict(self._members)

    def granted(
        self, *, by: str | None, via: str | None = None, reason: str | None = None, ticket: str | None = None
    ) -> Approval:
        """Record that it was approved.

        Args:
            by: Who said yes. None, written out: nobody knows who.
            via: Where the answer came from, such as `slack`.
            reason, ticket: What was said with it.

        Raises:
            AuditWriteError: If that cannot be written; the approval is then not given.
            UsageError: If it was answered before.
        """
        return self._answer("approved", by, {"via": via, "reason": reason, "ticket": ticket})

    def denied(
        self, *, by: str | None, reason: str | None = None, via: str | None = None, ticket: str | None = None
    ) -> Approval:
        """Record that it was denied. Arguments and errors as for `granted`."""
        return self._answer("denied", by, {"via": via, "reason": reason, "ticket": ticket})

    def _answer(self, status: str, by: str | None, told: dict[str, Any]) -> Approval:
        if self.status != "pending":
            raise UsageError(
                "this approval was answered before: ask again for another one",
                help="s.ask_approval(tool, arguments) for each call that is to be approved",
            )
        if by is not None and (not isinstance(by, str) or not by.strip()):
            raise UsageError("by: who answered, as text; by=None if nobody knows", help='by="bob@example.org"')
        before = self._members
        self._members = {**before, "status": status, "decided_at": times.now()}
        if by is not None:
            self._members["decided_by"] = by
        try:
            self._write(self, "success" if status == "approved" else "denied", {**self._asked, **_said(told)})
        except BaseException:
            self._members = before
            raise
        self.status = status
        return self

    def objection(self, tool: str, arguments_sha256: str) -> str | None:
        """Return why this approval does not allow the call, in one word, or None if it does."""
        if self.tool != tool:
            return "tool"
        if self.arguments_sha256 != arguments_sha256:
            return "arguments"
        return None if self.status == "approved" else self.status


def _said(told: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if value is not None}


def take(approvals: list[Approval], tool: str, arguments_sha256: str) -> Approval | None:
    """Return the approval that a call is to be held against, and use it up; None if none is about it.

    The newest one with the same arguments, whatever its answer. Else one that was granted for the same tool
    with other arguments and not used: that stays, for the call it was meant for may still come.
    """
    other: Approval | None = None
    for each in reversed(list(approvals)):
        if each.tool != tool:
            continue
        if each.arguments_sha256 == arguments_sha256:
            try:
                if each.status == "approved":  # a denial goes on denying
                    approvals.remove(each)
            except ValueError:
                continue  # another thread used it in this very moment
            return each
        if each.status == "approved" and other is None:
            other = each
    return other


def verdict(objection: str) -> dict[str, Any]:
    """Return the `policy` block for a call that its approval does not allow."""
    return {"id": POLICY, "decision": "deny", "rules": [f"approval:{objection}"]}


def refusal(tool: str, objection: str) -> ApprovalMismatch:
    """Return the error for a call that its approval does not allow."""
    why = {
        "tool": "the approval given is for another tool",
        "arguments": "its arguments are not the ones that were approved",
        "pending": "its approval has not been answered",
        "denied": "its approval was denied",
        "used": "its approval was used by an earlier call",
    }[objection]
    return ApprovalMismatch(f"{tool} did not run: {why}", help="ask for approval of exactly this call")
