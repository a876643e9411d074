"""The local server on a disk that is really full (integrity.md, 10.1). Needs root."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="the extra serve is not installed")

from starlette.testclient import TestClient

from auditlog_cli.serving.app import application
from auditlog_cli.serving.keys import Keys
from auditlog_cli.serving.ledger import Ledger
from auditlog_cli.writer.log import AuditLog
from tests.writer.chain import walk

pytestmark = pytest.mark.root
LOGS = "/api/v1/audit-logs"


def test_full_and_empty_again(tiny: Path) -> None:
    """507 while it is full, queries go on; with room again the next request is taken; what was acknowledged is there."""
    path = tiny / "audit.jsonl"
    with AuditLog(path, ballast_bytes=0) as log:
        app = application(Ledger(log), str(path), Keys([]), limit=100_000)
        acknowledged: list[str] = []
        with TestClient(app, base_url="http://localhost") as client:

            def post_until_full(size: int) -> None:
                while (answer := client.post(LOGS, json={"action": "x", "prompt": "p" * size})).status_code == 201:
                    acknowledged.append(answer.json()["id"])
                assert answer.status_code == 507

            post_until_full(5000)
            with open(tiny / "filler", "wb", buffering=0) as file, pytest.raises(OSError, match="No space"):  # noqa: PT012
                while True:
                    file.write(b"x" * 512)
            post_until_full(1000)
            assert client.get(LOGS).json()["pagination"]["total"] == len(acknowledged) > 5
            (tiny / "filler").unlink()
            assert client.get("/health").status_code == 200
            acknowledged.append(client.post(LOGS, json={"action": "y"}).json()["id"])
    found = walk(path)
    assert [record["record_id"] for record in found.callers] == acknowledged
    assert sum(each["count"] for each in found.own("lost")) == 2
