"""`auditlog check`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def check(
    paths: o.Paths = None,
    pack: o.Packs = None,
    policy: o.PolicyOrBundle = None,
    no_policy: o.NoPolicy = False,
    only_policy: o.OnlyPolicy = None,
    only: o.OnlyRules = None,
    skip: o.SkipRules = None,
    experimental: o.Experimental = False,
    as_of: o.AsOf = None,
    fail_on: o.FailOn = "high",
    fail_on_indicators: o.FailOnIndicators = False,
    require_tested: o.RequireTested = None,
    waivers: o.Waivers = None,
    baseline: o.BaselineFile = None,
    write_baseline: o.WriteBaseline = None,
    annotate: o.Annotate = None,
    max_findings: o.MaxFindings = 1000,
    max_state: o.MaxState = 1_000_000,
    user: o.User = None,
    agent: o.Agent = None,
    session: o.Session = None,
    trace: o.Trace = None,
    since: o.Since = None,
    until: o.Until = None,
    own: o.Own = False,
    shape: o.ImportFrom = None,
    signers: o.Signers = None,
    vkey: o.Vkey = None,
    known: o.Known = None,
    require_heartbeat: o.RequireHeartbeat = False,
    alerts: o.AlertsFile = None,
    webhook: o.Webhooks = None,
    email: o.Emails = None,
    emit: o.Emit = None,
    emit_as: o.EmitAs = None,
    follow: o.CheckFollow = False,
    lateness: o.Lateness = None,
    merge: o.Merge = False,
    explain: o.Explain = False,
    sarif_waived: o.SarifWaived = "omit",
    format: o.CheckFormat = "text",  # noqa: A002 - the word of the option
    color: o.Color = "auto",
    output: o.Output = None,
    no_index: o.NoIndex = False,
    quiet: o.Quiet = False,
) -> int:
    """Judge a log by compliance packs: what has to be explained, by which clause, where, and what could not be tested.

    Works offline. Values of arguments, results and texts are never shown. Exit code: 0 nothing that counts; 1
    violations or gaps at or above --fail-on; 3 an input is missing or empty; 4 a pack, policy or waiver is wrong; 5
    what was found could not be written or told; 6 not everything could be judged. A run without findings is evidence
    for compliance, never proof of it.

    Examples:
      auditlog check audit.jsonl
      auditlog check audit.jsonl --pack gdpr --pack baseline --policy auditlog.policy.yaml
      auditlog check logs/ --pack finance --format sarif -o check.sarif
      auditlog check audit.jsonl --write-baseline known.json --fail-on never
      auditlog check audit.jsonl --baseline known.json --waivers waivers.yaml --format github
      auditlog check audit.jsonl --alerts alerts.jsonl --follow --webhook https://hooks.example.com/auditlog
    """
    from auditlog_cli.cli import checking, fitting, show
    from auditlog_cli.judgement.asking import asked
    from auditlog_cli.rules.naming import meant
    from auditlog_cli.selection import select_by

    late = {"--lateness": lateness is not None}
    fitting.goes_with("--follow", follow, late, "auditlog check LOG --follow --lateness 5m")
    fitting.goes_with(
        "--emit", emit, {"--emit-as": emit_as is not None}, "auditlog check LOG --emit FILE --emit-as ocsf"
    )
    fitting.counted(fail_on, fail_on_indicators)
    if follow:
        from auditlog_cli.cli import live

        live.refuse(format, as_of=as_of, until=until, output=output, write_baseline=write_baseline, merge=merge,
                    annotate=annotate, require_tested=require_tested)  # fmt: skip
    chosen = select_by(user=user, agent=agent, session=session, trace=trace, since=since, until=until, own=True)
    policy_file, only_policy = meant(policy, only_policy)
    question = asked(
        pack=pack or (), policy_file=policy_file, no_policy=no_policy, policy_name=only_policy, only=only or (),
        skip=skip or (), experimental=experimental, as_of=as_of, fail_on=fail_on, fail_on_indicators=fail_on_indicators,
        require_tested=[name for words in require_tested or () for name in words.split(",")], waivers_file=waivers,
        baseline=baseline, selection=None if chosen.everything else chosen, max_findings=max_findings,
        max_state=max_state, own=own, since=since, until=until,
        seal=checking.sealed(signers=signers, vkey=vkey, known=known, require_heartbeat=require_heartbeat),
    )  # fmt: skip
    if not (no_index or follow or chosen.everything):
        question.index = lambda _: None
    wish = checking.wish(
        question.policy, alerts=alerts, webhooks=webhook, emails=email, emit=emit, form=emit_as or "ecs"
    )
    shown = checking.Shown(
        format, color, output, merge=merge, explain=explain, quiet=quiet, sarif_waived=sarif_waived == "include"
    )
    if follow:
        return live.run(show.files_of(paths, shape), question, shown, wish, since=since, lateness=lateness or "60s")
    return checking.run(show.files_of(paths, shape), question, shown, write_baseline, wish, annotate)
