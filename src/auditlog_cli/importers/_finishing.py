"""A draft becomes a record: derived members, what flags supplied, where it came from (frameworks.md, 9.1)."""

from __future__ import annotations

from collections.abc import Iterator

from auditlog_cli import times
from auditlog_cli.importers._drafts import Content, Draft, File, Unit, span_id, text, trace_id

LIST = "authorization.scopes"
MAPPED = ("user.id", "user.name", "user.email", "agent.id", "agent.name", "session_id", LIST)
"""What can be mapped."""
_MEMBERS = (
    "timestamp", "session_id", "trace_id", "span_id", "parent_span_id", "user", "agent", "authorization",
    "delegation_chain", "action", "approval", "policy", "message", "memory", "prompt", "response", "usage", "metadata",
)  # fmt: skip


class Given:
    """What flags say of every record, because the source does not.

    Attributes:
        members: Members of a record by dotted path: `user.id`, `agent.id`, `authorization.scopes`, `session_id`, …
        mapped: Likewise, but where the value stands in what of a unit has no place in its record (`rest`). It goes
            before `members`.
        unfound: Of `mapped`, what no unit has had until now.
    """

    __slots__ = ("mapped", "members", "unfound")

    def __init__(self, members: dict[str, object] | None = None, mapped: dict[str, str] | None = None) -> None:
        self.members = members or {}
        self.mapped = mapped or {}
        self.unfound = set(self.mapped)

    def supply(self, content: Content, rest: object = None) -> list[str]:
        """Put in what is missing, and return what was: the source's own word is never replaced."""
        supplied = []
        for path, value in (*self._found(rest), *self.members.items()):
            block, _, name = path.partition(".")
            if not name:
                if not content.get(block):
                    content[block] = value
                    supplied.append(path)
                continue
            held = content[block] = content.get(block) or {}
            if isinstance(held, dict) and name not in held:
                held[name] = value
                supplied.append(path)
        return supplied

    def _found(self, rest: object) -> Iterator[tuple[str, object]]:
        for path, place in self.mapped.items():
            value = _standing(rest, place)
            if path == LIST:
                texts = value.replace(",", " ").split() if isinstance(value, str) else value
                value = texts if isinstance(texts, list) and all(isinstance(each, str) for each in texts) else None
            elif isinstance(value, int) and not isinstance(value, bool):
                value = str(value)
            elif not isinstance(value, str) or not value.strip():
                value = None
            if value is not None:
                self.unfound.discard(path)
                yield path, value


def _standing(value: object, place: str) -> object:
    """What stands at a dotted place. Names may have dots themselves, as attributes do: the longest that fits counts."""
    name = place
    while isinstance(value, dict) and name:
        if name in value:
            return value[name] if name == place else _standing(value[name], place[len(name) + 1 :])
        name = name.rpartition(".")[0]
    return None


class Finisher:
    """Finishes the records of one file, in order.

    Args:
        format: The format's name.
        file: The file.
        given: What flags say.
        first: The earliest known time of the file in its order, RFC 3339, or empty.
    """

    def __init__(self, format: str, file: File, given: Given, first: str = "") -> None:  # noqa: A002
        self._format = format
        self._file = file
        self._given = given
        self._latest = first

    def finish(self, draft: Draft, unit: Unit, part: int) -> Content:
        """Return the record.

        Args:
            draft: As the importer has it.
            unit: What it was made of.
            part: Which of the unit's drafts it is, from 0.
        """
        content, derived = draft.content, list(draft.derived)
        supplied = self._given.supply(content, draft.rest)
        if times.parse(content.get("timestamp")) is None:
            content["timestamp"] = self._latest or times.now()
            derived.append("timestamp")
        self._latest = content["timestamp"]
        session, trace = text(content.get("session_id")), text(content.get("trace_id"))
        if not trace:
            trace = trace_id(self._format, session) or self._file.digest[:32]
            content["trace_id"] = trace
            derived.append("trace_id")
        if not session:
            content["session_id"] = trace
            derived.append("session_id")
        native = draft.id or f"{self._file.digest[:16]}.{unit.number}.{unit.place}"
        if not content.get("span_id"):
            content["span_id"] = span_id(
                self._format, f"{self._file.digest if not draft.id else trace}\0{native}\0{part}"
            )
            derived.append("span_id")
        if not content.get("parent_span_id") and not draft.whole:
            content.pop("parent_span_id", None)
        origin: Content = {"format": self._format, "id": native}
        if draft.parent:
            origin["parent"] = draft.parent
        origin |= {"file": self._file.name, "line": unit.number, "offset": unit.offset}
        for name, found in (("derived", derived), ("supplied", supplied), ("rest", draft.rest)):
            if found:
                origin[name] = found
        if draft.whole:
            return content | {"provenance": {"import": origin}}
        made = {name: content[name] for name in _MEMBERS if content.get(name) is not None}
        made |= {name: value for name, value in content.items() if name not in made and value is not None}
        made["provenance"] = {"import": origin}
        return made
