"""`tail --follow`: several logs, as their records arrive, until somebody stops it."""

from __future__ import annotations

import os
import select
import time

from auditlog_cli import decoders, pipeline
from auditlog_cli.counts import Counts
from auditlog_cli.errors import InputError
from auditlog_cli.record import BadLine
from auditlog_cli.sinks import ClosedPipe
from auditlog_cli.sources import backwards, files, looking
from auditlog_cli.sources.followed import Followed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditlog_cli.cli.printing import Printer
    from auditlog_cli.cli.show import Notices
    from auditlog_cli.record import Line
    from auditlog_cli.selection import Selection

_PAUSE_S = 0.1
_LOOK_AGAIN_S = 1.0  # for logs that are new in a folder or match a glob now
_EVENTS = {
    "truncated": "was truncated; going on from its beginning",
    "replaced": "was replaced; going on with the new file",
    "created": "has appeared",
    "gone": "is gone; waiting for it to come back",
}


def run(
    paths: list[str], wanted: int, selection: Selection, shape: str | None, printer: Printer, notices: Notices
) -> int:
    """Print the last `wanted` records, then each that arrives. Ends by Ctrl-C or a closed pipe only."""
    shape = None if looking.taken_for() is not None else shape
    counts = Counts()
    followers: dict[str, Followed] = {}
    ends: list[Iterator[Line | BadLine]] = []
    for path in paths:
        for log in _logs(path, notices):
            if log.path.endswith((".gz", ".zst")):
                ends.append(backwards.backwards(log))
                notices.say(f"{log.path}: a compressed file is closed for good, nothing will follow")
            else:
                followed = followers[log.path] = Followed(log.path)
                ends.append(followed.backwards(log))
    for item in pipeline.last(ends, max(wanted, 0), selection, shape=shape, counts=counts):
        printer.item(item)
    decode = decoders.forced(shape) if shape else decoders.decode
    looked = time.monotonic()
    while True:
        quiet = True
        for followed in list(followers.values()):
            lines = followed.poll()
            for event in followed.events:
                notices.say(f"{followed.path}: {_EVENTS[event]}")
            followed.events.clear()
            for line in lines:
                quiet = False
                item = decode(line)
                if selection.everything or (not isinstance(item, BadLine) and selection(item)):
                    printer.item(item)
                elif isinstance(item, BadLine):
                    notices.bad(item)
        if quiet:
            stop_if_nobody_reads()
            time.sleep(_PAUSE_S)
        if time.monotonic() - looked > _LOOK_AGAIN_S:
            looked = time.monotonic()
            for path in paths:
                for log in _logs(path, None):
                    if log.path not in followers and not log.path.endswith((".gz", ".zst")):
                        followers[log.path] = Followed(log.path)


def _logs(path: str, notices: Notices | None) -> list[files.Log]:
    """The logs there now. At the start, with `notices`, what cannot be read is refused; later the others go on."""
    unread: list[InputError] = []
    found = files.find([path], unread=unread)
    refused = [error for error in unread if not isinstance(error, files.Absent)]
    if refused and notices is not None:
        raise refused[0]
    if found or any(char in path for char in "*?[") or os.path.isdir(path):
        return found
    if notices is not None:
        notices.say(f"{path}: not there yet; waiting for it")
    return [files.Log(path, [])]


def stop_if_nobody_reads() -> None:
    """End when the reader of our pipe has gone, though there is nothing to write: `tail -f | head -1`."""
    poller = select.poll()
    poller.register(1, 0)
    if any(event & (select.POLLERR | select.POLLHUP) for _, event in poller.poll(0)):
        raise ClosedPipe
