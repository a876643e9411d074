"""What we offer for the tests of others."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from auditlog_cli import AuditLog, AuditWriteError
from auditlog_cli.testing import failing_after, recording


def refund_agent(log: AuditLog, order: int) -> None:
    with log.session(user="alice", agent="planner") as s, s.tool("issue_refund", {"order": order}) as t:
        t.result("paid")


def test_a_recording_gives_the_records_back() -> None:
    with recording() as audit:
        refund_agent(audit.log, order=42)
        folder = os.path.dirname(audit.log.path)
    tools = list(audit_types(folder, audit.log.path))
    assert tools == []
    assert not os.path.exists(folder)


def audit_types(folder: str, path: str) -> list[str]:
    return os.listdir(folder) if os.path.exists(folder) else []


def test_records_are_plain_dictionaries_without_the_seal() -> None:
    with recording() as audit:
        refund_agent(audit.log, order=42)
        assert len(audit.records) == 4
        for record in audit.of_type("tool_invocation"):
            assert record["action"]["arguments"] == {"order": 42}
            assert not {"seq", "prev", "_salts", "auditlog"} & set(record)


def test_a_folder_of_ones_own_is_kept(tmp_path: Path) -> None:
    with recording(tmp_path) as audit:
        refund_agent(audit.log, order=42)
    assert (tmp_path / "audit.jsonl").exists()
    assert len(audit.records) == 4


@pytest.mark.parametrize("appends", [0, 1, 2, 3])
def test_failing_after(appends: int) -> None:
    with failing_after(appends) as audit, pytest.raises(AuditWriteError):
        refund_agent(audit.log, order=42)


def test_failing_after_enough() -> None:
    with failing_after(4) as audit:
        refund_agent(audit.log, order=42)
        with pytest.raises(AuditWriteError, match="a test asked for this"):
            audit.log.append({})


def test_segments_are_read_in_order(tmp_path: Path) -> None:
    with recording(tmp_path) as audit:
        refund_agent(audit.log, order=1)
        audit.log.rotate()
        refund_agent(audit.log, order=2)
        orders = [each["action"]["arguments"]["order"] for each in audit.of_type("tool_invocation")]
    assert orders == [1, 1, 2, 2]


def test_the_records_outlive_their_folder() -> None:
    """So assertions may stand behind the `with`, where the log is closed."""
    with recording() as audit, audit.log.session(user="alice", agent="planner", scopes=[]):
        pass
    assert [each["action"]["phase"] for each in audit.records] == ["start", "end"]
    assert not Path(audit.log.path).exists()
