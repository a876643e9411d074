"""Findings become text. One file = one format; the file's name is the format's name.

`text`, `json` and `jsonl` say all there is to say of a validation. `github`, `sarif` and `junit` are made
from suites (`finding.Suite`), for any judge: `render(suites) -> str`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.finding import Finding


def with_owner(finding: Finding) -> str:
    """Return what a finding says, and who answers for the agent: for formats that have no place of its own for that."""
    owner = finding.where.owner
    return f"{finding.told}; owner: {owner}" if owner else finding.told
