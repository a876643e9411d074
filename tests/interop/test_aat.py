"""Two independent verifiers of Agent Audit Trails accept what we export, and refuse it once it is edited or cut."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.interop.conftest import Stage, auditlog, needs

VERIFY_CHAIN = """
import json, sys
from aat.core import kid_for, verify_chain
from cryptography.hazmat.primitives.serialization import load_pem_public_key
public = load_pem_public_key(open(sys.argv[2], "rb").read())
ok, issues = verify_chain([json.loads(line) for line in open(sys.argv[1])], {kid_for(public): public})
print(issues)
sys.exit(not ok)
"""


def pramiti(trail: Path, public: Path) -> int:
    program = Path(sys.executable).with_name("pramiti-mcp-verify")
    if not program.exists():
        pytest.skip("pramiti-mcp-verify is not installed: pip install -e '.[interop]'")
    return subprocess.run([program, "check", trail, "--pubkey", public], capture_output=True).returncode


def aat_core(trail: Path, public: Path) -> int:
    pytest.importorskip("aat.core", reason="aat-mcp is not installed: pip install -e '.[interop]'")
    return subprocess.run([sys.executable, "-c", VERIFY_CHAIN, trail, public], capture_output=True).returncode


@pytest.mark.slow
@pytest.mark.parametrize("verifier", [pramiti, aat_core], ids=["pramiti-mcp-verify", "aat-mcp"])
def test_they_agree(stage: Stage, verifier: Callable[[Path, Path], int], tmp_path: Path) -> None:
    needs("openssl")
    key, public = tmp_path / "key.pem", tmp_path / "pub.pem"
    for words in (("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key), ("ec", "-in", key, "-pubout", "-out", public)):  # fmt: skip
        subprocess.run(["openssl", *words], check=True, capture_output=True)
    auditlog(stage.folder, "export", "audit.jsonl", "--to", "aat", "--key", key, "-o", tmp_path / "trail", "--quiet")
    trails = sorted((tmp_path / "trail").iterdir())
    assert [trail.name for trail in trails] == ["s-0.jsonl", "s-1.jsonl", "s-2.jsonl"]
    for trail in trails:
        assert verifier(trail, public) == 0
    lines = trails[0].read_bytes().splitlines(keepends=True)
    edited = tmp_path / "edited.jsonl"
    record = json.loads(lines[1])
    assert len(lines) > 3
    record["outcome"] = "denied"
    for changed in (
        [lines[0], json.dumps(record).encode() + b"\n", *lines[2:]],
        [lines[0], *lines[2:]],
        [lines[0], lines[2], lines[1], *lines[3:]],
    ):
        edited.write_bytes(b"".join(changed))
        assert verifier(edited, public) == 1
