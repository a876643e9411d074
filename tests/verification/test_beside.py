"""What lies beside the lines: large values, torn ends, sums of closed segments (integrity.md, 4.1, 6.1, 6.2)."""

from __future__ import annotations

import gzip
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli import AuditLog, Verdict, redact, verify
from auditlog_cli.verification import marks
from auditlog_cli.withholding import replacing

LARGE = 1024 * 1024 + 1


def opened(path: Path, **options: Any) -> AuditLog:
    return AuditLog(path, fsync="none", ballast_bytes=0, origin="example.org/test", **options)


def codes(verdict: Verdict) -> list[tuple[str, int | None]]:
    return [(problem.code, problem.seq) for problem in verdict.findings]


def unchecked(verdict: Verdict, words: str) -> bool:
    return any(words in each for each in verdict.not_checked)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.jsonl"


@pytest.fixture
def large(path: Path) -> Path:
    """A log with a large value in record 2; the file in which that lies."""
    with opened(path) as log:
        log.append({"user": {"id": "u-1"}})
        log.append({"action": {"tool": "x", "result": {"text": "x" * LARGE}}})
        log.append({"user": {"id": "u-2"}})
    (found,) = path.parent.glob("audit.blobs/*")
    return found


def test_a_large_value_that_is_there_is_checked(path: Path, large: Path) -> None:
    verdict = verify(path)
    assert verdict.exit_code == 0
    assert not unchecked(verdict, "too large for a line")


@pytest.mark.parametrize("change", ["flip", "cut", "grow"])
def test_a_large_value_that_was_changed_is_a_finding(path: Path, large: Path, change: str) -> None:
    data = bytearray(large.read_bytes())
    if change == "flip":
        data[77] ^= 1
    large.write_bytes(data[:-1] if change == "cut" else data + b" " if change == "grow" else data)
    verdict = verify(path)
    assert (verdict.exit_code, codes(verdict)) == (1, [("large-value", 2)])
    assert verdict.findings[0].expected == large.name


def test_a_large_value_that_is_not_there_is_said_not_to_be_checked(path: Path, large: Path) -> None:
    """Removed, a folder, a link, a pipe: none is read, none is called wrong."""
    large.unlink()
    for make in (lambda: None, large.mkdir, lambda: (large.rmdir(), os.mkfifo(large))):
        make()
        verdict = verify(path)
        assert verdict.exit_code == 0
        assert unchecked(verdict, "1 value too large for a line: not there beside the log")


def test_a_withheld_large_value_is_not_missed(path: Path, large: Path) -> None:
    redact(path, fields=["action.result"], by="dpo@example.org", reason="case 1", unsigned=True)
    assert not large.exists()
    verdict = verify(path)
    assert verdict.exit_code == 0
    assert not unchecked(verdict, "too large for a line")


def test_a_reference_inside_a_text_is_none(path: Path) -> None:
    """Also in a line with an unusual value, on the slow way."""
    text = f'{{"sha256":"{7:064d}","bytes":2000000}}'
    with opened(path) as log:
        log.append({"metadata": {"text": text}})
        log.append({"metadata": {"sha256": "00", "bytes": 12}})
    assert not unchecked(verify(path), "too large for a line")


def test_a_search_tells_usual_lines(large: Path, path: Path) -> None:
    """The fast search and the slow look agree on which lines refer to a large value or are withheld in parts."""
    usual, with_large, _, _ = [], [], [], []
    for raw in path.read_bytes().split(b"\n")[:-1]:
        (with_large if marks.large(raw) else usual).append(raw)
    assert len(with_large) == 1
    assert all(marks.are_usual(raw) and marks.salts(raw) == marks.reserved(raw) >= 0 for raw in usual)
    assert not marks.are_usual(with_large[0])
    assert marks.reserved(with_large[0]) == -1


@pytest.fixture
def torn(path: Path) -> Path:
    """A log whose torn end was kept in a file; record 2 says so."""
    with opened(path) as log:
        log.append({"user": {"id": "u-1"}})
    with path.open("ab") as file:
        file.write(b'{"a":"' + b"t" * 9000)
    with opened(path) as log:
        log.append({"user": {"id": "u-2"}})
    (found,) = path.parent.glob("audit.torn.*.bin")
    return found


def test_a_torn_end_is_checked(path: Path, torn: Path) -> None:
    assert codes(verify(path)) == []
    data = torn.read_bytes()
    torn.write_bytes(data.replace(b"t", b"u", 1))
    assert codes(verify(path)) == [("torn-end", 2)]
    torn.unlink()
    verdict = verify(path)
    assert codes(verdict) == []
    assert unchecked(verdict, "1 torn end kept after a crash: not there")


def test_a_file_named_by_a_record_is_not_looked_for_elsewhere(path: Path, tmp_path: Path) -> None:
    """Whoever writes records cannot have other files opened."""
    secret = tmp_path.parent / "audit.torn.2.bin"
    secret.write_bytes(b"secret")
    with opened(path) as log:
        log.append_own(
            {"timestamp": "2026-11-21T09:00:00Z", "record_id": "r",
             "auditlog": {"type": "recovered", "kind": "cut", "bytes": 1, "sha256": "00", "file": f"../{secret.name}"}}
        )  # fmt: skip
    verdict = verify(path)
    assert codes(verdict) == []
    assert unchecked(verdict, "1 torn end")


# --- segments


@pytest.fixture
def closed(path: Path) -> Path:
    """A log of a closed segment, in which a value was withheld, and an active one; the copy from before."""
    with opened(path) as log:
        for number in range(5):
            log.append({"user": {"id": f"u-{number}"}})
        log.rotate()
        log.append({"user": {"id": "u-9"}})
    (segment,) = path.parent.glob("audit.0*.jsonl")
    shutil.copy(segment, path.parent / "before.bin")
    return segment


def test_an_older_copy_of_a_segment_is_noticed(path: Path, closed: Path) -> None:
    """Each line of it holds; what was withheld can be read again."""
    redact(path, records=["2"], fields=["user.id"], by="dpo@example.org", reason="case 1", unsigned=True)
    assert codes(verify(path)) == []
    shutil.copy(path.parent / "before.bin", closed)
    for processes in (1, 2):
        verdict = verify(path, processes=processes)
        assert codes(verdict) == [("segment-sum", verdict.records - 1)]
        assert [problem.code for problem in verdict.warnings] == ["declared-readable"]


def test_a_redaction_that_is_not_finished_is_no_finding(path: Path, closed: Path) -> None:
    """Between the rename and the record of it the sum is another: a warning, until somebody resumes."""

    class Crash(BaseException):
        pass

    real = replacing.disk.sync_folder
    with pytest.MonkeyPatch.context() as patch:

        def sync(name: str) -> None:
            real(name)
            if str(name) == str(closed):
                raise Crash

        patch.setattr(replacing.disk, "sync_folder", sync)
        with pytest.raises(Crash):
            redact(path, records=["2"], fields=["user.id"], by="dpo@example.org", reason="case 1", unsigned=True)
    verdict = verify(path)
    assert codes(verdict) == []
    assert [problem.code for problem in verdict.warnings] == ["unfinished"]


def test_what_a_line_tells_is_not_told_again(path: Path, closed: Path) -> None:
    """A changed record is one finding, not two."""
    closed.write_bytes(closed.read_bytes().replace(b'"u-2"', b'"u-7"'))
    assert [code for code, _ in codes(verify(path))] == ["chain"]


def test_a_compressed_segment_has_the_sum_of_what_it_holds(path: Path, closed: Path) -> None:
    Path(f"{closed}.gz").write_bytes(gzip.compress(closed.read_bytes()))
    closed.unlink()
    assert codes(verify(path)) == []


def test_a_forged_sum_is_noticed(path: Path, closed: Path) -> None:
    """A log whose `rotate` names another sum than that of the segment, every link right."""
    first = path.read_bytes().split(b"\n")[0]
    true = json.loads(first)["auditlog"]["sha256"].encode()
    path.write_bytes(first.replace(true, b"0" * 64) + b"\n")
    assert codes(verify(path)) == [("segment-sum", json.loads(first)["seq"])]
