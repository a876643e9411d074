"""What `export --endpoint` and `ship` share: options become a receiver."""

from __future__ import annotations

from types import ModuleType
from typing import NamedTuple

from auditlog_cli import exporters
from auditlog_cli.cli import show
from auditlog_cli.credentials import Credentials
from auditlog_cli.errors import UsageError
from auditlog_cli.exporters import _otlp
from auditlog_cli.shipping import headers
from auditlog_cli.shipping.receiver import Manner, Receiver


class Sending(NamedTuple):
    """How requests are sent, as the options say."""

    endpoint: str
    header: list[str] | None
    protobuf: bool
    gzip: bool
    retries: int
    insecure: bool
    shown: Credentials

    def receiver(self, signal: _otlp.Signal, notices: show.Notices, *, patient: bool) -> Receiver:
        """Return the receiver.

        Args:
            signal: What is sent.
            notices: Are told what happens meanwhile.
            patient: Wait for a receiver that cannot be reached.

        Raises:
            UsageError: If the address or a header is none, or protobuf is not there.
            DefinitionError: If a file for TLS cannot be used.
        """
        manner = Manner(
            self.protobuf, self.gzip, headers.read(self.header or ()), self.retries, patient, shown=self.shown
        )
        return Receiver(self.endpoint, signal, manner, notices.say, plain=self.insecure)


def signal_of(exporter: ModuleType, to: str) -> _otlp.Signal:
    """Return what an exporter's pieces are.

    Raises:
        UsageError: If they are not for sending.
    """
    signal: _otlp.Signal | None = getattr(exporter, "SIGNAL", None)
    if signal is None:
        raise UsageError(f"--to {to}: is not sent over the network", help="-o OUT")
    return signal


def send(
    exporter: ModuleType,
    source: exporters.Source,
    settings: exporters.Settings,
    receiver: Receiver,
    notices: show.Notices,
) -> None:
    """Send what is exported, request by request, and say how much that was.

    Raises:
        AuditWriteError: If the receiver does not take it; the requests before it were taken, and the message says so.
    """
    many = size = 0
    try:
        for piece in exporter.export(source, settings):
            receiver.send(piece.data)
            many += 1
            size += len(piece.data)
    finally:
        notices.say(f"{receiver.name}: took {many} {'request' if many == 1 else 'requests'}, {size} bytes")
