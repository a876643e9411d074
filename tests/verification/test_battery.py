"""Logs written with the library, then cut, edited, swapped, deleted: integrity.md, 10.2, and the memory of heads."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditlog_cli import AuditLog, DefinitionError, UsageError, Verdict, verify
from auditlog_cli.sealing import notes, sshsig
from auditlog_cli.sealing.hashes import ZEROS
from tests import goldens
from tests.conftest import Result
from tests.withholding.conftest import STRANGER, write_key

Cli = Callable[..., Result]
ORIGIN = "example.org/auditlog/test"
KEY = bytes(range(32))


def write(folder: Path, records: int = 20, **options: object) -> Path:
    path = folder / "audit.jsonl"
    with AuditLog(path, origin=ORIGIN, fsync="none", ballast_bytes=0, **options) as log:  # type: ignore[arg-type]
        for start in range(0, records, 10):
            numbers = range(start, min(start + 10, records))
            log.write_many({"user": {"id": f"u-{number}"}, "action": {"tool": "x"}} for number in numbers)
    return path


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


def codes(verdict: Verdict) -> list[tuple[str, int | None]]:
    return [(problem.code, problem.seq) for problem in verdict.findings]


def public() -> bytes:
    ed25519 = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ed25519")
    raw: bytes = ed25519.Ed25519PrivateKey.from_private_bytes(KEY).public_key().public_bytes_raw()
    return raw


def sign(path: Path, verdict: Verdict) -> Path:
    """Lay a checkpoint over the whole log beside it; return the file of its key."""
    import base64

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = public()
    text = notes.text(ORIGIN, verdict.records, base64.b64decode(verdict.root))
    raw = Ed25519PrivateKey.from_private_bytes(KEY).sign(text)
    note = notes.parse(text.decode() + "\n")
    signed = note._replace(signatures=(notes.Signature(ORIGIN, notes.key_id(ORIGIN, key), raw),))
    Path(f"{path}.checkpoint").write_text(notes.render(signed))
    keys = path.parent / "signers"
    keys.write_text(f'{ORIGIN} namespaces="auditlog-checkpoint" {sshsig.line(sshsig.ed25519_key(key))}\n')
    return keys


def test_twenty_appends(tmp_path: Path) -> None:
    """21 records, intact; without a key it says that signatures were not checked."""
    verdict = verify(write(tmp_path))
    assert (verdict.exit_code, verdict.records, verdict.signed) == (0, 21, 0)
    assert "signatures: no key was given (--signers FILE)" in verdict.not_checked
    assert "signatures were not checked" in verdict.sentence


@pytest.mark.parametrize("processes", [1, 2])
def test_one_edited_record_of_many(tmp_path: Path, processes: int) -> None:
    """A record near the end of 1,200 edited: one finding, `chain` at the next, on one core and on several."""
    path = write(tmp_path, 1199, max_bytes=64 * 1024)
    files = sorted(tmp_path.glob("audit*.jsonl"))
    assert len(files) > 3
    for file in files:
        data = file.read_bytes()
        if b'"u-1099"' in data:
            edited = next(json.loads(line)["seq"] for line in data.splitlines() if b'"u-1099"' in line)
            file.write_bytes(data.replace(b'"u-1099"', b'"u-1o99"'))
    verdict = verify(path, processes=processes)
    assert codes(verdict) == [("chain", edited + 1)]
    assert verdict.findings[0].expected and verdict.findings[0].found


def test_the_end_cut_off(tmp_path: Path) -> None:
    """5 records cut off: unnoticed and said so without a checkpoint; `truncated` with one; `rolled-back` by memory."""
    path = write(tmp_path)
    memory = tmp_path / "state" / "heads.json"
    whole = verify(path, memory=memory)
    path.write_bytes(b"".join(lines(path)[:-5]))
    cut = verify(path)
    assert cut.exit_code == 0
    assert any("no cut at its end" in item for item in cut.not_checked)
    assert codes(verify(path, memory=memory)) == [("rolled-back", 16)]
    assert codes(verify(path, known=f"21:{whole.root}")) == [("rolled-back", 16)]
    keys = sign(path, whole)
    assert codes(verify(path)) == [("truncated", 16)]
    assert ("truncated", 16) in codes(verify(path, signers=keys))


def test_a_log_that_grew_is_no_rollback(tmp_path: Path) -> None:
    """A remembered head and an old checkpoint do not disturb a log that merely grew."""
    path = write(tmp_path)
    memory = tmp_path / "heads.json"
    keys = sign(path, verify(path, memory=memory))
    write(tmp_path, 30)
    verdict = verify(path, memory=memory, signers=keys)
    assert (verdict.exit_code, verdict.records, verdict.signed, verdict.unsigned_tail) == (0, 51, 21, 30)
    assert not any("older state" in item for item in verdict.not_checked)
    assert json.loads(memory.read_text())["heads"][ORIGIN]["size"] == 51
    assert verify(path, signers=keys, require_signed_tail=True).exit_code == 6


def test_another_history_is_noticed(tmp_path: Path) -> None:
    """A log of the same name, written anew: `rewritten` for whoever saw the first."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    memory = tmp_path / "heads.json"
    assert verify(write(tmp_path / "a"), memory=memory).exit_code == 0
    assert codes(verify(write(tmp_path / "b"), memory=memory)) == [("rewritten", None)]


def test_a_torn_tail_is_not_called_tampering(tmp_path: Path) -> None:
    """20 bytes cut off, or only the last LF: exit 6 before, 0 after the next append."""
    for cut in (20, 1):
        folder = tmp_path / str(cut)
        folder.mkdir()
        path = write(folder)
        path.write_bytes(path.read_bytes()[:-cut])
        torn = verify(path)
        assert (torn.exit_code, codes(torn)) == (6, [("torn-tail", 20)])
        write(folder, 1)
        after = verify(path)
        assert after.exit_code == 0
        assert [problem.code for problem in after.listed] == ["recovered"]


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda path: None, "missing"),
        (lambda path: path.write_bytes(b""), "empty"),
        (lambda path: path.write_bytes(bytes(512)), "empty"),
        (lambda path: path.mkdir(), "unreadable"),
        (os.mkfifo, "unreadable"),
        (lambda path: path.write_bytes(b'{"a":1}\n'), "unsealed"),
    ],
)
def test_what_cannot_be_looked_at_is_never_intact(tmp_path: Path, make: Callable[[Path], object], code: str) -> None:
    """Missing, empty, only NULs, a folder, never sealed: exit 3, and nothing is created."""
    path = tmp_path / "audit.jsonl"
    make(path)
    before = sorted(tmp_path.rglob("*"))
    verdict = verify(path)
    assert (verdict.exit_code, verdict.findings[0].code) == (3, code)
    assert verdict.help
    some = verify(path, session="s-1")
    assert (some.exit_code, some.findings[0].code, some.help) == (3, code, verdict.help)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_log_in_a_folder_that_is_not_there_is_missing(tmp_path: Path) -> None:
    verdict = verify(tmp_path / "no" / "audit.jsonl")
    assert (verdict.exit_code, verdict.findings[0].code) == (3, "missing")
    assert verdict.help == f"there is no folder {tmp_path / 'no'}"


def test_a_key_and_no_checkpoint(tmp_path: Path) -> None:
    """Stripped of its checkpoint, a log does not pass where a key is given."""
    path = write(tmp_path)
    keys = sign(path, verify(path))
    assert verify(path, signers=keys).exit_code == 0
    os.remove(f"{path}.checkpoint")
    assert codes(verify(path, signers=keys)) == [("no-checkpoint", None)]


def test_a_vkey_and_a_revoked_key(tmp_path: Path) -> None:
    """A verifier key works as well; a revoked one counts no more."""
    path = write(tmp_path)
    sign(path, verify(path))
    vkey, gone = tmp_path / "vkey", tmp_path / "gone"
    vkey.write_text(notes.vkey(ORIGIN, public()) + "\n")
    gone.write_text(sshsig.line(sshsig.ed25519_key(public())) + "\n")
    assert verify(path, vkey=vkey).signed == 21
    assert codes(verify(path, vkey=vkey, revoked=gone)) == [("no-checkpoint", None)]


def test_lines_deleted_doubled_swapped(tmp_path: Path) -> None:
    """One cause, one finding, with the place."""
    path = write(tmp_path)
    kept = lines(path)

    def of(changed: list[bytes]) -> list[tuple[str, int | None]]:
        path.write_bytes(b"".join(changed))
        return codes(verify(path))

    assert of(kept[:7] + kept[8:]) == [("seq", 7)]
    assert of(kept[:7] + kept[10:]) == [("seq", 7)]
    assert of(kept[:8] + kept[7:]) == [("seq", 8)]
    assert of([*kept[:7], kept[8], kept[7], *kept[9:]]) == [("seq", 7)]
    assert of(kept[1:]) == [("prefix", 0)]
    assert of([*kept[:7], b"\x00" * 99 + b"\n", *kept[8:]]) == [("line", 7)]
    assert of([*kept[:7], b"\n", *kept[7:]]) == [("line", 7)]
    assert of(kept) == []


def test_a_closed_segment_deleted(tmp_path: Path) -> None:
    """The first one gone: `prefix`; another: `seq` where it began."""
    path = write(tmp_path, 300, max_bytes=16 * 1024)
    closed = sorted(tmp_path.glob("audit.[0-9]*.jsonl"))
    assert len(closed) > 3
    second = closed[1].read_bytes()
    closed[1].unlink()
    begin = int(closed[1].name.split(".")[1])
    assert codes(verify(path)) == [("seq", begin)]
    closed[1].write_bytes(second)
    closed[0].unlink()
    assert codes(verify(path)) == [("prefix", 0)]


def test_a_compressed_segment_verifies(tmp_path: Path) -> None:
    """Closed segments may be compressed: what they hold is what counts."""
    import gzip

    path = write(tmp_path, 300, max_bytes=16 * 1024)
    root = verify(path).root
    assert len(list(tmp_path.glob("audit.[0-9]*.jsonl"))) > 3
    for closed in sorted(tmp_path.glob("audit.[0-9]*.jsonl"))[:2]:
        Path(f"{closed}.gz").write_bytes(gzip.compress(closed.read_bytes()))
        closed.unlink()
    verdict = verify(path)
    assert (verdict.exit_code, verdict.root) == (0, root)


def test_roots_of_long_logs_do_not_depend_on_how_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tree put together from blocks, on one core and on two, is that of RFC 6962, at any size."""
    from auditlog_cli.sealing import merkle
    from auditlog_cli.verification import reading
    from auditlog_cli.verification.pieces import Run, of_bytes

    path = write(tmp_path, 700)
    leaves = []
    for run in of_bytes(path.read_bytes(), 0).found:
        assert isinstance(run, Run)
        leaves += [run.leaves[at : at + 32] for at in range(0, len(run.leaves), 32)]
    import base64

    def root(size: int) -> str:
        return base64.b64encode(merkle.root_of(leaves[:size])).decode()

    for part in (1 << 12, 1 << 15, 1 << 22):
        monkeypatch.setattr(reading, "PART", part)
        for size in (1, 64, 65, 128, 333, 700, 701):
            verdict = verify(path, known=f"{size}:{root(size)}", processes=2)
            assert (verdict.exit_code, verdict.root) == (0, root(701))
            other = verify(path, known=f"{size}:{root(size - 1)}")
            assert codes(other) == [("rewritten", None)]


WRITER = """
import sys, time
from auditlog_cli import AuditLog
options = {"key": sys.argv[2], "checkpoint_records": 50} if sys.argv[2] else {}
with AuditLog(sys.argv[1], fsync="none", ballast_bytes=0, max_bytes=8 * 1024, **options) as log:
    while sys.stdin.readline():
        for _ in range(5):
            log.append({"user": {"id": "u"}})
"""
"""Appends five records for each line it is given; signs, if it has a key."""
KEEPER = """
import sys
from auditlog_cli.errors import AuditlogError
from auditlog_cli.retention import compressing, pruning
path, done = sys.argv[1], [0, 0]
while sys.stdin.readline():
    try:
        done[0] += len(compressing.carry_out(compressing.plan(path)))
        plan = pruning.plan(path, 1 << 62)
        plan = plan._replace(goes=plan.goes[:-3])
        pruning.carry_out(plan, "old")
        done[1] += plan.records
    except AuditlogError as error:
        sys.exit(str(error))
print(*done, flush=True)
"""
"""Compresses closed segments, and prunes all but the last three, for each line it is given."""


def test_live_writers_raise_no_false_alarm(tmp_path: Path) -> None:
    """Verified again and again while processes of their own write, rotate, sign, compress and prune."""
    watch(tmp_path, 20)


@pytest.mark.slow
def test_live_writers_a_thousand_times(tmp_path: Path) -> None:
    """The same, 1,000 times."""
    watch(tmp_path, 1000)


def watch(folder: Path, runs: int) -> None:
    path = write(folder / "log", 5)
    key = str(write_key(folder / "key", STRANGER))
    signers = folder / "signers"
    signers.write_text(f"{verify(path).origin} {Path(f'{key}.pub').read_text()}")
    told = [
        subprocess.Popen([sys.executable, "-c", *words], stdin=-1, stdout=-1, stderr=-1, text=True)
        for words in ([WRITER, str(path), key], [WRITER, str(path), ""], [KEEPER, str(path)])
    ]
    begun = Path(f"{path}.checkpoint")
    try:
        done = records = firsts = 0
        while done < runs or records < 300 or not firsts:
            for number, each in enumerate(told):
                assert each.stdin is not None
                if number < 2 or done % 10 == 9:
                    each.stdin.write("\n")
                    each.stdin.flush()
            verdict = verify(path, signers=signers if begun.exists() else None)
            assert verdict.exit_code == 0, (done, verdict.findings)
            assert {each.code for each in verdict.warnings} <= {"pruned"}, (done, verdict.warnings)
            assert verdict.records >= records
            done, records, firsts = done + 1, verdict.records, verdict.first
    finally:
        said = [each.communicate(timeout=60) for each in told]
    assert [each.returncode for each in told] == [0, 0, 0], said
    compressed, pruned = map(int, said[2][0].split())
    assert compressed
    assert pruned
    assert verify(path, signers=signers, require_signed_tail=False).exit_code == 0


@settings(max_examples=60)
@given(st.data())
def test_any_damage_is_answered(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Bytes changed, cut out and put in at random: a verdict each time, never a traceback, never silence in JSON."""
    folder = tmp_path_factory.mktemp("damage")
    path = write(folder, 6)
    raw = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, max(0, len(raw) - 1)))
        size = data.draw(st.integers(0, 300))
        raw[at : at + size] = data.draw(st.binary(max_size=40))
    path.write_bytes(raw)
    for name in ("audit.jsonl.checkpoint", "audit.pruned.json"):
        if data.draw(st.booleans()):
            (folder / name).write_bytes(data.draw(st.binary(max_size=80)))
    verdict = verify(path)
    assert verdict.exit_code in (0, 1, 3, 6)
    assert verdict.not_checked


def test_a_raw_log_under_a_checkpoint(tmp_path: Path) -> None:
    """JSON Lines that nobody sealed (2.8): intact, grown, edited, cut, torn; its checkpoint does not fit a sealed log."""
    import base64

    from auditlog_cli.sealing import merkle
    from auditlog_cli.sealing.hashes import sha256

    path = tmp_path / "old.jsonl"
    rows = [b'{"n":%d}\n' % number for number in range(9)]
    root = merkle.root_of(sha256(b"\x00" + row[:-1]) for row in rows)
    Path(f"{path}.checkpoint").write_bytes(notes.text("example.org/old#raw", 9, root) + b"\n")

    def of(data: bytes) -> list[tuple[str, int | None]]:
        path.write_bytes(data)
        return codes(verify(path))

    assert of(b"".join(rows)) == []
    assert verify(path).root == base64.b64encode(root).decode()
    assert of(b"".join(rows) + b'{"n":10}\n') == []
    assert of(b"".join(rows) + b'{"n":') == [("torn-tail", 9)]
    assert of(b"".join(rows[:5])) == [("truncated", 5)]
    assert of(b"".join(rows).replace(b'"n":3', b'"n":4')) == [("root", None)]
    assert verify(path, known=f"8:{verify(path).root}").exit_code == 1
    sealed = write(tmp_path)
    os.replace(f"{path}.checkpoint", f"{sealed}.checkpoint")
    assert codes(verify(sealed)) == [("signature", None)]


def test_a_checkpoint_in_the_log_and_beside_it_is_one(tmp_path: Path) -> None:
    """The side file repeats the newest one; what lies beside the log only is one more."""
    key = write_key(tmp_path / "seal.key", KEY)
    with AuditLog(tmp_path / "audit.jsonl", key=key, ballast_bytes=0) as log:
        log.append({"session_id": "s-1", "action": {"tool": "x"}})
        log.checkpoint()
        log.append({"action": {"tool": "x"}})
    for session in (None, "s-1"):
        verdict = verify(log.path, signers=f"{key}.pub", session=session)
        assert (verdict.checkpoints, verdict.exit_code) == (2, 0)
    other = write_key(tmp_path / "other.key", STRANGER)
    stranger = verify(log.path, signers=f"{other}.pub")
    assert [(each.code, each.again) for each in stranger.warnings] == [("unknown-key", 1)]
    Path(log.path).write_bytes(b"".join(lines(Path(log.path))[:-1]))  # the record of the one that lies beside the log
    assert verify(log.path).checkpoints == 2


def test_what_the_library_signs_is_signed(tmp_path: Path) -> None:
    """AuditLog(key=…), rotation, prune: signed throughout; without its stub the pruned log does not pass."""
    import shutil
    import subprocess

    if not shutil.which("ssh-keygen"):
        pytest.skip("no ssh-keygen here")
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    kind, public_key, *_ = Path(f"{key}.pub").read_text().split()
    keys = tmp_path / "signers"
    keys.write_text(f'{ORIGIN} namespaces="auditlog-checkpoint" {kind} {public_key}\n')
    path = write(tmp_path, 100, key=key, max_bytes=16 * 1024)
    verdict = verify(path, signers=keys)
    assert (verdict.findings, verdict.warnings, verdict.unsigned_tail) == ([], [], 0)
    from auditlog_cli.retention import pruning

    pruning.carry_out(pruning.plan(str(path), 1 << 62), "test")
    pruned = verify(path, signers=keys)
    assert (pruned.findings, pruned.signed) == ([], verdict.signed)
    assert pruned.first > 0
    stub = tmp_path / "audit.pruned.json"
    kept = stub.read_bytes()
    head = json.loads(kept)["head"]
    stub.write_bytes(kept.replace(head.encode(), ZEROS.encode()))
    assert ("chain", pruned.first) in codes(verify(path, signers=keys))
    stub.write_bytes(b"{}")
    assert codes(verify(path, signers=keys)) == [("prefix", 0)]
    stub.unlink()
    assert codes(verify(path, signers=keys)) == [("prefix", 0)]


def test_without_the_package_nothing_passes_for_signed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No cryptography: a note alone cannot be checked, and the verdict is not "intact and signed"."""
    from auditlog_cli.signing import checks

    path = write(tmp_path)
    keys = sign(path, verify(path))
    monkeypatch.setattr(checks, "ed25519", lambda *_: None)
    verdict = verify(path, signers=keys)
    assert (verdict.exit_code, verdict.signed, codes(verdict)) == (6, 0, [("unchecked", None)])
    assert any("neither the package cryptography" in item for item in verdict.not_checked)


def test_the_demo_is_signed_without_the_package(shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No cryptography, but ssh-keygen: it checks the SSH signatures of checkpoints and declarations."""
    import shutil

    from auditlog_cli.signing import checks

    if not shutil.which("ssh-keygen"):
        pytest.skip("no ssh-keygen here")
    vectors = shared / "spec/vectors"
    shutil.copy(vectors / "demo-after.jsonl", tmp_path / "audit.jsonl")
    monkeypatch.setattr(checks, "ed25519", lambda *_: None)
    verdict = verify(tmp_path / "audit.jsonl", signers=vectors / "signers", require_signed_tail=True)
    assert (verdict.exit_code, verdict.signed) == (0, 8)
    assert [item.signed for item in verdict.withheld] == [True, True]


# --- the command


def test_what_people_see(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: Cli) -> None:
    """The main verdicts, as text."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "audit.jsonl").write_bytes(demo())
    goldens.check("verify/intact", cli("verify", "audit.jsonl"))
    goldens.check("verify/intact_json", cli("verify", "audit.jsonl", "--format", "json"), scrub=version())
    (tmp_path / "audit.jsonl").write_bytes(demo().replace(b'"u-2"', b'"u-9"'))
    goldens.check("verify/broken", cli("verify", "audit.jsonl"))
    goldens.check("verify/broken_json", cli("verify", "audit.jsonl", "--format", "json"), scrub=version())
    (tmp_path / "audit.jsonl").write_bytes(demo()[:-9])
    goldens.check("verify/torn", cli("verify", "audit.jsonl", "--no-remember"))
    (tmp_path / "audit.jsonl").write_bytes(b"".join(demo().splitlines(keepends=True)[:-1]))
    goldens.check("verify/rolled_back", cli("verify", "audit.jsonl"))
    goldens.check("verify/missing", cli("verify", "audi.jsonl"))


def test_json_as_the_standard_writes_the_option(tmp_path: Path, cli: Cli) -> None:
    """integrity.md, 4.2: `[--json]`."""
    path = write(tmp_path)
    short = cli("verify", path, "--no-remember", "--json")
    long = cli("verify", path, "--no-remember", "--format", "json")
    assert (short.code, short.out, short.err) == (0, long.out, long.err)
    assert cli("verify", path, "--json", "--format", "sarif").code == 2


def test_json_keeps_to_its_schema(tmp_path: Path, cli: Cli) -> None:
    """Whatever the verdict, the JSON is `auditlog.verification/1`."""
    import jsonschema

    from auditlog_cli.validator import schemas

    schema = jsonschema.Draft202012Validator(schemas.load("verification"))
    path = tmp_path / "audit.jsonl"
    for data in (demo(), demo()[:-9], demo().replace(b'"u-2"', b'"u-9"'), b"", b'{"a":1}\n', demo() + b"x\n" * 3):
        path.write_bytes(data)
        schema.validate(json.loads(cli("verify", path, "--no-remember", "--format", "json").out))


def test_very_many_findings_are_counted(tmp_path: Path) -> None:
    """Every record changed: a thousand are listed, the others counted."""
    path = write(tmp_path, 2500)
    path.write_bytes(path.read_bytes().replace(b'"tool":"x"', b'"tool":"y"'))
    verdict = verify(path)
    assert len(verdict.findings) == 1000
    assert sum(1 + problem.again for problem in verdict.findings) == 2499


def test_standard_input(tmp_path: Path) -> None:
    """The segments through a pipe: chain and root are those of the files."""
    import subprocess
    import sys

    path = write(tmp_path, 100, max_bytes=16 * 1024)
    data = b"".join(file.read_bytes() for file in [*sorted(tmp_path.glob("audit.[0-9]*.jsonl")), path])
    code = "from auditlog_cli import verify; verdict = verify('-'); print(verdict.exit_code, verdict.root)"
    done = subprocess.run([sys.executable, "-c", code], input=data, capture_output=True, check=True)
    assert done.stdout.decode().split() == ["0", verify(path).root]


def version() -> dict[str, str]:
    from auditlog_cli import __version__

    return {__version__: "VERSION"}


def demo() -> bytes:
    from tests.verification.test_lines import log

    genesis = {"auditlog": {"type": "genesis", "format": "auditlog/1", "origin": ORIGIN, "policy": "default/1"}}
    return log(genesis, *({"user": {"id": f"u-{number}"}} for number in range(1, 5)))


@pytest.mark.parametrize("format", ["sarif", "junit"])
def test_other_formats_hold_the_finding(tmp_path: Path, cli: Cli, format: str) -> None:  # noqa: A002
    """SARIF and JUnit are well-formed and name the code; what could not be looked at is in them, too."""
    path = tmp_path / "audit.jsonl"
    path.write_bytes(demo().replace(b'"u-2"', b'"u-9"'))
    result = cli("verify", path, tmp_path / "gone.jsonl", "--no-remember", "--format", format)
    assert result.code == 1
    assert "SEAL-CHAIN" in result.out and "no such file" in result.out
    if format == "junit":
        from xml.etree import ElementTree

        ElementTree.fromstring(result.out)
    else:
        json.loads(result.out)


def test_several_logs_each_have_their_verdict(tmp_path: Path, cli: Cli) -> None:
    """A folder: every log in it; a closed segment stands for its log; an intact one beside a missing one: exit 3."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write(tmp_path / name, 200, max_bytes=8 * 1024)
    result = cli("verify", tmp_path, "--no-remember", "--format", "json")
    logs = json.loads(result.out)["logs"]
    assert [(log["path"], log["records"] > 200) for log in logs] == [
        (str(tmp_path / name / "audit.jsonl"), True) for name in ("a", "b")
    ]
    closed = sorted((tmp_path / "a").glob("audit.[0-9]*.jsonl"))[0]
    assert len(json.loads(cli("verify", closed, "--no-remember", "--format", "json").out)["logs"]) == 1
    assert cli("verify", tmp_path, tmp_path / "no.jsonl", "--no-remember").code == 3


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--known", "x"], 2),
        (["--at", "yesterday-ish", "--signers", "SIGNERS"], 2),
        (["--revoked", "SIGNERS"], 2),
        (["--signers", "absent"], 4),
        (["--signers", "BAD"], 4),
        (["--manifest", "BAD"], 4),
        (["--signers", "SIGNERS", "--revoked", "BAD"], 4),
    ],
)
def test_errors_are_one_line_and_help(tmp_path: Path, cli: Cli, words: list[str], code: int) -> None:
    """A wrong option: one line that says what and where, a documented exit code, no traceback."""
    path = write(tmp_path, 1)
    (tmp_path / "BAD").write_text("not a key\n")
    (tmp_path / "SIGNERS").write_text("x ssh-ed25519 " + sshsig.line(sshsig.ed25519_key(KEY)).split()[1] + "\n")
    given = [str(tmp_path / word) if word.isupper() else word for word in words]
    result = cli("verify", path, "--no-remember", *given)
    assert result.code == code
    assert result.err.startswith("auditlog: error[") and "Traceback" not in result.err
    assert result.err.count("\n") <= 2


def test_a_damaged_memory_is_not_taken_for_none(tmp_path: Path) -> None:
    """What cannot be understood is exit 4: it must not pass for "never seen"."""
    path = write(tmp_path, 1)
    memory = tmp_path / "heads.json"
    memory.write_text("{}")
    with pytest.raises(DefinitionError):
        verify(path, memory=memory)
    with pytest.raises(UsageError):
        verify(path, known="5")


def test_values_are_never_printed(tmp_path: Path, cli: Cli) -> None:
    """Whatever is broken, no value of a record shows up."""
    path = tmp_path / "audit.jsonl"
    kept = demo().replace(b"u-2", b"SECRET").splitlines(keepends=True)
    chooser = random.Random(1)
    for _ in range(10):
        chooser.shuffle(kept)
        path.write_bytes(b"".join(kept) + b'{"x":"SECRET"}\nSECRET')
        for format in ("text", "json", "sarif", "junit"):  # noqa: A001
            result = cli("verify", path, "--no-remember", "--format", format)
            assert result.code == 1
            assert "SECRET" not in result.out + result.err
