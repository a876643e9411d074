"""Which files the user means: files, folders, globs, `-`; rotated segments in order."""

from __future__ import annotations

import os
import stat

from auditlog_cli import segments
from auditlog_cli.errors import InputError, remedy
from auditlog_cli.sources import listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

STDIN = "-"
ENDINGS = (".jsonl", ".ndjson", ".jsonl.gz", ".jsonl.zst", ".ndjson.gz", ".ndjson.zst")
"""What a folder is searched for. A file that is named outright is read whatever its name."""
DOCUMENTS = (".json", ".json.gz", ".json.zst")
"""What it is searched for by those who only read, if it holds none of these; beside logs such files are settings."""
_OF_THE_DISK = "lost+found"  # in the first folder of a disk, root's; fsck puts fragments there, nobody a log


class Log:
    """One log: its files in the order in which they were written.

    Attributes:
        path: As the user named it, or as it was found.
        files: Closed segments first, the active one last; `["-"]` for standard input.
        whole: Whether these are all of its files; else some were named, or some were named before.
    """

    __slots__ = ("files", "path", "whole")

    def __init__(self, path: str, files: list[str], *, whole: bool = False) -> None:
        self.path = path
        self.files = files
        self.whole = whole

    def __repr__(self) -> str:
        return f"Log({self.path!r}, {self.files!r})"


class Absent(InputError):
    """Nothing is there under that name, or no log: one may come."""


def find(paths: Sequence[str], *, documents: bool = False, unread: list[InputError] | None = None) -> list[Log]:
    """Return the logs that `paths` name, each once whatever it is called, in the order given (a folder's by name).

    Args:
        paths: Files, folders, globs, `-`.
        documents: Take the JSON documents of a folder that holds no log.
        unread: Takes the errors, in place of raising the first of them.

    Raises:
        Absent: If one of them does not exist, or holds no log.
        InputError: If one of them cannot be read, or a folder in it.
    """
    logs: list[Log] = []
    seen: set[str] = set()
    for path in paths:
        refused: list[InputError] = []
        try:
            found = _expand(path, documents, refused)
            for file in (file for log in found for file in log.files if file != path):
                _refuse_pipe(file)
        except InputError as error:
            if unread is None:
                raise
            unread.append(error)
            continue
        if refused and unread is None:
            raise refused[0]
        if unread is not None:
            unread.extend(refused)
        for log in found:
            files = [file for file in log.files if _is_new(file, seen)]
            if files:
                logs.append(Log(log.path, files, whole=log.whole and len(files) == len(log.files)))
    return logs


def _is_new(file: str, seen: set[str]) -> bool:
    """Tell whether a file has not been seen, whatever it was called then: `a.jsonl`, `./a.jsonl`, a link to it."""
    name = file if file == STDIN else os.path.realpath(file)
    if name in seen:
        return False
    seen.add(name)
    return True


def _expand(path: str, documents: bool, refused: list[InputError]) -> list[Log]:
    if path == STDIN:
        return [Log(STDIN, [STDIN])]
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        rotated = _of(path)
        if rotated.files:
            return [rotated]  # a writer was killed between closing one segment and beginning the next
        return _globbed(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})", help=remedy(error)) from error
    if stat.S_ISDIR(mode):
        return _folder(path, documents, refused)
    return [log] if (log := _of(path)).files else _globbed(path)


def _refuse_pipe(file: str) -> None:
    """Refuse what nobody named and is neither file nor folder: to open a pipe is to wait for who writes into it."""
    mode = file.mode if isinstance(file, listed.Listed) else 0
    if mode and not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise InputError(
            f"{file}: bears the name of a log, and is no file",
            help="move it away, or name the files that are to be read",
        )


def _of(path: str) -> Log:
    """The log whose active segment is `path`; a closed segment named outright stands for itself."""
    names = listed.whole(path) if path.endswith(".jsonl") else listed.alone(path)
    return Log(path, [*names], whole=segments.first_of(path) is None)


def _folder(path: str, documents: bool, refused: list[InputError]) -> list[Log]:
    """The logs in a folder; folders in it that cannot be looked into, and may hold more, are `refused`."""
    found: dict[str, list[str]] = {}
    others: dict[str, list[str]] = {}

    def note(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError) and os.path.basename(error.filename) != _OF_THE_DISK:
            refused.append(InputError(f"{error.filename}: cannot be read ({error.strerror})", help=remedy(error)))

    for folder, folders, files in os.walk(path, onerror=note):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if name.startswith("."):
                continue
            full = os.path.join(folder, name)
            if name.endswith(ENDINGS):
                found.setdefault(segments.active_of(full) or full, []).append(full)
            elif documents and name.endswith(DOCUMENTS):
                others[full] = [full]
    found = found or others
    if not found and not refused:
        looked = ", ".join("*" + ending for ending in (*ENDINGS[:2], *(DOCUMENTS[:1] if documents else ())))
        raise Absent(
            f"{path}: no log in this folder (looked for {looked})", help="name the file itself if it ends otherwise"
        )
    return [Log(active, _all(active, files), whole=True) for active, files in found.items()]


def _globbed(path: str) -> list[Log]:
    if any(char in path for char in "*?["):
        import glob

        names = sorted(glob.glob(path, recursive=True))
        files = [name for name in names if not os.path.isdir(name)]
        if files:
            return _grouped(files)
        raise Absent(f"{path}: no file matches", help="quote the pattern, and try it with ls")
    raise Absent(f"{path}: no such file", help=near(path))


def _grouped(files: list[str]) -> list[Log]:
    found: dict[str, list[str]] = {}
    for file in files:
        found.setdefault(segments.active_of(file) or file, []).append(file)
    return [Log(path, _named(path, names)) for path, names in found.items()]


def _all(path: str, names: list[str]) -> list[str]:
    """The files of the log at `path`, of which these were found in its folder."""
    if not path.endswith(".jsonl"):
        return _named(path, names)
    found = listed.whole(path)
    links = [path] if path in names and os.path.islink(path) and path not in found else []  # to nothing: it is told
    return [*found, *links]


def _named(path: str, names: list[str]) -> list[str]:
    """These files of the log at `path` in order, each once."""
    newest = max((first for first, _ in segments.closed(path)), default=-1) if path.endswith(".jsonl") else -1
    # Closed segments sort before the active one: "audit.000000000000.jsonl" < "audit.jsonl".
    return [listed.name(each, newest) for each in segments.without_twins(sorted(names))]


def _stem(name: str) -> str:
    return next((name.removesuffix(each) for each in (*ENDINGS, *DOCUMENTS) if name.endswith(each)), name)


def near(path: str) -> str:
    """Return a hint at a file with a similar name, or nothing."""
    import difflib

    folder, name = os.path.split(path)
    try:
        names = [entry for entry in os.listdir(folder or ".") if entry.endswith(ENDINGS)]
    except OSError:
        return f"there is no folder {folder}" if folder and not os.path.isdir(folder) else ""
    stems = {_stem(each): each for each in names}
    close = difflib.get_close_matches(_stem(name), stems, n=1)
    if close:
        return f"did you mean {os.path.join(folder, stems[close[0]])}?"
    return f"logs here: {', '.join(sorted(names)[:5])}" if names else "no log lies in that folder: is the path right?"
