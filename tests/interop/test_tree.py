"""Other people's trees and checkers find what ours finds, at every stage of a log's life."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from auditlog_cli.sealing import consistency, tlogproof
from auditlog_cli.sealing.line import skeleton, unseal
from tests.interop.conftest import Stage, auditlog, needs

GO = {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode"}


def stub(stage: Stage) -> dict[str, str]:
    """What the checkers of the standard are told of a pruned log."""
    if not stage.first:
        return {}
    told = json.loads((stage.folder / "audit.pruned.json").read_text())
    return {"START": str(told["records"]), "HEAD": told["head"], "RANGE": " ".join(told["range"])}


@pytest.mark.parametrize("checker", [["perl", "check.pl"], [sys.executable, "check.py"]], ids=["perl", "python"])
def test_the_checkers_of_the_standard_as_they_stand(stage: Stage, checker: list[str], shared: Path) -> None:
    needs(checker[0])
    environment = {"PATH": os.environ["PATH"], "SIZE": str(stage.note.size), **stub(stage)}
    done = subprocess.run(
        checker,
        cwd=shared / "spec" / "vectors",
        env=environment,
        input=b"\n".join([*stage.lines, b""]),
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    said = done.stdout.decode().splitlines()
    assert said[-1].endswith(f"root {base64.b64encode(stage.note.root).decode()}")
    withheld = [line for line in stage.lines if unseal(line).tombstone]
    assert sum(line.startswith("withheld record") for line in said) == len(withheld)


def test_pymerkle_finds_the_same_root_and_the_same_proofs(stage: Stage) -> None:
    pymerkle = pytest.importorskip("pymerkle", reason="pymerkle is not installed: pip install -e '.[interop]'")
    if stage.first or any(unseal(line).tombstone for line in stage.lines):
        pytest.skip("pymerkle needs every entry, and here some are gone or withheld as a whole")
    note = stage.note
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for line in stage.lines[: note.size]:
        tree.append_entry(skeleton(line)[0])
    assert tree.get_root(note.size) == note.root
    proof = tlogproof.parse((stage.folder / "record.tlog-proof").read_text())
    theirs = tree.prove_inclusion(stage.proved + 1, note.size)
    pymerkle.verify_inclusion(tree.get_leaf(stage.proved + 1), note.root, theirs)
    assert theirs.serialize()["path"][1:] == [each.hex() for each in proof.hashes]
    grown = consistency.parse((stage.folder / "grown.consistency").read_text())
    theirs = tree.prove_consistency(grown.size, note.size)
    pymerkle.verify_consistency(grown.root, note.root, theirs)
    assert set(theirs.serialize()["path"]) == {each.hex() for each in grown.hashes}


def sides(index: int, size: int) -> list[int]:
    """On which side each hash of an inclusion proof stands (RFC 9162, 2.1.3.2): 1 for the left; one 0 more at the end."""
    found, last = [], size - 1
    while last:
        found += [1] if index & 1 or index == last else [0]
        while not index & 1 and index == last and index:
            index, last = index >> 1, last >> 1
        index, last = index >> 1, last >> 1
    return [*found, 0]


def test_pymerkle_accepts_our_proof_of_one_record(stage: Stage) -> None:
    """Also where records are gone or withheld as a whole: it takes the leaf and our hashes."""
    pymerkle = pytest.importorskip("pymerkle", reason="pymerkle is not installed: pip install -e '.[interop]'")
    note = stage.note
    ours = tlogproof.parse((stage.folder / "record.tlog-proof").read_text()).hashes
    leaf = bytes.fromhex(stage.leaf)

    def told(path: list[bytes]) -> object:
        metadata = {"algorithm": "sha256", "security": True, "size": note.size, "index": stage.proved + 1}
        return pymerkle.InclusionProof.deserialize(
            {"type": "inclusion", "metadata": metadata, "rule": sides(stage.proved, note.size),
             "path": [each.hex() for each in path]}
        )  # fmt: skip

    pymerkle.verify_inclusion(leaf, note.root, told([leaf, *ours]), index=stage.proved + 1, size=note.size)
    for wrong in (note.root[::-1], note.root[:-1] + b"\0"):
        with pytest.raises(pymerkle.InvalidProof):
            pymerkle.verify_inclusion(leaf, wrong, told([leaf, *ours]))
    with pytest.raises(pymerkle.InvalidProof):
        pymerkle.verify_inclusion(leaf, note.root, told([leaf, *ours[1:], ours[0]]))


@pytest.fixture(scope="session")
def go_tool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    needs("go")
    made = tmp_path_factory.mktemp("go") / "tlog"
    done = subprocess.run(
        ["go", "build", "-o", made, "main.go"], cwd=Path(__file__).parent / "tlog", capture_output=True, text=True,
        env={**os.environ, **GO, "GOFLAGS": "", "GOCACHE": str(made.parent / "cache")},
    )  # fmt: skip
    if "cannot find package" in done.stderr:
        pytest.skip("golang.org/x/mod is not there: apt-get install golang-golang-x-mod-dev")
    assert done.returncode == 0, done.stderr
    return made


@pytest.mark.slow
def test_go_accepts_note_inclusion_consistency_and_tiles(stage: Stage, go_tool: Path, tmp_path: Path) -> None:
    words = ["vkey", "audit.jsonl.checkpoint", "record.tlog-proof", stage.leaf, "grown.consistency"]
    whole = not stage.first and not any(unseal(line).tombstone for line in stage.lines)
    if not stage.first:
        auditlog(stage.folder, "export", "audit.jsonl", "--to", "tlog-tiles", "-o", tmp_path / "tiles", "--quiet")
        if whole:
            words.append(str(tmp_path / "tiles"))
    done = subprocess.run([go_tool, *words], cwd=stage.folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("good") == (4 if whole else 3)


@pytest.mark.slow
def test_go_refuses_what_was_changed(life: dict[str, Stage], go_tool: Path, tmp_path: Path) -> None:
    folder = tmp_path / "log"
    shutil.copytree(life["written"].folder, folder)
    auditlog(folder, "export", "audit.jsonl", "--to", "tlog-tiles", "-o", "tiles", "--quiet")
    words = ["vkey", "audit.jsonl.checkpoint", "record.tlog-proof", life["written"].leaf, "grown.consistency", "tiles"]

    def run() -> str:
        return subprocess.run([go_tool, *words], cwd=folder, capture_output=True, text=True).stderr

    assert run() == ""
    for name, said in (
        ("audit.jsonl.checkpoint", "note"), ("record.tlog-proof", "inclusion"), ("grown.consistency", "consistency"),
        (f"tiles/tile/0/000.p/{life['written'].note.size}", "tiles"),
        (f"tiles/tile/entries/000.p/{life['written'].note.size}", "tiles"),
    ):  # fmt: skip
        file = folder / name
        before = file.read_bytes()
        at = before.rindex(b"\n", 0, -70) - 3 if name == "audit.jsonl.checkpoint" else min(60, len(before) - 3)
        file.write_bytes(before[:at] + (b"A" if before[at : at + 1] != b"A" else b"B") + before[at + 1 :])
        assert run().startswith(said), name
        file.write_bytes(before)


@pytest.mark.slow
def test_the_go_program_of_the_standard_as_it_stands(stage: Stage, go_tool: Path, shared: Path, tmp_path: Path) -> None:
    source = shared / "spec" / "vectors" / "tlogcheck.go"
    files = ["vkey", "audit.jsonl.checkpoint", "record.tlog-proof", stage.leaf, "grown.consistency"]
    done = subprocess.run(
        ["go", "run", source, *files], cwd=stage.folder, capture_output=True, text=True,
        env={**os.environ, **GO, "GOCACHE": str(go_tool.parent / "cache")},
    )  # fmt: skip
    assert done.stdout.count("OK") == 4, done.stdout + done.stderr
