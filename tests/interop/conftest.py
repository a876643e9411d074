"""One log through its life: written, redacted, rotated, a record withheld as a whole, pruned. At each stage everybody's tools are asked about it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from auditlog_cli.sealing import merkle, notes
from auditlog_cli.sealing.line import unseal
from auditlog_cli.segments import closed
from auditlog_cli.signing import keygen, signer
from auditlog_cli.writer.checkpoints import Sealer
from auditlog_cli.writer.log import AuditLog
from tests.logs import record

ORIGIN = "example.org/interop"
STAGES = ("written", "redacted", "rotated", "buried", "pruned")


def auditlog(folder: Path, *words: object, code: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "auditlog_cli", *map(str, words)], cwd=folder, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == code, done.stderr + done.stdout
    return done.stdout


def shell(folder: Path, commands: str) -> subprocess.CompletedProcess[str]:
    """Run commands as a stranger would type them."""
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", commands], cwd=folder, capture_output=True, text=True, timeout=120,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )  # fmt: skip


def needs(*programs: str) -> None:
    """Skip the test, loudly, where a program is not there."""
    for program in programs:
        if not shutil.which(program):
            pytest.skip(f"{program} is not there")


class Stage(NamedTuple):
    """The log at one stage of its life.

    Attributes:
        name: Which.
        folder: Where `audit.jsonl`, `signers`, `vkey`, and proofs lie: `record.*`, `grown.*`.
        first: The first record that is there.
        proved: The number of the record that is proved.
    """

    name: str
    folder: Path
    first: int
    proved: int

    @property
    def note(self) -> notes.Note:
        return notes.parse((self.folder / "audit.jsonl.checkpoint").read_text())

    @property
    def lines(self) -> list[bytes]:
        """All lines that are there."""
        path = str(self.folder / "audit.jsonl")
        names = [name for _, name in closed(path)] + [path]
        return [line for name in names for line in Path(name).read_bytes().splitlines()]

    @property
    def leaf(self) -> str:
        return unseal((self.folder / "record.jsonl").read_bytes().removesuffix(b"\n")).leaf


def write(folder: Path, begin: int, end: int) -> None:
    path = folder / "audit.jsonl"
    with AuditLog(path, origin=ORIGIN, ballast_bytes=0, max_bytes=6000) as log:
        for n in range(begin, end):
            log.append(record(
                record_id=f"00000000-0000-4000-8000-{n:012}", session_id=f"s-{n % 3}", timestamp=f"2020-01-{n % 28 + 1:02}T00:00:00Z",
                user={"id": f"user-{n}", "email": f"mail-{n}@example.org"}, action__arguments={"café 東京": 1.5, "n": n},
            ))  # fmt: skip
        Sealer(str(path), signer.load(str(folder / "key"))).seal(log.durable, log.append_own)


def prove(folder: Path, number: int) -> None:
    auditlog(folder, "prove", number, "audit.jsonl", "-o", "record")
    auditlog(folder, "prove", "--consistency", "first.checkpoint", "audit.jsonl", "-o", "grown")


@pytest.fixture(scope="session")
def life(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Stage]:
    folder = tmp_path_factory.mktemp("life")
    work = folder / "work"
    key = keygen.make(str(work / "key"), "test")
    dpo = keygen.make(str(work / "dpo"), "test")
    (work / "signers").write_text(
        f'{ORIGIN} namespaces="auditlog-checkpoint" {key.public_line}\n'
        f'dpo@example.org namespaces="auditlog-redaction" {dpo.public_line}\n'
    )
    (work / "vkey").write_text(notes.vkey(ORIGIN, key.public) + "\n")
    found = {}

    def keep(name: str, first: int, proved: int) -> None:
        copy = folder / name
        shutil.copytree(work, copy)
        prove(copy, proved)
        auditlog(copy, "verify", "audit.jsonl", "--signers", "signers", "--no-remember")
        found[name] = Stage(name, copy, first, proved)

    write(work, 0, 9)
    shutil.copy(work / "audit.jsonl.checkpoint", work / "first.checkpoint")
    write(work, 9, 20)
    keep("written", 0, 5)
    withhold = ("redact", "audit.jsonl", "--by", "dpo@example.org", "--reason", "case 17", "--key", "dpo", "--yes")
    auditlog(work, *withhold, "--fields", "user.email,action.arguments")
    auditlog(work, "seal", "audit.jsonl", "--key", "key")
    keep("redacted", 0, 5)
    write(work, 20, 320)
    keep("rotated", 0, 5)
    auditlog(work, *withhold, "--whole", "--record", "00000000-0000-4000-8000-000000000003")
    auditlog(work, "seal", "audit.jsonl", "--key", "key")
    keep("buried", 0, 5)
    auditlog(work, "prune", "audit.jsonl", "--older-than", "2020-01-20", "--yes")
    auditlog(work, "seal", "audit.jsonl", "--key", "key")
    # From below what was pruned no proof of consistency can be made any more: the hashes are gone.
    first = closed(str(work / "audit.jsonl"))[0][0]
    shutil.copy(found["buried"].folder / "audit.jsonl.checkpoint", work / "first.checkpoint")
    keep("pruned", first, first + 3)
    assert first > 0
    return found


@pytest.fixture(params=STAGES)
def stage(request: pytest.FixtureRequest, life: dict[str, Stage]) -> Stage:
    return life[request.param]


def root(lines: list[bytes]) -> bytes:
    """Ours, of lines from the first one on."""
    return merkle.root_of(bytes.fromhex(unseal(line).leaf) for line in lines)
