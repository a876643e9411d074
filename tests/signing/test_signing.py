"""Keys and signatures: ours, OpenSSH's, and the vectors."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli import times
from auditlog_cli.errors import AuditWriteError, DefinitionError
from auditlog_cli.sealing import notes, sshsig
from auditlog_cli.signing import checks, signer, signers, tools
from auditlog_cli.signing import keygen as making
from tests.refusals import refused

needs_ssh_keygen = pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="ssh-keygen is not there")
ORIGIN = "example.org/auditlog/demo"
NOVEMBER = times.parse("2026-11-21T12:00:00Z")


def keygen(path: Path, *words: str) -> Path:
    """A key made by OpenSSH."""
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", path, *words],
        check=True,
        capture_output=True,
    )
    return path


@needs_ssh_keygen
def test_openssh_accepts_what_we_sign(tmp_path: Path) -> None:
    key = signer.load(str(keygen(tmp_path / "key")))
    note, armour = key.note(ORIGIN, 3, b"r" * 32)
    read = notes.parse(note)
    (tmp_path / "signers").write_text(f'{ORIGIN} namespaces="auditlog-checkpoint" {key.public_line}\n')
    (tmp_path / "body.sig").write_text(armour)
    done = subprocess.run(
        ["ssh-keygen", "-Y", "verify", "-f", tmp_path / "signers", "-I", ORIGIN, "-n", "auditlog-checkpoint",
         "-s", tmp_path / "body.sig"],
        input=read.text, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert checks.ed25519(key.public, read.text, read.signatures[0].raw)
    assert read.signatures[0].key_id == notes.key_id(ORIGIN, key.public)


@needs_ssh_keygen
def test_we_accept_what_openssh_signs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And so does the way round `cryptography`, for tokens, agents and machines without it."""
    path = keygen(tmp_path / "key")
    public = signer.load(f"{path}.pub")  # the public half: OpenSSH signs
    monkeypatch.setattr(public, "path", str(path))
    armour = public.sshsig("auditlog-redaction", b"message")
    parsed = sshsig.parse(armour)
    assert parsed.key == public.key == signer.load(str(path)).key
    for _ in range(2):
        assert checks.ssh(parsed, armour, "auditlog-redaction", b"message") is True
        assert checks.ssh(parsed, armour, "auditlog-redaction", b"massage") is False
        assert checks.ssh(parsed, armour, "auditlog-checkpoint", b"message") is False
        monkeypatch.setattr(checks, "ed25519", lambda *_: None)
    monkeypatch.setattr(tools, "PROGRAM", "no-such-program")
    assert checks.ssh(parsed, armour, "auditlog-redaction", b"message") is None


@pytest.mark.parametrize("number", [0, 1])
def test_a_key_that_could_not_be_written_leaves_no_half_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Else the next try says that there is a key already, and what is there is none."""
    pytest.importorskip("cryptography")
    path = tmp_path / "seal.key"
    with refused(monkeypatch, "os.fsync", number) as failed, pytest.raises(AuditWriteError, match="no key was made"):
        making.make(str(path), "test")
    assert failed and list(tmp_path.iterdir()) == []
    making.make(str(path), "test")


def test_the_help_fits_why_a_key_cannot_be_read(tmp_path: Path) -> None:
    for path, said in ((tmp_path / "none.key", "auditlog keygen makes one"), (tmp_path, "name a file in that folder")):
        with pytest.raises(DefinitionError) as refused_to_load:
            signer.load(str(path))
        assert refused_to_load.value.help == said


@needs_ssh_keygen
def test_a_key_that_cannot_be_used_is_a_definition_error(tmp_path: Path) -> None:
    for content in (None, b"", b"nonsense", b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n", b"ssh-ed25519 nonsense"):
        path = tmp_path / "key"
        path.unlink(missing_ok=True)
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(DefinitionError, match="key"):
            signer.load(str(path))
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-N", "", "-f", tmp_path / "rsa"], check=True)
    with pytest.raises(DefinitionError, match="Ed25519"):
        signer.load(str(tmp_path / "rsa"))


def test_the_notes_of_the_vectors(shared: Path) -> None:
    vectors = shared / "spec" / "vectors"
    trusted = signers.load(str(vectors / "signers"))
    name, public = notes.parse_vkey((vectors / "vkey").read_text())
    assert name == ORIGIN
    assert notes.vkey(name, public) == (vectors / "vkey").read_text().strip()
    assert trusted.keys(ORIGIN, signers.CHECKPOINTS, NOVEMBER) == [public]
    assert trusted.keys(ORIGIN, signers.REDACTIONS) == []
    for size, file in ((3, "demo-before.note"), (8, "demo-after.note")):
        text = (vectors / file).read_text()
        note = notes.parse(text)
        assert (note.origin, note.size) == (ORIGIN, size)
        assert notes.render(note) == text
        assert checks.ed25519(public, note.text, note.signatures[0].raw)
    message, armour = (
        (vectors / "demo-redact-message.txt").read_bytes(),
        (vectors / "demo-redact-message.txt.sig").read_text(),
    )
    signature = sshsig.parse(armour)
    assert checks.ssh(signature, armour, signers.REDACTIONS, message)
    assert sshsig.render(signature.public, signers.REDACTIONS, signature.raw) == armour
    assert trusted.ssh_keys("dpo@example.org", signers.REDACTIONS) == [signature.key]


KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"


@pytest.mark.parametrize(
    ("line", "principal", "namespace", "moment", "trusted"),
    [
        (KEY, "any", "any", None, True),
        (f"{KEY} a comment of some words", "any", "any", None, True),
        (f"a/b {KEY}", "a/b", "any", None, True),
        (f"a/b {KEY}", "a/c", "any", None, False),
        (f'"a/b,c/*" {KEY}', "c/d", "any", None, True),
        (f"c/*,!c/d {KEY}", "c/d", "any", None, False),
        (f'a namespaces="x,auditlog-*" {KEY}', "a", "auditlog-checkpoint", None, True),
        (f'a namespaces="x" {KEY}', "a", "auditlog-checkpoint", None, False),
        (f'a valid-after="20261121Z" {KEY}', "a", "x", "2026-11-21T00:00:00Z", True),
        (f'a valid-after="20261121Z" {KEY}', "a", "x", "2026-11-20T23:59:59Z", False),
        (f'a valid-before="202611211200Z",namespaces="x" {KEY}', "a", "x", "2026-11-21T11:59:59Z", True),
        (f'a valid-before="20261121120000Z" {KEY}', "a", "x", "2026-11-21T12:00:00Z", False),
        ("a/b+b579bf5f+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4", "a/b", "x", None, None),
        ("", "a", "x", None, None),
        ("nonsense", "a", "x", None, None),
        (f"a cert-authority {KEY}", "a", "x", None, None),
        (f'a valid-after="2026" {KEY}', "a", "x", None, None),
        (f'a valid-after="20261399" {KEY}', "a", "x", None, None),
        ("a ssh-ed25519 AAAA", "a", "x", None, None),
    ],
)
def test_lines_of_trust(line: str, principal: str, namespace: str, moment: str | None, trusted: bool | None) -> None:
    """As ssh-keygen(1) has them; None: not understood, and the line is named."""
    if trusted is None:
        with pytest.raises(DefinitionError, match=r"line 2|no key"):
            signers.parse(f"# a comment\n{line}\n", "keys")
        return
    found = signers.parse(f"# a comment\n\n{line}\n", "keys")
    at = times.parse(moment) if moment else None
    assert bool(found.keys(principal, namespace, at)) is trusted


@given(st.text())
def test_nothing_makes_the_parsers_fail_otherwise(text: str) -> None:
    for parse, error in (
        (notes.parse, notes.NoteError),
        (notes.parse_vkey, notes.NoteError),
        (sshsig.parse, sshsig.SshsigError),
        (sshsig.key_of, sshsig.SshsigError),
        (lambda each: signers.parse(each, "keys"), DefinitionError),
    ):
        try:
            parse(text)
        except error:
            pass


@given(st.binary(max_size=200))
def test_nor_does_any_blob(blob: bytes) -> None:
    from base64 import b64encode

    for front in (b"", b"SSHSIG\x00\x00\x00\x01"):
        text = b64encode(front + blob).decode()
        try:
            sshsig.parse(f"-----BEGIN SSH SIGNATURE-----\n{text}\n-----END SSH SIGNATURE-----\n")
        except sshsig.SshsigError:
            pass
