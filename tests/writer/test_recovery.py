"""Torn ends are repaired before anything is appended, and every repair is recorded (integrity.md, 6.2)."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from auditlog_cli.errors import AuditWriteError
from auditlog_cli.writer import tail
from auditlog_cli.writer.log import AuditLog
from tests.writer.chain import Broken, stock, walk
from tests.writer.records import small

Open = Callable[..., AuditLog]
GARBAGE = [
    b"\x00" * 512,
    b"\x00" * 512 + b"\n",
    b"garbage",
    b"garbage\n",
    b"\n",
    b"\n\n\n",
    b" \n",
    b"{",
    b'{"timestamp":"2026',
    b'{"a":1,"_salts":[]}',
    b"\xff\xfe\xfd\n\x80",
    b"\xef\xbb\xbf",
    b"x" * 4096,
    b"y" * 4097,
    b"z" * 100_000 + b"\n" + b"\x00" * 50_000,
    b'{"half":"line\n{"other":"half\n',
    b'{"foreign":"line"}\n',
]


def written(path: Path, opened: Open, count: int = 3) -> bytes:
    """Write `count` records and return the file."""
    log = opened()
    for i in range(count):
        log.append(small(i))
    log.close()
    return path.read_bytes()


def test_last_line_cut_at_every_byte(path: Path, opened: Open, tmp_path: Path) -> None:
    """Whatever is left of the last line: it is kept in `recovered`, the next append works, and the log verifies.

    Cut at its LF only, the record itself is kept.
    """
    whole = written(path, opened)
    start = whole.rindex(b"\n", 0, -1) + 1
    for cut in range(start, len(whole)):
        target = tmp_path / str(cut) / "audit.jsonl"
        target.parent.mkdir()
        target.write_bytes(whole[:cut])
        if cut > start:
            with pytest.raises(Broken, match="torn-tail"):
                walk(target)
        log = opened(target)
        receipt = log.append(small(99))
        log.close()
        found = walk(target)
        assert found.has(receipt)
        if cut == start:
            assert found.own("recovered") == []
            assert [r["i"] for r in found.callers] == [0, 1, 99]
        elif cut == len(whole) - 1:
            assert found.own("recovered") == [{"type": "recovered", "kind": "newline", "seq": 3}]
            assert [r["i"] for r in found.callers] == [0, 1, 2, 99]
        else:
            (said,) = found.own("recovered")
            torn = whole[start:cut]
            assert said["kind"] == "cut"
            assert (said["bytes"], said["sha256"]) == (len(torn), hashlib.sha256(torn).hexdigest())
            assert said["torn"] == torn.decode()
            assert [r["i"] for r in found.callers] == [0, 1, 99]


def test_genesis_cut_at_every_byte(path: Path, opened: Open, tmp_path: Path) -> None:
    """The first line of all torn: the log begins anew, and says what stood there."""
    whole = written(path, opened, 0)
    for cut in range(1, len(whole)):
        target = tmp_path / str(cut) / "audit.jsonl"
        target.parent.mkdir()
        target.write_bytes(whole[:cut])
        log = opened(target)
        log.append(small())
        log.close()
        found = walk(target)
        kinds = [said["kind"] for said in found.own("recovered")]
        assert kinds == (["newline"] if cut == len(whole) - 1 else ["cut"])
        assert len(found.callers) == 1


@pytest.mark.parametrize("torn", GARBAGE, ids=[f"{len(g)}-{g[:6]!r}" for g in GARBAGE])
def test_garbage_behind_the_last_line_is_cut_off_and_kept(path: Path, opened: Open, torn: bytes, shared: Path) -> None:
    """NULs, garbage, blank and foreign lines: recorded with size and sum, whole in a file above 4 KiB."""
    written(path, opened)
    with path.open("ab") as file:
        file.write(torn)
    receipt = opened().append(small(99))
    found = walk(path)
    (said,) = found.own("recovered")
    assert found.has(receipt)
    assert (said["kind"], said["bytes"]) == ("cut", len(torn))
    assert said["sha256"] == hashlib.sha256(torn).hexdigest()
    shown = said["torn"]
    kept = base64.b64decode(shown["text"]) if isinstance(shown, dict) else shown.encode()
    assert kept == torn[:4096]
    kept_file = path.parent / "audit.torn.4.bin"
    if len(torn) > 4096:
        assert said["file"] == kept_file.name
        assert kept_file.read_bytes() == torn
    else:
        assert "file" not in said
        assert not kept_file.exists()
    assert [r["i"] for r in found.callers] == [0, 1, 2, 99]
    assert stock(path, shared).returncode == 0


def refused_as_it_is(path: Path, opened: Open) -> None:
    before = path.read_bytes()
    with pytest.raises(AuditWriteError, match="not sealed"):
        opened()
    assert path.read_bytes() == before


@pytest.mark.parametrize("torn", GARBAGE[:15], ids=[f"{len(g)}-{g[:6]!r}" for g in GARBAGE[:15]])
def test_garbage_alone_becomes_a_log_with_a_record_of_it(path: Path, opened: Open, torn: bytes) -> None:
    """A file that holds no line of anybody: genesis first, then `recovered`."""
    path.parent.mkdir()
    path.write_bytes(torn)
    if torn.startswith((b'{"a":1', b"garbage", b"x", b"y", b"z")):
        refused_as_it_is(path, opened)
        return
    opened().append(small())
    found = walk(path)
    (said,) = found.own("recovered")
    assert (said["bytes"], said["sha256"]) == (len(torn), hashlib.sha256(torn).hexdigest())
    assert [r.get("auditlog", {}).get("type") for r in found.records] == ["genesis", "recovered", None]


@pytest.mark.parametrize(
    "text",
    [
        "format: auditlog.policy/1\ntools: []\n",
        "[1, 2]\n",
        '{\n  "mcpServers": {}\n}\n',
        "a\tb\r\n",
        "\ufeffcafé\n",
        "t",
    ],
)
def test_a_file_of_somebodys_text_never_becomes_a_log(path: Path, opened: Open, text: str) -> None:
    """A path that was mistaken for that of the log: a policy, settings, notes. No crash leaves text behind."""
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    refused_as_it_is(path, opened)


def test_the_torn_bytes_can_be_withheld(path: Path, opened: Open) -> None:
    """`torn` may hold somebody's data: it is the one redactable value of an own record."""
    written(path, opened)
    with path.open("ab") as file:
        file.write(b'{"user":{"email":"ann@exa')
    opened()
    found = walk(path)
    assert len(found.seals[-1].spans) == 1
    _, offset, length = found.seals[-1].spans[0]
    assert found.lines[-1][offset : offset + length] == b'"{\\"user\\":{\\"email\\":\\"ann@exa"'


def test_a_whole_line_without_lf_that_breaks_the_chain_is_kept(path: Path, opened: Open) -> None:
    """Never cut: the writer goes on, and the verifier reports it."""
    whole = written(path, opened)
    last = whole[:-1].rsplit(b"\n", 1)[1]
    with path.open("ab") as file:
        file.write(last)  # the last record once more, and no LF
    opened().append(small(99))
    data = path.read_bytes()
    assert data.startswith(whole + last + b"\n")
    with pytest.raises(Broken, match="seq 3 where 4"):
        walk(path)
    assert b'"kind":"newline","seq":3' in data
    assert data.endswith(b"\n")


def test_a_well_formed_line_that_breaks_the_chain_is_never_cut(path: Path, opened: Open) -> None:
    """Two lines swapped by hand: nothing is repaired, the next record follows the last line."""
    written(path, opened)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], lines[3], lines[2]]))
    before = path.read_bytes()
    opened().append(small(99))
    assert path.read_bytes().startswith(before)
    assert b"recovered" not in path.read_bytes()


@pytest.mark.parametrize("last_lf", [True, False])
def test_a_malformed_line_with_a_good_one_after_it_is_never_cut(path: Path, opened: Open, last_lf: bool) -> None:
    """Damage in the middle stays where it is, also if the good line after it lacks its LF."""
    whole = written(path, opened)
    lines = whole.splitlines(keepends=True)
    lines[2] = b"\x00" * (len(lines[2]) - 1) + b"\n"
    damaged = b"".join(lines)
    path.write_bytes(damaged if last_lf else damaged[:-1])
    receipt = opened().append(small(99))
    data = path.read_bytes()
    assert data.startswith(damaged)
    assert receipt.seq == (4 if last_lf else 5)
    assert not list(path.parent.glob("audit.torn.*"))


def test_a_tail_below_the_newest_checkpoint_is_left(path: Path, opened: Open) -> None:
    """What a checkpoint covered is evidence: the fragment is ended with LF and stays, its sum is recorded."""
    whole = written(path, opened)
    (path.parent / "audit.jsonl.checkpoint").write_text("example.org/log\n4\nroot=\n\n")
    path.write_bytes(whole[:-20])
    fragment = whole[:-20].rsplit(b"\n", 1)[1]
    receipt = opened().append(small(99))
    assert path.read_bytes().startswith(whole[:-20] + b"\n")
    found = walk(path, fragments=True)
    (said,) = found.own("recovered")
    assert (said["kind"], said["bytes"]) == ("left", len(fragment))
    assert said["sha256"] == hashlib.sha256(fragment).hexdigest()
    assert found.has(receipt)


def test_a_checkpoint_below_the_tear_does_not_keep_it(path: Path, opened: Open) -> None:
    """The torn record was not covered: it is cut, as without a checkpoint."""
    whole = written(path, opened)
    (path.parent / "audit.jsonl.checkpoint").write_text("example.org/log\n3\nroot=\n\n")
    path.write_bytes(whole[:-20])
    opened().append(small(99))
    assert walk(path).own("recovered")[0]["kind"] == "cut"


@pytest.mark.root
def test_an_append_only_file_keeps_its_fragment(path: Path, opened: Open) -> None:
    """`chattr +a`: what cannot be cut is ended with LF, and `recovered` `left` follows directly."""
    import subprocess

    whole = written(path, opened)
    path.write_bytes(whole[:-20])
    if subprocess.run(["chattr", "+a", str(path)], capture_output=True).returncode:
        pytest.skip("this file system or user cannot make a file append-only (chattr +a)")
    try:
        receipt = opened().append(small(99))
        found = walk(path, fragments=True)
        assert found.own("recovered")[0]["kind"] == "left"
        assert found.has(receipt)
    finally:
        subprocess.run(["chattr", "-a", str(path)], check=True)


def test_an_append_only_file_without_root(path: Path, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same, with the system's refusal imitated: opening for writing without O_APPEND fails with EPERM."""
    whole = written(path, opened)
    path.write_bytes(whole[:-20])
    real = os.open

    def refuse(name: str, flags: int, mode: int = 0o777, **more: int) -> int:
        if str(name) == str(path) and flags & os.O_ACCMODE == os.O_WRONLY:
            raise PermissionError(1, "Operation not permitted")
        return real(name, flags, mode, **more)

    monkeypatch.setattr(os, "open", refuse)
    receipt = opened().append(small(99))
    found = walk(path, fragments=True)
    assert found.own("recovered")[0]["kind"] == "left"
    assert found.has(receipt)


@pytest.mark.parametrize("fail_at", ["pwrite", "short", "ftruncate", "keep"])
def test_a_repair_that_fails_leaves_the_torn_end_as_it_was(
    path: Path, opened: Open, monkeypatch: pytest.MonkeyPatch, fail_at: str
) -> None:
    """No room for the record of the repair: AuditWriteError, the file byte for byte as before; later it works."""
    whole = written(path, opened)
    torn = b"z" * 9000
    path.write_bytes(whole + torn)

    def fail(*_: object) -> int:
        raise OSError(28, "No space left on device")

    real = os.pwrite
    with monkeypatch.context() as patch:
        if fail_at == "short":
            patch.setattr(
                os, "pwrite", lambda fd, data, at: real(fd, data[:7], at) if data[:1] == b"{" else real(fd, data, at)
            )
        elif fail_at == "keep":
            patch.setattr(os, "rename", fail)
        else:
            calls: list[int] = []
            real_call = getattr(os, fail_at)

            def once(*args: object) -> int:
                calls.append(1)
                return fail() if len(calls) == 1 else real_call(*args)

            patch.setattr(os, fail_at, once)
        with pytest.raises(AuditWriteError, match=r"No space|only 7 of"):
            opened()
    assert path.read_bytes() == whole + torn
    assert not list(path.parent.glob("*.tmp"))
    opened().append(small(99))
    found = walk(path)
    assert found.own("recovered")[0]["bytes"] == len(torn)
    assert len(found.callers) == 4


def test_a_live_writer_repairs_what_another_left(path: Path, opened: Open) -> None:
    """A second process died in the middle of a line: the first one repairs it at its next append."""
    log = opened()
    log.append(small(0))
    with path.open("ab") as file:
        file.write(b'{"timestamp":"2026-11-2')
    receipt = log.append(small(1))
    found = walk(path)
    assert found.own("recovered")[0]["torn"] == '{"timestamp":"2026-11-2'
    assert found.has(receipt)
    assert log.status["recovered"] == 1


def test_torn_bytes_are_no_error_message(path: Path, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """A value of the log never gets into an exception, not even when its repair fails."""
    whole = written(path, opened)
    path.write_bytes(whole + b'{"user":"ann@example.org"')

    def fail(*_: object) -> int:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "pwrite", fail)
    with pytest.raises(AuditWriteError) as caught:
        opened()
    assert "ann@" not in str(caught.value) + caught.value.help


def test_a_line_longer_than_every_block_is_found(path: Path, opened: Open) -> None:
    """Reading back from the end goes as far as the line begins."""
    log = opened()
    log.append({"many": {f"n{i}": "x" * 900_000 for i in range(3)}, "t": ["y" * 1000] * 500})
    log.close()
    again = opened()
    receipt = again.append(small())
    assert receipt.seq == 2
    walk(path)


def test_reading_a_tail_touches_one_line(path: Path, opened: Open) -> None:
    """tail.read gives the last good line, the rest, and a line that lacks only its LF."""
    whole = written(path, opened)
    fd = os.open(path, os.O_RDONLY)
    try:
        clean = tail.read(fd, len(whole))
        assert (clean.end, clean.rest, clean.whole) == (len(whole), b"", None)
        assert clean.last is not None
        assert clean.last.seq == 3
        cut = tail.read(fd, len(whole) - 1)
        assert cut.whole is not None
        assert cut.whole.seq == 3
        assert cut.rest == whole[:-1].rsplit(b"\n", 1)[1]
        torn = tail.read(fd, len(whole) - 5)
        assert torn.last is not None
        assert (torn.last.seq, torn.whole) == (2, None)
        assert tail.read(fd, 0).place is None
    finally:
        os.close(fd)
