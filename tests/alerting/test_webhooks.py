"""A message to a web address is signed, sent once per attempt, and never follows where it is sent on."""

from __future__ import annotations

import hmac
import threading
from base64 import b64decode
from collections.abc import Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from auditlog_cli.alerting import messages
from auditlog_cli.alerting.webhooks import Webhook
from auditlog_cli.errors import DefinitionError

SECRET = "whsec_" + "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
OTHER = "whsec_" + "BBECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


class Receiver(BaseHTTPRequestHandler):
    """Answers with the next status, and remembers what came."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.came.append((self.path, dict(self.headers), body))  # type: ignore[attr-defined]
        status = self.server.answers.pop(0) if self.server.answers else 204  # type: ignore[attr-defined]
        if status == 0:
            self.connection.close()
            return
        self.send_response(status)
        if status == 302:
            self.send_header("location", "/elsewhere")
        self.end_headers()

    def log_message(self, *words: object) -> None:
        """Stay silent."""


@pytest.fixture
def receiver() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.came, server.answers = [], []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def url(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_port}/hook?token=abc"


def test_a_receiver_can_check_who_sent_it(receiver: ThreadingHTTPServer) -> None:
    """Standard Webhooks: HMAC-SHA-256 over id.timestamp.body; during a change of secret both sign."""
    hook = Webhook(url(receiver), [SECRET, OTHER])
    assert hook.send("msg_1", b'{"a":1}', 1795219200) == (True, False, "204")
    ((path, headers, body),) = receiver.came  # type: ignore[attr-defined]
    assert path == "/hook?token=abc"
    assert headers["webhook-id"] == "msg_1" and headers["content-type"] == "application/json"
    signed = f"msg_1.{headers['webhook-timestamp']}.".encode() + body
    said = headers["webhook-signature"].split()
    for each, secret in zip(said, (SECRET, OTHER), strict=True):
        wanted = hmac.digest(b64decode(secret.removeprefix("whsec_")), signed, sha256)
        assert hmac.compare_digest(b64decode(each.removeprefix("v1,")), wanted)
    wrong = hmac.digest(b"another key", signed, sha256)
    assert b64decode(said[0].removeprefix("v1,")) != wrong


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (200, (True, False, "200")),
        (500, (False, False, "500")),
        (429, (False, False, "429")),
        (410, (False, True, "410")),
    ],
)
def test_what_an_answer_means(receiver: ThreadingHTTPServer, status: int, answer: tuple[bool, bool, str]) -> None:
    receiver.answers.append(status)  # type: ignore[attr-defined]
    assert Webhook(url(receiver), [SECRET]).send("msg_1", b"{}", 1) == answer


def test_a_redirect_is_not_followed(receiver: ThreadingHTTPServer) -> None:
    receiver.answers.append(302)  # type: ignore[attr-defined]
    assert Webhook(url(receiver), [SECRET]).send("msg_1", b"{}", 1) == (False, False, "302")
    assert len(receiver.came) == 1  # type: ignore[attr-defined]


def test_no_answer_is_a_failure_that_may_pass(receiver: ThreadingHTTPServer) -> None:
    receiver.answers.append(0)  # type: ignore[attr-defined]
    ok, final, _ = Webhook(url(receiver), [SECRET]).send("msg_1", b"{}", 1)
    assert (ok, final) == (False, False)
    closed = Webhook("http://127.0.0.1:9/", [SECRET]).send("msg_1", b"{}", 1)
    assert closed == (False, False, "ConnectionRefusedError")


def test_the_name_of_a_channel_holds_no_secret() -> None:
    hook = Webhook("https://hooks.example.com/services/T000/B000/secret", [SECRET])
    assert hook.name.startswith("webhook:hooks.example.com#") and "secret" not in hook.name


@pytest.mark.parametrize(
    ("address", "secrets"),
    [
        ("http://example.com/", [SECRET]), ("ftp://example.com/", [SECRET]), ("https:///x", [SECRET]), ("x", [SECRET]),
        ("https://u:p@example.com/", [SECRET]), ("https://example.com:x/", [SECRET]), ("https://example.com/", []),
        ("https://example.com/", ["whsec_AAAA"]), ("https://example.com/", ["no secret"]),
    ],
)  # fmt: skip
def test_an_address_or_secret_that_is_none_is_refused_without_repeating_it(address: str, secrets: list[str]) -> None:
    with pytest.raises(DefinitionError, match="webhook") as error:
        Webhook(address, secrets)
    assert "u:p" not in str(error.value) and "AAAA" not in str(error.value)


def test_a_message_is_never_larger_than_twenty_kibibytes() -> None:
    related = [{"source": "a.jsonl", "line": line, "record_id": "r" * 50} for line in range(2000)]
    finding = {"fingerprint": "sha256:00", "rule": "R-1", "severity": "high", "kind": "gap", "related": related}
    body = messages.body(messages.OPENED, finding, 0)
    assert 10_000 < len(body) <= 20 * 1024
    assert len(messages.body(messages.OPENED, {**finding, "message": "x" * 30_000}, 0)) < 1000
