"""`auditlog mcp-proxy`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def mcp_proxy(
    command: o.ProxyCommand,
    log: o.ProxyLog,
    user: o.ProxyUser,
    agent: o.ProxyAgent = None,
    scopes: o.ProxyScopes = None,
    quiet: o.Quiet = False,
) -> int:
    """Stand between an MCP client and a server on standard input and output, and record every call of a tool.

    In the client's configuration, put it in front of the command that starts the server; neither is changed. Lines pass
    as they are. A call is on the disk before the server gets it; one that cannot be recorded does not get there: the
    client is told (-32603, "audit log not writable"), then and for every later call. A result that cannot be recorded
    is replaced by the same error. Elicitations are recorded as approvals.

    The exit code is that of the server (128 and the number of a signal that ended it), or 5 if the log failed.

    Examples:
      auditlog mcp-proxy --log audit.jsonl --user ann@example.com -- npx -y @example/orders-server
      auditlog mcp-proxy --log audit.jsonl --user ann@example.com --agent planner --scopes orders:read -- orders-server
    """
    from auditlog_cli.capture.log import AuditLog
    from auditlog_cli.cli import proxying, show
    from auditlog_cli.errors import UsageError
    from auditlog_cli.mcp.conversation import Conversation

    if not user.strip():
        raise UsageError("--user: who asked is not said", help="the id of a person or service, such as ann@example.com")
    with AuditLog(log) as audit:
        conversation = Conversation(proxying.opener(audit, command, user, agent, scopes))
        return proxying.run(conversation, command, show.Notices(quiet=quiet))
