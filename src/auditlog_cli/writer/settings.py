"""What a log is opened with: the arguments of `AuditLog`, held against each other and against the file."""

from __future__ import annotations

import os
import stat
import sys
import threading
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from auditlog_cli import segments
from auditlog_cli.errors import AuditWriteError, UsageError
from auditlog_cli.sealing import policy as policies
from auditlog_cli.writer import disk, masking, mounts, own

if TYPE_CHECKING:
    from auditlog_cli.signing.signer import Signer

Fsync = Literal["always", "interval", "none"]
OnError = Literal["raise", "fallback"]
Redact = Callable[[dict[str, Any]], Mapping[str, Any]]
Head = dict[str, Any]
"""`origin`, `policy`, `heartbeat_s`: what the first record of a segment says of its log."""


def mask_of(redact: Redact | str | os.PathLike[str] | Iterable[str] | None) -> Redact | None:
    """Return what masks records: a function as it is, detectors for a profile, else what stands at dotted paths.

    Args:
        redact: A path object, or a text that ends in `.yaml` or `.yml`, is a redaction profile.

    Raises:
        InputError: If the profile is missing.
        DefinitionError: If it is wrong.
        UsageError: If a path is empty or no text.
    """
    if redact is None or callable(redact):
        return redact
    if isinstance(redact, os.PathLike) or (isinstance(redact, str) and redact.endswith((".yaml", ".yml"))):
        from auditlog_cli import registry

        made: Redact = registry.load("redaction", "writing").Redaction(profile=redact)  # stands on a floor above
        return made
    return masking.paths(redact)


def log_path(path: str | os.PathLike[str]) -> str:
    """Return the one name of the log, whatever links lead to it.

    Raises:
        UsageError: If it is empty, `-`, or the name of a closed segment.
    """
    if not os.fspath(path):
        raise UsageError("path: the name of a file is needed", help='AuditLog("audit.jsonl")')
    if os.fsdecode(path) == "-":
        raise UsageError("-: a log is a file, no stream", help="name a file; one that is called - is ./-")
    name = os.path.realpath(os.fsdecode(path))
    active = segments.active_of(name)
    if active is not None:
        raise UsageError(f"{name}: the name of a closed segment", help=f"write to {active}")
    return name


def refuse_contradictions(path: str, fsync: str, on_error: str | None, fallback: str | os.PathLike[str] | None) -> None:
    """Refuse arguments that are wrong or do not go together.

    Raises:
        UsageError: If there is one.
    """
    if fsync not in ("always", "interval", "none"):
        raise UsageError(
            f"fsync={fsync!r}: one of always, interval, none",
            help="interval, the default, has everything on the disk within interval_s",
        )
    if on_error not in (None, "raise", "fallback"):
        session = "abort and warn are for a session: log.session(…, on_error=…)"
        raise UsageError(f"on_error={on_error!r}: one of raise, fallback", help=session)
    if (on_error == "fallback") != (fallback is not None) and not (on_error is None and fallback is not None):
        raise UsageError(
            "on_error='fallback' and fallback=PATH go together",
            help='fallback="/other/disk/audit.jsonl", or leave on_error out',
        )
    if fallback is not None and os.path.realpath(os.fsdecode(fallback)) == path:
        raise UsageError("fallback: the log itself cannot be its own fallback", help="name a file on another disk")


def refuse_numbers(**numbers: float | None) -> None:
    """Refuse seconds and bytes that cannot be meant.

    Raises:
        UsageError: If one is negative, no number, or larger than the system can wait.
    """
    for name, value in numbers.items():
        most = threading.TIMEOUT_MAX if name.endswith("_s") else sys.maxsize
        if value is not None and not 0 <= value <= most:
            raise UsageError(
                f"{name}={value!r}: a number from 0 to {most:.0f} is needed", help=f"leave {name} out for the default"
            )


def head(policy: str | Mapping[str, object] | None, origin: str | None, heartbeat_s: float | None) -> Head:
    """Return what the caller asks for; what is None is left out.

    Raises:
        UsageError: If a value cannot be.
    """
    wanted: Head = {}
    if origin is not None:
        if not own.is_origin(origin):
            raise UsageError(
                "origin: 1 to 200 characters of A-Z a-z 0-9 . _ / -",
                help='origin="example.org/agents/planner", or leave it out',
            )
        wanted["origin"] = origin
    if policy is not None:
        try:
            policies.tree(policy)
        except ValueError as error:
            raise UsageError(
                f"policy: {error}",
                help='policy={"base": "default/1", "redactable": ["/metadata/ticket"]}, or leave it out',
            ) from None
        wanted["policy"] = policy if isinstance(policy, str) else dict(policy)
    if heartbeat_s is not None:
        wanted["heartbeat_s"] = heartbeat_s
    return wanted


def signer(key: str | os.PathLike[str]) -> Signer:
    """Return the key to sign with.

    Raises:
        DefinitionError: If there is none, or it cannot sign.
    """
    from auditlog_cli.signing.signer import load  # brings subprocess along, and is needed by few

    return load(os.fsdecode(key))


def first_head(path: str, wanted: Head) -> Head:
    """Return what the genesis record of a new log says."""
    return {"origin": own.origin(path), "policy": policies.DEFAULT} | wanted


def tree_of(said: Head, wanted: Head, path: str) -> policies.Node:
    """Return the policy of the log that was opened, as a tree.

    Args:
        said: What the log says of itself.
        wanted: What the caller asked for.
        path: The log, for messages.

    Raises:
        UsageError: If the caller asked for something else.
        AuditWriteError: If the log's policy is not known to this version.
    """
    for name in ("origin", "policy"):
        if name in wanted and wanted[name] != said.get(name):
            raise UsageError(
                f"{path}: has another {name} than the one given; it is chosen once, when a log is begun",
                help=f"leave {name} out, or begin another log",
            )
    try:
        return policies.tree(said.get("policy"))
    except ValueError:
        raise AuditWriteError(
            f"{path}: has a policy that this version does not know; {disk.NOTHING}", help="upgrade auditlog"
        ) from None


def prepare_place(path: str, *, allow_shared_filesystem: bool) -> None:
    """Make the folder of the log, and look at the file system it lies on.

    Raises:
        AuditWriteError: If a log cannot or should not be there.
    """
    folder = os.path.dirname(path) or "."
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
    except OSError as error:
        raise disk.refused(folder, "cannot be made", error) from error
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            inside = os.path.join(path, "audit.jsonl")
            raise AuditWriteError(
                f"{path}: a folder, not a regular file; {disk.NOTHING}", help=f"name a file in it: {inside}"
            )
        if not stat.S_ISREG(mode):
            raise AuditWriteError(f"{path}: not a regular file; {disk.NOTHING}", help="a log needs a file")
    except FileNotFoundError:
        pass
    except OSError as error:
        raise disk.refused(path, "cannot be read", error) from error
    kind = mounts.shared_filesystem(path)
    if kind is None:
        return
    if not allow_shared_filesystem:
        raise AuditWriteError(
            f"{path}: lies on {kind}, where two hosts could overwrite each other's records; {disk.NOTHING}",
            help="use a local disk, or allow_shared_filesystem=True if only this host writes",
        )
    warnings.warn(f"{path} lies on {kind}: only one host may write to it", stacklevel=4)
