"""Tiles hold the tree that was signed, and no value that can be withheld."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from auditlog_cli import exporters
from auditlog_cli.exporters import tlog_tiles
from auditlog_cli.sealing import merkle, notes
from auditlog_cli.sealing.line import unseal
from auditlog_cli.signing import keygen
from auditlog_cli.withholding import anatomy, lines
from auditlog_cli.writer.checkpoints import Sealer
from auditlog_cli.writer.log import AuditLog


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """600 records in several segments: two full tiles, a partial one, and one above them."""
    folder = tmp_path_factory.mktemp("tiles")
    path = folder / "audit.jsonl"
    key = keygen.make(str(folder / "key"), "test")
    with AuditLog(path, origin="test/log", ballast_bytes=0, max_bytes=100_000) as opened:
        for n in range(600):
            opened.append({"user": {"id": f"user-{n}"}, "action": {"type": "x"}})
        Sealer(str(path), key).seal(opened.durable, opened.append_own)
    return path


def exported(source: exporters.Source) -> tuple[dict[str, bytes], list[str]]:
    said: list[str] = []
    return dict(tlog_tiles.export(source, exporters.Settings(said.append))), said


def entries_of(bundle: bytes) -> list[bytes]:
    found = []
    while bundle:
        size = int.from_bytes(bundle[:2], "big")
        found.append(bundle[2 : 2 + size])
        bundle = bundle[2 + size :]
    return found


def test_the_folder_is_laid_out_as_the_standard_says(log: Path, tmp_path: Path, cli: Callable[..., object]) -> None:
    out = tmp_path / "tiles"
    done = cli("export", log, "--to", "tlog-tiles", "-o", out)
    assert done.code == 0, done  # type: ignore[attr-defined]
    note = notes.parse((out / "checkpoint").read_text())
    width = note.size % 256
    found = sorted(str(file.relative_to(out)) for file in out.rglob("*") if file.is_file())
    rest = f"002.p/{width}"
    assert found == sorted([
        "checkpoint", "tile/0/000", "tile/0/001", f"tile/0/{rest}", "tile/1/000.p/2",
        "tile/entries/000", "tile/entries/001", f"tile/entries/{rest}",
    ])  # fmt: skip
    tiles = [(out / "tile" / "0" / name).read_bytes() for name in ("000", "001", rest)]
    leaves = [tile[at : at + 32] for tile in tiles for at in range(0, len(tile), 32)]
    assert merkle.root_of(leaves) == note.root
    above = b"".join(merkle.root_of(leaves[at : at + 256]) for at in (0, 256))
    assert (out / "tile" / "1" / "000.p" / "2").read_bytes() == above
    bundles = [(out / "tile" / "entries" / name).read_bytes() for name in ("000", "001", rest)]
    entries = [entry for bundle in bundles for entry in entries_of(bundle)]
    assert [hashlib.sha256(b"\0" + entry).digest() for entry in entries] == leaves
    assert not any(b"user-" in bundle for bundle in bundles)
    assert cli("export", log, "--to", "tlog-tiles", "-o", out).code == 2  # type: ignore[attr-defined]
    assert cli("export", log, "--to", "tlog-tiles", "-o", tmp_path / "x", "--session", "s").code == 2  # type: ignore[attr-defined]
    assert cli("export", log, "--to", "nothing", "-o", tmp_path / "x").code == 2  # type: ignore[attr-defined]
    assert cli("export", log, "--to", "tlog-tiles").code == 2  # type: ignore[attr-defined]


def covered(log: Path) -> list[exporters.Entry]:
    size = notes.parse(Path(f"{log}.checkpoint").read_text()).size
    files = [*sorted(log.parent.glob("audit.[0-9]*.jsonl")), log]
    raw = [line for file in files for line in file.read_bytes().splitlines()][:size]
    return [exporters.Entry(line, {}, bytes.fromhex(unseal(line).leaf), "x") for line in raw]


def test_a_redaction_changes_no_tile(log: Path) -> None:
    entries = covered(log)
    after = []
    for entry in entries:
        line = anatomy.dissect(entry.line)
        assert line is not None
        after.append(entry._replace(line=lines.withhold(line, {value.field for value in line.values})))
    note = Path(f"{log}.checkpoint").read_text()
    assert exported(exporters.Source("o", entries, 0, note)) == exported(exporters.Source("o", after, 0, note))


def test_a_bundle_with_a_record_that_is_gone_or_too_long_is_left_out_and_that_is_said(log: Path) -> None:
    entries = covered(log)
    buried = list(entries)
    line = anatomy.dissect(entries[5].line)
    assert line is not None
    buried[5] = entries[5]._replace(line=lines.bury(line))
    note = Path(f"{log}.checkpoint").read_text()
    whole, _ = exported(exporters.Source("o", entries, 0, note))
    found, said = exported(exporters.Source("o", buried, 0, note))
    assert set(whole) - set(found) == {"tile/entries/000"}
    assert "1 bundle of entries is left out" in said[0]
    longest = b"x" * 0xFFFF
    for data, kept in ((longest, True), (longest + b"x", False)):
        source = exporters.Source("o#raw", [exporters.Entry(data, {}, bytes(32), "x")], 0, note, True)
        assert ("tile/entries/000.p/1" in exported(source)[0]) is kept


@pytest.mark.parametrize(("size", "names"), [
    (1, ["tile/0/000.p/1"]),
    (255, ["tile/0/000.p/255"]),
    (256, ["tile/0/000", "tile/1/000.p/1"]),
    (65536, [*(f"tile/0/{n:03}" for n in range(256)), "tile/1/000", "tile/2/000.p/1"]),
    (70000, [*(f"tile/0/{n:03}" for n in range(273)), "tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"]),
])  # fmt: skip
def test_which_tiles_there_are(size: int, names: list[str]) -> None:
    """The examples of the standard."""
    entries = (exporters.Entry(b"", {}, bytes(32), "x") for _ in range(size))
    found, _ = exported(exporters.Source("o#raw", entries, 0, "", True))
    assert sorted(name for name in found if name.startswith("tile/") and "entries" not in name) == sorted(names)


def test_the_tiles_of_tessera(shared: Path) -> None:
    """A log that Tessera wrote: from its entries ours makes the same tiles."""
    folder = shared / "data" / "integrity" / "tlog-tessera"
    for width in range(1, 8):
        bundle = folder / "tile" / "entries" / "000.p" / str(width)
        entries = [
            exporters.Entry(each, {}, hashlib.sha256(b"\0" + each).digest(), "x")
            for each in entries_of(bundle.read_bytes())
        ]
        found, _ = exported(exporters.Source("o#raw", entries, 0, "", True))
        assert found[f"tile/0/000.p/{width}"] == (folder / "tile" / "0" / "000.p" / str(width)).read_bytes()
        assert found[f"tile/entries/000.p/{width}"] == bundle.read_bytes()


def test_a_pruned_log_has_no_tiles(log: Path) -> None:
    from auditlog_cli.errors import InputError

    with pytest.raises(InputError, match="were pruned"):
        exported(exporters.Source("o", [], 5, ""))
