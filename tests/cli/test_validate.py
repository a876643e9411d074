"""`validate` and `schema` as the user sees them."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from auditlog_cli.cli.front import main
from auditlog_cli.validator import schemas
from tests import goldens
from tests.conftest import Result
from tests.logs import agentaudit, line, record, tutorial, write

Cli = Callable[..., Result]
HOLE = {"_redacted": "0" * 64}
AUDITLOG = [sys.executable, "-m", "auditlog_cli"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A good log, a bad one, one of foreign shapes, an empty one."""
    monkeypatch.chdir(tmp_path)
    write(Path("good.jsonl"), record(), record(user__email=HOLE, action__arguments=HOLE))
    write(
        Path("bad.jsonl"), record(), record(user__id=None), record(authorization__approved_by=None, action__result_status="ok"),
        b'{"a":1,"a":2}', record(authorization__session_type="delegated"), record(user="ann", usr=1),
        record(agent__id="user_ann"), {"seq": 7, "_leaf": "0" * 64, "_salts": []}, b'{"timestamp":"2026-06-01T14:23:11Z"',
    )  # fmt: skip
    write(Path("foreign.jsonl"), tutorial("tool_call", tool="get_account_balance", account_id="12345"),
          agentaudit("guardrail_check", agentId="writer", prompt="Draft", metadata={"latency_ms": 42}),
          b'{"eventName":"ConsoleLogin","n":1.50}')  # fmt: skip
    write(Path("שלום\x1b[31m.jsonl"), record(user__id=None))
    Path("empty.jsonl").touch()
    return tmp_path


LOOKS: dict[str, list[str]] = {
    "good": ["validate", "good.jsonl"],
    "bad": ["validate", "bad.jsonl"],
    "foreign": ["validate", "foreign.jsonl"],
    "profile-record": ["validate", "bad.jsonl", "--profile", "record"],
    "strict": ["validate", "bad.jsonl", "--profile", "record", "--strict"],
    "max-errors": ["validate", "bad.jsonl", "--max-errors", "2"],
    "colour": ["validate", "bad.jsonl", "--color", "always", "--max-errors", "3"],
    "json": ["validate", "bad.jsonl", "--format", "json"],
    "jsonl": ["validate", "bad.jsonl", "--format", "jsonl", "--max-errors", "3"],
    "github": ["validate", "bad.jsonl", "--format", "github"],
    "sarif": ["validate", "bad.jsonl", "--format", "sarif"],
    "junit": ["validate", "bad.jsonl", "--format", "junit"],
    "good-github": ["validate", "good.jsonl", "--format", "github"],
    "from": ["validate", "foreign.jsonl", "--from", "auditlog", "--max-errors", "4"],
    "from-unknown": ["validate", "foreign.jsonl", "--from", "otlp9"],
    "missing": ["validate", "goood.jsonl"],
    "empty": ["validate", "empty.jsonl"],
    "partly": ["validate", "good.jsonl", "empty.jsonl", "nowhere.jsonl"],
    "partly-bad": ["validate", "foreign.jsonl", "nowhere.jsonl", "--max-errors", "1"],
    "hostile-name": ["validate", "שלום\x1b[31m.jsonl"],
    "wrong-word": ["validate", "good.jsonl", "--profile", "strict"],
    "wrong-number": ["validate", "good.jsonl", "--max-errors=-1"],
    "schemas": ["schema"],
    "no-such-schema": ["schema", "rekord"],
}


@pytest.mark.parametrize("name", LOOKS)
@pytest.mark.usefixtures("folder")
def test_how_it_looks(cli: Cli, name: str) -> None:
    from auditlog_cli._version import __version__

    goldens.check(f"validate/{name}", cli(*LOOKS[name]), scrub={f'"{__version__}"': '"@@VERSION@@"'})


@pytest.mark.parametrize("columns", ["40", "72"])
@pytest.mark.usefixtures("folder")
def test_narrow_terminals(cli: Cli, monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    from auditlog_cli.renderers.safe import width

    monkeypatch.setenv("COLUMNS", columns)
    for name in ("bad", "hostile-name"):
        result = cli(*LOOKS[name])
        goldens.check(f"validate/{name}-{columns}", result)
        assert max(map(width, result.out.splitlines())) <= int(columns)


@pytest.mark.usefixtures("folder")
def test_a_terminal_without_unicode(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """LANG=C: escapes in place of what it cannot show."""
    monkeypatch.setenv("LANG", "C")
    result = cli("validate", "שלום\x1b[31m.jsonl", "bad.jsonl", "--strict", "--max-errors", "0")
    assert result.code == 1
    assert result.out.isascii()
    assert "\x1b" not in result.out + result.err


CODES = [
    (["good.jsonl"], 0),
    (["good.jsonl", "--strict"], 0),
    (["good.jsonl", "good.jsonl"], 0),
    (["bad.jsonl"], 1),
    (["bad.jsonl", "good.jsonl", "nowhere.jsonl"], 1),
    (["foreign.jsonl", "--profile", "record"], 1),
    (["nowhere.jsonl"], 3),
    (["empty.jsonl"], 3),
    (["good.jsonl", "nowhere.jsonl"], 3),
    (["good.jsonl", "empty.jsonl"], 3),
    (["good.jsonl", "--format", "xml"], 2),
    (["good.jsonl", "-o", "no/such/folder/x"], 5),
]  # fmt: skip


@pytest.mark.parametrize(("words", "code"), CODES, ids=[" ".join(words) for words, _ in CODES])
@pytest.mark.usefixtures("folder")
def test_exit_codes(cli: Cli, words: list[str], code: int) -> None:
    assert cli("validate", *words).code == code


@pytest.mark.usefixtures("folder")
def test_a_damaged_schema_is_exit_code_4(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from auditlog_cli.validator import compiled

    (tmp_path / "record-1.schema.json").write_text('{"$defs": {"record": {"type": "nonsense"}}}')
    monkeypatch.setattr(schemas, "folder", lambda: str(tmp_path))
    monkeypatch.setattr(schemas, "_loaded", {})
    compiled.validator.cache_clear()
    try:
        result = cli("validate", "good.jsonl")
    finally:
        compiled.validator.cache_clear()
    assert result.code == 4
    assert result.err.startswith("auditlog: error[definition]: ")


@pytest.mark.usefixtures("folder")
def test_a_log_is_never_called_good_where_nothing_was_looked_at(cli: Cli) -> None:
    for words in (["empty.jsonl"], ["nowhere.jsonl"], ["good.jsonl", "empty.jsonl"]):
        for format_ in ("text", "json", "junit", "github", "sarif", "jsonl"):
            result = cli("validate", *words, "--format", format_)
            assert result.code == 3
            assert "empty, nothing to look at" in result.err or "no such file" in result.err
            assert "valid: all" not in result.out


@pytest.mark.parametrize("name", schemas.names())
def test_schema_prints_what_is_published(cli: Cli, name: str) -> None:
    assert cli("schema", name).raw == (Path(schemas.folder()) / f"{name}.schema.json").read_bytes()
    assert cli("schema", name.rpartition("-")[0]).code == 0


@pytest.mark.usefixtures("folder")
def test_a_file_appears_whole_or_not_at_all(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = cli("validate", "bad.jsonl", "--format", "json", "-o", "out.json")
    assert (result.code, result.out) == (1, "")
    assert json.loads((tmp_path / "out.json").read_text())["exit_code"] == 1
    from auditlog_cli.renderers.findings import json as renderer

    def fails(report: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(renderer, "render", fails)
    assert main(["validate", "bad.jsonl", "--format", "json", "-o", "other.json"]) == 130
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("other")]


@pytest.mark.usefixtures("folder")
def test_quiet(cli: Cli) -> None:
    assert cli("validate", "bad.jsonl", "--format", "jsonl", "-q").err == ""
    assert "2 invalid" not in cli("validate", "bad.jsonl", "--format", "jsonl", "-q").err


def test_standard_input_and_archives(tmp_path: Path) -> None:
    import gzip

    log = write(tmp_path / "a.jsonl", record(), record(user__id=None))
    packed = tmp_path / "a.jsonl.gz"
    packed.write_bytes(gzip.compress(log.read_bytes()))
    for words, given in ((["-"], log.read_bytes()), ([], log.read_bytes()), ([str(packed)], b""), (["-"], packed.read_bytes())):  # fmt: skip
        found = subprocess.run([*AUDITLOG, "validate", *words], input=given, capture_output=True)
        assert found.returncode == 1, found
        assert f"line 2, byte {len(line(record())) + 1}: nobody is named as the user (user.id is missing)" in found.stdout.decode()  # fmt: skip


def test_a_closed_pipe_ends_it_quietly(tmp_path: Path) -> None:
    """`auditlog validate … | head -1` is 141, without a word."""
    log = write(tmp_path / "a.jsonl", *[record(user__id=None)] * 3000)
    process = subprocess.Popen(
        [*AUDITLOG, "validate", str(log), "--format", "jsonl", "--max-errors", "0"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(timeout=60) == 141
    assert process.stderr.read() == b""
    process.stderr.close()


def test_ctrl_c_is_130_and_leaves_no_process(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    process = subprocess.Popen([*AUDITLOG, "validate", str(fifo)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with open(fifo, "wb"):  # opened: it reads now
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, b"", b"")


@pytest.mark.slow
def test_ctrl_c_ends_the_workers_too(tmp_path: Path) -> None:
    """A large log on several cores: all of them stop."""
    log = tmp_path / "a.jsonl"
    one = line(record()) + b"\n"
    log.write_bytes(one * (300_000_000 // len(one)))
    process = subprocess.Popen(
        [*AUDITLOG, "validate", str(log)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    time.sleep(1.0)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (130, b"", b"")
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


@pytest.mark.slow
def test_progress_is_shown_to_a_person_and_gone_in_the_end(tmp_path: Path) -> None:
    log = tmp_path / "a.jsonl"
    one = line(record()) + b"\n"
    log.write_bytes(one * (200_000_000 // len(one)))
    master, slave = pty.openpty()
    process = subprocess.Popen([*AUDITLOG, "validate", str(log)], stdout=subprocess.PIPE, stderr=slave, env={**os.environ, "TERM": "xterm"})  # fmt: skip
    os.close(slave)
    seen = b""
    while select.select([master], [], [], 30)[0]:
        try:
            data = os.read(master, 65536)
        except OSError:  # the other end is closed
            break
        if not data:
            break
        seen += data
    os.close(master)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert b"reading" in seen
    assert seen.rstrip().endswith((b"\x1b[2K", b"\x1b[?25h")), "the bar is wiped"
    assert out.decode().endswith("profile six-questions)\n")


@pytest.mark.slow
def test_memory_does_not_grow_with_the_log(tmp_path: Path) -> None:
    """Every tenth record is invalid, and still nothing piles up."""
    import resource

    one = (line(record()) + b"\n") * 9 + line(record(user__id=None)) + b"\n"
    peaks = []
    for size in (20_000_000, 200_000_000):
        log = tmp_path / f"{size}.jsonl"
        log.write_bytes(one * (size // len(one)))
        code = f"from auditlog_cli.cli.front import main; import resource; main(['validate', {str(log)!r}, '--format', 'json']); " \
               "import sys; sys.stderr.write(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))"  # fmt: skip
        found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        peaks.append(int(found.stderr.splitlines()[-1].split()[-1].lstrip("s")))
    assert resource
    assert peaks[1] < peaks[0] * 1.3


def test_the_start_is_light(tmp_path: Path) -> None:
    """A good small log needs neither Typer nor rich nor the reference engine nor orjson."""
    log = write(tmp_path / "a.jsonl", record())
    code = "import sys; from auditlog_cli.cli.front import main; main(sys.argv[1:]); sys.stderr.write(' '.join(sys.modules))"
    found = subprocess.run(
        [sys.executable, "-c", code, "validate", str(log)], capture_output=True, text=True, check=True
    )
    assert not {"typer", "rich", "jsonschema", "orjson", "json", "pickle", "attrs"} & set(found.stderr.split())
    write(tmp_path / "a.jsonl", record(user__id=None))
    found = subprocess.run(
        [sys.executable, "-c", code, "validate", str(log)], capture_output=True, text=True, check=True
    )
    assert not {"typer", "rich", "jsonschema", "orjson", "attrs"} & set(found.stderr.split()), (
        "the six questions need no engine"
    )
