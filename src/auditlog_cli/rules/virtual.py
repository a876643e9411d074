"""Virtual fields: what a record means here, from the record, the site's facts and the detectors (compliance.md, 2.3).

A virtual field is a function of a few values and of the site. Which values is said beside it, so that the
generated code reads each of them once, and remembers the result for values it has met.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from auditlog_cli.fields import MISSING, is_hole, is_missing
from auditlog_cli.rules.site import Site, Tool
from auditlog_cli.rules.values import PRESENT, UNKNOWN, elements, moment

NOT_PERSONAL: Final = frozenset(("financial_record", "confidential", "credentials", "audit_log"))
PHI: Final = frozenset(("phi", "health", "psychotherapy_notes", "sud"))
_NOT_ABOUT_PEOPLE: Final = frozenset(("CARD_CVV", "CARD_PIN", "CARD_TRACK"))
_MACHINES: Final = ("agent", "service", "system")
_PREFIXES: Final = ("user:", "agent:", "service:", "system:")
_SECONDS: Final = 1_000_000


class Field(NamedTuple):
    """How a virtual field comes about.

    Attributes:
        inputs: Paths (`path?`: only whether it says something), or virtual fields.
        compute: (site, value of each input) → value; MISSING if undefined, UNKNOWN if an input was withheld.
        at: The path that is shown for it.
        needs: The number of an input without which the field is undefined, or None.
        recurs: Whether the same inputs come again and again, so that the result is worth remembering.
        unread: (an input, another): the first is not looked at where the other holds a valid time; or None.
    """

    inputs: tuple[str, ...]
    compute: Callable[..., Any]
    at: str
    needs: int | None = None
    recurs: bool = True
    unread: tuple[str, str] | None = None


def same_actor(one: object, other: object) -> bool:
    """Tell whether two ids name the same person or agent: one leading `user:`, `agent:`, … is ignored (2.3)."""
    return bare(one) == bare(other) and not is_missing(one)


def bare(actor: object) -> object:
    """Return an id without its leading `user:`, `agent:`, `service:` or `system:`."""
    if isinstance(actor, str) and ":" in actor:
        for prefix in _PREFIXES:
            if actor.startswith(prefix):
                return actor[len(prefix) :]
    return actor


def _entry(site: Site, tool: Any) -> Tool | None:
    return site.tool(tool) if isinstance(tool, str) and not is_missing(tool) else None


def _mapped(site: Site, tool: Any) -> Any:
    if is_hole(tool):
        return UNKNOWN
    return MISSING if is_missing(tool) else _entry(site, tool) is not None


def _flag(name: str) -> Callable[[Site, Any], Any]:
    def compute(site: Site, tool: Any) -> Any:
        if is_hole(tool):
            return UNKNOWN
        entry = _entry(site, tool)
        return MISSING if entry is None else getattr(entry, name)

    return compute


def _required_scopes(site: Site, tool: Any) -> Any:
    if is_hole(tool):
        return UNKNOWN
    entry = _entry(site, tool)
    return list(entry.scopes) if entry is not None and entry.scopes else MISSING


def _scope_ok(site: Site, tool: Any, granted: Any) -> Any:
    needed = _required_scopes(site, tool)
    if needed is MISSING or needed is UNKNOWN:
        return needed
    have = elements(granted)
    if site.scopes.cover(have, needed):
        return True
    withheld = is_hole(granted) or (isinstance(granted, list) and any(is_hole(each) for each in granted))
    return UNKNOWN if withheld else False


def _effect(site: Site, effect: Any, tool: Any) -> Any:
    if is_hole(effect):
        return UNKNOWN
    if not is_missing(effect):
        return effect
    if is_hole(tool):
        return UNKNOWN
    entry = _entry(site, tool)
    return entry.effect if entry is not None and entry.effect else MISSING


def _categories(site: Site, tool: Any, recorded: Any) -> Any:
    """The union, as a list; with a hole in it where one of the two was withheld."""
    entry = _entry(site, tool)
    found: list[Any] = list(entry.categories) if entry is not None else []
    found += [each for each in elements(recorded) if each not in found]
    if is_hole(tool) or is_hole(recorded) or (isinstance(recorded, list) and any(is_hole(each) for each in recorded)):
        return [*found, UNKNOWN] if found else UNKNOWN
    return found or MISSING


def _words(there: Any) -> tuple[list[str], bool]:
    """The texts of a list of categories, folded, and whether something of it was withheld."""
    if is_hole(there):
        return [], True
    listed = there if isinstance(there, list) else []
    return [each.casefold() for each in listed if isinstance(each, str)], any(is_hole(each) for each in listed)


def _phi(_: Site, categories: Any) -> Any:
    words, withheld = _words(categories)
    return True if not PHI.isdisjoint(words) else UNKNOWN if withheld else False


def _personal(_: Site, categories: Any, subjects: Any, entities: Any) -> Any:
    words, withheld = _words(categories)
    if any(word not in NOT_PERSONAL for word in words) or subjects == PRESENT:
        return True
    if isinstance(entities, (list, tuple)) and any(_about_people(each) for each in entities):
        return True
    return UNKNOWN if withheld or is_hole(subjects) or is_hole(entities) else False


def _about_people(entity: str) -> bool:
    return entity not in _NOT_ABOUT_PEOPLE and not entity.startswith("SECRET")


def _purpose_ok(site: Site, tool: Any, purpose: Any, categories: Any) -> Any:
    if is_hole(purpose):
        return UNKNOWN
    if is_missing(purpose):
        return MISSING
    entry = _entry(site, tool)
    wanted = str(purpose).casefold()
    if entry is not None and entry.purposes is not None:
        return wanted in entry.purposes
    words, withheld = _words(categories)
    lists = [site.purposes[word] for word in words if word in site.purposes]
    if any(wanted not in each for each in lists):
        return False
    return UNKNOWN if withheld else True if lists else MISSING


def _listed(name: str) -> Callable[[Site, Any], Any]:
    def compute(site: Site, value: Any) -> Any:
        allowed = getattr(site, name)
        if allowed is None:
            return MISSING
        if is_hole(value):
            return UNKNOWN
        return MISSING if is_missing(value) else all(allowed(str(each)) for each in elements(value))

    return compute


def _host_ok(site: Site, url: Any) -> Any:
    if site.hosts is None:
        return MISSING
    if is_hole(url):
        return UNKNOWN
    if not isinstance(url, str) or is_missing(url):
        return MISSING
    name = host(url)
    return MISSING if name == "" else name is not None and site.hosts(name)


def host(url: str) -> str | None:
    """Return the host of a URL, empty where the text is none, None where it has none that can be told.

    A backslash ends the host, as it does for browsers, so that `http://bad\\@good/` is `bad`.
    """
    from urllib.parse import urlsplit

    if "://" not in url[:40] and not url.startswith("//"):
        return ""
    try:
        return urlsplit(url.replace("\\", "/")[:4096]).hostname
    except ValueError:
        return None


def _tool_pin_ok(site: Site, tool: Any, digest: Any) -> Any:
    if is_hole(tool):
        return UNKNOWN if site.pinned else MISSING
    pin = site.pinned.get(tool) if isinstance(tool, str) else None
    if pin is None:
        return MISSING
    return UNKNOWN if is_hole(digest) else digest == pin


def _approver_is_agent(_: Site, approver: Any, agent: Any, chain: Any) -> Any:
    if is_hole(approver):
        return UNKNOWN
    if is_missing(approver):
        return MISSING
    if isinstance(approver, str) and approver.startswith(("agent:", "service:", "system:")):
        return True
    if not is_hole(agent) and same_actor(approver, agent):
        return True
    unknown = is_hole(agent) or is_hole(chain)
    for link in chain if isinstance(chain, list) else ():
        answer = _machine_link(link, approver)
        if answer:
            return True
        unknown = unknown or answer is None
    return UNKNOWN if unknown else False


def _machine_link(link: Any, approver: Any) -> bool | None:
    """Whether a link of the chain is the approver, and no person."""
    if not isinstance(link, dict):
        return False
    actor = link.get("actor")
    if actor.__class__ is not str and (is_hole(link) or is_hole(actor)):
        return None
    if bare(approver) != bare(actor):
        return False
    kind = link.get("type")
    if is_hole(kind):
        return None
    if not is_missing(MISSING if kind is None else kind):
        return isinstance(kind, str) and kind.casefold() in _MACHINES
    if isinstance(actor, str) and actor.startswith(("agent:", "service:", "system:")):
        return True
    role = link.get("role")
    return None if is_hole(role) else isinstance(role, str) and role.casefold() == "executor"


def _between(unit: int) -> Callable[[Site, Any, Any], Any]:
    def compute(_: Site, start: Any, end: Any) -> Any:
        first, last = moment(start), moment(end)
        if first is not None and last is not None:
            return (last - first) / unit
        missing = is_missing(start) or is_missing(end)
        return UNKNOWN if not missing and (is_hole(start) or is_hole(end)) else MISSING

    return compute


def _grant_hours(site: Site, approved: Any, timestamp: Any, expires: Any) -> Any:
    return _between(3600 * _SECONDS)(site, timestamp if is_missing(approved) else approved, expires)


FIELDS: Final[dict[str, Field]] = {
    "@mapped": Field(("action.tool",), _mapped, "action.tool"),
    "@required_scopes": Field(("action.tool",), _required_scopes, "action.tool"),
    "@scope_ok": Field(("action.tool", "authorization.scopes"), _scope_ok, "authorization.scopes", 0),
    "@effect": Field(("action.effect", "action.tool"), _effect, "action.tool"),
    "@external": Field(("action.tool",), _flag("external"), "action.tool"),
    "@untrusted_source": Field(("action.tool",), _flag("untrusted_source"), "action.tool"),
    "@high_impact": Field(("action.tool",), _flag("high_impact"), "action.tool"),
    "@requires_approval": Field(("action.tool",), _flag("requires_approval"), "action.tool"),
    "@categories": Field(("action.tool", "data.categories"), _categories, "data.categories"),
    "@entities": Field((), lambda _: MISSING, ""),
    "@personal": Field(("@categories", "data.subject_ids?", "@entities"), _personal, "data.categories"),
    "@phi": Field(("@categories",), _phi, "data.categories"),
    "@purpose_ok": Field(("action.tool", "data.purpose", "@categories"), _purpose_ok, "data.purpose", 1),
    "@agent_known": Field(("agent.id",), _listed("agents"), "agent.id"),
    "@model_known": Field(("agent.model",), _listed("models"), "agent.model"),
    "@provider_known": Field(("agent.provider",), _listed("providers"), "agent.provider"),
    "@recipient_ok": Field(("data.recipient",), _listed("processors"), "data.recipient"),
    "@host_ok": Field(("action.arguments.url",), _host_ok, "action.arguments.url"),
    "@tool_pin_ok": Field(("action.tool", "action.tool_sha256"), _tool_pin_ok, "action.tool_sha256", 0),
    "@approver_is_agent": Field(
        ("authorization.approved_by", "agent.id", "delegation_chain"), _approver_is_agent,
        "authorization.approved_by", 0, recurs=False,
    ),
    "@grant_hours": Field(
        ("authorization.approved_at", "timestamp", "authorization.expires_at"), _grant_hours,
        "authorization.expires_at", 2, recurs=False, unread=("timestamp", "authorization.approved_at"),
    ),
    "@approval_seconds": Field(
        ("approval.requested_at", "approval.decided_at"), _between(_SECONDS), "approval.decided_at", 0, recurs=False
    ),
    "@keep_days": Field(
        ("timestamp", "retention.delete_after"), _between(86400 * _SECONDS), "retention.delete_after", 1, recurs=False
    ),
}  # fmt: skip
"""Every virtual field. `@entities` comes from the scanner: see `reading` and `generating`."""


def entities(hits: list[Any]) -> Any:
    """Return the names of what was detected, sorted, or MISSING; `SECRET` stands for every `SECRET_…`."""
    return named({hit.entity for hit in hits}) if hits else MISSING


def named(names: set[str]) -> list[str]:
    """Return the value of `@entities` where these entities were detected."""
    return sorted(names | {"SECRET"} if any(name.startswith("SECRET_") for name in names) else names)
