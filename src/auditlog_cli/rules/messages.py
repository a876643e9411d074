"""What a finding says, and which place it shows (compliance.md, 6.3)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from auditlog_cli.fields import is_hole, is_missing
from auditlog_cli.rules import conditions, contract
from auditlog_cli.rules.conditions import Tree
from auditlog_cli.rules.interpreting import all_hold, selected
from auditlog_cli.rules.pack import Rule
from auditlog_cli.rules.program import Logic
from auditlog_cli.rules.reading import Reading
from auditlog_cli.rules.selections import Selection
from auditlog_cli.rules.virtual import FIELDS

_SLOT = re.compile(r"\{([^{}]+)\}")
_LONGEST_VALUE: Final = 120
_MOST_VALUES: Final = 8
ENTITIES: Final = "@entities"


def message(rule: Rule, get: Callable[[str], Any] | None) -> str:
    """Return the message of a rule for one record: its template, filled, else its title.

    Never filled in is content (arguments, results, prompts, …), whatever a pack asks for.

    Args:
        rule: The rule.
        get: path → value of the anchor record; None where there is no record.
    """
    if not rule.report_message or get is None:
        return rule.title
    return _SLOT.sub(lambda slot: _shown(slot[1], get), rule.report_message)


def _shown(path: str, get: Callable[[str], Any]) -> str:
    if contract.is_content(path) or (path.startswith("@") and path not in FIELDS):
        return "(content)"
    value = get(path)
    if is_hole(value):
        return "(withheld)"
    if is_missing(value):
        return "(not recorded)"
    values = value if isinstance(value, list) else [value]
    words = [_word(each) for each in values[:_MOST_VALUES]]
    return ", ".join(words) + (", …" if len(values) > _MOST_VALUES else "")


def _word(value: Any) -> str:
    if is_hole(value):
        return "(withheld)"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = value if isinstance(value, str) else str(value) if isinstance(value, (int, float)) else "(an object)"
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def shown_at(logic: Logic, reading: Reading) -> str:
    """Return the path that a record rule shows by default: the first one of the first selection that held."""
    assert logic.condition is not None
    for name, _ in conditions.names(logic.condition):
        if selected(logic.selections[name], reading):
            return first_path(logic.selections[name], reading)
    return ""


def first_path(selection: Selection, reading: Reading) -> str:
    """Return the first path of the alternative of a selection that holds."""
    for alternative in selection.alternatives:
        if all_hold(alternative, reading):
            return real_path(alternative[0].path)
    return ""


def real_path(path: str) -> str:
    """Return the path in the record that stands for a path: a virtual field is shown at its main input."""
    return FIELDS[path].at if path in FIELDS else path


def entities_meant(logic: Logic, reading: Reading) -> frozenset[str]:
    """Return the entities through which a record rule fires, or none: it then speaks of the record, not of places."""
    assert logic.condition is not None
    return frozenset(_meant(logic, logic.condition, reading))


def _meant(logic: Logic, condition: Tree, reading: Reading) -> Iterator[str]:
    for name, positive in conditions.names(condition):
        if not positive:
            continue
        for alternative in logic.selections[name].alternatives:
            tests = [test for test in alternative if test.path == ENTITIES and test.operator == ""]
            if tests and all_hold(alternative, reading):
                yield from (each.casefold() for test in tests for each in test.wanted if isinstance(each, str))


def is_meant(entity: str, meant: frozenset[str]) -> bool:
    """Tell whether a hit is one of the entities that are meant; `SECRET` is every `SECRET_…`.

    >>> is_meant("SECRET_AWS", frozenset(["secret"])), is_meant("IBAN_CODE", frozenset(["secret"]))
    (True, False)
    """
    name = entity.casefold()
    return name in meant or ("secret" in meant and name.startswith("secret_"))
