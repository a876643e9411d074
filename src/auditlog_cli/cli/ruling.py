"""The options about packs and policies. `options` names them, too."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

PolicyFile = Annotated[
    str | None,
    typer.Option(
        "--policy",
        metavar="FILE",
        help="The policy; default: auditlog.policy.yaml or .json in the working directory.",
    ),
]
PolicyOrBundle = Annotated[
    str | None,
    typer.Option(
        "--policy",
        metavar="FILE|NAME",
        help="The policy file, or one bundle of the file that lies here; default: auditlog.policy.yaml or .json in the "
        "working directory.",
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

_RULES = "Which rules"
_COUNTS = "What counts"

Packs = Annotated[
    list[str] | None,
    typer.Option(
        "--pack",
        "--rules",
        "-p",
        metavar="NAME|FILE",
        help="A shipped pack (`auditlog packs list`) or a file; repeat for more. Else those of the policy, else "
        "baseline.",
        rich_help_panel=_RULES,
    ),
]
OnlyPolicy = Annotated[
    str | None,
    typer.Option("--only-policy", metavar="NAME", help="Only this bundle of the policy file.", rich_help_panel=_RULES),
]
OnlyRules = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="ID", help="Only these rules; * and ? are wildcards.", rich_help_panel=_RULES),
]
SkipRules = Annotated[
    list[str] | None, typer.Option("--skip", metavar="ID", help="Not these rules.", rich_help_panel=_RULES)
]
Experimental = Annotated[bool, typer.Option("--experimental", help="Experimental rules, too.", rich_help_panel=_RULES)]
FailOn = Annotated[
    Literal["critical", "high", "medium", "low", "info", "never"],
    typer.Option("--fail-on", help="From which severity on findings make the exit code 1.", rich_help_panel=_COUNTS),
]
FailOnIndicators = Annotated[
    bool,
    typer.Option(
        "--fail-on-indicators", help="Indicators, and duties that do not bind yet, count too.", rich_help_panel=_COUNTS
    ),
]
RequireTested = Annotated[
    list[str] | None,
    typer.Option(
        "--require-tested",
        metavar="ID,...",
        help="Exit 6 if one of these rules met no record.",
        rich_help_panel=_COUNTS,
    ),
]
Waivers = Annotated[
    str | None,
    typer.Option(
        "--waivers", metavar="FILE", help="Findings that somebody accepts for a time.", rich_help_panel=_COUNTS
    ),
]
BaselineFile = Annotated[
    str | None,
    typer.Option(
        "--baseline", metavar="FILE", help="Findings in it are known and do not count.", rich_help_panel=_COUNTS
    ),
]
WriteBaseline = Annotated[
    str | None,
    typer.Option("--write-baseline", metavar="FILE", help="Write all findings into one.", rich_help_panel=_COUNTS),
]
Annotate = Annotated[
    str | None,
    typer.Option(
        "--annotate", metavar="FILE",
        help="Write a copy of the logs with what the rules see in each record, for `packs export --sigma`.",
        rich_help_panel=_COUNTS,
    ),
]  # fmt: skip
MaxFindings = Annotated[
    int,
    typer.Option(
        "--max-findings", metavar="N", help="List so many of each rule and count the others; 0: all.",
        rich_help_panel=_COUNTS,
    ),
]  # fmt: skip
MaxState = Annotated[
    int,
    typer.Option(
        "--max-state", metavar="N", help="Keys that a rule over several records may keep.", rich_help_panel=_COUNTS
    ),
]
Explain = Annotated[
    bool,
    typer.Option("--explain", help="Each rule in full: clause, why, fix, false positives.", rich_help_panel=_COUNTS),
]
Merge = Annotated[
    bool, typer.Option("--merge", help="One finding a fact, with all rules and clauses.", rich_help_panel=_COUNTS)
]
SarifWaived = Annotated[
    Literal["omit", "include"],
    typer.Option(
        "--sarif-waived",
        help="With --format sarif: findings that are waived or known, as suppressed. GitHub would show them as open.",
        rich_help_panel="How they are shown",
    ),
]
CheckFormat = Annotated[
    Literal["text", "json", "jsonl", "sarif", "junit", "github", "markdown", "html"],
    typer.Option("--format", help="How it is shown.", rich_help_panel="How they are shown"),
]
