"""Checks the records of this bundle against the signed checkpoint. Needs Python 3 and nothing else.

    python3 check.py

For each record: the bytes of the line, with every value it may withhold replaced by its commitment, give a leaf
(SHA-256); the hashes of its proof lead from the leaf to the root; and that root is the one in checkpoint.note.
If all.jsonl is there, it must hold every record that the checkpoint covers, one after the other: then nobody left out
one that belongs to the session or trace.
Who signed the checkpoint is checked with ssh-keygen or openssl: see README.txt.

Exit code: 0 everything holds; 1 something does not; 6 everything holds, but some records do not say where they belong.
"""

import base64
import hashlib
import json
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


def members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """The members of an object, none of which may stand there twice."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a line names a member twice")
    return found


def read(line: bytes) -> dict[str, object]:
    """What a line says."""
    try:
        found = json.loads(line.decode(), object_pairs_hook=members)
    except RecursionError:
        raise ValueError("a line is nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError("a line is no object")
    return found


def check_records(note: str, lines: list[bytes]) -> None:
    """Each record with its own proof."""
    _, size, wanted = note.split("\n")[:3]
    proofs = {}
    for name in (HERE / "proofs").glob("*.tlog-proof"):
        head, _, rest = name.read_text().partition("\n\n")
        if rest != note:
            raise ValueError(f"{name.name} belongs to another checkpoint")
        words = head.split("\n")
        proofs[int(words[1].split(" ")[1])] = [base64.b64decode(word) for word in words[2:]]
    for line in lines:
        read(line)
        number, leaf = number_and_leaf(line)
        if number not in proofs:
            raise ValueError(f"record {number} has no proof")
        if root(leaf, number, int(size), proofs.pop(number)) != base64.b64decode(wanted):
            raise ValueError(f"record {number} was changed, or was never in that log")
    if proofs:
        raise ValueError("a proof has no record" if len(proofs) == 1 else f"{len(proofs)} proofs have no record")


def check_all(note: str, lines: list[bytes]) -> int:
    """All records of the log, in order; how many do not say to which session or trace they belong."""
    _, size, wanted = note.split("\n")[:3]
    said = json.loads((HERE / "all.json").read_text())
    begin = number = int(said["first"])
    tree = [base64.b64decode(each) for each in said["range"]]
    if len(tree) != bin(begin).count("1"):
        raise ValueError("all.json does not say what came before")
    found, unknown = [], 0
    with (HERE / "all.jsonl").open("rb") as file:
        for line in file:
            at, leaf = number_and_leaf(line.removesuffix(b"\n"))
            if at != number or not line.endswith(b"\n"):
                raise ValueError(f"in all.jsonl record {number} is expected")
            content = read(line)
            ids = [content.get("session_id"), content.get("trace_id")]
            if said["id"] in ids:
                found.append(line.removesuffix(b"\n"))
            elif "_leaf" in content or any(isinstance(each, dict) for each in ids):
                unknown += 1
            place, number = number, number + 1
            while place % 2:
                leaf, place = sha256(b"\1" + tree.pop() + leaf), place // 2
            tree.append(leaf)
    if number != int(size):
        raise ValueError(f"all.jsonl ends at record {number}, and {size} were signed")
    top = tree.pop()
    while tree:
        top = sha256(b"\1" + tree.pop() + top)
    if top != base64.b64decode(wanted):
        raise ValueError("all.jsonl does not hold the records that were signed")
    if found != lines:
        raise ValueError("records.jsonl does not hold the records of all.jsonl that belong to the id")
    sys.stdout.write(f"complete: records {begin} to {number - 1} hold no other one of {said['id']!a}\n")
    if begin:
        before, them = ("record before was", "it") if begin == 1 else (f"{begin} records before were", "them")
        sys.stdout.write(f"the {before} deleted earlier: nothing is known of {them}\n")
    if unknown:
        some, they = f"{unknown} of them are withheld, or their ids are", "they belong"
        if unknown == 1:
            some, they = "1 of them is withheld, or its id is", "it belongs"
        sys.stdout.write(f"but {some}: nobody can tell where {they}\n")
    return unknown


def main() -> int:
    """Check everything, say so, and return the exit code."""
    note = (HERE / "checkpoint.note").read_text()
    origin, size, wanted = note.split("\n")[:3]
    lines = (HERE / "records.jsonl").read_bytes().split(b"\n")[:-1]
    check_records(note, lines)
    many = "1 record stands as it did" if len(lines) == 1 else f"{len(lines)} records stand as they did"
    sys.stdout.write(f"{many} among the first {size} of {origin}, root {wanted}\n")
    if not (HERE / "all.jsonl").exists():
        sys.stdout.write("whether they are all of their session or trace is not shown: all.jsonl is not there\n")
        return 0
    return 6 if check_all(note, lines) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (ValueError, OSError, LookupError, TypeError, AttributeError) as error:
        sys.exit(f"NOT proved: {error}")
