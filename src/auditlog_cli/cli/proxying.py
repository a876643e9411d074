"""`auditlog mcp-proxy`: the server as a child process, its lines and the client's moved both ways.

Two threads, one for each direction: neither waits for the other, so that no pair of full pipes can stop both. Reads
and writes use the descriptors themselves, because a thread that waits in a buffered reader would block the exit.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from typing import Any

from auditlog_cli import strictjson
from auditlog_cli.capture.log import AuditLog
from auditlog_cli.capture.session import Session
from auditlog_cli.cli import show
from auditlog_cli.errors import AuditWriteError, UsageError
from auditlog_cli.mcp.conversation import Client, Conversation

GRACE_S = 1.5
"""From one step of ending the server to the next. Clients wait for two seconds before they kill."""
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_CHUNK = 65536


def opener(
    log: AuditLog, command: list[str], user: str, agent: str | None, scopes: list[str] | None
) -> Callable[[Client], Session]:
    """Return what opens the session once the client has said who it is."""

    def begin(client: Client) -> Session:
        who = {"id": agent or client.name or "unknown"}
        if client.name is not None:
            who["name"] = client.name
        if client.version is not None:
            who["version"] = client.version
        # Not the arguments: people write keys there.
        about = {"adapter": "mcp-proxy", "command": os.path.basename(command[0]), "protocol": client.protocol}
        told = {"mcp": {name: value for name, value in about.items() if value is not None}}
        granted = None if scopes is None else [one for each in scopes for one in each.replace(",", " ").split()]
        return log.session(user=user, agent=who, scopes=granted, metadata=told).open()

    return begin


def run(conversation: Conversation, command: list[str], notices: show.Notices) -> int:
    """Start the server, move lines until it ends, and return its exit code.

    That is 128 and the number of the signal, if one ended it.

    Raises:
        UsageError: If the command cannot be started.
        AuditWriteError: If something could not be recorded. The server has ended then.
    """
    proxy = Proxy(conversation)
    try:
        code = proxy.run(command)
    finally:
        for who, lines in conversation.bad.items():
            if lines:
                notices.say(f"not strict JSON-RPC: {lines} {'line' if lines == 1 else 'lines'} from the {who}")
        if conversation.refused:
            messages = "1 message" if conversation.refused == 1 else f"{conversation.refused} messages"
            notices.say(f"not forwarded: {messages} that could not be recorded, or read in one way only")
    conversation.close()
    return code


class Proxy:
    """One server, one client.

    Args:
        conversation: What decides about each line.
        client: The descriptors of the client: what it sends, what it reads.
        longest: Of a line, in bytes.
    """

    def __init__(
        self, conversation: Conversation, client: tuple[int, int] = (0, 1), longest: int = strictjson.MAX_LINE
    ) -> None:
        self._conversation = conversation
        self._in, self._out = client
        self._longest = longest
        self._process: subprocess.Popen[bytes] | None = None
        self._client_lock = threading.Lock()
        self._server_lock = threading.Lock()
        self._client_gone = False
        self._ending = False
        self._trouble: BaseException | None = None
        self._wake, self._waker = os.pipe()
        self._before: dict[int, Any] = {}

    def run(self, command: list[str]) -> int:
        """Do all of it; see `run`."""
        self._listen()
        try:
            process = self._start(command)
            try:
                threading.Thread(target=self._upwards, name="mcp-client", daemon=True).start()
                self._downwards()
                process.wait()
            finally:
                process.kill()
                process.wait()
        finally:
            self._deaf()
        if self._trouble is not None:
            raise self._trouble
        return process.returncode if process.returncode >= 0 else 128 - process.returncode

    def _start(self, command: list[str]) -> subprocess.Popen[bytes]:
        try:
            # In our own process group: who ends that, ends both.
            process = subprocess.Popen(  # noqa: S603 - the command is the user's own
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
            )
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "no command"
            raise UsageError(
                f"{command[0]}: {why}", help="auditlog mcp-proxy --log F --user U -- COMMAND ARGUMENTS"
            ) from None
        self._process = process
        if self._ending:  # a signal came before there was anybody to tell
            self._terminate()
        return process

    # --- the two directions -------------------------------------------------------------------

    def _upwards(self) -> None:
        """From the client to the server, until the client closes or the server does."""
        try:
            for line in self._lines(self._in, "client"):
                passed = self._conversation.from_client(line)
                self._to_client(passed.back)
                if not self._to_server(passed.forward):
                    return
        except BaseException as error:
            self._give_up(error)
        finally:
            self._close_server()

    def _downwards(self) -> None:
        """From the server to the client, until the server closes. A client that is gone gets no more, the log does."""
        assert self._process is not None and self._process.stdout is not None
        try:
            for line in self._lines(self._process.stdout.fileno(), "server", self._wake):
                passed = self._conversation.from_server(line)
                self._to_client(passed.forward)
                if passed.back:
                    # Never waited for: a server that does not read now may be waiting for us to read.
                    threading.Thread(target=self._to_server, args=(passed.back,), daemon=True).start()
        except Exception as error:
            self._give_up(error)
        finally:
            self._process.stdout.close()

    def _lines(self, fd: int, who: str, wake: int | None = None) -> Iterator[bytes]:
        """Yield lines with their ends, the last one as it is.

        Raises:
            AuditWriteError: If one is too long to be looked at.
        """
        held = bytearray()
        while True:
            ready, _, _ = select.select([fd] if wake is None else [fd, wake], [], [])
            if wake in ready:
                return
            try:
                data = os.read(fd, _CHUNK)
            except BlockingIOError:
                continue
            except OSError:  # a terminal that went away
                data = b""
            if not data:
                if held:
                    yield bytes(held)
                return
            *whole, rest = data.split(b"\n")
            for piece in whole:
                held += piece
                self._measure(held, who)
                yield bytes(held) + b"\n"
                held.clear()
            held += rest
            self._measure(held, who)

    def _measure(self, line: bytearray, who: str) -> None:
        if len(line) > self._longest:
            raise AuditWriteError(
                f"the {who} sent a line longer than {self._longest} bytes, which cannot be recorded: "
                "the server was stopped",
                help="have it sent in parts: a record is one line, and no longer",
            )

    # --- writing ------------------------------------------------------------------------------

    def _to_client(self, data: bytes) -> None:
        with self._client_lock:
            if self._client_gone or not data:
                return
            try:
                _write(self._out, data)
            except OSError:
                self._client_gone = True
        if self._client_gone:
            self._close_server()
            self._end(after=GRACE_S)

    def _to_server(self, data: bytes) -> bool:
        """Tell whether the server is still there."""
        assert self._process is not None and self._process.stdin is not None
        with self._server_lock:
            if self._process.stdin.closed:
                return False
            try:
                _write(self._process.stdin.fileno(), data)
            except OSError:
                return False
        return True

    def _close_server(self) -> None:
        assert self._process is not None and self._process.stdin is not None
        with self._server_lock:
            try:
                self._process.stdin.close()
            except OSError:
                pass

    # --- the end ------------------------------------------------------------------------------

    def _give_up(self, error: BaseException) -> None:
        self._trouble = self._trouble or error
        self._end(after=0)

    def _end(self, *, after: float) -> None:
        """Let the server be terminated, and killed if that does not help."""
        timer = threading.Timer(after, self._terminate)
        timer.daemon = True
        timer.start()

    def _terminate(self) -> None:
        assert self._process is not None
        self._process.terminate()
        self._kill_later()

    def _kill_later(self) -> None:
        timer = threading.Timer(GRACE_S, self._kill)
        timer.daemon = True
        timer.start()

    def _kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        os.write(self._waker, b"\0")  # a child of the server may hold its output open

    def _listen(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        for number in _SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._told)

    def _deaf(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _told(self, number: int, frame: object) -> None:
        """Pass a signal on, and see to it that it has an effect."""
        first, self._ending = not self._ending, True
        if self._process is not None:
            self._process.send_signal(number)
            if first:
                self._kill_later()


def _write(fd: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        try:
            left = left[os.write(fd, left) :]
        except BlockingIOError:
            select.select([], [fd], [])
