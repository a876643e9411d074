"""A log judged while it is written: nothing missed, nothing twice, deadlines without new lines, a clock that is given."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli import AuditLog, times
from auditlog_cli.errors import DefinitionError, InputError, UsageError
from auditlog_cli.finding import Finding
from auditlog_cli.judgement import baseline as baselines
from auditlog_cli.judgement import waivers as waiving
from auditlog_cli.judgement.asking import asked
from auditlog_cli.judgement.live import LATENESS, Live

NOON = times.parse("2026-11-21T12:00:00Z") or 0
DENIED_THEN_DONE = ("owasp-agentic", "ASI02-03")
NEVER_ENDED = ("baseline", "BASE-TRC-01")
SILENCE = ("soc2", "SOC2-CC7.2-04")
REVIEWED = ("finance", "FIN-PCI-10.4-01")
SECRET = ("baseline", "BASE-SEC-01")
UNREADABLE = ("baseline", "BASE-INT-03")


def at(seconds: float, **more: Any) -> dict[str, Any]:
    """A record so long after noon."""
    return {"timestamp": times.render(NOON + int(seconds * times.SECOND)), "session_id": "s1", "trace_id": "t1", **more}


def denied(seconds: float) -> dict[str, Any]:
    return at(seconds, action={"tool": "db.drop", "result_status": "denied"})


def done(seconds: float) -> dict[str, Any]:
    return at(seconds, action={"tool": "db.drop", "result_status": "success"})


def phase(seconds: float, word: str) -> dict[str, Any]:
    return at(seconds, span_id="x1", action={"type": "tool_invocation", "phase": word})


def secret(seconds: float) -> dict[str, Any]:
    return at(
        seconds,
        record_id=f"r-{seconds}",
        agent={"id": "billing"},
        action={"arguments": {"x": "AKIA" + "IOSFODNN7EXAMPLE"}},
    )


def write(path: Path, *records: dict[str, Any]) -> Path:
    with path.open("ab") as file:
        for each in records:
            file.write(json.dumps(each).encode() + b"\n")
    return path


class Watched:
    """A live run over logs, and what it announced."""

    def __init__(
        self, *paths: Path, rule: tuple[str, str], now: float = 0, since: int | None = None, **more: Any
    ) -> None:
        self.told: list[Finding] = []
        self.batches: list[list[Finding]] = []
        pack, name = rule
        more.setdefault("lateness", LATENESS)
        question = asked(
            pack=[pack], no_policy=True, only=[name], as_of=times.render(NOON + int(now * times.SECOND)), **more
        )
        self.live = Live(question, [str(path) for path in paths], self._take, since=since)
        self.live.begin()

    def _take(self, found: list[Finding]) -> None:
        self.told += found
        self.batches.append(found)

    def step(self, now: float) -> list[str]:
        """What is announced at so many seconds after noon: times of the anchor records, in seconds."""
        before = len(self.told)
        self.live.step(NOON + int(now * times.SECOND))
        return [self._at(each) for each in self.told[before:]]

    @property
    def all(self) -> list[str]:
        return [self._at(each) for each in self.told]

    @staticmethod
    def _at(finding: Finding) -> str:
        return f"{((times.parse(finding.where.timestamp) or 0) - NOON) / times.SECOND:g}"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "audit.jsonl"


def test_what_is_there_comes_first_and_then_each_line_once_it_is_whole(log: Path) -> None:
    write(log, secret(0), secret(1))
    run = Watched(log, rule=SECRET, now=2)
    assert run.all == ["0", "1"]
    with log.open("ab") as file:
        line = json.dumps(secret(3)).encode()
        file.write(line[:20])
        file.flush()
        assert run.step(4) == []
        file.write(line[20:] + b"\n")
    assert run.step(5) == ["3"]
    assert run.step(6) == []
    assert [each.where.line for each in run.told] == [1, 2, 3]
    lines = run.live.report.lines
    assert (lines.read, lines.judged, lines.not_selected, lines.bad) == (3, 3, 0, 0)
    assert run.live.report.findings == [], "what was announced is not kept"


def test_late_lines_are_put_in_order(log: Path) -> None:
    write(log, done(30), denied(10))
    run = Watched(log, rule=DENIED_THEN_DONE, now=40)
    assert run.all == []
    assert run.step(60) == [] and run.step(91) == ["30"]
    assert run.live.engine.late == 0


def test_what_comes_later_than_that_is_counted_and_taken_as_it_comes(log: Path) -> None:
    write(log, done(30))
    run = Watched(log, rule=DENIED_THEN_DONE, now=40, lateness=0)
    write(log, denied(10))
    assert run.step(50) == []
    assert run.live.engine.late == 1
    write(log, done(51))
    assert run.step(51) == ["51"]


def test_a_deadline_passes_without_a_new_line(log: Path) -> None:
    write(log, phase(0, "start"))
    run = Watched(log, rule=NEVER_ENDED, now=1)
    assert run.step(3600) == [] and run.step(3660) == []
    assert run.step(3661) == ["0"]
    assert run.step(9000) == []


def test_a_deadline_that_is_met_is_met_even_in_the_last_second(log: Path) -> None:
    write(log, phase(0, "start"))
    run = Watched(log, rule=NEVER_ENDED, now=1)
    write(log, phase(3599, "end"))
    assert [run.step(now) for now in range(3599, 3700, 5)] == [[]] * 21


def test_a_silence_is_announced_while_it_lasts_and_once(log: Path) -> None:
    write(log, at(0))
    run = Watched(log, rule=SILENCE, now=1)
    day = 86_400
    assert run.step(day) == [] and run.step(day + 61) == ["0"] and run.step(2 * day) == []
    write(log, at(2 * day))
    assert run.step(2 * day) == []
    assert run.step(4 * day) == [f"{2 * day}"], "another silence"


def test_a_review_that_is_overdue_is_announced_once(log: Path) -> None:
    write(log, at(0, action={"type": "review"}, review={"of": "log"}))
    run = Watched(log, rule=REVIEWED, now=1)
    hours = 3600
    assert run.step(26 * hours) == [] and run.step(26 * hours + 61) == ["0"] and run.step(30 * hours) == []
    write(log, at(30 * hours, action={"type": "review"}, review={"of": "log"}))
    assert run.step(31 * hours) == []


def test_rotation_loses_nothing(tmp_path: Path) -> None:
    log = tmp_path / "audit.jsonl"
    with AuditLog(log, origin="test/live", fsync="none", ballast_bytes=0) as writer:
        for number in range(3):
            writer.append(secret(number))
            writer.rotate()
        writer.append(secret(3))
        run = Watched(log, rule=SECRET, now=4)
        assert run.all == ["0", "1", "2", "3"]
        writer.append(secret(5))
        writer.rotate()
        writer.append(secret(6))
        writer.rotate()
        writer.append(secret(7))
        assert run.step(8) == ["5", "6", "7"]


def test_segments_that_are_compressed_are_read_at_the_start(tmp_path: Path) -> None:
    from auditlog_cli.cli.front import main

    log = tmp_path / "audit.jsonl"
    with AuditLog(log, origin="test/live", fsync="none", ballast_bytes=0) as writer:
        for number in range(3):
            writer.append(secret(number))
            writer.rotate()
    assert main(["compress", str(log), "--quiet"]) == 0
    assert list(tmp_path.glob("*.zst"))
    assert Watched(log, rule=SECRET, now=4).all == ["0", "1", "2"]


def test_a_log_that_begins_again_is_read_from_its_beginning(log: Path) -> None:
    write(log, secret(0), secret(1))
    run = Watched(log, rule=SECRET, now=2)
    log.write_bytes(b"")
    write(log, secret(0))
    assert run.step(3) == [], "the same fact is announced once"
    log.write_bytes(b"")
    run.step(4)
    write(log, secret(5))
    assert run.step(6) == ["5"]


def test_several_logs_are_taken_by_time(tmp_path: Path) -> None:
    one, other = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    write(one, done(500), done(1000))
    write(other, denied(400), denied(2000))
    run = Watched(one, other, rule=DENIED_THEN_DONE, now=3000)
    assert run.all == ["500"] and run.live.engine.late == 0


def test_a_log_that_is_new_in_a_folder_is_followed(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", secret(0))
    run = Watched(tmp_path, rule=SECRET, now=1)
    write(tmp_path / "b.jsonl", secret(2))
    assert run.all == ["0"] and run.step(3) == ["2"]


def test_a_log_that_is_away_for_a_minute_is_announced_and_ends_the_run(log: Path) -> None:
    write(log, at(0))
    run = Watched(log, rule=SECRET, now=1)
    away = log.rename(log.with_name("elsewhere"))
    assert run.step(10) == [] and run.step(69) == []
    away.rename(log)
    assert run.step(71) == [] and run.live.away == {}
    log.rename(away)
    run.step(100)
    with pytest.raises(InputError, match="away for 60 seconds"):
        run.step(160)
    (finding,) = run.told
    assert finding.rule.id == "CHECK-UNAVAILABLE" and finding.where.path == str(log)


def test_a_log_that_was_never_there_ends_the_run_too(log: Path) -> None:
    run = Watched(log, rule=SECRET, now=0)
    run.step(59)
    with pytest.raises(InputError):
        run.step(60)


def test_since_says_how_far_back(log: Path) -> None:
    write(log, secret(-10_000), secret(-100))
    assert Watched(log, rule=SECRET, now=0).all == ["-10000", "-100"]
    run = Watched(log, rule=SECRET, now=0, since=NOON - 1000 * times.SECOND)
    assert run.all == ["-100"] and run.live.report.lines.not_selected == 1
    write(log, secret(-9_000))
    assert run.step(1) == ["-9000"], "what comes now is judged, however late it is"


def test_what_is_known_or_waived_is_not_announced(log: Path, tmp_path: Path) -> None:
    write(log, secret(0), secret(1))
    first = Watched(log, rule=SECRET, now=2)
    known = tmp_path / "known.json"
    baselines.write(str(known), first.told[:1], NOON)
    waivers = tmp_path / "w.json"
    waivers.write_text(json.dumps({"format": "auditlog.waivers/1", "waivers": [
        {"id": "W-1", "rule": "BASE-SEC-01", "where": {"record_id": "r-1"}, "status": "accepted",
         "justification": "test_data", "reason": "x", "approved_by": "ann", "created": "2026-11-01",
         "expires": "2026-12-01"}]}))  # fmt: skip
    run = Watched(log, rule=SECRET, now=2, baseline=str(known), waivers_file=str(waivers))
    assert run.all == []
    write(log, secret(3))
    assert run.step(4) == ["3"]
    log.rename(log.with_name("audit.jsonl.1"))
    write(log, secret(1))
    assert run.step(30 * 86_400) == ["1"], "the waiver has expired meanwhile"


def test_a_waiver_is_understood_again_only_when_another_one_is_in_force(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not ten times a second; one that begins tomorrow covers from tomorrow on."""
    made = []
    force = waiving.Force
    monkeypatch.setattr(waiving, "Force", lambda *given: made.append(given) or force(*given))
    day = (NOON // times.DAY + 1) * times.DAY
    waivers = tmp_path / "w.json"
    waivers.write_text(json.dumps({"format": "auditlog.waivers/1", "waivers": [
        {"id": "W-1", "rule": "BASE-SEC-01", "status": "accepted", "justification": "test_data", "reason": "x",
         "approved_by": "ann", "created": times.render(day)[:10], "expires": times.render(day + times.DAY)[:10]}]}))  # fmt: skip
    write(log, secret(0))
    run = Watched(log, rule=SECRET, now=2, waivers_file=str(waivers))
    assert run.all == ["0"] and len(made) == 1
    write(log, secret(3))
    assert [run.step(4), run.step(5), run.step(6)] == [["3"], [], []] and len(made) == 1
    write(log, secret(50_000))
    assert run.step(50_001) == [] and len(made) == 2
    write(log, secret(140_000))
    assert run.step(140_001) == ["140000"] and len(made) == 3


def test_an_agent_of_the_log_may_not_have_approved_a_waiver(log: Path, tmp_path: Path) -> None:
    waivers = tmp_path / "w.json"
    waivers.write_text(json.dumps({"format": "auditlog.waivers/1", "waivers": [
        {"id": "W-1", "rule": "BASE-SEC-01", "status": "accepted", "justification": "test_data", "reason": "x",
         "approved_by": "billing", "created": "2026-11-01", "expires": "2026-12-01"}]}))  # fmt: skip
    write(log, at(0))
    run = Watched(log, rule=SECRET, now=1, waivers_file=str(waivers))
    write(log, secret(2))
    with pytest.raises(DefinitionError, match="agent of the log"):
        run.step(3)


def test_a_broken_seal_is_announced_at_the_start(tmp_path: Path) -> None:
    log = tmp_path / "audit.jsonl"
    with AuditLog(log, origin="test/live", fsync="none", ballast_bytes=0) as writer:
        for number in range(3):
            writer.append(at(number, record_id=f"r{number}"))
    log.write_bytes(log.read_bytes().replace(b'"r1"', b'"r7"'))
    assert Watched(log, rule=("baseline", "BASE-INT-01"), now=4).told != []


def test_bad_lines_are_counted_and_judged(log: Path) -> None:
    log.write_bytes(b"not json\n")
    run = Watched(log, rule=("baseline", "BASE-INT-03"), now=0)
    assert len(run.told) == 1 and run.live.report.lines.bad == 1


def test_all_that_one_record_shows_comes_together(log: Path) -> None:
    """An alert lists every rule that names the fact: so they must come in one piece."""
    write(log, denied(0), done(1))
    question = asked(
        pack=["owasp-agentic", "soc2"], no_policy=True, only=["ASI02-03", "SOC2-CC7.2-03"], lateness=0,
        as_of=times.render(NOON + 10 * times.SECOND),
    )  # fmt: skip
    batches: list[list[Finding]] = []
    Live(question, [str(log)], batches.append).begin()
    assert [[each.rule.id for each in batch] for batch in batches] == [["ASI02-03", "SOC2-CC7.2-03"]]
    assert len({each.fingerprint for each in batches[0]}) == 1


def test_a_log_that_cannot_be_read_for_a_while_goes_on_where_it_stood(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from auditlog_cli.sources import follow

    write(log, secret(0))
    run = Watched(log, rule=SECRET, now=1)
    real = follow.os.pread

    def broken(*_: object) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(follow.os, "pread", broken)
    write(log, secret(2))
    assert run.step(3) == [] and list(run.live.away) == [str(log)]
    monkeypatch.setattr(follow.os, "pread", real)
    assert run.step(30) == ["2"] and run.live.away == {}
    lines = run.live.report.lines
    assert (lines.read, lines.judged) == (2, 2)


def test_what_the_run_writes_is_not_followed(tmp_path: Path) -> None:
    question = asked(pack=["baseline"], no_policy=True, lateness=LATENESS)
    write(tmp_path / "audit.jsonl", at(0))
    write(tmp_path / "alerts.jsonl", at(0))
    live = Live(question, [str(tmp_path)], lambda found: None, but_not=[str(tmp_path / "alerts.jsonl")])
    assert list(live.followers) == [str(tmp_path / "audit.jsonl")]


def opa(seconds: float, *, key: str = "") -> dict[str, Any]:
    """A decision of Open Policy Agent, as its decision log has it."""
    when = times.render(NOON + int(seconds * times.SECOND))
    return {"decision_id": f"d-{seconds}", "labels": {"id": "opa-1"}, "path": "http/authz/allow", "timestamp": when,
            "input": {"user": "ann", "note": key}, "result": True}  # fmt: skip


def test_a_file_of_a_foreign_format_is_judged_as_it_is_when_it_is_whole(tmp_path: Path) -> None:
    from auditlog_cli.judgement.judging import judge

    key = "AKIA" + "IOSFODNN7EXAMPLE"
    path = write(tmp_path / "opa.jsonl", opa(0), opa(1, key=key))
    run = Watched(path, rule=SECRET, now=2)
    assert run.all == ["1"]
    write(path, opa(3), opa(4, key=key))
    assert run.step(5) == ["4"]
    assert run.live.report.lines.bad == 0
    whole = judge([str(path)], asked(pack=["baseline"], no_policy=True, only=["BASE-SEC-01"]))
    told = [(each.where.line, each.where.pointer) for each in run.told]
    assert told == [(each.where.line, each.where.pointer) for each in whole.findings]


def typed(seconds: float, text: str) -> dict[str, Any]:
    """What a person typed, in a transcript of Claude Code."""
    when = times.render(NOON + int(seconds * times.SECOND))
    return {"type": "user", "uuid": f"u-{seconds}", "parentUuid": None, "sessionId": "s-1", "timestamp": when, "version": "2.0.0",
            "cwd": "/", "userType": "external", "isSidechain": False, "message": {"role": "user", "content": text}}  # fmt: skip


def test_where_the_source_names_its_sessions_fingerprints_are_those_of_the_whole_file(tmp_path: Path) -> None:
    """So that a baseline or an alert of one is known to the other."""
    from auditlog_cli.judgement.judging import judge

    key = "AKIA" + "IOSFODNN7EXAMPLE"
    path = write(tmp_path / "s-1.jsonl", typed(0, "hello"), typed(1, key))
    run = Watched(path, rule=SECRET, now=2)
    write(path, typed(3, "more"), typed(4, f"and {key}"))
    assert run.step(5) == ["4"]
    whole = judge([str(path)], asked(pack=["baseline"], no_policy=True, only=["BASE-SEC-01"]))
    assert len(whole.findings) == 2
    assert [each.fingerprint for each in run.told] == [each.fingerprint for each in whole.findings]


def test_a_foreign_file_that_comes_later_is_known_from_its_first_line(tmp_path: Path) -> None:
    run = Watched(tmp_path / "opa.jsonl", rule=SECRET, now=0)
    write(tmp_path / "opa.jsonl", opa(1, key="AKIA" + "IOSFODNN7EXAMPLE"))
    assert run.step(2) == ["1"]


def test_a_log_of_ours_stays_one_whatever_is_written_into_it(log: Path) -> None:
    """A line that looks foreign would else make all that follow it be read in another way."""
    write(log, secret(0))
    run = Watched(log, rule=SECRET, now=1)
    write(log, opa(2), secret(3))
    assert run.step(4) == ["3"]
    assert run.told[-1].where.pointer == run.told[0].where.pointer


SPANS = {
    "resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "0" * 31 + "1", "spanId": "0" * 15 + "1", "name": "x"}]}]}]
}


def test_what_needs_its_end_is_refused_at_the_start_and_said_later(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--follow"):
        Watched(write(tmp_path / "otlp.jsonl", SPANS), rule=SECRET)
    folder = tmp_path / "logs"
    folder.mkdir()
    write(folder / "a.jsonl", secret(0))
    run = Watched(folder, rule=UNREADABLE, now=1)
    write(folder / "b.jsonl", SPANS)
    run.step(5)
    (other,) = [each for path, each in run.live.followers.items() if path.endswith("b.jsonl")]
    run.step(10)
    assert "unfollowable" in other.events
    write(folder / "a.jsonl", secret(11))
    read = run.live.report.lines.read
    run.step(12)
    assert run.live.report.lines.read == read + 1, "the others are judged on"
