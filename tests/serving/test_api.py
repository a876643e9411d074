"""AgentAudit's API over HTTP: what is written, what is read out, what is refused."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli.errors import AuditWriteError, LockTimeout
from auditlog_cli.serving import keys
from tests.serving.conftest import LIMIT, LOGS, Served

SECRET_KEY = "x" * 43


def names(answer: Any) -> list[str]:
    return [row["action"] for row in answer.json()["data"]]


def refused(answer: Any, status: int, code: str) -> None:
    """A refusal has AgentAudit's shape."""
    assert answer.status_code == status, answer.text
    told = answer.json()
    assert set(told) == {"error", "code", "requestId"}
    assert told["code"] == code
    assert answer.headers["x-request-id"] == told["requestId"]


def test_an_entry_is_in_the_log_before_it_is_answered(served: Served) -> None:
    """201, its id is the record's, and the disk has confirmed it."""
    answer = served.post({"action": "tool_call", "agentId": "a", "metadata": {"tool": "find"}})
    assert answer.status_code == 201
    record = served.records()[-1]
    assert record["record_id"] == answer.json()["id"]
    assert record["provenance"]["ingest"]["format"] == "agentaudit"
    assert served.log.status["durable_seq"] == served.log.status["next_seq"]


def test_a_batch_is_all_or_nothing(served: Served) -> None:
    """One wrong of 50: 400 names it, and nothing is written."""
    batch = [{"action": f"a{number}"} for number in range(50)]
    answer = served.post([*batch[:37], {"action": 5}, *batch[38:]], f"{LOGS}/batch")
    refused(answer, 400, "validation_error")
    assert "entry 37" in answer.json()["error"]
    assert served.records() == []
    answer = served.post(batch, f"{LOGS}/batch")
    assert (answer.status_code, answer.json()["processed"], answer.json()["errors"]) == (201, 50, 0)
    assert [record["record_id"] for record in served.records()] == [row["id"] for row in answer.json()["data"]]


@pytest.mark.parametrize("body", [[], {}, "x", None, [{}] * 1001, [[{"action": "x"}]]])
def test_what_is_no_batch_is_refused(served: Served, body: object) -> None:
    """An array of 1 to 1000 entries."""
    assert served.post(body, f"{LOGS}/batch").status_code == 400
    assert served.records() == []


def test_pages_are_newest_first_with_exact_totals(served: Served) -> None:
    """`page` and `offset`; the offset wins. Totals are exact also after they were counted once."""
    for number in range(7):
        served.post({"action": f"a{number}", "agentId": "even" if number % 2 == 0 else "odd"})
    assert names(served.get(limit=3)) == ["a6", "a5", "a4"]
    assert names(served.get(limit=3, page=3)) == ["a0"]
    assert names(served.get(limit=2, offset=5, page=1)) == ["a1", "a0"]
    told = served.get(agentId="even", limit=1).json()["pagination"]
    assert told == {"page": 1, "limit": 1, "offset": 0, "total": 4, "totalPages": 4}
    served.post({"action": "a8", "agentId": "even"})
    assert served.get(agentId="even", limit=1).json()["pagination"]["total"] == 5
    assert names(served.get(agentId="even", limit=10)) == ["a8", "a6", "a4", "a2", "a0"]
    served.log.rotate()
    served.post({"action": "a9", "agentId": "even"})
    assert served.get(agentId="even", limit=2).json()["pagination"]["total"] == 6
    assert names(served.get(agentId="even", limit=10))[:2] == ["a9", "a8"]
    assert names(served.get(action="a3")) == ["a3"]
    assert names(served.get(action="none")) == []


def test_a_second_look_at_a_page_does_not_read_the_whole_log(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was counted once is not read again."""
    from auditlog_cli.serving import queries

    served.post([{"action": "x"} for _ in range(200)], f"{LOGS}/batch")
    assert served.get(limit=5).json()["pagination"]["total"] == 200
    served.post({"action": "y"})
    decoded: list[object] = []
    decode = queries.decoders.decode
    monkeypatch.setattr(queries.decoders, "decode", lambda line: decoded.append(line) or decode(line))
    assert served.get(limit=5).json()["pagination"]["total"] == 201
    assert len(decoded) < 10


def test_a_closed_segment_is_read_once(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """However the log goes on, and also where a page lies behind it; every page is right wherever it begins."""
    from auditlog_cli.serving import queries

    actions = [f"a{number}" for number in range(45)]
    for at in range(0, 45, 15):
        served.post([{"action": action} for action in actions[at : at + 15]], f"{LOGS}/batch")
        served.log.rotate()
    served.post({"action": "last"})
    want = ["last", *reversed(actions)]
    for offset in range(47):
        answer = served.get(offset=offset, limit=7)
        assert names(answer) == want[offset : offset + 7]
        assert answer.json()["pagination"]["total"] == 46
    served.log.rotate()
    served.post({"action": "newest"})
    assert served.get(limit=2).json()["pagination"]["total"] == 47
    read: list[str] = []
    backwards = queries.backwards
    monkeypatch.setattr(queries, "backwards", lambda log: read.append(log.path) or backwards(log))
    assert names(served.get(limit=1)) == ["newest"]
    assert read == [str(served.path)]
    read.clear()
    assert names(served.get(limit=1, offset=46)) == ["a0"]
    assert len(read) == 2


def test_a_total_follows_what_is_withheld(served: Served, cli: Callable[..., Any], tmp_path: Path) -> None:
    """A record whose action is withheld is found under that action no more: what was counted is counted again."""
    for _ in range(3):
        served.post({"action": "Secret Act", "metadata": {"session_id": "s-1"}})
    served.post({"action": "Secret Act"})
    assert served.get(action="Secret Act", limit=1).json()["pagination"]["total"] == 4
    key = tmp_path / "key"
    assert cli("keygen", key, "--by", "dpo").code == 0
    words = ("--fields", "metadata", "--session", "s-1", "--by", "dpo", "--reason", "test", "--key", key, "--yes")
    done = cli("redact", served.path, *words)
    assert done.code == 0, done.err
    assert served.get(action="Secret Act", limit=1).json()["pagination"]["total"] == 1


def test_times_choose(served: Served) -> None:
    """RFC 3339, or a day, which is meant whole."""
    at = served.post({"action": "now"}).json()["createdAt"]
    day = at[:10]
    assert names(served.get(startDate=at, endDate=at)) == ["now"]
    assert names(served.get(startDate=day, endDate=day)) == ["now"]
    assert names(served.get(endDate="2020-01-01T00:00:00Z")) == []
    for wrong in ("yesterday", "2020-13-45", "1"):
        refused(served.get(startDate=wrong), 400, "validation_error")


@pytest.mark.parametrize(
    "query", [{"limit": 0}, {"limit": 1001}, {"page": 0}, {"page": "x"}, {"offset": -1}, {"limit": "٣"}]
)
def test_wrong_numbers_are_refused(served: Served, query: dict[str, object]) -> None:
    """400, not a guess."""
    refused(served.get(**query), 400, "validation_error")


def test_a_trace_and_a_chain(served: Served) -> None:
    """A trace is oldest first; a chain is an entry with all below it."""
    root = served.post({"action": "root", "traceId": "run/1"}).json()["id"]
    first = served.post({"action": "first", "traceId": "run/1", "parentSpanId": root}).json()["id"]
    served.post({"action": "second", "traceId": "run/1", "parentSpanId": first})
    served.post({"action": "other", "traceId": "run/2"})
    rows = served.get(traceId="run/1")
    assert names(rows) == ["second", "first", "root"]
    ours = served.records()[0]["trace_id"]
    assert names(served.get(f"{LOGS}/trace/run%2F1")) == ["root", "first", "second"]
    assert names(served.get(f"{LOGS}/trace/{ours}")) == ["root", "first", "second"]
    assert served.get(f"{LOGS}/{first}").json()["parentSpanId"] == root
    chain = served.get(f"{LOGS}/{root}/chain").json()
    assert chain["root"]["action"] == "root"
    assert [row["action"] for row in chain["descendants"]] == ["first", "second"]
    assert [row["action"] for row in served.get(f"{LOGS}/{first}/chain").json()["descendants"]] == ["second"]
    for path in (f"{LOGS}/none", f"{LOGS}/none/chain", f"{LOGS}/trace/none"):
        refused(served.get(path), 404, "not_found")


def test_a_circle_is_walked_once(served: Served) -> None:
    """Records written by others may name each other as parents."""
    for own, parent in (("a" * 16, "b" * 16), ("b" * 16, "a" * 16), ("a" * 16, "a" * 16)):
        served.log.append(
            {"timestamp": "2026-06-01T00:00:00Z", "record_id": f"id-{own}-{parent}", "session_id": "s", "trace_id": "t" * 32,
             "span_id": own, "parent_span_id": parent, "action": {"type": "x"}}
        )  # fmt: skip
    chain = served.get(f"{LOGS}/id-{'a' * 16}-{'b' * 16}/chain").json()
    assert len(chain["descendants"]) == 2


def test_export(served: Served) -> None:
    """Everything, as JSON and as CSV in which a comma or a line feed is no cell's end."""
    served.post({"action": "one", "prompt": 'a "b",\nc', "metadata": {"k": [1]}})
    served.post({"action": "two"})
    rows = served.get(f"{LOGS}/export").json()
    assert [row["action"] for row in rows] == ["two", "one"]
    answer = served.get(f"{LOGS}/export", format="csv", action="one")
    assert answer.headers["content-type"].startswith("text/csv")
    head, row = csv.reader(io.StringIO(answer.text))
    found = dict(zip(head, row, strict=True))
    assert found["prompt"] == 'a "b",\nc'
    assert json.loads(found["metadata"]) == {"k": [1]}
    assert served.get(f"{LOGS}/export", action="none").json() == []
    refused(served.get(f"{LOGS}/export", format="xml"), 400, "validation_error")


def test_many_are_exported_in_pieces(served: Served) -> None:
    """More than a piece holds, each once."""
    for _ in range(2):
        served.post([{"action": "x"}] * 700, f"{LOGS}/batch")
    rows = served.get(f"{LOGS}/export").json()
    assert len({row["id"] for row in rows}) == len(rows) == 1400


def test_agents(served: Served) -> None:
    """An agent that makes itself known is a record."""
    answer = served.post({"name": "a1", "type": "langchain", "config": {"k": 1}}, "/api/v1/agents")
    assert answer.status_code == 201
    assert answer.json()["id"] == served.records()[0]["record_id"]
    assert served.get("/api/v1/agents").json() == [answer.json()]
    for wrong in ({}, [], {"name": "a"}, {"name": "", "type": "t"}, {"name": "a", "type": "t", "config": 1}):
        refused(served.post(wrong, "/api/v1/agents"), 400, "validation_error")


def test_alerts_come_from_the_alerts_log(serve: Callable[..., Served], tmp_path: Path) -> None:
    """Without one the answer is 404, never "no alerts"."""
    from auditlog_cli.alerting.register import Register

    refused(serve().get("/api/v1/alerts"), 404, "not_found")
    path = tmp_path / "alerts.jsonl"
    with Register(str(path)):
        pass
    assert serve(alerts=str(path), new=False).get("/api/v1/alerts", isResolved="false").json() == []


def test_the_rest_of_the_api(served: Served) -> None:
    """Packs, health, and 404 and 405 in the shape of the API."""
    assert {pack["name"] for pack in served.get("/api/v1/packs").json()} > {"baseline", "gdpr"}
    assert served.get("/health").json() == {"status": "ok", "written": 0}
    refused(served.get("/api/v1/nothing"), 404, "not_found")
    answer = served.client.delete(LOGS)
    refused(answer, 405, "method_not_allowed")
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD", "POST"}
    assert served.client.head("/health").status_code == 200


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b"x", "application/json", 400, "invalid_json"),
        (b'{"action":"a","action":"b"}', "application/json", 400, "invalid_json"),
        (b'{"action":"a","metadata":{"n":NaN}}', "application/json", 400, "invalid_json"),
        (b'{"action":"a"}', "text/plain", 415, "unsupported_media_type"),
        (b'{"action":"a"}', "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        (b'{"action":"' + b"a" * LIMIT + b'"}', "application/json", 413, "payload_too_large"),
    ],
)  # fmt: skip
def test_wrong_bodies(served: Served, body: bytes, kind: str, status: int, code: str) -> None:
    """Refused before anything is written, and no value comes back."""
    answer = served.post(body, Content_Type=kind)
    refused(answer, status, code)
    assert served.records() == []


def test_a_chunked_body_has_the_same_limit(served: Served) -> None:
    """No Content-Length: it is counted while it comes."""
    answer = served.client.post(
        LOGS, content=(b"x" * 1000 for _ in range(200)), headers={"Content-Type": "application/json"}
    )
    refused(answer, 413, "payload_too_large")


def test_a_huge_number_survives(served: Served) -> None:
    """Beyond 64 bits, and it is the same number in the answer and in the log."""
    body = b'{"action":"x","metadata":{"n":123456789012345678901234567890}}'
    assert b"123456789012345678901234567890" in served.post(body).content
    assert b"123456789012345678901234567890" in served.path.read_bytes()


def test_hostile_values_are_recorded_as_data(served: Served) -> None:
    """Names that our log reserves, numbers of thousands of digits, controls: taken, and the log stays readable."""
    digits = "9" * 5000
    body = f'{{"action":"x\\u0000\\u001b[31m","metadata":{{"_salts":1,"_redacted":"a","seq":1,"n":{digits}}}}}'
    assert served.post(body.encode()).status_code in (201, 400)
    assert (
        served.post({"action": "y", "agentId": "\u202e", "metadata": {"_leaf": {"_redacted": "x"}}}).status_code == 201
    )
    assert served.get().status_code == 200
    assert names(served.get(action="y")) == ["y"]


def test_records_of_other_writers_are_read(served: Served) -> None:
    """Whatever stands in the members that are ours, a page of it is answered."""
    for ingest in (
        1,
        [],
        {"format": "agentaudit", "lifted": [[1], {}], "flags": 5, "rest": 1, "idempotency": 7, "part": "x"},
    ):
        served.log.append(
            {"timestamp": "2026-06-01T00:00:00Z", "session_id": "s", "trace_id": "t", "agent": [], "action": {"type": "x"},
             "metadata": {"register_agent": 1}, "provenance": {"ingest": ingest}, "prompt": 1}
        )  # fmt: skip
    assert names(served.get()) == ["x", "x", "x"]
    assert served.get("/api/v1/agents").json() == []
    assert served.get(f"{LOGS}/export", format="csv").status_code == 200


# --- who may -----------------------------------------------------------------------------------------


def test_a_key_is_needed_on_every_route(serve: Callable[..., Served], tmp_path: Path) -> None:
    """`X-API-Key`, `Authorization: Bearer`, or Basic; its name is in the record, the key nowhere."""
    file = str(tmp_path / "keys")
    key = keys.make(file, "billing")
    served = serve(keys.load(file))
    for path in (LOGS, "/health", "/openapi.json", "/info", "/nothing"):
        refused(served.get(path), 401, "unauthorized")
    wrong = served.post({"action": "x"}, X_API_Key=SECRET_KEY)
    refused(wrong, 401, "unauthorized")
    assert SECRET_KEY not in wrong.text
    import base64

    basic = base64.b64encode(f"public:{key}".encode()).decode()
    for headers in ({"X_API_Key": key}, {"Authorization": f"Bearer {key}"}, {"Authorization": f"Basic {basic}"}):
        assert served.post({"action": "x"}, **headers).status_code == 201
    assert {record["provenance"]["ingest"]["key"] for record in served.records()} == {"billing"}
    assert key.encode() not in served.path.read_bytes()
    for bad in ("Basic !!!", "Basic", "Bearer", "Digest x"):
        refused(served.post({"action": "x"}, Authorization=bad), 401, "unauthorized")


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "169.254.1.1:8811", "[::2]:1"])
def test_other_names_for_this_machine_are_refused(served: Served, host: str) -> None:
    """DNS rebinding: a page's own name may lead here, but it stays in the Host."""
    refused(served.post({"action": "x"}, Host=host), 403, "forbidden_host")
    assert served.records() == []


@pytest.mark.parametrize("host", ["localhost:8811", "127.0.0.1:8811", "[::1]:8811", "LOCALHOST"])
def test_this_machine_has_these_names(served: Served, host: str) -> None:
    """Whatever the port: a tunnel may change it."""
    assert served.post({"action": "x"}, Host=host).status_code == 201


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://127.0.0.1:3000"}, {"Sec_Fetch_Site": "cross-site"}],
)  # fmt: skip
def test_pages_of_others_are_refused(served: Served, headers: dict[str, str]) -> None:
    """Also where they come from another server on this machine."""
    refused(served.post({"action": "x"}, **headers), 403, "forbidden_origin")
    assert served.records() == []


def test_remote_names_are_taken_when_allowed(serve: Callable[..., Served], tmp_path: Path) -> None:
    """Behind `--allow-remote` the key is what counts."""
    file = str(tmp_path / "keys")
    key = keys.make(file, "k")
    served = serve(keys.load(file), remote=True)
    assert served.post({"action": "x"}, Host="audit.example", X_API_Key=key).status_code == 201
    refused(served.post({"action": "x"}, Host="audit.example", Origin="https://evil.example", X_API_Key=key), 403, "forbidden_origin")  # fmt: skip


# --- the log cannot be written -------------------------------------------------------------------------


def test_a_log_that_cannot_be_written_is_507_until_it_can(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Health says so, tries, and says when it is over; the log then tells what was refused."""
    write = os.write

    def full(fd: int, data: bytes) -> int:
        if os.path.samestat(os.fstat(fd), served.path.stat()):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(fd, data)

    served.post({"action": "before"})
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        for _ in range(2):
            refused(served.post({"action": "during"}), 507, "log_unwritable")
        refused(served.post([{"action": "during"}] * 3, f"{LOGS}/batch"), 507, "log_unwritable")
        refused(served.get("/health"), 507, "log_unwritable")
        assert str(served.path) not in served.post({"action": "during"}).text
        assert served.get().json()["pagination"]["total"] == 1
    assert served.get("/health").json()["status"] == "ok"
    assert served.post({"action": "after"}).status_code == 201
    assert [record["metadata"]["action"] for record in served.records()] == ["before", "after"]
    assert b'"type":"lost","count":6' in served.path.read_bytes()
    assert any("No space left" in said for said in served.said)
    assert served.said[-1] == "the log can be written again"


def test_a_log_that_another_holds_is_503(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one case in which trying again helps."""

    def held(*_: object, **__: object) -> None:
        raise LockTimeout("held")

    monkeypatch.setattr(served.log, "write_many", held)
    answer = served.post({"action": "x"})
    refused(answer, 503, "log_locked")
    assert int(answer.headers["retry-after"]) > 0


def test_a_bug_is_told_without_values(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """500 in the API's shape; the operator learns the kind of the error."""

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("alice")

    monkeypatch.setattr(served.log, "write_many", broken)
    refused(served.post({"action": "x"}), 500, "internal")
    assert "ZeroDivisionError" in served.said[0]
    assert "alice" not in served.said[0]


def test_a_failure_of_a_query_is_told(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log is gone: 500, not an empty list."""
    served.post({"action": "x"})
    served.path.rename(served.path.with_suffix(".gone"))
    refused(served.get(), 500, "log_unreadable")
    served.path.with_suffix(".gone").rename(served.path)
    del monkeypatch


def test_nothing_is_lost_behind_a_failed_confirmation(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Written, but the disk does not confirm it: that is no acknowledgement."""

    def unconfirmed(*_: object, **__: object) -> None:
        raise AuditWriteError("unconfirmed", written=1)

    monkeypatch.setattr(served.log, "write_many", unconfirmed)
    refused(served.post({"action": "x"}), 507, "log_unwritable")
