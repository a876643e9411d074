"""The shipped packs in a form that loads in milliseconds: `packs/compiled.json` (compliance.md, 6.2).

`make packs` (cli/generate.py) writes it from the YAML, `extends` resolved, cases left out; a test and
`make check` compare.
"""

from __future__ import annotations

import os
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

from auditlog_cli.errors import DefinitionError
from auditlog_cli.rules.loading import NAMES, SHIPPED, load_shipped
from auditlog_cli.rules.pack import Pack, Parameter, Rule

if TYPE_CHECKING:
    from collections.abc import Iterable

FORMAT: Final = "auditlog.compiled-packs/1"
FILE: Final = os.path.join(SHIPPED, "compiled.json")
RELEASED: Final = os.path.join(SHIPPED, "ids.txt")
"""Every id that a shipped rule ever had: an id is stable for ever, or stands under `replaces` of another rule."""
_loaded: dict[str, Pack] = {}


def shipped(names: Iterable[str] = NAMES) -> list[Pack]:
    """Return shipped packs by name, without their cases and without reading YAML.

    Raises:
        DefinitionError: If there is no such pack.
    """
    if not _loaded:
        import json

        with open(FILE, encoding="utf-8") as file:
            for data in json.load(file)["packs"]:
                _loaded[data["name"]] = _pack(data)
    wanted = list(names)
    for name in wanted:
        if name not in _loaded:
            known = f"shipped packs: {', '.join(NAMES)}; one of your own goes by its file: NAME.yaml or ./NAME"
            raise DefinitionError(f'there is no shipped pack "{name}"', help=known)
    return [_loaded[name] for name in wanted]


def compiled() -> str:
    """Return the text of `compiled.json`, made from the YAML of the shipped packs."""
    import json

    packs = [_plain(load_shipped(name)) for name in NAMES]
    # One rule a line: a change of one rule is one line of a diff.
    return _spread(json.dumps({"format": FORMAT, "packs": []})[:-2], packs)


def released() -> list[str]:
    """Return every id that a shipped rule ever had."""
    with open(RELEASED, encoding="utf-8") as file:
        return file.read().split()


def ids() -> str:
    """Return the text of `ids.txt`: the ids of today beside those of before. None ever leaves it."""
    now = {rule.id for name in NAMES for rule in load_shipped(name).rules}
    return "\n".join(sorted(now | set(released()))) + "\n"


def _spread(head: str, packs: list[dict[str, Any]]) -> str:
    import json

    def text(value: object) -> str:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    written = []
    for pack in packs:
        rules = ",\n".join(text(rule) for rule in pack.pop("rules"))
        written.append(f'{text(pack)[:-1]},"rules":[\n{rules}\n]}}')
    return head + "\n" + ",\n".join(written) + "\n]}\n"


def _plain(pack: Pack) -> dict[str, Any]:
    made = {field.name: getattr(pack, field.name) for field in fields(Pack)}
    made["path"] = os.path.basename(pack.path)
    made["rules"] = [plain_rule(rule) for rule in pack.rules]
    return made


def plain_rule(rule: Rule) -> dict[str, Any]:
    """Return a rule as plain data, without its cases and what its pack says."""
    made = {field.name: getattr(rule, field.name) for field in fields(Rule) if field.name not in ("tests", "pack")}
    del made["pack_version"]
    made["parameters"] = {
        name: {field.name: getattr(each, field.name) for field in fields(Parameter)}
        for name, each in rule.parameters.items()
    }
    return made


def _pack(data: dict[str, Any]) -> Pack:
    rules = tuple(_rule(each, data) for each in data.pop("rules"))
    for name in ("extends", "profile", "not_checkable"):
        data[name] = tuple(data[name])
    data["sources"] = tuple((name, url) for name, url in data["sources"])
    data["applies_from"] = _dates(data["applies_from"])
    return Pack(**data, rules=rules)


def _rule(data: dict[str, Any], pack: dict[str, Any]) -> Rule:
    for name in ("crossrefs", "false_positives", "lineage", "replaces"):
        data[name] = tuple(data[name])
    data["applies_from"] = _dates(data["applies_from"])
    data["parameters"] = {name: Parameter(**each) for name, each in data["parameters"].items()}
    return Rule(**data, pack=pack["name"], pack_version=pack["version"], tests={})


def _dates(found: list[Any]) -> tuple[tuple[dict[str, Any], str], ...]:
    return tuple((when, date) for when, date in found)
