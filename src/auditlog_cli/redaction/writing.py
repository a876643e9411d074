"""Masking of records in a program: on their own, or on their way into a log (compliance.md, 12, "Writing")."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from auditlog_cli.errors import UsageError
from auditlog_cli.redaction import settings
from auditlog_cli.redaction.masks import load_key

Confidence = Literal["certain", "likely", "possible"]


class Redaction:
    """What is masked in records, and how. Made once, used for as many as there are, from any thread.

    `AuditLog("audit.jsonl", redact=Redaction())` masks before anything reaches the disk.

    Args:
        entities: Names or aliases of what detectors find (`auditlog detectors list`); None: all that are personal or
            secret wherever they stand, unless `fields` alone are asked for.
        min_confidence: The least that is taken; None: `likely`.
        fields: Dotted paths whose values go whatever they hold; `*` is any name.
        profile: A file, `auditlog.redaction/1`, with these settings and more; what is given here goes over it.
        pseudonyms: A key of at least 16 bytes, or the file that holds it: equal values get equal masks.

    Raises:
        InputError: If the profile is missing.
        DefinitionError: If the profile, a name, a pattern or the file with the key is wrong.
        UsageError: If an argument is.
    """

    def __init__(
        self,
        *,
        entities: Sequence[str] | None = None,
        min_confidence: Confidence | None = None,
        fields: Sequence[str] = (),
        profile: str | os.PathLike[str] | None = None,
        pseudonyms: bytes | str | os.PathLike[str] | None = None,
    ) -> None:
        self.settings = settings.asked(
            None if profile is None else os.fsdecode(profile),
            None if entities is None else [entities] if isinstance(entities, str) else list(entities),
            min_confidence,
            [fields] if isinstance(fields, str) else list(fields),
        )
        key = pseudonyms if pseudonyms is None or isinstance(pseudonyms, bytes) else load_key(os.fsdecode(pseudonyms))
        self._redactor = self.settings.redactor(key)

    def __call__(self, record: dict[str, Any]) -> dict[str, Any]:
        """Mask a record made of dicts, lists and scalars in place, and return it. What a writer calls."""
        return self._redactor.record(record)

    def record(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Return a masked copy of a record. Names of members are never changed.

        Raises:
            UsageError: If it holds something that JSON has no word for: it would not be looked at.
        """
        try:
            copy = _copy(record)
        except RecursionError:
            raise UsageError(
                "redact: the record is nested too deep, or holds itself", help="flatten it before it is logged"
            ) from None
        return self(copy)


def _copy(value: Any) -> Any:
    if isinstance(value, Mapping):
        for name in value:
            if not isinstance(name, str):
                raise UsageError(
                    f"redact: the name of a member is {type(name).__name__}, not str",
                    help="JSON names members by texts",
                )
        return {name: _copy(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_copy(each) for each in value]
    if value is None or isinstance(value, (str, int, float)):
        return value
    raise UsageError(
        f"redact: a value is {type(value).__name__}, which would not be looked at",
        help="make it a text, a number, a list or a dict first",
    )
