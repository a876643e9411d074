"""A zip file with the records of a session or a trace, a proof for each, and how to check them without this tool."""

from __future__ import annotations

import io
import zipfile
from typing import NamedTuple

from auditlog_cli import proofs
from auditlog_cli.errors import InputError
from auditlog_cli.record import Record
from auditlog_cli.sealing import notes, tlogproof

_README = """Records of {what}
from the log {origin}

records.jsonl    {count} records, each line as it stands in the log: who asked, which agent acted, what it did
proofs/          for each of them, why it must have been in the log (https://c2sp.org/tlog-proof)
checkpoint.note  the signed state of the log: its name, {size} records, and the one hash over all of them
check.py         checks the records against the checkpoint; Python 3, nothing else; read it first

1. Are these the records that were signed?

    python3 check.py

2. Who signed? You need the public key, from somewhere else than this file. With OpenSSL:

    sed '/^$/,$d' checkpoint.note > body
    sed -n 's/^\u2014 [^ ]* //p' checkpoint.note | base64 -d | tail -c +5 > signature
    {{ echo "-----BEGIN PUBLIC KEY-----"; {{ printf '\\x30\\x2a\\x30\\x05\\x06\\x03\\x2b\\x65\\x70\\x03\\x21\\x00'
      cut -d' ' -f2 KEY.pub | base64 -d | tail -c 32; }} | base64; echo "-----END PUBLIC KEY-----"; }} > key.pem
    openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in body -sigfile signature

   or, with auditlog, one record at a time:  auditlog prove --check …

A value {{"_redacted":"…"}} was withheld; the proof holds all the same.

What this does not show: that what was recorded is true; that these are all records of {what}; when
they were written, other than before the checkpoint was signed.
"""


class Bundle(NamedTuple):
    """A bundle.

    Attributes:
        data: The zip file.
        records: How many records are in it.
        left_out: How many belong to it and are not covered by the newest checkpoint yet.
    """

    data: bytes
    records: int
    left_out: int


def build(path: str, wanted: str) -> Bundle:
    """Put the records of a session or a trace into a zip file, with a proof for each.

    Args:
        path: The log.
        wanted: The id of a session or of a trace, whole.

    Raises:
        InputError: If there is no such record, or no checkpoint that covers one.
        SealRefused: If the log is not the one that was signed.
    """
    total = 0

    def fits(record: Record) -> bool:
        nonlocal total
        found = wanted in (record.content.get("session_id"), record.content.get("trace_id"))
        total += found
        return found

    made = proofs.prove_all(path, fits)
    if not total:
        raise InputError(f"{path}: no session or trace is {wanted!r}", help=f"auditlog traces {path}")
    if not made:
        raise InputError(
            f"{path}: none of its {total} records is covered by the newest checkpoint yet",
            help=f"auditlog seal {path} --key FILE",
        )
    return Bundle(_zip(made, wanted), len(made), total - len(made))


def _zip(made: list[proofs.Proved], wanted: str) -> bytes:
    text = made[0].proof.note
    note = notes.parse(text)
    readme = _README.format(what=wanted, origin=note.origin, count=len(made), size=note.size)
    files = {
        "README.txt": readme.encode(),
        "records.jsonl": b"".join(each.line + b"\n" for each in made),
        "checkpoint.note": text.encode(),
        "check.py": _checker(),
    }
    for each in made:
        files[f"proofs/{each.proof.number}.tlog-proof"] = tlogproof.render(each.proof).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(f"evidence/{name}"), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _checker() -> bytes:
    from importlib.resources import files

    return (files("auditlog_cli") / "evidence" / "check.py").read_bytes()
