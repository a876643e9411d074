"""Large traces fold: nothing is left out without a number, and what went wrong stays in sight."""

from __future__ import annotations

from typing import Any

from auditlog_cli.renderers import labels, rows
from auditlog_cli.tracing.trees import Trace
from tests.tracing import runs
from tests.tracing.runs import event, life
from tests.tracing.sketch import name, tree


def drawn(trace: Trace, **options: Any) -> list[str]:
    shown = rows.rows(trace, **options)
    return [
        "  " * row.level + (name(row.node) if row.node is not None else labels.folded(row.fold))  # type: ignore[arg-type]
        for row in shown
    ]


def fan(*groups: tuple[int, str, str]) -> Trace:
    """One agent; of each group so many calls of a tool with a status."""
    made = life(0, 999, "root")
    for count, tool, status in groups:
        made += [
            event(len(made), tool=tool, result_status=status, span=f"s{len(made) + n}", parent="root")
            for n in range(count)
        ]
    return tree(made)


def test_small_traces_are_drawn_whole() -> None:
    assert len(drawn(fan((39, "t", "success")))) == 40


def test_runs_of_the_same_call_fold_and_failures_do_not() -> None:
    assert drawn(fan((30, "read", "success"), (1, "read", "error"), (20, "read", "success"))) == [
        "lifecycle agent_planner",
        "  read", "  read", "  … 27 more read", "  read",
        "  read",
        "  read", "  read", "  … 17 more read", "  read",
    ]  # fmt: skip


def test_a_run_of_failures_folds_and_says_so() -> None:
    assert "  … 57 more read, all error" in drawn(fan((60, "read", "error")))


def test_many_different_calls_keep_beginning_end_and_what_went_wrong() -> None:
    groups = [(1, f"tool_{n}", "error" if n == 50 else "success") for n in range(100)]
    shown = drawn(fan(*groups))
    assert shown[1:15] == [f"  tool_{n}" for n in range(14)]
    assert shown[15:18] == ["  … 36 more siblings", "  tool_50", "  … 45 more siblings"]
    assert shown[18:] == [f"  tool_{n}" for n in range(96, 100)]


def test_depth_counts_what_is_below_and_what_of_it_failed() -> None:
    five = tree(runs.five_agents())
    assert drawn(five, depth=2) == [
        "lifecycle agent_planner",
        "  message", "  llm_call",
        "  ask_researcher", "    … 3 more in 2 levels below (1 failed)",
        "  ask_refunder", "    … 9 more in 6 levels below (1 denied)",
        "  message",
    ]  # fmt: skip


def test_the_way_to_what_was_asked_for_is_drawn_through_every_fold() -> None:
    five = tree(runs.five_agents())
    wanted = next(node for node in five.nodes if node.span_id == "s-review")
    shown = drawn(five, depth=1, marked=wanted)
    assert [each.strip() for each in shown[:6]] == [
        "lifecycle agent_planner", "ask_refunder", "lifecycle agent_refunder", "issue_refund", "lifecycle agent_payer", "ask_auditor",
    ]  # fmt: skip
    assert shown[-1] == "  … 4 more siblings and 3 below (1 failed)"
    deep = tree(runs.deep(5000))
    marked = deep.nodes[4000]
    way = rows.rows(deep, marked=marked)
    assert len(way) < 40
    assert any(row.node is marked for row in way)
    wide = tree(runs.wide(1000))
    marked = wide.nodes[500]
    assert any(row.node is marked for row in rows.rows(wide, marked=marked))


def test_a_tree_that_is_large_at_every_level_still_fits() -> None:
    """Ten calls in each of ten in each of ten: fewer levels rather than thousands of lines."""
    made = life(0, 5000, "r")
    for a in range(10):
        made.append(event(len(made), tool=f"a{a}", span=f"{a}", parent="r"))
        for b in range(10):
            made.append(event(len(made), tool=f"b{b}", span=f"{a}{b}", parent=f"{a}"))
            made += [event(len(made), tool=f"c{c}", span=f"{a}{b}{c}", parent=f"{a}{b}") for c in range(10)]
    trace = tree(made)
    shown = rows.rows(trace)
    assert len(shown) <= 300
    assert sum(row.fold.count if row.fold is not None else 1 for row in shown) == 1111
