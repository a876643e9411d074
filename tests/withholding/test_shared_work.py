"""Redaction by several processes, and by searches, comes to what the slow, obvious way comes to."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli import AuditLog, redact, verify
from auditlog_cli.sealing.hashes import ZEROS
from auditlog_cli.sealing.line import prepare, trailer, unseal
from auditlog_cli.sealing.policy import default_tree
from auditlog_cli.withholding import planning, reading, replacing
from auditlog_cli.withholding.anatomy import dissect
from auditlog_cli.withholding.choosing import BySubject
from auditlog_cli.withholding.subject import Subject
from tests.sealing import slow
from tests.withholding.state import call, look

Open = Callable[..., AuditLog]
TREE = default_tree()
texts = st.lists(st.sampled_from(["u-17", "U-17", "ann@example.org", "Ann@Example.org", "\\", "é", " ", "x", '"', "17"])).map("".join)  # fmt: skip
values = st.recursive(texts | st.integers(10, 20) | st.none(), lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2), max_leaves=4)  # fmt: skip


@given(values, values, values)
def test_a_search_over_the_line_finds_what_a_look_at_each_value_finds(one: Any, two: Any, three: Any) -> None:
    """Which values hold an identifier: by one search over the line, and by asking of each value."""
    record = {"user": {"id": one, "name": "x"}, "action": {"arguments": {"a": two, "b": 1}}, "metadata": three}
    line, _ = prepare(record, TREE, slow.deterministic).close(1, ZEROS)
    taken = dissect(line[:-1])
    assert taken is not None
    for words in (["u-17"], ["ann@example.org", "17"], ["é"]):
        subject = Subject(words)
        slowly = {value.field for value in taken.values if subject.in_value(_decoded(taken.text(value)))}
        choice = BySubject(subject).choose(taken)
        assert choice.fields | {field for field in slowly if subject.unnamed(field) != field} == slowly


class _Everywhere(Subject):
    """The same person, looked for in every value, and in every plain place."""

    def spots(self, raw: bytes) -> list[int] | None:
        return None

    def surely_not_in(self, raw: bytes) -> bool:
        return False


@given(values, values, texts)
def test_where_no_identifier_stands_in_a_plain_place_none_is_looked_for(one: Any, two: Any, plain: str) -> None:
    """What is left readable is the same, whether the plain places were looked at or a search told that they need not be."""
    record = {"session_id": plain, "user": {"id": one}, "action": {"tool": plain, "arguments": {"a": two, "u-17": 1}}}
    line, _ = prepare(record, TREE, slow.deterministic).close(1, ZEROS)
    taken = dissect(line[:-1])
    assert taken is not None
    for words in (["u-17"], ["ann@example.org", "17"], ["é"]):
        for whole in (False, True):
            quick = BySubject(Subject(words), whole=whole).choose(taken)
            assert quick == BySubject(_Everywhere(words), whole=whole).choose(taken)


def _decoded(raw: bytes) -> object:
    from json import loads

    return loads(raw)


@given(values, values)
def test_all_values_hashed_at_once_give_the_skeleton_of_one_at_a_time(one: Any, two: Any) -> None:
    """The leaf that is read back is the one that the slow twin made."""
    import orjson

    record = {"user": {"id": one}, "metadata": two}
    pieces = [b'{"user":{"id":', orjson.dumps(one), b'},"metadata":', orjson.dumps(two), b""]
    line, leaf = slow.seal(pieces, slow.deterministic(2), 7, ZEROS)
    assert prepare(record, TREE, slow.deterministic).close(7, ZEROS)[0] == line
    read = unseal(line[:-1])
    assert (read.seq, read.prev, read.leaf) == (7, ZEROS, leaf)
    assert read.spans == trailer(line[:-1])[1]


def test_regions_are_whole_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Together they are the data, none splits a line, a torn end included."""
    for size in (1, 3, 7, 100):
        monkeypatch.setattr(reading, "_REGION", size)
        for data in (b"", b"a\n", b"aaaa\nbb\n\ncccccccc\n", b"aa\nbbbb", b"\n\n\n"):
            found = reading.regions(data)
            assert b"".join(data[start:end] for start, end in found) == data
            assert all(data[end - 1 : end] == b"\n" or end == len(data) for _, end in found)


@pytest.mark.parametrize("choice", [{"subject": ["u-17"], "request": "1"}, {"fields": ["user", "action.arguments"]}])
def test_several_processes_withhold_what_one_does(
    path: Path, opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, choice: dict[str, Any]
) -> None:
    """The same targets, the same bytes."""
    monkeypatch.setattr(reading, "_REGION", 1 << 14)
    monkeypatch.setattr(replacing, "_WORTH_SHARING", 1)
    log = opened()
    log.write_many([call(number, user={"id": f"u-{number % 20}"}) for number in range(300)])
    log.rotate()
    log.append(call(2))
    log.close()
    found = []
    for processes in (1, 2):
        copy = tmp_path / str(processes)
        shutil.copytree(path.parent, copy)
        done = redact(copy / path.name, **choice, by="d", reason="r", unsigned=True, processes=processes)
        state = look(copy / path.name)
        found.append(
            (done.values, done.records, done.left, state.withheld, sorted(copy.glob("audit.0*"))[0].read_bytes())
        )
        assert verify(copy / path.name).exit_code == 0
    assert found[0] == found[1]
    assert found[0][0] > 10


def test_several_processes_find_unfinished_redactions(
    path: Path, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the log says of itself is put together from all parts."""
    monkeypatch.setattr(reading, "_REGION", 1 << 10)
    log = opened()
    for number in range(40):
        log.append(call(number))
    log.close()
    redact(path, fields=["user.id"], by="d", reason="r", unsigned=True)
    plans = [planning.plan(str(path), BySubject(Subject(["ann@example.org"])), processes=many) for many in (1, 2)]
    assert plans[0].targets == plans[1].targets
    assert (plans[0].pending, plans[0].size, plans[0].head) == (plans[1].pending, plans[1].size, plans[1].head)
