"""What a tired person gets wrong is said at once, with what was probably meant; nothing is lost in silence."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from auditlog_cli import AuditLog, AuditWriteError, UsageError
from auditlog_cli.capture import identity

ROOT = Path(__file__).parents[2]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[AuditLog]:
    made = AuditLog(tmp_path / "audit.jsonl")
    yield made
    made.close()


def help_of(wrong: pytest.ExceptionInfo[UsageError]) -> str:
    return wrong.value.help


@pytest.mark.parametrize("wrong", [{"redcat": []}, {}])
def test_a_wrong_argument_is_the_only_thing_that_is_said(wrong: dict[str, object], tmp_path: Path) -> None:
    """The half-made log says nothing when it is thrown away (it raised AttributeError, ignored and printed)."""
    with pytest.raises(TypeError):
        AuditLog(**({"path": tmp_path / "a.jsonl", **wrong} if wrong else {}))  # type: ignore[arg-type]
    gc.collect()


def test_an_empty_path_is_no_log() -> None:
    with pytest.raises(UsageError, match="path: the name of a file is needed"):
        AuditLog("")


def test_a_folder_is_told_from_a_file(tmp_path: Path) -> None:
    with pytest.raises(AuditWriteError, match="a folder, not a regular file") as wrong:
        AuditLog(tmp_path)
    assert wrong.value.help == f"name a file in it: {tmp_path}/audit.jsonl"


def test_the_on_error_of_a_session_is_not_that_of_a_log(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="one of raise, fallback") as wrong:
        AuditLog(tmp_path / "a.jsonl", on_error="warn")  # type: ignore[arg-type]
    assert "log.session" in help_of(wrong)


@pytest.mark.parametrize(("name", "meant"), [("require", "requires"), ("metdata", "metadata"), ("efect", "effect")])
def test_a_misspelt_argument_of_a_tool_is_put_right(log: AuditLog, name: str, meant: str) -> None:
    with log.session(user="u", agent="a", scopes=[]) as s, pytest.raises(UsageError) as wrong:
        s.tool("x", {}, **{name: {}})  # type: ignore[arg-type]
    assert help_of(wrong).startswith(f"did you mean {meant}? ")


def test_a_misspelt_argument_of_an_event_is_put_right(log: AuditLog) -> None:
    with log.session(user="u", agent="a", scopes=[]) as s, pytest.raises(UsageError) as wrong:
        s.event("retrieval", resorce="kb/7")  # type: ignore[call-arg]
    assert help_of(wrong).startswith("did you mean resource? ")


@pytest.mark.parametrize(
    ("who", "said"),
    [
        ({"user": {"id": "u", "mail": "u@example.org"}, "agent": "a"}, "user: mail is none of its members: id, name"),
        ({"user": "u", "agent": {"id": "a", "vers": "1"}}, "agent: vers is none of its members: id, name, version"),
    ],
)
def test_a_member_that_validate_would_not_know_is_refused(log: AuditLog, who: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError) as wrong:
        log.session(scopes=[], **who)  # type: ignore[arg-type]
    assert str(wrong.value).startswith(said)
    assert help_of(wrong).startswith(("did you mean email? ", "did you mean version? "))


def test_the_members_of_user_and_agent_are_those_of_the_schema() -> None:
    schema = json.loads((ROOT / "schemas" / "record-1.schema.json").read_text())
    text = json.dumps(schema)
    for name, members in (("user", identity.USER), ("agent", identity.AGENT)):
        block = json.loads(_object(text, f'"{name}": '))
        assert set(block["properties"]) == set(members)


def _object(text: str, after: str) -> str:
    """The first object with properties that stands behind a name."""
    at = 0
    while True:
        at = text.index(after + "{", at) + len(after)
        found, end = json.JSONDecoder().raw_decode(text, at)
        if "properties" in found:
            return text[at:end]


@pytest.mark.parametrize("say", ["result", "partial", "denied", "blocked", "timeout", "error"])
def test_an_outcome_outside_of_its_call_is_refused_rather_than_lost(log: AuditLog, say: str) -> None:
    with log.session(user="u", agent="a", scopes=[]) as s:
        call = s.tool("x", {})
        with pytest.raises(UsageError, match="has not begun"):
            getattr(call, say)("said")
        with call:
            call.result(1)
        with pytest.raises(UsageError, match="has ended"):
            getattr(call, say)("said")
