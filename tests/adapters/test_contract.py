"""The contract itself: an honest agent keeps it, and each way of cheating is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditlog_cli import AuditLog
from auditlog_cli.adapters import FrameworkMissing, chosen, missing
from auditlog_cli.errors import AuditlogError, NoSession
from tests.adapters.contract import QUESTION, WHO, Contract, Ran


def honest(log: AuditLog, ran: Ran) -> None:
    with log.session(**WHO) as session:
        session.user_message(QUESTION)
        with session.tool("lookup_order", {"order_id": 42}) as call:
            ran("lookup_order")
            call.result("shipped")
        with session.agent("refunder") as refunder, refunder.tool("issue_refund", {"order_id": 42}) as call:
            call.ask_approval().granted(by="bob@example.com")
            ran("issue_refund")
            call.result("refunded")
        session.final_answer("done")


class TestHonest(Contract):
    def drive(self, log: AuditLog, mode: str, ran: Ran) -> None:
        honest(log, ran)


class Unrecorded(Contract):
    """Acts without an intent."""

    def drive(self, log: AuditLog, mode: str, ran: Ran) -> None:
        with log.session(**WHO):
            ran("lookup_order")


class Deaf(Contract):
    """Swallows what it is told, as frameworks do, and goes on."""

    def drive(self, log: AuditLog, mode: str, ran: Ran) -> None:
        try:
            with log.session(**WHO) as session:
                try:
                    with session.tool("lookup_order", {"order_id": 42}):
                        ran("lookup_order")
                except AuditlogError:
                    ran("issue_refund")
        except AuditlogError:
            return


@pytest.mark.parametrize("cheat", [Unrecorded, Deaf])
def test_cheating_is_noticed(cheat: type[Contract], tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        cheat().test_nothing_runs_unrecorded(tmp_path)
    if cheat is Deaf:
        with pytest.raises(AssertionError):
            cheat().test_a_full_device_stops_the_agent(tmp_path)


def test_the_session_is_the_given_one_or_the_running_one(tmp_path: Path) -> None:
    """Given, found by the application, current, or none: in this order."""
    with AuditLog(tmp_path / "audit.jsonl") as log:
        with log.session(**WHO) as running:
            assert chosen(None, None, "context") is running
            other = log.session(user="carol", agent="clerk")
            assert chosen(other, None, "context") is other
            assert chosen(None, {"context": other}.__getitem__, "context") is other
        with pytest.raises(NoSession):
            chosen(None, None, "context")


def test_a_missing_framework_says_what_to_install() -> None:
    error = missing("LangChain", "langchain>=1 langgraph>=1", ImportError("No module named 'langchain'"))
    assert isinstance(error, FrameworkMissing)
    assert error.exit_code == 2
    assert error.help == "pip install 'langchain>=1' 'langgraph>=1'"
