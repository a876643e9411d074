"""What the small benchmark says about ratios; not how fast anything is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import quick
from tables import NotRun, Runs


def runs(**ratios: float) -> Runs:
    made = Runs(ratios, 1)
    for name, ratio in ratios.items():
        made.add(name, cpu=ratio / 100, loop=0.01, ratio=ratio)
    return made


def test_a_ratio_up_to_the_limit_is_no_regression_and_one_above_it_is() -> None:
    assert quick.verdicts({"read": 1.6}, {"read": 1.0}) == {}
    assert quick.verdicts({"read": 1.7}, {"read": 1.0}) == {"read": "1.70 times the recorded ratio (1.700 : 1.000)"}


def test_what_was_never_recorded_or_is_not_measured_any_more_is_told() -> None:
    told = quick.verdicts({"new": 1.0}, {"gone": 1.0})
    assert told == {"new": "not recorded: make bench-quick RECORD=1", "gone": "recorded, and not measured any more"}


def test_a_ratio_that_was_not_measured_is_not_compared() -> None:
    with pytest.raises(NotRun):
        quick.ratios(Runs(["read"], 1))


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "quick.json"
    path.write_text(json.dumps({"ratios": {"read": 1.0, "check": 2.0}}))
    monkeypatch.setattr(quick, "KEPT", path)
    return path


def given(monkeypatch: pytest.MonkeyPatch, *answers: Runs) -> list[set[str] | None]:
    """Measuring gives these answers, one after the other; return what was asked for."""
    asked: list[set[str] | None] = []
    left = iter(answers)

    def measured(home: Path, names: set[str] | None = None) -> Runs:
        asked.append(names)
        return next(left)

    monkeypatch.setattr(quick, "measured", measured)
    return asked


def test_what_is_as_it_was_is_measured_once_and_exits_with_0(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = given(monkeypatch, runs(read=1.1, check=1.0))
    assert quick.main([]) == 0
    assert asked == [None]


def test_what_seems_worse_is_measured_again_and_may_prove_as_good_as_before(
    kept: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = given(monkeypatch, runs(read=1.1, check=4.0), runs(check=2.1))
    assert quick.main([]) == 0
    assert asked == [None, {"check"}]
    assert capsys.readouterr().err == ""


def test_what_is_worse_twice_is_told_and_exits_with_1(
    kept: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given(monkeypatch, runs(read=1.1, check=4.0), runs(check=5.0))
    assert quick.main([]) == 1
    assert capsys.readouterr().err == "check: 2.50 times the recorded ratio (5.000 : 2.000)\n"


def test_a_new_operation_is_not_passed_over_in_silence(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, runs(read=1.0, check=2.0, new=1.0))
    assert quick.main([]) == 1


def test_recording_keeps_the_present_ratios(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, runs(read=3.0, check=9.0))
    assert quick.main(["--record"]) == 0
    assert json.loads(kept.read_text())["ratios"] == {"read": 3.0, "check": 9.0}


def test_an_unknown_word_is_a_usage_error(kept: Path) -> None:
    assert quick.main(["--fast"]) == 2


def test_a_ratio_is_recorded_for_every_operation(tmp_path: Path) -> None:
    names = {*quick.operations(tmp_path), *(f"auditlog {name}" for name in quick.PROCESSES)}
    assert set(json.loads(quick.KEPT.read_text())["ratios"]) == names


def test_every_operation_runs(tmp_path: Path) -> None:
    for call in quick.operations(tmp_path).values():
        call(0)
