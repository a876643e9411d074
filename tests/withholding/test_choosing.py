"""What goes: by field, by record, as a whole; and digests of it, wherever they stand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli import AuditLog, InputError, UsageError, redact
from auditlog_cli.capture import digests
from auditlog_cli.withholding.anatomy import dissect
from tests.withholding.state import call, everything, look

Open = Callable[..., AuditLog]
SAID: dict[str, Any] = {"by": "dpo@example.org", "reason": "case 17", "unsigned": True}


def fields(path: Path) -> list[tuple[int, str]]:
    return sorted((seq, field) for seq, field, _ in look(path).withheld)


def test_a_field_of_every_record_over_many_segments(path: Path, opened: Open) -> None:
    log = opened()
    for number in range(12):
        log.append(call(number))
        if number % 4 == 3:
            log.rotate()
    before = look(path).leaves
    done = redact(path, fields=["user.email"], **SAID)
    assert done.values == done.records == 12
    assert look(path).leaves[: len(before)] == before
    assert len(done.segments) == 3
    assert b"ann@" not in everything(path.parent)
    assert b"bob@" in everything(path.parent)


@pytest.mark.parametrize(
    ("wanted", "gone"),
    [
        ("user", ["/user/email", "/user/id"]),
        ("action.arguments", ["/action/arguments/n", "/action/arguments/to"]),
        ("action.*.to", ["/action/arguments/to"]),
        ("/action/arguments/to", ["/action/arguments/to"]),
        ("delegation_chain.actor", ["/delegation_chain/0/actor", "/delegation_chain/1/actor"]),
        ("delegation_chain.1.actor", ["/delegation_chain/1/actor"]),
        ("metadata.a.b", ["/metadata"]),
        ("metadata.a.other", []),
        ("nowhere", []),
    ],
)
def test_what_a_path_takes(path: Path, opened: Open, wanted: str, gone: list[str]) -> None:
    """A block means all in it; what lies inside a redactable value takes that value, if it is there."""
    chain = [{"actor": "u-17", "role": "initiator"}, {"actor": "a-7", "role": "executor"}]
    opened().append(call(metadata={"a": {"b": 1}}, delegation_chain=chain))
    assert not redact(path, fields=[wanted], **SAID).left
    assert [field for _, field in fields(path)] == gone


def test_only_selected_records(path: Path, opened: Open) -> None:
    log = opened()
    for number in range(4):
        log.append(call(number))
    redact(path, fields=["user.id"], session=["s-2"], **SAID)
    redact(path, fields=["user.id"], records=[1], **SAID)
    assert fields(path) == [(1, "/user/id"), (3, "/user/id")]


def test_a_record_by_its_id(path: Path, opened: Open) -> None:
    receipt = opened().append(call())
    redact(path, fields=["user.id"], records=[receipt.record_id], **SAID)
    assert fields(path) == [(receipt.seq, "/user/id")]


def test_a_plain_place_is_left_and_said(path: Path, opened: Open) -> None:
    opened().append(call())
    done = redact(path, fields=["action.tool"], **SAID)
    assert (done.values, done.left) == (0, [(1, "/action/tool")])
    assert not look(path).own("redact")


def test_whole_records_become_tombstones(path: Path, opened: Open) -> None:
    log = opened()
    log.append(call(1))
    log.append(call(2))
    before = look(path).leaves
    done = redact(path, whole=True, session=["s-1"], **SAID)
    assert (done.values, done.records) == (1, 1)
    state = look(path)
    assert state.leaves[:3] == before
    assert set(state.records[1]) == {"seq", "_leaf", "_salts"}
    assert b'"s-1"' not in everything(path.parent)


def test_own_records_are_never_tombstones(path: Path, opened: Open) -> None:
    opened().append(call())
    done = redact(path, whole=True, records=[0], **SAID)
    assert (done.values, done.left) == (0, [(0, "")])


def test_a_tombstone_of_a_record_with_holes(path: Path, opened: Open) -> None:
    opened().append(call())
    redact(path, fields=["user.id"], **SAID)
    redact(path, whole=True, records=[1], **SAID)
    assert look(path).records[1].keys() == {"seq", "_leaf", "_salts"}


def test_digests_of_the_same_content_go_everywhere(path: Path, opened: Open) -> None:
    """One member of the arguments goes: so do their digests, also those of the approval in another segment."""
    log = opened()
    arguments = {"card": "4111", "amount": 1}
    total = digests.of_arguments(arguments)
    action = {"type": "tool_invocation", "tool": "pay", "arguments_sha256": total, "result_status": "success"}
    log.append(call(1, action=action))
    log.append(call(2, action={"type": "approval"}, approval={"id": "x", "arguments_sha256": total}))
    log.rotate()
    log.append(call(3, action={**action, "arguments": arguments}))
    log.append(call(4, action={**action, "arguments_sha256": digests.of_arguments({"other": 1})}))
    redact(path, fields=["action.arguments.card"], **SAID)
    assert total.encode() not in everything(path.parent)
    assert [seq for seq, _ in fields(path)] == [1, 2, 4, 4]
    assert look(path).records[5]["action"]["arguments_sha256"]


def test_digests_of_a_text_go_though_no_record_names_them_together(path: Path, opened: Open) -> None:
    log = opened()
    log.append(call(1, prompt={"text": "my secret"}))
    log.append(call(2, prompt={"sha256": digests.of_text("my secret")}))
    redact(path, fields=["prompt.text"], **SAID)
    assert fields(path) == [(1, "/prompt/text"), (2, "/prompt/sha256")]


def test_digests_go_with_a_tombstone(path: Path, opened: Open) -> None:
    log = opened()
    log.append(call(1, response={"text": "yes"}))
    log.append(call(2, response={"sha256": digests.of_text("yes")}))
    redact(path, whole=True, records=[1], **SAID)
    assert [seq for seq, _ in fields(path)] == [1, 2]


def test_records_under_a_legal_hold_stay(path: Path, opened: Open) -> None:
    """Their digests of what goes elsewhere, too; and what is left is said."""
    log = opened()
    held = {"retention": {"legal_hold": True}}
    log.append(call(1, prompt={"text": "yes"}))
    log.append(call(2, prompt={"text": "yes", "sha256": digests.of_text("yes")}, **held))
    log.append(call(3, prompt={"text": "yes"}, retention={"legal_hold": False}))
    done = redact(path, fields=["prompt.text"], **SAID)
    assert sorted(done.left) == [(2, "/prompt/sha256"), (2, "/prompt/text")]
    assert fields(path) == [(1, "/prompt/text"), (3, "/prompt/text")]
    redact(path, fields=["prompt.text"], despite_hold=True, **SAID)
    assert fields(path)[1:3] == [(2, "/prompt/sha256"), (2, "/prompt/text")]


def test_a_name_with_control_characters_cannot_be_declared(path: Path, opened: Open) -> None:
    opened().append(call(**{"odd\nname": 1}))
    assert redact(path, fields=["odd\nname"], **SAID).left == [(1, "/odd\nname")]


def test_names_with_dots_tildes_and_slashes(path: Path, opened: Open) -> None:
    """The pointer escapes them; a reader of the declaration finds the very member."""
    opened().append(call(**{"a/b~c": 1, "d": 2}))
    redact(path, fields=["a/b~c"], **SAID)
    assert fields(path) == [(1, "/a~1b~0c")]


def test_marks_of_our_own_cannot_be_forged() -> None:
    """A line that is no line of ours is refused, not misread."""
    with pytest.raises(Exception, match="span|trailer|close"):
        dissect(b'{"a":{"_salts":0},"seq":1,"prev":"' + b"0" * 64 + b'","_salts":[]}')


def test_many_targets_are_declared_in_several_records(
    path: Path, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("auditlog_cli.withholding.declaring.MOST_TARGETS", 3)
    opened().write_many([call(number) for number in range(4)])
    done = redact(path, fields=["user"], **SAID)
    assert done.values == 8
    assert len(done.declared_at) == 3
    assert look(path).own("redacted")[0]["declared_at"] == done.declared_at


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        ({}, "what is to go"),
        ({"fields": ["a"], "whole": True}, "either"),
        ({"whole": True}, "every record"),
        ({"subject": ["a"], "fields": ["b"], "request": "1"}, "whole log"),
        ({"subject": ["a"]}, "case number"),
        ({"subject": [" "], "request": "1"}, "empty"),
        ({"fields": ["a"], "request": "1"}, "goes with"),
        ({"fields": ["a"], "reason": "two\nlines"}, "control"),
        ({"fields": ["a"], "by": ""}, "needed"),
        ({"fields": ["a"], "unsigned": False}, "signs"),
        ({"subject": ["u-17"], "request": "erase u-17"}, "names the person"),
        ({"fields": [""]}, "empty"),
    ],
)
def test_what_does_not_go_together_is_said(path: Path, opened: Open, wish: dict[str, Any], why: str) -> None:
    opened().append(call())
    before = everything(path.parent)
    with pytest.raises(UsageError, match=why):
        redact(path, **(SAID | wish))
    assert everything(path.parent) == before


def test_logs_without_a_seal_are_refused(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('{"user":{"id":"u-17"}}\n')
    with pytest.raises(InputError, match="not a sealed log"):
        redact(path, fields=["user.id"], **SAID)
    assert path.read_text() == '{"user":{"id":"u-17"}}\n'
    assert len(list(path.parent.iterdir())) == 1


def test_missing_and_empty_logs_are_refused(path: Path) -> None:
    path.parent.mkdir()
    with pytest.raises(InputError, match="no such log"):
        redact(path, fields=["user.id"], **SAID)
    path.touch()
    with pytest.raises(InputError, match="empty"):
        redact(path, fields=["user.id"], **SAID)


def test_a_closed_segment_is_no_log(path: Path, opened: Open) -> None:
    log = opened()
    log.append(call())
    log.rotate()
    with pytest.raises(UsageError, match="closed segment"):
        redact(path.parent / "audit.000000000000.jsonl", fields=["user.id"], **SAID)
