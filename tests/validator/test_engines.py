"""Both engines say the same: the compiled one that judges, and the reference that explains."""

from __future__ import annotations

import copy
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli import times
from auditlog_cli.errors import DefinitionError
from auditlog_cli.validator import compiled, reference, schemas
from tests.validator.everything import EVERYTHING, json_values, ways

ANNOTATIONS = {"$schema", "$id", "$anchor", "$defs", "title", "description"}
SUITE_FILES = {"$ref": ["ref"], "$defs": ["defs"], "$anchor": ["anchor"], "if": ["if-then-else"], "then": [],
               "else": [], "format": ["optional/format/date-time"]}  # fmt: skip
NOT_IN_THE_SHARED_COPY = {"maximum", "maxProperties", "propertyNames", "minItems", "pattern", "items", "prefixItems"}


def keywords(schema: Any) -> set[str]:
    """Every keyword in a schema of ours: names at places where a schema stands."""
    if not isinstance(schema, dict):
        return set()
    found = set(schema)
    for name, value in schema.items():
        if name in ("properties", "$defs", "dependentSchemas"):
            found |= {word for each in value.values() for word in keywords(each)}
        elif isinstance(value, dict):
            found |= keywords(value)
        elif isinstance(value, list):
            found |= {word for each in value for word in keywords(each)}
    return found


USED = {word for name in schemas.names() for word in keywords(schemas.load(name))} - {"title", "description", "$schema", "$id"}  # fmt: skip


def cases(shared: Path) -> list[tuple[str, Any, Any, bool]]:
    folder = shared / "data/json/JSON-Schema-Test-Suite/tests/draft2020-12"
    found = []
    for word in sorted(USED):
        for file in SUITE_FILES.get(word, [word]):
            path = folder / f"{file}.json"
            if not path.exists():
                assert word in NOT_IN_THE_SHARED_COPY, f"no cases for {word}: say so here"
                continue
            for group in json.loads(path.read_text()):
                found += [
                    (
                        f"{file}: {group['description']}: {test['description']}",
                        group["schema"],
                        test["data"],
                        test["valid"],
                    )
                    for test in group["tests"]
                ]
    return found


def test_both_engines_pass_the_cases_of_the_keywords_that_we_use(shared: Path) -> None:
    """The published cases of draft 2020-12: same verdict from both, and the right one."""
    judged = remote = 0
    for name, schema, value, valid in cases(shared):
        text = json.dumps(schema)
        if "localhost:1234" in text or "json-schema.org/draft/2020-12/schema" in text.replace(
            '"$schema": "https://json-schema.org/draft/2020-12/schema"', ""
        ):
            remote += 1  # refers to other documents: ours never do, and nothing is fetched
            continue
        fast = compiled.compile_schema(schema) if isinstance(schema, dict) else None
        if fast is None:
            continue
        assert fast.is_valid(value) is valid, name
        assert (not reference.faults_of(reference.build(schema), value)) is valid, name
        judged += 1
    assert judged > 300
    assert remote < judged / 5


MINE = [
    ("maximum", {"maximum": 3}, [2, 3, 3.5, "x", 4]),
    ("maxProperties", {"maxProperties": 1}, [{}, {"a": 1}, {"a": 1, "b": 2}, [1, 2], "ab"]),
    ("propertyNames", {"propertyNames": {"pattern": "^a"}}, [{}, {"a": 1}, {"a": 1, "b": 2}, ["b"], "b"]),
    ("minItems", {"minItems": 2}, [[], [1], [1, 2], "a", {}]),
    ("items", {"items": {"type": "integer"}}, [[], [1, 2.0], [1, "x"], {"0": "x"}, 3]),
    ("prefixItems", {"prefixItems": [{"type": "integer"}], "items": {"type": "string"}}, [[], [1], ["x"], [1, "x"], [1, 2]]),
    ("pattern", {"pattern": "^[0-9a-f]{2}$"}, ["ab", "ab\n", "abc", "AB", 3, "a\nb"]),
    ("pattern-alternatives", {"pattern": "^$|^/"}, ["", "/a", "a", "\n", "a/"]),
    ("pattern-class", {"pattern": "^[^A-Z\\x00-\\x20\\x7f]*$"}, ["a", "", "aB", "a b", "ü", "a\n", "\x00"]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "schema", "values"), MINE, ids=[case[0] for case in MINE])
def test_both_engines_agree_where_the_shared_copy_has_no_cases(name: str, schema: Any, values: list[Any]) -> None:
    del name
    fast, slow = compiled.compile_schema(schema), reference.build(schema)
    for value in values:
        assert fast.is_valid(value) is (not reference.faults_of(slow, value)), value


def test_a_dollar_matches_at_the_end_only() -> None:
    """Python's `$` also matches before a last LF; ECMA 262's does not, and a digest with an LF is none."""
    slow = reference.build({"pattern": "^a$"})
    assert reference.faults_of(slow, "a\n")
    assert not reference.faults_of(reference.build({"pattern": "^[$]\\$$"}), "$$")


TIME: Any = {"$defs": schemas.load("record")["$defs"], "$ref": "#/$defs/time"}


@given(st.text(alphabet="0123456789TtZz:-+. ,\n", max_size=32) | st.builds(
    lambda text, at, char: text[:at] + char + text[at + 1 :],
    st.sampled_from(["2026-06-01T14:23:11Z", "2016-12-31T23:59:60.123+00:00", "2024-02-29T00:00:00.1-23:59", "0000-01-01t00:00:00z"]),
    st.integers(0, 30), st.sampled_from([*"0123456789TtZz:-+. ,\n", "", "٣"]),
))  # fmt: skip
def test_a_time_is_what_rfc_3339_says(text: str) -> None:
    """The compiled engine's own `date-time` takes `2026-06-0,T10:00:00Z`; with our pattern it does not."""
    fast, slow = compiled.compile_schema(TIME), reference.build(TIME)
    wanted = times.parse(text) is not None
    assert fast.is_valid(text) is wanted
    assert (not reference.faults_of(slow, text)) is wanted


def test_the_compiled_time_alone_would_be_too_lax() -> None:
    """If this fails the library has been mended, and the pattern may go."""
    bare: Any = {"format": "date-time"}
    assert compiled.compile_schema(bare).is_valid("2026-06-0,T23:59:60.5Z")


@given(way=st.sampled_from(ways(EVERYTHING)), value=json_values, change=st.sampled_from(["replace", "remove", "add"]))
def test_a_record_changed_in_one_member_gets_one_verdict(way: tuple[str | int, ...], value: Any, change: str) -> None:
    content = copy.deepcopy(EVERYTHING)
    holder: Any = content
    for step in way[:-1]:
        holder = holder[step]
    if change == "replace":
        holder[way[-1]] = value
    elif change == "remove":
        del holder[way[-1]]
    elif isinstance(holder, dict):
        holder["_redacted" if len(str(value)) % 2 else "surplus"] = value
    agree(content)


@given(st.dictionaries(st.sampled_from([*EVERYTHING, "auditlog", "_leaf", "other"]), json_values, max_size=8))
def test_any_object_gets_one_verdict(content: dict[str, Any]) -> None:
    agree(content)


def agree(content: dict[str, Any]) -> None:
    """Same verdict, and the same places and keywords where something is wrong."""
    for definition in ("record", "six-questions", "answering-record"):
        fast, slow = compiled.faults(definition, content), reference.faults(definition, content)
        assert compiled.verdict(definition)(content) is (not fast)
        assert {fault.at for fault in fast} == {fault.at for fault in slow}
        assert {(fault.at, fault.keyword) for fault in fast} == {(fault.at, fault.keyword) for fault in slow}


def test_huge_numbers_are_numbers_to_both() -> None:
    """Integers beyond 64 bits, and those of thousands of digits, which strict JSON gives as Decimal."""
    for number in (10**30, Decimal("9" * 5000), 1e300, 2.0):
        content = {**EVERYTHING, "usage": {"input_tokens": number}}
        assert not compiled.faults("record", content)
        assert not reference.faults("record", content)


def test_huge_numbers_stand_in_what_is_wrong() -> None:
    """Where the value that does not fit is, or holds, an integer of thousands of digits."""
    huge = Decimal("9" * 5000)
    agree({**EVERYTHING, "user": huge})
    agree({**EVERYTHING, "user": {"email": 5, "more": [huge]}})
    agree({**EVERYTHING, "usage": {"input_tokens": -huge}})


def test_a_schema_that_is_none_is_a_definition_error() -> None:
    broken: list[Any] = [{"type": 3}, {"$ref": "#/$defs/nowhere"}, {"$ref": "https://example.invalid/x"}]
    for schema in broken:
        with pytest.raises(DefinitionError):
            compiled.compile_schema(schema)
