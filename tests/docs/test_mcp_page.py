"""docs/mcp.md: its configuration is one, its Python runs where mcp is installed, its tree is the golden one."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from auditlog_cli.cli import front

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "mcp.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_the_configuration_starts_the_proxy() -> None:
    (text,) = blocks("json")
    (server,) = json.loads(text)["mcpServers"].values()
    assert server["command"] == "auditlog"
    understood = front.parse(server["args"])
    assert understood is not None
    name, values = understood
    assert name == "mcp-proxy"
    assert values["command"] == ["npx", "-y", "@example/orders-server"]
    assert values["user"] == "ann@example.com"


def test_the_tree_is_what_trace_shows() -> None:
    golden = (ROOT / "tests" / "golden" / "adapters" / "mcp.txt").read_text().splitlines()
    (text,) = blocks("text")
    assert [each for each in text.splitlines() if each not in golden] == []


def test_the_python_runs(tmp_path: Path) -> None:
    pytest.importorskip("mcp.server.mcpserver", reason="mcp 2.x is not installed: make test-frameworks FRAMEWORKS=mcp")
    code = "\n".join(blocks("py")) + "\nsession.close(); log.close()\n"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "audit.jsonl").exists()
