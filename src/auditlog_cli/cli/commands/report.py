"""`auditlog report`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def report(
    paths: o.Paths = None,
    start: o.PeriodStart = None,
    end: o.PeriodEnd = None,
    pack: o.Packs = None,
    policy: o.PolicyOrBundle = None,
    no_policy: o.NoPolicy = False,
    only_policy: o.OnlyPolicy = None,
    experimental: o.Experimental = False,
    as_of: o.AsOf = None,
    fail_on: o.FailOn = "never",
    fail_on_indicators: o.FailOnIndicators = False,
    waivers: o.Waivers = None,
    baseline: o.BaselineFile = None,
    alerts: o.ReportAlerts = None,
    signers: o.Signers = None,
    vkey: o.Vkey = None,
    known: o.Known = None,
    format: o.SummaryFormat = "markdown",  # noqa: A002 - the word of the option
    output: o.Output = None,
    quiet: o.Quiet = False,
) -> int:
    """Summarise a period for auditors and management: what ran, who approved, findings by clause, what was not tested.

    Without --from and --to it is the whole log, from the oldest record until now, and the summary says so. Records
    before the period are read as far back as the rules look; findings count where their record lies in it. Deadlines
    are judged at --as-of (default: --to, or now if that is earlier); the same inputs and --as-of give the same bytes.
    Exit code: 0; 1 with --fail-on, if findings count; 3 an input is missing; 4 a pack, policy or waiver is wrong; 6 not
    everything could be judged. A summary is evidence, and never says that all is well.

    Examples:
      auditlog report audit.jsonl
      auditlog report audit.jsonl --from 2026-10-01 --to 2026-11-01 --pack gdpr --format html -o october.html
      auditlog report logs/ --from 2026-07-01 --to 2026-10-01 --alerts alerts.jsonl --waivers waivers.yaml
    """
    from auditlog_cli import verification
    from auditlog_cli.cli import fitting, periods, show
    from auditlog_cli.judgement.asking import asked
    from auditlog_cli.rules.naming import meant

    fitting.counted(fail_on, fail_on_indicators)
    first, last = periods.moment("--from", start), periods.moment("--to", end)
    policy_file, only_policy = meant(policy, only_policy)
    question = asked(
        pack=pack or (), policy_file=policy_file, no_policy=no_policy, policy_name=only_policy,
        experimental=experimental, as_of=as_of or periods.judged_at(last), fail_on=fail_on,
        fail_on_indicators=fail_on_indicators, waivers_file=waivers, baseline=baseline,
        seal=verification.asked(signers=signers, vkey=vkey, known=known),
    )  # fmt: skip
    return periods.run(show.paths(paths), question, first, last, alerts, format, output, quiet=quiet)
