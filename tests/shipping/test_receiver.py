"""A request was taken whole, or the error says in one line why not; never a secret in it."""

from __future__ import annotations

import json
import socket
import ssl
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditlog_cli.errors import AuditWriteError, UsageError
from auditlog_cli.exporters import _otlp
from auditlog_cli.posting import Reply
from auditlog_cli.shipping import headers
from auditlog_cli.shipping.receiver import Manner, Receiver
from tests.otlpreceiver import Answer, serving
from tests.otlpreceiver import Receiver as Scripted

SECRET = "-".join(("s3cr3t", "of", "mine"))
MANNER = Manner(headers={"authorization": f"Bearer {SECRET}"})
REQUEST = b'{"resourceLogs":[]}'


class Sent:
    """A client, what it said, and how long it would have slept."""

    def __init__(self, url: str, manner: Manner = MANNER, signal: _otlp.Signal = _otlp.LOGS) -> None:
        self.said: list[str] = []
        self.slept: list[float] = []
        self.receiver = Receiver(url, signal, manner, self.said.append, sleep=self.slept.append)

    def fails(self) -> str:
        with pytest.raises(AuditWriteError) as error:
            self.receiver.send(REQUEST)
        told = "\n".join([error.value.message, error.value.help, *self.said])
        assert SECRET not in told
        assert "\n" not in error.value.message
        return error.value.message


def partial(member: str, count: object, words: str) -> bytes:
    return json.dumps({"partialSuccess": {member: count, "errorMessage": words}}).encode()


def test_nothing_counts_as_sent_that_was_not(receiver: Scripted) -> None:
    receiver.answers = [Answer(503)] * 3
    sent = Sent(receiver.url, Manner(retries=-1))
    assert "answers 503" in sent.fails()
    assert len(receiver.came) == 1


def test_a_request_says_what_it_is_and_who_sends_it(receiver: Scripted) -> None:
    sent = Sent(receiver.url)
    sent.receiver.send(REQUEST)
    (came,) = receiver.came
    assert (came.path, came.body) == ("/v1/logs", REQUEST)
    assert came.headers["content-type"] == "application/json"
    assert came.headers["authorization"] == f"Bearer {SECRET}"
    assert came.headers["user-agent"].startswith("auditlog/")
    assert "content-encoding" not in came.headers
    assert sent.said == sent.slept == []


def test_a_path_of_the_endpoint_is_kept_and_a_missing_one_is_the_signals(receiver: Scripted) -> None:
    for url, signal in (("", _otlp.TRACES), ("/", _otlp.LOGS), ("/otlp/x?key=1", _otlp.LOGS)):
        Sent(receiver.url + url, signal=signal).receiver.send(REQUEST)
    assert [came.path for came in receiver.came] == ["/v1/traces", "/v1/logs", "/otlp/x?key=1"]


def test_gzip_compresses_what_is_sent(receiver: Scripted) -> None:
    Sent(receiver.url, MANNER._replace(gzip=True)).receiver.send(REQUEST * 10)
    assert receiver.came[0].body == REQUEST * 10
    assert receiver.came[0].headers["content-encoding"] == "gzip"
    assert int(receiver.came[0].headers["content-length"]) < len(REQUEST * 10)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_may_pass_is_tried_again_with_the_same_bytes(receiver: Scripted, status: int) -> None:
    receiver.answers = [Answer(status), Answer(status), Answer()]
    sent = Sent(receiver.url)
    sent.receiver.send(REQUEST)
    assert [came.body for came in receiver.came] == [REQUEST] * 3
    assert len(sent.slept) == 2
    assert sent.slept[1] > sent.slept[0] > 0
    assert all(f"answers {status}; trying again" in said for said in sent.said)


def test_the_pause_that_the_receiver_asks_for_is_kept(receiver: Scripted) -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    past = format_datetime(datetime.now(UTC) - timedelta(seconds=90), usegmt=True)
    receiver.answers = [Answer(429, headers={"retry-after": each}) for each in ("0", "7", soon, past, "soon")]
    sent = Sent(receiver.url)
    sent.receiver.send(REQUEST)
    zero, seven, date, gone, own = sent.slept
    assert (zero, seven, gone) == (0.0, 7.0, 0.0)
    assert 1 < date <= 90
    assert own > 0


def test_it_gives_up_after_so_many_attempts(receiver: Scripted) -> None:
    receiver.answers = [Answer(503, b'{"code":14,"message":"full"}')] * 9
    assert Sent(receiver.url, MANNER._replace(retries=2)).fails().endswith("answers 503: full, tried 3 times")
    assert len(receiver.came) == 3
    sent = Sent(receiver.url, MANNER._replace(retries=0))
    assert sent.fails().endswith("answers 503: full")
    assert sent.slept == []


def test_a_pause_that_is_too_long_is_not_waited_for(receiver: Scripted) -> None:
    receiver.answers = [Answer(429, headers={"retry-after": "86400"})]
    sent = Sent(receiver.url)
    assert "asks to wait 86400 s" in sent.fails()
    assert sent.slept == []


@pytest.mark.parametrize("status", [201, 204, 301, 302, 400, 401, 403, 404, 413, 415, 500, 501])
def test_any_other_status_is_a_failure_at_once(receiver: Scripted, status: int) -> None:
    receiver.answers = [Answer(status, b"", {"location": f"{receiver.url}/elsewhere"})]
    assert f"answers {status}" in Sent(receiver.url).fails()
    assert len(receiver.came) == 1


def test_what_a_refusal_says_is_repeated_without_our_secrets(receiver: Scripted) -> None:
    words = f"no such tenant: Bearer {SECRET}\nand {SECRET}" + "x" * 1000
    receiver.answers = [Answer(400, json.dumps({"code": 3, "message": words}).encode())]
    told = Sent(receiver.url).fails()
    assert "answers 400: no such tenant: … and …xxx" in told
    assert len(told) < 400


@pytest.mark.parametrize("signal", [_otlp.LOGS, _otlp.TRACES])
@pytest.mark.parametrize("count", [3, "3"])
def test_a_partial_success_is_a_failure_with_its_words(receiver: Scripted, signal: _otlp.Signal, count: object) -> None:
    receiver.answers = [Answer(200, partial(signal.rejected, count, "too old"))]
    what = "records" if signal is _otlp.LOGS else "spans"
    assert Sent(receiver.url, signal=signal).fails().endswith(f"rejected 3 {what}: too old")


def test_a_partial_success_in_snake_case_is_one_too(receiver: Scripted) -> None:
    receiver.answers = [Answer(200, b'{"partial_success":{"rejected_log_records":"1"}}')]
    assert Sent(receiver.url).fails().endswith("rejected 1 record")


def test_a_warning_without_a_rejection_is_only_said(receiver: Scripted) -> None:
    receiver.answers = [Answer(200, partial("rejectedLogRecords", 0, "use v2"))]
    sent = Sent(receiver.url)
    sent.receiver.send(REQUEST)
    assert sent.said == [f"{receiver.url}: took everything, and says: use v2"]


@pytest.mark.parametrize(
    "body", [b"ok", b"[]", b"{", b'{"partialSuccess":{"rejectedLogRecords":"x"}}', b"<html>", b"3"]
)
def test_a_good_status_with_another_answer_is_a_failure(receiver: Scripted, body: bytes) -> None:
    """Somebody who does not speak OTLP says 200 as well; nobody knows then what was taken."""
    receiver.answers = [Answer(200, body)]
    assert "not in the encoding of the request" in Sent(receiver.url).fails()


@pytest.mark.parametrize("body", [b"", b"{}", b'{"partialSuccess":{}}', b'{"partialSuccess":null,"x":1}'])
def test_a_full_success_has_several_forms(receiver: Scripted, body: bytes) -> None:
    receiver.answers = [Answer(200, body)]
    Sent(receiver.url).receiver.send(REQUEST)


def test_answers_to_protobuf_are_read_as_protobuf(receiver: Scripted) -> None:
    pb2 = pytest.importorskip("opentelemetry.proto.collector.logs.v1.logs_service_pb2")
    manner = MANNER._replace(protobuf=True)
    good, bad = pb2.ExportLogsServiceResponse(), pb2.ExportLogsServiceResponse()
    bad.partial_success.rejected_log_records = 2
    bad.partial_success.error_message = "too old"
    status = pb2.ExportLogsPartialSuccess(
        rejected_log_records=3, error_message="no such tenant"
    )  # as google.rpc.Status
    receiver.answers = [
        Answer(200, good.SerializeToString()),
        Answer(200, bad.SerializeToString()),
        Answer(400, status.SerializeToString()),
        Answer(200, b'{"partialSuccess":{}}'),
    ]
    sent = Sent(receiver.url, manner)
    sent.receiver.send(b"")
    assert receiver.came[0].headers["content-type"] == "application/x-protobuf"
    assert sent.fails().endswith("rejected 2 records: too old")
    assert sent.fails().endswith("answers 400: no such tenant")
    assert "not in the encoding of the request" in sent.fails()


def test_without_the_extra_protobuf_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "opentelemetry.proto.collector.logs.v1.logs_service_pb2", None)
    with pytest.raises(UsageError, match="protobuf") as error:
        Sent("http://127.0.0.1:1", Manner(protobuf=True))
    assert "auditlog-cli[otlp]" in error.value.help


def closed_port() -> str:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{server.getsockname()[1]}"


def test_nobody_there_is_a_failure_at_once_and_for_the_patient_one_only_later() -> None:
    sent = Sent(closed_port())
    assert "connection refused" in sent.fails()
    assert sent.slept == []
    patient = Sent(closed_port(), MANNER._replace(patient=True, retries=3))
    assert "connection refused" in patient.fails()
    assert len(patient.slept) == 3


def test_a_receiver_that_hangs_is_left(receiver: Scripted) -> None:
    receiver.answers = [Answer(-1)]
    told = Sent(receiver.url, MANNER._replace(timeout_s=0.1)).fails()
    assert "gives no answer within 0.1 s; whether it took the last request is not known" in told


def test_a_connection_that_breaks_off_is_tried_again_by_the_patient_only(receiver: Scripted) -> None:
    receiver.answers = [Answer(0), Answer(0), Answer()]
    assert "broke off" in Sent(receiver.url).fails()
    Sent(receiver.url, MANNER._replace(patient=True)).receiver.send(REQUEST)
    assert len(receiver.came) == 3


@pytest.mark.parametrize(
    "url",
    [
        "", "otel.example.org", "ftp://otel.example.org", "http://otel.example.org", "https://u:p@otel.example.org",
        "https://otel.example.org:x", "https://otel.example.org/a b", "https://otel.example.org/ä", "https://[::1",
    ],
)  # fmt: skip
def test_what_is_no_safe_address_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="^--endpoint: "):
        Sent(url)


def test_plain_http_to_another_machine_must_be_allowed() -> None:
    found = Receiver("http://otel.example.org:4318", _otlp.LOGS, Manner(), print, plain=True)
    assert found.name == "http://otel.example.org:4318"


def test_headers_come_from_the_environment_and_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(headers.VARIABLE, "api-key=a%20b%3D, x-tenant = t1,")
    assert headers.read([]) == {"api-key": "a b=", "x-tenant": "t1"}
    assert headers.read(["X-Tenant=t2", "authorization=Bearer a=b"]) == {
        "api-key": "a b=", "x-tenant": "t2", "authorization": "Bearer a=b",
    }  # fmt: skip


@pytest.mark.parametrize(
    "pair", ["", "x", "=v", "x=", f"a b={SECRET}", f"x={SECRET}\r\ny: z", f"x={SECRET}ä", "host=h"]
)
def test_what_is_no_header_is_refused_without_its_value(pair: str) -> None:
    with pytest.raises(UsageError) as error:
        headers.read(["ok=1", pair])
    assert "number 2" in error.value.message
    assert SECRET not in error.value.message + error.value.help


@given(st.binary(max_size=60) | st.text('{}[]":,0123456789partilScesjdLogRmMg').map(str.encode), st.booleans())
def test_whatever_is_answered_it_is_a_success_or_one_clear_failure(body: bytes, protobuf: bool) -> None:
    if protobuf:
        pytest.importorskip("opentelemetry.proto")
    found = Receiver("http://127.0.0.1:1", _otlp.LOGS, Manner(protobuf=protobuf), lambda text: None)
    with pytest.raises(AuditWriteError, match="answers 400"):
        found.judge(Reply(400, {}, body))
    with suppress(AuditWriteError):  # and no other error
        found.judge(Reply(200, {}, body))


def certificate(folder: Path) -> tuple[str, str]:
    """A certificate of this machine that nobody else vouches for, and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(datetime(2020, 1, 1)).not_valid_after(datetime(2100, 1, 1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    pem = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    form = serialization.PrivateFormat.PKCS8
    secret = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    (folder / "c.pem").write_bytes(pem)
    (folder / "k.pem").write_bytes(secret)
    return str(folder / "c.pem"), str(folder / "k.pem")


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At once, also by the patient one; and taken once it is trusted."""
    pem, key = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)
    with serving(context) as scripted:
        url = scripted.url.replace("http://127.0.0.1", "https://localhost")
        sent = Sent(url, MANNER._replace(patient=True))
        assert "its certificate is not trusted (self-signed certificate)" in sent.fails()
        assert sent.slept == scripted.came == []
        monkeypatch.setenv("SSL_CERT_FILE", pem)
        Sent(url).receiver.send(REQUEST)
        assert [came.body for came in scripted.came] == [REQUEST]
