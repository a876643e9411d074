"""Wheel, sdist and editable install each bring the schemas with them. Takes a minute; `make test-wheel`."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests import wholeway
from tests.validator.test_schemas import ARTICLE

pytestmark = pytest.mark.wheel
PROJECT = Path(__file__).parents[2]


def run(*words: object, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, **options)  # type: ignore[call-overload,no-any-return]


def clean() -> dict[str, str]:
    """The environment without what could lead back into this checkout."""
    return {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV", "AUDITLOG"))
    }


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist; the wheel is built from the sdist, as a packager would."""
    pytest.importorskip("build", reason="LOUD SKIP: `build` is not installed (pip install -e '.[dev]')")
    folder = tmp_path_factory.mktemp("dist")
    made = run(sys.executable, "-m", "build", "--outdir", folder, PROJECT, env=clean())
    if made.returncode and ("No matching distribution" in made.stdout + made.stderr or "Connection" in made.stderr):
        pytest.skip("LOUD SKIP: wheel and sdist could not be built, no package index reached")
    assert made.returncode == 0, made.stdout + made.stderr
    return folder


@pytest.mark.parametrize("kind", ["wheel", "sdist", "editable"])
def test_an_installation_finds_its_schemas(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if kind == "editable":
        source: list[object] = ["-e", PROJECT]
    else:
        folder: Path = request.getfixturevalue("built")
        source = [next(folder.glob("*.whl" if kind == "wheel" else "*.tar.gz"))]
    venv.create(tmp_path / "venv", with_pip=True)
    bin_ = tmp_path / "venv" / "bin"
    installed = run(
        bin_ / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *source, env=clean()
    )
    if installed.returncode and ("No matching distribution" in installed.stderr or "Connection" in installed.stderr):
        pytest.skip("LOUD SKIP: no package index reached, nothing could be installed")
    assert installed.returncode == 0, installed.stderr
    printed = run(bin_ / "auditlog", "schema", "record", cwd=tmp_path, env=clean())
    assert printed.returncode == 0, printed.stderr
    assert printed.stdout == (PROJECT / "schemas" / "record-1.schema.json").read_text()
    packs = run(bin_ / "auditlog", "packs", "list", cwd=tmp_path, env=clean())
    assert len(packs.stdout.splitlines()) == 1 + 8, packs.stderr  # and a head
    assert run(bin_ / "auditlog", "packs", "show", "GDPR-9-01", cwd=tmp_path, env=clean()).returncode == 0
    log = tmp_path / "audit.jsonl"
    log.write_text(ARTICLE + "\n")
    judged = run(bin_ / "auditlog", "validate", log, cwd=tmp_path, env=clean())
    assert judged.returncode == 0, judged.stderr
    log.write_text('{"timestamp":7,"session_id":"s","user":{}}\n')
    judged = run(bin_ / "auditlog", "validate", log, cwd=tmp_path, env=clean())
    assert judged.returncode == 1
    assert "timestamp must be a time with offset" in judged.stdout
    where = run(
        bin_ / "python",
        "-c",
        "from auditlog_cli.validator import schemas; print(schemas.folder())",
        cwd=tmp_path,
        env=clean(),
    )
    inside = Path(where.stdout.strip()).is_relative_to(tmp_path / "venv")
    assert inside is (kind != "editable")


def test_the_oldest_versions_that_it_asks_for_are_enough(built: Path, tmp_path: Path) -> None:
    wheel = next(built.glob("*.whl"))
    venv.create(tmp_path / "venv", with_pip=True)
    bin_ = tmp_path / "venv" / "bin"
    pip = run(bin_ / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv", env=clean())
    if pip.returncode:
        pytest.skip("LOUD SKIP: no package index reached, nothing could be installed")
    environment = {**clean(), "VIRTUAL_ENV": str(tmp_path / "venv")}
    wanted = f"{wheel}[seal,fast,export]"
    oldest = run(bin_ / "uv", "pip", "install", "--resolution", "lowest-direct", wanted, env=environment)
    assert oldest.returncode == 0, oldest.stderr
    written = run(bin_ / "python", "-c", wholeway.WRITING, cwd=tmp_path, env=clean())
    assert (written.returncode, written.stderr) == (0, "")
    for words, code in wholeway.STEPS:
        ran = run(bin_ / "auditlog", *words.split(), cwd=tmp_path, env=clean())
        assert (words, ran.returncode) == (words, code), ran.stdout + ran.stderr
