"""A first policy out of what a log shows: it can be read, it matches what was seen, and it guesses nothing."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli.rules import drafting, policy, yamlfile
from auditlog_cli.rules.drafting import Seen
from auditlog_cli.rules.policy import Policy


def draft(*records: dict[str, Any]) -> tuple[str, Policy]:
    seen = Seen()
    for record in records:
        seen.add(record)
    text = seen.text("draft")
    return text, policy.parse(yamlfile.parse(text.encode(), "draft.yaml").data)


def call(tool: str, **more: Any) -> dict[str, Any]:
    return {"agent": {"id": "agent:a", "model": "m-1"}, "action": {"tool": tool, "result_status": "success", **more}}


def test_what_was_seen_stands_in_it() -> None:
    text, found = draft(
        {
            **call("crm.read", effect="read"),
            "data": {"categories": ["contact"]},
            "authorization": {"scopes": ["crm:read", "x:y"]},
        },
        {**call("crm.read", effect="read"), "authorization": {"scopes": ["crm:read"]}},
        call("web.fetch", arguments={"url": "https://user:pass" + "word@api.example:8443/a?b=c"}),
    )
    assert [(tool.match, tool.effect, tool.categories) for tool in found.tools] == [
        ("crm.read", "read", ("contact",)), ("web.fetch", "", ()),
    ]  # fmt: skip
    assert (found.agents, found.models, found.providers, found.hosts) == (
        (policy.Agent("agent:a"),),
        ("m-1",),
        None,
        ("api.example",),
    )
    assert '# 2 records; granted whenever it ran: ["crm:read"]' in text
    assert "word" not in text, "nothing of an address but its host"


def test_nothing_is_guessed() -> None:
    """No scope that a tool needs, no flag, no effect that records do not agree about."""
    text, found = draft(call("a", effect="read"), call("a", effect="write"))
    tool = found.tools[0]
    assert (tool.scopes, tool.effect, tool.external, tool.high_impact, tool.requires_approval) == (
        (),
        "",
        False,
        False,
        False,
    )
    assert "effects: [read, write]" in text


def test_what_is_withheld_stays_unknown() -> None:
    hole = {"_redacted": "aa"}
    _, found = draft(
        {"agent": hole, "action": {"tool": hole, "arguments": hole}}, {"agent": {"id": hole}, "action": hole}
    )
    assert (found.tools, found.agents, found.hosts) == ((), None, None)


def test_too_many_or_too_long_names_are_counted() -> None:
    seen = Seen()
    for number in range(drafting.MOST + 5):
        seen.add(call(f"t{number}"))
    seen.add(call("x" * 5000))
    assert seen.left_out == 6
    assert len(policy.parse(yamlfile.parse(seen.text("d").encode(), "d.yaml").data).tools) == drafting.MOST


NAMES = st.text(min_size=1, max_size=20).filter(str.strip) | st.sampled_from(
    ["a*", "[x]", "a\nb", "x # y", "on", "1", "null", "é\u202e"]
)


@given(st.lists(NAMES, min_size=1, max_size=6, unique=True), NAMES)
def test_any_name_comes_back_as_a_glob_for_just_that_name(names: list[str], name: str) -> None:
    text, found = draft(*(call(each) for each in names))
    assert {each for each in names if any(fnmatchcase(each, tool.match) for tool in found.tools)} == set(names)
    if name not in names:
        assert not any(fnmatchcase(name, tool.match) for tool in found.tools)
    assert "\u202e" not in text, "nothing in it turns the line of a terminal around"
