"""Whatever happens to a log in whatever order, it verifies, and nothing is gone that nobody took (integrity.md, 10.1)."""

from __future__ import annotations

import os
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditlog_cli import frames, pipeline, segments, times, verify
from auditlog_cli.record import Record
from auditlog_cli.retention import compressing, holding, pruning
from auditlog_cli.withholding.api import redact
from auditlog_cli.withholding.holding import read
from auditlog_cli.writer.log import AuditLog
from tests.retention.conftest import record

MONTHS = st.integers(1, 3)  # few, so that what is held, withheld and pruned meet
STEPS = st.one_of(
    st.tuples(st.just("append"), MONTHS),
    st.tuples(st.just("rotate"), st.just(0)),
    st.tuples(st.just("compress"), st.sampled_from(["", "written", "renamed"])),
    st.tuples(st.just("hold"), MONTHS),
    st.tuples(st.just("hold person"), MONTHS),
    st.tuples(st.just("release"), st.integers(0, 2)),
    st.tuples(st.just("prune"), st.integers(2, 6)),
    st.tuples(st.just("redact"), MONTHS),
    st.tuples(st.just("erase"), MONTHS),
)


class Stopped(Exception):
    """A compression that was cut short."""


class Model:
    """What ought to be in the log.

    Attributes:
        records: Record id → its month and whether its e-mail address may be gone.
        holds: Name → month, in force.
        numbers: Record id → number of the record, when it was last looked at.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.log = AuditLog(path, origin="test/log", fsync="none", ballast_bytes=0)
        self.records: dict[str, list[Any]] = {}
        self.holds: dict[str, int] = {}
        self.number = 0
        self.numbers: dict[str, int] = {}

    def do(self, what: str, value: Any) -> None:
        getattr(self, what.replace(" ", "_"))(value)

    def append(self, month: int) -> None:
        receipt = self.log.append(record(month))
        self.records[receipt.record_id] = [month, False]

    def rotate(self, _: int) -> None:
        self.log.rotate()

    def compress(self, where: str) -> None:
        def step(name: str) -> None:
            if name == where:
                raise Stopped

        try:
            compressing.carry_out(compressing.plan(str(self.path)), step=step)
        except Stopped:
            pass

    def hold(self, month: int) -> None:
        what = holding.covers(session=[f"s-{month}"])
        self.holds[holding.add(str(self.path), what, "counsel", "case", None)] = month

    def hold_person(self, month: int) -> None:
        what = holding.covers(subject=[f"u-{month}"])
        self.holds[holding.add(str(self.path), what, "counsel", "case", None)] = month

    def release(self, number: int) -> None:
        if number < len(self.holds):
            name = list(self.holds)[number]
            holding.release(str(self.path), name, "counsel", "closed", None)
            del self.holds[name]

    def prune(self, month: int) -> None:
        before = times.moment("2027-01-01" if month > 4 else f"2026-{month:02d}-01")  # the former: holds, too
        assert before is not None
        plan = pruning.plan(str(self.path), before)
        pruning.carry_out(plan, "schedule")
        cut = plan.goes[-1].first + plan.goes[-1].records if plan.goes else 0
        for name, seq in self.numbers.items():
            if seq < cut:
                assert self.records.pop(name)[0] not in self.holds.values(), "held, and pruned"

    def redact(self, month: int) -> None:
        redact(self.path, fields=["user.email"], session=[f"s-{month}"], by="dpo", reason="x", unsigned=True)
        self.gone(month)

    def erase(self, month: int) -> None:
        self.number += 1
        redact(
            self.path, subject=[f"p{month}@example.org"], by="dpo", reason="x", unsigned=True, request=str(self.number)
        )
        self.gone(month)

    def gone(self, month: int) -> None:
        if month not in self.holds.values():
            for each in self.records.values():
                each[1] = each[1] or each[0] == month

    def look(self) -> None:
        """Hold the log against what ought to be in it."""
        verdict = verify(self.path)
        assert not verdict.findings, [each.message for each in verdict.findings]
        found = [each for each in pipeline.read([str(self.path)]) if isinstance(each, Record) and not each.is_own]
        content = {str(each.content["record_id"]): each.content for each in found}
        assert len(found) == len(content), "a record is there twice"
        assert set(content) == set(self.records), "a record is gone, or back"
        self.numbers = {name: int(str(each["seq"])) for name, each in content.items()}
        for name, (month, may_be_gone) in self.records.items():
            email = content[name]["user"]["email"]  # type: ignore[index,call-overload]
            if may_be_gone:
                assert isinstance(email, dict), "declared, and still readable"
            else:
                assert email == f"p{month}@example.org", "gone, and nobody took it"
        taken = {month for month, _ in self.records.values()} - {
            month for month, may_be_gone in self.records.values() if not may_be_gone
        }
        left = b"".join(everything(self.path.parent))
        assert not [month for month in taken if b"p%d@" % month in left], "withheld, and still on the disk"
        assert {each.id for each in read(str(self.path)).active} == set(self.holds)


def everything(folder: Path) -> Iterator[bytes]:
    """What somebody could still read in a folder, unpacked."""
    for file in sorted(folder.iterdir()):
        fd = os.open(file, os.O_RDONLY)
        yield from frames.blocks(str(file), fd)
        os.close(fd)


@settings(max_examples=60)
@given(steps=st.lists(STEPS, min_size=4, max_size=24))
@pytest.mark.slow
def test_any_history(tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, Any]]) -> None:
    model = Model(tmp_path_factory.mktemp("history") / "audit.jsonl")
    for month in (1, 2, 3):
        model.append(month)
        model.append(1)
        model.append(month)
        model.rotate(0)
    try:
        model.look()
        for what, value in steps:
            model.do(what, value)
            model.look()
        root = verify(model.path)
        compressing.carry_out(compressing.plan(str(model.path)))
        after = verify(model.path, known=f"{root.records}:{root.root}")
        assert (after.findings, after.root) == ([], root.root)
        assert len(b64decode(after.root)) == 32
        names = [name for _, name in segments.closed(str(model.path))]
        assert all(name.endswith(".zst") for name in names)
        assert not list(model.path.parent.glob("*.tmp"))
    finally:
        model.log.close()
