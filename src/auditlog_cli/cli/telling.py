"""The options about alerts, notifications and reports of a period. `options` names them, too."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

_TELL = "Whom to tell"
_LIVE = "While it is written"
_SAYS = "Who says so"
_PERIOD = "Which period"

AlertsFile = Annotated[
    str | None,
    typer.Option(
        "--alerts",
        metavar="FILE",
        help="The alerts log, which keeps what became of each finding; default: alerts.log of the policy.",
        rich_help_panel=_TELL,
    ),
]
Webhooks = Annotated[
    list[str] | None,
    typer.Option(
        "--webhook",
        metavar="URL",
        help="Post new findings there, signed with $AUDITLOG_WEBHOOK_SECRET; needs an alerts log.",
        rich_help_panel=_TELL,
    ),
]
Emails = Annotated[
    list[str] | None,
    typer.Option(
        "--email",
        metavar="ADDRESS",
        help="Write a letter about new findings, over the server of $AUDITLOG_SMTP or of the policy; needs an alerts "
        "log.",
        rich_help_panel=_TELL,
    ),
]
Emit = Annotated[
    str | None,
    typer.Option("--emit", metavar="FILE", help="Append new findings as events, for a SIEM.", rich_help_panel=_TELL),
]
EmitAs = Annotated[
    Literal["ecs", "ocsf"] | None,
    typer.Option(
        "--emit-as",
        help="With --emit: Elastic Common Schema (the default), or OCSF Detection Finding (class 2004).",
        rich_help_panel=_TELL,
    ),
]
CheckFollow = Annotated[
    bool,
    typer.Option(
        "--follow",
        help="Go on as records arrive, until Ctrl-C; text and jsonl only. A log that is away for 60 s ends it.",
        rich_help_panel=_LIVE,
    ),
]
Lateness = Annotated[
    str | None,
    typer.Option(
        "--lateness",
        metavar="DURATION",
        help="With --follow: records that come so late are still put in order. Default: 60s.",
        rich_help_panel=_LIVE,
    ),
]
AlertsLog = Annotated[
    str | None,
    typer.Option(
        "--alerts", metavar="FILE", help="The alerts log; default: alerts.log of the policy, else $AUDITLOG_ALERTS."
    ),
]
Fingerprints = Annotated[
    list[str],
    typer.Argument(metavar="FINGERPRINT...", help="Which alerts: fingerprints, or what they begin with (4 digits)."),
]
OneFingerprint = Annotated[
    str, typer.Argument(metavar="FINGERPRINT", help="Which alert: its fingerprint, or what it begins with (4 digits).")
]
AlertState = Annotated[
    Literal["open", "acknowledged", "resolved"] | None,
    typer.Option("--state", help="Only those in this state."),
]
AlertsSince = Annotated[
    str | None,
    typer.Option("--since", metavar="TIME", help="Only those that came into their state since: a date, or 3h, 2d."),
]
AlertsFormat = Annotated[
    Literal["text", "json", "jsonl"],
    typer.Option("--format", help="text for people, json or jsonl (one alert a line) for programs."),
]
Person = Annotated[str, typer.Option("--by", metavar="WHO", help="The person; never an agent.", rich_help_panel=_SAYS)]
Why = Annotated[
    str,
    typer.Option("--why", "--reason", metavar="TEXT", help="Why; stays in the alerts log.", rich_help_panel=_SAYS),
]
AlertOutcome = Annotated[
    Literal["fixed", "false_positive", "accepted", "not_applicable"],
    typer.Option("--outcome", help="What came of it.", rich_help_panel=_SAYS),
]
PeriodStart = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="TIME",
        help="The first moment: RFC 3339, or a date (midnight UTC). Default: the oldest record.",
        rich_help_panel=_PERIOD,
    ),
]
PeriodEnd = Annotated[
    str | None,
    typer.Option(
        "--to",
        metavar="TIME",
        help="The moment behind the last one. Default: --as-of or now, or behind the newest record.",
        rich_help_panel=_PERIOD,
    ),
]
ReportAlerts = Annotated[
    str | None,
    typer.Option("--alerts", metavar="FILE", help="The alerts log; default: alerts.log of the policy, if it is there."),
]
SummaryFormat = Annotated[
    Literal["markdown", "html", "json"],
    typer.Option(
        "--format",
        help="markdown; html: one file that reads and prints well; json: auditlog.summary/1.",
        rich_help_panel="How they are shown",
    ),
]
