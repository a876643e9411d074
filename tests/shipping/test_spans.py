"""Spans are sent when their trace has ended; what waits is in the cursor, and nothing is lost or sent twice."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli import AuditLog, segments
from tests.conftest import Result
from tests.logs import record, write
from tests.otlpreceiver import Answer, Receiver

Cli = Callable[..., Result]


class Shipping:
    """A log, its cursor, and the command between them."""

    def __init__(self, folder: Path, receiver: Receiver, cli: Cli) -> None:
        self.log = folder / "audit.jsonl"
        self.cursor = folder / "cursor"
        self.receiver = receiver
        self._cli = cli

    def __call__(self, *words: object) -> Result:
        return self._cli(
            "ship", self.log, "--to", "otlp-spans", "--endpoint", self.receiver.url, "--cursor", self.cursor, *words
        )

    def spans(self) -> list[dict[str, Any]]:
        """Those that were taken, by their ids, as a receiver keeps them."""
        found: dict[str, dict[str, Any]] = {}
        for came in self.receiver.came:
            if came.status != 200:
                continue
            for resource in json.loads(came.body)["resourceSpans"]:
                for scope in resource["scopeSpans"]:
                    found |= {span["spanId"]: span for span in scope["spans"]}
        return list(found.values())

    def ids(self) -> Counter[str]:
        """How often each record came."""
        found: Counter[str] = Counter()
        for span in self.spans():
            for holder in (span, *span.get("events", ())):
                said = {each["key"]: each["value"] for each in holder["attributes"]}
                several = said.get("auditlog.record.ids", {"arrayValue": {"values": [said["auditlog.record.id"]]}})
                found.update(each["stringValue"] for each in several["arrayValue"]["values"])
        return found

    def records(self) -> Counter[str]:
        files = [path for _, path in segments.closed(str(self.log))] + [str(self.log)]
        lines = [json.loads(line) for file in files for line in Path(file).read_bytes().splitlines()]
        return Counter(line["record_id"] for line in lines if "auditlog" not in line)


@pytest.fixture
def ship(tmp_path: Path, receiver: Receiver, cli: Cli) -> Shipping:
    return Shipping(tmp_path, receiver, cli)


def opened(path: Path, **settings: Any) -> AuditLog:
    return AuditLog(path, origin="test/log", ballast_bytes=0, **settings)


def test_a_trace_is_sent_once_it_has_ended(ship: Shipping) -> None:
    """Before that it waits, and the next run has all of it: the cursor says what was kept back."""
    with opened(ship.log) as log, log.session(user="ann", agent="planner") as session:
        with session.tool("lookup", {"n": 1}) as call:
            call.result = 1
            assert "1 waiting" not in ship().err
        with log.session(user="bob", agent="other"):
            pass
        first = ship()
        assert first.code == 0
        assert "2 sent" in first.err
        assert "3 waiting for the end of their trace" in first.err
        assert {span["name"] for span in ship.spans()} == {"invoke_agent other"}
        assert "3 waiting" in ship().err
        assert len(ship.spans()) == 1
    told = ship().err
    assert "4 sent, 3 sent before" in told
    assert ship.ids() == ship.records()
    names = {span["name"]: span for span in ship.spans()}
    assert names["execute_tool lookup"]["parentSpanId"] == names["invoke_agent planner"]["spanId"]
    assert "0 sent," in ship().err
    assert ship.ids() == ship.records()


def test_spans_are_those_of_an_export(ship: Shipping, cli: Cli, tmp_path: Path) -> None:
    with opened(ship.log) as log:
        for number in range(5):
            with log.session(user="ann", agent="planner") as session:
                session.user_message("do")
                with session.tool("lookup", {"n": number}) as call:
                    call.result = number
    assert ship("--batch", "3").code == 0
    assert cli("export", ship.log, "--to", "otlp-spans", "-o", tmp_path / "out").code == 0
    exported = [
        span for line in (tmp_path / "out").read_text().splitlines()
        for span in json.loads(line)["resourceSpans"][0]["scopeSpans"][0]["spans"]
    ]  # fmt: skip
    assert ship.spans() == exported
    assert all("gen_ai.tool.call.arguments" not in json.dumps(span) for span in exported)


def test_content_goes_only_where_it_is_asked_for(ship: Shipping) -> None:
    with (
        opened(ship.log) as log,
        log.session(user="ann", agent="planner") as session,
        session.tool("x", {"n": 1}) as call,
    ):
        call.result = 1
    assert ship("--content").code == 0
    assert "gen_ai.tool.call.arguments" in json.dumps(ship.spans())


@pytest.mark.parametrize("failing", range(6))
def test_a_receiver_that_fails_gets_every_record_once(ship: Shipping, failing: int) -> None:
    """Whichever request it refuses, in whichever run: several traces at once, and one over several requests."""
    with opened(ship.log) as log:
        held = [log.session(user="ann", agent=f"a{number}") for number in range(3)]
        sessions = [each.__enter__() for each in held]
        for number in range(9):
            with sessions[number % 3].tool("x", {"n": number}) as call:
                call.result = number
        ship("--batch", "2", "--retries", "0")
        held[1].__exit__(None, None, None)
        ship.receiver.answers = [*[Answer()] * failing, Answer(400)]
        first = ship("--batch", "2", "--retries", "0")
        held[0].__exit__(None, None, None)
        held[2].__exit__(None, None, None)
    ship.receiver.answers = []
    assert first.code in (0, 5)
    assert ship("--batch", "2").code == 0
    assert ship.ids() == ship.records(), "a span that came again is the same span"


def test_what_waits_survives_rotation(ship: Shipping) -> None:
    with opened(ship.log, max_bytes=2000) as log, log.session(user="ann", agent="planner") as session:
        for number in range(20):
            with session.tool("x", {"n": number}) as call:
                call.result = number
            if number % 5 == 0:
                assert ship().code == 0
    assert len(segments.closed(str(ship.log))) > 3
    assert ship().code == 0
    assert ship.ids() == ship.records()


def test_what_waits_and_was_pruned_is_named(ship: Shipping) -> None:
    with opened(ship.log, max_bytes=2000) as log, log.session(user="ann", agent="planner") as session:
        with session.tool("x", {}) as call:
            call.result = 1
        ship()
        for number in range(20):
            with session.tool("x", {"n": number}) as call:
                call.result = number
        log.rotate()
        first = Path(segments.closed(str(ship.log))[0][1])
        first.unlink()
    told = ship()
    assert told.code == 3, told.err
    assert "were not sent" in told.err


def test_a_trace_that_never_ends_is_sent_after_a_day_of_the_log(ship: Shipping) -> None:
    """By the times in the log: what stands there is sent, and says that it is open."""
    began = {"action__type": "lifecycle", "action__phase": "start", "action__result_status": "success"}
    write(
        ship.log,
        record(record_id="r1", trace_id="a" * 32, span_id="1" * 16, timestamp="2026-06-01T10:00:00Z", **began),
        record(record_id="r2", trace_id="b" * 32, span_id="2" * 16, timestamp="2026-06-01T22:00:00Z", **began),
    )
    assert "2 waiting" in ship().err
    with open(ship.log, "a") as file:
        late = record(record_id="r3", trace_id="c" * 32, span_id="3" * 16, timestamp="2026-06-02T10:00:01Z", **began)
        file.write(json.dumps(late) + "\n")
    assert "1 sent" in ship().err
    assert ship.ids() == Counter({"r1": 1})


def test_records_without_a_trace_are_counted(ship: Shipping) -> None:
    write(ship.log, record(trace_id=None, session_id=None), {"x": 1})
    told = ship()
    assert "2 in no span" in told.err
    assert ship.spans() == []


def test_a_cursor_of_logs_is_none_of_spans(ship: Shipping, cli: Cli) -> None:
    write(ship.log, record())
    assert ship().code == 0
    assert cli("ship", ship.log, "--endpoint", ship.receiver.url, "--cursor", ship.cursor).code == 4


def test_an_unfinished_last_line_is_named(ship: Shipping) -> None:
    """It is no record yet. Once it is finished it is sent."""
    write(ship.log, record(record_id="r1", span_id="1" * 16))
    whole = json.dumps(record(record_id="r2", span_id="2" * 16))
    with open(ship.log, "a") as file:
        file.write(whole[:20])
    told = ship()
    assert told.code == 0
    assert "the last line has no end yet (20 bytes)" in told.err
    with open(ship.log, "a") as file:
        file.write(whole[20:] + "\n")
    assert "no end yet" not in ship().err
    assert set(ship.ids()) == {"r1", "r2"}
