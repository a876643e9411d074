"""Whoever made a mistake is told what to do: every error of a user has a line of help."""

from __future__ import annotations

import gzip
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from auditlog_cli.errors import remedy
from tests.conftest import Result
from tests.logs import record, write

Cli = Callable[..., Result]


@pytest.fixture
def nobody() -> str:
    """An address where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"


@pytest.mark.parametrize(
    "words",
    [
        ["tail", "empty.jsonl"], ["stats", "empty.jsonl"], ["validate", "empty.jsonl"], ["check", "empty.jsonl"],
        ["import", "empty.jsonl"], ["export", "empty.jsonl", "--to", "csv", "-o", "out"],
        ["tail", "torn.jsonl.gz"], ["stats", "torn.jsonl.gz"], ["export", "torn.jsonl.gz", "--to", "csv", "-o", "out"],
        ["export", "audit.jsonl", "--to", "csv", "-o", "none/out"],
        ["export", "audit.jsonl", "--to", "otlp-logs", "--endpoint", "http://@@"],
        ["export", "audit.jsonl", "--to", "syslog", "--endpoint", "tcp://@@"],
        ["ship", "audit.jsonl", "--endpoint", "http://@@", "--cursor", "c", "--retries", "0"],
        ["ship", "empty.jsonl", "--endpoint", "http://@@", "--cursor", "c", "--retries", "0"],
        ["ship", "audit.jsonl", "--endpoint", "http://@@", "--cursor", "none/c"],
        ["serve", "audit.jsonl", "--new-key", ""], ["serve", "audit.jsonl", "--person"],
        ["serve", "audit.jsonl", "--policy", "none.yaml"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_an_error_says_what_to_do(
    tmp_path: Path, cli: Cli, nobody: str, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    log = write(tmp_path / "audit.jsonl", record())
    (tmp_path / "empty.jsonl").touch()
    (tmp_path / "torn.jsonl.gz").write_bytes(gzip.compress(log.read_bytes() * 50)[:-20])
    told = cli(*(word.replace("@@", nobody) for word in words))
    if told.code == 0:
        assert "help:" not in told.err  # an empty log may be no error
        pytest.skip("no error")
    assert "error[" in told.err
    assert "\n  help: " in told.err, told.err


@pytest.mark.parametrize(
    "error", [PermissionError(13, "x"), OSError(28, "x"), FileNotFoundError(2, "x"), OSError(30, "x")]
)
def test_what_the_system_says_has_a_remedy(error: OSError) -> None:
    assert remedy(error)
    assert remedy(OSError(9999, "x")) == ""
