"""The policy file: what the tools of a site are, what is allowed there, and which packs judge which agents
(compliance.md, 5).

Nothing is guessed: what a policy does not say is unknown, and a rule that needs it stays silent. A key that
means nothing is an error, for a mistyped key that silently does nothing would make a run look clean.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from auditlog_cli import finding, times
from auditlog_cli.errors import UsageError
from auditlog_cli.rules import yamlfile
from auditlog_cli.rules.section import Section
from auditlog_cli.rules.sitefacts import EMPTY as EMPTY
from auditlog_cli.rules.sitefacts import Agent as Agent
from auditlog_cli.rules.sitefacts import Bundle as Bundle
from auditlog_cli.rules.sitefacts import Override as Override
from auditlog_cli.rules.sitefacts import Policy as Policy
from auditlog_cli.rules.sitefacts import Scan as Scan
from auditlog_cli.rules.sitefacts import Tool as Tool
from auditlog_cli.rules.yamlfile import Document

if TYPE_CHECKING:
    from auditlog_cli.detectors.detector import Detector

FORMAT: Final = "auditlog.policy/1"
NAMES: Final = ("auditlog.policy.yaml", "auditlog.policy.json")
"""Where a policy is looked for in the working directory."""

CONFIDENCES: Final = ("certain", "likely", "possible")
PROFILE: Final[Mapping[str, tuple[object, ...] | type]] = {
    "jurisdiction": ("eu", "uk"),
    "system_start": str,
    "eu_ai_act.role": ("provider", "deployer"),
    "eu_ai_act.high_risk": bool,
    "eu_ai_act.annex": ("I", "III"),
    "eu_ai_act.points": list,
    "eu_ai_act.generator_on_market_before_2026_08": bool,
    "hipaa.entity": ("covered_entity", "business_associate", "none"),
    "pci.in_cde": bool,
}
"""Path → the words it may have, or its type."""


def find(path: str | None, *, folder: str = ".") -> Policy:
    """Return the policy at `path`, else the one of the working directory, else EMPTY.

    Raises:
        DefinitionError: See `load`.
        UsageError: If the working directory has two of them.
    """
    if path is not None:
        return load(path)
    here = [name for name in NAMES if os.path.exists(os.path.join(folder, name))]
    if len(here) > 1:
        raise UsageError(f"{' and '.join(here)}: two policies in one folder", help="name one of them with --policy")
    return load(os.path.join(folder, here[0]) if folder != "." else here[0]) if here else EMPTY


def load(path: str) -> Policy:
    """Return the policy in the file `path`, YAML or JSON.

    Raises:
        DefinitionError: If it cannot be read, or something in it is wrong, with file, line and column.
    """
    return _policy(yamlfile.load(path))


def parse(data: dict[str, Any], path: str = "") -> Policy:
    """Return the policy that plain data says, as `load` does.

    Raises:
        DefinitionError: See `load`.
    """
    return _policy(Document(path, data, "", {}))


def _policy(document: Document) -> Policy:
    top = Section(document, document.data, "a policy file")
    top.choice("format", (FORMAT,), required=True)
    scopes = top.section("scopes", "scopes") or Section(document, {}, "scopes")
    made = Policy(
        path=document.path,
        sha256=document.sha256,
        name=top.text("name"),
        version=_version(top),
        tools=tuple(_tool(each) for each in top.sections("tools", "a tool")),
        implies=_lists(scopes, "implies"),
        aliases=_words(scopes, "aliases"),
        agents=_agents(top),
        models=_allowed(top, "models"),
        providers=_allowed(top, "providers"),
        processors=_allowed(top, "processors"),
        hosts=_allowed(top, "hosts"),
        purposes=_lists(top, "purposes"),
        pinned=_words(top, "pinned"),
        profile=_profile(top),
        scan=_scan(top),
        policies=tuple(_bundle(each) for each in top.sections("policies", "a policy")),
        alerts=_alerts(top),
        notify=tuple(_notify(each) for each in top.sections("notify", "an entry of notify")),
    )
    scopes.finish()
    top.finish()
    names = [each.name for each in made.policies]
    for number, name in enumerate(names):
        if name in names[:number]:
            raise top.document.error(f'two policies are named "{name}"', document.data["policies"], number)
    return made


def _version(section: Section) -> str:
    value = section.value("version", str, int)
    return "" if value is None else str(value)


def _allowed(section: Section, key: str) -> tuple[str, ...] | None:
    return section.texts(key) if section.has(key) else None


def _lists(section: Section, key: str) -> dict[str, tuple[str, ...]]:
    found = section.mapping(key)
    inner = Section(section.document, found, f'"{key}"')
    return {name: inner.texts(name) for name in found}


def _words(section: Section, key: str) -> dict[str, str]:
    found = section.mapping(key)
    inner = Section(section.document, found, f'"{key}"')
    return {name: inner.text(name, required=True) for name in found}


def _tool(section: Section) -> Tool:
    made = Tool(
        match=section.text("match", required=True),
        scopes=section.texts("scopes"),
        effect=section.text("effect"),
        categories=section.texts("categories"),
        purposes=_allowed(section, "purposes"),
        external=section.flag("external"),
        untrusted_source=section.flag("untrusted_source"),
        high_impact=section.flag("high_impact"),
        requires_approval=section.flag("requires_approval"),
        line=section.line,
    )
    section.finish()
    return made


def _agents(top: Section) -> tuple[Agent, ...] | None:
    if not top.has("agents"):
        return None
    made = []
    for number, each in enumerate(top.entries("agents", "an entry of agents")):
        if isinstance(each, str):
            made.append(Agent(each, line=top.document.line(top.data["agents"], number)))
            continue
        owner = each.text("owner", required=each.has("owner"))
        made.append(Agent(each.text("match", required=True), owner, each.line))
        each.finish()
    return tuple(made)


def _profile(top: Section) -> dict[str, Any]:
    found: dict[str, Any] = {}
    section = top.section("profile", "the profile")
    if section is None:
        return found
    inner: dict[str, Section | None] = {}
    for path, allowed in PROFILE.items():
        block, dot, key = path.partition(".")
        if dot and block not in inner:
            inner[block] = section.section(block, f"{block} of the profile")
        place, key = (inner[block], key) if dot else (section, path)
        if place is None or not place.has(key):
            continue
        if isinstance(allowed, tuple):
            found[path] = place.choice(key, (str(word) for word in allowed))
        else:
            found[path] = list(place.texts(key)) if allowed is list else place.value(key, allowed)
        if path == "system_start" and times.parse(found[path]) is None:
            raise section.error('"system_start" must be a time such as 2024-01-01T00:00:00Z', key)
    for each in (*inner.values(), section):
        if each is not None:
            each.finish()
    return found


def _scan(top: Section) -> Scan:
    section = top.section("scan", "scan")
    if section is None:
        return Scan()
    made = Scan(
        min_confidence=section.choice("min_confidence", CONFIDENCES, "likely"),
        paths=section.texts("paths"),
        phone_regions=section.texts("phone_regions") if section.has("phone_regions") else Scan().phone_regions,
        test_numbers=section.choice("test_numbers", ("report", "info", "ignore"), "report"),
        mrn=section.text("mrn") or None,
        custom=_custom(section),
    )
    if made.mrn is not None:
        from auditlog_cli.regexes import safe_regex

        try:
            safe_regex(made.mrn)
        except ValueError as error:
            raise section.error(f'"mrn": {error}', "mrn") from None
    section.finish()
    return made


def _custom(section: Section) -> tuple[Detector, ...]:
    if not section.has("detectors"):
        return ()
    from auditlog_cli.detectors import custom

    return custom.listed(section.document, section.data)


def detectors_in(document: Document) -> tuple[Detector, ...]:
    """Return the detectors of the site that a definition file holds: a policy, or a file of detectors.

    Raises:
        DefinitionError: If something in it is wrong, with file and line; or it is a policy without any.
    """
    if document.data.get("format") != FORMAT:
        from auditlog_cli.detectors import custom

        return custom.defined_in(document)
    found = _policy(document).scan.custom
    if not found:
        raise document.error("a policy without detectors", document.data, help="they are a list: scan.detectors")
    return found


def _bundle(section: Section) -> Bundle:
    name = section.text("name", required=True)
    section.name = f'the policy "{name}"'
    made = Bundle(
        name=name,
        version=_version(section),
        agents=section.texts("agents"),
        packs=section.texts("packs"),
        rules=tuple(_override(each) for each in section.sections("rules", "an entry of rules")),
        parameters=section.mapping("parameters"),
        line=section.line,
    )
    section.finish()
    return made


def _override(section: Section) -> Override:
    made = Override(
        id=section.text("id", required=True),
        enabled=section.value("enabled", bool),
        severity=section.choice("severity", finding.SEVERITIES),
        parameters=section.mapping("parameters"),
        reason=section.text("reason"),
        line=section.line,
    )
    if made.enabled is False and not made.reason.strip():
        raise section.error(f"{made.id} is switched off without a reason", help='write: reason: "…"; reports list it')
    section.finish()
    return made


def _alerts(top: Section) -> dict[str, str]:
    section = top.section("alerts", "alerts")
    if section is None:
        return {}
    found = {"log": section.text("log", required=True)}
    section.finish()
    return found


def _notify(section: Section) -> dict[str, Any]:
    texts = ("webhook", "smtp", "from", "secret_env", "secret_file", "user_env", "user_file", "password_env",
             "password_file")  # fmt: skip
    found: dict[str, Any] = {key: section.text(key, required=True) for key in texts if section.has(key)}
    if ("webhook" in found) == ("smtp" in found):
        raise section.error("an entry of notify has a webhook or an smtp server")
    if section.has("min_severity"):
        found["min_severity"] = section.choice("min_severity", finding.SEVERITIES)
    if section.has("starttls"):
        found["starttls"] = section.flag("starttls")
    found |= {key: section.texts(key) for key in ("kinds", "packs", "to") if section.has(key)}
    section.finish()
    return found
