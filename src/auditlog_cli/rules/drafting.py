"""A first policy out of what a log shows: `auditlog policy init` (compliance.md, 5).

Nothing is guessed. What records do not say (which scopes a tool needs, whether it sends data outside) is left
out and named in a comment, for a person to fill in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from auditlog_cli import fields
from auditlog_cli.rules import writing

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST: Final = 1_000
"""Names of one kind that are kept: a log of somebody else must not fill the memory or the file."""
_LONGEST: Final = 200

_HEAD: Final = """\
# A first policy for `auditlog check`, drafted from {records}. It says what happened, not what may happen:
# strike out what should not be there, and add what only people know. Keys and their meaning: docs/packs.md.
# Check it with: auditlog policy lint
format: auditlog.policy/1
name: {name}
version: 1
"""
_NOTES: Final = {"agents": ('# Who answers for an agent stands beside it: {match: "pay*", owner: team-payments}',)}
"""What is said above the names of a kind."""
_TAIL: Final = """
policies:
  - {name: everyone, version: 1, agents: ["*"], packs: [baseline]}
"""


class _Tool:
    __slots__ = ("categories", "effects", "granted", "records")

    def __init__(self) -> None:
        self.records = 0
        self.effects: set[str] = set()
        self.categories: set[str] = set()
        self.granted: set[str] | None = None  # the scopes that were there whenever it ran


class Seen:
    """What records show of a site.

    Attributes:
        records: How many were added.
        left_out: Names that were too many or too long to be kept.
    """

    def __init__(self) -> None:
        self.records = 0
        self.left_out = 0
        self._tools: dict[str, _Tool] = {}
        self._names: dict[str, dict[str, None]] = {"agents": {}, "models": {}, "providers": {}, "hosts": {}}

    def add(self, content: dict[str, Any]) -> None:
        """Take in one record; what is withheld stays unknown."""
        self.records += 1
        self._name("agents", fields.get(content, "agent.id"))
        self._name("models", fields.get(content, "agent.model"))
        self._name("providers", fields.get(content, "agent.provider"))
        self._name("hosts", _host(fields.get(content, "action.arguments.url")))
        name = fields.get(content, "action.tool")
        if not isinstance(name, str) or not name.strip() or not self._fits(name, self._tools):
            return
        tool = self._tools.setdefault(name, _Tool())
        tool.records += 1
        tool.effects.update(_words(fields.get(content, "action.effect")))
        tool.categories.update(_words(fields.get(content, "data.categories")))
        if fields.text(content, "action.result_status") in ("success", "partial"):
            granted = set(_words(fields.get(content, "authorization.scopes")))
            tool.granted = granted if tool.granted is None else tool.granted & granted

    def _name(self, kind: str, value: object) -> None:
        if isinstance(value, str) and value.strip() and self._fits(value, self._names[kind]):
            self._names[kind][value] = None

    def _fits(self, name: str, known: dict[str, Any]) -> bool:
        if name in known:
            return True
        if len(name) > _LONGEST or len(known) >= MOST:
            self.left_out += 1
            return False
        return True

    def text(self, name: str) -> str:
        """Return the draft as YAML."""
        lines = [_HEAD.format(records=_counted(self.records), name=writing.text(name))]
        lines.append("# What each tool is. Also possible: scopes it needs, purposes, and true or false for external,")
        lines.append("# untrusted_source, high_impact, requires_approval.")
        lines.append("tools:" if self._tools else "tools: []")
        lines += [_line(name, self._tools[name]) for name in sorted(self._tools)]
        lines += ["", "# Who and what is allowed. A list that is left out switches its check off; an empty one allows"]
        lines.append("# nothing.")
        for kind, found in self._names.items():
            if found:
                lines += _NOTES.get(kind, ())
                lines += [f"{kind}:", *(f"  - {_literal(each)}" for each in sorted(found))]
        return "\n".join(lines) + "\n" + _TAIL


def _words(value: object) -> Iterable[str]:
    values = value if isinstance(value, list) else [value]
    return [each for each in values[:MOST] if isinstance(each, str) and 0 < len(each) <= _LONGEST]


def _host(url: object) -> str | None:
    from urllib.parse import urlsplit

    try:
        return urlsplit(url).hostname if isinstance(url, str) else None
    except ValueError:
        return None


def _literal(name: str) -> str:
    """A name as a glob that matches just this name."""
    import glob

    return writing.text(glob.escape(name))


def _line(name: str, tool: _Tool) -> str:
    said = [f"match: {_literal(name)}"]
    if len(tool.effects) == 1:
        said.append(f"effect: {writing.text(*tool.effects)}")
    if tool.categories:
        said.append(f"categories: {writing.flow(sorted(tool.categories))}")
    note = _counted(tool.records)
    if len(tool.effects) > 1:
        note += f"; effects: {writing.flow(sorted(tool.effects))}"
    if tool.granted:
        note += f"; granted whenever it ran: {writing.flow(sorted(tool.granted))}"
    return f"  - {{{', '.join(said)}}}  # {note}"


def _counted(records: int) -> str:
    return f"{records:,} record{'s' if records != 1 else ''}"
