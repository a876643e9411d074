"""`auditlog export`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def export(
    paths: o.Paths = None,
    to: o.ExportFormat = "",
    output: o.ExportOutput = "",
    endpoint: o.Endpoint = None,
    ca: o.ExportCa = None,
    cert: o.Cert = None,
    cert_key: o.CertKey = None,
    user: o.User = None,
    agent: o.Agent = None,
    session: o.Session = None,
    trace: o.Trace = None,
    since: o.Since = None,
    until: o.Until = None,
    where: o.Where = None,
    redact: o.Redact = None,
    pseudonyms: o.PseudonymKey = None,
    key: o.ExportKey = None,
    trust_level: o.TrustLevel = "L1",
    ocsf_version: o.OcsfVersion = "1.8.0",
    bulk: o.Bulk = False,
    enterprise_number: o.EnterpriseNumber = 32473,
    checkpoint: o.Elsewhere = None,
    content: o.Content = False,
    header: o.Header = None,
    protobuf: o.Protobuf = False,
    gzip: o.Gzip = False,
    batch: o.Batch = 500,
    retries: o.Retries = 5,
    insecure: o.Insecure = False,
    quiet: o.Quiet = False,
) -> int:
    """Write a log in a format of others. The log stays as it is, and stays the evidence.

    aat: Agent Audit Trail, a signed file for each session (--key is a P-256 key in PEM, of its own). tlog-tiles: the
    tree of a sealed log as static files (c2sp.org/tlog-tiles), without the values that can be withheld. otlp-logs:
    OpenTelemetry log records, from which `auditlog import` makes the same records again; otlp-spans: spans for trace
    viewers. For SIEMs: ocsf, ecs, cef, syslog, cloudevents. As tables: csv, parquet, sqlite, duckdb. otlp-*, syslog and
    cef go to a file, or with --endpoint to a receiver; `auditlog ship` sends a log that grows. --redact masks what goes
    out, by the profile that `auditlog redact` takes.

    Examples:
      auditlog export audit.jsonl --to ecs --since 1d -o today.ndjson
      auditlog export audit.jsonl --to syslog --endpoint tls://siem.example.org:6514 --ca ca.pem
      auditlog export logs/ --to sqlite -o audit.db
      auditlog export audit.jsonl --to otlp-logs --redact redaction.yaml -o shared.otlp.jsonl
      auditlog export audit.jsonl --to tlog-tiles -o tiles
      auditlog export audit.jsonl --to aat --key aat.pem -o trail
      auditlog export audit.jsonl --to aat --key aat.pem --session s-42 -o trail
      auditlog export audit.jsonl --to otlp-logs -o audit.otlp.jsonl
      auditlog export audit.jsonl --to otlp-spans --endpoint http://127.0.0.1:4318 --session s-42
    """
    from auditlog_cli import exporters
    from auditlog_cli.cli import exporting, fitting, outgoing, posting, show
    from auditlog_cli.counts import Counts
    from auditlog_cli.credentials import Credentials
    from auditlog_cli.errors import EXIT_OK, UsageError
    from auditlog_cli.selection import select_by
    from auditlog_cli.signing import es256

    if not to or bool(output) == bool(endpoint):
        raise UsageError(
            "export: --to FORMAT and either -o OUT or --endpoint URL are needed",
            help=f"formats: {', '.join(exporters.names())}",
        )
    to = exporters.meant(to)
    exporter = exporters.load(to)
    messages = getattr(exporter, "MESSAGES", False)
    given = {"--key": key is not None, "--trust-level": trust_level != "L1", "--ocsf-version": ocsf_version != "1.8.0"}
    given |= {"--bulk": bulk, "--enterprise-number": enterprise_number != 32473, "--checkpoint": checkpoint is not None}
    given |= {"--content": content, "--protobuf": protobuf, "--batch": batch != 500, "--header": bool(header)}
    given |= {"--gzip": gzip, "--retries": retries != 5, "--insecure": insecure, "--ca": ca is not None}
    given |= {"--cert": cert is not None, "--cert-key": cert_key is not None}
    fitting.heeded(to, bool(endpoint), given)
    logs = show.paths(paths)
    notices = show.Notices(quiet=quiet)
    masks = outgoing.asked(redact, pseudonyms, exporter, to, logs, notices)
    words = {"user": user, "agent": agent, "session": session, "trace": trace, "since": since, "until": until}
    settings = exporters.Settings(
        notices.say, es256.load(key) if key is not None else None, trust_level, ocsf_version, bulk, enterprise_number
    )
    counts = Counts()
    settings = settings._replace(protobuf=protobuf, content=content, batch=batch, leave_out=counts.leave_out)
    if exporter.SEALED:
        if endpoint:
            posting.signal_of(exporter, to)
        if any(words.values()) or where or len(logs) != 1 or logs[0] == "-":
            raise UsageError(f"--to {to}: takes one sealed log, whole", help="name one, and leave the selectors out")
        for source in exporting.sealed(logs[0], checkpoint):
            notices.say(exporting.write(exporter, source, settings, output))
        return EXIT_OK
    chosen = select_by(user=user, agent=agent, session=session, trace=trace, since=since, until=until, where=where)
    twice = getattr(exporter, "AGAIN", False)
    source = exporting.selected(logs, chosen, counts, notices, masks, twice=twice)
    if output and not exporter.FOLDER:
        exporting.spare(output)
    if endpoint:
        shown = Credentials(ca, cert, cert_key)
        if messages:
            notices.say(exporting.send(exporter, source, settings, endpoint, shown))
        else:
            sending = posting.Sending(endpoint, header, protobuf, gzip, retries, insecure, shown)
            receiver = sending.receiver(posting.signal_of(exporter, to), notices, patient=False)
            posting.send(exporter, source, settings, receiver, notices)
    else:
        notices.say(exporting.write(exporter, source, settings, output))
    notices.say(exporting.told(counts))
    slip = EXIT_OK if masks is None else outgoing.told(masks, notices)
    return show.code_of(counts, logs) or slip
