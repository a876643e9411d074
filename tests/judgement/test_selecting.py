"""`check` of some records of a log: found by its index, the report is that of reading them all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditlog_cli.index import building, searching
from auditlog_cli.judgement import selecting
from tests.conftest import Result
from tests.index.asking import build
from tests.index.lines import HOSTILE
from tests.logs import line, record, write

Cli = Callable[..., Result]
AS_OF = ("--as-of", "2026-11-21", "--no-policy")
RISKY = [
    line(record(session_id="sess_abc", action__arguments={"to": "ann.smith@example.org", "text": "SSN 078-05-1120"})),
    line(record(session_id="sess_abc", action__type="delete", action__tool="delete_record")),
    line(record(session_id="sess_abc", authorization={"scopes": [], "session_type": "autonomous"})),
    line(record(session_id="sess_xyz", action__arguments={"to": "bob.jones@example.org"})),
]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of about 2,000 bytes."""
    monkeypatch.setattr(building, "STRETCH", 2000)
    monkeypatch.setattr(building, "_TICK_NS", 0)


def both_ways(cli: Cli, path: Path, *words: str) -> str:
    """The report, the same by the index and without."""
    found = cli("check", path, *AS_OF, "--format", "json", *words)
    plain = cli("check", path, *AS_OF, "--format", "json", *words, "--no-index")
    assert (found.raw, found.code) == (plain.raw, plain.code)
    return found.out


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from(HOSTILE + RISKY), max_size=40),
    st.sampled_from([["--session", "sess_abc"], ["--user", "user_ann"], ["--since", "2026-06-01T14:23:12Z"],
                     ["--agent", "planner", "--until", "2026-06-02"], ["--session", "sess_abc", "--own"],
                     ["--trace", "trace_1"], ["--session", "sess_*"]]),
    st.sampled_from(["gdpr", "owasp-agentic", "baseline"]),
    st.booleans(),
)  # fmt: skip
def test_hostile_lines_are_judged_alike(
    small: None, cli: Cli, tmp_path_factory: pytest.TempPathFactory, raws: list[bytes], words: list[str], pack: str,
    torn: bool,
) -> None:  # fmt: skip
    path = write(tmp_path_factory.mktemp("check") / "log.jsonl", line(record()), *raws)
    build(path)
    if torn:
        with path.open("ab") as file:
            file.write(RISKY[0] + b"\n" + RISKY[1][:40])
    both_ways(cli, path, "--pack", pack, *words)


def test_a_check_of_the_whole_log_is_given_all_of_it(
    small: None, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "log.jsonl", *RISKY * 20)
    build(path)
    asked: list[str] = []
    lines = searching.lines
    monkeypatch.setattr(
        selecting.searching,
        "lines",
        lambda log, *more, **named: (asked.append(log.path), lines(log, *more, **named))[1],
    )  # type: ignore[arg-type]
    both_ways(cli, path, "--pack", "baseline", "--session", "sess_abc")
    assert not asked
    said = both_ways(cli, path, "--pack", "owasp-agentic", "--session", "sess_xyz")
    assert asked == [str(path)]
    assert '"not_selected": 60' in said and '"judged": 20' in said
