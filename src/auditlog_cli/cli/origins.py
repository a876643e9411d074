"""The options of `auditlog import`: what is read as what, what the source does not say. `options` names them."""

from __future__ import annotations

from typing import Annotated

import typer

_SAID = "What the source does not say"
ImportSources = Annotated[
    list[str] | None,
    typer.Argument(metavar="SRC...", help="Files, folders, globs, - for standard input; .gz and .zst too."),
]
ImportFrom = Annotated[
    str | None,
    typer.Option(
        "--from", metavar="FORMAT", help="Take every file for this format; default: told from the file. `?` lists them."
    ),
]
ImportLog = Annotated[
    str | None,
    typer.Option("--output", "-o", metavar="LOG", help="The log to write to, sealed; default: JSON lines to stdout."),
]
ImportUser = Annotated[
    str | None, typer.Option("--user", "-u", metavar="ID", help="user.id, where none is said.", rich_help_panel=_SAID)
]
ImportAgent = Annotated[
    str | None, typer.Option("--agent", "-a", metavar="ID", help="agent.id, likewise.", rich_help_panel=_SAID)
]
ImportSession = Annotated[
    str | None, typer.Option("--session", "-s", metavar="ID", help="session_id, likewise.", rich_help_panel=_SAID)
]
ImportScopes = Annotated[
    list[str] | None,
    typer.Option(
        "--scopes", metavar="SCOPE", help="authorization.scopes; repeatable, or with commas.", rich_help_panel=_SAID
    ),
]
ImportApprover = Annotated[
    str | None,
    typer.Option(
        "--approved-by", metavar="ID", help="Who approved the session; with --approved-at.", rich_help_panel=_SAID
    ),
]
ImportApproved = Annotated[
    str | None, typer.Option("--approved-at", metavar="TIME", help="When: RFC 3339.", rich_help_panel=_SAID)
]
ImportMap = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="MEMBER=PLACE",
        help="user.id=extra.metadata.user_id: take it from there, in provenance.import.rest; repeatable.",
        rich_help_panel=_SAID,
    ),
]
ImportZone = Annotated[
    str | None,
    typer.Option("--tz", metavar="+HH:MM", help="The zone of local times without one.", rich_help_panel=_SAID),
]
ImportAll = Annotated[bool, typer.Option("--all", help="Keep structural units, too, as records of type `span`.")]
ImportAgain = Annotated[bool, typer.Option("--again", help="Write units that the log holds already once more.")]
