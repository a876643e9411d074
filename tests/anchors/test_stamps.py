"""Time stamps, with the library and with `openssl ts`: what one makes the other accepts, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from auditlog_cli.anchors import stamps
from auditlog_cli.errors import DefinitionError, InputError
from tests.anchors.conftest import Authority

DATA = b"test/log\n3\nroot\n"


@pytest.fixture(params=["library", "openssl"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "library":
        pytest.importorskip("rfc3161_client")
    else:
        monkeypatch.setitem(sys.modules, "rfc3161_client", None)
    return str(request.param)


def test_a_stamp_tells_when(engine: str, authority: Authority) -> None:
    before = int(time.time())
    answer = authority.answer(stamps.request(DATA))
    found = stamps.check(DATA, answer, authority.ca)
    assert found.trouble == ""
    assert before <= found.at <= int(time.time())


def test_openssl_agrees_by_the_command_of_the_documentation(engine: str, authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(DATA)
    (tmp_path / "data.tsr").write_bytes(authority.answer(stamps.request(DATA)))
    for data, code in ((DATA, 0), (DATA + b"x", 1)):
        (tmp_path / "data").write_bytes(data)
        words = ["openssl", "ts", "-verify", "-data", "data", "-in", "data.tsr", "-CAfile", authority.ca]
        assert subprocess.run(words, cwd=tmp_path, capture_output=True).returncode == code
        assert bool(stamps.check(data, (tmp_path / "data.tsr").read_bytes(), authority.ca).trouble) is bool(code)


def test_only_the_hash_is_sent(engine: str) -> None:
    assert DATA not in stamps.request(DATA)
    assert len(stamps.request(DATA)) < 100


def test_what_does_not_hold(engine: str, authority: Authority, stranger: Authority) -> None:
    answer = authority.answer(stamps.request(DATA))
    assert "authority that is trusted" in stamps.check(DATA + b"x", answer, authority.ca).trouble
    assert "authority that is trusted" in stamps.check(DATA, answer, stranger.ca).trouble
    for broken in (b"", b"\x00" * 100, answer[: len(answer) // 2]):
        assert stamps.check(DATA, broken, authority.ca).trouble
    step = 1 if engine == "library" else 101  # openssl is a process each time
    for at in range(0, len(answer), step * 7):
        changed = bytearray(answer)
        changed[at] ^= 0x40
        found = stamps.check(DATA, bytes(changed), authority.ca)
        original = stamps.check(DATA, answer, authority.ca)
        assert found.trouble or found == original, at


def test_a_wrong_file_of_certificates_is_a_wrong_definition(engine: str, authority: Authority, tmp_path: Path) -> None:
    answer = authority.answer(stamps.request(DATA))
    (tmp_path / "not").write_text("no certificate")
    for name in ("not", "absent"):
        with pytest.raises(DefinitionError):
            stamps.check(DATA, answer, str(tmp_path / name))


def test_without_library_and_openssl_nothing_is_claimed(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    answer = authority.answer(stamps.request(DATA))
    monkeypatch.setitem(sys.modules, "rfc3161_client", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="neither"):
        stamps.check(DATA, answer, authority.ca)
    with pytest.raises(InputError, match="neither"):
        stamps.request(DATA)


def test_addresses_that_do_not_answer(served: str) -> None:
    for url in ("file:///etc/passwd", "ftp://x", "nothing"):
        with pytest.raises(InputError, match="no http address"):
            stamps.ask(url, DATA)
    with pytest.raises(InputError, match="gives no time stamp"):
        stamps.ask("http://127.0.0.1:1/", DATA)


def test_the_command_line(
    log: Path, served: str, authority: Authority, stranger: Authority, cli: Callable[..., object]
) -> None:
    def run(*words: object) -> tuple[int, str, str]:
        done = cli(*words)
        return done.code, done.out, done.err  # type: ignore[attr-defined]

    size = Path(f"{log}.checkpoint").read_text().split("\n")[1]
    name = f"{log}.{size}.checkpoint"
    code, out, _ = run("anchor", log, "--tsa", served, "--tsa-ca", stranger.ca)
    assert (code, out, Path(name).exists()) == (1, "", False)
    code, out, err = run("anchor", log, "--tsa", served, "--tsa-ca", authority.ca)
    assert (code, out) == (0, f"{name}\n{name}.tsr\n")
    assert f"{size} records existed by 20" in err
    assert run("anchor", log, "--tsa", served, "--tsa-ca", authority.ca)[0] == 2
    verify = ("verify", log, "--no-remember", "--anchor", name)
    code, out, _ = run(*verify, "--tsa-ca", authority.ca)
    assert code == 0
    assert "anchored:\n  - the first" in out
    assert f"(time stamp): {name}" in out
    code, out, _ = run(*verify)
    assert code == 0
    assert "no authority is trusted (--tsa-ca FILE)" in out
    code, out, _ = run(*verify, "--tsa-ca", stranger.ca)
    assert (code, "[time-stamp]" in out) == (1, True)
    assert run(*verify, "--tsa-ca", log)[0] == 4
    assert run("verify", log, "--tsa-ca", authority.ca)[0] == 2
    assert run("verify", log, "--anchor", "absent")[0] == 4
    for wrong in ((), ("--git", "x", "--tsa", served), ("--tsa", served), ("--git", "x", "-o", "y")):
        assert run("anchor", log, *wrong)[0] == 2
