"""Detectors: personal data and secrets in the values of a record (compliance.md, section 4; docs/detectors.md).

One file per family (`contact network government countries money health secrets providers credentials`)
holds the detectors with their samples;
`scanner` walks a record (`leaves`), lanes of cheap expressions find candidates, `guards`, `checksums` and `context`
judge them. `prefilter` (and `engine`) tell from the bytes of a line that there is nothing.
"""

from __future__ import annotations

from auditlog_cli.detectors.catalogue import ENTITIES, lookup
from auditlog_cli.detectors.hit import Hit
from auditlog_cli.detectors.scanner import Scanner

__all__ = ["ENTITIES", "Hit", "Scanner", "lookup"]
