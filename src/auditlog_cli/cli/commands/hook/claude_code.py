"""`auditlog hook claude-code`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def claude_code(
    log: o.HookLog = None,
    user: o.HookUser = None,
    user_from: o.HookUserFrom = None,
    agent: o.HookAgent = "claude-code",
    scopes: o.HookScopes = None,
    redact: o.HookRedact = None,
    print_settings: o.PrintSettings = False,
) -> int:
    """Record one event of Claude Code, which calls this as a command hook and hands the event to standard input.

    What cannot be recorded does not happen: before an act, any failure is exit code 2 and one line on standard error,
    which blocks the act. After an act it is exit code 0 and a word to Claude Code that ends the run. Other exit codes
    there are none, for Claude Code ignores them.

    Examples:
      auditlog hook claude-code --log ~/audit/claude.jsonl --user ann@example.com --print-settings
      auditlog hook claude-code --log ~/audit/claude.jsonl --user ann@example.com < event.json
    """
    from auditlog_cli.cli import claude

    said = claude.Said(log, user, user_from, agent, scopes, redact)
    if print_settings:
        return claude.print_settings(said)
    return claude.answer(said)
