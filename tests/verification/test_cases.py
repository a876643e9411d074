"""The 120 cases and the worked example of the specification (integrity.md, vectors/README.md)."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli import DefinitionError, Verdict, verify

VECTORS = Path(os.environ.get("AUDITLOG_DATA", Path(__file__).parents[2] / ".." / "shared")).resolve() / "spec/vectors"


def cases() -> dict[str, dict[str, Any]]:
    try:
        lines = (VECTORS / "cases.jsonl").read_text().split("\n")
    except OSError:
        return {}
    return {case["name"]: case for case in map(json.loads, filter(None, lines))}


CASES = cases()


def unpack(case: dict[str, Any], folder: Path) -> Path:
    for name, content in case["files"].items():
        data = base64.b64decode(content["base64"]) if isinstance(content, dict) else content.encode()
        (folder / name).write_bytes(data)
    return folder / "audit.jsonl"


def judged(case: dict[str, Any], folder: Path) -> Verdict:
    log = unpack(case, folder)
    signers: Path | None = None
    if case.get("signers") == "signers":
        signers = VECTORS / "signers"
    elif "signers" in case:
        signers = folder / "keys"
        signers.write_text(case["signers"]["text"])
    known = case.get("known")
    return verify(
        log, signers=signers, known=f"{known['size']}:{known['root']}" if known else None,
        require_signed_tail=case.get("require_signed_tail", False),
        require_heartbeat=case.get("require_heartbeat", False),
    )  # fmt: skip


def test_all_cases_are_there(shared: Path) -> None:
    """120 cases, 98 of them with another exit code than 0; skipped loudly without the shared data."""
    assert (shared / "spec/vectors").is_dir()
    assert len(CASES) == 120
    assert sum(1 for case in CASES.values() if case["expect"]["exit"]) == 98


@pytest.mark.parametrize("name", sorted(CASES))
def test_case(name: str, tmp_path: Path) -> None:
    """Exit code, code, record, detail, counts, withheld places and warnings are those of the specification."""
    case = CASES[name]
    expect = case["expect"]
    if expect.get("code") == "key":
        with pytest.raises(DefinitionError) as raised:
            judged(case, tmp_path)
        assert raised.value.exit_code == expect["exit"]
        return
    verdict = judged(case, tmp_path)
    told = [(problem.code, problem.seq, problem.detail) for problem in verdict.findings]
    assert verdict.exit_code == expect["exit"], told
    if "code" in expect:
        assert any(
            (code, seq) == (expect["code"], expect["seq"]) and expect.get("detail", detail) == detail
            for code, seq, detail in told
        ), told
    else:
        assert told == []
    for count in ("records", "signed", "unsigned_tail"):
        if count in expect:
            assert getattr(verdict, count) == expect[count], count
    assert sorted({problem.code for problem in verdict.warnings}) == sorted(expect.get("warnings", []))
    assert [{"seq": item.seq, "field": item.field} for item in verdict.withheld] == expect.get("withheld", [])
    assert verdict.not_checked
    if name.endswith("-unseen"):
        assert any(
            "cut off" in item or "could be cut or forged" in item or "older state" in item
            for item in verdict.not_checked
        )


# The checkers see bytes, chain and root only: where they find nothing wrong, and we can say a root, too.
COMPARED = sorted(
    name
    for name, case in CASES.items()
    if case["stock"]["ok"] and case["expect"]["exit"] in (0, 1) and "audit.pruned.json" not in case["files"]
)


@pytest.mark.parametrize("name", COMPARED)
@pytest.mark.parametrize("checker", ["check.py", "check.pl"])
def test_the_stock_checkers_agree(name: str, checker: str, tmp_path: Path) -> None:
    """Where we find the log whole, both independent checkers find the same root; run as they stand."""
    if checker.endswith(".pl") and not shutil.which("perl"):
        pytest.skip("no perl here")
    verdict = judged(CASES[name], tmp_path)
    if not verdict.root:
        assert verdict.exit_code == 1
        return
    data = b"".join(path.read_bytes() for path in [*sorted(tmp_path.glob("audit.[0-9]*.jsonl")), tmp_path / "audit.jsonl"] if path.exists())  # fmt: skip
    program = [sys.executable] if checker.endswith(".py") else ["perl"]
    done = subprocess.run([*program, str(VECTORS / checker)], input=data, capture_output=True)
    if b"torn" in done.stderr:
        return
    assert done.returncode == 0, done.stderr
    assert f"root {verdict.root}" in done.stdout.decode()
    assert f"head {verdict.head}" in done.stdout.decode()


def flipped(folder: Path, data: bytes, bit: int) -> Verdict:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    (folder / "audit.jsonl").write_bytes(changed)
    return verify(folder / "audit.jsonl", signers=VECTORS / "signers")


def signed_lines(folder: Path) -> tuple[bytes, int]:
    data = (VECTORS / "demo-after.jsonl").read_bytes()
    shutil.copy(VECTORS / "demo-after.note", folder / "audit.jsonl.checkpoint")
    return data, 8 * (data.rindex(b"\n", 0, -1) + 1)


def test_flipped_bits_are_noticed(shared: Path, tmp_path: Path) -> None:
    """A sample of the single-bit changes of the eight signed lines of demo-after.jsonl: none goes unnoticed."""
    data, bits = signed_lines(tmp_path)
    for bit in range(0, bits, 199):
        verdict = flipped(tmp_path, data, bit)
        assert verdict.exit_code not in (0, 6), f"bit {bit}"


@pytest.mark.slow
def test_every_flipped_bit_is_noticed(shared: Path, tmp_path: Path) -> None:
    """All single-bit changes of the eight signed lines of demo-after.jsonl."""
    data, bits = signed_lines(tmp_path)
    assert [bit for bit in range(bits) if flipped(tmp_path, data, bit).exit_code in (0, 6)] == []


def test_the_checkpoint_may_lie_elsewhere(tmp_path: Path) -> None:
    """Where a sealer of its own keeps it; a file that is not there is an error, never "no checkpoint"."""
    from auditlog_cli import AuditLog
    from auditlog_cli.signing import keygen
    from auditlog_cli.writer.checkpoints import Sealer

    key = keygen.make(str(tmp_path / "key"), "test")
    log, elsewhere = tmp_path / "audit.jsonl", tmp_path / "elsewhere" / "checkpoint"
    elsewhere.parent.mkdir()
    with AuditLog(log) as writer:
        writer.append({"a": 1})
    Sealer(str(log), key, beside=str(elsewhere)).seal()
    signers = tmp_path / "key.pub"
    assert [each.code for each in verify(log, signers=signers).findings] == ["no-checkpoint"]
    verdict = verify(log, signers=signers, checkpoint=elsewhere)
    assert (verdict.exit_code, verdict.signed) == (0, 2)
    with pytest.raises(DefinitionError, match="no checkpoint can be read"):
        verify(log, signers=signers, checkpoint=tmp_path / "nothing")
