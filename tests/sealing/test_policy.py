"""Which values can be withheld later (integrity.md, 2.4)."""

from __future__ import annotations

import pytest

from auditlog_cli.sealing import line, policy


def spans(record: dict[str, object], said: object = policy.DEFAULT) -> list[bytes]:
    return line.cut(record, policy.tree(said))[1::2]


def test_unknown_means_redactable() -> None:
    """A member that nobody has heard of is a span, at the top and in open places."""
    assert spans({"new": 1, "user": {"badge": 2}}) == [b"1", b"2"]


def test_a_policy_can_make_a_member_plain() -> None:
    """`plain` names a place by JSON pointer; the place around it is then entered."""
    said = {"base": "default/1", "plain": ["/metadata/ticket"]}
    assert spans({"metadata": {"ticket": "T-1", "note": "n"}}, said) == [b'"n"']


def test_redactable_beats_plain_beats_open() -> None:
    """The three lists in their order of precedence."""
    said = {"base": "default/1", "open": ["/x"], "plain": ["/x", "/agent/id"], "redactable": ["/agent/id"]}
    assert spans({"x": "1", "agent": {"id": "a"}}, said) == [b'"a"']


def test_a_star_stands_for_any_member_or_element() -> None:
    """In `delegation_chain` it is any element."""
    said = {"base": "default/1", "plain": ["/delegation_chain/*/actor"], "open": ["/m"], "redactable": []}
    record: dict[str, object] = {"delegation_chain": [{"actor": "a", "x": 1}, {"actor": "b"}], "m": {"q": 1}}
    assert spans(record, said) == [b"1", b"1"]


@pytest.mark.parametrize(
    "said",
    [None, "default/2", [], {"base": "other"}, {"base": "default/1", "plain": ["x"]}, {"base": "default/1", "mask": []},
     {"base": "default/1", "open": [7]}],
)  # fmt: skip
def test_what_is_no_policy_is_refused(said: object) -> None:
    """A policy that cannot be understood is never guessed at."""
    with pytest.raises(ValueError, match=r"policy|pointer"):
        policy.tree(said)


def test_names_that_could_be_persons_are_not_opened() -> None:
    """An e-mail address as a member name makes the whole object one span; so do 65 members."""
    assert policy.names_allow_opening({"to": 1})
    assert not policy.names_allow_opening({"ann@example.org": 1})
    assert not policy.names_allow_opening({"": 1})
    assert not policy.names_allow_opening({"a" * 65: 1})
    assert not policy.names_allow_opening({f"a{i}": 1 for i in range(65)})
    assert not policy.names_allow_opening({"a\n": 1})
