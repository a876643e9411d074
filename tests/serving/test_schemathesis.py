"""What the published interface allows is answered as it says, and what was acknowledged is in the log.

Needs Schemathesis: its program `st` in the PATH, or named by SCHEMATHESIS (pip install schemathesis, in an
environment of its own).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from auditlog_cli.queries import read
from auditlog_cli.serving import keys
from tests.serving.conftest import Process
from tests.serving.test_alerts import opened

SETTINGS = """\
# An Idempotency-Key that was used before, with another body, is 422: that no schema can say.
[checks]
positive_data_acceptance.expected-statuses = ["2xx", "401", "403", "404", "409", "422"]
"""


@pytest.fixture
def program() -> str:
    found = os.environ.get("SCHEMATHESIS") or shutil.which("st")
    if not found:
        pytest.skip("schemathesis is not installed: pip install schemathesis, and name its st by SCHEMATHESIS")
    return found


@pytest.mark.slow
def test_the_published_interface_holds(run: Callable[..., Process], tmp_path: Path, program: str) -> None:
    """No 5xx, no answer that the document does not allow, nothing lost."""
    log, alerts, rows = tmp_path / "audit.jsonl", tmp_path / "alerts.jsonl", tmp_path / "har.json"
    opened(alerts)
    key = keys.make(keys.beside(str(log)), "ann", person=True)
    server = run("--alerts", str(alerts))
    (tmp_path / "schemathesis.toml").write_text(SETTINGS)
    done = subprocess.run(
        [program, "--config-file", str(tmp_path / "schemathesis.toml"), "run", f"http://127.0.0.1:{server.port}/openapi.json",
         "-H", f"X-API-Key: {key}", "--max-examples", "30", "--no-color", "--report", "har", "--report-har-path", str(rows)],
        capture_output=True, text=True, timeout=900, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr
    written = server.ask(path="/health", **{"X-API-Key": key})[1]["written"]
    assert server.stop() == 0
    records = [record for record in read(log) if not record.is_own]
    assert len(records) == written > 100
    answered = set(re.findall(r'"id\\":\\"([0-9a-f]{8}-[0-9a-f-]{27})\\"', rows.read_text()))
    assert len(answered) > 50
    assert answered <= {str(record.content["record_id"]) for record in records}
