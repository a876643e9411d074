"""The records in which a log says what was withheld from it, and what the redactor signs (integrity.md, 2.6
and 2.7). No I/O.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple, Protocol

from auditlog_cli import segments
from auditlog_cli.errors import UsageError
from auditlog_cli.writer import own

NAMESPACE = "auditlog-redaction"
MOST_TARGETS = 5000
"""In one declaration: a line stays below a megabyte."""
_LONGEST = 1000


class Key(Protocol):
    """What signs: see `signing.signer.Signer`."""

    def sshsig(self, namespace: str, message: bytes) -> str:
        """Return the armoured signature."""
        ...


class Target(NamedTuple):
    """One thing to withhold: the value of a field, or a whole record (`field` is empty, `commit` its leaf)."""

    seq: int
    field: str
    commit: str


class Declared(NamedTuple):
    """Who withholds, and why. Both stay readable for ever."""

    by: str
    reason: str


def checked(by: str, reason: str) -> Declared:
    """Return both, if they can stand in a declaration.

    Raises:
        UsageError: If one is missing, too long, or holds control characters.
    """
    for option, text in (("by", by), ("reason", reason)):
        if not text.strip():
            raise UsageError(
                f"--{option} is needed: it goes into the log with the declaration",
                help='--by dpo@example.org --reason "erasure request 17"',
            )
        control = any(ord(char) < 32 or 127 <= ord(char) < 160 or 0xD800 <= ord(char) < 0xE000 for char in text)
        if len(text) > _LONGEST or control:
            raise UsageError(
                f"--{option}: up to {_LONGEST} characters, without line breaks or control characters",
                help="one line for people who read the log later",
            )
    return Declared(by, reason)


def message(origin: str, reason: str, targets: list[Target]) -> bytes:
    """Return what the redactor signs, under the namespace `auditlog-redaction` (2.7).

    >>> message("o", "why", [Target(1, "/user/id", "00")])
    b'o\\nwhy\\n1 00 /user/id\\n'
    """
    lines = [f"{target.seq} {target.commit} {target.field}\n" for target in targets]
    return f"{origin}\n{reason}\n{''.join(lines)}".encode()


class Signed(NamedTuple):
    """What one declaration names, and the signature over it, if there is a key."""

    targets: list[Target]
    armour: str | None


def signed(origin: str, reason: str, targets: list[Target], key: Key | None) -> list[Signed]:
    """Return `targets`, in as many declarations as they need, signed if there is a key.

    Raises:
        AuditWriteError: If the key cannot sign.
    """
    made = []
    for start in range(0, len(targets), MOST_TARGETS):
        some = targets[start : start + MOST_TARGETS]
        made.append(Signed(some, key.sshsig(NAMESPACE, message(origin, reason, some)) if key is not None else None))
    return made


def record(said: Declared, each: Signed) -> dict[str, object]:
    """Return the `redact` record."""
    told = [target._asdict() for target in each.targets]
    return own.record("redact", targets=told, reason=said.reason, by=said.by, sshsig=each.armour)


def redacted(segment: str, sha256: str, declared_at: list[int]) -> dict[str, object]:
    """Return the record that says that a segment was rewritten.

    Args:
        segment: Its path; a compressed one bears the name of what it holds.
        sha256: The sum of its bytes now.
        declared_at: The numbers of the declarations that were carried out.
    """
    name = segments.bare(os.path.basename(segment))
    return own.record("redacted", segment=name, sha256=sha256, declared_at=declared_at)


def erased(
    request: str, redact_at: list[int], values: int, records: int, left: list[tuple[int, str]], by: str
) -> Iterator[dict[str, object]]:
    """Yield the `erase-subject` record; more than one where a line would be too long for what is left.

    Args:
        request: The operator's case number.
        redact_at: The numbers of the declarations.
        values: How many values were withheld; a whole record counts as one.
        records: In how many records.
        left: (seq, JSON pointer) of plain places where an identifier still stands.
        by: Who withheld.
    """
    places = [{"seq": seq, "field": field} for seq, field in dict.fromkeys(left)]
    for start in range(0, max(1, len(places)), MOST_TARGETS):
        yield own.record(
            "erase-subject",
            request=request,
            redact_at=redact_at,
            values=0 if start else values,
            records=0 if start else records,
            left=places[start : start + MOST_TARGETS],
            by=by,
        )


def recorded(said: dict[str, object]) -> set[tuple[str, tuple[int, str] | None]]:
    """Return what an `erase-subject` record records: its case number, with None, and with each place that was left.

    Args:
        said: Its `auditlog` member.
    """
    request, left = said.get("request"), said.get("left")
    if not isinstance(request, str):
        return set()
    found: set[tuple[str, tuple[int, str] | None]] = {(request, None)}
    for each in left if isinstance(left, list) else ():
        if isinstance(each, dict) and type(each.get("seq")) is int and isinstance(each.get("field"), str):
            found.add((request, (each["seq"], each["field"])))
    return found


def targets_of(said: dict[str, object]) -> list[Target]:
    """Return the targets of a `redact` record; what is malformed is left out.

    Args:
        said: Its `auditlog` member.
    """
    found = []
    targets = said.get("targets")
    for each in targets if isinstance(targets, list) else ():
        if isinstance(each, dict):
            seq, field, commit = each.get("seq"), each.get("field"), each.get("commit")
            if type(seq) is int and isinstance(field, str) and isinstance(commit, str):
                found.append(Target(seq, field, commit))
    return found
