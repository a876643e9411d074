"""The whole life of a log: written by several, signed, withheld from, pruned, struck by power cuts. After every step
`verify` says what a simple model foretells, and any hand laid on a copy is noticed (integrity.md, 8, 10.1).
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from auditlog_cli import Verdict, redact, verify
from auditlog_cli.errors import AuditWriteError
from auditlog_cli.retention import pruning
from auditlog_cli.sealing.line import unseal
from auditlog_cli.signing import signer
from auditlog_cli.writer.checkpoints import Sealer
from auditlog_cli.writer.log import AuditLog
from tests.property.manipulating import HANDS, copied
from tests.withholding.conftest import REDACTOR, STRANGER, write_key
from tests.writer.chain import files

pytest.importorskip("cryptography")
ORIGIN = "example.org/auditlog/life"
DPO = "dpo@example.org"
PERSONS = ["u-1", "u-2", "u-3"]
SEEDS = st.integers(0, 1 << 32)
"""What is drawn does not depend on the log: a thread signs in it, so no two lives are quite the same."""


class Life(RuleBasedStateMachine):
    """A log, its writers and signers, and what must be true of it.

    Attributes:
        acknowledged: seq → leaf, of what a writer was told and no power cut took.
        persons: seq → who stands in that record.
        withheld: (seq, field) of what was withheld; field "" is the whole record.
        pruned: How many records went.
        signed: How many records a checkpoint covers.
        durable: File and size up to which a power cut takes nothing.
    """

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp())
        self.path = self.home / "log" / "audit.jsonl"
        self.path.parent.mkdir()
        self.key = write_key(self.home / "log.key", STRANGER)
        self.dpo = write_key(self.home / "dpo.key", REDACTOR)
        self.signers = self.home / "signers"
        log, dpo = (Path(f"{each}.pub").read_text().rsplit(" ", 1)[0] for each in (self.key, self.dpo))
        self.signers.write_text(
            f'{ORIGIN} namespaces="auditlog-checkpoint" {log}\n{DPO} namespaces="auditlog-redaction" {dpo}\n'
        )
        self.sealer: Sealer | None = None
        self.writers: list[AuditLog] = []
        self.acknowledged: dict[int, str] = {}
        self.persons: dict[int, str] = {}
        self.withheld: set[tuple[int, str]] = set()
        self.pruned = 0
        self.signed = 0
        self.durable: tuple[int, int] = (0, 0)
        self.torn = False
        self.verdict: Verdict | None = None
        self.cases = 0

    @initialize(automatic=st.booleans())
    def begin(self, automatic: bool) -> None:
        """The first writer; it signs by itself, or it does not."""
        self.open(automatic)

    def teardown(self) -> None:
        self.restart(False)
        shutil.rmtree(self.home)

    # --- writing

    @rule(automatic=st.booleans())
    def open(self, automatic: bool) -> None:
        """A second writer, with a handle of its own; up to three."""
        if len(self.writers) == 3:
            self.close(self.writers.pop(0))
        key = {"key": self.key, "checkpoint_records": 7} if automatic else {}
        self.writers.append(
            AuditLog(self.path, fsync="none", max_bytes=6000, ballast_bytes=0, origin=ORIGIN, **key)  # type: ignore[arg-type]
        )
        self.torn = False

    def close(self, log: AuditLog) -> None:
        """Close a writer; what it signs at its end is on the disk."""
        log.close()
        if log._signs:
            self.mark()

    def writer(self, which: int) -> AuditLog:
        if not self.writers:
            self.open(False)
        return self.writers[which % len(self.writers)]

    def record(self, person: str) -> dict[str, Any]:
        return {
            "user": {"id": person, "email": f"{person}@example.org"},
            "action": {"type": "tool_invocation", "tool": "x", "arguments": {"to": [person, 1]}},
        }

    def keep(self, seq: int | None, leaf: str, person: str) -> None:
        assert seq is not None
        self.acknowledged[seq], self.persons[seq] = leaf, person

    @rule(which=st.integers(0, 2), persons=st.lists(st.sampled_from(PERSONS), min_size=1, max_size=4))
    def append(self, which: int, persons: list[str]) -> None:
        """One record, or several at once."""
        log = self.writer(which)
        if len(persons) == 1:
            receipts = [log.append(self.record(persons[0]))]
        else:
            receipts = log.write_many([self.record(person) for person in persons])
        for person, receipt in zip(persons, receipts, strict=True):
            self.keep(receipt.seq, receipt.leaf, person)
        self.torn = False

    @rule(person=st.sampled_from(PERSONS))
    def other_process(self, person: str) -> None:
        """Another process opens the log, appends, and is gone without a word."""
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                log = AuditLog(self.path, fsync="none", ballast_bytes=0, origin=ORIGIN)
                receipt = log.append(self.record(person))
                os.write(write, f"{receipt.seq} {receipt.leaf}".encode())
                code = 0
            finally:
                os._exit(code)
        os.close(write)
        assert os.waitpid(pid, 0)[1] == 0
        seq, leaf = os.read(read, 200).decode().split()
        os.close(read)
        self.keep(int(seq), leaf, person)
        self.torn = False

    @rule(which=st.integers(0, 2))
    def rotate(self, which: int) -> None:
        """A segment is closed."""
        self.writer(which).rotate()
        self.torn = False

    @rule(begin=st.booleans())
    def restart(self, begin: bool) -> None:
        """All writers close; perhaps one opens again."""
        while self.writers:
            try:
                self.close(self.writers.pop())
            except AuditWriteError:
                pass
        self.torn = self.torn and not begin
        if begin:
            self.open(False)

    # --- signing

    @rule(which=st.integers(0, 2))
    def checkpoint(self, which: int) -> None:
        """`auditlog seal`: with a given key, recorded in the log."""
        log = self.writer(which)
        log.durable()
        self.torn = False
        done = Sealer(str(self.path), signer.load(str(self.key))).seal(log.durable, log.append_own)
        self.signed = max(self.signed, done.size)
        self.mark()

    @rule()
    def watch(self) -> None:
        """A step of `seal --watch` by somebody who may not write to the log."""
        if self.torn or not self.path.exists():
            return
        if self.sealer is None:
            self.sealer = Sealer(str(self.path), signer.load(str(self.key)))
        if self.sealer.behind() > 0:
            self.signed = max(self.signed, self.sealer.seal().size)
            self.mark()

    def mark(self) -> None:
        """All that is there now is on the disk."""
        if self.path.exists():
            found = self.path.stat()
            self.durable = (found.st_ino, found.st_size)

    # --- withholding, pruning

    def redact(self, **choice: Any) -> None:
        self.cases += 1
        done = redact(self.path, **choice, key=self.dpo, by=DPO, reason=f"case {self.cases}")
        if done.values or "subject" in choice:  # else nothing was written, and what was torn stays torn
            self.torn = False
            self.mark()

    @rule(field=st.sampled_from(["user.id", "user.email", "action.arguments"]), person=st.sampled_from(PERSONS))
    def withhold_fields(self, field: str, person: str) -> None:
        """One field of all records of a person, as far as that can still be read."""
        if not any(seq >= self.pruned for seq in self.acknowledged):
            return
        pointer = {"action.arguments": "/action/arguments/to"}.get(field, "/" + field.replace(".", "/"))
        meant = [seq for seq in self.present(person) if (seq, "/user/id") not in self.withheld]
        self.redact(fields=[field], user=[person])
        self.withheld |= {(seq, pointer) for seq in meant}

    @rule(person=st.sampled_from(PERSONS))
    def withhold_person(self, person: str) -> None:
        """Everything that holds an identifier of somebody."""
        if not any(seq >= self.pruned for seq in self.acknowledged):
            return
        meant = self.present(person)
        self.redact(subject=[person], request=f"case-{self.cases}")
        self.withheld |= {
            (seq, field) for seq in meant for field in ("/user/id", "/user/email", "/action/arguments/to")
        }

    @rule(seed=SEEDS)
    def bury(self, seed: int) -> None:
        """A whole record."""
        there = sorted(seq for seq in self.acknowledged if seq >= self.pruned)
        if not there:
            return
        seq = Random(seed).choice(there)
        self.redact(records=[str(seq)], whole=True)
        self.withheld.add((seq, ""))

    def present(self, person: str) -> list[int]:
        return [
            seq
            for seq, who in self.persons.items()
            if who == person and seq in self.acknowledged and seq >= self.pruned and (seq, "") not in self.withheld
        ]

    @rule(many=st.integers(1, 2))
    def prune(self, many: int) -> None:
        """The oldest segments go."""
        if self.torn or len(files(self.path)) < 2:
            return
        plan = pruning.plan(str(self.path), 1 << 62)
        plan = plan._replace(goes=plan.goes[:many])
        if not plan.goes:
            return
        pruning.carry_out(plan, "old")
        self.pruned = plan.goes[-1].first + plan.goes[-1].records
        self.mark()

    # --- what nobody wants

    @rule(seed=SEEDS)
    def power_loss(self, seed: int) -> None:
        """All processes are gone, and of what the disk did not confirm any part, at any byte."""
        if self.torn or not self.path.exists():
            return
        for log in self.writers:
            if log._signs:
                self.close(log)  # its thread cannot be killed
        for log in self.writers:
            if not log._signs:
                log._pen._lock.close()
                log._pen.closed = True
        self.writers = []
        inode, size = self.durable
        now = self.path.stat()
        kept = size if now.st_ino == inode else 0
        end = Random(seed).randint(min(kept, now.st_size), now.st_size)
        os.truncate(self.path, end)
        lines = self.path.read_bytes()
        self.torn = not lines.endswith(b"\n") and bool(lines)
        there = self.leaves()
        self.acknowledged = {seq: leaf for seq, leaf in self.acknowledged.items() if seq < self.pruned or seq in there}
        self.persons = {seq: who for seq, who in self.persons.items() if seq in self.acknowledged}

    @rule(kind=st.sampled_from(sorted(HANDS)), seed=SEEDS)
    def somebodys_hand(self, kind: str, seed: int) -> None:
        """A copy of the log is changed: whoever has the keys and knows the head is told."""
        if self.verdict is None or self.verdict.exit_code != 0 or self.signed <= self.pruned:
            return
        copy = copied(self.path, self.home / "copy")
        if not HANDS[kind].does(copy, Random(seed)) or _same(copy, self.path):
            return
        verdict = verify(copy, signers=self.signers, known=f"{self.verdict.records}:{self.verdict.root}")
        found = {problem.code for problem in verdict.findings}
        if verdict.exit_code == 3:  # nothing is left that could be looked at
            assert found <= {"missing", "empty", "unsealed", "unreadable"}
            return
        assert verdict.exit_code == 1, (kind, found)
        assert found & HANDS[kind].named, (kind, found)

    @rule(person=st.sampled_from(PERSONS))
    def older_copy_put_back(self, person: str) -> None:
        """A closed segment from before a redaction in the place of the one from after it."""
        if self.verdict is None or self.verdict.exit_code != 0:
            return
        closed = [file for file in files(self.path) if file != self.path]
        before = {file: file.read_bytes() for file in closed}
        self.withhold_person(person)
        for file in closed:
            if file.exists() and file.read_bytes() != before[file]:
                copy = copied(self.path, self.home / "copy")
                (copy.parent / file.name).write_bytes(before[file])
                verdict = verify(copy, signers=self.signers)
                assert [problem.code for problem in verdict.findings if problem.code != "no-checkpoint"] == ["segment-sum"]  # fmt: skip
                assert "declared-readable" in {problem.code for problem in verdict.warnings}

    # --- what must be true

    def leaves(self) -> dict[int, str]:
        """seq → leaf of every whole line that is there."""
        found = {}
        for file in files(self.path):
            for raw in file.read_bytes().split(b"\n")[:-1]:
                seal = unseal(raw)
                found[seal.seq] = seal.leaf
        return found

    @invariant()
    def verify_says_what_is_so(self) -> None:
        """The verdict is the one that the model foretells, and nothing acknowledged is missing."""
        if not files(self.path) or not any(file.stat().st_size for file in files(self.path)):
            return
        there = self.leaves()
        for seq, leaf in self.acknowledged.items():
            assert seq < self.pruned or there.get(seq) == leaf, f"record {seq} is gone"
        verdict = self.verdict = verify(self.path, signers=self.signers)
        if not there:
            assert verdict.exit_code == 3
            return
        codes = {problem.code for problem in verdict.findings}
        expected = {"torn-tail"} if self.torn else set()
        assert codes - {"no-checkpoint"} == expected
        assert ("no-checkpoint" in codes) <= (self.signed == 0)
        assert {problem.code for problem in verdict.warnings} <= {"pruned"}
        assert max(there) < verdict.records <= max(self.leaves()) + 1  # a thread may have signed meanwhile
        assert verdict.first == self.pruned
        assert verdict.signed >= (self.signed if self.signed > self.pruned else 0)
        buried = {seq for seq, field in self.withheld if not field}
        meant = {
            (seq, field) for seq, field in self.withheld if seq >= self.pruned and (not field or seq not in buried)
        }
        # A torn end that holds an identifier goes, too.
        assert {(each.seq, each.field) for each in verdict.withheld if each.field != "/auditlog/torn"} == meant
        assert all(each.signed for each in verdict.withheld)


def _same(copy: Path, path: Path) -> bool:
    """Whether the change left every byte as it was: equal lines swapped, say."""
    names = [file.name for file in files(path)] + [f"{path.name}.checkpoint"]
    return all(
        (copy.parent / name).exists() == (path.parent / name).exists()
        and (
            not (path.parent / name).exists() or (copy.parent / name).read_bytes() == (path.parent / name).read_bytes()
        )
        for name in names
    )


class _LongLife(Life):
    pass


Life.TestCase.settings = settings(max_examples=15, stateful_step_count=15)
_LongLife.TestCase.settings = settings(max_examples=300, stateful_step_count=30)
TestLife = Life.TestCase
TestLongLife = pytest.mark.slow(_LongLife.TestCase)
