"""One session verified: what is said of it is what verifying all says, with an index or without, and no more than that."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli import AuditLog, Verdict, redact, verify
from auditlog_cli.errors import UsageError
from auditlog_cli.index import building, making, opening, pages, parts
from auditlog_cli.renderers.verdicts import json as as_json
from auditlog_cli.retention import compressing, pruning
from auditlog_cli.sealing import merkle
from auditlog_cli.sealing.hashes import ZEROS
from auditlog_cli.sealing.line import prepare
from auditlog_cli.sealing.policy import default_tree
from auditlog_cli.signing import signer
from auditlog_cli.verification.leaves import Leaves
from auditlog_cli.writer import ids
from auditlog_cli.writer.checkpoints import Sealer
from tests.conftest import Result
from tests.index.asking import build
from tests.withholding.conftest import REDACTOR, STRANGER, write_key

pytest.importorskip("cryptography", reason="signatures are made with the package cryptography")

Cli = Callable[..., Result]
ORIGIN = "example.org/auditlog/some"


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of some lines and subtrees of four leaves, so that a small log has many."""
    monkeypatch.setattr(building, "STRETCH", 9000)
    monkeypatch.setattr(building, "_SMALL", 500)
    monkeypatch.setattr(building, "_TICK_NS", 0)
    monkeypatch.setattr(making, "_STEP", 1500)
    monkeypatch.setattr(parts, "LEAVES", 4)


def append(log: AuditLog, n: int) -> None:
    log.append({
        "session_id": f"s-{n % 3}", "trace_id": f"t-{n % 7}", "user": {"id": f"u-{n}"},
        "action": {"type": "tool_invocation", "tool": "x", "arguments": {"to": f"m{n}@example.org"}},
    })  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A log of three sessions: 60 records, a checkpoint over the first 30 and over 50, in several segments."""
    keys = [write_key(tmp_path / name, seed) for name, seed in
            (("seal.key", bytes(range(32))), ("dpo.key", REDACTOR), ("stranger.key", STRANGER))]  # fmt: skip
    public = [Path(f"{key}.pub").read_text().rsplit(" ", 1)[0] for key in keys]
    (tmp_path / "signers").write_text(
        f'{ORIGIN} namespaces="auditlog-checkpoint" {public[0]}\ndpo namespaces="auditlog-redaction" {public[1]}\n'
    )
    path = tmp_path / "log" / "audit.jsonl"
    with AuditLog(path, origin=ORIGIN, ballast_bytes=0, fsync="none", max_bytes=12_000) as log:
        for n in range(60):
            append(log, n)
            if n in (30, 50):
                Sealer(str(path), signer.load(str(keys[0]))).seal(log.durable, log.append_own)
    return path


def both(path: Path, **words: Any) -> Verdict:
    """Ask with the index and without; the answer must be the same."""
    words = {"session": "s-1"} | words
    if words.pop("signed", True):
        words["signers"] = path.parent.parent / "signers"
    found, plain = verify(path, **words), verify(path, index=False, **words)
    assert as_json.as_object([found]) == as_json.as_object([plain])
    return found


def whole(path: Path, **words: Any) -> Verdict:
    return verify(path, signers=path.parent.parent / "signers", **words)


def codes(verdict: Verdict) -> list[tuple[str, int | None]]:
    return [(each.code, each.seq) for each in verdict.findings]


def segments_of(path: Path) -> list[Path]:
    return [*sorted(path.parent.glob("audit.[0-9]*.jsonl")), path]


def edit(path: Path, seq: int, change: Callable[[bytes], bytes]) -> None:
    """Change the line of a record in place, wherever it stands."""
    for file in segments_of(path):
        lines = file.read_bytes().splitlines(keepends=True)
        for at, line in enumerate(lines):
            if b'"seq":%d,' % seq in line or b'"seq":%d}' % seq in line:
                lines[at] = change(line)
                file.write_bytes(b"".join(lines))
                return
    raise AssertionError(seq)


def seqs(path: Path, session: str) -> list[int]:
    found = (json.loads(line) for file in segments_of(path) for line in file.read_bytes().splitlines())
    return [each["seq"] for each in found if each.get("session_id") == session]


def test_the_records_of_a_session_are_those_that_were_signed(path: Path) -> None:
    assert len(segments_of(path)) > 2
    build(path)
    found = both(path)
    assert found.word == "intact"
    assert found.only is not None and found.only.records == 20
    assert found.sentence.startswith("intact and signed: 20 records of session 's-1', 3 of them not signed yet")
    assert found.records == whole(path).records and found.origin == ORIGIN
    assert found.root == found.head == ""  # nothing that could be remembered
    assert any("other records" in each for each in found.not_checked)
    assert any("3 of these records, after the newest good checkpoint" in each for each in found.not_checked)
    assert both(path, session=None, trace="t-5").only[2] == 8  # type: ignore[index]
    without = both(path, signed=False)
    assert without.sentence.startswith("intact, but not proved by a key: 20 records of session 's-1', the ones")
    assert "signatures: no key was given (--signers FILE)" in without.not_checked


def test_by_the_index_only_the_records_and_their_neighbours_are_read(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not a fact about time: of how many lines the leaf is looked at."""
    from auditlog_cli.sealing import links

    counted: list[int] = []
    named = links.named

    def counting(lines: Any, seq: int) -> list[bytes]:
        found = named(lines, seq)
        counted.append(len(found))
        return found

    build(path)
    with AuditLog(path, ballast_bytes=0, fsync="none") as log:
        log.append({"session_id": "alone"})
    build(path)
    monkeypatch.setattr(links, "named", counting)
    both_ways = []
    for index in (True, False):
        counted.clear()
        assert verify(path, session="alone", index=index).exit_code == 0
        both_ways.append(sum(counted))
    assert both_ways[0] < both_ways[1] * 2 / 3


@pytest.mark.parametrize("indexed", ["before", "after"])
@pytest.mark.parametrize("seq", [1, 8, 20, 47])
def test_a_changed_record_is_found_where_verifying_all_finds_it(path: Path, seq: int, indexed: str) -> None:
    mine = next(each for each in seqs(path, "s-1") if each >= seq)
    if indexed == "before":
        build(path)
    edit(path, mine, lambda line: line.replace(b'"tool":"x"', b'"tool":"y"'))
    if indexed == "after":
        build(path)
    found = both(path)
    assert codes(found) == [("chain", mine + 1)] == codes(whole(path))
    assert found.exit_code == 1
    other = both(path, session="s-2")
    assert other.word == "intact"  # and it says that it did not look at the others
    assert whole(path).word == "broken"


def test_a_record_that_names_another_session_now_is_not_seen_and_that_is_said(path: Path) -> None:
    build(path)
    mine = seqs(path, "s-1")
    edit(path, mine[4], lambda line: line.replace(b'"s-1"', b'"s-2"'))
    found = both(path)
    assert found.word == "intact" and found.only is not None and found.only.records == len(mine) - 1
    assert any("was changed so that it names another" in each for each in found.not_checked)
    assert codes(both(path, session="s-2")) == [("chain", mine[4] + 1)]  # whoever asks for that one sees it


@pytest.mark.parametrize("session", ["s-0", "s-1"])
@pytest.mark.parametrize("indexed", [False, True])
def test_a_record_that_is_gone_is_seen_whosever_it_was(path: Path, session: str, indexed: bool) -> None:
    gone = seqs(path, "s-1")[5]
    edit(path, gone, lambda line: b"")
    if indexed:
        build(path)
    assert codes(both(path, session=session)) == [("seq", gone)] == codes(whole(path))[:1]


@pytest.mark.parametrize("keep", [20, 40, 60])
def test_behind_a_gap_nobody_says_here_how_many_records_there_are(tmp_path: Path, keep: int) -> None:
    key = write_key(tmp_path / "seal.key", bytes(range(32)))
    (tmp_path / "signers").write_text(Path(f"{key}.pub").read_text().rsplit(" ", 1)[0])
    path = tmp_path / "log" / "audit.jsonl"
    with AuditLog(path, origin=ORIGIN, ballast_bytes=0, fsync="none") as log:
        for n in range(60):
            append(log, n)
        Sealer(str(path), signer.load(str(key))).seal(log.durable, log.append_own)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:5] + lines[6:keep]))
    assert codes(whole(path)) == [("seq", 5), ("truncated", keep)]
    assert codes(both(path)) == [("seq", 5)]


def test_the_first_record_may_not_name_one_before_it() -> None:
    raw, _ = prepare({"record_id": "r-0"}, default_tree(), ids.salts).close(0, "ab" * 32)
    leaves = Leaves(merkle.Range(), ZEROS)
    leaves.take([raw[:-1]], "log.jsonl", 1, 0)
    leaves.end()
    assert [(each.code, each.seq, each.expected) for each in leaves.findings] == [("chain", 0, ZEROS)]


def test_a_whole_new_chain_is_seen_by_the_checkpoint(path: Path) -> None:
    from tests.verification import forging

    for file in segments_of(path)[:-1]:
        file.unlink()
    forging.written(path, forging.again(path, {})[:1] and [
        forging.record(0, auditlog={**forging.GENESIS, "origin": ORIGIN}),
        *(forging.record(n, session_id="s-1") for n in range(1, 70)),
    ])  # fmt: skip
    build(path)
    found = both(path)
    assert [each.code for each in found.findings] == ["root"]
    assert both(path, signed=False).exit_code == 1


def test_a_key_that_signed_nothing_and_a_session_behind_the_checkpoint(path: Path) -> None:
    stranger = path.parent.parent / "stranger.key.pub"
    build(path)
    found = both(path, signed=False, signers=stranger)
    assert [each.code for each in found.findings] == ["no-checkpoint"]
    with AuditLog(path, ballast_bytes=0, fsync="none") as log:
        log.append({"session_id": "late"})
    found = both(path, session="late")
    assert found.word == "intact" and found.sentence.startswith("intact, but not signed yet: 1 record")
    assert any("it is the last one, so no other names it" in each for each in found.not_checked)
    found = both(path, session="late", require_signed_tail=True)
    assert codes(found) == [("unsigned-tail", seqs(path, "late")[0])] and found.exit_code == 6
    assert both(path, session="s-1", require_signed_tail=True).exit_code == 6


def test_what_is_withheld_must_be_declared_by_whom_it_names(path: Path) -> None:
    keys = path.parent.parent
    mine = seqs(path, "s-1")
    build(path)
    redact(path, records=[mine[2]], fields=["user.id"], by="dpo", reason="r", key=keys / "dpo.key")
    redact(path, records=[seqs(path, "s-2")[2]], fields=["user.id"], by="dpo", reason="r", key=keys / "dpo.key")
    build(path)
    found = both(path)
    assert found.word == "intact" and found.withheld_total == 1
    assert [(each.seq, each.field, each.signed) for each in found.withheld] == [(mine[2], "/user/id", True)]
    assert not found.warnings  # what the other declaration is about was not looked at
    hole = b'{"_redacted":"%s"}' % (b"0" * 64)
    edit(path, mine[2], lambda line: line[: line.index(b'{"_redacted')] + hole + line[line.index(b'"}') + 2 :])
    assert [each.code for each in both(path).findings] == ["undeclared", "chain"]


def test_compressed_and_pruned_logs(path: Path) -> None:
    compressing.carry_out(compressing.plan(str(path)))
    build(path)
    found = both(path)
    assert found.word == "intact" and found.only is not None and found.only.records == 20
    pruning.carry_out(pruning.plan(str(path), 1 << 62), "old")
    build(path)
    found = both(path)
    assert found.word == "intact" and found.first > 0
    assert any(f"records below {found.first}: pruned" in each for each in found.not_checked)


def test_what_cannot_be_looked_at_is_never_intact(path: Path, tmp_path: Path, cli: Cli) -> None:
    build(path)
    assert (both(path, session="nobody").exit_code, both(path, session="s-").exit_code) == (3, 3)
    plain = tmp_path / "plain.jsonl"
    plain.write_text('{"session_id":"s-1","action":{}}\n')
    found = verify(plain, session="s-1")
    assert (found.exit_code, found.findings[0].code) == (3, "unsealed")
    assert verify(tmp_path / "none.jsonl", session="s-1").findings[0].code == "missing"
    assert cli("verify", "-", "--session", "s-1").code == 3
    cli("seal", plain, "--key", path.parent.parent / "seal.key")
    assert verify(plain, session="s-1").findings[0].code == "unsealed"
    for words in ({"trace": "t"}, {"known": "1:x"}, {"anchors": ["x"]}, {"require_heartbeat": True}, {"session": ""}):
        with pytest.raises(UsageError):
            verify(path, **({"session": "s-1"} | words))  # type: ignore[arg-type]


@pytest.mark.parametrize("format", ["text", "json", "sarif", "junit"])
def test_the_command_in_every_format(path: Path, cli: Cli, format: str) -> None:  # noqa: A002
    build(path)
    words = ("verify", path, "--session", "s-1", "--signers", path.parent.parent / "signers", "--format", format)
    found, plain = cli(*words), cli(*words, "--no-index")
    assert (found.out, found.code) == (plain.out, 0)
    assert "rest of the log was not looked at" in found.out + found.err
    if format == "json":
        assert json.loads(found.out)["logs"][0]["only"] == {"session": "s-1", "records": 20}


def test_of_several_logs_those_without_such_a_record_do_not_count(path: Path, cli: Cli) -> None:
    """Unless none holds one: then nothing was verified. What cannot be read counts whatever the others hold."""
    other = path.parent / "other.jsonl"
    with AuditLog(other, ballast_bytes=0) as log:
        log.append({"session_id": "s-else", "action": {"tool": "x"}})
    some = ("verify", "--session", "s-1", path.parent)
    for format in ("text", "json", "sarif", "junit"):  # noqa: A001 - the word of the option
        found = cli(*some, "--format", format)
        assert (found.code, "error[" in found.err) == (0, False)
        assert "no record of session 's-1' in it" in found.out + found.err
    logs = json.loads(cli(*some, "--format", "json").out)["logs"]
    assert [(log["verdict"], log["only"]) for log in logs] == [
        ("intact", {"session": "s-1", "records": 20}), ("not-checked", {"session": "s-1", "records": 0}),
    ]  # fmt: skip
    assert cli("verify", "--session", "nobody", path.parent).code == 3
    assert cli(*some, path.parent / "none.jsonl").code == 3
    edit(path, seqs(path, "s-1")[0], lambda line: line.replace(b'"tool":"x"', b'"tool":"y"'))
    assert cli(*some).code == 1


def test_the_memory_of_heads_is_left_alone(path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    state = path.parent.parent / "state"
    monkeypatch.setenv("XDG_STATE_HOME", str(state))
    cli("verify", path, "--session", "s-1")
    assert not state.exists()
    assert not Path(f"{path}.index").exists()  # verify makes none


def test_an_index_that_lies_about_the_tree_is_not_believed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if each sum of a page were right: whatever a forged index says of the tree, the verdict is the same."""
    monkeypatch.setattr(pages, "crc32", lambda data, seed=0: 0)
    build(path)
    index = Path(f"{path}.index")
    made = index.read_bytes()
    right = as_json.as_object([verify(path, session="s-1", index=False)])
    roots = []
    found = opening.present(str(path))
    assert found is not None
    for segment in found.segments.values():
        for part in segment.parts:
            roots += (part.open(segment.inode).tree() or (0, []))[1]
    found.close()
    assert len(roots) > 5
    for root in roots:
        at = made.find(root)
        if at < 0:
            continue  # it stands on two pages
        for change in (bytes(32), root[::-1]):
            index.write_bytes(made[:at] + change + made[at + 32 :])
            assert as_json.as_object([verify(path, session="s-1")]) == right
            assert as_json.as_object([verify(path, session="s-1", signers=path.parent.parent / "signers")])


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 12))])
def test_whatever_is_done_to_a_log_one_session_is_judged_as_the_whole(path: Path, seed: int) -> None:
    """Broken in part: broken as a whole. Intact as a whole: intact in part. With the index as without."""
    chance = random.Random(seed)
    before = {file: file.read_bytes() for file in segments_of(path)}
    seen = set()
    for round_ in range(16):
        for file, data in before.items():
            file.write_bytes(data)
        if round_ % 2:
            build(path)
        _mutate(chance, path)
        if round_ % 3 == 0:
            build(path)
        all_of = whole(path)
        for session in ("s-0", "s-1", "s-2"):
            found = both(path, session=session)
            seen.add((all_of.word, found.word))
            if found.exit_code == 1:
                assert all_of.exit_code == 1, codes(found)
            if all_of.exit_code == 0:
                assert found.exit_code in (0, 3)
    assert "broken" in {word for _, word in seen}


def _mutate(chance: random.Random, path: Path) -> None:
    file = chance.choice(segments_of(path))
    lines = file.read_bytes().splitlines(keepends=True)
    at, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    what = chance.randrange(8)
    if what == 0:
        line = bytearray(lines[at])
        line[chance.randrange(len(line))] ^= 1 << chance.randrange(8)
        lines[at] = bytes(line)
    elif what == 1:
        del lines[at]
    elif what == 2:
        lines.insert(other, lines[at])
    elif what == 3:
        lines[at], lines[other] = lines[other], lines[at]
    elif what == 4:
        lines.insert(at, chance.choice((b"junk\n", b'{"a":1}\n', b"\0\0\n", b"\n")))
    elif what == 5:
        lines[at] = chance.choice((b"junk\n", b'{"session_id":"s-1"}\n', lines[at][: len(lines[at]) // 2] + b"\n"))
    elif what == 6:
        lines[at] = lines[at].replace(b'"s-1"', b'"s-2"').replace(b'"tool":"x"', b'"tool":"y"')
    else:
        data = b"".join(lines)
        lines = [data[: chance.randrange(len(data))]]
    file.write_bytes(b"".join(lines))
