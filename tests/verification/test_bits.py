"""Every bit of a sealed log flipped: several segments, checkpoints, withheld values, a tombstone, a pruned beginning, a
large value, a torn end; and the stub and the checkpoint beside it. None goes unnoticed (integrity.md, 10.1).
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from auditlog_cli import AuditLog, Verdict, parallel, redact, verify
from auditlog_cli.retention import pruning
from tests.withholding.conftest import REDACTOR, STRANGER, write_key

ORIGIN = "example.org/auditlog/bits"
STEP = 1999


class Case(NamedTuple):
    """A log and what its auditor has."""

    path: Path
    signers: Path
    known: str


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """A small log in which everything occurs."""
    pytest.importorskip("cryptography")
    home = tmp_path_factory.mktemp("bits")
    key, dpo = write_key(home / "log.key", STRANGER), write_key(home / "dpo.key", REDACTOR)
    log, redactor = (Path(f"{each}.pub").read_text().rsplit(" ", 1)[0] for each in (key, dpo))
    signers = home / "signers"
    signers.write_text(
        f'{ORIGIN} namespaces="auditlog-checkpoint" {log}\nd@example.org namespaces="auditlog-redaction" {redactor}\n'
    )
    path = home / "log" / "audit.jsonl"

    def opened() -> AuditLog:
        return AuditLog(path, fsync="none", ballast_bytes=0, origin=ORIGIN, key=key, heartbeat_s=3600)

    with opened() as writer:
        writer.append({"user": {"id": "u-0"}})
        writer.rotate()
        writer.append({"user": {"id": "u-1"}, "action": {"tool": "x", "result": {"text": "y" * (1 << 20)}}})
        writer.append({"user": {"id": "u-2"}})
    with path.open("ab") as file:
        file.write(b'{"torn' + b"z" * 4100)
    with opened() as writer:
        seq = writer.append({"user": {"id": "u-3"}}).seq
    said = {"key": dpo, "by": "d@example.org", "reason": "case 1"}
    redact(path, fields=["user.id"], user=["u-2"], **said)  # type: ignore[arg-type]
    redact(path, records=[str(seq)], whole=True, **said)  # type: ignore[arg-type]
    plan = pruning.plan(str(path), 1 << 62)
    pruning.carry_out(plan._replace(goes=plan.goes[:1]), "old")
    with opened() as writer:
        writer.rotate()
        writer.append({"user": {"id": "u-4"}})
    verdict = verify(path, signers=signers)
    assert (verdict.exit_code, verdict.unsigned_tail) == (0, 0), verdict.findings
    assert verdict.withheld_total == 2
    assert verdict.first
    return Case(path, signers, f"{verdict.records}:{verdict.root}")


def flipped(case: Case, folder: Path, name: str, bit: int) -> Verdict:
    """What verify says with one bit of one file flipped in the copy in `folder`."""
    file = folder / name
    raw = bytearray((case.path.parent / name).read_bytes())
    raw[bit // 8] ^= 1 << bit % 8
    file.write_bytes(raw)
    try:
        return verify(folder / case.path.name, signers=case.signers, known=case.known)
    finally:
        shutil.copy(case.path.parent / name, file)


def unnoticed(case: Case, home: Path, names: list[str], step: int) -> list[tuple[str, int]]:
    """The flips for which verify says nothing: no finding, and no warning that was not there before."""
    size = sum(8 * (case.path.parent / name).stat().st_size for name in names)
    bits = [(name, bit) for name in names for bit in range(8 * (case.path.parent / name).stat().st_size)][::step]
    many = parallel.cores() if step == 1 else 1
    part = -(-len(bits) // (8 * many))

    def work(number: int) -> list[tuple[str, int]]:
        folder = home / f"copy-{number}"
        shutil.copytree(case.path.parent, folder)
        some = bits[number * part : (number + 1) * part]
        found = []
        for name, bit in some:
            verdict = flipped(case, folder, name, bit)
            if verdict.exit_code not in (1, 3) and not verdict.warnings:
                found.append((name, bit))
        shutil.rmtree(folder)
        return found

    assert size
    return [each for some in parallel.in_order(work, -(-len(bits) // part), many) for each in some]


def segments(case: Case) -> list[str]:
    return sorted(file.name for file in case.path.parent.glob("audit*.jsonl"))


def test_a_bit_of_a_segment(case: Case, tmp_path: Path) -> None:
    """A sample."""
    assert len(segments(case)) >= 3
    assert unnoticed(case, tmp_path, segments(case), STEP) == []


@pytest.mark.slow
def test_every_bit_of_every_segment(case: Case, tmp_path: Path) -> None:
    assert unnoticed(case, tmp_path, segments(case), 1) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["audit.jsonl.checkpoint", "audit.pruned.json"])
def test_every_bit_beside_the_log(case: Case, tmp_path: Path, name: str) -> None:
    assert unnoticed(case, tmp_path, [name], 1) == []


def test_a_bit_beside_the_log(case: Case, tmp_path: Path) -> None:
    """A sample of large value, torn end, checkpoint and stub."""
    beside = ["audit.jsonl.checkpoint", "audit.pruned.json"]
    assert unnoticed(case, tmp_path, beside, 97) == []
    files = [file for folder in (".", "audit.blobs") for file in (case.path.parent / folder).glob("*")]
    large = [f"audit.blobs/{file.name}" for file in files if file.parent.name == "audit.blobs"]
    torn = [file.name for file in files if ".torn." in file.name]
    assert (len(large), len(torn)) == (1, 1)
    assert unnoticed(case, tmp_path, large, 1_000_003) == []
    assert unnoticed(case, tmp_path, torn, 4001) == []
