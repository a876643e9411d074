"""What all tests share: a clean environment, the command line as a function, the shared data."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants

from auditlog_cli.cli.front import main

# `make test` tries the same examples each time: what is green here is green for everybody. `make test-all` and
# HYPOTHESIS_PROFILE=long look for new ones.
_TOO_SLOW = [HealthCheck.too_slow]
settings.register_profile("ci", deadline=None, max_examples=100, suppress_health_check=_TOO_SLOW, derandomize=True)
settings.register_profile("search", deadline=None, max_examples=100, suppress_health_check=_TOO_SLOW)
settings.register_profile("long", deadline=None, max_examples=2000, suppress_health_check=_TOO_SLOW)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
if "HYPOTHESIS_PROFILE" not in os.environ:
    # Hypothesis takes constants out of the modules that happen to be loaded, so that the examples of one test would
    # depend on which others ran before it in the same process.
    providers._get_local_constants = Constants  # type: ignore[attr-defined]

# Started in the background of a shell, or under nohup: processes would inherit what is ignored.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

_UNSET = ("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "LINES", "CI", "PAGER", "TERM")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of the developer's shell decides what a test sees."""
    for name in list(os.environ):
        if name in _UNSET or (name.startswith("AUDITLOG_") and name != "AUDITLOG_DATA"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.delenv("LC_CTYPE", raising=False)


class Result(NamedTuple):
    """What a command line gave."""

    code: int
    raw: bytes
    err: str

    @property
    def out(self) -> str:
        """Standard output as text."""
        return self.raw.decode()


@pytest.fixture
def cli(capfdbinary: pytest.CaptureFixture[bytes]) -> Callable[..., Result]:
    """Run `auditlog ARGS…` in this process."""

    def run(*args: object) -> Result:
        capfdbinary.readouterr()
        code = main([str(arg) for arg in args])
        sys.stdout.flush()
        out, err = capfdbinary.readouterr()
        return Result(code, out, err.decode())

    return run


_LEFT_BESIDE_LOGS = shutil.ignore_patterns("*.index", "*.lock", "*.ballast")


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the real data that nobody here wrote; the test is skipped where it is absent.

    Without what our commands leave beside logs: whoever tries `auditlog index build` on that data changes no test, and no
    test changes that data.
    """
    path = Path(os.environ.get("AUDITLOG_DATA", Path(__file__).parents[1] / ".." / "shared")).resolve()
    if not (path / "data").is_dir():
        pytest.skip(f"no shared data at {path}: set AUDITLOG_DATA")
    copied = tmp_path_factory.mktemp("copied") / "shared"
    shutil.copytree(path, copied, ignore=_LEFT_BESIDE_LOGS, copy_function=shutil.copyfile)
    for folder in (copied, *(each for each in copied.rglob("*") if each.is_dir())):
        folder.chmod(0o755)  # copied with the mode of a folder that nobody may write; pytest removes it later
    return copied
