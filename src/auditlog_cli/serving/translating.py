"""Units of others' formats (spans, runs, events) become records as `auditlog import` would make them.

One difference: structural units are kept, too (as `import --all` does). What a sender hands over arrives in pieces, the
child often before its parent, so what is structure cannot be known; and what was acknowledged must be in the log.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from auditlog_cli import importers
from auditlog_cli.importers._drafts import Draft, File, Unit
from auditlog_cli.importers._finishing import Finisher, Given

Content = dict[str, Any]
_OF_FILES = ("file", "line", "offset")


def records(name: str, body: Content, raw: bytes) -> list[Content]:
    """Return the records of what a request holds, one or more for each unit.

    Args:
        name: The format: the name of its importer.
        body: What it holds.
        raw: Its bytes; what stands for a trace where the source names none.
    """
    module = importers.load(name)
    file = File("", sha256(raw).hexdigest(), everything=True)
    reading: importers.Reading = module.Reading(file)
    units = [Unit(content, 1, 0, place) for place, content in enumerate(module.units(body))]
    for unit in units:
        reading.note(unit)
    finisher = Finisher(name, file, Given(), getattr(reading, "first", ""))
    made: list[Content] = []
    for unit in units:
        drafts = reading.records(unit)
        if isinstance(drafts, str):
            action = {"type": "span", "result_status": "unknown"}
            drafts = [Draft({"action": action, "metadata": {"name": drafts}}, rest=unit.content)]
        for part, draft in enumerate(drafts):
            content = finisher.finish(draft, unit, part)
            origin = content["provenance"]["import"]
            for member in _OF_FILES:
                origin.pop(member, None)
            made.append(content)
    return made
