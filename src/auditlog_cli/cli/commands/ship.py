"""`auditlog ship`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.cli import options as o


def ship(
    paths: o.Paths = None,
    to: o.ShipFormat = "otlp-logs",
    endpoint: o.ShipEndpoint = "",
    cursor: o.Cursor = "",
    follow: o.ShipFollow = False,
    once: o.ShipOnce = False,
    header: o.Header = None,
    protobuf: o.Protobuf = False,
    gzip: o.Gzip = False,
    content: o.Content = False,
    redact: o.Redact = None,
    pseudonyms: o.PseudonymKey = None,
    ca: o.ExportCa = None,
    cert: o.Cert = None,
    cert_key: o.CertKey = None,
    enterprise_number: o.EnterpriseNumber = 32473,
    batch: o.Batch = 500,
    retries: o.Retries = 5,
    insecure: o.Insecure = False,
    quiet: o.Quiet = False,
) -> int:
    """Send logs to a receiver, and remember how far: the next run goes on where this one stopped.

    The cursor moves once the receiver has confirmed. Nothing is lost, and nothing is sent twice, but for the last
    batch of a run that was killed before it could note the answer: `record_id` tells such a repetition, and in a
    sealed log the number of the record. otlp-spans: a trace is sent once it has ended. syslog and cef confirm nothing:
    over TCP and TLS a batch counts as taken when the receiver has read to its end; UDP is refused.

    --redact masks what goes out, by the profile that `auditlog redact` takes; a cursor that has sent masked records
    sends no others.

    Ends when all that is there was sent; with --follow it goes on with what is added, until somebody stops it.

    Examples:
      auditlog ship audit.jsonl --endpoint https://otel.example.org --cursor audit.cursor
      auditlog ship audit.jsonl --endpoint http://127.0.0.1:4318 --cursor audit.cursor --follow
      auditlog ship audit.jsonl --endpoint https://otel.example.org --cursor audit.cursor --redact redaction.yaml
      auditlog ship audit.jsonl --to otlp-spans --endpoint http://127.0.0.1:6006 --protobuf --cursor spans.cursor
      auditlog ship audit.jsonl --to syslog --endpoint tls://siem.example.org --ca ca.pem --cursor siem.cursor --follow
    """
    from auditlog_cli import exporters
    from auditlog_cli.cli import fitting, outgoing, shipped, show
    from auditlog_cli.credentials import Credentials
    from auditlog_cli.errors import EXIT_INCOMPLETE, EXIT_OK, InputError, UsageError
    from auditlog_cli.shipping.cursors import Cursor
    from auditlog_cli.shipping.shipper import Shipper

    to = exporters.meant(to)
    if to not in shipped.FORMATS:
        raise UsageError(f"--to {to}: is not shipped", help=f"{', '.join(shipped.FORMATS)} are")
    if not endpoint or not cursor:
        raise UsageError(
            "ship: --endpoint URL and --cursor FILE are needed",
            help="the cursor is a small file of your choice: it remembers how far the log was sent",
        )
    if follow and once:
        raise UsageError("--follow and --once contradict each other", help="--once is the default")
    given = {"--content": content, "--protobuf": protobuf, "--ca": ca is not None, "--header": bool(header)}
    given |= {"--gzip": gzip, "--enterprise-number": enterprise_number != 32473, "--insecure": insecure}
    given |= {"--cert": cert is not None, "--cert-key": cert_key is not None}
    fitting.heeded(to, True, given)
    logs = show.paths(paths)
    notices = show.Notices(quiet=quiet)
    freight = shipped.freight(
        to, endpoint, notices, header=header, protobuf=protobuf, gzip=gzip, content=content,
        shown=Credentials(ca, cert, cert_key), enterprise=enterprise_number, batch=batch, retries=retries,
        insecure=insecure,
    )  # fmt: skip
    masks = outgoing.asked(redact, pseudonyms, exporters.load(to), to, logs, notices)
    slip = EXIT_OK
    kept = Cursor(cursor, to, masks.mark if masks is not None else "")
    if kept.other_masks:
        notices.say(f"{cursor}: until now records were sent with other masks, or none; the receiver still has them so")
    try:
        shipper = Shipper(logs, kept, freight, notices.say, notices.bad, masks)
        try:
            if follow:
                shipper.follow()
            else:
                shipper.once()
        finally:
            for line in (*shipper.unfinished(), *shipped.losses(freight)):
                notices.say(line)
            shipper.close()
            notices.say(f"{', '.join(logs)}: {shipper.tally}")
            slip = EXIT_OK if masks is None else outgoing.told(masks, notices)
    finally:
        kept.close()
    if not follow and not shipper.tally.read:
        raise InputError(f"{', '.join(logs)}: empty, nothing to send", help="--follow waits for what is written")
    return EXIT_INCOMPLETE if shipper.tally.bad else slip
