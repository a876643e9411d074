"""A proof made by the index is the proof made without it, byte for byte, whatever became of the index."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from auditlog_cli import proofs
from auditlog_cli.errors import AuditlogError, SealRefused
from auditlog_cli.index import opening, pages
from auditlog_cli.retention import compressing
from auditlog_cli.sealing import tlogproof
from auditlog_cli.signing import keygen, signers
from auditlog_cli.writer.checkpoints import Sealer
from auditlog_cli.writer.log import AuditLog
from tests.index.asking import build


@pytest.fixture
def path(small: None, tmp_path: Path) -> Path:
    """A log of several segments, 70 records under its checkpoint and some behind it, with its index."""
    key = keygen.make(str(tmp_path / "key"), "test")
    path = tmp_path / "log" / "audit.jsonl"
    with AuditLog(path, origin="test/log", ballast_bytes=0, fsync="none", max_bytes=9000) as log:
        for n in range(75):
            log.append({"record_id": f"id-{n}", "session_id": f"s-{n % 4}", "user": {"id": f"u-{n}"}})
            if n == 69:
                Sealer(str(path), key).seal(log.durable, log.append_own)
    build(path)
    return path


def answer(path: Path, wanted: str, index: bool) -> object:
    """The record and its proof, or the refusal."""
    try:
        made = proofs.prove(str(path), wanted, index=index)
    except AuditlogError as error:
        return type(error), error.message
    return made.line, tlogproof.render(made.proof)


def alike(path: Path, *wanted: str) -> None:
    for each in wanted or ("0", "1", "17", "40", "69", "74", "75", "900", "id-3", "id-44", "nobody"):
        assert answer(path, each, True) == answer(path, each, False), each


def test_every_record_has_the_same_proof(path: Path, tmp_path: Path) -> None:
    found = opening.present(str(path))
    assert found is not None
    trees = [part.open(segment.inode).tree() for segment in found.segments.values() for part in segment.parts]
    found.close()
    assert all(trees) and sum(len(tree[1]) for tree in trees if tree) > 15
    trusted = signers.load(f"{tmp_path / 'key'}.pub")
    for seq in range(71):
        alike(path, str(seq))
        made = proofs.prove(str(path), str(seq))
        assert proofs.check(made.line, made.proof, trusted).holds
    alike(path)
    for size in (1, 2, 8, 33, 70):
        grown = [proofs.hashes_since(str(path), size)]
        Path(f"{path}.index").rename(tmp_path / "aside")
        grown.append(proofs.hashes_since(str(path), size))
        (tmp_path / "aside").rename(f"{path}.index")
        assert grown[0] == grown[1]


def test_the_same_of_a_log_that_grew_or_was_compressed_since(path: Path) -> None:
    with AuditLog(path, ballast_bytes=0, fsync="none") as log:
        log.append({"record_id": "more"})
    alike(path)
    compressing.carry_out(compressing.plan(str(path)))
    alike(path)
    build(path)
    alike(path)


def test_a_record_that_is_not_the_one_that_was_signed_is_not_proved(path: Path) -> None:
    for file in (path, *path.parent.glob("audit.[0-9]*.jsonl")):
        file.write_bytes(file.read_bytes().replace(b'"s-2"', b'"s-9"'))
    for _ in range(2):
        alike(path)
        with pytest.raises(SealRefused, match="not the one that was signed"):
            proofs.prove(str(path), "id-2")
        assert proofs.prove(str(path), "id-3").proof.hashes  # that one is what it was
        build(path)


def test_a_missing_record_leaves_nothing_to_prove(path: Path) -> None:
    first = next(iter(sorted(path.parent.glob("audit.[0-9]*.jsonl"))))
    lines = first.read_bytes().splitlines(keepends=True)
    first.write_bytes(b"".join(lines[:5] + lines[6:]))
    for _ in range(2):
        alike(path)
        with pytest.raises(SealRefused, match="not the log that was signed"):
            proofs.prove(str(path), "id-1")
        build(path)


@pytest.mark.slow
def test_a_flipped_bit_in_the_index_never_changes_a_proof(path: Path) -> None:
    _flipped(path, 200)


@pytest.mark.slow
def test_a_forged_index_never_changes_a_proof(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if every sum of a page were right."""
    monkeypatch.setattr(pages, "crc32", lambda data, seed=0: 0)
    Path(f"{path}.index").unlink()
    build(path)
    _flipped(path, 400)


def _flipped(path: Path, times: int) -> None:
    index = Path(f"{path}.index")
    whole = index.read_bytes()
    right = {each: answer(path, each, False) for each in ("3", "33", "id-50")}
    used = [at for at in range(len(whole)) if whole[at]]
    chance = random.Random(3)
    for _ in range(times):
        forged = bytearray(whole)
        forged[chance.choice(used)] ^= 1 << chance.randrange(8)
        index.write_bytes(forged)
        wanted = chance.choice([*right])
        assert answer(path, wanted, True) == right[wanted]
