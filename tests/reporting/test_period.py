"""A period: read further back, counted only inside; the same inputs give the same bytes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli import AuditLog, times
from auditlog_cli.cli.front import main
from auditlog_cli.errors import UsageError
from auditlog_cli.judgement.asking import asked
from auditlog_cli.reporting.period import summarise
from auditlog_cli.validator import schemas

FROM, TO = "2026-11-01", "2026-12-01"


def moment(text: str) -> int:
    found = times.moment(text)
    assert found is not None
    return found


def at(when: str, **more: Any) -> dict[str, Any]:
    return {"timestamp": f"2026-{when}Z", "session_id": "s1", "trace_id": "t1", "agent": {"id": "a"}, **more}


def action(when: str, status: str) -> dict[str, Any]:
    return at(when, action={"tool": "db.drop", "result_status": status})


def phase(when: str, word: str) -> dict[str, Any]:
    return at(when, span_id="x", action={"type": "tool_invocation", "phase": word})


def write(path: Path, *records: dict[str, Any]) -> Path:
    path.write_bytes(b"".join(json.dumps(each).encode() + b"\n" for each in records))
    return path


def made(log: Path, pack: str, rule: str, *, as_of: str = TO, **more: Any) -> dict[str, Any]:
    question = asked(pack=[pack], no_policy=True, only=[rule], as_of=as_of, fail_on=more.pop("fail_on", "never"))
    return summarise([str(log)], question, moment(FROM), moment(TO), **more)[0]


def findings(said: dict[str, Any]) -> list[str]:
    return [place["record"]["timestamp"] for each in said["findings"] for place in each["places"]]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "audit.jsonl"


def test_what_began_before_the_period_is_known_in_it(log: Path) -> None:
    write(log, action("10-31T23:55:00", "denied"), action("11-01T00:05:00", "success"))
    said = made(log, "owasp-agentic", "ASI02-03")
    assert findings(said) == ["2026-11-01T00:05:00Z"]
    assert said["activity"]["records"] == 1


def test_findings_beside_the_period_are_not_counted(log: Path) -> None:
    write(log, action("10-20T10:00:00", "denied"), action("10-20T10:01:00", "success"),
          action("12-01T00:00:00", "denied"), action("12-01T00:00:01", "success"))  # fmt: skip
    said = made(log, "owasp-agentic", "ASI02-03", as_of="2026-12-02")
    assert findings(said) == [] and said["activity"]["records"] == 0
    lines = said["lines"]
    assert lines["read"] == 4 == lines["judged"] + lines["not_selected"] + lines["bad"]


def test_deadlines_are_judged_at_as_of(log: Path) -> None:
    write(log, phase("11-30T23:30:00", "start"))
    (rule,) = [each for each in made(log, "baseline", "BASE-TRC-01")["rules"] if each["rule"] == "BASE-TRC-01"]
    assert (rule["findings"], rule["open"]) == (0, 1)
    assert findings(made(log, "baseline", "BASE-TRC-01", as_of="2026-12-01T01:00:00Z")) == ["2026-11-30T23:30:00Z"]
    write(log, phase("11-30T23:30:00", "start"), phase("12-01T00:10:00", "end"))
    assert findings(made(log, "baseline", "BASE-TRC-01", as_of="2026-12-01T01:00:00Z")) == []


def test_numbers_that_lie_outside_are_no_gap(tmp_path: Path) -> None:
    log = tmp_path / "audit.jsonl"
    with AuditLog(log, origin="test/report", fsync="none", ballast_bytes=0) as writer:
        for when in ("10-01T00:00:00", "11-02T00:00:00", "10-02T00:00:00", "11-03T00:00:00"):
            writer.append(at(when))
    said = made(log, "baseline", "BASE-INT-02")
    assert said["findings"] == [] and said["activity"]["records"] == 2
    assert said["verification"] is not None, "how the seal stands is said even if no rule asks"


def test_the_trend_is_told_where_the_logs_reach_back(log: Path) -> None:
    write(log, action("10-20T10:00:00", "denied"), action("11-20T10:00:00", "denied"))
    assert made(log, "owasp-agentic", "ASI02-03")["trend"] is None
    write(log, action("10-01T10:00:00", "denied"), action("10-20T10:00:00", "denied"), action("10-20T10:01:00", "success"),
          action("11-20T10:00:00", "denied"))  # fmt: skip
    said = made(log, "owasp-agentic", "ASI02-03")["trend"]
    assert said["records"] == {"before": 2, "now": 1} and said["findings"]["high"] == {"before": 1, "now": 0}


def test_alerts_of_the_period_are_told(log: Path, tmp_path: Path) -> None:
    write(log, at("11-02T00:00:00"))
    alerts = write(tmp_path / "alerts.jsonl", *[
        at(when, action={"type": "alert", "phase": word, "resource": "sha256:aa"})
        for when, word in (("11-05T10:00:00", "open"), ("11-05T11:00:00", "resolved"))
    ])  # fmt: skip
    assert made(log, "baseline", "BASE-SEC-01")["alerts"] is None
    said = made(log, "baseline", "BASE-SEC-01", alerts=str(alerts))["alerts"]
    assert (said["opened"], said["resolved"], said["open_at_end"]) == (1, 1, 0)
    assert said["until_resolved"] == {"median_s": 3600, "longest_s": 3600}


def test_a_period_without_a_record_is_said_to_be_one(log: Path) -> None:
    """Rules see what came before it, and a reader would take their numbers for those of the period."""
    write(log, action("08-01T10:00:00", "success"))
    assert any("no record lies in the period" in each for each in made(log, "baseline", "BASE-ID-01")["warnings"])
    write(log, action("11-02T10:00:00", "success"))
    assert not any("no record lies" in each for each in made(log, "baseline", "BASE-ID-01")["warnings"])


def test_a_period_that_ends_before_it_begins_is_refused(log: Path) -> None:
    question = asked(pack=["baseline"], no_policy=True)
    with pytest.raises(UsageError):
        summarise([str(log)], question, moment(TO), moment(FROM))


def whole(log: Path, *, as_of: str = TO, **more: Any) -> dict[str, Any]:
    question = asked(pack=["owasp-agentic"], no_policy=True, only=["ASI02-03"], as_of=as_of)
    said: dict[str, Any] = json.loads(json.dumps(summarise([str(log)], question, **more)[0]))
    jsonschema_rs.validator_for(schemas.load("summary")).validate(said)
    return said


def test_without_a_period_it_is_the_whole_log_until_now(log: Path) -> None:
    write(
        log, action("10-20T10:00:00", "denied"), action("10-20T10:01:00", "success"), action("11-03T10:00:00", "denied")
    )
    said = whole(log)
    assert said["period"] == {
        "from": "2026-10-20T10:00:00.000000Z",
        "to": "2026-12-01T00:00:00.000000Z",
        "open_ends": ["from", "to"],
    }
    assert findings(said) == ["2026-10-20T10:01:00Z"]
    assert (said["activity"]["records"], said["lines"]["judged"], said["trend"]) == (3, 3, None)


def test_a_record_behind_now_belongs_to_the_whole_log(log: Path) -> None:
    write(log, action("11-20T10:00:00", "denied"), action("12-05T10:00:00", "denied"))
    said = whole(log)
    assert said["period"]["to"] == "2026-12-05T10:00:00.000001Z"
    assert said["activity"]["records"] == 2


def test_one_end_is_enough(log: Path) -> None:
    write(
        log, action("10-01T10:00:00", "denied"), action("10-20T10:00:00", "denied"), action("11-20T10:00:00", "denied")
    )
    said = whole(log, start=moment(FROM))
    assert said["period"] == {
        "from": "2026-11-01T00:00:00.000000Z",
        "to": "2026-12-01T00:00:00.000000Z",
        "open_ends": ["to"],
    }
    assert said["activity"]["records"] == 1
    assert said["trend"]["records"] == {"before": 1, "now": 1}
    said = whole(log, end=moment(FROM))
    assert said["period"] == {
        "from": "2026-10-01T10:00:00.000000Z",
        "to": "2026-11-01T00:00:00.000000Z",
        "open_ends": ["from"],
    }
    assert said["activity"]["records"] == 2


def test_an_end_that_no_record_reaches_is_refused(log: Path) -> None:
    write(log, action("11-20T10:00:00", "denied"))
    with pytest.raises(UsageError, match="no record is that new"):
        whole(log, start=moment("2026-12-24"))
    with pytest.raises(UsageError, match="no record is that old"):
        whole(log, end=moment(FROM))


def test_records_without_a_time_have_a_report_too(log: Path) -> None:
    write(log, {"action": {"type": "x"}})
    said = whole(log)
    assert said["activity"]["records"] == 1 and said["period"]["from"] == said["period"]["to"]


@given(
    days=st.lists(st.integers(0, 59), min_size=1, max_size=20), start=st.none() | st.integers(0, 59), end=st.none() | st.integers(0, 59)
)  # fmt: skip
def test_an_open_end_is_the_same_as_the_end_it_became(
    tmp_path_factory: pytest.TempPathFactory, days: list[int], start: int | None, end: int | None
) -> None:
    """The slow twin of reading once: asked again with the bounds that were found, the summary is the same."""
    log = tmp_path_factory.mktemp("log") / "audit.jsonl"
    first = moment("2026-10-01")
    write(
        log,
        *[
            at(times.render(first + day * times.DAY)[5:-1], action={"tool": "t", "result_status": "denied"})
            for day in days
        ],
    )
    bounds = [None if each is None else first + each * times.DAY for each in (start, end)]
    try:
        said = whole(log, start=bounds[0], end=bounds[1])
    except UsageError:
        return
    again = whole(log, start=moment(said["period"]["from"]), end=moment(said["period"]["to"]))
    for made in (said, again):
        made["period"].pop("open_ends")
        made.pop(
            "trend"
        )  # with an open beginning nothing lies before it; with an open end the length is that until now
    assert again == said


def test_the_command_says_that_it_was_the_whole_log(log: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    write(log, action("11-20T10:00:00", "denied"))
    code, out, err = run(capfdbinary, str(log), "--pack", "baseline", "--no-policy", "--as-of", TO)
    assert code == 0 and b"the whole log: no period was asked for" in out
    assert "the whole log, 2026-11-20 to 2026-12-01 (--from and --to choose a period)" in err
    code, out, err = run(capfdbinary, str(log), "--pack", "baseline", "--no-policy", *PERIOD)
    assert b"whole log" not in out and "whole log" not in err
    assert "2026-11-01 to 2026-12-01: " in err


def run(capfdbinary: pytest.CaptureFixture[bytes], *words: str) -> tuple[int, bytes, str]:
    capfdbinary.readouterr()
    code = main(["report", *words])
    out, err = capfdbinary.readouterr()
    return code, out, err.decode()


PERIOD = ("--from", FROM, "--to", TO, "--as-of", TO)


@pytest.mark.parametrize("form", ["json", "markdown", "html"])
def test_the_same_inputs_give_the_same_bytes(
    log: Path, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch, form: str, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    write(log, action("11-02T00:00:00", "denied"), action("11-02T00:01:00", "success"))
    words = ("audit.jsonl", *PERIOD, "--pack", "owasp-agentic", "--pack", "gdpr", "--format", form)
    code, first, _ = run(capfdbinary, *words)
    assert code == 0 and first and run(capfdbinary, *words)[1] == first
    assert run(capfdbinary, *words, "-o", "out")[0] == 0 and (tmp_path / "out").read_bytes() == first
    if form == "json":
        jsonschema_rs.validator_for(schemas.load("summary")).validate(json.loads(first))


def test_exit_codes(
    log: Path, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Findings alone give 0 unless --fail-on is given."""
    monkeypatch.chdir(tmp_path)
    write(log, at("11-02T00:00:00", response={"text": "AKIA" + "IOSFODNN7EXAMPLE"}))
    assert run(capfdbinary, "audit.jsonl", *PERIOD)[0] == 0
    assert run(capfdbinary, "audit.jsonl", *PERIOD, "--fail-on", "high")[0] == 1
    assert run(capfdbinary, "audit.jsonl", "--from", "2099-01-01")[0] == 2
    assert run(capfdbinary, "audit.jsonl", "--from", "soon", "--to", TO)[0] == 2
    assert run(capfdbinary, "audit.jsonl", "--from", TO, "--to", FROM)[0] == 2
    code, out, err = run(capfdbinary, "missing.jsonl", *PERIOD, "-o", "out")
    assert (code, out) == (3, b"") and "no such file" in err and not (tmp_path / "out").exists()
    assert run(capfdbinary, "audit.jsonl", *PERIOD, "--pack", "nope")[0] in (2, 4)
    assert run(capfdbinary, "audit.jsonl", *PERIOD, "--alerts", "missing.jsonl")[0] == 3
    with log.open("ab") as file:
        file.write(b"not json\n")
    assert run(capfdbinary, "audit.jsonl", *PERIOD)[0] == 6


def of_rule(said: dict[str, Any], rule: str) -> dict[str, Any]:
    (found,) = [each for each in said["rules"] if each["rule"] == rule]
    return found


BEFORE = ("10-20T10:00:00", "10-31T23:59:59")
INSIDE = ("11-01T00:00:00", "11-02T10:00:00", "11-30T23:59:59")
BEHIND = ("12-01T00:00:00", "12-03T10:00:00")


@pytest.mark.parametrize(
    ("pack", "rule"),
    [
        ("baseline", "BASE-ID-01"),  # one record
        ("baseline", "BASE-SESS-01"),  # the records of a session
        ("baseline", "BASE-TIME-02"),  # a check
        ("owasp-agentic", "ASI08-01"),  # a window
        ("soc2", "SOC2-CC7.2-02"),
    ],
)
def test_only_records_of_the_period_are_in_scope(log: Path, pack: str, rule: str) -> None:
    user = {"user": {"id": "u-1"}}
    write(log, *[action(when, "success") | user for when in (*BEFORE, *INSIDE, *BEHIND)])
    alone = log.with_name("alone.jsonl")
    write(alone, *[action(when, "success") | user for when in INSIDE])
    said, whole = made(log, pack, rule, as_of="2026-12-10"), made(alone, pack, rule, as_of="2026-12-10")
    assert of_rule(said, rule) == of_rule(whole, rule)
    assert said["clauses"] == whole["clauses"] and said["activity"] == whole["activity"]
    lines = said["lines"]
    assert lines["judged"] == said["activity"]["records"] == 3 and lines["read"] == 7 == 3 + lines["not_selected"]
    assert said["verdict"].endswith("tested on 3 records")


def test_what_began_before_the_period_is_in_scope_where_it_is_found(log: Path) -> None:
    write(log, action("10-31T23:55:00", "denied"), action("11-01T00:05:00", "success"))
    rule = of_rule(made(log, "owasp-agentic", "ASI02-03"), "ASI02-03")
    assert (rule["result"], rule["findings"], rule["in_scope"]) == ("findings", 1, 1)


def test_a_rule_whose_records_lie_before_the_period_is_not_tested(log: Path) -> None:
    write(log, action("10-20T10:00:00", "success"), at("11-02T00:00:00", user={"id": "u-1"}))
    said = made(log, "baseline", "BASE-AUTH-01")
    rule = of_rule(said, "BASE-AUTH-01")
    assert (rule["result"], rule["in_scope"]) == ("not_tested", 0)
    assert "no record matched" in rule["reason"]


def test_the_counts_of_a_page_agree(log: Path) -> None:
    """Over all packs: nothing was asked more often than there were records, and every finding was in scope."""
    write(log, *[action(when, status) for when in (*BEFORE, *INSIDE, *BEHIND) for status in ("denied", "success")],
          *[phase(when, "start") for when in (*BEFORE, *INSIDE)])  # fmt: skip
    packs = ["baseline", "gdpr", "soc2", "owasp-agentic", "hipaa", "finance", "eu-ai-act", "iso42001"]
    question = asked(pack=packs, no_policy=True, as_of="2026-12-02")
    said, _ = summarise([str(log)], question, moment(FROM), moment(TO))
    records = said["activity"]["records"]
    assert records == said["lines"]["judged"] == 9
    for each in said["rules"]:
        assert each["in_scope"] + each["open"] + each["withheld"] <= records, each["rule"]
        assert (each["result"] == "passed") <= (each["in_scope"] > 0)
        assert not each["findings"] or each["in_scope"], each["rule"]
    for pack in said["clauses"]:
        assert all(clause["in_scope"] <= records for clause in pack["clauses"])
