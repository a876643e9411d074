"""The Python of the documentation runs, block after block, in an empty folder; and what it writes is valid."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from auditlog_cli import validate

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NEEDS = re.compile(r"^<!-- needs the Python package ([\w.]+) -->$", re.MULTILINE)
PAGES = [page for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))) if BLOCK.search(page.read_text())]
AFTER = """
for _name, _value in list(globals().items()):
    if _name.startswith("test_"): _value()
"""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_it_runs(page: Path, tmp_path: Path) -> None:
    """Lines keep their numbers, so that a traceback points into the page."""
    text = page.read_text()
    for package in NEEDS.findall(text):
        if find_spec(package.partition(".")[0]) is None or find_spec(package) is None:
            pytest.skip(f"{package} is not installed: make test-frameworks runs {page.name}")
    lines = [""] * text.count("\n")
    for block in BLOCK.finditer(text):
        first = text.count("\n", 0, block.start(1))
        code = block[1].splitlines()
        lines[first : first + len(code)] = code
    script = "\n".join(lines)
    code = (
        f"exec(compile({script!r}, {str(page)!r}, 'exec'))\n{AFTER}"
        "[log.close() for log in globals().values() if type(log).__name__ == 'AuditLog']"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60,
        check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


def test_what_the_page_on_capture_writes_is_valid(tmp_path: Path) -> None:
    test_it_runs(ROOT / "docs" / "capture.md", tmp_path)
    for name in ("audit.jsonl", "async.jsonl"):
        report = validate(tmp_path / name, strict=True)
        assert sorted({finding.message for finding in report.findings}) == []
        assert report.tally.read > 10
    assert validate(tmp_path / "events.jsonl", profile="record").tally.read == 3
