"""What a bundle says to its reader: the page, and the checker."""

from __future__ import annotations

from auditlog_cli.counts import many
from auditlog_cli.sealing.notes import Note

TYPE_CHECKING = False
if TYPE_CHECKING:
    from auditlog_cli.evidence.bundle import Bundle

_README = """Records of {what}
from the log {origin}

records.jsonl    {count}, each line as it stands in the log: who asked, which agent acted, what it did
proofs/          for each of them, why it must have been in the log (https://c2sp.org/tlog-proof)
checkpoint.note  the signed state of the log: its name, {size}, and the one hash over all of them
{all}check.py         checks the records against the checkpoint; Python 3, nothing else; read it first

1. Are these the records that were signed?{question}

    python3 check.py

2. Who signed? You need the public key, from somewhere else than this file. With OpenSSL:

    sed '/^$/,$d' checkpoint.note > body
    sed -n 's/^\u2014 [^ ]* //p' checkpoint.note | base64 -d | tail -c +5 > signature
    {{ echo "-----BEGIN PUBLIC KEY-----"; {{ printf '\\x30\\x2a\\x30\\x05\\x06\\x03\\x2b\\x65\\x70\\x03\\x21\\x00'
      cut -d' ' -f2 KEY.pub | base64 -d | tail -c 32; }} | base64; echo "-----END PUBLIC KEY-----"; }} > key.pem
    openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in body -sigfile signature

   or, with auditlog, one record at a time:  auditlog prove --check …

A value {{"_redacted":"…"}} was withheld; the proof holds all the same.
{complete}
What this does not show: that what was recorded is true, and that everything was recorded;{open} when
they were written, other than before the checkpoint was signed.
"""
_ALL = """all.jsonl        every record of the log, these and {others} others, whose values are withheld
all.json         the id, and where all.jsonl begins
"""
_COMPLETE = """
all.jsonl shows that none is missing: the checkpoint fixes how many records there are, each of them is there, and
the ids of its session and its trace stand in it. So records {first} to {last} hold no other one of {what}.
"""
_UNKNOWN = """But {unknown} of the others are withheld as a whole, or their ids are: nobody can tell from this file
whether they belong to it.
"""
_PRUNED = """The records before {first} were deleted from the log earlier; nothing is said about them.
"""


def readme(wanted: str, note: Note, made: Bundle) -> str:
    """Return the page of a bundle."""
    complete = made.others is not None
    words = {"what": wanted, "first": made.first, "last": note.size - 1, "others": made.others, "unknown": made.unknown}
    parts = [_COMPLETE] * complete + [_UNKNOWN] * bool(made.unknown) + [_PRUNED] * bool(complete and made.first)
    return _README.format(
        what=wanted, origin=note.origin, count=many(made.records, "record"), size=many(note.size, "record"),
        all=_ALL.format(**words) if complete else "",
        question=" Are they all?" if complete else "",
        complete="".join(parts).format(**words),
        open="" if complete else f" that these are all records of {wanted};",
    )  # fmt: skip


def checker() -> bytes:
    """Return the checker that goes into every bundle."""
    from importlib.resources import files

    return (files("auditlog_cli") / "evidence" / "check.py").read_bytes()
