"""Parts: what is taken where it stands is what the slow twin takes, and what is packed is what is read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli import times
from auditlog_cli.decoders import decode
from auditlog_cli.index import keys, making, pages, parts
from auditlog_cli.index.packing import Made
from auditlog_cli.record import Line, Record
from tests.index.lines import HOSTILE


def made(raws: list[bytes]) -> list[tuple[int, Made]]:
    """The parts of some lines."""
    data = b"".join(raw + b"\n" for raw in raws)
    return list(making.make(lambda length, at: data[at : at + length], 0, len(data)))


def opened(found: Made, folder: Path) -> parts.Part:
    """A part as it is read from a file."""
    data = pages.paged(found.packed(), 7)
    (folder / "part").write_bytes(data)
    fd = os.open(folder / "part", os.O_RDONLY)
    part = parts.Part(pages.Pages(fd, 0, len(data) // pages.PAGE, 7), found.lines)
    part.odd()
    return part


@given(st.lists(st.sampled_from(HOSTILE), min_size=1, max_size=30))
def test_every_value_leads_to_its_lines_and_every_other_line_is_odd(
    tmp_path_factory: pytest.TempPathFactory, raws: list[bytes]
) -> None:
    ((_, found),) = made(raws)
    part = opened(found, tmp_path_factory.mktemp("part"))
    odd = [*part.odd()]
    for line, raw in enumerate(raws):
        item = decode(Line(raw))
        if not isinstance(item, Record) or item.is_own:
            assert line in odd
            continue
        assert line not in odd
        for field, values in zip(keys.FIELDS, keys.of(item), strict=True):
            for value in values:
                assert line in [*part.bearing(field, value)], field
    offsets = [*part.offsets(range(len(raws)))]
    assert [end - begin - 1 for begin, end in offsets] == [len(raw) for raw in raws]


@given(st.lists(st.sampled_from(HOSTILE), min_size=1, max_size=30))
def test_records_taken_where_they_stand_are_those_of_the_slow_twin(raws: list[bytes]) -> None:
    before = making._row
    fast = [found.packed() for _, found in made(raws)]
    making._row = lambda content: None  # type: ignore[assignment]
    try:
        slow = [found.packed() for _, found in made(raws)]
    finally:
        making._row = before
    assert fast == slow


@given(
    st.lists(
        st.one_of(
            st.none(), st.integers(),
            st.sampled_from(["2026-06-01T14:23:11Z", "2026-06-01T14:23:12Z", "2026-06-01T14:23:11.5Z", "9999-99-99T00:00:00Z",
                             "2026-06-30T23:59:60Z", "2026-06-01t14:23:13z", "2026-06-01T14:23:11+02:00", "", "T", "é"]),
            st.datetimes().map(lambda when: when.isoformat(timespec="seconds") + "Z"),
        ),
        max_size=12,
    )
)  # fmt: skip
def test_the_span_of_times_is_that_of_all_that_are_understood(stamps: list[object]) -> None:
    known = [moment for moment in map(times.parse, stamps) if moment is not None]
    assert making.span_of(stamps) == ((min(known), max(known)) if known else parts.NEVER)


@pytest.mark.parametrize("step", [1, 7, 64, 1 << 20])
def test_whatever_the_block_the_parts_are_the_same(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    whole = [found.packed() for _, found in made(HOSTILE * 3)]
    monkeypatch.setattr(making, "_STEP", step)
    assert [found.packed() for _, found in made(HOSTILE * 3)] == whole


def test_a_line_that_is_too_long_is_odd_and_what_follows_is_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(making, "_STEP", 64)
    monkeypatch.setattr(making, "MAX_LINE", 2000)
    ((_, found),) = made([HOSTILE[0], b"x" * 5000, HOSTILE[0], b"y" * 9000])
    part = opened(found, tmp_path)
    assert [*part.odd()] == [1, 3]
    assert [*part.bearing("session", "sess_abc")] == [0, 2]


def test_a_line_that_no_part_can_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "_STEP", 64)
    monkeypatch.setattr(making, "MAX_LINE", 2000)
    monkeypatch.setattr(making, "LARGEST", 8000)
    with pytest.raises(making.TooLong):
        made([HOSTILE[0], b"x" * 9000])


def test_numbers_that_meet_share_their_lines(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(keys, "crc32", lambda data, seed: 5)
    monkeypatch.setattr("auditlog_cli.index.packing.number", lambda value, field: 5)
    monkeypatch.setattr("auditlog_cli.index.parts.number", lambda value, field: 5)
    ((_, found),) = made(HOSTILE[:6])
    assert [*opened(found, tmp_path).bearing("session", "nobody")] == [0, 1, 2, 3, 4, 5]


@given(st.binary(max_size=20000), st.integers(0, 21000), st.integers(0, 9000))
def test_pages_give_what_was_put_into_them(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, offset: int, length: int
) -> None:
    path = tmp_path_factory.mktemp("pages") / "pages"
    whole = pages.paged(data, 3)
    path.write_bytes(b"\0" * pages.PAGE + whole)
    count = len(whole) // pages.PAGE
    assert count == pages.pages_for(len(data))
    fd = os.open(path, os.O_RDONLY)
    try:
        held = pages.Pages(fd, 1, count, 3)
        if offset + length <= len(data):
            assert held.read(length, offset) == data[offset : offset + length]
        elif length and offset + length > count * pages.ROOM:
            with pytest.raises(pages.Damaged):
                held.read(length, offset)
        if data:
            with pytest.raises(pages.Damaged):
                pages.Pages(fd, 1, count, 4).read(1, 0)
    finally:
        os.close(fd)
