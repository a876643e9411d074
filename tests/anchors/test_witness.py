"""A witness cosigns what extends all it saw, and nothing else; what it said is checked, and holds a log later.

The witness here is written from https://c2sp.org/tlog-witness and RFC 9162, 2.1.4.2, and shares no code with ours.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from base64 import b64decode, b64encode
from collections.abc import Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auditlog_cli import AuditLog, segments, verify
from auditlog_cli.errors import DefinitionError
from auditlog_cli.sealing import cosignatures, notes
from auditlog_cli.signing import keygen, signer
from auditlog_cli.writer.checkpoints import Sealer

NAME = "witness.example/w1"


def node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def grows(first: int, second: int, old: bytes, new: bytes, proof: list[bytes]) -> bool:
    """RFC 9162, 2.1.4.2."""
    if first == second:
        return not proof and old == new
    if not proof:
        return False
    path = [old, *proof] if first & (first - 1) == 0 else list(proof)
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for each in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node(each, fr), node(each, sr)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node(sr, each)
        fn, sn = fn >> 1, sn >> 1
    return fr == old and sr == new and sn == 0


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        status, answer = self.server.witness.add(body)  # type: ignore[attr-defined]
        assert self.path == "/w1/add-checkpoint"
        self.send_response(status)
        if status == 409:
            self.send_header("content-type", "text/x.tlog.size")
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, *words: object) -> None:
        """Stay silent."""


class Witness:
    """Remembers the newest state of one log."""

    def __init__(self) -> None:
        self.key = Ed25519PrivateKey.generate()
        self.public = self.key.public_key().public_bytes_raw()
        self.size, self.root = 0, b""
        self.refuses = 0
        self.requests: list[str] = []

    @property
    def key_id(self) -> bytes:
        return sha256(NAME.encode() + b"\n\x04" + self.public).digest()[:4]

    @property
    def vkey(self) -> str:
        return f"{NAME}+{self.key_id.hex()}+{b64encode(chr(4).encode() + self.public).decode()}"

    def add(self, body: str) -> tuple[int, str]:
        self.requests.append(body)
        if self.refuses:
            return self.refuses, "no"
        head, _, note = body.partition("\n\n")
        old, *proof = head.split("\n")
        size = int(old.removeprefix("old "))
        origin, new_size, new_root = note.split("\n")[:3]
        if size != self.size:
            return 409, f"{self.size}\n"
        root = b64decode(new_root)
        if size and not grows(size, int(new_size), self.root, root, [b64decode(each) for each in proof]):
            return 422, ""
        self.size, self.root = int(new_size), root
        return 200, self.cosign(f"{origin}\n{new_size}\n{new_root}\n")

    def cosign(self, text: str, at: int | None = None) -> str:
        at = int(time.time()) if at is None else at
        raw = self.key.sign(f"cosignature/v1\ntime {at}\n{text}".encode())
        return f"— {NAME} {b64encode(self.key_id + at.to_bytes(8, 'big') + raw).decode()}\n"


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[Any]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Witness()
    server.witness = made  # type: ignore[attr-defined]
    made.url = f"http://127.0.0.1:{server.server_port}/w1"  # type: ignore[attr-defined]
    made.file = tmp_path / "witnesses"  # type: ignore[attr-defined]
    (tmp_path / "witnesses").write_text(f"# whom we trust\n{made.vkey}\n")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield made
    server.shutdown()
    server.server_close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "log"
    folder.mkdir()
    return folder / "audit.jsonl"


@pytest.fixture
def key(tmp_path: Path) -> str:
    keygen.make(str(tmp_path / "key"), "test")
    return str(tmp_path / "key")


def grow(path: Path, key: str, many: int) -> None:
    with AuditLog(path, origin="test/log", ballast_bytes=0) as log:
        for number in range(many):
            log.append({"n": number})
        Sealer(str(path), signer.load(key)).seal(log.durable)


def auditlog(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "auditlog_cli", *map(str, words)], capture_output=True, text=True, check=False, timeout=60,
        stdin=subprocess.DEVNULL, env={**os.environ, "XDG_STATE_HOME": "/nonexistent"},
    )  # fmt: skip


def anchor(path: Path, witness: Any) -> subprocess.CompletedProcess[str]:
    return auditlog("anchor", path, "--witness", witness.url, "--witness-key", witness.file)


def test_a_log_that_grows_is_cosigned_each_time(path: Path, key: str, witness: Any) -> None:
    names = []
    for many in (3, 1, 7, 0, 20):
        grow(path, key, many)
        done = anchor(path, witness)
        if many:
            assert (done.returncode, len(done.stdout.split())) == (0, 1), done.stderr
            names.append(done.stdout.strip())
        else:
            assert done.returncode == 2 and "is there already" in done.stderr
    assert witness.size == notes.parse(Path(names[-1]).read_text()).size
    verdict = verify(path, anchors=names, witness_key=witness.file)
    assert verdict.exit_code == 0, verdict.findings
    assert len(verdict.anchored) == len(names) and all(f"(witness {NAME})" in each for each in verdict.anchored)


def test_another_history_is_not_cosigned(path: Path, key: str, witness: Any) -> None:
    grow(path, key, 5)
    kept = anchor(path, witness).stdout.strip()
    for each in path.parent.iterdir():
        if each != Path(kept):
            each.unlink()
    grow(path, key, 9)
    done = anchor(path, witness)
    assert done.returncode == 1 and "has seen another history" in done.stderr and done.stdout == ""
    verdict = verify(path, anchors=[kept], witness_key=witness.file)
    assert [each.code for each in verdict.findings] == ["rewritten"] and verdict.exit_code == 1


def test_a_shorter_history_is_not_cosigned(path: Path, key: str, witness: Any) -> None:
    grow(path, key, 5)
    anchor(path, witness)
    for each in list(path.parent.iterdir()):
        each.unlink()
    grow(path, key, 1)
    done = anchor(path, witness)
    assert done.returncode == 1 and "the checkpoint covers" in done.stderr


@pytest.mark.parametrize("status", [400, 403, 404, 422, 500])
def test_a_witness_that_refuses_is_told(path: Path, key: str, witness: Any, status: int) -> None:
    grow(path, key, 1)
    witness.refuses = status
    done = anchor(path, witness)
    assert done.returncode == 3 and "does not cosign" in done.stderr and "Traceback" not in done.stderr
    assert list(path.parent.glob("*.checkpoint")) == [Path(segments.checkpoint_name(str(path)))]


def test_an_answer_that_is_not_signed_by_whom_we_trust_is_not_kept(path: Path, key: str, witness: Any) -> None:
    grow(path, key, 1)
    other = Witness()
    witness.file.write_text(f"{other.vkey}\n")
    done = anchor(path, witness)
    assert done.returncode == 1 and "no witness that is trusted" in done.stderr
    assert not list(path.parent.glob("*.[0-9].checkpoint"))


def test_nobody_listens(path: Path, key: str, witness: Any) -> None:
    grow(path, key, 1)
    for url in ("http://127.0.0.1:9/", "http://example.com/", "ftp://x", "https://"):
        done = auditlog("anchor", path, "--witness", url, "--witness-key", witness.file)
        assert done.returncode == 3 and "Traceback" not in done.stderr, done.stderr


def test_every_flipped_bit_of_a_cosigned_checkpoint_is_noticed(path: Path, key: str, witness: Any) -> None:
    grow(path, key, 2)
    kept = Path(anchor(path, witness).stdout.strip())
    good = kept.read_bytes()
    line = good.index(NAME.encode())
    for place in range(line, len(good)):
        changed = bytearray(good)
        changed[place] ^= 1
        kept.write_bytes(bytes(changed))
        try:
            assert verify(path, anchors=[kept], witness_key=witness.file).exit_code, place
        except DefinitionError:
            pass  # no checkpoint any more


def test_a_checkpoint_that_nobody_cosigned_is_no_witness(path: Path, key: str, witness: Any, tmp_path: Path) -> None:
    grow(path, key, 2)
    plain = tmp_path / "plain.checkpoint"
    plain.write_bytes(Path(segments.checkpoint_name(str(path))).read_bytes())
    verdict = verify(path, anchors=[plain], witness_key=witness.file)
    assert [each.code for each in verdict.findings] == ["time-stamp"]
    assert "no witness that is trusted" in verdict.findings[0].message
    assert verify(path, anchors=[plain]).exit_code == 0


def test_the_example_of_the_standard_is_understood() -> None:
    """https://c2sp.org/tlog-cosignature: name, key id, time."""
    text = (
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
        "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
    )
    (signature,) = notes.parse(text).signatures
    assert (signature.name, signature.key_id.hex()) == ("witness.example.com/w1", "8d66cf3f")
    assert int.from_bytes(signature.raw[:8], "big") == 1679315147 and len(signature.raw) == 72


@pytest.mark.parametrize("wrong", ["", "x", "name+00000000+AAAA", "# only a comment"])
def test_a_key_that_is_none_is_refused(path: Path, key: str, witness: Any, wrong: str) -> None:
    witness.file.write_text(wrong)
    done = anchor(path, witness)
    assert done.returncode == 4 and "Traceback" not in done.stderr
    assert cosignatures.parse_key(witness.vkey) == (NAME, witness.public)
    with pytest.raises(notes.NoteError):
        cosignatures.parse_key(witness.vkey.replace(NAME, "other"))
