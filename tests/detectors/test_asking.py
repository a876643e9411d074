"""What is asked about the bytes of scanned values, and the scan that rests on the answer."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from auditlog_cli.detectors.catalogue import detectors_of
from auditlog_cli.detectors.scanner import Scanner

RECORDS: list[dict[str, Any]] = [
    {"timestamp": "2026-11-20T10:00:00Z", "action": {"arguments": {key or "note": f"see {text} there"}, "result": text}}
    for detector in detectors_of(None)
    for key, text in (*detector.hits, *detector.misses)
]


@pytest.mark.parametrize("engine", [False, True])
def test_a_scan_for_what_the_bytes_may_hold_finds_what_a_scan_of_everything_finds(engine: bool) -> None:
    scanner, slow = Scanner(min_confidence="possible"), Scanner(min_confidence="possible")
    if engine:
        scanner.expect(1 << 30)
    may_hit = scanner.asker()
    for record in RECORDS:
        action = record["action"]
        said = may_hit(orjson.dumps((action["arguments"], action["result"], None)))
        found = scanner.scan_for(record, said) if said is None or said else []
        assert found == slow.scan_all(record)


@pytest.mark.parametrize("engine", [False, True])
def test_values_behind_an_escape_may_be_anything(engine: bool) -> None:
    scanner = Scanner()
    if engine:
        scanner.expect(1 << 30)
    assert scanner.asker()(rb'["jane\u0040acme.io"]') is None
    assert scanner.asker()(b'["nothing"]') == ()
