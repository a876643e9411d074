"""The front door: from the words of a command line to a call, without Typer where that can be done.

Typer is the definition of the interface, but importing it takes longer than most of our answers. So the
tables in `_table.py` are generated from it (`make docs`), and the front door reads those. It only takes a
line it understands to the last word; for any other it steps aside, and Typer parses the same words and
says what is wrong. A property test proves that both parse alike (tests/cli/test_front.py).
"""

from __future__ import annotations

import gc
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_OBJECTS = 10_000
_INTERRUPTED = 130
_TIDYING_S = 5.0  # less than what service managers wait before they kill


def run() -> None:
    """Entry point of the script `auditlog`."""
    # Modules stay, and records are trees: to look for circles every 700 objects is a twentieth of a short answer.
    gc.set_threshold(_OBJECTS, *gc.get_threshold()[1:])
    _open_what_is_closed()
    sys.meta_path.insert(0, _BeforeOrjson)
    ended = _ended_by_sigterm()
    code = main(sys.argv[1:])
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        pass
    if code == _INTERRUPTED and ended:
        os.kill(os.getpid(), ended[0])
    if "threading" in sys.modules or "atexit" in sys.modules:
        sys.exit(code)
    # Nothing is left to be done at exit, and taking the interpreter down in order would add a fifth to
    # the time of a short answer (bench/startup.py).
    os._exit(code)


def _ended_by_sigterm() -> list[int]:
    """Let SIGTERM end a command as Ctrl-C does, so that no half file stays behind; return a list that it will be in.

    Whoever sent it still sees that it did: the process dies of it in the end, at once of a second one, and after a
    while in any case: Python forgets an exception that arises in a callback, as of an import.
    """
    import _signal as signal  # type: ignore[import-not-found]  # without the enums

    process = os.getpid()
    ended: list[int] = []

    def end(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        if os.getpid() != process:  # those that share the work have nothing to tidy up
            os.kill(os.getpid(), number)
        ended.append(number)
        signal.signal(signal.SIGALRM, lambda *_: os.kill(process, number))
        signal.setitimer(signal.ITIMER_REAL, _TIDYING_S)
        raise KeyboardInterrupt

    if signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
        signal.signal(signal.SIGTERM, end)
    return ended


class _BeforeOrjson:
    """What orjson imports while it comes to be is there before: Ctrl-C in between ended the process by SIGSEGV.

    orjson does not ask whether an import succeeded. With these at hand it runs no Python that could be interrupted.
    """

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:
        """Find nothing, but see what is looked for."""
        if name == "orjson":
            for each in ("dataclasses", "datetime", "enum", "json", "uuid", "zoneinfo"):
                __import__(each)


def _open_what_is_closed() -> None:
    """Standard streams that the caller has closed (`>&-`) get a place that can be read or written as little as before.

    Otherwise the next file that is opened, a log, would be taken for one of them.
    """
    for fd, mode in enumerate((os.O_WRONLY, os.O_RDONLY, os.O_WRONLY)):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, mode)
            name = ("stdin", "stdout", "stderr")[fd]
            setattr(sys, name, os.fdopen(fd, "r" if fd == 0 else "w", closefd=False))


def main(argv: list[str]) -> int:
    """Run the command line `argv` and return its exit code (errors.py)."""
    code = _main(argv)
    # Claude Code lets the tool run after any other exit code (frameworks.md, 7.4).
    return 2 if code and argv[:2] == ["hook", "claude-code"] else code


def _main(argv: list[str]) -> int:
    debug = "--debug" in argv[:1]
    words = argv[1:] if debug else argv
    try:
        return _dispatch(words)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except Exception as error:
        from auditlog_cli.cli import failure

        return failure.report(error, debug=debug)


def _dispatch(words: list[str]) -> int:
    if "_AUDITLOG_COMPLETE" in os.environ:
        from auditlog_cli.cli import app

        return app.run(words)
    if words in (["--version"], ["-V"]):
        from auditlog_cli._version import __version__

        sys.stdout.write(f"auditlog {__version__}\n")
        return 0
    if not words or words[0] in ("--help", "-h", "help"):
        from auditlog_cli.cli import help as pages

        return pages.show(words[1:3] if words[:1] == ["help"] else [])
    understood = parse(words)
    if understood is None:
        from auditlog_cli.cli import _table

        if len(words) == 1 and words[0] in _table.GROUPS:
            words = [*words, "--help"]
        if "--help" in words or "-h" in words:
            from auditlog_cli.cli import help as pages

            return pages.show(words[:2])
        from auditlog_cli.cli import app

        return app.run(words)
    name, values = understood
    return call(name, function(name), values)


def call(command: str, function: Callable[..., int], values: dict[str, object]) -> int:
    """Carry out a command, unless it would write over a log that it reads."""
    if values.get("output") or values.get("annotate"):
        from auditlog_cli.cli import sparing

        sparing.look(command, values)
    return function(**values)


def function(command: str) -> Callable[..., int]:
    """Return the function that carries out `command`: `tail`, or `packs list` of a group."""
    path = command.replace("-", "_").replace(" ", ".")
    name = path.rpartition(".")[2]
    module = __import__(f"auditlog_cli.cli.commands.{path}", fromlist=(name,))
    return getattr(module, f"{name}_" if hasattr(module, f"{name}_") else name)  # type: ignore[no-any-return]


def parse(words: list[str]) -> tuple[str, dict[str, object]] | None:
    """Return the command and the values of its parameters, or None if only Typer can tell.

    Parameters that were not given are left out: their defaults are those of the function.
    """
    from auditlog_cli.cli import _table

    words = counted(words)
    command = " ".join(words[:2]) if words[0] in _table.GROUPS else words[0]
    table = _table.COMMANDS.get(command)
    if table is None:
        return None
    options, positional = table
    values: dict[str, object] = {}
    operands: list[str] = []
    rest = iter(words[1 + command.count(" ") :])
    for word in rest:
        if word == "--":
            operands.extend(rest)
            break
        if word == "-" or not word.startswith("-"):
            operands.append(word)
            continue
        name, equals, text = word.partition("=") if word.startswith("--") else (word[:2], "", word[2:])
        entry = options.get(name)
        if entry is None:
            return None
        parameter, kind, constant = entry
        if kind == "flag":
            if equals or text:
                return None  # a bundle such as -vn5 is for Typer
            values[parameter] = constant
            continue
        if not equals and not text:
            following = next(rest, None)
            if following is None:
                return None
            text = following
        elif not word.startswith("--") and text.startswith("="):
            return None
        value = _convert(text, kind.rstrip("!"), constant)
        if value is None:
            return None
        if kind.startswith("list"):
            values.setdefault(parameter, []).append(value)  # type: ignore[attr-defined]
        else:
            values[parameter] = value
    for parameter, kind, _ in options.values():
        if kind.endswith("!") and parameter not in values:
            return None  # an option that must be given: Typer says so
    return (command, values) if _place(operands, positional, values) else None


def counted(words: list[str]) -> list[str]:
    """Return a command line with `-20` in the place of an option of `tail` as `-n 20`, and `-20f` as `-n 20 -f`.

    So tail(1) has it. What stands behind an option that takes a value is that value, and stays.
    """
    if words[:1] != ["tail"]:
        return words
    from auditlog_cli.cli import _table

    options = _table.COMMANDS["tail"][0]
    out = ["tail"]
    rest = iter(words[1:])
    for word in rest:
        number = word[1:].removesuffix("f")
        if word == "--":
            return [*out, word, *rest]
        if word.startswith("-") and number.isdigit() and number.isascii():
            out += ["-n", number, *(["-f"] if word.endswith("f") else [])]
            continue
        out.append(word)
        entry = options.get(word)
        if entry is not None and entry[1] != "flag":
            out += [following for following in [next(rest, None)] if following is not None]
    return out


def _convert(text: str, kind: str, allowed: object) -> object:
    """The value that `text` stands for, or None where it is none of that kind.

    `allowed`: of a choice its words, of a number the least and the largest, where there are bounds.
    """
    if kind.endswith("int"):
        digits = text.removeprefix("-")
        if not (digits.isdigit() and digits.isascii() and len(digits) < 19):
            return None
        number = int(text)
        least: float | None
        most: float | None
        least, most = allowed or (None, None)  # type: ignore[misc]
        return None if (least is not None and number < least) or (most is not None and number > most) else number
    if kind.endswith("choice"):
        return text if text in allowed else None  # type: ignore[operator]
    return text


def _place(operands: list[str], positional: tuple[tuple[str, bool, bool], ...], values: dict[str, object]) -> bool:
    """Give the operands to the positional parameters: (name, many, required) each."""
    left = list(operands)
    for name, many, required in positional:
        if many:
            if left:
                values[name] = left
            elif required:
                return False
            left = []
        elif left:
            values[name] = left.pop(0)
        elif required:
            return False
    return not left
