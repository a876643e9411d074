"""The front door and Typer parse alike; what the front door does not understand is Typer's."""

from __future__ import annotations

import inspect
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli.cli import _table, app, front, generate, options
from auditlog_cli.cli import help as pages
from tests.conftest import Result

VALUES = st.sampled_from(
    ["x", "5", "-3h", "-5", "text", "jsonl", "always", "a b", "", "é", "--", "-", "0", "007", "1_000"]
)


@st.composite
def command_lines(draw: st.DrawFn) -> list[str]:
    """A command with options in every spelling, right and wrong."""
    command = draw(st.sampled_from(sorted(_table.COMMANDS)))
    options, _ = _table.COMMANDS[command]
    words = command.split()
    for _ in range(draw(st.integers(0, 5))):
        name = draw(st.sampled_from([*options, "--nothing", "-Z", "--us"]))
        kind = options.get(name, ("", "text", None))[1]
        value = draw(VALUES)
        spelling = draw(st.sampled_from(["apart", "joined", "operand", "bundle"]))
        if spelling == "operand":
            words.append(value)
        elif kind == "flag":
            words.append(f"{name}=x" if spelling == "joined" else name)
        elif spelling == "joined":
            words.append(f"{name}={value}" if name.startswith("--") else f"{name}{value}")
        elif spelling == "bundle" and not name.startswith("--"):
            words.append(f"-v{name[1:]}{value}")
        else:
            words += [name, value]
    return words


@pytest.fixture(scope="module")
def typer_parse() -> Callable[[list[str]], tuple[str, dict[str, Any]] | None]:
    """What Typer makes of a command line: the command and its arguments, or None if it refuses."""
    seen: list[tuple[str, dict[str, Any]]] = []
    real = front.function

    def recording(name: str) -> Any:
        def record(**values: Any) -> int:
            seen.append((name.replace("_", "-"), values))
            return 0

        hints = get_type_hints(real(name), {"o": options}, include_extras=True)
        given = inspect.signature(real(name)).parameters.values()
        record.__signature__ = inspect.Signature([each.replace(annotation=hints[each.name]) for each in given])  # type: ignore[attr-defined]
        record.__annotations__ = hints
        record.__doc__ = real(name).__doc__
        return record

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(front, "function", recording)
        built = app.build()

    def parse(words: list[str]) -> tuple[str, dict[str, Any]] | None:
        seen.clear()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(app, "build", lambda: built)
            patch.setattr(app.failure, "say", lambda *words: None)
            code = app.run(words)
        return seen[0] if code == 0 and seen else None

    return parse


def complete(name: str, values: dict[str, Any]) -> dict[str, Any]:
    """The values with the defaults of the function."""
    parameters = inspect.signature(front.function(name)).parameters
    return {key: values.get(key, each.default) for key, each in parameters.items()}


@given(words=command_lines())
def test_both_parse_alike(typer_parse: Any, words: list[str]) -> None:
    """Whatever the front door understands, Typer understands the same way."""
    understood = front.parse(words)
    if understood is None:
        return
    name, values = understood
    if "--help" in words or "-h" in words:
        return
    assert typer_parse(words) == (name, complete(name, values)), words


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("tail -20", "tail -n 20"), ("tail -20 a.jsonl", "tail -n 20 a.jsonl"), ("tail a.jsonl -3", "tail a.jsonl -n 3"),
        ("tail -0 a", "tail -n 0 a"), ("tail -5f a", "tail -n 5 -f a"), ("tail -f -5 a", "tail -f -n 5 a"),
        ("tail --user -5 a", "tail --user -5 a"), ("tail -- -5", "tail -- -5"), ("tail -n 5 -7", "tail -n 7"),
        ("tail -u -5 -6", "tail -u -5 -n 6"), ("tail --user=-5 -6", "tail --user=-5 -n 6"), ("tail -007 a", "tail -n 7 a"),
    ],
)  # fmt: skip
def test_a_number_is_how_many_lines_tail_shows(typer_parse: Any, short: str, long: str) -> None:
    wanted = front.parse(long.split())
    assert wanted is not None
    assert front.parse(short.split()) == wanted
    assert typer_parse(short.split()) == (wanted[0], complete(*wanted))


@pytest.mark.parametrize(
    "words", ["filter -5 a", "stats -20", "tail -5x a", "tail -٥ a", "tail -5.0 a", "tail --5 a", "tail -f5 a"]
)
def test_no_other_number_is_an_option(typer_parse: Any, words: str) -> None:
    assert front.parse(words.split()) is None and typer_parse(words.split()) is None


def test_a_number_goes_with_options_that_only_typer_takes(typer_parse: Any) -> None:
    assert front.parse(["tail", "-fq", "-5", "a"]) is None
    assert (
        typer_parse(["tail", "-fq", "-5", "a"])[1] | {"lines": 5, "follow": True, "quiet": True}
        == typer_parse(["tail", "-f", "-q", "-n", "5", "a"])[1]
    )


COMMON = [
    ["tail", "audit.jsonl"], ["tail", "-n", "5", "-f", "audit.jsonl"], ["tail", "-n5", "a", "b"], ["tail", "--lines=5"], ["tail", "-20", "a"],
    ["filter", "a", "--user", "x", "--user", "y", "--since", "-3h"], ["filter", "-", "--where", "a = b"],
    ["filter", "--count-by", "user.id", "a"], ["filter", "-v", "--", "-odd-name"], ["stats", "--by", "a", "--by", "b"],
]  # fmt: skip


@pytest.mark.parametrize("words", COMMON, ids=" ".join)
def test_common_lines_need_no_typer(words: list[str]) -> None:
    assert front.parse(words) is not None


BEYOND = [
    ["ship", "a.jsonl", "--retries", "-1"], ["ship", "a.jsonl", "--batch=0"], ["export", "a.jsonl", "--retries", "-1"],
    ["serve", "a.jsonl", "--port", "65536"], ["serve", "a.jsonl", "-p-1"], ["serve", "a.jsonl", "--max-body", "0"],
]  # fmt: skip


@pytest.mark.parametrize("words", BEYOND, ids=" ".join)
def test_a_number_beyond_its_bounds_is_refused(
    cli: Callable[..., Result], tmp_path: Any, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert front.parse(words) is None
    result = cli(*words)
    assert result.code == 2
    assert (
        words[2].partition("=")[0][:2] in result.err
        and "than or equal to" in result.err
        and result.err.count("\n") == 2
    )
    assert list(tmp_path.iterdir()) == []


WRONG = [
    (["tail", "--nothing"], "--nothing"), (["tail", "-n", "x"], "'-n'"), (["tail", "-n"], "-n"), (["tale"], "tale"),
    (["tail", "--format", "pdf"], "pdf"), (["tail", "--color=sometimes"], "sometimes"), (["--nothing"], "--nothing"),
    (["packs", "lst"], "lst"), (["packs", "show"], "NAME"), (["hold", "lst"], "lst"), (["hold", "list"], "PATH"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "named"), WRONG, ids=[" ".join(words) for words, _ in WRONG])
def test_wrong_usage_is_one_line_a_help_and_2(cli: Callable[..., Result], words: list[str], named: str) -> None:
    result = cli(*words)
    assert result.code == 2
    assert result.out == ""
    first, second, *more = result.err.splitlines()
    assert first.startswith("auditlog: error[usage]: ")
    assert named in first
    assert second.startswith("  help: auditlog")
    assert more == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["tail", "--format", "pdf"], "Invalid value for '--format': 'pdf' is not one of 'text', "),
        (["tail", "-n", "x"], "Invalid value for '--lines' / '-n': a whole number is needed\n"),
        (["tail", "--stauts", "denied"], "No such option: --stauts (did you mean --status?)\n"),
        (["traces", "--sort", "x"], "No such option: --sort\n"),
        (["tail", "-z"], "No such option: -z\n"),
    ],
)
def test_wrong_usage_is_said_plainly(cli: Callable[..., Result], words: list[str], said: str) -> None:
    """Not in the words of the libraries behind the command line, and no option is offered that is not close."""
    assert cli(*words).err.startswith(f"auditlog: error[usage]: {said}")


def test_bundled_flags_are_typers(cli: Callable[..., Result], tmp_path: Any) -> None:
    """`-vc` is rare, and right all the same."""
    log = tmp_path / "a.jsonl"
    log.write_text('{"action":{}}\n')
    assert front.parse(["filter", "-vc", str(log)]) is None
    assert cli("filter", "-vc", log).out == "0\n"


def test_the_generated_files_are_current() -> None:
    """`make docs` after a change of a signature or a docstring."""
    for path, text in generate.files().items():
        assert path.read_text() == text, f"{path.name}: run `make docs`"


@pytest.mark.parametrize("command", sorted(_table.COMMANDS))
def test_every_command_has_help_with_examples(cli: Callable[..., Result], command: str) -> None:
    words = command.split()
    page = cli(*words, "--help")
    assert page.code == 0
    assert page.out == cli("help", *words).out == cli(*words, "-h").out
    assert f"auditlog {command}" in page.out
    assert "Examples\n" in page.out
    for option in _table.COMMANDS[command][0]:
        assert option in page.out


@pytest.mark.parametrize("command", sorted({*_table.COMMANDS} - {"mcp-proxy"}))  # its `--` is not for this recorder
def test_the_examples_of_a_command_are_understood(typer_parse: Any, command: str) -> None:
    """Each may be typed as it stands: no option that is gone, none that must be given and is not."""
    said = inspect.cleandoc(front.function(command).__doc__ or "").partition("\nExamples:\n")[2].replace("\\\n", " ")
    examples: list[list[str]] = []
    for line in said.splitlines():
        words = shlex.shlex(line, posix=True, punctuation_chars="|<>")
        words.whitespace_split = True
        ours = [*words]
        examples += [
            [*each] for operator, each in groupby(ours, lambda word: word in {"|", "<", ">", ">>"}) if not operator
        ]
    typed = [words[1:] for words in examples if words[0] == "auditlog"]
    assert typed
    for each in typed:
        assert typer_parse(each) is not None, each


@pytest.mark.parametrize("command", sorted(_table.COMMANDS))
def test_help_says_what_an_option_is_if_it_is_not_given(cli: Callable[..., Result], command: str) -> None:
    page = " ".join(cli(*command.split(), "--help").out.split())
    for each in generate.parameters(command.replace("-", "_")):
        if not each.required and isinstance(each.default, str | int) and not isinstance(each.default, bool):
            assert not each.default or re.search(rf"default:? [^.]*{re.escape(str(each.default))}", page, re.I), (
                each.name
            )


@pytest.mark.parametrize("group", sorted(_table.GROUPS))
def test_every_group_lists_its_commands(cli: Callable[..., Result], group: str) -> None:
    page = cli(group, "--help")
    assert page.code == 0
    assert page.out == cli("help", group).out == cli(group, "-h").out == cli(group).out
    for command in _table.COMMANDS:
        if command.startswith(f"{group} "):
            assert f"\n  {command.partition(' ')[2]}" in page.out


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_help_keeps_to_the_width(cli: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    """But for the examples, which are to be copied whole, and single words."""
    monkeypatch.setenv("COLUMNS", str(columns))
    for text in cli("filter", "--help").out.split("Arguments\n")[1].splitlines():
        assert len(text) <= max(columns, 45)


@pytest.mark.parametrize("columns", [40, 60, 100])
def test_the_list_of_commands_keeps_to_the_width(
    cli: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    """But for words that cannot be broken."""
    monkeypatch.setenv("COLUMNS", str(columns))
    for text in cli("--help").out.splitlines():
        assert len(text) <= columns, text


def test_every_command_is_listed_once_in_a_group(cli: Callable[..., Result]) -> None:
    listed = [name for _, names in pages.SECTIONS for name in names]
    assert sorted(listed) == sorted({command.split()[0] for command in _table.COMMANDS})
    shown = [line.split()[0] for line in cli("--help").out.splitlines() if line.startswith("  ") and line[2] != " "]
    assert shown == listed
    for title, _ in pages.SECTIONS:
        assert f"\n{title}\n" in cli("--help").out


def test_help_and_version(cli: Callable[..., Result]) -> None:
    top = cli()
    assert top.out == cli("--help").out == cli("-h").out == cli("help").out
    assert top.code == 0
    for command in _table.COMMANDS:
        assert f"\n  {command.split()[0]}" in top.out
    assert cli("--version").out == cli("-V").out
    assert cli("--version").out.startswith("auditlog 0.")


def test_an_older_answer_is_replaced(
    cli: Callable[..., Result], tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for line in ("schema record -o out", "packs list --format json -o out", "packs show baseline -o out"):
        (tmp_path / "out").write_text("older")
        assert cli(*line.split()).code == 0, line
        assert (tmp_path / "out").read_text() != "older"


def test_the_annotated_copy_needs_a_file(
    cli: Callable[..., Result], tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli("check", "a.jsonl", "--annotate", "-").code == 2
    assert list(tmp_path.iterdir()) == []


OVER = [
    "tail LOG -o LOG", "filter LOG -o LOG", "stats LOG -o LOG", "traces LOG --output=LOG", "validate LOG -o LOG",
    "verify LOG -o LOG", "check LOG -o LOG", "check LOG --annotate LOG", "check LOG --annotate ./LOG",
    "bundle refund-2077 LOG -o LOG", "trace 0af76519 LOG -o LOG", "stats . -o LOG", "filter LOG -vo LOG",
]  # fmt: skip


@pytest.mark.parametrize("line", OVER)
def test_no_command_writes_over_the_log_it_reads(
    cli: Callable[..., Result], tmp_path: Any, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    monkeypatch.chdir(tmp_path)
    held = (Path(__file__).parents[2] / "docs" / "export" / "audit.jsonl").read_bytes()
    log = tmp_path / "a.jsonl"
    log.write_bytes(held)
    done = cli(*line.replace("LOG", "a.jsonl").split())
    assert (done.code, done.err.count("\n"), "a.jsonl: is the log that is read" in done.err) == (2, 2, True)
    assert log.read_bytes() == held


def test_a_bug_is_called_a_bug(cli: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    """70, one line, no traceback without --debug; with it, the traceback."""

    def broken(**values: object) -> int:
        raise RuntimeError("secret value of a log")

    monkeypatch.setattr(front, "function", lambda name: broken)
    result = cli("tail", "x")
    assert (result.code, len(result.err.splitlines())) == (70, 2)
    assert "secret" not in result.err
    debugged = cli("--debug", "tail", "x")
    assert debugged.code == 70
    assert "Traceback" in debugged.err


def test_the_process_itself(tmp_path: Any) -> None:
    """`python -m auditlog_cli`: exit codes, a closed pipe, Ctrl-C."""
    log = tmp_path / "a.jsonl"
    log.write_text('{"action":{"tool":"x"}}\n' * 20000)
    base = [sys.executable, "-m", "auditlog_cli"]
    assert subprocess.run([*base, "tail", "nowhere.jsonl"], capture_output=True).returncode == 3
    piped = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m auditlog_cli filter {log} | head -1; echo ${{PIPESTATUS[0]}}"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert piped.stdout == '{"action":{"tool":"x"}}\n141\n'
    assert piped.stderr == ""
    following = subprocess.Popen([*base, "tail", "-f", str(log)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert following.stdout is not None
    following.stdout.readline()
    following.send_signal(2)
    _, err = following.communicate(timeout=60)
    assert following.returncode == 130
    assert err == b""


def test_a_full_disk_behind_standard_output() -> None:
    """What cannot be written is said, with exit code 5."""
    with open("/dev/full", "wb") as full:
        result = subprocess.run(
            [sys.executable, "-m", "auditlog_cli", "filter", "-"], input=b'{"action":{}}\n', stdout=full, stderr=-1
        )
    assert result.returncode == 5
    assert b"error[write]: standard output" in result.stderr


def test_an_unknown_command_points_to_the_list_of_commands(cli: Callable[..., Result]) -> None:
    """Not to the help of a command that does not exist."""
    done = cli("tial")
    assert done.code == 2
    assert done.err.splitlines()[1] == "  help: auditlog --help"
