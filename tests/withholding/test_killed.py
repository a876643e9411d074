"""A redaction killed at each of its calls, in its other forms: whole records, one person over several segments,
compressed segments, a copy for somebody else. `test_crash.py` does it for values in plain segments.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from auditlog_cli import frames, segments, verify
from auditlog_cli.retention import compressing
from auditlog_cli.withholding import sharing
from tests.withholding.state import everything, look
from tests.withholding.test_crash import CALLS, STRACE, finish, history, run
from tests.writer.chain import files

CHILD = """
import os, sys
from auditlog_cli import redact
os.getpid = lambda: 7  # so that names beside a copy are known to the test
redact(sys.argv[1], {}, unsigned=True, processes=1)
"""
SAID = "by='dpo@example.org', reason='case 17'"
WAYS = {
    "whole": f"user=['u-17'], whole=True, {SAID}",
    "subject, whole where needed": f"subject=['u-17', 'ann@example.org', 's-4'], whole=True, request='17', {SAID}",
    "compressed": f"subject=['u-17', 'ann@example.org'], request='17', {SAID}",
}
"""What is asked → the arguments of `redact`."""
each_call = pytest.mark.parametrize("call", [pytest.param(each, marks=pytest.mark.slow) for each in CALLS])
pytestmark = pytest.mark.skipif(STRACE is None, reason="strace is not there: nothing can be killed at each call")


def prepare(path: Path, way: str) -> None:
    history(path)
    if way == "compressed":
        compressing.carry_out(compressing.plan(str(path)))
        assert len(list(path.parent.glob("*.zst"))) == 2


def plain(path: Path, folder: Path) -> Path:
    """A copy of the log without compressed segments. Where both forms are there, every byte of both is there, too."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(path.parent, folder)
    for packed in sorted(folder.glob("*.zst*")):
        with packed.open("rb") as file:
            data = b"".join(frames.blocks(str(packed), file.fileno()))
        one = packed.with_name(segments.bare(packed.name.removesuffix(".tmp")))
        (one if not one.exists() else packed.with_name(f"{packed.name}.too")).write_bytes(data)
        packed.unlink()
    active = folder / path.name
    if active.exists() and not active.stat().st_size:
        active.unlink()  # rotated, and killed before the first record of the next segment
    return active


@pytest.mark.parametrize("way", WAYS)
@each_call
def test_killed_at_every_call(path: Path, tmp_path: Path, way: str, call: str) -> None:
    """What an undisturbed run withholds is withheld in the end, and not one value more."""
    prepare(path, way)
    child, kept, other = CHILD.format(WAYS[way]), tmp_path / "kept", tmp_path / "plain"
    leaves = look(plain(path, other)).leaves
    shutil.copytree(path.parent, kept)
    total = run(path, child=child, more=packed(path)).count(call)
    wanted = {(seq, field) for seq, field, _ in look(plain(path, other)).withheld}
    assert len({seq for seq, _ in wanted}) >= 4
    assert ("" in {field for _, field in wanted}) == ("whole" in way)
    assert total or call in ("ftruncate", "fdatasync")
    for number in range(1, total + 1):
        shutil.rmtree(path.parent)
        shutil.copytree(kept, path.parent)
        run(path, f"{call}:signal=KILL:when={number}", child=child, more=packed(path))
        between = look(plain(path, other), finished=False)
        assert between.leaves[: len(leaves)] == leaves
        assert {(seq, field) for seq, field, _ in between.withheld} <= wanted
        finish(path)
        run(path, child=child)
        state = look(plain(path, other))
        assert {(seq, field) for seq, field, _ in state.withheld} == wanted, (call, number)
        assert state.leaves[: len(leaves)] == leaves
        rest = everything(other)
        for gone in (b"ann@",) if way == "whole" else (b"u-17", b"ann@"):
            assert gone not in rest, (call, number)
        assert b"other@example.org" in rest
        verdict = verify(path)
        assert not verdict.findings, (call, number)
        assert not verdict.warnings, (call, number)


def packed(path: Path) -> list[Path]:
    """Names that compressed segments of the log may have."""
    closed = [f"{path.parent}/audit.{seq:012}.jsonl.zst" for seq in range(16)]
    return [Path(f"{each}{end}") for each in closed for end in ("", ".tmp")]


@each_call
def test_a_copy_is_whole_or_not_there(path: Path, tmp_path: Path, call: str) -> None:
    """Killed at each call: the log is as it was, and a copy that has its name has its manifest and no value too many."""
    history(path)
    folder = tmp_path / "out"
    copy = folder / "shared.jsonl"
    manifest = Path(sharing.manifest_name(str(copy)))
    names = [copy, manifest]
    watched = [folder, *names, *(Path(f"{each}.7.tmp") for each in names)]
    child = CHILD.format(f"subject=['u-17', 'ann@example.org'], output={str(copy)!r}")
    before = everything(path.parent)
    folder.mkdir()
    total = run(path, child=child, more=watched).count(call)
    whole = {each: each.read_bytes() for each in names}
    assert whole[copy].count(b"\n") == len(look(path).leaves)
    ours = {b"".join(file.read_bytes() for file in files(path))}
    assert whole[copy] not in ours
    assert total or call in ("ftruncate", "fdatasync", "unlink")
    verified: Callable[[], int] = lambda: verify(copy, manifest=manifest).exit_code  # noqa: E731
    assert verified() == 0
    for number in range(1, total + 1):
        shutil.rmtree(folder)
        folder.mkdir()
        run(path, f"{call}:signal=KILL:when={number}", child=child, more=watched)
        assert everything(path.parent) == before
        there = {each: each.read_bytes() for each in names if each.exists()}
        assert all(whole[each] == data for each, data in there.items()), (call, number)
        assert copy not in there or manifest in there
        left = everything(folder)
        assert b"u-17" not in left
        assert b"ann@" not in left
        for each in folder.iterdir():
            each.unlink()
        run(path, child=child)
        assert verified() == 0
