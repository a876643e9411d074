"""What can go wrong, and the exit code that says so.

    AuditlogError
    ├── UsageError            2  the command or the call is wrong
    │   └── NoSession            there is no audit session to record in
    ├── InputError            3  could not look: missing, empty, unreadable
    ├── DefinitionError       4  a schema, expression, policy or key is wrong
    ├── AuditWriteError       5  could not write what was promised
    │   ├── DurabilityError      written, but the disk did not confirm it
    │   ├── LockTimeout          another writer did not let go of the lock
    │   └── TamperError          the log on disk is not the one this writer left
    ├── SealRefused           1  the log is not the one that was signed: nothing is signed
    └── Denied                1  the caller may not do this (recorded as such)
        ├── ScopeDenied          the granted scopes do not cover the call
        └── ApprovalMismatch     what runs is not what was approved

An exception means "could not do the job". What a job finds is never an exception.
"""

from __future__ import annotations

EXIT_OK = 0
EXIT_FOUND = 1
EXIT_USAGE = 2
EXIT_INPUT = 3
EXIT_DEFINITION = 4
EXIT_WRITE = 5
EXIT_INCOMPLETE = 6
EXIT_INTERNAL = 70
EXIT_INTERRUPTED = 130
EXIT_CLOSED_PIPE = 141


class AuditlogError(Exception):
    """Root of all errors of this package.

    Args:
        message:
            One line: the thing first, then the trouble. Never a value out of a log.
        help:
            One line that says what to do, or empty.
    """

    exit_code = EXIT_INTERNAL
    kind = "internal"

    def __init__(self, message: str, *, help: str = "") -> None:  # noqa: A002 - the word on the screen
        super().__init__(message)
        self.message = message
        self.help = help
        if help:
            self.add_note(f"help: {help}")  # below the last line of a traceback

    def __str__(self) -> str:
        return self.message


class UsageError(AuditlogError):
    """The command line or the call is wrong."""

    exit_code = EXIT_USAGE
    kind = "usage"


class NoSession(UsageError):
    """An action was to be recorded, but no session was given and none is open in this context."""

    kind = "no-session"


class InputError(AuditlogError):
    """Could not look: the input is missing, empty or unreadable."""

    exit_code = EXIT_INPUT
    kind = "input"


class DefinitionError(AuditlogError):
    """A schema, expression, policy or key is wrong."""

    exit_code = EXIT_DEFINITION
    kind = "definition"


class AuditWriteError(AuditlogError):
    """A record could not be written. The message says what was and what was not written.

    Attributes:
        written:
            How many records of the call reached the log. 0, except for a batch that was cut
            short and could not be taken back.
    """

    exit_code = EXIT_WRITE
    kind = "write"

    def __init__(self, message: str, *, help: str = "", written: int = 0) -> None:  # noqa: A002
        super().__init__(message, help=help)
        self.written = written


class DurabilityError(AuditWriteError):
    """The record was written, but the disk did not confirm it: after a failed fsync nobody knows.

    The kernel marks the pages clean after a failed sync, so trying again and calling it good would
    be a lie (https://wiki.postgresql.org/wiki/Fsync_Errors).
    """

    kind = "durability"


class LockTimeout(AuditWriteError):
    """Another writer held the lock of the log for longer than `lock_timeout_s`."""

    kind = "lock"


class TamperError(AuditWriteError):
    """The log on disk is not the one this writer left: deleted, shortened or replaced."""

    kind = "tamper"


class SealRefused(AuditlogError):
    """The log does not extend the state that was signed last: a fresh signature would launder it."""

    exit_code = EXIT_FOUND
    kind = "refused"


class Denied(AuditlogError):
    """The caller may not do this. The refusal has been recorded."""

    exit_code = EXIT_FOUND
    kind = "denied"


class ScopeDenied(Denied):
    """The scopes of the session do not cover what the call requires."""

    kind = "scope"


class ApprovalMismatch(Denied):
    """The arguments of the call are not the ones that were approved."""

    kind = "approval"


def remedy(error: OSError) -> str:
    """Return what a user can do about a file that cannot be read or written; empty where there is nothing to say.

    >>> remedy(PermissionError(13, "Permission denied"))
    'who may? ls -l says; run it as a user who is allowed to'
    """
    import errno

    said = {
        errno.EACCES: "who may? ls -l says; run it as a user who is allowed to",
        errno.EPERM: "who may? ls -l says; run it as a user who is allowed to",
        errno.ENOSPC: "make room on that disk, or name another place",
        errno.EDQUOT: "make room within the quota, or name another place",
        errno.EROFS: "that disk is read-only: name another place",
        errno.ENOENT: "is the folder there, and the name right?",
        errno.ENOTDIR: "a part of the path is a file, no folder",
        errno.EISDIR: "name a file in that folder",
        errno.EEXIST: "something else is there: name another place, or move it away first",
        errno.ELOOP: "the links there lead back to themselves: ls -l says where to",
        errno.ENXIO: "that is a socket, or a device that is not there: name a file",
        errno.ENAMETOOLONG: "give it a shorter name",
        errno.EMFILE: "too many files are open: ulimit -n says how many may be",
        errno.EIO: "the disk, or the network to it, fails: look at the system's log",
    }
    return said.get(error.errno or 0, "")
