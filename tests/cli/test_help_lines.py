"""Whoever made a mistake is told what to do: every error of a user has a line of help."""

from __future__ import annotations

import ast
import gzip
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from auditlog_cli import AuditLog, errors
from auditlog_cli.errors import AuditlogError, remedy
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
        ["tail", "empty.jsonl"], ["stats", "empty.jsonl"], ["validate", "empty.jsonl"], ["check", "empty.jsonl"], ["report", "empty.jsonl"],
        ["report", "none.jsonl"], ["report", "audit.jsonl", "none.jsonl"],
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


@pytest.mark.parametrize("command", ["check", "report", "tail"])
def test_what_helps_is_said_by_whoever_met_the_trouble(
    tmp_path: Path, cli: Cli, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    log = write(tmp_path / "audit.jsonl", record())
    (tmp_path / "torn.jsonl.gz").write_bytes(gzip.compress(log.read_bytes() * 50)[:-20])
    (tmp_path / "folder").mkdir()
    for path, help_line in (
        ("adit.jsonl", "did you mean audit.jsonl?"),
        ("missing.jsonl", "logs here: audit.jsonl, torn.jsonl.gz"),
        ("folder", "name the file itself if it ends otherwise"),
        ("torn.jsonl.gz", "was it copied whole? take another copy of it"),
    ):
        told = cli(command, path)
        assert told.code == 3
        assert f"\n  help: {help_line}\n" in told.err


@pytest.mark.parametrize(
    "error", [PermissionError(13, "x"), OSError(28, "x"), FileNotFoundError(2, "x"), OSError(30, "x")]
)
def test_what_the_system_says_has_a_remedy(error: OSError) -> None:
    assert remedy(error)
    assert remedy(OSError(9999, "x")) == ""


SRC = Path(__file__).parents[2] / "src" / "auditlog_cli"
KINDS = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, AuditlogError)}


def mute(path: Path) -> list[int]:
    """The lines of a module that make an error of ours without a word on what to do."""
    found = []
    for call in ast.walk(ast.parse(path.read_text())):
        if isinstance(call, ast.Call) and getattr(call.func, "id", getattr(call.func, "attr", "")) in KINDS:
            given = {word.arg: word.value for word in call.keywords}
            empty = isinstance(given.get("help"), ast.Constant) and not given["help"].value  # type: ignore[attr-defined]
            if ("help" not in given or empty) and None not in given:
                found.append(call.lineno)
    return found


def test_a_mute_error_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "x.py"
    path.write_text("raise UsageError('a')\nraise UsageError('a', help='b')\nraise errors.InputError('a', help='')\n")
    assert mute(path) == [1, 3]


@pytest.mark.parametrize(
    "path",
    sorted(SRC.rglob("*.py")),
    ids=lambda path: path.relative_to(SRC).as_posix(),
)
def test_every_error_is_made_with_its_help(path: Path) -> None:
    """What stands in the source, that is: not each of them can be brought about in a test."""
    assert mute(path) == []


@pytest.mark.parametrize(
    "words",
    [
        ["anchor", "audit.jsonl"], ["anchor", "audit.jsonl", "--witness", "https://@@"], ["anchor", "sealed.jsonl", "--git", "."],
        ["anchor", "sealed.jsonl", "--tsa", "ftp://x", "--tsa-ca", "pem"], ["anchor", "audit.jsonl", "--git", ".", "--tsa-ca", "pem"],
        ["anchor", "none.jsonl", "--git", "."], ["anchor", "sealed.jsonl", "--tsa", "http://@@", "--tsa-ca", "none.pem"],
        ["prove", "1", "sealed.jsonl", "--signers", "none"], ["prove", "1", "audit.jsonl"], ["prove", "x", "none.jsonl"],
        ["prove", "nobody", "sealed.jsonl"], ["prove", "--check", "none", "--signers", "none"], ["prove", "--consistency", "none", "sealed.jsonl"], ["prove", "--consistency", ".", "sealed.jsonl"],
        ["prune", "sealed.jsonl"], ["prune", "sealed.jsonl", "--older-than", "1d", "--keep-holds", "--despite-hold", "--yes"],
        ["prune", "none.jsonl", "--older-than", "1d"], ["prune", "audit.jsonl", "--older-than", "1d"],
        ["redact", "sealed.jsonl", "--fields", "user.email"], ["redact", "none.jsonl"], ["redact", "audit.jsonl", "--rule", "X"],
        ["redact", "sealed.jsonl", "--subject", "u-1", "--by", "a", "--reason", "b", "--unsigned"],
        ["redact", "sealed.jsonl", "--subject", " ", "--request", "C-1", "--by", "a", "--reason", "b", "--unsigned"],
        ["redact", "sealed.jsonl", "--fields", "user.id", "--by", "a", "--reason", "b", "--key", "none"],
        ["redact", "sealed.jsonl", "--fields", "user.id", "--by", "a", "--reason", "b\nc", "--unsigned"],
        ["seal", "none.jsonl"], ["seal", "sealed.jsonl", "--key", "none"], ["seal", "sealed.jsonl", "--redactable"],
        ["seal", "sealed.jsonl", "--key", "pem"], ["seal", "."],
        ["hold", "add", "audit.jsonl", "--name", "h", "--by", "a", "--reason", "b"], ["hold", "release", "sealed.jsonl", "none", "--by", "a", "--reason", "b"],
        ["hook", "install", "--settings", "pem", "--log", "a.jsonl"],
        ["head", "audit.jsonl"], ["verify", "sealed.jsonl", "--anchor", "pem"], ["verify", "sealed.jsonl", "--signers", "empty"],
        ["verify", "sealed.jsonl", "--at", "2026-01-01"], ["compress", "audit.jsonl"], ["bundle", "s", "audit.jsonl", "-o", "x.zip"],
        ["verify", "tornsalts.jsonl"], ["verify", "unknown.jsonl"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_so_does_an_error_of_proof(
    tmp_path: Path, cli: Cli, nobody: str, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "audit.jsonl", record())
    with AuditLog(tmp_path / "sealed.jsonl") as log:
        log.append(record())
    (tmp_path / "pem").write_text("no certificate")
    (tmp_path / "empty").write_text("# nobody\n")
    write(tmp_path / "tornsalts.jsonl", record())
    (tmp_path / "tornsalts.jsonl.salts").write_text('[["n_uxLPcly_KIZHsahPjcNQ",160')
    sealed = (tmp_path / "sealed.jsonl").read_bytes()
    (tmp_path / "unknown.jsonl").write_bytes(sealed.replace(b'"auditlog/1"', b'"auditlog/9"'))
    told = cli(*(word.replace("@@", nobody) for word in words))
    assert told.code in (1, 2, 3, 4, 5), told
    assert told.err.count("error[") == 1, told.err
    assert "\n  help: " in told.err, told.err
