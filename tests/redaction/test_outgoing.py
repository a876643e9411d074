"""A record on its way out has masks, and nothing by which one could guess at what they cover."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auditlog_cli import decoders
from auditlog_cli.exporters import Entry
from auditlog_cli.record import BadLine, Line
from auditlog_cli.redaction.outgoing import Outgoing
from auditlog_cli.redaction.settings import Settings, load
from tests.logs import line, record, tutorial

LEAF = "ab" * 32
MAIL = "ann@acme.io"


def entry(raw: bytes, leaf: bytes = b"") -> Entry:
    found = decoders.decode(Line(raw, "a.jsonl", 1))
    assert not isinstance(found, BadLine)
    return Entry(raw, found.content, leaf, "a.jsonl:1", found.shape)


def outgoing(**settings: Any) -> Outgoing:
    wanted = Settings(**settings)
    return Outgoing(wanted.redactor(), lambda text: None, wanted.fields)


def out(content: dict[str, Any] | bytes, leaf: bytes = b"", **settings: Any) -> dict[str, Any]:
    found = outgoing(**settings)(entry(content if isinstance(content, bytes) else line(content), leaf))
    assert found is not None and found.leaf == b""
    again = entry(found.line)
    assert again.content == found.content, "line and content say the same"
    return found.content


def test_what_nothing_concerns_goes_out_as_it_stands() -> None:
    given = entry(line(record()))
    masks = outgoing()
    assert masks(given) == given
    assert (masks.tally.read, masks.tally.changed, masks.unsealed, masks.digests) == (1, 0, 0, 0)


def test_the_record_in_the_log_is_not_touched() -> None:
    given = entry(line(record(action__arguments={"to": MAIL}) | {"prev": LEAF, "seq": 1}))
    before = dict(given.content)
    outgoing()(given)
    assert given.content == before and given.content["action"]["arguments"] == {"to": MAIL}  # type: ignore[index]


def test_a_seal_stays_behind_even_where_nothing_is_masked() -> None:
    found = out(record(seq=5, prev=LEAF, _salts=[]), bytes(32))
    assert "prev" not in found and "_salts" not in found and found["seq"] == 5


def test_a_member_of_that_name_that_is_no_leaf_stays() -> None:
    assert out({"prev": "page 3", "x": 1}) == {"prev": "page 3", "x": 1}


def test_a_withheld_record_goes_as_the_tombstone_that_it_is() -> None:
    assert out({"seq": 3, "_leaf": LEAF, "_salts": []}) == {"seq": 3, "_leaf": LEAF}


def test_a_hole_goes_as_the_hole_that_it_is() -> None:
    hole = {"_redacted": LEAF}
    assert out(record(user__email=hole), fields=("user.email",))["user"]["email"] == hole


def test_of_the_logs_own_records_little_goes_out() -> None:
    own = {
        "timestamp": "2026-06-01T00:00:00Z",
        "record_id": "r",
        "auditlog": {"type": "recovered", "torn": MAIL, "sha256": LEAF},
    }
    found = out(own | {"seq": 4, "prev": LEAF, "_salts": []})
    assert found == {"timestamp": "2026-06-01T00:00:00Z", "record_id": "r", "seq": 4, "auditlog": {"type": "recovered"}}


@pytest.mark.parametrize(
    ("changes", "goes"),
    [
        ({"action__arguments": {"n": 1}}, False),
        ({"action__arguments": {"to": MAIL}}, True),
        ({"action__arguments": None}, True),
        ({"action__arguments": {"_redacted": LEAF}}, True),
    ],
)
def test_a_digest_goes_with_what_it_is_of(changes: dict[str, Any], goes: bool) -> None:
    found = out(record(**changes, action__arguments_sha256=LEAF, approval={"arguments_sha256": LEAF, "id": "a"}))
    assert ("arguments_sha256" not in found["action"]) is goes
    assert ("arguments_sha256" not in found["approval"]) is goes and found["approval"]["id"] == "a"


def test_a_digest_goes_with_a_block_that_is_masked_or_removed() -> None:
    given = record(prompt={"text": "hello", "sha256": LEAF})
    assert out(given, fields=("prompt.text",))["prompt"] == {"text": "<REDACTED>"}
    assert out(given, fields=("prompt.text",), ways={"prompt.text": "remove"})["prompt"] == {}
    assert out(given, fields=("prompt",))["prompt"] == "<REDACTED>"


def test_lines_of_other_shapes_are_masked_under_our_names_too() -> None:
    raw = tutorial("tool_call", tool="get_balance", account_id="1")
    assert out(raw)["action"]["tool"] == "get_balance"  # type: ignore[index]
    assert out(raw, fields=("action.tool",))["action"]["tool"] == "<REDACTED>"  # type: ignore[index]


def test_what_cannot_be_masked_does_not_go_out() -> None:
    said: list[str] = []
    masks = Outgoing(Settings().redactor(), said.append)
    given = entry(line(record(metadata={MAIL: 1})))
    assert [masks(given) for _ in range(30)] == [None] * 30
    assert masks.held_back == masks.tally.read == 30 and 0 < len(said) <= 10
    assert not any(MAIL in text for text in said)


def test_masking_what_went_out_changes_nothing_more() -> None:
    masks = outgoing(fields=("user",))
    once = masks(entry(line(record(action__arguments={"to": MAIL}, seq=1, prev=LEAF, _salts=[]))))
    assert once is not None
    assert outgoing(fields=("user",))(entry(once.line)) == once


def test_the_mark_tells_settings_and_keys_apart_and_nothing_else(tmp_path: Path) -> None:
    first = Settings(fields=("a",), ways={"a": "mask", "EMAIL_ADDRESS": "remove"})
    assert first.mark() == first._replace(ways=dict(reversed(first.ways.items()))).mark()
    others = [Settings(), first, first._replace(fields=("b",)), first._replace(min_confidence="certain")]
    marks = {each.mark(key) for each in others for key in (None, b"0" * 16, b"1" * 16)}
    assert len(marks) == 12 and all(len(mark) == 16 for mark in marks)
    path = tmp_path / "p.yaml"
    path.write_text("format: auditlog.redaction/1\nfields: [a]\n")
    before = load(str(path)).mark()
    path.write_text("# a remark\nformat: auditlog.redaction/1\nfields:\n  - a\n")
    assert load(str(path)).mark() == before
