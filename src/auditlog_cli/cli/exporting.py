"""`auditlog export`: what is exported, and the files it goes to."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from types import ModuleType

from auditlog_cli import durability, exporters, notefiles, pipeline, syslogging
from auditlog_cli.cli import show
from auditlog_cli.counts import Counts, many
from auditlog_cli.credentials import Credentials
from auditlog_cli.errors import AuditWriteError, InputError, UsageError, remedy
from auditlog_cli.record import Record
from auditlog_cli.sealing.line import Unsealed, unseal
from auditlog_cli.selection import Selection
from auditlog_cli.verification import covered
from auditlog_cli.writer.growth import origin_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.redaction.outgoing import Outgoing

_OPEN = 64  # files at a time


def sealed(path: str, beside: str | None) -> Iterator[exporters.Source]:
    """Yield one sealed log up to its newest checkpoint; afterwards it is known that it is the one that was signed."""
    text, note = notefiles.newest(path, beside)
    with covered.Log(path, note) as log:
        entries = (
            exporters.Entry(record.line, {}, record.leaf, f"{path}: record {record.seq}") for record in log.records()
        )
        yield exporters.Source(note.origin, entries, log.first, text, log.raw)


def selected(
    paths: list[str], selection: Selection, counts: Counts, notices: show.Notices, outgoing: Outgoing | None = None
) -> exporters.Source:
    """Return the records of some logs that are wanted, masked if that is asked for.

    Raises:
        InputError: If a log cannot be read, or there is no line at all.
    """

    def entries() -> Iterator[exporters.Entry]:
        for record in pipeline.select(paths, selection, counts=counts, on_bad=notices.bad):
            entry = _entry(record)
            masked = entry if outgoing is None else outgoing(entry)
            if masked is not None:
                yield masked
            else:
                counts.spoil()
        if not counts.read:
            raise InputError(
                f"{', '.join(paths)}: empty, nothing to look at",
                help="is it the right file? an empty log has nothing to say",
            )

    return exporters.Source(origin_of(paths[0]), entries())


def told(counts: Counts) -> str:
    """Return what became of the lines: read = exported + skipped + bad."""
    skipped = f"{counts.passed + counts.own:,} skipped"
    why = [f"{counts.own:,} of the log's own"] if counts.own else []
    why += [f"{counts.unparsed:,} unparsed"] if counts.unparsed else []
    skipped += f" ({', '.join(why)})" if why else ""
    return f"{counts.read:,} read = {counts.selected:,} exported + {skipped} + {counts.bad:,} bad"


def spare(out: str) -> None:
    """See to it that what is written takes the place of nothing but a file; `front` looks whether that is a log.

    Raises:
        UsageError: If it would.
    """
    if out != "-" and os.path.exists(out) and not os.path.isfile(out):
        raise UsageError(f"{out}: is there already, and is no file", help="-o FILE, or -o - for standard output")


def write(exporter: ModuleType, source: exporters.Source, settings: exporters.Settings, out: str) -> str:
    """Write a log in a format, to a folder or a file that appears whole or not at all; say what was written.

    Raises:
        UsageError: If the folder is there already, or the format cannot be written like this.
        AuditWriteError: If it cannot be written.
        InputError, SealRefused: If the log cannot be exported.
    """
    if hasattr(exporter, "fill"):
        return f"{out}: {_write_file(exporter, source, settings, out)} bytes"
    pieces = exporter.export(source, settings)
    if exporter.FOLDER:
        return f"{out}: {many(_write_folder(pieces, out), 'file')}"
    if out == "-" and getattr(exporter, "BINARY", False) and show.is_terminal(1):
        raise UsageError("-o -: this format is not for a terminal", help="-o FILE")
    file = show.output(out)
    try:
        size = 0
        for piece in pieces:
            file.write(piece.data)
            size += len(piece.data)
        show.finish(file)
    except BaseException:
        show.discard(file)
        raise
    return f"{'standard output' if out == '-' else out}: {size} bytes"


def send(
    exporter: ModuleType, source: exporters.Source, settings: exporters.Settings, endpoint: str, shown: Credentials
) -> str:
    """Send a log to a syslog receiver; say what was sent.

    Raises:
        UsageError: If the format has no messages, or the address is none.
        AuditWriteError: If not every message could be handed over.
    """
    to = syslogging.address(endpoint)
    if not getattr(exporter, "MESSAGES", False):
        raise UsageError("--endpoint: only syslog and cef go to a syslog receiver", help="-o FILE writes a file")
    with syslogging.Receiver(to, shown) as receiver:
        for piece in exporter.export(source, settings._replace(over_syslog=True)):
            receiver.send(piece.data.rstrip(b"\n"))
        receiver.finish()
    unsure = "; UDP confirms nothing: what was lost on the way, nobody knows" if to.scheme == "udp" else ""
    return f"{to}: {many(receiver.sent, 'message')}{unsure}"


def _write_file(exporter: ModuleType, source: exporters.Source, settings: exporters.Settings, out: str) -> int:
    """Have a library make a file, in a folder where nobody else looks, and give it its name once it is whole."""
    if out == "-":
        raise UsageError("-o -: this format is a file, no stream", help="-o FILE")
    folder = f"{out}.{os.getpid()}.tmp"
    made = os.path.join(folder, "made")
    try:
        os.mkdir(folder, mode=0o700)
        exporter.fill(source, settings, made)
        fd = os.open(made, os.O_RDWR | os.O_CLOEXEC)
        try:
            os.fchmod(fd, 0o600)
            durability.sync(fd)
            size = os.fstat(fd).st_size
        finally:
            os.close(fd)
        os.rename(made, out)
    except OSError as error:
        raise AuditWriteError(f"{out}: cannot be written ({error.strerror})", help=remedy(error)) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return size


def _write_folder(pieces: Iterable[exporters.Piece], out: str) -> int:
    if os.path.lexists(out):
        raise UsageError(f"{out}: is there already", help="name another with -o")
    folder = f"{out.rstrip('/')}.{os.getpid()}.tmp"
    try:
        os.makedirs(folder, mode=0o700)
        names = _write_into(folder, pieces)
        os.rename(folder, out)
    except OSError as error:
        raise AuditWriteError(f"{out}: cannot be written ({error.strerror})", help=remedy(error)) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return names


def _write_into(folder: str, pieces: Iterable[exporters.Piece]) -> int:
    names: set[str] = set()
    held: dict[str, int] = {}
    try:
        for file, data in pieces:
            fd = held.pop(file, -1)
            if fd < 0:
                if len(held) >= _OPEN:
                    os.close(held.pop(next(iter(held))))
                path = os.path.join(folder, *_steps(file))
                os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
                fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
                names.add(file)
            held[file] = fd
            view = memoryview(data)
            while view:
                view = view[os.write(fd, view) :]
    finally:
        for fd in held.values():
            os.close(fd)
    return len(names)


def _steps(name: str) -> list[str]:
    steps = name.split("/")
    if any(step in ("", ".", "..") or "\0" in step for step in steps):
        raise UsageError(
            "a file of this name cannot be written",
            help="it would lie outside of the folder; another --to writes a single file",
        )
    return steps


def _entry(record: Record) -> exporters.Entry:
    try:
        leaf = bytes.fromhex(unseal(record.line.raw).leaf)
    except Unsealed:
        leaf = b""
    return exporters.Entry(record.line.raw, record.content, leaf, record.line.where, record.shape)
