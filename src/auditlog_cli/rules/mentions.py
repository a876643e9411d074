"""What a rule mentions: paths, parameters, selections, expressions. Read off the plain data of the YAML."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from auditlog_cli.rules.pack import Rule

FORMS: Final[dict[str, tuple[str, ...]]] = {
    "distinct": ("field", "max"),
    "count": ("of", "within", "gte", "distinct"),
    "sequence": ("steps", "within", "same", "without"),
    "require": ("each", "partner", "match", "when", "within"),
    "first": ("of", "must"),
    "unique": (),
    "check": (),
}
"""The forms of a correlation (6.5), and the keys each has."""
_BESIDE: Final[dict[str, tuple[str, ...]]] = {"check": ("with",)}
_PARAMETER = re.compile(r"%([A-Za-z0-9_]+)%\Z", re.ASCII)
_TEMPLATE = re.compile(r"\{([^{}]*)\}")


def selections(rule: Rule) -> dict[str, Any]:
    """Return the selections of a rule: its detection without condition and subject."""
    return {name: each for name, each in rule.detection.items() if name not in ("condition", "subject")}


def tests(rule: Rule) -> Iterator[tuple[str, str, Any]]:
    """Yield (selection, `path|operator`, value) for every test; a mapping given to a check is a selection too."""
    found = dict(selections(rule))
    if rule.correlate is not None and isinstance(rule.correlate.get("with"), Mapping):
        found |= {f"with.{key}": each for key, each in rule.correlate["with"].items() if isinstance(each, Mapping)}
    for name, selection in found.items():
        for part in selection if isinstance(selection, list) else [selection]:
            for key, value in part.items():
                yield name, key, value


def paths(rule: Rule) -> Iterator[str]:
    """Yield every path a rule reads or shows."""
    for _, key, value in tests(rule):
        path, _, operator = key.partition("|")
        yield path
        if operator in ("fieldref", "fieldref|neq", "before", "after"):
            yield from (each for each in _texts(value) if not _PARAMETER.match(each))
    if rule.correlate is not None:
        yield from (each for each in _correlated(rule.correlate) if not _PARAMETER.match(each))
    if rule.report_at is not None:
        yield rule.report_at
    yield from templates(rule)


def _correlated(given: Mapping[str, Any]) -> Iterator[str]:
    yield from _texts(given.get("group_by"))
    yield from _texts(given.get("unique"))
    for form, keys in (("distinct", ("field",)), ("count", ("distinct",)), ("sequence", ("same",))):
        if isinstance(given.get(form), Mapping):
            for key in keys:
                yield from _texts(given[form].get(key))
    require = given.get("require")
    match = require.get("match") if isinstance(require, Mapping) else None
    for left, right in match.items() if isinstance(match, Mapping) else ():
        yield from (left, *_texts(right))
    arguments = given.get("with")
    if isinstance(arguments, Mapping):
        for key in ("per", "field", "unique"):
            yield from _texts(arguments.get(key))


def _texts(value: object) -> list[str]:
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str)]


def templates(rule: Rule) -> list[str]:
    """Return the paths that the message of a rule quotes."""
    return _TEMPLATE.findall(rule.report_message or "")


def named(rule: Rule) -> Iterator[str]:
    """Yield the selections that the correlation of a rule names."""
    given = rule.correlate or {}
    for form, keys in (("count", ("of",)), ("sequence", ("steps", "without")), ("require", ("each", "partner")),
                       ("first", ("of", "must"))):  # fmt: skip
        if isinstance(given.get(form), Mapping):
            for key in keys:
                yield from _texts(given[form].get(key))


def parameters(rule: Rule) -> set[str]:
    """Return the names of the parameters that detection and correlation use, `"%name%"`."""
    found: set[str] = set()
    open_: list[Any] = [rule.detection, rule.correlate]
    while open_:
        value = open_.pop()
        if isinstance(value, str):
            match = _PARAMETER.match(value)
            found.update([match[1]] if match else [])
        elif isinstance(value, Mapping):
            open_ += value.values()
        elif isinstance(value, list):
            open_ += value
    return found


def filled(rule: Rule, value: Any) -> Any:
    """Return `value` with a parameter replaced by its default; one that is not there stays as it stands."""
    match = _PARAMETER.match(value) if isinstance(value, str) else None
    return rule.parameters[match[1]].default if match and match[1] in rule.parameters else value


def expressions(rule: Rule) -> Iterator[str]:
    """Yield every regular expression a rule runs with its defaults."""
    for _, key, value in tests(rule):
        if key.partition("|")[2].split("|")[0] == "re":
            given = filled(rule, value)
            for each in given if isinstance(given, list) else [given]:
                yield from _texts(filled(rule, each))


def faults(rule: Rule) -> Iterator[str]:
    """Yield what is wrong with the shape of the correlation of a rule."""
    given = rule.correlate
    if given is None:
        return
    forms = [form for form in FORMS if form in given]
    if len(forms) != 1:
        yield f"correlate has one of {', '.join(FORMS)}"
        return
    form = forms[0]
    for key in given:
        if key not in (form, "condition", "group_by", *_BESIDE.get(form, ())):
            yield f'"{key}" is no key of correlate with {form}'
    if not FORMS[form]:
        if not isinstance(given[form], str):
            yield f'"{form}" needs a name'
    elif not isinstance(given[form], Mapping):
        yield f'"{form}" must be a mapping'
    else:
        yield from (f'"{key}" is no key of {form}' for key in given[form] if key not in FORMS[form])
