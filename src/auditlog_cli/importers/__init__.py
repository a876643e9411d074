"""Formats of others become records. One file = one format; the file's name is the format's name.

An importer module has

    HINT      one line for the help
    SAMPLES   small files of this format, for its tests
    claims    (object) -> bool: whether a JSON object of a file is of this format; asked in the order of `ORDER`
    units     (object) -> iterator of dicts: the units that an object holds (an export holds many spans); itself, if one
    Reading   what knows the units of one file: `note(unit)` is told all of them first, then `records(unit)` gives for
              each a list of drafts, or the text that names the kind of structural unit that it is (it is *folded*)

One unit is one record. Nothing is guessed: what the source does not say stays absent (frameworks.md, 9.1). What a draft
lacks and may be derived is filled in by `_finishing`, which says so in the record.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import Protocol

from auditlog_cli import registry
from auditlog_cli.importers._drafts import Draft, File, Unit

ORDER = (
    "otlp",
    "otel_python",
    "claude_hooks",
    "claude_stream",
    "claude_code",
    "mcp",
    "openai_agents",
    "langsmith",
    "langfuse",
    "jaeger",
    "openai_runstate",
    "flat_spans",
    "codex",
    "codex_exec",
    "copilot",
    "gemini",
    "qwen",
    "pi",
    "kimi",
    "opencode",
    "grok",
    "cursor",
    "antigravity",
    "autogen",
    "autogen_events",
    "autogen_classic",
    "inspect_ai",
    "tau_bench",
    "cloudtrail",
    "opa",
)
"""In which order the formats are asked: no object fits two, because the first that claims it has it (9.6)."""
IN_ORDER = frozenset((
    "antigravity", "autogen", "autogen_classic", "autogen_events", "claude_code", "claude_hooks", "claude_stream",
    "cloudtrail", "codex", "codex_exec", "copilot", "cursor", "gemini", "grok", "mcp", "opa", "pi", "qwen",
))  # fmt: skip
"""Formats whose units become the same records whether or not what stands behind them is known: they can be followed."""
NEEDED = 0.5
"""Which share of the objects looked at a format must claim."""
NOISY = {"mcp": 0.2, "claude_code": 0.2, "autogen_classic": 0.2, "autogen_events": 0.2}
"""Formats whose files hold much else."""
LOOKED_AT = 50


class Reading(Protocol):
    """What knows the units of one file of a format."""

    def __init__(self, file: File) -> None: ...

    def note(self, unit: Unit) -> None:
        """Learn of a unit. All of a file are told before the first `records`."""

    def records(self, unit: Unit) -> list[Draft] | str:
        """Return what a unit becomes; a text names the kind of those that are folded."""


def names() -> tuple[str, ...]:
    """Return the names of the formats, in the order in which they are asked."""
    there = set(registry.names("importers"))
    return (*(name for name in ORDER if name in there), *sorted(there.difference(ORDER)))


def load(name: str) -> ModuleType:
    """Return the importer of a format."""
    return registry.load("importers", name)


def recognise(objects: Iterable[object]) -> str | None:
    """Return the format of a file, told from the first objects in it, or None if it is none of these.

    Args:
        objects: JSON values from the beginning of the file; what is no object counts as no vote.
    """
    votes: dict[str, int] = {}
    looked = 0
    modules = [(name, load(name)) for name in names()]
    for value in objects:
        if looked == LOOKED_AT:
            break
        looked += 1
        if isinstance(value, dict):
            name = next((name for name, module in modules if module.claims(value)), None)
            if name is not None:
                votes[name] = votes.get(name, 0) + 1
    if not votes:
        return None
    best = max(votes, key=lambda name: votes[name])
    return best if votes[best] >= looked * NOISY.get(best, NEEDED) else None


def itself(content: dict[str, object]) -> Iterator[dict[str, object]]:
    """Yield the object: the `units` of formats with one unit an object."""
    yield content
