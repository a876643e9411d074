"""How far a long command is, on standard error, for somebody who looks; gone before anything else is said."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rich.progress import Progress

_LARGE = 1 << 27  # bytes from which it takes long enough to wonder


class Bar:
    """A bar of bytes done.

    Args:
        enabled: Whether somebody looks.
    """

    def __init__(self, *, enabled: bool) -> None:
        self._enabled = enabled
        self._bar: Progress | None = None

    def update(self, done: int, total: int) -> None:
        """Show that `done` of `total` bytes are done."""
        if not self._enabled or total < _LARGE:
            return
        if self._bar is None:
            self._bar = _bar()
            self._bar.add_task("reading", total=total)
        self._bar.start()
        self._bar.update(self._bar.task_ids[0], completed=done)
        self._bar.refresh()

    def hide(self) -> None:
        """Take the bar off the screen, until the next update."""
        if self._bar is not None:
            self._bar.stop()


def _bar() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    # No refreshing thread: this process forks.
    return Progress(
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn(),
        console=Console(stderr=True), transient=True, auto_refresh=False, redirect_stdout=False, redirect_stderr=False,
    )  # fmt: skip
