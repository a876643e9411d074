"""Legal holds set and released: each is a record of the log itself (docs/decisions/0040), or, where others write the
log, a statement beside it (0066).
"""

from __future__ import annotations

import os

from auditlog_cli import segments, times
from auditlog_cli.errors import DefinitionError, InputError, UsageError
from auditlog_cli.identifiers import Identifiers
from auditlog_cli.salting import settling
from auditlog_cli.sealing import holds
from auditlog_cli.sealing.holds import Covers
from auditlog_cli.signing.signer import Signer
from auditlog_cli.withholding import declaring, holding, salted_holding
from auditlog_cli.writer import own
from auditlog_cli.writer.growth import is_sealed
from auditlog_cli.writer.log import AuditLog


def covers(
    *,
    session: list[str] | None = None,
    agent: list[str] | None = None,
    subject: list[str] | None = None,
    since: str | None = None,
    until: str | None = None,
    everything: bool = False,
) -> Covers:
    """Return what a hold is to cover, checked; the words are those of the command line.

    Raises:
        UsageError: If nothing is named, or what is named makes no sense.
    """
    named = {"session": session or [], "agent": agent or [], "subject": subject or []}
    for option, values in named.items():
        if any(not value.strip() for value in values):
            raise UsageError(f"--{option}: a value is empty", help=f"--{option} NAME, or leave it out")
        if any(0xD800 <= ord(char) < 0xE000 for value in values for char in value):
            raise UsageError(f"--{option}: a value is not valid text", help="give it in UTF-8")
    limits = [_moment(option, text) for option, text in (("since", since), ("until", until))]
    if all(limits) and limits[0] >= limits[1]:
        raise UsageError(
            "--since is not before --until: no record would be held",
            help="--since is the first moment that is held, --until the first that is not",
        )
    made = Covers(tuple(named["session"]), tuple(named["agent"]), limits[0], limits[1], tuple(named["subject"]))
    if made.everything != everything:
        raise UsageError(
            "--all is the whole log: it goes with nothing else" if everything else "what is to be held?",
            help="--session, --agent, --subject, --since, --until; or --all",
        )
    return made


def add(path: str, what: Covers, by: str, reason: str, key: Signer | None) -> str:
    """Set a hold; return its name.

    Args:
        path: The log.
        what: What it covers.
        by, reason: Who, and why; both stay in the log.
        key: What signs it: then only the same key can release it. None for a hold that anybody can release.

    Raises:
        UsageError: If who or why is missing, or names the person the hold is about.
        InputError: If there is no sealed log.
        AuditWriteError: If it cannot be written or signed.
    """
    said = declaring.checked(by, reason)
    person = Identifiers([*what.subject]) if what.subject else None
    for option, text in (("by", by), ("reason", reason)):
        if person is not None and person.in_text(text):
            raise UsageError(
                f"--{option} names the person whom the hold is about; it stays in the log for ever",
                help="give a case number instead; what --subject names can be withheld once the hold is released",
            )
    name = f"hold-{os.urandom(4).hex()}"
    _append(path, "hold", holds.record("hold", name, said.by, said.reason, what), key)
    return name


def release(path: str, name: str, by: str, reason: str, key: Signer | None) -> int:
    """Release a hold; return how many of that name were in force: more than one only if somebody forged one.

    Raises:
        UsageError: If who or why is missing, if an agent asks, or if there is no such hold in force.
        DefinitionError: If it is signed, and `key` is not what signed it.
        InputError, AuditWriteError: See `add`.
    """
    said = declaring.checked(by, reason)
    if by.strip().lower().startswith(holding.AGENT):
        raise UsageError("--by: an agent may not release a hold", help="a person does")
    register = read(path)
    meant = [hold for hold in register.active if hold.id == name]
    if not meant:
        gone = any(hold.id == name for hold, _ in register.released)
        what = "was released before" if gone else "no hold of that name is in force"
        raise UsageError(f"{name}: {what}; nothing was written", help=f"auditlog hold list {path}")
    keys = {register.key_of(hold) for hold in meant} - {b""}
    if keys and key is None:
        raise UsageError(f"{name}: is signed, so only its key releases it", help="--key FILE")
    if keys and key is not None and keys != {key.key}:
        raise DefinitionError(
            f"{key.path}: is not the key that signed {name}; nothing was written",
            help="--key takes the key of whoever set the hold",
        )
    _append(path, "hold-release", holds.record("hold-release", name, said.by, said.reason), key)
    return len(meant)


def read(path: str) -> holding.Register:
    """Return the holds of a log, whoever writes it; see `withholding.holding.read` and `salted_holding.read`."""
    return salted_holding.read(path) if by_others(path) else holding.read(path)


def by_others(path: str) -> bool:
    """Tell whether others write the log, so that its holds stand beside it."""
    return segments.active_of(path) is None and settling.is_salted(path) and not is_sealed(path)


def _append(path: str, which: str, members: dict[str, object], key: Signer | None) -> None:
    if by_others(path):
        salted_holding.say(path, lambda register, declared: _statement(register.origin, which, members, key, declared))
        return
    if not is_sealed(path):
        raise InputError(
            f"{path}: not a sealed log, so a hold in it would prove nothing; nothing was written",
            help=f"auditlog seal {path} first; holds then stand in it, or beside it",
        )
    with AuditLog(path, ballast_bytes=0) as log:
        log.append_own(own.record(which, **_signed(log.origin, which, members, key)))
        log.durable()


def _statement(
    origin: str, which: str, members: dict[str, object], key: Signer | None, declared: int
) -> dict[str, object]:
    """The record about a hold that stands beside a log: it says how many declarations came before it, too."""
    made = {salted_holding.MADE: declared} if which == "hold" else {}
    return own.record(which, **_signed(origin, which, members, key), **made)


def _signed(origin: str, which: str, members: dict[str, object], key: Signer | None) -> dict[str, object]:
    if key is None:
        return members
    said = {"type": which, **members}
    return {**members, "sshsig": key.sshsig(holds.NAMESPACE, holds.message(origin, said))}


def _moment(option: str, text: str | None) -> str:
    if text is None:
        return ""
    moment = times.moment(text)
    if moment is None:
        raise UsageError(f"--{option}: {text!r} is no time", help="2026-06-01, 2026-06-01T14:00Z, or 3h, 2d")
    return times.render(moment)
