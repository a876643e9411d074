"""The tree of a log that is being read (RFC 6962): its roots at the sizes that checkpoints and heads name.

The last leaf is held back: whether it is the record's own or the one that its successor names is known only then.
"""

from __future__ import annotations

from collections import deque

from auditlog_cli.sealing import merkle
from auditlog_cli.verification.pieces import BLOCK, Run

_UNKNOWN = bytes(32)
_LEVEL = BLOCK.bit_length() - 1
_KEPT = 1 << 16  # leaves looked back upon for the root at an earlier size
_MOST_UNKNOWN = 1 << 10  # behind more than one the tree is not compared anyway


class Growth:
    """The tree, leaf by leaf.

    Args:
        wanted: Sizes at which the root will be asked for.

    Attributes:
        roots: Size → root.
        unresolved: Sizes that were asked for too late.
    """

    def __init__(self, wanted: set[int]) -> None:
        self.roots: dict[int, bytes] = {0: merkle.EMPTY} if 0 in wanted else {}
        self.unresolved: set[int] = set()
        self._tree = merkle.Range()
        self._wanted = {size for size in wanted if size > 0}
        self._history: deque[tuple[merkle.Range, bytes]] = deque()
        self._held = 0
        self._pending: bytes | None = None

    def begin(self, tree: merkle.Range) -> None:
        """Begin with what was pruned."""
        self._tree = tree.copy()

    @property
    def settled(self) -> int:
        """How many leaves it has, without one that is held back."""
        return self._tree.size

    @property
    def size(self) -> int:
        """How many leaves it has, with one that is held back."""
        return self._tree.size + (self._pending is not None)

    @property
    def holds_one(self) -> bool:
        """Whether a leaf is held back."""
        return self._pending is not None

    def root(self) -> bytes:
        """Return the root over the settled leaves."""
        return self._tree.root()

    def want(self, size: int) -> None:
        """See to it that the root at `size` will be known. Every leaf so far is settled."""
        if size > self._tree.size:
            self._wanted.add(size)
        elif size == self._tree.size > 0:
            self.roots[size] = self._tree.root()
        elif size > 0 and size not in self.roots and not self._look_back(size):
            self.unresolved.add(size)

    def _look_back(self, size: int) -> bool:
        """Take the root at an earlier size from the leaves that are still at hand."""
        for tree, leaves in reversed(self._history):
            if tree.size < size <= tree.size + len(leaves) // 32:
                again = tree.copy()
                for at in range(0, 32 * (size - tree.size), 32):
                    again.add(leaves[at : at + 32])
                self.roots[size] = again.root()
                return True
        return False

    def _remember(self, leaves: bytes) -> None:
        self._history.append((self._tree.copy(), leaves))
        self._held += len(leaves)
        while self._held - len(self._history[0][1]) > 32 * _KEPT:
            self._held -= len(self._history.popleft()[1])

    def settle(self, named: str | None) -> None:
        """Put the last leaf into the tree: its own, or the one that its successor names."""
        if self._pending is None:
            return
        if named:
            self._pending = bytes.fromhex(named)
        self._remember(self._pending)
        self._tree.add(self._pending)
        self._pending = None
        self._note()

    def _note(self) -> None:
        if self._tree.size in self._wanted:
            self._wanted.discard(self._tree.size)
            self.roots[self._tree.size] = self._tree.root()

    def unknown(self, count: int) -> None:
        """Bad lines take a place each; their leaves are not known (the last one's may be named)."""
        for _ in range(min(count, _MOST_UNKNOWN)):
            self.settle(None)
            self._pending = _UNKNOWN

    def extend(self, run: Run) -> None:
        """Put the leaves of a run into the tree, but for the last one: its successor may name another."""
        tree, leaves, last = self._tree, run.leaves, len(run.leaves) // 32 - 1
        self._remember(leaves[: 32 * last])
        aligned = tree.size == run.seq
        at = 0
        while at < last:
            block = run.blocks.get(at) if aligned else None
            if block is not None and at + BLOCK <= last and not self._wanted_within(tree.size, tree.size + BLOCK):
                _add_block(tree, block)
                at += BLOCK
            else:
                tree.add(leaves[32 * at : 32 * at + 32])
                at += 1
                if self._wanted:
                    self._note()
        self._pending = leaves[-32:]

    def _wanted_within(self, after: int, to: int) -> bool:
        return bool(self._wanted) and any(after < size <= to for size in self._wanted)


def _add_block(tree: merkle.Range, root: bytes) -> None:
    """Put a whole subtree of BLOCK leaves at the end of a tree whose size is a multiple of BLOCK."""
    place = tree.size >> _LEVEL
    while place & 1:
        root = merkle.node(tree.hashes.pop(), root)
        place >>= 1
    tree.hashes.append(root)
    tree.size += BLOCK
