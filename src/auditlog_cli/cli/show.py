"""What every command does with its surroundings: which logs, which colours, what is said on standard error."""

from __future__ import annotations

import os
import stat
import sys

from auditlog_cli import decoders
from auditlog_cli.counts import Counts
from auditlog_cli.errors import EXIT_INPUT, AuditWriteError, InputError, UsageError, remedy
from auditlog_cli.record import BadLine, Record
from auditlog_cli.renderers.style import Style
from auditlog_cli.sinks import FileOutput, Output, is_stream
from auditlog_cli.sources import looking

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    Asked = Mapping[str, Sequence[str] | None]

_BAD_SHOWN = 10
_DEFAULT_LOG = "audit.jsonl"
_DIGITS = 6
"""Of a number of columns: nobody has a terminal of a million."""


def paths(given: list[str] | None, shape: str | None = None) -> list[str]:
    """Return the logs to read: those given, else $AUDITLOG_LOG, else what is piped in, else ./audit.jsonl.

    Args:
        given: As the user named them.
        shape: What `--from` says of them: a shape of lines, or a format of files, for which they are taken then.

    Raises:
        UsageError: If there is none of them, or `--from` names neither.
    """
    looking.take_for(_format(shape))
    if given:
        return given
    named = os.environ.get("AUDITLOG_LOG")
    if named:
        return [named]
    try:
        mode = os.fstat(0).st_mode
        if stat.S_ISFIFO(mode) or stat.S_ISREG(mode):
            return ["-"]
    except OSError:
        pass
    if os.path.exists(_DEFAULT_LOG):
        return [_DEFAULT_LOG]
    raise UsageError("which log?", help="name a file, folder or glob, or pipe lines in, or set AUDITLOG_LOG")


def files_of(given: list[str] | None, format: str | None) -> list[str]:  # noqa: A002 - the option's word
    """The same for a command that tells the shapes of lines by itself.

    Raises:
        UsageError: If `--from` names such a shape; and as above.
    """
    if format in decoders.names():
        raise UsageError(f"--from {format}: the shapes of lines are told from each line here", help="leave it out")
    return paths(given, format)


def _format(shape: str | None) -> str | None:
    """The format of files that `--from` names; None for a shape of lines."""
    if shape is None or shape in decoders.names():
        return None
    from auditlog_cli import importers

    if shape in importers.names():
        return shape
    said = "one of these" if shape == "?" else "there is no such shape or format"
    raise UsageError(f"--from: {said}", help=", ".join((*decoders.names(), *importers.names())))


def is_terminal(fd: int) -> bool:
    """Tell whether a person looks at the descriptor."""
    try:
        return os.isatty(fd)
    except OSError:
        return False


def may_ask() -> bool:
    """Tell whether somebody is there who can be asked."""
    return is_terminal(0) and is_terminal(2)


def ask(question: str, agreed: tuple[str, ...], *, path: str, undone: str, help: str) -> None:  # noqa: A002
    """Ask a person before something goes for ever; return if the answer is one of `agreed` (lower case).

    Args:
        question: What is asked.
        agreed: Which answers mean yes.
        path: The log it is about.
        undone: What did not happen otherwise: "deleted".
        help: How to do it unasked.

    Raises:
        UsageError: If nobody can be asked, or the answer is another one.
    """
    if not may_ask():
        raise UsageError(f"{path}: nobody can be asked here, so nothing was {undone}", help=help)
    sys.stderr.write(f"{question} ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in agreed:
        raise UsageError(f"{path}: not confirmed, nothing was {undone}", help=help)


def in_colour(wanted: str, fd: int = 1) -> bool:
    """Tell whether to colour: `always`, `never`, or `auto`, which heeds NO_COLOR, TERM and the terminal."""
    if wanted != "auto":
        return wanted == "always"
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return is_terminal(fd)


def in_unicode() -> bool:
    """Tell whether the terminal shows more than ASCII: what LC_ALL, LC_CTYPE or LANG say."""
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        value = os.environ.get(name)
        if name == "LC_CTYPE" and value == "C.UTF-8" and os.environ.get("LANG") in ("C", "POSIX"):
            continue  # not the user's: Python itself sets it where the locale is C (PEP 538)
        if value:
            return "utf-8" in value.lower() or "utf8" in value.lower()
    return False


def columns(fd: int = 1) -> int:
    """Return the width to write for: $COLUMNS, else the terminal's; 0 (unlimited) for a pipe."""
    text = os.environ.get("COLUMNS", "")
    if text.isdecimal() and len(text) < _DIGITS and int(text) > 0:
        return int(text)
    if not is_terminal(fd):
        return 0
    try:
        return os.get_terminal_size(fd).columns or 80
    except OSError:
        return 80


def to_person(text: str, hang: str = "  ") -> list[str]:
    """Return a line for standard error: folded at words where a terminal shows it, whole where it is kept."""
    if not is_terminal(2):
        return [text]
    from auditlog_cli.renderers import safe

    return safe.wrapped(text, columns(2), hang)


def output(path: str | None) -> Output:
    """Return where the answer goes: standard output, a device or pipe, or a file that appears whole."""
    if path is None or path == "-":
        return Output(1, eager=is_terminal(1))
    if is_stream(path):
        try:
            return Output(os.open(path, os.O_WRONLY | os.O_CLOEXEC), name=path)
        except OSError as error:
            raise AuditWriteError(f"{path}: cannot be written ({error.strerror})", help=remedy(error)) from error
    return FileOutput(path)


def style(color: str, path: str | None) -> Style:
    """Return how to draw text for where `output` leads: a file gets neither colours nor a width.

    Args:
        color: `auto`, `always` or `never`.
        path: As for `output`.
    """
    if path is not None and path != "-":
        return Style()
    return Style(colour=in_colour(color), unicode=in_unicode(), columns=columns())


def finish(out: Output) -> None:
    """Bring the answer out: the file gets its name, standard output is flushed."""
    if isinstance(out, FileOutput):
        out.commit()
    else:
        out.flush()


def discard(out: Output) -> None:
    """Leave no half-written file behind."""
    if isinstance(out, FileOutput):
        out.discard()


def with_context(
    judged: Iterable[tuple[Record | BadLine, bool]], before: int, after: int, notices: Notices
) -> Iterator[Record]:
    """Yield the wanted records, each with up to `before` and `after` records of the same session around it.

    Bad lines go to `notices`. For `before`, so many records of each session are held in memory.
    """
    held: dict[object, list[Record]] = {}
    owed: dict[object, int] = {}
    if not before and not after:
        for item, wanted in judged:
            if wanted:
                yield item  # type: ignore[misc]  # what is wanted is a record
            elif isinstance(item, BadLine):
                notices.bad(item)
        return
    for item, wanted in judged:
        if isinstance(item, BadLine):
            notices.bad(item)
            continue
        session = item.content.get("session_id")
        key = session if isinstance(session, str) else None
        if wanted:
            yield from held.pop(key, ())
            owed[key] = after
            yield item
        elif key is not None and owed.get(key):
            owed[key] -= 1
            yield item
        elif before and key is not None and not item.is_own:
            last = held.setdefault(key, [])
            last.append(item)
            if len(last) > before:
                del last[0]


def code_of(counts: Counts, paths: list[str]) -> int:
    """Return the exit code of who has read these logs.

    Raises:
        InputError: If no line could be read: that is said without notices, too.
    """
    code = counts.exit_code()
    if code == EXIT_INPUT:
        raise InputError(
            f"{', '.join(paths)}: no line of it is a record",
            help="is it the right file? `auditlog validate` says of each line what is wrong",
        )
    return code


class Notices:
    """What is said about the answer, on standard error.

    Args:
        quiet: Say nothing.
        verbose: Say the counts even where nobody looks.
    """

    def __init__(self, *, quiet: bool = False, verbose: bool = False) -> None:
        self.quiet = quiet
        self.verbose = verbose
        self._bad = 0

    def say(self, text: str) -> None:
        """Say one line, with the program's name in front."""
        if self.quiet:
            return
        from auditlog_cli.renderers import safe

        try:
            sys.stderr.write("\n".join(to_person(f"auditlog: {safe.one_line(text)}")) + "\n")
        except OSError:
            pass

    def explain(self, text: str) -> None:
        """Say one line to who wants to know how the answer was found."""
        if self.verbose:
            self.say(text)

    def bad(self, bad: BadLine) -> None:
        """Say where a bad line is and what is wrong with it; the first few only."""
        self._bad += 1
        if self._bad <= _BAD_SHOWN:
            line = bad.line
            number = f"line {line.number}, " if line.number else ""
            self.say(f"bad line: {line.path}: {number}byte {line.offset + bad.at}: {bad.reason} [{bad.code}]")
        elif self._bad == _BAD_SHOWN + 1:
            self.say("bad line: … and more; `auditlog validate` lists them all")

    def unknown(self, asked: Asked) -> None:
        """Say which words of --status and --type no record uses; to a person, too, what else finds nothing."""
        if any(asked.values()):
            from auditlog_cli.cli import hinting

            for text in hinting.unknown(asked.get("status"), asked.get("type")):
                self.say(text)
            if is_terminal(2):
                for text in hinting.parts(asked):
                    self.say(text)

    def done(self, counts: Counts, paths: list[str], asked: Asked | None = None) -> int:
        """Say the counts, if somebody looks or a line was bad; return the exit code.

        Args:
            counts: Of all logs.
            paths: The logs, as they were named.
            asked: What the options about records said, to say why nothing was found.

        Raises:
            InputError: If there was no line at all, or none that could be read.
        """
        if not counts.read:
            raise InputError(
                f"{', '.join(paths)}: empty, nothing to look at",
                help="is it the right file? an empty log has nothing to say",
            )
        if asked and not counts.selected:
            self.unknown(asked)
        if self.verbose or counts.bad or is_terminal(2):
            self.say(str(counts))
        return code_of(counts, paths)
