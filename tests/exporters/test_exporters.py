"""What every exporter keeps to, and the folder in which it arrives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from auditlog_cli import exporters
from auditlog_cli.cli import exporting
from auditlog_cli.errors import AuditWriteError, UsageError
from auditlog_cli.sealing.line import unseal
from auditlog_cli.signing import es256, keygen
from auditlog_cli.writer.checkpoints import Sealer
from auditlog_cli.writer.log import AuditLog

NAMES = exporters.names()
NEEDS = {"parquet": "pyarrow", "duckdb": "duckdb"}
QUIET = exporters.Settings(lambda text: None)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> exporters.Source:
    """Three records as both kinds of exporter take them."""
    folder = tmp_path_factory.mktemp("source")
    path = folder / "audit.jsonl"
    with AuditLog(path, origin="test/log", ballast_bytes=0) as log:
        for n in range(2):
            log.append({"session_id": f"s-{n}", "action": {"type": "x"}})
        Sealer(str(path), keygen.make(str(folder / "key"), "test")).seal(log.durable, log.append_own)
    import orjson

    lines = path.read_bytes().splitlines()[:3]
    entries = [exporters.Entry(line, orjson.loads(line), bytes.fromhex(unseal(line).leaf), "x") for line in lines]
    return exporters.Source("test/log", entries, 0, Path(f"{path}.checkpoint").read_text())


def key(folder: Path) -> es256.Key:
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

    pem = generate_private_key(SECP256R1()).private_bytes(
        form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()
    )
    (folder / "p256").write_bytes(pem)
    return es256.load(str(folder / "p256"))


@pytest.mark.parametrize("name", NAMES)
def test_each_keeps_the_contract(name: str, source: exporters.Source, tmp_path: Path) -> None:
    module = exporters.load(name)
    assert isinstance(module.HINT, str)
    assert module.HINT.isprintable()
    assert isinstance(module.FOLDER, bool)
    assert isinstance(module.SEALED, bool)
    if name in NEEDS:
        pytest.importorskip(NEEDS[name])
    if hasattr(module, "fill"):
        assert not module.FOLDER
        module.fill(source, QUIET, str(tmp_path / "made"))
        assert (tmp_path / "made").stat().st_size
        return
    pieces = list(module.export(source, QUIET._replace(key=key(tmp_path))))
    assert pieces
    for file, data in pieces:
        assert bool(file) is module.FOLDER
        assert isinstance(data, bytes)
        assert not file.startswith("/")
        assert ".." not in file.split("/")


def test_the_names_are_those_of_the_command_line() -> None:
    assert {"aat", "tlog-tiles"} <= set(NAMES)
    with pytest.raises(UsageError, match="is not known"):
        exporters.load("tlog_tiles")
    with pytest.raises(UsageError, match="is not known"):
        exporters.load("../x")


def fake(pieces: Callable[[], Iterator[exporters.Piece]], *, folder: bool = True) -> ModuleType:
    return SimpleNamespace(FOLDER=folder, export=lambda source, settings: pieces())  # type: ignore[return-value]


def test_a_folder_appears_whole_or_not_at_all(tmp_path: Path, source: exporters.Source) -> None:
    def broken() -> Iterator[exporters.Piece]:
        yield exporters.Piece("a/b", b"1")
        raise AuditWriteError("x")

    with pytest.raises(AuditWriteError):
        exporting.write(fake(broken), source, QUIET, str(tmp_path / "out"))
    assert list(tmp_path.iterdir()) == []

    def good() -> Iterator[exporters.Piece]:
        for n in range(300):  # more files than are held open
            yield exporters.Piece(f"a/{n}", b"1")
        for n in range(300):
            yield exporters.Piece(f"a/{n}", b"2")

    assert exporting.write(fake(good), source, QUIET, str(tmp_path / "out")) == f"{tmp_path}/out: 300 files"
    assert {file.read_bytes() for file in (tmp_path / "out" / "a").iterdir()} == {b"12"}
    with pytest.raises(UsageError, match="is there already"):
        exporting.write(fake(good), source, QUIET, str(tmp_path / "out"))


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc/x", "a//b", "", "a\0b"])
def test_no_file_leaves_the_folder(tmp_path: Path, source: exporters.Source, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        exporting.write(fake(lambda: iter([exporters.Piece(name, b"1")])), source, QUIET, str(tmp_path / "out"))
    assert list(tmp_path.iterdir()) == []


def test_one_file_appears_whole_or_not_at_all(tmp_path: Path, source: exporters.Source) -> None:
    pieces = [exporters.Piece("", b"1"), exporters.Piece("", b"2")]
    out = tmp_path / "one"
    assert exporting.write(fake(lambda: iter(pieces), folder=False), source, QUIET, str(out)) == f"{out}: 2 bytes"
    assert out.read_bytes() == b"12"
