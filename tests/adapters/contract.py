"""The failure contract that every adapter is held to (frameworks.md, 5), with the real framework and a scripted model.

    class TestContract(Contract):
        modes = ("sync", "async", "stream")

        def drive(self, log, mode, ran): ...

Each scenario is the same: one look-up, one nested agent, one tool behind an approval, one failing tool, a final answer.
"""

from __future__ import annotations

import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from auditlog_cli import AuditLog
from auditlog_cli.errors import AuditWriteError
from auditlog_cli.testing import Recording, recording

WHO: dict[str, Any] = {
    "user": "alice@example.com",
    "agent": "planner",
    "scopes": ["orders:read", "refunds:write"],
}
"""How a scenario opens its session: `with log.session(**WHO) as session: …`."""
QUESTION = "Refund order 42"
SECONDS = 60
"""No run takes that long: one that does hangs."""


class Ran(list[str]):
    """The tools whose bodies ran, in order; each body calls `ran(name)` first of all."""

    def __init__(self, audit: Recording) -> None:
        super().__init__()
        self._audit = audit
        self.after_failure: list[str] = []

    def __call__(self, name: str) -> None:
        if self._audit.refused:
            self.after_failure.append(name)
        self.append(name)


class Contract:
    """The tests. A test module of an adapter derives from it."""

    modes: tuple[str, ...] = ("sync",)
    own_files = 0
    """How large, in bytes, the files may grow that the framework itself writes while it runs."""

    def drive(self, log: AuditLog, mode: str, ran: Ran) -> None:
        """Open a session on `log` with `WHO`, let the scripted agents do their work in `mode`, leave the session."""
        raise NotImplementedError

    def test_a_clean_run_is_whole(self, tmp_path: Path) -> None:
        """Starts have ends with the same span, parents exist, each record has the user, and every body its intent."""
        for mode in self.modes:
            with recording(_folder(tmp_path, mode)) as audit:
                ran = Ran(audit)
                finished(lambda mode=mode, audit=audit, ran=ran: self.drive(audit.log, mode, ran))
                records = audit.records
            _is_whole(records)
            assert ran, "no tool ran: the scenario shows nothing"
            assert sorted(set(ran)) == sorted({tool for tool in _intents(records) if tool in ran})

    def test_nothing_runs_unrecorded(self, tmp_path: Path) -> None:
        """Whichever append fails: somebody hears of it, what ran has its intent, and nothing more runs after it."""
        for mode in self.modes:
            with recording(_folder(tmp_path, f"{mode}-clean")) as audit:
                ran = Ran(audit)
                finished(lambda mode=mode, audit=audit, ran=ran: self.drive(audit.log, mode, ran))
                whole = len(audit.records)
            for appends in range(whole):
                with recording(_folder(tmp_path, f"{mode}-{appends}")) as audit:
                    audit.fail_after(appends)
                    ran = Ran(audit)
                    where = f"{mode}, append {appends} of {whole} fails"
                    raised = finished(
                        lambda mode=mode, audit=audit, ran=ran: self.drive(audit.log, mode, ran), failing=True
                    )
                    assert is_ours(raised), f"{where}: nobody was told, {raised!r}"
                    records = audit.records
                    assert audit.refused, where
                assert len(records) == appends, where
                assert ran.after_failure == [], where
                for tool in set(ran):
                    assert ran.count(tool) <= _intents(records).count(tool), f"{where}: {tool} ran without its intent"

    def test_a_full_device_stops_the_agent(self, tmp_path: Path) -> None:
        """The system itself refuses to write: the same, without a stand-in."""
        for mode in self.modes:
            path = tmp_path / f"full-{mode}.jsonl"
            log = AuditLog(path, ballast_bytes=0)
            _fill(log, path, self.own_files)
            audit = _Real(log)
            ran = Ran(audit)  # type: ignore[arg-type]
            with _small_files(path.stat().st_size + 3000):
                raised = finished(lambda mode=mode, log=log, ran=ran: self.drive(log, mode, ran), failing=True)
            log.close()
            assert is_ours(raised), f"{mode}: nobody was told, {raised!r}"
            assert ran.after_failure == []


class _Real:
    """A real log in the place of a `Recording`: has it failed?"""

    def __init__(self, log: AuditLog) -> None:
        self._log = log

    @property
    def refused(self) -> int:
        return 0 if self._log.failed is None else 1


def _fill(log: AuditLog, path: Path, size: int) -> None:
    """Make the log at least that large: the system's limit is one for all files of a process."""
    while path.stat().st_size < size:
        with log.session(**WHO) as session:
            session.event("note", metadata={"filler": "x" * 4096})


def finished(run: Any, *, failing: bool = False) -> BaseException | None:
    """Run it in a thread of its own; return what it raised. It must end, and leave no thread behind."""
    raised: list[BaseException] = []

    def body() -> None:
        try:
            run()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=body, daemon=True)
    thread.start()
    thread.join(SECONDS)
    assert not thread.is_alive(), "the framework hangs"
    if raised and not failing:
        raise raised[0]
    return raised[0] if raised else None


def is_ours(error: BaseException | None) -> bool:
    """Tell whether an `AuditWriteError` stands anywhere in the chain or the group of an exception."""
    seen: set[int] = set()
    todo = [error]
    while todo:
        each = todo.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, AuditWriteError):
            return True
        todo += [each.__cause__, each.__context__]
        if isinstance(each, BaseExceptionGroup):
            todo += each.exceptions
    return False


def _folder(tmp_path: Path, name: str) -> Path:
    place = tmp_path / name
    place.mkdir()
    return place


def _intents(records: list[dict[str, Any]]) -> list[str]:
    actions = [record["action"] for record in records]
    return [each["tool"] for each in actions if each["type"] == "tool_invocation" and each.get("phase") == "start"]


def _is_whole(records: list[dict[str, Any]]) -> None:
    spans = {record["span_id"] for record in records}
    roots = [record["span_id"] for record in records if record.get("parent_span_id") not in spans]
    assert set(roots) == {records[0]["span_id"]}, "every record but the session's own has its parent in the log"
    assert {record["user"]["id"] for record in records} == {WHO["user"]}
    assert {record["session_id"] for record in records} == {records[0]["session_id"]}
    opened: dict[tuple[str, str], dict[str, Any]] = {}
    for record in records:
        action = record["action"]
        key = (action["type"], record["span_id"])
        if action.get("phase") == "start":
            assert key not in opened, f"{key} begins twice"
            opened[key] = action
        elif action.get("phase") == "end":
            start = opened.pop(key)
            assert start.get("tool") == action.get("tool")
            assert start.get("arguments") == action.get("arguments")
    waiting = [each for each in opened.values() if each["type"] != "tool_invocation"]
    assert not waiting, f"begun and never ended: {waiting}"


@contextmanager
def _small_files(size: int) -> Iterator[None]:
    """No file of this process may grow beyond `size` bytes: the system answers EFBIG."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
