"""A complete bundle shows that none was left out, gives away no other value, and says what it cannot tell."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from auditlog_cli import times
from auditlog_cli.errors import InputError, SealRefused
from auditlog_cli.evidence import bundle
from auditlog_cli.retention import pruning
from auditlog_cli.sealing.line import unseal
from auditlog_cli.signing import keygen, signer
from auditlog_cli.writer.checkpoints import Sealer
from auditlog_cli.writer.log import AuditLog


def made_at(folder: Path, count: int = 40, **words: object) -> Path:
    key = keygen.make(str(folder / "key"), "test")
    path = folder / "audit.jsonl"
    with AuditLog(path, origin="test/log", ballast_bytes=0, max_bytes=3000, **words) as log:  # type: ignore[arg-type]
        for n in range(count):
            log.append({
                "timestamp": f"2020-01-{n % 28 + 1:02}T00:00:00Z", "session_id": f"s-{n % 5}", "trace_id": f"t-{n // 8}",
                "user": {"id": f"user-{n}", "email": f"mail-{n}"}, "action": {"type": "x", "arguments": {"a": f"arg-{n}"}},
            })  # fmt: skip
        Sealer(str(path), key).seal(log.durable, log.append_own)
        log.append({"session_id": "s-1"})
    return path


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_at(tmp_path_factory.mktemp("complete"))


@pytest.fixture
def log(sealed: Path, tmp_path: Path) -> Path:
    """A copy to be changed."""
    shutil.copytree(sealed.parent, tmp_path / "log")
    return tmp_path / "log" / "audit.jsonl"


def build(path: Path, wanted: str, folder: Path) -> tuple[bundle.Bundle, Path]:
    out = io.BytesIO()
    made = bundle.build(str(path), wanted, out, complete=True)
    out.seek(0)
    zipfile.ZipFile(out).extractall(folder)
    return made, folder / "evidence"


def checked(folder: Path) -> subprocess.CompletedProcess[str]:
    """Without site packages, in an empty environment: nothing of ours can help."""
    return subprocess.run(
        [sys.executable, "-I", "-S", "check.py"], cwd=folder, capture_output=True, text=True, check=False, env={}
    )


def test_it_is_complete_and_says_so(sealed: Path, tmp_path: Path) -> None:
    made, folder = build(sealed, "s-1", tmp_path)
    count = int((folder / "checkpoint.note").read_text().split("\n")[1])
    assert made == bundle.Bundle(8, 1, count - 8, 0, 0)
    done = checked(folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith(f"complete: records 0 to {count - 1} hold no other one of 's-1'\n")
    assert f"So records 0 to {count - 1} hold no other one of s-1" in (folder / "README.txt").read_text()


def test_no_value_of_another_session_is_given_away(sealed: Path, tmp_path: Path) -> None:
    _, folder = build(sealed, "s-1", tmp_path)
    every = (folder / "all.jsonl").read_text()
    for n in range(40):
        for value in (f'"user-{n}"', f'"mail-{n}"', f'"arg-{n}"'):
            assert (value in every) is (n % 5 == 1)
    for line in every.splitlines():
        content = json.loads(line)
        assert content["_salts"] == [] or content.get("session_id") == "s-1"
    leaves = [unseal(line.encode()).leaf for line in every.splitlines()]
    lines = [line for file in [*sorted(sealed.parent.glob("audit.[0-9]*.jsonl")), sealed] for line in file.read_bytes().splitlines()]  # fmt: skip
    assert leaves == [unseal(line).leaf for line in lines][: len(leaves)]


def test_whatever_is_left_out_or_changed_is_noticed(sealed: Path, tmp_path: Path) -> None:
    """Each way to hide one record of the session."""
    _, whole = build(sealed, "s-1", tmp_path / "whole")
    lines = (whole / "all.jsonl").read_bytes().splitlines(keepends=True)
    mine = [at for at, line in enumerate(lines) if b'"session_id":"s-1"' in line]
    proofs = {int(file.name.split(".")[0]): file.name for file in (whole / "proofs").iterdir()}

    def without(change: Callable[[list[bytes], int], None], at: int) -> str:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        shutil.copytree(whole, folder)
        kept = [line for line in (whole / "records.jsonl").read_bytes().splitlines(keepends=True) if line != lines[at]]
        (folder / "records.jsonl").write_bytes(b"".join(kept))
        (folder / "proofs" / proofs[at]).unlink()
        changed = list(lines)
        change(changed, at)
        (folder / "all.jsonl").write_bytes(b"".join(changed))
        done = checked(folder)
        assert done.returncode in (1, 6)
        assert "Traceback" not in done.stderr
        return done.stderr or done.stdout

    def nothing(all_: list[bytes], at: int) -> None:
        """Only records.jsonl lacks it."""

    def removed(all_: list[bytes], at: int) -> None:
        del all_[at]

    def renamed(all_: list[bytes], at: int) -> None:
        all_[at] = all_[at].replace(b"s-1", b"s-2")

    def cut(all_: list[bytes], at: int) -> None:
        del all_[at:]

    def doubled(all_: list[bytes], at: int) -> None:
        all_[at] = all_[at].replace(b'{"', b'{"session_id":"s-2","', 1)

    def buried(all_: list[bytes], at: int) -> None:
        found = unseal(all_[at].removesuffix(b"\n"))
        all_[at] = b'{"seq":%d,"_leaf":"%b","_salts":[]}\n' % (found.seq, found.leaf.encode())

    for at in (mine[0], mine[-1]):
        assert "does not hold the records of all.jsonl" in without(nothing, at)
        assert "is expected" in without(removed, at)
        assert "does not hold the records that were signed" in without(renamed, at)
        assert "were signed" in without(cut, at)
        assert "twice" in without(doubled, at)
        assert "1 of them is withheld, or its id is" in without(buried, at)


def test_what_is_withheld_as_a_whole_is_counted_as_unknown(log: Path, tmp_path: Path) -> None:
    first = sorted(log.parent.glob("audit.[0-9]*.jsonl"))[0]
    lines = first.read_bytes().splitlines(keepends=True)
    found = unseal(lines[1].removesuffix(b"\n"))
    lines[1] = b'{"seq":1,"_leaf":"%b","_salts":[]}\n' % found.leaf.encode()
    first.write_bytes(b"".join(lines))
    made, folder = build(log, "s-1", tmp_path / "out")
    assert made.unknown == 1
    done = checked(folder)
    assert done.returncode == 6
    assert "1 of them is withheld, or its id is" in done.stdout
    assert "But 1 of the others are withheld" in (folder / "README.txt").read_text()


def test_ids_that_can_be_withheld_are_sent_or_counted(tmp_path: Path) -> None:
    """A policy may make the session id redactable: it stays readable, or else the record counts as unknown."""
    path = made_at(tmp_path / "log", policy={"base": "default/1", "redactable": ["/session_id"]})
    made, folder = build(path, "s-1", tmp_path / "out")
    assert made.unknown == 0
    assert checked(folder).returncode == 0


def test_a_pruned_log_is_complete_from_there_on(log: Path, tmp_path: Path) -> None:
    pruning.carry_out(pruning.plan(str(log), times.parse("2020-01-15T00:00:00Z") or 0), "old")
    made, folder = build(log, "s-1", tmp_path / "out")
    assert made.first > 0
    done_ = checked(folder)
    assert done_.returncode == 0
    assert f"the {made.first} records before were deleted earlier" in done_.stdout
    stub = json.loads((folder / "all.json").read_text())
    stub["range"][0] = stub["range"][-1] if len(stub["range"]) > 1 else "A" * 43 + "="
    (folder / "all.json").write_text(json.dumps(stub))
    assert checked(folder).returncode == 1


def test_a_compressed_segment_counts_as_the_lines_it_holds(log: Path, tmp_path: Path) -> None:
    import zstandard

    plain = build(log, "s-1", tmp_path / "plain")
    for file in log.parent.glob("audit.[0-9]*.jsonl"):
        Path(f"{file}.zst").write_bytes(zstandard.compress(file.read_bytes()))
        file.unlink()
    packed = build(log, "s-1", tmp_path / "packed")
    assert packed[0] == plain[0]
    assert (packed[1] / "all.jsonl").read_bytes() == (plain[1] / "all.jsonl").read_bytes()
    assert checked(packed[1]).returncode == 0


def test_a_log_that_is_not_the_signed_one_makes_no_bundle(
    log: Path, tmp_path: Path, cli: Callable[..., object]
) -> None:
    other = next(file for file in log.parent.glob("audit*.jsonl") if b"arg-32" in file.read_bytes())
    other.write_bytes(other.read_bytes().replace(b"arg-32", b"arg-xx"))
    with pytest.raises((SealRefused, InputError)):
        build(log, "s-1", tmp_path / "out")
    done = cli("bundle", "s-1", log, "--complete", "-o", tmp_path / "x.zip")
    assert done.code in (1, 3)  # type: ignore[attr-defined]
    assert not list(tmp_path.glob("x.zip*"))


def test_the_command_line(sealed: Path, tmp_path: Path, cli: Callable[..., object]) -> None:
    name = tmp_path / "x.zip"
    done = cli("bundle", "t-2", sealed, "--complete", "-o", name)
    assert done.code == 0, done  # type: ignore[attr-defined]
    assert "show that none is missing from record 0 on" in done.err  # type: ignore[attr-defined]
    assert "evidence/all.jsonl" in zipfile.ZipFile(name).namelist()
    moved = tmp_path / "elsewhere"
    shutil.copy(f"{sealed}.checkpoint", moved)
    assert cli("bundle", "t-2", sealed, "--checkpoint", moved, "-o", tmp_path / "y.zip").code == 0  # type: ignore[attr-defined]
    assert signer.load(str(sealed.parent / "key")).public
