"""Every option and argument of the command line, each said once. The words are the same everywhere.

Imported only where Typer is: to build the app, its help and its completion. Commands name these in their
signatures; see `commands/__init__.py`.
"""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from auditlog_cli.cli import complete, trusting
from auditlog_cli.cli.hooking import HookAgent as HookAgent
from auditlog_cli.cli.hooking import HookDryRun as HookDryRun
from auditlog_cli.cli.hooking import HookLog as HookLog
from auditlog_cli.cli.hooking import HookRedact as HookRedact
from auditlog_cli.cli.hooking import HookScopes as HookScopes
from auditlog_cli.cli.hooking import HookUser as HookUser
from auditlog_cli.cli.hooking import HookUserFrom as HookUserFrom
from auditlog_cli.cli.hooking import PrintSettings as PrintSettings
from auditlog_cli.cli.hooking import SettingsFile as SettingsFile
from auditlog_cli.cli.hooking import SettingsPlace as SettingsPlace
from auditlog_cli.cli.listening import AllowRemote as AllowRemote
from auditlog_cli.cli.listening import Host as Host
from auditlog_cli.cli.listening import IsPerson as IsPerson
from auditlog_cli.cli.listening import KeyStore as KeyStore
from auditlog_cli.cli.listening import MaxBody as MaxBody
from auditlog_cli.cli.listening import NewKey as NewKey
from auditlog_cli.cli.listening import Port as Port
from auditlog_cli.cli.listening import ServedPolicy as ServedPolicy
from auditlog_cli.cli.onward import Bulk as Bulk
from auditlog_cli.cli.onward import Cert as Cert
from auditlog_cli.cli.onward import CertKey as CertKey
from auditlog_cli.cli.onward import EnterpriseNumber as EnterpriseNumber
from auditlog_cli.cli.onward import ExportCa as ExportCa
from auditlog_cli.cli.onward import OcsfVersion as OcsfVersion
from auditlog_cli.cli.onward import PseudonymKey as PseudonymKey
from auditlog_cli.cli.onward import Query as Query
from auditlog_cli.cli.onward import QueryFormat as QueryFormat
from auditlog_cli.cli.onward import Redact as Redact
from auditlog_cli.cli.origins import ImportAgain as ImportAgain
from auditlog_cli.cli.origins import ImportAgent as ImportAgent
from auditlog_cli.cli.origins import ImportAll as ImportAll
from auditlog_cli.cli.origins import ImportApproved as ImportApproved
from auditlog_cli.cli.origins import ImportApprover as ImportApprover
from auditlog_cli.cli.origins import ImportFrom as ImportFrom
from auditlog_cli.cli.origins import ImportLog as ImportLog
from auditlog_cli.cli.origins import ImportMap as ImportMap
from auditlog_cli.cli.origins import ImportScopes as ImportScopes
from auditlog_cli.cli.origins import ImportSession as ImportSession
from auditlog_cli.cli.origins import ImportSources as ImportSources
from auditlog_cli.cli.origins import ImportUser as ImportUser
from auditlog_cli.cli.origins import ImportZone as ImportZone
from auditlog_cli.cli.proxied import ProxyAgent as ProxyAgent
from auditlog_cli.cli.proxied import ProxyCommand as ProxyCommand
from auditlog_cli.cli.proxied import ProxyLog as ProxyLog
from auditlog_cli.cli.proxied import ProxyScopes as ProxyScopes
from auditlog_cli.cli.proxied import ProxyUser as ProxyUser
from auditlog_cli.cli.ruling import Annotate as Annotate
from auditlog_cli.cli.ruling import AsOf as AsOf
from auditlog_cli.cli.ruling import BaselineFile as BaselineFile
from auditlog_cli.cli.ruling import CheckFormat as CheckFormat
from auditlog_cli.cli.ruling import Experimental as Experimental
from auditlog_cli.cli.ruling import Explain as Explain
from auditlog_cli.cli.ruling import FailOn as FailOn
from auditlog_cli.cli.ruling import FailOnIndicators as FailOnIndicators
from auditlog_cli.cli.ruling import FromPack as FromPack
from auditlog_cli.cli.ruling import MaxFindings as MaxFindings
from auditlog_cli.cli.ruling import MaxState as MaxState
from auditlog_cli.cli.ruling import Merge as Merge
from auditlog_cli.cli.ruling import NewPack as NewPack
from auditlog_cli.cli.ruling import NoPolicy as NoPolicy
from auditlog_cli.cli.ruling import OnlyPolicy as OnlyPolicy
from auditlog_cli.cli.ruling import OnlyRules as OnlyRules
from auditlog_cli.cli.ruling import PackFiles as PackFiles
from auditlog_cli.cli.ruling import PackNames as PackNames
from auditlog_cli.cli.ruling import PackOrRule as PackOrRule
from auditlog_cli.cli.ruling import Packs as Packs
from auditlog_cli.cli.ruling import PolicyFile as PolicyFile
from auditlog_cli.cli.ruling import PolicyName as PolicyName
from auditlog_cli.cli.ruling import PolicyOrBundle as PolicyOrBundle
from auditlog_cli.cli.ruling import PolicyTitle as PolicyTitle
from auditlog_cli.cli.ruling import Prefix as Prefix
from auditlog_cli.cli.ruling import RequireTested as RequireTested
from auditlog_cli.cli.ruling import SarifWaived as SarifWaived
from auditlog_cli.cli.ruling import Sigma as Sigma
from auditlog_cli.cli.ruling import SkipRules as SkipRules
from auditlog_cli.cli.ruling import Waivers as Waivers
from auditlog_cli.cli.ruling import WriteBaseline as WriteBaseline
from auditlog_cli.cli.telling import AlertOutcome as AlertOutcome
from auditlog_cli.cli.telling import AlertsFile as AlertsFile
from auditlog_cli.cli.telling import AlertsFormat as AlertsFormat
from auditlog_cli.cli.telling import AlertsLog as AlertsLog
from auditlog_cli.cli.telling import AlertsSince as AlertsSince
from auditlog_cli.cli.telling import AlertState as AlertState
from auditlog_cli.cli.telling import CheckFollow as CheckFollow
from auditlog_cli.cli.telling import Emails as Emails
from auditlog_cli.cli.telling import Emit as Emit
from auditlog_cli.cli.telling import EmitAs as EmitAs
from auditlog_cli.cli.telling import Fingerprints as Fingerprints
from auditlog_cli.cli.telling import Lateness as Lateness
from auditlog_cli.cli.telling import OneFingerprint as OneFingerprint
from auditlog_cli.cli.telling import PeriodEnd as PeriodEnd
from auditlog_cli.cli.telling import PeriodStart as PeriodStart
from auditlog_cli.cli.telling import Person as Person
from auditlog_cli.cli.telling import ReportAlerts as ReportAlerts
from auditlog_cli.cli.telling import SummaryFormat as SummaryFormat
from auditlog_cli.cli.telling import Webhooks as Webhooks
from auditlog_cli.cli.telling import Why as Why
from auditlog_cli.cli.trusting import Anchors as Anchors
from auditlog_cli.cli.trusting import AsJson as AsJson
from auditlog_cli.cli.trusting import At as At
from auditlog_cli.cli.trusting import EarlierState as EarlierState
from auditlog_cli.cli.trusting import Elsewhere as Elsewhere
from auditlog_cli.cli.trusting import Known as Known
from auditlog_cli.cli.trusting import Manifest as Manifest
from auditlog_cli.cli.trusting import Remember as Remember
from auditlog_cli.cli.trusting import RequireHeartbeat as RequireHeartbeat
from auditlog_cli.cli.trusting import RequireSignedTail as RequireSignedTail
from auditlog_cli.cli.trusting import Revoked as Revoked
from auditlog_cli.cli.trusting import TsaCa as TsaCa
from auditlog_cli.cli.trusting import VerdictFormat as VerdictFormat
from auditlog_cli.cli.trusting import Vkey as Vkey
from auditlog_cli.cli.trusting import WitnessKey as WitnessKey

_SELECT = "Which records"
_SHOW = "How they are shown"
_READ = "How they are read"

Paths = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[PATH]...",
        help="Logs: files, folders, globs, - for standard input; .gz and .zst too. "
        "Without any: $AUDITLOG_LOG, else what is piped in, else ./audit.jsonl.",
        autocompletion=complete.paths,
    ),
]

User = Annotated[
    list[str] | None,
    typer.Option(
        "--user",
        "-u",
        metavar="ID",
        help="Id, e-mail or name of the user; repeat for or, * and ? are wildcards.",
        rich_help_panel=_SELECT,
    ),
]
Agent = Annotated[
    list[str] | None,
    typer.Option(
        "--agent",
        "-a",
        metavar="ID",
        help="Id or name of the agent.",
        autocompletion=complete.agents,
        rich_help_panel=_SELECT,
    ),
]
Session = Annotated[
    list[str] | None,
    typer.Option(
        "--session",
        "-s",
        metavar="ID",
        help="Session id.",
        autocompletion=complete.sessions,
        rich_help_panel=_SELECT,
    ),
]
VerifiedSession = Annotated[
    str | None,
    typer.Option(
        "--session", "-s", metavar="ID", help="Only the records of this session.", autocompletion=complete.sessions
    ),
]
VerifiedTrace = Annotated[
    str | None,
    typer.Option("--trace", "-t", metavar="ID", help="Only those of this trace.", autocompletion=complete.traces),
]
Trace = Annotated[
    list[str] | None,
    typer.Option(
        "--trace",
        "-t",
        metavar="ID",
        help="Trace id.",
        autocompletion=complete.traces,
        rich_help_panel=_SELECT,
    ),
]
Tool = Annotated[list[str] | None, typer.Option("--tool", metavar="NAME", help="Tool.", rich_help_panel=_SELECT)]
Status = Annotated[
    list[str] | None,
    typer.Option(
        "--status",
        metavar="WORD",
        help="Result: success, error, denied, blocked, partial, timeout, pending, unknown.",
        rich_help_panel=_SELECT,
    ),
]
Type = Annotated[
    list[str] | None,
    typer.Option(
        "--type",
        metavar="WORD",
        help="Kind of action: tool_invocation, llm_call, approval, message, ...",
        rich_help_panel=_SELECT,
    ),
]
ApprovedBy = Annotated[
    list[str] | None,
    typer.Option(
        "--approved-by",
        metavar="ID",
        help="Who approved, for the session or for the one action.",
        rich_help_panel=_SELECT,
    ),
]
Since = Annotated[
    str | None,
    typer.Option(
        "--since",
        metavar="TIME",
        help="Not before: 2026-06-01, 2026-06-01T14:00Z, yesterday, 14:00 (UTC), or 3h, 2d (so long ago).",
        rich_help_panel=_SELECT,
    ),
]
Until = Annotated[str | None, typer.Option("--until", metavar="TIME", help="Before.", rich_help_panel=_SELECT)]
Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        "-w",
        metavar="EXPR",
        help="An expression over dotted paths, such as 'action.latency_ms > 500 and "
        "user.email ~ *@example.com'; see docs/expressions.md.",
        rich_help_panel=_SELECT,
    ),
]
Own = Annotated[
    bool,
    typer.Option(
        "--own",
        help="Also the log's records about itself (genesis, rotate, checkpoint, ...).",
        rich_help_panel=_SELECT,
    ),
]

From = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="SHAPE",
        help="Take every line for this shape (auditlog, tutorial, ...), or every file for this format; `?` lists them.",
        autocompletion=complete.shapes,
        rich_help_panel=_READ,
    ),
]

Format = Annotated[
    Literal["text", "raw", "jsonl", "json", "csv", "story"] | None,
    typer.Option(
        "--format",
        help="text for people, raw: the stored bytes, jsonl or json: under the names of auditlog.record/1, csv, "
        "story: sentences. Default: text on a terminal, raw in a pipe.",
        rich_help_panel=_SHOW,
    ),
]
Color = Annotated[
    Literal["auto", "always", "never"],
    typer.Option("--color", help="Colour in text output; auto heeds NO_COLOR.", rich_help_panel=_SHOW),
]
Verbose = Annotated[
    bool,
    typer.Option("--verbose", help="Say on standard error what was read, and how.", rich_help_panel=_SHOW),
]
CompareIndex = Annotated[bool, typer.Option("--check", help="Index the log once more, and compare.")]
NoIndex = Annotated[
    bool,
    typer.Option("--no-index", help="Scan the log; neither use nor make its index.", rich_help_panel=_SHOW),
]
Quiet = Annotated[
    bool,
    typer.Option("--quiet", "-q", help="No notices on standard error; errors are still said.", rich_help_panel=_SHOW),
]
Invert = Annotated[
    bool, typer.Option("--invert-match", "-v", help="The records that do not match.", rich_help_panel=_SELECT)
]
Count = Annotated[bool, typer.Option("--count", "-c", help="Only how many.", rich_help_panel=_SHOW)]
CountBy = Annotated[
    str | None,
    typer.Option(
        "--count-by",
        metavar="PATH",
        help="How many for each value at PATH, such as action.tool.",
        rich_help_panel=_SHOW,
    ),
]
Limit = Annotated[int | None, typer.Option("--limit", "-n", metavar="N", help="Stop after N.", rich_help_panel=_SHOW)]
After = Annotated[
    int,
    typer.Option(
        "--after-context", "-A", metavar="N", help="And the N next of the same session.", rich_help_panel=_SHOW
    ),
]
Before = Annotated[
    int,
    typer.Option(
        "--before-context", "-B", metavar="N", help="And the N before of the same session.", rich_help_panel=_SHOW
    ),
]
Context = Annotated[int, typer.Option("--context", "-C", metavar="N", help="Both.", rich_help_panel=_SHOW)]
Lines = Annotated[
    int,
    typer.Option(
        "--lines", "-n", metavar="N", help="How many of the last records; -20 for short.", rich_help_panel=_SHOW
    ),
]
Follow = Annotated[
    bool,
    typer.Option(
        "--follow",
        "-f",
        help="Go on as records arrive; survives rotation, truncation and late creation.",
        rich_help_panel=_READ,
    ),
]
By = Annotated[
    list[str] | None,
    typer.Option(
        "--by",
        metavar="PATH",
        help="Tell the values at PATH apart, such as agent.id; repeatable.",
        rich_help_panel=_SHOW,
    ),
]
Top = Annotated[
    int, typer.Option("--top", metavar="N", min=0, help="How many values of each; 0 for all.", rich_help_panel=_SHOW)
]
TableFormat = Annotated[
    Literal["text", "json", "jsonl", "csv"] | None,
    typer.Option("--format", help="Default: text.", rich_help_panel=_SHOW),
]
Output = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Write to FILE, which appears whole or not at all.",
        rich_help_panel=_SHOW,
    ),
]

SchemaName = Annotated[
    str | None,
    typer.Argument(metavar="[NAME]", help="Which: record, finding, validation, ... Without it their names are listed."),
]
Profile = Annotated[
    Literal["six-questions", "record"],
    typer.Option(
        "--profile",
        help="six-questions: types, formats, and every one of the six questions answered; "
        "record: types, formats and envelope only (what an imported foreign log must reach).",
        rich_help_panel=_SELECT,
    ),
]
Strict = Annotated[
    bool,
    typer.Option("--strict", help="Report members that the schema does not know, too.", rich_help_panel=_SELECT),
]
MaxErrors = Annotated[
    int,
    typer.Option(
        "--max-errors",
        metavar="N",
        help="Explain the first N findings and count the others; 0 explains all. Default: 100.",
        rich_help_panel=_SHOW,
    ),
]
ReportFormat = Annotated[
    Literal["text", "json", "jsonl", "github", "sarif", "junit"],
    typer.Option(
        "--format",
        help="text for people; json: one report, jsonl: one finding a line (`auditlog schema` has both); "
        "github: annotations, sarif: code scanning, junit: test dashboards.",
        rich_help_panel=_SHOW,
    ),
]

WantedId = Annotated[
    str,
    typer.Argument(
        metavar="ID",
        help="A trace, session or span id, or the beginning of one (4 characters or more); "
        "- for the records that bear no id.",
        autocompletion=complete.any_id,
    ),
]
Depth = Annotated[
    int | None,
    typer.Option("--depth", "-d", metavar="N", help="Draw N levels; what is deeper is counted.", rich_help_panel=_SHOW),
]
Everything = Annotated[
    bool, typer.Option("--all", help="Draw everything, long runs of the same call too.", rich_help_panel=_SHOW)
]
Chain = Annotated[
    str | None,
    typer.Option(
        "--chain",
        metavar="SPAN",
        help="Only what leads to SPAN: its parents from the root down.",
        autocompletion=complete.spans,
        rich_help_panel=_SHOW,
    ),
]
TraceFormat = Annotated[
    Literal["text", "json", "mermaid", "dot"],
    typer.Option(
        "--format",
        help="text: a tree; json: auditlog.trace/1 (`auditlog schema trace`), every node whatever --depth says; "
        "mermaid, dot: a graph for other tools.",
        rich_help_panel=_SHOW,
    ),
]
Latest = Annotated[
    int | None,
    typer.Option("--limit", "-n", metavar="N", help="Only the N that began last.", rich_help_panel=_SHOW),
]

_SIGN = "How it is signed"

Log = Annotated[str, typer.Argument(metavar="PATH", help="The log.", autocompletion=complete.paths)]
Key = Annotated[
    str,
    typer.Option(
        "--key",
        metavar="FILE",
        help="The private key: OpenSSH, Ed25519. A .pub file stands for a key in the agent.",
        rich_help_panel=_SIGN,
    ),
]
Watch = Annotated[
    bool, typer.Option("--watch", help="Go on, and sign again whenever there is more.", rich_help_panel=_SIGN)
]
Every = Annotated[
    int | None,
    typer.Option("--every", metavar="SECONDS", help="How often --watch looks. Default: 60.", rich_help_panel=_SIGN),
]
Successor = Annotated[
    str | None,
    typer.Option(
        "--successor",
        metavar="FILE",
        help="The private key that signs from now on; --key is the old one, which says so in the log.",
        rich_help_panel=_SIGN,
    ),
]
Redactable = Annotated[
    bool,
    typer.Option(
        "--redactable",
        help="For a log that others write: a salt for each value, in PATH.salts, so that it can be withheld later. "
        "Belongs to the first seal; as secret as the log.",
        rich_help_panel=_SIGN,
    ),
]
CheckpointFile = Annotated[
    str | None,
    typer.Option(
        "--checkpoint",
        metavar="FILE",
        help="Put the checkpoint there, and do not touch the log.",
        rich_help_panel=_SIGN,
    ),
]
KeyFile = Annotated[str, typer.Argument(metavar="FILE", help="Where the private half goes; it must not be there yet.")]
KeyLog = Annotated[
    str | None,
    typer.Option("--log", metavar="PATH", help="The log that the key is to sign; its name goes into the line."),
]
KeyOwner = Annotated[
    str | None, typer.Option("--by", metavar="NAME", help="Who is to sign with it what is withheld from a log.")
]

Proved = Annotated[
    str,
    typer.Argument(
        metavar="ID",
        help="The record_id of a record, or its number (seq); with --consistency the log; with --check, OUT.",
    ),
]
ProvedLog = Annotated[str | None, typer.Argument(metavar="[PATH]", help="The log.", autocompletion=complete.paths)]
CheckProof = Annotated[bool, typer.Option("--check", help="Check a proof instead of making one.")]
Signers = Annotated[
    str | None,
    typer.Option(
        "--signers",
        metavar="FILE",
        help="Whose signatures count: OpenSSH's allowed_signers, or a public key; from elsewhere than the log.",
        rich_help_panel=trusting.PANEL,
    ),
]
ProofOutput = Annotated[
    str | None,
    typer.Option("--output", "-o", metavar="OUT", help="What the two files are called; default: record-ID, or grown."),
]

_GOES = "What goes"

OlderThan = Annotated[
    str, typer.Option("--older-than", metavar="TIME", help="400d, 52w, or a date.", rich_help_panel=_GOES)
]
PruneReason = Annotated[
    str | None, typer.Option("--reason", metavar="TEXT", help="Why, for the record.", rich_help_panel=_GOES)
]
DryRun = Annotated[bool, typer.Option("--dry-run", "-n", help="Only say what would go.", rich_help_panel=_GOES)]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.", rich_help_panel=_GOES)]

_SAYS = "Who says so"

Fields = Annotated[
    list[str] | None,
    typer.Option(
        "--fields",
        metavar="PATH,...",
        help="Values at these dotted paths, such as user.email,action.arguments.to; * is any name; a block means all "
        "in it.",
        rich_help_panel=_GOES,
    ),
]
Subject = Annotated[
    list[str] | None,
    typer.Option(
        "--subject",
        metavar="ID",
        help="Whatever holds an identifier of one person, in the whole log: id, e-mail, ...; repeat for each. "
        "Needs --request.",
        rich_help_panel=_GOES,
    ),
]
Whole = Annotated[
    bool,
    typer.Option(
        "--whole",
        "--tombstone",
        help="Whole records; with --subject those where an identifier stands in a place that cannot be withheld.",
        rich_help_panel=_GOES,
    ),
]
Entities = Annotated[
    list[str] | None,
    typer.Option(
        "--entities",
        metavar="NAME,...",
        help="What detectors find: EMAIL_ADDRESS,SECRET,... (see `auditlog detectors list`) in arguments, results, "
        "errors, prompts, responses, messages and metadata.",
        rich_help_panel=_GOES,
    ),
]
MinConfidence = Annotated[
    Literal["certain", "likely", "possible"] | None,
    typer.Option("--min-confidence", help="The least that is taken; else likely.", rich_help_panel=_GOES),
]
RedactionProfile = Annotated[
    str | None,
    typer.Option(
        "--profile", metavar="FILE", help="These settings from a file (docs/redact.md).", rich_help_panel=_GOES
    ),
]
Pseudonyms = Annotated[
    str | None,
    typer.Option(
        "--pseudonyms",
        metavar="KEYFILE",
        help="Masks that keep equal values equal: <EMAIL_ADDRESS:3f9a1c2b>. Not for sealed logs.",
        rich_help_panel=_GOES,
    ),
]
CheckOnly = Annotated[
    bool,
    typer.Option("--check", help="Change nothing; exit 1 and say where if something would go.", rich_help_panel=_GOES),
]
UnmaskedFormat = Annotated[
    Literal["text", "jsonl", "sarif", "junit", "github"],
    typer.Option("--format", help="With --check: how it is shown.", rich_help_panel=_SHOW),
]
Findings = Annotated[
    str | None,
    typer.Option(
        "--findings",
        metavar="FILE",
        help="Exactly the places in the output of `auditlog check --format jsonl` or `redact --check --format jsonl`.",
        rich_help_panel=_GOES,
    ),
]
FindingRule = Annotated[
    list[str] | None,
    typer.Option("--rule", metavar="ID", help="Of --findings only those of this rule.", rich_help_panel=_GOES),
]
AcceptLoss = Annotated[
    bool, typer.Option("--accept-loss", help="The records are gone, and no copy is left: the new log says so.")
]
DespiteHold = Annotated[
    bool,
    typer.Option(
        "--despite-hold",
        help="Also records under a legal hold (`auditlog hold list`, retention.legal_hold), which stay as they are "
        "otherwise.",
        rich_help_panel=_GOES,
    ),
]
KeepHolds = Annotated[
    bool,
    typer.Option(
        "--keep-holds", help="Keep what is under a legal hold: the default, for scripts to say.", rich_help_panel=_GOES
    ),
]
Holder = Annotated[str, typer.Option("--by", metavar="NAME", help="Who; stays in the log.", rich_help_panel=_SAYS)]
HolderKey = Annotated[
    str | None,
    typer.Option(
        "--key",
        metavar="FILE",
        help="Your private key: OpenSSH, Ed25519. Only the key that signed a hold releases it.",
        rich_help_panel=_SAYS,
    ),
]
HeldSubject = Annotated[
    list[str] | None,
    typer.Option(
        "--subject",
        metavar="ID",
        help="Whatever holds an identifier of one person: id, e-mail, ...; repeat for each.",
        rich_help_panel=_SELECT,
    ),
]
HoldAll = Annotated[bool, typer.Option("--all", help="The whole log.", rich_help_panel=_SELECT)]
HoldName = Annotated[str, typer.Argument(metavar="HOLD", help="Its name, as `auditlog hold list` shows it.")]
HoldSigners = Annotated[
    str | None,
    typer.Option(
        "--signers",
        metavar="FILE",
        help="Whose signatures count: OpenSSH's allowed_signers; from elsewhere than the log.",
    ),
]
ListFormat = Annotated[Literal["text", "json"], typer.Option("--format", help="text for people, json for programs.")]
RecordId = Annotated[
    list[str] | None,
    typer.Option("--record", metavar="ID|SEQ", help="Id or number of a record.", rich_help_panel=_SELECT),
]
Redactor = Annotated[
    str, typer.Option("--by", metavar="NAME", help="Who withholds; stays in the log.", rich_help_panel=_SAYS)
]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; stays in the log.", rich_help_panel=_SAYS)]
CaseNumber = Annotated[
    str | None,
    typer.Option(
        "--request", metavar="N", help="The case number of the person's request; stays in the log.",
        rich_help_panel=_SAYS,
    ),
]  # fmt: skip
RedactorKey = Annotated[
    str | None,
    typer.Option(
        "--key",
        metavar="FILE",
        help="Your private key: OpenSSH, Ed25519. Not one that an agent can read. A .pub file stands for a key in the "
        "agent.",
        rich_help_panel=_SAYS,
    ),
]
Unsigned = Annotated[
    bool,
    typer.Option(
        "--unsigned",
        help="Without a key: nobody can check who withheld, and verifiers that know your key refuse it.",
        rich_help_panel=_SAYS,
    ),
]
Resume = Annotated[
    bool,
    typer.Option(
        "--resume", help="Finish a redaction that was interrupted: what your --key signed.", rich_help_panel=_GOES
    ),
]
Copy = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        metavar="COPY",
        help="Write there instead: of a sealed log a redacted copy and its signed manifest (COPY.manifest.json), of "
        "others the masked lines.",
        rich_help_panel=_GOES,
    ),
]

BundledId = Annotated[
    str,
    typer.Argument(metavar="ID", help="A session or trace id, whole.", autocompletion=complete.any_id),
]
Complete = Annotated[
    bool,
    typer.Option("--complete", help="Prove that none was left out, with all other records, their values withheld."),
]
Repository = Annotated[
    str | None, typer.Option("--git", metavar="REPOSITORY", help="Commit the newest checkpoint there.")
]
Tsa = Annotated[
    str | None,
    typer.Option("--tsa", metavar="URL", help="Ask this time-stamping authority (RFC 3161) for a stamp of it."),
]
WitnessUrl = Annotated[
    str | None,
    typer.Option("--witness", metavar="URL", help="Ask this witness (c2sp.org/tlog-witness) to cosign it."),
]
AnchorOutput = Annotated[
    str | None,
    typer.Option(
        "--output", "-o", metavar="OUT", help="What the files of --tsa and --witness are called; default: PATH.SIZE."
    ),
]
ExportFormat = Annotated[
    str,
    typer.Option(
        "--to",
        metavar="FORMAT",
        help="ocsf, ecs, cef, syslog, cloudevents, otlp-logs, otlp-spans, csv, parquet, sqlite, duckdb, aat, "
        "tlog-tiles.",
        autocompletion=complete.exports,
    ),
]
ExportOutput = Annotated[
    str,
    typer.Option(
        "--output", "-o", metavar="OUT", help="The file or folder, which appears whole or not at all; - is stdout."
    ),
]
Endpoint = Annotated[
    str | None,
    typer.Option(
        "--endpoint",
        metavar="URL",
        help="Send it there instead. otlp-*: http(s)://, without a path /v1/logs, /v1/traces; syslog and cef: "
        "udp://HOST, tcp://HOST, tls://HOST.",
    ),
]
Content = Annotated[
    bool, typer.Option("--content", help="For otlp-spans: with arguments, results, prompts and answers.")
]
Header = Annotated[
    list[str] | None,
    typer.Option(
        "--header", metavar="NAME=VALUE", help="Send it along. Secrets: better in OTEL_EXPORTER_OTLP_HEADERS."
    ),
]
Protobuf = Annotated[bool, typer.Option("--protobuf", help="OTLP in protobuf, not in JSON: auditlog-cli[otlp].")]
Gzip = Annotated[bool, typer.Option("--gzip", help="Compress requests.")]
Batch = Annotated[int, typer.Option("--batch", metavar="N", min=1, help="So many records at most in a request.")]
Retries = Annotated[
    int, typer.Option("--retries", metavar="N", min=0, help="So often try again after 429, 502, 503 and 504.")
]
Insecure = Annotated[bool, typer.Option("--insecure", help="Allow http:// to another machine: anybody can read along.")]
ShipFormat = Annotated[str, typer.Option("--to", metavar="FORMAT", help="otlp-logs, otlp-spans, syslog or cef.")]
ShipEndpoint = Annotated[
    str, typer.Option("--endpoint", metavar="URL", help="The receiver; for syslog and cef tcp://HOST or tls://HOST.")
]
Cursor = Annotated[str, typer.Option("--cursor", metavar="FILE", help="Where it is noted how far the logs were sent.")]
ShipFollow = Annotated[bool, typer.Option("--follow", "-f", help="Go on with what is added.")]
ShipOnce = Annotated[bool, typer.Option("--once", help="Send what is there, and end: the default, for scripts to say.")]
ExportKey = Annotated[
    str | None, typer.Option("--key", metavar="FILE", help="What signs, for aat: a private P-256 key in PEM.")
]
TrustLevel = Annotated[
    Literal["L0", "L1", "L2", "L3", "L4"], typer.Option("--trust-level", help="For aat: what its records say.")
]

EntityName = Annotated[
    str, typer.Argument(metavar="ENTITY", help="An entity, SECRET, or what Presidio, Google DLP or gitleaks call it.")
]
SampleText = Annotated[
    str | None, typer.Argument(metavar="[TEXT|-]", help="What to look at; - for the lines of standard input.")
]
MemberName = Annotated[
    str, typer.Option("--key", metavar="NAME", help="The name of the member that holds the text: the best context.")
]
DetectorFile = Annotated[
    str | None,
    typer.Option(
        "--detectors", metavar="FILE",
        help="Detectors of your own: auditlog.detectors/1 in YAML or JSON, or a policy with scan.detectors.",
    ),
]  # fmt: skip
DetectedEntities = Annotated[
    list[str] | None,
    typer.Option("--entities", metavar="NAME,...", help="Only these: names, aliases, SECRET for every SECRET_*."),
]
LeastConfidence = Annotated[
    Literal["certain", "likely", "possible"],
    typer.Option("--min-confidence", help="The least that counts."),
]
