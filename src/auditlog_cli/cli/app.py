"""The Typer application: the definition of the command line, built from `commands/`.

Used where the front door steps aside (wrong usage, bundled flags, completion) and to generate its tables.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from functools import partial, wraps
from typing import Any, get_type_hints

import typer

from auditlog_cli import registry
from auditlog_cli.cli import failure, front, options
from auditlog_cli.errors import EXIT_INTERRUPTED, EXIT_OK, EXIT_USAGE

_CLOSE = 0.75  # how similar an option must be to be offered, from 0 to 1 (difflib)
_NO_NUMBER = "Input should be a valid integer, unable to parse string as an integer"


def build() -> typer.Typer:
    """Return the application with every command of `commands/`."""
    app = typer.Typer(
        name="auditlog",
        help="Audit logs for AI agents: tail, filter, trace and validate them, offline.",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @app.callback()
    def top(
        version: bool = typer.Option(False, "--version", "-V", help="Print the version."),
        debug: bool = typer.Option(False, "--debug", help="Show the traceback of an error; goes first."),
    ) -> None:
        del debug
        if version:
            front.main(["--version"])
            raise typer.Exit

    _add(app, registry.names("cli/commands"), "")
    for group in registry.groups("cli/commands"):
        doc = registry.load("cli/commands", group).__doc__ or ""
        inner = typer.Typer(help=doc.partition("\n")[0], no_args_is_help=True, rich_markup_mode=None)
        _add(inner, registry.names(f"cli/commands/{group}"), f"{group} ")
        app.add_typer(inner, name=group)
    return app


def _add(app: typer.Typer, names: tuple[str, ...], group: str) -> None:
    for name in names:
        function = front.function(group + name)
        # The annotations are text, for the front door must not load Typer; here they are resolved.
        function.__annotations__ = get_type_hints(function, {"o": options}, include_extras=True)
        command = (group + name).replace("_", "-")
        app.command(command.rpartition(" ")[2])(wraps(function)(partial(_call, command, function)))


def _call(command: str, function: Callable[..., int], **values: object) -> int:
    return front.call(command, function, values)


def _known(words: list[str]) -> list[str]:
    """The first words that name a command or a group of them."""
    first = [word.replace("-", "_") for word in words[:2]]
    if first and first[0] in registry.groups("cli/commands"):
        return words[: 1 + (first[1:] != [] and first[1] in registry.names(f"cli/commands/{first[0]}"))]
    return words[:1] if first and first[0] in registry.names("cli/commands") else []


def _plain(message: str, error: Exception) -> str:
    """What Typer says, without the words of the library behind it; of similar options only one that is close."""
    offered = getattr(error, "possibilities", None)
    if offered is not None:
        name = str(getattr(error, "option_name", ""))
        close = difflib.get_close_matches(name, offered, 1, _CLOSE)
        return f"No such option: {name}" + (f" (did you mean {close[0]}?)" if close else "")
    return " ".join(message.split()).replace("Value error, ", "").replace(_NO_NUMBER, "a whole number is needed")


def run(words: list[str]) -> int:
    """Parse `words` with Typer and run the command; return the exit code."""
    command = typer.main.get_command(build())
    try:
        result: Any = command.main(args=front.counted(words), prog_name="auditlog", standalone_mode=False)
    except typer.Exit as error:
        return error.exit_code
    except SystemExit as error:  # completion ends this way
        return error.code if isinstance(error.code, int) else EXIT_OK
    except typer.Abort:
        return EXIT_INTERRUPTED
    except Exception as error:
        # Typer ships its own click, older versions use the real one: told by what they can do.
        message = getattr(error, "format_message", None)
        if message is None:
            raise
        failure.say("usage", _plain(message(), error), " ".join(["auditlog", *_known(words), "--help"]))
        return EXIT_USAGE
    return result if isinstance(result, int) else EXIT_OK
