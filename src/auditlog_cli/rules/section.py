"""Reading one mapping of a definition file: each key is asked for with its type, and what nobody asked for is an error.

A mistyped key that silently does nothing would make a run look clean (compliance.md, 5).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from auditlog_cli.errors import DefinitionError
    from auditlog_cli.rules.yamlfile import Document

_NAMES = {
    dict: "a mapping", list: "a list", str: "a text", bool: "true or false", int: "a whole number",
    float: "a number", type(None): "nothing",
}  # fmt: skip


class Section:
    """A mapping of a definition file, asked for key by key.

    Args:
        document: The file it stands in.
        data: The mapping.
        name: What it is, with its article, for errors: `a rule`, `a policy`.
    """

    __slots__ = ("_asked", "data", "document", "name")

    def __init__(self, document: Document, data: dict[str, Any], name: str) -> None:
        self.document = document
        self.data = data
        self.name = name
        self._asked: dict[str, None] = {}

    @property
    def line(self) -> int:
        """The line the mapping begins on."""
        return self.document.line(self.data)

    def error(self, message: str, key: str | None = None, *, help: str = "") -> DefinitionError:  # noqa: A002
        """Return an error at `key` of this mapping."""
        return self.document.error(message, self.data, key, help=help)

    def has(self, key: str) -> bool:
        """Tell whether `key` is there (and count it as asked for)."""
        self._asked[key] = None
        return key in self.data

    def value(self, key: str, *kinds: type, required: bool = False) -> Any:
        """Return the value of `key`, one of `kinds` (any without), or None where it is not there.

        Raises:
            DefinitionError: If it is of another type, or required and missing.
        """
        if not self.has(key):
            if required:
                from difflib import get_close_matches

                close = get_close_matches(key, self.data, 1)
                raise self.error(f'{self.name} needs "{key}"', help=f'is "{close[0]}" meant to be it?' if close else "")
            return None
        value = self.data[key]
        if kinds and type(value) not in kinds:
            wanted = " or ".join(_NAMES[kind] for kind in kinds)
            raise self.error(f'"{key}" of {self.name} must be {wanted}, not {_NAMES[type(value)]}', key)
        return value

    def text(self, key: str, default: str = "", *, required: bool = False) -> str:
        """Return the text of `key`; it may not be empty where it is required."""
        value = self.value(key, str, required=required)
        if required and not value.strip():
            raise self.error(f'"{key}" of {self.name} is empty', key)
        return default if value is None else str(value)

    def choice(self, key: str, words: Iterable[str], default: str = "", *, required: bool = False) -> str:
        """Return the text of `key`, which must be one of `words`."""
        value = self.text(key, default, required=required)
        allowed = tuple(words)
        if key in self.data and value not in allowed:
            raise self.error(f'"{key}" of {self.name} must be one of {", ".join(allowed)}', key)
        return value

    def flag(self, key: str, default: bool = False) -> bool:
        """Return the true or false of `key`."""
        value = self.value(key, bool)
        return default if value is None else bool(value)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return the list of texts at `key`."""
        found = self.value(key, list) or []
        for number, each in enumerate(found):
            if not isinstance(each, str):
                message = f'"{key}" of {self.name} is a list of texts, not of {_NAMES[type(each)]}'
                raise self.document.error(message, found, number, help="put it in quotes")
        return tuple(found)

    def entries(self, key: str, name: str) -> list[str | Section]:
        """Return the list at `key`, whose members are texts, or mappings to be asked in turn."""
        found = self.value(key, list) or []
        for number, each in enumerate(found):
            if not isinstance(each, (str, dict)):
                message = f"{name} must be a text or a mapping, not {_NAMES[type(each)]}"
                raise self.document.error(message, found, number)
        return [each if isinstance(each, str) else Section(self.document, each, name) for each in found]

    def mapping(self, key: str, *, required: bool = False) -> dict[str, Any]:
        """Return the mapping at `key` as plain data."""
        value: dict[str, Any] | None = self.value(key, dict, required=required)
        return {} if value is None else value

    def section(self, key: str, name: str) -> Section | None:
        """Return the mapping at `key` to be asked in turn, or None."""
        value = self.value(key, dict)
        return None if value is None else Section(self.document, value, name)

    def sections(self, key: str, name: str) -> list[Section]:
        """Return the list of mappings at `key`, each to be asked in turn."""
        found = self.value(key, list) or []
        for number, each in enumerate(found):
            if not isinstance(each, dict):
                raise self.document.error(f"{name} must be a mapping, not {_NAMES[type(each)]}", found, number)
        return [Section(self.document, each, name) for each in found]

    def finish(self) -> None:
        """Refuse what nobody asked for.

        Raises:
            DefinitionError: If there is a key that means nothing here.
        """
        for key in self.data:
            if key not in self._asked:
                from difflib import get_close_matches

                close = get_close_matches(key, self._asked, 1)
                known = f"did you mean {close[0]}?" if close else f"its keys are {', '.join(self._asked)}"
                raise self.error(f'"{key}" is no key of {self.name}', key, help=known)
