"""The options of `auditlog serve`; `options` names them, too."""

from __future__ import annotations

from typing import Annotated

import typer

_WHO = "Who may speak to it"
Host = Annotated[
    str | None,
    typer.Option(
        "--host", metavar="ADDRESS", help="Where to listen; default: 127.0.0.1 and ::1.", rich_help_panel=_WHO
    ),
]
Port = Annotated[
    int, typer.Option("--port", "-p", metavar="N", min=0, max=65535, help="0 for any free one.", rich_help_panel=_WHO)
]
AllowRemote = Annotated[
    bool,
    typer.Option("--allow-remote", help="Other machines may reach it, with a key.", rich_help_panel=_WHO),
]
MaxBody = Annotated[
    int, typer.Option("--max-body", metavar="BYTES", min=1, help="The largest body of a request, unpacked.")
]
KeyStore = Annotated[
    str | None,
    typer.Option("--keys", metavar="FILE", help="The API keys' hashes; default: PATH.keys.", rich_help_panel=_WHO),
]
NewKey = Annotated[
    str | None,
    typer.Option("--new-key", metavar="NAME", help="Make a key, print it once, and end.", rich_help_panel=_WHO),
]
IsPerson = Annotated[
    bool,
    typer.Option(
        "--person",
        help="The new key is that of the person NAME: it may resolve alerts and change policies.",
        rich_help_panel=_WHO,
    ),
]
ServedPolicy = Annotated[
    str | None,
    typer.Option("--policy", metavar="FILE", help="The policy file: its bundles are listed among the policies."),
]
