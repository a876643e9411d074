"""The options of `auditlog mcp-proxy`."""

from __future__ import annotations

from typing import Annotated

import typer

ProxyLog = Annotated[
    str, typer.Option("--log", metavar="FILE", help="The log that the calls go into; begun if it is not there.")
]
ProxyUser = Annotated[str, typer.Option("--user", "-u", metavar="ID", help="For whom the client acts.")]
ProxyAgent = Annotated[
    str | None, typer.Option("--agent", metavar="ID", help="Who acts. Default: what the client calls itself.")
]
ProxyScopes = Annotated[
    list[str] | None,
    typer.Option("--scopes", metavar="SCOPE", help="What the agent may do; repeat, or part them with commas."),
]
ProxyCommand = Annotated[
    list[str], typer.Argument(metavar="-- COMMAND...", help="What starts the server, and its arguments.")
]
