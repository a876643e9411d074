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
    batch: o.Batch = 500,
    retries: o.Retries = 5,
    insecure: o.Insecure = False,
    quiet: o.Quiet = False,
) -> int:
    """Send logs to a receiver, and remember how far: the next run goes on where this one stopped.

    The cursor moves once the receiver has confirmed. Nothing is lost, and nothing is sent twice, but for the last
    batch of a run that was killed before it could note the answer: `record_id` tells such a repetition, and in a
    sealed log the number of the record.

    Ends when all that is there was sent; with --follow it goes on with what is added, until somebody stops it.

    Examples:
      auditlog ship audit.jsonl --endpoint https://otel.example.org --cursor audit.cursor
      auditlog ship audit.jsonl --endpoint http://127.0.0.1:4318 --cursor audit.cursor --follow
    """
    from auditlog_cli.cli import posting, show
    from auditlog_cli.errors import EXIT_INCOMPLETE, EXIT_OK, InputError, UsageError
    from auditlog_cli.exporters import _otlp
    from auditlog_cli.shipping.cursors import Cursor
    from auditlog_cli.shipping.shipper import Batches, Shipper

    if to != "otlp-logs":
        raise UsageError(f"--to {to}: is not shipped", help="otlp-logs is")
    if not endpoint or not cursor:
        raise UsageError("ship: --endpoint URL and --cursor FILE are needed")
    if follow and once:
        raise UsageError("--follow and --once contradict each other")
    logs = show.paths(paths)
    notices = show.Notices(quiet=quiet)
    sending = posting.Sending(endpoint, header, protobuf, gzip, retries, insecure)
    receiver = sending.receiver(_otlp.LOGS, notices, patient=True)
    kept = Cursor(cursor, to)
    try:
        shipper = Shipper(logs, kept, receiver, Batches(batch, protobuf), notices.say, notices.bad)
        try:
            if follow:
                shipper.follow()
            else:
                shipper.once()
        finally:
            shipper.close()
            notices.say(f"{', '.join(logs)}: {shipper.tally}")
    finally:
        kept.close()
    if not follow and not shipper.tally.read:
        raise InputError(f"{', '.join(logs)}: empty, nothing to send")
    return EXIT_INCOMPLETE if shipper.tally.bad else EXIT_OK
