"""The same work on several cores."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest

from auditlog_cli import parallel
from auditlog_cli.errors import AuditlogError, InputError


@pytest.fixture(autouse=True)
def no_process_stays() -> Iterator[None]:
    """Whatever happens, no worker outlives the call, and no descriptor stays open."""
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    yield
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
    if before:
        assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("processes", [1, 2, 3, 8])
@pytest.mark.parametrize("parts", [0, 1, 2, 17])
def test_results_come_in_the_order_of_the_parts(processes: int, parts: int) -> None:
    def work(part: int) -> tuple[int, str]:
        time.sleep(0.002 * (part % 3))
        return part, "x" * part * 1000

    assert list(parallel.in_order(work, parts, processes)) == [(part, "x" * part * 1000) for part in range(parts)]


def test_several_processes_take_part() -> None:
    def work(part: int) -> int:
        time.sleep(0.02)
        return os.getpid()

    pids = set(parallel.in_order(work, 8, 2))
    assert len(pids) == 2
    assert os.getpid() not in pids


def test_a_large_result_arrives_whole() -> None:
    assert [len(each) for each in parallel.in_order(lambda part: bytes(5_000_000 + part), 3, 2)] == [
        5_000_000, 5_000_001, 5_000_002,
    ]  # fmt: skip


@pytest.mark.parametrize("processes", [1, 3])
def test_what_the_work_raises_is_raised_at_its_place(processes: int) -> None:
    def work(part: int) -> int:
        if part == 3:
            raise InputError("audit.jsonl: cannot be read", help="look at it")
        return part

    taken: list[int] = []
    with pytest.raises(InputError, match="cannot be read") as raised:
        taken.extend(parallel.in_order(work, 9, processes))
    assert taken == [0, 1, 2]
    assert raised.value.help == "look at it"


def test_a_killed_worker_is_an_error_not_a_result() -> None:
    def work(part: int) -> int:
        if part == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return part

    with pytest.raises(AuditlogError, match="killed"):
        list(parallel.in_order(work, 6, 2))


def test_nobody_works_far_ahead_of_what_is_taken() -> None:
    """Memory stays bounded where the results are taken slowly."""
    shared = os.memfd_create("done")

    def work(part: int) -> int:
        os.pwrite(shared, b"x", part)
        return part

    results = parallel.in_order(work, 1000, 2)
    next(results)
    time.sleep(0.3)
    assert os.fstat(shared).st_size <= 8
    results.close()  # type: ignore[attr-defined]
    os.close(shared)


def test_the_number_of_cores_is_that_of_this_process() -> None:
    assert parallel.cores() >= 1
