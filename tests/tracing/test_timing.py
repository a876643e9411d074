"""How long: self time, clock skew, the critical path, gaps."""

from __future__ import annotations

from tests.logs import tutorial
from tests.tracing import runs
from tests.tracing.runs import event, life, pair
from tests.tracing.sketch import by_name, name, tree

SECOND = 1_000_000


def test_self_time_is_the_time_in_which_no_child_is_at_work() -> None:
    """Children that overlap count once; what of a child lies outside does not count."""
    records = [
        *pair(0, 10, "outer", {}, span="o"),
        *pair(1, 4, "one", {}, span="a", parent="o"),
        *pair(3, 6, "two", {}, span="b", parent="o"),
        *pair(9, 12, "late", {}, span="c", parent="o"),
    ]
    made = tree(records)
    assert by_name(made, "outer").self_time == 4 * SECOND
    assert by_name(made, "one").self_time == 3 * SECOND


def test_a_latency_that_was_measured_counts_more_than_two_clocks() -> None:
    (node,) = tree(pair(0, 2, "t", {}, span="s", ended=None)).nodes
    assert node.duration == 2 * SECOND
    records = pair(0, 2, "t", {}, span="s")
    records[1]["action"]["latency_ms"] = 150.5
    assert tree(records).nodes[0].duration == 150_500


def test_a_single_record_ends_at_its_time_and_began_a_latency_earlier() -> None:
    (node,) = tree([event(10, tool="t", latency_ms=4000, span="s")]).nodes
    assert node.start is not None
    assert node.end is not None
    assert node.end - node.start == 4 * SECOND


def test_a_start_without_an_end_has_no_duration() -> None:
    made = tree([*life(0, 10, "r"), pair(1, 2, "t", {}, span="s", parent="r")[0]])
    assert by_name(made, "t").duration is None
    assert by_name(made, "t").end is None


def test_clock_skew_is_named_with_its_amount() -> None:
    made = tree(runs.broken())
    said = {name(node): (node.notes[0].code, node.notes[0].amount) for node in made.nodes if node.notes}
    assert said["too_early"] == ("before-parent", 3 * SECOND)
    assert said["too_late"] == ("after-closed", 5 * SECOND)
    assert said["back"] == ("ends-before-start", SECOND // 2)


def test_whole_seconds_are_too_coarse_for_accusations() -> None:
    """A log of whole seconds is not accused of skew below a second, nor of a gap."""
    records = pair(0.9, 2.9, "outer", {}, span="o") + pair(0.2, 3.5, "inner", {}, span="i", parent="o")
    for record in records:
        record["timestamp"] = record["timestamp"][:19] + "Z"
    assert not any(node.notes for node in tree(records).nodes)


def test_the_critical_path_is_what_the_end_waited_for() -> None:
    """The child that finishes last, and before it began, the one that finished last before that."""
    records = [
        *pair(0, 10, "outer", {}, span="o"),
        *pair(1, 3, "short", {}, span="a", parent="o"),
        *pair(1, 4, "longer", {}, span="b", parent="o"),
        *pair(5, 9, "last", {}, span="c", parent="o"),
    ]
    made = tree(records)
    assert [(name(node), share // SECOND) for node, share in made.critical] == [
        ("outer", 3),
        ("longer", 3),
        ("last", 4),
    ]
    assert sum(share for _, share in made.critical) == made.duration


def test_the_critical_path_of_five_agents_accounts_for_every_moment() -> None:
    made = tree(runs.five_agents())
    assert sum(share for _, share in made.critical) == made.duration == 61_400_000
    longest = max(made.critical, key=lambda each: each[1])
    assert (name(longest[0]), longest[1]) == ("approval", 38_500_000)


def test_gaps_are_idle_times_between_siblings() -> None:
    records = [*life(0, 100, "r"), *(event(n, tool=f"t{n}", span=f"s{n}", parent="r") for n in (1, 2, 60, 61))]
    (gap,) = tree(records).gaps
    assert (name(gap.before), name(gap.after), gap.duration) == ("t2", "t60", 58 * SECOND)
    assert gap.node is not None
    assert gap.node.kind == "lifecycle"


def test_no_time_at_all() -> None:
    made = tree([event(None, tool="a", span="x"), event(None, tool="b", span="y", parent="x")])
    assert (made.start, made.end, made.duration, made.critical, made.gaps) == (None, None, None, [], [])


def test_times_of_the_tutorial_are_seconds_since_the_epoch() -> None:
    made = tree([tutorial("tool_call", 1780324991.25, tool="t"), tutorial("tool_result", 1780324992.5, tool="t")])
    assert made.nodes[0].duration == 1_250_000
