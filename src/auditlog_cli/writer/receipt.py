"""What a writer gives back for a record it took."""

from __future__ import annotations


class Receipt:
    """Proof that a record was taken, and how far it got.

    Attributes:
        status:
            `durable` (the disk confirmed it), `written` (in the file, not yet confirmed), `fallback`
            (in the fallback log, at `path`), `queued` (the call came out of a signal handler while this
            thread was writing: the outer call writes the record before it returns, and fills this receipt
            in) or `lost` (it was queued, and then the outer call could not write it; it raised).
        seq, leaf:
            Its place in the log and its hash (64 hex digits); None while queued.
        record_id:
            The record's own id.
        path:
            The log that holds it.
        renamed:
            JSON pointers of members that bore a reserved name, as they are called in the log.
        replaced:
            JSON pointers of values that JSON cannot hold.
    """

    __slots__ = ("leaf", "path", "record_id", "renamed", "replaced", "seq", "status")

    def __init__(
        self,
        status: str,
        seq: int | None,
        leaf: str | None,
        record_id: str,
        path: str,
        renamed: tuple[str, ...] = (),
        replaced: tuple[str, ...] = (),
    ) -> None:
        self.status = status
        self.seq = seq
        self.leaf = leaf
        self.record_id = record_id
        self.path = path
        self.renamed = renamed
        self.replaced = replaced

    def __repr__(self) -> str:
        return f"Receipt({self.status}, seq={self.seq}, record_id={self.record_id})"
