"""A proof convinces somebody who has nothing but a key; any change, another key or another record does not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli import proofs
from auditlog_cli.errors import InputError, SealRefused, UsageError
from auditlog_cli.sealing import hashes, tlogproof
from auditlog_cli.signing import keygen, signer, signers
from auditlog_cli.writer.checkpoints import Sealer
from auditlog_cli.writer.log import AuditLog


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of several segments with 30 records under its checkpoint, and one behind it."""
    folder = tmp_path_factory.mktemp("proofs")
    key = keygen.make(str(folder / "key"), "test")
    keygen.make(str(folder / "other"), "test")
    path = folder / "audit.jsonl"
    with AuditLog(path, origin="test/log", ballast_bytes=0, max_bytes=2500) as log:
        for n in range(24):
            log.append({"record_id": f"id-{n}", "user": {"id": f"user-{n}"}, "action": {"type": "x"}})
        Sealer(str(path), key).seal(log.durable, log.append_own)
        log.append({"record_id": "late"})
        log.append({"record_id": "id-0"})
    assert len(list(folder.glob("audit.[0-9]*.jsonl"))) > 1
    return path


@pytest.fixture
def trusted(sealed: Path) -> signers.Signers:
    return signers.load(f"{sealed.parent / 'key'}.pub")


def test_every_record_is_proved_by_number_and_by_id(sealed: Path, trusted: signers.Signers) -> None:
    for n in (0, 1, 2, 7, 23):
        made = proofs.prove(str(sealed), str(n))
        assert json.loads(made.line)["seq"] == made.proof.number == n
        assert proofs.check(made.line, tlogproof.parse(tlogproof.render(made.proof)), trusted).holds
    made = proofs.prove(str(sealed), "id-3")
    assert json.loads(made.line)["record_id"] == "id-3"
    assert proofs.check(made.line, made.proof, trusted).holds


def test_a_withheld_value_and_a_withheld_record_are_proved_alike(sealed: Path, trusted: signers.Signers) -> None:
    made = proofs.prove(str(sealed), "id-3")
    line = made.line
    stored = json.loads(line)
    salt, start, length = stored["_salts"][0]
    hole = hashes.HOLE % hashes.commit(salt.encode(), line[start : start + length])
    cut = line.rfind(b',"_salts":[')
    rest = [[s, at + len(hole) - length, size] for s, at, size in stored["_salts"][1:]]
    salts = json.dumps(rest, separators=(",", ":")).encode()
    withheld = line[:start] + hole + line[start + length : cut] + b',"_salts":' + salts + b"}"
    assert b"user-3" not in withheld
    assert proofs.check(withheld, made.proof, trusted).holds
    from auditlog_cli.sealing.line import unseal

    tombstone = f'{{"seq":{stored["seq"]},"_leaf":"{unseal(line).leaf}","_salts":[]}}'.encode()
    verdict = proofs.check(tombstone, made.proof, trusted)
    assert verdict.holds
    assert "withheld as a whole, is one of" in verdict.why


def test_every_changed_byte_is_noticed(sealed: Path, trusted: signers.Signers) -> None:
    made = proofs.prove(str(sealed), "id-5")
    for at in range(len(made.line)):
        changed = bytearray(made.line)
        changed[at] ^= 1
        assert not proofs.check(bytes(changed), made.proof, trusted).holds
    text = tlogproof.render(made.proof)
    for at in range(len(text)):
        other = text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]
        try:
            assert not proofs.check(made.line, tlogproof.parse(other), trusted).holds, at
        except tlogproof.TlogProofError:
            pass


def test_what_does_not_belong_together_is_refused(sealed: Path, trusted: signers.Signers) -> None:
    one, two = proofs.prove(str(sealed), "id-1"), proofs.prove(str(sealed), "id-2")
    assert "the line is record" in proofs.check(one.line, two.proof, trusted).why
    other = signers.load(f"{sealed.parent / 'other'}.pub")
    assert "a key that was not given" in proofs.check(one.line, one.proof, other).why
    assert "does not fit" in proofs.check(one.line, one.proof._replace(hashes=one.proof.hashes[1:]), trusted).why
    assert "no key was given" in proofs.check(
        one.line, one.proof, signers.parse(f"another/log {signer.load(f'{sealed.parent}/key').public_line}", "keys")
    ).why  # fmt: skip
    assert not proofs.check(b'{"a":1}', one.proof, trusted).holds
    assert not proofs.check(b"", one.proof, trusted).holds
    double = one.line.replace(b'{"', b'{"user":1,"', 1)
    assert not proofs.check(double, one.proof, trusted).holds


def test_what_cannot_be_proved(sealed: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no record 'nobody'"):
        proofs.prove(str(sealed), "nobody")
    with pytest.raises(InputError, match="not covered yet"):
        proofs.prove(str(sealed), "late")
    with pytest.raises(UsageError, match="2 records bear the id"):
        proofs.prove(str(sealed), "id-0")
    path = tmp_path / "audit.jsonl"
    with AuditLog(path, ballast_bytes=0) as log:
        log.append({"record_id": "one"})
    with pytest.raises(InputError, match="no checkpoint"):
        proofs.prove(str(path), "one")
    for file in sealed.parent.glob("audit*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    with AuditLog(tmp_path / "new.jsonl", origin="test/log", ballast_bytes=0) as log:
        for n in range(30):
            log.append({"record_id": f"id-{n}"})
    for file in tmp_path.glob("audit.[0-9]*.jsonl"):
        file.unlink()
    (tmp_path / "new.jsonl").rename(path)
    with pytest.raises(SealRefused, match="not the log that was signed"):
        proofs.prove(str(path), "id-1")


def test_the_proof_of_the_vectors(shared: Path) -> None:
    """Ours reads it, checks it before and after redaction, and writes the same text."""
    vectors = shared / "spec" / "vectors"
    text = (vectors / "demo-record1.tlog-proof").read_text()
    proof = tlogproof.parse(text)
    assert tlogproof.render(proof) == text
    trusted = signers.load(str(vectors / "signers"))
    for name in ("demo-before.jsonl", "demo-after.jsonl", "demo-tombstone.jsonl"):
        line = (vectors / name).read_bytes().split(b"\n")[1]
        assert proofs.check(line, proof, trusted).holds, name


@given(st.text())
def test_no_text_makes_the_parser_fail_otherwise(text: str) -> None:
    for each in (text, f"c2sp.org/tlog-proof@v1\nindex 1\n{text}", f"c2sp.org/tlog-proof@v1\nindex 1\n\n{text}"):
        with pytest.raises(tlogproof.TlogProofError):
            tlogproof.parse(each)


def test_the_command_line(sealed: Path, tmp_path: Path) -> None:
    def auditlog(*words: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "auditlog_cli", *map(str, words)]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)

    key = f"{sealed.parent / 'key'}.pub"
    made = auditlog("prove", "id-7", sealed, "-o", "evidence")
    assert (made.returncode, made.stdout) == (0, "evidence.jsonl\nevidence.tlog-proof\n")
    again = auditlog("prove", "id-7", sealed, "-o", "evidence")
    assert (again.returncode, "is there already" in again.stderr) == (2, True)
    good = auditlog("prove", "--check", "evidence", "--signers", key)
    assert good.returncode == 0
    assert good.stdout.startswith("proved: this is record ")
    evidence = tmp_path / "evidence.jsonl"
    evidence.write_bytes(evidence.read_bytes().replace(b"user-7", b"user-8"))
    bad = auditlog("prove", "--check", "evidence", "--signers", key)
    assert (bad.returncode, bad.stdout[:11]) == (1, "NOT proved:")
    assert auditlog("prove", "--check", "evidence").returncode == 2
    assert auditlog("prove", "--check", "nothing", "--signers", key).returncode == 3
    assert auditlog("prove", "--check", "evidence", "--signers", "nothing").returncode == 4
    assert auditlog("prove", "nobody", sealed).returncode == 3
    told = auditlog("head", sealed)
    assert told.returncode == 0
    assert told.stdout.split()[0] == "test/log"
    assert auditlog("head", tmp_path / "none").returncode == 3
