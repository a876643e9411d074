"""A letter about findings: to whom it should go, with headers that no log can add to."""

from __future__ import annotations

import email
import socketserver
import threading
from collections.abc import Iterator
from email.message import Message
from typing import Any

import pytest

from auditlog_cli.alerting import messages
from auditlog_cli.alerting.mail import Mail
from auditlog_cli.errors import DefinitionError


class Sink(socketserver.StreamRequestHandler):
    """As much of an SMTP server as a client needs."""

    def handle(self) -> None:
        self._say("220 sink")
        letter: list[bytes] | None = None
        for line in self.rfile:
            if letter is not None:
                if line == b".\r\n":
                    self.server.came.append(b"".join(letter))  # type: ignore[attr-defined]
                    letter = None
                    self._say("250 taken")
                else:
                    letter.append(line)
                continue
            word = line[:4].upper()
            if word == b"DATA":
                letter = []
                self._say("354 go on")
            elif word == b"QUIT":
                self._say("221 bye")
                return
            elif word == b"RCPT" and b"refused" in line:
                self._say("550 nobody")
            else:
                self.server.said.append(line)  # type: ignore[attr-defined]
                self._say("250 ok")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@pytest.fixture
def sink() -> Iterator[Any]:
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Sink)
    server.daemon_threads = True
    server.came, server.said = [], []  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def finding(**more: Any) -> dict[str, Any]:
    return {
        "fingerprint": "sha256:00", "rule": "BASE-SEC-01", "severity": "high", "kind": "violation", "title": "A title",
        "fix": "A fix", "record": {"source": "a.jsonl", "line": 3}, **more,
    }  # fmt: skip


def sent(server: Any) -> Message:
    (raw,) = server.came
    return email.message_from_bytes(raw)


def test_one_letter_for_all_findings(sink: Any) -> None:
    mail = Mail(f"127.0.0.1:{sink.server_address[1]}", "auditlog@example.com", ["dpo@example.com"])
    findings = [finding(), finding(severity="medium", rule="GDPR-1")]
    assert mail.send("rec1", findings, 1795219200) == (True, False, "sent")
    letter = sent(sink)
    assert letter["Subject"] == "[auditlog] 1 high, 1 medium: BASE-SEC-01, GDPR-1"
    assert letter["Message-ID"] == "<rec1@auditlog.invalid>" and letter["To"] == "dpo@example.com"
    text = letter.get_payload()
    assert "a.jsonl:3" in text and "evidence" in text


def test_half_a_character_does_not_stop_a_letter(sink: Any) -> None:
    mail = Mail(f"127.0.0.1:{sink.server_address[1]}", "auditlog@example.com", ["dpo@example.com"])
    assert mail.send("r1", [finding(title="a\ud800b", rule="R\udcff")], 1_795_219_200).ok
    assert rb"a\ud800b" in sink.came[0]


def test_a_letter_names_who_answers_for_the_agent() -> None:
    known = finding(record={"source": "a.jsonl", "line": 3, "agent": "agent:a", "owner": "team-payments"})
    assert "  agent: agent:a  owner: team-payments\n" in messages.letter([known])
    assert "owner" not in messages.letter([finding()])


def test_nothing_out_of_a_log_adds_a_header(sink: Any) -> None:
    mail = Mail(f"127.0.0.1:{sink.server_address[1]}", "auditlog@example.com", ["dpo@example.com"])
    hostile = "x\r\nBcc: eve@example.com\r\n\r\nbody"
    found = finding(rule=hostile, title=hostile, record={"source": hostile, "agent": hostile})
    assert mail.send("rec1", [found], 1).ok
    letter = sent(sink)
    assert letter["Bcc"] is None and letter["To"] == "dpo@example.com"
    assert "\nBcc" not in str(letter.get_payload())
    assert not any(b"eve@example.com" in line for line in sink.said)


def test_an_address_that_the_server_refuses_is_told(sink: Any) -> None:
    mail = Mail(
        f"127.0.0.1:{sink.server_address[1]}", "auditlog@example.com", ["dpo@example.com", "refused@example.com"]
    )
    assert mail.send("rec1", [finding()], 1) == (False, False, "1 addresses refused")


def test_a_server_that_is_not_there_is_a_failure_that_may_pass() -> None:
    mail = Mail("127.0.0.1:9", "auditlog@example.com", ["dpo@example.com"])
    assert mail.send("rec1", [finding()], 1) == (False, False, "ConnectionRefusedError")


@pytest.mark.parametrize(
    "wrong",
    [
        {"server": "http://x"}, {"server": "x:y"}, {"server": ""}, {"sender": "a"}, {"sender": "A <a@b.c>"}, {"to": []},
        {"to": ["a@b.c\r\nBcc: d@e.f"]}, {"to": ["a b@c.d"]}, {"user": "only"},
    ],
)  # fmt: skip
def test_what_is_no_server_or_address_is_refused(wrong: dict[str, Any]) -> None:
    good = {"server": "smtp.example.com:587", "sender": "a@example.com", "to": ["b@example.com"]}
    with pytest.raises(DefinitionError, match="mail"):
        Mail(**{**good, **wrong})
