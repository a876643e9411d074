"""The fast engine: jsonschema-rs, compiled once, offline, formats judged.

Alone it is too lax about one thing: its `date-time` takes `2026-06-0,T10:00:00Z` (0.60). The pattern beside
the format in our schema closes that; tests/validator/test_engines.py holds both engines to one verdict.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

import jsonschema_rs

from auditlog_cli.errors import DefinitionError
from auditlog_cli.validator import schemas
from auditlog_cli.validator.faults import Fault

if TYPE_CHECKING:
    from jsonschema_rs import Draft202012Validator


def compile_schema(schema: dict[str, object]) -> Draft202012Validator:
    """Return a compiled validator of a schema; nothing is ever fetched.

    Raises:
        DefinitionError: If it is no valid schema, or refers to what is not there.
    """
    try:
        return jsonschema_rs.Draft202012Validator(
            schema, validate_formats=True, offline=True, pattern_options=jsonschema_rs.RegexOptions()
        )
    except (ValueError, jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError) as error:
        raise DefinitionError(
            f"the schema of records is no valid schema ({type(error).__name__})", help="install auditlog-cli again"
        ) from error


@cache
def validator(definition: str) -> Draft202012Validator:
    """Return the compiled validator of one definition of the schema of records.

    Raises:
        DefinitionError: If the schema is damaged.
    """
    return compile_schema(schemas.part(definition))


def verdict(definition: str) -> Callable[[object], bool]:
    """Return the function that tells whether a value fits a definition: a few microseconds a call."""
    return validator(definition).is_valid


def faults(definition: str, value: object) -> list[Fault]:
    """Return all that is wrong with a value; the order says nothing."""
    compiled = validator(definition)
    if compiled.is_valid(value):
        return []
    try:
        return faults_of(compiled, value)
    except ValueError:
        # A fault hands back the value it is about, and fails where that holds an integer of thousands of digits.
        from auditlog_cli.validator import reference  # takes long to load

        return reference.faults(definition, value)


def faults_of(compiled: Draft202012Validator, value: object) -> list[Fault]:
    """Return what a compiled validator finds wrong with a value."""
    found = []
    for error in compiled.iter_errors(value):
        kind = error.kind
        names: tuple[str, ...] = ()
        if kind.name == "required":
            names = (str(kind.property),)  # type: ignore[attr-defined]
        elif kind.name == "additionalProperties":
            names = tuple(kind.unexpected)  # type: ignore[attr-defined]
        found.append(Fault(tuple(error.instance_path), kind.name, names))
    return found
