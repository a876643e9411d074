"""Logs in which every link is right and something else is not: each check of `verify` is needed somewhere."""

from __future__ import annotations

import json
import shutil
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli import AuditLog, Verdict, redact, verify
from auditlog_cli.sealing import merkle, notes, stubs
from auditlog_cli.verification.badlines import Bad
from auditlog_cli.verification.pieces import of_bytes
from tests.conftest import Result
from tests.verification.forging import GENESIS, ORIGIN, again, ordinary, record, written
from tests.withholding.conftest import REDACTOR, write_key


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log" / "audit.jsonl"


def codes(verdict: Verdict) -> list[tuple[str, int | None]]:
    return [(problem.code, problem.seq) for problem in verdict.findings]


def beside(path: Path, leaves: list[str], size: int) -> None:
    """An unsigned checkpoint beside the log."""
    root = merkle.root_of(map(bytes.fromhex, leaves[:size]))
    Path(f"{path}.checkpoint").write_bytes(notes.text(ORIGIN, size, root) + b"\n")


def test_a_forged_log_of_this_kind_is_intact_without_a_key(path: Path) -> None:
    """The measure for the others: what is wrong with them is not how they are made."""
    beside(path, written(path, ordinary(6)), 4)
    assert codes(verify(path)) == []


# --- lines


@pytest.mark.parametrize("size", [1, 2])
def test_a_span_that_ends_inside_a_number_is_none(path: Path, size: int) -> None:
    """`12` of `123`: both are values."""
    written(path, [*ordinary(1), record(2, metadata=123)])
    data = path.read_bytes()
    forged = data.replace(b",3]]}\n", b",%d]]}\n" % size)
    assert forged != data
    assert isinstance(of_bytes(forged, 0).found[-1], Bad)
    assert codes(verify_bytes(path, forged)) == [("line", 2)]


def verify_bytes(path: Path, data: bytes) -> Verdict:
    path.write_bytes(data)
    return verify(path)


@pytest.mark.parametrize("name", ["_leaf", "_redacted", "_salts"])
@pytest.mark.parametrize("processes", [1, 2])
def test_a_reserved_name_in_any_line_is_refused(path: Path, name: str, processes: int) -> None:
    """Not only in the first line of a piece, where the slow way looks."""
    written(path, [*ordinary(3), record(4, agent={"id": "x"})])
    data = path.read_bytes().replace(b'"agent":{"id":"x"}', b'"agent":{"id":["%b"]}' % b"x")
    body = data.replace(b'["x"]', b'[{"%b":1}]' % name.encode())
    path.write_bytes(body)
    assert codes(verify(path, processes=processes)) == [("line", 4)]


def test_a_bad_line_with_records_missing_behind_it_is_two_findings(path: Path) -> None:
    written(path, ordinary(12))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:5], b"garbage\n", *lines[6:]]))
    assert codes(verify(path)) == [("line", 5)]
    path.write_bytes(b"".join([*lines[:5], b"garbage\n", *lines[9:]]))
    assert codes(verify(path)) == [("line", 5), ("seq", 5)]


# --- beginning


def test_a_genesis_in_another_place(path: Path) -> None:
    written(path, [record(0, user={"id": "u"}), record(1, auditlog=dict(GENESIS)), record(2, user={"id": "u"})])
    assert codes(verify(path)) == [("genesis", 0), ("genesis", 1)]
    written(path, [*ordinary(2), record(3, auditlog=dict(GENESIS))])
    assert codes(verify(path)) == [("genesis", 3)]


def test_a_format_that_is_not_known(path: Path) -> None:
    written(path, [record(0, auditlog={**GENESIS, "format": "auditlog/2"}), record(1, user={"id": "u"})])
    verdict = verify(path)
    assert (verdict.exit_code, verdict.findings[0].code) == (3, "unreadable")


def pruned(path: Path, *, cut: int = 3, declared: dict[str, Any] | None = None, **stub: Any) -> None:
    """A log of which the first `cut` records are gone, with a stub, and a `prune` record unless that is left out."""
    leaves = written(path, ordinary(cut - 1))
    tree = merkle.Range()
    for leaf in leaves:
        tree.add(bytes.fromhex(leaf))
    made = stubs.Stub(stub.get("origin", ORIGIN), stub.get("records", cut), leaves[-1], tree)
    own = {"type": "prune", "records": cut, "head": leaves[-1], "range": made.hashes, "segments": [], "reason": "old"}
    rotate = {"type": "rotate", **{name: GENESIS[name] for name in ("format", "origin", "policy")}, "segment": "x",
              "first": 0, "records": cut, "bytes": 1, "sha256": "0" * 64}  # fmt: skip
    rest = [record(cut, auditlog=rotate), record(cut + 1, user={"id": "u"})]
    if declared is not None:
        rest.append(record(cut + 2, auditlog=own | declared))
    written(path, rest, first=cut, prev=leaves[-1])
    path.with_name("audit.pruned.json").write_bytes(stubs.render(made))


def test_a_stub_is_measured_by_the_prune_record(path: Path) -> None:
    pruned(path, declared={})
    assert codes(verify(path)) == []
    for declared in (None, {"records": 2}, {"head": "0" * 64}, {"range": []}, {"range": ["x", "y"]}):
        pruned(path, declared=declared)
        assert codes(verify(path)) == [("prefix", 0)], declared
    pruned(path, declared={}, origin="example.org/another")
    assert codes(verify(path)) == [("prefix", 0)]


def test_a_stub_for_more_than_is_gone(path: Path) -> None:
    """A copy of all records in one file, and a stub that claims some of them."""
    leaves = written(path, ordinary(8))
    tree = merkle.Range()
    for leaf in leaves[:6]:
        tree.add(bytes.fromhex(leaf))
    path.with_name("audit.pruned.json").write_bytes(stubs.render(stubs.Stub(ORIGIN, 6, leaves[5], tree)))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[4:]))
    assert codes(verify(path)) == [("prefix", 0)]


def test_a_hash_in_a_stub_has_one_spelling(path: Path) -> None:
    """Base64 with other bits behind the last byte is refused."""
    text = b64encode(bytes(32)).decode()
    stub = {"format": "auditlog-pruned/1", "origin": ORIGIN, "records": 1, "head": "0" * 64, "range": [text]}
    assert stubs.parse(json.dumps(stub).encode()).hashes == [text]
    with pytest.raises(ValueError, match="no hash"):
        stubs.parse(json.dumps(stub | {"range": [text[:-2] + "B="]}).encode())
    with pytest.raises(ValueError, match="no hash"):
        stubs.parse(json.dumps(stub | {"range": [b64encode(bytes(31)).decode()]}).encode())


# --- checkpoints


def test_damage_behind_a_checkpoint_does_not_excuse_what_it_shows(path: Path) -> None:
    """Record 1 rewritten with every link made anew, and a line deleted later on: the root tells the first."""
    leaves = written(path, ordinary(9))
    beside(path, leaves, 4)
    written(path, again(path, {1: {"user": {"id": "somebody else"}}}))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:7] + lines[8:]))
    assert sorted(code for code, _ in codes(verify(path))) == ["root", "seq"]


def test_a_checkpoint_below_what_was_pruned_is_a_warning(path: Path) -> None:
    pruned(path, declared={})
    data = path.read_bytes()
    last = json.loads(data.splitlines()[-1])
    from auditlog_cli.sealing.line import unseal

    note = (notes.text(ORIGIN, 2, bytes(32)) + b"\n").decode()
    more = record(9, auditlog={"type": "checkpoint", "note": note, "sshsig": ""})
    written(path, [more], first=last["seq"] + 1, prev=unseal(data.splitlines()[-1]).leaf)
    path.write_bytes(data + path.read_bytes())
    verdict = verify(path)
    assert codes(verdict) == []
    assert [problem.code for problem in verdict.warnings] == ["pruned"]


def test_a_promise_of_heartbeats_may_be_asked_for(path: Path) -> None:
    written(path, ordinary(2))
    assert codes(verify(path, require_heartbeat=True)) == [("gap", 0)]


# --- declarations


@pytest.mark.parametrize(
    "own",
    [
        {"targets": [{"seq": 99, "field": "/user/id", "commit": "0" * 64}], "reason": "r", "by": "b"},
        {"targets": [{"seq": 3, "field": "/user/id", "commit": "0" * 64}], "reason": "r", "by": "b"},
        {"targets": [{"seq": 1, "field": "/user/id", "commit": "0" * 64}], "reason": "two\nlines", "by": "b"},
        {"targets": [{"seq": 1, "field": "/user/\x7f", "commit": "0" * 64}], "reason": "r", "by": "b"},
        {"targets": [{"seq": 1}], "reason": "r", "by": "b"},
        {"targets": [], "reason": 1, "by": "b"},
    ],
)
def test_what_no_declaration_may_say(path: Path, own: dict[str, Any]) -> None:
    """What stands behind it, control characters, half a target: it declares nothing."""
    written(path, [*ordinary(2), record(3, auditlog={"type": "redact", **own})])
    assert codes(verify(path)) == [("declaration", 3)]


def shared(path: Path, tmp_path: Path, key: Path | None = None) -> tuple[Path, Path]:
    """A copy in which two values are withheld, and its manifest."""
    with AuditLog(path, fsync="none", ballast_bytes=0, origin=ORIGIN) as log:
        log.append({"user": {"id": "u-1", "email": "u@example.org"}})
        log.append({"user": {"id": "u-2"}})
    copy = tmp_path / "shared.jsonl"
    redact(path, fields=["user"], records=["1"], output=copy, key=key, unsigned=key is None)
    return copy, tmp_path / "shared.manifest.json"


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({}, []),
        ({"origin": "example.org/another"}, ["declaration"]),
        ({"size": 2}, ["declaration"]),
        ({"head": "0" * 64}, ["declaration"]),
        ({"withheld": []}, ["undeclared"]),
        ({"withheld": "commit"}, ["undeclared"]),
        ({"withheld": "field"}, ["undeclared"]),
    ],
)
def test_a_manifest_declares_only_what_it_was_made_for(
    path: Path, tmp_path: Path, change: dict[str, Any], found: list[str]
) -> None:
    copy, manifest = shared(path, tmp_path)
    content = json.loads(manifest.read_bytes())
    if isinstance(change.get("withheld"), str):
        name = change["withheld"]
        content["withheld"] = [each | {name: "0" * 64} for each in content["withheld"]]
    else:
        content |= change
    manifest.write_text(json.dumps(content))
    assert [code for code, _ in codes(verify(copy, manifest=manifest))] == found


def test_what_a_manifest_declares_is_shown_apart_from_what_nobody_did(
    path: Path, tmp_path: Path, cli: Callable[..., Result]
) -> None:
    copy, manifest = shared(path, tmp_path)
    found = cli("verify", copy, "--manifest", manifest, "--no-remember").out
    assert f", declared in {manifest}" in found and "not declared" not in found
    assert ", not declared" in cli("verify", copy, "--no-remember").out


def test_a_manifest_that_a_stranger_signed(path: Path, tmp_path: Path) -> None:
    pytest.importorskip("cryptography")
    mine, theirs = write_key(tmp_path / "a.key", REDACTOR), write_key(tmp_path / "b.key", bytes(32))
    copy, manifest = shared(path, tmp_path, mine)
    for key, found in ((mine, []), (theirs, ["declaration"])):
        signers = tmp_path / "signers"
        public = Path(f"{key}.pub").read_text().rsplit(" ", 1)[0]
        signers.write_text(f'dpo@example.org namespaces="auditlog-redaction,auditlog-export" {public}\n')
        verdict = verify(copy, manifest=manifest, signers=signers)
        assert [code for code, _ in codes(verdict) if code != "no-checkpoint"] == found
    shutil.rmtree(path.parent)
