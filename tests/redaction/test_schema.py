"""`schemas/redaction-1.schema.json` and the loader of profiles say the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from auditlog_cli.errors import AuditlogError
from auditlog_cli.redaction import settings
from auditlog_cli.validator import schemas

FULL: dict[str, Any] = {
    "format": "auditlog.redaction/1", "name": "billing", "entities": ["EMAIL_ADDRESS", "SECRET"], "min_confidence": "certain",
    "fields": {"user.email": "mask", "metadata.note": "remove"}, "ways": {"EMAIL_ADDRESS": "last4"}, "paths": ["source.note"],
    "phone_regions": ["DE"], "test_numbers": "ignore", "mrn": "M[0-9]{6}",
}  # fmt: skip
CHANGES: list[tuple[str, Any]] = [
    ("format", "auditlog.redaction/2"), ("format", 1), ("name", 1), ("entities", "EMAIL_ADDRESS"), ("entities", [1]),
    ("entities", []), ("min_confidence", "sure"), ("fields", ["user.email"]), ("fields", "user.email"), ("fields", {"a": "burn"}),
    ("fields", {"a": 1}), ("ways", {"EMAIL_ADDRESS": "burn"}), ("ways", []), ("paths", [True]), ("phone_regions", "DE"),
    ("test_numbers", "info"), ("mrn", 5), ("detectors", 5), ("entity", []),
]  # fmt: skip


def loads(folder: Path, profile: object) -> bool:
    path = folder / "profile.json"
    path.write_text(json.dumps(profile))
    try:
        settings.load(str(path))
    except AuditlogError:
        return False
    return True


def test_a_full_profile_is_one(tmp_path: Path) -> None:
    assert loads(tmp_path, FULL) and jsonschema_rs.is_valid(schemas.load("redaction-1"), FULL)
    assert set(schemas.load("redaction-1")["properties"]) == {*FULL, "detectors"}


@pytest.mark.parametrize(("name", "value"), CHANGES)
def test_schema_and_loader_agree(tmp_path: Path, name: str, value: Any) -> None:
    profile = {**FULL, name: value}
    assert loads(tmp_path, profile) == jsonschema_rs.is_valid(schemas.load("redaction-1"), profile)


def test_a_profile_needs_its_format(tmp_path: Path) -> None:
    bare = {name: value for name, value in FULL.items() if name != "format"}
    assert not loads(tmp_path, bare) and not jsonschema_rs.is_valid(schemas.load("redaction-1"), bare)
