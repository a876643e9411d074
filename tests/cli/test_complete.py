"""What the Tab key offers: commands, options, logs, and ids out of the log on the line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from auditlog_cli.cli.front import main
from tests.conftest import Result
from tests.logs import record, write


@pytest.fixture
def offered(cli: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[str]]:
    """The words bash would offer after `auditlog LINE`, the cursor at its end."""
    write(tmp_path / "audit.jsonl", record(), record(session_id="sess_2", agent__name="refunder"))
    (tmp_path / "logs").mkdir()
    (tmp_path / "notes.txt").touch()
    monkeypatch.chdir(tmp_path)

    def ask(line: str) -> list[str]:
        words = f"auditlog {line}"
        monkeypatch.setenv("_AUDITLOG_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", words)
        monkeypatch.setenv("COMP_CWORD", str(len(words.split()) - (not words.endswith(" "))))
        return cli().out.split()

    return ask


def test_commands_and_options(offered: Callable[[str], list[str]]) -> None:
    assert offered("fil") == ["filter"]
    assert "--session" in offered("filter --se")


def test_logs_and_folders(offered: Callable[[str], list[str]]) -> None:
    """Logs and folders only: notes.txt is neither."""
    assert offered("tail ") == ["audit.jsonl", "logs/"]
    assert offered("tail au") == ["audit.jsonl"]


def test_ids_out_of_the_log_on_the_line(offered: Callable[[str], list[str]]) -> None:
    assert sorted(offered("filter audit.jsonl --session ")) == ["sess_1", "sess_2"]
    assert offered("filter audit.jsonl --session sess_2") == ["sess_2"]
    assert sorted(offered("filter audit.jsonl --agent ")) == ["agent_planner", "planner", "refunder"]
    assert offered("filter audit.jsonl --trace ") == ["trace_1"]
    assert offered("filter --from t") == ["tutorial", "tau_bench"]


def test_ids_out_of_the_log_that_would_be_read(offered: Callable[[str], list[str]]) -> None:
    """./audit.jsonl, as no log is named."""
    assert sorted(offered("filter --session ")) == ["sess_1", "sess_2"]


def test_a_key_press_never_ends_in_an_error(
    offered: Callable[[str], list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "audit.jsonl").write_bytes(b"\x1f\x8bnonsense")
    assert offered("filter audit.jsonl --session ") == []
    assert offered("tail nowhere/") == []
    monkeypatch.delenv("_AUDITLOG_COMPLETE")
    assert main(["--version"]) == 0


def test_ids_of_traces_sessions_and_spans(offered: Callable[[str], list[str]]) -> None:
    """The id comes before the log on the line, so those of the log that would be read."""
    assert sorted(offered("trace ")) == ["sess_1", "sess_2", "span_1", "trace_1"]
    assert offered("trace tr") == ["trace_1"]
    assert offered("trace trace_1 au") == ["audit.jsonl"]
    assert sorted(offered("traces --session ")) == ["sess_1", "sess_2"]
    assert offered("trace trace_1 audit.jsonl --chain sp") == ["span_1"]
    assert offered("trace trace_1 --format m") == ["mermaid"]
