"""Correlations and checks without the detectors, while what they say does not rest on them (compliance.md, 13.5)."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

from auditlog_cli.rules.generating import generate
from auditlog_cli.rules.lookups import Judge, Said
from auditlog_cli.rules.program import Program
from auditlog_cli.rules.reading import Scan
from auditlog_cli.rules.site import Site


def generate_sparing(program: Program, site: Site, scan: Scan | None) -> Judge:
    """Return a function that says of correlations and checks what that of `generate` says, and asks the detectors less.

    What they find is at first unknown. Where nobody can say what it comes to without them, they are asked: whatever is
    certain though something is unknown stays so when it is known. Correlations rest on them for few records.

    Args:
        program: Without record logics.
        site, scan: As for `generate`.
    """
    assert not program.logics
    bare = generate(program, site, None)
    if scan is None or not program.needs_scanner:
        return bare
    full = cache(partial(generate, program, site, scan))  # mostly nobody asks for it

    def judge(record: dict[str, Any]) -> Said:
        said = bare(record)
        return full()(record) if said[0].unsure else said

    return judge
