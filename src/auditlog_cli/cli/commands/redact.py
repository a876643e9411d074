"""`auditlog redact`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def redact(
    paths: o.Paths = None,
    entities: o.Entities = None,
    min_confidence: o.MinConfidence = None,
    fields: o.Fields = None,
    profile: o.RedactionProfile = None,
    pseudonyms: o.Pseudonyms = None,
    findings: o.Findings = None,
    rule: o.FindingRule = None,
    check: o.CheckOnly = False,
    format: o.UnmaskedFormat = "text",  # noqa: A002 - the word of the option
    subject: o.Subject = None,
    whole: o.Whole = False,
    despite_hold: o.DespiteHold = False,
    record: o.RecordId = None,
    user: o.User = None,
    agent: o.Agent = None,
    session: o.Session = None,
    trace: o.Trace = None,
    tool: o.Tool = None,
    status: o.Status = None,
    type: o.Type = None,  # noqa: A002
    approved_by: o.ApprovedBy = None,
    since: o.Since = None,
    until: o.Until = None,
    where: o.Where = None,
    by: o.Redactor = "",
    reason: o.Reason = "",
    request: o.CaseNumber = None,
    key: o.RedactorKey = None,
    unsigned: o.Unsigned = False,
    dry_run: o.DryRun = False,
    yes: o.Yes = False,
    resume: o.Resume = False,
    output: o.Copy = None,
    quiet: o.Quiet = False,
) -> int:
    """Take personal data and secrets out: masked on the way through, or withheld from a sealed log that still verifies.

    Of a log without a seal, or of standard input, masked lines come out (<EMAIL_ADDRESS>); the log stays as it is.
    A sealed log is changed, and there is no way back: what is withheld is gone from these files, and its hashes and
    signatures stay valid. Copies elsewhere (backups, shippers, search indexes) are not reached. A signed record in
    the log says which places were withheld, by whom and why. Writers may go on meanwhile. Exit code: 0 done, or
    nothing to do; 1 something was left readable, or with --check or --dry-run something would go; 6 a line could
    not be looked at, or a field of --fields seems to be misspelt.

    Examples:
      auditlog redact --check audit.jsonl
      auditlog redact --check logs/ --format sarif -o unmasked.sarif
      auditlog tail -f audit.jsonl | auditlog redact > masked.jsonl
      auditlog redact plain.jsonl --entities EMAIL_ADDRESS,SECRET --fields user.name -o masked.jsonl
      auditlog redact plain.jsonl --findings findings.jsonl --rule GDPR-5-1-C-01 -o masked.jsonl
      auditlog redact audit.jsonl --fields user.email --session s-42 --dry-run
      auditlog redact audit.jsonl --fields user.email,action.arguments.to --by me --reason "case 17" --key my.key
      auditlog redact audit.jsonl --subject u-17 --request 17 --by me --reason erasure --key my.key
      auditlog redact audit.jsonl --fields user,prompt,response -o shared.jsonl --key my.key
    """
    from auditlog_cli.cli import masking, show
    from auditlog_cli.cli import named as places
    from auditlog_cli.redaction.settings import asked

    split = [path.strip() for words in fields or () for path in words.split(",")]
    named = None if entities is None else [name.strip() for words in entities for name in words.split(",")]
    settings = asked(profile, named, min_confidence, split)
    given, notices = show.paths(paths), show.Notices(quiet=quiet)
    choice = bool(named or split or profile or min_confidence or subject)
    chosen_by = {"--subject": subject, "--whole": whole, "--record": record, "--user": user, "--agent": agent,
                 "--session": session, "--trace": trace, "--tool": tool, "--status": status, "--type": type,
                 "--approved-by": approved_by, "--since": since, "--until": until, "--where": where}  # fmt: skip
    masking.together(
        check=check, format=format, findings=findings, rule=rule, choice=choice, records=chosen_by, resume=resume,
        elsewhere={"--dry-run": dry_run, "--output": output is not None},
    )  # fmt: skip
    if check:
        return masking.check(given, settings, format, output, notices)
    sealed_only = (*chosen_by.values(), by, reason, request, key, unsigned, yes, resume, despite_hold)
    if not any(sealed_only) and not masking.sealed(given):
        if findings is not None:
            return places.mask(given, findings, rule or [], pseudonyms, output, notices, dry_run=dry_run)
        if dry_run:
            return masking.check(given, settings, format, None, notices)
        return masking.mask(given, settings, pseudonyms, output, notices)
    from auditlog_cli.cli import redacting
    from auditlog_cli.selection import select_by
    from auditlog_cli.withholding.wish import Wish

    chosen = select_by(
        user=user, agent=agent, session=session, trace=trace, tool=tool, status=status, type=type,
        approved_by=approved_by, since=since, until=until, where=where,
    )  # fmt: skip
    wish = Wish(
        settings.fields, tuple(subject or ()), tuple(record or ()), whole, request,
        masking.scanner(settings, named, profile, pseudonyms),
        places.places(given, findings, rule or [], narrowed=bool(record) or not chosen.everything),
    )  # fmt: skip
    work = redacting.Work(
        wish, chosen, by=by, reason=reason, key=key, unsigned=unsigned, sure=yes, despite_hold=despite_hold,
        notices=notices,
    )  # fmt: skip
    logs = redacting.logs(given)
    if resume:
        return work.each(logs, work.resume)
    wish.chooser(chosen)  # what is wrong with the choice is said before anything else is asked for
    if dry_run:
        return work.each(logs, work.rehearse)
    if output is not None:
        return work.share(logs, output)
    return work.each(logs, work.withhold)
