"""The look at bytes finds too much, never too little; hyperscan changes no verdict."""

from __future__ import annotations

import json
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli.detectors import Scanner, engine, shapes
from auditlog_cli.detectors.catalogue import SHIPPED
from auditlog_cli.detectors.detector import Detector
from auditlog_cli.detectors.judges import RUN

ALL = Scanner(min_confidence="possible")
LOOK = ALL._prefilter
SAMPLES = [(key, text) for each in SHIPPED for key, text in each.hits]


def spelled(value: object) -> list[bytes]:
    """The same JSON, as different writers write it."""
    escaped = json.dumps(value)
    everything = "".join(f"\\u{ord(char):04x}" if char.isalnum() and char.isascii() else char for char in "@+:")
    return [
        json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass"),
        escaped.encode(),
        json.dumps(value, indent=1).replace("\n", " ").encode(),
        escaped.replace("/", "\\/").encode(),
        escaped.replace("@", "\\u0040").replace("4", "\\u0034").encode(),
        escaped.replace("@", everything or "@").encode(),
        json.dumps(value, separators=(",", ":")).encode(),
    ]


FRAME = st.sampled_from(
    ["{}", "a {} b", "x\n{}\ny", "é{}é", "\t{}", "€ {}", "\\{} ", '"{}"', "{}\u2028", "\x01{} ", "(a) {};"]
)
SAMPLE = st.sampled_from(SAMPLES)


@given(SAMPLE, FRAME, st.sampled_from(["arguments", "result", "error"]))
def test_a_line_that_holds_something_is_never_passed_over(sample: tuple[str, str], frame: str, where: str) -> None:
    key, text = sample
    record = {
        "timestamp": "2026-06-01T00:00:00Z", "session_id": "s", "user": {"id": "u"},
        "action": {"type": "x", "tool": "t", where: {key or "note": frame.replace("{}", text)}, "latency_ms": 3},
        "delegation_chain": [{"actor": "u", "role": "initiator"}], "seq": 3, "prev": "00", "_salts": [["AA", 1, 2]],
    }  # fmt: skip
    if ALL.scan_all(record):  # type: ignore[arg-type]
        for raw in spelled(record):
            assert ALL.may_hit(raw)


@given(SAMPLE, st.sampled_from(SAMPLES), FRAME)
def test_the_quick_way_and_the_slow_way_find_the_same(one: tuple[str, str], two: tuple[str, str], frame: str) -> None:
    record = {"metadata": {one[0] or "a": frame.replace("{}", one[1]), "list": [two[1]], two[0] or "b": two[1]}}
    assert ALL.scan(record) == ALL.scan_all(record)  # type: ignore[arg-type]


@given(SAMPLE, st.sampled_from(SAMPLES), FRAME, st.booleans())
def test_the_engine_says_which_detectors_to_ask(
    one: tuple[str, str], two: tuple[str, str], frame: str, least: bool
) -> None:
    """The detectors that it names find what all of them find, in short texts and long ones, in values and names."""
    pytest.importorskip("hyperscan")
    scanner = with_engine("possible" if least else "likely")
    text = frame.replace("{}", one[1])
    record = {
        "metadata": {one[0] or "a": text, "list": [two[1]], two[0] or "b": f"{text} {'and so on ' * 8} {two[1]}"},
        "action": {"arguments": {text[:80]: {two[0] or "c": one[1]}}, "result": two[1]},
    }
    assert scanner.scan(record) == scanner.scan_all(record)  # type: ignore[arg-type]
    for each in (text, two[1], f"{text} {'and so on ' * 8} {two[1]}"):
        assert scanner.text(each, one[0]) == without_engine(scanner).text(each, one[0])


@given(st.sampled_from(SHIPPED), FRAME, st.data())
def test_what_a_detector_finds_its_own_patterns_match(one: Detector, frame: str, data: st.DataObject) -> None:
    """So the engine never leaves out the detector that would have found something."""
    pytest.importorskip("hyperscan")
    if not one.hits:
        return
    key, text = data.draw(st.sampled_from(one.hits))
    record = {"metadata": {key or "a": frame.replace("{}", text)}}
    scanner = with_engine("possible")
    look = scanner._prefilter
    if scanner.scan_all(record):  # type: ignore[arg-type]
        numbers = look.which(orjson.dumps([record["metadata"]]))
        if numbers is not None:
            told = {each.entity for each in look.told(numbers)}
            assert {hit.entity for hit in scanner.scan_all(record)} <= told  # type: ignore[arg-type]


@given(st.sampled_from([each for each in SHIPPED if each.run]), st.data())
def test_a_token_has_the_run_that_is_looked_for(one: Detector, data: st.DataObject) -> None:
    text = data.draw(st.from_regex(one.pattern.pattern.encode(), fullmatch=True))
    assert one.run >= RUN and shapes.RUN in text.translate(shapes.OF_TOKENS)


@given(SAMPLE)
def test_lines_of_other_shapes_are_looked_at_whole(sample: tuple[str, str]) -> None:
    key, text = sample
    stored = {"ts": 1.5, "event_type": "tool_call", "payload": {key or "q": text, "action": {"arguments": {}}}}
    if ALL.scan_all({"metadata": stored}):
        assert ALL.may_hit(json.dumps(stored).encode())
        nested = {"timestamp": "2026", "payload": {"action": {"type": "x"}, key or "q": text}}
        assert ALL.may_hit(json.dumps(nested, separators=(",", ":")).encode())


def test_what_stands_before_or_after_the_scanned_values_costs_nothing() -> None:
    line = (
        b'{"timestamp":"2026-06-01T00:00:10Z","session_id":"4111111111111111","user":{"id":"u","email":"jane@acme.io"},'
        b'"action":{"type":"tool_invocation","tool":"x","arguments":{"note":"hello"},"result_status":"success"},'
        b'"delegation_chain":[{"actor":"jane@acme.io","role":"initiator"}],"seq":12,"prev":"'
        + b"0" * 64
        + b'","_salts":[]}'
    )
    assert not ALL.may_hit(line)
    assert Scanner(paths=["user.email"]).may_hit(line)
    assert ALL.may_hit(line.replace(b'"note":"hello"', b'"note":"hello","delegation_chain":[{"actor":"jane@acme.io"}]'))
    assert ALL.may_hit(line.replace(b'"hello"', b'"jane@acme.io"'))


@pytest.mark.parametrize("engine", [False, True])
def test_the_name_of_a_path_of_the_sites_own_says_what_stands_there(engine: bool) -> None:
    scanner = Scanner(paths=["*"])
    if engine:
        scanner.expect(1 << 30)
    record = {"birthDate": "1980-02-03", "cvv": "123"}
    assert scanner.scan(record) == scanner.scan(record, looked=True) == scanner.scan_all(record)  # type: ignore[arg-type]
    assert {hit.entity for hit in scanner.scan(record)} == {"DATE_OF_BIRTH", "CARD_CVV"}  # type: ignore[arg-type]


def test_a_scanned_member_after_the_chain_is_looked_at() -> None:
    line = (
        b'{"timestamp":"2026","action":{"type":"x"},"delegation_chain":[{"actor":"u"}],"metadata":{"a":"jane@acme.io"}}'
    )
    assert ALL.may_hit(line)


@pytest.mark.parametrize(
    "note",
    ["the order was shipped", "2026-06-01T14:23:11Z", "costs 4.99 or 1,204.50", "SELECT id FROM orders LIMIT 237", "see section 3.2",
     "max_tokens: 512", "basic account of the incident, please decide", "version 3.2.1", "550e8400-e29b-41d4-a716-4466554400ab", "a: b = c"],
)  # fmt: skip
def test_ordinary_lines_are_passed_over(note: str) -> None:
    line = orjson.dumps({"timestamp": "2026", "action": {"type": "x", "arguments": {"note": note, "max_tokens": 512}}})
    assert not ALL.may_hit(line)


@given(SAMPLE, FRAME)
def test_hyperscan_says_yes_wherever_the_questions_do(sample: tuple[str, str], frame: str) -> None:
    pytest.importorskip("hyperscan")
    data = json.dumps({sample[0] or "a": [frame.replace("{}", sample[1])]}).encode()
    assert not LOOK._asks(data) or one_pass()(data)


@given(st.binary(max_size=200))
def test_hyperscan_agrees_on_any_bytes(data: bytes) -> None:
    pytest.importorskip("hyperscan")
    assert not LOOK._asks(data) or one_pass()(data)


@given(st.text(alphabet='0A1a@.-:+/*x"\\=<_ ,', max_size=80))
def test_hyperscan_agrees_on_marks_and_shapes(text: str) -> None:
    pytest.importorskip("hyperscan")
    assert not LOOK._asks(text.encode()) or one_pass()(text.encode())


def test_hyperscan_agrees_on_real_logs(shared: Path) -> None:
    pytest.importorskip("hyperscan")
    looks = one_pass()
    count = 0
    for path in sorted((shared / "data").rglob("*.json*"))[:400]:
        for line in path.read_bytes().splitlines():
            count += 1
            assert not LOOK._asks(line) or looks(line), path.name
    assert count > 10_000


def test_no_hyperscan_is_no_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "hyperscan", None)
    assert engine.build([(b"a", True)]) is None


_scanners: dict[str, Scanner] = {}


def with_engine(least: str) -> Scanner:
    if least not in _scanners:
        _scanners[least] = Scanner(min_confidence=least)
        _scanners[least].expect(1 << 30)
    return _scanners[least]


def without_engine(scanner: Scanner) -> Scanner:
    made = Scanner(min_confidence="possible" if scanner is with_engine("possible") else "likely")
    made._prefilter._asked = 1 << 40  # never built
    return made


_made = []


def one_pass():
    if not _made:
        made = LOOK.build_engine()
        assert made is not None
        _made.append(made)
    return _made[0]
