"""What lies beside the lines and must agree with them: values too large for a line, torn ends kept in files of their
own, and the sums of closed segments (integrity.md, 4.1 step 5, 6.1, 6.2).

The lines are signed, so what they say of a file is the measure. A file that is not there is no finding: it is said to
be unchecked. One that is there and is another is one.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from auditlog_cli import frames, parallel, segments
from auditlog_cli.errors import InputError
from auditlog_cli.sources.files import STDIN
from auditlog_cli.verdict import Problem, Verdict
from auditlog_cli.verification.own import Place, Story
from auditlog_cli.verification.reading import Snapshot

_TOUCHED = frozenset(
    ("line", "seq", "chain", "genesis", "prefix", "truncated", "root", "undeclared", "declaration", "torn-tail")
)
"""What says already why a segment is not what it was: one cause, one finding."""


def large_values(path: str, named: dict[tuple[str, int], Place], verdict: Verdict) -> int:
    """Compare the values beside the log with what their records say.

    Args:
        path: The log.
        named: SHA-256 (hex) and size of each, and the first record that refers to it.
        verdict: Findings go there.

    Returns:
        How many are not there.
    """
    absent = 0
    folder = segments.blobs_name(path)
    for (total, size), place in named.items():
        found = _look(os.path.join(folder, total)) if path != STDIN else None
        if found is None:
            absent += 1
        elif found != (total, size):
            _add(verdict, "large-value", f"the large value that record {place.seq} refers to is not the one in the file beside the log", place, total, found[0])  # fmt: skip # noqa: E501
    return absent


def torn_ends(path: str, story: Story, verdict: Verdict) -> int:
    """Compare the torn ends that were kept in files with what the records of the repairs say; see `large_values`."""
    absent = 0
    begin = re.escape(os.path.basename(segments.stem(path)))
    for name, (total, size, place) in story.torn.items():
        # The name comes out of the log: only one that the writer gives is looked for, and only beside the log.
        ours = re.fullmatch(rf"{begin}\.torn\.[0-9]{{1,18}}\.bin", name) is not None
        found = _look(os.path.join(os.path.dirname(path), name)) if ours and path != STDIN else None
        if found is None:
            absent += 1
        elif found != (total, size):
            _add(verdict, "torn-end", f"the file with the torn end is not the one of record {place.seq}", place, total, found[0])  # fmt: skip # noqa: E501
    return absent


def sums(snapshot: Snapshot, story: Story, verdict: Verdict, processes: int) -> None:
    """Compare the bytes of closed segments with the newest sum that the log names of each (`rotate`, `redacted`).

    Where the lines themselves tell what happened, or a redaction is not finished, that is enough. What is left is a
    segment in which every line holds and that is still not the one that was left there: an older copy, say, in which
    what was withheld can be read again.
    """
    closed = _closed(snapshot)
    wanted = [each for each in closed if each.name in story.sums]

    def total(number: int) -> str:
        name, fd, _ = snapshot.segments[wanted[number].place]
        return _digest(frames.blocks(name, fd))[0]

    for each, found in zip(wanted, parallel.in_order(total, len(wanted), processes), strict=True):
        expected, place = story.sums[each.name]
        if found == expected or _is_explained(each, verdict):
            continue
        if any(each.first <= seq < each.end and (at, each.name) not in story.redacted for at, seq in story.declared):
            verdict.warnings.append(
                Problem(
                    "unfinished", f"{each.name} is not what record {place.seq} says: a redaction of it is not finished",
                    seq=place.seq, path=place.path, line=place.line, byte=place.byte,
                )
            )  # fmt: skip
        else:
            _add(verdict, "segment-sum", f"{each.name} is not the file of record {place.seq}: another copy was put there, though each line in it holds", place, expected, found)  # fmt: skip # noqa: E501


class _Closed(NamedTuple):
    """A closed segment: its name as records call it, its place in the snapshot, its numbers."""

    name: str
    place: int
    first: int
    end: int


def _closed(snapshot: Snapshot) -> list[_Closed]:
    found: list[_Closed] = []
    for place, (path, _, _) in reversed([*enumerate(snapshot.segments)]):
        first = segments.first_of(path)
        if first is not None:
            end = found[-1].first if found else 1 << 62
            found.append(_Closed(os.path.basename(segments.bare(path)), place, first, end))
    return found[::-1]


def _is_explained(each: _Closed, verdict: Verdict) -> bool:
    return any(
        problem.code in _TOUCHED and (problem.seq is None or each.first <= problem.seq <= each.end)
        for problem in verdict.findings
    )


def _look(path: str) -> tuple[str, int] | None:
    """Sum and size of a file, or None if it is not there, cannot be read, or is no file."""
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return None
        fd = frames.open_plain(path)
    except (OSError, InputError):
        return None
    try:
        return _digest(_plain(fd))
    except OSError:
        return None
    finally:
        os.close(fd)


def _plain(fd: int) -> Iterator[bytes]:
    """The bytes of an open file as they stand: a large value is never unpacked."""
    while data := os.read(fd, 1 << 20):
        yield data


def _digest(blocks: Iterable[bytes]) -> tuple[str, int]:
    """Sum and size of all blocks. hashlib: it takes such blocks at the pace of the processor."""
    total, size = hashlib.sha256(), 0
    for data in blocks:
        total.update(data)
        size += len(data)
    return total.hexdigest(), size


def _add(verdict: Verdict, code: str, text: str, place: Place, expected: str, found: str) -> None:
    verdict.findings.append(
        Problem(
            code, text, seq=place.seq, path=place.path, line=place.line, byte=place.byte,
            expected=expected, found=found,
        )
    )  # fmt: skip
