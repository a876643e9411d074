"""The options about keys and earlier heads: whom is trusted, and for what. `options` names them, too."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

PANEL = "Whom is trusted"
Vkey = Annotated[
    str | None,
    typer.Option("--vkey", metavar="FILE", help="A C2SP verifier key instead.", rich_help_panel=PANEL),
]
At = Annotated[
    str | None,
    typer.Option(
        "--at",
        metavar="TIME",
        help="Keys must be valid at TIME; default: when each record was made.",
        rich_help_panel=PANEL,
    ),
]
Revoked = Annotated[
    str | None,
    typer.Option(
        "--revoked",
        metavar="FILE",
        help="Keys that count no more: a key revocation list (ssh-keygen -k), or public keys.",
        rich_help_panel=PANEL,
    ),
]
Known = Annotated[
    str | None,
    typer.Option(
        "--known",
        metavar="SIZE:ROOT",
        help="A head seen earlier, from a ticket or a CI log, or the line that `auditlog head` printed then: finds "
        "what was put back or rewritten.",
        rich_help_panel=PANEL,
    ),
]
Anchors = Annotated[
    list[str] | None,
    typer.Option(
        "--anchor",
        metavar="WHERE",
        help="A checkpoint kept elsewhere: a file (a time stamp lies beside it as FILE.tsr), or "
        "git:REPOSITORY[@REVISION]; repeatable. `auditlog anchor` makes them.",
        rich_help_panel=PANEL,
    ),
]
WitnessKey = Annotated[
    str | None,
    typer.Option(
        "--witness-key",
        metavar="FILE",
        help="Verifier keys of the witnesses that are trusted (C2SP, NAME+ID+KEY), one a line.",
        rich_help_panel=PANEL,
    ),
]
TsaCa = Annotated[
    str | None,
    typer.Option(
        "--tsa-ca",
        metavar="FILE",
        help="Certificates of the time-stamping authorities that are trusted, PEM.",
        rich_help_panel=PANEL,
    ),
]
Elsewhere = Annotated[
    str | None,
    typer.Option(
        "--checkpoint",
        metavar="FILE",
        help="The newest checkpoint, if it is not beside the log.",
        rich_help_panel=PANEL,
    ),
]
Manifest = Annotated[
    str | None,
    typer.Option(
        "--manifest",
        metavar="FILE",
        help="The manifest of a shared copy: it declares what is withheld there.",
        rich_help_panel=PANEL,
    ),
]
Remember = Annotated[
    bool,
    typer.Option(
        "--remember/--no-remember",
        help="Compare with what this log was when it was last verified, and keep it for the next time "
        "($XDG_STATE_HOME/auditlog/heads.json).",
        rich_help_panel=PANEL,
    ),
]
RequireSignedTail = Annotated[
    bool,
    typer.Option(
        "--require-signed-tail", help="Exit 6 if records are not covered by a checkpoint.", rich_help_panel=PANEL
    ),
]
RequireHeartbeat = Annotated[
    bool,
    typer.Option(
        "--require-heartbeat",
        help="Checkpoints further apart than promised are a finding, not a warning.",
        rich_help_panel=PANEL,
    ),
]
AsJson = Annotated[
    bool, typer.Option("--json", help="The same as --format json.", rich_help_panel="How they are shown")
]
VerdictFormat = Annotated[
    Literal["text", "json", "sarif", "junit"],
    typer.Option(
        "--format",
        help="text for people; json: auditlog.verification/1 (`auditlog schema verification`); sarif, junit: for "
        "other tools.",
        rich_help_panel="How they are shown",
    ),
]
EarlierState = Annotated[
    str | None,
    typer.Option(
        "--consistency",
        metavar="OLD",
        help="Prove instead that the log only grew since OLD: an earlier checkpoint (a file), or SIZE:ROOT.",
    ),
]
