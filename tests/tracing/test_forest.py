"""Records become the tree that a person would draw, and each edge says what it rests on."""

from __future__ import annotations

from typing import Any

from auditlog_cli.tracing.trees import EVIDENCE
from tests.logs import tutorial
from tests.tracing import runs
from tests.tracing.runs import at, event, life, pair
from tests.tracing.sketch import by_name, sketch, tree

FIVE = """\
lifecycle agent_planner
  message
  llm_call
  ask_researcher
    lifecycle agent_researcher
      lookup_order
      search_mail
  ask_refunder
    lifecycle agent_refunder
      close_account
      approval
      issue_refund
        lifecycle agent_payer
          transfer
          ask_auditor
            lifecycle agent_auditor
              llm_call
  message"""


def lines(text: str) -> str:
    return "\n".join(each.rstrip() for each in text.strip("\n").splitlines())


def without(records: list[dict[str, Any]], *names: str) -> list[dict[str, Any]]:
    return [{name: value for name, value in record.items() if name not in names} for record in records]


def test_five_agents_by_span_ids() -> None:
    made = tree(runs.five_agents())
    assert sketch(made) == FIVE
    assert {node.evidence for node in made.nodes} == {"", "span"}
    tally = made.tally
    assert (tally.records, tally.nodes, tally.calls, tally.models) == (32, 18, 8, 2)
    assert (tally.failed, tally.denied, tally.approvals, tally.refused, tally.open, tally.problems) == (
        1,
        1,
        1,
        0,
        0,
        0,
    )


def test_the_order_of_the_lines_does_not_matter() -> None:
    """Several logs, several machines: a record may stand anywhere."""
    records = runs.five_agents()
    assert sketch(tree(reversed(records))) == FIVE
    assert sketch(tree(records[::2] + records[1::2])) == FIVE


def test_five_agents_without_any_span_id() -> None:
    """Delegation chains and time give the same tree, but for the approval, and every edge says so."""
    made = tree(without(runs.five_agents(), "span_id", "parent_span_id"))
    assert lines("""
  ask_refunder [time]
    lifecycle agent_refunder [delegation]
      close_account [time]
      issue_refund [time]
        approval [approval]
        lifecycle agent_payer [delegation]
          transfer [time]
""") in sketch(made)
    assert all(node.evidence in EVIDENCE[1:] for node in made.nodes if node.parent is not None)


def test_chains_alone_tell_who_delegated() -> None:
    """No ids, no lifecycles, single records: agents appear as nodes of their own, under the agent above."""
    chains = [("alice", "a"), ("alice", "a", "b"), ("alice", "a", "b", "c"), ("alice", "a")]
    records = [
        event(n, tool=f"tool_{n}", agent=chain[-1], chain=chain, result_status="success")
        for n, chain in enumerate(chains)
    ]
    assert sketch(tree(records)) == lines("""
tool_0
(agent agent_b)
  tool_1 [delegation]
  (agent agent_c) [delegation]
    tool_2 [delegation]
tool_3
""")


def test_a_root_says_that_it_is_one() -> None:
    """A record with a span id and no parent is a root, whatever the time says; one without an id is not."""
    open_call = pair(0, 10, "outer", {}, span="s-1")
    inner = event(5, "guardrail", span="s-2", result_status="success")
    assert sketch(tree([*open_call, inner])) == "outer\nguardrail"
    assert sketch(tree([*open_call, *without([inner], "span_id")])) == "outer\n  guardrail [time]"


def test_parallel_calls_of_one_agent_stay_side_by_side() -> None:
    calls = [*pair(0, 10, "one", {}, span="x"), *pair(1, 9, "two", {}, span="y"), *pair(2, 12, "three", {}, span="z")]
    bare = without(sorted(calls, key=lambda each: each["timestamp"]), "span_id")
    for number, record in enumerate(bare):
        record["action"]["call_id"] = record["action"]["tool"]
        record["n"] = number
    assert sketch(tree(bare)) == "one\ntwo\nthree"


def test_what_overlaps_two_open_calls_of_others_is_not_guessed() -> None:
    """Two calls of two agents are open, neither inside the other: whose child the third is, nobody can tell."""
    records = [
        *pair(0, 10, "one", {}, span="x", agent="a", chain=("alice", "a")),
        *pair(5, 15, "two", {}, span="y", agent="b", chain=("alice", "b")),
    ]
    third = without([event(7, tool="third", agent="c", result_status="success")], "delegation_chain")
    made = tree(without([*records, *third], "span_id", "delegation_chain"))
    assert by_name(made, "third").parent is None


def test_a_sub_agent_under_a_call_by_its_call_id() -> None:
    """What bears a tool-call id belongs under that call."""
    call = pair(0, 4, "ask", {}, span="s-1", call_id="call_9")
    inside = event(1, "handoff", agent="other", call_id="call_9", result_status="success")
    assert sketch(tree([*call, inside])) == "ask\n  handoff [call]"


def test_a_missing_parent_is_drawn_and_its_children_stay_together() -> None:
    records = [event(n, tool=f"t{n}", span=f"s{n}", parent="gone", result_status="success") for n in (1, 2)]
    assert sketch(tree(records)) == "(missing gone) [missing-parent]\n  t1\n  t2"


def test_everything_that_can_be_wrong_is_drawn_and_named() -> None:
    made = tree(runs.broken())
    assert sketch(made) == lines("""
lifecycle agent_planner
  too_early [before-parent]
  fine
  twice
  twice [duplicate]
  same [repeated]
  never_ends [no-end]
  never_began [no-start]
  back [ends-before-start]
  timeless [no-time]
  approval [unanswered]
  approval
  swapped [arguments-differ]
  too_late [after-closed]
(missing b-gone) [missing-parent]
  orphan
  orphan_too
own_parent [self-parent]
ring_one [cycle]
  ring_two
    ring_three
""")
    assert (made.tally.open, made.tally.approvals, made.tally.refused) == (2, 2, 1)


def test_a_parent_in_another_trace_is_found_and_said() -> None:
    records = [
        event(0, tool="up", span="s-1", trace="one", result_status="success"),
        event(1, tool="down", span="s-2", parent="s-1", trace="two", result_status="success"),
    ]
    assert sketch(tree(records)) == "up\n  down [other-trace]"


def test_one_span_id_in_two_traces_is_two_things() -> None:
    records = [event(n, tool=f"t{n}", span="s", trace=f"trace_{n}", result_status="success") for n in range(2)]
    assert sketch(tree(records)) == "t0\nt1"


def test_an_event_of_a_span_stands_inside_it() -> None:
    """A guardrail that bears the call's own span id is part of the call, not a second one of the same id."""
    records = pair(0, 4, "pay", {"to": "bob"}, span="s-1")
    records.insert(1, event(1, "guardrail", span="s-1", result_status="success"))
    assert sketch(tree(records)) == "pay\n  guardrail"


def test_a_call_that_waited_for_an_approval_goes_on_in_another_run() -> None:
    records = [
        event(0, tool="wire", span="s-1", call_id="call_1", phase="start", result_status="pending"),
        *pair(60, 61, "wire", {}, span="s-2", call_id="call_1"),
    ]
    made = tree(records)
    assert sketch(made) == "wire [no-end] [resumed]\nwire"
    assert made.roots[0].notes[1].other == ("s-2",)


def test_question_and_answer_of_an_approval_are_one() -> None:
    """By the approval's id, even where the answer bears another span and comes from another machine."""
    asked = event(0, "approval", span="a", result_status="pending", approval={"id": "ap", "status": "pending"})
    answer = event(9, "approval", span="b", result_status="denied", approval={"id": "ap", "status": "denied"})
    made = tree([asked, answer])
    (node,) = made.nodes
    assert (node.status, node.joined, len(node.records)) == ("denied", "approval", 2)
    assert (made.tally.approvals, made.tally.refused, made.tally.denied) == (1, 1, 0)


def test_withheld_arguments_do_not_differ() -> None:
    records = pair(0, 1, "pay", {"to": "bob"}, span="s")
    records[1]["action"]["arguments"] = {"to": {"_redacted": "0" * 64}}
    assert sketch(tree(records)) == "pay"


def test_the_tutorials_log() -> None:
    assert sketch(tree(runs.tutorial_log())) == lines("""
user_prompt
ask_accounts
  get_account_balance [delegation]
search
handoff
  render [delegation]
  assistant_output [delegation]
""")


def test_the_tutorials_log_without_any_id() -> None:
    """Words and times are all there is: a session holds its calls, an error ends its call."""
    made = tree(runs.tutorial_log_without_ids())
    assert sketch(made) == "session\n  get_account_balance [time]\n  send_mail [time]"
    assert [(node.status, node.duration) for node in made.nodes] == [
        ("", 2_000_000),
        ("", 300_000),
        ("error", 1_000_000),
    ]


def test_equal_calls_without_ids_are_told_apart_by_time_and_said_to_be_guessed() -> None:
    events = ("tool_call", "tool_call", "tool_result", "tool_result")
    made = tree([tutorial(word, 1780324991.0 + n, agent="a", tool="t") for n, word in enumerate(events)])
    assert sketch(made) == "t\nt [ambiguous-end]"
    assert [node.joined for node in made.nodes] == ["time", "time"]


def test_agentaudits_log() -> None:
    """Its parentSpanId names a record; an end names its start."""
    made = tree(runs.agentaudit_log())
    assert sketch(made) == lines("""
crewai_crew
  crewai_task
    lookup_order
    guardrail
    issue_refund
""")
    assert [node.duration for node in made.nodes] == [8_000_000, 6_000_000, 1_000_000, 42_000, 1_000_000]


def test_an_agent_that_never_ends_holds_what_comes_later() -> None:
    records = [*life(0, None, "s-root"), event(5, tool="t", result_status="success")]
    assert sketch(tree(records)) == "lifecycle agent_planner [no-end]\n  t [time]"


def test_ids_that_are_numbers_or_objects() -> None:
    """A number is as good as a text; what is withheld is unknown and joins nothing."""
    one = event(0, tool="one", result_status="success") | {"span_id": 7}
    two = event(1, tool="two", result_status="success") | {"span_id": 8, "parent_span_id": 7}
    hole = event(2, tool="three", result_status="success") | {"span_id": {"_redacted": "0"}, "parent_span_id": []}
    assert sketch(tree([one, two, hole])).startswith("one\n  two")


def test_any_json_object_is_a_node() -> None:
    for odd in ({}, {"action": None}, {"action": {"_redacted": "0"}}, {"timestamp": 5, "agent": [], "approval": 3},
                {"delegation_chain": [{}, 5]}, {"action": {"latency_ms": 1e300, "type": []}}):  # fmt: skip
        assert len(tree([odd, odd, {"timestamp": at(0)}]).nodes) in (2, 3)
