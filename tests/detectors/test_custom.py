"""Detectors of the site's own: strict, proved, and never a way to stall the reader."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from auditlog_cli.detectors import Scanner, custom
from auditlog_cli.errors import DefinitionError
from auditlog_cli.rules import yamlfile

GOOD = {
    "entity": "ACME_CUSTOMER", "title": "customer number", "pattern": "ACME-([0-9]{8})", "validator": "luhn",
    "words": ["customer"], "context": "optional", "hit": ["ACME-12345674"], "miss": ["ACME-12345675"],
}  # fmt: skip


def load(**changes: object) -> custom.Detector:
    entry = {key: value for key, value in {**GOOD, **changes}.items() if value is not None}
    text = json.dumps({"format": "auditlog.detectors/1", "detectors": [entry]}, indent=1)
    (made,) = custom.defined_in(yamlfile.parse(text.encode(), "acme.yaml"))
    return made


def test_a_detector_of_ones_own_is_found_with_its_validator_and_context() -> None:
    scanner = Scanner(["ACME_CUSTOMER"], custom=[load()])
    assert [hit.confidence for hit in scanner.text("see ACME-12345674")] == ["likely"]
    assert [hit.confidence for hit in scanner.text("customer ACME-12345674")] == ["certain"]
    assert scanner.text("see ACME-12345675") == []


def test_required_context_and_names_of_members() -> None:
    scanner = Scanner(custom=[load(pattern="[0-9]{6}", validator=None, context="required")])
    assert {hit.entity for hit in scanner.text("123987", "customer")} == {"ACME_CUSTOMER"}
    assert not scanner.text("123987", "order")
    assert scanner.scan({"metadata": {"customer": "no 123987"}})
    assert scanner.may_hit(b'{"metadata":{"customer":"no 123987"}}')


def test_a_fixed_beginning_lets_other_lines_be_passed_over() -> None:
    scanner = Scanner(custom=[load()])
    assert not scanner.may_hit(b'{"metadata":{"note":"hello"}}')
    assert scanner.may_hit(b'{"metadata":{"note":"ACME-12345674"}}')
    assert scanner.may_hit(b'{"metadata":{"note":"\\u0041CME-12345674"}}')


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+b", "(a|aa){0,200}c", r"(a)\1", "a*b", "[a-z]+@x", "(", "x" * 1001, "(?:a{1,99}){1,200}b{1,5000}"],
)
def test_dangerous_patterns_are_refused_with_file_and_line(pattern: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        load(pattern=pattern)
    assert caught.value.message.startswith("acme.yaml:7:")


@pytest.mark.parametrize(
    "changes",
    [
        {"entity": "US_SSN"}, {"entity": "lower"}, {"entity": "SECRET"}, {"entity": None}, {"hit": None}, {"miss": []}, {"patern": "x"},
        {"validator": "os.path"}, {"validator": "us"}, {"validator": "no.such"}, {"validator": "../x"}, {"validator": 3},
        {"words": "customer"}, {"context": "maybe"}, {"words": None, "context": "required"}, {"hit": ["x" * 3000]}, {"title": 7},
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(DefinitionError):
        load(**changes)


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"{}", b'{"format":"auditlog.detectors/1"}', b'{"format":"auditlog.detectors/1","detectors":[3]}',
                                  b'{"format":"x","detectors":[]}', b'{"format":"auditlog.detectors/1","detectors":[{}],"more":1}', b" " * (1 << 20) + b" "])  # fmt: skip
def test_files_that_are_none_are_refused(data: bytes) -> None:
    with pytest.raises(DefinitionError):
        custom.defined_in(yamlfile.parse(data, "acme.yaml"))


def test_yaml_says_the_same_and_errors_name_its_line(tmp_path: Path) -> None:
    path = tmp_path / "acme.yaml"
    path.write_text(
        "format: auditlog.detectors/1\ndetectors:\n  - entity: ACME_CUSTOMER\n    pattern: ACME-([0-9]{8})\n"
        "    validator: luhn\n    hit: [ACME-12345674]\n    miss: [ACME-12345675]\n"
    )
    (made,) = custom.defined_in(yamlfile.load(str(path)))
    assert made.entity == "ACME_CUSTOMER"
    path.write_text(path.read_text().replace("[0-9]{8}", "[0-9]+"))
    with pytest.raises(DefinitionError) as caught:
        custom.defined_in(yamlfile.load(str(path)))
    assert f"{path}:4:" in caught.value.message
