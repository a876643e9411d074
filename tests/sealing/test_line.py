"""Lines of the format `auditlog/1`: as the vectors want them, whichever way they are made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from auditlog_cli.sealing import line, policy
from auditlog_cli.writer import ids, values
from tests.sealing.slow import deterministic, seal

TREE = policy.default_tree()
ZEROS = "0" * 64


def test_policy_vectors_give_the_line_and_the_leaf(shared: Path) -> None:
    """Every case of policy.jsonl: record in, line and leaf out, byte for byte."""
    count = 0
    for raw in (shared / "spec/vectors/policy.jsonl").read_bytes().splitlines():
        case = json.loads(raw)
        record = values.Plain(case["record"]).record
        made, leaf = line.prepare(record, TREE, deterministic).close(1, ZEROS)
        assert made.decode() == case["line"] + "\n", case["name"]
        assert leaf == case["leaf"], case["name"]
        count += 1
    assert count >= 14


def test_policy_vectors_name_the_spans(shared: Path) -> None:
    """The redactable values are those whose pointers the vectors list, in order."""
    for raw in (shared / "spec/vectors/policy.jsonl").read_bytes().splitlines():
        case = json.loads(raw)
        record = values.Plain(case["record"]).record
        found = [json.loads(text) for text in line.cut(record, TREE)[1::2]]
        wanted = []
        for place in case["spans"]:
            value = record
            for step in place.split("/")[1:]:
                value = value[int(step)] if isinstance(value, list) else value[step]
            wanted.append(value)
        assert found == wanted, case["name"]


@pytest.mark.parametrize("name", ["demo-before", "demo-after"])
def test_demo_vectors_are_read_back_as_a_chain(shared: Path, name: str) -> None:
    """unseal gives seq, prev and leaf of every line of the worked example, redacted or not."""
    skeletons = (shared / "spec/vectors/demo-skeletons.jsonl").read_bytes().splitlines()
    prev = ZEROS
    for seq, raw in enumerate((shared / f"spec/vectors/{name}.jsonl").read_bytes().splitlines()):
        found = line.unseal(raw)
        assert (found.seq, found.prev) == (seq, prev)
        import hashlib

        assert found.leaf == hashlib.sha256(b"\0" + skeletons[seq]).hexdigest()
        prev = found.leaf


def test_tombstone_takes_its_leaf_as_given(shared: Path) -> None:
    """The line of a withheld record has no prev and no spans; its leaf is the one it names."""
    lines = (shared / "spec/vectors/demo-tombstone.jsonl").read_bytes().splitlines()
    before = (shared / "spec/vectors/demo-before.jsonl").read_bytes().splitlines()
    found = line.unseal(lines[1])
    assert found.tombstone
    assert found.seq == 1
    assert found.leaf == line.unseal(before[1]).leaf


@pytest.mark.parametrize(
    "name",
    ["after-trailer", "trailer-missing", "trailer-not-last", "trailer-comma", "trailer-space", "trailer-exponent",
     "trailer-negative", "trailer-zero-length", "trailer-zero-in-front", "salt-short", "salt-alphabet",
     "spans-descending", "spans-overlap", "span-past-body", "tombstone-extra-member", "tombstone-upper-case", "seq-zero-in-front",
     "prev-upper-case"],
)  # fmt: skip
def test_malformed_seals_of_the_vectors_are_refused(shared: Path, name: str) -> None:
    """Every line case that trailer, spans or closing members give away is refused by unseal, and only that line."""
    cases = {c["name"]: c for c in map(json.loads, (shared / "spec/vectors/cases.jsonl").read_bytes().splitlines())}
    case = cases[name]
    refused = []
    for number, text in enumerate(case["files"]["audit.jsonl"].encode().splitlines()):
        try:
            line.unseal(text)
        except line.Unsealed:
            refused.append(number)
    assert refused == [case["expect"]["seq"]]


def test_a_sealed_line_is_read_back_as_it_was_made() -> None:
    """prepare, close, unseal: the same seq, prev, leaf and values."""
    record: dict[str, object] = {"user": {"id": "u", "email": "ann@example.org"}, "note": {"a": [1, "é\u2028"]}}
    made, leaf = line.prepare(record, TREE, ids.salts).close(7, "ab" * 32)
    assert made.count(b"\n") == 1
    found = line.unseal(made[:-1])
    assert (found.seq, found.prev, found.leaf) == (7, "ab" * 32, leaf)
    texts = [json.loads(made[offset : offset + length]) for _, offset, length in found.spans]
    assert texts == ["u", "ann@example.org", {"a": [1, "é\u2028"]}]


def test_every_single_byte_counts() -> None:
    """Changing any byte of a sealed line changes its leaf, or the line is refused, or another seq or prev shows."""
    record: dict[str, object] = {"user": {"id": "u"}, "agent": {"id": "a"}}
    made, leaf = line.prepare(record, TREE, deterministic).close(3, "cd" * 32)
    raw = made[:-1]
    for place in range(len(raw)):
        for bit in range(8):
            changed = bytearray(raw)
            changed[place] ^= 1 << bit
            try:
                found = line.unseal(bytes(changed))
            except line.Unsealed:
                continue
            assert (found.leaf, found.seq, found.prev) != (leaf, 3, "cd" * 32), (place, bit)


def test_the_fast_assembly_agrees_with_the_slow_twin() -> None:
    """`assemble` gives the bytes of its obvious twin, for no value, one, and many."""
    cases: list[list[bytes]] = [
        [b'{"a":1'],
        [b'{"a":', b'"x"', b""],
        [b'{"a":', b"[1,2]", b',"b":', b"null", b',"c":1'],
        [b"{", *[piece for i in range(70) for piece in (b'"%d"' % i * i, b",")]],
    ]
    for pieces in cases:
        salts = deterministic(len(pieces) // 2)
        for body in (None, b"".join(pieces)):
            made = line.Prepared(*line.assemble(pieces, deterministic, body))
            assert made.close(12, ZEROS) == seal(pieces, salts, 12, ZEROS)


def test_own_records_are_plain_but_for_torn_bytes() -> None:
    """Of the log's own records only `torn` is redactable."""
    record: dict[str, object] = {"timestamp": "t", "auditlog": {"type": "recovered", "torn": "secret", "bytes": 6}}
    assert line.cut(record, policy.OWN)[1::2] == [b'"secret"']
    lost: dict[str, object] = {"timestamp": "t", "auditlog": {"type": "lost", "fallback": {"origin": "o"}}}
    assert line.cut(lost, policy.OWN)[1::2] == []
