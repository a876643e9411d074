"""The published schemas (JSON Schema 2020-12): one source, `schemas/` at the top of the project.

In a wheel they lie inside the package; an editable install reads the package from `src/`, where they are
not, so the checkout is looked at second (hatch's force-include: pyproject.toml).
"""

from __future__ import annotations

import os

from auditlog_cli import strictjson
from auditlog_cli.errors import DefinitionError, UsageError, remedy

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_ENDING = ".schema.json"


def folder() -> str:
    """Return where the schemas lie.

    Raises:
        DefinitionError: If they are in neither place: the installation is damaged.
    """
    for place in (os.path.join(_PACKAGE, "schemas"), os.path.join(_PACKAGE, "..", "..", "schemas")):
        if os.path.isdir(place):
            return os.path.normpath(place)
    raise DefinitionError("the schemas are missing from this installation", help="install auditlog-cli again")


def names() -> list[str]:
    """Return the names of all schemas with their versions: `record-1`, sorted."""
    return sorted(name.removesuffix(_ENDING) for name in os.listdir(folder()) if name.endswith(_ENDING))


def path(name: str) -> str:
    """Return the file of a schema.

    Args:
        name: `record-1`, or `record` for its newest version.

    Raises:
        UsageError: If there is no such schema.
    """
    known = names()
    versions = [each for each in known if name in (each, each.rpartition("-")[0])]
    if not versions:
        raise UsageError(f"no schema is called {name}", help=f"there are: {', '.join(known)}")
    return os.path.join(folder(), max(versions, key=_version) + _ENDING)


def _version(name: str) -> int:
    digits = name.rpartition("-")[2]
    return int(digits) if digits.isdigit() else 0


def read(name: str) -> bytes:
    """Return a schema as it stands in its file.

    Raises:
        UsageError: If there is no such schema.
        DefinitionError: If it cannot be read.
    """
    place = path(name)
    try:
        with open(place, "rb") as file:
            return file.read()
    except OSError as error:
        raise DefinitionError(f"{place}: cannot be read ({error.strerror})", help=remedy(error)) from error


_loaded: dict[str, dict[str, object]] = {}


def load(name: str) -> dict[str, object]:
    """Return a schema as an object, read once.

    Raises:
        UsageError: If there is no such schema.
        DefinitionError: If it cannot be read, or is no JSON object.
    """
    if name not in _loaded:
        try:
            _loaded[name] = strictjson.exact(read(name))
        except strictjson.Malformed as error:
            raise DefinitionError(
                f"{path(name)}: byte {error.at}: {error.reason}",
                help="the installation is damaged: install auditlog-cli again",
            ) from error
    return _loaded[name]


def part(definition: str) -> dict[str, object]:
    """Return the schema of records whose root is one of its definitions: `record`, `six-questions`, ….

    Raises:
        DefinitionError: If it cannot be read.
    """
    return {**load("record"), "$ref": f"#/$defs/{definition}"}
