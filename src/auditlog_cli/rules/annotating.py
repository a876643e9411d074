"""What rules see in a record and a search tool cannot: for a copy of the log that is searched (compliance.md, 11.2).

The Sigma files that `sigma` writes expect these fields; nothing here is evidence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from auditlog_cli.fields import MISSING, is_hole
from auditlog_cli.rules import sigma
from auditlog_cli.rules.binding import Bound
from auditlog_cli.rules.interpreting import selected
from auditlog_cli.rules.pack import Pack, Rule
from auditlog_cli.rules.program import compile_logic, place
from auditlog_cli.rules.reading import Reading, Scan
from auditlog_cli.rules.selections import Selection
from auditlog_cli.rules.site import Site
from auditlog_cli.rules.sitefacts import Policy
from auditlog_cli.rules.virtual import FIELDS


class Annotator:
    """Says of records what virtual fields hold, and which selections match that Sigma cannot say.

    Args:
        packs: Whose Sigma files the copy is for.
        bound: The rules as they are judged: their parameters count. Those that are not enabled are left alone.
        site: The site facts.
        as_of: The "now" of the run, microseconds since the epoch.
        scan: The detectors; None: nobody looks, so there are no `entities`.

    Raises:
        DefinitionError: If a rule is not understood.
    """

    def __init__(
        self, packs: Sequence[Pack], bound: Sequence[Bound], site: Policy, *, as_of: int, scan: Scan | None
    ) -> None:
        expected = sigma.expected(packs)
        self._site = Site(site)
        self._scan = scan
        self._selections: dict[str, Selection] = {}
        for rule, parameters in _rules(packs, bound):
            if not any(name.startswith(f"{rule.id}/") for name in expected):
                continue
            correlate = None if rule.correlate is None else place(dict(rule.correlate), parameters, rule.id)
            detection = place(dict(rule.detection), parameters, rule.id)
            logic = compile_logic(0, rule.id, detection, correlate, rule.scope, as_of)
            for name, selection in logic.selections.items():
                if f"{rule.id}/{name}" in expected:
                    self._selections[f"{rule.id}/{name}"] = selection

    def of(self, content: dict[str, Any]) -> dict[str, Any]:
        """Return what the copy of a record says under `auditlog_check`.

        A virtual field that is undefined, or rests on what was withheld, is left out. Booleans are the words `yes`
        and `no`, because not every search tool can compare booleans.
        """
        reading = Reading(content, self._site, self._scan)
        said: dict[str, Any] = {}
        for path in FIELDS:
            there = reading.get(path)
            if there is MISSING or is_hole(there):
                continue
            if isinstance(there, (list, tuple)):
                said[path[1:]] = [each for each in there if not is_hole(each)]
            else:
                said[path[1:]] = sigma.word(there)
        found = [name for name, selection in self._selections.items() if selected(selection, reading)]
        if found:
            said["selections"] = found
        return said


def _rules(packs: Sequence[Pack], bound: Sequence[Bound]) -> Iterator[tuple[Rule, Mapping[str, Any]]]:
    """The rules that have a Sigma file, with their parameters: those that are judged, and the library's."""
    yield from ((each.rule, each.parameters) for each in bound if each.enabled)
    for pack in packs:
        for rule in pack.rules:
            if not rule.in_pack:
                yield rule, {name: parameter.default for name, parameter in rule.parameters.items()}
