"""All detectors of this tool, and their names: ours, and those of others (compliance.md, 4.4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

from auditlog_cli.detectors import (
    commands,
    contact,
    countries,
    credentials,
    government,
    health,
    money,
    network,
    providers,
    secrets,
    services,
)
from auditlog_cli.detectors.detector import Detector
from auditlog_cli.errors import DefinitionError

FAMILIES = (contact, network, government, countries, money, health, secrets, providers, services, credentials, commands)
SHIPPED: tuple[Detector, ...] = tuple(each for family in FAMILIES for each in family.DETECTORS)
ENTITIES: tuple[str, ...] = tuple(dict.fromkeys(each.entity for each in SHIPPED))
SECRET = "SECRET"  # noqa: S105 - stands for every SECRET_*


@cache
def aliases() -> dict[str, tuple[str, ...]]:
    """Return what each name of Presidio, Google DLP or gitleaks means here; in capitals, `-` as `_`."""
    import json
    from importlib.resources import files

    table = json.loads(files("auditlog_cli.detectors").joinpath("aliases.json").read_text("utf-8"))
    found: dict[str, tuple[str, ...]] = {}
    for entity, kinds in table.items():
        for names in kinds.values():
            for name in names:
                found[_folded(name)] = (*found.get(_folded(name), ()), entity)
    return found


def _folded(name: str) -> str:
    return name.strip().upper().replace("-", "_").replace(" ", "_")


def lookup(name: str, known: Iterable[str] = ENTITIES) -> tuple[str, ...]:
    """Return the entities that `name` means: one, or for `SECRET` and some aliases several.

    Args:
        name: Ours, or one of Presidio, Google DLP or gitleaks; case does not matter.
        known: Our names, with those of the site's own detectors.

    Raises:
        DefinitionError: If nothing has that name; its help lists near ones.
    """
    wanted = _folded(name)
    entities = tuple(known)
    if wanted in entities:
        return (wanted,)
    if wanted == SECRET:
        return tuple(each for each in entities if each.startswith("SECRET_"))
    found = aliases().get(wanted)
    if found:
        return tuple(dict.fromkeys(each for entity in found for each in lookup(entity, entities)))
    from difflib import get_close_matches

    near = get_close_matches(wanted, list(dict.fromkeys([*entities, SECRET, *aliases()])), n=3, cutoff=0.5)
    shown = name if len(name) <= 60 and name.isprintable() else "this name"
    help_ = f"did you mean {' or '.join(near)}?" if near else "auditlog detectors list shows them all"
    raise DefinitionError(f"{shown}: there is no such entity", help=help_)


def detectors_of(entities: Iterable[str] | None, custom: Sequence[Detector] = ()) -> tuple[Detector, ...]:
    """Return the detectors for the named entities; None for all.

    Raises:
        DefinitionError: If nothing has such a name.
    """
    every = (*SHIPPED, *custom)
    if entities is None:
        return every
    known = tuple(dict.fromkeys(each.entity for each in every))
    wanted = {found for name in entities for found in lookup(name, known)}
    return tuple(each for each in every if each.entity in wanted)
