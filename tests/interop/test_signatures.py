"""OpenSSH, OpenSSL, jq and sha256sum accept what we sign and count, at every stage of a log's life.

The commands are those of integrity.md, 4.1.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from auditlog_cli.anchors import stamps
from tests.anchors.conftest import Authority, authority
from tests.interop.conftest import ORIGIN, Stage, auditlog, needs, shell

__all__ = ["authority"]

ALL = "$(ls audit.[0-9]*.jsonl 2>/dev/null) audit.jsonl"
CHECKPOINT = f"""
cat {ALL} | jq -c 'select(.auditlog.type=="checkpoint")' | tail -1 > ck.json
jq -r .auditlog.note ck.json | sed '/^$/,$d' > body;  jq -r .auditlog.sshsig ck.json > body.sig
ssh-keygen -Y verify -f signers -I {ORIGIN} -n auditlog-checkpoint -s body.sig < body
"""
OPENSSL = r"""
sed '/^$/,$d' audit.jsonl.checkpoint > body
sed -n 's/^— [^ ]* //p' audit.jsonl.checkpoint | base64 -d | tail -c +5 > raw.sig
{ echo "-----BEGIN PUBLIC KEY-----"; { printf '\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00'
  cut -d' ' -f2 key.pub | base64 -d | tail -c 32; } | base64; echo "-----END PUBLIC KEY-----"; } > pub.pem
openssl pkeyutl -verify -pubin -inkey pub.pem -rawin -in body -sigfile raw.sig
"""
DECLARATION = f"""
cat {ALL} | jq -c 'select(.auditlog.type=="redact")' | head -1 > rd.json
jq -rj '.auditlog|"{ORIGIN}\\n\\(.reason)\\n",(.targets[]|"\\(.seq) \\(.commit) \\(.field)\\n")' rd.json > decl
jq -r .auditlog.sshsig rd.json > decl.sig
ssh-keygen -Y verify -f signers -I dpo@example.org -n auditlog-redaction -s decl.sig < decl
"""
SUMS = f"""
cat {ALL} | jq -rs 'map(.auditlog|select(.type=="rotate" or .type=="redacted"))|group_by(.segment)[]|last|"\\(.sha256)  \\(.segment)"' > sums
test -s sums
sha256sum --ignore-missing -c sums
"""


@pytest.fixture
def here(stage: Stage, tmp_path: Path) -> Path:
    """A copy in which files may be left behind."""
    shutil.copytree(stage.folder, tmp_path / "log")
    return tmp_path / "log"


def test_openssh_accepts_the_checkpoint_in_the_log(here: Path) -> None:
    needs("jq", "ssh-keygen")
    done = shell(here, CHECKPOINT)
    assert done.returncode == 0, done.stderr
    assert f'Good "auditlog-checkpoint" signature for {ORIGIN}' in done.stdout
    (here / "body").write_text((here / "body").read_text().replace("\n", "0\n", 2))
    verify = CHECKPOINT.strip().splitlines()[-1]
    assert shell(here, verify).returncode != 0


def test_openssl_accepts_the_checkpoint_beside_the_log(here: Path) -> None:
    needs("openssl", "sed")
    done = shell(here, OPENSSL)
    assert "Signature Verified Successfully" in done.stdout, done.stderr
    text = (here / "audit.jsonl.checkpoint").read_text().split("\n")
    text[1] += "0"
    (here / "audit.jsonl.checkpoint").write_text("\n".join(text))
    assert shell(here, OPENSSL).returncode != 0


def test_openssl_accepts_time_stamps_over_the_newest_checkpoint_and_over_an_older_one(
    here: Path, authority: Authority
) -> None:
    """What was stamped before a value was withheld, a segment closed or pruned stays stamped, and is an anchor."""
    size = {}
    for name in ("audit.jsonl.checkpoint", "first.checkpoint"):
        data = (here / name).read_bytes()
        (here / f"{name}.tsr").write_bytes(authority.answer(stamps.request(data)))
        words = f"openssl ts -verify -data {name} -in {name}.tsr -CAfile {authority.ca}"
        done = shell(here, words)
        assert "Verification: OK" in done.stdout + done.stderr, done.stderr
        size[name] = data.split(b"\n")[1].decode()
        said = auditlog(here, "verify", "audit.jsonl", "--no-remember", "--anchor", name, "--tsa-ca", authority.ca)
        assert f"the first {int(size[name]):,} records" in said
        (here / name).write_bytes(data + b"x")
        assert shell(here, words).returncode != 0
        (here / name).write_bytes(data)
    assert int(size["first.checkpoint"]) < int(size["audit.jsonl.checkpoint"])


def test_openssh_accepts_the_declaration_of_what_is_withheld(here: Path, stage: Stage) -> None:
    needs("jq", "ssh-keygen")
    if not any(b'"type":"redact"' in line for line in stage.lines):
        pytest.skip("at this stage nothing is withheld")
    done = shell(here, DECLARATION)
    assert 'Good "auditlog-redaction" signature for dpo@example.org' in done.stdout, done.stderr


def test_sha256sum_accepts_the_closed_segments(here: Path) -> None:
    needs("jq", "sha256sum")
    done = shell(here, SUMS)
    assert done.returncode == 0, done.stderr + done.stdout
    assert done.stdout.count(": OK") == len(list(here.glob("audit.[0-9]*.jsonl")))
    segment = sorted(here.glob("audit.[0-9]*.jsonl"))[0]
    segment.write_bytes(segment.read_bytes() + b"\n")
    assert shell(here, SUMS).returncode != 0
