"""All leaves of a log, as its lines name them: the tree without hashing the lines (integrity.md, 2.3).

Each line names the leaf of the record before it. That is a claim, and proved by the root: if the root over all leaves
is one that was signed, each of them is the one that was signed, because nobody finds other leaves with that root. What
else stands in a line is not looked at here. Where an index has the roots of whole subtrees, their lines are not
even read; those roots are claims of the same kind.
"""

from __future__ import annotations

from bisect import bisect_left

from auditlog_cli import strictjson
from auditlog_cli.index import parts
from auditlog_cli.sealing import links, merkle
from auditlog_cli.sealing.line import Unsealed, unseal
from auditlog_cli.verdict import Problem
from auditlog_cli.verification.badlines import Bad, Group
from auditlog_cli.verification.lines import Flawed, check


class Leaves:
    """Takes the lines of a log in their order, and gives their leaves to a tree.

    Args:
        tree: What grows; it holds what was pruned.
        head: The leaf before the first line, 64 hex digits.
        wanted: Numbers of records of which the leaf will be asked for.
        sizes: At which the root will be asked for.
        near: Records whose neighbours the tree must see one by one.
        until: How many records are wanted; None: all.

    Attributes:
        named: Number → leaf, for those that are wanted: as the record behind it names it.
        roots: Size → root.
        findings: What is wrong with the numbers, and lines that stand where a record should.
        sealed: Whether any line was a sealed one.
        lost: Whether the leaves from `next` on are not known: records are missing, or too many.
        last: The number of a record whose leaf is its own, for no record behind it names it; or None.
    """

    def __init__(
        self, tree: merkle.Range, head: str, *, wanted: set[int] = frozenset(), sizes: set[int] = frozenset(),  # type: ignore[assignment]
        near: set[int] = frozenset(), until: int | None = None,  # type: ignore[assignment]
    ) -> None:  # fmt: skip
        self._tree = tree
        self._head = head
        self._wanted = sorted(wanted)
        self._sizes = sizes
        many = parts.LEAVES
        self._single = {number // many for number in near} | {size // many for size in sizes if size % many}
        self._near = {number // many for number in wanted}
        self._until = until
        self._held: bytes | None = None  # the last line: its leaf stands in the next one
        self._begun = False
        self._coming: list[bytes] = []  # leaves that are not in the tree yet
        self._bad: list[tuple[str, Group]] = []
        self.named: dict[int, bytes] = {}
        self.roots: dict[int, bytes] = {tree.size: tree.root()} if tree.size in sizes else {}
        self.findings: list[Problem] = []
        self.sealed = False
        self.lost = False
        self.last: int | None = None

    @property
    def next(self) -> int:
        """The number that the next line should have."""
        return self._tree.size + len(self._coming) + (self._held is not None)

    @property
    def done(self) -> bool:
        """Whether no further line is of use."""
        return self.lost or (self._until is not None and self._tree.size + len(self._coming) >= self._until)

    def skips(self, begin: int) -> bool:
        """Tell whether the leaves of the subtree that begins with record `begin` need not be seen one by one."""
        block = begin // parts.LEAVES
        end = begin + parts.LEAVES
        return block not in self._single and block not in self._near and (self._until is None or end <= self._until)

    # --- what comes

    def take(self, raws: list[bytes], path: str, line: int, byte: int) -> None:
        """Take the next lines, each ended by LF; `line` and `byte` are where the first one stands."""
        at, step = 0, len(raws)
        while at < len(raws) and not self.done:
            if self._bad and not self._settle_bad(raws[at]):
                byte += len(raws[at]) + 1
                at += 1
                continue
            tried = raws[at : at + step] if at or step < len(raws) else raws
            some = links.named(tried, self.next)
            if some:
                self._link(some, tried[len(some) - 1], path, line + at, byte)
            at += len(some)
            byte += sum(map(len, tried[: len(some)])) + len(some)
            step *= 2
            if len(some) < len(tried):
                self._odd(raws[at], path, line + at, byte)
                byte += len(raws[at]) + 1
                at += 1
                step = 1  # where many lines are none, each of them must not look at all that follow

    def take_subtrees(self, raw: bytes, roots: list[bytes]) -> bool:
        """Take subtrees of which the roots are known; `raw` is the first line of them. Tell whether it is that."""
        some = links.named([raw], self.next)
        if not some or self._bad:
            return False
        self._link(some, raw, "", 0, 0)
        self._flush()
        self._held = None
        for root in roots:
            self._tree.add_subtree(root, parts.LEAVES)
            self._rooted()
        return True

    def torn(self, raw: bytes, path: str, line: int, byte: int) -> None:
        """Take bytes at the end of a file that no LF ends."""
        if not self.done:
            flaw = Flawed("json", "the line does not end in LF", len(raw), is_object=False)
            self._add_bad(raw, path, line, byte, flaw, ended=False)

    def end(self) -> None:
        """Say that nothing follows."""
        if not self.done and self._held is not None:
            self.last = self.next - 1
            self._settle_held()
        if not self.done:
            self._settle_end()
        self._flush(whole=True)

    # --- inside

    def _link(self, named: list[bytes], last: bytes, path: str, line: int, byte: int) -> None:
        """Take lines that continue one another: the leaves that they name, and the last one of them."""
        self.sealed = True
        if self._held is None:
            # The leaf before it stands in the tree already; but for the first line nobody has looked at its link.
            if not self._begun and named[0].hex() != self._head:
                seq = self.next
                what = (
                    "record 0 names a record before it"
                    if not seq
                    else f"record {seq} does not continue the pruned ones"
                )
                self.findings.append(Problem("chain", what, seq=seq, path=path, line=line, byte=byte,
                                             expected=self._head, found=named[0].hex()))  # fmt: skip
            named = named[1:]
        self._begun = True
        self._held = last
        self._extend(named)

    def _extend(self, leaves: list[bytes]) -> None:
        begin = self._tree.size + len(self._coming)
        end = begin + len(leaves)
        place = bisect_left(self._wanted, begin)
        while place < len(self._wanted) and self._wanted[place] < end:
            self.named[self._wanted[place]] = leaves[self._wanted[place] - begin]
            place += 1
        self._coming += leaves
        if len(self._coming) >= parts.LEAVES:
            self._flush()

    def _flush(self, *, whole: bool = False) -> None:
        """Give leaves to the tree, whole subtrees at a time; the rest only in the end, or where it has a neighbour."""
        tree, coming, many = self._tree, self._coming, parts.LEAVES
        if self._until is not None:
            del coming[max(self._until - tree.size, 0) :]
        at = 0
        while at < len(coming):
            some = coming[at : at + many - tree.size % many]
            if len(some) == many and tree.size // many not in self._single:
                tree.add_subtree(merkle.subtree(some), many)
                self._rooted()
            elif (tree.size + len(some)) % many == 0 or whole or self.done:
                for leaf in some:
                    tree.add(leaf)
                    self._rooted()
            else:
                break
            at += len(some)
        del coming[:at]

    def _rooted(self) -> None:
        if self._tree.size in self._sizes:
            self.roots[self._tree.size] = self._tree.root()

    def _settle_held(self) -> bool:
        """Take the leaf of the last line from itself: the one behind it does not name it."""
        if self._held is None:
            return True
        seq = self.next - 1
        try:
            leaf = bytes.fromhex(unseal(self._held).leaf)
        except Unsealed as error:
            self._lose(Problem("line", f"record {seq} is no well-formed record: {error}", seq=seq, detail=error.detail))
            return False
        self._held = None
        self._extend([leaf])
        return True

    def _odd(self, raw: bytes, path: str, line: int, byte: int) -> None:
        """Take a line that does not name the leaf of the record before it, or has another number."""
        try:
            sealed = unseal(raw)
        except Unsealed:
            try:
                check(raw)
            except Flawed as error:
                self._add_bad(raw, path, line, byte, error)
            return
        self.sealed = True
        expected = self.next
        if sealed.seq == expected:  # a record that is withheld as a whole
            if self._settle_held():
                self._begun, self._held = True, raw
            return
        self._lose(
            Problem(
                "seq", f"record {sealed.seq} stands where record {expected} is expected", seq=expected, path=path,
                line=line, byte=byte, expected=str(expected), found=str(sealed.seq),
            )
        )  # fmt: skip

    def _add_bad(self, raw: bytes, path: str, line: int, byte: int, error: Flawed, *, ended: bool = True) -> None:
        if not self._bad or self._bad[-1][0] != path or not self._bad[-1][1].same(error):
            self._bad.append((path, Group(line, byte, error)))
        self._bad[-1][1].add(raw, ended)

    def _settle_bad(self, raw: bytes) -> bool:
        """Judge the lines before `raw` that are no records; tell whether `raw` is still to be taken."""
        seq, expected = links.number(raw), self.next
        if seq is None:
            return True  # one more of them
        bad = [(path, group.made()) for path, group in self._bad]
        self._bad = []
        if _accounts_for(raw, bad[-1][1]):
            bad.pop()
        for path, each in bad:
            self._flawed(path, each)
        prev = unseal(raw).prev
        if seq != expected + 1 or sum(each.many for _, each in bad) != 1 or not prev:
            self.lost = bool(bad) and seq != expected
            return not self.lost
        if self._settle_held():
            self._extend([bytes.fromhex(prev)])  # one record was overwritten, and is still named
            self._begun, self._held = True, raw
        return False

    def _settle_end(self) -> None:
        """Judge the lines behind the last record; those that never were one are a torn end."""
        bad = [(path, group.made()) for path, group in self._bad]
        torn = None
        while bad and not bad[-1][1].is_object:
            torn = bad.pop()
        for path, each in bad:
            self._flawed(path, each)
        if torn is not None:
            path, each = torn
            text = "the log ends in bytes that are no record: an append that did not come to its end"
            self.findings.append(
                Problem("torn-tail", text, seq=self.next, path=path, line=each.number, byte=each.offset)
            )

    def _flawed(self, path: str, bad: Bad) -> None:
        seq = self.next
        problem = Problem(
            "line", f"record {seq} is no well-formed record: {bad.reason}", seq=seq, detail=bad.detail, path=path,
            line=bad.number, byte=bad.offset + bad.at,
        )  # fmt: skip
        problem.again = bad.many - 1
        self.findings.append(problem)

    def _lose(self, problem: Problem) -> None:
        self.findings.append(problem)
        self.lost = True


def _accounts_for(raw: bytes, bad: Bad) -> bool:
    """Whether a record says of the lines before it that a crash left them there (integrity.md, 6.2)."""
    try:
        own = strictjson.decode(raw).get("auditlog")
    except strictjson.Malformed:
        return False
    if not isinstance(own, dict) or own.get("type") != "recovered" or own.get("kind") != "left":
        return False
    return own.get("sha256") in bad.sums and bad.ended
