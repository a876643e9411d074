"""What a count wants to know of a record, in 16 bits: a call, an error, a refusal, and about how long it took.

    bits 0 to 11   0: no latency; else the number of its bucket (`statistics.bucket_of`), and one more
    bit 12         a call
    bit 13         an error
    bit 14         denied or blocked

`statistics.Group.add` is the slow twin (tests/index/test_counting.py).
"""

from __future__ import annotations

from auditlog_cli import fields
from auditlog_cli.index.keys import COLUMNS
from auditlog_cli.statistics import ERRORS, MOST, REFUSED, bucket_of, latency_of

LATENCY = 0x0FFF
CALL = 0x1000
ERROR = 0x2000
DENIED = 0x4000
WORDS = 3
"""How many texts of a record its measures are made from, besides its tool."""
TOOL = [path for _, path in COLUMNS].index("action.tool")
_KNOWN = 50_000


def of(content: dict[str, object]) -> int:
    """Return the measures of a record of any shape."""
    text = fields.text
    status, phase = text(content, "action.result_status"), text(content, "action.phase")
    tool, kind = text(content, "action.tool"), text(content, "action.type")
    return _measures(status, phase, kind, bool(tool), latency_of(content))


def _measures(status: str, phase: str, kind: str, tool: bool, latency: float | None) -> int:
    found = ERROR * (status in ERRORS) | DENIED * (status in REFUSED)
    if phase == "start":
        return found
    found |= CALL * (tool and kind != "approval")
    return found if latency is None else found | bucket_of(latency) + 1


class _Flags(dict[tuple[str, ...], int]):
    """(tool, status, phase, type) → the measures without the latency, or `_START`. Texts of records: few."""

    def __missing__(self, key: tuple[str, ...]) -> int:
        tool, status, phase, kind = key
        found = _measures(status, phase, kind, bool(tool), None) | _START * (phase == "start")
        if len(self) < _KNOWN:
            self[key] = found
        return found


class _Buckets(dict[float | None, int]):
    """A latency, or None → the bits that it has."""

    def __missing__(self, latency: float | None) -> int:
        found = 0 if latency is None or not -MOST < latency < MOST else bucket_of(float(latency)) + 1
        if latency is not None and len(self) < _KNOWN:
            self[latency] = found
        return found


_START = 0x8000  # the beginning of a call has no latency
_flags = _Flags()
_buckets = _Buckets()


def of_many(rows: list[tuple[str, ...]], latencies: list[float | None]) -> list[int]:
    """Return the measures of many records of ours.

    Args:
        rows: Their tools at `TOOL`, and at the end result_status, phase, type.
        latencies: Numbers, none of them true or false.
    """
    columns = list(zip(*rows, strict=True))
    flags = map(_flags.__getitem__, zip(columns[TOOL], *columns[-WORDS:], strict=True))
    found = map(_buckets.__getitem__, latencies)
    return [each | bucket if each < _START else each ^ _START for each, bucket in zip(flags, found, strict=True)]
