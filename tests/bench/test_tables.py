"""A table holds what was run: a row without figures or a reason cannot be drawn."""

from __future__ import annotations

import pytest
from tables import NOTHING, Absent, NotRun, Runs, Table, drawn, shown, timed


def runs(**figures: list[float]) -> Runs:
    """Two rounds of what is given, in seconds."""
    made = Runs(figures, 2)
    for name, taken in figures.items():
        for seconds in taken:
            made.add(name, seconds=seconds, peak=8.0)
    return made


def test_a_row_that_was_not_run_cannot_be_drawn() -> None:
    with pytest.raises(NotRun, match="auditlog: run 0 times, not 2"):
        drawn(timed("A title", runs(rg=[1.0, 2.0], auditlog=[]), "rg"))


def test_a_row_that_was_run_less_often_than_the_others_cannot_be_drawn() -> None:
    with pytest.raises(NotRun, match="auditlog: run 1 times, not 2"):
        drawn(timed("A title", runs(rg=[1.0, 2.0], auditlog=[1.0]), "rg"))


def test_a_row_that_was_not_run_has_no_median_and_no_ratio_for_a_drawer_of_its_own() -> None:
    made = runs(rg=[1.0, 2.0], auditlog=[])
    with pytest.raises(NotRun):
        made.median("auditlog", "seconds")
    with pytest.raises(NotRun):
        made.ratio("rg", "auditlog", "seconds")


def test_a_row_that_draws_constants_is_refused_all_the_same() -> None:
    with pytest.raises(NotRun):
        drawn(Table("A title", ("seconds",), runs(auditlog=[]), lambda row: ["0.1"]))


def test_no_rounds_and_no_rows_are_no_table() -> None:
    with pytest.raises(NotRun):
        drawn(Table("A title", ("seconds",), Runs(["a"], 0), lambda row: ["0.1"]))
    with pytest.raises(NotRun, match="no rows"):
        drawn(Table("A title", ("seconds",), Runs([], 2), lambda row: ["0.1"]))


def test_a_row_that_was_not_planned_cannot_be_added() -> None:
    made = runs(rg=[1.0, 2.0])
    with pytest.raises(KeyError):
        made.add("grep", seconds=1.0)
    with pytest.raises(KeyError):
        made.absent("grep", "not on this machine")


def test_a_figure_that_was_not_taken_in_every_round_has_no_median() -> None:
    made = Runs(["a"], 2)
    made.add("a", seconds=1.0, cpu=1.0)
    made.add("a", seconds=1.0)
    with pytest.raises(NotRun, match="cpu was taken 1 times"):
        made.median("a", "cpu")


def test_an_absent_peer_stands_in_its_row_with_the_reason() -> None:
    made = runs(rg=[], auditlog=[1.0, 3.0])
    made.absent("rg", "could not be installed\n(no | network)")
    text = drawn(timed("A title", made, "rg"))
    assert f"| rg | not run: could not be installed (no / network) | {NOTHING} | {NOTHING} |" in text
    assert f"| **auditlog** | 2.0000 | {NOTHING} | 8 |" in text


def test_a_peer_that_fails_in_a_later_round_loses_the_figures_of_the_earlier_ones() -> None:
    made = runs(rg=[1.0], auditlog=[1.0, 3.0])
    made.absent("rg", "exit code 2")
    assert made.median("rg", "seconds") is None


def test_medians_and_ratios_are_taken_over_the_rounds() -> None:
    made = Runs(["rg", "auditlog"], 3)
    for rg, ours in ((1.0, 2.0), (10.0, 10.0), (2.0, 6.0)):
        made.add("rg", seconds=rg, peak=1.0)
        made.add("auditlog", seconds=ours, peak=2.0)
    assert made.median("auditlog", "seconds") == 6.0
    assert made.ratio("auditlog", "rg", "seconds") == 2.0  # of 2, 1 and 3; of the medians it would be 3


def test_a_ratio_of_two_figures_of_one_row_is_taken_over_the_rounds_too() -> None:
    made = Runs(["auditlog append"], 3)
    for median, p99 in ((1.0, 2.0), (10.0, 10.0), (2.0, 6.0)):
        made.add("auditlog append", median=median, p99=p99)
    assert made.ratio_of("auditlog append", "p99", "median") == 2.0
    assert made.ratio_of("auditlog append", "p99", "seconds") is None


def test_a_table_is_drawn_with_title_columns_rows_and_notes() -> None:
    text = drawn(timed("A title", runs(rg=[1.0, 1.0], auditlog=[0.5, 0.5]), "rg", "A note.", "- one", "- two"))
    assert text.split("\n") == [
        "### A title",
        "",
        "| | seconds | x rg | peak MiB |",
        "|---|---:|---:|---:|",
        "| rg | 1.0000 | 1.00 | 8 |",
        "| **auditlog** | 0.5000 | 0.50 | 8 |",
        "",
        "A note.",
        "",
        "- one",
        "- two",
    ]


def test_a_row_with_too_few_cells_is_refused() -> None:
    with pytest.raises(NotRun, match="has 1 cells, not 2"):
        drawn(Table("A title", ("a", "b"), runs(rg=[1.0, 1.0]), lambda row: ["1"]))


def test_nothing_is_shown_as_a_dash() -> None:
    assert shown(None) == NOTHING
    assert shown(1.5, ".1f", "x") == "1.5x"


def test_a_command_that_fails_is_absent_for_a_peer_and_stops_a_table_for_ours() -> None:
    from measure import commands

    fails = ["sh", "-c", "echo broken >&2; exit 3"]
    made = commands({"peer": fails, "other": ["sh", "-c", "exit 1"]}, 1, warm=0)
    assert made.why_absent("peer") == "sh: exit code 3 (broken)"
    assert made.why_absent("other") is None
    with pytest.raises(NotRun, match=r"sh: exit code 3 \(broken\)"):
        commands({"auditlog check": fails}, 1, warm=0)


def test_a_command_with_an_absent_program_is_not_run() -> None:
    from measure import commands

    made = commands({"peer": [Absent("not on this machine"), "."], "other": ["sh", "-c", "exit 0"]}, 1)
    assert made.why_absent("peer") == "not on this machine"
    assert (made.median("other", "seconds") or 0) > 0


def test_a_command_that_cannot_be_started_is_absent() -> None:
    from measure import commands

    made = commands({"peer": ["/nonexistent/program"]}, 1)
    assert made.why_absent("peer") == "/nonexistent/program could not be started"


def test_who_gives_another_answer_is_not_measured() -> None:
    from measure import commands

    one, two = ["sh", "-c", "echo a"], ["sh", "-c", "echo a; echo b"]
    made = commands({"peer": one, "other": two}, 1, warm=0, lines=2)
    assert made.why_absent("peer") == "sh printed 1 lines, not 2"
    assert made.why_absent("other") is None
    with pytest.raises(NotRun, match="printed 1 lines, not 2"):
        commands({"auditlog filter": one}, 1, warm=0, lines=2)
