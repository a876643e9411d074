"""schemas/rules-1: what the loader takes, the schema takes; what it says is wrong, the loader refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from auditlog_cli.errors import DefinitionError
from auditlog_cli.rules import cloning, loading, yamlfile
from auditlog_cli.validator import schemas
from tests.rules.test_loading import HEAD, HEADS, RULE, WRONG

BEYOND = {
    # What JSON Schema cannot say: what another rule, another file or the calendar says.
    "an id twice", "extends nothing", "a circle", "itself", "a parameter without default", "a date that is none",
    "another name", "no such pack", "a path",
}  # fmt: skip


def is_valid(text: str) -> bool:
    data: Any = yamlfile.parse(text.encode(), "acme.yaml").data
    return jsonschema_rs.validator_for(schemas.load("rules")).is_valid(data)


@pytest.mark.parametrize("name", loading.NAMES)
def test_shipped_packs_and_copies_are_valid(name: str) -> None:
    assert is_valid(Path(loading.shipped_path(name)).read_text())
    assert is_valid(cloning.clone(loading.load_shipped(name), "acme", "ACME"))


def test_a_skeleton_is_valid() -> None:
    assert is_valid(cloning.skeleton("acme", "ACME", "2026-11-21"))


@pytest.mark.parametrize("name", [*WRONG, *HEADS])
def test_schema_and_loader_refuse_the_same(tmp_path: Path, name: str) -> None:
    text = HEAD + "rules:\n" + WRONG[name][0] if name in WRONG else HEADS[name][0] + "rules:\n" + RULE
    (tmp_path / "acme.yaml").write_text(text)
    with pytest.raises(DefinitionError):
        loading.load_file(str(tmp_path / "acme.yaml"))
    assert is_valid(text) is (name in BEYOND)
