"""Legal holds of logs that others write: set beside the log, kept by `redact`, released by whom they belong to."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli import AuditlogError, redact, verify
from auditlog_cli.errors import AuditWriteError, DefinitionError, InputError, UsageError
from auditlog_cli.retention import holding
from auditlog_cli.retention.holding import covers
from auditlog_cli.selection import select_by
from auditlog_cli.signing import signer
from auditlog_cli.withholding import carrying, planning, resuming
from auditlog_cli.withholding.choosing import ByField, Nothing
from auditlog_cli.withholding.declaring import Declared
from tests.conftest import Result
from tests.refusals import refused
from tests.salting import test_redact
from tests.salting.foreign import beside, everything, leaves, seal, write

Cli = Callable[..., Result]
SAID = {"by": "dpo@example.org", "reason": "case 17", "unsigned": True}
EMAILS = ByField(["user.email"], select_by(), [])


def hold(path: Path, key: Path | None = None, **what: Any) -> str:
    loaded = None if key is None else signer.load(str(key))
    return holding.add(str(path), covers(**what), "counsel", "case 18", loaded)


def statements(path: Path) -> list[dict[str, Any]]:
    return [json.loads(row) for row in beside(path, "holds").read_bytes().splitlines()]


def goes(path: Path, **options: bool) -> list[int]:
    plan = planning.plan(str(path), EMAILS, **options)  # type: ignore[arg-type]
    return [target.seq for target in plan.targets]


@pytest.mark.parametrize(
    ("what", "left"),
    [
        ({"session": ["s-1"]}, [3]),
        ({"session": ["ann@*"]}, [2]),
        ({"subject": ["bob@example.org"]}, [0]),
        ({"subject": ["ann@example.org"]}, [2]),
        ({"everything": True}, []),
        ({"since": "2030-01-01"}, []),
    ],
)
def test_what_is_held_stays_and_what_cannot_be_judged_too(old: Path, what: dict[str, Any], left: list[int]) -> None:
    """A line without a time or a session is held by whoever asks for one: deleting can wait."""
    assert goes(old) == [0, 2, 3]
    hold(old, **what)
    assert goes(old) == left
    assert goes(old, despite_hold=True) == [0, 2, 3, 5]


def test_a_line_that_is_no_record_is_held_by_every_hold(old: Path) -> None:
    whole = {"whole": True, "records": [1]}
    name = hold(old, session=["s-1"])
    done = redact(old, **whole, **SAID)  # type: ignore[call-overload]
    assert (done.values, done.left) == (0, [(1, "")])
    holding.release(str(old), name, "counsel", "settled", None)
    assert redact(old, **whole, **SAID).values == 1  # type: ignore[call-overload]


def test_a_line_that_is_no_record_and_speaks_of_a_hold_is_held_without_any(path: Path, key: Path) -> None:
    """Whether it is one cannot be told: deleting can wait."""
    seal(write(path, ['no JSON: {"retention":{"legal_hold":true}}', "no JSON either"]), key)
    done = redact(path, whole=True, records=[0, 1], **SAID)
    assert (done.values, done.left) == (1, [(0, "")])


def test_redact_leaves_what_is_held_until_it_is_released(old: Path) -> None:
    before = leaves(old)
    name = hold(old, subject=["bob@example.org"])
    done = redact(old, fields=["user.email"], **SAID)
    assert (done.values, sorted(done.left)) == (1, [(2, "/user/email"), (3, "/user/email"), (5, "/user/email")])
    assert old.read_bytes().count(b"bob@example.org") == 2
    assert holding.release(str(old), name, "counsel", "settled", None) == 1
    assert redact(old, fields=["user.email"], **SAID).values == 2
    assert b"bob@" not in everything(old), "nor in the statement of the hold"
    assert leaves(old) == before
    assert verify(old).exit_code == 0


def test_despite_hold_is_the_one_exception(old: Path) -> None:
    hold(old, everything=True)
    assert redact(old, fields=["user.email"], **SAID).values == 0
    assert redact(old, fields=["user.email"], despite_hold=True, **SAID).values == 4


def test_whom_a_hold_names_is_told_to_who_erases_them(old: Path, cli: Cli) -> None:
    name = hold(old, subject=["bob@example.org"])
    words = ["--by", "dpo@example.org", "--reason", "case 17", "--request", "17", "--unsigned", "--yes"]
    done = cli("redact", old, "--subject", "bob@example.org", "--despite-hold", *words)
    assert done.code == 1
    assert f"{old}.holds still names whom a legal hold is about, until it is released: {name}" in done.out
    assert "bob@" not in done.out + done.err
    holding.release(str(old), name, "counsel", "settled", None)
    assert b"bob@" not in everything(old)
    assert cli("redact", old, "--subject", "bob@example.org", *words).code == 0


def test_a_signed_hold_is_released_by_its_key_alone(old: Path, dpo: Path, stranger: Path) -> None:
    name = hold(old, dpo, everything=True)
    with pytest.raises(UsageError, match="is signed"):
        holding.release(str(old), name, "counsel", "x", None)
    with pytest.raises(DefinitionError, match="is not the key"):
        holding.release(str(old), name, "counsel", "x", signer.load(str(stranger)))
    with pytest.raises(UsageError, match="an agent may not"):
        holding.release(str(old), name, "agent:a-7", "x", None)
    forged = {"type": "hold-release", "id": name, "by": "counsel", "reason": "x"}
    with beside(old, "holds").open("a") as file:
        file.write(json.dumps({"auditlog": forged}) + "\n")
    register = holding.read(str(old))
    assert [each.id for each in register.active] == [name]
    assert [each.trouble for each in register.void] == ["the hold is signed, and the release is not, by the same key"]
    assert goes(old) == []
    holding.release(str(old), name, "counsel", "x", signer.load(str(dpo)))
    assert goes(old) == [0, 2, 3]


def test_a_signature_is_over_this_log_and_what_is_held(old: Path, dpo: Path) -> None:
    """What somebody changed in a statement makes it an unsigned one: more is held, or anybody may release it."""
    name = hold(old, dpo, session=["s-1"])
    told = statements(old)
    told[0]["auditlog"]["covers"] = {"session": ["s-2"]}
    beside(old, "holds").write_text(json.dumps(told[0]) + "\n")
    register = holding.read(str(old))
    assert register.key_of(register.active[0]) == b""
    assert holding.release(str(old), name, "counsel", "x", None) == 1


@pytest.mark.parametrize(
    "junk", [b"\x00\n", b"{}\n", b'{"auditlog":{"type":"hold"}}', b'{"auditlog":{"type":"redact"}}\n']
)
def test_a_damaged_file_of_holds_stops_everything(old: Path, junk: bytes) -> None:
    hold(old, session=["s-9"])
    with beside(old, "holds").open("ab") as file:
        file.write(junk)
    for act in (
        lambda: redact(old, fields=["user.email"], despite_hold=True, **SAID),
        lambda: hold(old, everything=True),
        lambda: holding.read(str(old)),
    ):
        before = everything(old)
        with pytest.raises(InputError, match="line 2 is no statement about a hold"):
            act()
        assert everything(old) == before


def test_a_statement_without_limits_that_can_be_read_holds_everything(old: Path) -> None:
    beside(old, "holds").write_text('{"auditlog":{"type":"hold","id":"h","covers":{"from":"x"}}}\n')
    assert goes(old) == []


def test_a_file_of_holds_that_was_removed_leaves_no_trace_and_verify_says_that_it_cannot_know(old: Path) -> None:
    hold(old, everything=True)
    assert verify(old).exit_code == 0
    beside(old, "holds").unlink()
    verdict = verify(old)
    assert verdict.exit_code == 0
    assert "legal holds: they stand beside this log, and no signature covers that file" in verdict.not_checked
    assert goes(old) == [0, 2, 3]


@pytest.mark.parametrize("happens", ["set", "released"])
def test_a_hold_that_comes_between_plan_and_redaction_stops_it(old: Path, happens: str) -> None:
    name = hold(old, session=["none"]) if happens == "released" else ""
    plan = planning.plan(str(old), EMAILS, despite_hold=True)
    if name:
        holding.release(str(old), name, "counsel", "x", None)
    else:
        hold(old, everything=True)
    before = everything(old)
    with pytest.raises(AuditWriteError, match="legal holds were set or released while this was planned"):
        carrying.run(plan, Declared("x", "dpo"), None)
    assert everything(old) == before


class Crash(BaseException):
    """The process ends here."""


def declared_only(path: Path, **options: bool) -> None:
    def step(name: str) -> None:
        raise Crash

    with pytest.raises(Crash):
        carrying.run(planning.plan(str(path), EMAILS, **options), Declared("x", "dpo"), None, step=step)  # type: ignore[arg-type]


def test_resume_leaves_what_came_under_a_hold_since_it_was_declared(old: Path) -> None:
    declared_only(old)
    name = hold(old, subject=["bob@example.org"])
    plan = planning.plan(str(old), Nothing())
    assert [each.held for each in plan.pending] == [(name,)]
    assert resuming.finishable(plan, None) == ([], plan.pending)
    assert resuming.finishable(plan, None, despite_hold=True) == (plan.pending, [])


def test_resume_finishes_what_was_declared_despite_a_hold(old: Path) -> None:
    hold(old, everything=True)
    declared_only(old, despite_hold=True)
    plan = planning.plan(str(old), Nothing())
    assert [each.held for each in plan.pending] == [()]
    carrying.resume(plan, plan.pending)
    assert goes(old, despite_hold=True) == []


def test_a_hold_that_came_since_stops_a_resumption_that_was_planned_before(old: Path) -> None:
    declared_only(old)
    plan = planning.plan(str(old), Nothing())
    hold(old, everything=True)
    with pytest.raises(AuditWriteError, match="legal holds were set"):
        carrying.resume(plan, plan.pending)


def test_a_copy_leaves_held_values_and_hands_no_holds_over(old: Path, dpo: Path, tmp_path: Path) -> None:
    hold(old, subject=["bob@example.org"])
    copy = tmp_path / "copy" / "shared.jsonl"
    copy.parent.mkdir()
    redact(old, fields=["user.email"], key=dpo, output=copy, by="dpo@example.org", reason="x")
    assert copy.read_bytes().count(b"bob@example.org") == 2
    assert not beside(copy, "holds").exists()


def test_a_log_that_is_not_sealed_with_salts_has_no_holds(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('{"n":1}\n')
    with pytest.raises(InputError, match="not a sealed log"):
        hold(path, everything=True)
    assert not beside(path, "holds").exists()


def test_the_command_line(old: Path, cli: Cli, dpo: Path) -> None:
    made = cli("hold", "add", old, "--session", "s-1", "--by", "counsel", "--reason", "case 18", "--key", dpo)
    name = made.out.strip()
    assert made.code == 0
    assert "holds session s-1" in made.err
    listed = cli("hold", "list", old)
    assert f"{name}  in force  session s-1" in listed.out
    assert "signed: case 18" in listed.out
    with beside(old, "holds").open("a") as file:
        file.write(
            json.dumps({"auditlog": {"type": "hold-release", "id": name, "by": "agent:a", "reason": "x"}}) + "\n"
        )
    listed = cli("hold", "list", old)
    assert listed.code == 1
    assert "line 2 by agent:a does not release: an agent may not release a hold" in listed.out
    told = json.loads(cli("hold", "list", old, "--format", "json").out)
    assert (told["holds"][0]["line"], told["void_releases"][0]["line"]) == (1, 2)
    shown = cli("redact", old, "--fields", "user.email", "--dry-run")
    assert shown.code == 1
    assert f"under a legal hold ({name}, retention.legal_hold): --despite-hold takes them, too" in shown.out
    assert cli("hold", "release", old, name, "--by", "counsel", "--reason", "done", "--key", dpo).code == 0
    assert f"{name}  released  session s-1" in cli("hold", "list", old).out


def test_the_file_is_the_owners_alone(old: Path) -> None:
    os.chmod(beside(old, "salts"), 0o640)
    hold(old, everything=True)
    assert beside(old, "holds").stat().st_mode & 0o777 == 0o640, "as that of the salts"


# --- crash and kill -------------------------------------------------------------------------------


def outcome(path: Path) -> str:
    """What is said when everything is to be held; nothing if it is."""
    try:
        hold(path, everything=True)
    except AuditlogError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    "name", ["os.rename", "os.fsync", "os.write", "os.open", "os.fchmod", "fcntl.flock", "os.pread"]
)
def test_a_refusal_of_the_system_at_each_call_leaves_the_holds_as_they_were_or_are_to_be(
    old: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold(old, session=["s-1"])
    kept = tmp_path / "kept"
    shutil.copytree(old.parent, kept)
    for number in range(60):
        shutil.rmtree(old.parent)
        shutil.copytree(kept, old.parent)
        with refused(monkeypatch, name, number) as failed:
            said = outcome(old)
        assert not said or "Input/output error" in said or "cannot be read" in said, said
        assert len(holding.read(str(old)).active) in (1, 2)
        assert verify(old).exit_code == 0
        if not failed:
            assert len(holding.read(str(old)).active) == 2
            return
        hold(old, everything=True)
    raise AssertionError("so many calls? raise the limit")


CHILD = """
import sys
from pathlib import Path
from tests.salting.test_holding import hold
hold(Path(sys.argv[1]), everything=True)
"""


@pytest.mark.skipif(test_redact.STRACE is None, reason="strace is not there: nothing can be killed at each call")
@pytest.mark.parametrize("call", [pytest.param(each, marks=pytest.mark.slow) for each in ("write", "rename", "fsync")])
def test_killed_at_every_call_the_holds_are_as_before_or_as_after(
    old: Path, tmp_path: Path, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(test_redact, "CHILD", CHILD)
    hold(old, session=["s-1"])
    kept = tmp_path / "kept"
    shutil.copytree(old.parent, kept)
    total = test_redact.traced(old, call)
    assert total
    assert len(holding.read(str(old)).active) == 2
    for number in range(1, total + 1):
        shutil.rmtree(old.parent)
        shutil.copytree(kept, old.parent)
        test_redact.traced(old, call, f"{call}:signal=KILL:when={number}")
        assert len(holding.read(str(old)).active) in (1, 2), (call, number)
        assert verify(old).exit_code == 0
        hold(old, everything=True)
