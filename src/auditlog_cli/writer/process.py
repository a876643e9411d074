"""What happens to open logs when the process forks or ends."""

from __future__ import annotations

import atexit
import os
import sys
import weakref
from typing import TYPE_CHECKING

from auditlog_cli.errors import AuditWriteError

if TYPE_CHECKING:
    from auditlog_cli.writer.log import AuditLog

_open_logs: weakref.WeakSet[AuditLog] = weakref.WeakSet()


def opened(log: AuditLog) -> None:
    """Remember `log` until it is closed."""
    _open_logs.add(log)


def closed(log: AuditLog) -> None:
    """Forget `log`."""
    _open_logs.discard(log)


def _in_child() -> None:
    for log in list(_open_logs):
        log.after_fork()


def _at_exit() -> None:
    for log in list(_open_logs):
        try:
            log.close()
        except AuditWriteError as error:
            # An exception at exit is nobody's: at least it is said.
            sys.stderr.write(f"auditlog: error[{error.kind}]: {error}\n")


os.register_at_fork(after_in_child=_in_child)
atexit.register(_at_exit)
