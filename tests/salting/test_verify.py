"""`auditlog verify` of logs that others write, with salts beside them: each verdict, with its record and message."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from auditlog_cli import redact, verify
from auditlog_cli.sealing import notes
from auditlog_cli.verdict import Verdict
from tests.conftest import Result
from tests.salting.foreign import beside, leaves, root, seal, write

Cli = Callable[..., Result]


def codes(verdict: Verdict) -> list[tuple[str, int | None]]:
    return [(problem.code, problem.seq) for problem in verdict.findings]


def swap(path: Path, old: bytes, new: bytes) -> None:
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new, 1))


def test_intact(old: Path, signers: Path) -> None:
    verdict = verify(old, signers=signers, require_signed_tail=True)
    assert (verdict.exit_code, verdict.records, verdict.signed, verdict.unsigned_tail) == (0, 6, 6, 0)
    assert verdict.root == base64.b64encode(root(old)).decode()
    assert verdict.head == leaves(old)[-1]
    assert verdict.sentence == "intact and signed: 6 records"
    assert verify(old).sentence.startswith("intact, but not proved by a key: 6 records, unchanged as far as")


def test_grown_and_torn(old: Path, signers: Path) -> None:
    """Lines that came later have no salts yet: counted, not covered; and no part of the head."""
    size = old.stat().st_size
    with old.open("ab") as file:
        file.write(b'{"n":1}\n{"torn"')
    verdict = verify(old, signers=signers)
    assert codes(verdict) == [("torn-tail", 7)]
    assert (verdict.exit_code, verdict.records, verdict.signed, verdict.unsigned_tail, verdict.head_at) == (
        6,
        7,
        6,
        1,
        6,
    )
    assert verdict.root == base64.b64encode(root_of_salted(old, size)).decode()
    assert codes(verify(old, signers=signers, require_signed_tail=True)) == [("torn-tail", 7), ("unsigned-tail", 6)]


def root_of_salted(path: Path, size: int) -> bytes:
    data = path.read_bytes()
    path.write_bytes(data[:size])
    made = root(path)
    path.write_bytes(data)
    return made


@pytest.mark.parametrize(
    ("before", "after", "expected", "said"),
    [
        (b"u-17", b"u-18", ("root", None), "the first 6 lines are not those that the checkpoint was made over"),
        (b"ann@example.org", b"an@example.org", ("line", 0), "line 1 is not the one its salts were made for"),
        (b"s-1", b"s-2", ("root", None), "the first 6 lines"),
        (b"no JSON", b"NO JSON", ("root", None), "the first 6 lines"),
        (b'"msgs"', b'"mags"', ("root", None), "the first 6 lines"),
        (b'{"a":1,"a":2}\n', b"", ("truncated", 5), "the checkpoint covers 6 lines, and only 5 there are"),
        (b"u-17\"", b"u-17\\\"", ("line", 0), "line 1 is not the one"),
        (b'{"ts": 1,', b'{"ts": 1,"ts": 1,', ("line", 0), "line 1 is not the one"),
    ],
    ids=["value", "shorter", "plain", "garbage", "name", "deleted", "broken", "duplicate"],
)  # fmt: skip
def test_broken(old: Path, before: bytes, after: bytes, expected: tuple[str, int | None], said: str) -> None:
    swap(old, before, after)
    verdict = verify(old)
    assert codes(verdict)[0] == expected
    assert verdict.findings[0].message.startswith(said)
    assert verdict.exit_code == 1
    assert not {"line", "root"} <= {code for code, _ in codes(verdict)}, "one cause, one finding"
    if expected[0] == "line":
        assert (verdict.findings[0].line, verdict.findings[0].path) == (expected[1] + 1, str(old))  # type: ignore[operator]


def test_truncated(old: Path) -> None:
    old.write_bytes(b"".join(old.read_bytes().splitlines(keepends=True)[:3]))
    verdict = verify(old)
    assert codes(verdict) == [("truncated", 3)]
    assert verdict.findings[0].message == "the checkpoint covers 6 lines, and only 3 there are"


def test_lines_cut_that_had_salts_already(path: Path, key: Path) -> None:
    """Salts were made, and the crash came before the checkpoint: they tell that there were more lines."""
    seal(write(path), key)
    kept = beside(path, "checkpoint").read_bytes()
    size = path.stat().st_size
    with path.open("ab") as file:
        file.write(b'{"n":1}\n')
    seal(path, key)
    beside(path, "checkpoint").write_bytes(kept)
    assert codes(verify(path)) == []
    os.truncate(path, size)
    assert codes(verify(path)) == [("truncated", 6)]


def test_salts_missing(old: Path, signers: Path) -> None:
    salts = beside(old, "salts")
    rows = salts.read_bytes().splitlines(keepends=True)
    salts.write_bytes(b"".join(rows[:4]))
    verdict = verify(old, signers=signers)
    assert codes(verdict) == [("salts", 4)]
    assert verdict.findings[0].message == "there are salts for 4 lines only, and 6 were signed"
    salts.unlink()
    verdict = verify(old, signers=signers)
    assert codes(verdict) == [("salts", None)]
    assert verdict.findings[0].message.startswith("old.jsonl.salts is missing")
    assert (verdict.exit_code, verdict.signed) == (1, 0)


def test_without_salts_nothing_is_said_of_what_can_still_be_read(old: Path, signers: Path, dpo: Path) -> None:
    """No line is looked at then: that a withheld value "can still be read" would be a guess, and a wrong one."""
    redact(old, fields=["user.email"], key=dpo, by="dpo@example.org", reason="case 17", despite_hold=True)
    beside(old, "salts").unlink()
    verdict = verify(old, signers=signers)
    assert (codes(verdict), verdict.warnings) == ([("salts", None)], [])
    assert any(each.startswith("whether 1 checkpoint agrees") for each in verdict.not_checked)


@pytest.mark.parametrize(
    ("before", "after", "detail"),
    [
        (b",1]", b",2]", "span"),
        (b'[["', b'[["!', "trailer"),
        (b"]]\n", b"]\n", "trailer"),
        (b'[["', b'[["A', "trailer"),
    ],
)
def test_salts_changed(old: Path, before: bytes, after: bytes, detail: str) -> None:
    swap(beside(old, "salts"), before, after)
    verdict = verify(old)
    assert codes(verdict) == [("line", 0)]
    assert verdict.findings[0].detail == detail


def test_a_changed_salt_is_another_root(old: Path) -> None:
    salts = beside(old, "salts")
    data = bytearray(salts.read_bytes())
    data[3] = ord("A") if data[3] != ord("A") else ord("B")
    salts.write_bytes(data)
    assert codes(verify(old)) == [("root", None)]


def test_salts_cut_in_the_middle_cannot_be_looked_at(old: Path) -> None:
    salts = beside(old, "salts")
    salts.write_bytes(salts.read_bytes()[:-3])
    verdict = verify(old)
    assert codes(verdict) == [("unreadable", None)]
    assert verdict.exit_code == 3


def test_no_checkpoint(old: Path, signers: Path) -> None:
    beside(old, "checkpoint").unlink()
    assert codes(verify(old, signers=signers)) == [("unsealed", None)]


def test_another_key(old: Path, stranger: Path) -> None:
    assert codes(verify(old, signers=f"{stranger}.pub")) == [("no-checkpoint", None)]


def test_withheld_and_declared(old: Path, dpo: Path, signers: Path, cli: Cli) -> None:
    before = leaves(old)
    redact(old, fields=["user.email"], by="dpo@example.org", reason="case 17", key=dpo)
    assert leaves(old) == before
    verdict = verify(old, signers=signers)
    assert (verdict.exit_code, verdict.withheld_total, verdict.signed) == (0, 3, 6)
    assert [
        (each.seq, each.field, each.declared_at, each.by, each.signed, each.beside) for each in verdict.withheld
    ] == [(seq, "/user/email", 1, "dpo@example.org", True, "old.jsonl.redactions") for seq in (0, 2, 3)]
    done = cli("verify", old, "--signers", signers, "--no-remember")
    assert "record 0: /user/email, declared in line 1 of old.jsonl.redactions by dpo@example.org (signed)" in done.out
    done = cli("verify", old, "--signers", signers, "--no-remember", "--format", "json")
    assert json.loads(done.out)["logs"][0]["withheld"][0]["declared_in"] == "old.jsonl.redactions"


def test_withheld_and_undeclared(old: Path, dpo: Path) -> None:
    redact(old, fields=["user.email"], by="dpo@example.org", reason="case 17", key=dpo)
    beside(old, "redactions").unlink()
    verdict = verify(old)
    assert codes(verdict) == [("undeclared", 0), ("undeclared", 2), ("undeclared", 3)]
    assert verdict.findings[0].message == "record 0: a value in it is withheld, and no declaration covers that"


def test_a_whole_record_withheld_and_undeclared(old: Path) -> None:
    rows = old.read_bytes().split(b"\n")
    rows[2] = b'{"seq":2,"_leaf":"%b","_salts":[]}' % leaves(old)[2].encode()
    old.write_bytes(b"\n".join(rows))
    salts = beside(old, "salts").read_bytes().split(b"\n")
    salts[2] = b"[]"
    beside(old, "salts").write_bytes(b"\n".join(salts))
    assert codes(verify(old)) == [("undeclared", 2)]


def test_declared_by_somebody_else(old: Path, stranger: Path, signers: Path) -> None:
    redact(old, fields=["user.email"], by="dpo@example.org", reason="case 17", key=stranger)
    verdict = verify(old, signers=signers)
    assert codes(verdict) == [("declaration", None)]
    assert verdict.findings[0].message.startswith(
        "line 1 of old.jsonl.redactions declares what is withheld, but the person"
    )
    assert verify(old).exit_code == 0


@pytest.mark.parametrize(
    ("before", "after"),
    [(b'"reason":"case 17"', b'"reason":"case 18"'), (b"/user/email", b"/user/emai1"), (b'"seq":0', b'"seq":1')],
)
def test_a_changed_declaration(old: Path, dpo: Path, signers: Path, before: bytes, after: bytes) -> None:
    redact(old, fields=["user.email"], by="dpo@example.org", reason="case 17", key=dpo)
    swap(beside(old, "redactions"), before, after)
    assert ("declaration", None) in codes(verify(old, signers=signers))


@pytest.mark.parametrize(
    "row", [b"{", b"{}\n", b'{"auditlog":{"type":"genesis"}}\n', b"\n", b'{"auditlog":{"type":"redact"}}\n']
)
def test_what_is_no_declaration(old: Path, row: bytes) -> None:
    beside(old, "redactions").write_bytes(row)
    verdict = verify(old)
    assert codes(verdict) == [("declaration", None)]
    assert (verdict.findings[0].line, verdict.findings[0].path) == (1, str(beside(old, "redactions")))


def test_a_value_put_back_from_a_copy_is_the_one_it_was(old: Path, dpo: Path) -> None:
    """Nobody can put another value there; the old one shows as declared and readable."""
    kept = (old.read_bytes(), beside(old, "salts").read_bytes())
    redact(old, fields=["user.id"], by="dpo@example.org", reason="case 17", key=dpo)
    old.write_bytes(kept[0])
    assert codes(verify(old))[0] == ("line", 0), "with salts, but without the value's own"
    beside(old, "salts").write_bytes(kept[1])
    verdict = verify(old)
    assert codes(verdict) == []
    assert [(each.code, each.message) for each in verdict.warnings] == [
        ("declared-readable",
         "line 1 of old.jsonl.redactions declares that something in record 0 is withheld, and it can still be read")
    ]  # fmt: skip
    swap(old, b"u-17", b"u-18")
    assert codes(verify(old)) == [("root", None)]


def test_a_value_smuggled_behind_a_hole_of_the_writer(path: Path, key: Path) -> None:
    """A line of others may look withheld: it is a value like any other, and cannot be filled."""
    write(path, ['{"a":{"_redacted":"' + "0" * 64 + '"}}'])
    seal(path, key)
    verdict = verify(path)
    assert (verdict.exit_code, verdict.withheld_total) == (0, 0)
    beside(path, "salts").write_bytes(b"[]\n")
    assert codes(verify(path)) == [("root", None), ("undeclared", 0)]


def test_heads_seen_before(old: Path, key: Path, tmp_path: Path) -> None:
    memory = tmp_path / "heads.json"
    with old.open("ab") as file:
        file.write(b'{"n":1}\n')
    assert verify(old, memory=memory).exit_code == 0
    assert next(iter(json.loads(memory.read_text())["heads"].values()))["size"] == 6
    seal(old, key)
    assert verify(old, memory=memory).exit_code == 0
    known = f"7:{verify(old).root}"
    rows = old.read_bytes().splitlines(keepends=True)
    salts = beside(old, "salts").read_bytes().splitlines(keepends=True)
    old.write_bytes(b"".join(rows[:3]))
    beside(old, "salts").write_bytes(b"".join(salts[:3]))
    beside(old, "checkpoint").unlink()
    beside(old, "salts").unlink()
    seal(old, key)
    origin = notes.parse(beside(old, "checkpoint").read_text()).origin
    assert origin.endswith("#salts#raw")
    assert codes(verify(old, known=known)) == [("rolled-back", 3)]


def test_every_byte_flipped(path: Path, key: Path, dpo: Path, signers: Path) -> None:
    """Of the log, its salts, its checkpoint, and of what a redactor signed: each change is noticed."""
    write(path, ['{"a":"ann","b":{"c":1}}', "x", '{"d":[1],"user":{"id":"u"}}'])
    seal(path, key)
    redact(path, fields=["a"], by="dpo@example.org", reason="r", key=dpo)
    assert verify(path, signers=signers).exit_code == 0
    for ending in ("", ".salts", ".checkpoint", ".redactions"):
        file = Path(f"{path}{ending}")
        good = file.read_bytes()
        for at in range(len(good)):
            bad = bytearray(good)
            bad[at] ^= 1 << at % 8
            file.write_bytes(bad)
            verdict = verify(path, signers=signers)
            if ending == ".redactions" and verdict.exit_code == 0:  # when it was made, and its id, are not signed
                said = [json.loads(each)["auditlog"] for each in (good, bad)]
                assert said[0] == said[1]
            else:
                assert verdict.exit_code, (ending, at)
        file.write_bytes(good)


def test_formats(old: Path, cli: Cli) -> None:
    """`salts` is a finding in SARIF and JUnit, too."""
    beside(old, "salts").unlink()
    for name in ("sarif", "junit", "json", "text"):
        done = cli("verify", old, "--no-remember", "--format", name)
        assert done.code == 1
        assert "old.jsonl.salts is missing" in done.out


def test_the_checker_of_the_page_agrees(old: Path, dpo: Path) -> None:
    """docs/log-format.md has one that needs nothing but Python: the same answer before and after a redaction."""
    page = (Path(__file__).parents[2] / "docs" / "log-format.md").read_text()
    code = page.split("```py\n")[-1].split("```")[0]

    def says() -> str:
        done = subprocess.run([sys.executable, "-c", code, old], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    assert says() == "the lines that were signed"
    redact(old, fields=["user.email"], by="dpo@example.org", reason="case 17", key=dpo)
    redact(old, whole=True, records=[1], by="dpo@example.org", reason="case 17", key=dpo)
    assert says() == "the lines that were signed"
    swap(old, b"s-1", b"s-2")
    assert says() == "other lines"


def test_our_signatures_with_ssh_keygen(old: Path, dpo: Path, signers: Path, tmp_path: Path) -> None:
    """Checkpoint and declaration, as a stock tool sees them."""
    tool = shutil.which("ssh-keygen")
    if tool is None:
        pytest.skip("no ssh-keygen here")
    redact(old, fields=["user.email"], by="dpo@example.org", reason="case 17", key=dpo)
    said = json.loads(beside(old, "redactions").read_bytes().split(b"\n")[0])["auditlog"]
    origin = beside(old, "checkpoint").read_text().split("\n")[0]
    lines = [f"{each['seq']} {each['commit']} {each['field']}" for each in said["targets"]]
    (tmp_path / "sig").write_text(said["sshsig"])
    done = subprocess.run(
        [tool, "-Y", "verify", "-f", signers, "-I", "dpo@example.org", "-n", "auditlog-redaction", "-s", tmp_path / "sig"],
        input="".join(f"{line}\n" for line in (origin, "case 17", *lines)), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
