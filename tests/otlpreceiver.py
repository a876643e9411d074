"""A receiver for OTLP/HTTP out of the standard library, whose answers a test scripts."""

from __future__ import annotations

import gzip
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from auditlog_cli.importers import _returned, otlp


class Answer(NamedTuple):
    """What the receiver does with a request.

    Attributes:
        status: The status code; 0: the connection is closed without an answer; -1: nothing comes until the end.
    """

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = {}  # noqa: RUF012 - nobody writes to it


class Request(NamedTuple):
    path: str
    headers: dict[str, str]
    body: bytes
    status: int


class Receiver:
    """What came, and what is answered next; then 200."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.answers: list[Answer] = []
        self.came: list[Request] = []
        self.over = threading.Event()
        self.lock = threading.Lock()

    def taken(self) -> list[dict[str, Any]]:
        """The bodies of the log records that were answered with 200."""
        with self.lock:
            came = list(self.came)
        return [each for request in came if request.status == 200 for each in records_of(request.body)]


def records_of(body: bytes) -> list[dict[str, Any]]:
    """The records in a request for log records, in JSON or in protobuf."""
    if not body.startswith(b"{"):
        from google.protobuf.json_format import MessageToJson

        from auditlog_cli.exporters import _otlp

        body = MessageToJson(_otlp.message(_otlp.LOGS, "Request").FromString(body)).encode()
    found = []
    for unit in otlp.units(json.loads(body)):
        held = otlp.value(unit["of"]["body"])
        _returned.restore(held, otlp.attributes(unit["of"]["attributes"]))
        found.append(held)
    return found


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        receiver: Receiver = self.server.receiver  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        with receiver.lock:
            headers = {name.lower(): value for name, value in self.headers.items()}
            whole = Answer(body=b"" if "protobuf" in headers["content-type"] else b"{}")
            answer = receiver.answers.pop(0) if receiver.answers else whole
            receiver.came.append(Request(self.path, headers, body, answer.status))
        if answer.status == 0:
            self.close_connection = True
            return
        if answer.status < 0:
            receiver.over.wait(60)
            return
        try:
            self.send_response(answer.status)
            for name, value in {"content-length": str(len(answer.body)), **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)
        except OSError:
            pass  # the client was killed

    def log_message(self, *words: object) -> None:
        """Stay silent."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was killed is no news."""


@contextmanager
def serving(context: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Run a receiver on a free port of this machine."""
    server = _Server(("127.0.0.1", 0), _Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    receiver = server.receiver = Receiver(server.server_port)  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.over.set()
        server.shutdown()
        server.server_close()
        thread.join(60)
