"""The tree: against a definition that follows RFC 9162 word by word, and the vectors."""

from __future__ import annotations

import re
from base64 import b64decode
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli.sealing import merkle

LEAVES = [sha256(bytes([0, n])).digest() for n in range(70)]


def root(leaves: list[bytes]) -> bytes:
    """RFC 9162, 2.1.1, as it stands."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\x01" + root(leaves[:k]) + root(leaves[k:])).digest()


def path(m: int, leaves: list[bytes]) -> list[bytes]:
    """RFC 9162, 2.1.3.1."""
    if len(leaves) == 1:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m < k:
        return [*path(m, leaves[:k]), root(leaves[k:])]
    return [*path(m - k, leaves[k:]), root(leaves[:k])]


def subproof(m: int, leaves: list[bytes], whole: bool) -> list[bytes]:
    """RFC 9162, 2.1.4.1."""
    if m == len(leaves):
        return [] if whole else [root(leaves)]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m <= k:
        return [*subproof(m, leaves[:k], whole), root(leaves[k:])]
    return [*subproof(m - k, leaves[k:], False), root(leaves[:k])]


def proof(stretches: list[merkle.Stretch], leaves: list[bytes]) -> list[bytes]:
    found = merkle.Roots(stretches)
    for leaf in leaves:
        found.add(leaf)
    assert found.root() == root(leaves)
    return found.roots(stretches)


@pytest.mark.parametrize("size", range(len(LEAVES)))
def test_roots_are_those_of_the_definition(size: int) -> None:
    assert merkle.root_of(LEAVES[:size]) == root(LEAVES[:size])


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33, 64, 70])
def test_every_leaf_is_proved(size: int) -> None:
    leaves = LEAVES[:size]
    for index in range(size):
        made = proof(merkle.inclusion_stretches(index, size), leaves)
        assert made == path(index, leaves)
        assert merkle.root_by_inclusion(leaves[index], index, size, made) == root(leaves)
        with pytest.raises(merkle.ProofError):
            merkle.root_by_inclusion(leaves[index], index, size, [*made, b""])


@pytest.mark.parametrize("new", [1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33, 64, 70])
def test_every_older_tree_is_proved_to_be_the_beginning(new: int) -> None:
    leaves = LEAVES[:new]
    for old in range(1, new + 1):
        made = proof(merkle.consistency_stretches(old, new), leaves)
        assert made == subproof(old, leaves, True)
        assert merkle.roots_by_consistency(old, new, root(leaves[:old]), made) == (root(leaves[:old]), root(leaves))


@given(st.integers(1, 70), st.data())
def test_a_forged_proof_gives_another_root(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    made = proof(merkle.inclusion_stretches(index, size), LEAVES[:size])
    if made:
        place = data.draw(st.integers(0, len(made) - 1))
        made[place] = sha256(made[place]).digest()
        assert merkle.root_by_inclusion(LEAVES[index], index, size, made) != root(LEAVES[:size])
    if size > 1:
        other = data.draw(st.integers(0, size - 1).filter(lambda n: n != index))
        with_other = proof(merkle.inclusion_stretches(index, size), LEAVES[:size])
        assert merkle.root_by_inclusion(LEAVES[other], index, size, with_other) != root(LEAVES[:size])


def test_one_pass_proves_everything_and_a_stub_stands_for_what_was_pruned() -> None:
    """All leaves at once; and behind a stub those whose proofs need nothing that is gone."""
    for size in (1, 2, 7, 33, 70):
        stretches = {n: merkle.inclusion_stretches(n, size) for n in range(size)}
        for pruned in (0, 1, size // 2, size - 1):
            tree = merkle.Roots([each for some in stretches.values() for each in some])
            first = merkle.Range()
            for leaf in LEAVES[:pruned]:
                first.add(leaf)
            tree.begin_at(pruned, first.hashes)
            for leaf in LEAVES[pruned:size]:
                tree.add(leaf)
            assert tree.root() == root(LEAVES[:size])
            for n in range(pruned, size):
                assert tree.roots(stretches[n]) == path(n, LEAVES[:size])


def test_a_range_goes_on_where_it_was_left() -> None:
    first = merkle.Range()
    for leaf in LEAVES[:21]:
        first.add(leaf)
    second = merkle.Range(21, first.hashes)
    copy = first.copy()
    for leaf in LEAVES[21:]:
        second.add(leaf)
    assert second.root() == root(LEAVES)
    assert first.root() == copy.root() == root(LEAVES[:21])
    with pytest.raises(ValueError, match="hashes for a tree"):
        merkle.Range(21, first.hashes[1:])


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (-1, 3)])
def test_what_is_not_there_cannot_be_proved(index: int, size: int) -> None:
    with pytest.raises(merkle.ProofError):
        merkle.inclusion_stretches(index, size)
    with pytest.raises(merkle.ProofError):
        merkle.consistency_stretches(0, size)
    with pytest.raises(merkle.ProofError):
        proof([(0, 71)], LEAVES)


def test_the_vectors(shared: Path) -> None:
    """Inclusion of record 1, consistency of sizes 3 and 8."""
    vectors = shared / "spec" / "vectors"
    leaves = [
        sha256(b"\x00" + line).digest() for line in (vectors / "demo-skeletons.jsonl").read_bytes().split(b"\n")[:-1]
    ]
    hashes = [
        b64decode(each) for each in re.findall(r"^\S{43}=$", (vectors / "demo-record1.tlog-proof").read_text(), re.M)
    ]
    assert proof(merkle.inclusion_stretches(1, 8), leaves[:8]) == hashes[:-1]
    assert merkle.root_of(leaves[:8]) == hashes[-1]
    text = (vectors / "demo-consistency-3-8.txt").read_text().splitlines()
    assert proof(merkle.consistency_stretches(3, 8), leaves) == [b64decode(each) for each in text[2:]]
    assert merkle.root_of(leaves[:3]) == b64decode(text[1].removeprefix("root "))
