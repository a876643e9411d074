"""The options of `auditlog export` to SIEMs, and of `auditlog sql`. `options` names them, too."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

_SIEM = "For one format"
ExportCa = Annotated[
    str | None, typer.Option("--ca", metavar="FILE", help="Whom TLS trusts, in PEM; default: the system's.")
]
Cert = Annotated[
    str | None, typer.Option("--cert", metavar="FILE", help="Our certificate for a receiver that asks, in PEM.")
]
CertKey = Annotated[
    str | None, typer.Option("--cert-key", metavar="FILE", help="Its private key, if not in the file of --cert.")
]
Redact = Annotated[
    str | None,
    typer.Option(
        "--redact", metavar="PROFILE", help="Masked by this profile (docs/redact.md); the log stays as it is."
    ),
]
PseudonymKey = Annotated[
    str | None,
    typer.Option("--pseudonyms", metavar="KEYFILE", help="With --redact: masks that keep equal values equal."),
]
OcsfVersion = Annotated[
    Literal["1.8.0", "1.9.0"],
    typer.Option("--ocsf-version", help="1.9.0 (in development) has ai_agent.", rich_help_panel=_SIEM),
]
Bulk = Annotated[bool, typer.Option("--bulk", help="For ecs: the body of a _bulk request.", rich_help_panel=_SIEM)]
EnterpriseNumber = Annotated[
    int,
    typer.Option("--enterprise-number", metavar="N", help="For syslog: of its structured data.", rich_help_panel=_SIEM),
]
Query = Annotated[str, typer.Argument(metavar="QUERY", help="One SELECT over the table records.")]
QueryFormat = Annotated[
    Literal["table", "json", "jsonl", "csv"],
    typer.Option("--format", help="How the answer is printed.", rich_help_panel="How they are shown"),
]
