"""The contract of every importer, on its samples and on whatever else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditlog_cli import importers, strictjson
from auditlog_cli.importers._drafts import File, Unit
from auditlog_cli.importers._finishing import Finisher
from auditlog_cli.record import Line, Record
from auditlog_cli.sources import foreign
from auditlog_cli.validator.record import judge
from tests.conftest import Result
from tests.goldens import check
from tests.importers.reading import read
from tests.test_strictjson import json_values

NAMES = importers.names()
SAMPLES = [(name, number, sample) for name in NAMES for number, sample in enumerate(importers.load(name).SAMPLES)]


@pytest.fixture(params=SAMPLES, ids=lambda each: f"{each[0]}-{each[1]}")
def sample(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path]:
    """The name of a format, and a small file of it."""
    name, number, data = request.param
    path = tmp_path / f"{name}-{number}.json"
    path.write_bytes(data)
    return name, path


@pytest.mark.parametrize("name", NAMES)
def test_an_importer_has_what_an_importer_has(name: str) -> None:
    """A docstring, a hint, samples, and a place in the order of asking."""
    module = importers.load(name)
    assert module.__doc__
    assert module.HINT
    assert module.SAMPLES
    assert name in importers.ORDER


@pytest.mark.parametrize(("name", "number", "data"), SAMPLES)
def test_every_object_of_a_sample_is_claimed_by_one_format_only(name: str, number: int, data: bytes) -> None:
    """The order of asking decides nothing within the samples."""
    for _, value in strictjson.values(data):
        for each in value if isinstance(value, list) else [value]:
            assert [other for other in NAMES if importers.load(other).claims(each)] == [name]


def test_a_sample_is_recognised_and_its_units_add_up(sample: tuple[str, Path]) -> None:
    """units = recorded + folded + bad, and nothing of a sample is unknown."""
    name, path = sample
    found = read(path)
    assert found.tally.format == name
    assert found.tally.units == found.tally.recorded + sum(found.tally.folded.values()) + found.tally.bad
    assert found.tally.records == len(found.records) > 0
    assert found.tally.unknown == 0


def test_a_record_reaches_the_record_profile_and_says_where_it_is_from(sample: tuple[str, Path]) -> None:
    """Types, formats, the envelope, and provenance; what the source does not say is listed as derived."""
    name, path = sample
    for content in read(path).records:
        line = Line(json.dumps(content).encode(), str(path), 1)
        assert judge(Record(content, line, "auditlog", content), "record").problems == []
        origin = content["provenance"]["import"]
        assert origin["format"] == name
        assert origin["id"]
        assert origin["file"] == path.name
        assert "delegation_chain" not in content, "nobody guesses on whose behalf"
        assert "authorization" not in content


def test_two_readings_give_the_same(sample: tuple[str, Path]) -> None:
    """The ids come out of the source."""
    _, path = sample
    first, second = read(path).records, read(path).records
    for one, other in zip(first, second, strict=True):
        if "timestamp" in one["provenance"]["import"].get("derived", ()):
            one.pop("timestamp")
            other.pop("timestamp")
        assert one == other


def test_parents_are_among_the_spans(sample: tuple[str, Path]) -> None:
    """A sample is a whole tree."""
    records = read(sample[1]).records
    spans = {(record["trace_id"], record["span_id"]) for record in records}
    for record in records:
        if "parent_span_id" in record:
            assert (record["trace_id"], record["parent_span_id"]) in spans
            assert record["parent_span_id"] != record["span_id"]


def test_flags_fill_what_is_absent_and_are_named(sample: tuple[str, Path]) -> None:
    """The source's own word is never replaced."""
    plain = read(sample[1]).records
    told = read(sample[1], foreign.Wish(given=foreign.Given({"user.id": "zoe", "authorization.scopes": ["x"]}))).records
    for before, after in zip(plain, told, strict=True):
        supplied = after["provenance"]["import"]["supplied"]
        assert after["authorization"] == {"scopes": ["x"]}
        if "id" in before.get("user", {}):
            assert after["user"] == before["user"]
            assert supplied == ["authorization.scopes"]
        else:
            assert after["user"]["id"] == "zoe"
            assert supplied == ["user.id", "authorization.scopes"]


@pytest.mark.parametrize("name", NAMES)
def test_a_small_file_of_each_format_becomes_these_records(
    name: str, tmp_path: Path, cli: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Golden: what `auditlog import` prints for the first sample."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("auditlog_cli.times.now", lambda: "2026-06-02T00:00:00.000000Z")
    Path(f"{name}.json").write_bytes(importers.load(name).SAMPLES[0])
    told = cli("import", f"{name}.json")
    pretty = "".join(
        json.dumps(json.loads(line), indent=1, ensure_ascii=False) + "\n" for line in told.out.splitlines()
    )
    check(f"import/{name}", Result(told.code, pretty.encode(), told.err))


@pytest.mark.parametrize("name", NAMES)
def test_a_second_import_of_the_same_writes_nothing(name: str, tmp_path: Path, cli: Callable[..., Result]) -> None:
    """Each unit of each sample is in the log once."""
    log = str(tmp_path / "audit.jsonl")
    paths = []
    for number, data in enumerate(importers.load(name).SAMPLES):
        paths.append(tmp_path / f"{number}.json")
        paths[-1].write_bytes(data)
    first = cli("import", *map(str, paths), "-o", log)
    assert first.code == 0
    size = Path(log).stat().st_size
    again = cli("import", *map(str, paths), "-o", log)
    assert ": 0 written" in again.err
    assert Path(log).stat().st_size == size


def _mutations(value: Any) -> st.SearchStrategy[Any]:
    """The same object with some members replaced by anything."""
    if isinstance(value, dict):
        return st.fixed_dictionaries({key: st.one_of(_mutations(each), json_values) for key, each in value.items()})
    if isinstance(value, list):
        return st.one_of(st.tuples(*map(_mutations, value)).map(list), json_values) if value else json_values
    return st.one_of(st.just(value), json_values)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=settings.default.max_examples // 3)  # there are two dozen formats
@given(data=st.data())
def test_nothing_that_stands_in_a_unit_breaks_an_importer(name: str, data: st.DataObject) -> None:
    """Fuzzing: every member of every sample replaced by any JSON; each unit becomes records or is folded."""
    module = importers.load(name)
    objects = [
        each
        for sample in module.SAMPLES
        for _, value in strictjson.values(sample)
        for each in (value if isinstance(value, list) else [value])
    ]
    mutated = [data.draw(_mutations(each)) for each in objects]
    units = [Unit(each, 1, 0, place) for content in mutated for place, each in enumerate(module.units(content))]
    file = File("x.json", "0" * 64)
    reading, finisher = module.Reading(file), Finisher(name, file, foreign.Given())
    for unit in units:
        reading.note(unit)
    for unit in units:
        found = reading.records(unit)
        for part, draft in enumerate([] if isinstance(found, str) else found):
            content = finisher.finish(draft, unit, part)
            line = Line(json.dumps(content).encode(), "x", 1)
            problems = judge(Record(content, line, "auditlog", content), "record").problems
            assert [each for each in problems if each.at[:1] in (("timestamp",), ("trace_id",), ("session_id",))] == []
            assert isinstance(content["action"], dict)


@given(st.lists(json_values, max_size=4))
def test_recognising_never_fails(values: list[object]) -> None:
    """Whatever stands at the beginning of a file."""
    assert importers.recognise(values) in (None, *NAMES)
