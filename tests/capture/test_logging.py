"""Applications that log already: a handler for `logging`, a processor for structlog."""

from __future__ import annotations

import logging
import logging.config
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from auditlog_cli import AuditHandler, AuditProcessor, AuditWriteError, NoSession, select, validate
from auditlog_cli.testing import Recording

WHO: dict[str, Any] = {"user": "alice", "agent": "planner", "scopes": []}


@pytest.fixture
def logger(audit: Recording) -> Iterator[logging.Logger]:
    made = logging.Logger("agents.refunds")
    made.addHandler(AuditHandler(audit.log))
    yield made
    made.handlers.clear()


class TestHandler:
    """`logging.Handler`, but for one thing: it raises."""

    def test_a_line_outside_any_session(self, audit: Recording, logger: logging.Logger) -> None:
        """It has its envelope, and says nothing about who: nobody is guessed."""
        logger.info("refund %s of %d", "42", 19, extra={"order": 42})
        logger.warning("again")
        one, two = audit.records
        assert one["action"] == {"type": "log", "result_status": "success"}
        assert one["metadata"] == {
            "level": "INFO", "logger": "agents.refunds", "message": "refund 42 of 19", "order": 42,
        }  # fmt: skip
        assert "user" not in one
        assert (one["session_id"], one["trace_id"]) == (two["session_id"], two["trace_id"])
        assert validate(audit.log.path, profile="record").findings == []

    def test_inside_a_session_it_bears_user_agent_and_place(self, audit: Recording, logger: logging.Logger) -> None:
        with audit.log.session(**WHO) as s, s.tool("pay") as t:
            logger.info("x")
        (line,) = audit.of_type("log")
        assert (line["user"], line["agent"], line["session_id"]) == ({"id": "alice"}, {"id": "planner"}, s.session_id)
        assert line["parent_span_id"] == t.span_id
        assert validate(audit.log.path).findings == []

    def test_members_of_a_record_go_where_they_belong(self, audit: Recording, logger: logging.Logger) -> None:
        logger.info(
            "x",
            extra={
                "user": "alice",
                "agent": {"id": "planner", "version": "2"},
                "action": {"type": "retrieval", "resource": "doc_1"},
                "data": {"sources": ["kb"]},
                "trace_id": "t1",
                "prompt": "not a block",
            },
        )
        (line,) = audit.records
        assert line["user"] == {"id": "alice"}
        assert line["agent"] == {"id": "planner", "version": "2"}
        assert line["action"] == {"type": "retrieval", "result_status": "success", "resource": "doc_1"}
        assert (line["data"], line["trace_id"]) == ({"sources": ["kb"]}, "t1")
        assert line["metadata"]["prompt"] == "not a block"

    def test_inside_a_session_a_line_cannot_speak_for_somebody_else(
        self, audit: Recording, logger: logging.Logger
    ) -> None:
        """`logger.info("looked up", extra={"user": "bob"})` is about bob, not by him."""
        with audit.log.session(**WHO):
            logger.info("looked up", extra={"user": "bob", "session_id": "other", "level": "mine"})
        (line,) = audit.of_type("log")
        assert line["user"] == {"id": "alice"}
        assert line["metadata"]["user"] == "bob"
        assert line["metadata"]["session_id"] == "other"
        assert line["metadata"]["level"] == "INFO"
        assert line["metadata"]["x_level"] == "mine"

    def test_errors_and_exceptions(self, audit: Recording, logger: logging.Logger) -> None:
        logger.error("failed")
        try:
            raise LookupError("no such order")
        except LookupError:
            logger.exception("failed")
        plain, raised = audit.records
        assert plain["action"] == {"type": "log", "result_status": "error"}
        assert raised["action"]["error"] == {"type": "LookupError", "message": "no such order"}

    def test_a_wrong_format_loses_nothing(self, audit: Recording, logger: logging.Logger) -> None:
        logger.info("%d items", "three")
        assert audit.records[0]["metadata"]["message"] == "%d items"
        assert audit.records[0]["metadata"]["args"] == ["three"]

    def test_levels_and_filters_work_as_ever(self, audit: Recording) -> None:
        logger = logging.Logger("x")
        logger.addHandler(AuditHandler(audit.log, level=logging.WARNING))
        logger.info("no")
        logger.warning("yes")
        assert [each["metadata"]["message"] for each in audit.records] == ["yes"]

    def test_what_cannot_be_written_raises_out_of_the_logging_call(
        self, audit: Recording, logger: logging.Logger, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Other handlers print "--- Logging error ---" and go on."""
        audit.fail_after(0)
        with pytest.raises(AuditWriteError):
            logger.info("x")
        assert capsys.readouterr().err == ""

    def test_it_poisons_the_session_it_speaks_for(self, audit: Recording, logger: logging.Logger) -> None:
        with pytest.raises(AuditWriteError, match="nothing more"), audit.log.session(**WHO):
            audit.fail_after(0)
            with pytest.raises(AuditWriteError):
                logger.info("x")

    def test_handle_error_raises(self, audit: Recording) -> None:
        """Also for a subclass whose `emit` does what the standard ones do."""

        class Usual(AuditHandler):
            def emit(self, record: logging.LogRecord) -> None:
                try:
                    super().emit(record)
                except Exception:
                    self.handleError(record)

        audit.fail_after(0)
        with pytest.raises(AuditWriteError):
            Usual(audit.log).handle(logging.makeLogRecord({"msg": "x"}))
        AuditHandler(audit.log).handleError(logging.makeLogRecord({}))

    def test_a_session_that_has_ended_records_nothing(self, audit: Recording, logger: logging.Logger) -> None:
        with audit.log.session(**WHO) as s:
            nested = s.agent("refunder").open()
            late = nested.bind(logger.info)
        with pytest.raises(NoSession):
            late("x")

    def test_from_a_configuration(self, tmp_path: Path) -> None:
        """It opens its log itself, and closes it."""
        logging.config.dictConfig(
            {
                "version": 1,
                "disable_existing_loggers": False,
                "handlers": {"audit": {"class": "auditlog_cli.AuditHandler", "log": str(tmp_path / "a.jsonl")}},
                "loggers": {"configured": {"handlers": ["audit"], "level": "INFO", "propagate": False}},
            }
        )
        logger = logging.getLogger("configured")
        logger.info("x")
        handler = logger.handlers[0]
        logger.removeHandler(handler)
        handler.close()
        assert len(list(select(tmp_path / "a.jsonl"))) == 1
        with pytest.raises(AuditWriteError, match="closed"):
            handler.handle(logging.makeLogRecord({"msg": "late"}))


class TestProcessor:
    """structlog: writes the event, and passes it on."""

    def logger(self, processor: AuditProcessor, *, drop: bool = False) -> tuple[Any, Any]:
        out = structlog.testing.CapturingLogger()
        keep = structlog.testing.LogCapture()
        made = structlog.wrap_logger(out, processors=[processor, keep])
        return made, keep

    def test_an_event(self, audit: Recording) -> None:
        logger, keep = self.logger(AuditProcessor(audit.log))
        logger.bind(user="alice").info("refund", order=42, data={"purpose": "billing"})
        (line,) = audit.records
        assert line["metadata"] == {"level": "info", "message": "refund", "order": 42}
        assert (line["user"], line["data"]) == ({"id": "alice"}, {"purpose": "billing"})
        assert keep.entries == [
            {"user": "alice", "order": 42, "data": {"purpose": "billing"}, "event": "refund", "log_level": "info"}
        ]

    def test_inside_a_session(self, audit: Recording) -> None:
        logger, _ = self.logger(AuditProcessor(audit.log))
        with audit.log.session(**WHO) as s:
            logger.info("x")
        assert audit.of_type("log")[0]["parent_span_id"] == s.span_id

    def test_exceptions_in_all_their_forms(self, audit: Recording) -> None:
        logger, _ = self.logger(AuditProcessor(audit.log))
        try:
            raise LookupError("no such order")
        except LookupError as error:
            logger.exception("failed")
            logger.info("failed", exc_info=error)
            logger.info("failed", exc_info=(LookupError, error, None))
        logger.info("failed", exc_info=(1, 2))
        logger.critical("failed")
        assert [each["action"].get("error", {}).get("type") for each in audit.records] == [*["LookupError"] * 3, None, None]  # fmt: skip
        assert [each["action"]["result_status"] for each in audit.records] == [*["error"] * 3, "success", "error"]

    def test_timestamps_and_renamed_events(self, audit: Recording) -> None:
        process = AuditProcessor(audit.log)
        process(None, "info", {"event": "a", "timestamp": "2026-06-01T14:23:11Z"})
        process(None, "info", {"event": "b", "timestamp": 1780324991.2, "logger": "agents"})
        process(None, "info", {"message": "c", "level": "warning"})
        one, two, three = audit.records
        assert one["timestamp"] == "2026-06-01T14:23:11Z"
        assert two["metadata"] == {"level": "info", "message": "b", "logger": "agents", "timestamp": 1780324991.2}
        assert three["metadata"] == {"level": "warning", "message": "c"}

    def test_it_can_be_the_last_stop(self, tmp_path: Path) -> None:
        processor = AuditProcessor(tmp_path / "a.jsonl", drop=True)
        logger, keep = self.logger(processor)
        logger.info("x")
        processor.log.close()
        assert keep.entries == []
        assert len(list(select(tmp_path / "a.jsonl"))) == 1

    def test_what_cannot_be_written_raises(self, audit: Recording) -> None:
        logger, _ = self.logger(AuditProcessor(audit.log))
        audit.fail_after(0)
        with pytest.raises(AuditWriteError):
            logger.info("x")
