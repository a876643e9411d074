"""What a line names, found by a search: the same as `unseal` tells, and nothing of a line that it would refuse to name."""

from __future__ import annotations

import random
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli.sealing import links, merkle
from auditlog_cli.sealing.line import Unsealed, unseal
from tests.verification import forging


def lines(tmp_path: Path, count: int = 30) -> list[bytes]:
    path = tmp_path / "audit.jsonl"
    forging.written(path, forging.ordinary(count))
    return path.read_bytes().splitlines()


def test_each_line_names_the_leaf_of_the_one_before_it(tmp_path: Path) -> None:
    raws = lines(tmp_path)
    assert [each.hex() for each in links.named(raws, 0)] == [unseal(raw).prev for raw in raws]
    assert [each.hex() for each in links.named(raws, 0)[1:]] == [unseal(raw).leaf for raw in raws[:-1]]
    assert [links.number(raw) for raw in raws] == [*range(len(raws))]
    assert links.named(raws[5:], 5) == links.named(raws, 0)[5:]
    assert links.named(raws, 1) == links.named([], 0) == []


def test_it_ends_where_a_line_is_missing_doubled_or_none(tmp_path: Path) -> None:
    raws = lines(tmp_path)
    whole = links.named(raws, 0)
    for changed in (
        raws[:7] + raws[8:], [*raws[:7], raws[6], *raws[7:]], [*raws[:7], b"junk", *raws[7:]], [*raws[:7], b"", *raws[7:]],
        [*raws[:7], b'{"seq":7,"_leaf":"' + b"0" * 64 + b'","_salts":[]}', *raws[8:]],
        [*raws[:7], raws[7][:-1], *raws[8:]], [*raws[:7], raws[7].replace(b'"seq":7,', b'"seq":07,'), *raws[8:]],
        [*raws[:7], raws[7].replace(b'"prev":"', b'"prev": "'), *raws[8:]],
        [*raws[:7], raws[7].replace(whole[7].hex().encode(), whole[7].hex().upper().encode()), *raws[8:]],
        [*raws[:7], raws[7].replace(whole[7].hex().encode(), b"g" * 64), *raws[8:]],
    ):  # fmt: skip
        assert links.named(changed, 0) == whole[:7], changed[7]


def test_a_flipped_bit_changes_what_is_named_only_where_that_stands(tmp_path: Path) -> None:
    raw = lines(tmp_path)[3]
    (right,) = links.named([raw], 3)
    at = raw.index(right.hex().encode())
    for place in range(len(raw)):
        line = bytearray(raw)
        line[place] ^= 1
        found = links.named([bytes(line)], 3)
        try:
            sealed = unseal(bytes(line))
        except Unsealed:
            continue  # nothing else of the line is looked at here
        assert (found == [bytes.fromhex(sealed.prev)]) == (sealed.seq == 3)
        assert found == [right] or at <= place < at + 64 or sealed.seq != 3


@given(st.integers(0, 6), st.randoms(use_true_random=False))
def test_a_subtree_is_the_tree_over_its_leaves(height: int, chance: random.Random) -> None:
    leaves = [chance.randbytes(32) for _ in range(1 << height)]
    assert merkle.subtree(leaves) == merkle.root_of(leaves)


@given(st.integers(0, 40), st.integers(0, 3), st.randoms(use_true_random=False))
def test_subtrees_and_leaves_make_the_same_tree_and_the_same_proofs(
    size: int, height: int, chance: random.Random
) -> None:
    leaves = [chance.randbytes(32) for _ in range(size)]
    many = 1 << height
    stretches = [(at, at + many * 2) for at in range(0, size - many * 2 + 1, many * 2)]
    single, grown, plain = merkle.Roots(stretches), merkle.Roots(stretches), merkle.Range()
    for leaf in leaves:
        single.add(leaf)
    at = 0
    while at < size:
        if at % many == 0 and at + many <= size:
            grown.add_subtree(merkle.subtree(leaves[at : at + many]), many)
            plain.add_subtree(merkle.subtree(leaves[at : at + many]), many)
            at += many
        else:
            grown.add(leaves[at])
            plain.add(leaves[at])
            at += 1
    assert grown.root() == single.root() == plain.root() == merkle.root_of(leaves)
    assert grown.roots(stretches) == single.roots(stretches)
