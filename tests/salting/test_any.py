"""Any lines, any redactions: the leaves stay, verify agrees, and withheld is what was declared."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from auditlog_cli import redact, verify
from auditlog_cli.errors import InputError
from auditlog_cli.sealing import merkle, notes, salted
from tests.salting.conftest import SEALER
from tests.salting.foreign import beside, leaves, root, seal
from tests.withholding.conftest import REDACTOR, write_key

NAMES = st.sampled_from(["user", "id", "email", "action", "arguments", "a", "b", "timestamp", "auditlog", "seq", "_salts",
                         "ann@example.org", "a/b", "a~b", ""])  # fmt: skip
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["u-17", "ann@example.org", "é\u2028", "\ud800"[:0], "x" * 90])
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=12
)
RECORDS = st.dictionaries(NAMES, VALUES, max_size=5).map(json.dumps)
COMPACT = st.dictionaries(NAMES, VALUES, max_size=5).map(
    lambda record: json.dumps(record, separators=(",", ":"), ensure_ascii=False)
)
GARBAGE = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\n"), max_size=30)
LINES = st.lists(RECORDS | COMPACT | GARBAGE, min_size=1, max_size=6)
HEALTHY = settings(max_examples=40, phases=[Phase.explicit, Phase.reuse, Phase.generate])


def fields(path: Path) -> list[tuple[int, str]]:
    """Everything that can still be withheld."""
    found = []
    rows = path.read_bytes().split(b"\n")[:-1]
    texts = beside(path, "salts").read_bytes().split(b"\n")[:-1]
    for number, (raw, text) in enumerate(zip(rows, texts, strict=True)):
        found += [(number, field) for field in salted.look(raw, salted.read(text, len(raw))).fields]
    return found


@HEALTHY
@given(LINES, st.data())
def test_any_history(lines: list[str], data: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        key, dpo = write_key(Path(folder) / "k", SEALER), write_key(Path(folder) / "d", REDACTOR)
        path = Path(folder) / "logs" / "old.jsonl"
        path.parent.mkdir()
        path.write_bytes("".join(f"{line}\n" for line in lines).encode())
        seal(path, key)
        gone: set[tuple[int, str]] = set()
        before = leaves(path)
        for _ in range(data.draw(st.integers(1, 4))):
            match data.draw(st.sampled_from(["field", "whole", "subject", "grow"])):
                case "field" if there := fields(path):
                    number, field = data.draw(st.sampled_from(there))
                    if set(field) <= {"/"}:
                        continue  # a path of empty names cannot be asked for
                    done = redact(path, fields=[field], records=[number], by="dpo", reason="r", key=dpo)
                    left = fields(path)
                    if not done.left:
                        assert (number, field) not in left
                case "whole":
                    number = data.draw(st.integers(0, len(before) - 1))
                    redact(path, whole=True, records=[number], by="dpo", reason="r", key=dpo)
                    gone.add((number, ""))
                    assert not any(each == number for each, _ in fields(path))
                case "subject":
                    redact(path, subject=["u-17"], request="1", whole=True, by="dpo", reason="r", key=dpo)
                    assert b"u-17" not in path.read_bytes()
                case "grow":
                    with path.open("ab") as file:
                        file.write(data.draw(RECORDS).encode() + b"\n")
                    seal(path, key)
            after = leaves(path)
            assert after[: len(before)] == before
            before = after
        verdict = verify(path, signers=f"{key}.pub")
        assert (verdict.exit_code, verdict.warnings) == (0, []), (verdict.findings, verdict.warnings)
        assert verdict.signed == len(before)
        assert (
            notes.parse(beside(path, "checkpoint").read_text()).root
            == root(path)
            == merkle.root_of(map(bytes.fromhex, before))
        )
        assert gone <= {(each.seq, each.field) for each in verdict.withheld}
        _no_change_goes_unseen(path, key, data)


def _no_change_goes_unseen(path: Path, key: Path, data: Any) -> None:
    good = path.read_bytes()
    at = data.draw(st.integers(0, len(good) - 1))
    size = data.draw(st.integers(0, 8))
    bad = good[:at] + data.draw(st.binary(max_size=8)) + good[at + size :]
    path.write_bytes(bad)
    verdict = verify(path, signers=f"{key}.pub")
    # What only comes after the last line that was signed is no change of it.
    assert verdict.exit_code or bad.startswith(good), (at, size, bad)


@HEALTHY
@given(LINES)
def test_a_line_that_cannot_have_salts_is_named_among_any(lines: list[str]) -> None:
    hole = '{"_redacted":"' + "0" * 64 + '"}'
    with tempfile.TemporaryDirectory() as folder:
        key = write_key(Path(folder) / "k", SEALER)
        path = Path(folder) / "old.jsonl"
        path.write_bytes("".join(f"{line}\n" for line in [*lines, f"x {hole}"]).encode())
        with pytest.raises(InputError, match=f"line {path.read_bytes().count(10)}: "):
            seal(path, key)
        assert sorted(each.name for each in path.parent.iterdir()) == ["k", "k.pub", "old.jsonl", "old.jsonl.lock"]
