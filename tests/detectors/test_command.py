"""`auditlog detectors list|show|test`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from auditlog_cli.detectors import ENTITIES

CARD = "4111 1111 1111 1111"


def test_list_names_every_entity(cli: Callable) -> None:
    result = cli("detectors", "list")
    assert result.code == 0
    assert [line.split()[0] for line in result.out.splitlines()] == list(ENTITIES)
    told = json.loads(cli("detectors", "list", "--format", "json").out)
    assert [each["entity"] for each in told] == list(ENTITIES)


def test_show_understands_the_names_of_others(cli: Callable) -> None:
    result = cli("detectors", "show", "US_SOCIAL_SECURITY_NUMBER")
    assert result.code == 0 and result.out.startswith("US_SSN\n") and "social security" in result.out


def test_an_unknown_entity_is_an_error_with_near_names(cli: Callable) -> None:
    result = cli("detectors", "show", "CREDIT_CRAD")
    assert result.code == 4 and "CREDIT_CARD" in result.err


def test_every_detector_proves_itself(cli: Callable) -> None:
    result = cli("detectors", "test")
    assert result.code == 0 and result.out.rstrip().endswith("0 failed")


def test_a_text_gives_places_and_never_values(cli: Callable) -> None:
    result = cli("detectors", "test", f"card {CARD}")
    assert (result.code, result.out) == (1, "5-24  CREDIT_CARD  certain\n")
    result = cli("detectors", "test", f"card {CARD}", "--format", "json")
    assert json.loads(result.out) == [
        {"line": 1, "start": 5, "end": 24, "entity": "CREDIT_CARD", "confidence": "certain"}
    ]
    assert cli("detectors", "test", "nothing").code == 0
    assert cli("detectors", "test", "021000021", "--key", "routing").code == 1
    assert cli("detectors", "test", CARD, "--entities", "SECRET,EMAIL_ADDRESS").code == 0


def test_lines_of_standard_input(cli: Callable, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "in.txt"
    path.write_bytes(b"hello\nmail a@acme.io\r\n\xff jane@acme.io")
    with path.open() as stream:
        monkeypatch.setattr("sys.stdin", stream)
        result = cli("detectors", "test", "-", "--min-confidence", "likely")
    assert result.out.splitlines() == ["2:5-14  EMAIL_ADDRESS  likely", "3:2-14  EMAIL_ADDRESS  likely"]


def test_the_name_of_a_file_is_a_text_and_that_is_said(cli: Callable, tmp_path: Path) -> None:
    (tmp_path / "acme.yaml").write_text("x")
    done = cli("detectors", "test", tmp_path / "acme.yaml")
    assert (done.code, done.out) == (0, "nothing found\n") and "as a text, not as a file" in done.err


def test_detectors_of_ones_own(cli: Callable, tmp_path: Path) -> None:
    path = tmp_path / "acme.yaml"
    path.write_text(
        "format: auditlog.detectors/1\ndetectors:\n  - {entity: ACME_ID, pattern: 'ACME-[0-9]{4}', hit: [ACME-1234], miss: [ACME-12]}\n"
    )
    assert cli("detectors", "test", "--detectors", path).code == 0
    assert cli("detectors", "test", "ACME-1234", "--detectors", path).out == "0-9  ACME_ID  likely\n"
    assert "ACME_ID" in cli("detectors", "list", "--detectors", path).out
    path.write_text(path.read_text().replace("miss: [ACME-12]", "miss: [ACME-4321]"))
    result = cli("detectors", "test", "--detectors", path)
    assert result.code == 1 and "ACME_ID (ACME_ID): sample miss 1 is found" in result.out and "4321" not in result.out
    assert cli("detectors", "test", "--detectors", tmp_path / "none.yaml").code == 4
