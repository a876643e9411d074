"""What a count wants to know of a record, in 16 bits: a call, an error, a refusal, and about how long it took.

    bits 0 to 11   0: no latency; else the number of its bucket (`statistics.bucket_of`), and one more
    bit 12         a call
    bit 13         an error
    bit 14         denied or blocked

`statistics.Group.add` is the slow twin (tests/index/test_counting.py).
"""

from __future__ import annotations

from auditlog_cli import fields
from auditlog_cli.statistics import ERRORS, REFUSED, bucket_of, latency_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LATENCY = 0x0FFF
CALL = 0x1000
ERROR = 0x2000
DENIED = 0x4000
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


class Measures:
    """The same for many records of ours: most of them have measures that an earlier one had."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], int] = {}

    def of(self, content: dict[str, Any]) -> int:
        """Return the measures of a record whose `action` is an object, and its tool a text."""
        get = content["action"].get
        latency = get("latency_ms")
        # The class, for 1 and true are one key.
        key = (get("result_status"), get("phase"), get("type"), not get("tool"), latency, latency.__class__)
        try:
            return self._known[key]
        except KeyError:
            if len(self._known) >= _KNOWN:
                self._known.clear()
            found = self._known[key] = of(content)
            return found
        except TypeError:  # an object or a list stands where a text should
            return of(content)
