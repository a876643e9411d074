"""The same work over many parts, on several cores, its results in the order of the parts.

Processes, not threads: what takes the time is Python. They are forked, so the work may be any function
that this process has; only results travel (pickled, through pipes). Nobody works more than a few parts
ahead of what has been taken, so that memory stays bounded.
"""

from __future__ import annotations

import os

from auditlog_cli.errors import AuditlogError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, NoReturn, TypeVar

    Result = TypeVar("Result")
    Other = TypeVar("Other")

_GONE = "a worker process was killed before its work was done"
_AGAIN = "perhaps memory ran out; try again when the machine does less"
_AHEAD = 2  # parts a worker may be ahead


def cores() -> int:
    """Return how many processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        return os.cpu_count() or 1


def in_order(work: Callable[[int], Result], parts: int, processes: int = 1, *, plain: bool = False) -> Iterator[Result]:
    """Yield `work(0)`, `work(1)`, … `work(parts - 1)`.

    Args:
        work: Called once for each part, in whatever process.
        parts: How many parts there are.
        processes: How many may work at a time. With one, the work is done here, and nothing is forked.
        plain:
            Whether the results are numbers, texts, bytes, tuples, lists or dicts only. They then travel
            through marshal, whose import costs nothing: pickle's is felt on the start path.

    Raises:
        AuditlogError: If a worker was killed.
        Exception: Whatever `work` raised, at the place of its part.
    """
    processes = min(processes, parts)
    if processes <= 1:
        for part in range(parts):
            yield work(part)
        return
    workers: list[_Worker] = []
    try:
        for _ in range(processes):
            others = [other.fd for other in workers] + [other.orders for other in workers]
            workers.append(_Worker(work, others, plain))
        yield from _collect(workers, parts)
    finally:
        for worker in workers:
            worker.end()


def beside(work: Callable[[int], Result], meanwhile: Callable[[], Other]) -> tuple[Result, Other]:
    """Return what `work(0)`, in a process of its own, and `meanwhile()`, in this one, come to.

    Raises:
        AuditlogError: If the other process was killed.
        Exception: Whatever either of them raised.
    """
    worker = _Worker(work, [], False)
    try:
        worker.order(0)
        mine = meanwhile()
        answer = None
        while answer is None:
            answer = worker.take()
        _, success, theirs = answer
        if not success:
            assert isinstance(theirs, BaseException)
            raise theirs
        return theirs, mine  # type: ignore[return-value]
    finally:
        worker.end()


class _Worker:
    """A forked process that is told a part and answers with its result."""

    def __init__(self, work: Callable[[int], object], others: list[int], plain: bool) -> None:
        self._plain = plain
        orders, self.orders = os.pipe()
        self.fd, answers = os.pipe()
        self.busy = False
        self._held = bytearray()
        self.pid = os.fork()
        if self.pid == 0:
            for fd in (*others, self.orders, self.fd):
                os.close(fd)
            _serve(work, orders, answers, plain)
        os.close(orders)
        os.close(answers)

    def order(self, part: int) -> None:
        """Have a part worked on.

        Raises:
            AuditlogError: If the worker is gone.
        """
        self.busy = True
        try:
            os.write(self.orders, part.to_bytes(8))
        except BrokenPipeError:
            raise AuditlogError(_GONE, help=_AGAIN) from None

    def take(self) -> tuple[int, bool, object] | None:
        """Return part, success and result once they have all arrived.

        Raises:
            AuditlogError: If the worker is gone.
        """
        data = os.read(self.fd, 1 << 20)
        if not data:
            raise AuditlogError(_GONE, help=_AGAIN)
        self._held += data
        if len(self._held) < 8 or len(self._held) < 8 + int.from_bytes(self._held[:8]):
            return None
        answer: tuple[int, bool, object] = _codec(self._plain).loads(
            memoryview(self._held)[8:]
        )  # our own child wrote it
        self._held = bytearray()
        self.busy = False
        return answer

    def end(self) -> None:
        """Stop the process, whatever it is doing."""
        import signal

        os.close(self.orders)
        os.close(self.fd)
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        os.waitpid(self.pid, 0)


def _codec(plain: bool) -> Any:
    if plain:
        import marshal

        return marshal
    import pickle

    return pickle


def _serve(work: Callable[[int], object], orders: int, answers: int, plain: bool) -> NoReturn:
    """What the forked process does, until nobody orders any more. It never returns into its parent's code."""
    import signal

    code = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle: it ends us
        while order := os.read(orders, 8):
            part = int.from_bytes(order)
            try:
                answer = _codec(plain).dumps((part, True, work(part)))
            except Exception as error:
                if plain:
                    raise  # an exception does not travel through marshal: the parent sees that we are gone
                answer = _codec(plain).dumps((part, False, error))
            view = memoryview(len(answer).to_bytes(8) + answer)
            while view:
                view = view[os.write(answers, view) :]
        code = 0
    finally:
        os._exit(code)


def _collect(workers: list[_Worker], parts: int) -> Iterator[Any]:
    import select

    done: dict[int, tuple[bool, object]] = {}
    ordered = taken = 0
    by_fd = {worker.fd: worker for worker in workers}
    while taken < parts:
        for worker in workers:
            if not worker.busy and ordered < parts and ordered < taken + _AHEAD * len(workers):
                worker.order(ordered)
                ordered += 1
        ready, _, _ = select.select([worker.fd for worker in workers if worker.busy], [], [])
        for fd in ready:
            answer = by_fd[fd].take()
            if answer is not None:
                done[answer[0]] = answer[1:]
        while taken in done:
            success, result = done.pop(taken)
            if not success:
                assert isinstance(result, BaseException)
                raise result
            taken += 1
            yield result
