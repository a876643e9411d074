"""The settings of Claude Code: our hooks go in once, come out whole, and nothing else is touched."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli.adapters import claude_settings
from auditlog_cli.adapters.claude_code import precedes
from auditlog_cli.errors import InputError
from tests.conftest import Result

WORDS = ["/opt/my tools/auditlog", "hook", "claude-code", "--log", "/srv/a log.jsonl", "--user", "o'neill@example.com"]
THEIRS = {"type": "command", "command": "auditlogger hook pre", "timeout": 3}
OTHER = {"env": {"A": "1"}, "hooks": {"PreToolUse": [{"matcher": "Bash", "hooks": [THEIRS]}], "Notification": []}}

hook = st.fixed_dictionaries({"type": st.just("command"), "command": st.text(max_size=20)})
entries = st.lists(
    st.fixed_dictionaries({"hooks": st.lists(hook, max_size=3)}, optional={"matcher": st.text(max_size=5)}), max_size=3
)
events = st.sampled_from([*claude_settings.EVENTS, "Notification"])
settings = st.fixed_dictionaries(
    {}, optional={"hooks": st.dictionaries(events, entries, max_size=4), "model": st.text(), "permissions": st.just({})}
)


@given(settings)
def test_what_was_put_in_can_be_taken_out(before: dict[str, Any]) -> None:
    """The order of all else, too. Putting in twice is putting in once."""
    text = json.dumps(before)
    after = claude_settings.installed(before, WORDS, limited=True)
    assert json.dumps(before) == text, "what was given is not changed"
    assert claude_settings.installed(after, WORDS, limited=True) == after
    for event in claude_settings.EVENTS:
        assert after["hooks"][event][-1] == claude_settings.entry(WORDS, event, limited=True)
        assert after["hooks"][event][:-1] == before.get("hooks", {}).get(event, [])
    back = claude_settings.removed(after)
    assert {name: value for name, value in back.items() if name != "hooks"} == {
        name: value for name, value in before.items() if name != "hooks"
    }
    kept = {event: each for event, each in before.get("hooks", {}).items() if each}
    assert {event: each for event, each in back.get("hooks", {}).items() if each} == kept


def test_other_options_take_the_place_of_the_first_ones() -> None:
    once = claude_settings.installed(OTHER, WORDS, limited=True)
    twice = claude_settings.installed(once, [*WORDS[:-1], "bob"], limited=False)
    assert json.dumps(twice).count("claude-code") == len(claude_settings.EVENTS)
    assert twice["hooks"]["PreToolUse"][0] == OTHER["hooks"]["PreToolUse"][0]  # type: ignore[index]


@pytest.mark.parametrize(
    ("command", "is_ours"),
    [("timeout 5 auditlog hook claude-code --log F || exit 2", True),
     ("/x/python -P -m auditlog_cli hook claude-code", True),
     ("echo hook claude-code", False), ("auditlog hook", False), ("auditlog 'unfinished", False), ("", False)],
)  # fmt: skip
def test_our_hook_is_known_by_its_words(command: str, is_ours: bool) -> None:
    assert claude_settings.is_ours({"command": command}) is is_ours


def test_each_event_is_guarded_in_its_own_way() -> None:
    """Before an act the shell says 2, and Claude Code takes any failure for a block; after it a word ends the run."""
    for event in claude_settings.EVENTS:
        (made,) = claude_settings.entry(WORDS, event, limited=True)["hooks"]
        assert shlex.split(made["command"])[: 2 + len(WORDS)] == ["timeout", "5", *WORDS]
        assert made["command"].endswith("|| exit 2") is precedes(event)
        assert (made.get("onFailure") == "block") is precedes(event)
        assert made["timeout"] > claude_settings.SECONDS


@pytest.mark.parametrize("settings", [{"hooks": []}, {"hooks": {"PreToolUse": {}}}, {"hooks": None}])
def test_settings_of_another_form_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        claude_settings.installed(settings, WORDS, limited=True)


# --- the file ----------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "claude" / "settings.json"


@pytest.fixture
def install(cli: Callable[..., Result], file: Path, tmp_path: Path) -> Callable[..., Result]:
    def call(*args: object, command: str = "install") -> Result:
        who = ("--log", tmp_path / "audit.jsonl", "--user", "ann") if command == "install" else ()
        return cli("hook", command, *who, "--settings", file, *args)

    return call


def test_a_settings_file_is_changed_and_changed_back(install: Callable[..., Result], file: Path) -> None:
    """Its mode, its other members, its indent stay; the second time there is nothing to do."""
    file.parent.mkdir()
    file.write_text(json.dumps(OTHER, indent=4) + "\n")
    file.chmod(0o640)
    before = file.read_bytes()
    dry = install("--dry-run")
    assert (dry.code, file.read_bytes()) == (0, before)
    assert "would change hooks for" in dry.err
    assert install().code == 0
    installed = json.loads(file.read_text())
    assert installed["env"] == OTHER["env"]
    assert installed["hooks"]["PreToolUse"][0] == OTHER["hooks"]["PreToolUse"][0]  # type: ignore[index]
    assert b'\n    "env"' in file.read_bytes()
    assert file.stat().st_mode & 0o777 == 0o640
    whole, inode = file.read_bytes(), file.stat().st_ino
    assert "nothing to change" in install().err
    assert (file.read_bytes(), file.stat().st_ino) == (whole, inode)
    assert install(command="uninstall").code == 0
    assert file.read_bytes() == before
    assert "nothing to change" in install(command="uninstall").err
    assert sorted(os.listdir(file.parent)) == ["settings.json"]


def test_a_settings_file_is_begun_where_there_is_none(install: Callable[..., Result], file: Path) -> None:
    assert "nothing to change" in install(command="uninstall").err
    assert not file.exists()
    assert install().code == 0
    assert set(json.loads(file.read_text())["hooks"]) == set(claude_settings.EVENTS)
    assert file.stat().st_mode & 0o077 == 0


def test_a_link_stays_a_link(install: Callable[..., Result], file: Path, tmp_path: Path) -> None:
    file.parent.mkdir()
    real = tmp_path / "dotfiles.json"
    real.write_text("{}")
    file.symlink_to(real)
    assert install().code == 0
    assert file.is_symlink()
    assert "hooks" in json.loads(real.read_text())


@pytest.mark.parametrize(
    "held",
    [
        b"{",
        b"// mine\n{}",
        b"[]",
        b'{"a": 1, "a": 2}',
        b'{"hooks": []}',
        b'{"a": 1e999}',
        b"\xff",
        b'{"a": 1%s}' % (b"0" * 5000),
    ],
)
def test_what_cannot_be_read_stays_as_it_is(install: Callable[..., Result], file: Path, held: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(held)
    result = install()
    assert (result.code, file.read_bytes()) == (3, held)
    assert "it stays as it is" in result.err


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_is_neither_read_nor_replaced(
    make: Callable[[Path], None], install: Callable[..., Result], file: Path
) -> None:
    """A pipe would be waited for, and as root a file would take the place of a device."""
    file.parent.mkdir()
    make(file)
    before = file.stat().st_mode
    result = install()
    assert (result.code, file.stat().st_mode) == (2, before)
    assert "is no file\n  help: --settings FILE" in result.err


def test_settings_beyond_all_measure_are_refused(install: Callable[..., Result], file: Path) -> None:
    file.parent.mkdir()
    with file.open("wb") as sparse:
        sparse.truncate((16 << 20) + 1)
    result = install()
    assert result.code == 3
    assert "larger than settings may be" in result.err


def test_a_folder_that_cannot_be_written_is_an_error(install: Callable[..., Result], file: Path) -> None:
    file.parent.write_text("a file")
    assert install().code in (3, 5)


def test_who_the_user_is_must_be_said(cli: Callable[..., Result], file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the shell of today says need not be said where Claude Code runs."""
    monkeypatch.setenv("AUDITLOG_USER", "ann")
    assert cli("hook", "install", "--log", "a.jsonl", "--settings", file).code == 2
    assert cli("hook", "install", "--user", "ann", "--settings", file).code == 2
    assert cli("hook", "install", "--log", "a.jsonl", "--user", "ann", "--agent", "ann", "--settings", file).code == 2
    assert not file.exists()


def test_what_makes_the_hooks_useless_is_said(
    install: Callable[..., Result], file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.parent.mkdir()
    file.write_text('{"disableAllHooks": true}')
    assert "disableAllHooks" in install("--dry-run").err
    monkeypatch.setattr("auditlog_cli.cli.claudefile.limited", lambda: False)
    assert "timeout" in install("--dry-run").err


def test_settings_are_printed_with_whole_paths(
    cli: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli("hook", "install", "--log", "a", "--user", "ann", "--redact", "p.yaml", "--settings", "s.json").code == 4
    (tmp_path / "p.yaml").write_text("format: auditlog.redaction/1\nentities: [EMAIL_ADDRESS]\n")
    result = cli(
        "hook", "claude-code", "--log", "a.jsonl", "--user-from", "os", "--redact", "p.yaml", "--scopes", "a:b,c:d",
        "--agent", "coder", "--print-settings",
    )  # fmt: skip
    assert result.code == 0
    said = shlex.split(json.loads(result.out)["hooks"]["Stop"][0]["hooks"][0]["command"])
    assert said[said.index("--log") + 1] == str(tmp_path / "a.jsonl")
    assert said[said.index("--redact") + 1] == str(tmp_path / "p.yaml")
    assert [said[at + 1] for at, word in enumerate(said) if word == "--scopes"] == ["a:b", "c:d"]
    assert said[said.index("--user-from") + 1] == "os"
