"""The audit function of the tutorials, `audit(event_type, payload)`, over a log that fails loudly."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Any, Self

from auditlog_cli.errors import UsageError
from auditlog_cli.writer import ids, masking, plain
from auditlog_cli.writer.log import AuditLog
from auditlog_cli.writer.receipt import Receipt
from auditlog_cli.writer.settings import Fsync, Redact, mask_of

# One e-mail address in a payload can be withheld later without the rest; when and what stays in the clear.
POLICY = {"base": "default/1", "plain": ["/ts", "/event_type"], "open": ["/payload"]}
Write = Callable[[dict[str, Any]], Receipt]


class Scope:
    """What is put into every payload for a while, and the span that the events of that while hang under.

    The first event of a scope is its head: it bears the scope's span, the later ones lie below it, and so
    does the head of a scope inside. So a tree can be drawn, and no event has a parent that is not in the log.
    """

    def __init__(self, owner: Audit, members: dict[str, Any], outer: Scope | None) -> None:
        self.owner = owner
        self.members = members
        self.outer = outer
        self.span_id = ids.span_id()
        self.headless = [self.span_id]  # emptied by the head: taking from a list is atomic among threads

    def place(self) -> dict[str, str]:
        """Return the span of an event that happens now, and that of its parent, if it has one."""
        try:
            span_id, above = self.headless.pop(), self.outer
        except IndexError:
            return {"span_id": ids.span_id(), "parent_span_id": self.span_id}
        while above is not None and above.headless:
            above = above.outer
        return {"span_id": span_id} if above is None else {"span_id": span_id, "parent_span_id": above.span_id}

    def is_within(self, other: Scope | None) -> bool:
        """Tell whether this is `other` or a scope inside it."""
        scope: Scope | None = self
        while scope is not None and scope is not other:
            scope = scope.outer
        return scope is other


_scope: ContextVar[Scope | None] = ContextVar("auditlog_scope", default=None)


class Audit:
    """The function `audit(event_type, payload)`. Comes from `audit_to`.

    Attributes:
        path: The file.
        sealed: Whether new lines are sealed.
    """

    def __init__(self, path: str, write: Write, close: Callable[[], None], *, sealed: bool) -> None:
        self.path = path
        self.sealed = sealed
        self._write = write
        self._close = close

    def __call__(self, event_type: str, payload: Mapping[str, Any] | None = None) -> Receipt:
        """Write one event.

        Args:
            event_type: Such as `tool_call`.
            payload: Its members. What `bind` and `request` put beside them never replaces one.

        Raises:
            AuditWriteError: If it could not be written: nothing is lost in silence.
        """
        return self._record(event_type, payload, None)

    def bind(self, **members: Any) -> BoundAudit:
        """Return an audit function that puts `members` into every payload.

        Call it directly (in a thread, say), or use it with `with`: then every `audit(…)` inside does so,
        in the tasks that are started there, too.

            with audit.bind(agent="researcher"):
                audit("tool_call", {"tool": "search", "query": "refund policy"})
        """
        return BoundAudit(self, Scope(self, members, self._here(None)))

    def request(self, request_id: str | None = None, **members: Any) -> BoundAudit:
        """Return `bind(request_id=…)`, with the correlation id that joins all requests of one task.

        That is `correlation_id`, if it is given or bound already; else the id of this, the outermost request.

        Args:
            request_id: Default: a new one.
            members: Further members, such as `agent`.
        """
        return _requested(self, self._here(None), request_id, members)

    def close(self) -> None:
        """Bring everything to the disk and let go of the file."""
        self._close()

    def _here(self, own: Scope | None) -> Scope | None:
        """The scope of the context if it is inside `own`, else `own`."""
        scope = _scope.get()
        return scope if scope is not None and scope.owner is self and scope.is_within(own) else own

    def _record(self, event_type: str, payload: Mapping[str, Any] | None, own: Scope | None) -> Receipt:
        if not isinstance(event_type, str) or not event_type:
            raise UsageError("event_type: a text such as tool_call", help='audit("tool_call", {"tool": "search"})')
        if payload is not None and not isinstance(payload, Mapping):
            raise UsageError("payload: a dictionary", help='audit("tool_call", {"tool": "search"})')
        made = dict(payload or {})
        scope = self._here(own)
        if scope is None:
            return self._write({"ts": time.time(), "event_type": event_type, "payload": made})
        place = scope.place()
        for name, value in {**_members(scope), **place}.items():
            made.setdefault(name, value)
        try:
            return self._write({"ts": time.time(), "event_type": event_type, "payload": made})
        except BaseException:
            if place["span_id"] == scope.span_id:
                scope.headless.append(scope.span_id)  # no head was written after all
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class BoundAudit:
    """An audit function with members of its own. Comes from `bind` and `request`."""

    def __init__(self, audit: Audit, scope: Scope) -> None:
        self._audit = audit
        self._scope = scope
        self._tokens: list[Token[Scope | None]] = []

    def __call__(self, event_type: str, payload: Mapping[str, Any] | None = None) -> Receipt:
        """Write one event. As `Audit.__call__`."""
        return self._audit._record(event_type, payload, self._scope)

    def bind(self, **members: Any) -> BoundAudit:
        """Return an audit function with `members` besides. As `Audit.bind`."""
        return BoundAudit(self._audit, Scope(self._audit, members, self._audit._here(self._scope)))

    def request(self, request_id: str | None = None, **members: Any) -> BoundAudit:
        """Return an audit function for a request inside this one. As `Audit.request`."""
        return _requested(self._audit, self._audit._here(self._scope), request_id, members)

    def __enter__(self) -> Self:
        self._tokens.append(_scope.set(self._scope))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            _scope.reset(self._tokens.pop())
        except ValueError:
            pass  # left in another context than it was entered in: that one is gone


def _members(scope: Scope) -> dict[str, Any]:
    outer = {} if scope.outer is None else _members(scope.outer)
    return {**outer, **scope.members}


def _requested(audit: Audit, outer: Scope | None, request_id: str | None, members: dict[str, Any]) -> BoundAudit:
    named = {"request_id": request_id or f"req_{ids.span_id()}", **members}
    bound = {} if outer is None else _members(outer)
    if "correlation_id" not in named and "correlation_id" not in bound:
        named["correlation_id"] = bound.get("request_id", named["request_id"])
    return BoundAudit(audit, Scope(audit, named, outer))


def audit_to(
    path: str | os.PathLike[str],
    *,
    fsync: Fsync = "interval",
    redact: Redact | str | os.PathLike[str] | Iterable[str] | None = None,
    lock_timeout_s: float = 10.0,
) -> Audit:
    """Return a function `audit(event_type, payload)` that writes `{"ts", "event_type", "payload"}` lines.

        audit = audit_to("audit-log.jsonl")
        audit("tool_call", {"tool": "get_account_balance", "account_id": "12345"})

    A new file becomes a sealed log. Its lines carry `ts`, `event_type` and `payload` as ever; the lines that
    the log writes about itself have an `auditlog` member and no `event_type`. A file of plain lines that is
    there already is continued as it is, not sealed, and a warning says so.

    Args:
        path: The file.
        fsync: As for `AuditLog`. A file that is not sealed is synced with `always` only.
        redact: What is masked before it is written, as for `AuditLog`: `["payload.email"]`.
        lock_timeout_s: How long to wait for another writer, seconds.

    Raises:
        AuditWriteError: If it cannot be opened, here; if an event cannot be written, at that call.
        UsageError: If the file holds one JSON array: a line at its end would make it unreadable for its readers.
    """
    name = os.path.realpath(path)
    kind = plain.kind(name)
    if kind == "array":
        raise UsageError(
            f"{name} holds a JSON array, not lines; nothing was written",
            help='begin a new file: audit_to("audit.jsonl")',
        )
    if kind == "plain":
        return _unsealed(name, fsync, redact, lock_timeout_s)
    if kind == "new":
        log = AuditLog(name, fsync=fsync, redact=redact, lock_timeout_s=lock_timeout_s, policy=POLICY)
    else:
        log = AuditLog(name, fsync=fsync, redact=redact, lock_timeout_s=lock_timeout_s)
    return Audit(name, log.append, log.close, sealed=True)


def _unsealed(
    name: str, fsync: Fsync, redact: Redact | str | os.PathLike[str] | Iterable[str] | None, lock_timeout_s: float
) -> Audit:
    mask = mask_of(redact)
    file = plain.PlainFile(name, lock_timeout_s)
    warnings.warn(
        f"{name} holds lines that are not sealed, so it is continued unsealed: changes to it cannot be detected; "
        "for a sealed log begin a new file",
        UserWarning,
        stacklevel=3,
    )

    def write(event: dict[str, Any]) -> Receipt:
        record = event if mask is None else masking.apply(mask, event)
        file.append(record, sync=fsync == "always")
        return Receipt("durable" if fsync == "always" else "written", None, None, "", name)

    return Audit(name, write, file.close, sealed=False)
