"""What is withheld, and whether somebody declared it (integrity.md, 2.7). No I/O.

A declaration stands behind what it covers, so both are kept until the end: memory grows with what is withheld.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from auditlog_cli import times
from auditlog_cli.verdict import Problem, Withheld
from auditlog_cli.verification import keys
from auditlog_cli.verification.own import Place
from auditlog_cli.verification.pieces import Event

SHOWN = 1000
"""Places that are listed; the others are counted."""


class _Target(NamedTuple):
    commit: str
    place: Place
    by: str
    signed: bool


class _Said(NamedTuple):
    own: dict[str, object]
    limit: int
    timestamp: object
    place: Place


class Withholdings:
    """Gathers holes and declarations.

    Args:
        trust: Whom the user trusts, or None if no key was given.

    Attributes:
        findings: Declarations that are not signed by whom they name.
        unchecked: Declarations whose signature nobody here could check.
        total: How many places are withheld.
    """

    def __init__(self, trust: keys.Trust | None) -> None:
        self._trust = trust if trust is not None and keys.names_redactors(trust.signers) else None
        self._holes: dict[tuple[int, str], tuple[str, Place]] = {}
        self._targets: dict[tuple[int, str], list[_Target]] = {}
        self._declared: list[_Said] = []
        self._manifest: dict[tuple[int, str], str] = {}
        self._shared = ""
        self.findings: list[Problem] = []
        self.unchecked = 0
        self.total = 0

    @property
    def judged(self) -> bool:
        """Whether redactor keys were given."""
        return self._trust is not None

    def take(self, event: Event, place: Place) -> None:
        """Take a record that is withheld in parts, or one that declares."""
        for hole in event.holes:
            self.total += 1
            self._holes[(event.seq, hole.field)] = (hole.commit, place)
        if event.own is not None and event.own.get("type") == "redact":
            self._declared.append(_Said(event.own, event.seq, event.timestamp, place))

    def beside(self, own: dict[str, object], limit: int, timestamp: object, place: Place) -> None:
        """Take a declaration that stands in a file beside the log (2.8).

        Args:
            own: Its `auditlog` member.
            limit: How many records there are: what it names lies below.
            timestamp: When it was made, as it says.
            place: Where it stands; without `seq`.
        """
        self._declared.append(_Said(own, limit, timestamp, place))

    def refuse(self, place: Place, why: str) -> None:
        """Take what should be a declaration and is none."""
        self._refuse(place, why)

    def manifest(self, path: str, targets: list[tuple[int, str, str]]) -> None:
        """Take what the manifest of a shared copy, at `path`, declares: seq, field, commitment."""
        self._shared = path
        self._manifest.update({(seq, field): commit for seq, field, commit in targets})

    def settle(
        self, origin: str, first: int, only: set[int] | None = None
    ) -> tuple[list[Problem], list[Problem], list[Withheld]]:
        """Compare the two.

        Args:
            origin: The name of the log: it is part of what a redactor signs.
            first: The first record that is there.
            only: The records that were looked at; None: all.

        Returns:
            Findings, warnings, and what is withheld (the first `SHOWN`).
        """
        for said in self._declared:
            self._declare(said, origin)
        findings = list(self.findings)
        undeclared: Problem | None = None
        shown: list[Withheld] = []
        for (seq, field), (commit, place) in self._holes.items():
            target = self._covering(seq, field, commit)
            shared = self._shared if self._manifest.get((seq, field)) == commit else ""
            if target is None and not shared:
                if undeclared is not None and (undeclared.seq == seq or len(findings) >= SHOWN):
                    undeclared.again += 1
                else:
                    undeclared = _undeclared(seq, field, place)
                    findings.append(undeclared)
            if len(shown) < SHOWN:
                if target is None:
                    shown.append(Withheld(seq, field, None, "", signed=False, beside=shared))
                else:
                    at, beside = _number(target.place)
                    shown.append(Withheld(seq, field, at, target.by, signed=target.signed, beside=beside))
        return findings, self._readable(first, only), shown

    def _covering(self, seq: int, field: str, commit: str) -> _Target | None:
        for target in self._targets.get((seq, field), ()):
            if target.commit == commit:
                return target
        return None

    def _readable(self, first: int, only: set[int] | None) -> list[Problem]:
        """Declarations whose value still stands there."""
        found: dict[tuple[int, str], Problem] = {}
        for (seq, field), targets in self._targets.items():
            if (seq, field) in self._holes or (seq, "") in self._holes or seq < first:
                continue
            if only is not None and seq not in only:
                continue
            place = targets[0].place
            key = _number(place)
            if key in found:
                found[key].again += 1
                continue
            found[key] = Problem(
                "declared-readable",
                f"{_named(place)} declares that something in record {seq} is withheld, and it can still be read",
                seq=seq, path=place.path, line=place.line, byte=place.byte,
            )  # fmt: skip
        return list(found.values())

    def _declare(self, said: _Said, origin: str) -> None:
        own, place = said.own, said.place
        reason, by, given = own.get("reason"), own.get("by"), own.get("targets")
        targets = read_targets(given)
        if targets is None or not isinstance(reason, str) or not isinstance(by, str):
            self._refuse(place, "it does not have the form of a declaration")
            return
        texts = [reason, *(field for _, field, _ in targets)]
        if any(char < " " or char == "\x7f" for text in texts for char in text):
            self._refuse(place, "its reason or a field holds a control character")
            return
        if any(seq >= said.limit for seq, _, _ in targets):
            self._refuse(place, "it names a record that stands behind it")
            return
        signed = False
        if self._trust is not None:
            held = keys.declaration(message(origin, reason, targets), own.get("sshsig"), by, self._trust, times.parse(said.timestamp))  # fmt: skip # noqa: E501
            signed = held is True
            if held is None:
                self.unchecked += 1
            elif not held:
                self._refuse(place, "the person whom it names did not sign it with a key given here")
        for seq, field, commit in targets:
            self._targets.setdefault((seq, field), []).append(_Target(commit, place, by, signed))

    def _refuse(self, place: Place, why: str) -> None:
        self.findings.append(
            Problem(
                "declaration", f"{_named(place)} declares what is withheld, but {why}",
                seq=place.seq, path=place.path, line=place.line, byte=place.byte,
            )
        )  # fmt: skip


def message(origin: str, reason: str, targets: list[tuple[int, str, str]]) -> bytes:
    """Return the bytes that a redactor signs (2.7)."""
    lines = [origin, reason, *(f"{seq} {commit} {field}" for seq, field, commit in targets)]
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass")


def read_targets(given: object) -> list[tuple[int, str, str]] | None:
    """Return seq, field and commitment of each target, or None if they are malformed."""
    if not isinstance(given, list):
        return None
    found: list[tuple[int, str, str]] = []
    for each in given:
        if not isinstance(each, dict):
            return None
        seq, field, commit = each.get("seq"), each.get("field"), each.get("commit")
        if not isinstance(seq, int) or not isinstance(field, str) or not isinstance(commit, str):
            return None
        found.append((seq, field, commit))
    return found


def _number(place: Place) -> tuple[int, str]:
    """The number of the record; or that of the line, and the file beside the log in which it stands."""
    return (place.seq, "") if place.seq is not None else (place.line, os.path.basename(place.path))


def _named(place: Place) -> str:
    number, beside = _number(place)
    return f"line {number} of {beside}" if beside else f"record {number}"


def _undeclared(seq: int, field: str, place: Place) -> Problem:
    what = "a value in it is" if field else "the whole record is"
    return Problem(
        "undeclared", f"record {seq}: {what} withheld, and no declaration covers that",
        seq=seq, detail=field, path=place.path, line=place.line, byte=place.byte,
    )  # fmt: skip
