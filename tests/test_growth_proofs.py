"""Two states of one log: that the later only added to the earlier is proved, and nothing else is."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli import proofs
from auditlog_cli.errors import InputError, SealRefused, UsageError
from auditlog_cli.sealing import consistency, merkle, notes
from auditlog_cli.signing import keygen, signer, signers
from auditlog_cli.writer.checkpoints import Sealer
from auditlog_cli.writer.log import AuditLog

Log = tuple[Path, list[str]]


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Log:
    """A log of several segments and its checkpoints, one after the other."""
    folder = tmp_path_factory.mktemp("grown")
    key = keygen.make(str(folder / "key"), "test")
    path = folder / "audit.jsonl"
    kept = []
    with AuditLog(path, origin="test/log", ballast_bytes=0, max_bytes=2500) as log:
        for n in range(17):
            log.append({"record_id": f"id-{n}", "action": {"type": "x"}})
            if n in (2, 6, 7, 16):
                Sealer(str(path), key).seal(log.durable, log.append_own)
                kept.append(Path(f"{path}.checkpoint").read_text())
    assert len(list(folder.glob("audit.[0-9]*.jsonl"))) > 1
    return path, kept


def state(text: str) -> proofs.Earlier:
    note = notes.parse(text)
    return proofs.Earlier(note.size, note.root, note.origin)


def trusted(path: Path) -> signers.Signers:
    return signers.load(f"{path.parent / 'key'}.pub")


def test_each_earlier_checkpoint_is_the_beginning_of_the_newest(grown: Log) -> None:
    path, kept = grown
    for text in kept:
        made = proofs.prove_growth(str(path), state(text))
        again = consistency.parse(consistency.render(made.proof))
        assert again == made.proof
        verdict = proofs.check_growth(proofs.Grown(again, made.note), trusted(path), state(text))
        assert verdict.holds, verdict.why
        assert f"{state(text).size}:" in verdict.why


def test_any_two_checkpoints(grown: Log, tmp_path: Path) -> None:
    path, kept = grown
    for at, newer in enumerate(kept):
        (tmp_path / "newer").write_text(newer)
        for older in kept[: at + 1]:
            made = proofs.prove_growth(str(path), state(older), str(tmp_path / "newer"))
            assert made.note == newer
            assert proofs.check_growth(made, trusted(path), state(older)).holds


def test_every_changed_character_is_noticed(grown: Log) -> None:
    path, kept = grown
    made = proofs.prove_growth(str(path), state(kept[1]))
    text = consistency.render(made.proof)
    for at in range(len(text)):
        other = text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]
        try:
            changed = proofs.Grown(consistency.parse(other), made.note)
        except consistency.ConsistencyError:
            continue
        assert not proofs.check_growth(changed, trusted(path)).holds, at


def test_what_does_not_belong_together_is_told(grown: Log, tmp_path: Path) -> None:
    path, kept = grown
    old, later = state(kept[0]), state(kept[1])
    made = proofs.prove_growth(str(path), old)
    assert "another state" in proofs.check_growth(made, trusted(path), later).why
    assert "another log" in proofs.check_growth(made, trusted(path), old._replace(origin="b")).why
    keygen.make(str(tmp_path / "other"), "test")
    assert "a key that was not given" in proofs.check_growth(made, signers.load(f"{tmp_path}/other.pub")).why
    short = made._replace(proof=made.proof._replace(hashes=made.proof.hashes[1:]))
    assert "does not fit" in proofs.check_growth(short, trusted(path)).why
    with pytest.raises(UsageError, match="another log"):
        proofs.prove_growth(str(path), old._replace(origin="b"))
    with pytest.raises(UsageError, match="empty"):
        proofs.prove_growth(str(path), proofs.Earlier(0, merkle.EMPTY))
    with pytest.raises(SealRefused, match="are not those of the earlier checkpoint"):
        proofs.prove_growth(str(path), old._replace(root=bytes(32)))
    (tmp_path / "first").write_text(kept[0])
    with pytest.raises(SealRefused, match="the earlier one"):
        proofs.prove_growth(str(path), later, str(tmp_path / "first"))
    with pytest.raises(InputError, match="no checkpoint"):
        proofs.prove_growth(str(path), old, str(tmp_path / "absent"))


def test_a_history_that_was_rewritten_and_signed_again_proves_nothing(grown: Log, tmp_path: Path) -> None:
    """Even who holds the key cannot make a proof from the state that somebody kept."""
    path, kept = grown
    forged = tmp_path / "audit.jsonl"
    with AuditLog(forged, origin="test/log", ballast_bytes=0) as log:
        for n in range(17):
            log.append({"record_id": f"id-{n}", "action": {"type": "y"}})
        Sealer(str(forged), signer.load(str(path.parent / "key"))).seal(log.durable, log.append_own)
    with pytest.raises(SealRefused, match="are not those"):
        proofs.prove_growth(str(forged), state(kept[1]))


def test_the_proof_of_the_vectors(shared: Path, tmp_path: Path) -> None:
    """Ours is the same text, from the log before and after its redaction."""
    vectors = shared / "spec" / "vectors"
    text = (vectors / "demo-consistency-3-8.txt").read_text()
    assert consistency.render(consistency.parse(text)) == text
    log = tmp_path / "audit.jsonl"
    log.write_bytes((vectors / "demo-after.jsonl").read_bytes())
    before, after = (vectors / f"demo-{word}.note" for word in ("before", "after"))
    made = proofs.prove_growth(str(log), state(before.read_text()), str(after))
    assert consistency.render(made.proof) == text
    assert proofs.check_growth(made, signers.load(str(vectors / "signers"))).holds


@given(st.text())
def test_no_text_makes_the_parser_fail_otherwise(text: str) -> None:
    for each in (text, f"old 3\n{text}", f"old 3\nroot {b64encode(bytes(32)).decode()}\n{text}x"):
        with pytest.raises(consistency.ConsistencyError):
            consistency.parse(each)


def test_the_command_line(
    grown: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: Callable[..., object]
) -> None:
    path, kept = grown
    monkeypatch.chdir(tmp_path)
    (tmp_path / "july").write_text(kept[0])
    key = f"{path.parent / 'key'}.pub"

    def run(*words: object) -> tuple[int, str, str]:
        done = cli("prove", *words)
        return done.code, done.out, done.err  # type: ignore[attr-defined]

    assert run("--consistency", "july", path, "-o", "since") == (0, "since.consistency\nsince.checkpoint\n", "")
    code, out, err = run("--check", "since", "--consistency", "july", "--signers", key)
    assert (code, out[:16], err) == (0, "proved: test/log", "")
    code, out, err = run("--check", "since", "--signers", key)
    assert (code, "compare that state" in err) == (0, True)
    note = notes.parse(kept[1])
    known = f"{note.size}:{b64encode(note.root).decode()}"
    assert run("--check", "since.consistency", "--consistency", known, "--signers", key)[0] == 1
    assert run("--consistency", known, path)[1] == "grown.consistency\ngrown.checkpoint\n"
    assert run("--consistency", known, path)[0] == 2
    assert run("--consistency", "nothing", path)[0] == 2
    assert run("--consistency", "july", path, path)[0] == 2
    assert run("--consistency", key, path, "-o", "x")[0] == 3
    assert run("--check", "nothing", "--consistency", "july", "--signers", key)[0] == 3
    assert run("3", path, "-o", "since")[0] == 0
    assert run("--check", "since", "--signers", key)[0] == 2
    assert run("--check", "since.tlog-proof", "--signers", key)[0] == 0
