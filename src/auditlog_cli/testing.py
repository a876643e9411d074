"""For the tests of applications that write an audit log.

def test_a_refund_is_recorded():
    with recording() as audit:
        refund_agent(audit.log, order=42)
    assert [each["action"]["tool"] for each in audit.of_type("tool_invocation")] == ["issue_refund"] * 2

def test_no_refund_without_its_record():
    with failing_after(3) as audit, pytest.raises(AuditWriteError):
        refund_agent(audit.log, order=42)
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from auditlog_cli import decoders
from auditlog_cli.capture.log import AuditLog
from auditlog_cli.errors import AuditWriteError
from auditlog_cli.record import Record
from auditlog_cli.sources.files import find
from auditlog_cli.sources.lines import read_lines
from auditlog_cli.writer.receipt import Receipt


class _Failing(AuditLog):
    """A log whose appends fail on request."""

    left: int | None = None
    """How many appends still succeed; None: all."""
    refused = 0
    """How many have failed."""

    def append(self, record: Mapping[str, Any], *, durable: bool | None = None) -> Receipt:
        if self.left is not None:
            if self.left <= 0:
                self.refused += 1
                raise AuditWriteError(
                    f"{self.path}: no space left on device (a test asked for this); nothing was written",
                    help="make room, then call again",
                )
            self.left -= 1
        return super().append(record, durable=durable)


class Recording:
    """A log in a folder of its own, and what is in it.

    Attributes:
        log: The log, open.
    """

    def __init__(self, path: str) -> None:
        self._failing = _Failing(path, fsync="none", ballast_bytes=0)
        self.log: AuditLog = self._failing
        self._kept: list[dict[str, Any]] | None = None

    def fail_after(self, appends: int) -> None:
        """Let the next `appends` succeed and each one after them raise `AuditWriteError`."""
        self._failing.left = appends

    @property
    def refused(self) -> int:
        """How many appends failed because of `fail_after`."""
        return self._failing.refused

    def close(self) -> None:
        """Close the log, and keep its records."""
        self.log.close()
        self._kept = self.records

    @property
    def records(self) -> list[dict[str, Any]]:
        """The records as they can be read back, in order, under the names of `auditlog.record/1`.

        The log's own (genesis, …) and the seal's members (`seq`, `prev`, `_salts`) are left out. They stay here
        when `with recording()` has ended and its folder is gone.
        """
        if self._kept is not None:
            return self._kept
        found: list[dict[str, Any]] = []
        for log in find([self.log.path]):
            for file in log.files:
                for line in read_lines(file):
                    record = decoders.decode(line)
                    if isinstance(record, Record) and not record.is_own:
                        content = record.content.items()
                        found.append({name: value for name, value in content if name not in ("seq", "prev", "_salts")})
        return found

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        """The records whose `action.type` is `kind`."""
        return [each for each in self.records if each.get("action", {}).get("type") == kind]


@contextmanager
def recording(folder: str | os.PathLike[str] | None = None) -> Iterator[Recording]:
    """Give a fresh log, not synced to the disk, closed at the end.

    Args:
        folder: Where `audit.jsonl` is to lie (`tmp_path`); default: a temporary folder, deleted at the end.
    """
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="auditlog-") as made, recording(made) as audit:
            yield audit
        return
    audit = Recording(os.path.join(folder, "audit.jsonl"))
    try:
        yield audit
    finally:
        audit.close()


@contextmanager
def failing_after(appends: int, folder: str | os.PathLike[str] | None = None) -> Iterator[Recording]:
    """Give a fresh log that takes `appends` records, and then none."""
    with recording(folder) as audit:
        audit.fail_after(appends)
        yield audit
