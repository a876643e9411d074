"""The alerts log on the disk; whom the options and the policy name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from auditlog_cli.alerting.mail import Mail
from auditlog_cli.alerting.register import Register, identity, read
from auditlog_cli.alerting.routes import routes
from auditlog_cli.errors import AuditWriteError, DefinitionError, InputError, UsageError
from auditlog_cli.rules import policy
from auditlog_cli.rules.sitefacts import EMPTY, Policy
from tests.alerting.test_keeping import HOUR, NOON, finding, opened
from tests.alerting.test_webhooks import OTHER, SECRET

HOOK = "https://hooks.example.com/x"


def test_what_is_opened_is_there_the_next_time(tmp_path: Path) -> None:
    path = str(tmp_path / "alerts.jsonl")
    with Register(path) as register:
        opened(register.keeper, [finding()], NOON)
    with Register(path) as register:
        assert opened(register.keeper, [finding()], NOON + HOUR) == []
    assert [each.state for each in read(path).alerts.values()] == ["open"]


def test_what_a_person_says_meanwhile_is_heard(tmp_path: Path) -> None:
    """A fact that was resolved while a live run goes on opens again when it comes back."""
    path = str(tmp_path / "alerts.jsonl")
    with Register(path) as running:
        opened(running.keeper, [finding()], NOON)
        with Register(path) as person:
            (alert,) = person.keeper.known.values()
            person.keeper.resolve(alert, by="ann", why="done", outcome="fixed", now=NOON + HOUR)
        again = finding(timestamp="2026-11-21T14:00:00Z")
        running.refresh()
        assert [each.reopened for each in opened(running.keeper, [again], NOON + 2 * HOUR)] == [1]


def test_bad_lines_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    path.write_bytes(b"not json\n{}\n")
    held = read(str(path))
    assert (held.alerts, held.bad) == ({}, 1)


def test_what_is_no_alerts_log_is_refused(tmp_path: Path) -> None:
    for path in ("-", str(tmp_path)):
        with pytest.raises(UsageError, match="the alerts log is a file"):
            Register(path)
    with pytest.raises(InputError):
        read(str(tmp_path / "missing.jsonl"))
    agents = tmp_path / "audit.jsonl"
    agents.write_text(json.dumps({"action": {"type": "tool_invocation"}}))
    for look in (read, Register):
        with pytest.raises(InputError, match="none about an alert"):
            look(str(agents))
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(AuditWriteError):
        Register(str(tmp_path / "file" / "alerts.jsonl"))


def test_it_runs_as_somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDITLOG_USER", "ci-bot")
    assert identity() == "ci-bot"
    monkeypatch.delenv("AUDITLOG_USER")
    assert identity()


def site(tmp_path: Path, *notify: Mapping[str, Any]) -> Policy:
    return policy.parse({"format": "auditlog.policy/1", "notify": list(notify)}, str(tmp_path / "p.json"))


def test_nobody_is_told_unless_somebody_is_named() -> None:
    assert routes(EMPTY, environ={"AUDITLOG_WEBHOOK_SECRET": SECRET, "AUDITLOG_SMTP": "smtp.example.com"}) == []


def test_secrets_come_from_the_environment_or_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{SECRET}\n{OTHER}\n")
    named = {
        "webhook": HOOK,
        "secret_env": "HOOK_SECRET",
        "min_severity": "high",
        "kinds": ["violation"],
        "packs": ["gdpr"],
    }
    found = routes(site(tmp_path, named, {"webhook": HOOK, "secret_file": "secret"}), environ={"HOOK_SECRET": SECRET})
    assert [(each.min_severity, each.kinds, each.packs) for each in found] == [
        ("high", ("violation",), ("gdpr",)), ("info", ("violation", "gap", "indicator"), ()),
    ]  # fmt: skip
    assert all(SECRET not in repr(each) for each in found)


@pytest.mark.parametrize(
    ("entry", "trouble"),
    [
        ({"webhook": HOOK}, "needs a secret"),
        ({"webhook": HOOK, "secret_env": "NOT_SET"}, r"\$NOT_SET is not set"),
        ({"webhook": HOOK, "secret_env": "A", "secret_file": "b"}, "not both"),
        ({"webhook": HOOK, "secret_file": "empty"}, "is empty"),
        ({"webhook": "http://hooks.example.com", "secret_env": "GOOD"}, "https"),
        ({"smtp": "smtp.example.com", "from": "a@example.com"}, "to whom"),
        ({"smtp": "smtp.example.com", "from": "a@example.com", "to": ["b@example.com"], "starttls": False}, "starttls"),
        (
            {"smtp": "smtp.example.com", "from": "a@example.com", "to": ["b@example.com"], "user_env": "GOOD"},
            "together",
        ),
    ],
)
def test_what_is_missing_is_said_before_anything_is_read(tmp_path: Path, entry: dict[str, Any], trouble: str) -> None:
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(DefinitionError, match=trouble) as error:
        routes(site(tmp_path, entry), environ={"GOOD": SECRET})
    assert SECRET not in error.value.message


def test_the_options_take_server_and_secret_from_the_environment(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="AUDITLOG_WEBHOOK_SECRET"):
        routes(EMPTY, webhooks=[HOOK], environ={})
    with pytest.raises(UsageError, match="which server"):
        routes(EMPTY, emails=["a@example.com"], environ={})
    with pytest.raises(UsageError, match="AUDITLOG_SMTP_FROM"):
        routes(EMPTY, emails=["a@example.com"], environ={"AUDITLOG_SMTP": "smtp.example.com"})
    environ = {"AUDITLOG_WEBHOOK_SECRET": f"{SECRET} {OTHER}", "AUDITLOG_SMTP": "smtps://smtp.example.com",
               "AUDITLOG_SMTP_FROM": "log@example.com"}  # fmt: skip
    found = routes(EMPTY, webhooks=[HOOK], emails=["a@example.com", "b@example.com"], environ=environ)
    assert [each.channel.name.partition(":")[0] for each in found] == ["webhook", "mail"]
    named = {"smtp": "smtps://smtp.example.org", "from": "log@example.org", "to": ["dpo@example.org"]}
    both = routes(site(tmp_path, named), emails=["a@example.com"], environ={})
    assert len({each.channel.name for each in both}) == 2, "other people, another channel"


def test_the_name_of_a_channel_holds_no_address_of_a_person() -> None:
    mail = Mail("smtp.example.com", "log@example.com", ["ann@example.org"])
    assert "ann" not in mail.name and "@" not in mail.name


def test_an_empty_file_is_no_alerts_log(tmp_path: Path) -> None:
    """Nobody is told that there are no alerts where nothing was looked at; a run that opens it begins it."""
    empty = tmp_path / "alerts.jsonl"
    empty.write_bytes(b"")
    with pytest.raises(InputError, match="empty"):
        read(str(empty))
    with Register(str(empty)) as register:
        assert register.keeper.known == {}
    assert read(str(empty)).alerts == {}
