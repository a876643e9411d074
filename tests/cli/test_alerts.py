"""`check --alerts`, `--webhook`, `--email`, `--emit`, `--follow`, and `alerts`: as a user sees them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli import validate, verify
from auditlog_cli.alerting.register import read
from auditlog_cli.errors import AuditWriteError
from auditlog_cli.rules import loading
from tests import goldens
from tests.alerting.test_mail import sink as sink
from tests.alerting.test_webhooks import SECRET, url
from tests.alerting.test_webhooks import receiver as receiver
from tests.conftest import Result

Cli = Callable[..., Result]

KEY = "AKIA" + "IOSFODNN7EXAMPLE"
VALUES = (KEY, "Ann Smith", "ann.smith@example.org", "4111 1111 1111 1111")


def record(number: int, **more: Any) -> dict[str, Any]:
    return {
        "timestamp": f"2026-11-20T12:00:{number:02}Z", "record_id": f"r{number}", "session_id": "s1",
        "agent": {"id": "agent:billing"}, "user": {"id": "u-1"},
        "action": {"type": "tool_invocation", "tool": "crm.read", "arguments": {"note": " ".join(VALUES)}}, **more,
    }  # fmt: skip


def write(path: Path, *records: dict[str, Any]) -> Path:
    with path.open("ab") as file:
        file.writelines(json.dumps(each).encode() + b"\n" for each in records)
    return path


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AUDITLOG_USER", "ci-bot")
    write(tmp_path / "audit.jsonl", record(1), record(2))
    return tmp_path


CHECK = ("check", "audit.jsonl", "--only", "BASE-SEC-01", "--as-of", "2026-11-21T13:00:00Z", "--alerts", "alerts.jsonl")


def steady(text: str) -> dict[str, str]:
    """What differs from run to run."""
    return dict.fromkeys(re.findall(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d)?(?:\.\d+Z)?", text), "TIME")


def test_a_finding_is_opened_once_and_every_run_says_that_it_looked(cli: Cli, here: Path) -> None:
    first = cli(*CHECK, "--quiet")
    assert first.code == 1 and cli(*CHECK, "--quiet").code == 1
    alerts = read("alerts.jsonl").alerts
    assert [each.state for each in alerts.values()] == ["open", "open"]
    lines = [json.loads(line) for line in (here / "alerts.jsonl").read_bytes().splitlines()]
    reviews = [each for each in lines if each.get("action", {}).get("type") == "review"]
    assert [each["review"] for each in reviews] == [{"of": "log", "outcome": "findings"}] * 2
    assert [each["metadata"]["opened"] for each in reviews] == [2, 0]
    assert reviews[0]["user"]["id"] == "ci-bot" and reviews[0]["metadata"]["read"] == 2
    assert validate("alerts.jsonl").findings == [] and verify("alerts.jsonl").exit_code == 0


def test_no_pack_finds_fault_with_an_alerts_log(cli: Cli, here: Path) -> None:
    """So an alerts log in the same folder does not grow by looking at itself."""
    cli(*CHECK, "-q")
    one, other = read("alerts.jsonl").alerts
    person = ("--by", "ann@example.org", "--why", "looking", "--alerts", "alerts.jsonl")
    cli("alerts", "acknowledge", one, *person)
    cli("alerts", "resolve", other, *person, "--outcome", "fixed")
    packs = [word for name in loading.NAMES for word in ("--pack", name)]
    result = cli("check", "alerts.jsonl", *packs, "--format", "jsonl", "-q", "--skip", "FIN-PCI-10.5.1-01")
    assert (result.code, result.out) == (0, "")


def test_what_is_waived_or_known_opens_nothing(cli: Cli, here: Path) -> None:
    assert cli("check", "audit.jsonl", "--only", "BASE-SEC-01", "--write-baseline", "known.json", "-q").code == 1
    assert cli(*CHECK, "--baseline", "known.json", "-q").code == 0
    assert read("alerts.jsonl").alerts == {}
    (review,) = [json.loads(line) for line in (here / "alerts.jsonl").read_bytes().splitlines() if b'"review"' in line]
    assert review["review"]["outcome"] == "clean"


def test_sarif_with_what_is_known_says_that_it_is_suppressed(cli: Cli, here: Path) -> None:
    words = ("check", "audit.jsonl", "--only", "BASE-SEC-01", "-q")
    cli(*words, "--write-baseline", "known.json")
    for choice, count in (("omit", 0), ("include", 2)):
        done = cli(*words, "--baseline", "known.json", "--format", "sarif", "--sarif-waived", choice)
        (run,) = json.loads(done.out)["runs"]
        assert (done.code, len(run["results"])) == (0, count)
        assert all(each["suppressions"][0]["status"] == "accepted" for each in run["results"])
    assert cli(*words, "--sarif-waived", "include").code == 2


def test_a_baseline_holds_the_findings_that_are_not_listed_too(cli: Cli, here: Path) -> None:
    words = ("check", "audit.jsonl", "--only", "BASE-SEC-01", "--max-findings", "1", "-q")
    assert cli(*words, "--write-baseline", "known.json").code == 1
    assert cli(*words, "--baseline", "known.json").code == 0


def test_the_review_says_when_not_everything_could_be_judged(cli: Cli, here: Path) -> None:
    (here / "audit.jsonl").write_bytes(b"not json\n")
    assert cli(*CHECK, "-q").code == 6
    (here / "audit.jsonl").write_bytes(b"")
    assert cli(*CHECK, "-q").code == 3
    outcomes = re.findall(rb'"outcome":"(\w+)"', (here / "alerts.jsonl").read_bytes())
    assert outcomes == [b"incomplete", b"incomplete"]


def test_the_policy_names_the_alerts_log(cli: Cli, here: Path) -> None:
    (here / "site").mkdir()
    (here / "site" / "p.json").write_text(
        json.dumps({"format": "auditlog.policy/1", "alerts": {"log": "alerts.jsonl"}})
    )
    assert cli("check", "audit.jsonl", "--only", "BASE-SEC-01", "--policy", "site/p.json", "-q").code == 1
    assert len(read("site/alerts.jsonl").alerts) == 2
    assert cli("alerts", "list", "--policy", "site/p.json").raw.count(b"BASE-SEC-01") == 2


def test_the_way_of_an_alert(cli: Cli, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cli(*CHECK, "-q")
    one, other = read("alerts.jsonl").alerts
    monkeypatch.setenv("AUDITLOG_ALERTS", "alerts.jsonl")
    said = cli("alerts", "acknowledge", one[7:15], "--by", "ann@example.org", "--reason", "asking the vendor")
    goldens.check("alerts/acknowledge", said)
    said = cli(
        "alerts", "resolve", one, other[:20], "--by", "bob", "--why", "a test key", "--outcome", "false_positive"
    )
    goldens.check("alerts/resolve", said)
    listed = cli("alerts", "list")
    goldens.check("alerts/list", listed, scrub=steady(listed.out))
    shown = cli("alerts", "show", one)
    goldens.check("alerts/show", shown, scrub=steady(shown.out))
    lines = [json.loads(line) for line in cli("alerts", "list", "--format", "jsonl").raw.splitlines()]
    assert [(each["state"], each["by"], each["outcome"]) for each in lines] == [
        ("resolved", "bob", "false_positive")
    ] * 2
    assert json.loads(cli("alerts", "list", "--format", "json").raw)["alerts"] == lines
    assert cli("alerts", "list", "--state", "open").out == "no alerts\n"
    assert cli("alerts", "list", "--since", "2099-01-01").out == "no alerts\n"
    assert cli(*CHECK, "-q").code == 1, "a resolved alert is no waiver"
    assert all(each.state == "resolved" for each in read("alerts.jsonl").alerts.values())


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--by", "agent:billing", "--why", "x"], 2, "names an agent"),
        (["--by", "billing", "--why", "x"], 2, "names an agent"),
        (["--by", "ann", "--why", " "], 2, "--why"),
        (["--by", "ann"], 2, "--why"),
    ],
)
def test_nothing_is_written_where_somebody_may_not_speak(
    cli: Cli, here: Path, words: list[str], code: int, said: str
) -> None:
    cli(*CHECK, "-q")
    before = (here / "alerts.jsonl").read_bytes()
    result = cli(
        "alerts",
        "acknowledge",
        *[each[:20] for each in read("alerts.jsonl").alerts],
        *words,
        "--alerts",
        "alerts.jsonl",
    )
    assert result.code == code and said in result.err
    assert (here / "alerts.jsonl").read_bytes() == before


def test_what_is_missing_is_said_in_one_line(cli: Cli, here: Path) -> None:
    told = cli("alerts", "resolve", "0f16", "--by", "ann", "--why", "x", "--alerts", "alerts.jsonl")
    assert told.code == 2
    assert "--outcome'. Choose from: fixed, false_positive, accepted, not_applicable\n" in told.err


def test_all_are_acknowledged_or_none(cli: Cli, here: Path) -> None:
    cli(*CHECK, "-q")
    one, other = read("alerts.jsonl").alerts
    person = ("--by", "ann", "--why", "x", "--alerts", "alerts.jsonl")
    assert cli("alerts", "ack", other, *person).code == 0
    result = cli("alerts", "acknowledge", one, other, *person)
    assert result.code == 2 and "is acknowledged, not open" in result.err
    assert cli("alerts", "acknowledge", one, "ffffffff", *person).code == 3
    assert [each.state for each in read("alerts.jsonl").alerts.values()] == ["open", "acknowledged"]


def test_which_alerts_log_is_asked(cli: Cli, here: Path) -> None:
    assert cli("alerts", "list").code == 2
    missing = cli("alerts", "list", "--alerts", "nowhere.jsonl")
    assert missing.code == 3 and "check --alerts" in missing.err
    (here / "alerts.jsonl").write_bytes(b"not json\n")
    assert cli("alerts", "list", "--alerts", "alerts.jsonl").code == 6


def test_alerts_fit_a_narrow_terminal(cli: Cli, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cli(*CHECK, "-q")
    one, _ = read("alerts.jsonl").alerts
    person = ("--by", "ann.with.a.long.name@example.org", "--why", "asked the vendor")
    cli("alerts", "ack", one, *person, "--alerts", "alerts.jsonl")
    whole = cli("alerts", "list", "--alerts", "alerts.jsonl").out
    assert len(whole.splitlines()) == 3, "in a pipe one line each"
    monkeypatch.setenv("COLUMNS", "40")
    listed = cli("alerts", "list", "--alerts", "alerts.jsonl").out
    shown = cli("alerts", "show", one, "--alerts", "alerts.jsonl").out
    assert all(len(line) <= 40 for line in (listed + shown.partition("\n")[2]).splitlines())
    assert shown.splitlines()[0] == one, "a fingerprint stays whole, to be copied"
    assert all(word in listed.split() for word in whole.splitlines()[2].split())


def test_who_was_not_told_of_what_is_resolved_is_not_told_any_more(
    cli: Cli, here: Path, receiver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDITLOG_WEBHOOK_SECRET", SECRET)
    receiver.answers[:] = [500, 500]
    cli(*CHECK, "--webhook", url(receiver), "-q")
    one, other = read("alerts.jsonl").alerts
    assert (
        cli(
            "alerts", "resolve", one, "--by", "ann", "--why", "x", "--outcome", "accepted", "--alerts", "alerts.jsonl"
        ).code
        == 0
    )
    said = [cli("alerts", "show", name, "--alerts", "alerts.jsonl").out.splitlines()[-1] for name in (one, other)]
    assert [each.rpartition(": ")[2] for each in said] == ["1 attempt, not told", "1 attempt, open"]


def test_a_webhook_is_told_of_what_is_new_and_of_no_value(
    cli: Cli, here: Path, receiver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDITLOG_WEBHOOK_SECRET", SECRET)
    assert cli(*CHECK, "--webhook", url(receiver), "-q").code == 1
    assert len(receiver.came) == 2
    for _, headers, body in receiver.came:
        said = json.loads(body)
        assert said["type"] == "finding.opened" and said["data"]["rule"] == "BASE-SEC-01"
        assert headers["webhook-id"].startswith("msg_") and headers["webhook-signature"].startswith("v1,")
        assert not any(value.encode() in body for value in VALUES)
    assert cli(*CHECK, "--webhook", url(receiver), "-q").code == 1
    assert len(receiver.came) == 2
    kept = (here / "alerts.jsonl").read_text()
    assert not any(value in kept for value in VALUES) and SECRET not in kept and "token=abc" not in kept


def test_what_could_not_be_told_is_said_and_the_next_run_goes_on(
    cli: Cli, here: Path, receiver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDITLOG_WEBHOOK_SECRET", SECRET)
    receiver.answers[:] = [500, 204]
    result = cli(*CHECK, "--webhook", url(receiver))
    assert result.code == 5 and "could not be told yet" in result.err
    assert "error[write]" in result.err
    assert re.search(r"\n  help: auditlog alerts show [0-9a-f]{12} says what came of each attempt\n", result.err)
    assert sum(len(each.told) for each in read("alerts.jsonl").alerts.values()) == 1


def test_what_an_earlier_run_could_not_tell_is_said_where_nothing_can_be_read(
    cli: Cli, here: Path, receiver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDITLOG_WEBHOOK_SECRET", SECRET)
    receiver.answers[:] = [500] * 9
    assert cli(*CHECK, "--webhook", url(receiver), "-q").code == 5
    (here / "audit.jsonl").write_bytes(b"")
    result = cli(*CHECK, "--webhook", url(receiver))
    assert result.code == 3 and "nothing to look at" in result.err and "2 alerts could not be told yet" in result.err


def test_a_letter_tells_of_all_findings(cli: Cli, here: Path, sink: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDITLOG_SMTP", f"127.0.0.1:{sink.server_address[1]}")
    monkeypatch.setenv("AUDITLOG_SMTP_FROM", "log@example.com")
    assert cli(*CHECK, "--email", "dpo@example.com", "-q").code == 1
    (letter,) = sink.came
    assert b"[auditlog] 2 critical: BASE-SEC-01" in letter.replace(b"\r\n ", b" ")
    assert not any(value.encode() in letter for value in VALUES)


def test_a_file_whose_name_is_not_utf8_is_told_of_like_any_other(
    cli: Cli, here: Path, sink: Any, receiver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDITLOG_SMTP", f"127.0.0.1:{sink.server_address[1]}")
    monkeypatch.setenv("AUDITLOG_SMTP_FROM", "log@example.com")
    monkeypatch.setenv("AUDITLOG_WEBHOOK_SECRET", SECRET)
    folder = here / "logs"
    folder.mkdir()
    try:
        os.rename("audit.jsonl", os.fsencode(folder) + b"/a\xff.jsonl")
    except OSError:
        pytest.skip("names of files are UTF-8 here")
    words = ("check", "logs", "--only", "BASE-SEC-01", "--alerts", "alerts.jsonl", "--emit", "events.jsonl", "-q")
    assert cli(*words, "--email", "dpo@example.com", "--webhook", url(receiver)).code == 1
    assert len(sink.came) == 1 and len(receiver.came) == 2
    assert rb"logs/a\udcff.jsonl:1" in sink.came[0]
    assert cli("alerts", "list", "--alerts", "alerts.jsonl").raw.count(rb"logs/a\udcff.jsonl:") == 2
    assert len((here / "events.jsonl").read_bytes().splitlines()) == 2


def test_the_policy_says_whom_to_tell(cli: Cli, here: Path, receiver: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK", SECRET)
    entry = {"webhook": url(receiver), "secret_env": "HOOK", "min_severity": "critical", "packs": ["gdpr"]}
    (here / "auditlog.policy.json").write_text(json.dumps(
        {"format": "auditlog.policy/1", "alerts": {"log": "alerts.jsonl"}, "notify": [entry]}))  # fmt: skip
    assert cli("check", "audit.jsonl", "--only", "BASE-SEC-01", "-q").code == 1
    assert receiver.came == [], "no finding of that pack"
    monkeypatch.delenv("HOOK")
    result = cli("check", "audit.jsonl", "--only", "BASE-SEC-01")
    assert result.code == 4 and "$HOOK is not set" in result.err and result.out == ""


def test_deliveries_need_an_alerts_log(cli: Cli, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDITLOG_WEBHOOK_SECRET", SECRET)
    result = cli("check", "audit.jsonl", "--webhook", "https://hooks.example.com/x")
    assert result.code == 2 and "need an alerts log" in result.err


def test_an_alerts_log_that_cannot_be_written_gives_5(cli: Cli, here: Path) -> None:
    (here / "file").write_bytes(b"")
    result = cli("check", "audit.jsonl", "--alerts", "file/alerts.jsonl")
    assert result.code == 5 and "Traceback" not in result.err


@pytest.mark.parametrize("form", ["ecs", "ocsf"])
def test_new_findings_are_appended_as_events(cli: Cli, here: Path, form: str) -> None:
    (here / "f.jsonl").write_bytes(b"torn")
    words = (*CHECK, "--emit", "f.jsonl", "--emit-as", form, "-q")
    assert cli(*words).code == 1 and cli(*words).code == 1
    torn, *lines = (here / "f.jsonl").read_bytes().splitlines()
    assert torn == b"torn" and len(lines) == 2
    assert all(json.loads(line) for line in lines)
    assert not any(value.encode() in (here / "f.jsonl").read_bytes() for value in VALUES)
    write(here / "audit.jsonl", record(3))
    assert cli(*words).code == 1
    assert len((here / "f.jsonl").read_bytes().splitlines()) == 4


def test_no_value_stands_in_any_report(cli: Cli, here: Path) -> None:
    cli(*CHECK, "-q")
    for form in ("markdown", "html", "json"):
        said = cli("report", "audit.jsonl", "--from", "2026-11-01", "--to", "2026-12-01", "--alerts", "alerts.jsonl",
                   "--pack", "gdpr", "--pack", "baseline", "--format", form)  # fmt: skip
        assert said.code == 0 and "BASE-SEC-01" in said.out
        assert not any(value in said.out + said.err for value in VALUES)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--format", "html"], "html needs an end"),
        (["--as-of", "2026-01-01"], "--as-of"),
        (["--write-baseline", "b.json"], "--write-baseline"),
        (["--output", "o.txt"], "--output"),
        (["--until", "2099-01-01"], "--until"),
        (["--merge"], "--merge"),
        (["--lateness", "soon"], "--lateness"),
    ],
)
def test_what_needs_an_end_cannot_be_followed(cli: Cli, here: Path, words: list[str], said: str) -> None:
    result = cli("check", "audit.jsonl", "--follow", *words)
    assert result.code == 2 and said in result.err


def test_standard_input_and_the_alerts_log_itself_cannot_be_followed(cli: Cli, here: Path) -> None:
    assert cli("check", "-", "--follow").code == 2
    result = cli("check", "alerts.jsonl", "--alerts", "alerts.jsonl", "--follow")
    assert result.code == 3 and "no log to follow" in result.err


def test_following_announces_what_arrives_until_ctrl_c(here: Path) -> None:
    """The real thing: a process, a file that grows and rotates, an alerts log in the same folder, Ctrl-C, a restart."""
    words = [sys.executable, "-m", "auditlog_cli", "check", ".", "--follow", "--only", "BASE-SEC-01", "--format", "jsonl",
             "--alerts", "alerts.jsonl", "--emit", "events.jsonl"]  # fmt: skip
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert [json.loads(process.stdout.readline())["record"]["record_id"] for _ in range(2)] == ["r1", "r2"]
    write(here / "audit.jsonl", record(3))
    assert json.loads(process.stdout.readline())["record"]["record_id"] == "r3"
    os.rename("audit.jsonl", "audit.000000000000.jsonl")
    write(here / "audit.jsonl", record(4))
    assert json.loads(process.stdout.readline())["record"]["record_id"] == "r4"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert "4 lines read: 4 judged, 0 not selected, 0 bad" in err and "4 findings, 4 of them new" in err
    assert len(read("alerts.jsonl").alerts) == 4 == len((here / "events.jsonl").read_bytes().splitlines())
    assert b'"outcome":"findings"' in (here / "alerts.jsonl").read_bytes()

    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    time.sleep(0.3)
    write(here / "audit.jsonl", record(5))
    assert json.loads(process.stdout.readline())["record"]["record_id"] == "r5", "what was announced is not said again"
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130 and "5 findings, 1 of them new" in err
    assert verify("alerts.jsonl").exit_code == 0


def test_a_log_that_goes_away_is_told_and_ends_with_3(
    here: Path, receiver: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """With a clock that is given: a minute passes between two looks."""
    from auditlog_cli.cli import alerting, checking, live
    from auditlog_cli.judgement.asking import asked

    monkeypatch.setenv("AUDITLOG_WEBHOOK_SECRET", SECRET)
    question = asked(pack=["baseline"], no_policy=True, only=["BASE-INT-03"])
    wish = alerting.wish(
        question.policy, alerts="alerts.jsonl", webhooks=[url(receiver)], emails=None, emit=None, form="ecs"
    )
    shown = checking.Shown("text", "never", None, merge=False, explain=False, quiet=True)
    clock = [time.time()]

    def sleep(_: float) -> None:
        if os.path.exists("audit.jsonl"):
            os.rename("audit.jsonl", "gone")
        clock[0] += 30

    code = live.run(
        ["audit.jsonl"], question, shown, wish, since=None, lateness="60s", clock=lambda: clock[0], sleep=sleep
    )
    assert code == 3
    out, err = capfd.readouterr()
    assert "CHECK-UNAVAILABLE" in out and "away for 60 seconds" in err
    ((_, _, body),) = receiver.came
    assert json.loads(body)["type"] == "check.unavailable"
    assert json.loads(body)["data"]["record"]["source"] == "audit.jsonl"


def test_a_run_that_goes_on_says_once_a_day_that_it_looked(here: Path) -> None:
    """What FIN-PCI-10.4-01 asks for: the run of a daemon has no end that anybody would wait for."""
    from auditlog_cli.cli import alerting, checking, live
    from auditlog_cli.judgement.asking import asked

    question = asked(pack=["baseline"], no_policy=True, only=["BASE-SEC-01"])
    wish = alerting.wish(question.policy, alerts="alerts.jsonl", webhooks=None, emails=None, emit=None, form="ecs")
    shown = checking.Shown("text", "never", None, merge=False, explain=False, quiet=True)
    clock = [time.time()]
    pauses = [0]

    def sleep(_: float) -> None:
        pauses[0] += 1
        clock[0] += 3600
        if pauses[0] == 30:
            write(here / "audit.jsonl", record(3))
        if pauses[0] == 80:
            raise KeyboardInterrupt

    code = live.run(
        ["audit.jsonl"], question, shown, wish, since=None, lateness="60s", clock=lambda: clock[0], sleep=sleep
    )
    assert code == 130
    records = [json.loads(line) for line in (here / "alerts.jsonl").read_text().splitlines()]
    reviews = [each for each in records if each.get("action", {}).get("type") == "review"]
    told = [(each["review"]["outcome"], each["metadata"]["read"], each["metadata"]["opened"]) for each in reviews]
    assert told == [("findings", 2, 2), ("findings", 1, 1), ("clean", 0, 0), ("clean", 0, 0)]
    times = [each["timestamp"] for each in reviews]
    assert times == sorted(set(times))


def test_following_a_log_that_is_to_come_says_so(here: Path) -> None:
    words = [sys.executable, "-m", "auditlog_cli", "check", "later.jsonl", "--follow", "--only", "BASE-SEC-01"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stderr is not None
    assert process.stderr.readline() == "auditlog: following later.jsonl: not there yet; waiting 60 s for it\n"
    write(here / "later.jsonl", record(1))
    assert process.stdout.readline() == "Critical\n"
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130


def test_following_ends_when_nobody_reads(here: Path) -> None:
    script = f"{sys.executable} -m auditlog_cli check audit.jsonl --follow --format jsonl | head -1 >&2; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=30)
    assert done.stdout == "141\n"


@pytest.mark.parametrize("to", ["--emit", "--alerts"])
def test_what_could_not_be_announced_was_not_announced_before(
    cli: Cli, tmp_path: Path, to: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*args: object) -> None:
        raise AuditWriteError("x: cannot be written (No space left on device)", help="make room")

    monkeypatch.setattr("auditlog_cli.sinks.Appended.line", refused)
    monkeypatch.setattr("auditlog_cli.alerting.keeping.Keeper.open", refused)
    log = tmp_path / "audit.jsonl"
    log.write_text("".join(f"{json.dumps(record(number))}\n" for number in range(3)))
    told = cli("check", log, to, tmp_path / "out")
    assert told.code == 5
    assert "announced before" not in told.err
    assert "No space left on device" in told.err and "\n  help: " in told.err


@pytest.mark.parametrize("target", ["nowhere.jsonl", "alerts.jsonl"])
def test_an_alerts_log_that_is_a_link_to_nothing_cannot_be_read(cli: Cli, tmp_path: Path, target: str) -> None:
    log = tmp_path / "audit.jsonl"
    log.write_text(f"{json.dumps(record(1))}\n")
    (tmp_path / "alerts.jsonl").symlink_to(target)
    told = cli("check", log, "--alerts", tmp_path / "alerts.jsonl")
    assert (told.code, told.out) == (3, ""), told.err
    assert "alerts.jsonl: " in told.err and "\n  help: " in told.err, told.err
