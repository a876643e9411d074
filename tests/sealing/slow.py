"""The slow, obvious twin of `line.assemble` and `Prepared.close`: one value at a time, hashlib only."""

from __future__ import annotations

import hashlib


def seal(pieces: list[bytes], salts: list[bytes], seq: int, prev: str) -> tuple[bytes, str]:
    """Return the line with its LF, and its leaf, for a body given in pieces (text, value, text, …, text)."""
    body = skeleton = pieces[0]
    entries = []
    for salt, value, text in zip(salts, pieces[1::2], pieces[2::2], strict=True):
        entries.append(f'["{salt.decode()}",{len(body)},{len(value)}]')
        commit = hashlib.sha256(salt + value).hexdigest()
        skeleton += b'{"_redacted":"' + commit.encode() + b'"}' + text
        body += value + text
    closing = f',"seq":{seq},"prev":"{prev}"'.encode()
    leaf = hashlib.sha256(b"\x00" + skeleton + closing + b"}").hexdigest()
    return body + closing + b',"_salts":[' + ",".join(entries).encode() + b"]}\n", leaf


def deterministic(count: int) -> list[bytes]:
    """The salts of the vectors: 16 times 00, 16 times 01, …"""
    import base64

    return [base64.urlsafe_b64encode(bytes([place] * 16))[:22] for place in range(count)]
