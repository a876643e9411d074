"""The pieces of a log put together, in order: numbers, links, tree (integrity.md, 4.2). No I/O.

One cause, one finding: after a break it goes on from the next line's own `seq` and `prev`.
"""

from __future__ import annotations

from auditlog_cli.sealing.hashes import ZEROS
from auditlog_cli.sealing.stubs import Stub
from auditlog_cli.verdict import Problem
from auditlog_cli.verification.badlines import Bad
from auditlog_cli.verification.growth import Growth
from auditlog_cli.verification.pieces import Event, Run

MOST = 1000
"""Findings of one kind that are listed: memory does not grow with the damage."""


class Chain:
    """Takes runs and bad lines in their order.

    Args:
        stub: What stands for a pruned prefix, or None.
        wanted: Sizes at which the root will be asked for.

    Attributes:
        findings: What was wrong, in order.
        fragments: Bad lines that a `recovered` record accounts for.
        next: The number that comes next: how many records there are.
        head: The leaf before it, hex; empty if it is not known.
        start: The first number.
        roots: Size → root.
        crooked: The first size from which the tree cannot be compared, for lines are missing or too many; or None.
        named: Numbers of records whose leaf was taken from their successor, for they (or this link) were changed.
        sealed: Whether anything in the log looks like a sealed line.
        lines: Well-formed ones.
    """

    def __init__(self, stub: Stub | None, wanted: set[int]) -> None:
        self.findings: list[Problem] = []
        self.fragments: list[Problem] = []
        self.next = 0
        self.start = 0
        self.head = ZEROS
        self.crooked: int | None = None
        self.named: list[int] = []
        self.sealed = False
        self.lines = 0
        self._stub = stub
        self._tree = Growth(wanted)
        self.roots = self._tree.roots
        self._bad: list[tuple[str, int, Bad]] = []
        self._begun = False
        self._excused: set[int] = set()  # numbers that come again because of a break that was reported
        self._break: Problem | None = None
        self._last_flaw: tuple[Problem, int] | None = None
        self._before_bad = 0
        self._many: dict[str, int] = {}
        self._latest: dict[str, Problem] = {}

    # --- what comes

    def bad(self, path: str, base: int, bad: Bad) -> None:
        """Take bad lines; `base` is the number of lines before the piece in its file."""
        if bad.seals:
            self.sealed = True
        self._bad.append((path, base, bad))

    def run(self, path: str, base: int, run: Run, checkpoints: set[int]) -> None:
        """Take a run; `checkpoints` are sizes that its records name."""
        self.sealed = True
        self.lines += len(run.leaves) // 32
        if not self._begun:
            self._begin(path, base, run)
        before = self._settle_bad(run)
        self._link(path, base, run, before)
        for size in checkpoints:
            self._tree.want(size)
        self._tree.extend(run)
        self.next = run.seq + len(run.leaves) // 32
        self.head = run.leaves[-32:].hex()

    def end(self) -> None:
        """Say that nothing follows."""
        torn: tuple[str, int, Bad] | None = None
        while self._bad and not self._bad[-1][2].is_object:
            torn = self._bad.pop()
        for path, base, bad in self._bad:
            self._flawed(path, base, bad)
            self._tree.unknown(bad.many)
        self._bad = []
        if torn is not None:
            self._torn(*torn)
        self._tree.settle(None)

    def _found(self, problem: Problem) -> None:
        """Note a finding; of very many of a kind the later ones are counted only."""
        self._many[problem.code] = self._many.get(problem.code, 0) + 1
        if self._many[problem.code] <= MOST:
            self.findings.append(problem)
            self._latest[problem.code] = problem
        else:
            self._latest[problem.code].again += 1

    # --- where it begins

    def _begin(self, path: str, base: int, run: Run) -> None:
        self._begun = True
        stub = self._stub
        if self._bad and not (stub and run.seq >= stub.records):
            return  # something stands before it: the numbers will tell
        if run.seq == 0 or (stub is None and run.prev == ZEROS):
            return
        if stub is None or run.seq < stub.records:
            self._found(
                Problem(
                    "prefix", f"the records before {run.seq} are missing, and nothing declares that they were pruned",
                    seq=0, path=path, line=base + run.number, byte=run.offset, expected="record 0",
                    found=f"record {run.seq}",
                )
            )  # fmt: skip
            self.crooked = 0
            self.next = self.start = run.seq
            self.start = 0
            self.head = run.prev
            return
        self.start = self.next = stub.records
        self.head = stub.head
        self._tree.begin(stub.tree)

    # --- bad lines

    def _settle_bad(self, run: Run) -> int:
        """Judge the bad lines before a run; return how many records they can have stood for."""
        if not self._bad:
            return 0
        first = run.events[0] if run.events and run.events[0].place == 0 else None
        if first is not None and self._is_left(first):
            path, base, bad = self._bad.pop()
            self.fragments.append(
                Problem(
                    "fragment", "what a crash left behind stands there; the next record accounts for it",
                    seq=run.seq, path=path, line=base + bad.number, byte=bad.offset,
                )
            )  # fmt: skip
            if not self._bad:
                return 0
        replaced = 0
        self._before_bad, size_before = self.next, self._tree.size
        for path, base, bad in self._bad:
            self._flawed(path, base, bad)
            self._tree.unknown(bad.many)
            replaced += bad.replaced
        if run.seq != self._before_bad + 1 or self.next != self._before_bad + 1:
            self._crook(size_before)
        self._bad = []
        return replaced

    def _is_left(self, event: Event) -> bool:
        own = event.own
        if own is None or own.get("type") != "recovered" or own.get("kind") != "left":
            return False
        return own.get("sha256") in self._bad[-1][2].sums and self._bad[-1][2].ended

    def _flawed(self, path: str, base: int, bad: Bad) -> None:
        if self._last_flaw is not None:
            problem, end = self._last_flaw
            if problem.detail == bad.detail and end == self.next and problem.path == path:
                problem.again += bad.many
                self.next += bad.many
                self._last_flaw = (problem, self.next)
                return
        problem = Problem(
            "line", f"record {self.next} is no well-formed record: {bad.reason}", seq=self.next, detail=bad.detail,
            path=path, line=base + bad.number, byte=bad.offset + bad.at,
        )  # fmt: skip
        problem.again = bad.many - 1
        self._found(problem)
        self.next += bad.many
        self._last_flaw = (problem, self.next)

    def _torn(self, path: str, base: int, bad: Bad) -> None:
        self._found(
            Problem(
                "torn-tail", "the log ends in bytes that are no record: an append that did not come to its end",
                seq=self.next, path=path, line=base + bad.number, byte=bad.offset,
            )
        )  # fmt: skip

    # --- links

    def _link(self, path: str, base: int, run: Run, replaced: int) -> None:
        """Compare a run's number and `prev` with what came before."""
        where = {"path": path, "line": base + run.number, "byte": run.offset}
        if replaced:
            # `next` stands behind the bad lines; they may stand for fewer records (a line too many), or for more.
            first = self._before_bad
            if first <= run.seq <= first + replaced:
                self._tree.settle(run.prev)
            else:
                self._broken(run, first, where)
                self._tree.settle(None)
            return
        if run.seq != self.next:
            if run.seq in self._excused and self._break is not None:
                self._break.again += 1
                self._excused |= {run.seq + len(run.leaves) // 32}
            else:
                self._broken(run, self.next, where)
            self._tree.settle(None)
            return
        if self._break is not None and run.seq not in self._excused:
            self._break, self._excused = None, set()
        if run.prev and self.head and run.prev != self.head:
            self._found(
                Problem(
                    "chain",
                    f"record {run.seq} does not continue record {run.seq - 1}: that one, or this link, was changed"
                    if run.seq
                    else "record 0 names a record before it",
                    seq=run.seq, expected=self.head, found=run.prev, **where,  # type: ignore[arg-type]
                )
            )  # fmt: skip
            if self._tree.holds_one:
                self.named.append(run.seq - 1)
            self._tree.settle(run.prev)
            return
        self._tree.settle(None)

    def _broken(self, run: Run, expected: int, where: dict[str, object]) -> None:
        count = len(run.leaves) // 32
        self._break = Problem(
            "seq", f"record {run.seq} stands where record {expected} is expected: {_how(run.seq, expected)}",
            seq=expected, expected=str(expected), found=str(run.seq), **where,  # type: ignore[arg-type]
        )  # fmt: skip
        self._found(self._break)
        self._excused = {expected, expected + 1, run.seq + count}
        self._crook(self._tree.size)

    def _crook(self, size: int) -> None:
        if self.crooked is None:
            self.crooked = size

    @property
    def unresolved(self) -> set[int]:
        """Sizes below the end whose root has to be found in a second pass."""
        return {size for size in self._tree.unresolved if self.start < size <= self.size} - self.roots.keys()

    @property
    def size(self) -> int:
        """How many leaves the tree has."""
        return self._tree.settled

    @property
    def root(self) -> bytes:
        """The root over all of them."""
        return self._tree.root()


def _how(found: int, expected: int) -> str:
    if found > expected:
        many = found - expected
        return f"{many:,} {'record is' if many == 1 else 'records are'} missing, or the order was changed"
    return "a record stands there twice or was inserted, or the order was changed"
