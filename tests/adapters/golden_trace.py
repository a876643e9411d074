"""`auditlog trace` of an adapter's scenario, held against a golden file, with times and ids that never change."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from auditlog_cli import validate, verify
from tests import goldens
from tests.conftest import Result

BEGAN = datetime(2026, 7, 1, 9, tzinfo=UTC)
STEP = timedelta(milliseconds=10)
TRACE = "0af7651916cd43dd8448eb211c80319c"


def check(name: str, cli: Callable[..., Result], records: list[dict[str, Any]], tmp_path: Path) -> None:
    """Compare the tree of `records` (those of one trace, in order) with golden/adapters/NAME.txt.

    Each record comes 10 ms after the one before it; spans are numbered as they occur. The log that they came from,
    `recording(tmp_path)`, is valid and proved.
    """
    path = tmp_path / "drawn.jsonl"
    spans: dict[str, str] = {}
    with path.open("w") as file:
        for number, record in enumerate(records):
            action = {key: value for key, value in record["action"].items() if key != "latency_ms"}
            told = {**record, "action": action, "session_id": "sess_0001", "trace_id": TRACE}
            told["timestamp"] = (BEGAN + number * STEP).isoformat().replace("+00:00", "Z")
            if "approval" in told:
                moments = {key: told["timestamp"] for key in told["approval"] if key.endswith("_at")}
                told["approval"] = {**told["approval"], **moments}
            for member in ("span_id", "parent_span_id"):
                if member in told:
                    told[member] = spans.setdefault(told[member], f"{len(spans) + 1:016x}")
            file.write(json.dumps(told) + "\n")
    goldens.check(f"adapters/{name}", cli("trace", TRACE, path))
    assert validate(tmp_path / "audit.jsonl", strict=True).findings == []
    assert verify(tmp_path / "audit.jsonl").findings == []
