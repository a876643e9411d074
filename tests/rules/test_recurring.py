"""Which values are looked up together, and what is kept of them."""

from __future__ import annotations

import tracemalloc
from typing import Any

import orjson

from auditlog_cli.fields import MISSING
from auditlog_cli.rules import recurring
from auditlog_cli.rules.recurring import Bundle, chosen, trace


def rows(*records: tuple[Any, ...]) -> list[tuple[int | None, ...]]:
    return [tuple(map(trace, record)) for record in records]


def test_what_recurs_with_a_session_is_one_bundle_and_what_recurs_with_a_tool_another() -> None:
    sessions = [(f"user-{n}", f"agent-{n % 5}", f"approver-{n}") for n in range(20)]
    tools = [(f"tool-{n}", [f"scope-{n}"]) for n in range(20)]
    seen = rows(*[(*sessions[n % 20], *tools[n // 3 % 20], f"span-{n}") for n in range(400)])
    paths = ("user", "agent", "approver", "tool", "scopes", "span")
    found = chosen(paths, seen, [("user", "agent"), ("tool", "scopes")])
    assert sorted(sorted(each) for each in found) == [["agent", "approver", "user"], ["scopes", "tool"]]


def test_what_is_asked_together_stays_apart_where_it_does_not_recur_together() -> None:
    seen = rows(*[(f"user-{n % 20}", f"tool-{n // 20}", f"agent-{n % 20}") for n in range(400)])
    assert chosen(("user", "tool", "agent"), seen, [("user", "tool")]) == [("user", "agent")]


def test_what_is_always_new_or_no_key_is_in_no_bundle() -> None:
    seen = rows(*[(f"id-{n}", {"a": n}, n, "x" * 3000, "same", None) for n in range(50)])
    assert chosen(("id", "object", "number", "long", "one", "other"), seen, []) == [("one", "other")]


def test_nothing_is_chosen_where_nothing_was_seen() -> None:
    assert chosen(("a", "b"), [], [("a", "b")]) == []


def test_only_texts_lists_and_nothing_at_all_are_kept() -> None:
    bundle = Bundle(("a", "b"))
    bundle.work = lambda *values: len(values)
    for key in (("a", MISSING), ("a", None), ("a", b"[1]")):
        assert bundle.learn(key, *key) == 2
        assert bundle.table.pop(key) == 2
    for key in (("a", 1), ("a", True), ("a", 1.5), ("a", "x" * 3000)):
        assert bundle.learn(key, *key) == 2
    assert bundle.learn(None, "a", {}) == 2
    assert not bundle.table


def test_what_is_kept_is_bounded() -> None:
    bundle = Bundle(("a",))
    bundle.work = lambda value: value
    for number in range(recurring.MOST + 10):
        bundle.learn((str(number),), number)
    assert len(bundle.table) == 10


def test_what_is_kept_holds_no_more_of_a_list_than_its_bytes() -> None:
    # orjson leaves a buffer of four kilobytes behind each text that it writes, and sys.getsizeof does not say so.
    bundle = Bundle(("a",))
    bundle.work = lambda value: (1, value)
    tracemalloc.start()
    try:
        for number in range(500):
            bundle.learn((written := orjson.dumps([f"crm:{number}"]),), written)
        alive = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert len(bundle.table) == 500
    assert alive < 500 * 1000


def test_giving_up_is_not_kept() -> None:
    bundle = Bundle(("a",))
    assert bundle.learn(("a",), "a") is None
    assert not bundle.table
