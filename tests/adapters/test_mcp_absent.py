"""The adapter for MCP where no MCP is: it can be imported, and says what is missing."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

from auditlog_cli.adapters import FrameworkMissing, mcp

absent = pytest.mark.skipif(importlib.util.find_spec("mcp") is not None, reason="mcp is installed here")


def test_importing_it_imports_no_framework() -> None:
    code = "import sys, auditlog_cli.adapters.mcp; sys.exit(bool({'mcp', 'mcp_types', 'fastmcp', 'anyio'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@absent
@pytest.mark.parametrize(
    ("make", "package"),
    [
        (mcp.middleware, "mcp>=2.3,<3"),
        (mcp.fastmcp_middleware, "fastmcp>=4.1"),
        (lambda: mcp.instrument(object()), "mcp>=1.30,<2"),
    ],
)
def test_what_is_missing_is_said(make: object, package: str) -> None:
    with pytest.raises(FrameworkMissing) as caught:
        make()  # type: ignore[operator]
    assert caught.value.help == f"pip install '{package}'"
