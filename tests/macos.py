"""Takes from this process what only Linux has (CPython's documentation, "Availability: not macOS").

`python -c "import macos; macos.become(); …"` with this folder on PYTHONPATH, before anything of ours is imported. What cannot
be had this way: APFS, a file system that does not tell case apart, `flock` and `fork` as Darwin does them.
"""

import builtins
import fcntl
import os
import signal
import socket
import tempfile
import time

LINUX = {
    os: "fdatasync posix_fadvise posix_fallocate memfd_create MFD_CLOEXEC sched_getaffinity sched_setaffinity pipe2 eventfd"
    " pidfd_open copy_file_range splice getrandom setresuid getresuid O_TMPFILE O_DIRECT O_NOATIME O_PATH O_LARGEFILE"
    " getxattr setxattr listxattr removexattr POSIX_FADV_DONTNEED POSIX_FADV_SEQUENTIAL unshare setns",
    fcntl: "F_SETLEASE F_GETLEASE F_SETSIG F_GETSIG F_NOTIFY F_OFD_SETLK F_ADD_SEALS F_SETPIPE_SZ",
    signal: "sigtimedwait sigwaitinfo SIGRTMIN SIGPWR SIGPOLL",
    socket: "SOCK_CLOEXEC SOCK_NONBLOCK SO_PEERCRED",
    time: "CLOCK_BOOTTIME",
}
FULLFSYNC = 51
"""F_FULLFSYNC of <sys/fcntl.h>."""


def become() -> None:
    """Have what macOS has, and no more. There is no way back."""
    for module, names in LINUX.items():
        for name in names.split():
            if hasattr(module, name):
                delattr(module, name)
    tempfile._O_TMPFILE_WORKS = False  # type: ignore[attr-defined]
    builtins.open = _without_proc(builtins.open)
    os.open = _without_proc(os.open)
    fcntl.F_FULLFSYNC = FULLFSYNC  # type: ignore[attr-defined]
    fcntl.fcntl = _with_drive(fcntl.fcntl)


def _without_proc(call):  # type: ignore[no-untyped-def]
    def instead(path, *given, **named):  # type: ignore[no-untyped-def]
        if isinstance(path, str) and path.startswith("/proc"):
            raise FileNotFoundError(2, os.strerror(2), path)
        return call(path, *given, **named)

    return instead


def _with_drive(call):  # type: ignore[no-untyped-def]
    def instead(fd, command, argument=0):  # type: ignore[no-untyped-def]
        if command == FULLFSYNC:
            os.fsync(fd)
            return 0
        return call(fd, command, argument)

    return instead
