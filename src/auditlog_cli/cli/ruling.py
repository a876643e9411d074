"""The options about packs and policies. `options` names them, too."""

from __future__ import annotations

from typing import Annotated

import typer

PolicyFile = Annotated[
    str | None,
    typer.Option(
        "--policy",
        metavar="FILE",
        help="The policy; default: auditlog.policy.yaml or .json in the working directory.",
    ),
]
NoPolicy = Annotated[bool, typer.Option("--no-policy", help="Without a policy, even where one lies here.")]
PolicyName = Annotated[
    str | None,
    typer.Argument(
        metavar="[FILE]", help="The policy; default: auditlog.policy.yaml or .json in the working directory."
    ),
]
PackFiles = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[FILE]...", help="Packs: files, or names of shipped ones. Without any: those of the policy."
    ),
]
PackOrRule = Annotated[
    str, typer.Argument(metavar="NAME", help="A shipped pack, the file of a pack, or the id of a rule.")
]
NewPack = Annotated[str, typer.Argument(metavar="NAME", help="Its name: small letters, digits and -. Makes NAME.yaml.")]
FromPack = Annotated[
    str | None, typer.Option("--from", metavar="PACK", help="Copy this one: a shipped pack or a file.")
]
Prefix = Annotated[
    str | None,
    typer.Option("--prefix", metavar="P", help="What the ids begin with; default: the first word of NAME in capitals."),
]
Sigma = Annotated[str, typer.Option("--sigma", metavar="DIR", help="A folder that is new or empty.")]
PackNames = Annotated[
    list[str] | None,
    typer.Argument(metavar="[PACK]...", help="Packs: names of shipped ones, or files. Without any: all shipped."),
]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", metavar="TIME", help='The "now" of all rules; default: the clock. Makes a run repeatable.'),
]
PolicyTitle = Annotated[str, typer.Option("--name", metavar="NAME", help="The name of the policy file.")]
