"""From the YAML of a pack to its rules, `extends` resolved (compliance.md, 6.3)."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any, Final

from auditlog_cli import finding
from auditlog_cli.rules import pack as nouns
from auditlog_cli.rules import yamlfile
from auditlog_cli.rules.duties import applies, applies_from, date
from auditlog_cli.rules.pack import Pack, Parameter, Rule
from auditlog_cli.rules.section import Section

SHIPPED: Final = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "packs")
"""The folder of the packs that come with the package."""
NAMES: Final = ("baseline", "gdpr", "hipaa", "finance", "eu-ai-act", "soc2", "iso42001", "owasp-agentic")
"""The packs that come with the package, in the order of 3.1."""

ID = re.compile(r"[A-Z0-9]+(?:-[A-Za-z0-9.]+)+\Z", re.ASCII)
PACK_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}\Z", re.ASCII)
_LONGEST_CHAIN: Final = 16
PARAMETER_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}\Z", re.ASCII)


def load_file(path: str) -> Pack:
    """Return the pack of the file `path`, every rule with what it takes from those it extends.

    Packs it extends are the shipped ones of that name, else `NAME.yaml` in the same folder.

    Raises:
        DefinitionError: If a file cannot be read, or something in it is wrong, with file, line and column.
    """
    return _Shelf().load(path)


def load_shipped(name: str) -> Pack:
    """Return a shipped pack from its YAML, cases included (`rules.compiled` is the fast way, without them)."""
    return load_file(shipped_path(name))


def shipped_path(name: str) -> str:
    """Return where the YAML of the shipped pack `name` lies."""
    return os.path.join(SHIPPED, f"{name}.yaml")


class _Shelf:
    """The packs read on the way to one pack."""

    def __init__(self) -> None:
        self.packs: dict[str, Pack] = {}
        self.loading: list[str] = []

    def load(self, path: str) -> Pack:
        name = os.path.basename(path).rpartition(".")[0]
        document = yamlfile.load(path)
        head = Section(document, document.data, "a pack")
        head.choice("format", (nouns.FORMAT,), required=True)
        if head.text("pack", required=True) != name:
            raise head.error('"pack" must be the name of the file', "pack", help=f"write: pack: {name}")
        if not PACK_NAME.match(name):
            raise head.error("a pack is named in small letters, digits and -", "pack")
        extends = head.texts("extends")
        self.loading.append(name)
        origins = [self.origin(each, head, os.path.dirname(path)) for each in extends]
        self.loading.pop()
        return _pack(head, name, extends, origins, path)

    def origin(self, name: str, head: Section, folder: str) -> Pack:
        if not PACK_NAME.match(name):
            raise head.error("extends lists names of packs", "extends")
        if name in self.loading:
            raise head.error(f"packs extend each other in a circle: {' → '.join([*self.loading, name])}", "extends")
        if name not in self.packs:
            path = shipped_path(name) if name in NAMES else os.path.join(folder, f"{name}.yaml")
            if name not in NAMES and not os.path.isfile(path):
                known = f"shipped packs: {', '.join(NAMES)}; others lie in the same folder"
                raise head.error(f'it extends "{name}", but there is no such pack', "extends", help=known)
            self.packs[name] = self.load(path)
        return self.packs[name]


def _pack(head: Section, name: str, extends: tuple[str, ...], origins: list[Pack], path: str) -> Pack:
    version = head.value("version", str, int, required=True)
    made: dict[str, Any] = {
        "name": name,
        "version": str(version),
        "title": head.text("title", required=True),
        "status": head.choice("status", nouns.PACK_STATUSES, required=True),
        "reviewed": _reviewed(head),
        "as_of": date(head.text("as_of", required=True), head, "as_of"),
        "sources": tuple(_source(each) for each in head.sections("sources", "a source")),
        "extends": extends,
        "profile": head.texts("profile"),
        "applies": applies(head),
        "applies_from": applies_from(head),
        "not_checkable": head.texts("not_checkable"),
    }
    head.value("rules", list, required=True)
    sections = head.sections("rules", "a rule")
    head.finish()
    rules = _resolved(sections, made, {rule.id: rule for each in origins for rule in each.rules})
    return Pack(**made, rules=rules, sha256=head.document.sha256, path=path)


def _reviewed(head: Section) -> dict[str, str] | None:
    section = head.section("reviewed", "reviewed")
    if section is None:
        if head.data.get("status") == "reviewed":
            raise head.error("a reviewed pack says by whom and when", "status", help="reviewed: {by: …, on: …}")
        return None
    found = {"by": section.text("by", required=True), "on": date(section.text("on", required=True), section, "on")}
    section.finish()
    return found


def _source(section: Section) -> tuple[str, str]:
    found = section.text("name", required=True), section.text("url", required=True)
    if not found[1].startswith(("https://", "http://")):
        raise section.error("the url of a source begins with https://", "url")
    section.finish()
    return found


def _resolved(sections: list[Section], head: Mapping[str, Any], origins: dict[str, Rule]) -> tuple[Rule, ...]:
    """Build every rule after the one it extends."""
    given: dict[str, Section] = {}
    for section in sections:
        name = section.text("id", required=True)
        if not ID.match(name):
            raise section.error("the id of a rule looks like ACME-GDPR-5-01", "id")
        if name in given or name in origins:
            where = f"line {given[name].line}" if name in given else f"the pack {origins[name].pack}"
            raise section.error(f"the id {name} is taken: {where}", "id")
        given[name] = section
    done: dict[str, Rule] = {}
    for name in given:
        chain: dict[str, None] = {}
        step = name
        while step not in done and step not in origins:
            section = given[step]
            if step in chain:
                raise section.error(f"rules extend each other in a circle: {' → '.join([*chain, step])}", "extends")
            if len(chain) == _LONGEST_CHAIN:
                raise section.error(f"more than {_LONGEST_CHAIN} rules extend each other in a row", "extends")
            chain[step] = None
            base = section.text("extends")
            if not base:
                break
            if base not in given and base not in origins:
                known = "it must stand in this pack or in one named under extends of the pack"
                raise section.error(f"it extends {base}, but there is no such rule", "extends", help=known)
            step = base
        for step in reversed(chain):
            base = given[step].text("extends")
            done[step] = _rule(given[step], step, head, done.get(base) or origins.get(base))
    return tuple(done[name] for name in given)


def _rule(section: Section, name: str, head: Mapping[str, Any], base: Rule | None) -> Rule:
    section.name = f"the rule {name}"
    root = base is None

    def inherited(key: str, own: Any, attribute: str = "") -> Any:
        return own if base is None or section.has(key) else getattr(base, attribute or key)

    made: dict[str, Any] = {
        "id": name,
        "logic": name if base is None else base.logic,
        "pack": head["name"],
        "pack_version": head["version"],
        "extends": None if base is None else base.id,
        "lineage": () if base is None else (base.id, *base.lineage),
        "line": section.line,
        "title": inherited("title", section.text("title", required=root or section.has("title"))),
        "severity": inherited("severity", section.choice("severity", finding.SEVERITIES, required=root)),
        "kind": inherited("finding", section.choice("finding", finding.KINDS, required=root), "kind"),
        "confidence": inherited("confidence", section.choice("confidence", nouns.CONFIDENCES, required=root)),
        "scope": inherited("scope", section.choice("scope", nouns.SCOPES, required=root)),
        "clauses": inherited("clauses", _clauses(section, root)),
        "crossrefs": inherited("crossrefs", section.texts("crossrefs")),
        "why": inherited("why", section.text("why", required=root or section.has("why"))),
        "fix": inherited("fix", section.text("fix", required=root or section.has("fix"))),
        "false_positives": inherited("false_positives", section.texts("false_positives")),
        "status": section.choice("status", nouns.RULE_STATUSES, "test"),
        "addressable": inherited("addressable", section.flag("addressable")),
        "in_pack": section.flag("in_pack", True),
        # What may never be waived stays so under every clause it is bound to.
        "waivable": section.flag("waivable", True) and (base is None or base.waivable),
        "parameters": _parameters(section, base),
        "replaces": section.texts("replaces"),
        "cloned_from": _cloned_from(section),
        "tests": inherited("tests", _tests(section)),
        "applies": _own_or(section, "applies", applies(section), base, head),
        "applies_from": _own_or(section, "applies_from", applies_from(section), base, head),
        "detection": _detection(section, base),
        "correlate": inherited("correlate", section.value("correlate", dict)),
    }
    made["report_at"], made["report_message"] = _report(section, base)
    section.finish()
    _shape(section, made)
    return Rule(**made)


def _own_or(section: Section, key: str, own: Any, base: Rule | None, head: Mapping[str, Any]) -> Any:
    """Its own, else that of the rule it extends in the same pack, else the pack's: a duty is a matter of the pack."""
    if section.has(key):
        return own
    return getattr(base, key) if base is not None and base.pack == head["name"] else head[key]


def _clauses(section: Section, required: bool) -> dict[str, str]:
    found = section.mapping("clauses", required=required)
    if not found and (required or section.has("clauses")):
        raise section.error(f"{section.name} needs at least one clause", "clauses")
    for reference, text in found.items():
        if not isinstance(text, str) or not text.strip():
            help_line = "a comma inside { } makes two keys: put the reference in quotes"
            raise section.document.error(f'the clause "{reference}" has no text', found, reference, help=help_line)
    return found


def _parameters(section: Section, base: Rule | None) -> dict[str, Parameter]:
    found = dict(base.parameters) if base is not None else {}
    given = section.mapping("parameters")
    for name in given:
        if not PARAMETER_NAME.match(name):
            raise section.document.error("a parameter is named in small letters, digits and _", given, name)
        if not isinstance(given[name], dict):
            raise section.document.error("a parameter is written {default: …}", given, name)
        each = Section(section.document, given[name], f"the parameter {name}")
        before = found.get(name)
        default = each.value("default", required=before is None)
        if before is not None and not each.has("default"):
            default = before.default
        found[name] = Parameter(
            default,
            each.text("note", before.note if before else ""),
            each.text("profile", before.profile if before else ""),
        )
        each.finish()
    return found


def _cloned_from(section: Section) -> dict[str, str] | None:
    each = section.section("cloned_from", "cloned_from")
    if each is None:
        return None
    found = {key: each.text(key, required=True) for key in ("rule", "pack", "version", "sha256")}
    each.finish()
    return found


def _tests(section: Section) -> dict[str, list[Any]]:
    each = section.section("tests", "tests")
    if each is None:
        return {}
    found: dict[str, list[Any]] = {key: each.value(key, list) or [] for key in ("hit", "pass")}
    each.finish()
    for cases in found.values():
        for number, case in enumerate(cases):
            if not isinstance(case, (dict, list)):
                raise section.document.error("a case is a record, a list of records, or {records: …}", cases, number)
    return found


def _detection(section: Section, base: Rule | None) -> Mapping[str, Any]:
    for key in ("detection", "correlate"):
        if base is not None and section.has(key):
            # One logic is one thing: with another detection its findings would not be the same facts (7.4).
            raise section.error(f'a rule that extends another takes its logic: "{key}" cannot be replaced', key)
    found = section.mapping("detection")
    for name, selection in found.items():
        if name in ("condition", "subject"):
            if not isinstance(selection, str):
                raise section.document.error(f'"{name}" must be a text', found, name)
            continue
        parts = selection if isinstance(selection, list) else [selection]
        if not parts or not all(isinstance(part, dict) and part for part in parts):
            raise section.document.error(f'the selection "{name}" must be a mapping, or a list of them', found, name)
    return found if base is None else base.detection


def _report(section: Section, base: Rule | None) -> tuple[str | None, str | None]:
    at, message = (None, None) if base is None else (base.report_at, base.report_message)
    each = section.section("report", "report")
    if each is None:
        return at, message
    found = each.text("at") or at, each.text("message") or message
    each.finish()
    return found


def _shape(section: Section, made: dict[str, Any]) -> None:
    """A record rule has a condition; every other one says how records belong together."""
    alone = made["scope"] == "record"
    if alone == (made["correlate"] is not None):
        message = "has scope record, but also" if alone else f"has scope {made['scope']}, but no"
        raise section.error(f'{section.name} {message} "correlate"', "scope")
    if alone and "condition" not in made["detection"]:
        raise section.error(f"{section.name} needs a condition in its detection", "detection")
