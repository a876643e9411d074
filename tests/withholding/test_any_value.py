"""Whatever the values and whichever fields: leaves stay, what was asked for is gone, all else is as it was."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from auditlog_cli import AuditLog, redact
from auditlog_cli.fields import is_hole
from auditlog_cli.sealing.line import prepare, unseal
from auditlog_cli.sealing.policy import default_tree
from auditlog_cli.withholding.anatomy import dissect
from auditlog_cli.withholding.declaring import Target
from auditlog_cli.withholding.lines import bury, withhold, withhold_declared
from auditlog_cli.withholding.replacing import meant
from auditlog_cli.writer import ids
from tests.withholding.state import look
from tests.writer.chain import stock

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NAMES = st.one_of(TEXT, st.sampled_from(["a", "a.b", "a/b", "a~b", "~1", "0", "", '"', "x_salts", "é", "東"])).filter(
    lambda name: name not in ("_salts", "_redacted", "_leaf", "seq", "prev", "auditlog", "timestamp", "record_id")
)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), st.floats(allow_nan=False, allow_infinity=False), TEXT,
    st.sampled_from(['{"_redacted":"', ',"_salts":[', '"}', "\u2028", "\\u0041", "\x00"]),
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=8,
)
RECORDS = st.fixed_dictionaries(
    {},
    optional={
        "user": st.dictionaries(NAMES, VALUES, max_size=3),
        "action": st.fixed_dictionaries({}, optional={"arguments": VALUES, "result": VALUES, "error": VALUES}),
        "metadata": VALUES,
        "delegation_chain": st.lists(st.fixed_dictionaries({"actor": VALUES, "role": VALUES}), max_size=2),
        "prompt": VALUES,
    },
).flatmap(lambda known: st.dictionaries(NAMES, VALUES, max_size=2).map(lambda more: {"record_id": "r"} | more | known))


def at(record: Any, pointer: str) -> Any:
    """What a JSON pointer leads to."""
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        record = record[int(name)] if isinstance(record, list) else record[name]
    return record


@given(RECORDS, st.data())
def test_a_line_with_any_values_and_any_choice_of_fields(record: dict[str, Any], data: st.DataObject) -> None:
    raw, leaf = prepare(record, default_tree(), ids.salts).close(7, "0" * 64)
    raw = raw[:-1]
    line = dissect(raw)
    assert line is not None
    for value in line.values:
        assert json.loads(line.text(value)) == at(json.loads(raw), value.field)
    every = [value.field for value in line.values]
    assert len(set(every)) == len(every) == len(unseal(raw).spans)
    chosen = data.draw(st.sets(st.sampled_from(every)) if every else st.just(set()))
    made = withhold(line, chosen)
    commits = {line.commit(value).encode() for value in line.values if value.field in chosen}
    assert withhold_declared(raw, 7, commits) == (made if chosen else None), "the fast way is the slow one"
    assert withhold_declared(raw, 8, commits) is None, "another record"
    assert withhold_declared(made, 7, commits) is None, "nothing is left of it"
    declared = [Target(7, value.field, line.commit(value)) for value in line.values if value.field in chosen]
    forged = [Target(7, value.field, "00" * 32) for value in line.values if value.field not in chosen]
    assert meant(line, declared + forged) == chosen, "a value that is not the one that was declared stays"
    assert unseal(made).leaf == leaf
    before, after = json.loads(raw), json.loads(made)
    for field in every:
        assert is_hole(at(after, field)) if field in chosen else at(after, field) == at(before, field)
    assert len(after.pop("_salts")) == len(every) - len(chosen)
    again = dissect(made)
    assert again is not None
    assert set(again.holes) >= chosen
    assert withhold(again, chosen) == made, "twice is once"
    rest = set(every) - chosen
    assert withhold(again, rest) == withhold(line, set(every)), "in any order"
    assert unseal(bury(again)).leaf == leaf


@settings(max_examples=15)
@given(st.lists(RECORDS, min_size=1, max_size=4), st.data())
def test_a_log_with_any_values(shared: Path, records: list[dict[str, Any]], data: st.DataObject) -> None:
    """Leaves and root stay, and the stock checkers agree before and after."""
    folder = Path(tempfile.mkdtemp())
    try:
        path = folder / "audit.jsonl"
        with AuditLog(path, fsync="none", ballast_bytes=0, origin="example.org/any") as log:
            for each in records:
                log.append(each)
                if data.draw(st.booleans()):
                    log.rotate()
        before = look(path).leaves
        paths = data.draw(st.sets(st.sampled_from(["user", "action.arguments", "metadata", "prompt", "action", "a"])))
        for wanted in sorted(paths):
            redact(path, fields=[wanted], by="me", reason="why", unsigned=True)
        assert look(path).leaves[: len(before)] == before
        for checker in ("check.py", "check.pl"):
            done = stock(path, shared, checker)
            assert done.returncode == 0, done.stderr
    finally:
        shutil.rmtree(folder)
