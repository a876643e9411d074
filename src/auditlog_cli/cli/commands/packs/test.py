"""`auditlog packs test`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def test(packs: o.PackNames = None, quiet: o.Quiet = False) -> int:  # noqa: PT028 - a command, no test
    """Run the cases that stand in the rules: each hit must be found, each pass must not.

    Cases run through the same engine and detectors as `auditlog check`, with the site facts of the example policy.
    What did not come out as it must is printed, exit code 1.

    Examples:
      auditlog packs test
      auditlog packs test acme-gdpr.yaml
    """
    from auditlog_cli.cli import judged, show
    from auditlog_cli.errors import EXIT_FOUND
    from auditlog_cli.judgement import casework
    from auditlog_cli.judgement.scanning import scanner_for
    from auditlog_cli.renderers import safe
    from auditlog_cli.report import many
    from auditlog_cli.rules import loading

    chosen = [judged.pack(each) for each in packs or loading.NAMES]
    results = casework.run_cases(chosen, scanner_for)
    wrong = casework.failed(results)
    out = show.output(None)
    for each in wrong:
        reason = each.message or "it lies outside the subject of the rule"
        out.line(safe.one_line(f"{each.case.rule.id}: {each.case.kind} {each.case.number}: {reason}"))
    show.finish(out)
    rules = sum(len(pack.rules) for pack in chosen)
    came_out = len(results) - len(wrong)
    show.Notices(quiet=quiet).say(
        f"{many(len(results), 'case')} of {many(rules, 'rule')}: {came_out:,} came out, {len(wrong):,} did not"
    )
    return EXIT_FOUND if wrong else 0
