"""A peer that cannot be installed or found is named so, with the reason."""

from __future__ import annotations

from pathlib import Path

import peers
import pytest
from tables import Absent


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(peers, "WORK", tmp_path)
    monkeypatch.setitem(peers.PACKAGES, "nobody", ("no requirement at all",))
    monkeypatch.setitem(peers.SYSTEM, "nothing", ("no-such-program", "--version"))
    peers.interpreter.cache_clear()
    peers.program.cache_clear()
    return tmp_path


def test_what_pip_refuses_is_absent_everywhere_and_asked_for_again_next_time(work: Path) -> None:
    told = peers.interpreter("nobody")
    assert isinstance(told, Absent)
    assert told.why.startswith("could not be installed (ERROR: ")
    assert peers.program("nobody") == told
    assert peers.version("nobody") == f"nobody: {told.why}"
    assert not list(work.rglob(".ready"))


def test_a_program_that_the_machine_does_not_have_is_absent(work: Path) -> None:
    assert peers.program("nothing") == Absent("not on this machine")
    assert peers.version("nothing") == "nothing: not on this machine"


def test_a_package_that_is_not_here_is_told_in_the_line_of_versions(work: Path) -> None:
    assert peers.version("no-such-package") == "no-such-package: not installed"


def test_without_npm_its_packages_are_absent(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers.shutil, "which", lambda name: None)
    assert peers.program("secretlint") == Absent("could not be installed (no npm on this machine)")


def test_every_table_needs_only_what_a_version_is_known_for() -> None:
    import run

    known = {*peers.PACKAGES, *peers.NPM, *peers.SYSTEM}
    others = {need for each in run.benches().values() for need in each.needs} - known
    assert others <= {
        "orjson", "typer", "stringzilla", "jsonschema", "jsonschema-rs", "structlog", "cryptography", "hyperscan", "protobuf",
    }  # fmt: skip
