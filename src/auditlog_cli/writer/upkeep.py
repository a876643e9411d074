"""What is done to a log besides appending what happened: own records, durability, rotation on request."""

from __future__ import annotations

from auditlog_cli.writer import rotation
from auditlog_cli.writer.pen import Pen


def append_own(pen: Pen, record: dict[str, object]) -> None:
    """Append a record of the log's own (integrity.md, 2.6).

    Raises:
        AuditWriteError: If it cannot be written.
    """

    def now() -> None:
        pen.active.catch_up()
        pen.active.append_own(record)

    pen.refuse_closed()
    pen.locked(now)


def durable(pen: Pen) -> int:
    """Bring the end of the log in order and to the disk, and return how many records it then holds.

    Raises:
        AuditWriteError: If that cannot be done.
    """
    pen.refuse_closed()
    pen.locked(pen.active.catch_up)
    seq = pen.active.seq
    pen.wait(seq)
    return seq


def rotate(pen: Pen) -> None:
    """Close the active segment now; nothing happens while it holds no record.

    Raises:
        AuditWriteError: If it cannot be done.
    """

    def now() -> None:
        if pen.syncer.failed is not None:
            pen.copy_after_failure()
        pen.active.catch_up()
        if rotation.holds_records(pen.active):
            rotation.rotate(pen.active, pen.syncer)

    pen.refuse_closed()
    pen.locked(now)


def settle(pen: Pen) -> int:
    """Let the log say now what did not reach it, bring it to the disk, and return how many records it then holds.

    Raises:
        AuditWriteError: If it still cannot be written.
    """

    def now() -> None:
        if pen.syncer.failed is not None:
            pen.copy_after_failure()
        pen.active.catch_up()
        pen.tell()

    pen.refuse_closed()
    pen.locked(now)
    seq = pen.active.seq
    pen.wait(seq)
    return seq
