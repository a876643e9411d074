"""One small log for the exporters to SIEMs and tables: what succeeded, was denied, failed, was withheld; a bad line."""

from __future__ import annotations

from pathlib import Path

from auditlog_cli import exporters
from tests import logs

HOSTILE = 'a=b|c\\d\r\n<0>1 2026-01-01T00:00:00Z h forged - - - "] [x y="z"] \x1b[31m\u2028\u202e\x85'


def write(folder: Path) -> Path:
    """Seven lines: five records of ours, one bad, one of the tutorial's shape."""
    return logs.write(
        folder / "audit.jsonl",
        logs.record(),
        logs.record(
            record_id="00000000-0000-4000-8000-000000000002", user__id="=cmd()", parent_span_id="span_0",
            action__result_status="denied", action__arguments={"q": HOSTILE}, action__tool=HOSTILE,
        ),
        b'{"not JSON',
        logs.record(
            record_id="00000000-0000-4000-8000-000000000003", user={"id": {"_redacted": "00"}},
            action={"type": "lifecycle", "phase": "start", "result_status": "success"},
        ),
        logs.record(
            record_id="00000000-0000-4000-8000-000000000004", agent__model="gpt-4o", agent__provider="openai", seq=4,
            action__result_status="error", action__error={"type": "X", "message": "boom\nbang"}, timestamp=None,
            metadata={"deep": nested(20)}, source={"host": "host one"}, action__call_id="call_1",
        ),
        logs.record(
            record_id="00000000-0000-4000-8000-000000000005", action={"type": "approval", "result_status": "success"},
            approval={"status": "approved", "decided_by": "user_cleo"}, authorization={"scopes": []},
            timestamp="2026-06-01T14:23:12+02:00",
        ),
        logs.tutorial("tool_call", tool="get_balance", account_id="1"),
    )  # fmt: skip


def nested(levels: int) -> object:
    """An object in an object in an object."""
    value: object = 1
    for _ in range(levels):
        value = {"a": value}
    return value


def entry(content: dict[str, object]) -> exporters.Entry:
    """A record as an exporter takes it."""
    return exporters.Entry(logs.line(content), content, b"", "x:1")


def exported(name: str, *contents: dict[str, object], **settings: object) -> tuple[bytes, list[str]]:
    """What an exporter makes of records, and what it says."""
    said: list[str] = []
    source = exporters.Source("test log", map(entry, contents))
    wanted = exporters.Settings(said.append)._replace(**settings)  # type: ignore[arg-type]
    return b"".join(piece.data for piece in exporters.load(name).export(source, wanted)), said
