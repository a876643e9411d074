"""Checks the records of this bundle against the signed checkpoint. Needs Python 3 and nothing else.

    python3 check.py

For each record: the bytes of the line, with every value it may withhold replaced by its commitment, give a leaf
(SHA-256); the hashes of its proof lead from the leaf to the root; and that root is the one in checkpoint.note.
Who signed the checkpoint is checked with ssh-keygen or openssl: see README.txt.
"""

import base64
import hashlib
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).parent
TRAILER = re.compile(rb',"_salts":\[(\["[A-Za-z0-9_-]{22}",[1-9][0-9]*,[1-9][0-9]*\](,(?=\[))?)*\]\}')
TOMBSTONE = re.compile(rb'\{"seq":(0|[1-9][0-9]*),"_leaf":"([0-9a-f]{64})","_salts":\[\]\}')


def sha256(data: bytes) -> bytes:
    """The 32 bytes."""
    return hashlib.sha256(data).digest()


def number_and_leaf(line: bytes) -> tuple[int, bytes]:
    """What a line is, told by its bytes alone."""
    found = TOMBSTONE.fullmatch(line)
    if found:
        return int(found[1]), bytes.fromhex(found[2].decode())
    cut = line.rfind(b',"_salts":[')
    if cut < 1 or not line.startswith(b"{") or not TRAILER.fullmatch(line[cut:]):
        raise ValueError("a line is no sealed record")
    skeleton, at = b"", 0
    for salt, start, length in re.findall(rb'\["([A-Za-z0-9_-]{22})",([0-9]+),([0-9]+)\]', line[cut:]):
        begin, end = int(start), int(start) + int(length)
        if begin < at or end > cut:
            raise ValueError("the values that a line names overlap")
        hole = b'{"_redacted":"%s"}' % sha256(salt + line[begin:end]).hex().encode()
        skeleton, at = skeleton + line[at:begin] + hole, end
    skeleton += line[at:cut]
    closing = re.search(rb',"seq":(0|[1-9][0-9]*),"prev":"[0-9a-f]{64}"\Z', skeleton)
    if not closing:
        raise ValueError("a line does not end in its number")
    return int(closing[1]), sha256(b"\0" + skeleton + b"}")


def root(leaf: bytes, index: int, size: int, hashes: list[bytes]) -> bytes:
    """Where the proof leads (RFC 9162, 2.1.3.2)."""
    first, last = index, size - 1
    for other in hashes:
        if last == 0:
            raise ValueError("a proof is too long")
        if first % 2 or first == last:
            leaf = sha256(b"\1" + other + leaf)
            while first % 2 == 0 and first:
                first, last = first // 2, last // 2
        else:
            leaf = sha256(b"\1" + leaf + other)
        first, last = first // 2, last // 2
    if last:
        raise ValueError("a proof is too short")
    return leaf


def main() -> None:
    """Check everything, and say so."""
    note = (HERE / "checkpoint.note").read_text()
    origin, size, wanted = note.split("\n")[:3]
    lines = (HERE / "records.jsonl").read_bytes().split(b"\n")[:-1]
    proofs = {}
    for name in (HERE / "proofs").glob("*.tlog-proof"):
        head, _, rest = name.read_text().partition("\n\n")
        if rest != note:
            raise ValueError(f"{name.name} belongs to another checkpoint")
        words = head.split("\n")
        proofs[int(words[1].split(" ")[1])] = [base64.b64decode(word) for word in words[2:]]
    for line in lines:
        number, leaf = number_and_leaf(line)
        if number not in proofs:
            raise ValueError(f"record {number} has no proof")
        if root(leaf, number, int(size), proofs.pop(number)) != base64.b64decode(wanted):
            raise ValueError(f"record {number} was changed, or was never in that log")
    if proofs:
        raise ValueError(f"{len(proofs)} proofs have no record")
    sys.stdout.write(f"{len(lines)} records stand as they did among the first {size} of {origin}, root {wanted}\n")


if __name__ == "__main__":
    try:
        main()
    except (ValueError, OSError, IndexError) as error:
        sys.exit(f"NOT proved: {error}")
