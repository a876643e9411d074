"""RFC 3339 in, microseconds inside, RFC 3339 out."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli import times

REFUSED = [
    "2026-06-01", "2026-06-01T14:23:11", "2026-06-01 14:23:11Z", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z",
    "2026-06-31T00:00:00Z", "2026-06-01T24:00:00Z", "2026-06-01T00:60:00Z", "2026-06-01T00:00:60Z",
    "2026-06-01T00:00:00+24:00", "2026-06-01T00:00:00+0100", "2026-06-01T00:00:00.Z", "２026-06-01T00:00:00Z",
    "2026-06-01T00:00:00ZZ", "", "x", "2026-6-1T00:00:00Z", "+026-06-01T00:00:00Z",
]  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_rfc_3339_time(text: str) -> None:
    """Nothing but RFC 3339, section 5.6, is a time."""
    assert times.parse(text) is None


@pytest.mark.parametrize("value", [None, 7, True, {}, []])
def test_what_is_no_text_is_no_time(value: object) -> None:
    assert times.parse(value) is None


@given(st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)), st.integers(-1439, 1439))
def test_it_agrees_with_datetime(moment: datetime, offset: int) -> None:
    """The hand-written parser and renderer against the standard library's."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    there = moment.replace(tzinfo=UTC)
    micros = (there - epoch) // timedelta(microseconds=1)
    assert times.parse(moment.isoformat(timespec="microseconds") + "Z") == micros
    sign, minutes = "-" if offset < 0 else "+", abs(offset)
    text = f"{moment.isoformat(timespec='microseconds')}{sign}{minutes // 60:02d}:{minutes % 60:02d}"
    assert times.parse(text) == micros - offset * times.MINUTE
    assert times.render(micros) == there.isoformat(timespec="microseconds").replace("+00:00", "Z")


def test_a_leap_second_ends_a_day_in_utc() -> None:
    """RFC 3339, 5.7 and appendix D."""
    assert times.parse("1990-12-31T23:59:60Z") == times.parse("1991-01-01T00:00:00Z")
    assert times.parse("1990-12-31T15:59:60-08:00") == times.parse("1991-01-01T00:00:00Z")
    assert times.parse("1990-12-31T15:59:60Z") is None


def test_the_json_schema_suite_agrees(shared: Path) -> None:
    """The date-time cases of the draft 2020-12 test suite."""
    file = shared / "data/json/JSON-Schema-Test-Suite/tests/draft2020-12/optional/format/date-time.json"
    if not file.exists():
        pytest.skip(f"{file} is not in the shared data")
    for group in json.loads(file.read_text()):
        for case in group["tests"]:
            if isinstance(case["data"], str):
                assert (times.parse(case["data"]) is not None) == case["valid"], case["description"]


NOW = times.parse("2026-06-10T12:00:00Z")
MOMENTS = [
    ("2026-06-01", "2026-06-01T00:00:00Z"), ("2026-06-01T14:23", "2026-06-01T14:23:00Z"),
    ("2026-06-01 14:23:11", "2026-06-01T14:23:11Z"), ("2026-06-01T14:23:11+02:00", "2026-06-01T12:23:11Z"),
    ("-3h", "2026-06-10T09:00:00Z"), ("3h", "2026-06-10T09:00:00Z"), ("1d12h", "2026-06-09T00:00:00Z"),
    ("now", "2026-06-10T12:00:00Z"), ("@0", "1970-01-01T00:00:00Z"), ("2w", "2026-05-27T12:00:00Z"),
    ("today", "2026-06-10T00:00:00Z"), ("yesterday", "2026-06-09T00:00:00Z"), ("09:30", "2026-06-10T09:30:00Z"),
    ("2026-06-01T14:23Z", "2026-06-01T14:23:00Z"), ("2026-06-01 14:23+02:00", "2026-06-01T12:23:00Z"),
    ("23:59:59", "2026-06-10T23:59:59Z"), ("2026-06-01T14:23-05:30", "2026-06-01T19:53:00Z"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "meant"), MOMENTS)
def test_what_a_user_may_type(text: str, meant: str) -> None:
    assert times.moment(text, NOW) == times.parse(meant)


@pytest.mark.parametrize(
    "text",
    [
        "tomorrow",
        "25:00",
        "9:30",
        "2026-06-01T14:23+",
        "12:00Z",
        "3",
        "h",
        "2026-06",
        "@x",
        "",
        "-",
        "3x",
        "@nan",
        "@1e99",
    ],
)
def test_what_a_user_may_not_type(text: str) -> None:
    assert times.moment(text, NOW) is None


def test_now_is_rfc_3339_and_does_not_run_backwards() -> None:
    stamps = [times.now() for _ in range(1000)]
    assert stamps == sorted(stamps)
    assert all(times.parse(stamp) is not None and len(stamp) == 27 for stamp in stamps)


@pytest.mark.parametrize("text", ["9" * 5000 + "d", "1" * 19 + "s"])
def test_a_duration_longer_than_the_world_is_none(text: str) -> None:
    assert times.duration(text) is None and times.moment(text) is None
