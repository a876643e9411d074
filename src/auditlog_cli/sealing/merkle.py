"""The Merkle tree over the leaves of a log (RFC 6962, section 2.1; RFC 9162, section 2.1). Hashes are 32 bytes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from auditlog_cli.sealing.hashes import sha256

EMPTY = sha256(b"")
"""The root of a tree without leaves."""

Stretch = tuple[int, int]
"""Leaves from the first number up to, but without, the second; with those the root of a subtree is meant."""


class ProofError(ValueError):
    """The proof does not have the form that its sizes demand."""


def node(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return sha256(b"\x01" + left + right)


def subtree(leaves: Sequence[bytes]) -> bytes:
    """Return the root over leaves, as many as a power of two; `root_of` is the slow twin."""
    level = leaves
    while len(level) > 1:
        level = [*map(node, level[0::2], level[1::2])]
    return level[0]


class Range:
    """A tree that only grows: the hashes of its largest whole subtrees, at most 64 of them.

    Args:
        size: How many leaves.
        hashes: One for each bit that is set in `size`, the highest first; as `range` in a stub (integrity.md, 5.6).

    Raises:
        ValueError: If there are more or fewer.
    """

    __slots__ = ("hashes", "size")

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        self.size = size
        self.hashes = list(hashes)
        if len(self.hashes) != size.bit_count():
            raise ValueError(f"{len(self.hashes)} hashes for a tree of {size}")

    def begin_at(self, size: int, hashes: Iterable[bytes]) -> None:
        """Begin behind leaves that nobody has any more; see the class.

        Raises:
            ValueError: If there are more or fewer hashes than bits.
        """
        Range.__init__(self, size, hashes)

    def add(self, leaf: bytes) -> None:
        """Put a leaf at the end."""
        place, hashes = self.size, self.hashes
        while place & 1:
            leaf = sha256(b"\x01" + hashes.pop() + leaf)
            place >>= 1
        hashes.append(leaf)
        self.size += 1

    def add_subtree(self, root: bytes, leaves: int) -> None:
        """Put so many leaves at the end, a power of two that divides `size`, of which the root is known."""
        place = self.size // leaves
        while place & 1:
            root = node(self.hashes.pop(), root)
            place >>= 1
        self.hashes.append(root)
        self.size += leaves

    def root(self) -> bytes:
        """Return the root as it is now."""
        if not self.hashes:
            return EMPTY
        root = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            root = node(left, root)
        return root

    def copy(self) -> Range:
        """Return the same tree, to grow on its own."""
        return Range(self.size, self.hashes)


def root_of(leaves: Iterable[bytes]) -> bytes:
    """Return the root of a tree with these leaves."""
    tree = Range()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root()


# --- proofs: which subtrees, and what follows from them --------------------------------------------


def inclusion_stretches(index: int, size: int) -> list[Stretch]:
    """Return the subtrees whose roots prove leaf `index` in a tree of `size`, in the order of the proof.

    Source: RFC 9162, section 2.1.3.1.

    Raises:
        ProofError: If there is no such leaf.
    """
    if not 0 <= index < size:
        raise ProofError(f"no leaf {index} in a tree of {size}")
    begin, end = 0, size
    found = []
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            found.append((middle, end))
            end = middle
        else:
            found.append((begin, middle))
            begin = middle
    return found[::-1]


def consistency_stretches(old: int, new: int) -> list[Stretch]:
    """Return the subtrees whose roots prove that a tree of `new` begins with one of `old`, in order.

    Source: RFC 9162, section 2.1.4.1.

    Raises:
        ProofError: If `old` is none of 1 to `new`.
    """
    if not 0 < old <= new:
        raise ProofError(f"no tree of {old} in one of {new}")
    begin, end = 0, new
    whole = True  # the old tree is the whole left part so far: its root need not be told
    found: list[Stretch] = []
    while end != old:
        middle = begin + _split(end - begin)
        if old <= middle:
            found.append((middle, end))
            end = middle
        else:
            found.append((begin, middle))
            begin = middle
            whole = False
    if not whole:
        found.append((begin, end))
    return found[::-1]


class Roots(Range):
    """A tree that keeps the roots of some stretches while it grows: one pass for any number of proofs.

    Args:
        stretches: Those that will be asked for, of trees of the size at which the growing ends.
    """

    __slots__ = ("_found", "_wanted")

    def __init__(self, stretches: Iterable[Stretch]) -> None:
        super().__init__()
        self._wanted = frozenset(stretches)
        self._found: dict[Stretch, bytes] = {}

    def begin_at(self, size: int, hashes: Iterable[bytes]) -> None:
        """Begin behind leaves that nobody has any more."""
        super().begin_at(size, hashes)
        end = size
        for hash_ in reversed(self.hashes):
            begin = end & (end - 1)
            self._found[begin, end] = hash_
            end = begin

    def add(self, leaf: bytes) -> None:
        """Put a leaf at the end."""
        self.add_subtree(leaf, 1)

    def add_subtree(self, root: bytes, leaves: int) -> None:
        """Put so many leaves at the end; no stretch that is wanted may lie among them."""
        begin, end = self.size, self.size + leaves
        if (begin, end) in self._wanted:
            self._found[begin, end] = root
        place = begin // leaves
        while place & 1:
            root = node(self.hashes.pop(), root)
            begin -= end - begin
            place >>= 1
            if (begin, end) in self._wanted:
                self._found[begin, end] = root
        self.hashes.append(root)
        self.size = end

    def roots(self, stretches: Iterable[Stretch]) -> list[bytes]:
        """Return the roots of these stretches, in their order.

        Raises:
            ProofError: If one was not announced, or lies where nobody has the leaves.
        """
        edge = self._edge()
        found = []
        for stretch in stretches:
            root = self._found.get(stretch) or edge.get(stretch)
            if root is None:
                raise ProofError(f"no root of the leaves {stretch[0]} to {stretch[1] - 1}")
            found.append(root)
        return found

    def _edge(self) -> dict[Stretch, bytes]:
        """The subtrees at the right edge, which are no power of two."""
        found: dict[Stretch, bytes] = {}
        begin, root = self.size, b""
        for left in reversed(self.hashes):
            root = node(left, root) if root else left
            begin &= begin - 1
            found[begin, self.size] = root
        return found


def root_by_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """Return the root that follows from a leaf and its proof; who asks compares it with the signed one.

    Source: RFC 9162, section 2.1.3.2.

    Raises:
        ProofError: If the proof has too many or too few hashes.
    """
    stretches = inclusion_stretches(index, size)
    if len(stretches) != len(proof):
        raise ProofError(f"{len(proof)} hashes, {len(stretches)} are needed")
    root = leaf
    for (begin, _), other in zip(stretches, proof, strict=True):
        root = node(other, root) if begin < index else node(root, other)
    return root


def roots_by_consistency(old: int, new: int, old_root: bytes, proof: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Return the old and the new root that follow from a consistency proof.

    Source: RFC 9162, section 2.1.4.2.

    Raises:
        ProofError: If the proof has too many or too few hashes.
    """
    stretches = consistency_stretches(old, new)
    if len(stretches) != len(proof):
        raise ProofError(f"{len(proof)} hashes, {len(stretches)} are needed")
    pairs = list(zip(stretches, proof, strict=True))
    if pairs and pairs[0][0][1] == old:
        left = right = pairs.pop(0)[1]
    else:
        left = right = old_root
    for (begin, _), other in pairs:
        if begin < old:
            left, right = node(other, left), node(other, right)
        else:
            right = node(right, other)
    return left, right


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)
