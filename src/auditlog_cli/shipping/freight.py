"""What records are sent as, and how: log records (OTLP), spans (OTLP), or messages (syslog, CEF).

A freight makes units out of records, and hands them over; the shipper says which records, and remembers how far.
"""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from types import ModuleType
from typing import NamedTuple

from auditlog_cli import syslogging
from auditlog_cli.credentials import OF_THE_SYSTEM, Credentials
from auditlog_cli.errors import AuditWriteError
from auditlog_cli.exporters import Entry, Settings, Source, _otlp, otlp_spans
from auditlog_cli.exporters.otlp_logs import log_record
from auditlog_cli.shipping.receiver import Receiver, pause_after


class Batches(NamedTuple):
    """How records are put together.

    Attributes:
        most: So many in a request.
        protobuf: In which encoding; else JSON.
    """

    most: int = 500
    protobuf: bool = False


class Logs:
    """Each record is a log record of OTLP.

    Args:
        receiver: Where requests go.
        batches: How records are put together.
    """

    def __init__(self, receiver: Receiver, batches: Batches) -> None:
        self.batches = batches
        self._receiver = receiver

    def unit(self, entry: Entry) -> bytes:
        """Return what is sent of one record."""
        return _otlp.packed(log_record(entry))

    def send(self, origin: str, units: list[bytes]) -> None:
        """Send a request, and return once the receiver has confirmed it.

        Raises:
            AuditWriteError: If it did not take it.
        """
        self._receiver.send(_otlp.request(_otlp.LOGS, origin, units, protobuf=self.batches.protobuf))


class Spans:
    """Traces that have ended are spans of OTLP, as `export --to otlp-spans` makes them.

    Args:
        receiver: Where requests go.
        batches: How spans are put together.
        content: With arguments, results, prompts and answers.
    """

    def __init__(self, receiver: Receiver, batches: Batches, *, content: bool = False) -> None:
        self.batches = batches
        self._receiver = receiver
        self._content = content

    def units(self, trace: str, entries: Iterable[Entry]) -> Iterator[bytes]:
        """Yield what is sent of the records of one trace."""
        return map(_otlp.packed, otlp_spans.spans(trace, entries, content=self._content))

    def send(self, origin: str, units: list[bytes]) -> None:
        """Send a request, and return once the receiver has confirmed it.

        Raises:
            AuditWriteError: If it did not take it.
        """
        self._receiver.send(_otlp.request(_otlp.TRACES, origin, units, protobuf=self.batches.protobuf))


class Messages:
    """Each record is a message of syslog, over TCP or TLS.

    Nothing in syslog confirms a message. Each batch has a connection of its own, and is taken once the receiver has
    read to its end: what happens to messages that it has read, only the receiver knows.

    Args:
        to: Where; not by UDP, of which nobody learns anything.
        exporter: `exporters.syslog` or `exporters.cef`.
        settings: How messages are made.
        batches: How many go over one connection.
        retries: So many times more after a failure.
        say: Is told, in one line each, what happens meanwhile.
        shown: For TLS: whom to trust, and who we are.
        sleep: Waits so many seconds.

    Raises:
        UsageError, DefinitionError: If the credentials cannot be used.
    """

    def __init__(
        self,
        to: syslogging.Address,
        exporter: ModuleType,
        settings: Settings,
        batches: Batches,
        retries: int,
        say: Callable[[str], None],
        *,
        shown: Credentials = OF_THE_SYSTEM,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        syslogging.refuse_unfit(to, shown)
        self.batches = batches
        self._to = to
        self._exporter = exporter
        self._settings = settings._replace(over_syslog=True, say=self._note)
        self._losses: Counter[str] = Counter()
        self._retries = retries
        self._say = say
        self._shown = shown
        self._sleep = sleep

    def unit(self, entry: Entry) -> bytes:
        """Return what is sent of one record."""
        (piece,) = self._exporter.export(Source("", [entry]), self._settings)
        message: bytes = piece.data
        return message.rstrip(b"\n")

    def _note(self, loss: str) -> None:
        self._losses[loss.partition(": ")[2] or loss] += 1

    def losses(self) -> Iterator[str]:
        """Yield what the messages could not hold, a sentence each."""
        for what, many in self._losses.items():
            yield f"{many:,} {'record' if many == 1 else 'records'}: {what}"

    def send(self, origin: str, units: list[bytes]) -> None:
        """Send messages over a connection of their own, and wait until the other side has read to the end.

        Raises:
            AuditWriteError: If it went away before. Which messages it has, only it knows: all are sent again.
        """
        del origin
        for attempt in itertools.count():
            try:
                with syslogging.Receiver(self._to, self._shown) as receiver:
                    for unit in units:
                        receiver.send(unit)
                    receiver.finish()
                return
            except AuditWriteError as error:
                if attempt >= self._retries or syslogging.is_lasting(error):
                    raise
                pause = pause_after(attempt)
                self._say(f"{error.message}; trying again in {pause:.1f} s")
                self._sleep(pause)


Freight = Logs | Spans | Messages
