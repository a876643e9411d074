"""Records on their way to the screen or a file: the format chosen, and when it is flushed."""

from __future__ import annotations

from auditlog_cli import registry
from auditlog_cli.cli import show
from auditlog_cli.sinks import ClosedPipe, FileOutput

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

    from auditlog_cli.record import BadLine, Record


class Printer:
    """Prints records in one format.

    Args:
        wanted: The format's name; None: `text` for a terminal, `raw` for a pipe or a file.
        color: `auto`, `always` or `never`.
        path: A file that appears whole at the end, or None for standard output.
        eager: Write each record at once (`--follow`).
    """

    def __init__(self, wanted: str | None, color: str, path: str | None, *, eager: bool = False) -> None:
        to_file = path not in (None, "-")
        terminal = not to_file and show.is_terminal(1)
        self.format = wanted or ("text" if terminal else "raw")
        self._shape = registry.load("renderers/records", self.format)
        self._style = show.style(color, path)
        self._out = show.output(path)
        self._out.eager = self._out.eager or eager
        self._first = True

    def __enter__(self) -> Printer:
        self._out.write(self._shape.START)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._out.write(self._shape.END)
        if not isinstance(self._out, FileOutput):
            if kind is not ClosedPipe:
                self._out.flush()  # also what was found before an error
        elif kind is None:
            self._out.commit()
        else:
            self._out.discard()

    def item(self, found: Record | BadLine) -> None:
        """Print one record, or a bad line where the format shows those."""
        data = self._shape.item(found, self._style, first=self._first)
        if data:
            self._first = False
            self._out.write(data)
