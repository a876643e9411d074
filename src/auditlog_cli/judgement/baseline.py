"""A baseline: the findings that were there on a day, so that only new ones fail (compliance.md, 7.6)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from auditlog_cli import sinks, times
from auditlog_cli._version import __version__
from auditlog_cli.finding import Finding
from auditlog_cli.report import Baseline
from auditlog_cli.sources.opening import read_definition

FORMAT = "auditlog.baseline/1"
NEVER_KNOWN = "BASE-INT-01"
"""A broken chain is never old news; nor is what extends this rule."""
MAX_BYTES = 256 * 1024 * 1024
_FINGERPRINT = re.compile(r"sha256:[0-9a-f]{64}\Z", re.ASCII)


def render(findings: Iterable[Finding], as_of: int) -> bytes:
    """Return the file: JSON, the fingerprints sorted, each once."""
    from json import dumps

    made = {
        "format": FORMAT,
        "created": times.render(as_of),
        "tool": {"name": "auditlog", "version": __version__},
        "fingerprints": sorted({finding.fingerprint for finding in findings}),
    }
    return dumps(made, ensure_ascii=True, indent=1).encode() + b"\n"


def write(path: str, findings: Iterable[Finding], as_of: int) -> None:
    """Write a baseline, whole or not at all; what is there already is replaced.

    Raises:
        AuditWriteError: If it cannot be written.
    """
    sinks.write_whole(path, render(findings, as_of))


def load(path: str) -> Baseline:
    """Read a baseline.

    Raises:
        DefinitionError: If it cannot be read, or is none.
    """
    return parse(read_definition(path, MAX_BYTES + 1), path)


def parse(raw: bytes, path: str) -> Baseline:
    """Return what the bytes of a baseline say.

    Raises:
        DefinitionError: If they are none.
    """
    from auditlog_cli import strictjson
    from auditlog_cli.errors import DefinitionError

    def wrong(what: str) -> DefinitionError:
        return DefinitionError(f"{path}: {what}", help="write it again with --write-baseline")

    if len(raw) > MAX_BYTES:
        raise wrong("larger than 256 MiB: no baseline")
    try:
        data = strictjson.exact(raw)
    except strictjson.Malformed as error:
        raise wrong(f"byte {error.at}: {error.reason}") from None
    if data.get("format") != FORMAT:
        raise wrong(f'no baseline: "format" is not {FORMAT}')
    unknown = set(data) - {"format", "created", "tool", "fingerprints"}
    if unknown:
        raise wrong(f'"{sorted(unknown)[0][:60]}" is no key of a baseline')
    created = times.parse(data.get("created"))
    if created is None:
        raise wrong('"created" is no RFC 3339 time')
    found = data.get("fingerprints")
    if not isinstance(found, list) or not all(isinstance(each, str) and _FINGERPRINT.match(each) for each in found):
        raise wrong('"fingerprints" must be a list of sha256: and 64 hex digits each')
    return Baseline(path, created, frozenset(found))


def apply(findings: Iterable[Finding], base: Baseline) -> None:
    """Mark findings as known that are in the baseline; a waiver says more, and stays."""
    for finding in findings:
        if finding.state == "new" and finding.fingerprint in base.fingerprints and may_be_known(finding):
            finding.state = "known"


def may_be_known(finding: Finding) -> bool:
    """Return whether a baseline may cover a finding at all."""
    return NEVER_KNOWN not in (finding.rule.id, finding.rule.logic, *finding.rule.bases)
