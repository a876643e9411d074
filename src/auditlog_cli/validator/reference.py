"""The slow engine: `jsonschema`, the implementation that others compare with. It explains failures.

Three things are set right, each because a standard says so:

- `$` in a pattern matches at the end only, as in ECMA 262 (JSON Schema core, 6.4), not before a last LF;
- `date-time` is judged by `times.parse` (RFC 3339), with no further package;
- a Decimal, which strict JSON gives for integers of thousands of digits, is a number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import cache

from jsonschema import Draft202012Validator, FormatChecker, TypeChecker, ValidationError
from jsonschema.validators import extend

from auditlog_cli import times
from auditlog_cli.validator import schemas
from auditlog_cli.validator.faults import Fault

_formats = FormatChecker(formats=())
_formats.checks("date-time")(lambda value: not isinstance(value, str) or times.parse(value) is not None)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    out, escaped, in_class = [], False, False
    for char in pattern:
        if char == "$" and not escaped and not in_class:
            char = "\\Z"
        elif not escaped and char in "[]":
            in_class = char == "["
        escaped = char == "\\" and not escaped
        out.append(char)
    return re.compile("".join(out), re.ASCII)


def _pattern(validator: object, pattern: str, value: object, schema: object) -> Iterator[ValidationError]:
    del validator, schema
    if isinstance(value, str) and not _compiled(pattern).search(value):
        yield ValidationError("does not match")


def _is_number(checker: TypeChecker, value: object) -> bool:
    del checker
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


def _is_integer(checker: TypeChecker, value: object) -> bool:
    if isinstance(value, float):
        return value.is_integer()
    return _is_number(checker, value)  # strict JSON makes Decimals of integers only


_types = Draft202012Validator.TYPE_CHECKER.redefine_many({"number": _is_number, "integer": _is_integer})
_Engine: type[Draft202012Validator] = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator, {"pattern": _pattern}, type_checker=_types
)


def build(schema: dict[str, object]) -> Draft202012Validator:
    """Return a validator of a schema; it resolves references inside the schema only."""
    return _Engine(schema, format_checker=_formats)


@cache
def validator(definition: str) -> Draft202012Validator:
    """Return the validator of one definition of the schema of records."""
    return build(schemas.part(definition))


def faults(definition: str, value: object) -> list[Fault]:
    """Return all that is wrong with a value; the order says nothing."""
    return faults_of(validator(definition), value)


def faults_of(engine: Draft202012Validator, value: object) -> list[Fault]:
    """Return what a validator finds wrong with a value."""
    return [
        Fault(tuple(error.absolute_path), str(error.validator), _names(error)) for error in engine.iter_errors(value)
    ]


def _names(error: ValidationError) -> tuple[str, ...]:
    """Which members an error is about. One error of `required` is about one name, and only its text says
    which; the set of all that are missing there serves as well."""
    value, schema = error.instance, error.schema
    if error.validator == "required" and isinstance(value, dict) and isinstance(schema, dict):
        return tuple(name for name in schema["required"] if name not in value)
    if error.validator == "additionalProperties" and isinstance(value, dict) and isinstance(schema, dict):
        return tuple(name for name in value if name not in schema.get("properties", {}))
    return ()
