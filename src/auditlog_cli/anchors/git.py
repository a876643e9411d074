"""Checkpoints in a Git repository: committed one after the other, and read back from its history.

Git is asked through its plumbing commands, which heed little of what a repository configures.
"""

from __future__ import annotations

import os
import subprocess
from typing import NamedTuple
from urllib.parse import quote

from auditlog_cli import sinks
from auditlog_cli.errors import AuditWriteError, InputError, remedy

_FOLDER = "auditlog"
_MOST = 10_000
_LONGEST_S = 60
_LARGEST = 64 * 1024


class Commit(NamedTuple):
    """A commit that changed the checkpoint of a log.

    Attributes:
        id: Its hash.
        at: Seconds since the epoch, as its committer says.
        data: The checkpoint as it was then.
    """

    id: str
    at: int
    data: bytes


def name_of(origin: str) -> str:
    """Return the path of a log's checkpoint in any repository.

    >>> name_of("host/audit")
    'auditlog/host%2Faudit.checkpoint'
    """
    return f"{_FOLDER}/{quote(origin, safe='')}.checkpoint"


def commit(repository: str, origin: str, data: bytes, message: str) -> str:
    """Write a checkpoint into the work tree and commit that file alone; return the commit.

    Raises:
        InputError: If that is no repository, or Git is not there.
        AuditWriteError: If it cannot be committed.
    """
    name = name_of(origin)
    top = _ask(repository, ["rev-parse", "--show-toplevel"]).decode().removesuffix("\n")
    path = os.path.join(top, name)
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
    except OSError as error:
        raise AuditWriteError(f"{path}: cannot be written ({error.strerror})", help=remedy(error)) from error
    sinks.write_whole(path, data)
    for words in (["add", "--", name], ["commit", "--quiet", "--only", "--message", message, "--", name]):
        done = _run(top, words)
        if done.returncode and (words[0] == "add" or _run(top, ["diff", "--quiet", "HEAD", "--", name]).returncode):
            said = (done.stderr or done.stdout).decode("utf-8", "replace").strip().split("\n")[0]
            raise AuditWriteError(f"{repository}: git {words[0]} failed: {said}", help=f"git -C {top} status")
    return _ask(top, ["rev-list", "-1", "HEAD", "--", name]).decode().strip()


def history(repository: str, revision: str, origin: str) -> list[Commit]:
    """Return the commits up to `revision` that changed the checkpoint of a log, newest first.

    Raises:
        InputError: If there is no such repository or revision, or if it is too long to be looked at.
    """
    name = name_of(origin)
    listed = _ask(
        repository, ["rev-list", "--timestamp", f"--max-count={_MOST + 1}", "--end-of-options", revision, "--", name]
    )
    rows = [line.split() for line in listed.decode().splitlines()]
    if len(rows) > _MOST:
        raise InputError(
            f"{repository}: more than {_MOST} checkpoints of this log are in its history",
            help="put the newest checkpoint into a repository of its own",
        )
    found = []
    for at, commit in rows:
        done = _run(repository, ["cat-file", "blob", f"{commit}:{name}"])
        if not done.returncode:  # else it was removed in this commit
            found.append(Commit(commit, int(at), done.stdout[:_LARGEST]))
    return found


def _ask(repository: str, words: list[str]) -> bytes:
    done = _run(repository, words)
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().split("\n")[0]
        raise InputError(
            f"{repository}: git {words[0]} failed: {said}",
            help=f"does `git -C {repository} {words[0]}` work there, as this user?",
        )
    return done.stdout


def _run(repository: str, words: list[str]) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(  # noqa: S603 - no shell; words of ours, and paths behind `--`
            ["git", "-C", repository, "--no-pager", "-c", "core.fsmonitor=false", *words],  # noqa: S607
            capture_output=True, timeout=_LONGEST_S, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except FileNotFoundError as error:
        raise InputError(
            "git is not installed here",
            help="install git, or keep the state elsewhere: auditlog anchor --tsa or --witness",
        ) from error
    except subprocess.TimeoutExpired as error:
        raise InputError(
            f"{repository}: git did not answer",
            help="look for a lock (.git/index.lock), or a disk that does not answer; then try again",
        ) from error
