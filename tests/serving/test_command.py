"""`auditlog serve` as a command: what it refuses before it listens."""

from __future__ import annotations

import socket
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli.serving import keys

Cli = Callable[..., Any]


def test_a_key_is_printed_once(cli: Cli, tmp_path: Path) -> None:
    """On standard output alone; the file has its hash."""
    log = tmp_path / "audit.jsonl"
    done = cli("serve", log, "--new-key", "billing")
    key = done.out.strip()
    assert done.code == 0
    assert keys.load(keys.beside(str(log))).name_of(key) == "billing"
    assert key not in done.err
    assert not log.exists()
    assert cli("serve", log, "--new-key", "billing").code == 2
    assert cli("serve", log, "--keys", tmp_path / "mine", "--new-key", "billing").code == 0


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "audit.example"])
def test_other_machines_are_asked_for(cli: Cli, tmp_path: Path, host: str) -> None:
    """Not by accident, and not without a key."""
    log = tmp_path / "audit.jsonl"
    done = cli("serve", log, "--host", host)
    assert done.code == 2
    assert "--allow-remote" in done.err
    done = cli("serve", log, "--host", host, "--allow-remote")
    assert done.code == 2
    assert "needs a key" in done.err
    assert not log.exists()


def test_a_port_that_is_taken(cli: Cli, tmp_path: Path) -> None:
    """One line, and no log is begun."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        done = cli("serve", tmp_path / "audit.jsonl", "--port", other.getsockname()[1])
    assert done.code == 2
    assert "cannot listen there" in done.err
    assert not (tmp_path / "audit.jsonl").exists()


def test_a_log_that_cannot_be_opened(cli: Cli, tmp_path: Path) -> None:
    """Exit 5 before anything is taken; what is no log of ours is left as it is."""
    other = tmp_path / "other.jsonl"
    other.write_text('{"a":1}\n')
    done = cli("serve", other, "--port", 0)
    assert done.code == 5
    assert "error[" in done.err
    assert other.read_text() == '{"a":1}\n'


def test_keys_that_others_read(cli: Cli, tmp_path: Path) -> None:
    """Exit 4."""
    file = tmp_path / "keys"
    keys.make(str(file), "a")
    file.chmod(0o644)
    done = cli("serve", tmp_path / "audit.jsonl", "--keys", file)
    assert done.code == 4
    assert "chmod 600" in done.err


@pytest.mark.parametrize("package", ["uvicorn", "starlette"])
def test_without_the_extra(tmp_path: Path, package: str) -> None:
    """The error names it; nothing else of the tool needs it."""
    code = f"""
        import sys
        sys.modules[{package!r}] = None
        from auditlog_cli.cli.front import main
        sys.exit(main(["serve", {str(tmp_path / "audit.jsonl")!r}]))
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True)
    assert done.returncode == 2
    assert "auditlog-cli[serve]" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_protobuf_json_is_taken(tmp_path: Path) -> None:
    """The package for protobuf is missing: 415 says so."""
    from auditlog_cli.serving import otlp

    del tmp_path
    code = """
        import sys
        sys.modules["google.protobuf.json_format"] = None
        from auditlog_cli.serving import otlp
        from auditlog_cli.serving.refusals import Refused
        print(len(otlp.records("application/json", otlp.SPANS, b"{}")))
        try:
            otlp.records("application/x-protobuf", otlp.SPANS, b"")
        except Refused as error:
            print(error.status, error.message)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True)
    assert done.stdout.splitlines() == [
        "0", f"415 protobuf needs the package opentelemetry-proto on the server: {otlp.EXTRA}"
    ], done.stderr  # fmt: skip


def test_a_file_of_keys_that_is_not_there_opens_no_door(cli: Cli, tmp_path: Path) -> None:
    done = cli("serve", tmp_path / "a.jsonl", "--port", "0", "--keys", tmp_path / "mistyped")
    assert done.code == 4
    assert "mistyped: holds no key: everybody on this machine could write\n  help: auditlog serve" in done.err
    assert not (tmp_path / "a.jsonl").exists()
