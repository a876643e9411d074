"""A fixed log of others, sealed with salts, before and after two redactions: the vector that the standard has not.

Keys are the seeds 00…1f (seal) and 20…3f (redactor), the n-th salt is base64url of sixteen bytes n, time stands still.
`python -m tests.salting.test_vector` makes the files in `vector/` anew.
"""

from __future__ import annotations

import itertools
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from auditlog_cli import redact, times, verify
from auditlog_cli.salting.growing import SaltedGrowth
from auditlog_cli.sealing import notes
from auditlog_cli.signing import signer
from auditlog_cli.writer import ids, own
from auditlog_cli.writer.checkpoints import Sealer
from tests.salting.foreign import leaves, root, write
from tests.sealing.slow import deterministic
from tests.withholding.conftest import REDACTOR, write_key

HERE = Path(__file__).parent / "vector"
STAGES = ("before", "after")
BY = {"by": "dpo@example.org", "reason": "case 17"}


def made(folder: Path, patch: pytest.MonkeyPatch) -> Path:
    """Write both stages below `folder`; return it."""
    count: Iterator[int] = itertools.count()
    patch.setattr(ids, "salts", lambda many: [deterministic(1 + next(count))[-1] for _ in range(many)])
    patch.setattr(ids, "record_id", lambda: f"00000000-0000-4000-8000-{next(count):012}")
    patch.setattr(own, "origin", lambda path: "example.org/old")
    patch.setattr(times, "now", lambda: "2026-11-21T09:00:00.000000Z")
    key, dpo = write_key(folder / "seal.key", bytes(range(32))), write_key(folder / "dpo.key", REDACTOR)
    log = write(folder / "work" / "old.jsonl")
    Sealer(str(log), signer.load(str(key)), raw=True, growth=SaltedGrowth(str(log))).seal()
    for stage in STAGES:
        if stage == "after":
            redact(log, fields=["user.email"], key=str(dpo), **BY)  # type: ignore[call-overload]
            redact(log, whole=True, records=[1], key=str(dpo), **BY)  # type: ignore[call-overload]
        (folder / stage).mkdir()
        for file in log.parent.iterdir():
            if not file.name.endswith(".lock"):
                shutil.copy(file, folder / stage)
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {
        f"{each.parent.name}/{each.name}": each.read_bytes() for stage in STAGES for each in (folder / stage).iterdir()
    }


@pytest.fixture(params=STAGES)
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The log of one stage, in a folder of its own."""
    shutil.copytree(HERE / request.param, tmp_path / "log")
    return tmp_path / "log" / "old.jsonl"


def test_we_make_every_byte_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert files(made(tmp_path, monkeypatch)) == files(HERE)


def test_it_verifies(stage: Path, signers: Path) -> None:
    verdict = verify(stage, signers=signers)
    assert (verdict.exit_code, verdict.records, verdict.findings) == (0, 6, [])
    assert verdict.withheld_total == (4 if stage.with_name("old.jsonl.redactions").exists() else 0)


def test_leaves_and_root_are_those_before_and_those_of_the_slow_twin(stage: Path) -> None:
    note = notes.parse(stage.with_name("old.jsonl.checkpoint").read_text())
    assert root(stage) == note.root
    assert leaves(stage) == leaves(HERE / "before" / "old.jsonl")


def test_the_checker_of_the_page_agrees(stage: Path) -> None:
    """It needs Python and nothing of ours: docs/log-format.md."""
    page = (Path(__file__).parents[2] / "docs" / "log-format.md").read_text()
    code = page.split("```py\n")[-1].split("```")[0]
    words = [sys.executable, "-c", code, str(stage)]
    assert (
        subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip() == "the lines that were signed"
    )
    stage.write_bytes(stage.read_bytes().replace(b'"n":1.50', b'"n":1.5', 1).replace(b'"ts":3', b'"ts":4', 1))
    assert subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip() == "other lines"


def test_openssh_accepts_its_declarations(stage: Path, signers: Path, tmp_path: Path) -> None:
    import json

    tool = shutil.which("ssh-keygen")
    if tool is None:
        pytest.skip("no ssh-keygen here")
    beside = stage.with_name("old.jsonl.redactions")
    origin = stage.with_name("old.jsonl.checkpoint").read_text().split("\n")[0]
    said = [json.loads(row)["auditlog"] for row in beside.read_bytes().splitlines()] if beside.exists() else []
    assert len(said) == (2 if beside.exists() else 0)
    for each in said:
        (tmp_path / "sig").write_text(each["sshsig"])
        lines = [origin, each["reason"], *(f"{one['seq']} {one['commit']} {one['field']}" for one in each["targets"])]
        done = subprocess.run(
            [tool, "-Y", "verify", "-f", signers, "-I", each["by"], "-n", "auditlog-redaction", "-s", tmp_path / "sig"],
            input="".join(f"{line}\n" for line in lines), capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr


def test_every_changed_line_and_every_changed_salt_is_noticed(stage: Path) -> None:
    for file in (stage, stage.with_name("old.jsonl.salts")):
        raw = file.read_bytes()
        places = [match.start() for match in re.finditer(rb"[A-Za-z0-9]", raw)][:: 7 if file == stage else 29]
        for at in places:
            file.write_bytes(raw[:at] + (b"x" if raw[at : at + 1] != b"x" else b"y") + raw[at + 1 :])
            assert verify(stage).exit_code != 0, at
        file.write_bytes(raw)
    assert verify(stage).exit_code == 0


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as temporary, pytest.MonkeyPatch.context() as monkey:
        work = made(Path(temporary), monkey)
        shutil.rmtree(HERE, ignore_errors=True)
        for name in STAGES:
            shutil.copytree(work / name, HERE / name)
