"""Any sequence of appends, rotations, second writers, forks, crashes and damage: nothing acknowledged is lost,
nothing torn stays unsaid, and the log verifies (integrity.md, 10.1).
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from auditlog_cli.errors import AuditWriteError, TamperError
from auditlog_cli.writer.log import AuditLog
from auditlog_cli.writer.receipt import Receipt
from tests.writer.chain import files, walk


class Crash(BaseException):
    """The process is gone at this call."""


class History(RuleBasedStateMachine):
    """A log, up to three writers of it, and what they were told."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.path = self.folder / "audit.jsonl"
        self.writers: list[AuditLog] = []
        self.acknowledged: dict[int, Receipt] = {}
        self.count = 0
        self.holes = False
        self.damaged = False

    def teardown(self) -> None:
        for log in self.writers:
            try:
                log.close()
            except AuditWriteError:
                pass
        shutil.rmtree(self.folder)

    def writer(self, which: int) -> AuditLog:
        if not self.writers:
            self.open()
        return self.writers[which % len(self.writers)]

    def record(self) -> dict[str, Any]:
        self.count += 1
        return {"i": self.count, "user": {"id": f"u{self.count}"}}

    def keep(self, i: int, receipt: Receipt) -> None:
        self.acknowledged[i] = receipt
        self.damaged = False

    @rule()
    def open(self) -> None:
        """Another writer, up to three."""
        if len(self.writers) == 3:
            self.writers.pop(0).close()
        self.writers.append(AuditLog(self.path, fsync="none", max_bytes=4000, ballast_bytes=0))
        self.damaged = False

    @rule(which=st.integers(0, 2))
    def append(self, which: int) -> None:
        """One record by some writer."""
        self._append_kept(self.writer(which))

    @rule(which=st.integers(0, 2), size=st.integers(2, 6))
    def write_many(self, which: int, size: int) -> None:
        """A batch by some writer."""
        log = self.writer(which)
        batch = [self.record() for _ in range(size)]
        for record, receipt in zip(batch, log.write_many(batch), strict=True):
            self.keep(record["i"], receipt)

    @rule(which=st.integers(0, 2))
    def rotate(self, which: int) -> None:
        """A rotation on request."""
        self.writer(which).rotate()
        self.damaged = False

    @rule(which=st.integers(0, 2))
    def fork(self, which: int) -> None:
        """A child of this process appends with the writer it inherited."""
        log = self.writer(which)
        record = self.record()
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                receipt = log.append(record)
                os.write(write, f"{receipt.seq} {receipt.leaf}".encode())
                code = 0
            finally:
                os._exit(code)
        os.close(write)
        assert os.waitpid(pid, 0)[1] == 0
        seq, leaf = os.read(read, 200).decode().split()
        os.close(read)
        self.keep(record["i"], Receipt("written", int(seq), leaf, "", ""))

    @precondition(lambda self: self.path.exists() and not self.damaged)
    @rule(junk=st.binary(min_size=1, max_size=40) | st.just(b"\x00" * 5000), complete=st.booleans())
    def die_in_a_write(self, junk: bytes, complete: bool) -> None:
        """Some other process dies in the middle of a line; junk that holds lines of somebody stays junk."""
        with self.path.open("ab") as file:
            file.write(b"{" + junk + (b"\n" if complete else b""))
        self.damaged = True

    @precondition(lambda self: self.path.exists() and not self.damaged)
    @rule(which=st.integers(0, 2))
    def lose_the_newline(self, which: int) -> None:
        """All writers are gone, and the last LF, too: the record itself must survive."""
        self.close_all()
        os.truncate(self.path, self.path.stat().st_size - 1)
        self.damaged = True

    @precondition(lambda self: self.path.exists() and not self.damaged)
    @rule(cut=st.integers(2, 60))
    def lose_the_end(self, cut: int) -> None:
        """All writers are gone, and the end of the last line: what was acknowledged there is lost, nothing else."""
        self.close_all()
        data = self.path.read_bytes()
        start = data.rindex(b"\n", 0, -1) + 1 if b"\n" in data[:-1] else 0
        os.truncate(self.path, max(start, len(data) - cut))
        last = max((r.seq for r in self.acknowledged.values() if r.seq is not None), default=-1)
        size = len(walk_lines(self.path))
        self.acknowledged = {i: r for i, r in self.acknowledged.items() if not (r.seq == last and r.seq >= size)}
        self.damaged = True

    @precondition(lambda self: bool(self.writers))
    @rule(which=st.integers(0, 2), after=st.integers(0, 6))
    def crash_while_rotating(self, which: int, after: int) -> None:
        """A writer dies after so many calls of a rotation; the others go on."""
        log = self.writer(which)
        calls = [0]

        def counted(real: Any) -> Any:
            def call(*args: Any, **more: Any) -> Any:
                calls[0] += 1
                if calls[0] > after:
                    raise Crash
                return real(*args, **more)

            return call

        with pytest.MonkeyPatch.context() as patch:
            for name in ("rename", "open", "write", "fsync"):
                patch.setattr(os, name, counted(getattr(os, name)))
            try:
                log.rotate()
            except Crash:
                pass
        self.writers.remove(log)
        log._pen._lock.close()
        log._pen.closed = True
        self.damaged = True  # until somebody appends, the active segment may be missing or empty

    @precondition(lambda self: bool(self.writers) and not self.damaged and self.path.exists())
    @rule(which=st.integers(0, 2), how=st.sampled_from(["unlink", "truncate", "empty"]))
    def tamper(self, which: int, how: str) -> None:
        """Somebody's hand on the active segment, under live writers: each of them says so once, then goes on."""
        log = self.writer(which)
        self._append_kept(log)
        for other in self.writers:
            if other is not log:
                other.close()
        self.writers = [log]
        if how == "unlink":
            self.path.unlink()
        else:
            os.truncate(self.path, 0 if how == "empty" else self.path.stat().st_size // 2)
        with pytest.raises(TamperError):
            log.append(self.record())
        self._append_kept(log)
        present = {seal.seq: seal.leaf for seal in walk(self.path, gaps=True).seals}
        self.acknowledged = {i: r for i, r in self.acknowledged.items() if present.get(r.seq or -1) == r.leaf}
        self.holes = True

    def _append_kept(self, log: AuditLog) -> None:
        record = self.record()
        self.keep(record["i"], log.append(record))

    @rule()
    def close_all(self) -> None:
        """Every writer closes."""
        while self.writers:
            self.writers.pop().close()

    @invariant()
    def nothing_acknowledged_is_missing(self) -> None:
        """After every step: the log verifies, or its end is torn and the next writer mends it."""
        if self.damaged or not files(self.path):
            return
        found = walk(self.path, gaps=self.holes)
        for i, receipt in self.acknowledged.items():
            assert found.has(receipt), f"record {i} is gone"
        numbers = [record["i"] for record in found.callers]
        assert len(numbers) == len(set(numbers)), "a record is there twice"


def walk_lines(path: Path) -> list[bytes]:
    """All whole lines of the log."""
    return [line for file in files(path) for line in file.read_bytes().split(b"\n")[:-1]]


History.TestCase.settings = settings(stateful_step_count=25)
TestHistory = History.TestCase
