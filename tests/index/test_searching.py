"""A query by the index says what a scan says, whatever stands in the log."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditlog_cli.index import searching
from tests.index.asking import QUESTIONS, alike, build
from tests.index.lines import HOSTILE
from tests.logs import line, record, write

_LINES = st.lists(st.sampled_from(HOSTILE), max_size=40)
_FIXTURE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@_FIXTURE
@given(_LINES, _LINES, st.booleans(), st.sampled_from(QUESTIONS))
def test_hostile_lines_are_found_alike(
    small: None, tmp_path_factory: pytest.TempPathFactory, raws: list[bytes], more: list[bytes], ended: bool,
    question: dict[str, object],
) -> None:  # fmt: skip
    path = tmp_path_factory.mktemp("index") / "log.jsonl"
    first = line(record()) + b"\n"
    path.write_bytes(first + b"\n".join(raws) + (b"\n" if ended else b""))
    assert build(path) is not None
    alike(path, **question)
    with open(path, "ab") as file:  # what comes later is scanned, and then indexed
        file.write(b"".join(each + b"\n" for each in more))
    alike(path, **question)
    assert build(path) is not None
    alike(path, **question)


@_FIXTURE
@given(st.lists(_LINES, min_size=2, max_size=3), st.sampled_from(QUESTIONS))
def test_several_logs_are_merged_as_without_an_index(
    small: None, tmp_path_factory: pytest.TempPathFactory, logs: list[list[bytes]], question: dict[str, object]
) -> None:
    folder = tmp_path_factory.mktemp("logs")
    paths = [write(folder / f"{place}.jsonl", line(record()), *raws) for place, raws in enumerate(logs)]
    for path in paths[1:]:
        build(path)
    alike(*paths, **question)
    alike(folder, **question)


def test_an_index_spares_what_it_rules_out(small: None, tmp_path: Path) -> None:
    path = write(tmp_path / "log.jsonl", *(record(session_id=f"sess_{n % 50}", span_id="sess_3") for n in range(500)))
    build(path)
    found, said = alike(path, session=["sess_3"])
    assert len(found.wanted) == 10
    assert not said


@_FIXTURE
@given(_LINES, _LINES, st.sampled_from(QUESTIONS), st.integers(0, 3))
def test_a_part_of_which_much_is_wanted_is_scanned_and_the_answer_is_the_same(
    small: None, tmp_path_factory: pytest.TempPathFactory, raws: list[bytes], more: list[bytes],
    question: dict[str, object], dense: int,
) -> None:  # fmt: skip
    path = tmp_path_factory.mktemp("index") / "log.jsonl"
    path.write_bytes(b"".join(each + b"\n" for each in (line(record()), *raws)))
    assert build(path) is not None
    with open(path, "ab") as file:
        file.write(b"".join(each + b"\n" for each in more))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(searching, "_DENSE", dense)
        alike(path, **question)
