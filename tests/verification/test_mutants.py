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
    ("pieces.py", 'if not all(text.endswith(b":") for text in texts[:-1]):', "if False:"),
    (
        "pieces.py",
        'if values and [*map(orjson.dumps, orjson.loads(b"[%b]" % b",".join(values)))] != values:',
        "if False:",
    ),
    (
        "pieces.py",
        '[*map(orjson.dumps, orjson.loads(b"[%b]" % b",".join(values)))] != values',
        'orjson.dumps(orjson.loads(b"[%b]" % b",".join(values))) != b"[%b]" % b",".join(values)',
    ),
    ("pieces.py", "orjson.dumps(content) != bare or", ""),
    ("pieces.py", "known = clean and", "known ="),
    ("pieces.py", "skeleton.isascii() and", ""),
    ("pieces.py", 'and b"\\\\" not in skeleton', ""),
    ("forms.py", 'token[0] if token[1] or token[0] in b"{}[]," else', 'token[0] if token[0] in b"{}[]," else'),
    ("forms.py", 'rb\'\\{"_redacted":".{64}"\\}\'', 'rb".++"'),
    ("forms.py", "-?(?:0|[1-9][0-9]{{0,15}}+)", "-?(?:[0-9]{{1,16}}+)"),
    ("forms.py", "[0-9]{{0,15}}+", "[0-9]*+"),
    ("marks.py", "if byte != 0x0A", "if byte < 0x0A"),
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
    ("anchored.py", "if root != head.root:", "if False:"),
    ("anchored.py", "if head.size > verdict.records:", "if False:"),
    ("pieces.py", 'or "auditlog" in content', ""),
    ("pieces.py", "self._link(raw, reserved(raw) - 1, clean)", "self._link(raw, raw.rfind(b',\"_salts\":['), clean)"),
    ("pieces.py", "or not WELL_FORMED.match(raw, cut)", ""),
    (
        "pieces.py",
        "follows = bool(self._leaves) and checked.seq == self._first[2] + len(self._leaves)",
        "follows = bool(self._leaves)",
    ),
    ("pieces.py", "if not follows or (checked.prev and checked.prev != self._leaves[-1].hex()):", "if not follows:"),
    ("pieces.py", "if own is not None or checked.holes or large:", "if own is not None or large:"),
    ("pieces.py", "usual=marks.are_usual(data)", "usual=True"),
    ("marks.py", "(b'\"_redacted\"', b'\"_leaf\"', _ELSEWHERE)", "(b'\"_leaf\"', _ELSEWHERE)"),
    ("marks.py", "(b'\"_redacted\"', b'\"_leaf\"', _ELSEWHERE)", "(b'\"_redacted\"', b'\"_leaf\"')"),
    ("marks.py", "(b'\"_redacted\"', b'\"_leaf\"', _ELSEWHERE)", "(b'\"_redacted\"', _ELSEWHERE)"),
    ("chain.py", "if run.seq == 0 or (stub is None and run.prev == ZEROS):", "if True:"),
    ("chain.py", 'return own.get("sha256") in self._bad[-1][2].sums and self._bad[-1][2].ended', "return True"),
    ("chain.py", "if first <= run.seq <= first + replaced:", "if True:"),
    ("chain.py", "while self._bad and not self._bad[-1][2].is_object:", "while self._bad:"),
    ("chain.py", "if stub is None or run.seq < stub.records:", "if stub is None:"),
    ("chain.py", "self._tree.begin(stub.tree)", "pass"),
    ("growth.py", "self._pending = bytes.fromhex(named)", "pass"),
    ("growth.py", "and not self._wanted_within(tree.size, tree.size + BLOCK)", ""),
    ("own.py", "if first and place.seq == 0:", "if first:"),
    ("own.py", "self.sums[segment] = (total, place)", "self.sums.setdefault(segment, (total, place))"),
    ("own.py", "self.redacted |= {(each, segment) for each in seqs if type(each) is int}", "pass"),
    ("own.py", "self._closed = self._close_at is not None and place.seq == self._close_at + 1", "self._closed = True"),
    ("declarations.py", "if any(seq >= said.limit for seq, _, _ in targets):", "if False:"),
    ("declarations.py", 'if any(char < " " or char == "\\x7f" for text in texts for char in text):', "if False:"),
    (
        "declarations.py",
        "self._manifest.get((seq, field)) == commit",
        "(seq, field) in self._manifest",
    ),
    ("declarations.py", 'if (seq, field) in self._holes or (seq, "") in self._holes or seq < first:', "if True:"),
    ("judging.py", "limit = chain.next if seq is None else seq", "limit = chain.next"),
    ("judging.py", "if holds is True:", "if holds is not False:"),
    ("whole.py", "if not chain.start and not story.genesis and not begun_broken:", "if False:"),
    ("whole.py", "if shared.origin != self._verdict.origin:", "if False:"),
    ("whole.py", "elif shared.size != size or shared.head != head:", "elif False:"),
    ("whole.py", "keys.shared(shared, trust) is False", "False"),
    ("whole.py", "if question.require_signed_tail and verdict.unsigned_tail > 0:", "if False:"),
    ("beside.py", "if found == expected or _is_explained(each, verdict):", "if found == expected:"),
    ("beside.py", "if found == expected or _is_explained(each, verdict):", "if True:"),
    ("beside.py", "(at, each.name) not in story.redacted", "True"),
    ("beside.py", 'ours = re.fullmatch(rf"{begin}\\.torn\\.[0-9]{{1,18}}\\.bin", name) is not None', "ours = True"),
    ("lines.py", 'if raw.endswith((b"\\r", b" ", b"\\t")) or not raw.startswith(b"{"):', "if False:"),
    (
        "lines.py",
        'if not isinstance(own, dict) or next(iter(own), None) != "type" or not isinstance(own["type"], str):',
        "if False:",
    ),
    ("../sealing/line.py", "if offset < at or offset + length > cut:", "if False:"),
    ("../sealing/line.py", "if offset < at or offset + length > cut:", "if offset + length > cut:"),
    ("../sealing/line.py", "or not _TRAILER.match(raw, cut)", ""),
    ("partial.py", "if leaf is not None and leaf.hex() != checked.leaf:", "if False:"),
    ("partial.py", "if each.checked.seq >= signed.size]", "if False]"),
    ("partial.py", "if question.trust is not None and not signed.found:", "if False:"),
    ("partial.py", "known = (1 << 62, found.next) if found.lost else (found.next, None)", "known = (found.next, None)"),
    ("partial.py", "any(seq in mine for seq, _, _ in", "any(False for _ in"),
    ("partial.py", "verdict.findings += found.findings", "pass"),
    ("leaves.py", "if not self._begun and named[0].hex() != self._head:", "if False:"),
    ("leaves.py", "if sealed.seq == expected:", "if True:"),
    ("leaves.py", "if self._tree.size in self._sizes:", "if False:"),
    ("../sealing/links.py", 'if b"".join(digits).translate(None, _HEX):', "if False:"),
    ("../sealing/links.py", "or raw[at - len(begin) : at] != begin", ""),
]


def test_each_mutant_names_code_that_is_there() -> None:
    gone = [
        (name, old) for name, old, _ in MUTANTS if old not in (SRC / "auditlog_cli/verification" / name).read_text()
    ]
    assert gone == [], "the verifier has changed: change the mutant, too"


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
    module.write_text(text.replace(old, new))
    files = [
        "test_cases.py",
        "test_battery.py",
        "test_lines.py",
        "test_forms.py",
        "test_beside.py",
        "test_forged.py",
        "test_partial.py",
        "../sealing",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-m", "not slow", "--rootdir", str(SRC.parent),
         *(str(Path(__file__).parent / file) for file in files)],
        cwd=SRC.parent, env={**os.environ, "PYTHONPATH": str(tmp_path / "src"), "AUDITLOG_DATA": str(shared)},
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout[-2000:]
