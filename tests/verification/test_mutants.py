"""Seeded mutants of the verifier: each must be told from the original by the cases or by the battery."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SRC = Path(__file__).parents[2] / "src"
MUTANTS = [
    ("lines.py", "if (start, end) not in values:", "if False:"),
    ("lines.py", "if any(start <= member.start < end for start, end in listed):", "if False:"),
    ("lines.py", 'if "_leaf" in content and not is_tombstone(raw):', "if False:"),
    ("lines.py", "if member.name not in RESERVED or", "if member.name != '_salts' or"),
    ("pieces.py", " if byte not in b'{[,:\\\\\"')", ")"),
    ("pieces.py", "loads(value)", "pass"),
    ("pieces.py", "dumps(content) == raw and", ""),
    ("pieces.py", "if not skeleton.endswith(self._expected):", "if False:"),
    ("chain.py", "if run.prev and self.head and run.prev != self.head:", "if False:"),
    ("chain.py", "if run.seq != self.next:", "if False:"),
    (
        "chain.py",
        "self._tree.settle(run.prev)\n            return\n        self._tree.settle(None)",
        "self._tree.settle(None)",
    ),
    ("chain.py", "self.head = stub.head", "self.head = run.prev"),
    ("judging.py", "if root == note.root:", "if True:"),
    ("judging.py", "if size > limit:", "if False:"),
    ("judging.py", "if story.origin and note.origin != story.origin:", "if False:"),
    ("../signing/checkpoints.py", 'if "broken" in results:', "if False:"),
    ("../signing/checkpoints.py", 'if "strange" in results and "holds" in results:', "if False:"),
    ("declarations.py", "if target.commit == commit:", "if True:"),
    ("declarations.py", "elif not held:", "elif False:"),
    ("own.py", "if seconds > 2 * self.heartbeat_s:", "if False:"),
    ("whole.py", "if not signed.found and not signed.unchecked:", "if False:"),
    ("whole.py", "if root != head.root:", "if False:"),
    ("whole.py", "if head.size > verdict.records:", "if False:"),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "old", "new"), MUTANTS, ids=[f"{Path(name).name}:{at}" for at, (name, _, _) in enumerate(MUTANTS)]
)
def test_each_mutant_dies(shared: Path, tmp_path: Path, name: str, old: str, new: str) -> None:
    """The tests of verify fail for a verifier in which one check was changed or taken out."""
    shutil.copytree(SRC, tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "schemas").symlink_to(SRC.parent / "schemas")
    module = tmp_path / "src/auditlog_cli/verification" / name
    text = module.read_text()
    assert text.count(old) >= 1, "the verifier has changed: change the mutant, too"
    module.write_text(text.replace(old, new))
    files = ["test_cases.py", "test_battery.py", "test_lines.py"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-m", "not slow", "--rootdir", str(SRC.parent),
         *(str(Path(__file__).parent / file) for file in files)],
        cwd=SRC.parent, env={**os.environ, "PYTHONPATH": str(tmp_path / "src"), "AUDITLOG_DATA": str(shared)},
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout[-2000:]
