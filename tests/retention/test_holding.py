"""Legal holds: what is held is neither deleted nor withheld, who may release, and that nobody can forge it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli import segments, times, verify
from auditlog_cli.errors import AuditWriteError, DefinitionError, InputError, SealRefused, UsageError
from auditlog_cli.retention import holding, pruning
from auditlog_cli.retention.holding import covers
from auditlog_cli.sealing import holds
from auditlog_cli.selection import select_by
from auditlog_cli.signing.signer import Signer
from auditlog_cli.withholding import carrying, planning
from auditlog_cli.withholding.api import redact
from auditlog_cli.withholding.choosing import ByField
from auditlog_cli.withholding.declaring import Declared
from auditlog_cli.withholding.holding import read
from auditlog_cli.writer import own as records
from auditlog_cli.writer.log import AuditLog
from tests.conftest import Result
from tests.retention.conftest import record

LATE = times.moment("2027-01-01T00:00:00Z") or 0
SAID = {"by": "dpo", "reason": "x", "unsigned": True}
Own = Callable[[Path], list[dict[str, Any]]]


def hold(path: Path, **what: Any) -> str:
    return holding.add(str(path), covers(**what), "counsel", "case 17", None)


def goes(path: Path, **options: bool) -> list[int]:
    return [each.first for each in pruning.plan(str(path), LATE, **options).goes]


def firsts(path: Path) -> list[int]:
    return [first for first, _ in segments.closed(str(path))]


# --- what is held -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "left"),
    [
        ({"session": ["s-1"]}, 0),
        ({"session": ["s-3", "s-2"]}, 1),
        ({"session": ["*-3"]}, 2),
        ({"agent": ["a-7"], "session": ["s-4"]}, 3),
        ({"agent": ["a-8"]}, 4),
        ({"since": "2026-02-01", "until": "2026-03-01"}, 1),
        ({"until": "2026-01-02"}, 0),
        ({"subject": ["u-3"]}, 2),
        ({"subject": ["P2@EXAMPLE.org"]}, 1),
        ({"subject": ["u-3"], "session": ["s-2"]}, 4),
        ({"everything": True}, 0),
    ],
)
def test_prune_goes_up_to_what_is_held(path: Path, what: dict[str, Any], left: int) -> None:
    """Four segments; `left` of them may go before the first that holds a held record."""
    every = firsts(path)
    name = hold(path, **what)
    plan = pruning.plan(str(path), LATE)
    assert [each.first for each in plan.goes] == every[:left]
    assert plan.held_back is (left < 4)
    assert (f"({name})" in plan.stays) is (left < 4)
    holding.release(str(path), name, "counsel", "closed", None)
    assert goes(path) == every


def test_how_many_records_are_held_is_said(path: Path) -> None:
    hold(path, session=["s-1"])
    assert "holds 3 records under a legal hold" in pruning.plan(str(path), LATE).stays


def test_redact_takes_what_is_not_held(path: Path) -> None:
    name = hold(path, session=["s-2"])
    done = redact(path, fields=["user.email"], **SAID)
    assert done.values == 9
    assert len(done.left) == 3
    assert b"p2@example.org" in b"".join(Path(each).read_bytes() for _, each in segments.closed(str(path)))
    holding.release(str(path), name, "counsel", "closed", None)
    assert redact(path, fields=["user.email"], **SAID).values == 3
    assert not verify(path).findings


def test_a_record_can_hold_itself_and_the_words_elsewhere_do_not(tmp_path: Path) -> None:
    """One meaning for prune and redact: retention.legal_hold, whatever stands in arguments."""
    path = tmp_path / "audit.jsonl"
    with AuditLog(path, fsync="none", ballast_bytes=0) as log:
        log.append(record(1, action={"type": "x", "arguments": {"legal_hold": True}}))
        log.rotate()
        log.append(record(2, retention={"legal_hold": False}))
        log.rotate()
        log.append(record(3, retention={"legal_hold": True}))
        log.rotate()
    assert len(goes(path)) == 2
    assert redact(path, fields=["user.id"], dry_run=True).values == 2
    redact(path, fields=["retention.legal_hold"], despite_hold=True, **SAID)
    assert len(goes(path)) == 1, "what was withheld may have been true: it is held, in record 2 as well"


def test_what_cannot_be_judged_is_held(path: Path) -> None:
    """A withheld member, a missing time, a malformed hold."""
    hold(path, session=["s-9"])
    with AuditLog(path, fsync="none", ballast_bytes=0) as log:
        log.append_own(records.record("hold", id="hold-x", by="counsel", reason="?", covers={"moon": ["full"]}))
    register = read(str(path))
    assert register.active[0].holds({"session_id": {"_redacted": "00"}})
    assert not register.active[0].holds({"session_id": "s-1"})
    assert register.active[1].unreadable
    assert goes(path) == []


@pytest.mark.parametrize(
    ("covers", "content", "held"),
    [
        ({"session": ("s-1",)}, {}, True),
        ({"session": ("s-1",)}, {"session_id": None}, True),
        ({"session": ("s-1",)}, {"session_id": " n/a "}, True),
        ({"session": ("s-1",)}, {"session_id": 7}, True),
        ({"session": ("s-1",)}, {"session_id": {"_redacted": "00"}}, True),
        ({"session": ("s-1",)}, {"session_id": "s-1"}, True),
        ({"session": ("s-1",)}, {"session_id": "s-2"}, False),
        ({"session": ("s-1",)}, {"auditlog": {"type": "heartbeat"}}, False),
        ({"agent": ("a-*",)}, {}, True),
        ({"agent": ("a-*",)}, {"agent": {}}, True),
        ({"agent": ("a-*",)}, {"agent": {"_redacted": "00"}}, True),
        ({"agent": ("a-*",)}, {"agent": {"id": "b", "name": {"_redacted": "00"}}}, True),
        ({"agent": ("a-*",)}, {"agent": {"id": "b", "name": None}}, False),
        ({"agent": ("a-*",)}, {"agent": {"name": "b"}}, False),
        ({"agent": ("a-*",)}, {"agent": {"id": "b", "name": "a-1"}}, True),
        ({"agent": ("a-*",)}, {"auditlog": {"type": "rotate"}}, False),
        ({"session": ("s-1",), "agent": ("a",)}, {"agent": {"id": "b"}}, False),
        ({"session": ("s-1",), "agent": ("a",)}, {"agent": {"id": "a"}}, True),
    ],
)  # fmt: skip
def test_in_doubt_a_record_is_held(covers: dict[str, tuple[str, ...]], content: dict[str, object], held: bool) -> None:
    """Decision 0040: a withheld or missing member that a hold asks for counts as a hit."""
    own = {"id": "h", "by": "counsel", "reason": "r", "covers": {name: [*value] for name, value in covers.items()}}
    assert holds.Hold(0, "", own).holds(content) is held


def test_neither_prune_nor_redact_takes_a_record_that_names_no_session(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    with AuditLog(path, fsync="none", ballast_bytes=0) as log:
        for number in (1, 2, 3):
            content = record(number)
            if number == 2:
                del content["session_id"]
            log.append(content)
            log.rotate()
    name = hold(path, session=["s-9"])
    assert len(goes(path)) == 1, "the segment of record 1 goes; that of record 2 stays, and what is behind it"
    plan = redact(path, fields=["user.email"], dry_run=True)
    assert plan.values == 2 and plan.left
    assert redact(path, fields=["user.email"], dry_run=True, despite_hold=True).values == 3
    holding.release(str(path), name, "counsel", "closed", None)
    assert len(goes(path)) == 3


def test_despite_hold_is_said_and_recorded(path: Path, own: Own) -> None:
    name = hold(path, session=["s-1"])
    plan = pruning.plan(str(path), LATE, despite_hold=True)
    assert (plan.held, plan.holds) == (3, [name])
    pruning.carry_out(plan, "court order")
    said = own(path)[-1]
    assert (said["type"], said["despite_hold"]) == ("prune", [name])
    assert redact(path, fields=["user.email"], despite_hold=True, dry_run=True).left == []


# --- a hold outlives what is pruned ---------------------------------------------------------------------


def test_a_hold_outlives_its_own_segment(path: Path, own: Own) -> None:
    """It was set long ago, for somebody who came later: prune says it again before its segment goes."""
    name = hold(path, subject=["u-9"])
    with AuditLog(path, fsync="none", ballast_bytes=0) as log:
        log.rotate()
        log.append(record(9))
        log.rotate()
    before = read(str(path)).active[0]
    pruning.carry_out(pruning.plan(str(path), LATE), "schedule")
    assert len(firsts(path)) == 1
    after = read(str(path)).active
    assert [(each.id, each.at, each.first) for each in after] == [(name, before.at, before.seq)]
    assert own(path)[-2]["restates"] == {"seq": before.seq, "at": before.at}
    assert not verify(path).findings
    assert goes(path) == []
    holding.release(str(path), name, "counsel", "closed", None)
    assert len(goes(path)) == 1


def test_a_released_hold_is_not_said_again(path: Path, own: Own) -> None:
    name = hold(path, session=["s-9"])
    holding.release(str(path), name, "counsel", "closed", None)
    with AuditLog(path, fsync="none", ballast_bytes=0) as log:
        log.rotate()
    pruning.carry_out(pruning.plan(str(path), LATE), "schedule")
    assert [each["type"] for each in own(path)] == ["rotate", "prune"]


# --- who may -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["agent:a-7", " Agent:a-7", "AGENT:x"])
def test_an_agent_may_not_release(path: Path, by: str) -> None:
    name = hold(path, session=["s-1"])
    with pytest.raises(UsageError, match="agent"):
        holding.release(str(path), name, by, "I say so", None)
    with AuditLog(path, fsync="none", ballast_bytes=0) as log:
        log.append_own(records.record("hold-release", **holds.record("hold-release", name, by, "I say so")))
    register = read(str(path))
    assert [each.id for each in register.active] == [name]
    assert register.void[0].trouble == "an agent may not release a hold"


def test_a_signed_hold_is_released_by_its_key_alone(path: Path, key: Signer, stranger: Signer) -> None:
    name = holding.add(str(path), covers(session=["s-1"]), "counsel", "case 17", key)
    with pytest.raises(UsageError, match="signed"):
        holding.release(str(path), name, "counsel", "closed", None)
    with pytest.raises(DefinitionError, match="not the key"):
        holding.release(str(path), name, "counsel", "closed", stranger)
    release = holds.record("hold-release", name, "counsel", "closed")
    forged = stranger.sshsig(holds.NAMESPACE, holds.message("test/log", {"type": "hold-release", **release}))
    borrowed = read(str(path)).active[0].own["sshsig"]
    with AuditLog(path, fsync="none", ballast_bytes=0) as log:
        for armour in (None, "rubbish", forged, borrowed):
            log.append_own(records.record("hold-release", **release, sshsig=armour))
    register = read(str(path))
    assert ([each.id for each in register.active], len(register.void)) == ([name], 4)
    holding.release(str(path), name, "counsel", "closed", key)
    assert not read(str(path)).active


def test_a_signature_over_something_else_is_none(path: Path, key: Signer) -> None:
    """Whoever copies a signature cannot make a hold that nobody can release."""
    holding.add(str(path), covers(session=["s-1"]), "counsel", "case 17", key)
    armour = read(str(path)).active[0].own["sshsig"]
    members = holds.record("hold", "hold-f", "counsel", "forged", covers(everything=True), str(armour))
    with AuditLog(path, fsync="none", ballast_bytes=0) as log:
        log.append_own(records.record("hold", **members))
    register = read(str(path))
    assert register.key_of(register.active[1]) == b""
    holding.release(str(path), "hold-f", "counsel", "forged", None)
    assert len(read(str(path)).active) == 1


def test_a_hold_of_the_same_name_narrows_nothing(path: Path) -> None:
    name = hold(path, session=["s-1"])
    with AuditLog(path, fsync="none", ballast_bytes=0) as log:
        log.append_own(records.record("hold", **holds.record("hold", name, "x", "y", covers(session=["none"]))))
    assert goes(path) == []
    assert holding.release(str(path), name, "counsel", "closed", None) == 2


@pytest.mark.parametrize(
    "what",
    [{}, {"everything": True, "session": ["s"]}, {"session": [" "]}, {"since": "moon"},
     {"since": "2026-02-01", "until": "2026-02-01"}, {"subject": ["\ud800"]}],
)  # fmt: skip
def test_what_names_nothing_sensible_is_refused(what: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        covers(**what)


def test_what_is_said_with_a_hold(path: Path, tmp_path: Path) -> None:
    for by, reason in (("", "x"), ("x", ""), ("a\nb", "x"), ("x", "about u-17")):
        with pytest.raises(UsageError):
            holding.add(str(path), covers(subject=["u-17"]), by, reason, None)
    with pytest.raises(UsageError, match="no hold of that name"):
        holding.release(str(path), "hold-0", "counsel", "x", None)
    name = hold(path, session=["s-1"])
    holding.release(str(path), name, "counsel", "x", None)
    with pytest.raises(UsageError, match="was released before"):
        holding.release(str(path), name, "counsel", "x", None)
    foreign = tmp_path / "foreign.jsonl"
    foreign.write_text('{"a":1}\n')
    with pytest.raises(InputError):
        hold(foreign, session=["s"])
    assert foreign.read_text() == '{"a":1}\n'
    with pytest.raises(InputError):
        hold(tmp_path / "none.jsonl", session=["s"])
    assert not (tmp_path / "none.jsonl").exists()


# --- the person ----------------------------------------------------------------------------------------


def test_whom_a_hold_names_can_be_withheld_once_it_is_released(path: Path) -> None:
    name = hold(path, subject=["u-2"])
    with_key = {**SAID, "request": "17"}
    for despite in (False, True):
        done = redact(path, subject=["u-2"], despite_hold=despite, dry_run=True)
        assert any(field == "/auditlog/subject" for _, field in done.left), "not from a hold in force"
    holding.release(str(path), name, "counsel", "closed", None)
    redact(path, subject=["u-2"], **with_key)
    everything = b"".join(Path(each).read_bytes() for _, each in segments.closed(str(path))) + path.read_bytes()
    assert b"u-2" not in everything
    assert not verify(path).findings


def test_a_large_value_beside_the_log_is_looked_into(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    with AuditLog(path, fsync="none", ballast_bytes=0) as log:
        log.append({"session_id": "s", "action": {"type": "x", "arguments": {"text": "u-17 " + "x" * (1 << 20)}}})
        log.rotate()
    hold(path, subject=["u-17"])
    assert goes(path) == []


# --- holds that come meanwhile ------------------------------------------------------------------------


def test_a_hold_that_comes_between_plan_and_prune_stops_it(path: Path) -> None:
    plan = pruning.plan(str(path), LATE)
    hold(path, session=["s-1"])
    with pytest.raises(SealRefused, match="hold was set"):
        pruning.carry_out(plan, "x")
    assert len(firsts(path)) == 4
    assert not os.path.exists(segments.pruned_name(str(path)))
    assert not verify(path).findings


@pytest.mark.parametrize("rotated", [False, True])
def test_a_hold_that_comes_between_plan_and_redaction_stops_it(path: Path, rotated: bool) -> None:
    plan = planning.plan(str(path), ByField(["user.email"], select_by(), []))
    hold(path, session=["s-1"])
    if rotated:
        with AuditLog(path, fsync="none", ballast_bytes=0) as log:
            log.append(record(5))
            log.rotate()
    with pytest.raises(AuditWriteError, match="hold was set"):
        carrying.run(plan, Declared("dpo", "x"), None)
    assert not verify(path).withheld_total
    with AuditLog(path, fsync="none", ballast_bytes=0) as log:
        log.append(record(6))
    carrying.run(planning.plan(str(path), ByField(["user.email"], select_by(), [])), Declared("dpo", "x"), None)


def test_a_hold_stops_a_redaction_that_was_declared_before(path: Path, cli: Callable[..., Result]) -> None:
    class Crash(Exception):
        pass

    def step(name: str) -> None:
        if name == "declared":
            raise Crash

    plan = planning.plan(str(path), ByField(["user.email"], select_by(session=["s-1"]), []))
    with pytest.raises(Crash):
        carrying.run(plan, Declared("dpo", "x"), None, step=step)
    hold(path, session=["s-1"])
    done = cli("redact", path, "--resume", "--unsigned", "--yes")
    assert (done.code, "under a legal hold since" in done.err) == (1, True)
    assert not verify(path).withheld_total
    done = cli("redact", path, "--resume", "--unsigned", "--yes", "--despite-hold")
    assert done.code == 0
    assert verify(path).withheld_total == 3


# --- the command line --------------------------------------------------------------------------------------


def test_the_command_line(path: Path, key: Signer, tmp_path: Path, cli: Callable[..., Result]) -> None:
    signers = tmp_path / "signers"
    signers.write_text(f'counsel@example.org namespaces="auditlog-redaction" {key.public_line}\n')
    by = ("--by", "counsel@example.org", "--reason", "case 17")
    assert cli("hold", "list", path).out == f"{path}: no holds\n"
    signed = cli("hold", "add", path, "--subject", "u-2", *by, "--key", key.path)
    assert signed.code == 0, signed.err
    name = signed.out.strip()
    assert "u-2" not in signed.err
    plain = cli("hold", "add", path, "--session", "s-1", *by).out.strip()
    shown = cli("hold", "list", path, "--signers", signers)
    assert (shown.code, "u-2" in shown.out) == (1, False), "one of them is unsigned"
    assert f"{name}  in force  one person (1 identifier)" in shown.out
    assert "good: case 17" in shown.out
    assert "unsigned: case 17" in shown.out
    pruned = cli("prune", path, "--older-than", "2026-12-01", "--keep-holds", "--yes")
    assert (pruned.code, len(firsts(path))) == (0, 4)
    assert f"holds 3 records under a legal hold ({plain})" in pruned.err
    assert cli("prune", path, "--older-than", "2026-12-01", "--keep-holds", "--despite-hold").code == 2
    dry = cli("redact", path, "--fields", "user.email", "--dry-run")
    assert "6 records under a legal hold" in dry.out
    assert cli("hold", "release", path, plain, *by).code == 0
    assert cli("hold", "release", path, name, *by).code == 2
    listed = cli("hold", "list", path, "--signers", signers, "--format", "json")
    told = json.loads(listed.out)
    assert [(each["id"], each["state"], each["signature"]) for each in told["holds"]] == [
        (name, "in force", "good"),
        (plain, "released", "unsigned"),
    ]
    assert cli("hold", "release", path, name, *by, "--key", key.path).code == 0
    despite = cli("prune", path, "--older-than", "2026-12-01", "--despite-hold", "--yes")
    assert (despite.code, firsts(path)) == (0, [])
    assert not verify(path).findings


def test_validate_knows_the_records(path: Path, cli: Callable[..., Result], key: Signer) -> None:
    name = holding.add(str(path), covers(subject=["u-2"], since="2026-01-01"), "counsel", "x", key)
    holding.release(str(path), name, "counsel", "closed", key)
    done = cli("validate", path, "--profile", "record", "--strict", "--format", "json")
    assert done.code == 0, done.out
