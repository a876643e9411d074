"""Requests that come twice (frameworks.md, 11.2, 6)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from auditlog_cli import times
from auditlog_cli.serving import idempotency, keys
from auditlog_cli.serving.idempotency import DAY, Remembered, Request
from auditlog_cli.serving.refusals import Refused
from tests.serving.conftest import LOGS, Served
from tests.serving.test_api import refused

ENTRY = {"action": "pay", "prompt": "p"}


def test_the_same_key_and_body_is_answered_as_before(served: Served) -> None:
    """Nothing is written the second time, and the answer is the same to the byte."""
    first = served.post(ENTRY, Idempotency_Key="k1")
    second = served.post(ENTRY, Idempotency_Key="k1")
    assert (second.status_code, second.content) == (first.status_code, first.content) == (201, first.content)
    assert len(served.records()) == 1
    ingest = served.records()[0]["provenance"]["ingest"]
    assert "k1" not in (ingest["idempotency"], ingest["body"])


def test_another_body_with_the_same_key_is_refused(served: Served) -> None:
    """422, and nothing is written."""
    served.post(ENTRY, Idempotency_Key="k1")
    refused(served.post({"action": "other"}, Idempotency_Key="k1"), 422, "idempotency_mismatch")
    assert len(served.records()) == 1


def test_a_key_belongs_to_its_route_and_caller(serve: Callable[..., Served], tmp_path: Path) -> None:
    """Nobody gets the answer of somebody else."""
    file = str(tmp_path / "keys")
    one, two = keys.make(file, "one"), keys.make(file, "two")
    served = serve(keys.load(file))
    ids = {served.post(ENTRY, Idempotency_Key="k", X_API_Key=key).json()["id"] for key in (one, two)}
    assert len(ids) == 2
    assert served.post([ENTRY], f"{LOGS}/batch", Idempotency_Key="k", X_API_Key=one).status_code == 201


def test_a_restart_forgets_nothing(serve: Callable[..., Served]) -> None:
    """What is known stands in the log: single entries, batches, agents, exports."""
    agent = {"name": "a", "type": "t"}
    export = {"resourceSpans": []}
    requests = [
        (ENTRY, LOGS),
        ([ENTRY, ENTRY, {"action": "z"}], f"{LOGS}/batch"),
        (agent, "/api/v1/agents"),
        (export, "/v1/traces"),
    ]
    first = serve()
    before = [first.post(body, path, Idempotency_Key="k").content for body, path in requests]
    count = len(first.records())
    first.log.close()
    second = serve(new=False)
    assert [second.post(body, path, Idempotency_Key="k").content for body, path in requests] == before
    refused(second.post({"action": "other"}, Idempotency_Key="k"), 422, "idempotency_mismatch")
    assert len(second.records()) == count


def test_a_refused_request_leaves_its_key_free(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """400 and 507 are no answers to keep: the retry is carried out."""
    from auditlog_cli.serving.refusals import Refused

    refused(served.post({"action": 1}, Idempotency_Key="k"), 400, "validation_error")

    def full(*_: object, **__: object) -> None:
        raise Refused(507, "log_unwritable", "full")

    with monkeypatch.context() as patch:
        patch.setattr("auditlog_cli.serving.ledger.Ledger.write", full)
        refused(served.post(ENTRY, Idempotency_Key="k"), 507, "log_unwritable")
    assert served.post(ENTRY, Idempotency_Key="k").status_code == 201
    assert len(served.records()) == 1


def test_a_request_that_is_still_running_is_409(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second comes while the first is being written."""
    begun, go = threading.Event(), threading.Event()
    write = served.log.write_many

    def slow(*given: object, **options: object) -> object:
        begun.set()
        assert go.wait(60)
        return write(*given, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(served.log, "write_many", slow)
    statuses: list[int] = []
    first = threading.Thread(target=lambda: statuses.append(served.post(ENTRY, Idempotency_Key="k").status_code))
    first.start()
    assert begun.wait(60)
    refused(served.post(ENTRY, Idempotency_Key="k"), 409, "idempotency_running")
    go.set()
    first.join(60)
    assert statuses == [201]
    assert len(served.records()) == 1


def test_identical_requests_without_a_key_are_kept_and_marked(served: Served) -> None:
    """A retry after a time-out and two equal acts look alike: none is dropped, and the log says what is alike."""
    ids = [served.post(ENTRY).json()["id"] for _ in range(3)]
    marks = [record["provenance"]["ingest"].get("duplicate_of") for record in served.records()]
    assert len(set(ids)) == 3
    assert marks == [None, ids[0], ids[0]]
    batch = [{"action": "a"}, {"action": "b"}]
    first = served.post(batch, f"{LOGS}/batch").json()["data"]
    served.post(batch, f"{LOGS}/batch")
    assert [record["provenance"]["ingest"].get("duplicate_of") for record in served.records()[-2:]] == [
        row["id"] for row in first
    ]


def test_a_retry_that_overtakes_its_first_waits_for_it(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first is still being written: the second must know what became of it."""
    begun, go = threading.Event(), threading.Event()
    write = served.log.write_many

    def slow(*given: object, **options: object) -> object:
        begun.set()
        assert go.wait(60)
        return write(*given, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(served.log, "write_many", slow)
    clients = [threading.Thread(target=served.post, args=(ENTRY,)) for _ in range(3)]
    for each in clients:
        each.start()
    assert begun.wait(60)
    go.set()
    for each in clients:
        each.join(60)
    first, *later = served.records()
    assert "duplicate_of" not in first["provenance"]["ingest"]
    assert [record["provenance"]["ingest"]["duplicate_of"] for record in later] == [first["record_id"]] * 2


def test_after_a_minute_it_is_another_act() -> None:
    """60 s after the first."""
    known = idempotency.identify(None, "", "POST /x", b"{}")
    remembered = Remembered()
    remembered.note(known, ["one"], 0)
    assert remembered.repeated(known, times.MINUTE) == ["one"]
    assert remembered.repeated(known, times.MINUTE + 1) == []


def test_after_a_day_a_key_is_free() -> None:
    """24 hours."""
    remembered = Remembered()
    first, other = Request("k", "body"), Request("k", "other")
    assert remembered.begin(first, 0) is False
    remembered.end(first, 0, written=True)
    assert remembered.begin(first, DAY) is True
    with pytest.raises(Refused):
        remembered.begin(other, DAY)
    assert remembered.begin(other, DAY + 1) is False


def test_a_batch_cut_short_by_a_crash_is_no_answer() -> None:
    """It was never acknowledged: the retry writes it whole."""

    def record(key: str, place: int, of: int, at: str) -> dict[str, object]:
        ingest = {"idempotency": key, "body": "b", "part": [place, of], "received": at}
        return {"provenance": {"ingest": ingest}}

    now = times.parse("2026-06-02T00:00:00Z") or 0
    at, old = "2026-06-01T12:00:00Z", "2026-05-30T00:00:00Z"
    remembered = Remembered()
    remembered.learn(
        [record("cut", 0, 3, at), record("whole", 1, 2, at), record("whole", 0, 2, at), record("old", 0, 1, old)], now
    )
    assert remembered.begin(Request("whole", "b"), now) is True
    assert remembered.begin(Request("cut", "b"), now) is False
    assert remembered.begin(Request("old", "b"), now) is False


def test_what_stands_in_the_log_does_not_help_a_guesser() -> None:
    """The digest of the body is keyed: who guesses a withheld text cannot compare it."""
    one = idempotency.identify("key-1", "", "POST /x", b'{"a":1}')
    two = idempotency.identify("key-2", "", "POST /x", b'{"a":1}')
    assert one.body != two.body
    assert "key-1" not in one.key


@pytest.mark.parametrize("key", ["", " ", "k" * 256])
def test_odd_keys_are_refused(served: Served, key: str) -> None:
    """1 to 255 characters."""
    refused(served.post(ENTRY, Idempotency_Key=key), 400, "validation_error")
