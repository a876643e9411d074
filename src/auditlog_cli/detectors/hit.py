"""What the scanner says: where something stands and what it is. Never the value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hit:
    """Something found in a value of a record, or in the name of a member.

    Attributes:
        entity: Such as `EMAIL_ADDRESS`.
        path: Dotted path of the value, or of the member whose name it is; empty for a text on its own.
        pointer: The same as a JSON pointer (RFC 6901).
        start: Where it begins in the decoded text, in code points.
        end: Where it ends.
        confidence: `certain`, `likely` or `possible`.
        in_name: It stands in the name of the member.
    """

    entity: str
    path: str
    pointer: str
    start: int
    end: int
    confidence: str
    in_name: bool = False
