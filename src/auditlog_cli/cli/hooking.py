"""The options of `auditlog hook`: whose acts are recorded, where, and in which settings. `options` names them."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

_WHO = "Who acts"
_WHERE = "Which settings"
HookLog = Annotated[
    str | None, typer.Option("--log", "-l", metavar="LOG", help="The log to write to; default: $AUDITLOG_LOG.")
]
HookUser = Annotated[
    str | None,
    typer.Option(
        "--user", "-u", metavar="ID", help="For whom Claude Code works; default: $AUDITLOG_USER.", rich_help_panel=_WHO
    ),
]
HookUserFrom = Annotated[
    Literal["os", "git"] | None,
    typer.Option(
        "--user-from",
        help="Where else to take the user from: the account's name, or git's user.email. The record says which "
        "(user.auth_method).",
        rich_help_panel=_WHO,
    ),
]
HookAgent = Annotated[str, typer.Option("--agent", "-a", metavar="ID", help="agent.id.", rich_help_panel=_WHO)]
HookScopes = Annotated[
    list[str] | None,
    typer.Option("--scopes", metavar="SCOPE", help="What it may do; repeatable, or with commas.", rich_help_panel=_WHO),
]
HookRedact = Annotated[
    str | None,
    typer.Option(
        "--redact",
        metavar="PROFILE",
        help="Mask before writing: a redaction profile (.yaml), or dotted paths with commas.",
    ),
]
PrintSettings = Annotated[
    bool, typer.Option("--print-settings", help="Print what belongs into settings.json, and read no event.")
]
SettingsFile = Annotated[
    str | None,
    typer.Option("--settings", metavar="FILE", help="The settings file; wins over --place.", rich_help_panel=_WHERE),
]
SettingsPlace = Annotated[
    Literal["user", "project", "local"],
    typer.Option(
        "--place",
        help="~/.claude/settings.json; .claude/settings.json of this folder, for all who work in it; "
        ".claude/settings.local.json, for you alone.",
        rich_help_panel=_WHERE,
    ),
]
HookDryRun = Annotated[
    bool, typer.Option("--dry-run", "-n", help="Only say what would change.", rich_help_panel=_WHERE)
]
