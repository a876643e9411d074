"""Writes what can drift from what it is made of: `python -m auditlog_cli.cli.generate [--check]`.

    cli/_table.py          what the front door parses with, from the Typer definition
    cli/_help.py           what `--help` prints, likewise
    packs/compiled.json    the shipped packs, from their YAML
    packs/ids.txt          every id that a shipped rule ever had
    docs/rules/PACK.md     the page of each pack, an anchor a rule

`make docs` and `make packs` run it; a test and `make check` run it with `--check`, which writes nothing
and exits 1 if a file is out of date.
"""

from __future__ import annotations

import inspect
import pprint
import sys
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

from typer.models import ArgumentInfo, OptionInfo

from auditlog_cli import registry
from auditlog_cli.cli import front, options
from auditlog_cli.rules import compiled, loading
from auditlog_cli.rules import pages as rule_pages

_HERE = Path(__file__).parent
_RULES = _HERE.parents[2] / "docs" / "rules"
_HEAD = '"""Generated from the Typer definition by `make docs` (cli/generate.py). Do not edit."""\n\n'
_TABLE = "COMMANDS: dict[str, tuple[dict[str, tuple[str, str, object]], tuple[tuple[str, bool, bool], ...]]] = "
_TABLE_GROUPS = "GROUPS: tuple[str, ...] = "
_GROUPS = "GROUPS: dict[str, tuple[str, str]] = "
_PAGES = "PAGES: dict[str, tuple[str, str, str, tuple[tuple[str, tuple[tuple[str, str], ...]], ...], str]] = "


class Parameter(NamedTuple):
    """One parameter of a command, as its signature says."""

    name: str
    info: OptionInfo | ArgumentInfo
    kind: str  # flag, text, int, choice; with "list " in front if it may be repeated
    choices: tuple[str, ...] | None
    default: object  # what the signature says; `inspect.Parameter.empty` if it must be given

    @property
    def required(self) -> bool:
        """Whether there is no default."""
        return self.default is inspect.Parameter.empty

    @property
    def spelled(self) -> list[str]:
        """Every way to write the option, `--yes/--no` taken apart."""
        # In an annotation the first word lands where the default of the old style was.
        words = [self.info.default, *(self.info.param_decls or ())]
        return [name for word in words if isinstance(word, str) for name in word.split("/")]

    @property
    def bounds(self) -> tuple[float | None, float | None] | None:
        """The least and the largest number, where there are such."""
        limits = (self.info.min, self.info.max)
        return None if limits == (None, None) else limits

    @property
    def negative(self) -> set[str]:
        """The spellings that mean no: what stands behind the `/` of `--sync/--no-sync`; not a `--no-policy` alone."""
        words = [self.info.default, *(self.info.param_decls or ())]
        return {word.partition("/")[2] for word in words if isinstance(word, str)}


def files() -> dict[Path, str]:
    """Return the text of every generated file."""
    groups = registry.groups("cli/commands")
    commands = {name.replace("_", "-"): parameters(name) for name in registry.names("cli/commands")}
    for group in groups:
        names = [f"{group} {name}" for name in registry.names(f"cli/commands/{group}")]
        commands |= {name.replace("_", "-"): parameters(name) for name in names}
    table = {name: _parse_table(each) for name, each in commands.items()}
    pages = {name: _page(name, each) for name, each in commands.items()}
    introductions = {group: _introduction(group) for group in groups}
    return {
        _HERE / "_table.py": f"{_HEAD}{_TABLE_GROUPS}{_literal(groups)}\n\n{_TABLE}{_literal(table)}\n",
        _HERE / "_help.py": f"{_HEAD}{_GROUPS}{_literal(introductions)}\n\n{_PAGES}{_literal(pages)}\n",
        Path(compiled.FILE): compiled.compiled(),
        Path(compiled.RELEASED): compiled.ids(),
        **{_RULES / f"{name}.md": rule_pages.pack(loading.load_shipped(name)) for name in loading.NAMES},
    }


def _introduction(group: str) -> tuple[str, str]:
    """Summary and body of the docstring of a group."""
    summary, _, body = inspect.cleandoc(registry.load("cli/commands", group).__doc__ or "").partition("\n")
    return summary, body.strip("\n")


def _literal(value: object) -> str:
    return pprint.pformat(value, width=110, sort_dicts=False)


def parameters(command: str) -> list[Parameter]:
    """Return the parameters of a command in the order of its signature."""
    function = front.function(command)
    hints = get_type_hints(function, {"o": options}, include_extras=True)
    return [
        _parameter(name, hints[name], each.default) for name, each in inspect.signature(function).parameters.items()
    ]


def _parameter(name: str, hint: Any, default: object) -> Parameter:
    assert get_origin(hint) is Annotated, f"{name}: annotate it with a name of options.py"
    base, info = get_args(hint)
    inner = [each for each in get_args(base) if each is not NoneType]
    many = ""
    if len(inner) == 1 and NoneType in get_args(base):
        base, inner = inner[0], list(get_args(inner[0]))
    if get_origin(base) is list:
        many, base = "list ", inner[0]
    if get_origin(base) is Literal:
        return Parameter(name, info, f"{many}choice", get_args(base), default)
    return Parameter(name, info, many + {bool: "flag", int: "int", str: "text"}[base], None, default)


def _parse_table(
    given: list[Parameter],
) -> tuple[dict[str, tuple[str, str, object]], tuple[tuple[str, bool, bool], ...]]:
    named: dict[str, tuple[str, str, object]] = {}
    positional = []
    for each in given:
        if isinstance(each.info, ArgumentInfo):
            positional.append((each.name, each.kind.startswith("list"), each.required))
            continue
        for name in each.spelled:
            constant: object = each.choices or each.bounds
            if each.kind == "flag":
                constant = name not in each.negative
            named[name] = (each.name, each.kind + ("!" if each.required else ""), constant)
    return named, tuple(positional)


def _page(
    name: str, given: list[Parameter]
) -> tuple[str, str, str, tuple[tuple[str, tuple[tuple[str, str], ...]], ...], str]:
    """Summary, usage, body, panels of (option, help), examples."""
    doc = inspect.cleandoc(front.function(name).__doc__ or "")
    text, _, examples = doc.partition("\nExamples:\n")
    summary, _, body = text.strip().partition("\n")
    operands: list[str] = []
    panels: dict[str, list[tuple[str, str]]] = {"Arguments": []}
    for each in given:
        if isinstance(each.info, ArgumentInfo):
            operands.append(each.info.metavar or each.name.upper())
            panels["Arguments"].append((operands[-1], each.info.help or ""))
        else:
            panels.setdefault(each.info.rich_help_panel or "Options", []).append((_spelling(each), _described(each)))
    rows = tuple((panel, tuple(entries)) for panel, entries in panels.items() if entries)
    usage = " ".join(["auditlog", name, "[OPTION]...", *operands])
    return summary.strip(), usage, body.strip("\n"), rows, inspect.cleandoc(examples)


def _described(each: Parameter) -> str:
    """The sentence of an option, and what it is if it is not given, unless the sentence says so."""
    said = each.info.help or ""
    if each.required or not each.default or each.default is True or "default" in said.lower():
        return said
    return f"{said} Default: {each.default}."


def _spelling(each: Parameter) -> str:
    names = ", ".join(sorted(each.spelled, key=len))
    if each.kind == "flag":
        return names
    return f"{names} {'|'.join(each.choices) if each.choices else each.info.metavar or 'TEXT'}"


def main(argv: list[str]) -> int:
    """Write the files, or with `--check` say which are out of date."""
    stale = [path for path, text in files().items() if not path.exists() or path.read_text() != text]
    if "--check" in argv:
        for path in stale:
            sys.stderr.write(f"{path.name}: out of date, run `make docs`\n")
        return 1 if stale else 0
    for path, text in files().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
