"""Checkpoints: what is signed, when, and what is refused (integrity.md, 5.1 and 5.2)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from auditlog_cli import redact, segments, verify
from auditlog_cli.cli import sealing
from auditlog_cli.cli.show import Notices
from auditlog_cli.errors import AuditWriteError, DefinitionError, InputError, LockTimeout, SealRefused, UsageError
from auditlog_cli.salting.growing import SaltedGrowth
from auditlog_cli.sealing import notes, sshsig
from auditlog_cli.signing import checks, keygen, signer, signers, succession
from auditlog_cli.writer import lock, own
from auditlog_cli.writer.checkpoints import Sealer
from auditlog_cli.writer.growth import Growth, is_sealed
from auditlog_cli.writer.log import AuditLog

sign = sealing.sign
RECORD = {"user": {"id": "ann"}, "action": {"type": "tool_invocation", "tool": "x", "arguments": {"n": 1}}}


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "seal.key"
    keygen.make(str(path), "test")
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.jsonl"


def lines(path: Path) -> list[bytes]:
    """Every line of the log, closed segments first."""
    files = [*sorted(path.parent.glob("audit.[0-9]*.jsonl")), path]
    return [line for file in files for line in file.read_bytes().split(b"\n")[:-1]]


def checkpoints(path: Path) -> list[dict[str, Any]]:
    own = [json.loads(line).get("auditlog", {}) for line in lines(path)]
    return [each for each in own if each.get("type") == "checkpoint"]


def side(path: Path) -> notes.Note:
    return notes.parse(Path(f"{path}.checkpoint").read_text())


def root(path: Path, size: int) -> bytes:
    growth = Growth(str(path))
    assert growth.grow(size) == size
    return growth.tree.root()


def good(path: Path, key: Path) -> notes.Note:
    """The newest checkpoint, if both of its signatures hold and the log hashes to its root."""
    public = signer.load(str(key)).public
    note, record = side(path), checkpoints(path)[-1]
    assert notes.parse(record["note"]) == note
    assert checks.ed25519(public, note.text, note.signatures[0].raw)
    assert checks.ssh(sshsig.parse(record["sshsig"]), record["sshsig"], signers.CHECKPOINTS, note.text)
    assert root(path, note.size) == note.root
    return note


def test_a_log_with_a_key_is_signed_at_its_end(path: Path, key: Path) -> None:
    with AuditLog(path, key=key, origin="test/log") as log:
        for _ in range(5):
            log.append(RECORD)
    note = good(path, key)
    assert (note.origin, note.size) == ("test/log", 6)
    assert len(lines(path)) == 7
    with AuditLog(path, key=key):
        pass
    assert len(lines(path)) == 7, "nothing new: nothing to sign"


def test_every_so_many_records(path: Path, key: Path) -> None:
    with AuditLog(path, key=key, checkpoint_records=10) as log:
        for signed in range(4):
            log.write_many([RECORD] * 10)
            deadline = time.monotonic() + 60
            while len(checkpoints(path)) <= signed and time.monotonic() < deadline:
                time.sleep(0.001)
        assert len(checkpoints(path)) >= 4
    good(path, key)


def test_at_rotation(path: Path, key: Path) -> None:
    with AuditLog(path, key=key) as log:
        log.append(RECORD)
        log.rotate()
        log.append(RECORD)
        deadline = time.monotonic() + 60
        while not checkpoints(path) and time.monotonic() < deadline:
            time.sleep(0.001)
        assert len(checkpoints(path)) == 1
    assert good(path, key).size >= 4


def test_while_idle_if_that_was_promised(path: Path, key: Path) -> None:
    """And the end says that no more will come."""
    with AuditLog(path, key=key, heartbeat_s=0.05, checkpoint_s=1000) as log:
        log.append(RECORD)
        deadline = time.monotonic() + 60
        while len(checkpoints(path)) < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
    assert len(checkpoints(path)) >= 4
    assert json.loads(lines(path)[-2])["auditlog"] == {"type": "close"}
    good(path, key)


def test_on_request(path: Path, key: Path) -> None:
    with AuditLog(path, key=key) as log:
        log.append(RECORD)
        log.checkpoint()
        assert side(path).size == 2
    with AuditLog(path) as log, pytest.raises(UsageError):
        log.checkpoint()


def test_two_signers_of_one_log(path: Path, key: Path) -> None:
    """Threads of two writers and a third that only signs: no refusal, and every checkpoint holds."""
    with AuditLog(path, key=key, checkpoint_records=3) as one, AuditLog(path, key=key, checkpoint_records=5) as two:
        third = Sealer(str(path), signer.load(str(key)))
        for n in range(60):
            (one if n % 3 else two).append(RECORD)
            if n % 7 == 0:
                third.seal(two.durable, two.append_own)
    assert one.status["unsigned"] is two.status["unsigned"] is None
    found = [notes.parse(each["note"]) for each in checkpoints(path)]
    assert len(found) > 8
    for note in found:
        assert root(path, note.size) == note.root


def test_the_file_beside_a_log_never_goes_back(path: Path, key: Path) -> None:
    """A signer that asked how much is durable, and then took its time, while another signed a longer log."""
    with AuditLog(path, fsync="none", ballast_bytes=0) as log:
        log.append(RECORD)
        slow, quick = (Sealer(str(path), signer.load(str(key))) for _ in range(2))
        late: list[notes.Note] = []

        def durable() -> int:
            before = log.durable()
            if not late:
                log.append(RECORD)
                quick.seal(log.durable, log.append_own)
                late.append(side(path))
            return before

        done = slow.seal(durable, log.append_own)
    assert late[0].size == 3
    assert side(path).size == done.size == 4, (
        "the slow one has seen what the quick one signed, and signs what came since"
    )
    assert root(path, 4) == done.root


def test_a_slow_signer_refuses_what_another_signed_and_it_does_not_find(path: Path, key: Path) -> None:
    """Another checkpoint comes while it signs, over records that are not there: it stays, and nothing is signed."""
    with AuditLog(path, fsync="none", ballast_bytes=0) as log:
        log.append(RECORD)
        first = Sealer(str(path), signer.load(str(key))).seal(log.durable)
        forged = notes.Note(first.origin, 99, b"x" * 32)

        def durable() -> int:
            Path(f"{path}.checkpoint").write_text(notes.render(forged))
            return log.durable()

        with pytest.raises(SealRefused, match="99 records were signed, and only 2 are there"):
            Sealer(str(path), signer.load(str(key))).seal(durable, log.append_own)
    assert side(path) == forged
    assert not checkpoints(path)


def test_signers_in_processes_of_their_own_never_put_an_older_checkpoint_over_a_newer(path: Path, key: Path) -> None:
    """A writer that signs after every second record, and two that only watch: sizes beside the log only grow."""
    watcher = (
        "import sys\n"
        "from auditlog_cli.signing import signer\n"
        "from auditlog_cli.writer.checkpoints import Sealer\n"
        "sealer = Sealer(sys.argv[1], signer.load(sys.argv[2]))\n"
        "print(sealer.seal().size, flush=True)\n"
        "for _ in sys.stdin:\n"
        "    sealer.behind() > 0 and sealer.seal()\n"
    )
    with AuditLog(path, key=key, checkpoint_records=2, fsync="none", ballast_bytes=0) as log:
        log.append(RECORD)
        log.checkpoint()
        started = [
            subprocess.Popen([sys.executable, "-c", watcher, str(path), str(key)], stdin=-1, stdout=-1, text=True)
            for _ in range(2)
        ]
        for each in started:
            assert each.stdout is not None
            assert int(each.stdout.readline()) >= 2
        seen = [side(path).size]
        for n in range(150):
            log.append(RECORD)
            watching = started[n % 2].stdin
            assert watching is not None
            watching.write("\n")
            watching.flush()
            if n % 5 == 0:
                log.checkpoint()
            seen.append(side(path).size)
        for each in started:
            each.communicate(timeout=60)
            assert each.returncode == 0
    seen.append(side(path).size)
    assert seen == sorted(seen)
    assert len(set(seen)) > 20
    assert root(path, seen[-1]) == side(path).root


def test_another_user_waits_for_its_turn_and_says_so(path: Path) -> None:
    with (
        lock.turn(str(path)),
        pytest.raises(LockTimeout, match="another signer has been at work for 0.01 s; the checkpoint was not kept"),
        lock.turn(str(path.with_name("other.jsonl")), 0.01),
    ):
        pass
    with lock.turn(str(path), 0.01):
        pass


def test_a_child_that_came_to_be_during_a_turn_does_not_keep_it(path: Path) -> None:
    read, write = os.pipe()
    with lock.turn(str(path)):
        child = os.fork()
        if not child:
            os.close(write)
            os.read(read, 1)
            os._exit(0)
    try:
        with lock.turn(str(path), 0.01):
            pass
    finally:
        os.close(write)
        os.close(read)
        os.waitpid(child, 0)


def test_a_child_goes_on_signing(path: Path, key: Path) -> None:
    with AuditLog(path, key=key, checkpoint_records=2) as log:
        log.append(RECORD)
        child = os.fork()
        if not child:
            code = 1
            try:
                log.append(RECORD)
                log.close()
                code = 0
            finally:
                os._exit(code)
        assert os.waitpid(child, 0)[1] == 0
        log.append(RECORD)
    good(path, key)


def test_redaction_in_between_changes_nothing(path: Path, key: Path) -> None:
    """A segment rewritten with holes has other bytes and the same leaves: the next checkpoint extends the last."""
    sealer = Sealer(str(path), signer.load(str(key)))
    with AuditLog(path) as log:
        for _ in range(3):
            log.append(RECORD)
        first = sealer.seal(log.durable, log.append_own)
    line = lines(path)[1]
    salt, start, length = json.loads(line)["_salts"][0]
    from auditlog_cli.sealing import hashes

    hole = hashes.HOLE % hashes.commit(salt.encode(), line[start : start + length])
    cut = line.rfind(b',"_salts":[')
    shift = len(hole) - length
    salts = [[s, at + shift if at > start else at, n] for s, at, n in json.loads(line)["_salts"][1:]]
    new = (
        line[:start]
        + hole
        + line[start + length : cut]
        + b',"_salts":'
        + json.dumps(salts, separators=(",", ":")).encode()
    )
    copy = path.with_suffix(".tmp")
    copy.write_bytes(path.read_bytes().replace(line, new + b"}"))
    copy.rename(path)
    with AuditLog(path) as log:
        log.append(RECORD)
        second = sealer.seal(log.durable, log.append_own)
    assert (first.size, second.size) == (4, 6)
    good(path, key)


# --- refusals ---------------------------------------------------------------------------------------


def cut_below(path: Path) -> None:
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:3]))


def replace_a_record(path: Path) -> None:
    """A record replaced and everything behind it chained anew, without the checkpoint record."""
    fresh = path.with_name("fresh.jsonl")
    with AuditLog(fresh, origin="test/log", ballast_bytes=0) as log:
        for n in range(5):
            log.append({**RECORD, "session_id": f"other-{n}"})
    fresh.rename(path)


def break_the_chain(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"tool":"x"', b'"tool":"y"', 1))


def damage_the_side_file(path: Path) -> None:
    Path(f"{path}.checkpoint").write_bytes(b"nonsense")


def side_file_of_another_log(path: Path) -> None:
    file = Path(f"{path}.checkpoint")
    file.write_text(file.read_text().replace("test/log", "test/other"))


def drop_the_side_file_and_replace_a_root(path: Path) -> None:
    """No file beside the log: then the checkpoint record in it tells."""
    note = side(path)
    Path(f"{path}.checkpoint").unlink()
    forged = notes.render(note._replace(root=b"x" * 32, signatures=()))
    with AuditLog(path) as log:
        from auditlog_cli.writer import own

        log.append_own(own.record("checkpoint", note=forged, sshsig=""))


@pytest.mark.parametrize(
    "attack",
    [cut_below, replace_a_record, break_the_chain, damage_the_side_file, side_file_of_another_log,
     drop_the_side_file_and_replace_a_root],
)  # fmt: skip
@pytest.mark.parametrize("fresh", [True, False], ids=["fresh signer", "same signer"])
def test_what_does_not_extend_the_signed_state_is_refused(
    path: Path, key: Path, attack: Callable[[Path], None], fresh: bool
) -> None:
    """And nothing is changed by the refusal: a cut log is never laundered."""
    sealer = Sealer(str(path), signer.load(str(key)))
    with AuditLog(path, origin="test/log") as log:
        for _ in range(4):
            log.append(RECORD)
        sealer.seal(log.durable, log.append_own)
    attack(path)
    if not fresh and attack in (break_the_chain, drop_the_side_file_and_replace_a_root):
        pytest.skip("it remembers what it signed, and the log extends that; verify finds what was changed")
    before = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    with pytest.raises(SealRefused):
        (Sealer(str(path), signer.load(str(key))) if fresh else sealer).seal()
    assert {file.name: file.read_bytes() for file in path.parent.iterdir()} == before


@pytest.mark.parametrize("kind", ["sealed", "raw", "salted"])
def test_what_another_signed_at_a_size_that_was_passed_is_held_too(path: Path, key: Path, kind: str) -> None:
    """A signer has read on already when another signs a shorter log: it reads once more, and refuses if that lied."""
    if kind == "sealed":
        log = AuditLog(path, fsync="none", ballast_bytes=0, origin="test/log")
    else:
        path.write_bytes(b'{"a":0}\n{"a":1}\n')

    def more() -> None:
        if kind == "sealed":
            log.append(RECORD)
        else:
            with path.open("ab") as file:
                file.write(b'{"a":2}\n')

    growth = SaltedGrowth(str(path)) if kind == "salted" else None
    if kind == "sealed":
        log.append(RECORD)
    sealer = Sealer(str(path), signer.load(str(key)), raw=kind != "sealed", growth=growth)
    first = sealer.seal()
    more()
    honest = Sealer(
        str(path), signer.load(str(key)), raw=kind != "sealed", growth=None if growth is None else growth.afresh()
    )
    more()
    assert sealer.behind() == 2
    assert (first.size, honest.seal(None).size) == (2, 4)
    beside = Path(f"{path}.checkpoint")
    good = beside.read_bytes()
    more()
    assert sealer.behind() == 3
    beside.write_text(notes.render(notes.Note(first.origin, 3, b"x" * 32)))
    before = beside.read_bytes()
    with pytest.raises(SealRefused, match="its first 3 records are not those that were signed"):
        sealer.seal()
    assert beside.read_bytes() == before
    beside.write_bytes(good)
    assert sealer.seal().size == 5
    if kind == "sealed":
        log.close()


def test_a_refusal_in_the_background_is_said_and_the_log_goes_on(path: Path, key: Path) -> None:
    with AuditLog(path, origin="test/log", key=key) as log:
        log.append(RECORD)
    damage_the_side_file(path)
    log = AuditLog(path, key=key, checkpoint_records=1)

    def go_on() -> None:
        log.append(RECORD)
        deadline = time.monotonic() + 60
        while log.status["unsigned"] is None and time.monotonic() < deadline:
            time.sleep(0.001)

    with pytest.warns(RuntimeWarning, match="goes on without a signature"):
        go_on()
    assert "is no checkpoint" in str(log.status["unsigned"])
    log.append(RECORD)
    with pytest.raises(SealRefused):
        log.close()
    assert len(lines(path)) == 5


def test_a_key_that_is_none_stops_before_anything_is_made(path: Path, tmp_path: Path) -> None:
    with pytest.raises(DefinitionError):
        AuditLog(path, key=tmp_path / "no-such-key")
    assert not path.exists()


def test_a_checkpoint_that_cannot_be_kept_is_not_recorded(path: Path, key: Path, tmp_path: Path) -> None:
    with AuditLog(path) as log:
        log.append(RECORD)
        sealer = Sealer(str(path), signer.load(str(key)), beside=str(tmp_path / "no-such-folder" / "checkpoint"))
        with pytest.raises(AuditWriteError, match="was not kept"):
            sealer.seal(log.durable, log.append_own)
    assert not checkpoints(path)


# --- logs of others, logs that are only read ---------------------------------------------------------


def test_a_log_is_signed_from_outside(path: Path, key: Path, tmp_path: Path) -> None:
    """Read only: the checkpoint goes elsewhere, the log keeps every byte."""
    with AuditLog(path) as log:
        log.append(RECORD)
    before = path.read_bytes()
    elsewhere = tmp_path / "elsewhere"
    done = Sealer(str(path), signer.load(str(key)), beside=str(elsewhere)).seal()
    assert path.read_bytes() == before
    assert notes.parse(elsewhere.read_text()).root == done.root == root(path, 2)


def test_anybodys_lines_are_signed_as_they_are(tmp_path: Path, key: Path) -> None:
    """leaf = SHA-256(0x00 ‖ line); the name says so; what was signed once must stay."""
    path = tmp_path / "old.jsonl"
    path.write_bytes(b'{"a":1}\n{"a":2}\n{"torn')
    assert not is_sealed(str(path))
    sealer = Sealer(str(path), signer.load(str(key)), raw=True)
    first = sealer.seal()
    assert (first.size, first.origin[-4:]) == (2, "#raw")
    with path.open("ab") as file:
        file.write(b'"}\n')
    assert sealer.seal().size == 3
    again = Sealer(str(path), signer.load(str(key)), raw=True).seal()
    assert (again.size, again.origin) == (3, first.origin)
    path.write_bytes(path.read_bytes().replace(b"1", b"3"))
    with pytest.raises(SealRefused):
        Sealer(str(path), signer.load(str(key)), raw=True).seal()


@pytest.mark.parametrize("content", [None, b"", b'{"torn'])
def test_where_nothing_is_nothing_is_signed(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "audit.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError):
        is_sealed(str(path))


def test_the_trees_of_the_vectors(shared: Path, tmp_path: Path) -> None:
    """Every log that the stock checkers take, pruned ones too: the same root."""
    count = 0
    for number, text in enumerate((shared / "spec" / "vectors" / "cases.jsonl").read_text().split("\n")[:-1]):
        case = json.loads(text)
        if not case["stock"]["ok"] or not case["files"]:
            continue
        folder = tmp_path / str(number)
        folder.mkdir()
        for name, content in case["files"].items():
            (folder / name).write_bytes(b64decode(content["base64"]) if isinstance(content, dict) else content.encode())
        growth = Growth(str(folder / "audit.jsonl"))
        growth.grow()
        assert growth.tree.root() == b64decode(case["stock"]["root"]), case["name"]
        count += 1
    assert count > 40


# --- the command line --------------------------------------------------------------------------------


def auditlog(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "auditlog_cli", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_command_line(path: Path, tmp_path: Path) -> None:
    """keygen, seal, seal again, an auditor's check with ssh-keygen, a cut, and the refusal."""
    with AuditLog(path, origin="test/log") as log:
        log.append(RECORD)
        log.append(RECORD)
    made = auditlog(tmp_path, "keygen", "seal.key", "--log", "audit.jsonl")
    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith('test/log namespaces="auditlog-checkpoint" ssh-ed25519 AAAA')
    assert (tmp_path / "seal.key").stat().st_mode & 0o777 == 0o600
    again = auditlog(tmp_path, "keygen", "seal.key")
    assert (again.returncode, "never overwritten" in again.stderr) == (2, True)

    sealed = auditlog(tmp_path, "seal", "audit.jsonl", "--key", "seal.key")
    assert sealed.returncode == 0, sealed.stderr
    assert sealed.stdout.startswith("audit.jsonl: 3 records signed, root ")
    good(path, tmp_path / "seal.key")
    assert auditlog(tmp_path, "seal", "audit.jsonl", "--key", "seal.key", "--quiet").stderr == ""

    (tmp_path / "signers").write_text(made.stdout)
    record = checkpoints(path)[-1]
    (tmp_path / "sig").write_text(record["sshsig"])
    if subprocess.run(["which", "ssh-keygen"], capture_output=True, check=False).returncode == 0:
        subprocess.run(
            ["ssh-keygen", "-Y", "verify", "-f", "signers", "-I", "test/log", "-n", "auditlog-checkpoint", "-s", "sig"],
            cwd=tmp_path, input=side(path).text, check=True, capture_output=True,
        )  # fmt: skip

    cut_below(path)
    refused = auditlog(tmp_path, "seal", "audit.jsonl", "--key", "seal.key")
    assert refused.returncode == 1
    assert refused.stderr.startswith(
        "auditlog: error[refused]: audit.jsonl: 4 records were signed, and only 3 are there"
    )
    assert auditlog(tmp_path, "seal", "nothing.jsonl", "--key", "seal.key").returncode == 3
    assert auditlog(tmp_path, "seal", "audit.jsonl", "--key", "nothing.key").returncode == 4
    assert not (tmp_path / "nothing.jsonl").exists()


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: b"\xef\xbb\xbf" + data,
        lambda data: data.replace(b'":', b'": ').replace(b",", b", "),
        lambda data: data.replace(b'"_salts":[]', b'"_salts":[ ]', 1),
    ],
)
def test_a_sealed_log_that_was_changed_is_not_signed_as_one_of_others(
    path: Path, key: Path, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    with AuditLog(path, ballast_bytes=0) as log:
        log.append(RECORD)
    path.write_bytes(damage(path.read_bytes()))
    before = sorted((each, each.read_bytes()) for each in tmp_path.rglob("*") if each.is_file())
    refused = auditlog(tmp_path, "seal", "audit.jsonl", "--key", str(key))
    assert refused.returncode == 1
    assert refused.stderr.startswith(
        "auditlog: error[refused]: audit.jsonl: line 1 begins a sealed log, and was changed"
    )
    assert sorted((each, each.read_bytes()) for each in tmp_path.rglob("*") if each.is_file()) == before


def test_what_cannot_be_is_refused_before_anything_is_signed(path: Path, tmp_path: Path) -> None:
    with AuditLog(path, ballast_bytes=0) as log:
        log.append(RECORD)
    keygen.make(str(tmp_path / "seal.key"), "test")
    before = path.read_bytes()
    for words in (["--watch", "--every", "0"], ["--successor", "seal.key"]):
        done = auditlog(tmp_path, "seal", "audit.jsonl", "--key", "seal.key", *words)
        assert (done.returncode, done.stdout) == (2, ""), done
        assert "help: " in done.stderr
    assert path.read_bytes() == before
    assert not os.path.exists(f"{path}.checkpoint")


def test_whoever_could_read_the_checkpoint_may_read_the_next(tmp_path: Path) -> None:
    """It is no secret: who checks may be another user than who signs."""
    path = tmp_path / "audit.jsonl"
    key = keygen.make(str(tmp_path / "seal.key"), "test")
    checkpoint = Path(f"{path}.checkpoint")
    with AuditLog(path, ballast_bytes=0) as log:
        log.append(RECORD)
        Sealer(str(path), key).seal()
        assert checkpoint.stat().st_mode & 0o777 == 0o600
        checkpoint.chmod(0o644)
        before = checkpoint.read_bytes()
        log.append(RECORD)
        Sealer(str(path), key).seal()
    assert checkpoint.read_bytes() != before
    assert checkpoint.stat().st_mode & 0o777 == 0o644


def test_a_redactor_is_named_as_a_list_of_signers_can(tmp_path: Path) -> None:
    """A blank needs quotes there; what would be a pattern, or another line, is refused."""
    done = auditlog(tmp_path, "keygen", "dpo.key", "--by", "Data Officer")
    assert done.stdout.startswith('"Data Officer" namespaces="auditlog-redaction,auditlog-export" ssh-ed25519 ')
    assert len(signers.parse(done.stdout, "keys").keys("Data Officer", "auditlog-redaction")) == 1
    for name in ("", "a\nb", "*", "a,b", 'a"b', "#a", " a"):
        assert auditlog(tmp_path, "keygen", "other.key", "--by", name).returncode == 2
    assert not (tmp_path / "other.key").exists()


def test_a_key_hands_over_to_the_next(path: Path, tmp_path: Path) -> None:
    """The old key says so in the log, the new one signs, and the two lines for auditors part their times."""
    with AuditLog(path, origin="test/log") as log:
        log.append(RECORD)
    old, new = (keygen.make(str(tmp_path / name), "test") for name in ("old.key", "new.key"))
    done = auditlog(tmp_path, "seal", "audit.jsonl", "--key", "old.key", "--successor", "new.key")
    assert done.returncode == 0, done.stderr
    told = json.loads(lines(path)[3])["auditlog"]
    assert [told[name] for name in ("type", "old", "new")] == ["key", old.public_line, new.public_line]
    message = f"test/log\n{new.public_line}\n{told['valid_from']}\n".encode()
    assert checks.ssh(sshsig.parse(told["sshsig"]), told["sshsig"], "auditlog-key", message)
    assert sshsig.parse(told["sshsig"]).key == old.key
    good(path, tmp_path / "new.key")
    trusted = signers.parse(done.stdout, "keys")
    assert trusted.keys("test/log", signers.CHECKPOINTS, 0) == [old.public]
    assert trusted.keys("test/log", signers.CHECKPOINTS, 1 << 60) == [new.public]
    (tmp_path / "keys").write_text(done.stdout)
    verdict = verify(path, signers=tmp_path / "keys")
    assert (verdict.exit_code, verdict.warnings) == (0, []), "the last checkpoint of the old key counts, too"


@pytest.fixture
def handed_over(path: Path, tmp_path: Path) -> Path:
    """A log in which the key `old.key` gave its place to `new.key`."""
    with AuditLog(path, origin="test/log", ballast_bytes=0) as log:
        log.append(RECORD)
    for name in ("old.key", "new.key"):
        keygen.make(str(tmp_path / name), "test")
    done = auditlog(tmp_path, "seal", "audit.jsonl", "--key", "old.key", "--successor", "new.key")
    assert done.returncode == 0, done.stderr
    return path


@pytest.mark.parametrize(
    "words", [[], ["--checkpoint", "elsewhere"], ["--successor", "third.key"]], ids=["log", "elsewhere", "successor"]
)
def test_a_key_that_was_succeeded_signs_no_more(handed_over: Path, tmp_path: Path, words: list[str]) -> None:
    """Auditors would pass its checkpoint over, so that what it covers would not be covered."""
    keygen.make(str(tmp_path / "third.key"), "test")
    before = sorted((each, each.read_bytes()) for each in tmp_path.rglob("*"))
    done = auditlog(tmp_path, "seal", "audit.jsonl", "--key", "old.key", *words)
    new = (tmp_path / "new.key.pub").read_text().rsplit(" ", 1)[0]
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.splitlines() == [
        "auditlog: error[definition]: old.key: said in the log that another key comes after it; nothing was signed",
        f"  help: sign with the private half of {new}",
    ]
    assert sorted((each, each.read_bytes()) for each in tmp_path.rglob("*")) == before
    assert auditlog(tmp_path, "seal", "audit.jsonl", "--key", "new.key").returncode == 0


def test_a_key_that_came_back_signs_again(handed_over: Path, tmp_path: Path) -> None:
    back = auditlog(tmp_path, "seal", "audit.jsonl", "--key", "new.key", "--successor", "old.key")
    assert back.returncode == 0, back.stderr
    assert auditlog(tmp_path, "seal", "audit.jsonl", "--key", "new.key").returncode == 4
    assert auditlog(tmp_path, "seal", "audit.jsonl", "--key", "old.key").returncode == 0


def test_a_writer_with_a_key_that_was_succeeded_goes_on_and_says_so(handed_over: Path, tmp_path: Path) -> None:
    """While it runs, and when it is opened anew: the log is written, and nothing pretends that it is signed."""
    log = AuditLog(handed_over, key=str(tmp_path / "old.key"), ballast_bytes=0)
    log.append({"n": 17})
    with pytest.raises(DefinitionError, match="another key comes after it"):
        log.close()
    assert b'"n":17' in handed_over.read_bytes()


@pytest.mark.parametrize("forged", ["unsigned", "another key's", "of another log"])
def test_nobody_else_takes_the_turn_of_a_key(path: Path, key: Path, tmp_path: Path, forged: str) -> None:
    """Who can append can write that a key was succeeded; it counts only if that key says so of this log."""
    mine, other = signer.load(str(key)), keygen.make(str(tmp_path / "other.key"), "test")
    with AuditLog(path, origin="test/log", ballast_bytes=0) as log:
        who, origin = (other, "test/log") if forged == "another key's" else (mine, "test/other")
        said = succession.members(origin, who, other, "2026-01-01T00:00:00Z") | {"old": mine.public_line}
        log.append_own(own.record("key", **said | ({"sshsig": "none"} if forged == "unsigned" else {})))
        assert Sealer(str(path), mine).seal(log.durable, log.append_own).size == 2


@pytest.mark.parametrize("elsewhere", [True, False])
def test_what_comes_while_a_checkpoint_is_made_is_not_missed(
    path: Path, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, elsewhere: bool
) -> None:
    """And the watcher's own checkpoint is no reason for another one."""
    signed: list[int] = []
    pauses = iter([None, None, None])
    monkeypatch.setattr(sealing, "time", SimpleNamespace(sleep=lambda _: next(pauses)))
    with AuditLog(path) as log:
        log.append(RECORD)
        beside = str(tmp_path / "elsewhere") if elsewhere else None
        with sealing.opened(str(path), signer.load(str(key)), beside) as opened:
            notices = Notices(quiet=True)
            signed.append(sealing.sign(opened, notices))
            log.append(RECORD)
            monkeypatch.setattr(sealing, "sign", lambda *_: signed.append(sign(*_)))
            with pytest.raises(StopIteration):
                sealing.watch(opened, 1, notices)
    assert signed == ([2, 3] if elsewhere else [2, 4])


def test_watching(path: Path, key: Path, tmp_path: Path) -> None:
    """Signs what comes, from outside, until it is stopped."""
    interruptible = (  # a job in the background inherits that Ctrl-C is ignored
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "from auditlog_cli.cli.front import run; run()"
    )
    with AuditLog(path) as log:
        log.append(RECORD)
        watcher = subprocess.Popen(
            [sys.executable, "-c", interruptible, "seal", path, "--key", key, "--watch", "--every", "1",
             "--checkpoint", tmp_path / "elsewhere"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert watcher.stdout
        assert ": 2 records signed" in watcher.stdout.readline()
        log.append(RECORD)
        assert ": 3 records signed" in watcher.stdout.readline()
        watcher.send_signal(2)
        _, err = watcher.communicate(timeout=30)
    assert watcher.returncode == 130
    assert "Traceback" not in err


def test_a_way_that_was_pruned_is_not_signed_over(path: Path, key: Path, tmp_path: Path) -> None:
    """Records are pruned behind what was signed last: what they were only a stub says, and anybody can write one.

    integrity.md, 5.2: the last signed (size, root) must be a prefix, else refuse and say why.
    """
    from auditlog_cli.retention import pruning

    with AuditLog(path, fsync="none", ballast_bytes=0) as log:
        log.append({"n": 1})
        elsewhere = tmp_path / "elsewhere"  # beside the log, `prune` would see it and wait
        watcher = Sealer(str(path), signer.load(str(key)), beside=str(elsewhere))
        assert watcher.seal().size == 2
        log.append({"n": 2})
        log.rotate()
        log.append({"n": 3})
        pruning.carry_out(pruning.plan(str(path), 1 << 62), "old")
        with pytest.raises(SealRefused, match="2 records were signed, and 3 are pruned"):
            watcher.behind()
        before = elsewhere.read_bytes()
        for sealer in (watcher, Sealer(str(path), signer.load(str(key)), beside=str(elsewhere))):
            with pytest.raises(SealRefused, match="2 records were signed, and 3 are pruned"):
                sealer.seal()
        assert elsewhere.read_bytes() == before
        anew = Sealer(str(path), signer.load(str(key)))
        assert anew.seal().size == 6, "whoever has looked may begin again"
        log.append({"n": 4})
        assert anew.seal().size == 7
        os.remove(tmp_path / "audit.pruned.json")
        with pytest.raises(SealRefused):
            Sealer(str(path), signer.load(str(key)), beside=str(tmp_path / "other")).seal()


def test_what_was_signed_up_to_the_cut_proves_the_stub(path: Path, key: Path, tmp_path: Path) -> None:
    """The stub takes the place of what was pruned only if it hashes to what was signed at that size."""
    from auditlog_cli.retention import pruning

    with AuditLog(path, fsync="none", ballast_bytes=0) as log:
        log.append({"n": 1})
        log.append({"n": 2})
        log.rotate()
        log.append({"n": 3})
        signed = Growth(str(path))
        assert signed.grow(3) == 3
        note = notes.Note(log.origin, 3, signed.tree.root())
        Path(segments.checkpoint_name(str(path))).write_text(notes.render(note))
        pruning.carry_out(pruning.plan(str(path), 1 << 62), "old")
        stub = tmp_path / "audit.pruned.json"
        said = json.loads(stub.read_text())
        assert said["records"] == 3
        stub.write_text(json.dumps({**said, "range": ["A" * 43 + "=", *said["range"][1:]]}))
        with pytest.raises(SealRefused, match="its first 3 records are not those that were signed"):
            Sealer(str(path), signer.load(str(key))).seal()
        assert side(path) == note
        stub.write_text(json.dumps(said))
        assert Sealer(str(path), signer.load(str(key))).seal().size == 6


def test_what_another_with_the_same_key_signed_bridges_what_was_pruned(path: Path, key: Path) -> None:
    """A signer that was idle while another signed and somebody pruned goes on; with a checkpoint of no key it does not."""
    from auditlog_cli.retention import pruning

    with AuditLog(path, fsync="none", ballast_bytes=0) as log:
        idle, busy = (Sealer(str(path), signer.load(str(key))) for _ in range(2))
        assert idle.seal().size == 1
        log.append({"n": 1})
        log.rotate()
        log.append({"n": 2})
        assert busy.seal().size == 4
        pruning.carry_out(pruning.plan(str(path), 1 << 62), "old")
        beside = Path(f"{path}.checkpoint")
        good = beside.read_bytes()
        beside.write_text(notes.render(notes.parse(good.decode())._replace(signatures=())))
        with pytest.raises(SealRefused, match="1 record was signed, and 2 are pruned"):
            idle.behind()
        beside.write_bytes(good)
        assert idle.behind() == 4
        assert idle.seal().size == 5


@pytest.mark.parametrize("salted", [False, True])
def test_a_log_of_others_cannot_pass_for_one_that_was_pruned(
    path: Path, key: Path, tmp_path: Path, salted: bool
) -> None:
    """What was signed is gone, and a stub says what it came to: such a log has no beginning but its first line."""
    path.write_bytes(b'{"n":1}\n{"n":2}\n')

    def sealer() -> Sealer:
        return Sealer(str(path), signer.load(str(key)), raw=True, growth=SaltedGrowth(str(path)) if salted else None)

    watcher = sealer()
    origin = watcher.seal().origin
    path.write_bytes(b'{"n":3}\n{"n":4}\n{"n":5}\n')
    Path(f"{path}.salts").unlink(missing_ok=True)
    (tmp_path / "audit.000000000004.jsonl").write_bytes(b'{"n":9}\n')
    (tmp_path / "audit.pruned.json").write_text(
        json.dumps(
            {"format": "auditlog-pruned/1", "origin": origin, "records": 4, "head": "0" * 64, "range": ["A" * 43 + "="]}
        )
    )
    before = side(path)
    for each in (watcher, sealer()):
        with pytest.raises((SealRefused, InputError)):
            each.seal()
    assert side(path) == before


@pytest.mark.parametrize(
    "goes", [{"fields": ["user.id"]}, {"records": ["5"], "whole": True}], ids=["longer", "shorter"]
)
def test_who_watches_is_not_misled_by_an_inode_that_is_used_again(path: Path, key: Path, goes: dict[str, Any]) -> None:
    """A segment of another length, in a file of the same number: the place in it is found anew, also if the old one
    lies in the middle of the next line now.
    """
    with AuditLog(path, fsync="none", ballast_bytes=0) as log:
        log.write_many([RECORD] * 20)
        log.rotate()
        (closed,) = path.parent.glob("audit.0*.jsonl")
        watcher = Sealer(str(path), signer.load(str(key)))
        assert watcher.growth.grow(16) == 16
        same = path.with_name("same inode")
        os.link(closed, same)
        redact(path, **goes, by="dpo", reason="r", unsigned=True)
        assert closed.stat().st_size != same.stat().st_size
        same.write_bytes(closed.read_bytes())
        same.rename(closed)
        grown = watcher.growth.grow()
        assert grown == Growth(str(path)).grow()
