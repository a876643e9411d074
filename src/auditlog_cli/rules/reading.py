"""One record, read by rules: each value and virtual field once (compliance.md, 13.3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from auditlog_cli.rules.site import Site
from auditlog_cli.rules.values import UNKNOWN, value
from auditlog_cli.rules.virtual import FIELDS, entities

Scan = Callable[[dict[str, Any]], list[Any]]


class Reading:
    """The values of one record.

    Args:
        content: The record.
        site: The facts of the site.
        scan: Finds personal data and secrets in a record; None: nobody looked, so nobody knows.
    """

    __slots__ = ("_hits", "_kept", "_scan", "content", "site")

    def __init__(self, content: dict[str, Any], site: Site, scan: Scan | None, hits: list[Any] | None = None) -> None:
        self.content = content
        self.site = site
        self._scan = scan
        self._hits = hits
        self._kept: dict[str, Any] = {}

    def get(self, path: str) -> Any:
        """Return the value at a path, or of a virtual field; MISSING, or UNKNOWN."""
        try:
            return self._kept[path]
        except KeyError:
            there = self._kept[path] = self._found(path)
            return there

    def know(self, values: dict[str, Any]) -> None:
        """Take over values that were read already, by their paths."""
        self._kept.update(values)

    def _found(self, path: str) -> Any:
        if not path.startswith("@"):
            return value(self.content, path)
        if path == "@entities":
            return UNKNOWN if self._scan is None else entities(self.hits)
        field = FIELDS[path]
        return field.compute(self.site, *(self.get(each) for each in field.inputs))

    @property
    def hits(self) -> list[Any]:
        """What the detectors find, or nothing where there are none."""
        if self._hits is None:
            self._hits = [] if self._scan is None else self._scan(self.content)
        return self._hits
