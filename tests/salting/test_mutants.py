"""Seeded mutants of what seals, verifies and redacts logs of others: each must be told from the original."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MUTANTS = [
    ("sealing/salted.py", "if start < at or start + length > size:", "if start + length > size:"),
    ("sealing/salted.py", "if len(fields) < len(listed):", "if False:"),
    ("sealing/salted.py", "if _HOLE.search(raw):", "if False:"),
    ("sealing/salted.py", "found.tombstone and found.seq == number", "found.tombstone"),
    ("sealing/salted.py", "if spans or not raw.startswith", "if not raw.startswith"),
    ("sealing/salted.py", "bool(value) and _RESERVED.isdisjoint(value)", "bool(value)"),
    ("verification/raw.py", "elif lines.roots[note.size] != note.root:", "elif False:"),
    ("verification/raw.py", "if note.size > verdict.records:", "if False:"),
    ("verification/salted.py", "elif reader.salts < min(note.size, lines.many):", "elif False:"),
    ("verification/salted.py", "elif reader.salts > lines.many and", "elif False and"),
    ("verification/salted.py", 'elif kind != "erase-subject":', "elif False:"),
    ("verification/declarations.py", "self._declared.append(_Said(own, limit, timestamp, place))", "pass"),
    ("salting/growing.py", "if next(salts, None) is not None:", "if False:"),
    ("salting/growing.py", "same and log.st_size >= self._spot.line and", "self.tree.size > 0 and"),
    ("salting/growing.py", "if self.tree.size != before.size or self.tree.root() != before.root():", "if False:"),
    ("salting/settling.py", "if which:\n            os.rename", "if not which:\n            os.rename"),
    ("salting/settling.py", "            if behind:", "            if False:"),
    ("withholding/salted_carrying.py", "    _carry_over(files, path, before.st_size)\n", ""),
    ("withholding/salted_carrying.py", "before.st_dev, before.st_ino, before.st_size, before.st_mtime_ns,", "now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns,"),
    ("withholding/salted_carrying.py", "    salts.keep()\n    step(\"new salts\")\n    log.keep()\n", "    log.keep()\n    step(\"new salts\")\n    salts.keep()\n"),
    ("withholding/salted_carrying.py", "if files.holds != plan.statements:", "if False:"),
    ("withholding/salted_holding.py", "if _behind(hold) >= number", "if _behind(hold) > number + 99"),
    ("withholding/salted_holding.py", "if number > len(rows) or not isinstance(own, dict)", "if not isinstance(own, dict)"),
    ("withholding/salted_holding.py", "_nameless(raw, said) if", "raw if"),
    ("withholding/passes.py", "line.content or None)", "line.content)"),
    ("withholding/lines.py", "value.offset + shift", "value.offset"),
    ("withholding/replacing.py", "and (value.field, line.commit(value)) in declared", ""),
    ("writer/growth.py", "return not unseal(first_lines(path)[0]).tombstone", "return unseal(first_lines(path)[0]) is not None"),
]  # fmt: skip


def test_each_mutant_names_code_that_is_there() -> None:
    gone = [(name, old) for name, old, _ in MUTANTS if old not in (ROOT / "src/auditlog_cli" / name).read_text()]
    assert gone == [], "the code has changed: change the mutant, too"


@pytest.mark.slow
@pytest.mark.parametrize(("name", "old", "new"), MUTANTS, ids=[f"{each[0]}:{at}" for at, each in enumerate(MUTANTS)])
def test_each_mutant_dies(shared: Path, tmp_path: Path, name: str, old: str, new: str) -> None:
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "schemas").symlink_to(ROOT / "schemas")
    module = tmp_path / "src" / "auditlog_cli" / name
    text = module.read_text()
    module.write_text(text.replace(old, new))
    tests = [ROOT / "tests" / "sealing" / "test_salted.py", *sorted(Path(__file__).parent.glob("test_[hrsv]*.py"))]
    tests += [ROOT / "tests" / "withholding" / each for each in ("test_any_value.py", "test_crash.py")]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-m", "not slow", "--rootdir", ROOT, *tests],
        capture_output=True, text=True, check=False, cwd=ROOT, timeout=600,
        env={**os.environ, "PYTHONPATH": f"{tmp_path / 'src'}{os.pathsep}{ROOT}", "AUDITLOG_DATA": str(shared)},
    )  # fmt: skip
    assert done.returncode == 1, done.stdout[-2000:] + done.stderr[-2000:]
