"""A record on its way into the log: the fast way gives the very bytes of the slow one; masks; large values."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

from auditlog_cli.errors import AuditWriteError, UsageError
from auditlog_cli.sealing import policy
from auditlog_cli.writer import entry, ids, masking
from auditlog_cli.writer.log import AuditLog
from tests.sealing.slow import deterministic
from tests.writer.chain import walk
from tests.writer.records import full, small

Open = Callable[..., AuditLog]


@pytest.fixture
def maker(monkeypatch: pytest.MonkeyPatch) -> entry.Maker:
    """A maker whose salts and ids are always the same, so that bytes can be compared."""
    monkeypatch.setattr(ids, "salts", deterministic)
    monkeypatch.setattr(ids, "record_id", lambda: "00000000-0000-4000-8000-000000000000")
    monkeypatch.setattr("auditlog_cli.times.now", lambda: "2026-01-01T00:00:00.000000Z")
    return entry.Maker("audit.jsonl", policy.default_tree(), None, None)


def both(maker: entry.Maker, record: dict[str, Any]) -> tuple[tuple[bytes, str], tuple[bytes, str]]:
    """The sealed line by the usual way, and by the slow one."""
    return maker.make(record).close(5, "ab" * 32), maker.make_slowly(record).close(5, "ab" * 32)


VARIANTS: list[Callable[[dict[str, Any]], object]] = [
    lambda r: r.update(parent_span_id="b7ad6b7169203331"),
    lambda r: r["user"].update(email=None),
    lambda r: r["user"].update(email=float("nan")),
    lambda r: r["action"].update(latency_ms=float("inf")),
    lambda r: r["action"].update(latency_ms=1.5e300),
    lambda r: r["action"]["arguments"].update(pages=[]),
    lambda r: r["action"]["arguments"].update(pages=[None]),
    lambda r: r["action"]["arguments"].update(pages=[float("nan")]),
    lambda r: r["action"]["arguments"].update(pages={"a": {"b": [1, "x"]}}),
    lambda r: r["action"]["arguments"].update(pages={"_salts": 1}),
    lambda r: r["action"]["arguments"].update(pages=orjson.Fragment(b"[1,2]")),
    lambda r: r["action"]["arguments"].update(pages=orjson.Fragment(b'"a\nb"')),
    lambda r: r["action"]["arguments"].update(pages=[orjson.Fragment(b'{"a":1,"a":2}')]),
    lambda r: r["action"]["arguments"].update(document_id=orjson.Fragment(b'"\xff"')),
    lambda r: r["action"]["arguments"].update(document_id=orjson.Fragment(b"1e999")),
    lambda r: r["action"]["arguments"].update(document_id='"},"x":{"_redacted":"00"}\\'),
    lambda r: r["action"]["arguments"].update(document_id="\u0000\u001f\u2028\U0001f600"),
    lambda r: r["action"]["arguments"].update(document_id="\ud800"),
    lambda r: r["action"]["arguments"].update(document_id=2**70),
    lambda r: r["action"]["arguments"].update({"ann@example.org": 1}),
    lambda r: r["action"].update(result_status=Path("x")),
    lambda r: r["action"].update(tool=["unhashable"]),
    lambda r: r["delegation_chain"].append("no object"),
    lambda r: r["delegation_chain"].pop(),
    lambda r: r.update(delegation_chain=()),
    lambda r: r.update(user="a string"),
    lambda r: r.update(user={}),
    lambda r: r.update(seq=1),
    lambda r: r.update(_leaf="x"),
    lambda r: r.update(timestamp=None),
    lambda r: r.update(record_id="mine"),
    lambda r: r.update(source={"host": "h"}),
    lambda r: r.update(timestamp=1.5),
    lambda r: r.update(timestamp='a"b'),
    lambda r: r.update(timestamp=r.pop("timestamp")),
    lambda r: (r.pop("timestamp"), r.update(record_id="mine")),
    lambda r: [r.pop(name) for name in list(r) if name != "timestamp"],
    lambda r: [r.pop(name) for name in list(r) if name != "user"],
    lambda r: r.update(action=7),
    lambda r: r.clear(),
    lambda r: r.pop("timestamp"),
    lambda r: r.update({5: 6}),
]


@pytest.mark.parametrize("change", VARIANTS, ids=range(len(VARIANTS)))
def test_the_fast_way_gives_the_bytes_of_the_slow_way(
    maker: entry.Maker, change: Callable[[dict[str, Any]], object]
) -> None:
    """For the shape that is known, for every deviation from it, and again once the deviation is known, too."""
    for i in range(40):
        maker.make(full(i))
    assert len(maker._shapes._shapes) == 1
    fast, slow = both(maker, full(1))
    assert fast == slow
    for i in range(40):
        record = full(i)
        change(record)
        fast, slow = both(maker, record)
        assert fast == slow


def test_the_fast_way_is_taken(maker: entry.Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once a shape is known, records of it never go the slow way; another tool with the same members neither."""
    for i in range(40):
        maker.make(full(i))
    monkeypatch.setattr(maker, "make_slowly", lambda _: pytest.fail("the slow way"))
    for i in range(40):
        maker.make(full(i))


def test_shapes_are_bounded(maker: entry.Maker) -> None:
    """Thousands of shapes that come once each: nothing is compiled for them, and memory stays bounded."""
    for i in range(3000):
        maker.make({f"name{i}": 1, "action": {"tool": f"tool{i}", "arguments": {}}})
    assert len(maker._shapes._shapes) == 0
    assert len(maker._shapes._seen) <= 5000
    for i in range(400):
        for _ in range(20):
            maker.make({f"name{i % 300}": 1, "n": i, "action": {"tool": f"t{i}", "arguments": {}}})
    assert len(maker._shapes._shapes) <= 256


def test_a_record_with_nothing_random_in_it_gets_something(path: Path, opened: Open) -> None:
    """No redactable value and an id from the caller: the id becomes redactable, so that nobody can guess the leaf."""
    log = opened()
    for _ in range(20):
        log.append({"timestamp": "2026-01-01T00:00:00Z", "record_id": "1", "session_id": "s", "trace_id": "t"})
        log.append({"timestamp": "2026-01-01T00:00:00Z", "session_id": "s", "trace_id": "t"})
    found = walk(path)
    for record, seal in list(zip(found.records, found.seals, strict=True))[1:]:
        assert len(seal.spans) == (1 if record["record_id"] == "1" else 0)


def test_source_is_added_where_there_is_none(path: Path, opened: Open) -> None:
    """A record's own source stays."""
    log = opened(source={"component": "billing", "at": float("nan")})
    log.append({"a": 1})
    log.append({"a": 1, "source": {"component": "mine"}})
    first, second = walk(path).callers
    assert first["source"] == {"component": "billing", "at": {"not_json": "float", "text": "NaN"}}
    assert second["source"] == {"component": "mine"}


# --- masks ------------------------------------------------------------------------------------


@dataclass
class User:
    id: str
    email: str


def test_masked_values_never_reach_the_disk(path: Path, opened: Open) -> None:
    """Paths with `*`, in dicts, lists, dataclasses, tuples and mappings, and under names that have dots."""
    from types import MappingProxyType

    log = opened(redact=["user.email", "a.*.card", "m.http.auth", "l.1", "missing.x", "scalar.x"])
    secret = "4111-1111"
    for user in ({"id": "u", "email": secret}, User("u", secret), MappingProxyType({"id": "u", "email": secret})):
        log.append(
            {"user": user, "a": ({"card": secret, "b": 1}, {"card": [secret]}), "m": {"http.auth": secret}, "l": (1, secret),
             "scalar": 5}
        )  # fmt: skip
    assert secret.encode() not in path.read_bytes()
    for record in walk(path).callers:
        assert record["user"] == {"id": "u", "email": "[masked]"}
        assert record["a"] == [{"card": "[masked]", "b": 1}, {"card": "[masked]"}]
        assert record["m"] == {"http.auth": "[masked]"}
        assert record["l"] == [1, "[masked]"]


def test_a_mask_can_hash_or_remove() -> None:
    """Keyed hashes keep equal values equal; removing takes the member out, list elements from the end."""
    key = b"k" * 16
    hashed = masking.paths(["u"], how="hash", key=key)({"u": "ann"})["u"]
    assert hashed == masking.paths(["u"], how="hash", key=key)({"u": "ann"})["u"]
    assert hashed.startswith("hmac-sha256:")
    assert hashed != masking.paths(["u"], how="hash")({"u": "ann"})["u"]
    assert masking.paths(["u"], how="hash")({"u": {"b": 2**70, "a": 1}})["u"] == masking.paths("u", how="hash")(
        {"u": {"a": 1, "b": 2**70}}
    )["u"]  # fmt: skip
    assert masking.paths(["l.*"], how="remove")({"l": [1, 2, 3]}) == {"l": []}
    assert masking.paths(["*.x", "²"], how="remove")({"a": {"x": 1, "y": 2}, "b": 1}) == {"a": {"y": 2}, "b": 1}


@pytest.mark.parametrize("options", [{"how": "blur"}, {"how": "hash", "key": b"short"}])
def test_a_wrong_mask_is_a_usage_error(options: dict[str, Any]) -> None:
    """Before anything is written."""
    with pytest.raises(UsageError):
        masking.paths(["a"], **options)


def test_a_function_sees_plain_values_and_may_return_anything(path: Path, opened: Open) -> None:
    """It gets a copy made of dicts and lists, with numbers of any size; its result is handled by rule again."""
    seen = []

    def mask(record: dict[str, Any]) -> dict[str, Any]:
        seen.append(json.loads(json.dumps(record)))
        return {"kept": record["n"], "new": float("nan"), "seq": 1}

    receipt = opened(redact=mask).append({"n": 2**80, "user": User("u", "e"), "t": (1,), "b": b"x"})
    assert seen == [
        {"n": 2**80, "user": {"id": "u", "email": "e"}, "t": [1], "b": {"not_json": "bytes", "text": "eA=="}}
    ]
    record = walk(path).callers[0]
    assert record["kept"] == 2**80
    assert record["x_seq"] == 1
    assert receipt.replaced == ("/b", "/new")
    assert receipt.renamed == ("/x_seq",)


@pytest.mark.parametrize("result", [None, "text", [1]])
def test_a_mask_that_fails_writes_nothing(path: Path, opened: Open, result: object) -> None:
    """Raising or returning no record: nothing is written unmasked, and no value is in the message."""

    def raising(record: dict[str, Any]) -> dict[str, Any]:
        raise KeyError(record["user"])

    before = opened(redact=raising)
    with pytest.raises(AuditWriteError, match="redact function raised KeyError") as caught:
        before.append({"user": "ann@example.org"})
    assert "ann" not in str(caught.value)
    with pytest.raises(AuditWriteError, match="not the record"):
        opened(redact=lambda _: result).append(small())
    assert walk(path).callers == []


def test_a_mapping_that_raises_is_refused_in_words(opened: Open) -> None:
    """The record itself cannot be read: nobody can write it."""

    class Bad(dict[str, int]):
        def items(self) -> Any:
            raise RuntimeError("ann@example.org")

    with pytest.raises(AuditWriteError, match="raised RuntimeError when it was read") as caught:
        opened().append(Bad())
    assert "ann" not in str(caught.value)


# --- large values -------------------------------------------------------------------------------


def test_values_above_one_mib_lie_beside_the_log(path: Path, opened: Open) -> None:
    """The deepest member that is too large goes: sum and size in its place, the JSON text in a file of that name."""
    log = opened()
    big = ["y" * 1000] * 2000
    receipt = log.append(
        {"action": {"tool": "t", "arguments": {"body": "x" * (1 << 20), "n": 1}, "result": big}, "s": 1}
    )
    log.append({"action": {"arguments": {"body": "x" * (1 << 20)}}})
    found = walk(path)
    action = found.callers[0]["action"]
    assert action["arguments"]["n"] == 1
    for value, text in (
        (action["arguments"]["body"], b'"' + b"x" * (1 << 20) + b'"'),
        (action["result"], orjson.dumps(big)),
    ):
        assert value == {"sha256": hashlib.sha256(text).hexdigest(), "bytes": len(text)}
        assert (path.parent / "audit.blobs" / value["sha256"]).read_bytes() == text
    assert len(list((path.parent / "audit.blobs").iterdir())) == 2
    assert found.has(receipt)
    body = found.callers[0]["action"]["arguments"]["body"]
    spans = [found.lines[1][at : at + size] for _, at, size in found.seals[1].spans]
    assert orjson.dumps(body) in spans, "its digest can be withheld with it"


def test_a_value_of_exactly_one_mib_stays(path: Path, opened: Open) -> None:
    """The limit itself is allowed."""
    opened().append({"v": "x" * ((1 << 20) - 2)})
    assert len(walk(path).callers[0]["v"]) == (1 << 20) - 2
    assert not (path.parent / "audit.blobs").exists()


def test_many_values_that_are_too_large_together(path: Path, opened: Open) -> None:
    """An object that is too large though none of its members is goes as a whole."""
    opened().append({"action": {"arguments": {f"a{i}": "x" * 1000 for i in range(2000)}, "tool": "t"}})
    assert set(walk(path).callers[0]["action"]["arguments"]) == {"sha256", "bytes"}


def test_a_value_that_cannot_be_kept_refuses_its_record(
    path: Path, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The blob first, durable; if that fails, nothing of the record is written and no half blob stays."""
    import os

    log = opened()
    before = path.read_bytes()

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    for name in ("fsync", "rename", "write", "makedirs"):
        with monkeypatch.context() as patch:
            patch.setattr(os, name, fail)
            with pytest.raises(AuditWriteError, match="above 1 MiB"):
                log.append({"v": "x" * (1 << 20)})
        assert path.read_bytes() == before
        assert list(path.parent.glob("audit.blobs/*")) == []


def test_a_line_beyond_every_limit_is_refused(path: Path, opened: Open) -> None:
    """70 values of just under 1 MiB: no reader would take the line (64 MiB)."""
    with pytest.raises(AuditWriteError, match="longer than a line may be"):
        opened().append({f"v{i}": "x" * 1_000_000 for i in range(70)})
    assert walk(path).callers == []
