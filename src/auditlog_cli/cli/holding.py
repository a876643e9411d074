"""`auditlog hold add|list|release`: who is held is counted, never shown."""

from __future__ import annotations

from auditlog_cli import times
from auditlog_cli.cli import show
from auditlog_cli.errors import EXIT_FOUND, EXIT_OK
from auditlog_cli.renderers import safe
from auditlog_cli.retention import holding
from auditlog_cli.sealing import holds
from auditlog_cli.sealing.holds import Covers, Hold
from auditlog_cli.signing import signer
from auditlog_cli.signing import signers as allowed
from auditlog_cli.withholding.holding import Register


def add(path: str, what: Covers, *, by: str, reason: str, key: str | None, quiet: bool) -> int:
    """Set a hold, and print its name."""
    name = holding.add(path, what, by, reason, None if key is None else signer.load(key))
    out = show.output(None)
    out.line(name)
    show.finish(out)
    how = f"auditlog hold release {path} {name}"
    show.Notices(quiet=quiet).say(f"{name} holds {shown(what)}, until {how}")
    return EXIT_OK


def release(path: str, name: str, *, by: str, reason: str, key: str | None, quiet: bool) -> int:
    """Release a hold."""
    holding.release(path, name, by, reason, None if key is None else signer.load(key))
    show.Notices(quiet=quiet).say(f"{name} is released; the log says who did it, and why")
    return EXIT_OK


def show_all(path: str, signers: str | None, form: str) -> int:
    """List the holds of the log at `path`; return the exit code."""
    trusted = None if signers is None else allowed.load(signers)
    register = holding.read(path)
    unit = "line" if holding.by_others(path) else "record"
    told = [_told(hold, register, trusted, unit) for hold in register.active]
    told += [
        _told(hold, register, trusted, unit)
        | {
            "state": "released",
            "released_at": _text(said.timestamp),
            "released_by": _text(said.own.get("by")),
            "released_why": _text(said.own.get("reason")),
        }
        for hold, said in register.released
    ]
    void = [
        {"id": _text(each.said.own.get("id")), unit: each.said.seq, "by": _text(each.said.own.get("by")),
         "why_not": each.trouble}
        for each in register.void
    ]  # fmt: skip
    out = show.output(None)
    if form == "json":
        import json

        out.line(json.dumps({"holds": told, "void_releases": void}, ensure_ascii=False))
    else:
        for each in told:
            for line in _lines(each):
                out.line(safe.one_line(line))
        for one in void:
            out.line(safe.one_line(f"{unit} {one[unit]} by {one['by'] or '?'} does not release: {one['why_not']}"))
        if not told:
            out.line(safe.one_line(f"{path}: no holds"))
    show.finish(out)
    bad = any(each["signature"] in ("unsigned", "unknown", "broken") for each in told if trusted is not None)
    return EXIT_FOUND if void or bad else EXIT_OK


def _told(hold: Hold, register: Register, trusted: allowed.Signers | None, unit: str) -> dict[str, object]:
    covered: dict[str, object] = {**hold.covers.told()}
    if hold.covers.subject:
        covered["subject"] = len(hold.covers.subject)
    if hold.unreadable:
        covered = {"unreadable": True}
    return {
        "id": hold.id, "state": "in force", unit: hold.first, "at": hold.at, "by": hold.by, "reason": hold.reason,
        "covers": covered, "signature": _signature(hold, register, trusted),
    }  # fmt: skip


def _signature(hold: Hold, register: Register, trusted: allowed.Signers | None) -> str:
    """`unsigned`, `signed` (by some key), `good` (by a key of whom it names), `unknown` (another's), `unchecked`."""
    if "sshsig" not in hold.own:
        return "unsigned"
    key = register.key_of(hold)
    held = register.signed(hold.own, key) if key else False
    if held is None or (held is False and hold.unreadable):
        return "unchecked"
    if not held:
        return "broken"
    if trusted is None:
        return "signed"
    at = times.parse(hold.at)
    known = {*trusted.ssh_keys(hold.by, holds.NAMESPACE, at), *trusted.ssh_keys(hold.by, allowed.REDACTIONS, at)}
    return "good" if key in known else "unknown"


def shown(what: Covers) -> str:
    """Say what a hold covers, in words; identifiers of people are counted."""
    parts = []
    if what.session:
        parts.append(f"session {' or '.join(what.session)}")
    if what.agent:
        parts.append(f"agent {' or '.join(what.agent)}")
    if what.subject:
        parts.append(f"one person ({len(what.subject)} identifier{'' if len(what.subject) == 1 else 's'})")
    if what.since:
        parts.append(f"from {what.since[:19]}Z")
    if what.until:
        parts.append(f"before {what.until[:19]}Z")
    return ", ".join(parts) or "the whole log"


def _lines(each: dict[str, object]) -> list[str]:
    covered = each["covers"]
    assert isinstance(covered, dict)
    people = covered.get("subject", 0)
    what = Covers(
        tuple(covered.get("session", ())), tuple(covered.get("agent", ())), str(covered.get("since", "")),
        str(covered.get("until", "")), ("",) * (people if isinstance(people, int) else 0),
    )  # fmt: skip
    words = shown(what)
    if covered.get("unreadable"):
        words = (
            "what it covered was withheld"
            if each["state"] == "released"
            else "everything: what it covers cannot be read"
        )
    lines = [
        f"{each['id']}  {each['state']}  {words}",
        f"  set {str(each['at'])[:19]}Z by {each['by']}, {each['signature']}: {each['reason']}",
    ]
    if each["state"] == "released":
        lines.append(f"  released {str(each['released_at'])[:19]}Z by {each['released_by']}: {each['released_why']}")
    return lines


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
