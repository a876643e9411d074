"""The threat model, row by row (integrity.md, 8): what is found, at which record, in which words; what is not, and is said.

`signed` is a log of fourteen records: 0 genesis, 1 to 9 of persons, 10 a checkpoint over the ten, 11 to 13 behind it.
The failure battery (10.2) is tested where its actors are: `test_tables` names the tests.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from auditlog_cli import AuditLog, Verdict, redact, verify
from auditlog_cli.sealing.line import unseal
from auditlog_cli.signing import signer
from auditlog_cli.writer.checkpoints import Sealer
from tests.verification import forging
from tests.verification.test_battery import codes
from tests.withholding.conftest import REDACTOR, STRANGER, write_key

pytest.importorskip("cryptography", reason="signatures are made with the package cryptography")

ORIGIN = "example.org/auditlog/threats"
TOOL = {"type": "tool_invocation", "tool": "x"}


class Signed(NamedTuple):
    """A signed log, whom its auditor trusts, and the keys."""

    path: Path
    signers: Path
    key: Path
    dpo: Path
    stranger: Path

    def judged(self, **more: Any) -> Verdict:
        return verify(self.path, signers=self.signers, **more)

    @property
    def lines(self) -> list[bytes]:
        return self.path.read_bytes().splitlines(keepends=True)

    def put(self, lines: list[bytes]) -> None:
        self.path.write_bytes(b"".join(lines))

    def edit(self, number: int, before: bytes, after: bytes) -> None:
        lines = self.lines
        assert before in lines[number]
        lines[number] = lines[number].replace(before, after)
        self.put(lines)

    def rechain(self, change: dict[int, Any], *, checkpoints: bool = True) -> None:
        """Write it anew with every link right, as somebody without the key can."""
        records = forging.again(self.path, change)
        forging.written(
            self.path, [each for each in records if checkpoints or each.get("auditlog", {}).get("type") != "checkpoint"]
        )

    def seal(self) -> None:
        with AuditLog(self.path, ballast_bytes=0, fsync="none") as log:
            Sealer(str(self.path), signer.load(str(self.key))).seal(log.durable, log.append_own)

    @property
    def known(self) -> str:
        """What somebody remembers who has looked now."""
        verdict = verify(self.path)
        return f"{verdict.records}:{verdict.root}"


@pytest.fixture
def signed(tmp_path: Path) -> Signed:
    path = tmp_path / "log" / "audit.jsonl"
    keys = [write_key(tmp_path / name, seed) for name, seed in
            (("seal.key", bytes(range(32))), ("dpo.key", REDACTOR), ("stranger.key", STRANGER))]  # fmt: skip
    public = [Path(f"{key}.pub").read_text().rsplit(" ", 1)[0] for key in keys]
    signers = tmp_path / "signers"
    signers.write_text(
        f'{ORIGIN} namespaces="auditlog-checkpoint" {public[0]}\n'
        f'dpo@example.org namespaces="auditlog-redaction" {public[1]}\n'
    )
    made = Signed(path, signers, *keys)
    with AuditLog(path, origin=ORIGIN, ballast_bytes=0, fsync="none") as log:
        log.write_many({"session_id": "s-1", "user": {"id": f"u-{n}"}, "action": TOOL} for n in range(1, 10))
        Sealer(str(path), signer.load(str(made.key))).seal(log.durable, log.append_own)
        log.write_many({"user": {"id": f"u-{n}"}, "action": TOOL} for n in range(11, 14))
    assert (made.judged().exit_code, made.judged().signed, made.judged().records) == (0, 10, 14)
    return made


def said(verdict: Verdict) -> list[str]:
    return [problem.message for problem in verdict.findings]


# --- edit, reorder, delete in the middle -------------------------------------------------------------


def test_an_edit_in_the_middle(signed: Signed) -> None:
    signed.edit(4, b'"tool":"x"', b'"tool":"y"')
    assert codes(signed.judged()) == codes(verify(signed.path)) == [("chain", 5)]
    assert said(signed.judged()) == [
        "record 5 does not continue record 4: that one, or this link, was changed;"
        " a checkpoint shows that the damage is confined to record 4 alone"
    ]


@pytest.mark.parametrize("how", ["deleted", "reordered"])
def test_a_record_deleted_or_reordered(signed: Signed, how: str) -> None:
    lines = signed.lines
    lines[4:6] = [lines[5]] if how == "deleted" else [lines[5], lines[4]]
    signed.put(lines)
    assert codes(signed.judged()) == [("seq", 4)]
    assert said(signed.judged()) == [
        "record 5 stands where record 4 is expected: 1 record is missing, or the order was changed"
    ]


# --- everything re-chained ---------------------------------------------------------------------------


def test_a_re_chained_log_is_found_at_the_next_checkpoint(signed: Signed) -> None:
    signed.rechain({4: {"user": {"id": "u-forged"}}})
    words = "names another root: the first 10 records are not those it was made over"
    for verdict in (signed.judged(), verify(signed.path)):
        assert codes(verdict) == [("root", 10)]
        assert said(verdict) == [f"the checkpoint in record 10 {words}"]


def test_a_re_chained_log_without_its_checkpoints_is_found_by_who_has_the_key(signed: Signed) -> None:
    signed.rechain({4: {"user": {"id": "u-forged"}}}, checkpoints=False)
    Path(f"{signed.path}.checkpoint").unlink()
    assert codes(signed.judged()) == [("no-checkpoint", None)]
    without = verify(signed.path)
    assert without.exit_code == 0, "an unsigned chain is no evidence"
    assert "signatures were not checked" in without.sentence
    assert "signatures: no key was given (--signers FILE)" in without.not_checked


def test_a_re_chained_log_that_was_signed_anew_is_found_by_memory_alone(signed: Signed) -> None:
    """The key was in the agent, or is the insider's: whoever has seen the log before can tell, nobody else."""
    known = signed.known
    signed.rechain({4: {"user": {"id": "u-forged"}}}, checkpoints=False)
    Path(f"{signed.path}.checkpoint").unlink()
    signed.seal()
    verdict = signed.judged()
    assert verdict.exit_code == 0
    assert any("older state was put back" in item for item in verdict.not_checked)
    found = signed.judged(known=known)
    assert [code for code, _ in codes(found)] == ["rewritten"]


# --- the tail behind the last checkpoint -------------------------------------------------------------


def test_a_tail_that_is_cut_is_not_seen_and_that_is_said(signed: Signed) -> None:
    known = signed.known
    signed.put(signed.lines[:12])
    verdict = signed.judged()
    assert (verdict.exit_code, verdict.unsigned_tail) == (0, 1)
    assert any("could be cut or forged" in item for item in verdict.not_checked), verdict.not_checked
    assert codes(signed.judged(known=known)) == [("rolled-back", 12)]


def test_a_tail_that_is_forged_is_not_seen_and_that_is_said(signed: Signed) -> None:
    known, lines = signed.known, signed.lines
    forged = forging.record(12, user={"id": "u-forged"})
    forging.written(signed.path, [forged, forged], first=12, prev=unseal(lines[11][:-1]).leaf)
    signed.put([*lines[:12], *signed.lines])
    verdict = signed.judged()
    assert (verdict.exit_code, verdict.signed) == (0, 10)
    assert any("could be cut or forged" in item for item in verdict.not_checked), verdict.not_checked
    assert codes(signed.judged(known=known)) == [("rewritten", None)]


def test_a_cut_below_the_checkpoint_is_seen(signed: Signed) -> None:
    signed.put(signed.lines[:8])
    assert ("truncated", 8) in codes(signed.judged())
    assert "the checkpoint beside the log covers 10 records, and only 8 there are" in said(signed.judged())


# --- what was never written --------------------------------------------------------------------------


def test_that_it_is_true_and_whole_is_never_claimed(signed: Signed) -> None:
    """Does not log, logs lies, logs in another's name: integrity is neither truth nor completeness."""
    claim = "whether what was recorded is true, and whether everything was recorded"
    assert claim in signed.judged().not_checked
    assert claim in verify(signed.path).not_checked


# --- withholding what incriminates -------------------------------------------------------------------


def test_what_an_agent_withholds_is_no_redaction(signed: Signed) -> None:
    redact(signed.path, fields=["user.id"], records=[4], by="dpo@example.org", reason="x", key=signed.stranger)
    at = next(json.loads(line)["seq"] for file in sorted(signed.path.parent.glob("audit*.jsonl"))
              for line in file.read_bytes().splitlines() if b'"type":"redact",' in line)  # fmt: skip
    verdict = signed.judged()
    assert codes(verdict) == [("declaration", at)]
    assert said(verdict) == [
        f"record {at} declares what is withheld, but the person whom it names did not sign it with a key given here"
    ]


def test_what_nobody_declared_is_undeclared(signed: Signed) -> None:
    """The hole is right, the chain is right, every signature holds: it is found all the same."""
    line = signed.lines[4]
    salt, start, size = json.loads(line)["_salts"][0]
    value = line[start : start + size]
    hole = b'{"_redacted":"%s"}' % hashlib.sha256(salt.encode() + value).hexdigest().encode()
    bare = line[: line.rindex(b',"_salts":')]
    kept = [(salt, at + 80 - size, many) for salt, at, many in json.loads(line)["_salts"][1:]]
    lines = signed.lines
    lines[4] = bare[:start] + hole + bare[start + size :] + b',"_salts":' + json.dumps(kept, separators=(",", ":")).encode() + b"}\n"  # fmt: skip
    signed.put(lines)
    verdict = signed.judged()
    assert codes(verdict) == [("undeclared", 4)]
    assert said(verdict) == ["record 4: a value in it is withheld, and no declaration covers that"]


# --- rolled back, two histories, deleted -------------------------------------------------------------


def test_an_older_state_put_back_as_a_whole_is_found_by_memory_alone(signed: Signed) -> None:
    lines, note = signed.lines, Path(f"{signed.path}.checkpoint").read_bytes()
    with AuditLog(signed.path, ballast_bytes=0, fsync="none") as log:
        log.write_many({"user": {"id": f"u-{n}"}} for n in range(14, 20))
    signed.seal()
    known = signed.known
    signed.put(lines)
    Path(f"{signed.path}.checkpoint").write_bytes(note)
    verdict = signed.judged()
    assert verdict.exit_code == 0
    assert any("older state was put back" in item for item in verdict.not_checked)
    found = signed.judged(known=known)
    assert codes(found) == [("rolled-back", 14)]


def test_two_histories_under_one_key_are_found_by_who_compares_them(signed: Signed) -> None:
    """Split view: each is intact for itself. Auditors who compare heads see that they are not one log."""
    heads = []
    before, note = signed.lines, Path(f"{signed.path}.checkpoint").read_bytes()
    for person in ("u-one", "u-two"):
        signed.put(before)
        Path(f"{signed.path}.checkpoint").write_bytes(note)
        with AuditLog(signed.path, ballast_bytes=0, fsync="none") as log:
            log.append({"user": {"id": person}})
        signed.seal()
        assert signed.judged().exit_code == 0
        heads.append(signed.known)
    assert heads[0] != heads[1]
    assert codes(signed.judged(known=heads[0])) == [("rewritten", None)]
    assert signed.judged(known=heads[1]).exit_code == 0


def test_everything_deleted_is_never_ok(signed: Signed) -> None:
    signed.path.unlink()
    for verdict in (signed.judged(), verify(signed.path)):
        assert (verdict.exit_code, codes(verdict)) == (3, [("missing", None)])


# --- values ------------------------------------------------------------------------------------------


def withheld(signed: Signed) -> bytes:
    """Withhold a value that two records hold; return all bytes that are left."""
    redact(signed.path, fields=["user.id"], records=[4], by="dpo@example.org", reason="x", key=signed.dpo)
    return b"".join(each.read_bytes() for each in sorted(signed.path.parent.iterdir()) if each.is_file())


def test_a_withheld_value_cannot_be_guessed_and_its_hash_is_of_no_use(signed: Signed) -> None:
    """Who knows the value still cannot tell that it is the one: 128 random bits went with it."""
    salt = json.loads(signed.lines[4])["_salts"][0][0].encode()
    left = withheld(signed)
    assert signed.judged().exit_code == 0
    assert b'"u-4"' not in left
    assert salt not in left
    [commit] = re.findall(rb'\{"_redacted":"([0-9a-f]{64})"\}', left)
    for known in (b'"u-4"', b"u-4"):
        assert hashlib.sha256(known).hexdigest().encode() != commit
        assert hashlib.sha256(known).hexdigest().encode() not in left
    assert hashlib.sha256(salt + b'"u-4"').hexdigest().encode() == commit, "with the salt it would be shown"


def test_copies_elsewhere_are_named_as_not_checked(signed: Signed) -> None:
    assert not any("copies of withheld values" in item for item in signed.judged().not_checked)
    withheld(signed)
    assert "copies of withheld values elsewhere: backups, shippers" in signed.judged().not_checked


def test_a_value_that_was_swapped(signed: Signed) -> None:
    signed.edit(4, b'"u-4"', b'"u-5"')
    assert codes(signed.judged()) == [("chain", 5)]


def test_a_hole_that_was_filled(signed: Signed) -> None:
    """With another value and a salt of one's own: the commitment is part of what was signed."""
    withheld(signed)
    path = next(file for file in sorted(signed.path.parent.glob("audit*.jsonl")) if b"_redacted" in file.read_bytes())
    lines = path.read_bytes().splitlines(keepends=True)
    record = next(line for line in lines if b'"_redacted"' in line)
    match = re.search(rb'\{"_redacted":"[0-9a-f]{64}"\}', record)
    assert match
    line = record.replace(match[0], b'"u-9"')
    spans = [[s, at - 75 if at > match.start() else at, n] for s, at, n in json.loads(record)["_salts"]]
    spans = sorted([*spans, ["A" * 22, match.start(), 5]], key=lambda span: span[1])
    line = line[: line.rindex(b',"_salts":')] + b',"_salts":' + json.dumps(spans, separators=(",", ":")).encode() + b"}\n"  # fmt: skip
    path.write_bytes(b"".join(line if each == record else each for each in lines))
    verdict = signed.judged()
    assert ("chain", 5) in codes(verdict)
    assert "record 5 does not continue record 4: that one, or this link, was changed" in said(verdict)[0]


def test_a_smuggled_duplicate_member(signed: Signed) -> None:
    signed.edit(4, b'"tool":"x"', b'"tool":"EVIL","tool":"x"')
    assert [(each.code, each.seq, each.detail) for each in signed.judged().findings] == [
        ("line", 4, "duplicate-member")
    ]
    assert said(signed.judged())[0].startswith(
        'record 4 is no well-formed record: the member "tool" occurs twice in one object'
    )


# --- shippers ----------------------------------------------------------------------------------------


def doubled(lines: list[bytes]) -> list[bytes]:
    return [*lines[:5], *lines[4:]]


@pytest.mark.parametrize(
    ("ships", "at", "words"),
    [
        (lambda lines: [*lines[:4], *lines[5:]], 4, "record 5 stands where record 4 is expected"),
        (doubled, 5, "record 4 stands where record 5 is expected"),
        (lambda lines: [*lines[:4], lines[6], lines[5], lines[4], *lines[7:]], 4, "record 6 stands where record 4"),
    ],
    ids=["drops", "doubles", "reorders"],
)
def test_a_shipper_that(signed: Signed, ships: Callable[[list[bytes]], list[bytes]], at: int, words: str) -> None:
    signed.put(ships(signed.lines))
    verdict = signed.judged()
    assert codes(verdict)[0] == ("seq", at)
    assert said(verdict)[0].startswith(words)


def test_a_shipper_that_re_serialises_is_a_false_alarm_that_is_told(signed: Signed) -> None:
    signed.put([json.dumps(json.loads(line)).encode() + b"\n" for line in signed.lines])
    verdict = signed.judged()
    assert (verdict.exit_code, codes(verdict)) == (3, [("unsealed", None)])


def test_one_line_that_was_re_serialised_is_named(signed: Signed) -> None:
    lines = signed.lines
    lines[4] = json.dumps(json.loads(lines[4])).encode() + b"\n"
    signed.put(lines)
    verdict = signed.judged()
    assert codes(verdict) == [("line", 4)]
    assert said(verdict)[0].startswith("record 4 is no well-formed record: no well-formed _salts at its end")
