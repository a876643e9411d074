"""`auditlog ship`: options become a freight."""

from __future__ import annotations

from collections.abc import Iterator

from auditlog_cli import exporters, syslogging
from auditlog_cli.cli import posting, show
from auditlog_cli.credentials import Credentials
from auditlog_cli.errors import UsageError
from auditlog_cli.exporters import _otlp
from auditlog_cli.shipping.freight import Batches, Freight, Logs, Messages, Spans

FORMATS = ("otlp-logs", "otlp-spans", "syslog", "cef")


def freight(
    to: str,
    endpoint: str,
    notices: show.Notices,
    *,
    header: list[str] | None,
    protobuf: bool,
    gzip: bool,
    content: bool,
    shown: Credentials,
    enterprise: int,
    batch: int,
    retries: int,
    insecure: bool,
) -> Freight:
    """Return as what records are sent, and where to.

    Raises:
        UsageError: If the address or a header is none, or the way cannot tell whether anything arrived.
        DefinitionError: If a file for TLS cannot be used.
    """
    batches = Batches(batch, protobuf)
    if to in ("otlp-logs", "otlp-spans"):
        sending = posting.Sending(endpoint, header, protobuf, gzip, retries, insecure, shown)
        if to == "otlp-logs":
            return Logs(sending.receiver(_otlp.LOGS, notices, patient=True), batches)
        return Spans(sending.receiver(_otlp.TRACES, notices, patient=True), batches, content=content)
    address = syslogging.address(endpoint)
    if address.scheme == "udp":
        raise UsageError(
            f"{address}: UDP never tells whether anything arrived, so no cursor can say how far the log was sent",
            help="tcp:// or tls://; `auditlog export --endpoint udp://…` sends without remembering",
        )
    settings = exporters.Settings(notices.say, enterprise=enterprise)
    return Messages(address, exporters.load(to), settings, batches, retries, notices.say, shown=shown)


def losses(sent: Freight) -> Iterator[str]:
    """Yield what the messages could not hold, a sentence each."""
    if isinstance(sent, Messages):
        yield from sent.losses()
