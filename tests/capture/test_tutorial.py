"""The drop-in for the tutorials' `audit(event_type, payload)`."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli import AuditWriteError, UsageError, audit_to, decoders, select
from auditlog_cli.record import Line, Record
from auditlog_cli.writer import plain

PLAIN = '{"ts": 1780324991.218, "event_type": "tool_call", "payload": {"tool": "get_account_balance"}}\n'


def events(path: Path) -> list[dict[str, Any]]:
    """As a reader of the tutorial reads his file, but for the lines that the log writes about itself."""
    return [each for each in map(json.loads, path.read_text().splitlines()) if "event_type" in each]


class TestNewFile:
    """A file that was not there becomes a sealed log with the tutorial's members."""

    def test_lines_carry_what_they_always_carried(self, tmp_path: Path) -> None:
        before = time.time()
        with audit_to(tmp_path / "audit-log.jsonl") as audit:
            receipt = audit("tool_call", {"tool": "get_account_balance", "account_id": "12345"})
            audit("session_end")
        call, end = events(tmp_path / "audit-log.jsonl")
        assert call["event_type"] == "tool_call"
        assert call["payload"] == {"tool": "get_account_balance", "account_id": "12345"}
        assert before <= call["ts"] <= time.time()
        assert end["payload"] == {}
        assert (audit.sealed, receipt.seq) == (True, 1)
        assert call["seq"] == 1
        assert len(call["prev"]) == 64

    def test_the_decoder_reads_them(self, tmp_path: Path) -> None:
        with audit_to(tmp_path / "a.jsonl") as audit:
            audit("tool_call", {"tool": "get_account_balance", "account_id": "12345"})
        (record,) = select(tmp_path / "a.jsonl")
        assert record.shape == "tutorial"
        action = record.content["action"]
        assert isinstance(action, dict)
        assert (action["type"], action["tool"]) == ("tool_invocation", "get_account_balance")
        assert action["arguments"] == {"account_id": "12345"}

    def test_one_value_of_a_payload_can_be_withheld_on_its_own(self, tmp_path: Path) -> None:
        """`ts` and `event_type` are in the clear; each member of the payload has a salt of its own."""
        with audit_to(tmp_path / "a.jsonl") as audit:
            audit("tool_call", {"tool": "x", "email": "ann@example.org"})
        raw = (tmp_path / "a.jsonl").read_bytes().splitlines()[1]
        spans = json.loads(raw)["_salts"]
        assert [raw[at : at + size] for _, at, size in spans] == [b'"x"', b'"ann@example.org"']

    def test_a_log_that_is_there_is_continued(self, tmp_path: Path) -> None:
        for number in range(3):
            with audit_to(tmp_path / "a.jsonl") as audit:
                audit("event", {"n": number})
        assert [each["payload"]["n"] for each in events(tmp_path / "a.jsonl")] == [0, 1, 2]
        assert [each["seq"] for each in events(tmp_path / "a.jsonl")] == [1, 2, 3]

    def test_an_empty_file_is_begun(self, tmp_path: Path) -> None:
        (tmp_path / "a.jsonl").touch()
        with audit_to(tmp_path / "a.jsonl") as audit:
            assert audit.sealed

    def test_a_log_torn_in_its_very_first_line_is_repaired_by_the_writer(self, tmp_path: Path) -> None:
        with audit_to(tmp_path / "a.jsonl") as audit:
            audit("event", {})
        whole = (tmp_path / "a.jsonl").read_bytes()
        (tmp_path / "a.jsonl").write_bytes(whole[:40])
        with audit_to(tmp_path / "a.jsonl") as audit:
            assert audit.sealed

    def test_what_is_masked_never_reaches_the_disk(self, tmp_path: Path) -> None:
        with audit_to(tmp_path / "a.jsonl", redact=["payload.email"]) as audit:
            audit("event", {"email": "ann@example.org"})
        assert "ann@example.org" not in (tmp_path / "a.jsonl").read_text()

    def test_values_json_cannot_hold(self, tmp_path: Path) -> None:
        with audit_to(tmp_path / "a.jsonl") as audit:
            audit("event", {"x": float("inf"), "o": object(), 7: "seven"})  # type: ignore[dict-item]
        assert events(tmp_path / "a.jsonl")[0]["payload"]["7"] == "seven"


class TestPlainFile:
    """A file of plain lines is continued unsealed, in the same file, and never altered."""

    def continued(self, path: Path) -> Any:
        with pytest.warns(UserWarning, match="continued unsealed") as warned:
            audit = audit_to(path)
        assert len(warned) == 1
        assert warned[0].filename == __file__
        return audit

    def test_it_is_continued(self, tmp_path: Path) -> None:
        path = tmp_path / "a.jsonl"
        path.write_text(PLAIN)
        with self.continued(path) as audit:
            assert not audit.sealed
            assert audit("tool_call", {"tool": "pay"}).status == "written"
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                audit("tool_call", {"tool": "pay", "x": float("nan")})
        text = path.read_text()
        assert text.startswith(PLAIN)
        assert [list(each) for each in events(path)] == [["ts", "event_type", "payload"]] * 3
        assert [each.shape for each in select(path)] == ["tutorial"] * 3

    def test_a_torn_last_line_is_ended_first(self, tmp_path: Path) -> None:
        """It stays as it is, as a line of its own."""
        path = tmp_path / "a.jsonl"
        path.write_text(PLAIN + '{"ts": 17803249')
        with self.continued(path) as audit:
            audit("tool_call", {"tool": "pay"})
        lines = path.read_bytes().split(b"\n")
        assert lines[1] == b'{"ts": 17803249'
        assert json.loads(lines[2])["payload"] == {"tool": "pay"}
        assert lines[3:] == [b""]

    def test_a_last_line_that_lacks_only_its_end(self, tmp_path: Path) -> None:
        path = tmp_path / "a.jsonl"
        path.write_text(PLAIN.rstrip("\n"))
        with self.continued(path) as audit:
            audit("tool_call", {"tool": "pay"})
        assert len(events(path)) == 2

    @pytest.mark.parametrize(
        "content",
        [PLAIN, "not json\n", '{"action":"x","agentId":"a"}\n', "\n", '{"timestamp":"x"}'],
        ids=["tutorial", "text", "agentaudit", "blank", "whole"],
    )
    def test_any_plain_file_is_kept_byte_for_byte(self, tmp_path: Path, content: str) -> None:
        path = tmp_path / "a.jsonl"
        path.write_text(content)
        with self.continued(path) as audit:
            audit("event", {})
        assert path.read_text().startswith(content)
        assert path.read_text().count("\n") == content.count("\n") + 1 + (not content.endswith("\n"))

    @pytest.mark.parametrize("content", ["[]", '[{"ts": 1}]', ' [\n  {"ts": 1}\n]\n'])
    def test_a_json_array_is_left_alone(self, tmp_path: Path, content: str) -> None:
        """Some tutorials rewrite one array: a line behind it would make the file unreadable for its readers."""
        path = tmp_path / "a.json"
        path.write_text(content)
        with pytest.raises(UsageError, match="holds a JSON array"):
            audit_to(path)
        assert path.read_text() == content

    def test_many_threads_and_processes(self, tmp_path: Path) -> None:
        """Every event once, no line torn."""
        path = tmp_path / "a.jsonl"
        path.write_text(PLAIN)
        code = (
            "import sys, warnings; warnings.simplefilter('ignore')\n"
            "from auditlog_cli import audit_to\n"
            "audit = audit_to(sys.argv[1])\n"
            "for n in range(100): audit('event', {'by': sys.argv[2], 'n': n, 'text': 'x' * 5000})\n"
        )
        children = [subprocess.Popen([sys.executable, "-c", code, str(path), str(n)]) for n in range(2)]
        with self.continued(path) as audit, ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda n: audit("event", {"by": "me", "n": n}), range(100)))
        assert [child.wait(60) for child in children] == [0, 0]
        found = events(path)[1:]
        assert sorted((each["payload"]["by"], each["payload"]["n"]) for each in found) == sorted(
            (by, n) for by in ("0", "1", "me") for n in range(100)
        )

    def test_after_a_fork_the_child_has_a_lock_of_its_own(self, tmp_path: Path) -> None:
        path = tmp_path / "a.jsonl"
        path.write_text(PLAIN)
        with self.continued(path) as audit:
            audit("event", {"by": "parent"})
            child = os.fork()
            if child == 0:
                code = 1
                try:
                    audit("event", {"by": "child"})
                    code = 0
                finally:
                    os._exit(code)
            assert os.waitpid(child, 0)[1] == 0
            audit("event", {"by": "parent"})
        assert [each["payload"].get("by") for each in events(path)[1:]] == ["parent", "child", "parent"]

    def test_a_full_disk_raises_and_leaves_the_file_as_it_was(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "a.jsonl"
        path.write_text(PLAIN)
        real = os.write
        with self.continued(path) as audit:
            monkeypatch.setattr(plain.os, "write", lambda fd, data: real(fd, data[:10]))
            with pytest.raises(AuditWriteError, match="only 10 of"):
                audit("event", {})
            monkeypatch.setattr(plain.os, "write", _no_space)
            with pytest.raises(AuditWriteError, match="No space left") as caught:
                audit("event", {})
            monkeypatch.undo()
            assert isinstance(caught.value.__cause__, OSError)
            assert path.read_text() == PLAIN
            audit("event", {})

    def test_the_kernel_says_no_space(self) -> None:
        """On the device that is always full."""
        if not os.path.exists("/dev/full"):
            pytest.skip("no /dev/full here")
        with pytest.raises(AuditWriteError):
            audit_to("/dev/full")("event", {})

    def test_a_file_that_was_moved_away_raises(self, tmp_path: Path) -> None:
        path = tmp_path / "a.jsonl"
        path.write_text(PLAIN)
        with self.continued(path) as audit:
            path.rename(tmp_path / "b.jsonl")
            with pytest.raises(AuditWriteError, match="moved or deleted"):
                audit("event", {})
        assert not path.exists()

    def test_masks_hold_here_too(self, tmp_path: Path) -> None:
        path = tmp_path / "a.jsonl"
        path.write_text(PLAIN)
        with (
            pytest.warns(UserWarning, match="unsealed"),
            audit_to(path, redact=["payload.email"], fsync="always") as audit,
        ):
            assert audit("event", {"email": "ann@example.org"}).status == "durable"
        assert events(path)[1]["payload"] == {"email": "[masked]"}


def _no_space(fd: int, data: bytes) -> int:
    raise OSError(28, "No space left on device")


class TestBinding:
    """Request ids and correlation ids over several agents."""

    def payloads(self, path: Path) -> list[dict[str, Any]]:
        return [each["payload"] for each in events(path)]

    def test_outside_any_binding_the_payload_is_the_callers(self, tmp_path: Path) -> None:
        given = {"tool": "x"}
        with audit_to(tmp_path / "a.jsonl") as audit:
            audit("tool_call", given)
            with audit.bind(agent="planner"):
                audit("tool_call", given)
        assert given == {"tool": "x"}
        assert self.payloads(tmp_path / "a.jsonl")[0] == {"tool": "x"}

    def test_bound_members_are_in_every_payload_and_replace_nothing(self, tmp_path: Path) -> None:
        with audit_to(tmp_path / "a.jsonl") as audit:
            with audit.bind(agent="planner", request_id="req-1"):
                audit("a", {})
                with audit.bind(agent="researcher"):
                    audit("b", {"request_id": "mine"})
                audit("c")
            audit("d")
        told = [(each.get("agent"), each.get("request_id")) for each in self.payloads(tmp_path / "a.jsonl")]
        assert told == [("planner", "req-1"), ("researcher", "mine"), ("planner", "req-1"), (None, None)]

    def test_a_request_names_itself_and_what_joins_it_to_others(self, tmp_path: Path) -> None:
        with audit_to(tmp_path / "a.jsonl") as audit:
            with audit.request("req-1", agent="planner"):
                audit("a")
                with audit.request("req-2", agent="researcher"):
                    audit("b")
            with audit.request(correlation_id="from outside"):
                audit("c")
            with audit.bind(request_id="req-3"), audit.request():
                audit("d")
        told = [(each["request_id"], each["correlation_id"]) for each in self.payloads(tmp_path / "a.jsonl")]
        assert told[:2] == [("req-1", "req-1"), ("req-2", "req-1")]
        assert told[2][0].startswith("req_")
        assert told[2][1] == "from outside"
        assert told[3][1] == "req-3"

    def test_they_form_a_tree_without_orphans(self, tmp_path: Path) -> None:
        """The first event of a scope is its head; what follows hangs under it, and so do scopes inside."""
        with audit_to(tmp_path / "a.jsonl") as audit, audit.request("req-1", agent="planner"):
            audit("user_input")
            audit("plan")
            with audit.bind(agent="researcher"):
                audit("tool_call", {"tool": "search"})
                with audit.bind(agent="reader"):
                    audit("tool_call", {"tool": "open"})
                audit("answer")
        found = self.payloads(tmp_path / "a.jsonl")
        spans = [each["span_id"] for each in found]
        assert [each.get("parent_span_id") for each in found] == [None, spans[0], spans[0], spans[2], spans[2]]
        contents = [each.content for each in select(tmp_path / "a.jsonl")]
        assert {each["trace_id"] for each in contents} == {"req-1"}
        assert [each["agent"] for each in contents][-1] == {"id": "researcher"}

    def test_a_scope_inside_one_that_has_no_head_yet(self, tmp_path: Path) -> None:
        with audit_to(tmp_path / "a.jsonl") as audit, audit.request("r"):
            with audit.bind(agent="a"):
                audit("first")
            audit("second")
            audit("third")
        first, second, third = self.payloads(tmp_path / "a.jsonl")
        assert "parent_span_id" not in first
        assert "parent_span_id" not in second
        assert third["parent_span_id"] == second["span_id"]

    def test_an_event_that_could_not_be_written_is_no_head(self, tmp_path: Path) -> None:
        audit = audit_to(tmp_path / "a.jsonl")
        with audit.request("r"):
            real, audit._write = audit._write, _refuse
            with pytest.raises(AuditWriteError):
                audit("first")
            audit._write = real
            audit("second")
            audit("third")
        audit.close()
        second, third = self.payloads(tmp_path / "a.jsonl")
        assert "parent_span_id" not in second
        assert third["parent_span_id"] == second["span_id"]

    def test_in_threads_by_the_function_that_bind_gives(self, tmp_path: Path) -> None:
        """A thread does not inherit the context; the bound function carries it."""
        with audit_to(tmp_path / "a.jsonl") as audit, audit.request("req-1"):
            audit("start")
            bound = audit.bind(agent="worker")
            threads = [threading.Thread(target=bound, args=("work", {"n": n})) for n in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            bound.bind(step=2)("nested")
            with bound.request("req-2"):
                bound("inside")
        found = self.payloads(tmp_path / "a.jsonl")
        assert {each["correlation_id"] for each in found} == {"req-1"}
        assert all(each["agent"] == "worker" for each in found[1:])
        assert found[-2]["step"] == 2
        assert found[-1]["request_id"] == "req-2"

    def test_in_asyncio_each_task_has_its_own(self, tmp_path: Path) -> None:
        async def agent(audit: Any, name: str) -> None:
            with audit.bind(agent=name):
                for number in range(3):
                    audit("step", {"by": name, "n": number})
                    await asyncio.sleep(0)

        async def run() -> None:
            with audit_to(tmp_path / "a.jsonl") as audit, audit.request("req-1"):
                audit("start")
                await asyncio.gather(agent(audit, "a"), agent(audit, "b"))

        asyncio.run(run())
        steps = self.payloads(tmp_path / "a.jsonl")[1:]
        assert len(steps) == 6
        assert all(each["agent"] == each["by"] and each["request_id"] == "req-1" for each in steps)

    def test_two_files_do_not_share_bindings(self, tmp_path: Path) -> None:
        with audit_to(tmp_path / "a.jsonl") as one, audit_to(tmp_path / "b.jsonl") as two, one.bind(agent="x"):
            two("event")
        assert self.payloads(tmp_path / "b.jsonl") == [{}]


def _refuse(event: dict[str, Any]) -> Any:
    raise AuditWriteError("no")


@pytest.mark.parametrize(("event_type", "payload"), [("", {}), (None, {}), (7, {}), ("x", "text"), ("x", [1])])
def test_what_is_no_event_is_refused_aloud(tmp_path: Path, event_type: Any, payload: Any) -> None:
    with audit_to(tmp_path / "a.jsonl") as audit, pytest.raises(UsageError):
        audit(event_type, payload)


def test_the_ids_of_a_request_are_no_arguments_of_the_tool() -> None:
    """A tutorial's payload has the arguments beside the tool's name; what names the request is none."""
    raw = b'{"ts":1,"event_type":"tool_call","payload":{"tool":"pay","amount":2,"request_id":"r","correlation_id":"c"}}'
    record = decoders.decode(Line(raw))
    assert isinstance(record, Record)
    action = record.content["action"]
    assert isinstance(action, dict)
    assert action["arguments"] == {"amount": 2}
    assert record.content["trace_id"] == "c"
    metadata = record.content["metadata"]
    assert isinstance(metadata, dict)
    assert metadata["request_id"] == "r"
