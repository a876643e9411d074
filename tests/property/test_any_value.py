"""Any value whatever is written, as strict JSON, preserved or marked (integrity.md, 2.2)."""

from __future__ import annotations

import base64
import math
import tempfile
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from auditlog_cli import strictjson
from auditlog_cli.sealing import policy
from auditlog_cli.sealing.line import Prepared, assemble, cut
from auditlog_cli.sealing.shapes import Shapes
from auditlog_cli.writer.log import AuditLog
from auditlog_cli.writer.values import Plain, is_plain
from tests.sealing.slow import deterministic, seal
from tests.writer.chain import walk

NAMES = ["user", "agent", "action", "arguments", "result", "authorization", "emergency", "delegation_chain", "metadata",
         "id", "email", "actor", "role", "type", "tool", "scopes", "seq", "prev", "auditlog", "_salts", "_redacted", "_leaf",
         "x_seq", "x__salts", "trace_id", "provenance", "import", "ann@example.org", "", "a.b", "\u2028", "timestamp",
         "record_id", "parent_span_id"]  # fmt: skip

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)  # JSON holds no half of a character
hostile_texts = st.text(st.sampled_from('"\\{}[],:_\x00\n\r\u2028\ud800\udfffaé😀'), max_size=8)
json_scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
odd_scalars = (
    st.floats() | st.integers(min_value=-(10**40), max_value=10**40) | st.binary(max_size=8) | hostile_texts
    | st.datetimes(timezones=st.none() | st.just(UTC) | st.just(timezone(timedelta(hours=-5)))) | st.decimals()
    | st.sampled_from([object(), len, Path("/x"), 1j, orjson.Fragment(b'{"a":1,"a":2}')])
)  # fmt: skip
names = st.sampled_from(NAMES) | texts | hostile_texts
odd_names = names | st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.binary(max_size=3)


def holders(scalars: st.SearchStrategy[Any], keys: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Values with lists, tuples and objects around."""
    return st.recursive(
        scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=5), max_leaves=12
    )


json_records = st.dictionaries(st.sampled_from(NAMES), holders(json_scalars, st.sampled_from(NAMES)), max_size=8)
any_records = st.dictionaries(odd_names, holders(json_scalars | odd_scalars, odd_names), max_size=6)


def rule(value: Any) -> Any:
    """What the rule of values.py makes of a value, in the most obvious way; member names are left to the caller."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        if math.isnan(value) or math.isinf(value):
            name = "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
            return {"not_json": "float", "text": name}
        return value
    if isinstance(value, str):
        escaped = value.encode("utf-8", "backslashreplace").decode()
        return value if escaped == value else {"not_json": "string", "text": escaped}
    if isinstance(value, bytes):
        return {"not_json": "bytes", "text": base64.b64encode(value).decode()}
    if isinstance(value, Decimal):
        if not value.is_finite() or math.isinf(float(value)):
            return {"not_json": "float", "text": str(value)}
        return float(value)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            return value.isoformat()
        try:
            return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        except OverflowError:
            return {"not_json": "object", "text": "datetime"}
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, list):
        return [rule(item) for item in value]
    if isinstance(value, dict):
        return {key: rule(item) for key, item in value.items()}
    return {"not_json": "object", "text": type(value).__qualname__}


def marks(value: Any) -> int:
    """How many values are marked as none of JSON's."""
    if isinstance(value, dict):
        return 1 if list(value) == ["not_json", "text"] else sum(map(marks, value.values()))
    return sum(map(marks, value)) if isinstance(value, list) else 0


def same(written: Any, wanted: Any) -> bool:
    """Whether what was read back is what the rule wants; objects by their values in order, names aside."""
    if isinstance(wanted, dict):
        return isinstance(written, dict) and len(written) == len(wanted) and all(
            same(a, b) for a, b in zip(written.values(), wanted.values(), strict=True)
        )  # fmt: skip
    if isinstance(wanted, list):
        return isinstance(written, list) and len(written) == len(wanted) and all(map(same, written, wanted))
    if isinstance(wanted, float) and not isinstance(written, bool) and isinstance(written, (int, float, Decimal)):
        return float(written) == wanted
    return type(written) is type(wanted) and bool(written == wanted)


@given(st.lists(any_records, min_size=1, max_size=5))
def test_any_record_is_written_strictly_and_by_rule(records: list[dict[Any, Any]]) -> None:
    """Whatever Python gives: the log verifies, every line is strict JSON, values are preserved or marked."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "audit.jsonl"
        with AuditLog(path, fsync="none", ballast_bytes=0) as log:
            receipts = [log.append(record) for record in records]
            log.write_many(records)
        found = walk(path)
        assert all(found.has(receipt) for receipt in receipts)
        assert len(found.records) == 1 + 2 * len(records)
        for record, written, receipt in zip(records, found.records[1:], receipts, strict=False):
            added = {"timestamp", "record_id"} - {name for name in record if isinstance(name, str)}
            members = {n: v for n, v in written.items() if n not in added and n not in ("seq", "prev", "_salts")}
            assert same(members, rule(record))
            assert len(receipt.replaced) == marks(rule(record))


@given(json_records)
def test_what_json_can_hold_is_not_touched(record: dict[str, Any]) -> None:
    """A record of JSON values without reserved names comes back equal, its receipt empty."""
    if not is_plain(record):
        return
    made = Plain(record, numbers_as_they_are=True)
    assert made.record == record
    assert (made.renamed, made.replaced) == ([], [])
    assert list(made.record) == list(record)


@given(st.lists(json_records, min_size=1, max_size=4))
@settings(max_examples=60)
def test_patterns_and_walking_cut_alike(records: list[dict[str, Any]]) -> None:
    """For shapes that were learned, and any other record: the pattern gives the pieces of the slow way, or nothing."""
    tree = policy.default_tree()
    shapes = Shapes(tree)
    plain = [Plain(record).record for record in records]
    plain = [record for record in plain if is_plain(record) and _writable(record)]
    for record in plain:
        for _ in range(20):
            if shapes.match(record) is None:
                shapes.learn(record)
    for record in plain:
        found = shapes.match(record)
        assert found is None or list(found.groups()) == cut(record, tree)


def _writable(record: dict[str, Any]) -> bool:
    try:
        orjson.dumps(record)
    except TypeError:
        return False
    return True


@given(any_records, st.integers(0, 10**15))
def test_any_record_is_sealed_as_the_slow_twin_seals_it(record: dict[Any, Any], seq: int) -> None:
    """The bytes of a line and its leaf are those of the twin that hashes one value after the other."""
    tree = policy.default_tree()
    pieces = cut({"timestamp": "t", **Plain(record).record}, tree)
    made = Prepared(*assemble(pieces, deterministic)).close(seq, "0" * 64)
    assert made == seal(pieces, deterministic(len(pieces) // 2), seq, "0" * 64)
    strictjson.exact(made[0][:-1])
