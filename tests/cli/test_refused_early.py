"""What cannot work is refused before anything is begun: no log made, nothing waited for."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Result

Cli = Callable[..., Result]


@pytest.mark.parametrize("user", ["", " "])
def test_a_proxy_without_a_user_does_not_start(cli: Cli, tmp_path: Path, user: str) -> None:
    done = cli("mcp-proxy", "--log", tmp_path / "a.jsonl", "--user", user, "--", "cat")
    assert done.code == 2
    assert "--user: who asked is not said" in done.err
    assert list(tmp_path.iterdir()) == []


def test_an_empty_log_is_nothing_to_ship(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"")
    words = ("ship", tmp_path / "a.jsonl", "--endpoint", "http://127.0.0.1:9", "--cursor", tmp_path / "cursor")
    done = cli(*words)
    assert done.code == 3
    assert "empty, nothing to send" in done.err


def test_a_pipe_is_no_cursor(cli: Cli, tmp_path: Path) -> None:
    """It would be waited for, for ever."""
    (tmp_path / "a.jsonl").write_bytes(b"{}\n")
    os.mkfifo(tmp_path / "cursor")
    done = cli("ship", tmp_path / "a.jsonl", "--endpoint", "http://127.0.0.1:9", "--cursor", tmp_path / "cursor")
    assert done.code == 4
    assert "is no cursor" in done.err


def test_a_folder_is_no_alerts_log(cli: Cli, tmp_path: Path) -> None:
    pytest.importorskip("uvicorn", reason="starlette and uvicorn are not installed: pip install -e '.[serve]'")
    done = cli("serve", tmp_path / "a.jsonl", "--alerts", tmp_path, "--port", "0")
    assert done.code == 2
    assert "the alerts log is a file" in done.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["check", "redact", "report", "sql"])
def test_f_means_follow_and_nothing_else(cli: Cli, tmp_path: Path, command: str) -> None:
    assert cli(command, "-f", "json", tmp_path / "a.jsonl").code == 2
