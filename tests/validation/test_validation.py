"""Whole logs judged: counts that add up, and the same answer however the work is done."""

from __future__ import annotations

import copy
import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli import strictjson, validation
from auditlog_cli.errors import InputError, UsageError
from auditlog_cli.record import BadLine, Line
from auditlog_cli.sources import foreign, looking, ranges
from auditlog_cli.sources.lines import read_lines
from auditlog_cli.validation import counting, validate
from auditlog_cli.validation.counting import Asked, count
from auditlog_cli.validator.report import ValidationReport
from tests.logs import agentaudit, line, record, tutorial, write
from tests.validator.everything import EVERYTHING, HASH, HOLE, json_values, ways

GOOD = line(record())
SOME = [
    GOOD, line(record(user__id=None)), b'{"a":1,"a":2}', b"", b"nonsense", b'{"n":NaN}', b'"text"', b"\xff",
    line(record(authorization__session_type="delegated")), line(record(user__id=HOLE)), json.dumps(record()).encode(),
    line({"seq": 1, "_leaf": HASH, "_salts": []}), line({"seq": 1, "_leaf": HASH, "_salts": [], "x": 1}),
    line({"timestamp": "2026-06-01T14:23:11Z", "record_id": "r", "auditlog": {"type": "close"}}),
    line({"timestamp": "2026-06-01T14:23:11Z", "record_id": "r", "auditlog": {"type": "genesis"}}),
    tutorial("tool_call", tool="x"), agentaudit("tool_start", agentId="a"), b'{"eventName":1}',
    line({**record(), "auditlog": {"type": "close"}}), line({**record(), "_leaf": HASH}),
    line(record(metadata={"_salts": []})), line(record(metadata={"x": '"_redacted"'})), line(record(agent__id="user_ann")),
    line(record(usage={"input_tokens": 10**30})), line({**record(), "seq": 3, "prev": HASH, "_salts": []}),
]  # fmt: skip
lines_of_any_kind = st.lists(st.sampled_from(SOME) | st.binary(max_size=12).map(lambda raw: raw.replace(b"\n", b"")) | st.builds(
    lambda way, value: line(changed(way, value)), st.sampled_from(ways(EVERYTHING)), json_values), max_size=12)  # fmt: skip


def changed(way: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    content = copy.deepcopy(EVERYTHING)
    holder: Any = content
    for step in way[:-1]:
        holder = holder[step]
    holder[way[-1]] = value
    return content


def numbers(report: ValidationReport) -> dict[str, Any]:
    tally = report.tally
    found = {name: getattr(tally, name) for name in tally.__slots__}
    found["findings"] = [(each.rule.id, each.message, str(each.where), each.where.byte, each.where.column, each.where.pointer, each.fingerprint) for each in report.findings]  # fmt: skip
    return found


def add_up(report: ValidationReport) -> None:
    tally = report.tally
    assert tally.read == tally.valid + tally.invalid + tally.own + tally.withheld + tally.bad
    assert sum(tally.kinds.values()) == tally.read - tally.bad
    for answered, held in zip(tally.answered, tally.held, strict=True):
        assert 0 <= answered + held <= tally.asked
    assert tally.findings >= tally.invalid + tally.bad
    assert sum(report.inputs.values()) == tally.read
    assert report.left_out >= 0


PACKED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PK\x03\x04")
"""How compressed files and archives begin: damaged ones cannot be looked at, which is an error of its own."""


@given(lines_of_any_kind, st.booleans(), st.sampled_from(["six-questions", "record"]), st.sampled_from([0, 1, 4]))
def test_the_fast_way_and_the_obvious_one_count_alike(
    lines: list[bytes], strict: bool, profile: Any, limit: int
) -> None:
    for shape in (None, "auditlog", "tutorial"):
        asked = Asked(profile, strict, shape, limit)
        fast, slow = (
            count([Line(raw, "x", number) for number, raw in enumerate(lines, 1)], asked, bulk=bulk)
            for bulk in (True, False)
        )
        for name in fast.tally.__slots__:
            assert getattr(fast.tally, name) == getattr(slow.tally, name), name
        place = [item.line.number if isinstance(item, BadLine) else item.number for item in fast.kept]
        assert place == [item.line.number if isinstance(item, BadLine) else item.number for item in slow.kept]


@given(lines_of_any_kind, st.sampled_from([0, 1, 5]), st.integers(1, 900), st.booleans())
def test_several_processes_find_what_one_finds(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], limit: int, part: int, ended: bool
) -> None:
    """In the same order, with the same line numbers."""
    path = tmp_path_factory.getbasetemp() / "parallel.jsonl"
    path.write_bytes(b"\n".join(lines) + b"\n" * ended)
    if not path.stat().st_size or path.read_bytes().startswith(PACKED):
        return
    alone = validate(path, max_errors=limit)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranges.cut, "__defaults__", (part,))
        several = validate(path, max_errors=limit, processes=3)
    assert numbers(alone) == numbers(several)
    add_up(alone)
    if limit == 0:
        assert not alone.left_out
    else:
        assert len(alone.findings) == min(limit, alone.tally.findings)


@given(st.binary(max_size=400))
def test_any_bytes_are_judged(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    """Lines, or our own error; never anything else."""
    path = tmp_path_factory.getbasetemp() / "any.jsonl"
    path.write_bytes(data)
    try:
        report = validate(path)
    except InputError:
        assert not data or data.startswith(PACKED)
        return
    add_up(report)
    assert report.exit_code in (1, 3)


@given(lines_of_any_kind)
def test_what_is_explained_is_what_was_counted(lines: list[bytes]) -> None:
    """The reference explains exactly the findings that the compiled engine counted."""
    if not lines:
        return
    report = validate(lines, max_errors=0)
    explained: dict[str, int] = {}
    for finding in report.findings:
        explained[finding.rule.id] = explained.get(finding.rule.id, 0) + 1
    assert explained == report.tally.rules


def test_a_summary_adds_up() -> None:
    report = validate(SOME)
    tally = report.tally
    assert (tally.read, tally.bad, tally.own, tally.withheld) == (25, 6, 1, 1)
    assert (
        tally.kinds == {"auditlog": 13, "own": 3, "withheld": 3, "tutorial": 1, "agentaudit": 1, "unknown": 1}
        or add_up(report) is None
    )
    assert report.exit_code == 1
    assert not report.ok


def test_a_good_log_is_ok(tmp_path: Path) -> None:
    report = validate(write(tmp_path / "a.jsonl", record(), record(user__id=HOLE)))
    assert report.ok
    assert (
        report.verdict == "all 2 lines are valid, and every record answers the six questions, or withholds the answer"
    )
    assert report.unanswered == []


def test_places_are_those_of_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", record(), record(user__id=7), b'{"a":1;}')
    first, second = validate(path).findings
    text = path.read_text().splitlines()
    assert (first.where.line, first.where.byte) == (2, len(text[0]) + 1)
    assert text[1][first.where.column - 1 : first.where.end_column - 1] == "7"
    assert first.where.record_id == "00000000-0000-4000-8000-000000000001"
    assert (second.where.line, path.read_bytes()[second.where.byte : second.where.byte + 1]) == (3, b";")


def test_ids_that_could_be_a_person_s_are_not_shown() -> None:
    finding = validate([line(record(record_id="ann@example.org", trace_id="Ann Example", user__id=None))]).findings[0]
    assert (finding.where.record_id, finding.where.trace_id, finding.where.session_id) == ("", "", "sess_1")


def test_a_fingerprint_survives_another_place_in_the_log() -> None:
    wrong = line(record(user__id=None))
    one, other = validate([wrong]).findings[0], validate([GOOD, GOOD, wrong]).findings[0]
    assert one.fingerprint == other.fingerprint
    bare = line({"timestamp": "2026-06-01T14:23:11Z", "session_id": "s"})
    assert validate([bare]).findings[0].fingerprint == validate([GOOD, bare]).findings[0].fingerprint


def test_a_sealed_record_without_an_id_is_known_by_its_leaf() -> None:
    from auditlog_cli.sealing.line import prepare, unseal
    from auditlog_cli.sealing.policy import default_tree

    content = record(user__email=None, authorization__approved_by=None, record_id=None)
    sealed, leaf = prepare(content, default_tree(), lambda many: [b"A" * 22] * many).close(3, "0" * 64)
    raw = sealed.rstrip(b"\n")
    from auditlog_cli.decoders import decode
    from auditlog_cli.record import Record
    from auditlog_cli.validation.explaining import _anchor

    item = decode(Line(raw))
    assert isinstance(item, Record)
    assert _anchor(item) == leaf == unseal(raw).leaf


def test_several_logs_and_what_cannot_be_read(tmp_path: Path) -> None:
    good = write(tmp_path / "good.jsonl", record())
    (tmp_path / "empty.jsonl").touch()
    report = validate([good, tmp_path / "none.jsonl", tmp_path / "empty.jsonl", good])
    assert report.tally.read == 1, "a log named twice is read once"
    assert [str(error).rpartition("/")[2] for error in report.unread] == [
        "none.jsonl: no such file", "empty.jsonl: empty, nothing to look at",
    ]  # fmt: skip
    assert report.exit_code == 3, "never ok about something not looked at"
    with pytest.raises(InputError, match="no such file"):
        validate([tmp_path / "none.jsonl", tmp_path / "empty.jsonl"])
    with pytest.raises(InputError, match="nothing to look at"):
        validate([])


def test_one_unreadable_file_does_not_hide_the_others(tmp_path: Path) -> None:
    (tmp_path / "a:b.jsonl").symlink_to(tmp_path / "nowhere")
    write(tmp_path / "c.jsonl", record(user__id=None))
    (tmp_path / "d:e.jsonl.gz").write_bytes(gzip.compress(b"")[:-4])
    report = validate(tmp_path)
    assert report.tally.invalid == 1
    assert len(report.unread) == 2, report.unread


def test_a_damaged_archive_is_judged_up_to_the_damage(tmp_path: Path) -> None:
    packed = gzip.compress(
        b"".join(line(record(metadata={"n": number, "x": HASH * 20})) + b"\n" for number in range(3000))
    )
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(packed[: len(packed) // 2])
    report = validate(path)
    assert 0 < report.tally.read < 3000
    assert "ends too early" in str(report.unread[0])
    add_up(report)


def test_rotated_segments_are_one_log(tmp_path: Path) -> None:
    write(tmp_path / "audit.000000000000.jsonl", record(), record())
    write(tmp_path / "audit.jsonl", record(user__id=None))
    report = validate(tmp_path / "audit.jsonl")
    assert [finding.where.line for finding in report.findings] == [1]
    assert report.tally.read == 3
    (tmp_path / "audit.jsonl").write_bytes(b"")
    assert validate(tmp_path / "audit.jsonl").ok, "an empty active segment behind a full one is nothing wrong"


def test_streams_are_numbered_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation, "_BATCH", 3)
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(b"\n".join([GOOD] * 7 + [b"x", GOOD])))
    report = validate(path)
    assert [(finding.where.line, finding.where.byte) for finding in report.findings] == [(8, 7 * (len(GOOD) + 1))]
    assert report.inputs == {str(path): 9}


def test_lines_may_be_given_instead_of_paths() -> None:
    assert validate([GOOD + b"\n", GOOD]).ok
    assert validate(iter([GOOD])).ok
    assert validate([b"x"]).findings[0].where.line == 1


def test_what_is_too_long_or_too_deep_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = b'{"metadata":' + b"[" * 600 + b"]" * 600 + b"}"
    path = write(tmp_path / "a.jsonl", deep, b'{"x":"' + b"y" * 5000 + b'"}', GOOD)
    for module in ("auditlog_cli.strictjson", "auditlog_cli.sources.lines", "auditlog_cli.validation"):
        monkeypatch.setattr(f"{module}.MAX_LINE", 4000)
    assert [finding.rule.id for finding in validate(path).findings] == ["RECORD-LINE-4", "RECORD-LINE-5"]
    assert [finding.rule.id for finding in validate(path.read_bytes().splitlines()).findings] == ["RECORD-LINE-4", "RECORD-LINE-5"]  # fmt: skip


def test_a_torn_last_line_is_a_finding(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(GOOD + b"\n" + GOOD[:40])
    assert [finding.rule.id for finding in validate(path).findings] == ["RECORD-LINE-6"]
    path.write_bytes(GOOD + b"\n" + GOOD)
    assert validate(path).ok, "only the LF is missing: the record is there"


def test_words_that_are_none_are_a_usage_error() -> None:
    for wrong in ({"profile": "strict"}, {"shape": "otlp9"}, {"max_errors": -1}):
        with pytest.raises(UsageError):
            validate([GOOD], **wrong)  # type: ignore[arg-type]


def test_progress_is_told_to_the_last_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.jsonl", *[record()] * 9)
    monkeypatch.setattr(ranges.cut, "__defaults__", (1000,))
    told: list[tuple[int, int]] = []
    report = ValidationReport("record")
    list(validation.run([str(path)], report, validation.asked("record"), progress=lambda done, size: told.append((done, size))))  # fmt: skip
    size = path.stat().st_size
    assert len(told) > 2
    assert told[-1] == (size, size)
    assert told == sorted(told)


def test_every_shared_file_is_judged(shared: Path) -> None:
    """Each real file, compressed ones too: no traceback, counts that add up, every line counted."""
    seen = 0
    for folder in ("agents", "audit", "json"):
        for path in sorted((shared / "data" / folder).rglob("*")):
            if not path.is_file():
                continue
            data = path.read_bytes()
            if path.suffix == ".gz":
                data = gzip.GzipFile(fileobj=io.BytesIO(data)).read()
            if not data:
                continue
            translated = not looking.is_ours(data) and foreign.may_be(data)
            if translated and not list(read_lines(str(path))):
                continue  # structural units only: nothing to look at
            for profile in ("six-questions", "record"):
                report = validate(path, profile=profile, strict=True, max_errors=5)
                add_up(report)
                if not translated:  # units of foreign files are no lines
                    assert report.tally.read == data.count(b"\n") + (not data.endswith(b"\n")), path
            seen += 1
    assert seen > 400


def test_json_test_suite_verdicts(shared: Path) -> None:
    """y_ must be read, n_ must be refused; as one line, and wrapped into an object where it is a bare value."""
    for path in sorted((shared / "data/json/JSONTestSuite/test_parsing").iterdir()):
        data = path.read_bytes()
        if path.name.endswith(".gz"):
            data = gzip.decompress(data)
        if path.name[0] not in "yn" or path.name[1] != "_" or b"\n" in data.strip(b"\n"):
            continue
        data = data.strip(b"\n")
        wrapped = validate([b'{"metadata":' + data + b"}"], max_errors=0)
        if path.name.startswith("y_"):
            duplicate = "duplicated" in path.name
            assert (wrapped.tally.bad == 1) is duplicate, f"{path.name}: strict reading refuses duplicates only"
        elif path.name not in ("n_structure_whitespace_formfeed.json",) and not _closes_early(data):
            assert wrapped.tally.bad == 1, path.name
            assert validate([data]).tally.bad == 1, path.name


def _closes_early(data: bytes) -> bool:
    """Wrapped into an object it becomes good JSON of another meaning: `1}` and the like."""
    try:
        strictjson.exact(b'{"metadata":' + data + b"}")
    except strictjson.Malformed:
        return False
    return True


def test_the_fast_way_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A record of ours that is complete is not judged the slow way."""

    def never(*args: object) -> None:
        raise AssertionError(args)

    monkeypatch.setattr(counting, "_count_one", never)
    monkeypatch.setattr(counting, "_count_record", never)
    sealed = line({**record(), "seq": 3, "prev": HASH, "_salts": [["A" * 22, 12, 3]]})
    assert count([Line(GOOD), Line(sealed)], Asked("six-questions"), bulk=True).tally.valid == 2
